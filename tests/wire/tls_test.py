"""TLS: curl, boto3 and raw handshakes against `candid serve` with a certificate."""
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

import harness
from harness import CANDID, REGION, read_answer

try:
    import boto3
except ImportError:
    boto3 = None

NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost"


def make_certificate(folder):
    folder.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", NAMES, "-keyout", folder / "key.pem", "-out",
                    folder / "certificate.pem"], check=True, capture_output=True)
    return folder


def setUpModule():
    global work, server
    work = pathlib.Path(tempfile.mkdtemp())
    server = harness.Server(tls=make_certificate(work / "one"), server_header_timeout_s=1,
                            server_address="0.0.0.0")


def tearDownModule():
    server.close()
    shutil.rmtree(work)


class Tls(unittest.TestCase):
    def test_signed_requests_on_one_connection(self):
        with server.connect() as connection:
            for _ in range(3):
                connection.sendall(server.request("ListCollections", {}))
                self.assertEqual(read_answer(connection).status, 200)

    def test_versions(self):
        for version, spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                                (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl.create_default_context(cafile=work / "one/certificate.pem")
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            plain = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            try:
                with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                    self.assertEqual(connection.version(), version.name.replace("_", "."))
                    self.assertTrue(spoken)
            except ssl.SSLError:
                self.assertFalse(spoken, version)
            finally:
                plain.close()

    def test_a_farewell(self):
        with server.connect() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(read_answer(connection).body, b"ok\n")
            # An end without close_notify would be an error here.
            self.assertEqual(connection.recv(10), b"")

    def test_large_bodies(self):
        image = {"Bytes": harness.base64_text(bytes(5_242_880))}
        answer = server.call("CompareFaces", {"SourceImage": image, "TargetImage": image})
        self.assertEqual(answer.failure[0], "InvalidImageFormatException")

    def test_plain_http_and_rubbish_are_cut_off(self):
        for bytes_sent in (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01" + b"x" * 99,
                           b""):  # the last is too slow
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
                connection.sendall(bytes_sent)
                try:
                    self.assertNotIn(b"HTTP/1.1 200", connection.recv(1000))
                except ConnectionResetError:
                    pass
        self.assertEqual(server.get("/healthz"), (200, "ok\n"))

    def test_half_a_handshake_does_not_hold_up_the_stop(self):
        with harness.running(tls=work / "one") as other:
            with socket.create_connection(("127.0.0.1", other.port)):
                with other.connect() as idle:
                    other.stop()
                    self.assertEqual(idle.recv(10), b"")

    def test_from_elsewhere_only_signed_requests(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # sends nothing; chooses an address
            except OSError:
                self.skipTest("this machine has no other address than loopback")
            address = probe.getsockname()[0]
        context = ssl.create_default_context(cafile=work / "one/certificate.pem")
        context.check_hostname = False
        plain = socket.create_connection((address, server.port), timeout=20)
        with context.wrap_socket(plain) as connection:
            for path in ("/healthz", "/readyz", "/metrics", "/v1/accuracy"):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                self.assertEqual(read_answer(connection).status, 404)
            connection.sendall(server.request("ListCollections", {}))
            self.assertEqual(read_answer(connection).status, 200)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl(self):
        trust = ["--cacert", str(work / "one/certificate.pem")]
        for arguments, status in ((trust, 0), ([], 60)):
            done = subprocess.run(["curl", "-s", *arguments, server.endpoint + "/healthz"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, status)
            self.assertEqual(done.stdout, "" if status else "ok\n")

    @unittest.skipUnless(boto3, "boto3 is not installed")
    def test_boto3(self):
        client = boto3.client("rekognition", endpoint_url=server.endpoint, region_name=REGION,
                              aws_access_key_id=server.key_id, aws_secret_access_key=server.secret,
                              verify=str(work / "one/certificate.pem"))
        client.create_collection(CollectionId="tls")
        self.assertEqual(client.list_collections()["CollectionIds"], ["tls"])
        client.delete_collection(CollectionId="tls")
        client.close()


class Own(unittest.TestCase):
    """--tls-self-signed."""

    def certificate_lines(self, own):
        return [json.loads(line) for line in own.log if '"certificate' in line]

    def test_made_at_the_first_start_and_kept(self):
        with harness.running(tls="own", server_address="0.0.0.0") as own:
            folder = own.state / "tls"
            self.assertEqual((folder / "key.pem").stat().st_mode & 0o777, 0o600)
            self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
            shown = subprocess.run(["openssl", "x509", "-in", folder / "certificate.pem", "-noout",
                                    "-fingerprint", "-sha256"], check=True, capture_output=True,
                                   text=True).stdout.strip().split("=")[1]
            said = self.certificate_lines(own)[0]
            self.assertEqual(said["event"], "certificate made")
            self.assertEqual(said["sha256"], shown)
            self.assertEqual(said["file"], str(folder / "certificate.pem"))
            self.assertEqual(own.call("ListCollections", {}).status, 200)
            key = (folder / "key.pem").read_bytes()
            own.stop()
            own.start()
            self.assertEqual((folder / "key.pem").read_bytes(), key)
            self.assertEqual(self.certificate_lines(own)[-1]["event"], "certificate")
            self.assertEqual(own.call("ListCollections", {}).status, 200)
            if shutil.which("curl"):
                for name, status in (("localhost", 0), ("wrong.example", 60)):
                    done = subprocess.run(
                        ["curl", "-s", "--cacert", folder / "certificate.pem", "--resolve",
                         f"{name}:{own.port}:127.0.0.1", f"https://{name}:{own.port}/healthz"],
                        capture_output=True, text=True)
                    self.assertEqual(done.returncode, status, name)
            if boto3:
                client = boto3.client("rekognition", endpoint_url=own.endpoint, region_name=REGION,
                                      aws_access_key_id=own.key_id,
                                      aws_secret_access_key=own.secret,
                                      verify=str(folder / "certificate.pem"))
                self.assertEqual(client.list_collections()["CollectionIds"], [])
                client.close()
            if shutil.which("node"):
                script = f"fetch('{own.endpoint}/healthz').then(a => a.text()).then(console.log)"
                done = subprocess.run(["node", "-e", script], capture_output=True, text=True,
                                      env=dict(os.environ, NODE_EXTRA_CA_CERTS=str(
                                          folder / "certificate.pem")))
                self.assertEqual(done.stdout.strip(), "ok", done.stderr)

    def test_half_of_the_pair(self):
        with harness.running(tls="own") as own:
            own.stop()
            (own.state / "tls/key.pem").unlink()
            done = subprocess.run([CANDID, "serve", "--state", own.state, "--listen",
                                   "127.0.0.1:0", "--tls-self-signed"], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn("key.pem is missing", done.stderr)
            (own.state / "tls/certificate.pem").unlink()
            own.start()
            self.assertEqual(own.call("ListCollections", {}).status, 200)


class Files(unittest.TestCase):
    def refusal(self, certificate, key):
        with tempfile.TemporaryDirectory() as state:
            os.makedirs(state + "/models")
            os.symlink(harness.MODELS, state + "/models/candid-default")
            done = subprocess.run([CANDID, "serve", "--state", state, "--listen", "127.0.0.1:0",
                                   "--tls-certificate", certificate, "--tls-key", key],
                                  capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_files_that_will_not_do(self):
        one, two = work / "one", make_certificate(work / "two")
        rubbish = work / "rubbish.pem"
        rubbish.write_text("-----BEGIN CERTIFICATE-----\nx\n")
        sealed = work / "sealed.pem"
        subprocess.run(["openssl", "pkey", "-in", one / "key.pem", "-aes256", "-passout",
                        "pass:word", "-out", sealed], check=True)
        self.assertIn(f"{work}/none.pem", self.refusal(work / "none.pem", one / "key.pem"))
        self.assertIn(f"{rubbish}: not a certificate in PEM form",
                      self.refusal(rubbish, one / "key.pem"))
        for key in (two / "key.pem", sealed, rubbish):
            self.assertIn(f"{key}: not the certificate's private key in PEM form without a pass "
                          "phrase", self.refusal(one / "certificate.pem", key))


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("skipped: openssl is not installed")
        raise SystemExit(77)
    harness.main()

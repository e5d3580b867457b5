"""Debian's AWS CLI and boto3, curl, and raw sockets against `candid serve`."""
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

from harness import REGION, Server, client_environment, missing, photos

AWS = "/usr/bin/aws"
try:
    import boto3
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.config import Config
    from botocore.credentials import Credentials
    from botocore.exceptions import ClientError
except ImportError:
    boto3 = None


def setUpModule():
    global server
    if missing():
        print("skipped:", missing())
        sys.exit(77)
    server = Server(server_header_timeout_s=1, server_body_timeout_s=2)


def tearDownModule():
    server.close()


@unittest.skipUnless(os.path.exists(AWS), "awscli is not installed")
class Cli(unittest.TestCase):
    def aws(self, *arguments, fails=None):
        done = subprocess.run([AWS, "--endpoint-url", server.endpoint, "--output", "json",
                               "rekognition", *arguments],
                              env=client_environment(server), capture_output=True, text=True)
        if fails:
            self.assertEqual(done.returncode, 254, done.stderr)
            self.assertIn(fails, done.stderr)
            return None
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    @unittest.skipUnless(photos(2, 3), "no photos in ../shared/data/lfw-dev")
    def test_the_eleven_operations(self):
        alice, bob = [["fileb://" + path for path in person] for person in photos(2, 3)]
        collection = ("--collection-id", "cli-staff")
        self.assertEqual(self.aws("create-collection", *collection)["StatusCode"], 200)
        index = ("index-faces", *collection, "--image-bytes", alice[0], "--external-image-id",
                 "alice:1", "--max-faces", "1", "--quality-filter", "AUTO",
                 "--detection-attributes", "DEFAULT")
        indexed = self.aws(*index)
        face = indexed["FaceRecords"][0]["Face"]["FaceId"]
        self.assertEqual(self.aws(*index)["FaceRecords"][0]["Face"]["FaceId"], face)
        for photo in (alice[1], bob[0]):
            self.aws("index-faces", *collection, "--image-bytes", photo, "--max-faces", "1")
        self.assertEqual(self.aws("describe-collection", *collection)["FaceCount"], 3)
        self.assertIn("cli-staff", self.aws("list-collections")["CollectionIds"])
        listed = self.aws("list-faces", *collection, "--page-size", "2")
        self.assertEqual(len(listed["Faces"]), 3)
        found = self.aws("search-faces", *collection, "--face-id", face, "--max-faces", "10")
        self.assertEqual(len(found["FaceMatches"]), 1)
        probe = self.aws("search-faces-by-image", *collection, "--image-bytes", alice[2],
                         "--quality-filter", "NONE")
        self.assertEqual(len(probe["FaceMatches"]), 2)
        similarities = [match["Similarity"] for match in probe["FaceMatches"]]
        self.assertEqual(similarities, sorted(similarities, reverse=True))
        seen = self.aws("detect-faces", "--image-bytes", alice[0], "--attributes", "ALL")
        self.assertEqual(len(seen["FaceDetails"][0]["Landmarks"]), 5)
        compared = self.aws("compare-faces", "--source-image-bytes", alice[0],
                            "--target-image-bytes", bob[0])
        self.assertEqual(compared["FaceMatches"], [])
        self.assertTrue(compared["UnmatchedFaces"])
        deleted = self.aws("delete-faces", *collection, "--face-ids", face)
        self.assertEqual(deleted["DeletedFaces"], [face])
        self.aws("search-faces", *collection, "--face-id", face,
                 fails="faceId was not found in the collection.")
        self.assertEqual(self.aws("delete-collection", *collection)["StatusCode"], 200)
        self.aws("describe-collection", *collection, fails="(ResourceNotFoundException)")

    def test_no_signature(self):
        self.aws("--no-sign-request", "list-collections",
                 fails="(MissingAuthenticationTokenException)")


@unittest.skipUnless(boto3, "boto3 is not installed")
class Boto(unittest.TestCase):
    def client(self, secret=None):
        return boto3.client("rekognition", endpoint_url=server.endpoint, region_name=REGION,
                            aws_access_key_id=server.key_id,
                            aws_secret_access_key=secret or server.secret,
                            config=Config(retries={"max_attempts": 0}))

    def test_pages_and_errors(self):
        client = self.client()
        for i in range(5):
            client.create_collection(CollectionId=f"boto-{i}")
        pages = client.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 2})
        ids = [name for page in pages for name in page["CollectionIds"]]
        self.assertEqual(len([name for name in ids if name.startswith("boto-")]), 5)
        self.assertEqual(len(ids), len(set(ids)))
        with self.assertRaises(client.exceptions.InvalidImageFormatException):
            client.detect_faces(Image={"Bytes": b"not a picture"})
        with self.assertRaises(client.exceptions.InvalidPaginationTokenException):
            client.list_collections(NextToken="x")
        with self.assertRaises(ClientError) as caught:
            self.client("wrong").list_collections()
        self.assertEqual(caught.exception.response["Error"]["Code"], "InvalidSignatureException")


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(unittest.TestCase):
    def test_signs(self):
        # curl 7.88 signs host and x-amz-date only, and then the target may not be trusted.
        done = subprocess.run(
            ["curl", "-s", "--aws-sigv4", f"aws:amz:{REGION}:rekognition", "--user",
             f"{server.key_id}:{server.secret}", "-H", "Content-Type: application/x-amz-json-1.1", "-H",
             "X-Amz-Target: RekognitionService.ListCollections", "-d", "{}", server.endpoint],
            capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        self.assertTrue("CollectionIds" in answer or
                        answer["__type"] == "InvalidSignatureException", done.stdout)


def read_all(connection):
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    return data


class Http(unittest.TestCase):
    """Bad input: every answer is JSON, the server lives."""

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
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
        self.assertIn(b"\r\nDate: ", head)
        self.assertIn(b"x-amzn-RequestId", head)
        self.assertEqual(json.loads(body)["__type"], kind)

    def tearDown(self):
        with urllib.request.urlopen(server.endpoint + "/healthz") as answer:
            self.assertEqual(answer.read(), b"ok\n")

    def test_ops_pages(self):
        for path in ("/readyz", "/metrics"):
            with urllib.request.urlopen(server.endpoint + path) as answer:
                self.assertEqual(answer.status, 200)
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(server.endpoint + "/other")
        with caught.exception as error:
            self.assertEqual(error.code, 404)
            self.assertIn("UnknownOperationException", error.read().decode())

    def test_not_http(self):
        self.assert_refusal(self.talk(b"hello\r\n\r\n"), 400, "SerializationException")

    def test_doubled_headers(self):
        for doubled in (b"Host: b\r\n", b"Content-Length: 2\r\nContent-Length: 2\r\n",
                        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"):
            answer = self.talk(b"POST / HTTP/1.1\r\nHost: a\r\n" + doubled + b"\r\n{}")
            self.assert_refusal(answer, 400, "SerializationException")

    def test_large_header(self):
        answer = self.talk(b"POST / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        self.assert_refusal(answer, 400, "SerializationException")

    def test_two_hundred_megabytes(self):
        before = server.resident_mib()
        connection = self.connect()
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n")
        piece = b"x" * 1_000_000
        for _ in range(200):
            connection.sendall(piece)
        self.assert_refusal(read_all(connection), 413, "RequestEntityTooLargeException")
        self.assertLess(server.resident_mib() - before, 50)

    def test_chunked_bomb(self):
        connection = self.connect()
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        for _ in range(32):
            connection.sendall(chunk)
        self.assert_refusal(read_all(connection), 413, "RequestEntityTooLargeException")

    def test_slow_header_and_body(self):
        for slow in (b"POST / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{"):
            start = time.monotonic()
            self.assertEqual(self.talk(slow), b"")
            self.assertLess(time.monotonic() - start, 8)

    def test_expect(self):
        connection = self.connect()
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                           b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 100 "))
        connection.sendall(b"{}")
        self.assert_refusal(read_all(connection), 400, "MissingAuthenticationTokenException")

    def test_a_thousand_idle_connections(self):
        before = server.resident_mib()
        idle = [self.connect() for _ in range(1000)]
        for connection in idle:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(b"200 OK", connection.recv(4096))
        self.assertLess(server.resident_mib() - before, 60)


@unittest.skipUnless(boto3, "boto3 is not installed")
class Signed(unittest.TestCase):
    """Requests that no SDK would send, properly signed."""

    def send(self, target, body, tamper=None, skew=0):
        headers = {"Content-Type": "application/x-amz-json-1.1",
                   "X-Amz-Target": "RekognitionService." + target}
        request = AWSRequest("POST", server.endpoint + "/", data=body, headers=headers)
        signer = SigV4Auth(Credentials(server.key_id, server.secret), "rekognition", REGION)
        if skew:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + skew))
            request.context["timestamp"] = stamp
            request.headers["X-Amz-Date"] = stamp
            signature = signer.signature(
                signer.string_to_sign(request, signer.canonical_request(request)), request)
            signer._inject_signature_to_request(request, signature)
        else:
            signer.add_auth(request)
        sent = urllib.request.Request(server.endpoint + "/", data=tamper or body,
                                      headers=dict(request.headers))
        try:
            with urllib.request.urlopen(sent) as answer:
                return "ok", json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                answer = json.load(error)
            return answer["__type"], answer.get("message", answer.get("Message"))

    def test_tampered_body(self):
        kind, _ = self.send("ListCollections", b"{}", tamper=b"{ }")
        self.assertEqual(kind, "InvalidSignatureException")

    def test_wrong_clock(self):
        kind, message = self.send("ListCollections", b"{}", skew=-400)
        self.assertEqual(kind, "InvalidSignatureException")
        self.assertRegex(message, r"Signature expired: \d{8}T\d{6}Z is now earlier than .* - 5 min")
        kind, _ = self.send("ListCollections", b"{}", skew=400)
        self.assertEqual(kind, "InvalidSignatureException")
        self.assertEqual(self.send("ListCollections", b"{}", skew=-200)[0], "ok")

    def test_shapes(self):
        for body in (b"", b"[]", b"{", b'{"Image":{"Bytes":"@"}}', b'{"Image":[]}', b"[" * 50_000):
            self.assertEqual(self.send("DetectFaces", body)[0], "SerializationException", body[:30])
        twice = base64.b64encode(base64.b64encode(b"faces:a")).decode()
        kind, _ = self.send("DetectFaces", json.dumps({"Image": {"Bytes": twice}}).encode())
        self.assertEqual(kind, "InvalidImageFormatException")
        self.assertEqual(self.send("Nonsense", b"{}")[0],
                         "com.amazon.coral.service#UnknownOperationException")
        self.assertEqual(self.send("DeleteCollection", b"{}")[1],
                         "1 validation error detected: Value null at 'collectionId' failed to "
                         "satisfy constraint: Member must not be null")


if __name__ == "__main__":
    unittest.main()

"""Pictures that a request names: folders, a real S3 server (s3rver), and a store that is hostile."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import MEDIA, NO_MEDIA, grey_png

try:
    import boto3
    import bad_store
    from botocore.config import Config
except ImportError:
    boto3 = None

REFUSED = ("InvalidS3ObjectException", "Unable to get object metadata from S3. Check object key, "
           "region and/or access permissions.")
TOO_LARGE = ("ImageTooLargeException", "Image size is too large.")
PICTURE = grey_png(100, 100)
LIMIT = 15 << 20
S3RVER = pathlib.Path(__file__).parent / "node_modules/@20minutes/s3rver"


def named(key, bucket="photos", **more):
    return {"S3Object": {"Bucket": bucket, "Name": key, **more}}


def padded(size):
    """A picture of so many bytes: what follows the end of a PNG is ignored."""
    return PICTURE + bytes(size - len(PICTURE))


class Objects(unittest.TestCase):
    def detect(self, server, image):
        answer = server.call("DetectFaces", {"Image": image})
        self.request = answer.headers["x-amzn-requestid"]
        return answer.failure

    def reason(self, server):
        """Why detect was refused last, from the log."""
        for _ in range(100):
            events = [json.loads(line) for line in list(server.log) if line.startswith("{")]
            ours = {event["event"]: event for event in events
                    if event.get("request") == self.request}
            if "request" in ours:  # the last line of each
                break
            time.sleep(0.02)
        return ours["refused"]["reason"] if "refused" in ours else None


class Folders(Objects):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp())
        bucket = cls.root / "bucket"
        (bucket / "deep/er").mkdir(parents=True)
        for name in ("a.png", "deep/er/b.png", "sp ace.png", "\u00e9\u4e16.png", "a+b%2F.png"):
            (bucket / name).write_bytes(PICTURE)
        (cls.root / "outside.png").write_bytes(PICTURE)
        (bucket / "link.png").symlink_to(cls.root / "outside.png")
        (bucket / "up").symlink_to(cls.root)
        os.mkfifo(bucket / "pipe")
        (bucket / "text.txt").write_text("no picture")
        (bucket / "limit.png").write_bytes(padded(LIMIT))
        (bucket / "over.png").write_bytes(padded(LIMIT + 1))
        (cls.root / "other").mkdir()
        (cls.root / "other/c.png").write_bytes(PICTURE)
        cls.server = harness.Server(
            objects_folders=f"photos={bucket}, other={cls.root / 'other'}")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        shutil.rmtree(cls.root)

    def test_files_are_objects(self):
        for key in ("a.png", "deep/er/b.png", "sp ace.png", "\u00e9\u4e16.png", "a+b%2F.png",
                    "limit.png"):
            with self.subTest(key):
                self.assertEqual(self.detect(self.server, named(key)), ("ok", ""))
        self.assertEqual(self.detect(self.server, named("c.png", "other")), ("ok", ""))
        self.assertEqual(self.detect(self.server, named("a.png", Version="null")), ("ok", ""))

    def test_no_name_leads_out(self):
        for key in ("../outside.png", "deep/../../outside.png", str(self.root / "outside.png"),
                    "/etc/passwd", "./a.png", "deep//er/b.png", "a.png/", ".", "..", "a.png\0",
                    "link.png", "up/outside.png", "up/other/c.png", "pipe", "deep", "none.png",
                    "..\\outside.png", "%2e%2e/outside.png", "x" * 1024):
            with self.subTest(key):
                self.assertEqual(self.detect(self.server, named(key)), REFUSED)
                self.assertIsNotNone(self.reason(self.server))
                self.assertNotIn("outside", self.reason(self.server))

    def test_other_buckets(self):
        self.assertEqual(self.detect(self.server, named("a.png", "nowhere")), REFUSED)
        self.assertIn("no bucket of that name", self.reason(self.server))
        self.assertEqual(self.detect(self.server, named("a.png", "...")), REFUSED)
        self.assertEqual(self.detect(self.server, named("a.png", "other")), REFUSED)

    def test_versions(self):
        self.assertEqual(self.detect(self.server, named("a.png", Version="3")), REFUSED)
        self.assertIn("no versions", self.reason(self.server))

    def test_too_large(self):
        self.assertEqual(self.detect(self.server, named("over.png")), TOO_LARGE)

    def test_no_picture(self):
        self.assertEqual(self.detect(self.server, named("text.txt")),
                         ("InvalidImageFormatException", "Request has invalid image format"))

    def test_half_a_name(self):
        refusal = ("InvalidParameterException", "Request has invalid parameters")
        for s3_object in ({}, {"Bucket": "photos"}, {"Name": "a.png"},
                          {"Bucket": "photos", "Name": None}):
            self.assertEqual(self.detect(self.server, {"S3Object": s3_object}), refusal)

    def test_shapes(self):
        self.assertEqual(self.detect(self.server, {"S3Object": "photos/a.png"}),
                         ("SerializationException", "'image.s3Object' must be an object"))
        for key, message in (("", "Member must have length greater than or equal to 1"),
                             ("x" * 1025, "Member must have length less than or equal to 1024")):
            kind, text = self.detect(self.server, named(key))
            self.assertEqual(kind, "ValidationException")
            self.assertTrue(text.startswith("1 validation error detected: Value '"), text)
            self.assertTrue(text.endswith(f"at 'image.s3Object.name' failed to satisfy "
                                          f"constraint: {message}"), text)

    def test_every_operation_that_takes_a_picture(self):
        call = self.server.call
        self.assertEqual(call("CreateCollection", {"CollectionId": "c"}).status, 200)
        picture, missing = named("a.png"), named("none.png")
        no_face = ("InvalidParameterException",
                   "There are no faces in the image. Should be at least 1.")
        bad = ("InvalidParameterException", "Request has invalid parameters")
        for operation, more, outcome in (
                ("IndexFaces", {"CollectionId": "c", "Image": picture}, ("ok", "")),
                ("IndexFaces", {"CollectionId": "c", "Image": missing}, REFUSED),
                ("SearchFacesByImage", {"CollectionId": "c", "Image": picture}, no_face),
                ("SearchFacesByImage", {"CollectionId": "c", "Image": missing}, REFUSED),
                ("CompareFaces", {"SourceImage": picture, "TargetImage": picture}, bad),
                ("CompareFaces", {"SourceImage": missing, "TargetImage": picture}, REFUSED),
                ("CompareFaces", {"SourceImage": picture, "TargetImage": missing}, REFUSED)):
            with self.subTest(operation=operation, outcome=outcome):
                self.assertEqual(call(operation, more).failure, outcome)
        # The collection is looked for first, and nothing is fetched for one that is not there.
        for operation in ("IndexFaces", "SearchFacesByImage"):
            self.assertEqual(call(operation, {"CollectionId": "none", "Image": missing}).failure,
                             ("ResourceNotFoundException",
                              "The collection id: none does not exist"))

    def test_the_trail_keeps_their_hashes(self):
        first, second = PICTURE, grey_png(90, 90)
        (self.root / "bucket/second.png").write_bytes(second)
        self.server.call("CompareFaces", {"SourceImage": named("a.png"),
                                          "TargetImage": named("second.png")})
        expected = " ".join(hashlib.sha256(picture).hexdigest() for picture in (first, second))
        for _ in range(50):
            with contextlib.closing(sqlite3.connect(
                    f"file:{self.server.state}/candid.db?mode=ro", uri=True)) as trail:
                kept = [row[0] for row in trail.execute(
                    "SELECT images FROM audit WHERE images LIKE '% %'")]
            if expected in kept:
                break
            time.sleep(0.1)
        self.assertIn(expected, kept)

    def test_settings(self):
        for settings, says in (
                ({"objects_folders": "photos"}, "is not BUCKET=FOLDER"),
                ({"objects_folders": "photos=/nowhere/at/all"}, "cannot open the folder"),
                ({"objects_endpoint": "http://s3.example.org"}, "unprotected"),
                ({"objects_endpoint": "https://s3.example.org", "objects_access_key_id": "a"},
                 "one of them is missing")):
            with self.assertRaises(RuntimeError) as refused:
                harness.Server(**settings)
            self.assertIn(says, str(refused.exception))


@unittest.skipUnless(boto3, "boto3 is not installed")
class Hostile(Objects):
    @classmethod
    def setUpClass(cls):
        cls.store = bad_store.BadStore({
            ("good.png", ""): PICTURE, ("deep/a b+\u00e9~.png", ""): PICTURE,
            ("good.png", "v/1+"): PICTURE, ("limit.png", ""): padded(LIMIT),
            ("over.png", ""): padded(LIMIT + 1)})
        cls.settings = {"objects_endpoint": cls.store.endpoint,
                        "objects_region": bad_store.REGION,
                        "objects_access_key_id": bad_store.KEY.access_key,
                        "objects_secret_access_key": bad_store.KEY.secret_key,
                        "objects_timeout_s": 2, "server_workers": 2}
        cls.server = harness.Server(**cls.settings)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.store.close()

    def test_signatures_that_botocore_accepts(self):
        for key, more in (("good.png", {}), ("deep/a b+\u00e9~.png", {}),
                          ("good.png", {"Version": "v/1+"}), ("limit.png", {})):
            with self.subTest(key):
                self.assertEqual(self.detect(self.server, named(key, **more)), ("ok", ""))

    def test_a_secret_that_is_wrong(self):
        with harness.running(**{**self.settings, "objects_secret_access_key": "x"}) as server:
            self.assertEqual(self.detect(server, named("good.png")), REFUSED)
            self.assertIn("403 (SignatureDoesNotMatch)", self.reason(server))

    def test_connections_are_kept(self):
        self.detect(self.server, named("good.png"))
        before = self.store.connections
        for _ in range(5):
            self.assertEqual(self.detect(self.server, named("good.png")), ("ok", ""))
        self.assertEqual(self.store.connections, before)

    def test_versions(self):
        self.assertEqual(self.detect(self.server, named("good.png", Version="v2")), REFUSED)
        self.assertIn("404 (NoSuchKey)", self.reason(self.server))

    def test_objects_over_the_limit(self):
        for key in ("over.png", "says-huge", "endless"):
            with self.subTest(key):
                self.assertEqual(self.detect(self.server, named(key)), TOO_LARGE)

    def test_names_that_a_store_would_resolve(self):
        asked = len(self.store.requests)
        for key in ("../other/good.png", "a/./good.png", "a//good.png", "/good.png"):
            self.assertEqual(self.detect(self.server, named(key)), REFUSED)
        self.assertEqual(len(self.store.requests), asked)

    def test_answers_that_are_no_object(self):
        for key, reason in (
                ("html", "sends a page"), ("html-as-png", "sends a page"),
                ("error-as-object", "sends a page"), ("redirect", "307"), ("moved", "301"),
                ("forbidden", "answers 403;"), ("fails", "answers 503"), ("partial", "answers 206"),
                ("says-more", "the object store at"), ("says-nonsense", "the object store at"),
                ("endless-headers", "the object store at"), ("gone", "the object store at"),
                ("not-http", "the object store at"), ("none", "404 (NoSuchKey)")):
            with self.subTest(key):
                start = time.monotonic()
                self.assertEqual(self.detect(self.server, named(key)), REFUSED)
                self.assertIn(reason, self.reason(self.server))
                self.assertLess(time.monotonic() - start, 10)

    def test_redirects_are_not_followed(self):
        with_hits = bad_store.BadStore({("good.png", ""): PICTURE})
        self.store.elsewhere = with_hits.endpoint + "/photos/good.png"
        self.assertEqual(self.detect(self.server, named("redirect")), REFUSED)
        self.assertEqual(with_hits.requests, [])
        with_hits.close()

    def test_bytes_that_are_no_picture(self):
        refusal = ("InvalidImageFormatException", "Request has invalid image format")
        self.assertEqual(self.detect(self.server, named("bomb")), refusal)
        self.assertLess(self.server.resident_mib(), 1500)
        # What this one sends too much may be taken for the next answer on its connection: an error,
        # and one server's own.
        with harness.running(**self.settings) as server:
            self.assertEqual(self.detect(server, named("says-less")), refusal)

    def test_a_store_that_is_slow_ends_in_time(self):
        for key in ("silent", "slow"):
            start = time.monotonic()
            self.assertEqual(self.detect(self.server, named(key)), REFUSED)
            self.assertIn("Timeout was reached", self.reason(self.server))
            self.assertTrue(1.5 < time.monotonic() - start < 10)

    def test_a_slow_store_leaves_room_for_others(self):
        outcomes = []
        slow = [threading.Thread(target=lambda: outcomes.append(
            self.detect(self.server, named("silent")))) for _ in range(2)]
        for thread in slow:
            thread.start()
        time.sleep(0.3)
        answer = self.server.call("DetectFaces", {"Image": {"Bytes":
                                                            harness.base64_text(PICTURE)}})
        self.assertEqual(answer.status, 200)
        for thread in slow:
            thread.join()
        self.assertEqual(sorted(outcomes), [REFUSED, ("ThrottlingException", "Rate exceeded")])

    def test_a_host_for_every_bucket(self):
        port = self.store.server.server_port
        with harness.running(**{**self.settings, "objects_path_style": "false",
                                "objects_endpoint": f"http://localhost:{port}"}) as server:
            self.detect(server, named("good.png"))
            reason = self.reason(server)
            # Some resolvers know names under localhost, some don't.
            self.assertTrue("photos.localhost" in reason or "404" in reason, reason)

    def test_a_certificate_that_nobody_trusts(self):
        with harness.running(**{**self.settings, "objects_endpoint":
                                self.store.endpoint.replace("http:", "https:")}) as server:
            self.assertEqual(self.detect(server, named("good.png")), REFUSED)
            self.assertIn("the object store at", self.reason(server))


@unittest.skipUnless(boto3 and shutil.which("node"), "boto3 or node is not installed")
@unittest.skipUnless(S3RVER.exists(), "no s3rver in tests/wire/node_modules; tools/npm_ci tests/wire")
class RealStore(Objects):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        script = pathlib.Path(__file__).parent / "s3_store.mjs"
        cls.process = subprocess.Popen(["node", script, cls.folder], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        cls.endpoint = f"http://127.0.0.1:{int(cls.process.stdout.readline())}"
        cls.settings = {"objects_endpoint": cls.endpoint, "objects_access_key_id": "S3RVER",
                        "objects_secret_access_key": "S3RVER"}
        cls.server = harness.Server(**cls.settings)
        cls.s3 = boto3.client("s3", endpoint_url=cls.endpoint, region_name="us-east-1",
                              aws_access_key_id="S3RVER", aws_secret_access_key="S3RVER",
                              config=Config(s3={"addressing_style": "path"}))

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.process.stdin.close()
        cls.process.stdout.close()
        cls.process.wait()
        shutil.rmtree(cls.folder)

    def put(self, key, body):
        self.s3.put_object(Bucket="photos", Key=key, Body=body, ContentType="image/png")

    def test_objects(self):
        for key in ("a.png", "deep/er/b c+d.png", "\u00e9\u4e16~(1)!.png"):
            self.put(key, PICTURE)
            with self.subTest(key):
                self.assertEqual(self.detect(self.server, named(key)), ("ok", ""))

    def test_what_is_not_there(self):
        self.assertEqual(self.detect(self.server, named("none.png")), REFUSED)
        self.assertIn("404 (NoSuchKey)", self.reason(self.server))
        self.assertEqual(self.detect(self.server, named("none.png", "elsewhere")), REFUSED)
        self.assertIn("404 (NoSuchBucket)", self.reason(self.server))

    def test_a_wrong_secret(self):
        self.put("secret.png", PICTURE)
        for wrong in ({"objects_secret_access_key": "x"}, {"objects_access_key_id": "x"}):
            with harness.running(**{**self.settings, **wrong}) as server:
                self.assertEqual(self.detect(server, named("secret.png")), REFUSED)
                self.assertIn("403 (", self.reason(server))

    def test_the_limit(self):
        self.put("limit.png", padded(LIMIT))
        self.assertEqual(self.detect(self.server, named("limit.png")), ("ok", ""))
        self.put("over.png", padded(LIMIT + 1))
        self.assertEqual(self.detect(self.server, named("over.png")), TOO_LARGE)

    @unittest.skipUnless(MEDIA.exists(), NO_MEDIA)
    def test_a_face_is_found_by_object(self):
        for name in ("franck_01829.jpg", "franck_04117.jpg", "audrey.jpg"):
            self.put(name, (MEDIA / name).read_bytes())
        call = self.server.call
        call("CreateCollection", {"CollectionId": "s3"})
        indexed = call("IndexFaces", {"CollectionId": "s3", "Image": named("franck_01829.jpg"),
                                      "ExternalImageId": "franck"}).json
        self.assertEqual(len(indexed["FaceRecords"]), 1)
        # Sent along, the same picture is the same picture.
        sent = {"Bytes": harness.base64_text((MEDIA / "franck_01829.jpg").read_bytes())}
        again = call("IndexFaces", {"CollectionId": "s3", "Image": sent,
                                    "ExternalImageId": "franck"}).json
        self.assertEqual(again["FaceRecords"][0]["Face"], indexed["FaceRecords"][0]["Face"])
        found = call("SearchFacesByImage", {"CollectionId": "s3",
                                            "Image": named("franck_04117.jpg")}).json
        self.assertEqual([match["Face"]["ExternalImageId"] for match in found["FaceMatches"]],
                         ["franck"])
        compared = call("CompareFaces", {"SourceImage": named("franck_01829.jpg"),
                                         "TargetImage": named("audrey.jpg")}).json
        self.assertEqual((len(compared["FaceMatches"]), len(compared["UnmatchedFaces"])), (0, 1))


if __name__ == "__main__":
    harness.main()

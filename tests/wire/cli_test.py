"""The AWS CLIs of this machine: Debian's (version 2) and, where it is another, the one in PATH."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import NO_PHOTOS, UNKNOWN_FACE, client_environment, grey_png, photos

CLIS = sorted({path for path in ("/usr/bin/aws", shutil.which("aws")) if path and
               os.path.exists(path)})


def setUpModule():
    global server, work
    server = harness.Server()
    work = tempfile.TemporaryDirectory()


def tearDownModule():
    work.cleanup()
    server.close()


@unittest.skipUnless(CLIS, "no aws is installed")
class Cli(unittest.TestCase):
    def setUp(self):
        self.blank = os.path.join(work.name, "blank.png")
        with open(self.blank, "wb") as file:
            file.write(grey_png(100, 100))

    def run_cli(self, *arguments):
        return subprocess.run([self.cli, "--endpoint-url", server.witnessed, "--output", "json",
                               "rekognition", *arguments],
                              env=client_environment(server), capture_output=True, text=True)

    def aws(self, *arguments):
        done = self.run_cli(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, kind, message, *arguments):
        done = self.run_cli(*arguments)
        self.assertIn(done.returncode, (254, 255), done.stderr)
        self.assertIn(f"An error occurred ({kind})", done.stderr)
        self.assertRegex(done.stderr.strip(), re.escape(message) + "$")

    def each_cli(self):
        for i, cli in enumerate(CLIS):
            self.cli = cli
            with self.subTest(cli=cli):
                yield i

    @unittest.skipUnless(photos(2, 3), NO_PHOTOS)
    def test_the_eleven_operations(self):
        for i in self.each_cli():
            self.drive(f"cli-staff-{i}")

    def drive(self, name):
        alice, bob = [["fileb://" + path for path in person] for person in photos(2, 3)]
        collection = ("--collection-id", name)
        made = self.aws("create-collection", *collection, "--tags", "team=blue,env=test")
        self.assertEqual(made["StatusCode"], 200)
        index = ("index-faces", *collection, "--image-bytes", alice[0], "--external-image-id",
                 "alice:1", "--max-faces", "1", "--quality-filter", "AUTO",
                 "--detection-attributes", "DEFAULT")
        face = self.aws(*index)["FaceRecords"][0]["Face"]["FaceId"]
        self.assertEqual(self.aws(*index)["FaceRecords"][0]["Face"]["FaceId"], face)
        for photo in (alice[1], bob[0]):
            self.aws("index-faces", *collection, "--image-bytes", photo, "--max-faces", "1")
        self.assertEqual(self.aws("describe-collection", *collection)["FaceCount"], 3)
        self.assertIn(name, self.aws("list-collections")["CollectionIds"])
        page = self.aws("list-collections", "--max-results", "1", "--no-paginate")
        self.assertEqual(len(page["CollectionIds"]), 1)
        listed = self.aws("list-faces", *collection, "--page-size", "2")
        self.assertEqual(len(listed["Faces"]), 3)
        some = self.aws("list-faces", *collection, "--page-size", "2", "--max-items", "2")
        self.assertEqual(len(some["Faces"]), 2)
        found = self.aws("search-faces", *collection, "--face-id", face, "--max-faces", "10",
                         "--face-match-threshold", "90")
        self.assertEqual(len(found["FaceMatches"]), 1)
        probe = self.aws("search-faces-by-image", *collection, "--image-bytes", alice[2],
                         "--face-match-threshold", "80", "--max-faces", "10",
                         "--quality-filter", "NONE")
        self.assertEqual(len(probe["FaceMatches"]), 2)
        seen = self.aws("detect-faces", "--image-bytes", alice[0], "--attributes", "ALL")
        self.assertEqual(len(seen["FaceDetails"][0]["Landmarks"]), 30)
        compared = self.aws("compare-faces", "--source-image-bytes", alice[0],
                            "--target-image-bytes", bob[0], "--similarity-threshold", "80",
                            "--quality-filter", "LOW")
        self.assertEqual(compared["FaceMatches"], [])
        self.assertTrue(compared["UnmatchedFaces"])
        deleted = self.aws("delete-faces", *collection, "--face-ids", face, UNKNOWN_FACE)
        self.assertEqual(deleted["DeletedFaces"], [face])
        self.refused("InvalidParameterException", "faceId was not found in the collection.",
                     "search-faces", *collection, "--face-id", face)
        self.refused("InvalidParameterException",
                     "There are no faces in the image. Should be at least 1.",
                     "search-faces-by-image", *collection, "--image-bytes",
                     "fileb://" + self.blank)
        self.assertEqual(self.aws("delete-collection", *collection)["StatusCode"], 200)
        self.refused("ResourceNotFoundException", f"The collection id: {name} does not exist",
                     "describe-collection", *collection)

    def test_no_signature(self):
        for _ in self.each_cli():
            self.refused("MissingAuthenticationTokenException", "Missing Authentication Token",
                         "--no-sign-request", "list-collections")

    def test_an_object_in_s3(self):
        for _ in self.each_cli():
            self.refused("InvalidS3ObjectException",
                         "Unable to get object metadata from S3. Check object key, region and/or "
                         "access permissions.", "detect-faces", "--image",
                         "S3Object={Bucket=bkt,Name=a.jpg}", "--attributes", "DEFAULT",
                         "FACE_OCCLUDED")

    def test_base64_in_the_image_argument(self):
        # Right in version 2; version 1 encodes the text once more, which is no picture.
        for _ in self.each_cli():
            image = json.dumps({"Bytes": harness.base64_text(grey_png(100, 100))})
            done = self.run_cli("detect-faces", "--image", image)
            if done.returncode == 0:
                self.assertEqual(json.loads(done.stdout)["FaceDetails"], [])
            else:
                self.assertIn("(InvalidImageFormatException)", done.stderr)


if __name__ == "__main__":
    harness.main()

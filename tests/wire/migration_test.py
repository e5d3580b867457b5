"""tools/copy_collection, from one server to another, as docs/migration.md says."""
import csv
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import MEDIA, NO_MEDIA, base64_text, client_environment

try:
    import boto3  # noqa: F401: the tool needs it
except ImportError:
    boto3 = None

TOOL = pathlib.Path(os.environ["CANDID_SOURCE_DIR"]) / "tools/copy_collection"
NAMES = ("franck_01829", "franck_04117", "audrey")


@unittest.skipUnless(boto3, "boto3 is not installed")
@unittest.skipUnless(MEDIA.exists(), NO_MEDIA)
class Migration(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.old = harness.Server()
        self.new = harness.Server()
        credentials = self.work / "credentials"
        credentials.write_text("".join(
            f"[{name}]\naws_access_key_id={server.key_id}\naws_secret_access_key={server.secret}\n"
            for name, server in (("old", self.old), ("new", self.new))))
        self.env = {**client_environment(self.old), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
        (self.work / "photos/deep").mkdir(parents=True)
        shutil.copy(MEDIA / "franck_01829.jpg", self.work / "photos")
        shutil.copy(MEDIA / "audrey.jpg", self.work / "photos/deep")
        self.old.call("CreateCollection", {"CollectionId": "staff", "Tags": {"team": "blue"}})
        self.faces = {name: self.index(self.old, name) for name in NAMES}

    def tearDown(self):
        self.old.close()
        self.new.close()
        shutil.rmtree(self.work)

    def index(self, server, name):
        answer = server.call("IndexFaces", {
            "CollectionId": "staff", "ExternalImageId": name, "MaxFaces": 1,
            "Image": {"Bytes": base64_text((MEDIA / f"{name}.jpg").read_bytes())}}).json
        return answer["FaceRecords"][0]["Face"]["FaceId"]

    def copy(self, *more):
        done = subprocess.run(
            ["/usr/bin/python3", TOOL, "--from", self.old.witnessed, "--from-profile", "old",
             "--to", self.new.witnessed, "--to-profile", "new", *more, "staff"],
            env=self.env, cwd=self.work, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def rows(self, name):
        with open(self.work / name, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))[1:]

    def faces_of(self, collection):
        return {face["FaceId"]: face["ExternalImageId"] for face in
                self.new.call("ListFaces", {"CollectionId": collection}).json["Faces"]}

    def test_what_has_a_picture_comes_over_and_the_rest_is_named(self):
        for _ in range(2):  # a second run changes nothing
            status, out, err = self.copy("--images", "photos")
            self.assertEqual((status, out.splitlines()[0]), (1, "faces: 2 copied, 1 not"), err)
            pairs = dict(self.rows("faces.csv"))
            there = self.faces_of("staff")
            self.assertEqual({old: there[new] for old, new in pairs.items()},
                             {self.faces[name]: name for name in ("franck_01829", "audrey")})
            self.assertEqual(len(there), 2)
            self.assertEqual(self.rows("not_copied.csv"), [
                [self.faces["franck_04117"], "franck_04117", "no picture of that name"]])

    def test_a_list_says_where_pictures_lie(self):
        (self.work / "where.csv").write_text("".join(f"{name},{MEDIA / name}.jpg\n"
                                                     for name in NAMES))
        status, out, err = self.copy("--list", "where.csv", "--as", "staff-2")
        self.assertEqual((status, out.splitlines()[0]), (0, "faces: 3 copied, 0 not"), err)
        self.assertEqual(sorted(self.faces_of("staff-2").values()), sorted(NAMES))

    def test_tags_come_over(self):
        self.copy("--images", "photos")
        arn = self.new.call("DescribeCollection", {"CollectionId": "staff"}).json["CollectionARN"]
        tags = self.new.call("ListTagsForResource", {"ResourceArn": arn}).json["Tags"]
        self.assertEqual(tags, {"team": "blue"})


if __name__ == "__main__":
    harness.main()

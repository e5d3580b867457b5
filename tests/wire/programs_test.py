"""Whole programs, written the way Amazon's examples are (programs/), run as they stand: what they
print is what they would have printed there. Photos come from an npm package (harness.MEDIA)."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import MEDIA, NO_MEDIA, client_environment

HERE = pathlib.Path(__file__).parent
PROGRAMS = HERE / "programs"
FRANCK = [str(MEDIA / f"franck_{n}.jpg") for n in ("01829", "04117", "02045")]
AUDREY = str(MEDIA / "audrey.jpg")
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ARN = f"arn:aws:rekognition:{harness.REGION}:000000000000:collection/"
AWS = "/usr/bin/aws"  # Debian's, version 2

try:
    import boto3  # noqa: F401: the Python programs need it
except ImportError:
    boto3 = None


def with_sdk(package):
    there = shutil.which("node") and (HERE / "node_modules" / package).exists()
    return unittest.skipUnless(there, f"node or tests/wire/node_modules/{package} is not installed")


with_boto3 = unittest.skipUnless(boto3, "boto3 is not installed")


@unittest.skipUnless(MEDIA.exists(), NO_MEDIA)
class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp())
        (cls.work / "photos").mkdir()
        for path in FRANCK + [AUDREY]:
            shutil.copy(path, cls.work / "photos")
        cls.server = harness.Server(objects_folders=f"album={cls.work / 'photos'}")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        shutil.rmtree(cls.work)

    def run_program(self, *command, **more):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              cwd=self.work, timeout=300,
                              env={**client_environment(self.server), **more})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.splitlines()

    @unittest.skipUnless(os.path.exists(AWS), "no AWS CLI is installed")
    def test_cli_script(self):
        # Debian's CLI does not know AWS_ENDPOINT_URL_REKOGNITION yet; the script stays as it is.
        tools = self.work / "bin"
        tools.mkdir()
        shim = tools / "aws"
        shim.write_text(f'#!/bin/sh\nexec {AWS} --endpoint-url "$AWS_ENDPOINT_URL_REKOGNITION" "$@"\n')
        shim.chmod(0o755)
        known = self.work / "known"
        known.mkdir()
        for name, path in (("franck_1", FRANCK[0]), ("franck_2", FRANCK[2]), ("audrey_1", AUDREY)):
            shutil.copy(path, known / f"{name}.jpg")
        lines = self.run_program("bash", PROGRAMS / "collections.sh", "cli.people", known, FRANCK[1],
                                 PATH=f"{tools}:{os.environ['PATH']}")
        self.assertEqual(lines[0], ARN + "cli.people")
        for line, name in zip(lines[1:4], ("audrey", "franck", "franck")):
            self.assertRegex(line, f"^indexed {name} {UUID}$")
        self.assertEqual([" ".join(line.split()) for line in lines[4:7]],
                         ["faces: 3", "1 audrey", "2 franck"])
        self.assertRegex(lines[7], r"^visitor: franck\s+(9\d|100)(\.\d+)?$")
        self.assertEqual(lines[8], "(ResourceNotFoundException)")

    @with_sdk("@aws-sdk/client-rekognition")
    def test_javascript_v3(self):
        lines = self.run_program("node", PROGRAMS / "directory.mjs", "js3.directory", *FRANCK[:2],
                                 AUDREY, "--", FRANCK[2])
        self.assertRegex(lines[0], f"^created {ARN}js3.directory [0-9.]+$")
        self.assertRegex(lines[1], r"^made in 20\d\d faces 0$")
        self.assertEqual(lines[2:], [
            "indexed franck_01829.jpg 36 true true", "indexed franck_04117.jpg 36 true true",
            "indexed audrey.jpg 36 true true", "listed true", "page of 2", "page of 1",
            *sorted(lines[8:10]), "like the first franck_04117.jpg", "detected 1 true",
            "compared 1 0",
            "InvalidParameterException 400 faceId was not found in the collection.", "deleted 3"])
        self.assertEqual(sorted(lines[8:10]), ["visitor is franck_01829.jpg true",
                                               "visitor is franck_04117.jpg true"])

    @with_sdk("aws-sdk")
    def test_javascript_v2(self):
        blank = self.work / "blank.png"
        blank.write_bytes(harness.grey_png(100, 100))
        lines = self.run_program("node", PROGRAMS / "album.cjs", "js2.album", FRANCK[0], AUDREY,
                                 FRANCK[1], blank, AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE="1")
        self.assertEqual(lines, ["audrey: audrey.jpg",
                                 "franck_01829: franck_01829.jpg franck_04117.jpg",
                                 "nobody: blank.png", "people: 2", "deleted: 200"])

    @with_boto3
    def test_boto3_in_classes(self):
        text = "\n".join(self.run_program("/usr/bin/python3", PROGRAMS / "collection_demo.py",
                                          "boto.demo", AUDREY, *FRANCK[:2]))
        for expected in (f"'arn': '{ARN}boto.demo'", "ResourceAlreadyExistsException",
                         "indexed 1 faces of the group, left out 0", "'mouthRight'",
                         "the collection holds 3 faces",
                         "searched a face with confidence over 80: True", "found 2 by image",
                         "found 1 by face", "deleted 1", "['boto.demo']\n200"):
            self.assertIn(expected, text)

    @with_boto3
    def test_lambda_function_of_a_photo_bucket(self):
        event = self.work / "event.json"
        event.write_text(json.dumps({"Records": [
            {"s3": {"bucket": {"name": "album"}, "object": {"key": key}}} for key in
            ("franck_01829.jpg", "audrey.jpg", "franck_04117.jpg", "taken+away.jpg")]}))
        lines = self.run_program("/usr/bin/python3", PROGRAMS / "on_upload.py", event,
                                 COLLECTION="lambda-uploads")
        self.assertEqual(json.loads(lines[0]), [
            {"key": "franck_01829.jpg", "person": "franck"},
            {"key": "audrey.jpg", "person": "audrey"},
            {"key": "franck_04117.jpg", "person": "franck"},
            {"key": "taken away.jpg", "gone": True}])

    @with_boto3
    def test_resource_with_tags(self):
        program, state = PROGRAMS / "tagged_collection.py", self.work / "state.json"

        def step(*arguments):
            return self.run_program("/usr/bin/python3", program, *arguments)
        wanted = ("apply", state, "tf.staff", "team=blue", "env=test")
        self.assertEqual(step(*wanted), [f"created: {ARN}tf.staff"])
        self.assertEqual(step(*wanted), ["no changes"])
        self.assertEqual(step("apply", state, "tf.staff", "team=red", "cost=1:2/3"),
                         ["changed: ['cost', 'team'] removed: ['env']"])
        state.unlink()
        self.assertEqual(step("import", state, "tf.staff"), [
            f'imported: {ARN}tf.staff {{"cost": "1:2/3", "team": "red"}}'])
        self.assertEqual(step("destroy", state), ["destroyed"])

    @with_sdk("@aws-sdk/client-rekognition")
    def test_users(self):
        self.assertEqual(
            self.run_program("node", PROGRAMS / "users.mjs", "js3.users", *FRANCK, AUDREY),
            ["anna is there already", "associated 2 0 ACTIVE",
             "refused ASSOCIATED_TO_A_DIFFERENT_USER", "users anna,boris", "faces of anna 2 true",
             "seen anna true 0", "by face anna true", "like boris 0 boris",
             "kept ASSOCIATED_TO_AN_EXISTING_USER", "freed 1 ACTIVE", "erased 1", "anna is gone",
             "left 1"])


if __name__ == "__main__":
    harness.main()

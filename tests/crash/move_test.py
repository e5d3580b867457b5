"""Backups made while the server works, and collections that move to another pack, on real photos."""
import json
import pathlib
import shutil
import tempfile
import threading
import time
import unittest

import world
from harness import MODELS, NO_PHOTOS, base64_text, main, photo, photos


def put_pack(state, name):
    """The default pack under another name, without the average with the mirrored chip: its
    templates are others."""
    folder = pathlib.Path(state) / "models" / name
    shutil.copytree(MODELS, folder)
    manifest = folder / "pack.toml"
    text = manifest.read_text().replace('name = "candid-default"', f'name = "{name}"')
    manifest.write_text(text.replace("flip = true", "flip = false"))


@unittest.skipUnless(photos(5, 3), NO_PHOTOS)
class Backup(unittest.TestCase):
    def test_is_one_state_of_a_server_at_work(self):
        server = world.Server(server_workers=2)
        self.addCleanup(server.close)
        server.call("CreateCollection", {"CollectionId": "all"})
        stored, stop = [], threading.Event()

        def index():
            while not stop.is_set():
                n = len(stored)
                picture = world.variant(photo(n % 5, 0), str(n))
                answer = server.call("IndexFaces", {
                    "CollectionId": "all", "MaxFaces": 1, "ExternalImageId": f"person:{n % 5}",
                    "Image": {"Bytes": base64_text(picture)}})
                stored.append(answer.json["FaceRecords"][0]["Face"]["FaceId"])
        thread = threading.Thread(target=index)
        thread.start()
        try:
            while len(stored) < 6 and thread.is_alive():
                time.sleep(0.01)
            before = list(stored)
            copy = server.state / "copy.db"
            done = world.candid(server.state, "backup", str(copy), "--json")
            after = list(stored)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["bytes"], copy.stat().st_size)
        again = world.candid(server.state, "backup", str(copy))
        self.assertEqual(again.returncode, 3)
        self.assertIn(str(copy), again.stderr)
        # Put back where the server died: its log, which knows more, lies there still.
        server.kill()
        copy.replace(server.state / "candid.db")
        server.start()
        there = world.listed(server, "all")
        self.assertLessEqual(set(before), set(there))
        self.assertLessEqual(len(there), len(after) + 1)
        found = server.call("SearchFacesByImage", {
            "CollectionId": "all", "MaxFaces": 1,
            "Image": {"Bytes": base64_text(photo(2, 1))}})
        self.assertEqual(found.json["FaceMatches"][0]["Face"]["ExternalImageId"], "person:2")
        server.stop()
        self.assertEqual(world.flaws(server.state), {})


@unittest.skipUnless(photos(5, 3), NO_PHOTOS)
class Reembed(unittest.TestCase):
    def candid(self, *arguments, status=0):
        done = world.candid(self.state, *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def person_found(self, collection, person):
        done = self.candid("search", collection, photos(5, 3)[person][1], "--json")
        return json.loads(done.stdout)["matches"][0]["external_image_id"]

    def test_collections_move_to_another_pack(self):
        with tempfile.TemporaryDirectory() as folder:
            self.state = pathlib.Path(folder) / "state"
            (self.state / "models").mkdir(parents=True)
            (self.state / "models/candid-default").symlink_to(MODELS)
            put_pack(self.state, "other")
            people = pathlib.Path(folder) / "people"
            for person in range(5):
                (people / f"p{person}").mkdir(parents=True)
                for n in (0, 2):
                    (people / f"p{person}/{n}.jpg").write_bytes(photo(person, n))
            for keep in ("none", "crops", "images"):
                self.candid("collections", "create", keep, "--keep", keep)
                self.candid("enroll", keep, str(people), "--external-id", "folder",
                            "--max-faces", "1")
                self.assertEqual(self.person_found(keep, 3), "p3")
            self.candid("models", "use", "other")
            for keep in ("none", "crops", "images"):
                refused = self.candid("search", keep, photos(5, 3)[0][1], status=3)
                for word in ("candid-default", "other", f"candid reembed {keep}"):
                    self.assertIn(word, refused.stderr)
                refused = self.candid("enroll", keep, str(people / "p0"), status=3)
                self.assertIn(f"candid reembed {keep}", refused.stderr)
            for keep in ("crops", "images"):
                moved = json.loads(self.candid("reembed", keep, "--json").stdout)
                self.assertEqual((moved["switched"], moved["remade"], moved["lost"]),
                                 (True, 10, []))
                for person in range(5):
                    self.assertEqual(self.person_found(keep, person), f"p{person}")
            refused = self.candid("reembed", "none", status=3)
            self.assertIn("no picture was kept", refused.stderr)
            self.assertIn("--drop-lost", refused.stderr)
            self.candid("models", "use", "candid-default")
            self.assertEqual(self.person_found("none", 3), "p3", "it is as it was")
            self.candid("search", "crops", photos(5, 3)[0][1], status=3)
            self.candid("models", "use", "other")
            dropped = json.loads(self.candid("reembed", "none", "--drop-lost", "--json").stdout)
            self.assertEqual((dropped["switched"], len(dropped["lost"])), (True, 10))
            self.candid("enroll", "none", str(people), "--external-id", "folder",
                        "--max-faces", "1")
            self.assertEqual(self.person_found("none", 3), "p3")
            self.assertEqual(world.flaws(self.state), {})


if __name__ == "__main__":
    main()

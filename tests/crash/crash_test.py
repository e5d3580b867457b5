"""`candid` is killed at random moments, again and again: whatever it acknowledged is there,
whatever it erased is gone, nothing is half there. CANDID_CRASH_ROUNDS says how often."""
import json
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import time
import unittest

import world
from harness import CANDID, NO_PHOTOS, MODELS, base64_text, main, photo, photos

ROUNDS = int(os.environ.get("CANDID_CRASH_ROUNDS", "8"))


@unittest.skipUnless(photos(5, 3), NO_PHOTOS)
class Killed(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(7)
        self.photos = [photo(person, 0) for person in range(5)]

    def test_serve_keeps_what_it_acknowledged(self):
        server = world.Server(server_workers=4)
        self.addCleanup(server.close)
        self.assertEqual(server.call("CreateCollection", {"CollectionId": "kept"}).status, 200)
        stored, erased, lock = set(), set(), threading.Lock()
        owners = {}  # user of each face that was acknowledged to be associated

        def work(round_, worker, stop):
            n = worker  # one of them erases at once, however short the round
            while not stop.is_set():
                picture = world.variant(self.photos[n % 5], f"{round_} {worker} {n}")
                n += 1
                try:
                    answer = server.call("IndexFaces", {"CollectionId": "kept", "MaxFaces": 1,
                                                        "Image": {"Bytes": base64_text(picture)}})
                    if answer.status != 200:
                        continue
                    face = answer.json["FaceRecords"][0]["Face"]["FaceId"]
                    if n % 3:
                        with lock:
                            stored.add(face)
                        user = {"CollectionId": "kept", "UserId": f"{round_}:{worker}:{n}"}
                        server.call("CreateUser", user)
                        answer = server.call("AssociateFaces", {**user, "FaceIds": [face]})
                        if answer.status == 200:
                            with lock:
                                owners[face] = user["UserId"]
                        continue
                    answer = server.call("DeleteFaces", {"CollectionId": "kept",
                                                         "FaceIds": [face]})
                    if answer.status == 200:
                        with lock:
                            erased.add(face)
                except OSError:
                    return
        for round_ in range(ROUNDS):
            stop = threading.Event()
            threads = [threading.Thread(target=work, args=(round_, i, stop))
                       for i in range(4)]
            before = len(stored)
            for thread in threads:
                thread.start()
            patience = time.monotonic() + 60
            while len(stored) == before and time.monotonic() < patience:
                time.sleep(0.005)
            time.sleep(self.random.uniform(0, 0.5))
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
            self.assertEqual(world.flaws(server.state), {}, f"after kill {round_}")
            verified = world.candid(server.state, "audit", "verify")
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
            server.start()
            faces = world.faces(server, "kept")
            there = [face["FaceId"] for face in faces]
            self.assertEqual(len(there), len(set(there)))
            self.assertLessEqual(stored, set(there), f"lost by kill {round_}")
            self.assertFalse(erased & set(there), f"came back after kill {round_}")
            users = {face["FaceId"]: face["UserId"] for face in faces if "UserId" in face}
            self.assertLessEqual(owners.items(), users.items(), f"untied by kill {round_}")
            if users:
                face, user = min(users.items())
                found = server.call("SearchUsers", {"CollectionId": "kept", "FaceId": face,
                                                    "UserMatchThreshold": 99, "MaxUsers": 500})
                found = {match["User"]["UserId"] for match in found.json["UserMatches"]}
                self.assertIn(user, found)
                self.assertLessEqual(found, set(users.values()), "in memory as on disk")
            ready = server.call("SearchFaces", {"CollectionId": "kept", "FaceId": min(stored),
                                                "FaceMatchThreshold": 99, "MaxFaces": 4096})
            self.assertLessEqual({match["Face"]["FaceId"] for match in ready.json["FaceMatches"]},
                                 set(there), "in memory as on disk")
        trail = json.loads(world.candid(server.state, "audit", "export", "--json").stdout)["lines"]
        written = sum(line["affected"] for line in trail if line["operation"] == "IndexFaces")
        self.assertGreaterEqual(written, len(stored), "whatever was acknowledged has its line")
        self.assertGreater(len(stored), ROUNDS)
        self.assertGreater(len(erased), 0)
        self.assertGreater(len(owners), 0)

    def test_enroll_goes_on_where_it_was_killed(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            state, pictures = folder / "state", folder / "pictures"
            (state / "models").mkdir(parents=True)
            (state / "models/candid-default").symlink_to(MODELS)
            pictures.mkdir()
            for n in range(60):
                (pictures / f"{n:02}.jpg").write_bytes(
                    world.variant(self.photos[n % 5], f"picture {n}"))
            done = world.candid(state, "collections", "create", "all", "--keep", "crops")
            self.assertEqual(done.returncode, 0, done.stderr)
            command = [CANDID, "enroll", "all", str(pictures), "--max-faces", "1", "--jobs", "4",
                       "--state", str(state)]
            kills = 0
            while True:
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.PIPE)
                try:
                    # Longer each time, so that it comes to an end.
                    _, error = process.communicate(
                        timeout=self.random.uniform(0.2, 0.6 + 0.4 * kills))
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    kills += 1
                    self.assertEqual(world.flaws(state), {}, f"after kill {kills}")
            self.assertEqual(process.returncode, 0, error)
            self.assertGreater(kills, 0)
            self.assertEqual(world.flaws(state), {})
            count = world.candid(state, "collections", "describe", "all", "--json").stdout
            self.assertIn('"faces":60', count.replace(" ", ""))


if __name__ == "__main__":
    main()

"""A database that is damaged, locked, read-only or out of room: the message names it and says what
to do, a server that runs answers 500 and goes on, and nothing acknowledged is lost."""
import contextlib
import os
import resource
import sqlite3
import time
import unittest

import world
from harness import NO_PHOTOS, base64_text, main, photo, photos


@contextlib.contextmanager
def stopped():
    """A server's folder with one collection, and nobody in it."""
    server = world.Server()
    try:
        server.call("CreateCollection", {"CollectionId": "kept"})
        server.stop()
        yield server
    finally:
        server.close()


class Opening(unittest.TestCase):
    def assert_refused(self, server, *words, status=1, **how):
        for command in (("serve", "--listen", "127.0.0.1:0"), ("collections", "list")):
            done = world.candid(server.state, *command, **how)
            self.assertEqual(done.returncode, status, done.stderr)
            for word in (str(server.state / "candid.db"), *words):
                self.assertIn(word, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_what_is_no_whole_database(self):
        with stopped() as server:
            database = server.state / "candid.db"
            whole = database.read_bytes()
            for contents, words in ((b"", "restore a backup"), (whole[:10000], "restore a backup"),
                                    (b"x" * 9000, "not a Candid database"),
                                    (whole[:4096] + os.urandom(8192) + whole[12288:],
                                     "restore a backup")):
                database.write_bytes(contents)
                self.assert_refused(server, words)
                self.assertEqual(database.read_bytes(), contents, "nothing is done to it")
            database.write_bytes(whole)
            with contextlib.closing(sqlite3.connect(database)) as other:
                other.execute("PRAGMA user_version=99")
            self.assert_refused(server, "upgrade Candid", status=2)
            database.write_bytes(whole)
            server.start()
            self.assertEqual(server.call("DescribeCollection", {"CollectionId": "kept"}).status,
                             200)

    def test_what_another_program_locks(self):
        with stopped() as server:
            database = server.state / "candid.db"
            with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
                other.execute("PRAGMA locking_mode=EXCLUSIVE")
                other.execute("BEGIN EXCLUSIVE")
                self.assert_refused(server, "locked by another program")

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to run as somebody else")
    def test_what_this_user_may_not_write(self):
        with stopped() as server:
            models = server.state / "models"
            for path in (server.state, models):
                path.chmod(0o755)
            for name in ("candid.db", "candid.lock"):
                (server.state / name).chmod(0o444)
            done = world.candid(server.state, "serve", "--listen", "127.0.0.1:0", user="nobody",
                                extra_groups=[])
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("make the folder writable for this user", done.stderr)
            server.state.chmod(0o777)
            (server.state / "candid.lock").chmod(0o666)
            done = world.candid(server.state, "serve", "--listen", "127.0.0.1:0", user="nobody",
                                extra_groups=[])
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("writable for this user", done.stderr)
            self.assertIn(str(server.state / "candid.db"), done.stderr)


@unittest.skipUnless(photos(5, 3), NO_PHOTOS)
class Running(unittest.TestCase):
    def setUp(self):
        self.server = world.Server(server_workers=2)
        self.addCleanup(self.server.close)
        self.server.call("CreateCollection", {"CollectionId": "kept"})
        self.stored = {self.index(f"before {n}") for n in range(3)}

    def call_index(self, name):
        picture = world.variant(photo(0, 0), name)
        return self.server.call("IndexFaces", {"CollectionId": "kept", "MaxFaces": 1,
                                               "Image": {"Bytes": base64_text(picture)}})

    def index(self, name):
        answer = self.call_index(name)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["FaceRecords"][0]["Face"]["FaceId"]

    def assert_refuses(self, *words):
        """Writing fails and says so, reading and searching go on."""
        answer = self.call_index("refused")
        self.assertEqual((answer.status, answer.failure),
                         (500, ("InternalServerError", "Internal server error")))
        patience = time.monotonic() + 10
        reasons = ""
        while not reasons and time.monotonic() < patience:  # the log comes by another way
            reasons = "".join(line for line in self.server.log if '"refused"' in line)
        for word in (str(self.server.state / "candid.db"), *words):
            self.assertIn(word, reasons)
        self.assertEqual(set(world.listed(self.server, "kept")), self.stored)
        found = self.server.call("SearchFaces", {"CollectionId": "kept",
                                                 "FaceId": min(self.stored)})
        self.assertEqual((found.status, len(found.json["FaceMatches"])), (200, 2))

    def assert_goes_on(self):
        self.stored.add(self.index("after"))
        self.server.kill()
        self.assertEqual(world.flaws(self.server.state), {})
        self.server.start()
        self.assertEqual(set(world.listed(self.server, "kept")), self.stored)

    def test_no_room(self):
        limit = resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (4096, limit[1]))
        self.assert_refuses("see to the disk")
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, limit)
        self.assert_goes_on()

    def test_locked(self):
        database = self.server.state / "candid.db"
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.assert_refuses("locked by another program")
        self.assert_goes_on()

    def test_taken_away(self):
        database = self.server.state / "candid.db"
        elsewhere = self.server.state / "elsewhere"
        database.rename(elsewhere)
        answer = self.call_index("refused")
        self.assertEqual(answer.failure[0], "InternalServerError")
        elsewhere.rename(database)
        self.assert_goes_on()

    def test_changed_bytes(self):
        self.server.stop()
        self.server.start()  # all in the database, nothing in its log
        database = self.server.state / "candid.db"
        whole = database.read_bytes()
        with database.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(len(whole) - 4096))
        for operation, more in (("ListFaces", {}), ("DescribeCollection", {}),
                                ("SearchFaces", {"FaceId": min(self.stored)})):
            answer = self.server.call(operation, {"CollectionId": "kept", **more})
            self.assertIn(answer.status, (200, 400, 500), "what is in memory may still be known")
        answer = self.call_index("refused")
        self.assertEqual((answer.status, answer.failure[0]), (500, "InternalServerError"))
        self.assertEqual(self.server.get("/healthz")[0], 200)
        self.assertLess(self.server.resident_mib(), 1000)


@unittest.skipUnless(photos(5, 3), NO_PHOTOS)
class Erasing(unittest.TestCase):
    def test_no_byte_of_a_deleted_template_is_left(self):
        server = world.Server()
        self.addCleanup(server.close)
        server.stop()
        made = world.candid(server.state, "collections", "create", "kept", "--keep", "crops")
        self.assertEqual(made.returncode, 0, made.stderr)
        server.start()
        faces = []
        for n in range(10):
            picture = world.variant(photo(n % 5, n // 5), str(n))
            answer = server.call("IndexFaces", {"CollectionId": "kept", "MaxFaces": 1,
                                                "Image": {"Bytes": base64_text(picture)}})
            faces.append(answer.json["FaceRecords"][0]["Face"]["FaceId"])
        with contextlib.closing(sqlite3.connect(server.state / "candid.db")) as other:
            rows = other.execute("SELECT face_id,vector,jpeg FROM faces JOIN templates ON "
                                 "templates.face=row JOIN crops ON crops.face=row").fetchall()
        whose = {}  # pieces of templates and crops; JPEG's tables are everybody's
        for face, *secrets in rows:
            for secret in secrets:
                for at in range(0, len(secret) - 32, 32):
                    whose.setdefault(secret[at:at + 32], set()).add(face)
        pieces = {piece: min(owners) for piece, owners in whose.items() if len(owners) == 1}

        def found(where):
            return {face for piece, face in pieces.items() if piece in where}
        self.assertEqual(found(world.bytes_of(server.state)), set(faces))
        answer = server.call("DeleteFaces", {"CollectionId": "kept", "FaceIds": faces[:5]})
        self.assertEqual(set(answer.json["DeletedFaces"]), set(faces[:5]))
        self.assertEqual(found(world.bytes_of(server.state)), set(faces[5:]))
        copy = server.state / "copy.db"
        self.assertEqual(world.candid(server.state, "backup", str(copy)).returncode, 0)
        self.assertEqual(found(copy.read_bytes()), set(faces[5:]))
        copy.unlink()
        server.call("DeleteCollection", {"CollectionId": "kept"})
        self.assertEqual(found(world.bytes_of(server.state)), set())


if __name__ == "__main__":
    main()

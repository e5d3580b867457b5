"""Erased is erased: by `candid erase`, and by the server when a collection keeps faces for a time
only. The files are searched here too, in another way than the product does."""
import json
import sqlite3
import time
import unittest

import world
from harness import NO_PHOTOS, base64_text, main, photo, photos


def templates(state):
    """The vectors of each external id, as bytes, read beside the server."""
    database = sqlite3.connect(f"file:{state}/candid.db?mode=ro", uri=True)
    try:
        return {name: bytes(vector) for name, vector in database.execute(
            "SELECT i.external_id, t.vector FROM templates t JOIN faces f ON f.row=t.face "
            "JOIN images i ON i.number=f.image")}
    finally:
        database.close()


def pieces_left(state, vector):
    everything = world.bytes_of(state)
    return sum(vector[at:at + 12] in everything for at in range(0, len(vector) - 12, 12))


@unittest.skipUnless(photos(4, 3), NO_PHOTOS)
class Erased(unittest.TestCase):
    def setUp(self):
        self.server = world.Server()
        self.addCleanup(self.server.close)
        for name in ("staff", "guests"):
            self.assertEqual(self.server.call("CreateCollection", {"CollectionId": name}).status,
                             200)

    def index(self, collection, person, external):
        answer = self.server.call("IndexFaces", {
            "CollectionId": collection, "ExternalImageId": external, "MaxFaces": 1,
            "Image": {"Bytes": base64_text(photo(person, 0))}})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["FaceRecords"][0]["Face"]["FaceId"]

    def test_by_the_command(self):
        face = self.index("staff", 0, "visitor-0001")
        self.index("staff", 1, "visitor-0002")
        self.index("guests", 2, "visitor-0003")
        vectors = templates(self.server.state)
        self.assertGreater(pieces_left(self.server.state, vectors["visitor-0001"]), 0)
        refused = world.candid(self.server.state, "erase", "face", face, "--yes")
        self.assertEqual(refused.returncode, 3, "a server has the folder")
        self.server.stop()
        refused = world.candid(self.server.state, "erase", "face", face)
        self.assertEqual(refused.returncode, 2, "it wants a yes")
        done = world.candid(self.server.state, "erase", "face", face, "--yes", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        statement = json.loads(done.stdout)
        self.assertTrue(statement["proven"])
        self.assertEqual(statement["erased"]["faces"], 1)
        self.assertGreater(statement["searched"]["pieces"], 1)
        self.assertEqual(pieces_left(self.server.state, vectors["visitor-0001"]), 0)
        self.assertNotIn(face.encode(), world.bytes_of(self.server.state))
        done = world.candid(self.server.state, "erase", "external", "visitor-0002", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("nothing was found", done.stdout)
        self.assertIn("backups made before", done.stdout)
        self.assertEqual(pieces_left(self.server.state, vectors["visitor-0002"]), 0)
        self.assertNotIn(b"visitor-0002", world.bytes_of(self.server.state))
        again = world.candid(self.server.state, "erase", "external", "visitor-0002", "--yes")
        self.assertEqual(again.returncode, 3)
        self.assertEqual(world.flaws(self.server.state), {})
        self.assertEqual(world.candid(self.server.state, "audit", "verify").returncode, 0)
        self.server.start()
        self.assertEqual(world.listed(self.server, "staff"), [])
        self.assertEqual(len(world.listed(self.server, "guests")), 1)

    def test_a_user_with_its_faces(self):
        faces = [self.index("staff", person, f"visitor-000{person}") for person in range(3)]
        self.assertEqual(self.server.call("CreateUser", {
            "CollectionId": "staff", "UserId": "user-by-name"}).status, 200)
        answer = self.server.call("AssociateFaces", {
            "CollectionId": "staff", "UserId": "user-by-name", "FaceIds": faces[:2],
            "UserMatchThreshold": 0, "ClientRequestToken": "token-1"})
        self.assertEqual(len(answer.json["AssociatedFaces"]), 2, answer.body)
        vectors = templates(self.server.state)
        self.server.stop()
        done = world.candid(self.server.state, "erase", "user", "user-by-name", "--yes", "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["erased"]["faces"], 2)
        everything = world.bytes_of(self.server.state)
        for gone in (b"user-by-name", *(face.encode() for face in faces[:2])):
            self.assertNotIn(gone, everything)
        for person in range(2):
            self.assertEqual(pieces_left(self.server.state, vectors[f"visitor-000{person}"]), 0)
        self.assertEqual(world.flaws(self.server.state), {})
        self.server.start()
        self.assertEqual(world.listed(self.server, "staff"), faces[2:])
        self.assertEqual(self.server.call("ListUsers", {"CollectionId": "staff"}).json["Users"], [])
        described = self.server.call("DescribeCollection", {"CollectionId": "staff"}).json
        self.assertEqual((described["FaceCount"], described["UserCount"]), (1, 0))

    def test_by_age(self):
        self.index("guests", 0, "visitor-0001")
        self.index("staff", 1, "visitor-0002")
        vector = templates(self.server.state)["visitor-0001"]
        done = world.candid(self.server.state, "collections", "set", "guests", "--retention", "1s")
        self.assertEqual(done.returncode, 0, done.stderr)
        end = time.monotonic() + 30
        while world.listed(self.server, "guests") and time.monotonic() < end:
            time.sleep(0.2)
        self.assertEqual(world.listed(self.server, "guests"), [])
        self.assertEqual(len(world.listed(self.server, "staff")), 1)
        self.assertEqual(pieces_left(self.server.state, vector), 0)
        found = self.server.call("SearchFacesByImage", {
            "CollectionId": "guests", "Image": {"Bytes": base64_text(photo(0, 0))}}).json
        self.assertEqual(found["FaceMatches"], [])
        exported = world.candid(self.server.state, "audit", "export", "--json").stdout
        lines = [line for line in json.loads(exported)["lines"]
                 if line["operation"] == "RetentionErase"]
        self.assertEqual([(line["collection"], line["affected"]) for line in lines],
                         [("guests", 1)])
        self.assertEqual(world.flaws(self.server.state), {})
        for bad in ("0d", "soon", "-1d"):
            refused = world.candid(self.server.state, "collections", "set", "guests",
                                   "--retention", bad)
            self.assertEqual(refused.returncode, 2)


if __name__ == "__main__":
    main()

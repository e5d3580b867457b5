"""What the tests of this folder share: the wire tests' server, photos that are all different, and
the database looked at from outside."""
import pathlib
import sqlite3
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "wire"))

import harness  # noqa: E402


class Server(harness.Server):
    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()


def variant(photo, name):
    """The same picture in other bytes: a comment after the JPEG's first marker."""
    comment = name.encode()
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + photo[2:]


def candid(state, *arguments, **how):
    return subprocess.run([harness.CANDID, *arguments, "--state", str(state)], timeout=300,
                          capture_output=True, text=True, **how)


def faces(server, collection):
    """Faces of a collection, by all its pages."""
    found, token = [], {}
    while True:
        page = server.call("ListFaces", {"CollectionId": collection, "MaxResults": 100, **token})
        assert page.status == 200, page.body
        found += page.json["Faces"]
        if "NextToken" not in page.json:
            return found
        token = {"NextToken": page.json["NextToken"]}


def listed(server, collection):
    """Their ids."""
    return [face["FaceId"] for face in faces(server, collection)]


def flaws(state):
    """What is wrong with the database of a folder that nobody writes to."""
    database = sqlite3.connect(pathlib.Path(state) / "candid.db")
    counts = {
        "damaged pages": "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'",
        "broken references": "SELECT count(*) FROM pragma_foreign_key_check",
        "faces without template": "SELECT count(*) FROM faces WHERE row NOT IN "
                                  "(SELECT face FROM templates)",
        "faces without crop": "SELECT count(*) FROM faces JOIN images ON images.number=image JOIN "
                              "collections c ON c.number=collection WHERE keep=1 AND row NOT IN "
                              "(SELECT face FROM crops)",
        "images without face": "SELECT count(*) FROM images WHERE number NOT IN "
                               "(SELECT image FROM faces)",
        "faces stored twice": "SELECT count(*)-count(DISTINCT image||'/'||left||'/'||top) "
                              "FROM faces",
        "wrong counts": "SELECT count(*) FROM collections c WHERE face_count<>(SELECT count(*) "
                        "FROM faces WHERE row>>36=c.number)",
        "wrong counts of users": "SELECT count(*) FROM collections c WHERE user_count<>(SELECT "
                                 "count(*) FROM users WHERE collection=c.number)",
        "staged templates": "SELECT count(*) FROM staged_templates",
    }
    try:
        found = {what: database.execute(sql).fetchone()[0] for what, sql in counts.items()}
    finally:
        database.close()
    return {what: count for what, count in found.items() if count}


def bytes_of(state):
    """Everything that lies in a state folder; its models are not followed."""
    return b"".join(path.read_bytes() for path in sorted(pathlib.Path(state).rglob("*"))
                    if path.is_file() and not path.is_symlink() and "models" not in path.parts)

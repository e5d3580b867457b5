"""Every declared error of every served operation, provoked once. What an operation cannot answer,
though Amazon declares it, stands in CANNOT with its reason; what neither happens nor stands there
fails, and so does an excuse that is out of date."""
import json
import subprocess
import time
import unittest

import harness
from harness import MEDIA, NO_MEDIA, UNKNOWN_FACE, base64_text, grey_png

try:
    import model
except ImportError:
    model = None

BLANK = {"Bytes": base64_text(grey_png(100, 100))}


def media(name):
    return {"Bytes": base64_text((MEDIA / name).read_bytes())} if MEDIA.exists() else BLANK


FACE, OTHER = media("franck_01829.jpg"), media("audrey.jpg")
PICTURES = {"InvalidImageFormatException": {"Bytes": base64_text(b"GIF89a")},
            "ImageTooLargeException": {"Bytes": base64_text(grey_png(60_000, 60_000, rows=0))},
            "InvalidS3ObjectException": {"S3Object": {"Bucket": "none", "Name": "none"}},
            "InvalidParameterException": {"Bytes": base64_text(grey_png(79, 100))}}
C = {"CollectionId": "c"}
U = {**C, "UserId": "u"}
ARN = f"arn:aws:rekognition:{harness.REGION}:000000000000:collection/"
MISSING = {"ResourceArn": ARN + "none"}

# A request of each operation that is good as long as collection c has FACE and user u.
GOOD = {"DetectFaces": {"Image": BLANK},
        "CompareFaces": {"SourceImage": FACE, "TargetImage": OTHER},
        "CreateCollection": {"CollectionId": "new"},
        "DescribeCollection": C,
        "ListCollections": {},
        "DeleteCollection": {"CollectionId": "new"},
        "IndexFaces": {**C, "Image": OTHER},
        "ListFaces": C,
        "DeleteFaces": {**C, "FaceIds": [UNKNOWN_FACE]},
        "SearchFaces": {**C, "FaceId": None},
        "SearchFacesByImage": {**C, "Image": FACE},
        "CreateUser": {**C, "UserId": "new"},
        "DeleteUser": {**C, "UserId": "new"},
        "ListUsers": C,
        "AssociateFaces": {**U, "FaceIds": [UNKNOWN_FACE]},
        "DisassociateFaces": {**U, "FaceIds": [UNKNOWN_FACE]},
        "SearchUsers": {**C, "FaceId": None},
        "SearchUsersByImage": {**C, "Image": FACE},
        "TagResource": {"ResourceArn": ARN + "c", "Tags": {"a": "b"}},
        "UntagResource": {"ResourceArn": ARN + "c", "TagKeys": ["a"]},
        "ListTagsForResource": {"ResourceArn": ARN + "c"}}

NOTHING_TO_SAY = "its members break constraints or are right"
# (operation, exception): why it never comes.
CANNOT = {
    ("DetectFaces", "InternalServerError"): "it reads nothing that could be broken",
    ("CompareFaces", "InternalServerError"): "it reads nothing that could be broken",
    ("CreateCollection", "InvalidParameterException"): NOTHING_TO_SAY,
    ("DescribeCollection", "InvalidParameterException"): NOTHING_TO_SAY,
    ("ListCollections", "InvalidParameterException"): NOTHING_TO_SAY,
    ("ListCollections", "ResourceNotFoundException"): "it names nothing",
    ("DeleteCollection", "InvalidParameterException"): NOTHING_TO_SAY,
    ("ListFaces", "InvalidParameterException"): NOTHING_TO_SAY,
    ("DeleteFaces", "InvalidParameterException"): NOTHING_TO_SAY,
    ("CreateUser", "InvalidParameterException"): NOTHING_TO_SAY,
    ("DeleteUser", "InvalidParameterException"): NOTHING_TO_SAY,
    ("ListUsers", "InvalidParameterException"): NOTHING_TO_SAY,
    ("AssociateFaces", "InvalidParameterException"): NOTHING_TO_SAY,
    ("DisassociateFaces", "InvalidParameterException"): NOTHING_TO_SAY,
    ("DeleteUser", "ConflictException"): "no call finds another at work",
    ("AssociateFaces", "ConflictException"): "of a collection of another pack only",
    ("DisassociateFaces", "ConflictException"): "of a collection of another pack only",
}


def names_collection(operation):
    return "CollectionId" in GOOD[operation] and operation != "CreateCollection"


@unittest.skipUnless(model, "botocore is not installed")
@unittest.skipUnless(MEDIA.exists(), NO_MEDIA)
class Coverage(unittest.TestCase):
    """Its tests provoke; the last of them counts."""

    def setUp(self):
        self.seen = set()

    def provoke(self, server, operation, kind, how={}, **more):
        answer = server.call(operation, {**GOOD[operation], **more}, **how)
        self.assertEqual(answer.failure[0], kind, (operation, answer.body[:300]))
        self.seen.add((operation, kind))
        return answer.json

    def fill(self, server):
        server.call("CreateCollection", C)
        face = server.call("IndexFaces", {**C, "Image": FACE}).json["FaceRecords"][0]["Face"]
        GOOD["SearchFaces"]["FaceId"] = GOOD["SearchUsers"]["FaceId"] = face["FaceId"]
        server.call("CreateUser", U)

    def test_every_declared_error(self):
        self.good_and_semantic()
        self.full_house()
        self.full_user()
        self.client_without_time()
        self.keys_with_limits()
        self.broken_store()
        served = set(GOOD)
        declared = {(operation, kind) for operation in served
                    for kind in model.declared_errors(operation)}
        excused = {(operation, kind) for operation, kind in declared
                   if (operation, kind) in CANNOT}
        self.assertEqual(declared - self.seen - excused, set(), "declared and not provoked")
        self.assertEqual(excused & self.seen, set(), "excused and provoked all the same")
        self.assertEqual(set(CANNOT) - declared, set(), "excused and not even declared")

    def test_every_served_operation_is_in_the_table(self):
        with harness.running() as server:
            served = set()
            for operation in model.newer_service().operation_names:
                kind, message = server.call(operation, {}).failure
                if kind == "AccessDeniedException":
                    self.assertEqual(message,
                                     f"Candid does not serve the operation {operation}.")
                else:
                    served.add(operation)
        self.assertEqual(served, set(GOOD))

    def good_and_semantic(self):
        with harness.running() as server:
            self.fill(server)
            for operation in GOOD:
                self.provoke(server, operation, "ok")
            for operation in filter(names_collection, GOOD):
                self.provoke(server, operation, "ResourceNotFoundException", CollectionId="none")
            for kind, image in PICTURES.items():
                for operation, member in (
                        ("DetectFaces", "Image"), ("IndexFaces", "Image"),
                        ("SearchFacesByImage", "Image"), ("SearchUsersByImage", "Image"),
                        ("CompareFaces", "SourceImage"),
                        ("CompareFaces", "TargetImage")):
                    self.provoke(server, operation, kind, **{member: image})
            for operation in ("ListCollections", "ListFaces", "ListUsers"):
                self.provoke(server, operation, "InvalidPaginationTokenException", NextToken="x")
            self.provoke(server, "SearchFaces", "InvalidParameterException", FaceId=UNKNOWN_FACE)
            self.provoke(server, "CreateCollection", "ResourceAlreadyExistsException", **C)
            for operation in ("TagResource", "UntagResource", "ListTagsForResource"):
                self.provoke(server, operation, "ResourceNotFoundException", **MISSING)
                self.provoke(server, operation, "InvalidParameterException",
                             ResourceArn="a/name/that/is/no/arn/at/all")
            self.provoke(server, "SearchUsers", "InvalidParameterException", FaceId=None)
            self.provoke(server, "CreateUser", "ConflictException", **U)
            for operation in ("CreateUser", "DeleteUser", "AssociateFaces", "DisassociateFaces"):
                token = {"ClientRequestToken": operation}
                server.call("CreateUser", {**C, "UserId": "first"})
                if operation == "CreateUser":
                    server.call("DeleteUser", {**C, "UserId": "first"})
                self.provoke(server, operation, "ok", UserId="first", **token)
                self.provoke(server, operation, "IdempotentParameterMismatchException",
                             UserId="u", **token)

    def full_house(self):
        with harness.running(api_max_collections=1, api_max_faces_per_collection=1,
                             api_max_users_per_collection=1) as server:
            self.fill(server)
            self.provoke(server, "CreateUser", "ServiceQuotaExceededException")
            many = {str(i): "" for i in range(200)}
            self.provoke(server, "TagResource", "ok", Tags=many)
            self.provoke(server, "TagResource", "ServiceQuotaExceededException")
            self.provoke(server, "CreateCollection", "ServiceQuotaExceededException")
            self.provoke(server, "IndexFaces", "ServiceQuotaExceededException")

    def full_user(self):
        with harness.running() as server:
            self.fill(server)
            small = media("walter2_crop.jpg")
            faces = [server.call("IndexFaces", {**C, "Image": small, "QualityFilter": "NONE",
                                                "ExternalImageId": str(i)}).json
                     ["FaceRecords"][0]["Face"]["FaceId"] for i in range(101)]
            self.provoke(server, "AssociateFaces", "ok", FaceIds=faces[:100], UserMatchThreshold=0)
            self.provoke(server, "AssociateFaces", "ServiceQuotaExceededException",
                         FaceIds=faces[100:], UserMatchThreshold=0)

    def client_without_time(self):
        """What cannot be done before its client's own deadline is refused at once."""
        late = {"extra": [("amz-sdk-request", "ttl=20200101T000000Z; attempt=2; max=3")]}
        with harness.running() as server:
            self.fill(server)
            for operation in GOOD:
                self.provoke(server, operation, "ThrottlingException", how=late)

    def keys_with_limits(self):
        with harness.running() as server:
            self.fill(server)
            for kind, limits in (("AccessDeniedException", ("--allow", "DetectText")),
                                 ("ProvisionedThroughputExceededException",
                                  ("--rate", "0.001", "--burst", "1"))):
                made = json.loads(subprocess.run(
                    [harness.CANDID, "keys", "create", "--json", *limits, "--state", server.state],
                    check=True, capture_output=True).stdout)
                key = {"key_id": made["id"], "secret": made["secret"]}
                while server.call("ListCollections", {}, **key).failure[0] != kind:
                    time.sleep(0.1)  # the server hears of a key within seconds
                for operation in GOOD:
                    self.provoke(server, operation, kind, how=key)

    def broken_store(self):
        with harness.running() as server:
            self.fill(server)
            server.stop()
            server.start()  # with nothing of the database in memory that could stand in for it
            for name in ("candid.db", "candid.db-wal"):
                if (server.state / name).exists():
                    (server.state / name).write_bytes(b"")
            for operation in GOOD:
                if (operation, "InternalServerError") not in CANNOT:
                    self.provoke(server, operation, "InternalServerError")


if __name__ == "__main__":
    harness.main()

"""boto3: every operation and every default that is promised. coverage_test.py has every declared
error."""
import base64
import json
import os
import threading
import unittest
import unittest.mock

import harness
from harness import NO_PHOTOS, REGION, UNKNOWN_FACE, grey_png, photo, photos

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError
except ImportError:
    boto3 = None

OPERATIONS = {"DetectFaces", "CompareFaces", "CreateCollection", "DescribeCollection",
              "ListCollections", "DeleteCollection", "IndexFaces", "ListFaces", "DeleteFaces",
              "SearchFaces", "SearchFacesByImage", "TagResource", "UntagResource",
              "ListTagsForResource"}
BLANK = grey_png(100, 100)


def setUpModule():
    global server
    if boto3:
        server = harness.Server()


def tearDownModule():
    if boto3:
        server.close()


def client_of(target, secret=None):
    return boto3.client("rekognition", endpoint_url=target.witnessed, region_name=REGION,
                        aws_access_key_id=target.key_id,
                        aws_secret_access_key=secret or target.secret,
                        config=Config(retries={"max_attempts": 0}, parameter_validation=False,
                                      max_pool_connections=50))


@unittest.skipUnless(boto3, "boto3 is not installed")
class Boto(unittest.TestCase):
    def setUp(self):
        self.client = client_of(server)

    def refused(self, kind, message, call, **parameters):
        """The exception of that kind with just that message."""
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        response = caught.exception.response
        self.assertEqual((response["Error"]["Code"], response["Error"]["Message"]),
                         (kind, message))
        metadata = response["ResponseMetadata"]
        self.assertEqual(metadata["HTTPStatusCode"], 500 if kind == "InternalServerError" else 400)
        self.assertRegex(metadata["RequestId"], "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    def collection(self, name, people=0, each=1, client=None):
        """A new collection with the first face of `each` photos of so many people."""
        client = client or self.client
        client.create_collection(CollectionId=name)
        return [client.index_faces(CollectionId=name, MaxFaces=1, ExternalImageId=f"{i}:{n}",
                                   Image={"Bytes": photo(i, n)})["FaceRecords"][0]["Face"]["FaceId"]
                for i in range(people) for n in range(each)]


class WithoutPhotos(Boto):
    def test_creating_and_describing(self):
        made = self.client.create_collection(CollectionId="Cased.id-1_")
        arn = f"arn:aws:rekognition:{REGION}:000000000000:collection/Cased.id-1_"
        self.assertEqual((made["StatusCode"], made["CollectionArn"]), (200, arn))
        self.client.create_collection(CollectionId="cased.id-1_")  # case counts
        described = self.client.describe_collection(CollectionId="Cased.id-1_")
        self.assertEqual((described["FaceCount"], described["CollectionARN"],
                          described["FaceModelVersion"]), (0, arn, made["FaceModelVersion"]))
        self.refused("ResourceAlreadyExistsException",
                     "The collection id: Cased.id-1_ already exists",
                     self.client.create_collection, CollectionId="Cased.id-1_")
        self.assertEqual(self.client.delete_collection(CollectionId="Cased.id-1_")["StatusCode"],
                         200)

    def test_a_collection_that_is_not_there(self):
        for call, more in (("describe_collection", {}), ("delete_collection", {}),
                           ("list_faces", {}), ("delete_faces", {"FaceIds": [UNKNOWN_FACE]}),
                           ("search_faces", {"FaceId": UNKNOWN_FACE}),
                           # Told before the picture is looked at.
                           ("search_faces_by_image", {"Image": {"Bytes": b"x"}}),
                           ("index_faces", {"Image": {"Bytes": b"x"}})):
            with self.subTest(call):
                self.refused("ResourceNotFoundException", "The collection id: none does not exist",
                             getattr(self.client, call), CollectionId="none", **more)

    def test_tags(self):
        made = self.client.create_collection(CollectionId="tagged", Tags={"team": "blue"})
        arn = made["CollectionArn"]

        def tags(of):
            return self.client.list_tags_for_resource(ResourceArn=of)["Tags"]
        self.client.tag_resource(ResourceArn=arn, Tags={"team": "red", "\u00e4 b": ""})
        self.assertEqual(tags(arn), {"team": "red", "\u00e4 b": ""})
        self.client.untag_resource(ResourceArn=arn.removeprefix("arn:"), TagKeys=["team", "none"])
        self.assertEqual(tags(arn.removeprefix("arn:")), {"\u00e4 b": ""})
        self.client.delete_collection(CollectionId="tagged")
        for call, more in (("tag_resource", {"Tags": {}}), ("untag_resource", {"TagKeys": []}),
                           ("list_tags_for_resource", {})):
            self.refused("ResourceNotFoundException", "The collection id: tagged does not exist",
                         getattr(self.client, call), ResourceArn=arn, **more)
            other = arn.replace(":collection/", ":streamprocessor/")
            self.refused("ResourceNotFoundException", f"The resource: {other} does not exist",
                         getattr(self.client, call), ResourceArn=other, **more)
            self.refused("InvalidParameterException", "ResourceArn must be the ARN of a "
                         "collection, as DescribeCollection gives it",
                         getattr(self.client, call), ResourceArn="x" * 20, **more)

    def test_pages_of_collections(self):
        names = [f"page-{i}" for i in range(5)]
        for name in names:
            self.client.create_collection(CollectionId=name)
        pages = list(self.client.get_paginator("list_collections").paginate(
            PaginationConfig={"PageSize": 2}))
        ids = [name for page in pages for name in page["CollectionIds"]]
        self.assertEqual([name for name in ids if name in names], names)
        self.assertEqual(len(ids), len(set(ids)))
        for page in pages:
            self.assertLessEqual(len(page["CollectionIds"]), 2)
            self.assertEqual(len(page["CollectionIds"]), len(page["FaceModelVersions"]))
        self.assertNotIn("NextToken", pages[-1])
        # 0 is the default, which is more than there are.
        self.assertEqual(len(self.client.list_collections(MaxResults=0)["CollectionIds"]), len(ids))

    def test_paging_tokens(self):
        for name in ("token-a", "token-b", "token-c"):
            self.client.create_collection(CollectionId=name)
        token = self.client.list_collections(MaxResults=1)["NextToken"]
        self.assertLessEqual(len(token), 255)
        self.assertEqual(self.client.list_collections(NextToken=""),
                         self.client.list_collections() | {"ResponseMetadata": unittest.mock.ANY})
        for bad in ("x", token[:-1], token[::-1], "A" * 255):
            self.refused("InvalidPaginationTokenException", "Invalid Pagination Token",
                         self.client.list_collections, NextToken=bad)
        self.refused("InvalidPaginationTokenException", "Invalid Pagination Token",
                     self.client.list_faces, CollectionId="token-a", NextToken=token)

    def test_pictures_that_are_none(self):
        self.collection("pictures")
        format_refusal = ("InvalidImageFormatException", "Request has invalid image format")
        small = ("InvalidParameterException", "Request has invalid parameters")
        s3 = ("InvalidS3ObjectException", "Unable to get object metadata from S3. Check object "
              "key, region and/or access permissions.")
        cases = [({"Bytes": b"not a picture"}, format_refusal), ({"Bytes": b"GIF89a"}, format_refusal),
                 ({"Bytes": b"RIFF\0\0\0\0WEBPVP8 "}, format_refusal),
                 ({"Bytes": b"BM" + bytes(60)}, format_refusal),
                 ({"Bytes": b"\xff\xd8\xff"}, format_refusal),
                 ({"Bytes": grey_png(100, 100, rows=50)}, format_refusal),
                 ({"Bytes": grey_png(79, 100)}, small), ({"Bytes": grey_png(100, 79)}, small),
                 ({"Bytes": grey_png(60_000, 60_000, rows=0)},
                  ("ImageTooLargeException", "Image size is too large.")),
                 ({}, small), ({"Bytes": BLANK, "S3Object": {"Bucket": "bkt", "Name": "n"}}, small),
                 ({"S3Object": {"Bucket": "bkt", "Name": "n", "Version": "1"}}, s3)]
        for image, (kind, message) in cases:
            for call, parameters in (
                    (self.client.detect_faces, {"Image": image}),
                    (self.client.index_faces, {"Image": image, "CollectionId": "pictures"}),
                    (self.client.search_faces_by_image, {"Image": image,
                                                         "CollectionId": "pictures"}),
                    (self.client.compare_faces, {"SourceImage": image,
                                                 "TargetImage": {"Bytes": BLANK}}),
                    (self.client.compare_faces, {"SourceImage": {"Bytes": BLANK},
                                                 "TargetImage": image})):
                with self.subTest(call=call.__name__, image=str(image)[:40]):
                    self.refused(kind, message, call, **parameters)

    def test_a_picture_of_nobody(self):
        self.collection("nobody")
        image = {"Bytes": BLANK}
        self.assertEqual(self.client.detect_faces(Image=image)["FaceDetails"], [])
        indexed = self.client.index_faces(CollectionId="nobody", Image=image)
        self.assertEqual((indexed["FaceRecords"], indexed["UnindexedFaces"]), ([], []))
        self.refused("InvalidParameterException",
                     "There are no faces in the image. Should be at least 1.",
                     self.client.search_faces_by_image, CollectionId="nobody", Image=image)
        self.refused("InvalidParameterException", "Request has invalid parameters",
                     self.client.compare_faces, SourceImage=image, TargetImage=image)

    def test_constraints(self):
        image = {"Bytes": BLANK}
        pattern = "Member must satisfy regular expression pattern: "
        face = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        over = "Member must have value less than or equal to "
        under = "Member must have value greater than or equal to "
        long = "Member must have length less than or equal to "
        short = "Member must have length greater than or equal to "
        enum = "Member must satisfy enum value set: "
        c = {"CollectionId": "c"}
        for call, parameters, violation in (
                ("create_collection", {}, "null at 'collectionId'|Member must not be null"),
                ("create_collection", {"CollectionId": "a" * 256},
                 f"'{'a' * 200}...' at 'collectionId'|{long}255"),
                ("delete_collection", {"CollectionId": "a b"},
                 f"'a b' at 'collectionId'|{pattern}[a-zA-Z0-9_.\\-]+"),
                ("describe_collection", {"CollectionId": "\u00e9"},
                 f"'\u00e9' at 'collectionId'|{pattern}[a-zA-Z0-9_.\\-]+"),
                ("list_collections", {"MaxResults": 4097}, f"'4097' at 'maxResults'|{over}4096"),
                ("list_collections", {"MaxResults": -1}, f"'-1' at 'maxResults'|{under}0"),
                ("list_collections", {"NextToken": "x" * 256},
                 f"'{'x' * 200}...' at 'nextToken'|{long}255"),
                ("delete_faces", c, "null at 'faceIds'|Member must not be null"),
                ("delete_faces", {**c, "FaceIds": [UNKNOWN_FACE.upper() + "x"]},
                 f"'[{UNKNOWN_FACE}x]' at 'faceIds'|Member must satisfy constraint: "
                 f"[{pattern}{face}]"),
                ("search_faces", {**c, "FaceId": "x"}, f"'x' at 'faceId'|{pattern}{face}"),
                ("search_faces", {**c, "FaceId": UNKNOWN_FACE, "MaxFaces": 0},
                 f"'0' at 'maxFaces'|{under}1"),
                ("search_faces", {**c, "FaceId": UNKNOWN_FACE, "MaxFaces": 4097},
                 f"'4097' at 'maxFaces'|{over}4096"),
                ("search_faces", {**c, "FaceId": UNKNOWN_FACE, "FaceMatchThreshold": 100.5},
                 f"'100.5' at 'faceMatchThreshold'|{over}100"),
                ("search_faces_by_image", {**c, "Image": image, "FaceMatchThreshold": -1},
                 f"'-1' at 'faceMatchThreshold'|{under}0"),
                ("index_faces", {**c, "Image": image, "MaxFaces": 0}, f"'0' at 'maxFaces'|{under}1"),
                ("index_faces", {**c, "Image": image, "ExternalImageId": "has space"},
                 f"'has space' at 'externalImageId'|{pattern}[a-zA-Z0-9_.\\-:]+"),
                ("index_faces", {**c, "Image": image, "QualityFilter": "BEST"},
                 f"'BEST' at 'qualityFilter'|{enum}[NONE, AUTO, LOW, MEDIUM, HIGH]"),
                ("compare_faces", {"SourceImage": image, "TargetImage": image,
                                   "SimilarityThreshold": 101},
                 f"'101' at 'similarityThreshold'|{over}100"),
                ("compare_faces", {"SourceImage": image},
                 "null at 'targetImage'|Member must not be null"),
                ("detect_faces", {}, "null at 'image'|Member must not be null"),
                ("detect_faces", {"Image": {"Bytes": b""}},
                 f"'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'image.bytes'|{short}1"),
                ("detect_faces", {"Image": {"Bytes": bytes(5_242_881)}},
                 f"'java.nio.HeapByteBuffer[pos=0 lim=5242881 cap=5242881]' at 'image.bytes'|"
                 f"{long}5242880"),
                ("detect_faces", {"Image": {"S3Object": {"Bucket": "b", "Name": "n"}}},
                 f"'b' at 'image.s3Object.bucket'|{short}3")):
            with self.subTest(call=call, violation=violation):
                value, constraint = violation.split("|")
                self.refused("ValidationException", f"1 validation error detected: Value {value} "
                             f"failed to satisfy constraint: {constraint}",
                             getattr(self.client, call), **parameters)

    def test_who_calls(self):
        mismatch = ("The request signature we calculated does not match the signature you "
                    "provided. Check your AWS Secret Access Key and signing method. Consult the "
                    "service documentation for details.")
        self.refused("InvalidSignatureException", mismatch,
                     client_of(server, secret="other").list_collections)

    def test_what_is_not_served(self):
        self.refused("AccessDeniedException",
                     "Candid does not serve the operation DetectText.",
                     self.client.detect_text, Image={"Bytes": BLANK})

    def test_a_queue_that_is_full(self):
        with harness.running(server_workers=1, server_queue_limit=1) as small:
            client = client_of(small)
            image = grey_png(2000, 2000)
            outcomes = []

            def ask():
                try:
                    client.detect_faces(Image={"Bytes": image})
                    outcomes.append("ok")
                except ClientError as error:
                    outcomes.append(error.response["Error"]["Code"])
            threads = [threading.Thread(target=ask) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(set(outcomes), {"ok", "ThrottlingException"})


@unittest.skipUnless(photos(5, 3), NO_PHOTOS)
class WithPhotos(Boto):
    def test_every_operation(self):
        faces = self.collection("every", people=2, each=2)
        image = {"Bytes": photo(0, 2)}
        arn = self.client.describe_collection(CollectionId="every")["CollectionARN"]
        self.client.tag_resource(ResourceArn=arn, Tags={"team": "blue"})
        self.client.list_tags_for_resource(ResourceArn=arn)
        self.client.untag_resource(ResourceArn=arn, TagKeys=["team"])
        self.client.list_collections()
        self.client.list_faces(CollectionId="every")
        self.client.search_faces(CollectionId="every", FaceId=faces[0])
        self.client.search_faces_by_image(CollectionId="every", Image=image)
        self.client.detect_faces(Image=image)
        self.client.compare_faces(SourceImage=image, TargetImage={"Bytes": photo(1, 0)})
        self.client.delete_faces(CollectionId="every", FaceIds=faces)
        self.client.delete_collection(CollectionId="every")
        answered = {operation for operation, outcome in server.witness.seen if outcome == "ok"}
        self.assertLessEqual(OPERATIONS, answered)

    def test_indexing(self):
        self.collection("index")
        image = {"Bytes": photo(0, 0)}
        first = self.client.index_faces(CollectionId="index", Image=image, ExternalImageId="a:1")
        stored = first["FaceRecords"][0]["Face"]
        self.assertEqual(stored["ExternalImageId"], "a:1")
        self.assertEqual(stored["IndexFacesModelVersion"], first["FaceModelVersion"])
        areas = [record["Face"]["BoundingBox"]["Width"] * record["Face"]["BoundingBox"]["Height"]
                 for record in first["FaceRecords"]]
        self.assertEqual(areas, sorted(areas, reverse=True))
        # A retry stores nothing twice.
        again = self.client.index_faces(CollectionId="index", Image=image, ExternalImageId="a:1")
        self.assertEqual([record["Face"] for record in again["FaceRecords"]],
                         [record["Face"] for record in first["FaceRecords"]])
        other = self.client.index_faces(CollectionId="index", Image=image, ExternalImageId="a:2")
        self.assertNotEqual(other["FaceRecords"][0]["Face"]["FaceId"], stored["FaceId"])
        self.assertEqual(other["FaceRecords"][0]["Face"]["ImageId"], stored["ImageId"])
        bare = self.client.index_faces(CollectionId="index", Image=image)
        self.assertNotIn("ExternalImageId", bare["FaceRecords"][0]["Face"])
        count = self.client.describe_collection(CollectionId="index")["FaceCount"]
        self.assertEqual(count, 3 * len(first["FaceRecords"]))

    def test_the_same_picture_in_two_collections_has_one_image_id(self):
        ids = []
        for name in ("twin-a", "twin-b"):
            self.collection(name)
            answer = self.client.index_faces(CollectionId=name, Image={"Bytes": photo(1, 0)})
            ids.append(answer["FaceRecords"][0]["Face"]["ImageId"])
        self.assertEqual(ids[0], ids[1])

    def test_more_faces_than_wanted(self):
        self.collection("wanted")
        image = next((image for image in map(self.bytes_of, photos(200, 1)) if
                      len(self.client.detect_faces(Image=image)["FaceDetails"]) > 1), None)
        if image is None:
            self.skipTest("no photo of the first 200 people shows two faces")
        request = {"CollectionId": "wanted", "Image": image, "QualityFilter": "NONE"}
        everyone = self.client.index_faces(**request, ExternalImageId="all")["FaceRecords"]
        areas = [record["Face"]["BoundingBox"]["Width"] * record["Face"]["BoundingBox"]["Height"]
                 for record in everyone]
        self.assertEqual(areas, sorted(areas, reverse=True))
        for faces in (self.client.detect_faces(Image=image)["FaceDetails"],
                      self.client.compare_faces(SourceImage=image, TargetImage=image,
                                                SimilarityThreshold=100)["UnmatchedFaces"]):
            areas = [face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"]
                     for face in faces]
            self.assertEqual(areas, sorted(areas, reverse=True))
        one = self.client.index_faces(**request, ExternalImageId="one", MaxFaces=1)
        self.assertEqual(len(one["FaceRecords"]), 1)
        self.assertEqual([left_out["Reasons"] for left_out in one["UnindexedFaces"]],
                         [["EXCEEDS_MAX_FACES"]] * (len(everyone) - 1))

    @staticmethod
    def bytes_of(paths):
        with open(paths[0], "rb") as file:
            return {"Bytes": file.read()}

    def test_listing_and_deleting(self):
        faces = self.collection("list", people=5)
        pages = list(self.client.get_paginator("list_faces").paginate(
            CollectionId="list", PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["Faces"]) for page in pages], [2, 2, 1])
        self.assertEqual([face["FaceId"] for page in pages for face in page["Faces"]], faces)
        # A page goes on where it was, whatever is erased meanwhile.
        page = self.client.list_faces(CollectionId="list", MaxResults=2)
        deleted = self.client.delete_faces(CollectionId="list",
                                           FaceIds=[faces[1], faces[2], faces[1], UNKNOWN_FACE])
        self.assertEqual(deleted["DeletedFaces"], [faces[1], faces[2]])
        rest = self.client.list_faces(CollectionId="list", NextToken=page["NextToken"])
        self.assertEqual([face["FaceId"] for face in rest["Faces"]], faces[3:])
        self.collection("list-other", people=1)
        self.refused("InvalidPaginationTokenException", "Invalid Pagination Token",
                     self.client.list_faces, CollectionId="list-other",
                     NextToken=page["NextToken"])
        self.refused("InvalidPaginationTokenException", "Invalid Pagination Token",
                     self.client.list_collections, NextToken=page["NextToken"])

    def test_members_that_debians_boto3_does_not_know(self):
        faces = self.collection("newer", people=3)
        chosen = server.call("ListFaces", {"CollectionId": "newer", "FaceIds":
                                           [faces[2], UNKNOWN_FACE, faces[0]]}).json
        self.assertEqual([face["FaceId"] for face in chosen["Faces"]], [faces[0], faces[2]])
        page = server.call("ListFaces", {"CollectionId": "newer", "FaceIds": faces[1:],
                                         "MaxResults": 1}).json
        rest = server.call("ListFaces", {"CollectionId": "newer", "FaceIds": faces[1:],
                                         "NextToken": page["NextToken"]}).json
        self.assertEqual([face["FaceId"] for face in page["Faces"] + rest["Faces"]], faces[1:])
        for more, violation in (
                ({"FaceIds": []}, "Value '[]' at 'faceIds' failed to satisfy constraint: Member "
                 "must have length greater than or equal to 1"),
                ({"UserId": "a/b"}, "Value 'a/b' at 'userId' failed to satisfy constraint: Member "
                 "must satisfy regular expression pattern: [a-zA-Z0-9_.\\-:]+")):
            self.assertEqual(server.call("ListFaces", {"CollectionId": "newer", **more}).failure,
                             ("ValidationException", "1 validation error detected: " + violation))
        self.assertEqual(
            server.call("ListFaces", {"CollectionId": "newer", "UserId": "u"}).failure,
            ("ResourceNotFoundException", "The user id: u does not exist"))
        deleted = server.call("DeleteFaces", {"CollectionId": "newer", "FaceIds":
                                              [UNKNOWN_FACE, faces[0], UNKNOWN_FACE]}).json
        self.assertEqual(deleted, {"DeletedFaces": [faces[0]], "UnsuccessfulFaceDeletions":
                                   [{"FaceId": UNKNOWN_FACE, "Reasons": ["FACE_NOT_FOUND"]}]})
        described = server.call("DescribeCollection", {"CollectionId": "newer"}).json
        self.assertEqual(described["UserCount"], 0)

    def test_a_collection_made_anew_knows_no_old_token_or_face(self):
        faces = self.collection("anew", people=2)
        self.client.delete_collection(CollectionId="anew")
        self.client.create_collection(CollectionId="anew")
        self.assertEqual(self.client.list_faces(CollectionId="anew")["Faces"], [])
        self.refused("InvalidParameterException", "faceId was not found in the collection.",
                     self.client.search_faces, CollectionId="anew", FaceId=faces[0])

    def test_searching(self):
        faces = self.collection("search", people=3, each=2)
        everything = self.client.search_faces(CollectionId="search", FaceId=faces[0],
                                              FaceMatchThreshold=0)
        ids = [match["Face"]["FaceId"] for match in everything["FaceMatches"]]
        self.assertEqual(sorted(ids), sorted(faces[1:]))  # all but itself
        self.assertEqual(everything["SearchedFaceId"], faces[0])
        similar = [match["Similarity"] for match in everything["FaceMatches"]]
        self.assertEqual(similar, sorted(similar, reverse=True))
        by_default = self.client.search_faces(CollectionId="search", FaceId=faces[0])
        self.assertEqual([match["Similarity"] for match in by_default["FaceMatches"]],
                         [value for value in similar if value >= 80])
        one = self.client.search_faces(CollectionId="search", FaceId=faces[0], MaxFaces=1,
                                       FaceMatchThreshold=0)
        self.assertEqual(one["FaceMatches"], everything["FaceMatches"][:1])
        # Greater or equal counts.
        exact = self.client.search_faces(CollectionId="search", FaceId=faces[0],
                                         FaceMatchThreshold=similar[1])
        self.assertEqual(len(exact["FaceMatches"]), 2)
        probe = {"CollectionId": "search", "Image": {"Bytes": photo(0, 2)}}
        found = self.client.search_faces_by_image(**probe)
        self.assertEqual({match["Face"]["FaceId"] for match in found["FaceMatches"]},
                         set(faces[:2]))
        self.assertEqual(self.client.search_faces_by_image(
            CollectionId="search", Image={"Bytes": photo(4, 0)},
            FaceMatchThreshold=100)["FaceMatches"], [])
        self.refused("InvalidParameterException", "faceId was not found in the collection.",
                     self.client.search_faces, CollectionId="search", FaceId=UNKNOWN_FACE)

    def test_what_a_search_says_of_its_errors(self):
        faces = self.collection("errors", people=2, each=1)
        searched = {"CollectionId": "errors", "FaceId": faces[0], "FaceMatchThreshold": 0}
        self.client.search_faces(**searched)  # the SDK passes over what it does not know
        answer = server.call("SearchFaces", searched).json
        compared = server.call("CompareFaces", {
            "SourceImage": {"Bytes": base64.b64encode(photo(0, 0)).decode()},
            "TargetImage": {"Bytes": base64.b64encode(photo(1, 0)).decode()},
            "SimilarityThreshold": 0}).json
        status, card = server.get("/v1/accuracy")
        self.assertEqual(status, 200)
        card = json.loads(card)
        for body in (answer, compared):
            self.assertEqual(body["ThresholdApplied"], 0)
            match = body["FaceMatches"][0]
            if not card["Calibrated"]:
                self.assertEqual(body["Calibration"], {"Status": "NONE"})
                self.assertNotIn("FalseMatchRate", match)
                continue
            self.assertEqual(body["Calibration"]["ModelHash"], card["ModelHash"])
            self.assertLess(0, match["FalseMatchRate"])
            self.assertIn(match["FalseMatchRateBasis"], ("MEASURED", "EXTRAPOLATED", "BOUND"))
            self.assertLess(0, body["ExpectedFalseMatches"])

    def test_comparing(self):
        source = {"Bytes": photo(0, 0)}
        same = self.client.compare_faces(SourceImage=source, TargetImage=source)
        self.assertGreater(same["FaceMatches"][0]["Similarity"], 99)
        self.assertEqual(set(same["SourceImageFace"]), {"BoundingBox", "Confidence"})
        other = {"SourceImage": source, "TargetImage": {"Bytes": photo(1, 0)}}
        default = self.client.compare_faces(**other)
        self.assertEqual(default["FaceMatches"], [])
        self.assertTrue(default["UnmatchedFaces"])
        low = self.client.compare_faces(**other, SimilarityThreshold=0)
        self.assertEqual(low["UnmatchedFaces"], [])
        for one_blank in ({"SourceImage": source, "TargetImage": {"Bytes": BLANK}},
                          {"SourceImage": {"Bytes": BLANK}, "TargetImage": source}):
            self.refused("InvalidParameterException", "Request has invalid parameters",
                         self.client.compare_faces, **one_blank)

    def test_attributes_that_were_not_asked_for_are_absent(self):
        default = {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
        for attributes, more in (([], set()), (["DEFAULT"], set()),
                                 (["FACE_OCCLUDED", "GENDER", "DEFAULT"], set()),
                                 (["SMILE"], {"Smile"}),
                                 (["DEFAULT", "MOUTH_OPEN", "EMOTIONS"], {"MouthOpen", "Emotions"})):
            face = self.client.detect_faces(Image={"Bytes": photo(0, 0)},
                                            Attributes=attributes)["FaceDetails"][0]
            self.assertEqual(set(face), default | more)
            self.assertEqual([mark["Type"] for mark in face["Landmarks"]],
                             ["eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight"])

    def test_all_attributes(self):
        image = {"Bytes": photo(0, 0)}
        default = self.client.detect_faces(Image=image)["FaceDetails"][0]
        for attributes in (["ALL"], ["DEFAULT", "ALL"]):
            face = self.client.detect_faces(Image=image, Attributes=attributes)["FaceDetails"][0]
            self.assertEqual(face["BoundingBox"], default["BoundingBox"])
            marks = {mark["Type"]: (mark["X"], mark["Y"]) for mark in face["Landmarks"]}
            self.assertEqual(len(marks), 30)
            for mark in default["Landmarks"]:
                self.assertEqual(marks[mark["Type"]], (mark["X"], mark["Y"]))
            self.assertLess(marks["leftPupil"][0], marks["rightPupil"][0])
            self.assertLess(marks["mouthUp"][1], marks["mouthDown"][1])
            for trait in ("Smile", "Eyeglasses", "MouthOpen"):
                self.assertIs(type(face[trait]["Value"]), bool)
                self.assertTrue(50 <= face[trait]["Confidence"] <= 100, face[trait])
            emotions = {one["Type"]: one["Confidence"] for one in face["Emotions"]}
            self.assertEqual(set(emotions), {"HAPPY", "UNKNOWN"})
            self.assertAlmostEqual(sum(emotions.values()), 100, 2)
            if "AgeRange" in face:  # the pack in use knows ages
                self.assertLess(face["AgeRange"]["Low"], face["AgeRange"]["High"])

    def test_index_faces_describes_what_it_indexes(self):
        self.collection("described")
        answer = self.client.index_faces(CollectionId="described", Image={"Bytes": photo(0, 0)},
                                         DetectionAttributes=["ALL"])
        detail = answer["FaceRecords"][0]["FaceDetail"]
        self.assertEqual(len(detail["Landmarks"]), 30)
        self.assertIn("Smile", detail)
        again = self.client.index_faces(CollectionId="described", Image={"Bytes": photo(0, 0)})
        self.assertNotIn("Smile", again["FaceRecords"][0]["FaceDetail"])

    def test_a_full_house(self):
        with harness.running(api_max_collections=1, api_max_faces_per_collection=1,
                             api_max_users_per_collection=1) as small:
            client = client_of(small)
            self.collection("full", people=1, client=client)
            self.refused("ServiceQuotaExceededException",
                         "there are 1 collections, the most that are allowed",
                         client.create_collection, CollectionId="second")
            self.refused("ServiceQuotaExceededException",
                         "collection full holds its limit of 1 faces",
                         client.index_faces, CollectionId="full", Image={"Bytes": photo(1, 0)})
            outcomes = [small.call("CreateUser", {"CollectionId": "full", "UserId": user}).failure
                        for user in ("a", "b")]
            self.assertEqual(outcomes, [("ok", ""), ("ServiceQuotaExceededException",
                                                     "collection full holds its limit of 1 users")])

    def test_a_store_that_is_gone(self):
        with harness.running() as broken:
            client = client_of(broken)
            self.collection("gone", people=1, client=client)
            for name in ("candid.db", "candid.db-wal"):
                path = broken.state / name
                if path.exists():
                    os.truncate(path, 0)
            self.refused("InternalServerError", "Internal server error",
                         client.list_faces, CollectionId="gone")
            status, reason = broken.get("/readyz")
            self.assertEqual(status, 503, reason)
            self.assertIn("candid.db", reason)
            self.assertEqual(broken.get("/healthz")[0], 200)


if __name__ == "__main__":
    harness.main()

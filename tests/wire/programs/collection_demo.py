#!/usr/bin/env python3
"""A collection wrapped in classes, with boto3, in the manner of Amazon's own examples: members are
looked up without a guard, so an answer that leaves one out ends the program.

    collection_demo.py COLLECTION GROUP_PHOTO.jpg PHOTO.jpg ...
"""
import logging
import os
import pprint
import sys

import boto3
from botocore.exceptions import ClientError

logger = logging.getLogger(__name__)


class Face:
    """A face of an answer, whichever of its forms."""

    def __init__(self, face):
        self.bounding_box = face["BoundingBox"]
        self.confidence = face["Confidence"]
        self.landmarks = face.get("Landmarks")
        self.pose = face.get("Pose")
        self.quality = face.get("Quality")
        self.image_id = face.get("ImageId")
        self.face_id = face.get("FaceId")

    def to_dict(self):
        given = {"bounding_box": self.bounding_box}
        if self.pose is not None:
            given["pose"] = {"roll": self.pose["Roll"], "yaw": self.pose["Yaw"],
                             "pitch": self.pose["Pitch"]}
        if self.quality is not None:
            given["quality"] = (self.quality["Brightness"], self.quality["Sharpness"])
        if self.landmarks is not None:
            given["landmarks"] = sorted(mark["Type"] for mark in self.landmarks)
        if self.face_id is not None:
            given["face_id"], given["image_id"] = self.face_id, self.image_id
        return given


class Picture:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.image = {"Bytes": file.read()}
        self.name = os.path.basename(path)


class Collection:
    def __init__(self, description, client):
        self.id = description["CollectionId"]
        self.arn, self.face_count, self.created = (
            description.get("CollectionArn"), description.get("FaceCount", 0),
            description.get("CreationTimestamp"))
        self.client = client

    def describe(self):
        response = self.client.describe_collection(CollectionId=self.id)
        self.arn = response["CollectionARN"]
        self.face_count = response["FaceCount"]
        self.created = response["CreationTimestamp"]
        return {"id": self.id, "arn": self.arn, "faces": self.face_count,
                "year": self.created.year, "model": response["FaceModelVersion"]}

    def delete(self):
        return self.client.delete_collection(CollectionId=self.id)["StatusCode"]

    def index(self, picture, most):
        response = self.client.index_faces(
            CollectionId=self.id, Image=picture.image, ExternalImageId=picture.name,
            MaxFaces=most, DetectionAttributes=["ALL"])
        indexed = [Face({**record["Face"], **record["FaceDetail"]})
                   for record in response["FaceRecords"]]
        left_out = [Face(face["FaceDetail"]) for face in response["UnindexedFaces"]]
        return indexed, left_out

    def list(self, most):
        response = self.client.list_faces(CollectionId=self.id, MaxResults=most)
        return [Face(face) for face in response["Faces"]]

    def search_by_image(self, picture, threshold, most):
        response = self.client.search_faces_by_image(
            CollectionId=self.id, Image=picture.image, FaceMatchThreshold=threshold, MaxFaces=most)
        searched = Face({"BoundingBox": response["SearchedFaceBoundingBox"],
                         "Confidence": response["SearchedFaceConfidence"]})
        return searched, [Face(match["Face"]) for match in response["FaceMatches"]]

    def search(self, face_id, threshold, most):
        response = self.client.search_faces(CollectionId=self.id, FaceId=face_id,
                                            FaceMatchThreshold=threshold, MaxFaces=most)
        assert response["SearchedFaceId"] == face_id
        return [Face(match["Face"]) for match in response["FaceMatches"]]

    def delete_faces(self, face_ids):
        return self.client.delete_faces(CollectionId=self.id, FaceIds=face_ids)["DeletedFaces"]


class Manager:
    def __init__(self, client):
        self.client = client

    def create(self, collection_id):
        response = self.client.create_collection(CollectionId=collection_id)
        response["CollectionId"] = collection_id
        return Collection(response, self.client)

    def list(self, most):
        response = self.client.list_collections(MaxResults=most)
        return [Collection({"CollectionId": one}, self.client) for one in response["CollectionIds"]]


def main():
    logging.basicConfig(level=logging.WARNING)
    name, group, *photos = sys.argv[1:]
    manager = Manager(boto3.client(
        "rekognition", endpoint_url=os.environ.get("AWS_ENDPOINT_URL_REKOGNITION")))
    collection = manager.create(name)
    pprint.pprint(collection.describe())
    try:
        manager.create(name)
    except ClientError as error:
        print(error.response["Error"]["Code"])
    indexed, left_out = collection.index(Picture(group), 10)
    print(f"indexed {len(indexed)} faces of the group, left out {len(left_out)}")
    for photo in photos:
        indexed, _ = collection.index(Picture(photo), 1)
        pprint.pprint(indexed[0].to_dict())
    faces = collection.list(10)
    print(f"the collection holds {len(faces)} faces")
    searched, matches = collection.search_by_image(Picture(photos[0]), 80, 5)
    print(f"searched a face with confidence over 80: {searched.confidence > 80}")
    print(f"found {len(matches)} by image")
    print(f"found {len(collection.search(matches[0].face_id, 80, 10))} by face")
    print(f"deleted {len(collection.delete_faces([matches[0].face_id]))}")
    print([one.id for one in manager.list(10) if one.id == name])
    print(collection.delete())


if __name__ == "__main__":
    main()

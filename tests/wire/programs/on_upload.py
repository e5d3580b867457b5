"""A Lambda function as they stand behind photo buckets: a photo was put there, whose is it? Called
by hand with an event, as `python3 on_upload.py EVENT.json`."""
import json
import os
import sys
from urllib.parse import unquote_plus

import boto3

rekognition = boto3.client("rekognition",
                           endpoint_url=os.environ.get("AWS_ENDPOINT_URL_REKOGNITION"))
COLLECTION = os.environ["COLLECTION"]
THRESHOLD = float(os.environ.get("THRESHOLD", "80"))


def lambda_handler(event, context):
    answers = []
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        image = {"S3Object": {"Bucket": bucket, "Name": key}}
        try:
            found = rekognition.search_faces_by_image(
                CollectionId=COLLECTION, Image=image, FaceMatchThreshold=THRESHOLD, MaxFaces=1)
        except rekognition.exceptions.InvalidS3ObjectException:
            answers.append({"key": key, "gone": True})
            continue
        except rekognition.exceptions.InvalidParameterException:
            answers.append({"key": key, "person": None})
            continue
        except rekognition.exceptions.ResourceNotFoundException:
            rekognition.create_collection(CollectionId=COLLECTION)
            found = {"FaceMatches": []}
        if found["FaceMatches"]:
            person = found["FaceMatches"][0]["Face"]["ExternalImageId"]
        else:
            person = os.path.splitext(os.path.basename(key))[0].split("_")[0]
            rekognition.index_faces(CollectionId=COLLECTION, Image=image, ExternalImageId=person,
                                    MaxFaces=1, QualityFilter="AUTO")
        answers.append({"key": key, "person": person})
    return {"statusCode": 200, "body": json.dumps(answers)}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(lambda_handler(json.load(file), None)["body"])

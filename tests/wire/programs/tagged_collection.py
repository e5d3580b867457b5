#!/usr/bin/env python3
"""One collection as a resource that is described elsewhere, the way infrastructure tools keep it:
create, read, compare, change what differs, import, destroy. The state file is all that is kept.

    tagged_collection.py apply STATE.json COLLECTION [KEY=VALUE ...]
    tagged_collection.py import STATE.json COLLECTION
    tagged_collection.py destroy STATE.json
"""
import json
import os
import sys
import time

import boto3

client = boto3.client("rekognition", endpoint_url=os.environ.get("AWS_ENDPOINT_URL_REKOGNITION"))


def retry(call, until, seconds=20):
    """Eventual consistency: asks again until the answer is the one waited for."""
    end = time.monotonic() + seconds
    while True:
        answer = call()
        if until(answer):
            return answer
        if time.monotonic() > end:
            raise TimeoutError("the resource did not come to the wanted state")
        time.sleep(0.5)


def read(collection):
    try:
        described = client.describe_collection(CollectionId=collection)
    except client.exceptions.ResourceNotFoundException:
        return None
    arn = described["CollectionARN"]
    tags = client.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {"id": collection, "arn": arn, "face_model_version": described["FaceModelVersion"],
            "tags": tags}


def create(collection, tags):
    client.create_collection(CollectionId=collection, Tags=tags)
    return retry(lambda: read(collection), lambda found: found is not None)


def update(found, tags):
    gone = sorted(set(found["tags"]) - set(tags))
    changed = {key: value for key, value in tags.items() if found["tags"].get(key) != value}
    if gone:
        client.untag_resource(ResourceArn=found["arn"], TagKeys=gone)
    if changed:
        client.tag_resource(ResourceArn=found["arn"], Tags=changed)
    print(f"changed: {sorted(changed)} removed: {gone}")
    return retry(lambda: read(found["id"]), lambda now: now["tags"] == tags)


def apply(state, collection, *pairs):
    tags = dict(pair.split("=", 1) for pair in pairs)
    found = read(collection)
    if found is None:
        found = create(collection, tags)
        print("created:", found["arn"])
    elif found["tags"] == tags:
        print("no changes")
    else:
        found = update(found, tags)
    save(state, found)


def adopt(state, collection):
    found = read(collection)
    if found is None:
        sys.exit("nothing to import")
    save(state, found)
    print("imported:", found["arn"], json.dumps(found["tags"], sort_keys=True))


def destroy(state):
    with open(state, encoding="utf-8") as file:
        collection = json.load(file)["id"]
    client.delete_collection(CollectionId=collection)
    retry(lambda: read(collection), lambda found: found is None)
    os.remove(state)
    print("destroyed")


def save(state, found):
    with open(state, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=2)


if __name__ == "__main__":
    {"apply": apply, "import": adopt, "destroy": destroy}[sys.argv[1]](*sys.argv[2:])

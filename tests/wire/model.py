"""Holds answers against Amazon's service model, as the botocore of this Python carries it: shapes,
types, required members, enumerations, patterns, ranges; every list there; times as numbers."""
import json
import math
import re

import botocore.session

SERVICE = botocore.session.get_session().get_service_model("rekognition")
# Debian's botocore is older than these members of answers.
NEWER = {("DescribeCollectionResponse", "UserCount"),
         ("DeleteFacesResponse", "UnsuccessfulFaceDeletions")}


# Candid's own members (docs/calibration.md), which clients pass over.
OURS = {"FalseMatchRate", "FalseMatchRateBasis", "ThresholdApplied", "ThresholdFalseMatchRate",
        "ExpectedFalseMatches", "Calibration", "Warning", "CandidReason"}
EXTENDED = {"CompareFacesResponse", "CompareFacesMatch", "SearchFacesResponse",
            "SearchFacesByImageResponse", "SearchUsersResponse", "SearchUsersByImageResponse",
            "FaceMatch", "UserMatch", "UnindexedFace"}


def declared_errors(operation):
    return {shape.name for shape in SERVICE.operation_model(operation).error_shapes}


def faults(operation, body):
    """What is wrong with the body of a 200, as lines; empty for none."""
    shape = SERVICE.operation_model(operation).output_shape
    found = [f"{operation}: list {name} is absent" for name, member in shape.members.items()
             if member.type_name == "list" and name not in body]
    return found + list(check(shape, body, operation))


def check(shape, value, path):
    yield from CHECKS.get(shape.type_name, unknown)(shape, value, path)


def unknown(shape, value, path):
    yield f"{path}: no check for a {shape.type_name}"


def structure(shape, value, path):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name}: required and absent"
    for name, member in value.items():
        if name in shape.members:
            yield from check(shape.members[name], member, f"{path}.{name}")
        elif (shape.name, name) not in NEWER and not (shape.name in EXTENDED and name in OURS):
            yield f"{path}.{name}: the model has no such member"


def sequence(shape, value, path):
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    yield from bounds(shape, len(value), path)
    for i, item in enumerate(value):
        yield from check(shape.member, item, f"{path}[{i}]")


def pairs(shape, value, path):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no map"
        return
    yield from bounds(shape, len(value), path)
    for key, item in value.items():
        yield from string(shape.key, key, path)
        yield from check(shape.value, item, f"{path}[{key}]")


def string(shape, value, path):
    if not isinstance(value, str):
        yield f"{path}: {value!r} is no string"
        return
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    # Classes that Python has other names for: any letter, separator or number.
    pattern = shape.metadata.get("pattern", "").replace(r"\p{L}\p{Z}\p{N}", r"\w\s")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{path}: {value!r} is not {pattern}"
    yield from bounds(shape, len(value), path)


def whole(shape, value, path):
    if type(value) is not int:
        yield f"{path}: {value!r} is no integer"
        return
    yield from bounds(shape, value, path)


def real(shape, value, path):
    if type(value) not in (int, float) or not math.isfinite(value):
        yield f"{path}: {value!r} is no finite number"
        return
    yield from bounds(shape, value, path)


def seconds(shape, value, path):
    yield from real(shape, value, path)
    if not 1.6e9 < value < 4e9:
        yield f"{path}: {value!r} is no time in seconds of this century"


def truth(shape, value, path):
    if type(value) is not bool:
        yield f"{path}: {value!r} is neither true nor false"


def bounds(shape, size, path):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{path}: {size} is under {least}"
    if most is not None and size > most:
        yield f"{path}: {size} is over {most}"


CHECKS = {"structure": structure, "list": sequence, "map": pairs, "string": string, "integer": whole,
          "long": whole, "float": real, "double": real, "timestamp": seconds, "boolean": truth}


class Checked:
    """Stands before a botocore client's HTTP session and checks whatever comes through it."""

    def __init__(self, session):
        self.session = session
        self.operations = []  # of every 200 seen

    def send(self, request):
        response = self.session.send(request)
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).split(".")[1]
        if response.status_code == 200:
            wrong = faults(operation, json.loads(response.content))
            if wrong:
                raise AssertionError("\n".join(wrong))
            self.operations.append(operation)
        return response

    def __getattr__(self, name):
        return getattr(self.session, name)

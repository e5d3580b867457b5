"""Holds answers against Amazon's service model: shapes, types, required members, enumerations,
patterns, ranges; every list there; times as numbers. The model comes twice: from the botocore of this
Python, which is older than some members and operations, and from the JavaScript SDKs, which know
them all, but no ranges. An answer must please both."""
import functools
import json
import math
import pathlib
import re

import botocore.model
import botocore.session

SERVICE = botocore.session.get_session().get_service_model("rekognition")
SDKS = pathlib.Path(__file__).parent / "node_modules"
V2_MODEL = SDKS / "aws-sdk/apis/rekognition-2016-06-27.min.json"
NEW = "Newer"  # begins the names of its shapes
# Candid's own members of answers (docs/calibration.md), which clients pass over.
OURS = {"FalseMatchRate", "FalseMatchRateBasis", "ThresholdApplied", "ThresholdFalseMatchRate",
        "ExpectedFalseMatches", "Calibration", "Warning", "CandidReason"}
# What any operation may answer beside what it declares: rekognition.md, 1.5.
ALWAYS = {"ValidationException", "SerializationException", "UnknownOperationException",
          "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException",
          "MissingAuthenticationTokenException", "IncompleteSignatureException",
          "RequestEntityTooLargeException"}
REQUEST_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@functools.lru_cache(None)
def declared_errors(operation):
    if operation in SERVICE.operation_names:
        return {shape.name for shape in SERVICE.operation_model(operation).error_shapes}
    page = SDKS / f"@aws-sdk/client-rekognition/dist-types/commands/{operation}Command.d.ts"
    if not page.exists():
        return set()  # no operation of the service
    thrown = re.findall(r"@throws \{@link (\w+)\}", page.read_text())
    return set(thrown) - {"RekognitionServiceException"}


@functools.lru_cache(None)
def newer_service():
    """The model of the SDK for JavaScript v2, written out as botocore's is."""
    service = json.loads(V2_MODEL.read_text())
    shapes = {NEW: {"type": "string"}}

    def named(shape):
        if "shape" in shape:
            name = NEW + shape["shape"]
            if name not in shapes:
                shapes[name] = {}
                shapes[name] = written_out(service["shapes"][shape["shape"]])
            return {"shape": name}
        if not shape.get("type"):
            return {"shape": NEW}
        name = f"{NEW}{len(shapes)}"
        shapes[name] = {}
        shapes[name] = written_out(shape)
        return {"shape": name}

    def written_out(shape):
        full = {"type": "string", **{key: value for key, value in shape.items()
                                     if key in ("type", "required")}}
        if "members" in shape:
            full["members"] = {name: named(member) for name, member in shape["members"].items()}
        for part in ("member", "key", "value"):
            if part in shape:
                full[part] = named(shape[part])
        return full

    operations = {name: {"name": name, "http": {}, "input": named(operation["input"]),
                         "output": named(operation["output"])}
                  for name, operation in service["operations"].items()}
    return botocore.model.ServiceModel({"metadata": service["metadata"],
                                        "operations": operations, "shapes": shapes})


def judge(operation, status, headers, body):
    """("ok" or the exception, what is wrong with the answer as lines); header names in lower case."""
    wrong = []
    if headers.get("content-type") != "application/x-amz-json-1.1":
        wrong.append(f"{operation}: content type {headers.get('content-type')}")
    if not REQUEST_ID.fullmatch(headers.get("x-amzn-requestid", "")):
        wrong.append(f"{operation}: no request id")
    if "date" not in headers:
        wrong.append(f"{operation}: no date")
    try:
        answer = json.loads(body)
    except ValueError:
        return "no JSON", [f"{operation}: {status} with {body[:80]!r}, which is not JSON"]
    if status == 200:
        return "ok", wrong + faults(operation, answer)
    kind = answer.get("__type", "").split("#")[-1]
    message = answer.get("Message", answer.get("message"))
    if kind != "UnknownOperationException":
        if kind not in ALWAYS | declared_errors(operation):
            wrong.append(f"{operation}: {kind} is not declared")
        if not isinstance(message, str) or not message:
            wrong.append(f"{operation}: {kind} without a message")
    if status != {"InternalServerError": 500, "RequestEntityTooLargeException": 413}.get(kind, 400):
        wrong.append(f"{operation}: {kind} with status {status}")
    if headers.get("x-amzn-errortype") != kind:
        wrong.append(f"{operation}: {kind}, but x-amzn-errortype {headers.get('x-amzn-errortype')}")
    if kind in declared_errors(operation) and not (answer.get("Code") == kind and
                                                   answer.get("Logref")):
        wrong.append(f"{operation}: {kind} without Code or Logref")
    return kind, wrong


def faults(operation, body):
    """What is wrong with the body of a 200, as lines; empty for none."""
    services = [SERVICE] if operation in SERVICE.operation_names else []
    if V2_MODEL.exists():
        services.append(newer_service())
    found = []
    for service in services:
        found += faults_by(service.operation_model(operation).output_shape, operation, body)
    return found


def faults_by(shape, operation, body):
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
        elif shape.name.startswith(NEW) and name not in OURS:
            yield f"{path}.{name}: the model has no such member"


def sequence(shape, value, path):
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    if value:  # clients look lists up without a guard: an empty one stands where the model wants one
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

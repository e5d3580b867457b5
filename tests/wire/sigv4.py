"""AWS Signature Version 4 by hand, for requests that no SDK would send."""
import collections
import hashlib
import hmac
import time

Key = collections.namedtuple("Key", "id secret region")

# What each client signs: rekognition.md, 1.2.
CLI = ("content-type", "host", "x-amz-date", "x-amz-target")
JS_V3 = ("amz-sdk-invocation-id", "amz-sdk-request", "content-length", "content-type", "host",
         "x-amz-content-sha256", "x-amz-date", "x-amz-target", "x-amz-user-agent")
JS_V2 = ("host", "x-amz-content-sha256", "x-amz-date", "x-amz-target")


def stamp(skew=0):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + skew))


def sign(key, headers, body, *, signed=CLI, skew=0, date=None, extra=(), path="/", method="POST",
         payload=None, service="rekognition", day=None, authorization=None, sent_body=None):
    """The whole request as bytes. `extra` headers are added before signing; `payload` replaces the
    body's hash; `authorization` is a function that may change the header; `sent_body` goes out in
    the place of the body that was signed."""
    date = date or stamp(skew)
    day = day or date[:8]
    headers = [*headers, ("X-Amz-Date", date), *extra]
    payload = payload or hashlib.sha256(body).hexdigest()
    lines = []
    for name in signed:
        values = [" ".join(value.split()) for other, value in headers if other.lower() == name]
        lines.append(f"{name}:{','.join(values)}\n")
    target, _, query = path.partition("?")
    canonical = "\n".join((method, target, query, "".join(lines), ";".join(signed), payload))
    scope = f"{day}/{key.region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", date, scope,
                      hashlib.sha256(canonical.encode("latin-1")).hexdigest()))
    secret = ("AWS4" + key.secret).encode()
    for part in (day, key.region, service, "aws4_request", text):
        signature = hmac.new(secret, part.encode(), hashlib.sha256)
        secret = signature.digest()
    header = (f"AWS4-HMAC-SHA256 Credential={key.id}/{scope}, SignedHeaders={';'.join(signed)}, "
              f"Signature={signature.hexdigest()}")
    headers.append(("Authorization", authorization(header) if authorization else header))
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers)
    return head.encode("latin-1") + b"\r\n" + (body if sent_body is None else sent_body)

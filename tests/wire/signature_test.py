"""SigV4 as each client signs, and as none should."""
import hashlib
import json
import subprocess
import time
import unittest

import harness
import sigv4

OK = ("ok", "")
MISMATCH = ("InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method. Consult the service documentation for "
            "details.")


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    server.close()


def ask(body=b"{}", **how):
    return server.call("ListCollections", body, **how).failure


def sha_header(body=b"{}"):
    return ("x-amz-content-sha256", hashlib.sha256(body).hexdigest())


class Accepted(unittest.TestCase):
    def test_the_header_sets_of_the_clients(self):
        made = subprocess.run([harness.CANDID, "keys", "session", server.key_id, "--json",
                               "--state", server.state], check=True, capture_output=True)
        session = json.loads(made.stdout)
        token = ("X-Amz-Security-Token", session["SessionToken"])
        of_session = {"key_id": session["AccessKeyId"], "secret": session["SecretAccessKey"]}
        js = [sha_header(), ("amz-sdk-invocation-id", "5e2f"),
              ("amz-sdk-request", "attempt=1; max=3"), ("x-amz-user-agent", "aws-sdk-js/3")]
        self.assertEqual(ask(signed=sigv4.CLI), OK)
        self.assertEqual(ask(signed=(*sigv4.CLI[:3], "x-amz-security-token", "x-amz-target"),
                             extra=[token], **of_session), OK)
        self.assertEqual(ask(signed=sigv4.JS_V3, extra=js), OK)
        self.assertEqual(ask(signed=sigv4.JS_V2, extra=[sha_header()]), OK)
        self.assertEqual(ask(signed=(*sigv4.JS_V2, "x-amz-security-token"),
                             extra=[sha_header(), token], **of_session), OK)

    def test_headers_that_are_not_signed_may_be_anything(self):
        self.assertEqual(ask(extra=[("User-Agent", "x"), ("X-Amz-Meta", "t")]), OK)

    def test_white_space_in_values(self):
        self.assertEqual(ask(signed=("host", "x-a", "x-amz-date", "x-amz-target"),
                             extra=[("X-A", "  one \t two  ")]), OK)

    def test_a_header_sent_twice_is_joined(self):
        self.assertEqual(ask(signed=("host", "x-a", "x-amz-date", "x-amz-target"),
                             extra=[("X-A", "1"), ("x-a", "2")]), OK)

    def test_a_clock_within_five_minutes(self):
        for skew in (-290, 290):
            self.assertEqual(ask(skew=skew), OK)

    def test_the_region_of_the_signature_is_the_region(self):
        made = server.call("CreateCollection", {"CollectionId": "a"}, region="eu-central-2").json
        self.assertEqual(made["CollectionArn"],
                         "arn:aws:rekognition:eu-central-2:000000000000:collection/a")
        server.call("DeleteCollection", {"CollectionId": "a"})


class Refused(unittest.TestCase):
    def test_changed_on_the_way(self):
        self.assertEqual(ask(sent_body=b"{ "), MISMATCH)
        self.assertEqual(ask(secret="other"), MISMATCH)
        self.assertEqual(ask(authorization=lambda header: header[:-1] + "x"), MISMATCH)
        self.assertEqual(ask(authorization=lambda header: header.upper().replace(
            "CREDENTIAL", "Credential").replace("SIGNEDHEADERS", "SignedHeaders").replace(
            "SIGNATURE", "Signature").replace(server.key_id.upper(), server.key_id).replace(
            "US-EAST-1/REKOGNITION/AWS4_REQUEST", "us-east-1/rekognition/aws4_request").replace(
            "CONTENT-TYPE;HOST;X-AMZ-DATE;X-AMZ-TARGET", ";".join(sigv4.CLI))), MISMATCH)

    def test_a_payload_that_is_not_the_body(self):
        for payload in ("UNSIGNED-PAYLOAD", hashlib.sha256(b"other").hexdigest(),
                        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"):
            self.assertEqual(ask(signed=sigv4.JS_V2, payload=payload,
                                 extra=[("x-amz-content-sha256", payload)]), MISMATCH)

    def test_two_of_a_header_that_decides(self):
        target = ("X-Amz-Target", "RekognitionService.DeleteCollection")
        for extra in ([target], [("x-amz-date", sigv4.stamp())], [("authorization", "x")]):
            kind, message = ask(extra=extra)
            self.assertEqual(kind, "IncompleteSignatureException")
            self.assertEqual(message, f"The header '{extra[0][0].lower()}' was sent more than once.")

    def test_too_little_signed(self):
        for signed in (("content-type", "x-amz-date", "x-amz-target"),
                       ("content-type", "host", "x-amz-target"),
                       ("content-type", "host", "x-amz-date")):
            kind, message = ask(signed=signed)
            self.assertEqual(kind, "InvalidSignatureException")
            self.assertIn("must be a 'SignedHeader' in the AWS Authorization.", message)

    def test_a_folded_header(self):
        # Obsolete, and another reader's other value.
        body = b"{}"
        request = server.request("ListCollections", body, extra=[("X-A", "1\r\n 2")])
        with server.connect() as connection:
            connection.sendall(request)
            self.assertIn(harness.read_answer(connection).failure[0],
                          ("ok", "SerializationException"))

    def test_clocks(self):
        kind, message = ask(skew=-400)
        self.assertEqual(kind, "InvalidSignatureException")
        self.assertRegex(message, r"^Signature expired: \d{8}T\d{6}Z is now earlier than "
                         r"\d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$")
        kind, message = ask(skew=400)
        self.assertEqual(kind, "InvalidSignatureException")
        self.assertRegex(message, r"^Signature not yet current: \d{8}T\d{6}Z is still later than "
                         r"\d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$")
        for date in ("yesterday", "20261345T000000Z", time.strftime("%a, %d %b %Y %H:%M:%S GMT")):
            self.assertEqual(ask(date=date, day="20261124")[0], "IncompleteSignatureException")
        self.assertEqual(ask(day="20200101")[0], "InvalidSignatureException")

    def test_credentials(self):
        self.assertEqual(ask(key_id="AKNOBODY"),
                         ("UnrecognizedClientException",
                          "The security token included in the request is invalid."))
        self.assertEqual(ask(service="s3"),
                         ("InvalidSignatureException",
                          "Credential should be scoped to correct service: 'rekognition'."))

    def test_authorization_headers_of_no_sense(self):
        for header in ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "Basic dXNlcjpwYXNz", "Bearer x",
                       "AWS4-HMAC-SHA256 Credential", "AWS4-HMAC-SHA256 Credential=a/b",
                       "AWS4-HMAC-SHA256 Credential=a/20261124/r/rekognition/aws4_request",
                       "AWS4-HMAC-SHA256 Signature=" + "0" * 64, "AWS4-ECDSA-P256-SHA256 x=y",
                       "AWS4-HMAC-SHA256 Credential=" + "/" * 10_000,
                       "AWS4-HMAC-SHA256 Credential=a/20261124/r/rekognition/aws4_request, "
                       "SignedHeaders=" + ";" * 1000 + ", Signature=0"):
            kind = ask(authorization=lambda _, header=header: header)[0]
            self.assertEqual(kind, "IncompleteSignatureException", header[:60])
        self.assertEqual(ask(authorization=lambda _: "")[0], "MissingAuthenticationTokenException")

    def test_the_signature_comes_before_all_else(self):
        self.assertEqual(server.call("Nonsense", b"[", secret="other").failure, MISMATCH)
        self.assertEqual(server.call("Nonsense", b"[").failure[0],
                         "com.amazon.coral.service#UnknownOperationException")
        self.assertEqual(server.call("DeleteCollection", b"[").failure[0],
                         "SerializationException")


if __name__ == "__main__":
    harness.main()

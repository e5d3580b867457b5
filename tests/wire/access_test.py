"""Who may do what: policies, sessions, revoked keys, rates, replays, other origins' pages, and the
trail that tells of it. The session token and the trail's chain are made and checked here a second
time, from what docs/formats/session_token.md and docs/audit.md say of them."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

import harness
from harness import CANDID, NO_PHOTOS, REGION, base64_text, photo, photos, read_answer

try:
    import boto3
    import botocore.exceptions
except ImportError:
    boto3 = None

INVALID = ("UnrecognizedClientException", "The security token included in the request is invalid.")
OK = ("ok", "")


def setUpModule():
    global server
    # Three workers: three copies of a request are begun at once, however slow the machine.
    server = harness.Server(audit_addresses="true", server_workers=3)
    for name in ("door-1", "door-2", "staff"):
        assert server.call("CreateCollection", {"CollectionId": name}).status == 200


def tearDownModule():
    server.close()


def candid(*arguments, state=None, ok=True):
    done = subprocess.run([CANDID, *arguments, "--state", str(state or server.state)],
                          capture_output=True, text=True, timeout=120)
    if ok and done.returncode != 0:
        raise AssertionError(done.stderr)
    return done


def new_key(*arguments):
    made = json.loads(candid("keys", "create", "--json", *arguments).stdout)
    return {"key_id": made["id"], "secret": made["secret"]}


def eventually(key, expected, operation="ListCollections", body=None):
    """What a call answers once the server knows of a change; it has three seconds."""
    end = time.monotonic() + 3
    while True:
        failure = server.call(operation, body or {}, **key).failure
        if failure[0] == expected or time.monotonic() > end:
            return failure
        time.sleep(0.1)


def signed_with(session):
    """How server.call signs with temporary credentials."""
    return {"key_id": session["AccessKeyId"], "secret": session["SecretAccessKey"],
            "extra": [("X-Amz-Security-Token", session["SessionToken"])],
            "signed": ("content-type", "host", "x-amz-date", "x-amz-security-token",
                       "x-amz-target")}


def new_session(key, *arguments):
    return json.loads(candid("keys", "session", key["key_id"], "--json", *arguments).stdout)


def netstrings(parts):
    return b"".join(b"%d:%s," % (len(part), part) for part in (str(p).encode() for p in parts))


def forged_session(key, expires, session_id="ASCANDIDAAAAAAAAAAAA", tag=None):
    """A token as the page says, sealed with a key's secret."""
    payload = netstrings(["candid session 1", session_id, key["key_id"], int(expires * 1e6), "", "",
                          0])

    def derive(purpose):
        inner = hmac.new(key["secret"].encode(), purpose, hashlib.sha256).digest()
        return hmac.new(inner, payload, hashlib.sha256).digest()
    return {"AccessKeyId": session_id,
            "SecretAccessKey": base64.b64encode(derive(b"candid session secret 1")).decode()[:40],
            "SessionToken": base64.b64encode(
                payload + (tag or derive(b"candid session tag 1"))).decode()}


class Policies(unittest.TestCase):
    def denial(self, key, action, resource):
        return ("AccessDeniedException",
                f"User: arn:aws:iam::000000000000:user/{key['key_id']} is not authorized to "
                f"perform: rekognition:{action} on resource: {resource}")

    def test_actions_collections_and_reading(self):
        key = new_key("--allow", "List*,Search*,IndexFaces", "--collections", "door-*",
                      "--read-only")
        self.assertEqual(eventually(key, "ok", "ListFaces", {"CollectionId": "door-1"}), OK)
        arn = f"arn:aws:rekognition:{REGION}:000000000000:collection/"
        for operation, body, resource in (
                ("ListFaces", {"CollectionId": "staff"}, arn + "staff"),
                ("ListFaces", {"CollectionId": "no-such"}, arn + "no-such"),
                ("DescribeCollection", {"CollectionId": "door-1"}, arn + "door-1"),
                ("DeleteCollection", {"CollectionId": "door-1"}, arn + "door-1"),
                ("IndexFaces", {"CollectionId": "door-1", "Image": {"Bytes": "YQ=="}},
                 arn + "door-1"),
                ("IndexFaces", {}, "*"),  # who may not is told so first
                ("ListCollections", {}, "*")):
            self.assertEqual(server.call(operation, body, **key).failure,
                             self.denial(key, operation, resource))

    def test_a_change_holds_while_the_server_runs(self):
        key = new_key()
        self.assertEqual(eventually(key, "ok"), OK)
        candid("keys", "policy", key["key_id"], "--allow", "DetectFaces")
        self.assertEqual(eventually(key, "AccessDeniedException"),
                         self.denial(key, "ListCollections", "*"))
        candid("keys", "policy", key["key_id"])
        self.assertEqual(eventually(key, "ok"), OK)
        candid("keys", "disable", key["key_id"])
        self.assertEqual(eventually(key, INVALID[0]), INVALID)
        candid("keys", "enable", key["key_id"])
        self.assertEqual(eventually(key, "ok"), OK)
        candid("keys", "revoke", key["key_id"])
        self.assertEqual(eventually(key, INVALID[0]), INVALID)
        refused = candid("keys", "enable", key["key_id"], ok=False)
        self.assertEqual(refused.returncode, 3)
        self.assertIn("was revoked, which is final", refused.stderr)

    def test_rotation_leaves_an_overlap(self):
        key = new_key("--allow", "ListCollections")
        made = json.loads(candid("keys", "rotate", key["key_id"], "--overlap", "2s",
                                 "--json").stdout)
        fresh = {"key_id": made["id"], "secret": made["secret"]}
        self.assertEqual(eventually(fresh, "ok"), OK)
        self.assertEqual(eventually(fresh, "", "DeleteCollection",
                                    {"CollectionId": "staff"})[0], "AccessDeniedException")
        time.sleep(2)
        self.assertEqual(eventually(key, INVALID[0]), INVALID)
        self.assertEqual(server.call("ListCollections", {}, **fresh).failure, OK)

    def test_an_expired_key(self):
        key = new_key("--expires", "1s")
        time.sleep(1.1)
        self.assertEqual(eventually(key, INVALID[0]), INVALID)

    def test_a_rate(self):
        key = new_key("--rate", "0.5", "--burst", "5")
        self.assertEqual(eventually(key, "ok"), OK)
        answers = [server.call("ListCollections", {}, **key).failure for _ in range(20)]
        self.assertEqual(answers.count(("ProvisionedThroughputExceededException",
                                        "Provisioned Rate exceeded")) + answers.count(OK), 20)
        self.assertIn(answers.count(OK), (3, 4, 5))
        self.assertEqual(server.call("ListCollections", {}).failure, OK, "others go on")
        time.sleep(2.1)
        self.assertEqual(server.call("ListCollections", {}, **key).failure, OK)

    def test_what_means_nothing_is_refused(self):
        for arguments in (["--allow", "a b"], ["--collections", "a/b"], ["--rate", "-1"],
                          ["--expires", "soon"], ["--rate", "5", "--burst", "0.1"]):
            self.assertEqual(candid("keys", "create", *arguments, ok=False).returncode, 2)

    @unittest.skipUnless(boto3, "no python3-boto3")
    def test_boto3_knows_the_denial(self):
        key = new_key("--read-only")
        eventually(key, "ok")
        client = boto3.client("rekognition", region_name=REGION, endpoint_url=server.endpoint,
                              aws_access_key_id=key["key_id"],
                              aws_secret_access_key=key["secret"])
        with self.assertRaises(client.exceptions.AccessDeniedException) as caught:
            client.delete_collection(CollectionId="staff")
        self.assertIn("is not authorized to perform: rekognition:DeleteCollection on resource: "
                      f"arn:aws:rekognition:{REGION}:000000000000:collection/staff",
                      str(caught.exception))


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.key = new_key()
        eventually(cls.key, "ok")

    def test_a_session_opens_with_its_token_alone(self):
        session = new_session(self.key, "--minutes", "15")
        how = signed_with(session)
        self.assertEqual(server.call("ListCollections", {}, **how).failure, OK)
        self.assertEqual(server.call("ListCollections", {}, key_id=session["AccessKeyId"],
                                     secret=session["SecretAccessKey"]).failure, INVALID)
        other = new_session(self.key)
        stray = dict(how, extra=signed_with(other)["extra"])
        self.assertEqual(server.call("ListCollections", {}, **stray).failure, INVALID)
        self.assertEqual(server.call("ListCollections", {}, **dict(how, secret="x")).failure[0],
                         "InvalidSignatureException")

    def test_a_key_with_a_stray_token(self):
        how = signed_with(new_session(self.key))
        for token in (how["extra"][0][1], "a" * 1000, "x"):
            how["extra"] = [("X-Amz-Security-Token", token)]
            self.assertEqual(server.call("ListCollections", {}, **dict(how, **self.key)).failure,
                             INVALID)
        self.assertEqual(server.call("ListCollections", {}, extra=[("X-Amz-Security-Token", "t")],
                                     **self.key).failure, INVALID, "signed or not")

    def test_a_narrower_policy_holds_beside_the_keys(self):
        key = new_key("--collections", "door-*")
        eventually(key, "ok", "ListFaces", {"CollectionId": "door-1"})
        session = new_session(key, "--collections", "*-1,staff", "--read-only")
        how = signed_with(session)
        for collection, kind in (("door-1", "ok"), ("door-2", "AccessDeniedException"),
                                 ("staff", "AccessDeniedException")):
            self.assertEqual(server.call("ListFaces", {"CollectionId": collection},
                                         **how).failure[0], kind)
        kind, message = server.call("DeleteCollection", {"CollectionId": "door-1"}, **how).failure
        self.assertEqual(kind, "AccessDeniedException")
        self.assertIn(f"User: arn:aws:sts::000000000000:assumed-role/{key['key_id']}/"
                      f"{session['AccessKeyId']} is not authorized", message)

    def test_a_session_that_is_over(self):
        good = forged_session(self.key, time.time() + 60)
        self.assertEqual(server.call("ListCollections", {}, **signed_with(good)).failure, OK,
                         "as the page says it is made")
        over = forged_session(self.key, time.time() - 1)
        self.assertEqual(server.call("ListCollections", {}, **signed_with(over)).failure,
                         ("ExpiredTokenException",
                          "The security token included in the request is expired"))

    def test_no_other_secret_makes_one(self):
        for forged in (forged_session(dict(self.key, secret="x" * 40), time.time() + 60),
                       forged_session(self.key, time.time() + 60, tag=b"\0" * 32),
                       forged_session(dict(self.key, key_id="AKNOBODY"), time.time() + 60)):
            self.assertEqual(server.call("ListCollections", {}, **signed_with(forged)).failure,
                             INVALID)

    def test_a_session_ends_with_its_key(self):
        key = new_key()
        eventually(key, "ok")
        how = signed_with(new_session(key))
        self.assertEqual(server.call("ListCollections", {}, **how).failure, OK)
        candid("keys", "revoke", key["key_id"])
        eventually(key, INVALID[0])
        self.assertEqual(server.call("ListCollections", {}, **how).failure, INVALID)
        self.assertEqual(candid("keys", "session", key["key_id"], ok=False).returncode, 2)

    @unittest.skipUnless(boto3, "no python3-boto3")
    def test_boto3(self):
        session = new_session(self.key)
        client = boto3.client("rekognition", region_name=REGION, endpoint_url=server.endpoint,
                              aws_access_key_id=session["AccessKeyId"],
                              aws_secret_access_key=session["SecretAccessKey"],
                              aws_session_token=session["SessionToken"])
        self.assertIn("staff", client.list_collections()["CollectionIds"])
        over = forged_session(self.key, time.time() - 1)
        client = boto3.client("rekognition", region_name=REGION, endpoint_url=server.endpoint,
                              aws_access_key_id=over["AccessKeyId"],
                              aws_secret_access_key=over["SecretAccessKey"],
                              aws_session_token=over["SessionToken"])
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            client.list_collections()
        self.assertEqual(caught.exception.response["Error"]["Code"], "ExpiredTokenException")

    @unittest.skipUnless(shutil.which("aws"), "no awscli")
    def test_the_cli_by_credential_process(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "config"
            config.write_text(f"[default]\nregion = {REGION}\ncredential_process = {CANDID} keys "
                              f"session {self.key['key_id']} --json --state {server.state}\n")
            env = {name: value for name, value in os.environ.items()
                   if not name.startswith("AWS_")}
            env.update(AWS_CONFIG_FILE=str(config), HOME=folder, AWS_EC2_METADATA_DISABLED="true")
            done = subprocess.run(["aws", "rekognition", "list-collections", "--endpoint-url",
                                   server.endpoint, "--output", "json"], env=env, text=True,
                                  capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("staff", json.loads(done.stdout)["CollectionIds"])

    @unittest.skipUnless(pathlib.Path("node_modules/@aws-sdk/client-rekognition").is_dir(),
                         "no JavaScript SDK (tools/npm_ci tests/wire)")
    def test_javascript_from_the_exports(self):
        exports = candid("keys", "session", self.key["key_id"]).stdout
        script = ("import('@aws-sdk/client-rekognition').then(async s => { const c = new "
                  f"s.RekognitionClient({{endpoint: '{server.endpoint}', region: '{REGION}'}});"
                  "console.log((await c.send(new s.ListCollectionsCommand({}))).CollectionIds) })")
        done = subprocess.run(["bash", "-c", f"{exports}exec node -e \"$SCRIPT\""], text=True,
                              env=dict(os.environ, SCRIPT=script), capture_output=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("staff", done.stdout)


class Replays(unittest.TestCase):
    def send(self, request):
        with server.connect() as connection:
            connection.sendall(request)
            return read_answer(connection)

    def refused_later(self, request):
        time.sleep(5.5)
        self.assertEqual(self.send(request).failure,
                         ("InvalidSignatureException",
                          "The signature was used before. Sign each request anew."))

    @unittest.skipUnless(photos(1, 3), NO_PHOTOS)
    def test_the_bytes_of_an_index_faces_sent_again(self):
        server.call("CreateCollection", {"CollectionId": "replayed"})
        request = server.request("IndexFaces", {"CollectionId": "replayed", "MaxFaces": 1,
                                                "Image": {"Bytes": base64_text(photo(0, 0))}})
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answers = list(pool.map(self.send, [request] * 3))
        faces = [[record["Face"]["FaceId"] for record in answer.json["FaceRecords"]]
                 for answer in answers]
        self.assertEqual(len(faces[0]), 1)
        self.assertEqual(faces, [faces[0]] * 3)
        count = lambda: server.call("DescribeCollection",  # noqa: E731
                                    {"CollectionId": "replayed"}).json["FaceCount"]
        self.assertEqual(count(), 1)
        server.call("DeleteFaces", {"CollectionId": "replayed", "FaceIds": faces[0]})
        self.refused_later(request)
        self.assertEqual(count(), 0, "a copy brings nobody back")

    def test_a_collection_made_anew_stays(self):
        body = {"CollectionId": "again"}
        create = server.request("CreateCollection", body)
        self.assertEqual(self.send(create).status, 200)
        self.assertEqual(self.send(create).failure[0], "ResourceAlreadyExistsException")
        delete = server.request("DeleteCollection", body)
        self.assertEqual(self.send(delete).status, 200)
        self.assertEqual(self.send(delete).failure[0], "ResourceNotFoundException")
        server.call("CreateCollection", dict(body, Tags={}))
        self.refused_later(delete)
        self.assertEqual(server.call("DescribeCollection", body).failure, OK)

    def test_a_search_may_be_sent_again(self):
        request = server.request("ListFaces", {"CollectionId": "staff"})
        self.assertEqual(self.send(request).status, 200)
        time.sleep(5.5)
        self.assertEqual(self.send(request).status, 200)


class Pages(unittest.TestCase):
    """Browsers' pages of other origins."""

    def preflight(self, server, origin):
        with server.connect() as connection:
            connection.sendall((f"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n"
                                "Access-Control-Request-Method: POST\r\n"
                                "Access-Control-Request-Headers: amz-sdk-invocation-id,"
                                "amz-sdk-request,authorization,content-type,x-amz-content-sha256,"
                                "x-amz-date,x-amz-target,x-amz-user-agent\r\n\r\n").encode())
            return read_answer(connection)

    def test_off_by_default(self):
        answer = self.preflight(server, "https://a.example")
        self.assertEqual(answer.status, 404)
        self.assertFalse([name for name in answer.headers if name.startswith("access-control")])
        answer = server.call("ListCollections", {}, extra=[("Origin", "https://a.example")])
        self.assertEqual(answer.status, 200)
        self.assertNotIn("access-control-allow-origin", answer.headers)

    def test_a_page_that_may(self):
        with harness.running(server_cors_origins="https://a.example") as other:
            answer = self.preflight(other, "https://a.example")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["access-control-allow-origin"], "https://a.example")
            self.assertIn("x-amz-content-sha256", answer.headers["access-control-allow-headers"])
            for operation, kind in (("ListCollections", "ok"), ("ListFaces", "ValidationException")):
                answer = other.call(operation, {}, extra=[("Origin", "https://a.example")])
                self.assertEqual(answer.failure[0], kind)
                self.assertEqual(answer.headers["access-control-allow-origin"],
                                 "https://a.example")
            self.assertEqual(self.preflight(other, "https://b.example").status, 404)


class Trail(unittest.TestCase):
    def lines(self):
        return json.loads(candid("audit", "export", "--json").stdout)["lines"]

    def latest(self, **members):
        """The last line that has these members; lines of reads are written soon after."""
        end = time.monotonic() + 5
        while True:
            found = [line for line in self.lines()
                     if all(line[name] == value for name, value in members.items())]
            if found or time.monotonic() > end:
                self.assertTrue(found, members)
                return found[-1]
            time.sleep(0.1)

    def test_every_call_leaves_its_line(self):
        key = new_key("--allow", "List*,Search*,Detect*")
        eventually(key, "ok", "ListFaces", {"CollectionId": "staff"})
        line = self.latest(key=key["key_id"], operation="ListFaces")
        self.assertEqual((line["collection"], line["outcome"], line["address"]),
                         ("staff", "ok", "127.0.0.1"))
        server.call("DeleteCollection", {"CollectionId": "staff"}, **key)
        line = self.latest(key=key["key_id"], operation="DeleteCollection")
        self.assertEqual((line["collection"], line["outcome"]), ("staff", "AccessDeniedException"))
        server.call("SearchFaces", {"CollectionId": "staff", "FaceId": harness.UNKNOWN_FACE,
                                    "FaceMatchThreshold": 97.5}, **key)
        line = self.latest(key=key["key_id"], operation="SearchFaces")
        self.assertEqual((line["outcome"], line["threshold"], line["affected"]),
                         ("InvalidParameterException", 97.5, 0))
        server.call("ListFaces", {"CollectionId": "bad id!"}, **key)
        line = self.latest(key=key["key_id"], outcome="ValidationException")
        self.assertEqual(line["collection"], "")
        server.call("CreateUser", {}, **key)
        server.call("ListFaces", {}, key_id="AKNOBODY")
        line = self.latest(outcome="UnrecognizedClientException")
        self.assertEqual(line["key"], "-", "who it was is not known")
        session = new_session(key)
        server.call("ListFaces", {"CollectionId": "door-2"}, **signed_with(session))
        line = self.latest(session=session["AccessKeyId"], operation="ListFaces")
        self.assertEqual((line["key"], line["collection"]), (key["key_id"], "door-2"))
        self.latest(key=key["key_id"], operation="CreateKey")

    @unittest.skipUnless(photos(1, 3), NO_PHOTOS)
    def test_of_pictures_their_hashes_alone(self):
        server.call("CreateCollection", {"CollectionId": "seen"})
        picture, other = photo(0, 0), photo(0, 1)
        image = {"Image": {"Bytes": base64_text(picture)}, "CollectionId": "seen"}
        server.call("IndexFaces", {**image, "ExternalImageId": "somebody-by-name"})
        line = self.latest(collection="seen", operation="IndexFaces")
        self.assertEqual(line["images"], hashlib.sha256(picture).hexdigest())
        self.assertEqual(line["outcome"], "ok")
        found = server.call("SearchFacesByImage", {**image, "FaceMatchThreshold": 50}).json
        line = self.latest(collection="seen", operation="SearchFacesByImage")
        self.assertEqual((line["affected"], line["threshold"]), (len(found["FaceMatches"]), 50))
        self.assertGreater(line["affected"], 0)
        server.call("CompareFaces", {"SourceImage": {"Bytes": base64_text(picture)},
                                     "TargetImage": {"Bytes": base64_text(other)}})
        line = self.latest(operation="CompareFaces")
        self.assertEqual(line["images"], " ".join(hashlib.sha256(one).hexdigest()
                                                  for one in (picture, other)))
        self.assertNotIn("somebody-by-name", json.dumps(self.lines()))

    def test_the_chain_by_the_page_alone(self):
        server.call("ListCollections", {})
        candid("audit", "verify")
        database = sqlite3.connect(f"file:{server.state}/candid.db?mode=ro", uri=True)
        self.addCleanup(database.close)
        previous, count = bytes(32), 0
        for row in database.execute(
                "SELECT previous_hash,hash,sequence,time_us,key_id,operation,collection,outcome,"
                "affected,refused,session,address,threshold,images FROM audit ORDER BY sequence"):
            parts = list(row[2:])
            parts[10] = "" if parts[10] is None else f"{parts[10]:g}"
            self.assertEqual(row[0], previous)
            self.assertEqual(row[1], hashlib.sha256(previous + netstrings(parts)).digest(), row)
            previous, count = row[1], count + 1
        self.assertGreater(count, 3)

    def test_tampering_shows(self):
        with harness.running() as other:
            for n in range(5):
                other.call("CreateCollection", {"CollectionId": f"c{n}"})
            head = json.loads(candid("audit", "head", "--json", state=other.state).stdout)["hash"]
            candid("audit", "verify", "--expect", head, state=other.state)
            other.call("ListCollections", {})
            other.stop()
            candid("audit", "verify", "--expect", head, state=other.state)
            whole = (other.state / "candid.db").read_bytes()
            for sql, finding in (
                    ("UPDATE audit SET collection='c9' WHERE sequence=3", "line 3 was changed"),
                    ("DELETE FROM audit WHERE sequence=3", "lines 3 to 3 are missing"),
                    ("DELETE FROM audit WHERE sequence>3", "were cut from the end"),
                    ("DELETE FROM audit WHERE sequence>3; UPDATE sqlite_sequence SET seq=3 WHERE "
                     "name='audit'", "the trail ends with line 3"),
                    ("DELETE FROM audit; DELETE FROM sqlite_sequence", "no line has the hash")):
                database = sqlite3.connect(other.state / "candid.db")
                database.executescript("DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays;" + sql)
                database.close()
                done = candid("audit", "verify", "--expect", head, state=other.state, ok=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(finding, done.stdout)
                (other.state / "candid.db").write_bytes(whole)
            other.start()

    def test_export_in_a_span(self):
        server.call("ListCollections", {})
        lines = self.lines()
        rows = candid("audit", "export").stdout.splitlines()
        self.assertGreaterEqual(len(rows) - 1, len(lines))
        for nothing in (("--since", "2200-01-01"), ("--until", "2001-01-01")):
            self.assertEqual(candid("audit", "export", *nothing).stdout.splitlines(), rows[:1])
        self.assertEqual(candid("audit", "export", "--since", "soon", ok=False).returncode, 2)

    def test_a_flood_of_strangers_is_counted_not_kept(self):
        with harness.running() as other:
            for _ in range(15):  # connections are closed after so many requests
                with other.connect() as connection:
                    for _ in range(100):
                        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                                           b"\r\n")
                        read_answer(connection)
            other.stop()
            lines = json.loads(candid("audit", "export", "--json",
                                      state=other.state).stdout)["lines"]
            strangers = [one for one in lines if one["key"] == "-"
                         and one["operation"] != "UntoldRefusals"]
            untold = sum(one["affected"] for one in lines
                         if one["operation"] == "UntoldRefusals")
            self.assertEqual(len(strangers) + untold, 1500)
            self.assertGreater(untold, 0)
            other.start()


if __name__ == "__main__":
    harness.main()

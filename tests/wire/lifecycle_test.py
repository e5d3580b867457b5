"""Starting, being ready, being watched, stopping: what an operator sees of `candid serve`."""
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import CANDID, NO_PHOTOS, base64_text, grey_png, photo, photos, read_answer

BIG = {"Image": {"Bytes": base64_text(grey_png(1000, 1000))}}  # a while of work


class Starting(unittest.TestCase):
    def refusal(self, *arguments, **environment):
        with tempfile.TemporaryDirectory() as state:
            os.makedirs(state + "/models")
            os.symlink(harness.MODELS, state + "/models/candid-default")
            done = subprocess.run([CANDID, "serve", "--state", state, *arguments], timeout=60,
                                  env={**os.environ, **environment}, capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_other_addresses_need_tls(self):
        for address in ("0.0.0.0", "[::]", "192.0.2.1"):
            self.assertIn("is not a loopback address, and others are served with TLS only: give "
                          "--tls-certificate and --tls-key, or --tls-self-signed, or listen on "
                          "127.0.0.1",
                          self.refusal("--listen", address + ":0"))

    def test_addresses_of_no_sense(self):
        for listen in ("8600", ":8600", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999"):
            self.assertIn("--listen " + listen, self.refusal("--listen", listen))
        self.assertIn("--tls-certificate and --tls-key go together",
                      self.refusal("--tls-key", "key.pem"))
        self.assertIn("CANDID_SERVER_PORT must be from 0 to 65535",
                      self.refusal(CANDID_SERVER_PORT="70000"))

    def test_a_port_that_is_taken(self):
        with harness.running() as server:
            message = self.refusal("--listen", f"127.0.0.1:{server.port}")
            self.assertIn(f"binding 127.0.0.1:{server.port}: Address already in use", message)

    def test_a_folder_that_is_taken(self):
        with harness.running() as server:
            done = subprocess.run([CANDID, "serve", "--state", server.state, "--listen",
                                   "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(str(server.process.pid), done.stderr)


class LettingIn(unittest.TestCase):
    def keys(self, server, *arguments):
        subprocess.run([CANDID, "keys", *arguments, "--state", server.state], check=True,
                       capture_output=True)

    def test_a_key_that_was_disabled(self):
        with harness.running() as server:
            for change, kind in (("disable", "UnrecognizedClientException"), ("enable", "ok"),
                                 ("revoke", "UnrecognizedClientException")):
                server.stop()
                self.keys(server, change, server.key_id)
                server.start()
                self.assertEqual(server.call("ListCollections", {}).failure[0], kind)

    def test_anybody_where_that_was_chosen(self):
        with harness.running(api_accept_unsigned_requests="true", api_region="eu-west-1",
                             api_account_id="123456789012") as server:
            body = b'{"CollectionId":"c"}'
            with server.connect() as connection:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: "
                                   b"RekognitionService.CreateCollection\r\n"
                                   b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                self.assertEqual(read_answer(connection).json["CollectionArn"],
                                 "arn:aws:rekognition:eu-west-1:123456789012:collection/c")
            # Whoever signs is held to it.
            self.assertEqual(server.call("ListCollections", {}, secret="other").failure[0],
                             "InvalidSignatureException")


class Stopping(unittest.TestCase):
    def send_and_stop(self, server, *requests):
        """Sends each request on a line of its own, then SIGTERM; returns the open lines."""
        lines = [server.connect() for _ in requests]
        for line, request in zip(lines, requests):
            self.addCleanup(line.close)
            line.sendall(request)
        time.sleep(0.3)
        server.process.terminate()
        return lines

    def test_what_is_in_work_is_finished(self):
        with harness.running(server_workers=1, server_drain_timeout_s=120) as server:
            idle = server.connect()
            self.addCleanup(idle.close)
            lines = self.send_and_stop(server, *[server.request("DetectFaces", BIG)] * 4)
            self.assertEqual(idle.recv(10), b"")
            answers = [read_answer(line) for line in lines]
            self.assertEqual([answer.status for answer in answers], [200] * 4)
            # A fast machine has answered the first before the server hears of the end.
            self.assertEqual(answers[-1].headers["connection"], "close")
            self.assertEqual(server.process.wait(timeout=120), 0)

    def test_it_says_so_meanwhile(self):
        with harness.running(server_workers=2) as server:
            half = server.request("ListCollections", {})
            line, = self.send_and_stop(server, half[:-1])
            time.sleep(0.3)
            self.assertEqual(server.get("/readyz"), (503, "the server is stopping\n"))
            self.assertEqual(server.get("/healthz"), (200, "ok\n"))
            late = server.call("ListCollections", {})
            self.assertEqual(late.failure, ("ThrottlingException",
                                            "The server is busy or stopping. Try again."))
            self.assertEqual(late.headers["connection"], "close")
            line.sendall(half[-1:])
            self.assertEqual(read_answer(line).status, 200)
            self.assertEqual(server.process.wait(timeout=30), 0)

    def test_who_never_ends_is_cut_off(self):
        with harness.running(server_drain_timeout_s=1) as server:
            line, = self.send_and_stop(server, server.request("ListCollections", {})[:-1])
            self.assertEqual(line.recv(10), b"")
            self.assertEqual(server.process.wait(timeout=10), 0)

    @unittest.skipUnless(photos(5, 3), NO_PHOTOS)
    def test_what_was_acknowledged_is_kept(self):
        with harness.running() as server:
            server.call("CreateCollection", {"CollectionId": "kept"})
            acknowledged = []

            def index(i):
                request = {"CollectionId": "kept", "ExternalImageId": str(i), "MaxFaces": 1,
                           "Image": {"Bytes": base64_text(photo(i % 5, i // 5 % 3))}}
                try:
                    answer = server.call("IndexFaces", request)
                except OSError:
                    return
                if answer.status == 200:
                    acknowledged.append(answer.json["FaceRecords"][0]["Face"]["FaceId"])
            threads = [threading.Thread(target=index, args=(i,)) for i in range(45)]
            for thread in threads:
                thread.start()
            while not acknowledged:
                time.sleep(0.01)
            server.stop()
            for thread in threads:
                thread.join()
            server.start()
            answer = server.call("ListFaces", {"CollectionId": "kept"})
            kept = [face["FaceId"] for face in answer.json["Faces"]]
            self.assertEqual(set(acknowledged) - set(kept), set())
            # Tokens are good across restarts too.
            page = server.call("ListFaces", {"CollectionId": "kept", "MaxResults": 1}).json
            if "NextToken" in page:
                server.stop()
                server.start()
                rest = server.call("ListFaces", {"CollectionId": "kept",
                                                 "NextToken": page["NextToken"]}).json["Faces"]
                self.assertEqual([face["FaceId"] for face in rest], kept[1:])


class Metrics(unittest.TestCase):
    SAMPLE = re.compile(r'^([a-z_]+)(\{(?:[a-z]+="[^"\\]*",?)+\})? '
                        r"(-?\d+(?:\.\d+)?(?:e[+-]\d+)?|\+Inf|NaN)$")

    def samples(self, server):
        """name{labels} to value, every line checked."""
        status, text = server.get("/metrics")
        self.assertEqual(status, 200)
        found = {}
        for line in text.splitlines():
            if line.startswith(("# HELP candid_", "# TYPE candid_")):
                continue
            match = self.SAMPLE.match(line)
            self.assertTrue(match, line)
            found[match[1] + (match[2] or "")] = float(match[3])
        return found

    @unittest.skipUnless(photos(2, 3), NO_PHOTOS)
    def test_counts_times_and_nothing_of_people(self):
        with harness.running() as server:
            image = {"Bytes": base64_text(photo(0, 0))}
            secret = "Lisa-Somebody"
            server.call("CreateCollection", {"CollectionId": secret})
            indexed = server.call("IndexFaces", {"CollectionId": secret, "Image": image,
                                                 "ExternalImageId": secret + "1"}).json
            server.call("SearchFacesByImage", {"CollectionId": secret, "Image": image})
            server.call("SearchFaces", {"CollectionId": secret, "FaceId":
                                        indexed["FaceRecords"][0]["Face"]["FaceId"]})
            server.call("Nonsense" + secret, {})
            server.call("DescribeCollection", {"CollectionId": "none"})
            with server.connect() as connection:
                connection.sendall(b"rubbish\r\n\r\n")
                read_answer(connection)
            found = self.samples(server)

            def requests(operation, outcome):
                return found[f'candid_requests_total{{operation="{operation}",'
                             f'outcome="{outcome}"}}']
            self.assertEqual(requests("IndexFaces", "ok"), 1)
            self.assertEqual(requests("DescribeCollection", "ResourceNotFoundException"), 1)
            self.assertEqual(requests(
                "other", "com.amazon.coral.service#UnknownOperationException"), 1)
            self.assertEqual(found['candid_refusals_total{outcome="SerializationException"}'], 1)
            self.assertEqual(found['candid_request_seconds_count{operation="IndexFaces"}'], 1)
            for stage, count in (("decode", 2), ("detect", 2), ("align", 2), ("assess", 2),
                                 ("embed", 2), ("search", 2), ("record", 1)):
                self.assertEqual(found[f"candid_{stage}_seconds_count"], count, stage)
                self.assertGreater(found[f"candid_{stage}_seconds_sum"], 0)
            self.assertEqual(found["candid_gallery_collections"], 1)
            self.assertEqual(found["candid_gallery_faces"], len(indexed["FaceRecords"]))
            self.assertGreaterEqual(found["candid_connections"], 1)
            page = server.get("/metrics")[1]
            ids = [indexed["FaceRecords"][0]["Face"][name] for name in ("FaceId", "ImageId")]
            for personal in (secret, server.key_id, server.secret, "127.0.0.1", *ids):
                self.assertNotIn(personal, page)
            log = "".join(server.log)
            for personal in (secret, server.secret, image["Bytes"][:40], *ids):
                self.assertNotIn(personal, log)

    def test_a_failure_is_found_in_the_log(self):
        with harness.running() as server:
            answer = server.call("DetectFaces", {"Image": {"Bytes": base64_text(b"no picture")}})
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                lines = [json.loads(line) for line in server.log if line.startswith("{")]
                of_request = [line for line in lines
                              if line.get("request") == answer.headers["x-amzn-requestid"]]
                if len(of_request) == 2:
                    break
                time.sleep(0.05)
            refused, request = of_request
            self.assertIn("reason", refused)
            self.assertEqual((request["operation"], request["outcome"]),
                             ("DetectFaces", "InvalidImageFormatException"))


if __name__ == "__main__":
    harness.main()

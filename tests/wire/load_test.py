"""More work than can be done, work that nobody waits for, and work beside dear work."""
import re
import time
import unittest

import harness
import sigv4
from harness import base64_text, grey_png, read_answer

PICTURE = {"Image": {"Bytes": base64_text(grey_png(500, 500))}}  # a while of work
THROTTLED = ("ThrottlingException", "Rate exceeded")


class Load(unittest.TestCase):
    def start(self, **settings):
        server = harness.Server(server_workers=1, **settings)
        self.addCleanup(server.close)
        # How long a picture takes is known from now on.
        self.assertEqual(server.call("DetectFaces", PICTURE).status, 200)
        return server

    def send(self, server, count, **how):
        lines = [server.connect() for _ in range(count)]
        for line in lines:
            self.addCleanup(line.close)
            line.sendall(server.request("DetectFaces", PICTURE, **how))
        return lines

    @staticmethod
    def await_queue(server, holds):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            page = server.get("/metrics")[1]
            waiting = float(re.search(r"^candid_queued_requests (\S+)$", page, re.M)[1])
            if holds(waiting):
                return page
            time.sleep(0.02)
        raise AssertionError(f"{waiting} requests wait")

    def test_what_would_wait_too_long_is_refused_at_once(self):
        begun = time.monotonic()
        server = self.start(server_max_wait_ms=1)
        once = time.monotonic() - begun
        begun = time.monotonic()
        lines = self.send(server, 20)
        answers = [read_answer(line) for line in lines]
        done = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status != 200]
        self.assertGreaterEqual(len(done), 1)
        self.assertGreaterEqual(len(refused), 10)
        for answer in refused:
            self.assertEqual((answer.status, answer.failure), (400, THROTTLED))
        self.assertLess(time.monotonic() - begun, (len(done) + 5) * once)
        page = server.get("/metrics")[1]
        self.assertIn('candid_refusals_total{outcome="ThrottlingException"} %d' % len(refused), page)
        # It was not held against anybody.
        self.assertEqual(server.call("DetectFaces", PICTURE).status, 200)

    def test_cheap_calls_are_not_stuck_behind_photos(self):
        server = self.start()
        lines = self.send(server, 10)
        self.await_queue(server, lambda waiting: waiting >= 8)
        for _ in range(5):
            self.assertEqual(server.call("ListCollections", {}).status, 200)
        self.assertIn("candid_expected_wait_seconds", server.get("/metrics")[1])
        self.await_queue(server, lambda waiting: waiting >= 1)  # all that in no time
        for line in lines:
            self.assertEqual(read_answer(line).status, 200)

    def test_what_nobody_waits_for_is_not_begun(self):
        server = self.start()
        stays = self.send(server, 1)
        self.await_queue(server, lambda waiting: waiting == 0)
        for line in self.send(server, 12):
            line.close()
        self.assertEqual(read_answer(stays[0]).status, 200)
        self.await_queue(server, lambda waiting: waiting == 0)
        self.assertEqual(server.call("DetectFaces", PICTURE).status, 200)
        page = server.get("/metrics")[1]
        done = int(re.search(r'requests_total\{operation="DetectFaces",outcome="ok"\} (\d+)',
                             page)[1])
        self.assertLess(done, 8, "of 15")

    def test_a_deadline_that_the_client_sets(self):
        server = self.start()
        for ttl, expected in ((-10, THROTTLED), (60, ("ok", ""))):
            attempt = ("amz-sdk-request", f"ttl={sigv4.stamp(ttl)}; attempt=2; max=5")
            self.assertEqual(server.call("DetectFaces", PICTURE, extra=[attempt]).failure, expected)

    def test_one_connection_serves_so_many(self):
        server = self.start(server_max_requests_per_connection=3)
        with server.connect() as connection:
            for last in (False, False, True):
                connection.sendall(server.request("ListCollections", {}))
                answer = read_answer(connection)
                self.assertEqual(answer.headers.get("connection") == "close", last)
            self.assertEqual(connection.recv(1), b"")


if __name__ == "__main__":
    harness.main()

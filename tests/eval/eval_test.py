#!/usr/bin/env python3
"""eval_test.py CANDID: the whole way of `candid eval`, from photos to a report, on a small set."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CANDID = pathlib.Path(sys.argv.pop(1)).resolve()
STATE = pathlib.Path(os.environ.get("CANDID_BUILD_DIR", "none"))
PHOTOS = pathlib.Path(__file__).resolve().parents[2] / "../shared/data/lfw-dev/images"
PEOPLE = 24


def small_set(folder):
    """Links to a few people with two photos or more; every other one is a woman on paper."""
    people = [p for p in sorted(PHOTOS.iterdir()) if len(list(p.iterdir())) >= 2][:PEOPLE]
    lines = ["subject\tgroup"]
    for i, person in enumerate(people):
        target = folder / "images" / f"person{i:02}"
        target.mkdir(parents=True)
        for photo in sorted(person.iterdir())[:3]:
            (target / photo.name[-8:]).symlink_to(photo)
        lines.append(f"person{i:02}\t{'ab'[i % 2]}")
    (folder / "images/person00/broken.jpg").write_text("no picture")
    (folder / "subjects.tsv").write_text("\n".join(lines) + "\n")


class EvalTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.data = self.folder / "data"
        small_set(self.data)

    def command(self, *arguments):
        return [str(CANDID), "eval", str(self.data), "--state", str(STATE), "--resamples", "50",
                "--cache", str(self.folder / "cache"), "--date", "2026-01-01", *arguments]

    def run_eval(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False)

    def test_a_report_and_the_same_again_from_the_cache(self):
        first = self.run_eval("--out", str(self.folder / "one"))
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("At the threshold in use", first.stdout)
        again = self.run_eval("--out", str(self.folder / "two"), "--jobs", "1")
        self.assertEqual(again.returncode, 0, again.stderr)
        names = sorted(p.name for p in (self.folder / "one").iterdir())
        self.assertEqual(names, sorted(p.name for p in (self.folder / "two").iterdir()))
        for name in names:
            self.assertEqual((self.folder / "one" / name).read_bytes(),
                             (self.folder / "two" / name).read_bytes(), name)
        report = json.loads((self.folder / "one/report.json").read_text())
        counts = {row["what"]: row["count"] for row in report["tables"]["data"]}
        self.assertEqual(counts["people"], PEOPLE)
        self.assertEqual(counts["failed: no picture that we can decode"], 1)
        self.assertEqual({row["group"] for row in report["tables"]["failures_by_group"]}, {"a", "b"})
        for name in ["report.html", "verification.csv", "searches.csv", "match.log"]:
            self.assertIn(name, names)
            self.assertEqual((self.folder / "one" / name).stat().st_mode & 0o777, 0o600)

    def test_an_interrupt_keeps_what_was_done(self):
        with subprocess.Popen(self.command("--jobs", "1"), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as running:
            deadline = time.monotonic() + 60
            while running.poll() is None and time.monotonic() < deadline:
                kept = list(self.folder.glob("cache/*.templates"))
                if kept and kept[0].stat().st_size > 2000:
                    running.send_signal(signal.SIGINT)
                    break
                time.sleep(0.02)
            self.assertEqual(running.wait(60), 130)
        kept = next(self.folder.glob("cache/*.templates")).stat().st_size
        whole = self.run_eval("--json")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertGreater(next(self.folder.glob("cache/*.templates")).stat().st_size, kept)
        self.assertIn("verification", json.loads(whole.stdout)["tables"])

    def test_what_cannot_be_measured_is_said(self):
        for person in list((self.data / "images").iterdir())[1:]:
            for photo in person.iterdir():
                photo.unlink()
        alone = self.run_eval("--json")
        self.assertEqual(alone.returncode, 0, alone.stderr)
        notes = "\n".join(json.loads(alone.stdout)["notes"])
        self.assertIn("1:1: ", notes)
        self.assertIn("1:N: ", notes)

    def test_a_report_that_cannot_be_written_is_our_failure(self):
        (self.folder / "taken").write_text("")
        failed = self.run_eval("--out", str(self.folder / "taken/report"))
        self.assertEqual(failed.returncode, 1)
        self.assertIn("taken", failed.stderr)

    def test_an_unknown_group_is_wrong_usage(self):
        self.assertEqual(self.run_eval("--by", "hair").returncode, 2)


if __name__ == "__main__":
    for needed in [STATE / "models/candid-default/pack.toml", PHOTOS]:
        if not needed.exists():
            print(f"skipped: no {needed}")
            sys.exit(77)
    result = unittest.main(exit=False, verbosity=2).result
    failures = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failures} passed, {failures} failed, 0 skipped")
    sys.exit(1 if failures else 0)

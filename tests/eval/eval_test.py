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

    # Templates are made once for all tests but those of the cache itself.
    shared = tempfile.TemporaryDirectory()

    def command(self, *arguments, cache=None):
        return [str(CANDID), "eval", str(self.data), "--state", str(STATE), "--resamples", "50",
                "--cache", str(cache or self.shared.name), "--date", "2026-01-01", *arguments]

    def run_eval(self, *arguments, cache=None):
        return subprocess.run(self.command(*arguments, cache=cache), capture_output=True, text=True,
                              check=False)

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
        cache = self.folder / "cache"
        with subprocess.Popen(self.command("--jobs", "1", cache=cache), stdout=subprocess.DEVNULL,
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
        whole = self.run_eval("--json", cache=cache)
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

    def test_bad_input_is_told_and_the_rest_reported(self):
        images = self.data / "images"
        (images / "person01/none.jpg").symlink_to(self.folder / "gone.jpg")  # unreadable
        (images / "person02/cut.jpg").write_bytes(
            next(images.glob("person02/*.jpg")).read_bytes()[:3000])
        (images / "person98").mkdir()  # nobody
        with open(self.data / "subjects.tsv", "a") as table:
            table.write("person03\ta\nperson04\tlonely\nghost\ta\n")
        told = self.run_eval("--json")
        self.assertEqual(told.returncode, 0, told.stderr)
        report = json.loads(told.stdout)
        counts = {row["what"]: row["count"] for row in report["tables"]["data"]}
        self.assertEqual(counts["failed: file not readable"], 1)
        self.assertEqual(counts["failed: no picture that we can decode"], 2)
        self.assertEqual(counts["people"], PEOPLE)
        notes = "\n".join(report["notes"])
        self.assertIn("contradict", notes)
        self.assertIn("verification", report["tables"])

    def test_an_image_each_measures_false_matches_alone(self):
        for person in (self.data / "images").iterdir():
            for photo in sorted(person.iterdir())[1:]:
                photo.unlink()
        alone = self.run_eval("--json")
        self.assertEqual(alone.returncode, 0, alone.stderr)
        report = json.loads(alone.stdout)
        self.assertIn("Nobody has two pictures", "\n".join(report["headline"]))
        self.assertIsNone(report["tables"]["verification"][0]["fnmr_by_pairs"])

    def test_an_empty_folder_is_named(self):
        (self.folder / "empty").mkdir()
        failed = subprocess.run([str(CANDID), "eval", str(self.folder / "empty"), "--state",
                                 str(STATE)], capture_output=True, text=True, check=False)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("empty", failed.stderr)

    def test_a_full_disk_costs_the_cache_and_not_the_report(self):
        # A limit on the size of files stands for a disk that fills up.
        whole = self.run_eval("--json")
        small = subprocess.run(["bash", "-c", 'ulimit -f 20; exec "$@"', "bash",
                                *self.command("--json", cache=self.folder / "cache")],
                               capture_output=True, text=True, check=False)
        self.assertEqual(small.returncode, 0, small.stderr)
        self.assertIn("cache", small.stderr)
        self.assertEqual(json.loads(small.stdout), json.loads(whole.stdout))

    def test_a_cache_of_another_frame_is_not_taken(self):
        self.run_eval("--json")
        framed = self.run_eval("--json", "--border", "30")
        fresh = self.run_eval("--json", "--border", "30", cache=self.folder / "cache")
        self.assertEqual(json.loads(framed.stdout), json.loads(fresh.stdout))
        self.assertEqual(len(list(self.folder.glob("cache/*.templates"))), 1)
        self.assertGreater(len(list(pathlib.Path(self.shared.name).glob("*.templates"))), 1)

    def test_faces_are_a_file_of_their_own_and_only_when_asked(self):
        refused = self.run_eval("--show-faces")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--out", refused.stderr)
        shown = self.run_eval("--show-faces", "--out", str(self.folder / "out"))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("faces.html", shown.stderr)
        sheet = self.folder / "out/faces.html"
        self.assertEqual(sheet.stat().st_mode & 0o777, 0o600)
        self.assertIn("data:image/jpeg;base64,", sheet.read_text())
        self.assertNotIn("data:image", (self.folder / "out/report.html").read_text())

    def test_fillers_and_lists_reach_the_report(self):
        fillers = self.folder / "fillers"
        fillers.mkdir()
        strangers = [p for p in sorted(PHOTOS.iterdir()) if len(list(p.iterdir())) == 1][:8]
        for i, person in enumerate(strangers):
            (fillers / f"{i}.jpg").symlink_to(next(person.iterdir()))
        lists = self.folder / "blufr.tsv"
        rows = ["trial\trole\timage"]
        for person in sorted((self.data / "images").iterdir())[:20]:
            for k, photo in enumerate(sorted(person.glob("*[0-9].jpg"))):
                rows.append(f"1\t{'probe' if k else 'gallery'}\t{person.name}/{photo.name}")
        lists.write_text("\n".join(rows) + "\n")
        filled = self.run_eval("--json", "--filler", str(fillers), "--blufr", str(lists))
        self.assertEqual(filled.returncode, 0, filled.stderr)
        report = json.loads(filled.stdout)
        self.assertEqual(report["tables"]["growth"][0]["gallery"], PEOPLE // 2 + 8)
        self.assertIn("8 pictures", report["facts"]["fillers"])
        # Too few people for FAR 0.1 % and 1 %, and said so.
        self.assertIn("BLUFR: ", "\n".join(report["notes"]))
        lists.write_text("trial\trole\timage\n1\tguest\tx.jpg\n")
        self.assertNotEqual(self.run_eval("--blufr", str(lists)).returncode, 0)

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

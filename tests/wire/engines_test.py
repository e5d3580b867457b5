"""Every locked npm package runs on Debian 12's Node, whatever Node runs here."""
import json
import os
import pathlib
import re
import unittest

import harness

DEBIAN_12_NODE = (18, 20, 4)
ROOT = pathlib.Path(os.environ["CANDID_SOURCE_DIR"])
LOCKS = sorted(lock for lock in ROOT.glob("*/package-lock.json")) + sorted(
    lock for lock in ROOT.glob("*/*/package-lock.json") if "node_modules" not in lock.parts)
COMPARATOR = re.compile(r"(>=|>|<=|<|\^|~|=)?\s*v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?")


def admits(expression, version):
    """Whether an npm range, in the forms that packages' engines use, holds for the version."""
    return any(all_hold(part, version) for part in expression.split("||"))


def all_hold(part, version):
    if part.strip() in ("", "*"):
        return True
    if not re.fullmatch(rf"\s*(?:{COMPARATOR.pattern}\s*)+", part):
        raise ValueError(f"a range of no known form: {part!r}")
    return all(holds(*match.groups(), version) for match in COMPARATOR.finditer(part))


def holds(sign, major, minor, patch, version):
    given = [int(number) for number in (major, minor, patch) if number and number.isdigit()]
    bound = tuple(given + [0] * (3 - len(given)))
    same = version[:len(given)] == tuple(given)
    if sign == "^":
        return version >= bound and version[0] == bound[0]
    if sign == "~":
        return version >= bound and version[:2] == bound[:2]
    if sign == ">=":
        return version >= bound
    if sign == ">":
        return version > bound and not same
    if sign == "<=":
        return version <= bound or same
    return version < bound if sign == "<" else same


# The S3 server of objects_test, which says so and skips where Node is too old for it.
SKIPPED_BY_OLDER = {"node_modules/@20minutes/s3rver", "node_modules/commander"}


class Engines(unittest.TestCase):
    def test_ranges(self):
        for expression in (">=18.0.0", ">= 0.4", ">=0.4.x", "^14 || >=16", "18.x", "*", "<19",
                           "~18.20", ">=14 <=18"):
            self.assertTrue(admits(expression, DEBIAN_12_NODE), expression)
        for expression in (">=20.0.0", "^20 || ^22", "<18", "16.x", "~18.19", ">18"):
            self.assertFalse(admits(expression, DEBIAN_12_NODE), expression)
        with self.assertRaises(ValueError):
            admits("latest", DEBIAN_12_NODE)

    def test_every_lock(self):
        self.assertTrue(LOCKS)
        for lock in LOCKS:
            packages = json.loads(lock.read_text())["packages"]
            newer = [name for name, entry in packages.items() if name not in SKIPPED_BY_OLDER
                     and not admits(entry.get("engines", {}).get("node", "*"), DEBIAN_12_NODE)]
            self.assertEqual(newer, [], f"{lock}: pin older versions in its package.json")


if __name__ == "__main__":
    harness.main(needs_models=False)

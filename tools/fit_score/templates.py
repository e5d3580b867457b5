"""Templates that `candid eval` left in its caches (docs/formats/eval_cache.md), with their labels."""
import glob
import hashlib
import os

import numpy as np

FIGURES = 16  # a record's; the last is the age
FIRST = 64    # floats of the first embedder in a template of the dump pack; the rest is faceres


def read_caches(folder):
    """{sha256 of the picture: (age, template)} of every cache of 64 + 1024 floats in the folder."""
    known = {}
    for name in glob.glob(os.path.join(folder, "*.templates")):
        data = open(name, "rb").read()
        first = data.index(b"\n") + 1
        second = data.index(b"\n", first) + 1
        if not data.startswith(b"candid eval cache 2\n"):
            continue
        dimension = int(data[first:second - 1].split(b"-")[-2])
        if dimension != FIRST + 1024:
            continue
        size = 32 + 8 + 4 * (FIGURES + dimension) + 8
        for at in range(second, len(data) - size + 1, size):
            record = data[at:at + size]
            if hashlib.sha256(record[:-8]).digest()[:8] != record[-8:]:
                continue
            if int.from_bytes(record[32:36], "little") != 0:
                continue
            figures = np.frombuffer(record, "<f4", FIGURES + dimension, 40)
            known[record[:32]] = (float(figures[FIGURES - 1]), figures[FIGURES:])
    return known


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def tsv(path):
    lines = [line.split("\t") for line in open(path, encoding="utf-8").read().splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def pictures(data):
    """(path, set, subject, age or -1, group, profile) of lfw-dev, utkface-dev and cfp-dev."""
    for path in glob.glob(data + "/lfw-dev/images/*/*.jpg"):
        yield path, "lfw", "l:" + os.path.basename(os.path.dirname(path)), -1, "", False
    for row in tsv(data + "/utkface-dev/images.tsv"):
        path = data + "/utkface-dev/images/" + row["image"]
        yield (path, "utk", "u:" + row["image"], int(row["age"]),
               row["group"] + " " + row["sex"], False)
    for row in tsv(data + "/cfp-dev/images.tsv"):
        path = os.path.join(data, "cfp-dev/images", row["image"])
        if not os.path.exists(path):
            path = os.path.join(data, "cfp-dev", row["image"])
        yield (path, "cfp", "c:" + row["image"].split("/")[0], -1, "", row["pose"] == "profile")


def load(caches, data):
    """Columns over all pictures that have a template; exact duplicates are left out."""
    known = read_caches(caches)
    columns = {name: [] for name in ("set", "subject", "age", "group", "profile", "m", "f", "head")}
    seen = set()
    for path, kind, subject, age, group, profile in pictures(data):
        digest = hashlib.sha256(open(path, "rb").read()).digest()
        if digest in seen or digest not in known:
            continue
        seen.add(digest)
        head, template = known[digest]
        for name, value in zip(columns, (kind, subject, age, group, profile, template[:FIRST],
                                         template[FIRST:], head)):
            columns[name].append(value)
    table = {name: np.array(values) for name, values in columns.items()}
    table["m"] = unit(table["m"]).astype(np.float32)
    table["f"] = unit(table["f"]).astype(np.float32)
    return table

#!/usr/bin/env python3
"""fit.py CACHES DATA OUT: fits score.onnx and faceres-64.f32; README.md says how to get CACHES.

--hold-out 0.25 leaves out the people (UTKFace: pictures) of the last quarter by hash and measures on
them: what docs/adr/0011-fair-score.md states. Without it everybody is fitted, as the pack has it.
"""
import argparse
import hashlib
import os

import numpy as np
import torch

import ages
import figures
import measure
import onnx_file
import templates

WEIGHT = 0.5  # of faceres in the join
SHARE = 0.5   # of the refined figures; the rest are the distilled ones
ROWS = 64
SEED = 5


def join(m, f, matrix):
    reduced = templates.unit(f @ matrix.T)
    return templates.unit(np.concatenate([m, WEIGHT * reduced], 1)).astype(np.float32)


def principal(f):
    """Leading directions across the mean's own: a pack's matrix has no offset to centre with."""
    mean = templates.unit(f.mean(0)[None])[0]
    across = f - np.outer(f @ mean, mean)
    across -= across.mean(0)
    _, vectors = np.linalg.eigh(across.T @ across)
    return vectors[:, ::-1][:, :ROWS].T.astype(np.float32)


def people(table):
    """One name for UTKFace's pictures of one adult: they must not fall into both parts."""
    adults = np.where((table["set"] == "utk") & (table["age"] >= 13))[0]
    alike = np.triu(table["m"][adults] @ table["m"][adults].T, 1) >= 0.75
    name = table["subject"].astype(object)
    root = list(range(len(adults)))

    def find(i):
        while root[i] != i:
            i = root[i]
        return i

    for a, b in zip(*np.where(alike)):
        low, high = sorted((find(a), find(b)))
        root[high] = low
    for i, row in enumerate(adults):
        name[row] = table["subject"][adults[find(i)]]
    return name.astype(str)


def place(name):
    return int(hashlib.md5(("part" + name).encode()).hexdigest()[:8], 16) / 2**32


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("caches")
    arguments.add_argument("data")
    arguments.add_argument("out")
    arguments.add_argument("--hold-out", type=float, default=0)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    table = templates.load(options.caches, options.data)
    table["unit"] = people(table)
    part = np.array([place(name) for name in table["unit"]])
    rows = np.where(part < 1 - options.hold_out)[0]
    print(f"{len(part)} templates, {len(rows)} of them fitted")
    matrix = principal(
        table["f"][figures.cohort(table, rows, SEED, frontal=3, profiles=2, children=0.2)])
    x = join(table["m"], table["f"], matrix)
    strangers = figures.cohort(table, rows, 0)
    mean, deviation = figures.as_norm(x, table, rows, strangers)
    distilled = figures.distil(x, mean, deviation, rows, 0)
    refined = figures.refine(distilled, x, table, rows, 0)
    utk = rows[table["set"][rows] == "utk"]
    age = ages.fit(x[utk], table["head"][utk], table["age"][utk], table["group"][utk], 1)
    parameters = onnx_file.join([distilled, refined], [1 - SHARE, SHARE], age, x.shape[1])
    os.makedirs(options.out, exist_ok=True)
    onnx_file.write(os.path.join(options.out, "score.onnx"), parameters)
    matrix.astype("<f4").tofile(os.path.join(options.out, "faceres-64.f32"))
    if options.hold_out:
        rest = np.where(part >= 1 - options.hold_out)[0]
        # A distribution with the head's expected value at its first year stands for it.
        stand_in = np.zeros((len(x), onnx_file.AGES), np.float32)
        stand_in[:, 1] = table["head"]
        measure.report(table, x, onnx_file.run(parameters, x, stand_in), rest)


if __name__ == "__main__":
    main()

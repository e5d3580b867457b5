#!/usr/bin/env python3
"""fit.py CACHES DATA OUT: fits score.onnx and faceres-64.f32; README.md says how to get CACHES.

--folds 4 fits four times besides, each time without a quarter of the people (UTKFace: pictures, alike
ones together), and prints the error rates of everybody by the fit that had not seen them: what
docs/adr/0011-fair-score.md states. The files are fitted on everybody.
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

WEIGHT = 0.3  # of faceres in the join
SHARE = 0.5   # of the refined figures; the rest are the distilled ones
SEEDS = range(3)
ROWS = 64


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


def fit(table, x, rows):
    """The parameters of score.onnx: the means of the networks of several seeds."""
    mean, deviation = figures.as_norm(x, table, rows, figures.cohort(table, rows, 0))
    distilled = [figures.distil(x, mean, deviation, rows, seed) for seed in SEEDS]
    refined = [figures.refine(d, x, table, rows, seed) for seed, d in zip(SEEDS, distilled)]
    utk = rows[table["set"][rows] == "utk"]
    age = [ages.fit(x[utk], table["head"][utk], table["age"][utk], table["group"][utk], 1 + seed)
           for seed in SEEDS]
    weights = [(1 - SHARE) / len(SEEDS)] * len(SEEDS) + [SHARE / len(SEEDS)] * len(SEEDS)
    return onnx_file.join(distilled + refined, weights, age, x.shape[1])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("caches")
    arguments.add_argument("data")
    arguments.add_argument("out")
    arguments.add_argument("--folds", type=int, default=0)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    table = templates.load(options.caches, options.data)
    table["unit"] = people(table)
    everybody = np.arange(len(table["unit"]))
    print(f"{len(everybody)} templates", flush=True)
    matrix = principal(
        table["f"][figures.cohort(table, everybody, 5, frontal=3, profiles=2, children=0.2)])
    x = join(table["m"], table["f"], matrix)
    # A distribution with the head's expected value at its first year stands for it.
    stand_in = np.zeros((len(x), onnx_file.AGES), np.float32)
    stand_in[:, 1] = table["head"]
    if options.folds:
        fold = np.array([int(place(name) * options.folds) for name in table["unit"]])
        unseen = np.empty((len(x), 3))
        for k in range(options.folds):
            rest = np.where(fold == k)[0]
            parameters = fit(table, x, np.where(fold != k)[0])
            unseen[rest] = onnx_file.run(parameters, x[rest], stand_in[rest])
            print(f"fold {k + 1} of {options.folds}", flush=True)
        measure.report(table, x, unseen)
    parameters = fit(table, x, everybody)
    os.makedirs(options.out, exist_ok=True)
    onnx_file.write(os.path.join(options.out, "score.onnx"), parameters)
    matrix.astype("<f4").tofile(os.path.join(options.out, "faceres-64.f32"))


if __name__ == "__main__":
    main()

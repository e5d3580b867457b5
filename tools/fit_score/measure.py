"""Error rates of people that no fitting saw, for the cosine of each template and the fair score; 95 %
intervals by bootstrap over people, thresholds set anew in each resample."""
import numpy as np

from figures import GROUPS, SAME_PERSON

DECLINED = 13  # years: estimates below are not matched
RESAMPLES = 500
TAIL = 0.01  # the share of strangers' pairs that is kept


class Pairs:
    """Pairs of rows: the strangers' best, best first, and all mates, each with its two people."""

    def __init__(self, score, who, kept, apart=None):
        first, second = np.nonzero(np.triu(kept, 1))
        # UTKFace has no mates: what is not set `apart` as too alike counts against us.
        same = who[first] == who[second] if apart is None else np.zeros(len(first), bool)
        value = score[first, second]
        self.mated, self.mate = value[same], who[first[same]]
        strangers = ~same if apart is None else ~same & ~apart[first, second]
        value, a, b = value[strangers], who[first[strangers]], who[second[strangers]]
        self.of_all = len(value)
        best = np.argsort(-value)[:max(1000, int(len(value) * TAIL))]
        self.best, self.a, self.b = value[best], a[best], b[best]

    def threshold(self, weight, rate):
        """The score that at most this share of strangers' pairs exceeds."""
        above = np.cumsum(weight[self.a] * weight[self.b])
        # People drawn with replacement make as many pairs on average as they are.
        return self.best[min(np.searchsorted(above, rate * self.of_all, "right"), len(above) - 1)]

    def false_matches(self, weight, cut):
        chosen = self.best > cut
        return (weight[self.a[chosen]] * weight[self.b[chosen]]).sum() / self.of_all

    def by_pairs(self, weight, cut):
        return 100 * np.average(self.mated > cut, weights=weight[self.mate])

    def by_person(self, weight, cut):
        pairs = np.bincount(self.mate, minlength=len(weight))
        hits = np.bincount(self.mate, self.mated > cut, len(weight))
        there = pairs > 0
        return 100 * np.average(hits[there] / pairs[there], weights=weight[there])


def blocks(table, who, score):
    """Pairs of LFW, of each adult group, and of CFP's kinds of pose."""
    def of(rows, **more):
        return Pairs(score(rows), who[rows], np.ones((len(rows), len(rows)), bool), **more)

    found = {"lfw": of(np.where(table["set"] == "lfw")[0])}
    adults = (table["set"] == "utk") & (table["age"] >= 18)
    for name in GROUPS:
        rows = np.where(adults & (table["group"] == name))[0]
        found[name] = of(rows, apart=table["m"][rows] @ table["m"][rows].T >= SAME_PERSON)
    rows = np.where(table["set"] == "cfp")[0]
    side, s = table["profile"][rows], score(rows)
    found["frontal"] = Pairs(s, who[rows], ~side[:, None] & ~side)
    found["mixed"] = Pairs(s, who[rows], side[:, None] ^ side)
    found["profile"] = Pairs(s, who[rows], side[:, None] & side)
    return found


def rates(found, weight):
    result, lfw = {}, found["lfw"]
    for rate in (1e-4, 1e-5):
        cut = lfw.threshold(weight, rate)
        result[f"LFW by pairs {rate:g}"] = lfw.by_pairs(weight, cut)
        result[f"LFW by person {rate:g}"] = lfw.by_person(weight, cut)
    for rate in (1e-3, 1e-4):
        cut = max(found[name].threshold(weight, rate) for name in GROUPS)
        result[f"worst of eight held to {rate:g}"] = lfw.by_person(weight, cut)
    for kind in ("frontal", "mixed", "profile"):
        for rate in (1e-3, 1e-4):
            cut = found[kind].threshold(weight, rate)
            result[f"CFP {kind} {rate:g}"] = found[kind].by_pairs(weight, cut)
    cut = found["frontal"].threshold(weight, 1e-3)
    result["CFP profile FMR x 1000"] = 1e3 * found["profile"].false_matches(weight, cut)
    return result


def report(table, x, figures):
    mean, deviation, age = figures.T
    who = np.unique(table["unit"], return_inverse=True)[1]
    people = who.max() + 1

    def fair(rows):
        z = (x[rows] @ x[rows].T - mean[rows][:, None]) / deviation[rows][:, None]
        return (z + z.T) / 2

    def shown(score):
        found, random = blocks(table, who, score), np.random.default_rng(1)
        plain = rates(found, np.ones(people))
        drawn = [rates(found, np.bincount(random.integers(0, people, people), minlength=people))
                 for _ in range(RESAMPLES)]
        return {name: "{:6.2f} ({:.2f} to {:.2f})".format(value, *np.percentile(
            [one[name] for one in drawn], [2.5, 97.5])) for name, value in plain.items()}

    columns = [shown(score) for score in (lambda rows: table["m"][rows] @ table["m"][rows].T,
                                          lambda rows: x[rows] @ x[rows].T, fair)]
    print(f"{'':30}{'first':26}{'joined':26}{'fair'}")
    for name in columns[0]:
        print(f"{name:30}" + "".join(f"{column[name]:26}" for column in columns))
    truth = table["age"]
    for low, high in ((0, 3), (4, 12), (13, 17), (18, 22), (23, 40), (41, 64), (65, 120)):
        band = (truth >= low) & (truth <= high)
        print(f"ages {low} to {high}: {band.sum()}, mean error "
              f"{np.abs(age - truth)[band].mean():.2f}, declined "
              f"{100 * (age[band] < DECLINED).mean():.2f} %")
    for name in np.unique(table["group"][truth >= 18]):
        adults = (truth >= 18) & (table["group"] == name)
        print(f"adults, {name}: {(age[adults] < DECLINED).sum()} of {adults.sum()} declined")

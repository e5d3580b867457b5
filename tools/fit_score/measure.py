"""Error rates on people that no fitting saw, for the cosine of each template and the fair score."""
import numpy as np

from figures import GROUPS, SAME_PERSON


def threshold(impostors, rate):
    """The score that at most this share of impostors exceeds."""
    allowed = int(len(impostors) * rate)
    return np.sort(impostors)[::-1][allowed] if len(impostors) else -1.0


def by_subject(scores, subject, cut):
    hits = [(scores[subject == s] > cut).mean() for s in np.unique(subject)]
    return 100 * float(np.mean(hits))


def rates(table, rows, score):
    result = {}

    def block(chosen):
        s, who = score(chosen), table["unit"][chosen]
        return s, np.triu(np.ones(s.shape, bool), 1), who[:, None] == who[None], who

    s, upper, same, who = block(rows[table["set"][rows] == "lfw"])
    mates = np.where(upper & same)
    mated, subject, impostors = s[mates], who[mates[0]], s[upper & ~same]
    for rate in (1e-3, 1e-4):
        result[f"LFW by subject {rate:g}"] = by_subject(mated, subject, threshold(impostors, rate))
    adults = rows[(table["set"][rows] == "utk") & (table["age"][rows] >= 18)]
    groups = []
    for name in GROUPS:
        chosen = adults[table["group"][adults] == name]
        s, upper, _, _ = block(chosen)
        alike = table["m"][chosen] @ table["m"][chosen].T >= SAME_PERSON
        groups.append(s[upper & ~alike])
    for rate in (1e-3, 1e-4):
        cut = max(threshold(g, rate) for g in groups)
        result[f"worst of eight held to {rate:g}"] = by_subject(mated, subject, cut)
    s, upper, same, who = block(rows[table["set"][rows] == "cfp"])
    side = table["profile"][rows[table["set"][rows] == "cfp"]]
    kinds = {"frontal": ~side[:, None] & ~side[None], "mixed": side[:, None] ^ side[None],
             "profile": side[:, None] & side[None]}
    for name, kind in kinds.items():
        for rate in (1e-3, 1e-4):
            cut = threshold(s[upper & ~same & kind], rate)
            result[f"CFP {name} {rate:g}"] = 100 * float((s[upper & same & kind] > cut).mean())
    cut = threshold(s[upper & ~same & kinds["frontal"]], 1e-3)
    result["CFP profile FMR x 1000"] = 1e3 * float(
        (s[upper & ~same & kinds["profile"]] > cut).mean())
    return result


def report(table, x, figures, rows):
    mean, deviation = figures[:, 0], figures[:, 1]

    def fair(chosen):
        s = x[chosen] @ x[chosen].T
        z = (s - mean[chosen][:, None]) / deviation[chosen][:, None]
        return (z + z.T) / 2

    columns = [rates(table, rows, score) for score in
               (lambda c: table["m"][c] @ table["m"][c].T, lambda c: x[c] @ x[c].T, fair)]
    print(f"{'':28}{'first':>8}{'joined':>8}{'fair':>8}")
    for name in columns[0]:
        print(f"{name:28}" + "".join(f"{column[name]:8.2f}" for column in columns))
    age, truth = figures[:, 2], table["age"]
    for low, high in ((0, 3), (4, 12), (13, 17), (18, 22), (23, 40), (41, 64), (65, 120)):
        chosen = rows[(truth[rows] >= low) & (truth[rows] <= high)]
        if len(chosen):
            print(f"ages {low} to {high}: {len(chosen)}, mean error "
                  f"{np.abs(age - truth)[chosen].mean():.2f}, below 14 "
                  f"{100 * (age[chosen] < 14).mean():.2f} %")

"""The networks behind a template's figures: mean and deviation among strangers, and age."""
import copy
import math

import numpy as np
import torch

GROUPS = [g + " " + s for g in ("white", "black", "asian", "indian") for s in ("male", "female")]
STRETCH = 8.0      # of the unit template, so that the first layer sees figures near 1
SAME_PERSON = 0.8  # strangers more alike than this are taken for one person under two files


def net(inputs, hidden, outputs):
    return torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(),
                               torch.nn.Dropout(0.1), torch.nn.Linear(hidden, outputs))


def cohort(table, rows, seed, frontal=2, profiles=4, children=0.5):
    """Strangers to compare with, balanced: so many pictures a person, a share of the children."""
    random = np.random.default_rng(seed)
    count, chosen = {}, []
    for row in random.permutation(rows):
        key = (table["subject"][row], table["profile"][row])
        count[key] = count.get(key, 0) + 1
        if count[key] > (profiles if table["profile"][row] else frontal):
            continue
        if 0 <= table["age"][row] < 13 and random.random() > children:
            continue
        chosen.append(row)
    return np.array(chosen)


def as_norm(x, table, rows, strangers, share=200 / 5764):
    """Mean and deviation of each row's highest cosines with strangers, in units of the average."""
    top = max(2, round(share * len(strangers)))
    mean, deviation = np.empty(len(rows)), np.empty(len(rows))
    for start in range(0, len(rows), 512):
        part = rows[start:start + 512]
        s = x[part] @ x[strangers].T
        s[table["subject"][part][:, None] == table["subject"][strangers][None]] = -2
        s = np.partition(s, s.shape[1] - top, axis=1)[:, -top:]
        mean[start:start + 512], deviation[start:start + 512] = s.mean(1), s.std(1)
    d = deviation / np.median(deviation)
    return mean - mean.mean() * d, d


def distil(x, mean, deviation, rows, seed, hidden=32, steps=2500, rate=3e-3):
    """A network that guesses as_norm's figures from the template alone."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    inputs = torch.tensor(x[rows])
    wanted = torch.tensor(np.stack([mean, deviation - 1], 1).astype(np.float32))
    weight = torch.tensor([1.0, 0.05])
    model = net(x.shape[1], hidden, 2)
    optimiser = torch.optim.Adam(model.parameters(), rate, weight_decay=1e-4)
    for step in range(steps):
        cosine_rate(optimiser, rate, step / steps)
        batch = torch.tensor(random.integers(0, len(rows), 256))
        noisy = inputs[batch] + 0.01 * torch.randn(256, x.shape[1])
        loss = ((model(STRETCH * noisy) - wanted[batch]) ** 2 * weight).mean()
        descend(optimiser, loss)
    return model.eval()


def cosine_rate(optimiser, rate, done):
    for group in optimiser.param_groups:
        group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * done))


def descend(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


class Batches:
    """Blocks of rows: the eight adult groups and teens; LFW pairs; LFW strangers; CFP frontal and
    profile, of the same people."""

    def __init__(self, table, rows, seed):
        self.random = np.random.default_rng(seed)
        adult = table["age"][rows] >= 18
        self.groups = [rows[adult & (table["group"][rows] == g)] for g in GROUPS]
        self.groups.append(rows[(table["age"][rows] >= 13) & ~adult])
        people, poses = {}, {}
        for row in rows:
            if table["set"][row] == "lfw":
                people.setdefault(table["subject"][row], []).append(row)
            if table["set"][row] == "cfp":
                pair = poses.setdefault(table["subject"][row], ([], []))
                pair[int(table["profile"][row])].append(row)
        self.everyone = list(people.values())
        self.repeated = [p for p in self.everyone if len(p) > 1]
        self.posed = [p for p in poses.values() if len(p[0]) > 1 and len(p[1]) > 1]

    def pick(self, things, count):
        chosen = self.random.choice(len(things), min(count, len(things)), replace=False)
        return [things[i] for i in chosen]

    def next(self):
        mates = [r for p in self.pick(self.repeated, 250) for r in self.pick(p, 2)]
        strangers = [self.pick(p, 1)[0] for p in self.pick(self.everyone, 900)]
        groups = [self.pick(g, 300) for g in self.groups]
        posed = self.pick(self.posed, 40)
        frontal = [r for p in posed for r in self.pick(p[0], 3)]
        profile = [r for p in posed for r in self.pick(p[1], 2)]
        return mates, strangers, groups, frontal, profile


def refine(model, x, table, rows, seed, steps=250, rate=2e-3, groups_weigh=2.0, loyal=3.0):
    """Moves the figures so that mates stand above the thresholds that strangers set: LFW's at some
    1e-4 and 1e-5, the highest of the groups' at 1e-3, and each kind of pose's own. `loyal` holds
    the figures near where they were."""
    torch.manual_seed(seed)
    templates = torch.tensor(x)
    model = copy.deepcopy(model)
    with torch.no_grad():
        before = model.eval()(STRETCH * templates)
    person = torch.tensor(np.unique(table["unit"], return_inverse=True)[1])
    batches = Batches(table, rows, seed)
    optimiser = torch.optim.AdamW(model.parameters(), rate, weight_decay=1e-3)
    model.train()

    def missed(threshold, mated):
        return torch.nn.functional.softplus(20 * (threshold - mated)).mean()

    def highest(scores, rate):
        return torch.topk(scores, max(3, int(len(scores) * rate))).values.mean()

    for step in range(steps):
        cosine_rate(optimiser, rate, step / steps)
        mates, strangers, groups, frontal, profile = batches.next()
        used = np.unique(np.concatenate([mates, strangers, frontal, profile] + groups))
        noisy = torch.nn.functional.normalize(templates + 0.02 * torch.randn_like(templates), dim=1)
        out = model(STRETCH * noisy[used])

        def block(chosen):
            """Scores of all pairs; which of them are strangers' and which mates', once each."""
            at, row = torch.tensor(np.searchsorted(used, chosen)), torch.tensor(chosen)
            mean, deviation = out[at, 0], torch.clamp(1 + out[at, 1], 0.4, 2.5)
            cosine = templates[row] @ templates[row].T
            z = (cosine - mean[:, None]) / deviation[:, None]
            same = person[row][:, None] == person[row][None]
            return (z + z.T) / 2, (~same & (cosine < SAME_PERSON)).triu(1), same.triu(1)

        z, others, _ = block(strangers)
        lfw = [highest(z[others], rate) for rate in (2e-3, 2e-4, 2e-5)]
        z, _, same = block(mates)
        mated = z[same]
        tails = [block(group) for group in groups]
        tails = torch.stack([highest(z[others], 2e-3) for z, others, _ in tails])
        worst = torch.logsumexp(30 * tails, 0) / 30
        z, others, same = block(frontal + profile)
        side = torch.arange(len(z)) >= len(frontal)
        poses = {"frontal": ~side[:, None] & ~side, "mixed": side[:, None] ^ side,
                 "profile": side[:, None] & side}
        tail = {name: highest(z[others & kind], 2e-3) for name, kind in poses.items()}

        loss = missed(lfw[1], mated) + missed(lfw[2], mated)
        loss = loss + groups_weigh * missed(worst + 0.05, mated)
        for name, weight in (("frontal", 0.5), ("mixed", 1.0), ("profile", 1.0)):
            loss = loss + weight * missed(tail[name], z[same & poses[name]])
        spread = tails.var() + torch.relu(worst - lfw[0]) ** 2
        above = torch.relu(tail["profile"] - tail["frontal"] + 0.03) ** 2
        moved = ((out - before[used]) ** 2 * torch.tensor([4.0, 1.0])).mean()
        loss = loss + 3 * spread + 8 * above + loyal * moved
        loss = loss + 10 * out[:, 1].mean() ** 2 + 10 * out[:, 0].mean() ** 2
        descend(optimiser, loss)
    return model.eval()

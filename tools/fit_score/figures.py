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
    """Blocks of rows: the eight adult groups, teens, LFW pairs and others, CFP frontal, profile."""

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
        posed = self.pick(self.posed, 30)
        blocks = [self.pick(g, 36) for g in self.groups]
        blocks.append([r for p in self.pick(self.repeated, 60) for r in self.pick(p, 2)])
        blocks.append([self.pick(p, 1)[0] for p in self.pick(self.everyone, 60)])
        blocks += [[r for p in posed for r in self.pick(p[k], 2)] for k in (0, 1)]
        cuts = np.cumsum([0] + [len(b) for b in blocks])
        return np.concatenate(blocks), [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:])]


def refine(model, x, table, rows, seed, steps=300, rate=3e-3, steep=20.0, offset=0.15, posed=0.5,
           loyal=3.0, profiles=0.02):
    """Moves the figures so that every kind of stranger has the same tail, and mates stand above
    the highest one. `loyal` holds them near where they were, `profiles`
    is added to the tail of two profiles."""
    torch.manual_seed(seed)
    templates = torch.tensor(x)
    model = copy.deepcopy(model)
    with torch.no_grad():
        before = model.eval()(STRETCH * templates)
    people = np.unique(table["unit"], return_inverse=True)[1]
    batches = Batches(table, rows, seed)
    optimiser = torch.optim.AdamW(model.parameters(), rate, weight_decay=1e-3)
    model.train()
    for step in range(steps):
        cosine_rate(optimiser, rate, step / steps)
        batch, blocks = batches.next()
        t = templates[torch.tensor(batch)]
        s = t @ t.T
        same = torch.tensor(people[batch][:, None] == people[batch][None])
        strangers, mates = (~same & (s < SAME_PERSON)).float(), same.triu(1)
        noisy = torch.nn.functional.normalize(t + 0.02 * torch.randn_like(t), dim=1)
        out = model(STRETCH * noisy)
        mean, deviation = out[:, 0], torch.clamp(1 + out[:, 1], 0.4, 2.5)
        z = (s - mean[:, None]) / deviation[:, None]
        z = 0.5 * (z + z.T)

        def tail(a, b):
            among = strangers[a, b]
            rise = torch.exp(steep * (z[a, b] - 0.3)) * among
            return torch.log(rise.sum() / among.sum() + 1e-4) / steep + 0.3

        lfw, front, side = slice(blocks[9].start, blocks[10].stop), blocks[11], blocks[12]
        tails = [tail(b, b) for b in blocks[:9]]
        tails += [tail(a, b) for a, b in ((lfw, lfw), (front, front), (front, side), (side, side))]
        tails[-1] = tails[-1] + profiles
        tails = torch.stack(tails)
        highest = (torch.logsumexp(steep * tails, 0) - math.log(len(tails))) / steep

        def missed(a, b):
            return torch.nn.functional.softplus(
                20 * (highest + offset - z[a, b][mates[a, b]])).mean()

        spread = tails.var() + torch.relu(tails[-1] - tails[:-1].mean()) ** 2
        moved = ((out - before[torch.tensor(batch)]) ** 2 * torch.tensor([4.0, 1.0])).mean()
        loss = missed(blocks[9], blocks[9]) + 10 * spread + loyal * moved
        loss = loss + posed * sum(missed(a, b) for a, b in ((front, front), (front, side),
                                                           (side, side)))
        loss = loss + 10 * (deviation.mean() - 1) ** 2 + 10 * mean.mean() ** 2
        descend(optimiser, loss)
    return model.eval()

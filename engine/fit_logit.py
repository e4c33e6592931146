"""Logistic regression by maximum likelihood, plain or with a propensity of one's own for everybody.

What a person of propensity a does is Bernoulli with chance f · 1/(1+e^-(a + Xb)); f, known, is the share of what will
happen that could be seen in time.
"""

from __future__ import annotations

import itertools

import numpy as np

from bifurque.engine.fit_likelihood import Fit, Reals, scipy, with_slopes

REACH = 5.0
"""How many standard deviations of the propensities the quadrature covers to either side."""
MEANT_SPREAD = 1.5
"""The quadrature is fine enough for propensities that differ so much, and coarse for none."""
LEAST_SPREAD, MOST_SPREAD = 0.01, 8.0


def logistic(names: tuple[str, ...], x: Reals, y: Reals, weight: Reals | None = None) -> Fit:
    """Plain logistic regression."""
    w = np.ones(len(y)) if weight is None else weight
    total = float(w.sum())

    def loss(b: Reals) -> tuple[float, Reals]:
        eta = x @ b
        slope = w * (scipy("special").expit(eta) - y)
        return float(w @ (np.logaddexp(0.0, eta) - y * eta)) / total, (slope @ x) / total

    return with_slopes(names, loss, np.zeros(x.shape[1]), count=round(total))


def mixed(
    names: tuple[str, ...],
    x: Reals,
    y: Reals,
    group: Reals,
    kind: Reals,
    kinds: tuple[str, ...],
    seen: Reals | None = None,
) -> Fit:
    """Logistic regression with a normal propensity for each group, integrated out.

    Args:
        names: of the columns of `x`.
        x: one row per case.
        y: 1 or 0 for each.
        group: 0, 1, 2 …, in ascending order.
        kind: of each group, which spread its propensity has.
        kinds: names of the spreads; the estimates are called `spread:<kind>`.
        seen: the factor f of each case; 1 if nothing is said.
    """
    f = np.ones(len(y)) if seen is None else np.asarray(seen, float)
    blocks = _blocks(x, y, group, kind, f, _nodes(y, group))
    columns = x.shape[1]

    def loss(at: Reals) -> tuple[float, Reals]:
        b, spread = at[:columns], np.exp(at[columns:])
        total, slopes = 0.0, np.zeros(len(at))
        for block in blocks:
            each, by_case, along = block.at(b, spread)
            total += each
            slopes[:columns] += by_case @ block.x
            slopes[columns:] += np.bincount(block.kind, weights=along, minlength=len(kinds))
        return -total / len(y), -slopes / len(y)

    free: list[tuple[float | None, float | None]] = [(None, None)] * columns
    limits = free + [(float(np.log(LEAST_SPREAD)), float(np.log(MOST_SPREAD)))] * len(kinds)
    plain = logistic(names, x, y)
    start = np.concatenate([plain.working, np.zeros(len(kinds))])
    positive = np.array([False] * columns + [True] * len(kinds))
    every = (*names, *(f"spread:{k}" for k in kinds))
    return with_slopes(every, loss, start, count=len(y), bounds=limits, positive=positive)


def _nodes(y: Reals, group: Reals) -> Reals:
    """Where the integral is summed: the nodes stand as close as the narrowest bell is wide, or closer.

    The trapezoid sum of a bell of width w by steps h errs by about 2 exp(-2 (pi w/h)^2): nothing for h = w.
    """
    share = float(np.clip(y.mean(), 0.02, 0.98))
    most = float(np.bincount(group).max()) * share * (1 - share)
    step = 1.0 / np.sqrt(1 + MEANT_SPREAD**2 * most)
    half = int(np.ceil(REACH / min(step, 0.5)))
    return np.linspace(-REACH, REACH, 2 * half + 1)


class Block:
    """The cases of some groups: few enough that what is worked out for them stays in the processor's cache."""

    def __init__(self, x: Reals, y: Reals, group: Reals, kind: Reals, f: Reals, nodes: Reals) -> None:
        self.x, self.f, self.nodes, self.kind = x, f, nodes, kind
        self.starts = np.nonzero(np.diff(group, prepend=-1))[0]
        self.group = group - group[0]
        self.yes = y > 0.5
        self.sign = np.where(self.yes, 1.0, -1.0)
        self.partly = bool((f < 1).any())
        density = -(nodes**2) / 2
        self.density = density - np.logaddexp.reduce(density)

    def at(self, b: Reals, spread: Reals) -> tuple[float, Reals, Reals]:
        """The log-likelihood, and by case its slopes along the linear part and along the logarithm of the spread."""
        width = spread[self.kind]
        if self.partly:
            ln, slope = self._partly((self.x @ b)[:, None] + width[:, None] * self.nodes)
        else:
            d = (-self.sign * (self.x @ b))[:, None] + (-self.sign * width)[:, None] * self.nodes
            np.exp(d, out=d)
            d += 1.0
            ln = -np.log(d)
            slope = 1.0 - 1.0 / d
        joint = np.add.reduceat(ln, self.starts, axis=0) + self.density
        top = joint.max(axis=1)
        joint -= top[:, None]
        np.exp(joint, out=joint)
        sums = joint.sum(axis=1)
        joint /= sums[:, None]
        slope *= joint[self.group]
        both = slope @ np.column_stack([np.ones(len(self.nodes)), self.nodes])
        if not self.partly:
            both *= self.sign[:, None]
        return float(top.sum() + np.log(sums).sum()), both[:, 0], both[:, 1] * width

    def _partly(self, eta: Reals) -> tuple[Reals, Reals]:
        """Log-likelihood and its slope where only a share f of what happens is seen."""
        chance = 1.0 / (1.0 + np.exp(-eta))
        seen = self.f[:, None] * chance
        missed = 1.0 - seen
        ln = np.log(np.where(self.yes[:, None], seen, missed))
        return ln, np.where(self.yes[:, None], 1.0 - chance, -seen * (1.0 - chance) / missed)


def _blocks(x: Reals, y: Reals, group: Reals, kind: Reals, f: Reals, nodes: Reals) -> list[Block]:
    size = max(1, 60_000 // len(nodes))
    ends = np.nonzero(np.diff(group, append=-1))[0] + 1
    cuts = [0]
    while cuts[-1] < len(y):
        enough = int(np.searchsorted(ends, cuts[-1] + size))
        cuts.append(int(ends[min(enough, len(ends) - 1)]))
    of_case = kind[group]
    return [Block(x[a:b], y[a:b], group[a:b], of_case[a:b], f[a:b], nodes) for a, b in itertools.pairwise(cuts)]


def share_over(middle: float, spread: float) -> float:
    """The mean of 1/(1+e^-a) over people whose a is normal."""
    nodes = np.arange(-8.0, 8.0001, 0.05)
    density = np.exp(-(nodes**2) / 2)
    return float(scipy("special").expit(middle + spread * nodes) @ density / density.sum())

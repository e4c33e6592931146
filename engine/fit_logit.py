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
MOST_ODDS = 300.0
"""Of a logit: beyond it nothing changes but the last digits that can be written."""
LEAST_SPREAD, MOST_SPREAD = 0.01, 8.0


def logistic(names: tuple[str, ...], x: Reals, y: Reals) -> Fit:
    """Plain logistic regression."""
    z, back = _alike(x, np.full(len(y), 0.25))

    def loss(b: Reals) -> tuple[float, Reals]:
        eta = z @ b
        slope = scipy("special").expit(eta) - y
        return float((np.logaddexp(0.0, eta) - y * eta).sum()) / len(y), (slope @ z) / len(y)

    def curvature(b: Reals) -> Reals:
        chance = scipy("special").expit(z @ b)
        return (z.T * (chance * (1 - chance))) @ z / len(y)

    return with_slopes(names, loss, np.zeros(x.shape[1]), count=len(y), curvature=curvature, back=back)


def _alike(x: Reals, weight: Reals) -> tuple[Reals, Reals]:
    """The columns turned into unrelated ones of one size, among which the way up is straight; and the way back."""
    strength, directions = np.linalg.eigh((x.T * weight) @ x / len(x))
    back = directions / np.sqrt(np.maximum(strength, 1e-12))
    return x @ back, back


def mixed(
    names: tuple[str, ...],
    x: Reals,
    y: Reals,
    group: Reals,
    spreads: dict[str, Reals],
    seen: Reals | None = None,
) -> Fit:
    """Logistic regression with a normal propensity for each group, integrated out.

    Args:
        names: of the columns of `x`.
        x: one row per case.
        y: 1 or 0 for each.
        group: 0, 1, 2 …, in ascending order.
        spreads: columns by name, one value for each group: the logarithm of the standard deviation of its propensity is
            linear in them.
        seen: the factor f of each case; 1 if nothing is said.
    """
    f = np.ones(len(y)) if seen is None else np.asarray(seen, float)
    plain = logistic(names, x, y)
    chance = scipy("special").expit(x @ plain.working)
    z, back = _alike(x, chance * (1 - chance))
    widths = np.column_stack(list(spreads.values()))
    blocks = _blocks(z, y, group, widths, f, _nodes(y, group))
    columns, others = x.shape[1], len(spreads)

    def loss(at: Reals) -> tuple[float, Reals]:
        total, slopes = 0.0, np.zeros(len(at))
        for block in blocks:
            each, by_case, along = block.at(at[:columns], at[columns:])
            total += each
            slopes[:columns] += by_case @ block.x
            slopes[columns:] += along @ block.widths
        return -total / len(y), -slopes / len(y)

    def curvature(at: Reals) -> Reals:
        return sum(block.information(at[:columns], at[columns:]) for block in blocks) / len(y)

    whole = np.eye(columns + others)
    whole[:columns, :columns] = back
    free: list[tuple[float | None, float | None]] = [(None, None)] * columns
    return with_slopes(
        (*names, *spreads),
        loss,
        np.concatenate([np.linalg.solve(back, plain.working), np.zeros(others)]),
        count=len(y),
        bounds=free + [(float(np.log(LEAST_SPREAD)), float(np.log(MOST_SPREAD)))] * others,
        curvature=curvature,
        back=whole,
    )


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

    def __init__(self, x: Reals, y: Reals, group: Reals, widths: Reals, f: Reals, nodes: Reals) -> None:
        self.x, self.f, self.nodes, self.widths = x, f, nodes, widths
        self.starts = np.nonzero(np.diff(group, prepend=-1))[0]
        self.group = group - group[0]
        self.yes = y > 0.5
        self.sign = np.where(self.yes, 1.0, -1.0)
        self.partly = bool((f < 1).any())
        density = -(nodes**2) / 2
        self.density = density - np.logaddexp.reduce(density)

    def at(self, b: Reals, spread: Reals) -> tuple[float, Reals, Reals]:
        """The log-likelihood, and by case its slopes along the linear part and along the logarithm of its spread."""
        width = np.exp(self.widths @ spread)
        ln, slope = self._partly(b, width) if self.partly else self._wholly(b, width)
        joint, total = self._posterior(ln)
        slope *= joint[self.group]
        both = slope @ np.column_stack([np.ones(len(self.nodes)), self.nodes])
        return total, both[:, 0], both[:, 1] * width

    def _posterior(self, ln: Reals) -> tuple[Reals, float]:
        """How likely each node is for each group, given what its cases did; and the log-likelihood."""
        joint = np.add.reduceat(ln, self.starts, axis=0) + self.density
        top = joint.max(axis=1)
        joint -= top[:, None]
        np.exp(joint, out=joint)
        sums = joint.sum(axis=1)
        joint /= sums[:, None]
        return joint, float(top.sum() + np.log(sums).sum())

    def _wholly(self, b: Reals, width: Reals) -> tuple[Reals, Reals]:
        """Log-likelihood of each case at each node, and its slope, where all that happens is seen."""
        d = (-self.sign * (self.x @ b))[:, None] + (-self.sign * width)[:, None] * self.nodes
        np.exp(np.minimum(d, MOST_ODDS, out=d), out=d)
        d += 1.0
        slope = 1.0 - 1.0 / d
        slope *= self.sign[:, None]
        return -np.log(d), slope

    def _partly(self, b: Reals, width: Reals) -> tuple[Reals, Reals]:
        """The same where only a share f of what happens is seen."""
        d = (-(self.x @ b))[:, None] - width[:, None] * self.nodes
        np.exp(np.minimum(d, MOST_ODDS, out=d), out=d)  # (1 - chance) / chance
        f = self.f[:, None]
        seen = f / (1.0 + d)
        missed = (1.0 - f + d) / (1.0 + d)
        ln = np.log(np.where(self.yes[:, None], seen, missed))
        return ln, np.where(self.yes[:, None], d / (1.0 + d), -seen * d / (1.0 - f + d))

    def information(self, b: Reals, spread: Reals) -> Reals:
        """The information these cases hold (Louis 1982): were propensities known, less what is lost as they are not."""
        width, columns = np.exp(self.widths @ spread), self.x.shape[1]
        size = columns + len(spread)
        ln, slope = self._partly(b, width) if self.partly else self._wholly(b, width)
        posterior, _ = self._posterior(ln)
        by_case = posterior[self.group]
        d = np.exp(np.minimum(-(self.x @ b)[:, None] - width[:, None] * self.nodes, MOST_ODDS))  # (1 - chance) / chance
        bent = d / (1.0 + d) ** 2  # minus the second derivative
        if self.partly:
            f = self.f[:, None]
            bent = np.where(self.yes[:, None], bent, f * bent * (d - 1.0) / (1.0 - f + d) + slope**2)
        wide = self.widths * width[:, None]
        total, lost = np.zeros((size, size)), np.zeros((size, size))
        mean = np.zeros((len(self.starts), size))
        for q, node in enumerate(self.nodes):
            z = np.column_stack([self.x, node * wide])
            weight = by_case[:, q]
            total += (z.T * (weight * bent[:, q])) @ z
            total[columns:, columns:] -= (self.widths.T * (weight * slope[:, q] * node)) @ wide
            score = np.add.reduceat(z * slope[:, q : q + 1], self.starts, axis=0)
            lost += (score.T * posterior[:, q]) @ score
            mean += posterior[:, q : q + 1] * score
        return total - lost + mean.T @ mean


def _blocks(x: Reals, y: Reals, group: Reals, widths: Reals, f: Reals, nodes: Reals) -> list[Block]:
    size = max(1, 60_000 // len(nodes))
    ends = np.nonzero(np.diff(group, append=-1))[0] + 1
    cuts = [0]
    while cuts[-1] < len(y):
        enough = int(np.searchsorted(ends, cuts[-1] + size))
        cuts.append(int(ends[min(enough, len(ends) - 1)]))
    of_case = widths[group]
    return [Block(x[a:b], y[a:b], group[a:b], of_case[a:b], f[a:b], nodes) for a, b in itertools.pairwise(cuts)]


def shares_over(middle: Reals, spread: Reals) -> Reals:
    """The means of 1/(1+e^-a) over people whose a is normal around each of some middles."""
    nodes = np.linspace(-6.0, 6.0, 49)
    density = np.exp(-(nodes**2) / 2)
    return (
        scipy("special").expit(np.asarray(middle)[..., None] + np.asarray(spread)[..., None] * nodes)
        @ density
        / density.sum()
    )

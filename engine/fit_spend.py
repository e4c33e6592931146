"""What people spend: Gamma-Gamma by maximum likelihood, with a check of what it takes for granted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bifurque.engine.fit_likelihood import SURE, Fit, Reals, maximise, scipy
from bifurque.engine.fit_log import Log
from bifurque.rules.errors import BifurqueError
from bifurque.rules.layout import MISSING

NAMES = ("p", "q", "gamma")
LEAST = 30
"""Customers with an amount that are needed; and with two or more, to tell one person's purchases from people."""
USUAL_P = 6.25
"""What p is taken to be where nobody has several amounts."""
RELATED = 0.2
"""A correlation of frequency and mean spend beyond this, and surely not 0, is too much for the model."""


@dataclass(frozen=True)
class Spend:
    """Gamma-Gamma fitted.

    Attributes:
        fit: p, q and gamma, in the plan's currency; without p where nobody has several amounts.
        correlation: of how often and how much people buy; the model takes it to be 0.
        interval: its 95 % interval.
        independent: whether it is small enough.
        purchases: of how many purchases.
    """

    fit: Fit
    correlation: float
    interval: tuple[float, float]
    independent: bool
    purchases: int

    @property
    def mean(self) -> float:
        """What a purchase is worth on average over people: p gamma / (q - 1)."""
        q, gamma = self.fit.value("q"), self.fit.value("gamma")
        p = self.fit.value("p") if "p" in self.fit.names else USUAL_P
        return float(p * gamma / (q - 1)) if q > 1 else float("inf")


def amounts(log: Log, event: str, *, repeats_only: bool = True) -> tuple[Reals, Reals]:
    """Of each customer how many purchases with an amount there are, and their mean, in the plan's currency.

    The purchase that starts a clock is left out: it is often of another kind. Lines of one instant are one purchase.
    """
    rows = log.of(event)
    rows = rows[log.value[rows] != MISSING]
    if not len(rows):
        return np.zeros(0), np.zeros(0)
    who, when = log.contact[rows], log.time[rows]
    fresh = np.ones(len(rows), bool)
    fresh[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    value = np.add.reduceat(log.value[rows], np.nonzero(fresh)[0]) / 100
    who = who[fresh]
    keep = value > 0
    if repeats_only:
        keep[np.unique(who, return_index=True)[1]] = False
    people, count = np.unique(who[keep], return_counts=True)
    totals = np.bincount(np.searchsorted(people, who[keep]), weights=value[keep], minlength=len(people))
    return count.astype(float), totals / np.maximum(count, 1)


def gamma_gamma(x: Reals, mean: Reals, p: Reals) -> Reals:
    """Log-likelihood of each customer's mean spend: purchases Gamma(p, nu), nu Gamma(q, gamma) over people."""
    shape, q, gamma = p
    ln_gamma = scipy("special").gammaln
    px = shape * x
    ends = ln_gamma(px + q) - ln_gamma(px) - ln_gamma(q) + q * np.log(gamma)
    return ends + (px - 1) * np.log(mean) + px * np.log(x) - (px + q) * np.log(gamma + x * mean)


def fit(x: Reals, mean: Reals) -> Spend:
    """Fit Gamma-Gamma, and look whether how much people spend has to do with how often they buy.

    Raises:
        BifurqueError: fewer than 30 customers have an amount.
    """
    if len(x) < LEAST:
        raise BifurqueError(f"only {len(x)} customers have repeat purchases with an amount: {LEAST} are needed")
    typical = float(mean.mean())
    if (x >= 2).sum() >= LEAST:
        start, usual = [3.0, 3.0, typical * 2 / 3], []
    else:
        start, usual = [3.0, typical * 2 / USUAL_P], [USUAL_P]

    def loglik(p: Reals) -> float:
        return float(gamma_gamma(x, mean, np.concatenate([usual, p])).sum())

    found = maximise(NAMES[len(usual) :], loglik, np.array(start), count=len(x), bounds=(-9.0, 16.0))
    related, interval = correlation(x, mean)
    sure = interval[0] > 0 or interval[1] < 0
    return Spend(found, related, interval, not (sure and abs(related) > RELATED), int(x.sum()))


def correlation(a: Reals, b: Reals) -> tuple[float, tuple[float, float]]:
    """Pearson's correlation with its 95 % interval, by Fisher's transform.

    Not by ranks: a mean of many purchases is less skewed than one of few, so ranks correlate where nothing is related.
    """
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0, (-1.0, 1.0)
    found = float(np.corrcoef(a, b)[0, 1])
    middle, half = np.arctanh(np.clip(found, -0.999999, 0.999999)), SURE / np.sqrt(max(len(a) - 3, 1))
    return found, (float(np.tanh(middle - half)), float(np.tanh(middle + half)))

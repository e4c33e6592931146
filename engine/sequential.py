"""Looking at an experiment more than once: what it costs, and intervals that stay true however often one looks."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from bifurque.engine.intervals import NORMAL

Reals = npt.NDArray[np.float64]
NODES = 121
"""Points of Gauss–Legendre integration between the bounds of a look."""


def crossing(bounds: Sequence[float], drift: float = 0.0) -> list[float]:
    """The chance that the test statistic has left ±bounds by each of some evenly spread looks.

    The recursion of Armitage, McPherson & Rowe, *Repeated significance tests on accumulating data* (JRSS A 132, 1969).

    Args:
        bounds: of each look, as normal quantiles.
        drift: the true difference in standard errors of the last look; 0: there is none.

    >>> round(crossing([1.959964] * 5)[-1], 3)
    0.142
    """
    nodes, weights = _nodes()
    before, density, spread = np.zeros(1), np.ones(1), 1 / len(bounds)
    found: list[float] = []
    for k, bound in enumerate(bounds):
        reach = bound * math.sqrt((k + 1) * spread)
        x = nodes * reach
        moved = x[:, None] - before[None, :] - drift * spread
        steps = np.exp(-(moved**2) / (2 * spread)) / math.sqrt(2 * math.pi * spread)
        before, density = x, (steps @ density) * weights * reach
        found.append(1.0 - float(density.sum()))
    return found


@functools.cache
def _nodes() -> tuple[Reals, Reals]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return nodes, weights


def pocock(looks: int, alpha: float = 0.05) -> list[float]:
    """The same bound at every look (Pocock, Biometrika 64, 1977)."""
    found = _root(lambda c: crossing([c] * looks)[-1] - alpha)
    return [found] * looks


def obrien_fleming(looks: int, alpha: float = 0.05) -> list[float]:
    """Bounds high at first, and hardly above the plain one at the end (O'Brien & Fleming, Biometrics 35, 1979)."""

    def bounds(c: float) -> list[float]:
        return [c * math.sqrt(looks / (k + 1)) for k in range(looks)]

    return bounds(_root(lambda c: crossing(bounds(c))[-1] - alpha))


def _root(excess: Callable[[float], float]) -> float:
    """Where a falling function of a bound is zero."""
    low, high = 0.5, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def always_valid(variance: float, n: float, planned: float, level: float = 0.95) -> float:
    """Half the width of an interval that holds the truth at all times at once, however often and whenever one looks.

    The normal mixture (Robbins, 1970; the mSPRT of Johari, Koomen, Pekelis & Walsh, Operations Research 70, 2022) in
    its asymptotic form (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, Annals of Statistics 52, 2024).

    Args:
        variance: of the estimate, as it is now.
        n: observations so far.
        planned: the number of observations at which it is to be narrowest.
        level: of the interval.
    """
    if n <= 0 or variance <= 0:
        return 0.0 if n > 0 else math.inf
    alpha = 1.0 - level
    rho = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / planned
    wide = 2 * (n * rho + 1) / (n * rho) * math.log(math.sqrt(n * rho + 1) / alpha)
    return math.sqrt(variance * wide)


def per_arm(base: float, other: float, *, power: float = 0.8, alpha: float = 0.05, sd: float | None = None) -> int:
    """Contacts per arm to see a share go from `base` to `other`, or a mean if its standard deviation is given.

    The textbook's formula for two equal arms, two-sided, variances not pooled (Fleiss, Levin & Paik 2003, ch. 4).

    >>> per_arm(0.04, 0.05), per_arm(0.20, 0.22)
    (6743, 6507)
    """
    if base == other:
        raise ValueError("no difference can be seen where there is none")
    z = NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(power)
    variance = base * (1 - base) + other * (1 - other) if sd is None else 2 * sd * sd
    return math.ceil(z * z * variance / (other - base) ** 2)


def inflation(looks: int, *, power: float = 0.8, alpha: float = 0.05, pocock_bounds: bool = False) -> float:
    """How many times more contacts a group-sequential design needs at most than one that looks once."""
    bounds = pocock(looks, alpha) if pocock_bounds else obrien_fleming(looks, alpha)
    once = NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(power)

    def missing(drift: float) -> float:
        return power - crossing(bounds, drift)[-1]

    low, high = once * 0.9, once * 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if missing(middle) > 0 else (low, middle)
    return (low / once) ** 2

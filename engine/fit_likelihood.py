"""Maximum likelihood: scipy finds the maximum, the curvature there gives the standard errors."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurque.rules.errors import BifurqueError

Reals = Any
"""An array of real numbers."""
SURE = 1.959963984540054
"""Standard errors to either side of a 95 % interval."""


def scipy(part: str) -> Any:
    """A part of scipy, loaded when it is first needed.

    Raises:
        BifurqueError: it is not installed.
    """
    try:
        return importlib.import_module(f"scipy.{part}")
    except ImportError:
        raise BifurqueError("calibrate needs scipy: pip install 'bifurque[calibrate]'") from None


@dataclass(frozen=True)
class Fit:
    """Where the likelihood is highest.

    Attributes:
        names: what is estimated.
        working: the estimates on the scale they were sought on: the logarithm for `positive` ones.
        covariance: of `working`; infinite where the likelihood is flat.
        positive: which are positive figures.
        loglik: the log-likelihood there.
        count: of how many cases.
        edge: estimates that ran to the edge of what was tried, and so are not told by the data.
    """

    names: tuple[str, ...]
    working: Reals
    covariance: Reals
    positive: Reals
    loglik: float
    count: int
    edge: tuple[str, ...] = ()

    @property
    def values(self) -> Reals:
        """The estimates."""
        return np.where(self.positive, np.exp(np.where(self.positive, self.working, 0.0)), self.working)

    @property
    def errors(self) -> Reals:
        """Their standard errors; for positive figures by the delta method."""
        spread = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return np.where(self.positive, self.values, 1.0) * spread

    def value(self, name: str) -> float:
        """One estimate."""
        return float(self.values[self.names.index(name)])

    def error(self, name: str) -> float:
        """Its standard error."""
        return float(self.errors[self.names.index(name)])

    def interval(self, name: str) -> tuple[float, float]:
        """Its 95 % interval; of a positive figure on the logarithmic scale."""
        i = self.names.index(name)
        half = SURE * float(np.sqrt(self.covariance[i, i]))
        low, high = self.working[i] - half, self.working[i] + half
        if self.positive[i]:
            low, high = np.exp(low), np.exp(min(high, 700.0))
        return float(low), float(high)


def maximise(
    names: tuple[str, ...],
    loglik: Callable[[Reals], float],
    start: Reals,
    *,
    count: int,
    bounds: tuple[float, float] = (-9.0, 9.0),
) -> Fit:
    """Maximise a log-likelihood over positive figures, sought on the logarithmic scale; slopes by differences."""
    optimize = scipy("optimize")
    low, high = bounds

    def loss(working: Reals) -> float:
        return -loglik(np.exp(working)) / count

    found = optimize.minimize(
        loss,
        np.clip(np.log(start), low + 0.5, high - 0.5),
        method="L-BFGS-B",
        jac="3-point",
        bounds=[bounds] * len(names),
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7},
    )
    at = np.asarray(found.x, float)
    edge = tuple(n for n, x in zip(names, at, strict=True) if not low + 1e-3 < x < high - 1e-3)
    information = count * _curvature(loss, at)
    return Fit(names, at, inverse(information), np.ones(len(at), bool), -count * float(found.fun), count, edge)


def with_slopes(
    names: tuple[str, ...],
    loss: Callable[[Reals], tuple[float, Reals]],
    start: Reals,
    *,
    count: int,
    bounds: list[tuple[float | None, float | None]] | None = None,
    positive: Reals | None = None,
    curvature: Callable[[Reals], Reals] | None = None,
    back: Reals | None = None,
    flat: float = 1e-6,
) -> Fit:
    """Maximise a likelihood given as the mean loss of a case with its slopes; positive figures as their logarithms.

    Args:
        names: what is estimated.
        loss: the mean loss of a case, and its slopes.
        start: where to begin.
        count: how many cases.
        bounds: of each estimate.
        positive: which are positive figures.
        curvature: second derivatives of `loss`; by differences of the slopes if nothing is said.
        flat: how small slopes are at the maximum.
        back: leads from what `loss` takes to what is estimated, where the former is easier to climb.
    """
    optimize = scipy("optimize")
    found = optimize.minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 1000, "ftol": flat * 1e-6, "gtol": flat, "maxcor": 20},
    )
    at = np.asarray(found.x, float)
    information = count * (_slopes_of_slopes(loss, at) if curvature is None else curvature(at))
    limits = bounds or [(None, None)] * len(at)
    edge = tuple(
        name
        for name, x, (low, high) in zip(names, at, limits, strict=True)
        if (low is not None and x < low + 1e-3) or (high is not None and x > high - 1e-3)
    )
    signs = np.zeros(len(at), bool) if positive is None else positive
    if back is not None:
        there = np.linalg.inv(back)
        at, information = back @ at, there.T @ information @ there
    free = np.array([name not in edge for name in names])
    covariance = np.diag(np.where(free, 0.0, np.inf))
    covariance[np.ix_(free, free)] = inverse(information[np.ix_(free, free)])
    return Fit(names, at, covariance, signs, -count * float(found.fun), count, edge)


def _curvature(loss: Callable[[Reals], float], at: Reals, step: float = 2e-3) -> Reals:
    """Second derivatives by central differences."""
    size = len(at)
    found = np.zeros((size, size))
    steps = step * np.eye(size)
    for i in range(size):
        for j in range(i + 1):
            a, b = steps[i], steps[j]
            slope = loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)
            found[i, j] = found[j, i] = slope / (4 * step * step)
    return found


def _slopes_of_slopes(loss: Callable[[Reals], tuple[float, Reals]], at: Reals, step: float = 1e-4) -> Reals:
    """Second derivatives from first ones, by central differences."""
    rows = []
    for i in range(len(at)):
        move = np.zeros(len(at))
        move[i] = step * max(1.0, abs(at[i]))
        rows.append((loss(at + move)[1] - loss(at - move)[1]) / (2 * move[i]))
    found = np.array(rows)
    return (found + found.T) / 2


def inverse(information: Reals) -> Reals:
    """The covariance an information gives: infinite in all directions it says nothing about."""
    if not np.isfinite(information).all():
        return np.diag(np.full(len(information), np.inf))
    strength, directions = np.linalg.eigh(information)
    known = strength > 1e-9 * max(float(strength.max()), 1e-300)
    if known.all():
        return (directions / strength) @ directions.T
    covariance = (directions[:, known] / strength[known]) @ directions[:, known].T
    lost = (np.abs(directions[:, ~known]) > 1e-3).any(axis=1)
    covariance[np.diag_indices(len(lost))] = np.where(lost, np.inf, np.diag(covariance))
    return covariance


def errors_of(move: Reals, covariance: Reals, edge: Reals | None = None) -> Reals:
    """Standard errors of linear combinations, one for each row; infinite where what is not told matters.

    Args:
        move: the combinations.
        covariance: of what is combined.
        edge: what ran to an edge, and counts as known there.
    """
    lost = ~np.isfinite(np.diag(covariance)) & (True if edge is None else ~edge)
    known = np.where(np.isfinite(covariance), covariance, 0.0)
    found = np.sqrt(np.maximum(np.diag(move @ known @ move.T), 0.0))
    return np.where((np.abs(move[:, lost]) > 1e-9).any(axis=1), np.inf, found)

"""The variants of a plan that a sweep tries: values by path, every combination; and what each did, as plain numbers."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bifurque.engine.intervals import student
from bifurque.engine.paired import Reals
from bifurque.engine.values import shown
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError

MOST_VARIANTS = 10_000
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?")


def values_of(text: str) -> tuple[str, tuple[str, ...]]:
    """A path and its values: `caps.0.max=1..5`, `…=0..10..2`, `journeys.cart.steps.0.wait=1h,3h,6h`.

    Raises:
        DataError: it says something else.

    >>> values_of("caps.0.max=1..3")
    ('caps.0.max', ('1', '2', '3'))
    """
    path, sign, said = text.partition("=")
    if not sign or not path.strip() or not said.strip():
        raise DataError(f"--vary {shown(text)}: write it as path=1..5, path=0..10..2 or path=a,b,c")
    found = _RANGE.fullmatch(said.strip())
    if not found:
        return path.strip(), tuple(part.strip() for part in _parts(said))
    low, high, step = float(found[1]), float(found[2]), float(found[3] or 1)
    if high < low or step <= 0 or (high - low) / step > MOST_VARIANTS:
        raise DataError(f"--vary {shown(text)}: expected a range such as 1..5 or 0..10..2")
    digits = max(len(part.partition(".")[2]) for part in (found[1], found[3] or "1"))
    count = math.floor((high - low) / step + 1e-9) + 1
    return path.strip(), tuple(f"{low + i * step:.{digits}f}" for i in range(count))


def _parts(text: str) -> list[str]:
    """A list at its commas, those inside brackets and braces left alone."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[{(") - (letter in "]})")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


@dataclass(frozen=True)
class Grid:
    """Every combination of the values.

    Attributes:
        paths: what varies.
        rows: the values of each variant, in the order of the paths.
    """

    paths: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, vary: Sequence[str]) -> Grid:
        """From what `--vary` says.

        Raises:
            DataError: nothing varies, or too much does.
        """
        said = [values_of(text) for text in vary]
        if not said:
            raise DataError("say what varies: --vary path=1..5")
        if len({path for path, _ in said}) < len(said):
            raise DataError("a path is varied twice: give it all its values at once")
        count = math.prod(len(values) for _, values in said)
        if count > MOST_VARIANTS:
            raise DataError(f"{count:,} variants: {MOST_VARIANTS:,} at most")
        return cls(tuple(p for p, _ in said), tuple(itertools.product(*(v for _, v in said))))

    def overrides(self, variant: int) -> tuple[str, ...]:
        """A variant as `--set` takes it."""
        return tuple(f"{p}={v}" for p, v in zip(self.paths, self.rows[variant], strict=True))


@dataclass
class Spread:
    """How contacts differ from themselves under the plan as it is: sums and sums of products of B − A, by column."""

    count: int
    total: Reals
    cross: Reals

    @classmethod
    def of(cls, differences: Words | Reals) -> Spread:
        """Of some contacts, one row each."""
        d = differences.astype(np.float64)
        return cls(len(d), d.sum(axis=0), d.T @ d)

    def __iadd__(self, other: Spread) -> Spread:
        self.count += other.count
        self.total = self.total + other.total
        self.cross = self.cross + other.cross
        return self

    def covariance(self, i: int, j: int) -> float:
        """Between contacts, of two columns."""
        if self.count < 2:
            return math.nan
        product = self.total[i] * self.total[j] / self.count
        return float(self.cross[i, j] - product) / (self.count - 1)

    def interval(self, i: int, level: float) -> tuple[float, float, float]:
        """The difference summed over these contacts, with its interval."""
        half = student(level, self.count - 1) * math.sqrt(max(self.covariance(i, i), 0.0) * self.count)
        return float(self.total[i]), float(self.total[i]) - half, float(self.total[i]) + half

    def price(self, i: int, j: int, level: float) -> tuple[float, float, float] | None:
        """How much column i gains for one more of column j, with its interval by the delta method.

        Nothing where it is not sure which way j goes.
        """
        _, low, high = self.interval(j, level)
        if self.count < 2 or low <= 0 <= high:
            return None
        ratio = float(self.total[i] / self.total[j])
        variance = self.covariance(i, i) - 2 * ratio * self.covariance(i, j) + ratio**2 * self.covariance(j, j)
        half = student(level, self.count - 1) * math.sqrt(max(variance, 0.0) * self.count) / abs(float(self.total[j]))
        return ratio, ratio - half, ratio + half

    def data(self) -> dict[str, Any]:
        """As plain numbers, to the bit."""
        return {"count": self.count, "total": self.total.tolist(), "cross": self.cross.tolist()}

    @classmethod
    def read(cls, data: dict[str, Any]) -> Spread:
        """From what `data` wrote."""
        return cls(data["count"], np.array(data["total"], np.float64), np.array(data["cross"], np.float64))


@dataclass
class Tried:
    """What a variant did to the contacts, or with the seeds, it has been tried on so far: the first `size` ones."""

    variant: int
    size: int = 0
    every: Spread | None = None
    groups: dict[tuple[str, str], Spread] = field(default_factory=dict)
    dropped_after: int | None = None
    scores: dict[str, float] = field(default_factory=dict)

    def score(self, size: int, column: int) -> None:
        """Keep how a column differs per contact, after so many."""
        assert self.every is not None
        self.scores[str(size)] = float(self.every.total[column]) / self.every.count

    def take(self, size: int, every: Spread, groups: dict[tuple[str, str], Spread]) -> None:
        """Add what it did to some more."""
        self.size += size
        if self.every is None:
            self.every = every
        else:
            self.every += every
        for name, spread in groups.items():
            if name in self.groups:
                self.groups[name] += spread
            else:
                self.groups[name] = spread

    def data(self) -> dict[str, Any]:
        """As plain data."""
        groups = [{"kind": k, "name": n, **s.data()} for (k, n), s in self.groups.items()]
        every = None if self.every is None else self.every.data()
        kept: dict[str, Any] = {"variant": self.variant, "size": self.size, "dropped_after": self.dropped_after}
        kept |= {"scores": self.scores}
        return kept | {"every": every, "groups": groups}

    @classmethod
    def read(cls, data: dict[str, Any]) -> Tried:
        """From what `data` wrote."""
        every = None if data["every"] is None else Spread.read(data["every"])
        groups = {(g["kind"], g["name"]): Spread.read(g) for g in data["groups"]}
        return cls(data["variant"], data["size"], every, groups, data["dropped_after"], data["scores"])


def front(points: Reals) -> Any:
    """Which rows no other row beats: as small as it in every column, and smaller in one."""
    best = np.ones(len(points), bool)
    for i, point in enumerate(points):
        beaten = (points <= point).all(axis=1) & (points < point).any(axis=1)
        best[i] = not beaten.any()
    return best

"""How sure a difference is when lives depend on each other: the same comparison again with other seeds.

Where what one contact gets another does not, or one tells another, they are no independent sample, and an interval over
contacts would be too narrow, or too wide. Whole replications are independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bifurque.engine.check_sharing import depends
from bifurque.engine.intervals import mean_interval, sign_probability, student_probability
from bifurque.engine.paired import Moments, Progress, Reals
from bifurque.engine.setting import Setting

SEEDS, MANY = 5, 1000
"""How often plans are lived in which one life depends on another, unless one says how often; from so many values on
Student's variable is the normal one."""


def how_often(asked: int | None, settings: Sequence[Setting]) -> int:
    """How many replications intervals come from; 0: from contacts, for no life depends on another."""
    return asked or (SEEDS if any(depends(s.plan) for s in settings) else 0)


def reseeded(setting: Setting, number: int) -> Setting:
    """The setting of a replication; number 0 is the setting itself."""
    return setting if number == 0 else replace(setting.reseeded(setting.seed + number), notes=[])


def of_several(progress: Progress | None, count: int) -> Callable[[int], Progress | None]:
    """For each of several replications, what is to be called as it goes on."""

    def step(number: int) -> Progress | None:
        if progress is None:
            return None
        return lambda done, every, days: progress(number * every + done, count * every, days)

    return step


def difference(a: Sequence[float], b: Sequence[float], level: float) -> dict[str, Any]:
    """Means of A, of B and of B − A over replications, with the interval of the latter; from one alone, no interval."""
    differences = [y - x for x, y in zip(a, b, strict=True)]
    mean, half, deviation = mean_interval(differences, level)
    found: dict[str, Any] = {"a": float(np.mean(a)), "b": float(np.mean(b)), "difference": mean}
    found |= dict.fromkeys(("low", "high", "sign_probability", "variance_ratio"))
    if len(differences) < 2:
        return found
    variance = float(np.var(a, ddof=1) + np.var(b, ddof=1))
    ratio = variance / deviation**2 if deviation > 0 else None
    sign = sign_of(differences)
    return found | {"low": mean - half, "high": mean + half, "sign_probability": sign, "variance_ratio": ratio}


def sign_of(differences: Sequence[float] | Reals) -> float | None:
    """How likely the true mean of some differences is above zero, before any other knowledge; None if all are zero."""
    d, n = np.asarray(differences, np.float64), len(differences)
    if n < 2:
        return None
    mean, error = float(d.mean()), float(d.std(ddof=1)) / n**0.5
    if error == 0 or n > MANY:
        return sign_probability(mean, error)
    return student_probability(mean / error, n - 1)


def row_by_seed(moments: Sequence[Moments], at: int, level: float) -> dict[str, Any]:
    """One figure of some contacts in every replication; how many contacts differ is said of the first."""
    found = difference([float(m.a[at]) for m in moments], [float(m.b[at]) for m in moments], level)
    return found | {"contacts_differing": int(moments[0].differ[at])}

"""What messages cause, and what would have happened anyway: told only by people who, by lot, received none or others.

Without a holdout or randomised arms nothing here is computed: those who receive a message differ from those who do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path as File

import numpy as np

from bifurque.engine.fit_likelihood import SURE, Reals, scipy
from bifurque.engine.fit_log import SENT, Assignments, Log
from bifurque.engine.fit_sendings import Flags
from bifurque.engine.run import write_json
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, RunError
from bifurque.rules.layout import MISSING

CONTROLS = ("holdout", "control", "none", "no e-mail", "no email", "temoin", "témoin")
LEAST = 30
"""Contacts an arm needs."""
UNLIKELY = 0.001
"""Arms that differed this surely before they were told apart were not drawn by lot."""


@dataclass(frozen=True)
class Mean:
    """The mean of something over contacts: how many, its value, how much contacts differ."""

    count: int
    value: float
    spread: float

    @property
    def error(self) -> float:
        """Its standard error."""
        return self.spread / math.sqrt(self.count)

    def interval(self) -> tuple[float, float]:
        """Its 95 % interval."""
        return self.value - SURE * self.error, self.value + SURE * self.error

    def predicted(self, count: int) -> tuple[float, float]:
        """Where the mean of so many other contacts of the same kind will be, 19 times out of 20."""
        half = SURE * self.spread * math.sqrt(1 / self.count + 1 / count)
        return self.value - half, self.value + half


@dataclass(frozen=True)
class Effect:
    """The difference of an arm to the base: value and standard error; and as a share of the base."""

    value: float
    error: float
    relative: tuple[float, float] | None

    def interval(self) -> tuple[float, float]:
        """Its 95 % interval."""
        return self.value - SURE * self.error, self.value + SURE * self.error


@dataclass(frozen=True)
class Lift:
    """Arms compared.

    Attributes:
        name: the journey; empty for the log's own arms, `*` for the global holdout.
        base: the arm that the others are compared with: natural conversion.
        arms: by outcome and arm, the mean over contacts.
        effects: by outcome and arm, the difference to the base: caused.
        before: how surely the arms differed in purchases before they were told apart: a p-value; None if unknown.
        sends: messages sent per contact, by arm.
    """

    name: str
    base: str
    arms: dict[str, dict[str, Mean]]
    effects: dict[str, dict[str, Effect]]
    before: float | None
    sends: dict[str, float]

    @property
    def control(self) -> bool:
        """Whether the base received nothing, so that what it did is what happens anyway."""
        return _is_control(self.base)

    @property
    def random(self) -> bool:
        """Whether the arms look drawn by lot."""
        return self.before is None or self.before > UNLIKELY


def lifts(log: Log, visit: str, purchase: str) -> list[Lift]:
    """Every comparison the log's arms allow; none where it has no arms."""
    return [found for a in log.assignments if (found := _lift(log, a, visit, purchase)) is not None]


def _lift(log: Log, a: Assignments, visit: str, purchase: str) -> Lift | None:
    watched = a.time + a.within <= log.end
    keep = watched & (np.bincount(a.arm[watched], minlength=len(a.arms)) >= LEAST)[a.arm]
    if len(np.unique(a.arm[keep])) < 2:
        return None
    outcomes = _outcomes(log, a, visit, purchase)
    sent = counts(log, a, SENT)[keep]
    arm = a.arm[keep]
    names = [n for i, n in enumerate(a.arms) if (arm == i).any()]
    sends = {n: float(sent[arm == a.arms.index(n)].mean()) for n in names}
    base = _base(names, sends)
    found = {o: compare(v[keep], arm, a.arms, base) for o, v in outcomes.items() if v[keep].any()}
    if not found:
        return None
    return Lift(
        name=a.name,
        base=base,
        arms={o: means for o, (means, _) in found.items()},
        effects={o: effects for o, (_, effects) in found.items()},
        before=_before(log, a, keep, purchase),
        sends=sends,
    )


def _base(names: list[str], sends: dict[str, float]) -> str:
    """The arm that natural conversion is read from: the control, or else the one that is sent least."""
    for name in names:
        if _is_control(name):
            return name
    return min(names, key=lambda n: sends[n])


def _is_control(arm: str) -> bool:
    return arm.split("=")[-1].casefold() in CONTROLS


def _outcomes(log: Log, a: Assignments, visit: str, purchase: str) -> dict[str, Reals]:
    """By outcome, a figure for each contact put into an arm."""
    bought = counts(log, a, purchase)
    found = {"visits": (counts(log, a, visit) > 0).astype(float), "conversions": (bought > 0).astype(float)}
    if a.goal and a.goal != purchase:
        found["goals"] = (counts(log, a, a.goal) > 0).astype(float)
    spent = np.where(log.value == MISSING, 0, log.value) / 100
    return found | {"purchases": bought, "spend": counts(log, a, purchase, spent)}


def counts(log: Log, a: Assignments, kind: str, weight: Reals | None = None) -> Reals:
    """How often an event happened to each contact once it was in its arm, within the time that counts."""
    since, place = _places(log, a)
    rows = log.of(kind)
    later = log.time[rows] - since[log.contact[rows]]
    keep = rows[(place[log.contact[rows]] >= 0) & (later >= 0) & (later <= (a.within or 1 << 40))]
    weights = None if weight is None else weight[keep]
    return np.bincount(place[log.contact[keep]], weights=weights, minlength=len(a.contact)).astype(float)


def _places(log: Log, a: Assignments) -> tuple[Words, Words]:
    since, place = np.zeros(log.count, np.int64), np.full(log.count, -1, np.int64)
    since[a.contact], place[a.contact] = a.time, np.arange(len(a.contact))
    return since, place


def _before(log: Log, a: Assignments, keep: Flags, purchase: str) -> float | None:
    """How likely so large a difference in earlier purchases is when arms are drawn by lot: Kruskal and Wallis."""
    since, place = _places(log, a)
    rows = log.of(purchase)
    early = rows[(place[log.contact[rows]] >= 0) & (log.time[rows] < since[log.contact[rows]])]
    count = np.bincount(place[log.contact[early]], minlength=len(a.contact))[keep]
    arm = a.arm[keep]
    if len(early) < LEAST or np.ptp(count) == 0:
        return None
    groups = [count[arm == i] for i in np.unique(arm)]
    return float(scipy("stats").kruskal(*groups).pvalue)


def compare(value: Reals, arm: Words, arms: tuple[str, ...], base: str) -> tuple[dict[str, Mean], dict[str, Effect]]:
    """Means by arm, and the differences to the base arm; contacts of different arms vary differently."""
    means = {}
    for i, name in enumerate(arms):
        mine = value[arm == i]
        if len(mine) > 1:
            means[name] = Mean(len(mine), float(mine.mean()), float(mine.std(ddof=1)))
    effects = {}
    zero = means[base]
    for name, mean in means.items():
        if name == base:
            continue
        change = mean.value - zero.value
        error = math.hypot(mean.error, zero.error)
        relative = None
        if zero.value > 0 and mean.value > 0:
            share = mean.value / zero.value
            relative = (share - 1, share * math.hypot(mean.error / mean.value, zero.error / zero.value))
        effects[name] = Effect(change, error, relative)
    return means, effects


def predictions(lift: Lift, sizes: dict[str, int] | None = None) -> dict[str, dict[str, dict[str, float]]]:
    """What other contacts drawn from the same people would do, by arm and outcome: means with 95 % intervals.

    Args:
        lift: the arms, compared.
        sizes: how many contacts each arm of the others has; as many as here if nothing is said.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for outcome, means in lift.arms.items():
        for arm, mean in means.items():
            others = (sizes or {}).get(arm, mean.count)
            low, high = mean.predicted(others)
            low = max(low, 0.0)
            entry = {"contacts": others, "mean": mean.value, "low": low, "high": high}
            found.setdefault(arm, {})[outcome] = entry | {"total": mean.value * others}
    return found


def write_predictions(file: str | File, lifts: list[Lift], sizes: dict[str, int] | None = None) -> None:
    """Write the effects of arms with their intervals, and `predictions`, as JSON.

    Raises:
        DataError: there are no arms.
        RunError: the file cannot be written.
    """
    if not lifts:
        raise DataError(f"{file}: nothing to predict by arm: the log has no arms drawn by lot")
    data = [
        {
            "name": lift.name,
            "base": lift.base,
            "effects": {
                outcome: {
                    arm: {"effect": e.value, "low": e.interval()[0], "high": e.interval()[1]} for arm, e in by.items()
                }
                for outcome, by in lift.effects.items()
            },
            "predictions": predictions(lift, sizes),
        }
        for lift in lifts
    ]
    try:
        write_json(File(file), data)
    except OSError as error:
        raise RunError(f"{file}: cannot be written: {error.strerror or error}") from None

"""Experiments before they are launched: every contact lives every arm, so effects and power are known beforehand."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.engine.check_sharing import depends
from bifurque.engine.experiment import figure_key, lived
from bifurque.engine.figures import Key, figures, unit
from bifurque.engine.intervals import NORMAL, student, wilson
from bifurque.engine.paired import Reals
from bifurque.engine.seeds import how_often, reseeded, sign_of
from bifurque.engine.sequential import per_arm
from bifurque.engine.setting import Setting, prepare
from bifurque.engine.together import live_together
from bifurque.rules.errors import DataError, did_you_mean

LEVEL, TRIALS = 0.95, 400


def arm_alone(setting: Setting, experiment: str, arm: str) -> str:
    """The override that puts everybody in one arm.

    Raises:
        DataError: there is no such experiment or arm.
    """
    known = setting.plan.experiments
    if experiment not in known:
        raise DataError(f"no experiment is called `{experiment}`" + did_you_mean(experiment, known))
    if arm not in known[experiment].arms:
        raise DataError(f"{experiment}: no arm is called `{arm}`" + did_you_mean(arm, known[experiment].arms))
    shares = ", ".join(f"{a}: {'100%' if a == arm else '0%'}" for a in known[experiment].arms)
    return f"experiments.{experiment}={{arms: {{{shares}}}, enabled: true}}"


def tried(setting: Setting, keys: Sequence[Key], workers: int | None, seeds: int) -> tuple[Reals, Reals]:
    """Figures of each contact; and of what intervals come from: of these, or (means) of as many replications."""
    rows: Reals = lived(setting, keys, workers)[0].astype(np.float64)
    if not seeds:
        return rows, rows
    counted, threads = figures(setting.program, {k.group for k in keys}), workers or os.cpu_count() or 1
    later = [live_together(reseeded(setting, i), threads).figures(setting, counted, keys) for i in range(1, seeds)]
    means = [rows.mean(axis=0), *(sums / setting.people.count for sums in later)]
    return rows, np.array(means)


def _interval(d: Reals) -> tuple[float, float, float]:
    """The mean of some differences, with its interval."""
    mean, n = float(d.mean()), len(d)
    half = student(LEVEL, n - 1) * float(d.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    return mean, mean - half, mean + half


@dataclass(frozen=True)
class Power:
    """How likely an experiment of this plan is to see its effect.

    Attributes:
        base: mean of the figure per contact with everybody in the first arm.
        effect: how the second arm differs, contact by contact, with its interval.
        textbook: contacts per arm by the formula, from the means and the standard deviation of the figure.
        needed: contacts in both arms together, by drawing experiments until the power is reached.
        rows: power by number of contacts, with its own interval.
        replications: where the interval of the effect comes from, from which seed on; 0: from contacts.
        shared: whether one life depends on another: the experiments drawn leave each arm everything to itself.
    """

    experiment: str
    figure: str
    arms: tuple[str, str]
    contacts: int
    base: float
    effect: tuple[float, float, float]
    textbook: int | None
    needed: int | None
    rows: list[dict[str, float]]
    replications: int = 0
    seed: int = 1
    shared: bool = False


def power(
    plan: str | File,
    experiment: str,
    figure: str,
    *,
    overrides: Sequence[str] = (),
    target: float = 0.8,
    alpha: float = 0.05,
    workers: int | None = None,
    replications: int | None = None,
    **asked: Any,
) -> Power:
    """The power of an experiment of a plan, by simulation of this plan: overlap, caps and drop-out included.

    All contacts live both arms with the same luck. Then experiments are drawn from them: so many contacts, an arm by
    lot, and the test.

    Args:
        plan: a plan file, or the text of a plan.
        experiment: one of its experiments; its first two arms.
        figure: what is looked at; see `bifurque.engine.experiment.figure_key`.
        overrides: `path.to.value=X`.
        target: the power wanted.
        alpha: of the two-sided test.
        workers: how many threads.
        replications: how many seeds the interval of the effect comes from; by default 5 where one life depends on
            another.
        **asked: as `prepare` takes them.
    """
    setting = prepare(plan, overrides=overrides, **asked)
    known = setting.plan.experiments
    names = tuple(known[experiment].arms)[:2] if experiment in known else ("", "")
    sides = [prepare(plan, overrides=[*overrides, arm_alone(setting, experiment, arm)], **asked) for arm in names]
    key = figure_key(sides[0], figure)
    often = how_often(replications, sides)
    found = [tried(s, [key], workers, often) for s in sides]
    y, units = (np.column_stack([side[i][:, 0] / unit(key.figure) for side in found]) for i in (0, 1))
    n = len(y)
    told = _interval(units[:, 1] - units[:, 0])
    rows = [drawn_power(y, size, alpha) for size in _sizes(n)]
    textbook = None
    if told[0] != 0:
        pooled = math.sqrt(float(y.var(axis=0, ddof=1).mean()))
        textbook = per_arm(float(y[:, 0].mean()), float(y[:, 1].mean()), power=target, alpha=alpha, sd=pooled)
    needed = _needed(y, target, alpha) if told[0] else None
    base = float(units[:, 0].mean())
    return Power(experiment, figure, (names[0], names[1]), n, base, told, textbook, needed, rows, often, *_seed(sides))


def _seed(settings: Sequence[Setting]) -> tuple[int, bool]:
    """The seed, and whether one life depends on another."""
    return settings[0].seed, any(depends(s.plan) for s in settings)


def _sizes(n: int) -> list[int]:
    return [size for size in (n // 64, n // 16, n // 4, n, 4 * n) if size >= 20]


def drawn_power(y: Reals, size: int, alpha: float = 0.05) -> dict[str, float]:
    """How often an experiment of so many contacts, drawn from these, sees the difference."""
    rng = np.random.default_rng(size)
    seen = 0
    z = NORMAL.inv_cdf(1 - alpha / 2)
    for _ in range(TRIALS):
        who = rng.integers(0, len(y), size)
        arm = rng.random(size) < 0.5
        a, b = y[who[~arm], 0], y[who[arm], 1]
        if min(len(a), len(b)) < 2:
            continue
        error = math.sqrt(float(a.var(ddof=1)) / len(a) + float(b.var(ddof=1)) / len(b))
        seen += abs(float(b.mean() - a.mean())) > z * error if error else float(b.mean()) != float(a.mean())
    low, high = wilson(seen, TRIALS)
    return {"contacts": size, "power": seen / TRIALS, "low": low, "high": high}


def _needed(y: Reals, target: float, alpha: float) -> int | None:
    """The number of contacts in both arms together that gives the power wanted, by bisection over drawn experiments."""
    low, high = 20, 20
    while drawn_power(y, high, alpha)["power"] < target:
        low, high = high, high * 2
        if high > 50 * len(y):
            return None
    for _ in range(4):
        middle = (low + high) // 2
        low, high = (low, middle) if drawn_power(y, middle, alpha)["power"] >= target else (middle, high)
    return high


@dataclass(frozen=True)
class Factorial:
    """A design of factors with two levels each.

    Attributes:
        factors: their names.
        levels: low and high of each.
        runs: −1 and +1 by run and factor.
        effects: by name (`a`, `a × b`): the difference between high and low, with its interval, and what it is mixed
            with in a fraction.
        means: of the figure, by run.
        replications: where the intervals come from, from which seed on; 0: from contacts.
        shared: whether one life depends on another.
    """

    factors: tuple[str, ...]
    levels: tuple[tuple[str, str], ...]
    runs: Any
    effects: list[dict[str, Any]]
    means: list[float]
    replications: int = 0
    seed: int = 1
    shared: bool = False


def design(count: int, *, half: bool = False) -> Any:
    """The runs of a 2^k factorial; in the half fraction the last factor is the product of the others.

    >>> design(2).tolist()
    [[-1, -1], [1, -1], [-1, 1], [1, 1]]
    """
    free = count - 1 if half else count
    runs = np.array([row[::-1] for row in itertools.product((-1, 1), repeat=free)], np.int64)
    return np.column_stack([runs, runs.prod(axis=1)]) if half else runs


def aliases(count: int, term: tuple[int, ...], *, half: bool) -> tuple[int, ...] | None:
    """What an effect is mixed with in the half fraction: its product with that of all factors."""
    return tuple(i for i in range(count) if i not in term) if half else None


def factorial(
    plan: str | File,
    experiments: Sequence[str],
    figure: str,
    *,
    half: bool = False,
    overrides: Sequence[str] = (),
    workers: int | None = None,
    replications: int | None = None,
    **asked: Any,
) -> Factorial:
    """The effects of some experiments of a plan and of their interactions: the same contacts live every run.

    Raises:
        DataError: an experiment does not exist, or has not two arms; fewer than two factors, or three for a half.
    """
    setting = prepare(plan, overrides=overrides, **asked)
    known = setting.plan.experiments
    if len(experiments) < (3 if half else 2) or len(experiments) > 7:
        raise DataError(f"expected {'3' if half else '2'} to 7 factors, got {len(experiments)}")
    for name in experiments:
        if name in known and len(known[name].arms) != 2:
            raise DataError(f"{name}: has {len(known[name].arms)} arms: a factor has two")
        arm_alone(setting, name, next(iter(known[name].arms)) if name in known else "")
    levels = tuple((a, b) for a, b in (tuple(known[name].arms) for name in experiments))
    runs = design(len(experiments), half=half)
    columns, often = [], how_often(replications, [setting])
    for run in runs:
        chosen = [arm_alone(setting, e, lv[int(x > 0)]) for e, lv, x in zip(experiments, levels, run, strict=True)]
        side = prepare(plan, overrides=[*overrides, *chosen], **asked)
        key: Key = figure_key(side, figure)
        columns.append(tried(side, [key], workers, often)[1][:, 0] / unit(key.figure))
    y = np.column_stack(columns)
    found, means = effects(experiments, runs, y, half=half), y.mean(axis=0).tolist()
    return Factorial(tuple(experiments), levels, runs, found, means, often, *_seed([setting]))


def effects(names: Sequence[str], runs: Any, y: Reals, *, half: bool) -> list[dict[str, Any]]:
    """Contrasts, contact by contact or seed by seed: means of the runs at high less means of those at low."""
    found = []
    count = len(names)
    terms = [t for size in (1, 2) for t in itertools.combinations(range(count), size)]
    seen: set[tuple[int, ...]] = set()
    for term in terms:
        mixed = aliases(count, term, half=half)
        if mixed in seen:
            continue
        seen.add(term)
        signs = runs[:, term].prod(axis=1)
        d = y @ signs * 2 / len(runs)
        mean, low, high = _interval(d)
        found.append(
            {
                "effect": " × ".join(names[i] for i in term),
                "mixed_with": None if mixed is None else " × ".join(names[i] for i in mixed),
                "difference": mean,
                "low": low,
                "high": high,
                "sign_probability": sign_of(d),
            }
        )
    return found


def lift(
    plan: str | File,
    *,
    journeys: Sequence[str] = (),
    overrides: Sequence[str] = (),
    workers: int | None = None,
    replications: int | None = None,
    **asked: Any,
) -> list[dict[str, Any]]:
    """What each journey brings, and the whole plan: against the same contacts held out of it.

    Beside it, what a holdout of that size (the plan's, or 10 %) would tell of these contacts: a far wider interval.
    """
    setting = prepare(plan, overrides=overrides, **asked)
    every = [j for j in setting.plan.journeys if setting.plan.journeys[j].enabled and _sends(setting, j)]
    for name in journeys:
        if name not in every:
            raise DataError(f"no journey that sends anything is called `{name}`" + did_you_mean(name, every))
    nobody_out = ["holdout=0%", *(f"journeys.{j}.holdout=0%" for j in setting.plan.journeys)]
    keys = [Key("total", "", f) for f in ("purchases", "revenue", "net", "unsubscribed", "sent")]
    often = how_often(replications, [setting])
    base = tried(prepare(plan, overrides=[*overrides, *nobody_out], **asked), keys, workers, often)
    rows = []
    for name in [*(journeys or every), ""]:
        out = f"journeys.{name}.holdout=100%" if name else "holdout=100%"
        without = tried(prepare(plan, overrides=[*overrides, *nobody_out, out], **asked), keys, workers, often)
        share = setting.plan.journeys[name].holdout if name else setting.plan.holdout
        for i, key in enumerate(keys):
            sides = [(contacts[:, i], units[:, i]) for contacts, units in (base, without)]
            row = {"journey": name, "figure": key.figure, "replications": often}
            row |= {"seed": setting.seed, "shared": depends(setting.plan)}
            rows.append(row | _lift(sides[0], sides[1], share or 0.1, unit(key.figure)))
    return rows


def _sends(setting: Setting, journey: str) -> bool:
    return any(setting.program.names.journeys[s.journey] == journey for s in setting.program.sends)


def _lift(
    treated: tuple[Reals, Reals], without: tuple[Reals, Reals], share: float, per: int
) -> dict[str, float | None]:
    """The difference over all contacts; each side by contact, and by what intervals come from."""
    n = len(treated[0])
    d = (treated[1] - without[1]) * n / per
    apart = (float(treated[0].var(ddof=1)) / (1 - share) + float(without[0].var(ddof=1)) / share) / per**2
    mean, low, high = _interval(d)
    return {
        "treated": float(treated[1].mean()) * n / per,
        "held_out": float(without[1].mean()) * n / per,
        "lift": mean,
        "low": low,
        "high": high,
        "sign_probability": sign_of(d),
        "holdout": share,
        "half_width_of_a_holdout": NORMAL.inv_cdf(0.5 + LEVEL / 2) * math.sqrt(apart * n),
    }

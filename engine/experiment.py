"""Experiments: what arms did, how sure that is, whether they are balanced; from a run or a table of contacts."""

from __future__ import annotations

import math
import os
import queue
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.engine.check_sharing import depends
from bifurque.engine.columns import column, read_table, real_numbers, texts
from bifurque.engine.figures import GROUPS, Key, figures, unit
from bifurque.engine.intervals import chi_square_tail, sign_probability, student
from bifurque.engine.noted import Noting, groups, stretch_size
from bifurque.engine.paired import Reals, in_order
from bifurque.engine.sequential import always_valid
from bifurque.engine.setting import Setting
from bifurque.engine.together import together
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, did_you_mean

LEVEL = 0.95
SUSPECT = 0.001
"""Below this probability of so uneven arms, their assignment is not what was asked for (sample ratio mismatch)."""


@dataclass
class Outcomes:
    """What contacts in the arms of an experiment did.

    Attributes:
        arms: their names, the base first.
        shares: of the contacts that each was to get.
        arm: the arm of each contact, by position.
        values: a figure of each contact.
        strata: what each contact is, by attribute.
        met: whether it entered the journey at all.
        shared: whether one life depends on another, so that one arm takes what the other does not get.
    """

    arms: tuple[str, ...]
    shares: tuple[float, ...]
    arm: Words
    values: Reals
    strata: dict[str, Any] = field(default_factory=dict)
    met: Any = None
    shared: bool = False


def figure_key(setting: Setting, text: str) -> Key:
    """A figure as people write it: `revenue` of the total, `cart/converted` of a journey, `event/complaint`.

    Raises:
        DataError: there is none of this name.
    """
    name, sign, figure = text.rpartition("/")
    known = figures(setting.program, GROUPS)
    key = Key("event", figure, "count") if name == "event" else Key("journey" if sign else "total", name, figure)
    if key not in known:
        words = [f"{k.name}/{k.figure}".lstrip("/") for k in known if k.group in ("total", "journey")]
        raise DataError(f"figure: there is none called `{text}`" + did_you_mean(text, words))
    return key


def lived(setting: Setting, keys: Sequence[Key], workers: int | None = None) -> tuple[Words, list[Any]]:
    """What each contact adds to some figures, a row each; and the notes of each stretch.

    Contacts that share something live all together first.
    """
    counted = figures(setting.program, {k.group for k in keys})
    count = setting.people.count
    size = stretch_size(8 * (len(keys) + 8), count)
    workers = workers or os.cpu_count() or 1
    told = together(setting, workers)
    lanes: queue.SimpleQueue[Noting] = queue.SimpleQueue()
    for _ in range(workers):
        lanes.put(Noting(setting, keys, counted, rows=size, digest=False, together=told))

    def work(first: int) -> Any:
        lane = lanes.get()
        notes = lane.live(first, min(first + size, count))
        lanes.put(lane)
        return notes

    parts = list(in_order(work, range(0, count, size), workers))
    return np.concatenate([p.figures for p in parts]), parts


def of_run(setting: Setting, experiment: str, figure: str, *, by: str | None = None) -> Outcomes:
    """Outcomes by arm of a run: of an experiment of the plan, `holdout`, or the holdout of a journey.

    Args:
        setting: what is run.
        experiment: its name; `holdout`, or `holdout:<journey>`.
        figure: which figure; see `figure_key`.
        by: an attribute, `persona`, `zone`, `stage` or `segment.<name>` to stratify by.

    Raises:
        DataError: there is no such experiment, figure or attribute.
    """
    key = figure_key(setting, figure)
    values, parts = lived(setting, [key])
    arms, shares, read = _arms(setting, experiment)
    codes = np.concatenate([p.reads[read] for p in parts])
    arm = np.minimum(codes, 1) if experiment.startswith("holdout:") else codes
    if experiment.startswith("holdout"):
        arm = (codes == 1).astype(np.int64)
    strata = {by: np.concatenate([_stratum(setting, p, by) for p in parts])} if by else {}
    return Outcomes(arms, shares, arm, values[:, 0] / unit(key.figure), strata, shared=depends(setting.plan))


def _arms(setting: Setting, experiment: str) -> tuple[tuple[str, ...], tuple[float, ...], str]:
    plan = setting.plan
    kind, _, journey = experiment.partition(":")
    if kind == "holdout" and (not journey or journey in plan.journeys):
        share = plan.journeys[journey].holdout if journey else plan.holdout
        if share <= 0:
            raise DataError(f"{experiment}: the plan holds nobody out there")
        return ("treated", "holdout"), (1 - share, share), f"arm:{journey}" if journey else "held_out"
    if experiment not in plan.experiments:
        raise DataError(f"no experiment is called `{experiment}`" + did_you_mean(experiment, plan.experiments))
    found = plan.experiments[experiment]
    if not found.enabled:
        raise DataError(f"{experiment}: is switched off: --set experiments.{experiment}.enabled=true")
    return tuple(found.arms), tuple(found.arms.values()), f"experiment:{experiment}"


def _stratum(setting: Setting, notes: Any, by: str) -> Any:
    """The stratum of each contact, as a text."""
    names = groups(setting, notes)
    found = np.full(len(notes.people), "", dtype=object)
    kind, _, name = by.partition(".")
    if kind == "segment" and ("segment", name) in names:
        return np.where(names["segment", name], name, f"not {name}").astype(object)
    of_kind = {n: inside for (k, n), inside in names.items() if k == by}
    if of_kind:
        for word, inside in of_kind.items():
            found[inside] = word
        return found
    if by not in setting.program.names.attributes:
        words = [*setting.program.names.attributes, "persona", "zone", "stage"]
        raise DataError(f"no attribute is called `{by}`" + did_you_mean(by, words))
    words_of = notes.people[:, _column(setting, by)]
    if setting.program.names.attributes[by] == "string":
        return np.array([x or "" for x in setting.texts.decode(words_of).to_pylist()], dtype=object)
    return words_of.astype(str).astype(object)


def _column(setting: Setting, name: str) -> int:
    from bifurque.actors.layout import P_FIRST

    return P_FIRST + tuple(setting.program.columns).index(name)


def of_file(file: str | File, *, arm: str = "arm", value: str = "value", by: str | None = None) -> Outcomes:
    """Outcomes from a Parquet or CSV file, one row per contact: its arm, its value, and perhaps a stratum.

    Raises:
        DataError: it cannot be used.
    """
    table = read_table(file, ("parquet", "csv"))
    words = np.array(texts(column(table, arm, file), file, arm).to_pylist(), dtype=object)
    values = real_numbers(column(table, value, file), file, value).view(np.float64)
    if np.isnan(values).any():
        raise DataError(f"{file}: row {int(np.argmax(np.isnan(values))) + 1}: column `{value}` holds nothing")
    names = tuple(dict.fromkeys(words.tolist()))
    if len(names) < 2:
        raise DataError(f"{file}: column `{arm}` has one arm only")
    codes = np.array([names.index(w) for w in words], np.int64)
    strata = {by: np.array(texts(column(table, by, file), file, by).to_pylist(), dtype=object)} if by else {}
    return Outcomes(names, tuple(1 / len(names) for _ in names), codes, values, strata)


@dataclass(frozen=True)
class Readout:
    """What an experiment says.

    Attributes:
        arms: contacts, mean and standard deviation by arm.
        differences: of each arm from the base, with a plain interval and one that is valid at any time.
        balance: the probability of arms so uneven, if contacts were assigned as asked for.
        strata: the same differences by stratum, and over all strata weighed by size.
        shared: whether one arm takes what the other does not get.
    """

    arms: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    balance: float
    strata: list[dict[str, Any]]
    shared: bool = False

    @property
    def suspect(self) -> bool:
        """Whether the arms are so uneven that nothing should be read from them."""
        return self.balance < SUSPECT


def readout(found: Outcomes, *, planned: int | None = None, level: float = LEVEL) -> Readout:
    """Read an experiment, at any time and as often as one likes.

    Args:
        found: what contacts in its arms did.
        planned: at how many contacts the interval for any time is to be narrowest; by default now.
        level: of the intervals.
    """
    n = len(found.values)
    arms = [
        {"arm": name, "share": share, **_described(found.values[found.arm == i])}
        for i, (name, share) in enumerate(zip(found.arms, found.shares, strict=True))
    ]
    differences = [_difference(arms[0], other, planned or n, level) for other in arms[1:]]
    strata: list[dict[str, Any]] = []
    for by, words in found.strata.items():
        strata += _stratified(found, by, words, planned or n, level)
    return Readout(arms, differences, balance([a["contacts"] for a in arms], found.shares), strata, found.shared)


def balance(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The probability of counts so far from the shares that were asked for: a chi-square test."""
    total = sum(counts)
    expected = [total * s / sum(shares) for s in shares]
    if min(expected) <= 0:
        return 0.0 if any(c for c, e in zip(counts, expected, strict=True) if e <= 0) else 1.0
    statistic = sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))
    return chi_square_tail(statistic, len(counts) - 1)


def _described(values: Reals) -> dict[str, Any]:
    n = len(values)
    return {
        "contacts": n,
        "mean": float(values.mean()) if n else math.nan,
        "sd": float(values.std(ddof=1)) if n > 1 else math.nan,
    }


def _difference(base: Mapping[str, Any], other: Mapping[str, Any], planned: int, level: float) -> dict[str, Any]:
    """Of two means: Welch's interval, and the one for any time."""
    parts = [x["sd"] ** 2 / x["contacts"] if x["contacts"] > 1 else math.inf for x in (base, other)]
    variance, n = sum(parts), base["contacts"] + other["contacts"]
    found = {"arm": other["arm"], "base": base["arm"], "difference": other["mean"] - base["mean"]}
    if not 0 < variance < math.inf:
        wide = 0.0 if variance == 0 else math.inf
        return found | _around(found["difference"], wide, wide, math.sqrt(variance))
    freedom = variance**2 / sum(p**2 / (x["contacts"] - 1) for p, x in zip(parts, (base, other), strict=True))
    half = student(level, freedom) * math.sqrt(variance)
    return found | _around(found["difference"], half, always_valid(variance, n, planned, level), math.sqrt(variance))


def _around(difference: float, half: float, any_time: float, error: float) -> dict[str, Any]:
    return {
        "low": difference - half,
        "high": difference + half,
        "any_time_low": difference - any_time,
        "any_time_high": difference + any_time,
        "sign_probability": sign_probability(difference, error),
        "error": error,
    }


def _stratified(found: Outcomes, by: str, words: Any, planned: int, level: float) -> list[dict[str, Any]]:
    """Differences by stratum; then over all, each stratum weighed by its contacts."""
    rows: list[dict[str, Any]] = []
    for i, name in enumerate(found.arms[1:], 1):
        parts = []
        for word in sorted(set(words.tolist())):
            inside = words == word
            base, other = (
                {"arm": found.arms[k], **_described(found.values[inside & (found.arm == k)])} for k in (0, i)
            )
            row = {"by": by, "stratum": word, "contacts": int(inside.sum())}
            parts.append(row | _difference(base, other, planned, level))
        usable = [p for p in parts if math.isfinite(p["error"])]
        rows += parts
        total = sum(p["contacts"] for p in usable)
        if not total:
            continue
        weights = [p["contacts"] / total for p in usable]
        mean = sum(w * p["difference"] for w, p in zip(weights, usable, strict=True))
        error = math.sqrt(sum((w * p["error"]) ** 2 for w, p in zip(weights, usable, strict=True)))
        halves = student(level, total - 2) * error, always_valid(error**2, total, planned, level)
        row = {"by": by, "stratum": "", "contacts": total, "arm": name, "base": found.arms[0], "difference": mean}
        rows.append(row | _around(mean, *halves, error))
    return rows

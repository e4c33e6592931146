"""Tries the variants of a plan on the same contacts with the same luck, and says which are worth having."""

from __future__ import annotations

import hashlib
import math
import os
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import msgspec
import numpy as np

from bifurque.engine.figures import figures, unit
from bifurque.engine.load import load, loads
from bifurque.engine.noted import Groups, Notes, Noting, groups, stretch_size
from bifurque.engine.paired import Reals, in_order
from bifurque.engine.run import read_json, write_json
from bifurque.engine.setting import Setting, one_of, prepare, within
from bifurque.engine.variants import Grid, Spread, Tried, front
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, RunError

LEVEL, ETA, LEAST = 0.95, 3, 1000
"""The level of intervals; halving keeps one variant in so many, and then tries it on so many times more contacts; the
first time on so many at least."""
OBJECTIVES = ("net", "revenue", "purchases", "sent", "clicked", "unsubscribed")
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Attributes:
        base: the plan as it is.
        grid: the variants.
        names: figures, in the order of the columns.
        means: of the plan as it is, over all contacts, in the units of the counters.
        tried: what each variant did.
        objective: what is best when it is largest (least for `unsubscribed` and `sent`).
    """

    base: Setting
    grid: Grid
    names: tuple[str, ...]
    means: Reals
    tried: list[Tried]
    objective: str
    weeks: float

    def rows(self) -> list[dict[str, Any]]:
        """A row per variant: its values, figures per contact, differences from the plan as it is, whether on the front.

        The first row, variant −1, is the plan as it is.
        """
        found = [self._base()] + [self._row(t) for t in self.tried]
        points = np.array([[-r["revenue"], r["unsubscribed"], r["pressure"]] for r in found])
        whole = np.array([r["contacts"] == self.base.people.count for r in found])
        best = np.zeros(len(found), bool)
        best[whole] = front(points[whole])
        return [row | {"pareto": bool(on)} for row, on in zip(found, best, strict=True)]

    def _base(self) -> dict[str, Any]:
        n = self.base.people.count
        row: dict[str, Any] = {"variant": -1, "contacts": n, "dropped_after": None}
        row |= dict.fromkeys(self.grid.paths)
        for i, name in enumerate(self.names):
            row |= {name: float(self.means[i]) / unit(name)}
            row |= {f"{name}_{c}": 0.0 for c in ("difference", "low", "high")}
        return row | {"pressure": row["sent"] / self.weeks}

    def _row(self, tried: Tried) -> dict[str, Any]:
        assert tried.every is not None
        n = tried.every.count
        row: dict[str, Any] = {"variant": tried.variant, "contacts": n, "dropped_after": tried.dropped_after}
        row |= dict(zip(self.grid.paths, self.grid.rows[tried.variant], strict=True))
        for i, name in enumerate(self.names):
            told = [x / n / unit(name) for x in tried.every.interval(i, LEVEL)]
            row[name] = float(self.means[i]) / unit(name) + told[0]
            row |= dict(zip((f"{name}_difference", f"{name}_low", f"{name}_high"), told, strict=True))
        return row | {"pressure": row["sent"] / self.weeks}

    def prices(self) -> list[dict[str, Any]]:
        """By variant and group: what one more message per contact and week is worth, and what it costs in opt-outs.

        Per message sent more: the change of `net` over the change of `sent`, with its interval.
        """
        found = []
        for tried in self.tried:
            assert tried.every is not None
            parts = {("total", ""): tried.every, **tried.groups}
            found += [self._price(tried, *name, spread) for name, spread in parts.items()]
        return found

    def _price(self, tried: Tried, kind: str, name: str, spread: Spread) -> dict[str, Any]:
        sent, net, left = (self.names.index(n) for n in ("sent", "net", "unsubscribed"))
        row: dict[str, Any] = {"variant": tried.variant, "group": kind, "name": name, "contacts": spread.count}
        row["pressure_difference"] = float(spread.total[sent]) / max(spread.count, 1) / self.weeks
        for column, at, per in (("price", net, unit("net")), ("opt_outs_per_1000", left, 1 / 1000)):
            told = spread.price(at, sent, LEVEL)
            parts = (None, None, None) if told is None else tuple(x / per for x in told)
            row |= dict(zip((column, f"{column}_low", f"{column}_high"), parts, strict=True))
        return row

    def best(self) -> dict[str, Any]:
        """The variant with the best objective, of those tried on all contacts; the plan as it is counts too."""
        sign = -1 if self.objective in ("unsubscribed", "sent") else 1
        whole = [r for r in self.rows() if r["contacts"] == self.base.people.count]
        return max(whole, key=lambda r: sign * r[f"{self.objective}_difference"])

    @property
    def table(self) -> Any:
        """A row per variant, as an Arrow table."""
        import pyarrow as pa

        return pa.Table.from_pylist(self.rows())

    @property
    def price_table(self) -> Any:
        """Prices by variant and group, as an Arrow table."""
        import pyarrow as pa

        return pa.Table.from_pylist(self.prices())


def sweep(
    plan: str | File,
    vary: Sequence[str],
    *,
    out: str | File | None = None,
    overrides: Sequence[str] = (),
    halving: bool = False,
    objective: str = "net",
    workers: int | None = None,
    overwrite: bool = False,
    progress: Tell | None = None,
    **asked: Any,
) -> Sweep:
    """Try every combination of values, or by successive halving the promising ones, under common random numbers.

    Args:
        plan: a plan file, or the text of a plan.
        vary: `path=1..5`, `path=0..10..2` or `path=a,b,c`, each.
        out: a folder for `variants.parquet`, `prices.parquet` and what is needed to go on after an interruption; the
            same sweep into the same folder goes on where it stopped.
        overrides: `path.to.value=X` for all variants and the plan beside them.
        halving: try all variants on few contacts, one in three of them on three times as many, and so on (Jamieson &
            Talwalkar, AISTATS 2016).
        objective: what halving keeps the best of.
        workers: how many threads; the result is the same for any number.
        overwrite: forget what the folder holds.
        progress: called with contacts lived and contacts in all.
        **asked: `contacts`, `days`, `seed`, `population`, `events` and `behaviour`, as `simulate` takes them.

    Raises:
        PlanError, DataError, RunError: the plan or a variant cannot be run; the folder holds something else.
    """
    within("workers", workers, 1, 256)
    one_of("objective", objective, OBJECTIVES)
    grid = Grid.read(vary)
    given = {k: v for k, v in asked.items() if v is not None}
    base = prepare(plan, overrides=overrides, **given)
    for variant in range(len(grid.rows)):  # a wrong value is said before anything runs
        more = [*overrides, *grid.overrides(variant)]
        loads(plan, more) if isinstance(plan, str) and "\n" in plan else load(plan, more)
    folder = _Folder(out, base, grid, objective if halving else "", overwrite=overwrite)
    tried = [folder.read(v) for v in range(len(grid.rows))]
    rounds = _rounds(len(tried), base.people.count) if halving else [base.people.count]
    runner = _Runner(base, workers or os.cpu_count() or 1, rounds[0])
    for number, contacts in enumerate(rounds):
        alive = [t for t in tried if t.dropped_after is None or t.dropped_after >= contacts]
        for t in alive:
            if t.contacts < contacts and str(contacts) not in t.scores:
                mine = prepare(plan, overrides=[*overrides, *grid.overrides(t.variant)], **given)
                runner.go_on(t, mine, contacts)
                t.score(contacts, runner.names.index(objective))
                folder.write(t)
            if progress is not None:
                progress(sum(x.contacts for x in tried), len(tried) * base.people.count)
        if number + 1 < len(rounds):
            _halve(alive, objective, contacts)
            for t in alive:
                folder.write(t)
    found = Sweep(base, grid, runner.names, runner.means, tried, objective, runner.weeks)
    folder.finish(found)
    return found


def _rounds(variants: int, contacts: int) -> list[int]:
    """On how many contacts each round of halving tries what is left; the last on all."""
    count = max(1, math.ceil(math.log(variants, ETA))) if variants > 1 else 1
    sizes = [max(contacts // ETA ** (count - i), min(LEAST, contacts)) for i in range(count + 1)]
    return sorted(set(sizes))


def _halve(alive: list[Tried], objective: str, contacts: int) -> None:
    """Go on with one in three, those with the best objective so far."""
    sign = 1 if objective in ("unsubscribed", "sent") else -1
    ranked = sorted(alive, key=lambda t: (sign * t.scores[str(contacts)], t.variant))
    for t in ranked[max(1, math.ceil(len(alive) / ETA)) :]:
        t.dropped_after = contacts


class _Runner:
    """Lives variants beside the plan as it is, whose figures are kept: they are lived once."""

    def __init__(self, base: Setting, workers: int, least: int) -> None:
        self.base, self.workers = base, workers
        self.counted = figures(base.program, ["total"])
        self.keys = tuple(self.counted)
        self.names = tuple(k.figure for k in self.keys)
        self.size = min(stretch_size(4 * len(self.keys), base.people.count), max(least, 64))
        self.weeks = (base.program.end - base.program.start) / (7 * 86400)
        self.kept: dict[int, tuple[Words, Groups]] = {}
        parts = self._live(base, range(0, base.people.count, self.size))
        for first, notes in parts:
            self.kept[first] = (notes.figures, groups(base, notes))
        total = np.sum([f.sum(axis=0) for f, _ in self.kept.values()], axis=0)
        self.means: Reals = total / base.people.count

    def _live(self, setting: Setting, firsts: range) -> Any:
        lanes: queue.SimpleQueue[Noting] = queue.SimpleQueue()
        counted = self.counted if setting is self.base else figures(setting.program, ["total"])
        for _ in range(min(self.workers, max(len(firsts), 1))):
            lanes.put(Noting(setting, self.keys, counted, rows=self.size, digest=False))

        def work(first: int) -> tuple[int, Notes]:
            lane = lanes.get()
            notes = lane.live(first, min(first + self.size, setting.people.count))
            lanes.put(lane)
            return first, notes

        return in_order(work, firsts, self.workers)

    def go_on(self, tried: Tried, setting: Setting, contacts: int) -> None:
        """Try a variant on more contacts: whole stretches, up to so many contacts at least."""
        if setting.people.count != self.base.people.count:
            raise DataError("a variant has another number of contacts: they cannot be paired")
        for first, notes in self._live(setting, range(tried.contacts, contacts, self.size)):
            of_base, inside = self.kept[first]
            d = notes.figures - of_base
            parts = {name: Spread.of(d[who]) for name, who in inside.items() if who.any()}
            tried.take(len(d), Spread.of(d), parts)


class _Folder:
    """Where a sweep is kept while it goes on."""

    def __init__(self, out: str | File | None, base: Setting, grid: Grid, halving: str, *, overwrite: bool) -> None:
        self.path = File(out) if out is not None else None
        if self.path is None:
            return
        texts = [base.text, *base.overrides, "", *map(str, (base.seed, base.days, base.people.count, base.behaviour))]
        texts += [str(base.population_file), str(base.events_file), halving, repr(grid)]
        self.name = {"sweep": hashlib.sha256("\0".join(texts).encode()).hexdigest()}
        known = self.path / "sweep.json"
        if known.exists() and not overwrite and read_json(known).get("sweep") != self.name["sweep"]:
            raise RunError(f"{self.path}: holds another sweep; choose another --out, or add --overwrite")
        if not known.exists() and self.path.exists() and any(self.path.iterdir()):
            raise RunError(f"{self.path}: holds something else; choose another --out")
        (self.path / "variants").mkdir(parents=True, exist_ok=True)
        for old in (self.path / "variants").glob("*.json") if overwrite else ():
            old.unlink()
        write_json(known, self.name | {"paths": grid.paths, "variants": len(grid.rows), "complete": False})

    def read(self, variant: int) -> Tried:
        """What is known of a variant."""
        file = self.path / "variants" / f"{variant:05d}.json" if self.path else None
        return Tried.read(read_json(file)) if file is not None and file.exists() else Tried(variant)

    def write(self, tried: Tried) -> None:
        """Keep what is known of a variant."""
        if self.path is not None:
            write_json(self.path / "variants" / f"{tried.variant:05d}.json", tried.data())

    def finish(self, found: Sweep) -> None:
        """Write the tables."""
        import pyarrow.parquet as parquet

        if self.path is None:
            return
        for name, table in (("variants", found.table), ("prices", found.price_table)):
            parquet.write_table(table, self.path / f"{name}.partial", compression="zstd")
            (self.path / f"{name}.partial").rename(self.path / f"{name}.parquet")
        known = msgspec.json.decode((self.path / "sweep.json").read_bytes())
        write_json(self.path / "sweep.json", known | {"complete": True})

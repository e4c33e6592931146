"""Tries the variants of a plan on the same contacts with the same luck, and says which are worth having."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import msgspec
import numpy as np

from bifurque.engine.check_sharing import depends
from bifurque.engine.figures import unit
from bifurque.engine.load import load, loads
from bifurque.engine.paired import Reals
from bifurque.engine.run import read_json, write_json, write_table
from bifurque.engine.setting import Setting, one_of, prepare, within
from bifurque.engine.trying import ByContact, BySeed
from bifurque.engine.variants import Grid, Spread, Tried, front
from bifurque.rules.errors import RunError

LEVEL, ETA, LEAST = 0.95, 3, 1000
"""The level of intervals; halving keeps one variant in so many, and then tries it on so many times more contacts; the
first time on so many at least."""
TRIED = 3
"""With how many seeds a variant is tried where lives depend on each other."""
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
        weeks: of the horizon.
        replications: how many seeds each variant lives with, where it is tried by seed; 0: it is tried by contact.
    """

    base: Setting
    grid: Grid
    names: tuple[str, ...]
    means: Reals
    tried: list[Tried]
    objective: str
    weeks: float
    replications: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """A row per variant: its values, figures per contact, differences from the plan as it is, whether on the front.

        The first row, variant −1, is the plan as it is.
        """
        found = [self._base()] + [self._row(t) for t in self.tried]
        points = np.array([[-r["revenue"], r["unsubscribed"], r["pressure"]] for r in found])
        whole = np.array([r["dropped_after"] is None for r in found])
        best = np.zeros(len(found), bool)
        best[whole] = front(points[whole])
        return [row | {"pareto": bool(on)} for row, on in zip(found, best, strict=True)]

    def _base(self) -> dict[str, Any]:
        n = self.base.people.count
        row: dict[str, Any] = {"variant": -1, "contacts": n, "replications": self.replications, "dropped_after": None}
        row |= dict.fromkeys(self.grid.paths)
        for i, name in enumerate(self.names):
            row |= {name: float(self.means[i]) / unit(name)}
            row |= {f"{name}_{c}": 0.0 for c in ("difference", "low", "high")}
        return row | {"pressure": row["sent"] / self.weeks}

    def _row(self, tried: Tried) -> dict[str, Any]:
        assert tried.every is not None
        n = tried.every.count
        row: dict[str, Any] = {"variant": tried.variant} | self._tried_on(n) | {"dropped_after": tried.dropped_after}
        row |= dict(zip(self.grid.paths, self.grid.rows[tried.variant], strict=True))
        for i, name in enumerate(self.names):
            told = [x / n / unit(name) for x in tried.every.interval(i, LEVEL)]
            row[name] = float(self.means[i]) / unit(name) + told[0]
            row[f"{name}_difference"] = told[0]
            row |= {f"{name}_low": told[1] if n > 1 else None, f"{name}_high": told[2] if n > 1 else None}
        return row | {"pressure": row["sent"] / self.weeks}

    def _tried_on(self, count: int) -> dict[str, int]:
        """On how many contacts, with how many seeds."""
        if self.replications:
            return {"contacts": self.base.people.count, "replications": count}
        return {"contacts": count, "replications": 0}

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
        row: dict[str, Any] = {"variant": tried.variant, "group": kind, "name": name} | self._tried_on(spread.count)
        row["pressure_difference"] = float(spread.total[sent]) / max(spread.count, 1) / self.weeks
        for column, at, per in (("price", net, unit("net")), ("opt_outs_per_1000", left, 1 / 1000)):
            told = spread.price(at, sent, LEVEL)
            parts = (None, None, None) if told is None else tuple(x / per for x in told)
            row |= dict(zip((column, f"{column}_low", f"{column}_high"), parts, strict=True))
        return row

    def best(self) -> dict[str, Any]:
        """The variant with the best objective, of those tried on all contacts; the plan as it is counts too."""
        sign = -1 if self.objective in ("unsubscribed", "sent") else 1
        whole = [r for r in self.rows() if r["dropped_after"] is None]
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
    replications: int | None = None,
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
        replications: try by seed instead of by contact: so many whole populations; halving then begins with one seed.
            By default 3 where one life depends on another: what is shared does not shrink with the contacts.
        overwrite: forget what the folder holds.
        progress: called with contacts lived and contacts in all.
        **asked: `contacts`, `days`, `seed`, `population`, `events` and `behaviour`, as `simulate` takes them.

    Raises:
        PlanError, DataError, RunError: the plan or a variant cannot be run; the folder holds something else.
    """
    within("workers", workers, 1, 256)
    within("replications", replications, 1, 10_000)
    one_of("objective", objective, OBJECTIVES)
    grid = Grid.read(vary)
    given = {k: v for k, v in asked.items() if v is not None}
    base = prepare(plan, overrides=overrides, **given)
    depend = depends(base.plan)
    for variant in range(len(grid.rows)):  # a wrong value is said before anything runs
        more = [*overrides, *grid.overrides(variant)]
        depend |= depends(loads(plan, more) if isinstance(plan, str) and "\n" in plan else load(plan, more))
    often = replications or (TRIED if depend else 0)
    folder = _Folder(out, base, grid, objective if halving else "", often, overwrite=overwrite)
    tried = [folder.read(v) for v in range(len(grid.rows))]
    every, least, each = (often, 1, base.people.count) if often else (base.people.count, LEAST, 1)
    rounds = _rounds(len(tried), every, least) if halving else [every]
    threads = workers or os.cpu_count() or 1
    runner: BySeed | ByContact = BySeed(base, threads, often) if often else ByContact(base, threads, rounds[0])
    for number, size in enumerate(rounds):
        alive = [t for t in tried if t.dropped_after is None or t.dropped_after >= size]
        for t in alive:
            if t.size < size and str(size) not in t.scores:
                mine = prepare(plan, overrides=[*overrides, *grid.overrides(t.variant)], **given)
                runner.go_on(t, mine, size)
                t.score(size, runner.names.index(objective))
                folder.write(t)
            if progress is not None:
                progress(each * sum(x.size for x in tried), each * len(tried) * every)
        if number + 1 < len(rounds):
            _halve(alive, objective, size)
            for t in alive:
                folder.write(t)
    found = Sweep(base, grid, runner.names, runner.means, tried, objective, runner.weeks, often)
    folder.finish(found)
    return found


def _rounds(variants: int, every: int, least: int = LEAST) -> list[int]:
    """On how many contacts, or with how many seeds, each round of halving tries what is left; the last on all."""
    count = max(1, math.ceil(math.log(variants, ETA))) if variants > 1 else 1
    sizes = [max(every // ETA ** (count - i), min(least, every)) for i in range(count + 1)]
    return sorted(set(sizes))


def _halve(alive: list[Tried], objective: str, size: int) -> None:
    """Go on with one in three, those with the best objective so far."""
    sign = 1 if objective in ("unsubscribed", "sent") else -1
    ranked = sorted(alive, key=lambda t: (sign * t.scores[str(size)], t.variant))
    for t in ranked[max(1, math.ceil(len(alive) / ETA)) :]:
        t.dropped_after = size


class _Folder:
    """Where a sweep is kept while it goes on."""

    def __init__(
        self, out: str | File | None, base: Setting, grid: Grid, halving: str, often: int, *, overwrite: bool
    ) -> None:
        self.path = File(out) if out is not None else None
        if self.path is None:
            return
        texts = [base.text, *base.overrides, "", *map(str, (base.seed, base.days, base.people.count, base.behaviour))]
        texts += [str(base.population_file), str(base.events_file), halving, repr(grid)]
        texts += [f"{often} seeds"] if often else []
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
        if self.path is None:
            return
        for name, table in (("variants", found.table), ("prices", found.price_table)):
            write_table(self.path, name, table)
        known = msgspec.json.decode((self.path / "sweep.json").read_bytes())
        write_json(self.path / "sweep.json", known | {"complete": True})

"""Compares two plans contact by contact: the same people, the same luck, so that only the plans differ."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.layout import P_CONTACT, P_ZONE
from bifurque.engine.figures import Key, unit
from bifurque.engine.intervals import sign_probability, student
from bifurque.engine.paired import Moments, Paired, Progress, pair
from bifurque.engine.run import MANIFEST, Run, open_run, write_json, write_table
from bifurque.engine.seeds import how_often, of_several, reseeded, row_by_seed
from bifurque.engine.setting import Setting, prepare, within
from bifurque.engine.together import Together
from bifurque.engine.why import Answer, asked_of, replay, told
from bifurque.rules.errors import DataError, RunError

LEVEL = 0.95
COLUMNS = ("a", "b", "difference", "low", "high", "sign_probability", "contacts_differing", "variance_ratio")


@dataclass(frozen=True)
class Comparison:
    """Two plans lived by the same contacts.

    Attributes:
        a: what A was run on.
        b: what B was run on.
        paired: sums over the contacts; of the first replication, where there are several.
        level: of the intervals.
        replications: the same with other seeds, the first one included: where they are, figures are their means and
            intervals come from them; where one life depends on another, an interval over contacts would not hold.
    """

    a: Setting
    b: Setting
    paired: Paired
    level: float = LEVEL
    replications: tuple[Paired, ...] = ()

    @property
    def contacts(self) -> int:
        """How many contacts lived both."""
        return self.every.count

    @property
    def every(self) -> Moments:
        """Sums over all contacts."""
        assert self.paired.every is not None
        return self.paired.every

    @property
    def differing(self) -> int:
        """How many contacts do not live the same life in both: any decision or event differs."""
        return sum(len(contacts) for contacts, _ in self.paired.changed)

    def rows(self) -> list[dict[str, Any]]:
        """Every figure of anything that is not zero in both."""
        return self._rows(self.paired.keys, self._sums())

    def row(self, figure: str, group: str = "total", name: str = "") -> dict[str, Any]:
        """One figure: A, B, difference, interval, sign probability, variance ratio.

        Raises:
            DataError: there is none of this name.
        """
        key = Key(group, name, figure)
        if key not in self.paired.keys:
            raise DataError(f"no figure `{figure}` of {group} `{name}`")
        return self._row(self._sums(), self.paired.keys.index(key)) | key._asdict()

    @property
    def table(self) -> Any:
        """Every figure as an Arrow table."""
        return _table(self.rows())

    @property
    def groups(self) -> Any:
        """The totals by persona, zone, stage and segment (as of the end of A), as an Arrow table."""
        keys = [self.paired.keys[i] for i in self.paired.totals]
        found = []
        for (kind, name), moments in self.paired.by_group.items():
            of_group = [Key(kind, name, k.figure) for k in keys]
            found += [row | {"contacts": moments.count} for row in self._rows(of_group, self._sums((kind, name)))]
        return _table(found)

    def _sums(self, group: tuple[str, str] | None = None) -> list[Moments]:
        """Sums over all contacts, or those of a group: of every replication, if there are any."""
        every = [p.every if group is None else p.by_group.get(group) for p in self.replications or (self.paired,)]
        return [Moments.nothing(len(self.paired.totals)) if m is None else m for m in every]

    def _row(self, moments: Sequence[Moments], at: int) -> dict[str, Any]:
        return row_by_seed(moments, at, self.level) if self.replications else _row(moments[0], at, self.level)

    def _rows(self, keys: Sequence[Key], moments: Sequence[Moments]) -> list[dict[str, Any]]:
        found = []
        for i, key in enumerate(keys):
            if any(m.a[i] or m.b[i] or m.differ[i] for m in moments):
                row, per = self._row(moments, i), unit(key.figure)
                money = {c: row[c] / per for c in ("a", "b", "difference", "low", "high") if row[c] is not None}
                found.append(key._asdict() | row | money)
        return found

    @property
    def changed(self) -> Any:
        """The contacts whose lives differ, with B − A of each total, as an Arrow table."""
        import pyarrow as pa

        columns: dict[str, Any] = {"contact": np.concatenate([who for who, _ in self.paired.changed])}
        differences = np.concatenate([d for _, d in self.paired.changed])
        for i, at in enumerate(self.paired.totals):
            figure = self.paired.keys[at].figure
            per = unit(figure)
            columns[figure] = differences[:, i] if per == 1 else differences[:, i] / per
        return pa.table(columns)

    @property
    def most_changed(self) -> list[tuple[int, int]]:
        """The most changed contacts: who, and by how many messages, answers and events."""
        return [(who, changes) for changes, who in self.paired.most]

    def side_by_side(self, contact: int, lang: str) -> list[tuple[str, str]]:
        """One contact's decisions in A and in B, in time order; what is the same stands in both."""
        sides = zip((self.a, self.b), self.paired.together, strict=True)
        return beside(*(_told(setting, together, contact, lang) for setting, together in sides))

    def data(self) -> dict[str, Any]:
        """Everything as plain data."""
        sides = {"a": self.a, "b": self.b}
        return {name: {"plan": s.plan.plan, "file": s.file, "set": list(s.overrides)} for name, s in sides.items()} | {
            "seed": self.a.seed,
            "days": self.a.days,
            "contacts": self.contacts,
            "contacts_differing": self.differing,
            "level": self.level,
            "replications": [self.a.seed + i for i in range(len(self.replications))],
            "figures": self.rows(),
            "groups": self.groups.to_pylist(),
            "most_changed": [{"contact": who, "changes": n} for who, n in self.most_changed],
        }

    def write(self, folder: str | File, *, overwrite: bool = False) -> None:
        """Write `comparison.json`, and as Parquet `figures`, `groups` and `changed`.

        Raises:
            RunError: the folder holds something already.
        """
        path = File(folder)
        if path.exists() and any(path.iterdir()) and not overwrite:
            raise RunError(f"{path}: exists already; choose another folder, or add --overwrite")
        path.mkdir(parents=True, exist_ok=True)
        for name, table in (("figures", self.table), ("groups", self.groups), ("changed", self.changed)):
            write_table(path, name, table)
        write_json(path / "comparison.json", self.data())


def _row(moments: Moments, at: int, level: float) -> dict[str, Any]:
    n = moments.count
    variance = float(moments.variance("d")[at]) if n > 1 else float("nan")
    both = float(moments.variance("a")[at] + moments.variance("b")[at])
    difference = float(moments.d[at])
    error = float(np.sqrt(variance * n))
    half = student(level, n - 1) * error
    return {
        "a": float(moments.a[at]),
        "b": float(moments.b[at]),
        "difference": difference,
        "low": difference - half,
        "high": difference + half,
        "sign_probability": sign_probability(difference, error),
        "contacts_differing": int(moments.differ[at]),
        "variance_ratio": both / variance if variance > 0 else None,
    }


def _table(rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    kinds = {c: pa.float64() for c in COLUMNS} | {"contacts_differing": pa.int64()}
    fields = [pa.field(c, pa.string()) for c in Key._fields] + [pa.field(c, kinds[c]) for c in COLUMNS]
    if rows and "contacts" in rows[0]:
        fields.append(pa.field("contacts", pa.int64()))
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _told(setting: Setting, together: Together | None, contact: int, lang: str) -> list[str]:
    answers = together.told(np.array([contact])).tolist() if together is not None else ()
    decisions, _ = replay(setting, contact, answers=answers)
    rules = {r.name: r.when for r in setting.plan.rules}
    place = setting.people.find(contact)
    zone = setting.program.names.zones[max(int(setting.people.rows(place, place + 1)[0, P_ZONE]), 0)]
    return told(Answer(decisions.to_pylist(), zone, rules), lang)


def beside(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, str]]:
    """Two lists of lines side by side: equal lines stand in one row, others against nothing."""
    from difflib import SequenceMatcher

    found: list[tuple[str, str]] = []
    for kind, i, j, k, n in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            found += zip(a[i:j], b[k:n], strict=True)
        else:
            alone = [(line, "") for line in a[i:j]] + [("", line) for line in b[k:n]]
            found += sorted(alone, key=lambda pair: (pair[0] or pair[1])[:19])
    return found


def compare(
    a: str | File | Run,
    b: str | File | Run | None = None,
    *,
    overrides: Sequence[str] = (),
    workers: int | None = None,
    level: float = LEVEL,
    replications: int | None = None,
    progress: Progress | None = None,
    **asked: Any,
) -> Comparison:
    """Compare two plans contact by contact.

    Args:
        a: a run (or its folder), a plan file, or the text of a plan.
        b: the same; left out, A with `overrides`.
        overrides: `path.to.value=X` for B only.
        workers: how many threads; the result is the same for any number.
        level: of the intervals.
        replications: how many seeds both live with; figures are then means, and intervals come from these. By default
            5 where one life depends on another, for an interval over contacts would not hold; elsewhere it does.
        progress: called with contacts done, contacts in all, and days.
        **asked: `contacts`, `days`, `seed`, `population`, `events` and `behaviour`, as `simulate` takes them, where
            neither side is a run: a run brings its own, and a plan beside it gets the same.

    Raises:
        PlanError, DataError, RunError: a side cannot be run, or the two cannot be paired.
    """
    within("workers", workers, 1, 256)
    within("replications", replications, 1, 10_000)
    if not 0 < level < 1:
        raise DataError(f"level: expected a share such as 0.95, got `{level}`")
    if b is None and not overrides:
        raise DataError("say what to compare with: a second run or plan, or --set path=value for the other side")
    sides = [_side(x) for x in (a, a if b is None else b)]
    runs = [side for side in sides if isinstance(side, Run)]
    given = {k: v for k, v in asked.items() if v is not None}
    if runs and given:
        raise DataError(f"{', '.join(given)}: a run brings its own; leave it out, or compare plans")
    settings = [_setting(side, runs, given) for side in sides[:1]] + [_setting(sides[1], runs, given, overrides)]
    _pairable(*settings)
    often = how_often(replications, settings)
    step = of_several(progress, max(often, 1))
    workers = workers or os.cpu_count() or 1
    found = [
        pair(*(reseeded(s, i) for s in settings), workers=workers, progress=step(i), digest=i == 0)
        for i in range(max(often, 1))
    ]
    return Comparison(settings[0], settings[1], found[0], level, tuple(found) if often else ())


def _side(side: str | File | Run) -> str | File | Run:
    """A run where there is one; otherwise a plan."""
    if isinstance(side, Run) or (isinstance(side, str) and "\n" in side):
        return side
    return open_run(side) if File(side).is_dir() or (File(side) / MANIFEST).is_file() else side


def _setting(side: str | File | Run, runs: list[Run], given: dict[str, Any], more: Sequence[str] = ()) -> Setting:
    if isinstance(side, Run):
        asked = asked_of(side)
        found = prepare(**asked | {"overrides": [*asked["overrides"], *more]})
        found.file = side.manifest["plan"]["file"]
        return found
    if not runs:
        return prepare(side, overrides=more, **given)
    asked = asked_of(runs[0])
    people = [text for text in asked["overrides"] if text.startswith("behaviour.")]
    return prepare(**asked | {"plan": side, "overrides": [*people, *more]})


def _pairable(a: Setting, b: Setting) -> None:
    """Whether the same contacts with the same luck live both."""
    for what, of_a, of_b in (
        ("seed", a.seed, b.seed),
        ("number of contacts", a.people.count, b.people.count),
        ("first instant", a.program.start, b.program.start),
        ("last instant", a.program.end, b.program.end),
    ):
        if of_a != of_b:
            raise DataError(f"the two cannot be paired: the {what} differs ({of_a:,} and {of_b:,})")
    first = [s.people.rows(0, min(s.people.count, 4096))[:, P_CONTACT] for s in (a, b)]
    if not np.array_equal(first[0], first[1]):
        raise DataError("the two cannot be paired: they are about other contacts")

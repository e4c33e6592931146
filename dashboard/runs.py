"""The runs a dashboard shows, and questions asked of their tables."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as File
from typing import Any

import duckdb
import pyarrow as pa

from bifurque.dashboard.map_layout import layout_of
from bifurque.dashboard.titles import Titles, steps_of, titles_of
from bifurque.engine.plan import Plan
from bifurque.engine.run import MANIFEST, Run, open_run
from bifurque.rules.errors import BifurqueError

RUNS, HOME = "BIFURQUE_RUNS", "BIFURQUE_HOME"
"""Variables of the environment: the runs to show; where new ones, and what is noted about them, go."""
TABLES = ("station_week", "decision_week", "pressure_week", "stage_day", "stage_move", "branch", "loop", "group_kpi")
WALKS = ("sample_walks", "sample_events", "edge_week")
Rows = list[dict[str, Any]]


class NotShown(BifurqueError):  # noqa: N818
    """A run that cannot be shown.

    Attributes:
        why: the key of the page's own sentence about it.
    """

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


def home() -> File:
    """Where new runs go."""
    asked = os.environ.get(HOME)
    if asked:
        return File(asked)
    cache = os.environ.get("XDG_CACHE_HOME") or File.home() / ".cache"
    return File(cache) / "bifurque" / "runs"


def given() -> list[File]:
    """The runs that were asked for."""
    return [File(p) for p in os.environ.get(RUNS, "").split(os.pathsep) if p]


def known_runs() -> dict[str, File]:
    """Every complete run by a short name: those asked for, then those beside them."""
    found: dict[str, File] = {}
    places = [*given(), *sorted(p.parent for p in home().glob(f"*/{MANIFEST}"))]
    seen: set[File] = set()
    for place in places:
        path = place.resolve()
        if path in seen:
            continue
        seen.add(path)
        name, n = path.name, 1
        while name in found:
            n += 1
            name = f"{path.name}-{n}"
        found[name] = path
    return found


@dataclass
class Store:
    """One run: its plan, its figures, and a database over its small tables.

    Attributes:
        run: the run folder.
    """

    run: Run
    lock: threading.Lock = field(default_factory=threading.Lock)
    known_titles: dict[str, Titles] = field(default_factory=dict)
    known_steps: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def plan(self) -> Plan:
        """The plan that was run."""
        return self.run.plan

    @cached_property
    def kpis(self) -> dict[str, Any]:
        """The figures of the run."""
        return self.run.kpis

    @property
    def folder(self) -> File:
        """Where it is."""
        return self.run.folder

    @property
    def key(self) -> tuple[str, str]:
        """What all that is worked out about this run depends on: its folder and its digest."""
        return str(self.folder), str(self.run.manifest["digest"])

    @property
    def weeks(self) -> int:
        """How many weeks it lasts."""
        return -(-(int(self.run.manifest["end"]) - int(self.run.manifest["start"])) // (7 * 86400))

    @property
    def whole_weeks(self) -> int:
        """How many of them are not cut short by the end; one at least."""
        return max((int(self.run.manifest["end"]) - int(self.run.manifest["start"])) // (7 * 86400), 1)

    @cached_property
    def tables(self) -> dict[str, str]:
        """What may be asked about: names of tables, and the files they are."""
        found = {}
        for name in (*TABLES, *WALKS):
            file = self.folder / "aggregates" / f"{name}.parquet"
            if file.is_file():
                found[name] = str(file.resolve())
        for name in ("ledger", "events"):
            if any((self.folder / name).glob("*.parquet")):
                found[name] = str(self.folder.resolve() / name / "*.parquet")
        return found

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """A database that reads the files of this run and nothing else, and writes nothing."""
        con = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "2GB"})
        for name, file in self.tables.items():
            quoted = file.replace("'", "''")
            con.sql(f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{quoted}')")
        places = sorted({str(File(file).parent) for file in self.tables.values()})
        quoted = ", ".join("'" + place.replace("'", "''") + "/'" for place in places)
        con.sql(f"SET allowed_directories = [{quoted}]")
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions", "enable_external_access"):
            con.sql(f"SET {setting} = false")
        con.sql("SET lock_configuration = true")
        return con

    def ask(self, sql: str, *values: Any) -> pa.Table:
        """The answer to a question of ours, as an Arrow table."""
        with self.lock:
            cursor = self.con.cursor()
        return cursor.sql(sql, params=list(values)).to_arrow_table()

    def rows(self, sql: str, *values: Any) -> Rows:
        """The same as plain rows."""
        found: Rows = self.ask(sql, *values).to_pylist()
        return found

    @cached_property
    def money_events(self) -> tuple[str, ...]:
        """The events whose value is revenue."""
        says = {name: event.revenue for name, event in self.plan.events.items()}
        return tuple(n for n in {"purchase": None, **says} if says.get(n) or (n == "purchase" and says.get(n) is None))

    def titles(self, lang: str) -> Titles:
        """What everything is called, kind by kind."""
        if lang not in self.known_titles:
            self.known_titles[lang] = titles_of(self.plan, lang)
        return self.known_titles[lang]

    def steps(self, lang: str) -> dict[str, str]:
        """What steps are called, by `journey/step`: as on the map."""
        if lang not in self.known_steps:
            self.known_steps[lang] = steps_of(layout_of(self.run), lang)
        return self.known_steps[lang]

    def names(self, lang: str) -> dict[str, str]:
        """What journeys, messages, stages, personas and events are called, by names of which no kind is known."""
        titles = self.titles(lang)
        kinds = ("event", "persona", "message", "journey", "stage")
        return {name: called for kind in kinds for name, called in titles[kind].items()}


def open_store(folder: File) -> Store:
    """A run, opened.

    Raises:
        RunError: it is none.
        NotShown: it did not reach its end, or it is older than its tables.
    """
    run = open_run(folder)
    if not run.complete:
        raise NotShown("run_unfinished", f"{folder}: this run did not reach its end")
    store = Store(run)
    missing = [name for name in TABLES if name not in store.tables]
    if missing:
        raise NotShown("run_old", f"{folder}: has no table `{missing[0]}`: simulate it again")
    return store

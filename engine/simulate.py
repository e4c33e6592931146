"""Simulates a plan: every contact lives the whole horizon, all laws on; the result is a run folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path as File
from typing import Any, Literal

import numpy as np

from bifurque.actors.barrier import run_shared
from bifurque.actors.host import Lane, Stretch, run, take_lost
from bifurque.actors.layout import P_FIRST
from bifurque.engine.aggregates import write_aggregates
from bifurque.engine.kpi import by_week_from, kpis, shared_figures, unknown_features
from bifurque.engine.ledger import Tabulator
from bifurque.engine.program import Program
from bifurque.engine.run import KPI, MANIFEST, Run, new_folder, open_run, plain_reason, sha256, write_json
from bifurque.engine.setting import Setting, one_of, prepare, within
from bifurque.engine.sink import Nowhere, Writer
from bifurque.engine.walks import write_walks
from bifurque.engine.zones import database_version
from bifurque.rules.compiled import Words
from bifurque.rules.errors import RunError
from bifurque.rules.settlement import Books

Ledger = Literal["full", "sample", "none"]
SAMPLE = 0.01
"""The share of contacts whose rows a sampled ledger keeps; drawn by contact, so always the same ones."""
STRETCH = {"full": 65536, "sample": 16384, "none": 16384}
ROWS = {"full": 1 << 17, "sample": 1 << 13, "none": 1 << 11}


def simulate(
    plan: str | File,
    *,
    out: str | File | None = None,
    overrides: Sequence[str] = (),
    contacts: int | None = None,
    days: int | None = None,
    seed: int = 1,
    population: str | File | None = None,
    events: str | File | None = None,
    behaviour: str | None = None,
    ledger: Ledger = "sample",
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
    started: float | None = None,
) -> Run:
    """Simulate a plan and write a run folder.

    Args:
        plan: a plan file, or the text of a plan.
        out: the run folder; by default the next of `runs/`.
        overrides: `path.to.value=X`, as `--set` takes them.
        contacts: how many contacts to draw.
        days: the horizon.
        seed: of all draws.
        population: a file of contacts, instead of drawn ones.
        events: a file of real events.
        behaviour: `off`, `constant`, `realistic`, or a file of realistic behaviour.
        ledger: whose decisions are kept: everybody's, those of a keyed 1 %, or nobody's.
        workers: how many threads; by default one per processor. The result is the same for any number.
        overwrite: replace a run folder that exists.
        progress: called with contacts done, contacts in all, and days.
        started: when the work began (`time.perf_counter`), for the timing in the manifest.

    Returns:
        The run, opened.

    Raises:
        PlanError, DataError, RunError: see `prepare`; the folder cannot be written.
    """
    began = time.perf_counter()
    within("workers", workers, 1, 256)
    one_of("ledger", ledger, tuple(STRETCH))
    setting = prepare(
        plan,
        overrides=overrides,
        contacts=contacts,
        days=days,
        seed=seed,
        population=population,
        events=events,
        behaviour=behaviour,
        rows=ROWS[ledger],
    )
    lanes = [setting.lane() for _ in range(workers or os.cpu_count() or 1)]
    try:
        _warm(lanes[0], setting)
    except OSError as error:
        text = f"machine code cannot be kept: {plain_reason(error)}: set BIFURQUE_CACHE to a folder with room"
        raise RunError(text) from None
    compiled_at = time.perf_counter()
    shared = bool(setting.program.supplies)
    folder = new_folder(out, setting.plan.plan, overwrite=overwrite)
    manifest: dict[str, Any] = {}
    sink: Writer | Nowhere = Nowhere()
    try:
        manifest |= _manifest(setting, ledger, len(lanes))
        write_json(folder / MANIFEST, manifest | {"status": "running"})
        if ledger != "none":
            sink = Writer(folder, Tabulator(setting.program, setting.texts), full=ledger == "full", mixed=shared)
        books = Books(setting.program.supplies, setting.seed) if shared else None
        consenting = _live(setting, lanes, sink, ledger, progress, books)
        sink.finish()
        _results(folder, setting, lanes, manifest, books)
        _note_consent(setting, consenting)
        manifest["notes"] = setting.notes
        manifest["timing"] = _timing(lanes, sink, started if started is not None else began, began, compiled_at)
        manifest["files"] = _files(folder)
        write_json(folder / MANIFEST, manifest | {"status": "complete"})
    except OSError as error:
        _give_up(folder, sink, manifest)
        raise RunError(f"{folder}: cannot be written: {plain_reason(error)}") from None
    except BaseException:
        _give_up(folder, sink, manifest)
        raise
    return open_run(folder)


def _give_up(folder: File, sink: Writer | Nowhere, manifest: dict[str, Any]) -> None:
    """Leave a folder that says it is incomplete, and in it no figures and no half a file."""
    with contextlib.suppress(OSError):
        sink.abandon()
    for file in (*folder.rglob("*.partial"), *(folder / "aggregates").glob("*"), folder / KPI):
        with contextlib.suppress(OSError):
            file.unlink()
    with contextlib.suppress(OSError):
        write_json(folder / MANIFEST, manifest | {"status": "incomplete", "digest": None})
    if not (folder / MANIFEST).exists():  # not even that could be written: then nothing was
        for empty in (*folder.glob("*"), folder):
            with contextlib.suppress(OSError):
                empty.rmdir()


def _note_consent(setting: Setting, consenting: int) -> None:
    if _needs_consent(setting.program) and consenting < setting.people.count / 2:
        share = 1 - consenting / setting.people.count
        setting.notes.append(f"{share:.0%} of the contacts start without any consent: most messages need one")


def _timing(
    lanes: list[Lane], sink: Writer | Nowhere, started: float, began: float, compiled_at: float
) -> dict[str, float]:
    return {
        "start_s": round(began - started, 3),
        "compile_s": round(compiled_at - began, 3),
        "kernel_cpu_s": round(sum(lane.cpu for lane in lanes), 3),
        "write_s": round(sink.seconds, 3),
        "wall_s": round(time.perf_counter() - started, 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "ledger_rows": sink.rows,
        "wakes": sum(lane.wakes for lane in lanes),
    }


def _files(folder: File) -> dict[str, str]:
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and f.name != MANIFEST]
    return {str(f.relative_to(folder)): sha256(f) for f in files}


def _warm(lane: Lane, setting: Setting) -> None:
    """Load the machine code, or make it: over nobody."""
    empty = setting.stretch(0, 0, 0, 0)
    lane.live(empty, Nowhere())
    lane.cpu = 0.0


def _live(
    setting: Setting,
    lanes: list[Lane],
    sink: Writer | Nowhere,
    ledger: Ledger,
    progress: Callable[[int, int, int], None] | None,
    books: Books | None,
) -> int:
    """Run every stretch; how many contacts have some consent."""
    size, count = STRETCH[ledger], setting.people.count
    size = max(min(size, -(-count // len(lanes))), 256)
    share = {"full": 1.0, "sample": SAMPLE, "none": 0.0}[ledger]
    words = [P_FIRST + i for i, name in enumerate(setting.program.columns) if name.startswith("consent.")]
    consenting: list[int] = []

    def maker(index: int, first: int) -> Callable[[], Stretch]:
        def make() -> Stretch:
            stretch = setting.stretch(index, first, min(first + size, count), share)
            consenting.append(int((stretch.people[:, words] != 0).any(axis=1).sum()))
            return stretch

        return make

    def makers() -> Iterator[Callable[[], Stretch]]:
        for index, first in enumerate(range(0, count, size)):
            yield maker(index, first)

    finished = 0

    def done(contacts: int) -> None:
        nonlocal finished
        finished += contacts
        if progress is not None:
            progress(finished, count, setting.days)

    stop = threading.Event()
    if books is None:
        run(makers(), lanes, sink, done, stop)
    else:
        run_shared(makers(), lanes, sink, books, setting.events.rows, done, stop)
    return sum(consenting)


def _needs_consent(program: Program) -> bool:
    return any(program.names.purpose(m.category) for m in program.plan.messages.values())


def _manifest(setting: Setting, ledger: Ledger, workers: int) -> dict[str, Any]:
    from importlib.metadata import version

    inputs = {}
    for name, file in (("population", setting.population_file), ("events", setting.events_file)):
        if file is not None:
            inputs[name] = {"file": str(File(file).resolve()), "sha256": sha256(File(file))}
    return {
        "bifurque": version("bifurque"),
        "plan": {
            "name": setting.plan.plan,
            "file": setting.file,
            "sha256": hashlib.sha256(setting.text.encode()).hexdigest(),
            "set": list(setting.overrides),
            "text": setting.text,
        },
        "seed": setting.seed,
        "contacts": setting.people.count,
        "asked": setting.asked,
        "days": setting.days,
        "behaviour": setting.behaviour,
        "start": setting.program.start,
        "end": setting.program.end,
        "ledger": ledger,
        "inputs": inputs,
        "executor": {"kind": "threads", "workers": workers},
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": version("numba"),
            "pyarrow": version("pyarrow"),
            "tzdb": database_version(),
        },
    }


def _results(folder: File, setting: Setting, lanes: list[Lane], manifest: dict[str, Any], books: Books | None) -> None:
    counters: Words = np.stack([lane.counters for lane in lanes]).sum(axis=0)
    hashed = sum(lane.digest for lane in lanes) % 2**64
    in_all = counters[: by_week_from(setting.program)]  # steps by week are left out: these hold them in all
    digest = hashlib.sha256(in_all.astype("<i8").tobytes() + hashed.to_bytes(8, "little"))
    manifest["digest"] = digest.hexdigest()
    if setting.program.tables.features:
        manifest["features"] = unknown_features(setting.program, counters)
    figures = kpis(setting.program, counters, setting.days)
    if books is not None:
        books.advance(setting.program.end - 1)
        figures["shared"] = shared_figures(books)
        digest.update(repr(books.accounts).encode())
        manifest["digest"] = digest.hexdigest()
    write_json(folder / KPI, figures)
    lost = np.concatenate([rows for lane in lanes for rows in (*lane.lost, take_lost(lane.words))])
    write_aggregates(folder / "aggregates", setting.program, counters, lost)
    write_walks(folder / "aggregates", setting)
    if setting.people.ids is not None:
        import pyarrow.parquet as parquet

        partial = folder / "contacts.partial"
        parquet.write_table(setting.people.ids, partial, compression="zstd")
        partial.rename(folder / "contacts.parquet")

"""Simulates a plan: every contact lives the whole horizon, all laws on; the result is a run folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.host import Lane, take_lost
from bifurque.engine.aggregates import write_aggregates
from bifurque.engine.answers import Journal
from bifurque.engine.kpi import by_week_from, kpis, shared_figures, unknown_features
from bifurque.engine.ledger import Tabulator
from bifurque.engine.living import ROWS, STRETCH, Ledger, Progress, books_of, counted, live_all, warm
from bifurque.engine.program import Program
from bifurque.engine.referrals import referral_figures
from bifurque.engine.replications import Wanted, before, replicate
from bifurque.engine.run import KPI, MANIFEST, Run, new_folder, open_run, plain_reason, sha256, write_json
from bifurque.engine.setting import Setting, one_of, prepare, within
from bifurque.engine.sink import Nowhere, Writer
from bifurque.engine.standing import Standing, with_room
from bifurque.engine.walks import write_walks
from bifurque.engine.zones import database_version
from bifurque.rules.errors import RunError


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
    rules_engine: str = "kernel",
    shadow: float | None = None,
    overwrite: bool = False,
    replications: int = 1,
    until: float | None = None,
    figure: str = "revenue",
    most: int = 200,
    warm_up: int = 0,
    progress: Progress | None = None,
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
        rules_engine: `durable` lets durable-rules say which rule fires; for small runs, with the same result.
        shadow: the share of contacts who first live with both rules engines; a difference is an error.
        overwrite: replace a run folder that exists.
        replications: how often the plan is lived, each time with the next seed; figures then have intervals.
        until: go on until the 95 % interval of `figure` is within this share of its mean, on either side …
        figure: … a figure of the totals …
        most: … or until so many replications.
        warm_up: how many days pass before figures are counted.
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
    wanted = Wanted(replications, until, figure, most, warm_up)
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
    setting = wanted.prepared(setting)
    if shadow is not None:
        _shadow(setting, shadow)
    setting.words = with_room(setting.words)
    timing = (started if started is not None else began, began)
    with lanes_of(setting, workers or os.cpu_count() or 1, rules_engine) as lanes:
        return _run(setting, lanes, ledger, rules_engine, out, overwrite, wanted, progress, timing)


def _shadow(setting: Setting, share: float) -> None:
    from bifurque.engine.durable_shadow import shadow

    same = shadow(setting, share)
    setting.notes.append(
        f"{same.contacts:,} contacts lived with durable-rules too: {same.firings:,} firings at {same.inputs:,} inputs, "
        "the same with both engines"
    )


@contextlib.contextmanager
def lanes_of(setting: Setting, workers: int, rules_engine: str) -> Iterator[list[Lane]]:
    """Lanes for a run; with durable-rules one, since that engine does one thing at a time."""
    one_of("rules engine", rules_engine, ("kernel", "durable"))
    if rules_engine == "kernel":
        yield [setting.lane() for _ in range(workers)]
        return
    from bifurque.engine.durable import durable_lane

    with durable_lane(setting) as lane:
        yield [lane]


def _run(
    setting: Setting,
    lanes: list[Lane],
    ledger: Ledger,
    rules_engine: str,
    out: str | File | None,
    overwrite: bool,
    wanted: Wanted,
    progress: Progress | None,
    timing: tuple[float, float],
) -> Run:
    """Let everybody live, and write the folder."""
    try:
        warm(lanes[0], setting)
    except OSError as error:
        text = f"machine code cannot be kept: {plain_reason(error)}: set BIFURQUE_CACHE to a folder with room"
        raise RunError(text) from None
    compiled_at = time.perf_counter()
    mixed = setting.shares or bool(setting.merges.lives)
    folder = new_folder(out, setting.plan.plan, overwrite=overwrite)
    manifest: dict[str, Any] = {}
    sink: Writer | Nowhere = Nowhere()
    try:
        manifest |= _manifest(setting, ledger, len(lanes)) | {"rules_engine": rules_engine}
        write_json(folder / MANIFEST, manifest | {"status": "running"})
        if ledger != "none":
            sink = Writer(folder, Tabulator(setting.program, setting.texts), full=ledger == "full", mixed=mixed)
        books = books_of(setting, ledger, folder)
        standing = Standing(sink, setting.program.start)
        consenting = live_all(setting, lanes, standing, ledger, progress, books)
        sink.finish()
        if books is not None:
            books.close()
        standing.write(folder, Tabulator(setting.program, setting.texts), setting.program.names.stages, mixed=mixed)
        _results(folder, setting, lanes, manifest, books, wanted, progress)
        _note_consent(setting, consenting)
        manifest["notes"] = setting.notes
        manifest["timing"] = _timing(lanes, sink, *timing, compiled_at)
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
    tables = (*folder.glob("*.parquet"), *(folder / "aggregates").glob("*"))
    for file in (*folder.rglob("*.partial"), *tables, folder / KPI):
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


def _results(
    folder: File,
    setting: Setting,
    lanes: list[Lane],
    manifest: dict[str, Any],
    books: Journal | None,
    wanted: Wanted,
    progress: Progress | None,
) -> None:
    counters = counted(lanes)
    hashed = sum(lane.digest for lane in lanes) % 2**64
    in_all = counters[: by_week_from(setting.program)]  # steps by week are left out: these hold them in all
    digest = hashlib.sha256(in_all.astype("<i8").tobytes() + hashed.to_bytes(8, "little"))
    manifest["digest"] = digest.hexdigest()
    if setting.program.tables.features:
        manifest["features"] = unknown_features(setting.program, counters)
    if wanted.warm_up:
        counters = counters - before(setting, wanted.warm_up, len(lanes))
        manifest["warm_up"] = wanted.warm_up
    figures = kpis(setting.program, counters, setting.days - wanted.warm_up)
    if books is not None:
        books.advance(setting.program.end - 1)
        figures["shared"] = shared_figures(books)
        if setting.plan.referral is not None:
            figures["referral"] = referral_figures(setting.plan.referral, setting.events.pairs, books.newcomers)
        digest.update(repr(books.accounts).encode())
        manifest["digest"] = digest.hexdigest()
    if wanted.several:
        figures["replications"] = replicate(setting, figures, wanted, len(lanes), progress, folder / "aggregates")
    write_json(folder / KPI, figures)
    lost = np.concatenate([rows for lane in lanes for rows in (*lane.lost, take_lost(lane.words))])
    write_aggregates(folder / "aggregates", setting.program, counters, lost)
    write_walks(folder / "aggregates", setting)
    if setting.people.ids is not None:
        import pyarrow.parquet as parquet

        partial = folder / "contacts.partial"
        parquet.write_table(setting.people.ids, partial, compression="zstd")
        partial.rename(folder / "contacts.parquet")

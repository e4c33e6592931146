"""Simulates a plan: every contact lives the whole horizon, all laws on; the result is a run folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, Literal

import numpy as np

from bifurque.actors.host import Lane
from bifurque.engine.aggregates import write_aggregates
from bifurque.engine.checkpoints import Checkpoints, Saved, books_of, forget, points
from bifurque.engine.cuts import PARTS
from bifurque.engine.drive import Drive, Pieces, shares_of
from bifurque.engine.executors import Executor
from bifurque.engine.hosting import Place, Recipe, start_local
from bifurque.engine.hosts import Lived, warm
from bifurque.engine.kpi import kpis, shared_figures, unknown_features
from bifurque.engine.program import Program
from bifurque.engine.run import KPI, MANIFEST, Run, new_folder, open_run, plain_reason, sha256, write_json
from bifurque.engine.setting import Setting, one_of, prepare
from bifurque.engine.zones import database_version
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, RunError
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
    rules_engine: str = "kernel",
    shadow: float | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
    started: float | None = None,
    executor: str = "threads",
    address: str | None = None,
    hosts: int | None = None,
    checkpoint_every: int | None = None,
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
        progress: called with contacts done, contacts in all, and days.
        started: when the work began (`time.perf_counter`), for the timing in the manifest.
        executor: `threads`; `inline`: one lane after the other; `ray`: hosts on a Ray cluster. The result is the same.
        address: of a Ray cluster; by default Ray is started on this machine.
        hosts: on Ray, how many; by default one per node.
        checkpoint_every: days between two checkpoints from which `resume` can go on; by default there are none, on Ray
            every 30 days.

    Returns:
        The run, opened.

    Raises:
        PlanError, DataError, RunError: see `prepare`; the folder cannot be written.
    """
    began = time.perf_counter()
    place = Place(executor, workers, address, hosts, checkpoint_every)
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
    if shadow is not None:
        _shadow(setting, shadow)
    timing = (started if started is not None else began, began)
    with lanes_of(setting, place, rules_engine) as lanes:
        _try_cache(lanes[0], setting)
        job = Job(setting, lanes, ledger, place, progress, timing, time.perf_counter())
        folder = new_folder(out, setting.plan.plan, overwrite=overwrite)
        return written(
            job, folder, lambda: _manifest(setting, ledger, place, len(lanes)) | {"rules_engine": rules_engine}
        )


@dataclass
class Job:
    """A run under way: what it is made of, and when it began."""

    setting: Setting
    lanes: list[Lane]
    ledger: Ledger
    place: Place
    progress: Callable[[int, int, int], None] | None
    timing: tuple[float, float]
    compiled_at: float
    saved: Saved | None = None
    checkpoints: Checkpoints | None = None


def _shadow(setting: Setting, share: float) -> None:
    from bifurque.engine.durable_shadow import shadow

    same = shadow(setting, share)
    setting.notes.append(
        f"{same.contacts:,} contacts lived with durable-rules too: {same.firings:,} firings at {same.inputs:,} inputs, "
        "the same with both engines"
    )


@contextlib.contextmanager
def lanes_of(setting: Setting, place: Place, rules_engine: str) -> Iterator[list[Lane]]:
    """Lanes for a run; with durable-rules one, since that engine does one thing at a time."""
    one_of("rules engine", rules_engine, ("kernel", "durable"))
    if rules_engine == "kernel":
        workers = 1 if place.executor == "ray" else place.workers or os.cpu_count() or 1
        yield [setting.lane() for _ in range(workers)]
        return
    if place.partitioned:
        raise DataError("--rules-engine durable runs on threads, and without checkpoints")
    from bifurque.engine.durable import durable_lane

    with durable_lane(setting) as lane:
        yield [lane]


def _try_cache(lane: Lane, setting: Setting) -> None:
    try:
        _warm(lane, setting)
    except OSError as error:
        text = f"machine code cannot be kept: {plain_reason(error)}: set BIFURQUE_CACHE to a folder with room"
        raise RunError(text) from None


def written(job: Job, folder: File, describe: Callable[[], dict[str, Any]]) -> Run:
    """Let everybody live, and write the folder."""
    manifest: dict[str, Any] = {}
    setting = job.setting
    try:
        manifest |= describe()
        write_json(folder / MANIFEST, manifest | {"status": "running"})
        books = Books(setting.program.supplies, setting.seed) if setting.program.supplies else None
        lived, told = _live(job, folder, books)
        _results(folder, setting, lived, manifest, books)
        _note_consent(setting, sum(one.consenting for one in lived))
        manifest["notes"] = setting.notes
        manifest["timing"] = _timing(lived, told, *job.timing, job.compiled_at)
        manifest["files"] = _files(folder)
        write_json(folder / MANIFEST, manifest | {"status": "complete"})
        _forget_the_way(folder, job.checkpoints)
    except OSError as error:
        _give_up(folder, manifest, job.checkpoints)
        raise RunError(f"{folder}: cannot be written: {plain_reason(error)}") from None
    except BaseException:
        _give_up(folder, manifest, job.checkpoints)
        raise
    return open_run(folder)


def _forget_the_way(folder: File, checkpoints: Checkpoints | None) -> None:
    """Remove what only a run under way needs."""
    if checkpoints is not None:
        checkpoints.leave()
    forget(folder / "checkpoints")


def _give_up(folder: File, manifest: dict[str, Any], checkpoints: Checkpoints | None) -> None:
    """Leave a folder that says it is incomplete, and in it no figures and no half a file; and checkpoints, if any."""
    if checkpoints is not None:
        checkpoints.leave()
    else:
        forget(folder / "checkpoints")
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
    lived: list[Lived], told: dict[str, float], started: float, began: float, compiled_at: float
) -> dict[str, float]:
    def total(name: str) -> float:
        return sum(one.timing[name] for one in lived)

    processes = {one.process[:2]: one.process[2] for one in lived}

    return {
        "start_s": round(began - started, 3),
        "compile_s": round(compiled_at - began, 3),
        "kernel_cpu_s": round(total("kernel_cpu_s"), 3),
        "write_s": round(total("write_s"), 3),
        "wall_s": round(time.perf_counter() - started, 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "hosts_rss_mb": round(sum(processes.values()), 1),
        "ledger_rows": total("ledger_rows"),
        "wakes": total("wakes"),
        "resumed": total("resumed"),
        "parked_mb": round(total("parked_mb"), 1),
    } | {name: round(value, 3) for name, value in told.items()}


def _files(folder: File) -> dict[str, str]:
    every = (f for part in ("*", "ledger/*", "events/*", "aggregates/*") for f in folder.glob(part))
    files = sorted(f for f in every if f.is_file() and f.name != MANIFEST)
    return {str(f.relative_to(folder)): sha256(f) for f in files}


def _warm(lane: Lane, setting: Setting) -> None:
    """Load the machine code, or make it: over nobody."""
    warm(lane, setting)


def _live(job: Job, folder: File, books: Books | None) -> tuple[list[Lived], dict[str, float]]:
    """Let everybody live; what each host has counted, and what it took to keep them together."""
    setting, place = job.setting, job.place
    count = setting.people.count
    size = STRETCH[job.ledger]
    if not place.partitioned:  # of a partition the stretches are the same for any number of lanes
        size = max(min(size, -(-count // len(job.lanes))), 256)
    share = {"full": 1.0, "sample": SAMPLE, "none": 0.0}[job.ledger]
    recipe = Recipe(str(folder.resolve()), job.ledger, size, ROWS[job.ledger], share, place.partitioned)
    if place.every is not None:
        job.checkpoints = job.checkpoints or Checkpoints.of(folder, setting, place.every)
        job.checkpoints.begin(job.saved or job.checkpoints.nothing())
    if books is not None and job.saved is not None:
        books_of(books, job.saved)
    began = time.perf_counter()
    executor = _executor(job, recipe, folder)
    hosts_started = time.perf_counter() - began
    try:
        drive = Drive(executor, books, job.checkpoints, _shown(job) if place.executor == "ray" else None)
        lived = drive.run(_shares(job, executor))
    finally:
        executor.close()
    return lived, drive.told() | {"hosts_start_s": hosts_started}


def _shown(job: Job) -> Callable[[int, int], None]:
    """Tells how far everybody has come, share by share."""
    count = job.setting.people.count

    def show(done: int, shares: int) -> None:
        if job.progress is not None:
            job.progress(count * done // shares, count, job.setting.days)

    return show


def _executor(job: Job, recipe: Recipe, folder: File) -> Executor:
    place = job.place
    if place.executor == "ray":
        from bifurque.engine.executor_ray import start_ray

        return start_ray(recipe, place, lambda hosts: points(folder, job.saved, hosts))
    finished = 0

    def done(contacts: int) -> None:
        nonlocal finished
        finished += contacts
        if job.progress is not None:
            job.progress(finished, job.setting.people.count, job.setting.days)

    hosts = len(job.lanes) if place.executor == "inline" else 1
    return start_local(job.setting, recipe, points(folder, job.saved, hosts), job.lanes, done)


def _shares(job: Job, executor: Executor) -> list[Pieces]:
    """What each host has to live, in as many shares as there are checkpoints; at once if there are none."""
    if not job.place.partitioned:
        return [[executor.pieces(0)]]
    gone = set(job.saved.lived) if job.saved is not None else set()
    left = [[part for part in point.parts if part not in gone] for point in executor.points]
    many = -(-job.setting.days // (job.place.every or job.setting.days)) * sum(map(len, left))
    return shares_of(left, max(1, -(-many // PARTS)))


def _needs_consent(program: Program) -> bool:
    return any(program.names.purpose(m.category) for m in program.plan.messages.values())


def _manifest(setting: Setting, ledger: Ledger, place: Place, lanes: int) -> dict[str, Any]:
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
        "executor": {"kind": place.executor, "workers": place.workers if place.executor == "ray" else lanes},
        "checkpoint_every": place.every,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": version("numba"),
            "pyarrow": version("pyarrow"),
            "tzdb": database_version(),
        },
    }


def _results(folder: File, setting: Setting, lived: list[Lived], manifest: dict[str, Any], books: Books | None) -> None:
    counters: Words = np.stack([one.counters for one in lived]).sum(axis=0)
    hashed = sum(one.hashed for one in lived) % 2**64
    digest = hashlib.sha256(counters.astype("<i8").tobytes() + hashed.to_bytes(8, "little"))
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
    write_aggregates(folder / "aggregates", setting.program, counters)
    if setting.people.ids is not None:
        import pyarrow.parquet as parquet

        partial = folder / "contacts.partial"
        parquet.write_table(setting.people.ids, partial, compression="zstd")
        partial.rename(folder / "contacts.parquet")

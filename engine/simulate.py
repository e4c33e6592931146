"""Simulates a plan: every contact lives the whole horizon, all laws on; the result is a run folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.host import Lane
from bifurque.engine.aggregates import write_aggregates
from bifurque.engine.answers import Journal
from bifurque.engine.checkpoints import Checkpoints, forget
from bifurque.engine.hosting import Place
from bifurque.engine.hosts import Lived, warm
from bifurque.engine.job import Job, live_job
from bifurque.engine.keeping import FOLDER
from bifurque.engine.kpi import kpis, unknown_features, ways_from
from bifurque.engine.letters import write_letters
from bifurque.engine.living import ROWS, STRETCH, Ledger, Progress, books_of
from bifurque.engine.program import Program
from bifurque.engine.replications import Wanted, before, left_of, replicate
from bifurque.engine.run import KPI, MANIFEST, Run, new_folder, open_run, plain_reason, sha256, write_json, write_table
from bifurque.engine.setting import Setting, one_of, prepare
from bifurque.engine.standing import with_room
from bifurque.engine.walks import write_walks
from bifurque.engine.zones import database_version
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, RunError


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
        replications: how often the plan is lived, each time with the next seed; figures then have intervals.
        until: go on until the 95 % interval of `figure` is within this share of its mean, on either side …
        figure: … a figure of the totals …
        most: … or until so many replications.
        warm_up: how many days pass before figures are counted.
        progress: called with contacts done, contacts in all, and days.
        started: when the work began (`time.perf_counter`), for the timing in the manifest.
        executor: `threads`; `inline`: one lane after the other; `ray`: hosts on a Ray cluster. The result is the same.
        address: of a Ray cluster; by default Ray is started on this machine.
        hosts: on Ray, how many; by default one per node.
        checkpoint_every: days between two checkpoints from which `resume` can go on; by default there are none, on Ray
            every 90 days, a minute apart at least.

    Returns:
        The run, opened.

    Raises:
        PlanError, DataError, RunError: see `prepare`; the folder cannot be written.
    """
    began = time.perf_counter()
    place = Place(executor, workers, address, hosts, checkpoint_every)
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
    with lanes_of(setting, place, rules_engine) as lanes:
        _try_cache(lanes[0], setting)
        job = Job(setting, lanes, ledger, place, wanted, progress, timing, time.perf_counter())
        folder = new_folder(out, setting.plan.plan, overwrite=overwrite)
        return written(
            job,
            folder,
            lambda: (
                _manifest(setting, ledger, place, len(lanes)) | {"rules_engine": rules_engine, "wanted": asdict(wanted)}
            ),
        )


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
        warm(lane, setting)
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
        if setting.letters is not None:
            write_letters(folder, setting.letters)
        books = books_of(setting, folder)
        lived, told = live_job(job, folder, books)
        if books is not None:
            books.close(referral=setting.plan.referral is not None)
        _results(folder, job, lived, manifest, books)
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
    forget(folder / FOLDER)


def _give_up(folder: File, manifest: dict[str, Any], checkpoints: Checkpoints | None) -> None:
    """Leave a folder that says it is incomplete, and in it no figures and no half a file; and checkpoints, if any."""
    if checkpoints is not None:
        checkpoints.leave()
    else:
        forget(folder / FOLDER)
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


def _results(folder: File, job: Job, lived: list[Lived], manifest: dict[str, Any], books: Journal | None) -> None:
    setting, wanted = job.setting, job.wanted
    counters: Words = np.stack([one.counters for one in lived]).sum(axis=0)
    hashed = sum(one.hashed for one in lived) % 2**64
    in_all = counters[: ways_from(setting.program)]  # ways are left out: steps and branches hold what they add up to
    digest = hashlib.sha256(in_all.astype("<i8").tobytes() + hashed.to_bytes(8, "little"))
    manifest["digest"] = digest.hexdigest()
    if setting.program.tables.features:
        manifest["features"] = unknown_features(setting.program, counters)
    if wanted.warm_up:
        counters = counters - before(setting, wanted.warm_up, len(job.lanes))
        manifest["warm_up"] = wanted.warm_up
    figures = kpis(setting.program, counters, setting.days - wanted.warm_up)
    if books is not None:
        figures |= left_of(setting, books)
        digest.update(repr(books.accounts).encode())
        manifest["digest"] = digest.hexdigest()
    if wanted.several:
        figures["replications"] = replicate(
            setting, figures, wanted, len(job.lanes), job.progress, folder / "aggregates"
        )
    write_json(folder / KPI, figures)
    lost = np.concatenate([one.lost for one in lived])
    write_aggregates(folder / "aggregates", setting.program, counters, lost)
    write_walks(folder / "aggregates", setting)
    if setting.people.ids is not None:
        write_table(folder, "contacts", setting.people.ids)

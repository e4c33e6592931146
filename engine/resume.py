"""Goes on with a run that was stopped, from its last whole checkpoint; on any number of hosts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path as File

from bifurque.engine import simulate as simulator
from bifurque.engine.checkpoints import Checkpoints, Saved
from bifurque.engine.hosting import Place, lived_again
from bifurque.engine.hosts import warm
from bifurque.engine.job import Job
from bifurque.engine.living import ROWS
from bifurque.engine.replications import Wanted
from bifurque.engine.run import Run, open_run
from bifurque.engine.setting import Setting
from bifurque.rules.errors import RunError


def resume(
    folder: str | File,
    *,
    executor: str | None = None,
    workers: int | None = None,
    address: str | None = None,
    hosts: int | None = None,
    checkpoint_every: int | None = None,
    progress: Callable[[int, int, int], None] | None = None,
    started: float | None = None,
) -> Run:
    """Go on with a run that was stopped. What comes out is to the byte what it would have been.

    Args:
        folder: its run folder.
        executor: by default the one it had.
        workers: see `simulate`.
        address: see `simulate`.
        hosts: see `simulate`.
        checkpoint_every: by default as before.
        progress: see `simulate`.
        started: see `simulate`.

    Raises:
        RunError: it is complete, has no checkpoints, or an input has changed; somebody else is at it.
    """
    began = time.perf_counter()
    run = open_run(folder)
    every = run.manifest.get("checkpoint_every")
    if run.complete:
        raise RunError(f"{run.folder}: this run has reached its end: there is nothing to go on with")
    if every is None:
        raise RunError(f"{run.folder}: this run has no checkpoints (--checkpoint-every DAYS): simulate it again")
    place = Place(executor or run.manifest["executor"]["kind"], workers, address, hosts, checkpoint_every or every)
    ledger = run.manifest["ledger"]
    setting, wanted = lived_again(run, ROWS[ledger]), Wanted(**run.manifest["wanted"])
    checkpoints = Checkpoints.of(run.folder, setting, checkpoint_every or every)
    with simulator.lanes_of(setting, place, "kernel") as lanes:
        warm(lanes[0], setting)
        timing = (started if started is not None else began, began)
        job = Job(setting, lanes, ledger, place, wanted, progress, timing, time.perf_counter())
        job.checkpoints, job.saved = checkpoints, _saved(checkpoints, setting)
        _sweep(run.folder)
        gone = ("status", "digest", "notes", "timing", "files")
        manifest = {name: value for name, value in run.manifest.items() if name not in gone}
        manifest["executor"] = {"kind": place.executor, "workers": place.workers or len(lanes)}
        return simulator.written(job, run.folder, lambda: manifest)


def _saved(checkpoints: Checkpoints, setting: Setting) -> Saved | None:
    """The newest whole checkpoint; or none, if all is damaged or none was reached."""
    saved, wrong = checkpoints.latest()
    for one in wrong:
        before = f"checkpoint {saved.epoch:06d} is used" if saved is not None else "the run begins again"
        setting.notes.append(f"{one}: {before}")
    return saved


def _sweep(folder: File) -> None:
    """Half-written files of whoever was stopped."""
    for file in folder.rglob("*.partial"):
        with contextlib.suppress(OSError):
            file.unlink()

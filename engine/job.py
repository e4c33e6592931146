"""A run under way: its hosts are made, from nothing or from a checkpoint, and everybody lives."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as File

from bifurque.actors.host import Lane
from bifurque.engine.answers import Journal
from bifurque.engine.checkpoints import Checkpoints, Saved, books_at, points
from bifurque.engine.contacts import PARTS
from bifurque.engine.drive import Drive, Pieces, shares_of
from bifurque.engine.executors import Executor
from bifurque.engine.hosting import Place, Recipe, start_local
from bifurque.engine.hosts import Lived
from bifurque.engine.living import ROWS, STRETCH, Ledger, Progress, kept_share, stretch_size
from bifurque.engine.replications import Wanted
from bifurque.engine.setting import Setting


@dataclass
class Job:
    """A run under way: what it is made of, and when it began."""

    setting: Setting
    lanes: list[Lane]
    ledger: Ledger
    place: Place
    wanted: Wanted
    progress: Progress | None
    timing: tuple[float, float]
    compiled_at: float
    saved: Saved | None = None
    checkpoints: Checkpoints | None = None


def live_job(job: Job, folder: File, books: Journal | None) -> tuple[list[Lived], dict[str, float]]:
    """Let everybody live; what each host has counted, and what it took to keep them together."""
    setting, place = job.setting, job.place
    # of a partition the stretches are the same for any number of lanes
    size = STRETCH[job.ledger] if place.partitioned else stretch_size(job.ledger, setting, job.lanes)
    share = kept_share(job.ledger, job.setting.people.count)
    recipe = Recipe(str(folder.resolve()), job.ledger, size, ROWS[job.ledger], share, place.partitioned)
    if place.every is not None:
        job.checkpoints = job.checkpoints or Checkpoints.of(folder, setting, place.every, place.pause)
        job.checkpoints.begin(job.saved or job.checkpoints.nothing())
    if books is not None:
        books_at(books, job.saved)
    began = time.perf_counter()
    executor = _executor(job, recipe, folder)
    told = {"hosts_start_s": time.perf_counter() - began}
    began, spent = time.perf_counter(), time.process_time()
    try:
        shown = _shown(job) if place.executor == "ray" else None
        drive = Drive(executor, books, job.checkpoints, recipe.run, shown)
        lived = drive.run(_shares(job, executor))
        told |= {"living_s": time.perf_counter() - began, "cpu_s": time.process_time() - spent}
    finally:
        executor.close()
    mine = (os.uname().nodename, os.getpid())
    told["cpu_s"] += sum(one.timing["cpu_s"] for one in lived if one.process[:2] != mine)
    return lived, drive.told() | told


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
        return [[None]]
    gone = set(job.saved.lived) if job.saved is not None else set()
    left = [[part for part in point.parts if part not in gone] for point in executor.points]
    many = -(-job.setting.days // (job.place.every or job.setting.days)) * sum(map(len, left))
    return shares_of(left, max(1, -(-many // PARTS)))

"""Makes hosts and the executor they run on, here or on Ray, from nothing or from a checkpoint."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as File

from bifurque.actors.host import Lane
from bifurque.engine.cuts import Cut, Neighbours, Partitions, home_of
from bifurque.engine.executors import Executor, InProcess
from bifurque.engine.hosts import Host, Rows
from bifurque.engine.keeping import Point
from bifurque.engine.ledger import Tabulator
from bifurque.engine.replications import Wanted
from bifurque.engine.run import Run
from bifurque.engine.setting import Setting, one_of, within
from bifurque.engine.shelves import Shelves
from bifurque.engine.sink import Nowhere, Writer
from bifurque.engine.standing import Standing, with_room
from bifurque.engine.why import setting_of
from bifurque.rules.errors import DataError

EXECUTORS = ("threads", "inline", "ray")
RAY_CHECKPOINTS, RAY_PAUSE = 90, 60.0
"""Days between checkpoints on Ray, and how many seconds of work one may cost at most if a host is lost: it begins again
from the last one, and a short run from its beginning."""


@dataclass(frozen=True)
class Place:
    """Where a run is run.

    Attributes:
        executor: `threads`: one host in this process, its lanes on threads; `inline`: hosts of one lane, one after the
            other; `ray`: one host per node, its lanes on threads.
        workers: lanes in all, or on Ray those of each host; by default one per processor.
        address: of a Ray cluster; by default one of its own on this machine.
        hosts: on Ray, how many; by default one per node.
        checkpoint_every: days between two checkpoints; none by default, on Ray 90, a minute apart at least.
    """

    executor: str = "threads"
    workers: int | None = None
    address: str | None = None
    hosts: int | None = None
    checkpoint_every: int | None = None

    def __post_init__(self) -> None:
        one_of("executor", self.executor, EXECUTORS)
        within("workers", self.workers, 1, 256)
        within("hosts", self.hosts, 1, 256)
        within("checkpoint_every", self.checkpoint_every, 1, 3700)
        if self.executor != "ray" and (self.address is not None or self.hosts is not None):
            raise DataError("--address and --hosts are for --executor ray")

    @property
    def every(self) -> int | None:
        """Days between two checkpoints, if there are any."""
        return self.checkpoint_every or (RAY_CHECKPOINTS if self.executor == "ray" else None)

    @property
    def pause(self) -> float:
        """Seconds on the wall between two checkpoints at least, where nobody said how often."""
        return RAY_PAUSE if self.checkpoint_every is None else 0.0

    @property
    def partitioned(self) -> bool:
        """Whether contacts are cut by partition: for several hosts, or to go on from where a run has stopped."""
        return self.executor != "threads" or self.every is not None


@dataclass(frozen=True)
class Recipe:
    """What a host is made with, wherever that is.

    Attributes:
        run: the run folder; on Ray every node sees it.
        ledger: whose rows are kept.
        size: contacts per stretch.
        rows: decision rows that a lane holds at a time.
        share: of the contacts, those who are kept in the ledger.
        partitioned: whether contacts are cut by partition.
    """

    run: str
    ledger: str
    size: int
    rows: int
    share: float
    partitioned: bool


def lived_again(run: Run, rows: int) -> Setting:
    """The setting of a run, as whoever started it had it."""
    setting = Wanted(**run.manifest["wanted"]).prepared(setting_of(run, rows=rows))
    setting.words = with_room(setting.words)
    return setting


def make_host(
    setting: Setting,
    recipe: Recipe,
    number: int,
    point: Point,
    lanes: list[Lane],
    done: Callable[[int], None] | None = None,
) -> Host:
    """A host that goes on from a point."""
    cut: Cut = (
        Partitions(setting, recipe.size, recipe.share, point.parts)
        if recipe.partitioned
        else Neighbours(setting, recipe.size, recipe.share)
    )
    life = secrets.token_hex(4)
    rows = _rows(setting, recipe, point, life)
    standing = Standing(rows, setting.program.start, File(recipe.run), life, point.standing)
    return Host(number, life, setting, lanes, cut, rows, standing, point, done)


def _rows(setting: Setting, recipe: Recipe, point: Point, life: str) -> Rows:
    if recipe.ledger == "none":
        return Nowhere()
    folder, tabulator = File(recipe.run), Tabulator(setting.program, setting.texts)
    if not recipe.partitioned:
        return Writer(folder, tabulator, full=recipe.ledger == "full", mixed=setting.mixed)
    if setting.mixed:
        return Shelves(folder, tabulator, point.parts, home_of(setting), life, point.segments)
    return Writer(folder, tabulator, full=True, life=life)


def start_local(
    setting: Setting,
    recipe: Recipe,
    points: Sequence[Point],
    lanes: list[Lane],
    done: Callable[[int], None],
) -> Executor:
    """Hosts in this process: lanes are shared out among them."""

    def make(number: int, point: Point) -> Host:
        mine = lanes if len(points) == 1 else [lanes[number]]
        return make_host(setting, recipe, number, point, mine, done)

    return Executor(InProcess(points, make), points)

"""Points from which a run can go on: what hosts wrote, the books, and a manifest that is written last.

A checkpoint counts only if its manifest is there, and every file it names is to the byte what was written. The answers
given since stand in the run's journal: who goes on gives them again, and they must be the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import heapq
import os
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path as File

import msgspec

from bifurque import actors, rules
from bifurque.engine.answers import Journal
from bifurque.engine.cuts import share_out
from bifurque.engine.executors import Executor
from bifurque.engine.keeping import FOLDER, Kept, Point, Segment, rows_folder
from bifurque.engine.run import plain_reason, sha256
from bifurque.engine.setting import Setting
from bifurque.rules.errors import RunError
from bifurque.rules.settlement import Account

KEPT = 2
"""So many checkpoints stay: if the last is damaged, there is one before."""
DAY = 86400


class Saved(msgspec.Struct):
    """The manifest of a checkpoint.

    Attributes:
        program: SHA-256 of the compiled plan: files mean something to the same program only.
        lived: partitions whose contacts have been to their first request or the horizon.
        files: SHA-256 of each of its files, by name.
        written: SHA-256 of each finished Parquet file, by its place in the run folder.
        segments: rows put aside, by kind and partition.
        standing: by host where contacts stand, of those who have reached the horizon.
        journal: answers, and who was brought to life.
        accounts: of the books.
        coming: changes of the books known to come.
        next: the instant of the next checkpoint.
    """

    epoch: int
    program: str
    next: int
    lived: list[int]
    files: dict[str, str]
    written: dict[str, str]
    segments: dict[str, list[Segment]]
    standing: list[list[Segment]]
    journal: dict[str, Segment] = {}
    accounts: list[Account] = []
    coming: list[tuple[int, int, int, int, int]] = []


@dataclass
class Checkpoints:
    """The checkpoints of one run.

    Attributes:
        run: the run folder.
        program: see `Saved`.
        every: seconds of simulated time between two of them.
        next: the instant of the next one.
        pause: seconds of the clock on the wall that pass between two of them at least.
    """

    run: File
    program: str
    every: int
    next: int
    pause: float = 0.0

    def __post_init__(self) -> None:
        self.folder = self.run / FOLDER
        self.folder.mkdir(exist_ok=True)
        self.locked = _lock(self.folder / "lock")
        self.epoch = 0
        self.done: list[int] = []
        self.written: dict[str, str] = {}
        self.seconds = 0.0
        self.count = 0
        self.last = time.monotonic()

    @classmethod
    def of(cls, run: File, setting: Setting, days: int, pause: float = 0.0) -> Checkpoints:
        """Those of a run of a setting, every so many days."""
        return cls(run, program_hash(setting), days * DAY, setting.program.start + days * DAY, pause)

    def lived(self, parts: Iterable[int]) -> None:
        """Some partitions have been to their first request or the horizon."""
        self.done += parts

    def due(self, t: int) -> bool:
        """Whether it is time for one, before what is asked for at t is settled."""
        if t < self.next:
            return False
        while self.next <= t:
            self.next += self.every
        return self.worth()

    def worth(self) -> bool:
        """Whether so much would be lost by now that one is worth its time."""
        return time.monotonic() - self.last >= self.pause

    def save(self, executor: Executor, books: Journal | None) -> None:
        """Have one written; it counts once its manifest stands there."""
        began = time.perf_counter()
        epoch = self.epoch + 1
        folder = self.folder / f"{epoch:06d}"
        forget(folder)  # of one that was not finished
        folder.mkdir()
        kept = executor.ask({h: ("save", (str(folder),)) for h in executor.hosts})
        manifest = self._manifest(epoch, kept, books)
        _write_saved(self.folder / f"{epoch:06d}.json", manifest)
        executor.committed(points(self.run, manifest, len(executor.hosts)))
        self.begin(manifest)
        self.seconds += time.perf_counter() - began
        self.last = time.monotonic()
        self.count += 1

    def _manifest(self, epoch: int, kept: dict[int, Kept], books: Journal | None) -> Saved:
        files: dict[str, str] = {}
        segments: dict[str, list[Segment]] = {}
        standing = [kept[host].standing for host in sorted(kept)]
        for one in kept.values():
            files |= one.files
            self.written |= one.written
            for name, some in one.segments.items():
                segments.setdefault(name, []).extend(some)
        found = Saved(epoch, self.program, self.next, sorted(self.done), files, dict(self.written), segments, standing)
        if books is not None:
            found.journal, found.accounts, found.coming = books.mark(), books.accounts, sorted(books.coming)
        return found

    def nothing(self) -> Saved:
        """What a run has before its first checkpoint."""
        return Saved(0, self.program, self.next, [], {}, {}, {}, [])

    def begin(self, saved: Saved) -> None:
        """Go on from a checkpoint: older ones go."""
        self.next = saved.next
        self.epoch, self.done, self.written = saved.epoch, list(saved.lived), dict(saved.written)
        for file in self.folder.glob("*.json"):
            if not self.epoch - KEPT < int(file.stem) <= self.epoch:
                file.unlink()
                forget(file.with_suffix(""))

    def leave(self) -> None:
        """Let go of the folder."""
        with contextlib.suppress(OSError):
            os.close(self.locked)

    def latest(self) -> tuple[Saved | None, list[str]]:
        """The newest checkpoint that is whole; and of each newer one what is wrong with it."""
        wrong: list[str] = []
        for file in sorted(self.folder.glob("*.json"), reverse=True):
            try:
                return read_saved(self.run, file, self.program), wrong
            except RunError as error:
                wrong.append(str(error))
        return None, wrong


def read_saved(run: File, file: File, program: str) -> Saved:
    """A checkpoint, every byte of it looked at.

    Raises:
        RunError: something of it is missing, cut short or changed; or it is of another program.
    """
    name = f"checkpoint {file.stem}"
    text, _, seal = file.read_bytes().rpartition(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != seal:
        raise RunError(f"{name}: {file.name} is damaged: it is not what was written")
    found = msgspec.json.decode(text, type=Saved)
    if found.program != program:
        raise RunError(f"{name}: it is of another version of bifurque, or of another plan")
    whole = {file.with_suffix("") / part: digest for part, digest in found.files.items()}
    whole |= {run / part: digest for part, digest in found.written.items()}
    for path, digest in whole.items():
        _same(name, path, digest, None)
    for segments in (*found.segments.values(), *found.standing):
        for segment in segments:
            _same(name, rows_folder(run) / segment.file, segment.sha256, segment.bytes)
    for segment in found.journal.values():
        _same(name, run / FOLDER / segment.file, segment.sha256, segment.bytes)
    return found


def _same(name: str, file: File, digest: str, size: int | None) -> None:
    try:
        found = sha256(file) if size is None else _sha256_of(file, size)
    except OSError as error:
        raise RunError(f"{name}: {file.name} cannot be read: {plain_reason(error)}") from None
    if found != digest:
        raise RunError(f"{name}: {file.name} is damaged: it is not what was written")


def _sha256_of(file: File, size: int) -> str:
    """The SHA-256 of the first bytes of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while size > 0 and (data := stream.read(min(size, 1 << 20))):
            digest.update(data)
            size -= len(data)
    return digest.hexdigest()


def points(run: File, saved: Saved | None, hosts: int) -> list[Point]:
    """What each of some hosts goes on from: any number of hosts can go on from any checkpoint.

    As many as wrote it each go on from their own.
    """
    shares = [tuple(parts) for parts in share_out(hosts)]
    if saved is None:
        return [Point(parts) for parts in shares]
    folder = run / FOLDER / f"{saved.epoch:06d}"
    counted = sorted(name for name in saved.files if name.startswith("host-"))
    lost = sorted(name for name in saved.files if name.startswith("lost-"))
    found = []
    for host, parts in enumerate(shares):
        places = {f"part-{part:03d}" for part in parts}
        mine = {f"{kind}-{part:03d}" for kind in ("ledger", "events") for part in parts}
        found.append(
            Point(
                parts,
                tuple(str(folder / name) for name in counted[host::hosts]),
                tuple(str(folder / name) for name in lost[host::hosts]),
                tuple(str(folder / name) for name in sorted(saved.files) if name[:8] in places),
                {name: segments for name, segments in saved.segments.items() if name in mine},
                tuple(segment for segments in saved.standing[host::hosts] for segment in segments),
            )
        )
    return found


def program_hash(setting: Setting) -> str:
    """SHA-256 of the compiled plan, of the code that lives it, and of the seed: what parked words mean."""
    digest = hashlib.sha256(setting.words.tobytes())
    for module in (rules, actors):
        for file in sorted(File(str(module.__file__)).parent.glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def books_at(books: Journal, saved: Saved | None) -> None:
    """Put books back to where they were at a checkpoint, if there is one."""
    if saved is None:
        books.begin({})
        return
    books.begin(saved.journal)
    books.accounts, books.coming = saved.accounts, list(saved.coming)
    heapq.heapify(books.coming)


def _lock(file: File) -> int:
    """Have a run folder to oneself.

    Raises:
        RunError: somebody else is at it.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise RunError(f"{file.parent.parent}: somebody else is at this run") from None
    return handle


def forget(folder: File) -> None:
    """Remove a folder, many files at once: a disk takes as long for one as for several."""
    with ThreadPoolExecutor(16, thread_name_prefix="disk") as pool:
        list(pool.map(_unlink, (file for file in folder.rglob("*") if file.is_file())))
    shutil.rmtree(folder, ignore_errors=True)


def _unlink(file: File) -> None:
    with contextlib.suppress(OSError):
        file.unlink()


def _write_saved(file: File, saved: Saved) -> None:
    """Write a manifest with its own SHA-256 behind it; from then on the checkpoint counts."""
    text = msgspec.json.encode(saved)
    partial = file.with_suffix(".partial")
    with partial.open("wb") as stream:
        stream.write(text + b"\n" + hashlib.sha256(text).hexdigest().encode())
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(file)
    handle = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

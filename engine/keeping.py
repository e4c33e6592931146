"""Files that a run can go on from: words as Arrow files, on the disk before anybody counts on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path as File

import numpy as np
import pyarrow as pa

from bifurque.engine.contacts import part_of
from bifurque.engine.ledger import settle
from bifurque.rules.compiled import Words
from bifurque.rules.sharing import PK_CONTACT, PK_WORDS

FOLDER = "checkpoints"
"""Of a run folder: what is there until the run has reached its end."""


@dataclass(frozen=True)
class Segment:
    """So much of a file that only grows: so many bytes, and their SHA-256."""

    file: str
    bytes: int
    sha256: str


class Trail:
    """A file that only grows; behind what counts of it there is nothing."""

    def __init__(self, file: File, counts: Segment | None = None) -> None:
        self.file, self.size, self.digest = file, 0, hashlib.sha256()
        if counts is None:
            file.unlink(missing_ok=True)
            file.touch()
            return
        with file.open("r+b") as stream:
            while self.size < counts.bytes and (data := stream.read(min(counts.bytes - self.size, 1 << 20))):
                self.digest.update(data)
                self.size += len(data)
            stream.truncate(self.size)

    def append(self, words: Words) -> None:
        """Put words behind all others."""
        data = words.tobytes()
        with self.file.open("ab") as stream:
            stream.write(data)
        self.digest.update(data)
        self.size += len(data)

    def mark(self) -> Segment:
        """How much of it counts; for good once it is on the disk."""
        return Segment(self.file.name, self.size, self.digest.hexdigest())


@dataclass
class Kept:
    """What a host has written so that it can go on.

    Attributes:
        files: SHA-256 of each whole file of the checkpoint, by name.
        written: SHA-256 of each Parquet file finished since the last one, by its place in the run folder.
        segments: rows put aside, by partition and kind.
        standing: where contacts stand, of those who have reached the horizon.
        settling: what must be on the disk before anybody counts on it.
    """

    files: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    segments: dict[str, list[Segment]] = field(default_factory=dict)
    standing: list[Segment] = field(default_factory=list)
    settling: list[File] = field(default_factory=list)


@dataclass(frozen=True)
class Point:
    """What a host goes on from; by default from nothing.

    Attributes:
        parts: the partitions it owns.
        counted: files of what was counted so far; any host may take them over.
        lost: files of decisions not to send.
        parked: files of parked contacts.
        segments: rows put aside by earlier hosts.
        standing: where contacts stand; any host may take that over.
        calls: how much it has been asked to do before.
    """

    parts: tuple[int, ...] = ()
    counted: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    segments: dict[str, list[Segment]] = field(default_factory=dict)
    standing: tuple[Segment, ...] = ()
    calls: int = 0


def rows_folder(run: File) -> File:
    """Where the rows of a run are put aside."""
    found = run / FOLDER / "rows"
    found.mkdir(parents=True, exist_ok=True)
    return found


def keep_words(folder: File, words: dict[str, Words], kept: Kept, life: str) -> None:
    """Write words as Arrow files, by name: each whole and on the disk or not at all, and what was written before."""
    partials = [folder / f"{name}-{life}.arrow.partial" for name in words]
    for partial, some in zip(partials, words.values(), strict=True):
        table = pa.table({"words": pa.array(some)})
        stream = pa.BufferOutputStream()
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)
        data = stream.getvalue()
        partial.write_bytes(data)
        kept.files[partial.stem] = hashlib.sha256(data).hexdigest()
    settle([*partials, *kept.settling])
    kept.settling.clear()
    for partial in partials:
        partial.rename(partial.with_suffix(""))


def read_words(file: File) -> Words:
    """The words of an Arrow file."""
    with pa.memory_map(str(file)) as source:
        column = pa.ipc.open_file(source).read_all().column("words").combine_chunks()
    return np.array(column, np.int64)


def by_partition(parked: list[Words]) -> dict[str, Words]:
    """Parked contacts, one file per partition.

    Args:
        parked: arrays of one or more of them.
    """
    if not parked:
        return {}
    words = np.concatenate(parked)
    starts: list[int] = []
    at, end, size_at = 0, len(words), words.item
    while at < end:
        starts.append(at)
        at += size_at(at + PK_WORDS)
    firsts = np.array(starts)
    of = part_of(words[firsts + PK_CONTACT])
    order = np.argsort(of, kind="stable")
    of, sizes = of[order], words[firsts + PK_WORDS][order]
    ends = np.cumsum(sizes)
    words = words[np.repeat(firsts[order] - (ends - sizes), sizes) + np.arange(end)]
    lasts = np.nonzero(np.diff(of, append=-1))[0]
    return {f"part-{of[i]:03d}": some for i, some in zip(lasts, np.split(words, ends[lasts[:-1]]), strict=True)}

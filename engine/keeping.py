"""Files that a run can go on from: words as Arrow files, on the disk before anybody counts on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path as File

import numpy as np
import pyarrow as pa

from bifurque.engine.cuts import part_of
from bifurque.engine.ledger import settle
from bifurque.rules.compiled import Words
from bifurque.rules.sharing import PK_CONTACT


@dataclass(frozen=True)
class Segment:
    """Rows of one partition, put aside: so many bytes of a file, and their SHA-256."""

    file: str
    bytes: int
    sha256: str


@dataclass
class Kept:
    """What a host has written so that it can go on.

    Attributes:
        files: SHA-256 of each whole file of the checkpoint, by name.
        written: SHA-256 of each Parquet file finished since the last one, by its place in the run folder.
        segments: rows put aside, by partition and kind.
    """

    files: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    segments: dict[str, list[Segment]] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """What a host goes on from; by default from nothing.

    Attributes:
        parts: the partitions it owns.
        counted: files of what was counted so far; any host may take them over.
        lost: files of decisions not to send.
        parked: files of parked contacts.
        segments: rows put aside by earlier hosts.
        calls: how much it has been asked to do before.
    """

    parts: tuple[int, ...] = ()
    counted: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    segments: dict[str, list[Segment]] = field(default_factory=dict)
    calls: int = 0


def keep_words(folder: File, words: dict[str, Words], kept: Kept) -> None:
    """Write words as Arrow files, by name: each whole and on the disk, or not at all."""
    partials = [folder / f"{name}.partial" for name in words]
    for partial, some in zip(partials, words.values(), strict=True):
        table = pa.table({"words": pa.array(some)})
        stream = pa.BufferOutputStream()
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)
        data = stream.getvalue()
        partial.write_bytes(data)
        kept.files[partial.stem] = hashlib.sha256(data).hexdigest()
    settle(partials)
    for partial in partials:
        partial.rename(partial.with_suffix(""))


def read_words(file: File) -> Words:
    """The words of an Arrow file."""
    with pa.memory_map(str(file)) as source:
        column = pa.ipc.open_file(source).read_all().column("words").combine_chunks()
    return np.array(column, np.int64)


def by_partition(parked: list[Words]) -> dict[str, Words]:
    """Parked contacts, one file per partition."""
    found: dict[str, Words] = {}
    if parked:
        of = part_of(np.array([one[PK_CONTACT] for one in parked], np.int64))
        order = np.argsort(of, kind="stable")
        for some in np.split(order, np.nonzero(np.diff(of[order]))[0] + 1):
            found[f"part-{of[some[0]]:03d}.arrow"] = np.concatenate([parked[i] for i in some])
    return found

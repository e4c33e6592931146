"""Files that a run can go on from: words as Arrow files, on the disk before anybody counts on them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path as File

import numpy as np
import pyarrow as pa

from bifurque.engine.cuts import part_of
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
        parked: files of parked contacts.
        segments: rows put aside by earlier hosts.
        calls: how much it has been asked to do before.
    """

    parts: tuple[int, ...] = ()
    counted: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    segments: dict[str, list[Segment]] = field(default_factory=dict)
    calls: int = 0


def keep_words(file: File, words: Words, kept: Kept) -> None:
    """Write words as an Arrow file: whole and on the disk, or not at all."""
    table = pa.table({"words": pa.array(words)})
    stream = pa.BufferOutputStream()
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    data = stream.getvalue()
    partial = file.with_suffix(".partial")
    with partial.open("wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
    partial.rename(file)
    kept.files[file.name] = hashlib.sha256(data).hexdigest()


def read_words(file: File) -> Words:
    """The words of an Arrow file."""
    with pa.memory_map(str(file)) as source:
        column = pa.ipc.open_file(source).read_all().column("words").combine_chunks()
    return np.array(column, np.int64)


def keep_parked(folder: File, parked: list[Words], kept: Kept) -> None:
    """Write parked contacts, one file per partition."""
    if not parked:
        return
    of = part_of(np.array([one[PK_CONTACT] for one in parked], np.int64))
    for part in np.unique(of).tolist():
        some = [parked[i] for i in np.nonzero(of == part)[0]]
        keep_words(folder / f"part-{part:03d}.arrow", np.concatenate(some), kept)

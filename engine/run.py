"""A run folder: what was run, on what, what came out; and how another looks into it."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from bifurque.engine.plan import Plan
from bifurque.rules.errors import RunError

if TYPE_CHECKING:
    from bifurque.engine.one_contact import ContactState

MANIFEST, KPI = "manifest.json", "kpi.json"


class Plans(Struct):
    """The plan of a run, as its manifest keeps it."""

    text: str
    file: str
    set: list[str]


class Input(Struct):
    """A file that a run was made of."""

    file: str
    sha256: str


class Manifest(Struct):
    """What a manifest must say for anybody to look into its run; it says more."""

    status: Literal["running", "incomplete", "complete"]
    plan: Plans
    seed: int
    contacts: int
    asked: bool
    days: int
    behaviour: str
    inputs: dict[str, Input]


def plain_reason(error: OSError) -> str:
    """Why a file could not be read or written, in the system's words."""
    return os.strerror(error.errno) if error.errno else str(error).splitlines()[0]


def write_json(file: File, data: Any) -> None:
    """Write a JSON file whole or not at all."""
    partial = file.with_suffix(file.suffix + ".partial")
    try:
        with partial.open("wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def read_json(file: File) -> dict[str, Any]:
    """The object that a JSON file of a run holds.

    Raises:
        RunError: it is not there, or damaged.
    """
    try:
        found = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise RunError(f"{file}: cannot be read: {plain_reason(error)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RunError(f"{file}: is damaged: {error}") from None
    if not isinstance(found, dict):
        raise RunError(f"{file}: is damaged: it holds no object")
    return found


def write_table(folder: File, name: str, table: Any) -> None:
    """Write one Arrow table as Parquet, whole or not at all."""
    import pyarrow.parquet as parquet

    partial = folder / f"{name}.partial"
    parquet.write_table(table, partial, compression="zstd")
    partial.rename(folder / f"{name}.parquet")


def read_parquet(file: File, filters: Any = None) -> Any:
    """A Parquet file of a run as an Arrow table; only some of its rows if there are filters.

    Raises:
        RunError: it is not there, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        return parquet.read_table(file, filters=filters)
    except OSError as error:
        raise RunError(f"{file}: cannot be read: {plain_reason(error)}") from None
    except pa.ArrowException as error:
        raise RunError(f"{file}: is damaged: {str(error).splitlines()[0]}") from None


def sha256(file: File) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def new_folder(out: str | File | None, plan: str, *, overwrite: bool = False) -> File:
    """Make an empty run folder: the one asked for, or the next of `runs/`.

    Raises:
        RunError: it holds something already, or cannot be written.
    """
    folder = File(out) if out is not None else File("runs")
    try:
        folder = folder if out is not None else _next(folder, plan)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            if not overwrite:
                raise RunError(f"{folder}: exists already; choose another --out, or add --overwrite")
            if not (folder / MANIFEST).is_file():
                raise RunError(f"{folder}: is not a run folder, so it is not overwritten; choose another --out")
            shutil.rmtree(folder)
        for part in ("ledger", "events", "aggregates"):
            (folder / part).mkdir(parents=True, exist_ok=True)
    except RunError:
        raise
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {plain_reason(error)}") from None
    return folder


def _next(parent: File, plan: str) -> File:
    number = 1
    while (parent / f"{plan}-{number:03d}").exists():
        number += 1
    return parent / f"{plan}-{number:03d}"


@dataclass
class Run:
    """A run folder, opened.

    Attributes:
        folder: where it is.
        manifest: what was run: see the reference of the run folder.
    """

    folder: File
    manifest: dict[str, Any]

    @property
    def kpis(self) -> dict[str, Any]:
        """The figures of the run, as `kpi.json` holds them."""
        if not self.complete:
            raise RunError(f"{self.folder}: this run did not reach its end, so it has no figures: simulate it again")
        return read_json(self.folder / KPI)

    @property
    def digest(self) -> str:
        """SHA-256 over all counters and the sum of the hashes of all decisions."""
        return str(self.manifest["digest"])

    @property
    def complete(self) -> bool:
        """Whether the run reached its end."""
        return self.manifest.get("status") == "complete"

    @property
    def plan(self) -> Plan:
        """The plan that was run."""
        from bifurque.engine.load import loads

        return loads(self.manifest["plan"]["text"], self.manifest["plan"]["set"], self.manifest["plan"]["file"])

    def ledger(self, filters: Any = None) -> Any:
        """The decisions that were kept, as an Arrow table sorted by contact and time.

        Args:
            filters: only some rows, such as `[("contact", "==", 17)]`.
        """
        return self._table("ledger", filters)

    def events(self) -> Any:
        """The events that were kept, as an Arrow table sorted by contact and time."""
        return self._table("events")

    def aggregate(self, name: str) -> Any:
        """One of the tables of `aggregates/`, as an Arrow table."""
        return read_parquet(self.folder / "aggregates" / f"{name}.parquet")

    def contact(self, contact: str | int, at: str | None = None) -> ContactState:
        """Where a contact stands, what waits for it and what was decided: at the end, or at an instant.

        >>> run = open_run("runs/shop-001")  # doctest: +SKIP
        >>> run.contact(17, "2026-03-10 14:00").inside  # doctest: +SKIP

        Raises:
            DataError: no such contact, no such instant, or one outside the run.
            RunError: a file of the run is no longer what it was.
        """
        from bifurque.engine.one_contact import contact_state

        return contact_state(self, contact, at)

    def where(self, journey: str | None = None, step: str | None = None) -> Any:
        """Who stands where at the end, as an Arrow table: contact, stage, journey, step, due; or only those somewhere.

        Raises:
            DataError: no such journey or step.
        """
        from bifurque.engine.where import standing

        return standing(self, journey, step)

    def _table(self, name: str, filters: Any = None) -> Any:
        import numpy as np
        import pyarrow as pa

        files = sorted((self.folder / name).glob("*.parquet"))
        if not files:
            kept = self.manifest.get("ledger")
            raise RunError(f"{self.folder}: holds no {name}" + (" (--ledger none)" if kept == "none" else ""))
        table = pa.concat_tables([read_parquet(f, filters) for f in files], promote_options="default")
        seconds = pa.timestamp("s", "UTC")  # Parquet has no such type: it keeps milliseconds
        fields = [f.with_type(seconds) if pa.types.is_timestamp(f.type) else f for f in table.schema]
        table = table.unify_dictionaries().cast(pa.schema(fields))
        who = np.asarray(table["contact"])  # hosts write their own contacts each
        if (who[1:] >= who[:-1]).all():
            return table
        return table.take(pa.array(np.argsort(who, kind="stable")))


def open_run(folder: str | File) -> Run:
    """Open a run folder.

    Raises:
        RunError: it is none.
    """
    path = File(folder)
    manifest = path / MANIFEST
    if not manifest.is_file():
        raise RunError(f"{path}: is not a run folder: it has no {MANIFEST}")
    found = read_json(manifest)
    try:
        msgspec.convert(found, Manifest)
    except msgspec.ValidationError as error:
        raise RunError(f"{manifest}: is damaged: {error}") from None
    return Run(path, found)


STARTED = time.perf_counter()
"""When this module was first imported: what a command spends before it starts working."""

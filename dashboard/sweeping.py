"""A value of the plan tried at several settings on the same people with the same luck, in a process of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path as File
from typing import Any

from bifurque.dashboard import editing
from bifurque.dashboard.launching import Job, work
from bifurque.dashboard.runs import Rows, Store, home
from bifurque.engine.variants import Grid

MOST_CONTACTS = 5000
"""So many contacts are offered at first: a sweep lives each of them once for every value."""


def paths(store: Store) -> list[str]:
    """Every number of the plan that can be tried at other values; how many messages caps allow first."""
    values = editing.values(store.run.manifest["plan"]["text"])
    numbers = [path for path, value in values.items() if value.replace(".", "", 1).isdecimal()]
    return sorted(numbers, key=lambda path: not (path.startswith("caps.") and path.endswith(".max")))


def spread(store: Store, path: str) -> str:
    """Values around the one the plan has."""
    now = editing.values(store.run.manifest["plan"]["text"]).get(path, "1")
    return f"1..{max(int(now) + 2, 4)}" if now.isdecimal() and int(now) < 50 else ""


def read(vary: str) -> Grid:
    """What is tried.

    Raises:
        DataError: it cannot be read, or there is too much of it.
    """
    return Grid.read([vary])


def asked(store: Store, vary: str, contacts: int) -> dict[str, Any]:
    """A sweep over the plan of a run, by the people of the run, or the first of them."""
    manifest = store.run.manifest
    options: dict[str, Any] = {"plan": manifest["plan"]["text"], "overrides": manifest["plan"]["set"], "vary": [vary]}
    options |= {name: manifest[name] for name in ("days", "seed", "behaviour")}
    inputs = {name: known["file"] for name, known in manifest["inputs"].items()}
    known = "population" in inputs or (inputs and not manifest["asked"])
    return options | inputs | ({} if known else {"contacts": contacts})


def place(store: Store, vary: str, contacts: int) -> File:
    """Where a sweep is kept."""
    text = json.dumps(asked(store, vary, contacts), sort_keys=True)
    return home() / "sweeps" / hashlib.sha256(text.encode()).hexdigest()[:16]


def begin(store: Store, vary: str, contacts: int) -> Job:
    """Start it; one that was interrupted goes on."""
    return work(asked(store, vary, contacts), place(store, vary, contacts))


def found(folder: File, table: str) -> Rows | None:
    """A table of a sweep (`variants` or `prices`); nothing while it has not come to its end."""
    import pyarrow.parquet as parquet

    file = folder / f"{table}.parquet"
    if not file.is_file():
        return None
    rows: Rows = parquet.read_table(file).to_pylist()
    return rows

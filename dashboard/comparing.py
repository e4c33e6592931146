"""Two runs lived side by side, contact by contact: made by `bifurque compare` in a process of its own, and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path as File
from typing import Any

from bifurque.dashboard.launching import Job, start
from bifurque.dashboard.runs import Rows, home
from bifurque.engine.run import Run, sha256

FIGURES, GROUPS = "figures.parquet", "groups.parquet"
KINDS = ("persona", "zone", "segment")
"""Groups of contacts; by stage figures are counted while they are in it, which tells more."""


def place(a: File, b: File) -> File:
    """Where the comparison of two runs is kept."""
    key = hashlib.sha256(f"{a.resolve()}\n{b.resolve()}".encode()).hexdigest()[:16]
    return home() / "comparisons" / key


def hindrances(a: Run, b: Run) -> list[str]:
    """What keeps two runs from being lived by the same people with the same luck.

    The engine asks the same of what the runs are made of (`bifurque.engine.compare`).
    """
    found = [what for what in ("seed", "contacts", "start", "end") if a.manifest[what] != b.manifest[what]]
    return found if people(a) == people(b) else [*found, "people"]


def people(run: Run) -> object:
    """What tells whose lives a run holds: nothing if they are drawn; else their ids, or the file they come from."""
    inputs = run.manifest["inputs"]
    named = "population" if "population" in inputs else "events" if not run.manifest["asked"] else ""
    if named not in inputs:
        return None
    ids = run.folder / "contacts.parquet"
    return sha256(ids) if ids.is_file() else inputs[named]["sha256"]


def per_thousand(manifest: dict[str, Any], other: dict[str, Any]) -> float:
    """What a total of a run is multiplied by, so that it stands beside one of other size or length.

    1 where both have as many contacts for as long; else per 1,000 contacts, and per 30 days if lengths differ.
    """
    size = 1.0 if manifest["contacts"] == other["contacts"] else 1000 / max(manifest["contacts"], 1)
    return size if manifest["days"] == other["days"] else size * 30 / manifest["days"]


def begin(a: File, b: File) -> Job:
    """Start to compare."""
    out = place(a, b)
    out.parent.mkdir(parents=True, exist_ok=True)
    return start(["bifurque", "compare", str(a), str(b), "--out", str(out), "--overwrite", "--who", "0", "--json"], out)


def figures(folder: File) -> Rows | None:
    """Every figure with its interval; nothing while there is no comparison."""
    return _read(folder / FIGURES) if (folder / FIGURES).is_file() else None


def groups(folder: File) -> Rows:
    """The totals of groups of contacts, each with its interval."""
    return [r for r in _read(folder / GROUPS) if r["group"] in KINDS]


def _read(file: File) -> Rows:
    import pyarrow.parquet as parquet

    found: Rows = parquet.read_table(file).to_pylist()
    return found

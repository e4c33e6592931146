"""Two runs lived side by side, contact by contact: made by `bifurque compare` in a process of its own, and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path as File

from bifurque.dashboard.launching import Job, start
from bifurque.dashboard.runs import Rows, home

FIGURES, GROUPS = "figures.parquet", "groups.parquet"
KINDS = ("persona", "zone", "segment")
"""Groups of contacts; by stage figures are counted while they are in it, which tells more."""


def place(a: File, b: File) -> File:
    """Where the comparison of two runs is kept."""
    key = hashlib.sha256(f"{a.resolve()}\n{b.resolve()}".encode()).hexdigest()[:16]
    return home() / "comparisons" / key


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

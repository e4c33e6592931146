"""Two runs lived side by side, contact by contact: made by `bifurque compare` in a process of its own, and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path as File
from typing import Any

from bifurque.dashboard.launching import Job, start
from bifurque.dashboard.runs import home

FILE = "figures.parquet"


def place(a: File, b: File) -> File:
    """Where the comparison of two runs is kept."""
    key = hashlib.sha256(f"{a.resolve()}\n{b.resolve()}".encode()).hexdigest()[:16]
    return home() / "comparisons" / key


def begin(a: File, b: File) -> Job:
    """Start to compare."""
    out = place(a, b)
    out.parent.mkdir(parents=True, exist_ok=True)
    return start(["bifurque", "compare", str(a), str(b), "--out", str(out), "--overwrite", "--who", "0", "--json"], out)


def figures(folder: File) -> list[dict[str, Any]] | None:
    """Every figure with its interval; nothing while there is no comparison."""
    import pyarrow.parquet as parquet

    file = folder / FILE
    if not file.is_file():
        return None
    found: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    return found

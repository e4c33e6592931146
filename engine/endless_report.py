"""Endless days as tables for the terminal, and as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

from bifurque.engine.compare import Comparison
from bifurque.engine.compare_report import table
from bifurque.engine.compare_words import say
from bifurque.engine.endless import Endless
from bifurque.engine.run import write_table
from bifurque.engine.sweep_report import aligned
from bifurque.engine.words import figure
from bifurque.rules.errors import RunError

COLUMNS = ("contacts", "passes", "flagged", "flagged_at_end", "sent", "sent_in_endless_day", "sent_to_indifferent")


def worst(found: Endless) -> str | None:
    """The journey that sends most to contacts in an endless day; none if there is no such send."""
    rows = [r for r in found.journeys if r["journey"] and r["sent_in_endless_day"]]
    return max(rows, key=lambda r: r["sent_in_endless_day"])["journey"] if rows else None


def endless_report(found: Endless, lang: str) -> list[str]:
    """By journey, then over time."""
    heads = [say(lang, "journey"), *(say(lang, f"endless.{c}") for c in COLUMNS), say(lang, "endless.novelty")]
    cells = [heads]
    for row in found.journeys:
        name = row["journey"] or say(lang, "total")
        counts = [figure(lang, row[c]) for c in COLUMNS[:5]]
        shares = [f"{figure(lang, 100 * row[c], 1)} %" for c in ("endless_share", "indifferent_share", "novelty")]
        cells.append([name, *counts, *shares])
    lines = aligned(cells)
    if found.kept != "full":
        lines.append(say(lang, "endless.sample"))
    months: dict[str, list[int]] = {}
    for row in found.months:
        sums = months.setdefault(row["month"], [0, 0, 0, 0])
        fresh = round(row["novelty"] * row["sent"])
        for i, n in enumerate((row["sent"], row["sent_in_endless_day"], row["sent_to_indifferent"], fresh)):
            sums[i] += n
    cells = [[say(lang, "endless.month"), *(say(lang, f"endless.{c}") for c in (*COLUMNS[4:], "novelty"))]]
    for month, (sent, *others) in sorted(months.items()):
        cells.append([month, figure(lang, sent), *(f"{figure(lang, 100 * n / sent, 1)} %" for n in others)])
    return [*lines, "", *aligned(cells), "", say(lang, "endless.means")]


def effect_report(effect: Comparison, journey: str, words: Sequence[str], lang: str) -> list[str]:
    """The way out in the words of the plan, and what it does."""
    rows = [r for r in effect.rows() if r["group"] == "total"]
    lines = ["", say(lang, "endless.exit", journey), *(f"  {line}" for line in words), ""]
    return lines + table(lang, say(lang, "endless.effect"), [(say(lang, r["figure"]), r) for r in rows], effect.level)


def write_endless(found: Endless, folder: File) -> None:
    """Write `flags`, `journeys` and `months` as Parquet.

    Raises:
        RunError: the folder holds something already.
    """
    import pyarrow as pa

    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder}: exists already; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, Any] = {"flags": found.flags}
    tables |= {"journeys": pa.Table.from_pylist(found.journeys), "months": pa.Table.from_pylist(found.months)}
    for name, rows in tables.items():
        write_table(folder, name, rows)

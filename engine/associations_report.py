"""Associations as people and programs read them."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import msgspec

from bifurque.engine.associations import Association, Baskets
from bifurque.engine.run import plain_reason
from bifurque.engine.words import figure, say
from bifurque.rules.errors import RunError


def as_table(rows: list[Association]) -> list[dict[str, Any]]:
    """Rules as rows."""
    return [msgspec.structs.asdict(row) for row in rows]


def write_rules(file: File, rows: list[Association]) -> None:
    """Write the rules as Parquet, or as CSV.

    Raises:
        RunError: the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as parquet

    names = Association.__struct_fields__
    kinds = [pa.string(), pa.string(), pa.int64(), pa.float64(), pa.float64(), pa.float64()]
    table = pa.table([pa.array([getattr(r, n) for r in rows], k) for n, k in zip(names, kinds, strict=True)], names)
    try:
        if file.suffix == ".parquet":
            parquet.write_table(table, file)
        else:
            csv.write_csv(table, file)
    except OSError as error:
        raise RunError(f"{file}: cannot be written: {plain_reason(error)}") from None


def told(
    read: Baskets, rows: list[Association], proposed: dict[str, list[str]], support: float, lift: float, lang: str
) -> list[str]:
    """Rules in words, then what to write into the plan."""
    lines = [say(lang, "associate.head", figure(lang, read.count), figure(lang, len(read.names)))]
    if not rows:
        return [*lines, say(lang, "associate.none", f"{figure(lang, 100 * support, 1)} %", figure(lang, lift, 1))]
    pair, *heads = [say(lang, f"associate.{name}") for name in ("pair", "support", "confidence", "lift")]
    width = max(len(pair), *(len(f"{r.item} → {r.other}") for r in rows))
    lines.append(f"{pair:<{width}}" + "".join(f"{head:>12}" for head in heads))
    for row in rows:
        cells = [f"{figure(lang, 100 * share, 1)} %" for share in (row.support, row.confidence)]
        cells.append(figure(lang, row.lift, 2))
        lines.append(f"{f'{row.item} → {row.other}':<{width}}" + "".join(f"{cell:>12}" for cell in cells))
    if proposed:
        lines += ["", say(lang, "associate.propose"), "offers:"]
        lines += [f"  {item}: {{goes_with: [{', '.join(others)}]}}" for item, others in proposed.items()]
    return lines

"""Figures over replications, each with half of its interval."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bifurque.engine.compare_words import say
from bifurque.engine.report import COLUMNS, table
from bifurque.engine.values import Duration, shown
from bifurque.engine.words import figure
from bifurque.engine.words import say as say_plainly
from bifurque.rules.errors import DataError


def share_of(text: str | None) -> float | None:
    """A share as people write it: `1%` or `0.01`.

    Raises:
        DataError: it is none.
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d+)?)\s*(%?)\s*", text)
    if not found:
        raise DataError(f"expected a share such as 1%, got `{shown(text)}`")
    return float(found[1]) / (100 if found[2] else 1)


def days_of(text: str | None) -> int:
    """Whole days as people write them: `30d`, `2w` or `30`.

    Raises:
        DataError: it is something else.
    """
    try:
        read = Duration.read(f"{text}d" if str(text).strip().isdigit() else text or "0d")
    except ValueError as error:
        raise DataError(f"warm-up: {error}") from None
    if read.seconds:
        raise DataError(f"warm-up: expected whole days such as 30d, got `{shown(text)}`")
    return read.days


def replications_report(kpis: Mapping[str, Any], warm_up: int, lang: str) -> list[str]:
    """Means over the replications, under each the half width of its interval; whether that is enough."""
    lines = [say(lang, "warm_up", warm_up)] if warm_up else []
    found = kpis.get("replications")
    if not found:
        return lines
    seeds = found["seeds"]
    lines += ["", say(lang, "replicated", found["count"], seeds[0], seeds[-1]), ""]
    figures = found["figures"]
    groups = {key: figures[key] for key in ("journeys", "messages", "channels", "arms", "stages") if figures.get(key)}
    totals = figures["totals"]
    groups["totals"] = {"": totals | {"converted": totals["purchases"]}}
    told = {key: _rows(rows) for key, rows in groups.items() if key != "stages" or len(rows) > 1}
    width = max(len(name) for key, rows in told.items() for name in (say_plainly(lang, key), *(f"  {r}" for r in rows)))
    for key, rows in told.items():
        lines += [*table(lang, say_plainly(lang, key), rows, width), ""]
    return [*lines, *_enough(found, lang)]


def _rows(rows: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Two rows for each: its means, and how far off they may be."""
    found: dict[str, dict[str, float]] = {}
    for name, row in rows.items():
        cells = {c: row[c] for c in COLUMNS if c in row}
        found[name] = {c: x["mean"] for c, x in cells.items()}
        found[f"  {name} ±".replace("   ±", "  ±")] = {c: x["high"] - x["mean"] for c, x in cells.items()}
    return found


def _enough(found: Mapping[str, Any], lang: str) -> list[str]:
    name = found["figure"]
    row = found["figures"]["totals"][name]
    if not row["mean"]:
        return []
    share = 100 * (row["high"] - row["mean"]) / abs(row["mean"])
    told = (say(lang, name) if name in ("sent", "revenue", "cost") else name, figure(lang, share, 2))
    if found["until"] is None:
        return [say(lang, "precision", *told), say(lang, "more_needed", 4 * found["count"])]
    if found["reached"]:
        return [say(lang, "precision", *told)]
    return [say(lang, "until.missed", found["count"], *told)]

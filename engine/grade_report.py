"""A grade for those who read it: what was lived beside what was forecast."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import structs

from bifurque.engine.calibrate import Calibration
from bifurque.engine.calibrate_words import say
from bifurque.engine.grade import Told, cut
from bifurque.engine.words import figure


def grade_report(c: Calibration, rows: list[Told]) -> str:
    """The grade, and every figure compared."""
    grade = c.behaviour.grade
    if grade is None:
        return say(c.lang, "grade.none")
    since = dt.datetime.fromtimestamp(cut(c.log), dt.UTC).date()
    lines = [say(c.lang, "grade", grade.grade, sum(r.told for r in rows), len(rows), since), say(c.lang, "grade.scale")]
    heads = say(c.lang, "grade.heads").split("|")
    lines.append(f"  {heads[0]:<18} {heads[1]:>7} " + " ".join(f"{h:>12}" for h in heads[2:]))
    for row in rows:
        numbers = (row.lived, row.forecast, row.low, row.high)
        cells = " ".join(f"{figure(c.lang, round(n)):>12}" for n in numbers)
        lines.append(
            f"  {say(c.lang, f'figure.{row.figure}'):<18} {row.window + 1:>7} {cells}  {'✓' if row.told else '✗'}"
        )
    return "\n".join(lines)


def grade_data(c: Calibration, rows: list[Told]) -> dict[str, Any]:
    """The same as plain data."""
    grade = c.behaviour.grade
    return {
        "grade": None if grade is None else structs.asdict(grade),
        "compared": [_compared(row) for row in rows],
    }


def _compared(row: Told) -> dict[str, Any]:
    """One comparison."""
    keys = ("figure", "window", "lived", "forecast", "low", "high", "told")
    return {key: getattr(row, key) for key in keys}

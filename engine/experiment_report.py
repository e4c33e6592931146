"""What experiments say, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bifurque.engine.compare_report import by_seed, signed
from bifurque.engine.compare_words import say
from bifurque.engine.experiment import Readout
from bifurque.engine.intervals import NORMAL
from bifurque.engine.replications_report import share_of
from bifurque.engine.sequential import crossing, inflation, obrien_fleming, per_arm, pocock
from bifurque.engine.sweep_report import aligned
from bifurque.engine.trial import Factorial, Power
from bifurque.engine.words import figure
from bifurque.rules.errors import DataError


def size_data(base: str, other: str, sd: float | None, target: str, alpha: str, looks: int) -> dict[str, Any]:
    """Contacts per arm: looking once, and looking several times by either set of bounds; what naive looks would do.

    Raises:
        DataError: a figure cannot be.
    """
    values = [share_of(base), share_of(other), share_of(target), share_of(alpha)]
    a, b, power, level = (float(v or 0.0) for v in values)
    if a == b or not 0 < power < 1 or not 0 < level < 1 or (sd is not None and sd <= 0):
        raise DataError("expected two different figures, a power and an alpha between 0% and 100%")
    if sd is None and not (0 <= a <= 1 and 0 <= b <= 1):
        raise DataError("a share lies between 0% and 100%; a mean needs --sd")
    once = per_arm(a, b, power=power, alpha=level, sd=sd)
    z = NORMAL.inv_cdf(1 - level / 2)
    found: dict[str, Any] = {"per_arm": once, "looks": looks, "power": power, "alpha": level}
    if looks > 1:
        found |= {
            "naive_alpha": crossing([z] * looks)[-1],
            "obrien_fleming": math.ceil(once * inflation(looks, power=power, alpha=level)),
            "pocock": math.ceil(once * inflation(looks, power=power, alpha=level, pocock_bounds=True)),
            "obrien_fleming_bounds": obrien_fleming(looks, level),
            "pocock_bounds": pocock(looks, level),
        }
    return found


def size_report(data: Mapping[str, Any], lang: str) -> list[str]:
    """The sizes in words."""
    lines = [say(lang, "size", figure(lang, data["per_arm"]))]
    if data["looks"] > 1:
        naive = figure(lang, 100 * data["naive_alpha"], 1)
        lines.append(say(lang, "size.naive", data["looks"], naive, figure(lang, 100 * data["alpha"], 1)))
        for name in ("obrien_fleming", "pocock"):
            bounds = "; ".join(figure(lang, b, 3) for b in data[f"{name}_bounds"])
            lines.append(say(lang, f"size.{name}", figure(lang, data[name]), bounds))
    return lines


def power_report(found: Power, lang: str) -> list[str]:
    """Effect, sizes and power by size."""
    told = _between(lang, *found.effect[1:])
    lines = [
        *([say(lang, "shared.power")] if found.shared else []),
        *by_seed(lang, False, found.replications, found.seed),
        say(lang, "power.base", found.figure, found.arms[0], figure(lang, found.base, 5)),
        say(lang, "power.effect", found.arms[1], signed(lang, found.effect[0], 5), told),
        "",
        *aligned(
            [[say(lang, "differing"), say(lang, "power"), ""]]
            + [
                [
                    figure(lang, r["contacts"]),
                    f"{figure(lang, 100 * r['power'], 1)} %",
                    f"[{figure(lang, 100 * r['low'], 1)}; {figure(lang, 100 * r['high'], 1)}]",
                ]
                for r in found.rows
            ]
        ),
        "",
    ]
    needed = "·" if found.needed is None else figure(lang, found.needed)
    textbook = "·" if found.textbook is None else figure(lang, 2 * found.textbook)
    return [*lines, say(lang, "power.needed", needed), say(lang, "power.textbook", textbook)]


def _interval(row: Mapping[str, Any], lang: str, low: str = "low", high: str = "high", digits: int = 5) -> str:
    return _between(lang, row[low], row[high], digits)


def _between(lang: str, low: float, high: float, digits: int = 5) -> str:
    """An interval; from a single replication there is none."""
    return f"[{signed(lang, low, digits)}; {signed(lang, high, digits)}]" if math.isfinite(high - low) else "·"


def factors_data(found: Factorial) -> dict[str, Any]:
    """A design and its effects as plain data."""
    runs = [
        {f: levels[int(x > 0)] for f, levels, x in zip(found.factors, found.levels, run, strict=True)} | {"mean": mean}
        for run, mean in zip(found.runs.tolist(), found.means, strict=True)
    ]
    return {"factors": found.factors, "runs": runs, "effects": found.effects}


def factors_report(found: Factorial, lang: str) -> list[str]:
    """The runs with their means, then the effects."""
    data = factors_data(found)
    cells = [["", *found.factors, say(lang, "mean")]]
    for i, run in enumerate(data["runs"], 1):
        cells.append([str(i), *(str(run[f]) for f in found.factors), figure(lang, run["mean"], 5)])
    effects = [[say(lang, "effect"), say(lang, "difference.high"), "", say(lang, "sign.above"), ""]]
    for row in found.effects:
        sure = row["sign_probability"]
        mixed = "" if row["mixed_with"] is None else say(lang, "mixed", row["mixed_with"])
        told = "·" if sure is None else figure(lang, sure, 3)
        effects.append([row["effect"], signed(lang, row["difference"], 5), _interval(row, lang), told, mixed])
    said = by_seed(lang, found.shared, found.replications, found.seed)
    return [*said, *aligned(cells, left=1 + len(found.factors)), "", *aligned(effects)]


def read_report(found: Readout, lang: str) -> list[str]:
    """Arms, balance, differences, strata."""
    cells = [[say(lang, "arm"), say(lang, "differing"), say(lang, "mean"), say(lang, "sd")]]
    cells += [
        [a["arm"], figure(lang, a["contacts"]), figure(lang, a["mean"], 5), figure(lang, a["sd"], 5)]
        for a in found.arms
    ]
    key = "balance.suspect" if found.suspect else "balance"
    said = [say(lang, "shared.read")] if found.shared else []
    lines = [*said, *aligned(cells), say(lang, key, figure(lang, found.balance, 4)), ""]
    lines += _differences(found.differences, lang)
    if found.strata:
        lines += ["", *_differences(found.strata, lang)]
    return lines


def _differences(rows: Sequence[Mapping[str, Any]], lang: str) -> list[str]:
    cells = [["", say(lang, "differing.arms"), say(lang, "once"), say(lang, "any_time"), say(lang, "sign.above")]]
    for row in rows:
        where = f"{row['by']}: {row['stratum'] or say(lang, 'all_strata')}, " if "by" in row else ""
        sure = row["sign_probability"]
        cells.append(
            [
                f"{where}{row['arm']} − {row['base']}",
                signed(lang, row["difference"], 5),
                _interval(row, lang),
                _interval(row, lang, "any_time_low", "any_time_high"),
                "·" if sure is None else figure(lang, sure, 3),
            ]
        )
    return aligned(cells)


def lift_report(rows: Sequence[Mapping[str, Any]], lang: str) -> list[str]:
    """What each journey brings, and the whole plan."""
    shown = [r for r in rows if r["figure"] in ("purchases", "revenue", "unsubscribed")]
    cells = [[say(lang, "journey"), "", say(lang, "lift"), "", say(lang, "by_holdout")]]
    for row in shown:
        digits = 2 if row["figure"] == "revenue" else 0
        name = row["journey"] or say(lang, "whole_plan")
        wide = f"± {figure(lang, row['half_width_of_a_holdout'], digits)} ({figure(lang, 100 * row['holdout'], 0)} %)"
        told = _interval(row, lang, digits=digits)
        cells.append([name, say(lang, row["figure"]), signed(lang, row["lift"], digits), told, wide])
    often, seed = (int(rows[0][k]) for k in ("replications", "seed")) if rows else (0, 0)
    said = by_seed(lang, bool(rows) and bool(rows[0]["shared"]), often, seed)
    return [*said, *aligned(cells, left=2), "", say(lang, "lift.note")]

"""A sweep as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bifurque.engine.check_sharing import depends
from bifurque.engine.compare_report import by_seed, signed
from bifurque.engine.compare_words import say
from bifurque.engine.sweep import Sweep
from bifurque.engine.words import figure

MOST_ROWS = 40


def sweep_report(found: Sweep, lang: str) -> str:
    """The variants, the best first, those on the front marked; then the price of pressure."""
    base = found.base
    n = figure(lang, base.people.count)
    lines = [base.file, say(lang, "sweep", figure(lang, len(found.tried)), n, base.days, base.seed)]
    lines += [*by_seed(lang, depends(base.plan), found.replications, base.seed), ""]
    rows = found.rows()
    sign = 1 if found.objective in ("unsubscribed", "sent") else -1
    whole = sorted(
        (r for r in rows if r["dropped_after"] is None), key=lambda r: sign * r[f"{found.objective}_difference"]
    )
    dropped = sorted((r for r in rows if r["dropped_after"] is not None), key=lambda r: -r["dropped_after"])
    heads = [say(lang, "variant"), "", say(lang, "pressure"), *(say(lang, c) for c in ("net", "unsubscribed"))]
    heads[3] += " " + base.plan.currency
    cells = [heads] + [_cells(found, row, lang) for row in [*whole, *dropped][:MOST_ROWS]]
    lines += aligned(cells, left=2)
    if len(rows) > MOST_ROWS:
        lines.append("  " + say(lang, "more_rows", len(rows) - MOST_ROWS))
    return "\n".join([*lines, say(lang, "front"), "", *_prices(found, lang)])


def _cells(found: Sweep, row: dict[str, Any], lang: str) -> list[str]:
    n = row["contacts"]
    values = " ".join(f"{p}={row[p]}" for p in found.grid.paths)
    name = say(lang, "as_is") if row["variant"] < 0 else f"{row['variant']:>4}  {values}"
    parts = [("★ " if row["pareto"] else "  ") + name]
    late = row["dropped_after"]
    unit = "dropped_after.seeds" if found.replications else "dropped_after"
    parts.append("" if late is None else say(lang, unit, figure(lang, late)))
    parts.append(figure(lang, row["pressure"], 3))
    for column, digits in (("net", 2), ("unsubscribed", 0)):
        parts.append(signed(lang, n * row[f"{column}_difference"], digits))
        if row[f"{column}_low"] is not None:
            low, high = (signed(lang, n * row[f"{column}_{c}"], digits) for c in ("low", "high"))
            parts[-1] += f" [{low}; {high}]"
    return parts


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Cells in columns, the first ones to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(f"{c:<{w}}" if i < left else f"{c:>{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]


def _prices(found: Sweep, lang: str) -> list[str]:
    """Of the variants that change the pressure least, up and down: the price for everybody, then by group."""
    whole = {t.variant for t in found.tried if t.dropped_after is None}
    rows = [r for r in found.prices() if r["variant"] in whole]
    near = nearest(rows)
    if not near:
        return [say(lang, "price.none")]
    lines = [say(lang, "price", found.base.plan.currency)]
    for variant in near:
        mine = [r for r in rows if r["variant"] == variant]
        change = next(r["pressure_difference"] for r in mine if r["group"] == "total")
        heads = [say(lang, "price.group"), say(lang, "price.worth"), "", say(lang, "price.opt_outs")]
        cells = [heads] + [_price(r, lang) for r in mine if r["price"] is not None]
        lines += ["", say(lang, "price.from", variant, signed(lang, change, 4)), *aligned(cells)]
    return lines


def nearest(rows: Sequence[dict[str, Any]]) -> list[int]:
    """The variants with a little more and a little less pressure than the plan as it is, as far as there are any."""
    totals = [r for r in rows if r["group"] == "total" and r["price"] is not None]
    more = min(
        (r for r in totals if r["pressure_difference"] > 0), key=lambda r: r["pressure_difference"], default=None
    )
    less = max(
        (r for r in totals if r["pressure_difference"] < 0), key=lambda r: r["pressure_difference"], default=None
    )
    return [r["variant"] for r in (more, less) if r is not None]


def _price(row: dict[str, Any], lang: str) -> list[str]:
    group = say(lang, "everybody") if row["group"] == "total" else f"{say(lang, row['group'])}: {row['name']}"
    interval = "; ".join(signed(lang, row[c], 3) for c in ("price_low", "price_high"))
    return [f"  {group}", signed(lang, row["price"], 3), f"[{interval}]", signed(lang, row["opt_outs_per_1000"], 2)]

"""The figures of a run as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bifurque.engine.words import figure, reason, say

COLUMNS = ("entered", "sent", "held", "dropped", "opened", "clicked", "converted", "revenue", "cost", "unsubscribed")
MONEY = ("revenue", "cost")


def report(kpis: Mapping[str, Any], lang: str) -> str:
    """The KPI table: per journey, message, channel, arm and stage, then what concerns them all."""
    totals = kpis["totals"]
    lines = [
        f"{kpis['plan']} · {figure(lang, kpis['contacts'])} {say(lang, 'contacts')} · "
        f"{figure(lang, kpis['days'])} {say(lang, 'days')}",
        "",
    ]
    if kpis["behaviour"] == "off":
        lines.insert(1, say(lang, "behaviour_off"))
    elif kpis["behaviour"] == "realistic":
        trust = {None: "uncalibrated", "ungraded": "ungraded"}.get(kpis["grade"], "graded")
        lines.insert(1, say(lang, trust, kpis["grade"]))
    groups = [(key, dict(kpis[key])) for key in ("journeys", "messages", "channels", "arms", "stages") if kpis[key]]
    if len(kpis["stages"]) < 2:
        groups = [g for g in groups if g[0] != "stages"]
    total = dict(totals) | {"converted": totals["purchases"]}
    groups.append(("totals", {"": total}))
    width = max(len(name) for key, rows in groups for name in (say(lang, key), *(f"  {r}" for r in rows)))
    for key, rows in groups:
        lines += table(lang, say(lang, key), rows, width)
        lines.append("")
    for key in ("held", "dropped"):
        counted = sorted(totals[f"{key}_by_reason"].items(), key=lambda item: -item[1])
        if counted:
            lines.append(say(lang, f"why_{key}"))
            lines += [f"  {reason(lang, code):<44} {figure(lang, count):>14}" for code, count in counted]
            lines.append("")
    lines += survey_lines(kpis, lang)
    if kpis.get("rules"):
        lines.append(say(lang, "rules"))
        lines += [f"  {name:<44} {figure(lang, row['fired']):>14}" for name, row in kpis["rules"].items()]
        lines.append("")
    return "\n".join([*lines, *_overall(kpis, lang)])


def survey_lines(kpis: Mapping[str, Any], lang: str) -> list[str]:
    """Surveys with a scale: who answered, and what; beside it, what all who were asked would have answered."""
    rows = {f"  {name}": row for name, row in kpis.get("surveys", {}).items()}
    if not rows:
        return []
    rows |= {f"  {say(lang, 'totals')} {scale.upper()}": row for scale, row in kpis["scales"].items()}
    columns = ("asked", "answered", "response_rate", "score", "score_of_all")
    widths = [max(10, len(say(lang, c))) for c in columns]
    width = max(map(len, (say(lang, "surveys"), *rows)))
    lines = [f"{say(lang, 'surveys'):<{width}}" + _aligned([say(lang, c) for c in columns], widths)]
    for name, row in rows.items():
        rate = f"{figure(lang, 100 * row['response_rate'], 1)} %"
        cells = [figure(lang, row["asked"]), figure(lang, row["answered"]), rate]
        cells += [_score(lang, row["scale"], row.get(k)) for k in (row["scale"], f"{row['scale']}_of_all")]
        lines.append(f"{name:<{width}}" + _aligned(cells, widths))
    return [*lines, ""]


def _score(lang: str, scale: str, value: float | None) -> str:
    if value is None:
        return "·"
    if scale == "csat":
        return f"CSAT {figure(lang, 100 * value, 1)} %"
    return f"NPS {'+' if value > 0 else ''}{figure(lang, value, 1)}"


def table(lang: str, title: str, rows: Mapping[str, Mapping[str, Any]], width: int) -> list[str]:
    """A title line with the names of the columns, then a line per row."""
    columns = COLUMNS if all("now" not in row for row in rows.values()) else (*COLUMNS, "now")
    heads = [say(lang, column) for column in columns]
    cells = {name: [_cell(lang, row, column) for column in columns] for name, row in rows.items()}
    widths = [max(10, len(h), *(len(c[i]) for c in cells.values())) for i, h in enumerate(heads)]
    lines = [f"{title:<{width}}" + _aligned(heads, widths)]
    return lines + [f"{'  ' + name:<{width}}" + _aligned(line, widths) for name, line in cells.items()]


def _aligned(cells: Iterable[str], widths: list[int]) -> str:
    return "".join(f" {cell:>{w}}" for cell, w in zip(cells, widths, strict=True)).rstrip()


def _cell(lang: str, row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None:
        return "·"
    return figure(lang, value, 2 if column in MONEY else 0)


def _overall(kpis: Mapping[str, Any], lang: str) -> list[str]:
    totals, pressure = kpis["totals"], kpis["pressure"]
    currency = kpis["currency"]
    parts = [f"P50 {pressure['p50']}", f"P95 {pressure['p95']}", f"P99 {pressure['p99']}"]
    parts.append(f"{say(lang, 'mean')} {figure(lang, pressure['mean'], 2)}")
    lines = [f"{say(lang, 'pressure')}: {' · '.join(parts)}"]
    if "machine_opened" in totals:
        counts = [figure(lang, totals[k]) for k in ("opened", "machine_opened", "reported_opened")]
        lines.append(say(lang, "machine_opens", *counts))
    reacting = kpis["behaviour"] != "off"
    if reacting or totals["opened"]:
        share = figure(lang, 100 * totals["indifferent_share"], 1)
        lines.append(f"{say(lang, 'indifferent')}: {share} %")
    over = say(lang, "value_12_months") if kpis["days"] >= 365 else say(lang, "value_so_far", kpis["days"])
    lines.append(f"{over}: {figure(lang, totals['value_12_months'], 2)} {currency}")
    if reacting:
        roi = "·" if totals["roi"] is None else figure(lang, totals["roi"], 1)
        lines.append(f"{say(lang, 'roi')}: {roi}")
    if totals["quarantined"]:
        lines.append(f"{say(lang, 'quarantined')}: {figure(lang, totals['quarantined'])}")
    return lines

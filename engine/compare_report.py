"""A comparison as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bifurque.engine.check_sharing import depends
from bifurque.engine.compare import Comparison
from bifurque.engine.compare_words import say
from bifurque.engine.figures import UNITS
from bifurque.engine.words import figure

MOST_ROWS, MOST_LINES, WIDTH, FEW = 6, 16, 72, 30
SHOWN = ("sent", "clicked", "converted", "revenue", "unsubscribed", "count")
"""Of groups other than the total, the figures shown; the rest is in `--json` and the files."""


def compare_report(found: Comparison, lang: str, *, who: int = 1) -> str:
    """Differences with their intervals, what is surest first; then who changed."""
    n = figure(lang, found.contacts)
    lines = [f"A: {_side(found.a)}", f"B: {_side(found.b)}"]
    lines.append(say(lang, "paired", n, found.a.days, found.a.seed))
    lines += [*by_seed(lang, depends(found.a.plan) or depends(found.b.plan), len(found.replications), found.a.seed), ""]
    rows = found.rows()
    if not found.differing and not any(row["contacts_differing"] for row in rows):
        return "\n".join([*lines, say(lang, "same")])
    lines += table(lang, say(lang, "total"), [(say(lang, r["figure"]), r) for r in _of(rows, "total")], found.level)
    groups = found.groups.to_pylist()
    for group in ("journey", "message", "channel", "stage", "arm", "event"):
        lines += _group(lang, say(lang, group), _of(rows, group), found.level)
    for kind in ("persona", "zone", "stage", "segment"):
        lines += _group(lang, say(lang, f"by.{kind}"), _of(groups, kind), found.level)
    if any(0 < r["contacts_differing"] < FEW for r in rows):
        lines += ["", say(lang, "few", FEW)]
    lines += ["", _gain(lang, rows, "gain.by_seed" if found.replications else "gain")]
    share = figure(lang, 100 * found.differing / found.contacts, 1)
    lines.append(say(lang, "who", figure(lang, found.differing), n, share))
    if len(found.replications) > 1:
        lines[-1] += " " + say(lang, "who.seed", found.a.seed)
    for contact, changes in found.most_changed[:who]:
        lines += ["", say(lang, "most", contact, figure(lang, changes))]
        lines += _beside(lang, found.side_by_side(contact, lang))
    return "\n".join(lines)


def by_seed(lang: str, shares: bool, often: int, seed: int) -> list[str]:
    """Where the intervals come from, if not from contacts."""
    lines = [say(lang, "shared")] if shares else []
    if often == 1:
        lines.append(say(lang, "by_seed.none"))
    elif often:
        lines.append(say(lang, "by_seed", often, seed, seed + often - 1))
    return lines


def _side(setting: Any) -> str:
    return " ".join([setting.file, *(f"--set {text}" for text in setting.overrides if len(text) < 100)])


def _of(rows: Iterable[Mapping[str, Any]], group: str) -> list[Mapping[str, Any]]:
    return [r for r in rows if r["group"] == group]


def _group(lang: str, title: str, rows: Sequence[Mapping[str, Any]], level: float) -> list[str]:
    """The rows of a group that differ, the surest first."""
    some = [r for r in rows if r["figure"] in SHOWN and r["contacts_differing"] and not r["name"].endswith("/")]
    some.sort(key=lambda r: -abs(r["difference"]) / (1 if r["low"] is None else max(r["high"] - r["low"], 1e-9)))
    named = [(f"{r['name']}, {say(lang, r['figure'])}", r) for r in some[:MOST_ROWS]]
    if not named:
        return []
    more = [f"  {say(lang, 'more_rows', len(some) - MOST_ROWS)}"] if len(some) > MOST_ROWS else []
    return ["", *table(lang, title, named, level), *more]


def table(lang: str, title: str, rows: Sequence[tuple[str, Mapping[str, Any]]], level: float) -> list[str]:
    """A table of differences."""
    interval = say(lang, "interval", figure(lang, 100 * level, 1).removesuffix(".0").removesuffix(",0"))
    heads = ["A", "B", say(lang, "difference"), interval, say(lang, "sign"), say(lang, "differing"), say(lang, "ratio")]
    cells = [[name, *_cells(lang, row)] for name, row in rows]
    widths = [max(len(line[i]) for line in [[title, *heads], *cells]) for i in range(len(heads) + 1)]
    widths[0] += 2
    lines = [[title, *heads], *(["  " + line[0], *line[1:]] for line in cells)]
    return [
        f"{x[0]:<{widths[0]}}" + "".join(f"  {c:>{w}}" for c, w in zip(x[1:], widths[1:], strict=True)) for x in lines
    ]


def _cells(lang: str, row: Mapping[str, Any]) -> list[str]:
    digits = 2 if row["figure"] in UNITS else 0
    parts = [figure(lang, row[c], digits) for c in ("a", "b")]
    parts.append(signed(lang, row["difference"], digits))
    few = "~" if 0 < row["contacts_differing"] < FEW else ""
    if row["low"] is None:
        parts.append("·")
    else:
        parts.append(f"{few}[{signed(lang, row['low'], digits)}; {signed(lang, row['high'], digits)}]")
    sign, ratio = row["sign_probability"], row["variance_ratio"]
    parts.append("·" if sign is None else figure(lang, sign, 3))
    parts.append(figure(lang, row["contacts_differing"]))
    return [*parts, "·" if ratio is None else "× " + figure(lang, ratio, 0 if ratio >= 10 else 1)]


def signed(lang: str, value: float, digits: int = 0) -> str:
    """A number with its sign; zero has none."""
    text = figure(lang, abs(value), digits)
    if not any(c in "123456789" for c in text):
        return text
    return ("+" if value > 0 else "−") + text


def _gain(lang: str, rows: Sequence[Mapping[str, Any]], phrase: str) -> str:
    ratios = {r["figure"]: r["variance_ratio"] for r in _of(rows, "total")}

    def told(name: str) -> str:
        ratio = ratios.get(name)
        return "·" if ratio is None else figure(lang, ratio, 0 if ratio >= 10 else 1)

    return say(lang, phrase, told("revenue"), told("sent"))


def _beside(lang: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The rows that differ, A on the left and B on the right."""
    other = [(a, b) for a, b in pairs if a != b]
    lines = [f"  {_cut(a):<{WIDTH}} │ {_cut(b)}".rstrip() for a, b in other[:MOST_LINES]]
    if len(other) > MOST_LINES:
        lines.append("  " + say(lang, "more_lines", figure(lang, len(other) - MOST_LINES)))
    return lines


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"

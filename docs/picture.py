"""Draws the README's picture, docs/demo.svg, from a run of the demo plan: python docs/picture.py demo/run."""

from __future__ import annotations

import sys
from collections import defaultdict
from html import escape
from pathlib import Path

import bifurque
from bifurque.engine.words import reason

WIDTH, HEIGHT, LEFT, TOP, PLOT = 920, 430, 70, 64, 660
INK, FAINT = "#24292f", "#8c959f"
SENT = ("#1f6f8b", "#3a9188", "#7bb274", "#c9c15c", "#e0a458", "#c8713c", "#8d6a9f", "#b7b7b7")
NOT_SENT = ("#8f2d3c", "#bf5b4b", "#d99a7c", "#cfc3b8", "#9a9a9a")
SENT_NAMES, NOT_SENT_NAMES = 7, 4


def layers(rows: list[dict], outcome: str, column: str, most: int) -> list[tuple[str, list[int]]]:
    """Weekly counts of one outcome by name, the largest first, the rest together."""
    weeks = 1 + max(r["week"] for r in rows)
    found: dict[str, list[int]] = defaultdict(lambda: [0] * weeks)
    for row in rows:
        if row["outcome"] == outcome:
            found[row[column]][row["week"]] += row["count"]
    ranked = sorted(found.items(), key=lambda item: -sum(item[1]))
    rest = [sum(week) for week in zip(*(counts for _, counts in ranked[most:]), strict=True)]
    return ranked[:most] + ([("others", rest)] if rest else [])


def bars(
    stack: list[tuple[str, list[int]]], colours: tuple[str, ...], x: float, zero: float, scale: float
) -> list[str]:
    """Stacked bars from the zero line, up if the scale is positive, down if it is not."""
    parts = []
    width = PLOT / len(stack[0][1])
    for week in range(len(stack[0][1])):
        at = zero
        for (_, counts), colour in zip(stack, colours, strict=False):
            height = counts[week] * scale
            top = at - height if scale > 0 else at
            box = f'x="{x + week * width:.1f}" y="{top:.1f}" width="{width - 1.5:.1f}" height="{abs(height):.1f}"'
            parts.append(f'<rect {box} fill="{colour}"/>')
            at -= height
    return parts


def legend(stack: list[tuple[str, list[int]]], colours: tuple[str, ...], title: str, y: float) -> list[str]:
    """A name for each colour."""
    x = LEFT + PLOT + 22
    parts = [f'<text x="{x}" y="{y}" font-weight="600" fill="{INK}">{title}</text>']
    for i, ((name, counts), colour) in enumerate(zip(stack, colours, strict=False)):
        at = y + 20 + 18 * i
        parts.append(f'<rect x="{x}" y="{at - 10}" width="11" height="11" rx="2" fill="{colour}"/>')
        text = escape(name.replace("_", " "))
        parts.append(f'<text x="{x + 18}" y="{at}" fill="{INK}">{text} · {sum(counts) / 1000:,.0f} k</text>')
    return parts


def draw(run: bifurque.Run) -> str:
    """The picture as SVG."""
    rows = run.aggregate("decision_week").to_pylist()
    weeks = 1 + max(r["week"] for r in rows)
    whole = [r for r in rows if r["week"] < weeks - 1]  # the last week is a part of one
    sent = layers(whole, "sent", "journey", SENT_NAMES)
    lost = [(reason("en", n) if n != "others" else n, c) for n, c in layers(whole, "dropped", "reason", NOT_SENT_NAMES)]
    up, down = (max(sum(week) for week in zip(*(c for _, c in s), strict=True)) for s in (sent, lost))
    scale = (HEIGHT - TOP - 34) / (up + down)
    zero = TOP + up * scale
    contacts = run.manifest["contacts"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12.5">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="24" y="30" font-size="17" font-weight="600" fill="{INK}">'
        f"One plan, {len(run.plan.journeys)} journeys, {contacts:,} contacts, a year: "
        "what leaves each week, and what does not</text>",
        f'<text x="24" y="49" fill="{FAINT}">The demo plan (bifurque init demo), simulated</text>',
        *bars(sent, SENT, LEFT, zero, scale),
        *bars(lost, NOT_SENT, LEFT, zero, -scale),
        f'<line x1="{LEFT}" x2="{LEFT + PLOT}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="{INK}"/>',
        *legend(sent, SENT, "Sent, by journey", TOP + 16),
        *legend(lost, NOT_SENT, "Not sent, by reason", TOP + 60 + 18 * len(sent)),
    ]
    for count in range(-int(down), int(up) + 1):
        if count % 20000 == 0 and count:
            y = zero - count * scale
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{FAINT}">{abs(count):,}</text>')
            parts.append(f'<line x1="{LEFT - 4}" x2="{LEFT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{FAINT}"/>')
    for week in range(0, weeks - 1, 4):
        x = LEFT + (week + 0.5) * PLOT / (weeks - 1)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle" fill="{FAINT}">{week + 1}</text>')
    parts.append(f'<text x="{LEFT - 8}" y="{HEIGHT - 10}" text-anchor="end" fill="{FAINT}">week</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("demo.svg").write_text(draw(bifurque.open_run(sys.argv[1])), encoding="utf-8")

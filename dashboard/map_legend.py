"""The legend: lines with their numbers, the signs that occur, and a scale of widths."""

from __future__ import annotations

import math
from html import escape

from bifurque.dashboard.font import cut, text_width
from bifurque.dashboard.layout import Kind, Layout
from bifurque.dashboard.map_flows import Flows
from bifurque.dashboard.map_signs import disc, sign
from bifurque.dashboard.map_text import compact, say, text, visible
from bifurque.dashboard.palette import COLOURS
from bifurque.dashboard.style import WIDTH, width_of

ROW = 30.0
ORDER: tuple[Kind, ...] = (
    "send",
    "survey",
    "offer",
    "task",
    "wait",
    "wait_for",
    "branch",
    "experiment",
    "act",
    "goal",
    "exit",
    "end",
)


class _Rows:
    """Things side by side, broken into rows."""

    def __init__(self, width: float) -> None:
        self.width, self.x, self.y = width, 2.0, 0.0
        self.parts: list[str] = []

    def add(
        self, drawn: str, name: str, after: str = "", *, bold: bool = False, gap: float = 26.0, data: str = ""
    ) -> None:
        """A sign, its name, a figure; `data` marks the figure for pages that change it."""
        size = 12.0 if bold else 11.5
        name = cut(visible(name), size, bold, 220)
        wide, more = text_width(name, size, bold), text_width(after, 11)
        if self.x + gap + wide + more > self.width - 60 and self.x > 2:
            self.break_row()
        style = 'font-weight="700"' if bold else 'class="sub"'
        kept = f'textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"'
        shown = f'<text x="{gap}" y="4" font-size="{size}" {style} {kept}>{escape(name)}</text>' if name else ""
        if after:
            shown += f'<text x="{gap + wide + 7:.1f}" y="4" font-size="11" class="sub" {data}>{escape(after)}</text>'
        self.parts.append(f'<g transform="translate({self.x:.1f} {self.y:.1f})">{drawn}{shown}</g>')
        self.x += gap + wide + (more + 7 if after else 0) + 26

    def break_row(self) -> None:
        """Go on in the next row."""
        self.x, self.y = 2.0, self.y + ROW


def legend(
    layout: Layout, flows: Flows | None, most: float, width: float, lang: str, mode: str = "flow"
) -> tuple[str, float]:
    """The legend, and how high it is; figures that change with the week are marked by `data-figure`, `data-scale`."""
    rows = _Rows(width)
    for n, line in enumerate(layout.lines):
        total = compact(flows.lines[n], lang) if flows is not None else ""
        hollow = f'<circle cx="10" r="12.4" fill="none" stroke="{COLOURS[line.colour]}" stroke-width="1.6"/>'
        drawn = disc(10, 0, 10, COLOURS[line.colour], str(line.number)) + (hollow if line.hollow else "")
        rows.add(drawn, text(line.title, lang), total, bold=True, data=f'data-figure="line:{n}"')
    if rows.parts:
        rows.break_row()
    grey = "#6B7786"
    kinds = {s.kind for s in layout.stations}
    for kind in (k for k in ORDER if k in kinds):
        rows.add(sign(kind, 10, 0, grey, channel="email"), say(lang, f"kind.{kind}"))
    if any(len(s.lines) > 1 for s in layout.stations):
        pill = 'x="2" y="-11" width="16" height="22" rx="8" fill="var(--paper)" stroke="var(--ink)" stroke-width="2.4"'
        rows.add(f"<rect {pill}/>", say(lang, "kind.meeting"))
    if any(s.back is not None for s in layout.stations):
        box = 'x="-3" y="-8" width="26" height="16" rx="8" fill="var(--paper)" stroke-width="1.4"'
        arrow = '<text x="10" y="4" font-size="10.5" text-anchor="middle">↩</text>'
        rows.add(f'<rect {box} stroke="{grey}"/>{arrow}', say(lang, "kind.back"))
    if mode in ("gap", "compare"):
        pale = f'<path d="M-2 0h24" stroke="{grey}" stroke-width="{WIDTH}" stroke-opacity=".3"/>'
        rows.add(pale, say(lang, f"{mode}_pale"), gap=30.0)
        rows.add('<text x="2" y="4" font-size="11.5" class="sub">±%</text>', say(lang, f"{mode}_sign"), gap=28.0)
    elif flows is not None and any(flows.lost):
        cross = '<text x="2" y="4" font-size="11.5" class="sub">✕%</text>'
        rows.add(cross, say(lang, "lost_sign"), gap=28.0)
    if flows is not None:
        rows.add("", say(lang, "passages"), gap=10.0)
    for n, count in enumerate(scale(most) if flows is not None else ()):
        stroke = f'stroke="{grey}" stroke-width="{width_of(count, most):.1f}"'
        rows.add(f'<path d="M0 0h34" {stroke}/>', "", compact(count, lang), gap=34.0, data=f'data-scale="{n}"')
    return "".join(rows.parts), rows.y + ROW


def scale(most: float) -> list[float]:
    """Round numbers for a scale of widths."""
    found = []
    for count in (most, most / 4, most / 20):
        size = 10 ** math.floor(math.log10(max(count, 1)))
        found.append(float(max(round(count / size), 1) * size))
    return list(dict.fromkeys(found))

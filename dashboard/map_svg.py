"""Draws a layout as SVG: one file that needs nothing else, with no script, read by eye, keyboard and screen reader."""

from __future__ import annotations

import math
from html import escape
from typing import Literal

from bifurque.dashboard.font import cut, text_width
from bifurque.dashboard.layout import Label, Layout, Point, Station, Tag, Track
from bifurque.dashboard.map_flows import Flows, imagined
from bifurque.dashboard.map_legend import legend
from bifurque.dashboard.map_signs import disc, sign
from bifurque.dashboard.map_squeeze import HEADING, SPACED
from bifurque.dashboard.map_text import compact, say, text, visible
from bifurque.dashboard.map_words import BADGE, BADGE_AIR, badge_text
from bifurque.dashboard.palette import COLOURS
from bifurque.dashboard.style import BEND, HEAD, HUB_LABEL, LABEL, LINE, NOTE, WIDTH, width_of
from bifurque.rules.errors import BifurqueError

Mode = Literal["plan", "flow", "gap", "compare"]
Theme = Literal["light", "dark", "auto", "page"]
LEFT, TOP = 26.0, 78.0
THREAD = 2.2
"""The light in the middle of a hollow line is no wider: what carries much must look like much."""
TOLD = 0.05
"""A smaller share of messages that did not leave is not told."""
_LIGHT = "--paper:#fff;--band:#F4F6F9;--ink:#18202B;--ink2:#566170;--rule:#D9DFE7;--focus:#0B63CE"
_DARK = "--paper:#11161D;--band:#181F28;--ink:#EDF1F6;--ink2:#A3AFBD;--rule:#2B3541;--focus:#7DB4FF"
_PAGE = (
    "--paper:var(--st-background-color,#fff);--band:var(--st-secondary-background-color,#F4F6F9);"
    "--ink:var(--st-text-color,#18202B);--ink2:color-mix(in srgb,var(--ink) 72%,var(--paper));"
    "--rule:var(--st-border-color,#D9DFE7);--focus:var(--st-primary-color,#0B63CE)"
)
_THEMES = {
    "light": f".metro{{{_LIGHT}}}",
    "dark": f".metro{{{_DARK}}}",
    "auto": f".metro{{{_LIGHT}}}@media (prefers-color-scheme:dark){{.metro{{{_DARK}}}}}",
    "page": f".metro{{{_PAGE}}}",
}
_STYLE = """.metro{font-family:Arial,Helvetica,'Liberation Sans',sans-serif;background:var(--paper)}
.metro text{fill:var(--ink)}.metro .sub{fill:var(--ink2)}
.metro .halo{paint-order:stroke;stroke:var(--under);stroke-width:3px;stroke-linejoin:round}
.metro .track,.metro .case,.metro .ghost{fill:none;stroke-linejoin:round}.metro .case{stroke:var(--paper)}
.metro .station{cursor:pointer}.metro .station:focus{outline:none}
.metro .station:focus-visible .ring{stroke:var(--focus);stroke-width:3}"""


def draw(
    layout: Layout,
    flows: Flows | None = None,
    *,
    other: Flows | None = None,
    mode: Mode | None = None,
    theme: Theme = "light",
    lang: str = "fr",
    title: str | None = None,
    subtitle: str | None = None,
    lived: str = "",
) -> str:
    """A map as SVG.

    Args:
        layout: where everything is: see `lay_out`.
        flows: what was lived: see `flows_of`.
        other: what is compared with it: the run A, if `flows` are those of the run B.
        mode: `plan`; `flow`: what was lived, by width; `gap`: the same above what the plan imagines; `compare`: B above
            A. By default what the flows allow.
        theme: `light`, `dark`, `auto` (as the reader's system), or `page` (as the page around it).
        lang: `fr` or `en`.
        title: instead of the plan's.
        subtitle: instead of what the map says of itself.
        lived: which runs, and when; stands on a line of its own.
    """
    return _Drawing(layout, flows, other, mode, theme, lang).svg(title, subtitle, lived)


class _Drawing:
    """One picture of a layout."""

    def __init__(
        self, layout: Layout, flows: Flows | None, other: Flows | None, mode: Mode | None, theme: Theme, lang: str
    ) -> None:
        self.mode: Mode = mode or ("plan" if flows is None else "flow" if other is None else "compare")
        if (flows is None) != (self.mode == "plan") or (other is None) == (self.mode == "compare"):
            raise BifurqueError("a map in mode `plan` shows no flows, `flow` and `gap` one run, `compare` two")
        self.layout, self.flows, self.theme, self.lang = layout, flows, theme, lang
        self.below = imagined(layout, flows) if flows is not None and self.mode == "gap" else other
        counts = [*(flows.tracks if flows else ()), *(self.below.tracks if self.below else ())]
        self.most = max(counts, default=0.0) or 1.0
        self.position = {s.id: n for n, s in enumerate(layout.stations)}

    def svg(self, title: str | None, subtitle: str | None, lived: str) -> str:
        """The whole picture."""
        width = max(self.layout.width + 2 * LEFT, 640.0)
        signs, rows = legend(self.layout, self.flows, self.most, width, self.lang, self.mode)
        height = TOP + self.layout.height + rows + 22
        name = title if title is not None else text(self.layout.title, self.lang)
        told = subtitle if subtitle is not None else self._told()
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" class="metro" role="group" lang="{self.lang}" aria-label="{_attribute(name)}">',
            f"<style>{_THEMES[self.theme]}\n{_STYLE}</style>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="var(--paper)"/>',
            f'<text x="{LEFT}" y="{32 if lived else 36}" font-size="22" font-weight="700">'
            f"{escape(visible(name, 90))}</text>",
            *_lines_of([lived, told] if lived else [told], width - 2 * LEFT),
            f'<g transform="translate({LEFT} {TOP})">',
            *self._bands(),
            *self._tracks(),
            *(self._plate(t.tag, t.line) for t in self.layout.tracks if t.tag is not None),
            *(self._back(s) for s in self.layout.stations if s.back is not None),
            *(self._station(n, s) for n, s in enumerate(self.layout.stations)),
            "</g>",
            f'<g transform="translate({LEFT} {TOP + self.layout.height + 24})">{signs}</g>',
            "</svg>",
        ]
        return "\n".join(p for p in parts if p) + "\n"

    def _told(self) -> str:
        """What the map says of itself."""
        meetings = sum(len(s.lines) > 1 for s in self.layout.stations)
        counts = (len(self.layout.lines), len(self.layout.stations), meetings)
        nouns = (say(self.lang, noun) for noun in ("line", "station", "meeting"))
        told = " · ".join(f"{n} {noun}{'s' * (n > 1)}" for n, noun in zip(counts, nouns, strict=True))
        told = f"{told} — {say(self.lang, self.mode)}"
        if self.mode != "flow" or self.flows is None or not self.flows.lines:
            return told
        busiest = max(range(len(self.layout.lines)), key=self.flows.lines.__getitem__)
        line = self.layout.lines[busiest]
        return told + say(self.lang, "busiest").format(line.number, text(line.title, self.lang))

    def _bands(self) -> list[str]:
        """Stages from left to right, with their names; a plan without stages has one band and no name."""
        height, parts = self.layout.height, []
        for n, band in enumerate(self.layout.bands):
            fill = "var(--band)" if n % 2 == 0 and len(self.layout.bands) > 1 else "var(--paper)"
            box = f'x="{band.left}" y="0" width="{band.right - band.left:.2f}" height="{height}"'
            parts.append(f'<rect {box} fill="{fill}"/>')
            if len(self.layout.bands) < 2:
                continue
            rule = f'x1="{band.left + 12}" x2="{band.right - 12}" y1="{HEAD - 4}" y2="{HEAD - 4}"'
            parts.append(f'<line {rule} stroke="var(--rule)"/>')
            name = escape(visible(text(band.title, self.lang).upper(), 28))
            mark = f'<tspan class="sub" font-weight="400">{n + 1}</tspan> &#160;' if band.name else ""
            style = f'font-size="{HEADING}" font-weight="700" letter-spacing="{SPACED}"'
            parts.append(f'<text x="{band.left + 12}" y="20" {style}>{mark}{name}</text>')
            if self.flows is not None and self.flows.bands and band.name:
                count = compact(self.flows.bands[n], self.lang)
                tip = f"<title>{escape(say(self.lang, 'entered'))}</title>"
                where = f'x="{band.right - 12}" y="20" font-size="11" text-anchor="end" class="sub"'
                parts.append(f'<text {where} data-figure="band:{n}">{count}{tip}</text>')
        size = f'width="{self.layout.width}" height="{height}"'
        return [*parts, f'<rect {size} fill="none" stroke="var(--rule)"/>']

    def width(self, count: float) -> float:
        """How wide a track is drawn."""
        return width_of(count, self.most)

    def drawn(self, track: int) -> float:
        """How wide the line itself is there."""
        return WIDTH if self.flows is None else self.width(self.flows.tracks[track])

    def _tracks(self) -> list[str]:
        """Line by line: first a pale edge, so that lines cross cleanly, then what is compared, then the line itself."""
        parts: list[str] = []
        for line in range(len(self.layout.lines)):
            mine = [(n, t) for n, t in enumerate(self.layout.tracks) if t.line == line]
            paths = {n: rounded(t.points) for n, t in mine}
            for n, _ in mine:
                shown = max(self.drawn(n), self.width(self.below.tracks[n]) if self.below is not None else 0.0)
                parts.append(f'<path class="case" d="{paths[n]}" stroke-width="{shown + 4:.1f}"/>')
            colour, hollow = COLOURS[self.layout.lines[line].colour], self.layout.lines[line].hollow
            for n, _ in mine if self.below is not None else ():
                wide = f'stroke-width="{self.width(self.below.tracks[n] if self.below else 0):.1f}"'
                parts.append(f'<path class="ghost" d="{paths[n]}" stroke="{colour}" stroke-opacity=".3" {wide}/>')
            for n, track in mine:
                parts += self._track(n, track, paths[n], colour, hollow)
        return parts

    def _track(self, n: int, track: Track, path: str, colour: str, hollow: bool) -> list[str]:
        wide = self.drawn(n)
        dashed = "" if self.layout.lines[track.line].enabled else ' stroke-dasharray="7 5"'
        names = {s.id: text(s.title, self.lang) for s in self.layout.stations}
        told = f"{text(self.layout.lines[track.line].title, self.lang)} : {names[track.origin]} → {names[track.target]}"
        if tag := text(track.name, self.lang):
            told += f" ({tag})"
        if self.flows is not None:
            told += f" — {self._passed(compact(self.flows.tracks[n], self.lang))}"
        data = f'data-track="{n}" data-line="{track.line}"'
        found = [
            f'<path class="track" d="{path}" stroke="{colour}" stroke-width="{wide:.1f}" {data}{dashed}>'
            f"<title>{escape(visible(told))}</title></path>"
        ]
        if hollow and wide > 3:
            inner = f'stroke="var(--paper)" stroke-width="{min(wide * 0.4, THREAD):.1f}"'
            found.append(f'<path class="track" d="{path}" {inner} pointer-events="none"/>')
        return found

    def _plate(self, tag: Tag, line: int) -> str:
        phrase = tag.fr if self.lang == "fr" else tag.en
        left, top, right, bottom = tag.box
        middle, wide = (left + right) / 2, phrase.width + 10
        box = f'x="{middle - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{bottom - top:.1f}" rx="7.5"'
        colour = COLOURS[self.layout.lines[line].colour]
        where = f'x="{middle:.1f}" y="{bottom - 4.3:.1f}" font-size="9.5" font-weight="700" text-anchor="middle"'
        plate = f'<rect {box} fill="var(--paper)" stroke="{colour}" stroke-width="1.6"/>'
        told = f"<text {where} {_length(phrase.width)}>{escape(visible(phrase.text))}</text>"
        return f'<g pointer-events="none">{plate}{told}</g>'

    def _back(self, station: Station) -> str:
        """The badge of a return, on its stub."""
        colour = COLOURS[self.layout.lines[station.lines[0]].colour]
        assert station.back is not None
        assert station.badge is not None
        left, top, right, bottom = station.badge
        from_y, to_y = (station.box[1], bottom) if bottom <= station.box[1] else (station.box[3], top)
        stub = f'd="M{station.x} {from_y:.1f}V{to_y:.1f}" stroke="{colour}" stroke-width="2.4" stroke-dasharray="3 3"'
        name = badge_text(station.back, self.lang, right - left - BADGE_AIR + 0.1)
        wide = text_width(name, BADGE) + BADGE_AIR
        start = min(max(station.x - wide / 2, left), right - wide)
        box = f'x="{start:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{bottom - top:.1f}" rx="9.5"'
        plate = f'<rect {box} fill="var(--paper)" stroke="{colour}" stroke-width="1.4"/>'
        where = f'x="{start + wide / 2:.1f}" y="{top + 13.2:.1f}" font-size="{BADGE}" text-anchor="middle"'
        where += f" {_length(wide - BADGE_AIR)}"
        return f"<path {stub}/>{plate}<text {where}>{escape(visible(name))}</text>"

    def _station(self, n: int, station: Station) -> str:
        """A station, its label, and its name for who cannot see it."""
        lines = [self.layout.lines[k] for k in station.lines]
        kind = say(self.lang, f"kind.{'meeting' if len(lines) > 1 else station.kind}")
        note = self._note(n, station)
        told = [
            text(station.title, self.lang),
            kind,
            ", ".join(f"{k.number} {text(k.title, self.lang)}" for k in lines),
        ]
        lost = self._lost(n) if self.mode == "flow" else ""
        if station.back is not None:
            told.append(say(self.lang, "back").format(text(station.back, self.lang)))
        if note:  # figures come last: a page changes them with the week
            told.append(self._passed(note.removesuffix(f" · {lost}")) if self.flows is not None else note)
        told += [say(self.lang, "lost").format(lost.removeprefix("✕"))] if lost else []
        name = visible(" — ".join(told))
        data = f'class="station" tabindex="0" role="button" data-station="{_attribute(station.id)}"'
        head = f'<g {data} aria-label="{_attribute(name)}"><title>{escape(name)}</title>'
        return f"{head}{self._sign(station)}{self._label(station, note)}</g>"

    def _sign(self, station: Station) -> str:
        colours = [COLOURS[self.layout.lines[k].colour] for k in station.lines]
        x, left, right = station.x, station.x - 11, station.x + 11
        top, bottom = min(station.heights) - 11, max(station.heights) + 11
        own = next((k for k in station.lines if station.id == f"{self.layout.lines[k].journey}#start"), None)
        around = f'x="{left - 3:.1f}" y="{top - 3:.1f}" width="28" height="{bottom - top + 6:.1f}" rx="14"'
        ring = f'<rect class="ring" {around} fill="none"/>'
        if len(station.lines) == 1:
            number = "" if own is None else str(self.layout.lines[own].number)
            drawn = sign(
                station.kind, x, station.heights[0], colours[0], text=number, channel=station.channel,
                upright=station.upright,
            )  # fmt: skip
            return ring + drawn
        box = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" rx="11"'
        parts = [f'<rect {box} fill="var(--paper)" stroke="var(--ink)" stroke-width="3"/>']
        for k, y, colour in zip(station.lines, station.heights, colours, strict=True):
            number = str(self.layout.lines[k].number)
            parts.append(disc(x, y, 8.4, colour, number) if k == own else _dot(x, y, colour))
        return ring + "".join(parts)

    def _note(self, n: int, station: Station) -> str:
        """What stands below a name: when, or how many."""
        if self.flows is None:
            return text(station.note, self.lang)
        count = self.flows.stations[n]
        shown = compact(count, self.lang)
        if self.below is None:
            part = self._lost(n)
            return f"{shown} · {part}" if part else shown
        before = self.below.stations[n]
        if not before:
            return shown
        change = round(100 * (count / before - 1))
        unit = "\N{NO-BREAK SPACE}%" if self.lang == "fr" else "%"
        sign_ = "+" if change > 0 else "−"
        return f"{shown} · {sign_}{min(abs(change), 999)}{unit}" if change else shown

    def _lost(self, n: int) -> str:
        """The share of a station's messages that did not leave, where it is worth telling."""
        share = self.flows.lost[n] if self.flows is not None and self.flows.lost else 0.0
        unit = "\N{NO-BREAK SPACE}%" if self.lang == "fr" else "%"
        return f"✕{100 * share:.0f}{unit}" if share >= TOLD else ""

    def _passed(self, figure: str) -> str:
        return say(self.lang, "passed").format(figure)

    def _label(self, station: Station, note: str) -> str:
        label = station.label
        phrases = label.fr if self.lang == "fr" else label.en
        size = HUB_LABEL if station.kind == "event" else LABEL
        left, _, right, _ = label.box
        x = {"start": left, "middle": (left + right) / 2, "end": right}[label.side]
        high = (len(phrases) * size + (NOTE if note else 0)) * LINE
        y = self._first_baseline(station, label, high) + size * (LINE - 0.26)
        shaded = station.stage % 2 == 0 and len(self.layout.bands) > 1
        under = "var(--band)" if shaded else "var(--paper)"
        weight = ' font-weight="700"' if label.bold else ""
        parts = []
        for phrase in phrases:
            where = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{label.side}"{weight}'
            shown = escape(visible(phrase.text))
            parts.append(f'<text class="halo" style="--under:{under}" {where} {_length(phrase.width)}>{shown}</text>')
            y += size * LINE
        if note:
            shown, wide = cut_note(note, right - left)
            where = f'x="{x:.1f}" y="{y - size * 0.14:.1f}" font-size="{NOTE:g}" text-anchor="{label.side}"'
            data = "" if self.flows is None else f'data-figure="station:{self.position[station.id]}"'
            style = f'class="halo sub" style="--under:{under}" {_length(wide)} {data}'
            parts.append(f"<text {style} {where}>{escape(shown)}</text>")
        return "".join(parts)

    def _first_baseline(self, station: Station, label: Label, high: float) -> float:
        """The top of a label inside its room: near the station it names."""
        _, top, _, bottom = label.box
        if bottom <= min(station.heights):
            return bottom - high
        if top >= max(station.heights):
            return top
        return (top + bottom - high) / 2


def cut_note(note: str, room: float) -> tuple[str, float]:
    """A note cut to its room, and how wide it is."""
    shown = cut(visible(note), NOTE, False, room + 1)
    return shown, text_width(shown, NOTE)


def _lines_of(texts: list[str], width: float) -> list[str]:
    """What stands below the title, line by line, cut to the width of the picture."""
    size, last = 12.5, 57 if len(texts) == 1 else 67
    found = []
    for k, told in enumerate(reversed(texts)):
        shown = escape(cut(visible(told), size, False, width))
        found.append(f'<text x="{LEFT}" y="{last - 17 * k}" font-size="{size}" class="sub">{shown}</text>')
    return found[::-1]


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="3.6" fill="{colour}"/>'


def _length(width: float) -> str:
    """Keeps a text as wide as it was laid out, whatever font draws it."""
    return f'textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"' if width > 0 else ""


def _attribute(value: str) -> str:
    return escape(visible(value), quote=True)


def rounded(points: tuple[Point, ...]) -> str:
    """The path of a track, its corners as arcs."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    last = len(points) - 2
    for k, (a, b, c) in enumerate(zip(points, points[1:], points[2:], strict=False), 1):
        before, after = math.dist(a, b), math.dist(b, c)
        u, v = _unit(a, b, before), _unit(b, c, after)
        cross = u[0] * v[1] - u[1] * v[0]
        angle = math.atan2(abs(cross), u[0] * v[0] + u[1] * v[1])
        reach = min(BEND * math.tan(angle / 2), before * (1 if k == 1 else 0.5), after * (1 if k == last else 0.5))
        radius = reach / math.tan(angle / 2)
        enter = (b[0] - u[0] * reach, b[1] - u[1] * reach)
        leave = (b[0] + v[0] * reach, b[1] + v[1] * reach)
        arc = f"A{radius:.1f} {radius:.1f} 0 0 {int(cross > 0)} {leave[0]:.1f} {leave[1]:.1f}"
        parts.append(f"L{enter[0]:.1f} {enter[1]:.1f}{arc}")
    return "".join(parts) + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _unit(a: Point, b: Point, length: float) -> Point:
    return (b[0] - a[0]) / length, (b[1] - a[1]) / length

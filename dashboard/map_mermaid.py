"""A map as Mermaid text, for documents that draw it themselves; nothing in a name can become markup or syntax."""

from __future__ import annotations

from bifurque.dashboard.layout import Kind, Layout
from bifurque.dashboard.map_text import text, visible
from bifurque.dashboard.palette import COLOURS

_SHAPES: dict[Kind, tuple[str, str]] = {
    "start": ("([", "])"),
    "branch": ("{", "}"),
    "experiment": ("{{", "}}"),
    "wait_for": ("{", "}"),
    "goal": ("(((", ")))"),
    "event": ("((", "))"),
    "exit": ("[/", "/]"),
    "end": ("[/", "/]"),
    "act": ("[[", "]]"),
    "wait": ("(", ")"),
}


def mermaid(layout: Layout, lang: str = "fr") -> str:
    """A layout as a Mermaid flow chart: stages as frames, lines in their colours."""
    number = {s.id: f"s{n}" for n, s in enumerate(layout.stations)}
    parts = ["flowchart LR"]
    for place, band in enumerate(layout.bands):
        mine = [s for s in layout.stations if s.stage == place]
        framed = len(layout.bands) > 1
        if framed:
            parts.append(f'  subgraph b{place}["{_safe(text(band.title, lang))}"]')
        for station in mine:
            left, right = _SHAPES.get(station.kind, ("[", "]"))
            name = _safe(text(station.title, lang))
            line = next((k for k in layout.lines if station.id == f"{k.journey}#start"), None)
            name = f"{line.number} · {name}" if line is not None else name
            if station.back is not None:
                name += f" #8617; {_safe(text(station.back, lang))}"
            parts.append(f'    {number[station.id]}{left}"{name}"{right}')
        parts += ["  end"] * framed
    for n, track in enumerate(layout.tracks):
        tag = _safe(text(track.name, lang))
        arrow = f'-- "{tag}" -->' if tag else "-->"
        parts.append(f"  {number[track.origin]} {arrow} {number[track.target]}")
        parts.append(f"  linkStyle {n} stroke:{COLOURS[layout.lines[track.line].colour]},stroke-width:3px")
    return "\n".join(parts) + "\n"


def _safe(value: str) -> str:
    """A text in which only letters, digits, spaces and plain marks stand for themselves."""
    kept = visible(value, 120)
    return "".join(c if c.isalnum() or c in " .,-+" or ord(c) > 0x2000 else f"#{ord(c)};" for c in kept)

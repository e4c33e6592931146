"""The signs of stations: what each looks like. See docs/map.md."""

from __future__ import annotations

from bifurque.dashboard.layout import Kind
from bifurque.dashboard.palette import ink_on
from bifurque.dashboard.style import DOT

ICONS = {
    "email": "M1.5 3h9v6.5h-9zM1.5 3.4l4.5 3.4 4.5-3.4",
    "sms": "M1.5 2h9v6h-5l-2.6 2.3V8H1.5z",
    "push": "M6 1.4c2 0 3.2 1.4 3.2 3.4 0 2.6 1 3.4 1 3.4H1.8s1-.8 1-3.4C2.8 2.8 4 1.4 6 1.4zM4.8 10h2.4",
    "call": "M2.4 1.6l1.9-.3 1 2.4-1.2 1c.5 1.3 1.5 2.3 2.9 2.9l1-1.2 2.4 1-.3 1.9c-4.3.9-8.6-3.4-7.7-7.7z",
    "web": "M1.5 2.2h9v7.6h-9zM1.5 4.6h9M3 3.4h.1M4.6 3.4h.1",
    "letter": "M1.5 3h9v6.5h-9zM3.2 5h3M3.2 7h1.8M8 4.6h1.2v1.6H8z",
    "send": "M1.4 6.2l9.2-4.4-3 8.6-2.2-3.4zM5.4 7l5.2-5.2",
    "survey": "M2.6 1.6h6.8v8.8H2.6zM4.2 4h3.6M4.2 6h3.6M4.2 8h2",
    "offer": "M1.8 5h8.4v5.4H1.8zM1.2 3h9.6v2H1.2zM6 3v7.4M6 3C3.6 3 3.4 1 4.6 1S6 3 6 3s.2-2 1.4-2S8.4 3 6 3",
    "task": "M6 1.4a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4zM1.8 10.6c0-2.4 1.8-3.6 4.2-3.6s4.2 1.2 4.2 3.6",
    "wait_for": "M3 1.5h6M3 10.5h6M3.6 1.5c0 3 4.8 3.6 4.8 9M8.4 1.5c0 3-4.8 3.6-4.8 9",
}
_CHANNELS = {
    "email": ("mail", "courriel"),
    "sms": ("sms", "text", "whatsapp", "rcs"),
    "push": ("push", "app", "notif"),
    "call": ("call", "phone", "tel", "appel", "voice"),
    "letter": ("letter", "post", "courrier", "print"),
    "web": ("web", "site", "ads", "display", "banner"),
}
THIN, THICK = 'stroke-width="1.25" stroke-linejoin="round" stroke-linecap="round" fill="none"', 2.6


def icon(kind: Kind, channel: str) -> str:
    """The icon of a message or a question."""
    if kind in ("survey", "wait_for", "offer", "task"):
        return kind
    name = channel.lower()
    return next((i for i, words in _CHANNELS.items() if any(w in name for w in words)), "send")


def sign(
    kind: Kind, x: float, y: float, colour: str, *, text: str = "", channel: str = "", upright: bool = False
) -> str:
    """The sign of a station of one line."""
    outline = f'fill="var(--paper)" stroke="{colour}" stroke-width="{THICK}" stroke-linejoin="round"'
    if kind == "start":
        return disc(x, y, 12, colour, text)
    if kind == "wait":
        return f'<circle cx="{x}" cy="{y}" r="{DOT}" {outline}/>'
    if kind == "act":
        box = f'x="{x - 5.5:.1f}" y="{y - 5.5:.1f}" width="11" height="11" rx="3"'
        return f'<rect {box} {outline}/><circle cx="{x}" cy="{y}" r="2" fill="{colour}"/>'
    if kind == "branch":
        corners = f"M{x} {y - 11}L{x + 11} {y}L{x} {y + 11}L{x - 11} {y}Z"
        return f'<path d="{corners}" {outline}/>{_letters("?", x, y + 4, 11.5)}'
    if kind == "experiment":
        box = f'x="{x - 12:.1f}" y="{y - 9:.1f}" width="24" height="18" rx="5"'
        return f"<rect {box} {outline}/>{_letters('A|B', x, y + 3.6, 10)}"
    if kind in ("goal", "event"):
        tick = f"M{x - 4.6:.1f} {y + 0.2:.1f}l3.2 3.4 6-7"
        stroke = f'fill="none" stroke="{ink_on(colour)}" stroke-width="2.4" stroke-linecap="round"'
        ring = f'<circle cx="{x}" cy="{y}" r="11" fill="{colour}" stroke="var(--paper)" stroke-width="2"/>'
        return f'{ring}<path d="{tick}" {stroke} stroke-linejoin="round"/>'
    if kind in ("exit", "end"):
        bar = f"M{x - 9:.1f} {y}h18" if upright else f"M{x} {y - 9:.1f}v18"
        return f'<path d="{bar}" stroke="{colour}" stroke-width="5" stroke-linecap="round"/>'
    drawn = f'<path transform="translate({x - 5.4:.2f} {y - 5.4:.2f}) scale(.9)" d="{ICONS[icon(kind, channel)]}"'
    return f'<circle cx="{x}" cy="{y}" r="9.6" {outline}/>{drawn} stroke="var(--ink)" {THIN}/>'


def disc(x: float, y: float, radius: float, colour: str, text: str) -> str:
    """A line's number in its colour."""
    size = radius * (1.16 if len(text) < 2 else 1.0)
    ring = f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}" stroke="var(--paper)" stroke-width="2"/>'
    return ring + _letters(text, x, y + size * 0.36, size, ink_on(colour))


def _letters(text: str, x: float, y: float, size: float, ink: str = "") -> str:
    style = f' style="fill:{ink}"' if ink else ""
    where = f'x="{x}" y="{y:.1f}" font-size="{size:g}" font-weight="700" text-anchor="middle"'
    return f"<text {where}{style}>{text}</text>"

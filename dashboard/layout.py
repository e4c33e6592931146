"""A map that is laid out: what `lay_out` gives, what `draw` takes, what a run keeps as `layout.json`.

It holds no figure and no colour, and the texts of both languages: one layout serves every mode, theme and language,
so whoever has learnt where a line runs finds it there in every picture of the plan.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from bifurque.engine.trigger import Text

Kind = Literal[
    "start",
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
    "event",
]
"""What happens at a station: see docs/map.md."""
Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Side = Literal["start", "middle", "end"]


class Band(Struct, frozen=True):
    """A stage, from left to right; `name` is empty for journeys that belong to no stage."""

    name: str
    title: Text
    left: float
    right: float


class Line(Struct, frozen=True):
    """A journey: its number, its colour (a position in the palette; `hollow` when others have it too)."""

    journey: str
    number: int
    title: Text
    colour: int
    hollow: bool
    enabled: bool


class Phrase(Struct, frozen=True):
    """One line of text of a label."""

    text: str
    width: float


class Label(Struct, frozen=True):
    """The name of a station, broken into lines for each language, and the room it has; below it one more line."""

    box: Box
    side: Side
    bold: bool
    fr: tuple[Phrase, ...]
    en: tuple[Phrase, ...]


class Station(Struct, frozen=True):
    """Where one line stops, or several meet.

    Attributes:
        id: `journey/step` as in the figures of a run; `journey#start`, `journey#end`, `journey#goal`; `event:…`.
        kind: what happens there.
        lines: the lines that stop there, from top to bottom, by position.
        heights: where each of them passes.
        stage: the band it stands in, by position.
        note: when, or what for; in a map of a run its place is taken by a figure.
        upright: stands on a vertical leg.
        back: for a return: where the contact goes, instead of a track that would run backwards;
            told on a badge.
    """

    id: str
    kind: Kind
    lines: tuple[int, ...]
    stage: int
    x: float
    heights: tuple[float, ...]
    box: Box
    title: Text
    note: Text
    channel: str
    upright: bool
    back: Text | None
    badge: Box | None
    label: Label


class Tag(Struct, frozen=True):
    """The plate of a way: its place and its texts."""

    box: Box
    fr: Phrase
    en: Phrase


class Track(Struct, frozen=True):
    """What leads a line from one station to the next: corner points, 45° apart; what the way is called, and its plate.

    A way whose plate finds no place has none; its name is told all the same to who asks.
    """

    line: int
    origin: str
    target: str
    points: tuple[Point, ...]
    name: Text
    tag: Tag | None


class Layout(Struct, frozen=True):
    """A whole map; `key` says of what: of another plan, or by another version, it is laid out anew."""

    key: str
    plan: str
    title: Text
    width: float
    height: float
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    stations: tuple[Station, ...]
    tracks: tuple[Track, ...]
    crossings: int

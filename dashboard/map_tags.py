"""What the ways out of a station are called, on a small plate where the way has really left the others."""

from __future__ import annotations

import itertools
import math

from bifurque.dashboard.font import cut, text_width
from bifurque.dashboard.layout import Box, Label, Phrase, Point, Tag
from bifurque.dashboard.map_graph import Edge
from bifurque.dashboard.map_near import Near, hull, meet
from bifurque.dashboard.map_tracks import Plane, corners
from bifurque.dashboard.map_words import NOTHING
from bifurque.engine.trigger import Text

SIZE, HIGH, WIDEST = 9.5, 15.0, 84.0
STEP = 4.0
FAR = 100
"""How far from its station a plate may stand, in steps."""


def tag_texts(text: Text) -> tuple[Phrase, Phrase]:
    """The texts of a plate in both languages, with their widths."""
    fr, en = (cut(t, SIZE, True, WIDEST) for t in (text.fr, text.en))
    return Phrase(fr, round(text_width(fr, SIZE, True), 2)), Phrase(en, round(text_width(en, SIZE, True), 2))


def tag_width(text: Text) -> float:
    """How wide a plate is, in the language that needs more."""
    return max(p.width for p in tag_texts(text)) + 10


def place_tags(plane: Plane, labels: dict[str, Label]) -> dict[Edge, Tag]:
    """Plates clear of labels, stations and each other; one that finds no place is left to the tooltip."""
    net = plane.grid.net
    taken = [plane.box(s) for s in net.stops] + [label.box for label in labels.values()]
    taken += [b for s in net.stops if (b := plane.badge(s)) is not None]
    tracks = {edge: corners(plane, edge) for edge in net.edges}
    near = Near(tracks)
    found: dict[Edge, Tag] = {}
    for edge in (e for e, text in net.edges.items() if text != NOTHING):
        width = tag_width(net.edges[edge])
        spots = [_box(p, width) for p in _walk(tracks[edge])[:FAR]]
        reach = hull(spots)
        close = [t for t in taken if meet(t, reach, 2)]
        box = _freest(edge, [b for b in spots if not any(meet(b, t, 2) for t in close)], near)
        if box is not None:
            taken.append(box)
            found[edge] = Tag(box, *tag_texts(net.edges[edge]))
    return found


def _freest(edge: Edge, boxes: list[Box], near: Near) -> Box | None:
    """The first box clear of all other tracks; else the first clear of those that part here."""
    fair = None
    for box in boxes:
        others = {e for e in near.through(box, 5) if e != edge}
        if not others:
            return box
        if fair is None and all(e[1] != edge[1] for e in others):
            fair = box
    return fair


def _walk(points: list[Point]) -> list[Point]:
    """Points along a track."""
    found = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        steps = max(1, int(math.dist((x0, y0), (x1, y1)) / STEP))
        found += [(x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps) for k in range(steps)]
    return found


def _box(middle: Point, width: float) -> Box:
    x, y = round(middle[0], 2), round(middle[1], 2)
    return x - width / 2, y - HIGH / 2, x + width / 2, y + HIGH / 2

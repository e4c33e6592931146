"""What the ways out of a station are called, on a small plate where the way has really left the others."""

from __future__ import annotations

import math

from bifurque.dashboard.font import cut, text_width
from bifurque.dashboard.layout import Box, Label, Phrase, Point, Tag
from bifurque.dashboard.map_graph import Edge
from bifurque.dashboard.map_tracks import Plane, corners
from bifurque.dashboard.map_words import NOTHING
from bifurque.engine.journey import Text

SIZE, HIGH, WIDEST = 9.5, 15.0, 84.0
STEP = 3.0


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
    ways = {edge: _walk(corners(plane, edge)) for edge in net.edges}
    found: dict[Edge, Tag] = {}
    for edge in (e for e, text in net.edges.items() if text != NOTHING):
        siblings = [p for e, points in ways.items() if e != edge and e[1] == edge[1] for p in points]
        others = [p for e, points in ways.items() if e != edge and e[1] != edge[1] for p in points]
        width = tag_width(net.edges[edge])
        spots = [_box(p, width) for p in ways[edge]]
        free = [b for b in spots if not any(_meet(b, t) for t in taken) and not _holds(b, siblings)]
        clear = [b for b in free if not _holds(b, others)]
        if free:
            box = (clear or free)[0]
            taken.append(box)
            found[edge] = Tag(box, *tag_texts(net.edges[edge]))
    return found


def _walk(points: list[Point]) -> list[Point]:
    """Points along a track."""
    found = []
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        steps = max(1, int(math.dist((x0, y0), (x1, y1)) / STEP))
        found += [(x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps) for k in range(steps)]
    return found


def _box(middle: Point, width: float) -> Box:
    x, y = round(middle[0], 2), round(middle[1], 2)
    return x - width / 2, y - HIGH / 2, x + width / 2, y + HIGH / 2


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] + 2 and b[0] < a[2] + 2 and a[1] < b[3] + 2 and b[1] < a[3] + 2


def _holds(box: Box, points: list[Point]) -> bool:
    return any(box[0] - 5 < x < box[2] + 5 and box[1] - 5 < y < box[3] + 5 for x, y in points)

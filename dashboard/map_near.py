"""Which tracks run through a box."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator

from bifurque.dashboard.layout import Box, Point
from bifurque.dashboard.map_graph import Edge

Segment = tuple[Point, Point]
SQUARE = 64.0


def meet(a: Box, b: Box, air: float = 0.0) -> bool:
    """Whether two boxes cover each other, or come closer than this."""
    return a[0] < b[2] + air and b[0] < a[2] + air and a[1] < b[3] + air and b[1] < a[3] + air


def hull(boxes: list[Box]) -> Box:
    """The box around several."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def inside(segment: Segment, box: Box) -> float:
    """How much of a segment runs inside a box."""
    (x0, y0), (x1, y1) = segment
    dx, dy = x1 - x0, y1 - y0
    enter, leave = 0.0, 1.0
    for step, room in ((-dx, x0 - box[0]), (dx, box[2] - x0), (-dy, y0 - box[1]), (dy, box[3] - y0)):
        if abs(step) < 1e-12:
            if room <= 0:
                return 0.0
        elif step < 0:
            enter = max(enter, room / step)
        else:
            leave = min(leave, room / step)
    return max(0.0, leave - enter) * math.hypot(dx, dy)


class Near:
    """Tracks by the squares they pass."""

    def __init__(self, tracks: dict[Edge, list[Point]]) -> None:
        self.squares: dict[tuple[int, int], list[tuple[Edge, Segment]]] = defaultdict(list)
        for edge, points in tracks.items():
            for (x0, y0), (x1, y1) in itertools.pairwise(points):
                box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
                for square in _squares(box):
                    self.squares[square].append((edge, ((x0, y0), (x1, y1))))

    def through(self, box: Box, air: float) -> dict[Edge, float]:
        """How much of which tracks runs inside a box, or closer to it than this."""
        grown = (box[0] - air, box[1] - air, box[2] + air, box[3] + air)
        found: dict[Edge, float] = defaultdict(float)
        for edge, segment in dict.fromkeys(s for square in _squares(grown) for s in self.squares.get(square, ())):
            length = inside(segment, grown)
            if length > 0:
                found[edge] += length
        return found


def _squares(box: Box) -> Iterator[tuple[int, int]]:
    left, top, right, bottom = (math.floor(v / SQUARE) for v in box)
    return itertools.product(range(left, right + 1), range(top, bottom + 1))

"""Columns as close as labels, diagonals and the headings of bands allow: what stands in two of them never overlaps."""

from __future__ import annotations

from dataclasses import dataclass

from bifurque.dashboard.font import text_width
from bifurque.dashboard.layout import Label
from bifurque.dashboard.linear import Problem
from bifurque.dashboard.map_tracks import Plane
from bifurque.dashboard.map_words import stage_title
from bifurque.dashboard.style import BAND_AIR

EVEN = 0.05
"""What uneven spacing costs, beside width."""
HEADING, SPACED = 11.5, 1.1
ROOM_FOR_STOCK = 64.0


@dataclass
class Thing:
    """What stands at a column: how far it reaches from its middle, between which heights."""

    stop: str
    column: int
    left: float
    right: float
    top: float
    bottom: float
    label: bool


def squeeze(plane: Plane, labels: dict[str, Label], gaps: list[float]) -> None:
    """Move columns and the borders of bands; every label keeps its place beside its station."""
    things = _things(plane, labels)
    problem = Problem()
    x = [problem.variable() for _ in plane.x]
    problem.equal(((x[0], 1.0),), 0)
    problem.cost[x[-1]] = 1.0
    for gap, width in enumerate(gaps):
        problem.apart(x[gap + 1], x[gap], width)
    for a in range(len(x) - 2):
        uneven = problem.variable(EVEN)
        for sign in (1.0, -1.0):
            problem.at_least(((uneven, 1.0), (x[a + 2], -sign), (x[a + 1], 2 * sign), (x[a], -sign)), 0)
    for (left, right), distance in _pairs(things).items():
        problem.apart(x[right], x[left], distance)
    last = plane.grid.net.stages
    borders = [problem.variable(0.01 if k == last else -0.01 if not k else 0.0, -1e6, 1e6) for k in range(last + 1)]
    for thing in things:
        stage = plane.grid.net.stops[thing.stop].stage
        problem.apart(x[thing.column], borders[stage], BAND_AIR - thing.left)
        problem.apart(borders[stage + 1], x[thing.column], BAND_AIR + thing.right)
    for k, width in enumerate(headings(plane)):
        problem.apart(borders[k + 1], borders[k], width)
    found = problem.solve()
    assert found is not None, "columns can always be further apart"
    shift = {c: round(found[v], 2) for c, v in enumerate(x)}
    plane.x = [shift[c] for c in range(len(x))]
    plane.borders = [round(found[v], 2) for v in borders]


def headings(plane: Plane) -> list[float]:
    """How wide each band must be for its heading."""
    plan, names = plane.grid.net.plan, plane.grid.net.cycle.stages
    titles = [stage_title(plan, n) for n in names]
    spoken = [[t.fr, t.en] for t in titles] + [["Toute étape", "Any stage"]] * (plane.grid.net.stages - len(names))
    widths = []
    for pair in spoken:
        text = max(text_width(t.upper()[:28], HEADING, True) + SPACED * len(t[:28]) for t in pair)
        widths.append(text + ROOM_FOR_STOCK)
    return widths


def _things(plane: Plane, labels: dict[str, Label]) -> list[Thing]:
    found = []
    for stop in plane.grid.net.stops:
        column = plane.grid.column[plane.grid.block[stop]]
        x = plane.x[column]
        badge = plane.badge(stop)
        parts = [(plane.box(stop), False), (labels[stop].box, True), *([(badge, True)] if badge else [])]
        for box, label in parts:
            found.append(Thing(stop, column, box[0] - x, box[2] - x, box[1], box[3], label))
    return found


def _pairs(things: list[Thing]) -> dict[tuple[int, int], float]:
    """How far apart two columns must be for what stands there at one height."""
    found: dict[tuple[int, int], float] = {}
    for one in things:
        for other in things:
            if other.column <= one.column or not (one.label or other.label):
                continue
            if one.top < other.bottom + 4 and other.top < one.bottom + 4:
                air = 9 if one.label and other.label else 5
                key = one.column, other.column
                found[key] = max(found.get(key, 0.0), one.right - other.left + air)
    return found

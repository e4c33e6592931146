"""Rows: how high each line passes in each column. Few bends and long straights, by a reweighted linear program."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bifurque.dashboard.linear import Problem
from bifurque.dashboard.map_columns import Columns
from bifurque.dashboard.map_order import Key, Links, Node, Row
from bifurque.dashboard.style import (
    FIRST_ON_LEG,
    LABEL_ROOM,
    LEG_PITCH,
    PASSING,
    PITCH,
    RADIUS,
    RETURN_ROOM,
    ROW_AIR,
    TURN,
)

ROUNDS = 5
GAP = 1.6
"""What the widest move of a gap costs, beside each move: wide gaps make wide maps."""
Place = tuple[int, Key, int]
"""A column, a block, a line."""


@dataclass
class Rows:
    """Where lines pass.

    Attributes:
        y: by column, block and line.
        down: of each leg: 1 if it stands below its turn, -1 if above.
        score: what the eye pays.
    """

    y: dict[Place, float]
    down: dict[str, int]
    score: float


def leg_extent(stops: int) -> float:
    """How far a leg reaches from its turn, its last label included."""
    return math.ceil(TURN + FIRST_ON_LEG + (stops - 1) * LEG_PITCH + LABEL_ROOM / 2)


def rows(grid: Columns, found: Links, order: list[Row]) -> Rows:
    """Heights for one order."""
    down = _directions(grid, order)
    problem = Problem()
    at = {(c, key, n): problem.variable() for c, row in enumerate(order) for key, lines in row for n in lines}
    height = problem.variable(0.35)
    for column, row in enumerate(order):
        _stack(problem, grid, at, column, row, down, height)
    moves, widest = [], [problem.variable(GAP) for _ in found.gaps]
    for gap, pairs in enumerate(found.gaps):
        for one, other in pairs:
            a, b = at[(gap, *one)], at[(gap + 1, *other)]
            move = problem.distance(_weight(one, other), a, b)
            problem.at_least(((widest[gap], 1.0), (move, -1.0)), 0)
            moves.append((gap, a, b, move, _weight(one, other)))
    return _reweighted(problem, at, moves, widest, height, down)


def _weight(one: Node, other: Node) -> float:
    """How much a link should be straight: most where it only passes by."""
    return 1.0 + 0.3 * (one[0][1] != "") + 0.3 * (other[0][1] != "")


def _reweighted(
    problem: Problem,
    at: dict[Place, int],
    moves: list[tuple[int, int, int, int, float]],
    widest: list[int],
    height: int,
    down: dict[str, int],
) -> Rows:
    """Solve again and again, each time dearer where little moves: what moves little then moves not at all."""
    best: Rows | None = None
    cost = list(problem.cost)
    for _ in range(ROUNDS):
        value = problem.solve(cost)
        assert value is not None, "rows can always be further apart"
        value = _whole(value, moves)
        spans = [abs(value[a] - value[b]) for _, a, b, _, _ in moves]
        widths: dict[int, float] = defaultdict(float)
        for (gap, *_), span in zip(moves, spans, strict=True):
            widths[gap] = max(widths[gap], span)
        score = sum(w * (26 * (s > 0.5) + 0.2 * s) for (*_, w), s in zip(moves, spans, strict=True))
        score += 0.35 * value[height] + sum(1.2 * (w + 40 * (w > 0.5)) for w in widths.values())
        if best is None or score < best.score - 1e-6:
            y = {place: value[v] for place, v in at.items()}
            best = Rows(y, down, score)
        for (*_, move, weight), span in zip(moves, spans, strict=True):
            cost[move] = weight * 10 / (span + 6)
        for gap, variable in enumerate(widest):
            cost[variable] = 45 * GAP / (widths[gap] + 20)
    assert best is not None
    return best


def _whole(value: Sequence[float], moves: list[tuple[int, int, int, int, float]]) -> list[float]:
    """Heights in whole pixels, so that no track slants by half of one; rounded where it bends the fewest.

    All distances asked for are whole, and rounding everything alike keeps them.
    """
    tried = [[math.floor(v + share + 1e-6) * 1.0 for v in value] for share in (0.5, 0.0, 0.25, 0.75)]
    return min(tried, key=lambda found: sum(found[a] != found[b] for _, a, b, _, _ in moves))


def _directions(grid: Columns, order: list[Row]) -> dict[str, int]:
    """Whether each leg stands up or down: where there is less in its way."""
    found = {}
    for column, row in enumerate(order):
        for i, (key, _) in enumerate(row):
            if key[0] in grid.legs and not key[1]:
                above, below = (sum(2 - (k[1] != "") for k, _ in part) for part in (row[:i], row[i + 1 :]))
                up = above < below or (above == below and column < grid.count / 2)
                found[key[0]] = -1 if up else 1
    return found


def _extent(grid: Columns, key: Key, down: dict[str, int]) -> tuple[float, float]:
    """The room a block needs above its first line and below its last."""
    if key[1]:
        return PASSING, PASSING
    if key[0] in grid.legs:
        leg = grid.legs[key[0]]
        extent = leg_extent(len(leg.stops))
        back = RETURN_ROOM if any(grid.net.stops[s].back for s in leg.stops) else 0
        return (extent + back, PASSING + 6) if down[key[0]] < 0 else (PASSING + 6, extent + back)
    stop = grid.net.stops[key[0]]
    back = RETURN_ROOM if stop.back is not None else 0
    return RADIUS + back, RADIUS + LABEL_ROOM


def _stack(
    problem: Problem,
    grid: Columns,
    at: dict[Place, int],
    column: int,
    row: Row,
    down: dict[str, int],
    height: int,
) -> None:
    """Blocks of one column below each other; the lines of one at their pitch."""
    above: tuple[int, float] | None = None
    for key, lines in row:
        up, low = _extent(grid, key, down)
        variables = [at[column, key, n] for n in lines]
        for one, other in itertools.pairwise(variables):
            problem.equal(((other, 1.0), (one, -1.0)), PITCH)
        if above is None:
            problem.at_least(((variables[0], 1.0),), up)
        else:
            problem.apart(variables[0], above[0], above[1] + up + ROW_AIR)
        above = (variables[-1], low)
    if above is not None:
        problem.apart(height, above[0], above[1])

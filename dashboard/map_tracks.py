"""Tracks: the corner points of every line. Level, upright or at 45°, with the lines of a bundle parallel throughout."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from bifurque.dashboard.layout import Box, Point
from bifurque.dashboard.linear import Problem
from bifurque.dashboard.map_columns import Columns
from bifurque.dashboard.map_graph import Edge
from bifurque.dashboard.map_order import Key, Links, Node, Row
from bifurque.dashboard.map_rows import Rows
from bifurque.dashboard.map_words import badge_width
from bifurque.dashboard.style import (
    BEND,
    COLUMN,
    DOT,
    FIRST_ON_LEG,
    LEG_PITCH,
    RADIUS,
    RETURN_CLEAR,
    RETURN_HIGH,
    RETURN_ROOM,
    RETURN_STUB,
    TANGENT,
    TURN,
)

Move = tuple[Node, Node, float, float]
"""A link that changes its height: from where to where."""
STRAIGHT = 0.5


@dataclass
class Plane:
    """All that has a place: columns, order, rows, and how far right each column stands.

    Attributes:
        x: of each column.
        borders: between bands.
        slopes: where the diagonal of a link begins, by gap and nodes.
        named: how wide the widest plate on a way out of a block is, by line and block.
    """

    grid: Columns
    links: Links
    order: list[Row]
    rows: Rows
    x: list[float]
    borders: list[float] = field(default_factory=list)
    slopes: dict[tuple[int, Node, Node], float] = field(default_factory=dict)
    named: dict[tuple[int, str], float] = field(default_factory=dict)

    def height(self, column: int, node: Node) -> float:
        """Where a line passes in a column."""
        return self.rows.y[(column, *node)]

    def spot(self, stop: str, line: int) -> Point:
        """Where a line stops."""
        block = self.grid.block[stop]
        column = self.grid.column[block]
        y = self.height(column, ((block, ""), line))
        if block in self.grid.legs:
            y += self.rows.down[block] * (TURN + FIRST_ON_LEG + self.grid.legs[block].stops.index(stop) * LEG_PITCH)
        return self.x[column], y

    def box(self, stop: str) -> Box:
        """The room the sign of a stop takes."""
        node = self.grid.net.stops[stop]
        spots = [self.spot(stop, line) for line in node.lines]
        x, low, high = spots[0][0], min(y for _, y in spots), max(y for _, y in spots)
        radius = DOT + 1.5 if node.kind == "wait" and len(spots) == 1 else RADIUS
        return x - radius, low - radius, x + radius, high + radius

    def badge(self, stop: str) -> Box | None:
        """The room of the badge of a return: above its stop, clear of its lines; or beyond the end of its leg."""
        back = self.grid.net.stops[stop].back
        if back is None:
            return None
        left, top, right, bottom = self.box(stop)
        half, middle = badge_width(back) / 2, (left + right) / 2
        block = self.grid.block[stop]
        before, after = self.beside(block)
        one = min(half, RETURN_CLEAR) if before else half + max(half - RETURN_CLEAR, 0.0) * after
        other = min(half, RETURN_CLEAR) if after else half + max(half - RETURN_CLEAR, 0.0) * before
        start = bottom + RETURN_STUB
        if block not in self.grid.legs or self.rows.down[block] < 0:
            start = top - RETURN_STUB - RETURN_HIGH
        return middle - one, start, middle + other, start + RETURN_HIGH

    def beside(self, block: str) -> tuple[bool, bool]:
        """Whether its lines pass to the left and to the right of a badge."""
        column = self.grid.column[block]
        left = self.links.gaps[column - 1] if column else []
        right = self.links.gaps[column] if column < len(self.links.gaps) else []
        return (
            any(self._passes(block, column, one, column - 1, other) for other, one in left),
            any(self._passes(block, column, one, column + 1, other) for one, other in right),
        )

    def _passes(self, block: str, column: int, here: Node, next_: int, there: Node) -> bool:
        """Whether a link is in the way: of a leg; from above; from above a badge to beside it."""
        if here[1] not in self.grid.lines(block):
            return False
        y, other = self.height(column, here), self.height(next_, there)
        if here[0] == (block, ""):
            return block in self.grid.legs or other < y - STRAIGHT
        own = self.height(column, ((block, ""), here[1]))
        return y < own < other + RADIUS + RETURN_ROOM

    def upright(self, stop: str) -> bool:
        """Whether a stop stands on a leg."""
        return self.grid.block[stop] in self.grid.legs


def margin(plane: Plane, key: Key) -> float:
    """How far from the middle of a block a diagonal may begin."""
    if key[1]:
        return 4.0
    if key[0] in plane.grid.legs:
        return TURN + BEND * TANGENT + 4
    small = plane.grid.net.stops[key[0]].kind == "wait"
    return (DOT + 2 if small else RADIUS) + BEND * TANGENT + 3


def gaps(plane: Plane) -> list[float]:
    """How wide each gap must be for its steepest diagonal."""
    found = []
    for gap, pairs in enumerate(plane.links.gaps):
        need = COLUMN + (16 if gap + 1 in plane.grid.first else 0)
        for one, other in pairs:
            rise = abs(plane.height(gap, one) - plane.height(gap + 1, other))
            level = rise <= STRAIGHT
            if not level:
                need = max(need, rise + margin(plane, one[0]) + margin(plane, other[0]) + 4)
            if not one[0][1] and (name := plane.named.get((one[1], one[0][0]))):
                need = max(need, name + 2 * RADIUS + 14 + rise * (not level))
            if level and (one[0][0] in plane.grid.legs or other[0][0] in plane.grid.legs):
                need = max(need, TURN + 2 * BEND)
        found.append(need)
    return found


def set_slopes(plane: Plane) -> None:
    """Where every diagonal begins: early where a line branches off, late where it joins, never across another."""
    plane.slopes = {}
    for gap, pairs in enumerate(plane.links.gaps):
        moves = []
        for one, other in pairs:
            y0, y1 = plane.height(gap, one), plane.height(gap + 1, other)
            if abs(y0 - y1) > STRAIGHT:
                moves.append((one, other, y0, y1))
        for move, start in zip(moves, _starts(plane, gap, moves), strict=True):
            plane.slopes[gap, move[0], move[1]] = round(start, 3)


def _starts(plane: Plane, gap: int, moves: list[Move]) -> list[float]:
    """The starts of the diagonals of one gap."""
    if not moves:
        return []
    ranges = [_range(plane, gap, move) for move in moves]
    problem = Problem()
    starts = [problem.variable(0.0, low, max(low, high)) for low, high, _ in ranges]
    for start, (_, _, wish) in zip(starts, ranges, strict=True):
        off = problem.variable(1.0)
        problem.at_least(((off, 1.0), (start, -1.0)), -wish)
        problem.at_least(((off, 1.0), (start, 1.0)), wish)
    for i, j in itertools.permutations(range(len(moves)), 2):
        _keep_apart(problem, moves[i], moves[j], starts[i], starts[j])
    found = problem.solve()
    if found is None:
        return [min(max(wish, low), max(low, high)) for low, high, wish in ranges]
    return [found[s] for s in starts]


def _keep_apart(problem: Problem, upper: Move, lower: Move, first: int, second: int) -> None:
    """Two diagonals of one direction, one above the other: parallel in a bundle, else one does not cut the other."""
    (a0, a1, ya0, ya1), (b0, b1, yb0, yb1) = upper, lower
    down = ya1 > ya0
    if not (ya0 <= yb0 and ya1 <= yb1) or (ya0 == yb0 and ya1 == yb1) or down != (yb1 > yb0):
        return
    if a0[0] == b0[0] and a1[0] == b1[0]:
        shift = TANGENT * (yb0 - ya0)
        problem.equal(((second, 1.0), (first, -1.0)), -shift if down else shift)
        return
    if a0[0] == b0[0]:
        slack = -TANGENT * (yb0 - ya0)
    elif a1[0] == b1[0]:
        slack = -TANGENT * (yb1 - ya1)
    else:
        slack = max(0.0, min(yb0 - ya0, yb1 - ya1) - 26) * 0.6
    later, earlier = (second, first) if down else (first, second)
    problem.at_most(((later, 1.0), (earlier, -1.0)), slack)


def _range(plane: Plane, gap: int, move: Move) -> tuple[float, float, float]:
    """Between where and where a diagonal may begin, and where it would best."""
    one, other, y0, y1 = move
    rise, sign = abs(y1 - y0), 1 if y1 > y0 else -1
    low = plane.x[gap] + margin(plane, one[0])
    high = plane.x[gap + 1] - margin(plane, other[0]) - rise
    legs, down = plane.grid.legs, plane.rows.down
    if one[0][0] in legs and not one[0][1] and down[one[0][0]] == -sign:  # the leg's turn goes straight on
        begin = plane.x[gap] + TURN
        return begin, max(high, begin), begin
    if other[0][0] in legs and not other[0][1] and down[other[0][0]] == sign:
        end = plane.x[gap + 1] - TURN - rise
        return min(low, end), end, end
    parts = len(plane.links.after[gap][one]) > 1 or _shared(plane, one)
    joins = len(plane.links.before[gap + 1][other]) > 1 or _shared(plane, other)
    share = 0.5 if parts == joins else 0.0 if parts else 1.0
    return low - 6, max(high + 6, low), low + (high - low) * share


def _shared(plane: Plane, node: Node) -> bool:
    return not node[0][1] and len(plane.grid.lines(node[0][0])) > 1


def corners(plane: Plane, edge: Edge) -> list[Point]:
    """The corner points of an edge."""
    line, a, b = edge
    one, other = plane.grid.block[a], plane.grid.block[b]
    if one == other:
        return [plane.spot(a, line), plane.spot(b, line)]
    points = _out_of(plane, a, one, line)
    first, last = plane.grid.column[one], plane.grid.column[other]
    for gap in range(first, last):
        left: Node = ((one, "") if gap == first else (one, other), line)
        right: Node = ((other, "") if gap + 1 == last else (one, other), line)
        y0, y1 = plane.height(gap, left), plane.height(gap + 1, right)
        if abs(y1 - y0) > STRAIGHT:
            start = plane.slopes[gap, left, right]
            points += [(start, y0), (start + abs(y1 - y0), y1)]
    return _without_needless(points + _into(plane, b, other, line))


def _out_of(plane: Plane, stop: str, block: str, line: int) -> list[Point]:
    if block not in plane.grid.legs:
        return [plane.spot(stop, line)]
    x, down = plane.x[plane.grid.column[block]], plane.rows.down[block]
    y = plane.height(plane.grid.column[block], ((block, ""), line))
    return [plane.spot(stop, line), (x, y + down * TURN), (x + TURN, y)]


def _into(plane: Plane, stop: str, block: str, line: int) -> list[Point]:
    if block not in plane.grid.legs:
        return [plane.spot(stop, line)]
    x, down = plane.x[plane.grid.column[block]], plane.rows.down[block]
    y = plane.height(plane.grid.column[block], ((block, ""), line))
    return [(x - TURN, y), (x, y + down * TURN), plane.spot(stop, line)]


def _without_needless(points: list[Point]) -> list[Point]:
    """Corner points without those that are no corner."""
    kept = points[:1]
    for here, following in zip(points[1:], [*points[2:], None], strict=False):
        if abs(here[0] - kept[-1][0]) + abs(here[1] - kept[-1][1]) < 0.01:
            continue
        if following is not None and _straight(kept[-1], here, following):
            continue
        kept.append(here)
    return kept


def _straight(a: Point, b: Point, c: Point) -> bool:
    u, v = (b[0] - a[0], b[1] - a[1]), (c[0] - b[0], c[1] - b[1])
    return abs(u[0] * v[1] - u[1] * v[0]) < 0.01 and u[0] * v[0] + u[1] * v[1] >= 0

"""Order: who passes above whom in each column, with few crossings. It depends on the plan alone.

Each column holds blocks: a station, or an edge that passes by; the lines of a block stay side by side. Orders are found
as those of a storyline: sweeps to and fro from many shuffled starts, and the best of them polished by small moves.
"""

from __future__ import annotations

import itertools
import random
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

from bifurque.dashboard.map_columns import Columns

Key = tuple[str, str]
"""A block of a column: a station and nothing, or the two ends of an edge that passes by."""
Node = tuple[Key, int]
"""A line in a block."""
Row = list[tuple[Key, list[int]]]
"""A column, from top to bottom: its blocks and their lines."""
CROSSING = 12.0
"""What a crossing costs, in ranks a line moves up or down."""


@dataclass
class Links:
    """What is linked across the gaps between columns.

    Attributes:
        blocks: of each column: their lines.
        gaps: of each gap: pairs of nodes.
        size: how high a block is, in stations.
    """

    blocks: list[dict[Key, list[int]]]
    gaps: list[list[tuple[Node, Node]]]
    size: dict[Key, float]
    before: list[dict[Node, list[Node]]] = field(default_factory=list)
    after: list[dict[Node, list[Node]]] = field(default_factory=list)


def links(grid: Columns) -> Links:
    """The blocks of all columns and the links between them."""
    blocks: list[dict[Key, list[int]]] = [{} for _ in range(grid.count)]
    gaps: list[list[tuple[Node, Node]]] = [[] for _ in range(grid.count - 1)]
    for block, column in grid.column.items():
        blocks[column][block, ""] = list(grid.lines(block))
    for line, a, b in grid.edges:
        keys = [(a, ""), *[(a, b)] * (grid.column[b] - grid.column[a] - 1), (b, "")]
        for column, (one, other) in enumerate(itertools.pairwise(keys), grid.column[a]):
            gaps[column].append(((one, line), (other, line)))
            lines = blocks[column + 1].setdefault(other, [])
            if line not in lines:
                lines.append(line)
    size = {k: _size(grid, k) for column_ in blocks for k in column_}
    found = Links(blocks, gaps, size)
    found.before = [defaultdict(list) for _ in range(grid.count)]
    found.after = [defaultdict(list) for _ in range(grid.count)]
    for column, pairs in enumerate(gaps):
        for left, right in pairs:
            found.after[column][left].append(right)
            found.before[column + 1][right].append(left)
    return found


def _size(grid: Columns, key: Key) -> float:
    if key[1]:
        return 0.5
    return 1.0 if key[0] not in grid.legs else 1.0 + 0.6 * len(grid.legs[key[0]].stops)


Places = tuple[dict[Node, int], dict[Node, float]]


def places(row: Row, size: dict[Key, float]) -> Places:
    """The position of each node, and how far its block is from the middle."""
    position: dict[Node, int] = {}
    rank: dict[Node, float] = {}
    above = -sum([size[key] for key, _ in row]) / 2
    for key, lines in row:
        middle = above + size[key] / 2
        for line in lines:
            position[key, line] = len(position)
            rank[key, line] = middle
        above += size[key]
    return position, rank


def gap_cost(left: Places, right: Places, pairs: list[tuple[Node, Node]]) -> tuple[int, float]:
    """Crossings between two columns, and how far lines move up or down."""
    (p0, r0), (p1, r1) = left, right
    ends = sorted([(p0[a], p1[b]) for a, b in pairs])
    crossings, seen = 0, list[int]()
    for _, end in ends:
        at = bisect_right(seen, end)
        crossings += len(seen) - at
        seen.insert(at, end)
    return crossings, sum([abs(r0[a] - r1[b]) for a, b in pairs])


class Search:
    """The search for one good order of all columns."""

    def __init__(self, found: Links, dice: random.Random) -> None:
        self.links, self.dice = found, dice
        self.rows: list[Row] = []
        self.places: list[Places] = []
        self.costs: list[float] = []

    def cost(self, gap: int, left: Places, right: Places) -> float:
        """What one gap costs."""
        crossings, moves = gap_cost(left, right, self.links.gaps[gap])
        return CROSSING * crossings + moves

    def take(self, rows: list[Row]) -> None:
        """Go on from these orders."""
        self.rows = rows
        self.places = [places(row, self.links.size) for row in rows]

    def each(self) -> list[float]:
        """What every gap costs."""
        return [self.cost(g, self.places[g], self.places[g + 1]) for g in range(len(self.links.gaps))]

    def crossings(self) -> int:
        """How often lines cross."""
        gaps = enumerate(self.links.gaps)
        return sum(gap_cost(self.places[g], self.places[g + 1], pairs)[0] for g, pairs in gaps)

    def shuffle(self) -> None:
        """Any order."""
        rows = [[(k, self.dice.sample(ls, len(ls))) for k, ls in col.items()] for col in self.links.blocks]
        for row in rows:
            self.dice.shuffle(row)
        self.take(rows)

    def sweep(self, rounds: int = 6) -> float:
        """Order each column by what it is linked to in the one before, to and fro; the best order seen stays."""
        best, kept = sum(self.each()), list(self.rows)
        last = len(self.rows)
        for turn in range(rounds):
            forwards = turn % 2 == 0
            for column in range(1, last) if forwards else range(last - 2, -1, -1):
                self._settle(column, column - 1 if forwards else column + 1)
            if (now := sum(self.each())) < best - 1e-9:
                best, kept = now, list(self.rows)
        self.take(kept)
        return best

    def _settle(self, column: int, reference: int) -> None:
        """Order one column by another: blocks and their lines at the mean place of what they are linked to."""
        position, _ = self.places[reference]
        near = (self.links.before if reference < column else self.links.after)[column]
        scale = max(len(position) - 1, 1)
        ordered = []
        for rank, (key, lines) in enumerate(self.rows[column]):
            pulls = {n: [position[o] / scale for o in near.get((key, n), ())] for n in lines}
            means = {n: sum(p) / len(p) for n, p in pulls.items() if p}
            own = sum(means.values()) / len(means) if means else rank / max(len(self.rows[column]) - 1, 1)
            inside = sorted(lines, key=lambda n: means.get(n, own))
            ordered.append((own + self.dice.random() * 1e-3, rank, (key, inside)))
        self.rows[column] = [block for _, _, block in sorted(ordered, key=lambda o: o[:2])]
        self.places[column] = places(self.rows[column], self.links.size)

    def climb(self, most: int = 8) -> float:
        """Small moves, while they make it better: a block elsewhere in its column, its lines otherwise, a run past."""
        self.costs = self.each()
        for _ in range(most):
            better = [self._reorder(column) for column in range(len(self.rows))]
            better += [self._shift(run) for run in self._runs()]
            if not any(better):
                break
        return sum(self.costs)

    def _try(self, changed: dict[int, Row]) -> bool:
        """Keep changed columns if they cost less."""
        gaps = {g for c in changed for g in (c - 1, c) if 0 <= g < len(self.costs)}
        fresh = {c: places(row, self.links.size) for c, row in changed.items()}
        costs, old = {}, sum([self.costs[g] for g in gaps])
        for gap in sorted(gaps):
            ends = (fresh.get(c) or self.places[c] for c in (gap, gap + 1))
            costs[gap] = self.cost(gap, *ends)
        if sum(costs.values()) >= old - 1e-9:
            return False
        for column, row in changed.items():
            self.rows[column], self.places[column] = row, fresh[column]
        for gap, cost in costs.items():
            self.costs[gap] = cost
        return True

    def _reorder(self, column: int) -> bool:
        better = False
        for key in [k for k, _ in self.rows[column]]:
            row = self.rows[column]
            i = next(n for n, (k, _) in enumerate(row) if k == key)
            others, block = row[:i] + row[i + 1 :], row[i]
            places = (j for j in range(len(row)) if j != i)
            better |= any(self._try({column: [*others[:j], block, *others[j:]]}) for j in places)
            better |= len(block[1]) > 1 and self._permute(column, key)
        return better

    def _permute(self, column: int, key: Key) -> bool:
        """Other orders of the lines of one block: all of a few, neighbours swapped of many."""
        row = self.rows[column]
        i, lines = next((n, ls) for n, (k, ls) in enumerate(row) if k == key)
        swaps = [[*lines[:q], lines[q + 1], lines[q], *lines[q + 2 :]] for q in range(len(lines) - 1)]
        orders = [list(p) for p in itertools.permutations(lines)] if len(lines) <= 4 else [lines[::-1], *swaps]
        return any(self._try({column: [*row[:i], (key, o), *row[i + 1 :]]}) for o in orders if o != lines)

    def _runs(self) -> list[dict[int, Key]]:
        """What moves together: the blocks of a line over neighbouring columns."""
        by_line: dict[int, dict[int, Key]] = defaultdict(dict)
        for column, blocks in enumerate(self.links.blocks):
            for key, lines in blocks.items():
                for line in lines:
                    by_line[line].setdefault(column, key)
        found = []
        for _, places in sorted(by_line.items()):
            spots = sorted(places)
            for size in sorted({len(spots), 4, 3, 2}, reverse=True):
                windows = (spots[i : i + size] for i in range(max(1, len(spots) - size + 1)))
                found += [{c: places[c] for c in window} for window in windows]
        return found

    def _shift(self, run: dict[int, Key]) -> bool:
        return any(self._moved(run, step) for step in (-1, 1))

    def _moved(self, run: dict[int, Key], step: int) -> bool:
        changed: dict[int, Row] = {}
        for column, key in run.items():
            row = self.rows[column]
            i = next(n for n, (k, _) in enumerate(row) if k == key)
            if not 0 <= i + step < len(row):
                return False
            others = row[:i] + row[i + 1 :]
            changed[column] = [*others[: i + step], row[i], *others[i + step :]]
        return self._try(changed)


def orders(found: Links) -> list[tuple[int, list[Row]]]:
    """The best orders of all columns, each with its number of crossings; the same plan always gets the same."""
    nodes = sum(len(lines) for column in found.blocks for lines in column.values())
    starts, keep = (40, 4) if nodes < 150 else (24, 3) if nodes < 400 else (12, 2)
    search = Search(found, random.Random(0))
    pool: dict[str, tuple[float, list[Row]]] = {}
    for _ in range(starts):
        search.shuffle()
        cost = search.sweep()
        pool[repr(search.rows)] = (cost, search.rows)
    best = []
    for _, rows in sorted(pool.values(), key=lambda p: p[0])[:keep]:
        search.take(list(rows))
        best.append((search.climb(), search.crossings(), search.rows))
    return [(crossings, rows) for _, crossings, rows in sorted(best, key=lambda b: b[:2])]

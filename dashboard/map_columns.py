"""Columns: how far right each stop stands. And legs: single-line runs that stand upright and so need one column."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field

from bifurque.dashboard.linear import Problem
from bifurque.dashboard.map_graph import Network

PIECES = 6
"""A long edge costs 1 for its first extra column, 2 for the second …: so long runs space evenly."""
LEGS_ABOVE = 13
"""A map of fewer columns needs no legs: it fits a screen as it is."""
FORKS = ("branch", "experiment", "wait_for", "offer", "event")


@dataclass
class Leg:
    """Stops that stand upright, from the turn outwards; a head leads into the turn, a tail away from it."""

    stops: tuple[str, ...]
    line: int
    head: bool


@dataclass
class Columns:
    """What stands in which column.

    Attributes:
        legs: by block; a block is a stop, or a leg.
        block: the block of each stop.
        edges: by line and blocks.
        column: of each block.
        first: the first column of each stage, and the end.
    """

    net: Network
    legs: dict[str, Leg] = field(default_factory=dict)
    block: dict[str, str] = field(default_factory=dict)
    edges: list[tuple[int, str, str]] = field(default_factory=list)
    column: dict[str, int] = field(default_factory=dict)
    first: list[int] = field(default_factory=list)
    count: int = 0

    def stage(self, block: str) -> int:
        """The stage of a block."""
        return self.net.stops[self.legs[block].stops[0] if block in self.legs else block].stage

    def lines(self, block: str) -> list[int]:
        """The lines of a block."""
        return [self.legs[block].line] if block in self.legs else self.net.stops[block].lines


def columns(net: Network) -> Columns:
    """Columns for all stops; runs stand upright, one after the other, while that makes a wide map narrower."""
    chosen: list[Leg] = []
    candidates = _runs(net)
    depth = _depth(_blocks(net, chosen))
    while depth[0] > LEGS_ABOVE:
        taken = {s for leg in chosen for s in leg.stops}
        free = [leg for leg in candidates if not taken & set(leg.stops)]
        tried = [(*_depth(_blocks(net, [*chosen, leg])), -len(leg.stops), n) for n, leg in enumerate(free)]
        if not tried or min(tried)[:2] >= depth:
            break
        depth = min(tried)[:2]
        chosen.append(free[min(tried)[3]])
    grid = _blocks(net, chosen)
    _solve(grid)
    return grid


def _depth(grid: Columns) -> tuple[int, int]:
    """How many columns are needed, and how far right all blocks stand in their stages at least."""
    into: dict[str, list[str]] = {b: [] for b in dict.fromkeys(grid.block.values())}
    for _, a, b in grid.edges:
        if grid.stage(a) == grid.stage(b):
            into[b].append(a)
    place: dict[str, int] = {}
    todo = list(into)
    while todo:
        waiting = [b for b in todo if any(a not in place for a in into[b])]
        for block in (b for b in todo if all(a in place for a in into[b])):
            place[block] = 1 + max((place[a] for a in into[block]), default=0)
        todo = [b for b in waiting if b not in place]
    widest = [0] * grid.net.stages
    for block, column in place.items():
        widest[grid.stage(block)] = max(widest[grid.stage(block)], column)
    return sum(widest), sum(place.values())


def _runs(net: Network) -> list[Leg]:
    """Stops of one line in one stage, at the start or the end of a line, that lead nowhere else: possible legs."""
    before, after = defaultdict(list), defaultdict(list)
    for _, a, b in net.edges:
        after[a].append(b)
        before[b].append(a)

    def fit(stop: str) -> bool:
        plain = len(net.stops[stop].lines) == 1 and net.stops[stop].kind not in FORKS
        plain = plain and (net.stops[stop].back is None or not after[stop])
        return plain and len(before[stop]) <= 1 and len(after[stop]) <= 1

    found = []
    for head, ends in ((True, before), (False, after)):
        inwards = after if head else before
        for stop in (s for s in net.stops if fit(s) and not ends[s]):
            run = [stop]
            while inwards[run[-1]] and fit(inwards[run[-1]][0]):
                run.append(inwards[run[-1]][0])
            stages = [net.stops[s].stage for s in run]
            same = run[: next((n for n, stage in enumerate(stages) if stage != stages[0]), len(run))]
            if len(same) == len(run) and not inwards[run[-1]]:
                same.pop()  # one stop stays, for the leg to turn to
            line = net.stops[stop].lines[0]
            found += [Leg(tuple(reversed(same[:n])), line, head) for n in range(min(len(same), 5), 1, -1)]
    return found


def _blocks(net: Network, legs: list[Leg]) -> Columns:
    """Stops and legs, not yet in their columns."""
    grid = Columns(net, {f"leg:{n}": leg for n, leg in enumerate(legs)}, {s: s for s in net.stops})
    for name, leg in grid.legs.items():
        grid.block |= dict.fromkeys(leg.stops, name)
    pairs = [(line, grid.block[a], grid.block[b]) for line, a, b in net.edges]
    grid.edges = [(line, a, b) for line, a, b in dict.fromkeys(pairs) if a != b]
    return grid


def _solve(grid: Columns) -> None:
    problem = Problem()
    blocks = list(dict.fromkeys(grid.block.values()))
    at = {b: problem.variable(0.001) for b in blocks}
    stages = [problem.variable(3.0 if k == grid.net.stages else 0.0) for k in range(grid.net.stages + 1)]
    for left, right in itertools.pairwise(stages):
        problem.apart(right, left, 1)
    for block in blocks:
        stage = grid.stage(block)
        problem.apart(at[block], stages[stage], 0)
        problem.apart(stages[stage + 1], at[block], 1)
    together: dict[tuple[str, str], int] = defaultdict(int)
    for _, a, b in grid.edges:
        together[a, b] += 1
    for (a, b), lines in together.items():
        problem.apart(at[b], at[a], 1)
        pieces = [problem.variable(lines * (k + 1.0), 0, 1 if k + 1 < PIECES else 1e6) for k in range(PIECES)]
        problem.at_least([(p, 1.0) for p in pieces] + [(at[a], 1.0), (at[b], -1.0)], -1)
    found = problem.solve()
    assert found is not None, "a network without cycles always has columns"
    raw = {b: round(found[at[b]]) for b in blocks}
    used = sorted(set(raw.values()))
    grid.column = {b: used.index(c) for b, c in raw.items()}
    grid.count = len(used)
    grid.first = [sum(u < round(found[s]) for u in used) for s in stages]

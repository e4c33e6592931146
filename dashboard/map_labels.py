"""Labels: where the name of each station stands, so that none covers another and few cover a line.

In one column none can cover another, whatever is chosen; across columns `squeeze` keeps apart what was chosen here.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

from bifurque.dashboard.font import text_width, wrap
from bifurque.dashboard.layout import Box, Label, Phrase, Side
from bifurque.dashboard.linear import Problem
from bifurque.dashboard.map_graph import Stop
from bifurque.dashboard.map_near import Near, hull, meet
from bifurque.dashboard.map_tracks import Plane
from bifurque.dashboard.style import HUB_LABEL, LABEL, LABEL_AIR, LINE, NOTE, WIDTH

WIDTHS = {60.0: 0.9, 84.0: 0.2, 112.0: 0.0, 150.0: 0.6}
"""How wide a label may be, and what the eye pays for it."""
SHORTENED = 4.0
"""What the eye pays for an ellipsis."""
FIGURES = 66.0
"""What the figures of any map need below a name: `145 k · −12 %`."""
KEEP = 14


@dataclass
class Candidate:
    """A place for a label, and what the eye pays for it."""

    stop: str
    name: str
    label: Label
    cost: float


def candidates(plane: Plane, near: Near) -> list[Candidate]:
    """The best places for each label."""
    boxes = {s: plane.box(s) for s in plane.grid.net.stops}
    badges = {f"{s} back": b for s in plane.grid.net.stops if (b := plane.badge(s)) is not None}
    found = []
    for stop in plane.grid.net.stops.values():
        mid = boxes[stop.id]
        reach = (mid[0] - 320, mid[1] - 120, mid[2] + 320, mid[3] + 120)
        others = [b for s, b in (boxes | badges).items() if s != stop.id and meet(b, reach)]
        mine = []
        for width, cost in WIDTHS.items():
            for name, label, more in _places(plane, stop, boxes[stop.id], width):
                hit = sum(near.through(label.box, WIDTH / 2 + 1).values())
                blame = cost + more + 1.6 * hit + 14 * (hit > 0) + 60 * sum(meet(label.box, b, 2) for b in others)
                mine.append(Candidate(stop.id, name, label, round(blame, 4)))
        mine.sort(key=lambda c: c.cost)
        kept = mine[:KEEP]
        if not any(c.name in ("below", "right") for c in kept):  # what always fits must stay
            kept.append(next(c for c in mine if c.name in ("below", "right")))
        found += kept
    return found


def _places(plane: Plane, stop: Stop, box: Box, width: float) -> list[tuple[str, Label, float]]:
    """Where a label of some width may stand: its name, the label, what that costs."""
    bold = stop.kind in ("start", "event") or len(stop.lines) > 1
    size = HUB_LABEL if stop.kind == "event" else LABEL
    lines = {g: wrap(getattr(stop.title, g), size, bold, width) for g in ("fr", "en")}
    fr, en = (tuple(Phrase(t, round(text_width(t, size, bold), 2)) for t in lines[g]) for g in ("fr", "en"))
    shortened = sum(p.text.endswith("…") for p in fr + en)
    notes = [min(text_width(n, NOTE), 110.0) for n in (stop.note.fr, stop.note.en)]
    wide = max([p.width for p in fr + en] + notes + [FIGURES])
    high = max(len(fr), len(en)) * size * LINE + NOTE * LINE
    middle = (box[0] + box[2]) / 2
    centre = (box[1] + box[3]) / 2
    badge = plane.badge(stop.id)
    under = box[3] + LABEL_AIR
    over = (badge[1] if badge else box[1]) - LABEL_AIR - high
    spots: list[tuple[str, float, float, Side, float]]
    if plane.upright(stop.id):
        more = 1.6 * (max(len(fr), len(en)) - 1)
        spots = [("right", box[2] + 6, centre - high / 2, "start", more)]
        spots.append(("left", box[0] - 6 - wide, centre - high / 2, "end", more + 0.3))
    else:
        more = 0.5 * (max(len(fr), len(en)) - 1)
        spots = [("below", middle - wide / 2, under, "middle", more)]
        spots.append(("above", middle - wide / 2, over, "middle", more + 0.6))
        spots.append(("below_right", box[0] + 2, under, "start", more + 4))
        spots.append(("above_right", box[0] + 2, over, "start", more + 4.5))
        spots.append(("below_left", box[2] - 2 - wide, under, "end", more + 5))
        spots.append(("above_left", box[2] - 2 - wide, over, "end", more + 5.5))
        for shift in (-0.25, 0.25):
            spots.append(("below_shifted", middle - wide / 2 + shift * wide, under, "middle", more + 3.5))
            spots.append(("above_shifted", middle - wide / 2 + shift * wide, over, "middle", more + 3.8))
        spots += [(n, x, centre - high / 2, s, c + more) for n, x, s, c in _beside(plane, stop, box, wide)]
    found = []
    for name, x, y, side, cost in spots:
        place = (round(x, 2), round(y, 2), round(x + wide, 2), round(y + high, 2))
        found.append((name, Label(place, side, bold, fr, en), cost + SHORTENED * shortened))
    return found


def _beside(plane: Plane, stop: Stop, box: Box, wide: float) -> list[tuple[str, float, Side, float]]:
    """Beside a station where no line passes: at the start or the end of one."""
    found: list[tuple[str, float, Side, float]] = []
    if not any(b == stop.id for _, _, b in plane.grid.net.edges):
        found.append(("start", box[0] - 6 - wide, "end", 1.5))
    if not any(a == stop.id for _, a, _ in plane.grid.net.edges):
        found.append(("end", box[2] + 6, "start", 0.8))
    return found


def choose(plane: Plane, found: list[Candidate]) -> dict[str, Label]:
    """One place for each label, at the least cost: exact, by whole numbers."""
    problem = Problem()
    chosen = [problem.variable(c.cost, 0, 1, whole=True) for c in found]
    by_stop: dict[str, list[int]] = defaultdict(list)
    for i, candidate in enumerate(found):
        by_stop[candidate.stop].append(i)
    for mine in by_stop.values():
        problem.equal([(chosen[i], 1.0) for i in mine], 1)
    for stop, other, i, rivals in _conflicts(found, by_stop):
        terms = [(chosen[j], 1.0) for j in (i, *rivals)]
        same = plane.grid.column[plane.grid.block[stop]] == plane.grid.column[plane.grid.block[other]]
        if not same:
            terms.append((problem.variable(80.0, 0, 1), -1.0))
        problem.at_most(terms, 1)
    for leg in plane.grid.legs.values():
        for stop in leg.stops[1:]:
            terms = [(chosen[i], 1.0) for i in by_stop[stop] if found[i].name == "right"]
            terms += [(chosen[i], -1.0) for i in by_stop[leg.stops[0]] if found[i].name == "right"]
            problem.equal(terms, 0)
    value = problem.solve()
    if value is None:
        return {s: next(found[i].label for i in m if found[i].name in ("below", "right")) for s, m in by_stop.items()}
    return {found[i].stop: found[i].label for i, v in enumerate(chosen) if value[v] > 0.5}


def _conflicts(found: list[Candidate], by_stop: dict[str, list[int]]) -> list[tuple[str, str, int, list[int]]]:
    """Pairs of stops whose labels may cover each other: a place of the one, and those of the other in its way."""
    reach = {s: hull([found[i].label.box for i in mine]) for s, mine in by_stop.items()}
    conflicts = []
    for one, other in itertools.combinations(by_stop, 2):
        if not meet(reach[one], reach[other], 7):
            continue
        for i in by_stop[one]:
            box = found[i].label.box
            wide = (box[0] - 5, box[1] - 4, box[2] + 5, box[3] + 4)
            rivals = [j for j in by_stop[other] if meet(wide, found[j].label.box)]
            if rivals:
                conflicts.append((one, other, i, rivals))
    return conflicts

"""Lays out any plan as a metro map: columns, order, rows, tracks, labels, one after the other."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path as File

import msgspec

from bifurque.dashboard.layout import Band, Box, Label, Layout, Line, Station, Tag, Track
from bifurque.dashboard.map_columns import columns
from bifurque.dashboard.map_graph import Edge, Network, network
from bifurque.dashboard.map_labels import candidates, choose
from bifurque.dashboard.map_near import Near
from bifurque.dashboard.map_order import Row, links, orders
from bifurque.dashboard.map_rows import Rows, rows
from bifurque.dashboard.map_squeeze import squeeze
from bifurque.dashboard.map_tags import place_tags, tag_width
from bifurque.dashboard.map_tracks import Plane, corners, gaps, set_slopes
from bifurque.dashboard.map_words import NOTHING, stage_title, title_of
from bifurque.dashboard.palette import COLOURS, colours_of
from bifurque.dashboard.style import BAND_AIR, HEAD
from bifurque.engine.plan import Plan
from bifurque.engine.run import Run, write_json
from bifurque.engine.trigger import Text

VERSION = 3
"""Changes when the same plan would be laid out otherwise."""
PASSES = 2
ANY_STAGE = Text("Toute étape", "Any stage")
FILE = "layout.json"
KEPT: dict[str, Layout] = {}
"""Layouts made by this process."""


def key_of(plan: Plan) -> str:
    """What a layout depends on: what the map shows of a plan, and how maps are made."""
    parts: list[object] = [VERSION, plan.plan, plan.title, plan.stages, plan.events, plan.scores, plan.segments]
    parts += [plan.rules, plan.experiments, plan.messages, plan.offers, plan.journeys]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def lay_out(plan: Plan) -> Layout:
    """The map of a plan. The same plan always gets the same map."""
    key = key_of(plan)
    if key not in KEPT:
        KEPT[key] = _lay_out(plan, key)
    return KEPT[key]


def layout_of(run: Run) -> Layout:
    """The map of a run: the one it keeps, or a new one, which it then keeps."""
    plan = run.plan
    key = key_of(plan)
    file = run.folder / FILE
    kept = read_layout(file)
    if kept is not None and kept.key == key:
        return KEPT.setdefault(key, kept)
    found = lay_out(plan)
    try:
        write_json(file, found)
    except OSError:
        return found  # a folder that cannot be written can still be looked at
    return found


def read_layout(file: File) -> Layout | None:
    """A layout that was kept, if there is one that can be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Layout)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _lay_out(plan: Plan, key: str) -> Layout:
    net = network(plan)
    if not net.stops:
        return _empty(plan, key, net)
    plane, crossings = plane_of(net)
    labels = _place(plane)
    return _finished(plan, key, plane, labels, crossings)


def plane_of(net: Network) -> tuple[Plane, int]:
    """Columns, order and rows of a network, and how often its lines cross; nothing stands across yet."""
    grid = columns(net)
    found = links(grid)
    crossings, order, heights = _best([(c, o, rows(grid, found, o)) for c, o in orders(found)])
    plane = Plane(grid, found, order, heights, [])
    for (line, a, _), text in net.edges.items():
        if text != NOTHING:
            named = plane.named.get((line, grid.block[a]), 0.0)
            plane.named[line, grid.block[a]] = max(named, tag_width(text))
    return plane, crossings


def _best(tried: list[tuple[int, list[Row], Rows]]) -> tuple[int, list[Row], Rows]:
    """The order that draws best."""
    return min(tried, key=lambda t: 70 * t[0] + t[2].score)


def _place(plane: Plane) -> dict[str, Label]:
    """Columns and labels, each following the other, for some passes; the best pass stays."""
    wide = gaps(plane)
    plane.x = [0.0, *itertools.accumulate(max(w, 70.0) for w in wide)]
    best: tuple[float, list[float], list[float], dict[str, Label]] | None = None
    for _ in range(PASSES):
        set_slopes(plane)
        chosen = choose(plane, candidates(plane, near_of(plane)))
        before = list(plane.x)
        squeeze(plane, chosen, wide)
        labels = {s: _moved(chosen[s], _shift(plane, s, before)) for s in plane.grid.net.stops}
        set_slopes(plane)
        score = 60 * covered(plane, labels) + plane.x[-1]
        if best is None or score < best[0]:
            best = (score, list(plane.x), list(plane.borders), labels)
    assert best is not None
    _, plane.x, plane.borders, labels = best
    set_slopes(plane)
    return labels


def _shift(plane: Plane, stop: str, before: list[float]) -> float:
    column = plane.grid.column[plane.grid.block[stop]]
    return plane.x[column] - before[column]


def _moved(label: Label, dx: float, dy: float = 0.0) -> Label:
    return Label(_shifted(label.box, dx, dy), label.side, label.bold, label.fr, label.en)


def _shifted(box: Box, dx: float, dy: float) -> Box:
    left, top, right, bottom = box
    return round(left + dx, 2), round(top + dy, 2), round(right + dx, 2), round(bottom + dy, 2)


def near_of(plane: Plane) -> Near:
    """All tracks, to find those in the way."""
    return Near({edge: corners(plane, edge) for edge in plane.grid.net.edges})


def covered(plane: Plane, labels: dict[str, Label]) -> int:
    """How many labels stand on a line."""
    near = near_of(plane)
    return sum(any(length > 2 for length in near.through(label.box, 0).values()) for label in labels.values())


def _finished(plan: Plan, key: str, plane: Plane, labels: dict[str, Label], crossings: int) -> Layout:
    net = plane.grid.net
    boxes = [plane.box(s) for s in net.stops] + [label.box for label in labels.values()]
    boxes += [b for s in net.stops if (b := plane.badge(s)) is not None]
    dx = -plane.borders[0]
    dy = HEAD + BAND_AIR * 2 - min(b[1] for b in boxes)
    height = max(b[3] for b in boxes) + dy + BAND_AIR * 2
    bands = tuple(
        Band(name, title, round(left + dx, 2), round(right + dx, 2))
        for (name, title), (left, right) in zip(_bands(net), itertools.pairwise(plane.borders), strict=True)
    )
    tags = place_tags(plane, labels)
    tracks = tuple(_track(plane, e, tags.get(e), dx, dy) for e in sorted(net.edges))
    stations = tuple(_station(plane, s, labels[s], dx, dy) for s in net.stops)
    lines = _lines(plan, net, plane)
    width = round(plane.borders[-1] + dx, 2)
    title = title_of(plan.title, plan.plan)
    return Layout(key, plan.plan, title, width, round(height, 2), bands, lines, stations, tracks, crossings)


def _bands(net: Network) -> list[tuple[str, Text]]:
    named = [(s, stage_title(net.plan, s)) for s in net.cycle.stages]
    return named + [("", ANY_STAGE)] * (net.stages - len(named))


def _track(plane: Plane, edge: Edge, tag: Tag | None, dx: float, dy: float) -> Track:
    points = tuple((round(x + dx, 2), round(y + dy, 2)) for x, y in corners(plane, edge))
    if tag is not None:
        tag = Tag(_shifted(tag.box, dx, dy), tag.fr, tag.en)
    return Track(edge[0], edge[1], edge[2], points, plane.grid.net.edges[edge], tag)


def _station(plane: Plane, id_: str, label: Label, dx: float, dy: float) -> Station:
    stop = plane.grid.net.stops[id_]
    spots = sorted((plane.spot(id_, line)[1], line) for line in stop.lines)
    badge = plane.badge(id_)
    return Station(
        id=id_,
        kind=stop.kind,
        lines=tuple(line for _, line in spots),
        stage=stop.stage,
        x=round(plane.spot(id_, stop.lines[0])[0] + dx, 2),
        heights=tuple(round(y + dy, 2) for y, _ in spots),
        box=_shifted(plane.box(id_), dx, dy),
        title=stop.title,
        note=stop.note,
        channel=stop.channel,
        upright=plane.upright(id_),
        back=stop.back,
        badge=_shifted(badge, dx, dy) if badge is not None else None,
        label=_moved(label, dx, dy),
    )


def _lines(plan: Plan, net: Network, plane: Plane) -> tuple[Line, ...]:
    """Lines with their numbers and colours."""
    meetings: dict[tuple[int, int], float] = {}
    for stop in net.stops.values():
        for pair in itertools.combinations(sorted(stop.lines), 2):
            meetings[pair] = meetings.get(pair, 0.0) + 1
    for row in plane.order:
        for (_, one), (_, other) in itertools.pairwise(row):
            for a, b in ((a, b) for a in one for b in other if a != b):
                meetings[min(a, b), max(a, b)] = meetings.get((min(a, b), max(a, b)), 0.0) + 0.12
    colours = colours_of(len(net.names), meetings)
    found: list[Line] = []
    for number, name in enumerate(net.names):
        journey, colour = plan.journeys[name], colours[number]
        hollow = len(net.names) > len(COLOURS) and any(x.colour == colour for x in found)
        found.append(Line(name, number + 1, title_of(journey.title, name), colour, hollow, journey.enabled))
    return tuple(found)


def _empty(plan: Plan, key: str, net: Network) -> Layout:
    """A plan without journeys: only its bands."""
    bands = tuple(Band(n, t, 160.0 * k, 160.0 * k + 160) for k, (n, t) in enumerate(_bands(net)))
    return Layout(key, plan.plan, title_of(plan.title, plan.plan), 160.0 * len(bands), 160.0, bands, (), (), (), 0)

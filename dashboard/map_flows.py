"""What was lived, placed on a map: how many contacts took each track, arrived at each station."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from bifurque.dashboard.layout import Layout
from bifurque.engine.plan import Plan
from bifurque.engine.routes import stations
from bifurque.engine.run import Run


class Flows(Struct, frozen=True):
    """Figures by position in the layout; `bands` is empty where nobody knows how full a stage is."""

    tracks: tuple[float, ...]
    stations: tuple[float, ...]
    lines: tuple[float, ...]
    bands: tuple[float, ...] = ()


def flows_of(run: Run, layout: Layout, weeks: Iterable[int] | None = None) -> Flows:
    """What contacts lived in a run, over some of its weeks or all of them."""
    rows = run.aggregate("edge_week").to_pylist()
    wanted = None if weeks is None else set(weeks)
    passed: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in rows:
        if wanted is None or row["week"] in wanted:
            passed[row["journey"], row["from"], row["to"]] += row["passed"]
    return _placed(layout, run.plan, passed, _stock(run, layout))


def weekly(run: Run, layout: Layout) -> list[Flows]:
    """The flows of every week of a run: what a slider moves through."""
    table = run.aggregate("edge_week").to_pylist()
    by_week: dict[int, dict[tuple[str, str, str], float]] = defaultdict(lambda: defaultdict(float))
    for row in table:
        by_week[row["week"]][row["journey"], row["from"], row["to"]] += row["passed"]
    last = max(by_week, default=-1)
    return [_placed(layout, run.plan, by_week[week], ()) for week in range(last + 1)]


def _stock(run: Run, layout: Layout) -> tuple[float, ...]:
    """How many contacts have entered each stage."""
    known: dict[str, Any] = run.kpis["stages"]
    if len(layout.bands) < 2:
        return ()
    return tuple(float(known.get(b.name, {}).get("entered", 0)) if b.name else 0.0 for b in layout.bands)


def _placed(
    layout: Layout, plan: Plan, passed: dict[tuple[str, str, str], float], bands: tuple[float, ...]
) -> Flows:
    tracks = [0.0] * len(layout.tracks)
    by_line = [_Tracks(layout, plan, line) for line in range(len(layout.lines))]
    number = {line.journey: n for n, line in enumerate(layout.lines)}
    lines = [0.0] * len(layout.lines)
    for (journey, origin, target), count in passed.items():
        if journey not in number:
            continue
        line = number[journey]
        lines[line] += count * (origin == "")
        position = by_line[line].position(origin, target)
        if position is not None:
            tracks[position] += count
    for position, track in enumerate(layout.tracks):  # from a shared event to the start of a journey: who enters it
        if track.origin.startswith("event:"):
            tracks[position] = lines[track.line]
    return Flows(tuple(tracks), _arrivals(layout, tracks, lines), tuple(lines), bands)


def _arrivals(layout: Layout, tracks: list[float], lines: list[float]) -> tuple[float, ...]:
    """How many came to each station; to a start, all who entered there."""
    arrived: dict[str, float] = defaultdict(float)
    for track, count in zip(layout.tracks, tracks, strict=True):
        arrived[track.target] += count
    leaving: dict[str, float] = defaultdict(float)
    for track, count in zip(layout.tracks, tracks, strict=True):
        leaving[track.origin] += count
    starts = {f"{line.journey}#start": lines[n] for n, line in enumerate(layout.lines)}
    return tuple(starts.get(s.id, arrived[s.id] or leaving[s.id]) for s in layout.stations)


class _Tracks:
    """The tracks of one line, found by the steps they lead from and to."""

    def __init__(self, layout: Layout, plan: Plan, line: int) -> None:
        self.name = layout.lines[line].journey
        journey = plan.journeys.get(self.name)
        self.stop: dict[str, str] = {"": f"{self.name}#start"}
        self.transfers: dict[str, str] = {}
        last = ""
        for station in stations(journey) if journey is not None else ():
            last = f"{self.name}/{station.name}" if station.first else last
            self.stop[station.name] = last
            if to := getattr(station.step, "transfer", ""):
                self.transfers[station.name] = to
        self.by_ends = {(t.origin, t.target): n for n, t in enumerate(layout.tracks) if t.line == line}

    def position(self, origin: str, target: str) -> int | None:
        """Which track leads from one step to another; a step "" is the start, a target "" the end."""
        one = self.stop.get(origin, "")
        if target in self.transfers:
            to = self.transfers[target]
            ends = [f"{to}#start", f"{self.name}#to_{to}"]
        elif target:
            own = self.stop.get(target, "")
            ends = [own] if (one, own) in self.by_ends or one == own else self._ends(one)
        else:
            ends = self._ends(one)
        return next((self.by_ends[one, e] for e in ends if (one, e) in self.by_ends), None)

    def _ends(self, origin: str) -> list[str]:
        """Where a line ends, seen from one of its stops: its goal first."""
        ends = [b for a, b in self.by_ends if a == origin and not b.startswith(f"{self.name}/")]
        return sorted(ends, key=lambda b: (b.endswith("#start"), b))


def imagined(layout: Layout, lived: Flows) -> Flows:
    """What the plan imagines: all who enter go on to the end, nobody leaves on the way.

    Where ways part, they part as they were lived; equally where nobody came.
    """
    tracks = [0.0] * len(layout.tracks)
    for line, journey in enumerate(layout.lines):
        mine = [n for n, t in enumerate(layout.tracks) if t.line == line]
        arrived: dict[str, float] = defaultdict(float)
        arrived[f"{journey.journey}#start"] = lived.lines[line]
        for stop in _in_order([(layout.tracks[n].origin, layout.tracks[n].target) for n in mine]):
            ways = [n for n in mine if layout.tracks[n].origin == stop]
            total = sum(lived.tracks[n] for n in ways)
            for n in ways:
                part = lived.tracks[n] / total if total else 1 / len(ways)
                tracks[n] = lived.tracks[n] if stop.startswith("event:") else arrived[stop] * part
                arrived[layout.tracks[n].target] += tracks[n] * (not stop.startswith("event:"))
    return Flows(tuple(tracks), _arrivals(layout, tracks, list(lived.lines)), lived.lines, lived.bands)


def _in_order(pairs: list[tuple[str, str]]) -> list[str]:
    """Stops, each after all that lead to it."""
    waiting = dict.fromkeys(s for pair in pairs for s in pair)
    found: list[str] = []
    while waiting:
        ready = [s for s in waiting if not any(b == s and a in waiting for a, b in pairs)]
        found += ready
        for stop in ready:
            del waiting[stop]
    return found

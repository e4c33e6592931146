"""What was lived, placed on a map: how many contacts took each track, arrived at each station."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import Struct, structs

from bifurque.dashboard.layout import Layout
from bifurque.engine.plan import Plan
from bifurque.engine.routes import stations
from bifurque.engine.run import Run


class Flows(Struct, frozen=True):
    """Figures by position in the layout; `bands` is empty where a plan has no stages.

    `lost` is the share of a station's messages that did not leave, empty where nobody asked.
    """

    tracks: tuple[float, ...]
    stations: tuple[float, ...]
    lines: tuple[float, ...]
    bands: tuple[float, ...] = ()
    lost: tuple[float, ...] = ()


Passed = dict[tuple[str, str, str], float]
"""Contacts by journey and the two steps of a way, as `edge_week` names them."""


def flows_of(run: Run, layout: Layout, weeks: Iterable[int] | None = None) -> Flows:
    """What contacts lived in a run, over some of its weeks or all of them."""
    by_week = _by_week(run)
    wanted = by_week.keys() if weeks is None else set(weeks) & by_week.keys()
    passed: Passed = defaultdict(float)
    for week in sorted(wanted):
        for way, count in by_week[week].items():
            passed[way] += count
    found = _Placing(run, layout, by_week).flows(passed)
    entered, due = _entered(run), _due(run, layout)
    bands = _bands(layout, entered, entered if weeks is None else wanted)
    return structs.replace(found, bands=bands, lost=_lost(layout, due, wanted))


def weekly(run: Run, layout: Layout) -> list[Flows]:
    """The flows of every week of a run: what a slider moves through."""
    by_week, entered, due = _by_week(run), _entered(run), _due(run, layout)
    placing = _Placing(run, layout, by_week)
    found = []
    for week in range(max(by_week, default=-1) + 1):
        flows = placing.flows(by_week.get(week, {}))
        found.append(structs.replace(flows, bands=_bands(layout, entered, [week]), lost=_lost(layout, due, [week])))
    return found


def tracks_of(plan: Plan, layout: Layout, ways: Iterable[dict[str, Any]]) -> dict[int, int]:
    """The tracks that some ways lead over, each with how often: rows of journey, origin and target.

    A way to the end leads over a track to the goal only where the row has a `goal`.
    """
    number = {line.journey: n for n, line in enumerate(layout.lines)}
    lines: dict[int, _Tracks] = {}
    found: dict[int, int] = defaultdict(int)
    for way in ways:
        line = number.get(way["journey"])
        if line is None:
            continue
        tracks = lines.setdefault(line, _Tracks(layout, plan, line))
        position = tracks.position(way["origin"], way["target"])
        if position is not None and (way["target"] or way.get("goal") or position not in tracks.to_goal):
            found[position] += 1
    return dict(found)


def _by_week(run: Run) -> dict[int, Passed]:
    found: dict[int, Passed] = defaultdict(lambda: defaultdict(float))
    for row in run.aggregate("edge_week").to_pylist():
        found[row["week"]][row["journey"], row["from"], row["to"]] += row["passed"]
    return found


def _entered(run: Run) -> dict[int, dict[str, int]]:
    """How many contacts came into each stage, from another one or as their life began, by week."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in run.aggregate("stage_day").to_pylist():
        found[row["day"] // 7][row["stage"]] += row["entered"]
    return found


def _bands(layout: Layout, entered: dict[int, dict[str, int]], weeks: Iterable[int]) -> tuple[float, ...]:
    """How many entered each band in some weeks; nothing where there is but one."""
    if len(layout.bands) < 2:
        return ()
    chosen = [entered[week] for week in weeks if week in entered]
    return tuple(float(sum(week.get(band.name, 0) for week in chosen)) for band in layout.bands)


def _due(run: Run, layout: Layout) -> dict[int, dict[str, list[int]]]:
    """Messages that fell due at each station, and those of them that did not leave, by week."""
    lines = {line.journey: _Tracks(layout, run.plan, n).stop for n, line in enumerate(layout.lines)}
    found: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in run.aggregate("station_week").to_pylist():
        at = lines.get(row["journey"], {}).get(row["step"])
        if at is not None:
            sums = found[row["week"]][at]
            sums[0] += row["arrived"]
            sums[1] += row["lost"]
    return found


def _lost(layout: Layout, due: dict[int, dict[str, list[int]]], weeks: Iterable[int]) -> tuple[float, ...]:
    """Of the messages that fell due at each station, the share that was dropped or replaced."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for week in weeks:
        for station, (fell, gone) in due.get(week, {}).items():
            sums[station][0] += fell
            sums[station][1] += gone
    shares = {station: min(gone / fell, 1.0) for station, (fell, gone) in sums.items() if fell}
    return tuple(shares.get(s.id, 0.0) for s in layout.stations)


class _Reached(Struct):
    """Visits of a line that reached its goal, that went to its end, that entered."""

    goal: float
    end: float
    entered: float

    def share(self, ended: float, entered: float) -> float:
        """How many of some visits reached the goal: by those who ended, or if nobody ever did, by those who entered."""
        if self.end:
            return self.goal * ended / self.end
        return self.goal * entered / self.entered if self.entered else 0.0


class _Placing:
    """Places ways on the tracks of a layout.

    The tracks into a goal are as wide as visits that reached it, wherever on the line they were then; of several such
    tracks, and of a single week, each has the share of those who went that way to the end.
    """

    def __init__(self, run: Run, layout: Layout, by_week: dict[int, Passed]) -> None:
        self.layout = layout
        plan = run.plan
        self.lines = [_Tracks(layout, plan, line) for line in range(len(layout.lines))]
        self.number = {line.journey: n for n, line in enumerate(layout.lines)}
        self.reached: dict[int, _Reached] = {}
        whole: Passed = defaultdict(float)
        for passed in by_week.values():
            for way, count in passed.items():
                whole[way] += count
        ended = self._tracks(whole)
        figures = run.kpis["journeys"]
        for line, tracks in enumerate(self.lines):
            journey = plan.journeys.get(tracks.name)
            if journey is None or journey.goal is None:
                continue
            through = sum(ended[n] for n in tracks.to_goal)
            self.reached[line] = _Reached(figures[tracks.name]["converted"], through, figures[tracks.name]["entered"])

    def _tracks(self, passed: Passed) -> list[float]:
        tracks = [0.0] * len(self.layout.tracks)
        for (journey, origin, target), count in passed.items():
            if journey not in self.number:
                continue
            position = self.lines[self.number[journey]].position(origin, target)
            if position is not None:
                tracks[position] += count
        return tracks

    def flows(self, passed: Passed) -> Flows:
        """The figures of a map."""
        tracks = self._tracks(passed)
        lines = [0.0] * len(self.layout.lines)
        for (journey, origin, _), count in passed.items():
            if journey in self.number and not origin:
                lines[self.number[journey]] += count
        for line, reached in self.reached.items():
            ways = self.lines[line].to_goal
            for position in ways:
                tracks[position] = reached.share(tracks[position], lines[line] / len(ways))
        for position, track in enumerate(self.layout.tracks):  # from a shared event: all who enter there
            if track.origin.startswith("event:"):
                tracks[position] = lines[track.line]
        return Flows(tuple(tracks), _arrivals(self.layout, tracks, lines), tuple(lines))


def _arrivals(layout: Layout, tracks: list[float], lines: list[float]) -> tuple[float, ...]:
    """How many came to each station; to a start, all who entered there."""
    arrived: dict[str, float] = defaultdict(float)
    for track, count in zip(layout.tracks, tracks, strict=True):
        arrived[track.target] += count
    starts = {f"{line.journey}#start": lines[n] for n, line in enumerate(layout.lines)}
    return tuple(starts.get(s.id, arrived[s.id]) for s in layout.stations)


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
        self.into = {target: n for (_, target), n in reversed(self.by_ends.items())}
        goals = {f"{self.name}#goal"}
        if journey is not None and journey.goal is not None:
            goals.add(f"event:{journey.goal.event}")
        self.to_goal = [n for (_, target), n in self.by_ends.items() if target in goals]

    def position(self, origin: str, target: str) -> int | None:
        """Which track leads from one step to another; a step "" is the start, a target "" the end.

        Who is moved to a step by a rule, from where no track leads, comes in over the first track into it.
        """
        one = self.stop.get(origin, "")
        if target in self.transfers:
            to = self.transfers[target]
            ends = [f"{to}#start", f"{self.name}#to_{to}"]
        elif target:
            own = self.stop.get(target, "")
            if (one, own) not in self.by_ends and one != own and own in self.into:
                return self.into[own]
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

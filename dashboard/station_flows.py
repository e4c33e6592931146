"""What the map draws over the chosen weeks, for the panels below it: they tell the same numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import altair as alt
import streamlit as st

from bifurque.dashboard.layout import Layout, Station
from bifurque.dashboard.map_flows import Flows, flows_of, tracks_of, weekly
from bifurque.dashboard.parts import ACCENT, View, by_week, chart, data
from bifurque.dashboard.runs import Rows, Store
from bifurque.dashboard.wording import number, title, visible
from bifurque.engine.routes import stations


def titled(view: View, layout: Layout, id_: str) -> str:
    """What a station of the map is called."""
    at = next((s for s in layout.stations if s.id == id_), None)
    return title(at.title, id_, view.lang) if at is not None else visible(id_)


@st.cache_resource(show_spinner=False, max_entries=40)
def _over(folder: str, digest: str, weeks: tuple[int, int], _store: Store, _layout: Layout) -> Flows:
    return flows_of(_store.run, _layout, range(weeks[0], weeks[1] + 1))


@st.cache_resource(show_spinner=False, max_entries=8)
def _each(folder: str, digest: str, _store: Store, _layout: Layout) -> list[Flows]:
    return weekly(_store.run, _layout)


def drawn(view: View, layout: Layout) -> Flows:
    """The figures of the map over the chosen weeks."""
    return _over(*view.store.key, view.weeks, view.store, layout)


def each_week(view: View, layout: Layout) -> dict[int, Flows]:
    """The figures of the map in each of the chosen weeks."""
    found = _each(*view.store.key, view.store, layout)
    return {week: f for week, f in enumerate(found) if view.weeks[0] <= week <= view.weeks[1]}


def arrived(layout: Layout, flows: Flows, at: Station) -> int:
    """How many came to a station, as the map writes it."""
    return round(flows.stations[layout.stations.index(at)])


def entered(layout: Layout, flows: Flows, lines: list[int]) -> int:
    """How many entered some lines."""
    return round(sum(flows.lines[n] for n in lines))


def no_step(id_: str) -> bool:
    """Whether a station is a start, a goal, an end, or an event that lines share."""
    return "/" not in id_


def reached(id_: str) -> bool:
    """Whether those who come to a station have reached a goal: then nobody counted how long they waited for it."""
    return id_.startswith("event:") or id_.endswith("#goal")


def steps_of(view: View, id_: str) -> set[str]:
    """The steps of the plan that one station of the map stands for: a survey or a task are several."""
    name, _, step = id_.partition("/")
    journey = view.store.plan.journeys.get(name)
    found, first = {step}, ""
    for station in stations(journey) if journey is not None else ():
        first = station.name if station.first else first
        if first == step:
            found.add(station.name)
    return found


def passages(view: View, layout: Layout, journey: str) -> Rows:
    """The ways of a journey week by week, each with the `track` that it is drawn on, or none."""
    rows = view.rows(
        """SELECT week, journey, "from", "to", passed, contacts, median_wait FROM edge_week
           WHERE week BETWEEN ? AND ? AND journey = ? ORDER BY week""",
        *view.weeks,
        journey,
    )
    places: dict[tuple[str, str], int | None] = {}
    for way in dict.fromkeys((r["from"], r["to"]) for r in rows):
        asked = {"journey": journey, "origin": way[0], "target": way[1], "goal": True}
        places[way] = next(iter(tracks_of(view.store.plan, layout, [asked])), None)
    return [r | {"track": places[r["from"], r["to"]]} for r in rows]


@dataclass
class Onward:
    """Where those who leave a station go: over a `track`, or to no station of the map.

    Attributes:
        rows: the ways behind it, week by week; none where the map knows more than they do.
        timed: whether their waits are the time at this station.
    """

    track: int | None
    title: str
    passed: int
    rows: Rows = field(default_factory=list)
    timed: bool = True


def onward(view: View, layout: Layout, at: Station) -> list[Onward]:
    """Where those who leave a station go, the most taken way first; some come to the end without their goal."""
    flows, first = drawn(view, layout), at.id.partition("/")[2]
    journey = at.id.partition("/")[0].partition("#")[0]
    rows = passages(view, layout, journey) if journey in view.store.plan.journeys else []
    found, unreached = [], 0
    for n, track in enumerate(layout.tracks):
        if track.origin != at.id:
            continue
        mine = [r for r in rows if r["track"] == n]
        passed = round(flows.tracks[n])
        if reached(track.target):
            unreached += max(sum(r["passed"] for r in mine) - passed, 0)
            found.append(Onward(n, view.t("the_goal"), passed))
        else:
            timed = all(r["from"] == first for r in mine)  # nobody counted the time at several steps together
            found.append(Onward(n, titled(view, layout, track.target), passed, mine, timed))
    nowhere = _nowhere(view, rows, steps_of(view, at.id), first) if not no_step(at.id) else {}
    if unreached:  # the map draws no track from where a goal is reached to the end
        nowhere[""] = Onward(None, view.t("the_end"), unreached)
    return sorted([*found, *nowhere.values()], key=lambda way: -way.passed)


def _nowhere(view: View, rows: Rows, steps: set[str], first: str) -> dict[str, Onward]:
    """Ways out of a station that no track is drawn for: to the end of the journey, mostly."""
    found: dict[str, Onward] = {}
    for row in rows:
        if row["track"] is None and row["from"] in steps and row["to"] not in steps:
            name = view.called(row["to"]) if row["to"] else view.t("the_end")
            way = found.setdefault(row["to"], Onward(None, name, 0))
            way.passed += row["passed"]
            way.rows.append(row)
            way.timed = way.timed and row["from"] == first
    return found


def waited(rows: Rows) -> float:
    """How long half of those who passed had been at the step they came from: the middle of the weeks' medians."""
    known = sorted((r["median_wait"], r["passed"]) for r in rows if r["median_wait"] is not None)
    half = sum(passed for _, passed in known) / 2
    so_far = 0.0
    for wait, passed in known:
        so_far += passed
        if so_far >= half:
            return float(wait)
    return 0.0


def wait_of(view: View, rows: Rows) -> str | None:
    """The same in words, where it is known."""
    return lasting(view, waited(rows)) if any(r["median_wait"] is not None for r in rows) else None


def wait_before(view: View, way: Onward) -> str | None:
    """How long they had been at the station they left."""
    return wait_of(view, way.rows) if way.timed else None


def lasting(view: View, seconds: float) -> str:
    """A length of time in its largest unit."""
    if seconds < 60:
        return view.t("at_once")
    for unit, size in (("unit_days", 86400), ("unit_hours", 3600), ("unit_minutes", 60)):
        if seconds >= size:
            return view.t(unit, number(view.lang, seconds / size, 0 if seconds % size == 0 else 1))
    return view.t("unit_minutes", number(view.lang, seconds / 60, 0))


def course(view: View, weeks: dict[int, float], what: str) -> None:
    """How many in each whole week."""
    rows = [{"week": w, what: round(n)} for w, n in weeks.items() if w < view.store.whole_weeks]
    if not any(r[what] for r in rows):
        return
    drawing = (
        alt.Chart(data(rows))
        .mark_area(opacity=0.15, color=ACCENT, line={"color": ACCENT, "strokeWidth": 2})
        .encode(
            x=by_week(view),
            y=alt.Y(f"{what}:Q", title=view.t(what), axis=alt.Axis(format="~s")),
            tooltip=["week:Q", f"{what}:Q"],
        )
        .properties(height=170)
    )
    most = max(rows, key=lambda r: r[what])
    chart(view, drawing, view.t(f"{what}_alt", number(view.lang, most[what]), most["week"]))

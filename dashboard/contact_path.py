"""One contact's way through the plan: its path on the map, and the course of its scores."""

from __future__ import annotations

import datetime as dt
from pathlib import Path as File
from typing import Any

import altair as alt
import streamlit as st

from bifurque.dashboard import launching
from bifurque.dashboard.layout import Layout
from bifurque.dashboard.map_component import metro
from bifurque.dashboard.map_flows import tracks_of
from bifurque.dashboard.page_map import BUTTONS, aspect_of, laid_out, picture, to_map
from bifurque.dashboard.parts import SCALE, View, chart, data, heading, table, trouble
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.wording import number, plain, visible
from bifurque.engine.plan import Plan, Stage
from bifurque.engine.zones import read_zone
from bifurque.rules.errors import BifurqueError

WIDGET = "contact_map"
MOST_KEYS = 4
"""Of a score by key, so many keys are drawn."""


@st.cache_data(show_spinner=False, max_entries=50)
def walked(folder: str, digest: str, contact: str) -> dict[str, Any]:
    """Who it is, what it did, its ways and scores: lived again in a process of its own."""
    found = launching.lifeline(File(folder), contact)
    for event in found["events"]:
        event["time"] = dt.datetime.fromisoformat(event["time"])
    return found


@st.fragment
def show(view: View, contact: str, rows: Rows, zone: str) -> None:
    """The path and the scores of one contact."""
    try:
        with st.spinner(view.t("living")):
            found = walked(*view.store.key, contact)  # kept: who is not in the sample was lived again before
            layout = laid_out(*view.store.key, view.store)
            svg = picture(*view.store.key, "plan", view.lang, (0, 0), "", view.store)
    except BifurqueError as error:
        trouble(view.lang, error)
        return
    on_map(view, layout, svg, [*found["ways"], *goals(view.store.plan, found["ways"], rows)])
    worth(view, found["scores"], zone)


def goals(plan: Plan, ways: Rows, rows: Rows) -> Rows:
    """The ways to goals: visits that were left by the event that is their journey's goal."""
    found = []
    for row in rows:
        journey = plan.journeys.get(row["journey"])
        goal = journey.goal.event if journey is not None and journey.goal is not None else None
        if goal is None or row["cause"] != f"exit:{goal}":
            continue
        left = [w for w in ways if w["journey"] == row["journey"] and w["time"] <= row["time"].timestamp()]
        if left:
            found.append({"journey": row["journey"], "origin": left[-1]["target"], "target": "", "goal": True})
    return found


def on_map(view: View, layout: Layout, svg: str, ways: Rows) -> None:
    """The map, all that was not lived dimmed; a station that is clicked shows on its own page."""
    heading(view.t("on_map"), view.t("on_map_why"))
    times = tracks_of(view.store.plan, layout, ways)
    stations = {s for n in times for s in (layout.tracks[n].origin, layout.tracks[n].target)}
    texts = {name: view.t(name) for name in BUTTONS}
    lived = {"tracks": sorted(times), "stations": sorted(stations)}
    metro(svg, aspect_of(svg), texts, key=WIDGET, picked="", weeks=None, on_pick=clicked, lived=lived)
    if st.session_state.get("go_to"):
        st.rerun()
    counts: dict[tuple[str, str], int] = {}
    for way in ways:
        name = way["journey"], way["target"] or ("goal" if way.get("goal") else "-")
        counts[name] = counts.get(name, 0) + 1
    lines = len({way["journey"] for way in ways})
    st.caption(view.t("on_map_alt", number(view.lang, lines), number(view.lang, len(counts))))
    ends = {"-": view.t("the_end"), "goal": view.t("the_goal")}
    rows = [
        {"journey": view.called(journey, "journey"), "times": n}
        | {"station": ends.get(step) or view.called(f"{journey}/{step}", "step")}
        for (journey, step), n in counts.items()
    ]
    with st.expander(view.t("as_table"), expanded=False):
        table(view, rows, {k: view.t(k) for k in ("journey", "station", "times")}, "walked")


def clicked() -> None:
    """A station that was clicked is shown on the page of the map."""
    to_map(WIDGET, "flow")


def worth(view: View, scores: Rows, zone: str) -> None:
    """Each score over the year, fading between events, and the thresholds that move stages."""
    names = [name for name in view.store.plan.scores if any(w["score"] == name for w in scores)]
    if not names:
        return
    heading(view.t("scores"), view.t("scores_why"))
    info = read_zone(zone)
    for name in names:
        course = [w for w in scores if w["score"] == name]
        keys = sorted({w["key"] for w in course}, key=lambda k: -max(w["value"] for w in course if w["key"] == k))
        rows = [
            {"time": dt.datetime.fromtimestamp(w["time"], info).strftime("%Y-%m-%dT%H:%M:%S")}
            | {"value": w["value"], "key": visible(w["key"] or name)}
            for w in course
            if w["key"] in keys[:MOST_KEYS]
        ]
        one_score(view, name, rows, [visible(k or name) for k in keys[:MOST_KEYS]])


def one_score(view: View, name: str, rows: Rows, keys: list[str]) -> None:
    """The course of one score."""
    marks: Rows = [
        {"at": s.at, "stage": view.called(s.name, "stage")}
        for s in view.store.plan.stages
        if isinstance(s, Stage) and s.score == name
    ]
    most = max((r["value"] for r in rows), default=0.0)
    course = (
        alt.Chart(data(rows))
        .mark_line(strokeWidth=2, interpolate="linear")
        .encode(
            x=alt.X("time:T", title=None, axis=alt.Axis(format="%d/%m", grid=False)),
            y=alt.Y("value:Q", title=visible(name)),
            color=alt.Color(
                "key:N", title=None, sort=keys, scale=alt.Scale(range=SCALE), legend=alt.Legend() if keys[1:] else None
            ),
            tooltip=["time:T", "key:N", alt.Tooltip("value:Q", format=",.1f")],
        )
    )
    reached = [m for m in marks if m["at"] <= most * 1.6]
    rules = alt.Chart(data(reached)).mark_rule(strokeDash=[5, 4], color="#8A93A6").encode(y="at:Q")
    named = (
        alt.Chart(data(reached))
        .mark_text(align="left", dx=4, dy=-6, fontSize=11)
        .encode(y="at:Q", x=alt.value(0), text="stage:N")
    )
    drawing = alt.layer(course, rules, named) if reached else alt.layer(course)
    told = view.t("scores_alt", visible(name), number(view.lang, most, 1))
    st.markdown(plain(told, 200))
    chart(view, drawing.properties(height=190), told)

"""Three people who were at a station, to look at one by one: told by their rows, or by their lives lived again."""

from __future__ import annotations

import datetime as dt
from itertools import zip_longest
from pathlib import Path as File
from typing import Any

import streamlit as st

from bifurque.dashboard import launching
from bifurque.dashboard.layout import Layout, Station
from bifurque.dashboard.parts import View
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.station_flows import arrived, drawn, no_step, reached, steps_of
from bifurque.dashboard.wording import plain
from bifurque.engine.routes import stations
from bifurque.engine.values import Duration
from bifurque.engine.ways import ways
from bifurque.rules.errors import BifurqueError

MOST, TRIED = 3, 24
"""So many people are shown; so many lives are looked through for them."""
WEEK = 7 * 86400
CHOSEN = "(epoch({0}) - ?) // 604800 BETWEEN ? AND ?"
"""Whether an instant is in the chosen weeks."""
VISITS = """visits AS (SELECT contact, any_value(persona) AS persona, visit, min(time) AS entered
    FROM sample_walks WHERE journey = ? AND visit > 0 GROUP BY contact, visit)"""


def people(view: View, layout: Layout, at: Station, *, sends: bool) -> None:
    """Buttons that lead to their pages."""
    if "sample_walks" not in view.store.tables:
        return
    found = by_rows(view, layout, at, sends=sends)
    if not found and not no_step(at.id) and arrived(layout, drawn(view, layout), at):
        found = by_lives(view, at)  # no row tells of them, or not when
    if not found:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{view.t('who_was_here')}**", width="content")
        for row in found:
            told = f"{row['contact']} · {plain(view.called(row['persona']), 30)}"
            if st.button(told, key=f"see_{row['contact']}"):
                st.session_state["contact"] = str(row["contact"])
                st.session_state["go_to"] = "contact"
                st.rerun()


def by_rows(view: View, layout: Layout, at: Station, *, sends: bool) -> Rows:
    """Those whose rows tell that they were here in the chosen weeks."""
    journey, _, end = at.id.partition("#")
    if not no_step(at.id):
        if sends:
            return told(view, at.id.partition("/")[0], *at_steps(steps_of(view, at.id)))
        return told(view, at.id.partition("/")[0], *proof(view, at)) if all_weeks(view) else []
    if end == "start":
        return entered(view, journey)
    if end == "end":
        return told(view, journey, "cause = 'end'")
    if end.startswith("to_"):
        return told(view, journey, "cause = 'transfer' AND winner = ?", end.removeprefix("to_"))
    coming = dict.fromkeys(layout.lines[t.line].journey for t in layout.tracks if t.target == at.id)
    starting = dict.fromkeys(layout.lines[t.line].journey for t in layout.tracks if t.origin == at.id)
    groups = (
        [to_goal(view, layout, at, name) for name in coming]
        if reached(at.id) and coming
        else [entered(view, n) for n in starting]
    )
    in_turn = (row for rows in zip_longest(*groups) for row in rows if row is not None)  # so all lines have their say
    return list({row["contact"]: row for row in in_turn}.values())[:MOST]


def all_weeks(view: View) -> bool:
    """Whether the whole run is looked at."""
    return view.weeks[0] <= 0 and view.weeks[1] >= view.store.weeks - 1


def at_steps(steps: set[str]) -> tuple[str, ...]:
    """A condition on rows: they are about one of these steps; with its values."""
    return f"step IN ({', '.join('?' for _ in steps)})", *sorted(steps)


def proof(view: View, at: Station) -> tuple[str, ...]:
    """A condition on rows that are written only to who has passed a station; with its values.

    Such are rows about steps that are reached only through it, and about the end, if all ways there lead through it.
    """
    journey, mine = at.id.partition("/")[0], steps_of(view, at.id)
    graph = stations(view.store.plan.journeys[journey])
    leads: dict[int | None, list[int | None]] = dict(ways(view.store.plan, journey, graph))
    apart, todo = set[int | None](), list(leads[None])
    while todo:
        here = todo.pop()
        if here in apart or (here is not None and graph[here].name in mine):
            continue
        apart.add(here)
        todo += leads[here] if here is not None else []
    through = {station.name for n, station in enumerate(graph) if n not in apart}
    condition, *values = at_steps(through)
    return (condition if None in apart else f"({condition} OR cause = 'end')", *values)


def _few(view: View, sql: str, *values: Any) -> Rows:
    return view.rows(f"{sql} GROUP BY contact ORDER BY hash(contact) LIMIT {MOST}", *values)


def _weeks(view: View) -> tuple[int, int, int]:
    return int(view.store.run.manifest["start"]), *view.weeks


def told(view: View, journey: str, what: str, *values: Any) -> Rows:
    """Those with such a row in a journey."""
    sql = f"""SELECT contact, any_value(persona) AS persona FROM sample_walks
        WHERE journey = ? AND visit > 0 AND {what} AND {CHOSEN.format("time")}"""
    return _few(view, sql, journey, *values, *_weeks(view))


def entered(view: View, journey: str) -> Rows:
    """Those who entered a journey."""
    sql = f"""WITH {VISITS} SELECT contact, any_value(persona) AS persona FROM visits
        WHERE {CHOSEN.format("entered")}"""
    return _few(view, sql, journey, *_weeks(view))


def to_goal(view: View, layout: Layout, at: Station, journey: str) -> Rows:
    """Those to whom the goal of a journey happened in time after they had entered.

    Where the map has two places for one goal, those who had been at a station before this one. Of a goal with a
    condition, nobody: rows do not tell whether it held.
    """
    goal = view.store.plan.journeys[journey].goal
    if goal is None or goal.where is not None:
        return []
    condition, *values = _before(view, layout, at, journey)
    sql = f"""WITH visits AS (SELECT contact, any_value(persona) AS persona, min(time) AS entered
          FROM sample_walks WHERE journey = ? AND visit > 0 GROUP BY contact, visit HAVING bool_or({condition}))
        SELECT contact, any_value(persona) AS persona FROM visits JOIN sample_events AS happened USING (contact)
        WHERE type = ? AND happened.time > entered AND epoch(happened.time - entered) < ?
        AND {CHOSEN.format("happened.time")}"""
    return _few(view, sql, journey, *values, goal.event, seconds(goal.within), *_weeks(view))


def _before(view: View, layout: Layout, at: Station, journey: str) -> tuple[str, ...]:
    """A condition on rows: they prove who was at a station before this one, where the line has other goals too."""
    tracks = [t for t in layout.tracks if layout.lines[t.line].journey == journey and reached(t.target)]
    if len({t.target for t in tracks}) < 2:
        return ("true",)
    origins = {t.origin for t in tracks if t.target == at.id}
    proofs = [proof(view, s) for s in layout.stations if s.id in origins and not no_step(s.id)]
    if not proofs:
        return ("true",)
    return " OR ".join(condition for condition, *_ in proofs), *(v for _, *values in proofs for v in values)


def seconds(length: Duration) -> int:
    """How long a window is."""
    return length.days * 86400 + length.seconds


def by_lives(view: View, at: Station) -> Rows:
    """Those whose ways lead through the station in the chosen weeks: some lives of the journey are lived again."""
    journey, (condition, *values) = at.id.partition("/")[0], proof(view, at)
    start, first, last = _weeks(view)
    since, until = (dt.datetime.fromtimestamp(start + n * WEEK, dt.UTC) for n in (first, last + 1))
    asked = view.rows(
        f"""WITH visits AS (SELECT contact, any_value(persona) AS persona, min(time) AS entered, max(time) AS last,
              count(*) AS told, bool_or({condition}) AS sure
              FROM sample_walks WHERE journey = ? AND visit > 0 GROUP BY contact, visit)
            SELECT contact, any_value(persona) AS persona FROM visits WHERE entered < ? AND last >= ?
            GROUP BY contact ORDER BY bool_or(sure) DESC, max(told) DESC, hash(contact) LIMIT {TRIED}""",
        *values,
        journey,
        until,
        since,
    )
    if not asked:
        return []
    numbers = tuple(row["contact"] for row in asked)
    try:
        with st.spinner(view.t("living")):
            found = _passed(*view.store.key, journey, tuple(sorted(steps_of(view, at.id))), (since, until), numbers)
    except BifurqueError:
        st.caption(view.t("nobody_lives"))
        return []
    return [row for row in asked if row["contact"] in found]


@st.cache_data(show_spinner=False, max_entries=100)
def _passed(
    folder: str,
    digest: str,
    journey: str,
    steps: tuple[str, ...],
    between: tuple[dt.datetime, dt.datetime],
    contacts: tuple[int, ...],
) -> list[int]:
    since, until = (int(moment.timestamp()) for moment in between)
    return launching.passers(File(folder), journey, steps, (since, until), contacts, MOST)

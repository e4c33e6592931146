"""The panel beside the map: a station, or the track between two."""

from __future__ import annotations

from typing import Any

import altair as alt
import streamlit as st

from bifurque.dashboard.layout import Layout, Station
from bifurque.dashboard.parts import ACCENT, View, chart, data, figures, heading, nothing, table
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.wording import brief, number, percent, plain, visible
from bifurque.engine.trigger import Text

PARTS = ("", "_answer", "_keep")
"""A survey is one station of the map and three steps of the plan."""


def said(text: Text, lang: str, name: str) -> str:
    """A title of the map in a language."""
    return visible((text.fr if lang == "fr" else text.en) or text.en or text.fr or name)


def show(view: View, layout: Layout, picked: str) -> None:
    """Figures of what was clicked."""
    kind, _, what = picked.partition(":")
    stations = {s.id: s for s in layout.stations}
    if kind == "station" and what in stations:
        station(view, layout, stations[what])
    elif kind == "track" and what.isdecimal() and int(what) < len(layout.tracks):
        track = layout.tracks[int(what)]
        a, b = (said(stations[s].title, view.lang, s) for s in (track.origin, track.target))
        heading(plain(f"{a} → {b}"), plain(said(layout.lines[track.line].title, view.lang, "")))
        between(view, layout.lines[track.line].journey, track.origin, track.target)


def steps_of(view: View, journey: str, step: str) -> list[str]:
    """The steps of the plan that one station stands for."""
    known = {r["to"] for r in passed(view) if r["journey"] == journey}
    return [step + part for part in PARTS if part == "" or step + part in known]


def passed(view: View) -> Rows:
    """Ways from step to step over the period."""
    return view.rows(
        """SELECT journey, "from", "to", sum(passed)::BIGINT AS passed FROM edge_week
           WHERE week BETWEEN ? AND ? GROUP BY ALL""",
        *view.weeks,
    )


def figures_of(view: View, journey: str, step: str) -> dict[str, Any]:
    """What came to a step, went on, was sent, was lost and mostly why."""
    steps = set(steps_of(view, journey, step))
    ways = [r for r in passed(view) if r["journey"] == journey]
    arrived = sum(r["passed"] for r in ways if r["to"] in steps and r["from"] not in steps)
    left_on = sum(r["passed"] for r in ways if r["from"] in steps and r["to"] not in steps)
    reasons = lost(view, journey, steps)
    first = view.reason(reasons[0]["reason"]) if reasons else ""
    sums = {"lost": sum(r["times"] for r in reasons), "sent": sent(view, journey, steps)}
    return {"arrived": arrived, "left_on": left_on, "first_reason": first} | sums


def lost(view: View, journey: str, steps: set[str]) -> Rows:
    """Messages that did not leave a station, by reason."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    rows = view.rows(
        """SELECT journey, step, reason, winner, sum(count)::BIGINT AS times, sum(value_cents) / 100.0 AS value
           FROM decision_week WHERE outcome IN ('dropped', 'replaced') AND week BETWEEN ? AND ? GROUP BY ALL""",
        *view.weeks,
    )
    for row in rows:
        if row["journey"] == journey and row["step"] in steps:
            into = found.setdefault((row["reason"], row["winner"]), dict(row, times=0, value=0.0))
            into["times"] += row["times"]
            into["value"] += row["value"]
    return sorted(found.values(), key=lambda r: -r["times"])


def sent(view: View, journey: str, steps: set[str]) -> int:
    """Messages that left a station."""
    rows = view.rows(
        "SELECT journey, step, sum(sent)::BIGINT AS sent FROM station_week WHERE week BETWEEN ? AND ? GROUP BY ALL",
        *view.weeks,
    )
    return sum(r["sent"] for r in rows if r["journey"] == journey and r["step"] in steps)


def station(view: View, layout: Layout, at: Station) -> None:
    """One station: for every line that stops there when it is shared."""
    journey, _, step = at.id.partition("/")
    lines = ", ".join(said(layout.lines[n].title, view.lang, "") for n in at.lines)
    heading(plain(said(at.title, view.lang, at.id)), plain(lines, 200))
    if not step:
        ends(view, at)
        return
    found = figures_of(view, journey, step)
    steps = set(steps_of(view, journey, step))
    lang, whole = view.lang, max(found["arrived"], 1)
    figures(
        [
            (view.t("arrived"), brief(lang, found["arrived"]), ""),
            (view.t("left_on"), percent(lang, found["left_on"] / whole), ""),
            (view.t("sent"), brief(lang, found["sent"]), ""),
            (view.t("lost"), brief(lang, found["lost"]), ""),
            *lives(view, journey, steps),
        ]
    )
    left, right = st.columns(2)
    with left:
        arrivals(view, journey, steps)
        following(view, layout, journey, steps)
    with right:
        reasons = [
            {"reason": view.reason(r["reason"]), "winner": view.called(r["winner"]) if r["winner"] else ""}
            | {"times": r["times"], "value": r["value"]}
            for r in lost(view, journey, steps)
        ]
        st.markdown(f"**{view.t('losses')}**")
        columns = {k: view.t(k) for k in ("reason", "winner", "times", "value")}
        table(view, reasons, columns, "losses", value="money")
    people(view, journey, steps)


def lives(view: View, journey: str, steps: set[str]) -> list[tuple[str, str, str]]:
    """Over the lives kept whole: how many came, how often each, and how long after what came before in the visit."""
    start = int(view.store.run.manifest["start"])
    here = f"step IN ({', '.join('?' for _ in steps)}) AND message <> ''"
    rows = view.rows(
        f"""WITH came AS (SELECT contact, visit, min(time) AS moment FROM sample_walks
              WHERE journey = ? AND {here} GROUP BY ALL),
            before AS (SELECT contact, visit, moment, max(w.time) AS since
              FROM came JOIN sample_walks AS w USING (contact, visit)
              WHERE w.journey = ? AND w.time <= moment AND NOT (w.{here}) GROUP BY ALL)
            SELECT count(DISTINCT contact) AS people, count(*) AS visits, median(epoch(moment - since)) AS wait
            FROM came LEFT JOIN before USING (contact, visit, moment)
            WHERE (epoch(moment) - ?) // 604800 BETWEEN ? AND ?""",
        *(journey, *sorted(steps), journey, *sorted(steps), start),
        *view.weeks,
    )
    found = rows[0]
    if not found["people"]:
        return []
    told = view.t("lives_kept", number(view.lang, found["people"]))
    figures = [(view.t("visits_each"), number(view.lang, found["visits"] / found["people"], 1), told)]
    if found["wait"] is not None:
        figures.append((view.t("wait_median"), lasting(view, found["wait"]), told))
    return figures


def lasting(view: View, seconds: float) -> str:
    """A length of time in its largest unit."""
    if seconds < 1:
        return view.t("at_once")
    for unit, size in (("unit_days", 86400), ("unit_hours", 3600), ("unit_minutes", 60)):
        if seconds >= size:
            return view.t(unit, number(view.lang, seconds / size, 0 if seconds % size == 0 else 1))
    return view.t("unit_minutes", number(view.lang, seconds / 60, 0))


def ends(view: View, at: Station) -> None:
    """Where lines begin or end: what their journeys count."""
    journey = at.id.partition("#")[0]
    known = view.store.kpis["journeys"].get(journey)
    if known is None:
        nothing(view, "shared_station")
        return
    keys = ("entered", "sent", "dropped", "converted", "unsubscribed")
    figures([(view.t(k), brief(view.lang, known[k]), "") for k in keys])


def weekly(view: View, journey: str) -> Rows:
    """The ways of a journey, week by week."""
    rows = view.rows(
        """SELECT week, journey, "from", "to", passed, contacts, median_wait FROM edge_week
           WHERE week BETWEEN ? AND ? ORDER BY week""",
        *view.weeks,
    )
    return [r for r in rows if r["journey"] == journey]


def arrivals(view: View, journey: str, steps: set[str]) -> None:
    """Week by week."""
    course(view, [r for r in weekly(view, journey) if r["to"] in steps and r["from"] not in steps], "arrived")


def course(view: View, rows: Rows, what: str) -> None:
    """How many passed in each whole week."""
    weeks: dict[int, int] = {}
    for r in rows:
        if r["week"] < view.store.whole_weeks:
            weeks[r["week"]] = weeks.get(r["week"], 0) + r["passed"]
    if not weeks:
        return
    drawing = (
        alt.Chart(data([{"week": w, what: n} for w, n in weeks.items()]))
        .mark_area(opacity=0.15, color=ACCENT, line={"color": ACCENT, "strokeWidth": 2})
        .encode(
            x=alt.X("week:Q", title=view.t("week"), axis=alt.Axis(grid=False)),
            y=alt.Y(f"{what}:Q", title=view.t(what), axis=alt.Axis(format="~s")),
            tooltip=["week:Q", f"{what}:Q"],
        )
        .properties(height=170)
    )
    most = max(weeks, key=lambda w: weeks[w])
    chart(view, drawing, view.t(f"{what}_alt", number(view.lang, weeks[most]), most))


def following(view: View, layout: Layout, journey: str, steps: set[str]) -> None:
    """Where they go next, and after how long."""
    titles = {s.id: said(s.title, view.lang, s.id) for s in layout.stations}
    ways: dict[str, Rows] = {}
    for r in weekly(view, journey):
        if r["from"] in steps and r["to"] not in steps:
            ways.setdefault(r["to"], []).append(r)
    passages = {to: sum(r["passed"] for r in rows) for to, rows in ways.items()}
    whole = max(sum(passages.values()), 1)
    rows = [
        {
            "next": titles.get(f"{journey}/{to}", view.called(to)) if to else view.t("the_end"),
            "passed": passages[to],
            "share": passages[to] / whole,
            "after_wait": lasting(view, waited(ways[to])),
        }
        for to in sorted(ways, key=lambda to: -passages[to])
    ]
    st.markdown(f"**{view.t('next')}**")
    columns = {k: view.t(k) for k in ("next", "passed", "share", "after_wait")}
    table(view, rows, columns, "next", share="percent")


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


def between(view: View, journey: str, origin: str, target: str) -> None:
    """A track: how many took it, after how long, week by week."""
    one, two = (s.partition("/")[2] for s in (origin, target))
    ways = weekly(view, journey)
    out = max(sum(r["passed"] for r in ways if r["from"] == one), 1)
    exact = [r for r in ways if r["from"] == one and r["to"] == two]
    rows = exact or [r for r in ways if r["from"].startswith(one) and (r["to"] == two or not two)]
    taken = sum(r["passed"] for r in rows)
    told = [
        (view.t("passed"), brief(view.lang, taken), ""),
        (view.t("share"), percent(view.lang, min(taken / out, 1.0)), view.t("share_of_leaving")),
    ]
    if any(r["median_wait"] is not None for r in rows):
        told.append((view.t("after_wait"), lasting(view, waited(rows)), view.t("after_wait_why")))
    figures(told)
    left, right = st.columns(2)
    with left:
        course(view, rows, "passed")
    with right:
        weeks = [
            {"week": r["week"], "passed": r["passed"], "contacts": r["contacts"]}
            | {"after_wait": "" if r["median_wait"] is None else lasting(view, r["median_wait"])}
            for r in rows
        ]
        table(view, weeks, {k: view.t(k) for k in ("week", "passed", "contacts", "after_wait")}, "track")


def people(view: View, journey: str, steps: set[str]) -> None:
    """Three people who were here, to look at one by one."""
    rows = view.rows(
        f"""SELECT contact, any_value(persona) AS persona FROM sample_walks WHERE journey = ?
            AND step IN ({", ".join("?" for _ in steps)}) GROUP BY contact ORDER BY hash(contact) LIMIT 3""",
        journey,
        *sorted(steps),
    )
    if not rows:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{view.t('who_was_here')}**", width="content")
        for row in rows:
            told = f"{row['contact']} · {plain(view.called(row['persona']), 30)}"
            if st.button(told, key=f"see_{row['contact']}"):
                st.session_state["contact"] = str(row["contact"])
                st.session_state["go_to"] = "contact"
                st.rerun()

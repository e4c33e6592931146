"""The panel below the map: a station, or the track between two. Its numbers are those that the map draws."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bifurque.dashboard import station_ends, station_losses, station_people
from bifurque.dashboard.layout import Layout, Station
from bifurque.dashboard.parts import View, figures, heading, table
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.station_flows import (
    Onward,
    arrived,
    course,
    drawn,
    each_week,
    lasting,
    no_step,
    onward,
    steps_of,
    titled,
    wait_before,
    wait_of,
)
from bifurque.dashboard.wording import brief, number, percent, plain, title


def show(view: View, layout: Layout, picked: str) -> None:
    """Figures of what was clicked."""
    kind, _, what = picked.partition(":")
    stations = {s.id: s for s in layout.stations}
    if kind == "station" and what in stations:
        station(view, layout, stations[what])
    elif kind == "track" and what.isdecimal() and int(what) < len(layout.tracks):
        track = layout.tracks[int(what)]
        a, b = (titled(view, layout, s) for s in (track.origin, track.target))
        heading(plain(f"{a} → {b}"), plain(title(layout.lines[track.line].title, "", view.lang)))
        between(view, layout, int(what))


def figures_of(view: View, layout: Layout, at: Station) -> dict[str, Any]:
    """What came to a step, went on over a track, was sent, was lost and mostly why.

    Nobody goes on from where no track leads: there `left_on` is None.
    """
    where = {at.id.partition("/")[0]: steps_of(view, at.id)}
    ways = [way for way in onward(view, layout, at) if way.track is not None]
    reasons = station_losses.lost(view, where)
    return {
        "arrived": arrived(layout, drawn(view, layout), at),
        "left_on": sum(way.passed for way in ways) if ways else None,
        "first_reason": view.reason(reasons[0]["reason"]) if reasons else "",
        "lost": sum(r["times"] for r in reasons),
        "sent": station_losses.sent(view, where),
    }


def sends(at: Station) -> bool:
    """Whether messages leave from a station, and so can be lost there."""
    return at.kind in ("send", "offer", "task") or (at.kind == "survey" and bool(at.channel))


def station(view: View, layout: Layout, at: Station) -> None:
    """One station: for every line that stops there when it is shared."""
    lines = ", ".join(title(layout.lines[n].title, "", view.lang) for n in at.lines)
    heading(plain(title(at.title, at.id, view.lang)), plain(lines, 200))
    if no_step(at.id):
        station_ends.show(view, layout, at)
        station_people.people(view, layout, at, sends=False)
        return
    found = figures_of(view, layout, at)
    journey, steps = at.id.partition("/")[0], steps_of(view, at.id)
    shown = [(view.t("arrived"), brief(view.lang, found["arrived"]), "")]
    if found["left_on"] is not None:
        shown.append((view.t("left_on"), percent(view.lang, found["left_on"] / max(found["arrived"], 1)), ""))
    if sends(at):
        shown += [(view.t(k), brief(view.lang, found[k]), "") for k in ("sent", "lost")]
        shown += lives(view, journey, steps)
    figures(shown)
    left, right = st.columns(2)
    with left:
        place = layout.stations.index(at)
        course(view, {w: f.stations[place] for w, f in each_week(view, layout).items()}, "arrived")
    with right if not sends(at) else left:
        following(view, onward(view, layout, at))
    if sends(at):
        with right:
            station_losses.show(view, {journey: steps}, "losses")
    station_people.people(view, layout, at, sends=sends(at))


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


def following(view: View, ways: list[Onward]) -> None:
    """Where they go next, and after how long."""
    whole = max(sum(way.passed for way in ways), 1)
    rows = [
        {"next": way.title, "passed": way.passed, "share": way.passed / whole, "after_wait": wait_before(view, way)}
        for way in ways
    ]
    st.markdown(f"**{view.t('next')}**")
    columns = {k: view.t(k) for k in ("next", "passed", "share", "after_wait")}
    table(view, rows, columns, "next", share="percent")


def track_of(view: View, layout: Layout, number_: int) -> dict[str, Any]:
    """How many took a track, of how many who left the station, after how long; None where nobody knows."""
    track = layout.tracks[number_]
    at = next(s for s in layout.stations if s.id == track.origin)
    ways = onward(view, layout, at)
    mine = next(way for way in ways if way.track == number_)
    whole = max(sum(way.passed for way in ways), 1)
    shared = track.origin.startswith("event:")  # who was let in there has not left it
    share = None if shared else mine.passed / whole
    return {"passed": mine.passed, "share": share, "wait": wait_before(view, mine), "way": mine}


def between(view: View, layout: Layout, number_: int) -> None:
    """A track: how many took it, after how long, week by week."""
    found = track_of(view, layout, number_)
    told = [(view.t("passed"), brief(view.lang, found["passed"]), "")]
    if found["share"] is not None:
        told.append((view.t("share"), percent(view.lang, found["share"]), view.t("share_of_leaving")))
    if found["wait"] is not None:
        told.append((view.t("after_wait"), found["wait"], view.t("after_wait_why")))
    figures(told)
    weeks = {week: f.tracks[number_] for week, f in each_week(view, layout).items()}
    left, right = st.columns(2)
    with left:
        course(view, weeks, "passed")
    with right:
        rows = by_week(view, weeks, found["way"])
        columns = [k for k in ("week", "passed", "contacts", "after_wait") if any(r.get(k) is not None for r in rows)]
        table(view, rows, {k: view.t(k) for k in columns}, "track")


def by_week(view: View, weeks: dict[int, float], way: Onward) -> Rows:
    """What a track carried each week; how many contacts where only one way is drawn on it."""
    found = []
    for week, count in weeks.items():
        mine = [r for r in way.rows if r["week"] == week]
        contacts = mine[0]["contacts"] if len(mine) == 1 else None
        wait = wait_of(view, mine) if way.timed else None
        found.append({"week": week, "passed": round(count), "contacts": contacts, "after_wait": wait})
    return [r for r in found if r["passed"]]

"""The panel of a start, a goal, an end, or an event that lines share."""

from __future__ import annotations

import streamlit as st

from bifurque.dashboard import station_losses
from bifurque.dashboard.layout import Layout, Station
from bifurque.dashboard.parts import View, figures, table
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.station_flows import (
    arrived,
    course,
    drawn,
    each_week,
    entered,
    onward,
    reached,
    titled,
    wait_before,
)
from bifurque.dashboard.wording import brief, percent, title


def lines_into(layout: Layout, at: Station) -> list[int]:
    """The lines that come to a station; of a start, its own; of an event to which none leads, those it starts."""
    if at.id.endswith("#start"):
        return [n for n, line in enumerate(layout.lines) if at.id == f"{line.journey}#start"]
    found = {t.line for t in layout.tracks if t.target == at.id}
    return sorted(found or {t.line for t in layout.tracks if t.origin == at.id})


def goals_of(view: View, layout: Layout, line: int) -> int | None:
    """How many reached the goal of a line; None: it has none on the map."""
    flows = drawn(view, layout)
    ways = [n for n, t in enumerate(layout.tracks) if t.line == line and reached(t.target)]
    return round(sum(flows.tracks[n] for n in ways)) if ways else None


def told(view: View, layout: Layout, at: Station) -> dict[str, int | float | None]:
    """What came here, of how many; of a start also what its line sent, lost and reached."""
    flows, lines = drawn(view, layout), lines_into(layout, at)
    came = arrived(layout, flows, at)
    if not at.id.endswith("#start"):
        whole = entered(layout, flows, lines) if any(t.target == at.id for t in layout.tracks) else 0
        return {"arrived": came, "share": came / whole if whole else None}
    where = {layout.lines[n].journey: None for n in lines}
    lost = sum(r["times"] for r in station_losses.lost(view, where))
    goal = goals_of(view, layout, lines[0])
    return {"arrived": came, "sent": station_losses.sent(view, where), "lost": lost, "goal": goal}


def show(view: View, layout: Layout, at: Station) -> None:
    """Who came, from where, when, what was lost on the way, where they go next."""
    lang, found, lines = view.lang, told(view, layout, at), lines_into(layout, at)
    shown = [(view.t("entered" if "sent" in found else "arrived"), brief(lang, found["arrived"] or 0), "")]
    if found.get("share") is not None:
        shown.append((view.t("share"), percent(lang, found["share"] or 0), view.t("share_of_entering")))
    for name, key in (("sent", "sent"), ("lost", "lost"), ("the_goal", "goal")):
        if found.get(key) is not None:
            shown.append((view.t(name), brief(lang, found[key] or 0), ""))
    figures(shown)
    left, right = st.columns(2)
    with left:
        at_place = layout.stations.index(at)
        course(view, {w: f.stations[at_place] for w, f in each_week(view, layout).items()}, "arrived")
        following(view, layout, at)
    with right:
        rows = origins(view, layout, at)
        if rows:
            st.markdown(f"**{view.t('where_from')}**")
            names = [k for k in ("line", "previous", "arrived", "share", "of_entered") if k in rows[0]]
            table(view, rows, {k: view.t(k) for k in names}, "origins", share="percent", of_entered="percent")
        station_losses.show(view, {layout.lines[n].journey: None for n in lines}, "losses_lines")


def origins(view: View, layout: Layout, at: Station) -> Rows:
    """Arrivals by line; where only one line comes, by the station it comes from."""
    flows, start = drawn(view, layout), at.id.endswith("#start")
    tracks = [(n, t) for n, t in enumerate(layout.tracks) if t.target == at.id and not t.origin.startswith("event:")]
    whole = max(arrived(layout, flows, at), 1)
    lines = dict.fromkeys(t.line for _, t in tracks)
    rows: Rows = []
    for line in lines:
        mine = [(t.origin, round(flows.tracks[n])) for n, t in tracks if t.line == line]
        name = title(layout.lines[line].title, layout.lines[line].journey, view.lang)
        for ways in [mine] if len(lines) > 1 else [[way] for way in mine]:
            came = sum(passed for _, passed in ways)
            names = ", ".join(titled(view, layout, origin) for origin, _ in ways)
            row = {"line": name, "previous": names, "arrived": came, "share": came / whole}
            rows.append(row if start else row | {"of_entered": came / max(entered(layout, flows, [line]), 1)})
    if start and rows:  # the others are those whom its own trigger, or a rule, lets in
        own = max(whole - sum(r["arrived"] for r in rows), 0)
        rest = {"line": titled(view, layout, at.id), "previous": view.t("own_trigger")}
        rows.append(rest | {"arrived": own, "share": own / whole})
    return sorted(rows, key=lambda r: -r["arrived"])


def following(view: View, layout: Layout, at: Station) -> None:
    """Where they go from here; from an event, all whom it lets in, by whatever way they came to it."""
    ways = onward(view, layout, at)
    if not ways:
        return
    shared = at.id.startswith("event:")
    whole = max(sum(way.passed for way in ways), 1)
    rows = [
        {"next": way.title, "passed": way.passed}
        | ({} if shared else {"share": way.passed / whole, "after_wait": wait_before(view, way)})
        for way in ways
    ]
    st.markdown(f"**{view.t('next')}**")
    if shared:
        st.caption(view.t("next_shared"))
    names = [k for k in ("next", "passed", "share", "after_wait") if any(r.get(k) is not None for r in rows)]
    table(view, rows, {k: view.t(k) for k in names}, "next", share="percent")

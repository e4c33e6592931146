"""From month to month: who goes from which stage to which, and which newcomers come back. Over the lives kept whole."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter

import altair as alt
import streamlit as st

from bifurque.dashboard.parts import SCALE, View, chart, data, heading, nothing, table
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.wording import MONTHS, number, percent, plain
from bifurque.engine.zones import read_zone

COLUMNS, STEPS, GAP = 7, 14, 0.03
"""At most so many dates; ribbons bend in so many steps; the gap between stages, as a share of all."""


def show(view: View) -> None:
    """Both."""
    if "sample_walks" not in view.store.tables:
        return
    only = {"persona": view.segment}.get(view.kind)
    streams(view, only)
    cohorts(view, only)


def dates(view: View) -> list[dt.datetime]:
    """The first instants of months in the weeks looked at, with both ends; so many at most."""
    manifest, zone = view.store.run.manifest, read_zone(view.store.plan.zone)
    start, end = (dt.datetime.fromtimestamp(manifest[k], zone) for k in ("start", "end"))
    first = start + dt.timedelta(weeks=view.weeks[0])
    last = min(start + dt.timedelta(weeks=view.weeks[1] + 1), end) - dt.timedelta(seconds=1)
    found = [first]
    month = dt.datetime(first.year, first.month, 1, tzinfo=zone)
    while month < last:
        month = dt.datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=zone)
        if first + dt.timedelta(days=14) < month < last - dt.timedelta(days=14):
            found.append(month)
    every = -(-len(found) // (COLUMNS - 1))
    return [*found[::every], last]


def stage_at(view: View, when: list[dt.datetime], only: str | None) -> list[list[str]]:
    """Of each life kept, the stage at each instant; "" before it began."""
    who = " WHERE persona = ?" if only is not None else ""
    lives = view.rows(
        f"""SELECT contact, list({{'time': time, 'stage': step}} ORDER BY time)
              FILTER (WHERE cause = 'stage') AS moves, min(begun) AS begun
            FROM sample_walks
            LEFT JOIN (SELECT contact, min(time) AS begun FROM sample_events WHERE type = 'joined' GROUP BY contact)
            USING (contact){who} GROUP BY contact ORDER BY contact""",
        *([only] if only is not None else []),
    )
    first = next(iter(view.store.kpis["stages"]))
    found = []
    for life in lives:
        course = [(life["begun"] or when[0], first), *((m["time"], m["stage"]) for m in life["moves"] or [])]
        found.append([next((stage for at, stage in reversed(course) if at <= instant), "") for instant in when])
    return found


def streams(view: View, only: str | None) -> None:
    """How stages feed one another from date to date: as wide as lives are many."""
    when = dates(view)
    lives = stage_at(view, when, only)
    heading(view.t("streams"), view.t("streams_why", number(view.lang, len(lives))))
    if not lives:
        nothing(view)
        return
    order = [*view.store.kpis["stages"]]
    pairs = [Counter((life[n], life[n + 1]) for life in lives if life[n]) for n in range(len(when) - 1)]
    names = [view.called(s, "stage") for s in order]
    nodes, ribbons = laid(view, lives, pairs, order)
    labels = json.dumps([f"{w.day} {MONTHS[view.lang][w.month - 1]}" for w in when])
    axis = alt.Axis(
        values=list(range(len(when))), labelExpr=f"{labels}[datum.value]", grid=False, domain=False, ticks=False
    )
    colour = alt.Color("stage:N", title=None, sort=names, scale=alt.Scale(domain=names, range=SCALE))
    tips = ["stage:N", "to:N", alt.Tooltip("lives:Q", format=",")]
    bands = (
        alt.Chart(data(ribbons))
        .mark_area(opacity=0.32)
        .encode(x=alt.X("x:Q", title=None, axis=axis), y=alt.Y("low:Q", axis=None), y2="high:Q", color=colour)
        .encode(detail="link:N", tooltip=tips)
    )
    bars = (
        alt.Chart(data(nodes))
        .mark_rect()
        .encode(x="x:Q", x2="x2:Q", y="low:Q", y2="high:Q", color=colour, tooltip=["stage:N", "lives:Q"])
    )
    moved = Counter({k: n for pair in pairs for k, n in pair.items() if k[0] != k[1]})
    drawing = alt.layer(bands, bars).properties(height=340)
    if not moved:
        chart(view, drawing, view.t("streams_still"))
        return
    (a, b), n = Counter({k: sum(pair[k] for pair in pairs) for k in moved}).most_common(1)[0]
    told = view.t("streams_alt", view.called(a, "stage"), view.called(b, "stage"), number(view.lang, n))
    st.markdown(plain(told, 300))
    chart(view, drawing, told)
    rows = [
        {"from": _date(view, when[k]), "to": _date(view, when[k + 1]), "origin": view.called(a, "stage")}
        | {"stage": view.called(b, "stage"), "lives": n}
        for k, pair in enumerate(pairs)
        for (a, b), n in sorted(pair.items(), key=lambda p: -p[1])
    ]
    columns = {"from": view.t("from_date"), "to": view.t("to_date"), "origin": view.t("from_stage")}
    with st.expander(view.t("in_figures"), expanded=False):
        table(view, rows, columns | {"stage": view.t("to_stage"), "lives": view.t("lives")}, "streams")


def _date(view: View, when: dt.datetime) -> str:
    return f"{when.day} {MONTHS[view.lang][when.month - 1]} {when.year}"


def laid(
    view: View, lives: list[list[str]], pairs: list[Counter[tuple[str, str]]], order: list[str]
) -> tuple[Rows, Rows]:
    """Places of the bars, one for each date and stage, and of the ribbons between them."""
    gap = GAP * len(lives)
    nodes: Rows = []
    bottom: dict[tuple[int, str], float] = {}
    for x in range(len(pairs) + 1):
        counts, y = Counter(life[x] for life in lives), 0.0
        for stage in reversed(order):
            bottom[x, stage] = y
            node = {"x": x - 0.02, "x2": x + 0.02, "low": y, "high": y + counts[stage]}
            nodes.append(node | {"stage": view.called(stage, "stage"), "lives": counts[stage]})
            y += counts[stage] + gap
    ribbons: Rows = []
    for x, pair in enumerate(pairs):
        leaves = {s: bottom[x, s] for s in order}
        enters = {s: bottom[x + 1, s] for s in order}
        for a in reversed(order):
            for b in reversed(order):
                ribbons += _ribbon(view, x, (a, b), (leaves[a], enters[b]), pair[a, b])
                leaves[a] += pair[a, b]
                enters[b] += pair[a, b]
    return nodes, ribbons


def _ribbon(view: View, x: int, ends: tuple[str, str], at: tuple[float, float], lives: int) -> Rows:
    told = {
        "link": f"{x} {ends[0]} {ends[1]}",
        "stage": view.called(ends[0], "stage"),
        "to": view.called(ends[1], "stage"),
    }
    found: Rows = []
    for n in range(STEPS + 1) if lives else ():
        part = n / STEPS
        low = at[0] + (at[1] - at[0]) * part * part * (3 - 2 * part)
        found.append(told | {"x": x + 0.02 + 0.96 * part, "low": low, "high": low + lives, "lives": lives})
    return found


def cohorts(view: View, only: str | None) -> None:
    """By the month of the first purchase: who buys again in each month after it."""
    money = view.store.money_events
    kinds = ", ".join("?" for _ in money) or "''"
    who = "AND contact IN (SELECT contact FROM sample_walks WHERE persona = ?)" if only is not None else ""
    rows = view.rows(
        f"""WITH bought AS (SELECT contact, date_trunc('month', timezone('UTC', time)) AS month FROM sample_events
              WHERE type IN ({kinds}) {who} GROUP BY ALL),
            firsts AS (SELECT contact, min(month) AS cohort FROM bought GROUP BY contact)
            SELECT cohort, date_diff('month', cohort, month) AS later, count(*) AS contacts
            FROM bought JOIN firsts USING (contact) GROUP BY ALL ORDER BY ALL""",
        *money,
        *([only] if only is not None else []),
    )
    heading(view.t("cohorts"), view.t("cohorts_why"))
    if not rows:
        nothing(view, "no_cohort")
        return
    grid(view, full(view, rows))


def full(view: View, rows: Rows) -> Rows:
    """Every month of every cohort up to the end of the run, with those in which nobody came back."""
    end = dt.datetime.fromtimestamp(view.store.run.manifest["end"] - 1, dt.UTC)
    known = {(r["cohort"], r["later"]): r["contacts"] for r in rows}
    found: Rows = []
    for cohort in sorted({r["cohort"] for r in rows}):
        size = known[cohort, 0]
        months = (end.year - cohort.year) * 12 + end.month - cohort.month
        name = f"{MONTHS[view.lang][cohort.month - 1]} {cohort.year}"
        for later in range(months + 1):
            n = known.get((cohort, later), 0)
            found.append({"cohort": name, "size": size, "later": later, "contacts": n, "share": n / size})
    return found


def grid(view: View, rows: Rows) -> None:
    """The cohorts, one below the other."""
    names = list(dict.fromkeys(r["cohort"] for r in rows))
    later: Rows = [r | {"who": f"{r['cohort']} ({number(view.lang, r['size'])})"} for r in rows if r["later"] > 0]
    if not later:
        nothing(view, "no_cohort")
        return
    base = alt.Chart(data(later)).encode(
        x=alt.X("later:O", title=view.t("months_later"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("who:N", title=None, sort=None, axis=alt.Axis(labelLimit=200)),
    )
    most = max(r["share"] for r in later) or 1.0
    cells = base.mark_rect().encode(
        color=alt.Color("share:Q", title=None, scale=alt.Scale(scheme="blues", domain=[0, most]), legend=None),
        tooltip=["cohort:N", "later:O", "contacts:Q", alt.Tooltip("share:Q", format=".0%")],
    )
    words = base.mark_text(fontSize=11).encode(
        text=alt.Text("share:Q", format=".0%"),
        color=alt.condition(alt.datum.share > 0.55 * most, alt.value("white"), alt.value("#1B2230")),
    )
    next_month = [r for r in later if r["later"] == 1]
    mean = sum(r["contacts"] for r in next_month) / max(sum(r["size"] for r in next_month), 1)
    told = view.t("cohorts_alt", percent(view.lang, mean))
    st.markdown(plain(told, 200))
    chart(view, (cells + words).properties(height=60 + 24 * len(names)), told)
    with st.expander(view.t("in_figures"), expanded=False):
        columns: dict[str, str] = {"cohort": view.t("cohort"), "size": view.t("contacts")}
        columns |= {"later": view.t("months_later"), "contacts": view.t("bought_again"), "share": view.t("share")}
        table(view, rows, columns, "cohorts", share="percent")

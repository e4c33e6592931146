"""Lifecycle: how full is each stage, and how fast does it drain?"""

from __future__ import annotations

import datetime as dt

import altair as alt
import streamlit as st

from bifurque.dashboard import page_cohorts
from bifurque.dashboard.parts import SCALE, View, chart, data, everybody, heading, nothing, table
from bifurque.dashboard.wording import number


def show(view: View) -> None:
    """Stock and flow of the stages."""
    everybody(view)
    first, last = view.weeks[0] * 7, view.weeks[1] * 7 + 6
    rows = view.rows("SELECT * FROM stage_day WHERE day BETWEEN ? AND ? ORDER BY day", first, last)
    if not rows or not view.store.plan.stages:
        nothing(view, "no_stage")
        return
    stock(view, rows)
    stays(view, first, last)
    moves(view, first, last)
    page_cohorts.show(view)


def stock(view: View, rows: list[dict[str, int]]) -> None:
    """How many contacts are in each stage, day by day."""
    heading(view.t("stock"), view.t("stock_why"))
    start = dt.datetime.fromtimestamp(view.store.run.manifest["start"], dt.UTC)
    order = list(dict.fromkeys(str(r["stage"]) for r in rows))
    told = [
        {"date": (start + dt.timedelta(days=r["day"])).strftime("%Y-%m-%d"), "stock": r["stock"]}
        | {"stage": view.called(str(r["stage"]), "stage"), "order": order.index(str(r["stage"]))}
        for r in rows
    ]
    names = [view.called(s, "stage") for s in order]
    drawing = (
        alt.Chart(data(told))
        .mark_area()
        .encode(
            x=alt.X("date:T", title=None, axis=alt.Axis(format="%d/%m", grid=False)),
            y=alt.Y("stock:Q", title=view.t("contacts"), axis=alt.Axis(format="~s")),
            color=alt.Color("stage:N", title=None, sort=names, scale=alt.Scale(range=SCALE)),
            order=alt.Order("order:Q"),
            tooltip=["date:T", "stage:N", alt.Tooltip("stock:Q", format=",")],
        )
        .properties(height=320)
    )
    end = {str(r["stage"]): r["stock"] for r in rows}
    fullest = max(end, key=lambda s: end[s])
    chart(view, drawing, view.t("stock_alt", view.called(fullest, "stage"), number(view.lang, end[fullest])))


def stays(view: View, first: int, last: int) -> None:
    """Who came, who went, and how long people stay."""
    heading(view.t("stays"), view.t("stays_why"))
    rows = view.rows(
        """SELECT stage, arg_min(stock - entered + exited, day) AS before, sum(entered)::BIGINT AS entered,
             sum(exited)::BIGINT AS exited, arg_max(stock, day) AS now,
             sum(stock) / nullif(sum(exited), 0) AS stay
           FROM stage_day WHERE day BETWEEN ? AND ? GROUP BY stage""",
        first,
        last,
    )
    order = {
        name: n
        for n, name in enumerate(
            dict.fromkeys(r["stage"] for r in view.rows("SELECT stage FROM stage_day WHERE day = 0"))
        )
    }
    rows.sort(key=lambda r: order.get(r["stage"], 99))
    told = [r | {"stage": view.called(r["stage"], "stage")} for r in rows]
    columns = {k: view.t(f"stage_{k}") for k in ("stage", "before", "entered", "exited", "now", "stay")}
    table(view, told, columns, "stages")


def moves(view: View, first: int, last: int) -> None:
    """From which stage to which."""
    heading(view.t("moves"), view.t("moves_why"))
    rows = view.rows(
        """SELECT origin, stage, sum(contacts)::BIGINT AS contacts FROM stage_move
           WHERE day BETWEEN ? AND ? GROUP BY ALL ORDER BY contacts DESC""",
        first,
        last,
    )
    if not rows:
        nothing(view)
        return
    arrives = view.t("arrives")
    told = [
        r
        | {
            "origin": view.called(r["origin"], "stage") if r["origin"] else arrives,
            "stage": view.called(r["stage"], "stage"),
        }
        for r in rows
    ]
    names = [view.called(s, "stage") for s in view.store.kpis["stages"]]
    encode = {
        "x": alt.X("stage:N", title=view.t("to_stage"), sort=names, axis=alt.Axis(labelAngle=0)),
        "y": alt.Y("origin:N", title=view.t("from_stage"), sort=[arrives, *names]),
    }
    base = alt.Chart(data(told))
    cells = base.mark_rect().encode(
        **encode,
        color=alt.Color(
            "contacts:Q", title=view.t("contacts"), scale=alt.Scale(type="log", scheme="blues"), legend=None
        ),
        tooltip=["origin:N", "stage:N", alt.Tooltip("contacts:Q", format=",")],
    )
    numbers = [r["contacts"] for r in told]
    middle = max(numbers) ** 0.6 * min(numbers) ** 0.4  # of the logarithmic scale
    counts = base.mark_text(fontSize=13).encode(
        **encode,
        text=alt.Text("contacts:Q", format=","),
        color=alt.condition(alt.datum.contacts > middle, alt.value("white"), alt.value("#1B2230")),
    )
    best = told[0]
    left, right = st.columns([3, 2])
    with left:
        drawing = (cells + counts).properties(height=70 + 52 * len(names))
        chart(view, drawing, view.t("moves_alt", best["origin"], best["stage"], number(view.lang, best["contacts"])))
    with right:
        columns = {"origin": view.t("from_stage"), "stage": view.t("to_stage"), "contacts": view.t("contacts")}
        table(view, told, columns, "moves")

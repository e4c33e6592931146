"""Pressure: who hears too much, who nothing at all?"""

from __future__ import annotations

import altair as alt
import streamlit as st

from bifurque.dashboard.parts import (
    ACCENT,
    SCALE,
    SECOND,
    View,
    by_week,
    chart,
    data,
    everybody,
    figures,
    heading,
    nothing,
    table,
)
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.wording import number, percent


def show(view: View) -> None:
    """How many messages people get in a week, at whose expense, and who opens nothing."""
    rows = view.rows(
        """SELECT week, messages, sum(contacts)::BIGINT AS contacts FROM pressure_week
           WHERE kind = ? AND segment = ? AND week BETWEEN ? AND ? GROUP BY ALL ORDER BY ALL""",
        *view.group,
        *view.weeks,
    )
    if not rows:
        nothing(view)
        return
    summary(view)
    weeks(view, rows)
    left, right = st.columns(2)
    with left:
        spread(view)
    with right:
        pile_ups(view)
    caps(view)
    indifferent(view)


def summary(view: View) -> None:
    """In four figures."""
    found = view.rows(
        """SELECT sum(contacts)::BIGINT AS n, sum(contacts * messages) / sum(contacts) AS mean,
             sum(contacts) FILTER (WHERE messages = 0) / sum(contacts) AS none,
             coalesce(sum(contacts) FILTER (WHERE messages >= 4), 0) / sum(contacts) AS many,
             coalesce(sum(contacts) FILTER (WHERE in_a_day >= 2), 0) / sum(contacts) AS piled
           FROM pressure_week WHERE kind = ? AND segment = ? AND week BETWEEN ? AND ?""",
        *view.group,
        *view.weeks,
    )[0]
    lang = view.lang
    figures(
        [
            (view.t("contact_weeks"), number(lang, found["n"]), ""),
            (view.t("mean_week"), number(lang, found["mean"], 2), ""),
            (view.t("none_week"), percent(lang, found["none"]), ""),
            (view.t("many_week"), percent(lang, found["many"], 2), ""),
            (view.t("piled_week"), percent(lang, found["piled"], 2), view.t("piled_help")),
        ]
    )


def weeks(view: View, rows: Rows) -> None:
    """The calendar: weeks by number of messages."""
    heading(view.t("calendar"), view.t("calendar_why"))
    totals: dict[int, int] = {}
    for row in rows:
        totals[row["week"]] = totals.get(row["week"], 0) + row["contacts"]
    cells: Rows = [r | {"share": r["contacts"] / totals[r["week"]], "n": number_of(r["messages"])} for r in rows]
    order = [number_of(n) for n in range(8, -1, -1)]
    drawing = (
        alt.Chart(data(cells))
        .mark_rect()
        .encode(
            x=alt.X("week:O", title=view.t("week"), axis=alt.Axis(labelOverlap=True)),
            y=alt.Y("n:O", title=view.t("messages_week"), sort=order),
            color=alt.Color(
                "share:Q",
                title=view.t("share"),
                scale=alt.Scale(type="sqrt", scheme="blues"),
                legend=alt.Legend(format="%"),
            ),
            tooltip=["week:O", "n:O", alt.Tooltip("contacts:Q", format=","), alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=260)
    )
    most = max((r for r in cells if r["messages"] > 0), key=lambda r: r["messages"], default=cells[0])
    chart(view, drawing, view.t("calendar_alt", most["n"], most["week"]))


def number_of(messages: int) -> str:
    """A number of messages; the last one stands for more."""
    return "8+" if messages >= 8 else str(messages)


def spread(view: View) -> None:
    """Each group's distribution, and its tail."""
    heading(view.t("spread"), view.t("spread_why"))
    rows = view.rows(
        """SELECT kind, segment, sum(contacts * messages) / sum(contacts) AS mean,
             sum(contacts) FILTER (WHERE messages = 0) / sum(contacts) AS none,
             coalesce(sum(contacts) FILTER (WHERE messages BETWEEN 1 AND 3), 0) / sum(contacts) AS few,
             coalesce(sum(contacts) FILTER (WHERE messages >= 4), 0) / sum(contacts) AS many,
             coalesce(sum(contacts) FILTER (WHERE in_a_day >= 2), 0) / sum(contacts) AS piled
           FROM pressure_week WHERE week BETWEEN ? AND ? GROUP BY ALL ORDER BY kind, mean DESC""",
        *view.weeks,
    )
    for row in rows:
        row["who"] = view.t("all") if row["kind"] == "all" else view.called(row["segment"], row["kind"])
    columns = {k: view.t(f"p_{k}") for k in ("who", "mean", "none", "few", "many", "piled")}
    table(view, rows, columns, "pressure", none="percent", few="percent", many="percent", piled="percent")


def pile_ups(view: View) -> None:
    """Contacts who got several messages on one day."""
    heading(view.t("pile_ups"), view.t("pile_ups_why"))
    rows = view.rows(
        """SELECT week, least(in_a_day, 4) AS n, sum(contacts)::BIGINT AS contacts FROM pressure_week
           WHERE kind = ? AND segment = ? AND week BETWEEN ? AND ? AND in_a_day >= 2 GROUP BY ALL ORDER BY ALL""",
        *view.group,
        *view.weeks,
    )
    if not rows:
        st.success(view.t("no_pile_up"))
        return
    names = {2: "2", 3: "3", 4: "4+"}
    drawing = (
        alt.Chart(data([r | {"n": names[r["n"]]} for r in rows]))
        .mark_bar()
        .encode(
            x=by_week(view, *view.weeks),
            y=alt.Y("contacts:Q", title=view.t("contacts")),
            color=alt.Color("n:O", title=view.t("in_a_day"), scale=alt.Scale(range=[ACCENT, SECOND, SCALE[7]])),
            tooltip=["week:Q", "n:O", "contacts:Q"],
        )
        .properties(height=260)
    )
    worst = max(rows, key=lambda r: r["contacts"])
    chart(view, drawing, view.t("pile_ups_alt", worst["week"], number(view.lang, worst["contacts"])))


def caps(view: View) -> None:
    """How often each cap stopped a message."""
    everybody(view)
    rows = view.rows(
        """SELECT reason, sum(count) FILTER (WHERE outcome = 'held')::BIGINT AS held,
             coalesce(sum(count) FILTER (WHERE outcome = 'dropped'), 0)::BIGINT AS dropped,
             coalesce(sum(value_cents), 0) / 100.0 AS value,
             sum(count) / (SELECT sum(count) FROM decision_week WHERE week BETWEEN ? AND ?) AS share_decided
           FROM decision_week WHERE reason LIKE 'cap:%' AND week BETWEEN ? AND ? GROUP BY ALL ORDER BY held DESC""",
        *view.weeks,
        *view.weeks,
    )
    heading(view.t("caps"), view.t("caps_why"))
    rows = [r | {"reason": view.reason(r["reason"])} for r in rows]
    table(
        view,
        rows,
        {k: view.t(k) for k in ("reason", "held", "dropped", "share_decided", "value")},
        "caps",
        share_decided="percent",
    )


def indifferent(view: View) -> None:
    """People who are still written to, and open nothing."""
    heading(view.t("indifferent"), view.t("indifferent_why"))
    rows = view.rows("SELECT kind, segment, contacts, indifferent FROM group_kpi ORDER BY kind, indifferent DESC")
    for row in rows:
        row["who"] = view.t("all") if row["kind"] == "all" else view.called(row["segment"], row["kind"])
        row["share"] = row["indifferent"] / max(row["contacts"], 1)
    columns = {k: view.t(k) for k in ("who", "contacts", "indifferent", "share")}
    table(view, rows, columns, "indifferent", share="percent")

"""Results: did the plan work, and how sure are we?"""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import streamlit as st

from bifurque.dashboard.parts import ACCENT, SECOND, View, by_week, chart, data, everybody, figures, heading, table
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.wording import brief, interval, money, number, percent


def show(view: View) -> None:
    """The chain from contacts to money, its course, and each journey's part."""
    row = view.rows("SELECT * FROM group_kpi WHERE kind = ? AND segment = ?", *view.group)
    if row:
        chain(view, row[0])
    groups(view)
    course(view)
    journeys(view)


def chain(view: View, row: dict[str, float]) -> None:
    """Contacts × messages × opened × clicked × bought × basket, and what it costs."""
    lang, currency = view.lang, view.store.plan.currency
    contacts, sent, opened, clicked = (int(row[k]) for k in ("contacts", "sent", "opened", "clicked"))
    bought, revenue = int(row["conversions"]), row["revenue"]

    def share(part: int, whole: int) -> tuple[str, str]:
        rate = part / whole if whole else float("nan")
        low, high = interval(min(rate, 1.0), whole) if whole else (float("nan"),) * 2
        told = view.t("interval", percent(lang, low, 2), percent(lang, high, 2), number(lang, whole))
        return percent(lang, rate), told

    def total(name: str, write: Callable[[float], str]) -> tuple[str, str]:
        lived = again(view, name)
        told = view.t("replicated", write(lived["low"]), write(lived["high"]), lived["count"]) if lived else ""
        return write(row[name]), told

    heading(view.t("chain"), view.t("chain_why"))
    figures(
        [
            (view.t("contacts"), brief(lang, contacts), ""),
            (view.t("per_contact"), number(lang, sent / max(contacts, 1), 1), ""),
            (view.t("opened"), *share(opened, sent)),
            (view.t("clicked_of_opened"), *share(clicked, opened)),
            (view.t("purchases"), *total("conversions", lambda v: brief(lang, v))),
            (view.t("basket"), money(lang, revenue / max(bought, 1), currency), ""),
            (view.t("revenue"), *total("revenue", lambda v: money(lang, v, currency))),
            (view.t("cost"), *total("cost", lambda v: money(lang, v, currency))),
            (view.t("unsubscribed"), *share(int(row["unsubscribed"]), contacts)),
            (view.t("unreachable"), *share(contacts - int(row["reachable"]), contacts)),
            (view.t("value_12"), money(lang, row["value_12_months"], currency), ""),
        ]
    )


def again(view: View, name: str) -> dict[str, float] | None:
    """The interval of a total over replications, if the run has any and everybody is looked at."""
    replications = view.store.kpis.get("replications")
    if view.kind != "all" or not replications:
        return None
    figure = replications["figures"]["totals"].get({"conversions": "purchases"}.get(name, name))
    return figure | {"count": replications["count"]} if figure else None


def groups(view: View) -> None:
    """The same chain for every persona and segment."""
    rows = view.rows("SELECT * FROM group_kpi ORDER BY kind, contacts DESC")
    for row in rows:
        row["who"] = view.t("all") if row["kind"] == "all" else view.called(row["segment"], row["kind"])
        row["what"] = view.t(row["kind"])
        row["per_contact"] = row["sent"] / max(row["contacts"], 1)
        row["each"] = row["margin"] / max(row["contacts"], 1)
    heading(view.t("by_group"), view.t("by_group_why"))
    keys = ("what", "who", "contacts", "per_contact", "conversions", "revenue", "cost", "each", "unsubscribed")
    columns = {k: view.t(k) for k in (*keys, "churn", "value_12_months")}
    table(view, rows, columns, "groups", churn="percent", revenue="money", cost="money")


def course(view: View) -> None:
    """Messages and revenue, week by week."""
    everybody(view)
    rows = view.rows(
        """SELECT week, sum(sent)::BIGINT AS sent, sum(opened)::BIGINT AS opened, sum(revenue_cents) / 100.0 AS revenue
           FROM station_week WHERE week BETWEEN ? AND ? GROUP BY week ORDER BY week""",
        view.weeks[0],
        min(view.weeks[1], view.store.whole_weeks - 1),
    )
    if not rows:
        return
    heading(view.t("course"), view.t("course_why"))
    base = alt.Chart(data(rows)).encode(x=by_week(view))
    tips = ["week:Q", "sent:Q", "opened:Q", "revenue:Q"]
    sent = base.mark_area(opacity=0.18, color=ACCENT, line={"color": ACCENT}).encode(
        y=alt.Y("sent:Q", title=view.t("sent"), axis=alt.Axis(format="~s")), tooltip=tips
    )
    money_line = base.mark_line(color=SECOND, strokeWidth=2).encode(
        y=alt.Y("revenue:Q", title=view.t("revenue_messages"), axis=alt.Axis(format="~s")), tooltip=tips
    )
    best = max(rows, key=lambda r: r["sent"])
    told = view.t("course_alt", best["week"], number(view.lang, best["sent"]))
    left, right = st.columns(2)
    with left:
        chart(view, sent.properties(height=220), told)
    with right:
        if any(r["revenue"] for r in rows):
            chart(view, money_line.properties(height=220), told)


def journeys(view: View) -> None:
    """Each journey's figures, with its year in small."""
    weekly: dict[str, list[int]] = {}
    for row in view.rows(
        "SELECT journey, week, sum(sent)::BIGINT AS sent FROM station_week GROUP BY ALL ORDER BY journey, week"
    ):
        weekly.setdefault(row["journey"], [0] * view.store.weeks)[row["week"]] = row["sent"]
    rows: Rows = []
    for name, f in view.store.kpis["journeys"].items():
        sent = max(f["sent"], 1)
        rows.append(
            {"journey": view.called(name, "journey"), "entered": f["entered"], "sent": f["sent"], "held": f["held"]}
            | {"dropped": f["dropped"], "open_rate": f["opened"] / sent, "click_rate": f["clicked"] / sent}
            | {"converted": f["converted"], "revenue": f["revenue"], "cost": f["cost"]}
            | {"unsubscribed": f["unsubscribed"], "year": weekly.get(name, [])}
        )
    rows.sort(key=lambda r: -r["entered"])
    heading(view.t("by_journey"), view.t("by_journey_why"))
    columns = {k: view.t(k) for k in rows[0]} if rows else {}
    table(
        view,
        rows,
        columns,
        "journeys",
        open_rate="percent",
        click_rate="percent",
        revenue="money",
        cost="money",
        year=st.column_config.LineChartColumn,
    )

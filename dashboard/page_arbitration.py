"""Arbitration: which message loses, to whom, why?"""

from __future__ import annotations

import altair as alt
import streamlit as st

from bifurque.dashboard.parts import ACCENT, View, chart, data, everybody, heading, nothing, table
from bifurque.dashboard.wording import money, number, plain
from bifurque.engine.plan import Plan

NOT_LOST = "'sent'"


def show(view: View) -> None:
    """Reasons, who loses to whom, and what coherence has stopped."""
    everybody(view)
    reasons(view)
    matrix(view)
    coherence(view)


def reasons(view: View) -> None:
    """Why messages did not leave, and what they were worth."""
    rows = view.rows(
        f"""SELECT reason, sum(count) FILTER (WHERE outcome IN ('dropped', 'replaced'))::BIGINT AS dropped,
             sum(count) FILTER (WHERE outcome = 'held')::BIGINT AS held, sum(value_cents) / 100.0 AS value
           FROM decision_week WHERE outcome <> {NOT_LOST} AND week BETWEEN ? AND ?
           GROUP BY ALL ORDER BY coalesce(dropped, 0) + coalesce(held, 0) DESC""",
        *view.weeks,
    )
    if not rows:
        nothing(view, "nothing_lost")
        return
    heading(view.t("reasons"), view.t("reasons_why"))
    told = [
        {"reason": view.reason(r["reason"]), "dropped": r["dropped"] or 0, "held": r["held"] or 0, "value": r["value"]}
        for r in rows
    ]
    long = [{"reason": r["reason"], "what": view.t(k), "count": r[k]} for r in told for k in ("dropped", "held")]
    drawing = (
        alt.Chart(data(long))
        .mark_bar()
        .encode(
            y=alt.Y("reason:N", title=None, sort=[r["reason"] for r in told], axis=alt.Axis(labelLimit=260)),
            x=alt.X("count:Q", title=view.t("decisions"), axis=alt.Axis(format="~s")),
            color=alt.Color("what:N", title=None, scale=alt.Scale(range=[ACCENT, "#9DB2F0"])),
            tooltip=["reason:N", "what:N", alt.Tooltip("count:Q", format=",")],
        )
        .properties(height=max(140, 26 * len(told)))
    )
    left, right = st.columns([3, 2])
    with left:
        chart(view, drawing, view.t("reasons_alt", told[0]["reason"], number(view.lang, told[0]["dropped"])))
    with right:
        table(view, told, {k: view.t(k) for k in ("reason", "dropped", "held", "value")}, "reasons", value="money")


def matrix(view: View) -> None:
    """Losers by winners."""
    heading(view.t("matrix"), view.t("matrix_why"))
    rows = view.rows(
        f"""SELECT message AS loser, winner, sum(count)::BIGINT AS times, sum(value_cents) / 100.0 AS value,
             arg_max(reason, count) AS reason
           FROM decision_week WHERE outcome <> {NOT_LOST} AND winner <> '' AND week BETWEEN ? AND ?
           GROUP BY ALL ORDER BY times DESC""",
        *view.weeks,
    )
    if not rows:
        nothing(view, "nobody_decided")
        return
    rows = [
        r | {"loser": view.called(r["loser"]), "winner": view.called(r["winner"]), "reason": view.reason(r["reason"])}
        for r in rows
    ]
    drawing = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=alt.X(
                "winner:N",
                title=view.t("winner"),
                sort="-color",
                axis=alt.Axis(labelAngle=-40, labelLimit=160, labelOverlap=False),
            ),
            y=alt.Y("loser:N", title=view.t("loser"), sort="-color", axis=alt.Axis(labelLimit=220, labelOverlap=False)),
            color=alt.Color(
                "times:Q",
                title=view.t("times"),
                scale=alt.Scale(type="log", scheme="oranges"),
                legend=alt.Legend(format="~s"),
            ),
            tooltip=["loser:N", "winner:N", alt.Tooltip("times:Q", format=","), "reason:N"],
        )
        .properties(height=alt.Step(22))
    )
    first = rows[0]
    told = view.t("matrix_alt", first["loser"], first["winner"], number(view.lang, first["times"]))
    st.markdown(plain(told, 300))
    chart(view, drawing, told)
    keys = ("loser", "winner", "reason", "times", "value")
    table(view, rows, {k: view.t(k) for k in keys}, "matrix", value="money")


def coherence(view: View) -> None:
    """What was stopped so that messages do not contradict one another, with the rule's own words."""
    heading(view.t("coherence"), view.t("coherence_why"))
    rows = view.rows(
        """SELECT reason, message, winner, outcome, sum(count)::BIGINT AS times, sum(value_cents) / 100.0 AS value
           FROM decision_week WHERE (reason LIKE 'coherence:%' OR reason = 'suppressed') AND week BETWEEN ? AND ?
           GROUP BY ALL ORDER BY times DESC""",
        *view.weeks,
    )
    if not rows:
        st.success(view.t("no_coherence"))
        return
    written = rule_texts(view.store.plan)
    told = [
        {"rule": r["reason"].partition(":")[2] or r["winner"], "loser": view.called(r["message"])}
        | {
            "winner": view.called(r["winner"]),
            "outcome": view.t(r["outcome"]),
            "times": r["times"],
            "value": r["value"],
        }
        for r in rows
    ]
    for row in told:
        row["text"] = written.get(str(row["rule"]), "")
    total = sum(r["value"] or 0 for r in rows)
    st.markdown(plain(view.t("coherence_sum", money(view.lang, total, view.store.plan.currency)), 300))
    keys = ("rule", "text", "loser", "winner", "outcome", "times", "value")
    table(view, told, {k: view.t(k) for k in keys}, "coherence", value="money")


def rule_texts(plan: Plan) -> dict[str, str]:
    """What each rule of coherence says, as the plan writes it."""
    import msgspec

    found = {}
    for n, rule in enumerate(plan.coherence):
        parts = msgspec.to_builtins(rule, enc_hook=str)
        name = str(parts.pop("name", "") or n)
        found[name] = ", ".join(f"{k}: {said(v)}" for k, v in parts.items() if v not in (None, "", [], ()))
    return found | {rule.name: rule.when for rule in plan.rules}


def said(value: object) -> str:
    """A value as the plan writes it."""
    if isinstance(value, dict):
        if set(value) == {"days", "seconds"}:
            return f"{value['days']}d" if value["days"] else f"{int(value['seconds']) // 3600}h"
        return " ".join(f"{k} {v}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

"""Arbitration: which message loses, to whom, why?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import altair as alt
import streamlit as st

from bifurque.dashboard.address import choose
from bifurque.dashboard.parts import ACCENT, View, chart, data, everybody, heading, nothing, table
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.wording import money, number, plain
from bifurque.engine.plan import Plan
from bifurque.engine.why import winner_kind

FATES = {"lost": "outcome IN ('dropped', 'replaced')", "kept": "outcome = 'held'"}
"""A message that is lost never leaves; one that was held leaves later, or is lost in the end, and is then in both:
so they are counted apart."""
NARROW = "windowSize()[0] < 640"
"""Whether a chart stands on a telephone."""
MOST_WINNERS = 24
"""So many columns have room for their names there."""


def show(view: View) -> None:
    """Reasons, who loses to whom, and what coherence has stopped."""
    everybody(view)
    reasons(view)
    matrix(view)
    coherence(view)


def reasons(view: View) -> None:
    """Why messages did not leave, and what they were worth."""
    rows = view.rows(
        f"""SELECT reason, sum(count) FILTER (WHERE {FATES["lost"]})::BIGINT AS dropped,
             sum(count) FILTER (WHERE {FATES["kept"]})::BIGINT AS held,
             coalesce(sum(value_cents) FILTER (WHERE {FATES["lost"]}), 0) / 100.0 AS value
           FROM decision_week WHERE outcome <> 'sent' AND week BETWEEN ? AND ?
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
            y=alt.Y("reason:N", title=None, sort=[r["reason"] for r in told], axis=names(150, 260)),
            x=alt.X("count:Q", title=view.t("decisions"), axis=alt.Axis(format="~s", labelOverlap="greedy")),
            color=alt.Color(
                "what:N",
                title=None,
                scale=alt.Scale(range=[ACCENT, "#9DB2F0"]),
                legend=alt.Legend(orient="top"),
            ),
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
    """Losers by winners: what is lost for good, or what only waits."""
    heading(view.t("matrix"), view.t("matrix_why"))
    fate = choose(view.t("fate"), list(FATES), "fate", lambda f: view.t(f"fate_{f}"), buttons=True)
    rows = contests(view, fate)
    if not rows:
        nothing(view, f"nobody_{fate}")
        return
    squares = pairs(rows)
    first = squares[0]
    told = view.t(f"matrix_alt_{fate}", first["loser"], first["winner"], number(view.lang, first["times"]))
    st.markdown(plain(told, 300))
    winners = by_times(squares, "winner")
    if len(winners) > MOST_WINNERS:
        st.caption(view.t("matrix_most", MOST_WINNERS))
    chart(view, drawn(view, [s for s in squares if s["winner"] in winners[:MOST_WINNERS]]), told)
    keys = ("loser", "winner", "reason", "outcome", "times", "value")
    columns = {k: view.t(k) for k in keys} | ({"value": view.t("value_waits")} if fate == "kept" else {})
    table(view, rows, columns, "matrix", value="money")


def contests(view: View, fate: str) -> Rows:
    """Who kept which message from leaving, for which reason, and what became of it; most first."""
    rows = view.rows(
        f"""SELECT message AS loser, winner, reason, outcome, sum(count)::BIGINT AS times,
             sum(value_cents) / 100.0 AS value
           FROM decision_week WHERE {FATES[fate]} AND winner <> '' AND week BETWEEN ? AND ?
           GROUP BY ALL ORDER BY times DESC, loser, winner, reason, outcome""",
        *view.weeks,
    )
    return [
        r
        | {"loser": view.called(r["loser"], "message"), "winner": winner(view, r["reason"], r["winner"])}
        | {"reason": view.reason(r["reason"]), "outcome": view.t(r["outcome"])}
        for r in rows
    ]


def winner(view: View, reason: str, name: str) -> str:
    """Who won: a message, a journey or a rule; where the reason does not say which, the first that has the name."""
    kind = winner_kind(reason)
    if kind == "message" and name not in view.store.plan.messages:
        kind = "journey"
    return view.called(name, kind)


def pairs(rows: Rows) -> Rows:
    """The squares of the matrix: how often each message was kept by each winner, and for which reasons."""
    found: dict[tuple[str, str], Rows] = {}
    for row in rows:
        found.setdefault((row["loser"], row["winner"]), []).append(row)
    squares = [
        {"loser": loser, "winner": winner, "times": sum(r["times"] for r in parts)}
        | {"reason": ", ".join(f"{r['reason']} ({r['times']})" for r in parts)}
        for (loser, winner), parts in found.items()
    ]
    return sorted(squares, key=lambda r: -r["times"])


def by_times(squares: Rows, side: str) -> list[str]:
    """The losers, or the winners, those first that stand there most often."""
    found: Counter[str] = Counter()
    for square in squares:
        found[square[side]] += square["times"]
    return [name for name, _ in found.most_common()]


def names(narrow: int, wide: int, **more: Any) -> alt.Axis:
    """An axis of names; on a telephone they are smaller and cut shorter, so that none lies on another."""
    limit, size = alt.ExprRef(f"{NARROW} ? {narrow} : {wide}"), alt.ExprRef(f"{NARROW} ? 9 : 11")
    return alt.Axis(labelLimit=limit, labelFontSize=size, labelOverlap=False, **more)


def drawn(view: View, squares: Rows) -> Any:
    """The matrix, the names of its columns upright."""
    upright = names(110, 170, labelAngle=-90)
    colour = alt.Color(
        "times:Q",
        title=view.t("times"),
        scale=alt.Scale(type="log", scheme="oranges"),
        legend=alt.Legend(format="~s", orient="top"),
    )
    return (
        alt.Chart(data(squares))
        .mark_rect()
        .encode(
            x=alt.X("winner:N", title=view.t("winner"), sort=by_times(squares, "winner"), axis=upright),
            y=alt.Y("loser:N", title=view.t("loser"), sort=by_times(squares, "loser"), axis=names(90, 220)),
            color=colour,
            tooltip=["loser:N", "winner:N", alt.Tooltip("times:Q", format=","), "reason:N"],
        )
        .properties(height=alt.Step(22))
    )


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
        {"rule": r["reason"].partition(":")[2] or r["winner"], "loser": view.called(r["message"], "message")}
        | {
            "winner": winner(view, r["reason"], r["winner"]),
            "outcome": view.t(r["outcome"]),
            "times": r["times"],
            "value": r["value"],
        }
        for r in rows
    ]
    for row in told:
        row["text"] = written.get(str(row["rule"]), "")
    total = sum(r["value"] or 0 for r in rows if r["outcome"] != "held")
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

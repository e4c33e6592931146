"""Messages that did not leave, and why: of the steps of a station, or of whole lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from bifurque.dashboard.page_arbitration import winner
from bifurque.dashboard.parts import View, table
from bifurque.dashboard.runs import Rows

Where = Mapping[str, "set[str] | None"]
"""Journeys, each with the steps that are meant; None: all of them."""


def lost(view: View, where: Where) -> Rows:
    """By journey and reason, the most frequent first."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    rows = view.rows(
        """SELECT journey, step, reason, winner, sum(count)::BIGINT AS times, sum(value_cents) / 100.0 AS value
           FROM decision_week WHERE outcome IN ('dropped', 'replaced') AND week BETWEEN ? AND ? GROUP BY ALL""",
        *view.weeks,
    )
    for row in _there(rows, where):
        into = found.setdefault((row["journey"], row["reason"], row["winner"]), dict(row, times=0, value=0.0))
        into["times"] += row["times"]
        into["value"] += row["value"]
    return sorted(found.values(), key=lambda r: -r["times"])


def sent(view: View, where: Where) -> int:
    """Messages that left."""
    rows = view.rows(
        "SELECT journey, step, sum(sent)::BIGINT AS sent FROM station_week WHERE week BETWEEN ? AND ? GROUP BY ALL",
        *view.weeks,
    )
    return sum(r["sent"] for r in _there(rows, where))


def _there(rows: Rows, where: Where) -> Iterable[dict[str, Any]]:
    for row in rows:
        if row["journey"] in where and ((steps := where[row["journey"]]) is None or row["step"] in steps):
            yield row


def show(view: View, where: Where, heading: str) -> None:
    """The reasons as a table; of several lines, by line."""
    rows = [
        {
            "line": view.called(r["journey"], "journey"),
            "reason": view.reason(r["reason"]),
            "times": r["times"],
            "value": r["value"],
        }
        | {"winner": winner(view, r["reason"], r["winner"]) if r["winner"] else ""}
        for r in lost(view, where)
    ]
    st.markdown(f"**{view.t(heading)}**")
    if not rows:
        st.caption(view.t("no_losses"))
        return
    columns = (["line"] if len(where) > 1 else []) + ["reason", "winner", "times", "value"]
    table(view, rows, {k: view.t(k) for k in columns}, "losses", value="money")

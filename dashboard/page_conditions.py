"""What tells later buyers apart, as conditions a plan could ask: those it does not ask yet are worth a thought."""

from __future__ import annotations

from typing import Any

import altair as alt
import streamlit as st

from bifurque.dashboard import conditions
from bifurque.dashboard.conditions import Leaf
from bifurque.dashboard.parts import ACCENT, View, chart, data, everybody, heading, table
from bifurque.dashboard.runs import Store
from bifurque.dashboard.wording import interval, number, percent, plain


@st.cache_data(show_spinner=False, max_entries=60)
def grown(folder: str, digest: str, journey: str, _store: Store) -> tuple[list[Leaf], int]:
    """The tree of a journey, and how many contacts it rests on."""
    rows = conditions.visits(_store, journey)
    return conditions.tree(rows, conditions.asked(_store.plan, rows)) if rows else [], len(rows)


def show(view: View, journey: str) -> None:
    """The tree of those who enter a journey."""
    if "sample_walks" not in view.store.tables:
        return
    found, contacts = grown(*view.store.key, journey, view.store)
    about = view.t("tree_why", plain(view.called(journey, "journey")), number(view.lang, contacts), conditions.DAYS)
    heading(view.t("tree"), about)
    everybody(view)
    if len(found) < 2:
        st.info(view.t("no_tree"))
        return
    text = view.store.run.manifest["plan"]["text"]
    rows = [told(view, leaf, text) for leaf in found]
    ends = [row for row, leaf in zip(rows, found, strict=True) if leaf.end]
    best = max(ends, key=lambda r: r["rate"])
    st.markdown(plain(view.t("tree_alt", best["who"], percent(view.lang, best["rate"])), 300))
    base = alt.Chart(data(ends)).encode(
        y=alt.Y("who:N", title=None, sort=None, axis=alt.Axis(labelLimit=460, labelOverlap=False))
    )
    bars = base.mark_rule(strokeWidth=3, color=ACCENT).encode(
        x=alt.X("low:Q", title=view.t("later_bought"), axis=alt.Axis(format="%")), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=90, color=ACCENT, opacity=1).encode(
        x="rate:Q", tooltip=["who:N", "contacts:Q", alt.Tooltip("rate:Q", format=".1%")]
    )
    drawing = (bars + dots).properties(height=70 + 40 * len(ends))
    chart(view, drawing, view.t("tree_alt", best["who"], percent(view.lang, best["rate"])))
    columns = {"tree": view.t("condition"), "contacts": view.t("contacts"), "rate": view.t("later_bought")}
    columns |= {"low": view.t("price_low"), "high": view.t("price_high"), "known": view.t("in_plan")}
    table(view, rows, columns, "conditions", rate="percent", low="percent", high="percent")


def told(view: View, leaf: Leaf, text: str) -> dict[str, Any]:
    """A place of the tree as a row."""
    rate = leaf.bought / max(leaf.contacts, 1)
    low, high = interval(rate, leaf.contacts)
    said = [name if holds else f"!({name})" for name, holds in leaf.path]
    known = view.t("yes" if conditions.in_plan(text, leaf.path[-1][0]) else "no") if leaf.path else ""
    indent = "│ " * (len(said) - 1) + "└ " if said else ""
    row: dict[str, Any] = {
        "tree": indent + (said[-1] if said else view.t("all_of_them")),
        "who": " && ".join(said),
        "known": known,
    }
    return row | {"contacts": leaf.contacts, "rate": rate, "low": low, "high": high}

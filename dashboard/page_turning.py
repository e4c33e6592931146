"""Turning points: which decision changes a contact's fate?"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import streamlit as st

from bifurque.dashboard import page_conditions
from bifurque.dashboard.address import choose
from bifurque.dashboard.parts import ACCENT, SECOND, View, chart, data, everybody, heading, nothing, table
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.titles import way_called
from bifurque.dashboard.wording import interval, number, percent, plain, visible

DRAWS = 400


def show(view: View) -> None:
    """Steps ranked by how far the lives of those who leave them apart go; and journeys lived again and again."""
    ways = view.rows("SELECT * FROM branch WHERE kind = ? AND segment = ? AND contacts > 0", *view.group)
    found = ranked(ways)
    if found:
        ranking(view, found)
        one_step(view, found)
    else:
        nothing(view, "no_branch")
    loops(view)


def ranked(ways: Rows) -> list[dict[str, Any]]:
    """Steps with several ways, those that tell fates apart most first.

    The spread is the mean distance, over contacts, of a way's share of buyers from that of all who passed the step.
    """
    steps: dict[tuple[str, str], Rows] = {}
    for way in ways:
        steps.setdefault((way["journey"], way["step"]), []).append(way)
    found = []
    for (journey, step), parts in steps.items():
        contacts = sum(p["contacts"] for p in parts)
        mean = sum(p["bought"] for p in parts) / contacts
        gone = sum(p["unsubscribed"] for p in parts) / contacts
        spread = sum(abs(p["bought"] - mean * p["contacts"]) for p in parts) / contacts
        left = sum(abs(p["unsubscribed"] - gone * p["contacts"]) for p in parts) / contacts
        row = {"journey": journey, "step": step, "ways": len(parts), "contacts": contacts, "spread": spread}
        row["low"], row["high"] = reach(np.array([(p["contacts"], p["bought"]) for p in parts]))
        found.append(row | {"spread_gone": left, "mean": mean, "parts": parts})
    return sorted((f for f in found if f["ways"] > 1), key=lambda f: -f["spread"])


def reach(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """The 95 % interval of a spread: ways drawn again and again with the shares that were seen (basic bootstrap)."""
    contacts, shares = counts[:, 0], counts[:, 1] / counts[:, 0]

    def spread(bought: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        mean = bought.sum(axis=-1, keepdims=True) / contacts.sum()
        apart: npt.NDArray[np.float64] = np.abs(bought - mean * contacts).sum(axis=-1) / contacts.sum()
        return apart

    drawn = spread(np.random.default_rng(1).binomial(contacts, shares, (DRAWS, len(contacts))))
    seen, (low, high) = float(spread(counts[:, 1])), np.quantile(drawn, [0.025, 0.975])
    return max(0.0, 2 * seen - float(high)), max(0.0, 2 * seen - float(low))


def label(view: View, row: dict[str, Any]) -> str:
    """A step by its journey and its name."""
    return f"{view.called(row['journey'], 'journey')} · {view.called(row['journey'] + '/' + row['step'], 'step')}"


def way_name(view: View, way: dict[str, Any]) -> str:
    """A way out of a step."""
    known = {"happened", "timeout", "else"}
    return view.t(f"way_{way['way']}") if way["way"] in known else way_called(view.store.plan, view.lang, way["way"])


def ranking(view: View, found: list[dict[str, Any]]) -> None:
    """All of them."""
    heading(view.t("ranking"), view.t("ranking_why"))
    rows = [
        {"where": label(view, f), "ways": f["ways"], "contacts": f["contacts"], "mean": f["mean"]}
        | {k: f[k] for k in ("spread", "low", "high", "spread_gone")}
        for f in found
    ]
    first = rows[0]
    told = view.t("ranking_alt", first["where"], percent(view.lang, first["spread"]))
    st.markdown(plain(told, 300))
    columns = {k: view.t(f"turn_{k}") for k in rows[0]}
    table(view, rows, columns, "turning", **dict.fromkeys(("mean", "spread", "low", "high", "spread_gone"), "percent"))


def one_step(view: View, found: list[dict[str, Any]]) -> None:
    """One step: its ways, with intervals, and how each group fares on them."""
    keys = {f"{f['journey']}/{f['step']}": f for f in found}
    heading(view.t("one_step"), view.t("one_step_why"))
    picked = choose(view.t("step"), list(keys), "step", lambda k: label(view, keys[k]) if k in keys else visible(k))
    row = keys[picked]
    dots = []
    for way in row["parts"]:
        for what, count in (("bought", way["bought"]), ("unsubscribed", way["unsubscribed"])):
            rate = count / way["contacts"]
            low, high = interval(rate, way["contacts"])
            name = f"{way_name(view, way)} ({number(view.lang, way['contacts'])})"
            dots.append({"way": name, "what": view.t(f"later_{what}"), "rate": rate, "low": low, "high": high})
    base = alt.Chart(data(dots)).encode(y=alt.Y("way:N", title=None, axis=alt.Axis(labelLimit=320)))
    bars = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("low:Q", title=view.t("share"), axis=alt.Axis(format="%")), x2="high:Q", color=colour(dots)
    )
    points = base.mark_point(filled=True, size=90).encode(
        x="rate:Q", color=colour(dots), tooltip=["way:N", "what:N", alt.Tooltip("rate:Q", format=".2%")]
    )
    best = max((d for d in dots if d["what"] == view.t("later_bought")), key=lambda d: d["rate"])
    drawing = (bars + points).properties(height=70 + 56 * len(row["parts"]))
    chart(view, drawing, view.t("one_step_alt", best["way"], percent(view.lang, best["rate"])))
    splits(view, row)
    page_conditions.show(view, row["journey"])


def colour(dots: list[dict[str, Any]]) -> alt.Color:
    """One colour for what they bought, one for who left."""
    return alt.Color("what:N", title=None, sort=[d["what"] for d in dots[:2]], scale=alt.Scale(range=[ACCENT, SECOND]))


def splits(view: View, row: dict[str, Any]) -> None:
    """Which groups take which way, and what becomes of them."""
    rows = view.rows(
        "SELECT * FROM branch WHERE journey = ? AND step = ? AND contacts > 0 ORDER BY kind, segment",
        row["journey"],
        row["step"],
    )
    told = [
        {"who": view.t("all") if r["kind"] == "all" else view.called(r["segment"], r["kind"]), "way": way_name(view, r)}
        | {"contacts": r["contacts"], "later_bought": r["bought"] / r["contacts"]}
        | {"later_unsubscribed": r["unsubscribed"] / r["contacts"], "revenue": r["revenue_cents"] / 100}
        for r in rows
    ]
    columns = {k: view.t(k) for k in ("who", "way", "contacts", "later_bought", "later_unsubscribed", "revenue")}
    table(view, told, columns, "splits", later_bought="percent", later_unsubscribed="percent", revenue="money")


def loops(view: View) -> None:
    """The endless day: who goes through the same journey again and again, and opens nothing of it."""
    heading(view.t("loops"), view.t("loops_why"))
    everybody(view)
    rows = view.rows(
        """SELECT journey, sum(contacts)::BIGINT AS entered, sum(times * contacts) / sum(contacts) AS mean,
             max(times) AS most,
             coalesce(sum(contacts) FILTER (WHERE times >= 5), 0)::BIGINT AS often,
             coalesce(sum(contacts - opened_any) FILTER (WHERE times >= 5), 0)::BIGINT AS endless
           FROM loop WHERE times > 0 GROUP BY journey ORDER BY endless DESC, often DESC"""
    )
    if not rows:
        nothing(view)
        return
    worst = rows[0]
    if worst["endless"]:
        told = view.t("loops_alt", number(view.lang, worst["endless"]), view.called(worst["journey"], "journey"))
        st.markdown(plain(told, 300))
    told_rows = [r | {"journey": view.called(r["journey"], "journey")} for r in rows]
    columns = {k: view.t(f"loop_{k}") for k in ("journey", "entered", "mean", "most", "often", "endless")}
    table(view, told_rows, columns, "loops")

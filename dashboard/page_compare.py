"""Compare: is plan B better than plan A?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File
from typing import Any

import altair as alt
import streamlit as st

from bifurque.dashboard import comparing, jobs, page_frontier, page_map
from bifurque.dashboard.address import choose
from bifurque.dashboard.parts import ACCENT, QUIET, View, chart, data, figures, heading, table, trouble
from bifurque.dashboard.runs import Rows, Store, known_runs, open_store
from bifurque.dashboard.wording import money, number, percent, plain, signed, visible
from bifurque.rules.errors import BifurqueError

TOTALS = ("revenue", "cost", "sent", "opened", "clicked", "purchases", "dropped", "held", "unsubscribed", "indifferent")
FIGURES = ("candidates", "count", "indifferent", "net", "now", "quarantined", "reachable", "value")
MONEY = ("revenue", "cost", "margin")
PARTS, MOST_PARTS = ("journey", "message", "stage", "channel", "arm", "persona", "segment", "zone"), 24
SHOWN = ("revenue", "net", "sent", "opened", "clicked", "unsubscribed")


def show(view: View) -> None:
    """A run beside another: what differs, for whom, and how sure."""
    others = [name for name in known_runs() if name != view.name]
    if not others:
        st.info(view.t("one_run"))
        page_frontier.show(view)
        return
    other = choose(view.t("against"), others, "with", visible, width=320)
    try:
        base = open_store(known_runs()[other])
    except BifurqueError as error:
        trouble(view.lang, error, "other_unread")
        page_frontier.show(view)
        return
    differs(view, base)
    headline(view, base)
    comparison(view, base)
    if scaled(view, base) == (1.0, 1.0):
        page_map.beside(view, other)
    parts(view, base)
    page_frontier.show(view)


def differs(view: View, base: Store) -> None:
    """What the two runs were made of, and what keeps them from being compared person by person."""
    told = [plain(described(view, *pair), 300) for pair in ((view.store, base), (base, view.store))]
    st.markdown(view.t("compared", *told))
    a, b = base.run.manifest, view.store.run.manifest
    other = comparing.hindrances(base.run, view.store.run) + ["behaviour"] * (a["behaviour"] != b["behaviour"])
    if other:
        st.warning(plain(view.t("not_paired", listed(view, base, other)), 600))


def described(view: View, store: Store, beside: Store) -> str:
    """What a run was made of: its changes; where the plans differ, first which plan, and its file if that differs."""
    mine, other = store.run.manifest["plan"], beside.run.manifest["plan"]
    changes = ", ".join(mine["set"])
    if mine["sha256"] == other["sha256"]:
        return changes or view.t("as_written")
    files = [File(p["file"]).name for p in (mine, other)]
    name = visible(store.plan.plan) + (f" ({files[0]})" if files[0] != files[1] else "")
    if (store.plan.plan, files[0]) == (beside.plan.plan, files[1]):
        name = view.t("version_of", name, mine["sha256"][:8])
    return view.t("plan_with", name, changes) if changes else view.t("plan_as_written", name)


def listed(view: View, base: Store, what: list[str]) -> str:
    """In what two runs differ, with both values where they say something."""
    a, b = base.run.manifest, view.store.run.manifest
    lengths = a["days"], b["days"]

    def told(one: str) -> str:
        if one == "contacts":
            return view.t("differ_contacts", *(number(view.lang, m["contacts"]) for m in (b, a)))
        if one == "end" and lengths[0] != lengths[1]:
            return view.t("differ_days", *reversed(lengths))
        return view.t("differ_seed", b["seed"], a["seed"]) if one == "seed" else view.t(f"differ_{one}")

    return ", ".join(dict.fromkeys(map(told, what)))


def scaled(view: View, base: Store) -> tuple[float, float]:
    """What totals of A and B are multiplied by, to stand beside one another."""
    a, b = base.run.manifest, view.store.run.manifest
    return comparing.per_thousand(a, b), comparing.per_thousand(b, a)


def basis(view: View, base: Store) -> None:
    """Say of how many contacts, and of how long, figures are told, where sizes or lengths differ."""
    a, b = base.run.manifest, view.store.run.manifest
    kind = ("size" if a["contacts"] != b["contacts"] else "") + ("length" if a["days"] != b["days"] else "")
    if kind:
        st.caption(view.t(f"basis_{kind}"))


def headline(view: View, base: Store) -> None:
    """The differences that matter most."""
    lang, currency = view.lang, view.store.plan.currency
    a, b = (
        {k: v * by for k, v in store.kpis["totals"].items() if isinstance(v, int | float)}
        for store, by in zip((base, view.store), scaled(view, base), strict=True)
    )
    digits = 0 if scaled(view, base) == (1.0, 1.0) else 1
    one_money = currency == base.plan.currency

    def gap(key: str, write: Any) -> tuple[str, str, str]:
        value = b[key] - a[key]
        share = percent(lang, value / a[key], 2) if a[key] else "–"
        return view.t(key), signed(lang, write(value), value), view.t("gap_help", share)

    basis(view, base)
    if not one_money:
        st.caption(view.t("two_currencies", visible(currency), visible(base.plan.currency)))
    shown = ("revenue", "sent", "purchases", "unsubscribed", "cost")
    figures(
        [
            gap(k, lambda v: money(lang, v, currency)) if k in MONEY else gap(k, lambda v: number(lang, v, digits))
            for k in shown
            if one_money or k not in MONEY
        ]
    )
    rows = [
        {"figure": view.t(k), "a": float(a[k]), "b": float(b[k]), "difference": float(b[k] - a[k])}
        | {"relative": (b[k] - a[k]) / a[k] if a[k] else None}
        for k in TOTALS
        if k in a and k in b and (one_money or k not in MONEY)
    ]
    table(view, rows, {k: view.t(f"cmp_{k}") for k in rows[0]}, "compare", relative="percent")


def comparison(view: View, base: Store) -> None:
    """Contact by contact, with intervals: made once, outside this process, and kept."""
    other = comparing.hindrances(base.run, view.store.run)
    if other:
        heading(view.t("paired"))
        st.info(plain(view.t("cannot_pair", listed(view, base, other)), 600))
        return
    heading(view.t("paired"), view.t("paired_why"))
    place = comparing.place(base.folder, view.store.folder)
    found = comparing.figures(place)
    key = f"compare-{place.name}"
    if found is None:
        if key in jobs.all_jobs() or st.button(view.t("pair_them"), key="pair"):
            jobs.watch(view.lang, key, lambda: comparing.begin(base.folder, view.store.folder))
        return
    totals = [r for r in found if r["group"] == "total" and r["low"] is not None]
    rows = [relative(r, figure(view, r["figure"])) for r in totals if r["a"]]
    forest(view, rows, "total")
    found += comparing.groups(place)
    by_part(view, found)
    columns = ("group", "name", "figure", "a", "b", "difference", "low", "high", "sign_probability")
    told = [
        r | {"group": view.t(f"part_{r['group']}"), "name": called(view, r), "figure": figure(view, r["figure"])}
        for r in found
    ]
    table(view, told, {k: view.t(f"cmp_{k}") for k in columns}, "paired", sign_probability="percent")


def by_part(view: View, found: Rows) -> None:
    """One figure, part by part of the plan, or group by group of its contacts."""
    rows = [r for r in found if r["group"] in PARTS and r["low"] is not None]
    known = [name for name in SHOWN if any(r["figure"] == name for r in rows)]
    if not known:
        return
    heading(view.t("by_part"), view.t("forest_why"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choose(view.t("figure_shown"), known, "figure", lambda f: figure(view, f), width=240)
        rows = [r for r in rows if r["figure"] == name]
        parts = [part for part in PARTS if any(r["group"] == part for r in rows)]
        part = choose(view.t("by"), parts, "by", lambda p: view.t(f"part_{p}"), buttons=True)
    mine = sorted((r for r in rows if r["group"] == part), key=lambda r: -abs(r["difference"]))[:MOST_PARTS]
    forest(view, [r | {"what": called(view, r)} for r in mine], "parts", absolute=True)


def called(view: View, row: dict[str, Any]) -> str:
    """A part of the plan; an arm with its experiment or journey."""
    kinds = {"arm": ("journey", "arm")}.get(row["group"], (row["group"],))
    return " · ".join(view.called(part, kind) for part, kind in zip(row["name"].split("/", 1), kinds, strict=False))


def figure(view: View, name: str) -> str:
    """A figure in words."""
    return view.t(f"figure_{name}") if name in FIGURES else view.t(name)


def relative(row: dict[str, Any], what: str) -> dict[str, Any]:
    """A difference and its interval as shares of A."""
    a = abs(row["a"])
    return {"what": what} | {k: row[k] / a for k in ("difference", "low", "high")}


def forest(view: View, rows: Rows, key: str, *, absolute: bool = False) -> None:
    """Differences with their intervals, one below the other."""
    if not rows:
        return
    told = [r | {"sure": view.t("sure" if r["low"] > 0 or r["high"] < 0 else "unsure")} for r in rows]
    form = "~s" if absolute else "+.1%"
    base = alt.Chart(data(told)).encode(
        y=alt.Y(
            "what:N", title=None, sort=[r["what"] for r in told], axis=alt.Axis(labelLimit=220, labelOverlap=False)
        ),
        color=alt.Color(
            "sure:N", title=None, scale=alt.Scale(domain=[view.t("sure"), view.t("unsure")], range=[ACCENT, QUIET])
        ),
    )
    bars = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("low:Q", title=view.t("difference"), axis=alt.Axis(format=form)), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=90).encode(
        x="difference:Q", tooltip=["what:N", alt.Tooltip("difference:Q", format=form)]
    )
    zero = alt.Chart(data([{"x": 0}])).mark_rule(strokeDash=[4, 3]).encode(x="x:Q")
    sure = sum(r["low"] > 0 or r["high"] < 0 for r in rows)
    chart(
        view,
        (zero + bars + dots).properties(height=70 + 26 * len(rows)),
        view.t("forest_alt", sure, len(rows)),
        key=f"forest_{key}",
    )


def parts(view: View, base: Store) -> None:
    """By journey, and by group."""
    by_a, by_b = scaled(view, base)
    hidden = () if view.store.plan.currency == base.plan.currency else MONEY
    heading(view.t("by_journey"), view.t("by_journey_gap"))
    basis(view, base)
    a, b = base.kpis["journeys"], view.store.kpis["journeys"]
    counted = ("entered", "sent", "dropped", "converted", "revenue", "unsubscribed")
    rows = []
    for name in dict.fromkeys([*b, *a]):
        x, y = a.get(name, {}), b.get(name, {})
        gaps = {k: y.get(k, 0) * by_b - x.get(k, 0) * by_a for k in counted if k not in hidden}
        title = (view if name in b else replace(view, store=base)).called(name, "journey")
        rows.append({"journey": title} | gaps)
    rows.sort(key=lambda r: -abs(r.get("revenue", 0)) - abs(r["sent"]))
    table(view, rows, {k: view.t(k) for k in rows[0]} if rows else {}, "compare_journeys", revenue="money")
    heading(view.t("by_group"), view.t("by_group_gap"))
    basis(view, base)
    sql = "SELECT kind, segment, contacts, sent, conversions, revenue, unsubscribed, margin FROM group_kpi"
    before = {(r["kind"], r["segment"]): r for r in base.rows(sql)}
    shown = [k for k in ("sent", "conversions", "revenue", "unsubscribed", "margin") if k not in hidden]
    groups = []
    for r in view.store.rows(sql):
        was = before.get((r["kind"], r["segment"]))
        if was is not None:
            who = view.t("all") if r["kind"] == "all" else view.called(r["segment"], r["kind"])
            groups.append({"who": who} | {k: r[k] * by_b - was[k] * by_a for k in shown})
    columns = {k: view.t(k) for k in ("who", *shown)}
    table(view, groups, columns, "compare_groups", revenue="money", margin="money")

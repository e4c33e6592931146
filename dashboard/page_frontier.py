"""The frontier between revenue and opt-outs: over runs that can be compared, and over values of one law."""

from __future__ import annotations

from typing import Any

import altair as alt
import streamlit as st

from bifurque.dashboard import address, jobs, page_board, sweeping
from bifurque.dashboard.parts import QUIET, SECOND, View, chart, data, figures, heading, table, technical
from bifurque.dashboard.runs import Rows, Store
from bifurque.dashboard.wording import money, number, percent, plain, signed, visible
from bifurque.rules.errors import DataError

LEAST = 3
"""Below so many runs there is no frontier to draw."""


def show(view: View) -> None:
    """Values of one law on the same people; then all runs of this plan by them."""
    sweep(view)
    runs(view)


def sweep(view: View) -> None:
    """Choose a value of the plan, try it at several settings, see what each brings and costs."""
    heading(view.t("sweep"), view.t("sweep_why"))
    paths = sweeping.paths(view.store)
    if not paths:
        st.info(view.t("no_number"))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        path = address.choose(view.t("path_of"), paths, "vary", visible, width=360)
        address.text(f"values_{path}", str(st.query_params.get("values", sweeping.spread(view.store, path))))
        values = st.text_input(view.t("values"), key=f"values_{path}", help=view.t("values_help"), width=200)
        address.note("values", values or "", sweeping.spread(view.store, path))
        most = int(view.store.run.manifest["contacts"])
        first = min(most, sweeping.MOST_CONTACTS)
        contacts = int(st.number_input(view.t("contacts"), 1, most, first, key="swept_contacts", width=160))
    vary = f"{path}={values}"
    try:
        tried = len(sweeping.read(vary).rows)
    except DataError as error:
        st.warning(view.t("values_unread"))
        st.code(technical(str(error), view.lang), language=None, wrap_lines=True)
        return
    place = sweeping.place(view.store, vary, contacts)
    rows, key = sweeping.found(place, "variants"), f"sweep-{place.name}"
    if rows is None:
        asked = st.button(view.t("try_values", tried), key="sweep")
        if asked or key in jobs.all_jobs():
            jobs.watch(view.lang, key, lambda: sweeping.begin(view.store, vary, contacts))
        return
    swept(view, path, rows)
    prices(view, path, rows, sweeping.found(place, "prices") or [])


def swept(view: View, path: str, rows: Rows) -> None:
    """What each value brings and costs; one of them chosen, from the chart or the table."""
    rows = [r | {"value": view.t("as_is") if r["variant"] < 0 else str(r[path]), "best": r["pareto"]} for r in rows]
    told = [
        {"value": r["value"], "what": view.t("on_frontier" if r["best"] else "beaten"), "best": r["best"]}
        | {"lost": r["unsubscribed"], "revenue": r["revenue"], "pressure": r["pressure"], "net": r["net"]}
        for r in rows
    ]
    best = [r["value"] for r in told if r["best"]]
    st.markdown(plain(view.t("swept_alt", visible(path), ", ".join(best)), 300))
    chosen = points(view, told, "value", "swept")
    columns = {"value": view.t("value_tried"), "revenue": view.t("revenue_each"), "lost": view.t("lost_share")}
    columns |= {"pressure": view.t("mean_week"), "net": view.t("each"), "what": view.t("standing")}
    picked = table(view, told, columns, "swept", lost="percent", on_select="rerun")
    if picked is not None and picked.selection.rows:
        chosen = told[picked.selection.rows[0]]["value"]
    row = next((r for r in rows if r["value"] == chosen), None)
    if row is not None and row["variant"] >= 0:
        one_value(view, path, row)


def one_value(view: View, path: str, row: dict[str, Any]) -> None:
    """One value against the plan as it is, with intervals; and the way to simulate it."""
    heading(plain(f"{path} = {row['value']}", 120))
    lang, currency = view.lang, view.store.plan.currency

    def gap(name: str, write: Any) -> tuple[str, str, str]:
        low, at, high = (row[f"{name}_{k}"] for k in ("low", "difference", "high"))
        return view.t(name), signed(lang, write(at), at), view.t("from_to", write(low), write(high))

    figures(
        [
            gap("revenue", lambda v: money(lang, v, currency, short=False)),
            gap("sent", lambda v: number(lang, v, 2)),
            gap("unsubscribed", lambda v: percent(lang, v, 2)),
            gap("cost", lambda v: money(lang, v, currency, short=False)),
        ]
    )
    st.caption(view.t("swept_each", number(lang, row["contacts"])))

    def simulate() -> None:
        own = [c for c in view.store.run.manifest["plan"]["set"] if not c.startswith(f"{path}=")]
        st.session_state["set"] = "\n".join([*own, f"{path}={row['value']}"])
        st.session_state["go_to"] = "launch"

    st.button(view.t("simulate_this"), key="simulate_this", on_click=simulate)


def prices(view: View, path: str, rows: Rows, found: Rows) -> None:
    """For whom one more message a week is worth it."""
    values = {r["variant"]: str(r[path]) for r in rows if r["variant"] >= 0}
    told = [
        {
            "value": values[r["variant"]],
            "who": view.t("all") if r["group"] == "total" else view.called(r["name"], r["group"]),
        }
        | {k: r[k] for k in ("contacts", "pressure_difference", "price", "price_low", "price_high")}
        | {"opt_outs": r["opt_outs_per_1000"]}
        for r in found
        if r["price"] is not None
    ]
    if not told:
        return
    heading(view.t("prices"), view.t("prices_why"))
    columns = {"value": view.t("value_tried"), "who": view.t("who"), "contacts": view.t("contacts")}
    columns |= {k: view.t(k) for k in ("pressure_difference", "price", "price_low", "price_high", "opt_outs")}
    table(view, told, columns, "prices")


def points(view: View, rows: Rows, name: str, key: str) -> str | None:
    """Revenue against opt-outs, a point for each row; the one that was clicked."""
    picker = alt.selection_point(fields=[name], name="picked")
    drawing = (
        alt.Chart(data(rows))
        .mark_point(filled=True, size=170, cursor="pointer")
        .encode(
            x=alt.X("lost:Q", title=view.t("lost_share"), axis=alt.Axis(format=".2%"), scale=alt.Scale(zero=False)),
            y=alt.Y("revenue:Q", title=view.t("revenue_each"), scale=alt.Scale(zero=False)),
            color=alt.Color(
                "what:N",
                title=None,
                scale=alt.Scale(domain=[view.t("on_frontier"), view.t("beaten")], range=[SECOND, QUIET]),
            ),
            opacity=alt.condition(picker, alt.value(1), alt.value(0.35)),
            tooltip=[f"{name}:N", alt.Tooltip("revenue:Q", format=",.2f"), alt.Tooltip("lost:Q", format=".2%")],
        )
        .add_params(picker)
        .properties(height=320)
    )
    told = view.t("frontier_alt", sum(bool(r["best"]) for r in rows), len(rows))
    found = chart(view, drawing, told, key=f"points_{key}", on_select="rerun", selection_mode="picked")
    clicked = found.selection.get("picked") or []
    return str(clicked[0][name]) if clicked else None


def runs(view: View) -> None:
    """Runs that can be compared: revenue against people lost; what nothing beats on both is on the frontier."""
    rows = summaries(view.store)
    if len(rows) < LEAST:
        st.info(view.t("frontier_needs"))
        return
    heading(view.t("frontier"), view.t("frontier_why"))
    for row in rows:
        row["best"] = not any(
            (o["revenue"] >= row["revenue"] and o["lost"] < row["lost"])
            or (o["revenue"] > row["revenue"] and o["lost"] <= row["lost"])
            for o in rows
        )
        row["what"] = view.t("on_frontier" if row["best"] else "beaten")
    chosen = points(view, rows, "run", "runs")
    columns = {"run": view.t("run"), "set": view.t("change"), "revenue": view.t("revenue_each")}
    columns |= {"lost": view.t("lost_share"), "what": view.t("standing")}
    table(view, rows, columns, "frontier", lost="percent")
    for row in (r for r in rows if r["run"] == chosen):
        st.button(view.t("look_at", plain(row["run"])), key="look_at", on_click=_look, args=(row["name"],))


def _look(name: str) -> None:
    st.session_state["run"] = name


def summaries(store: Store) -> Rows:
    """The runs that can be compared with one, by the rule of the board of scenarios, each in two figures."""
    found: Rows = []
    for name, other in page_board.comparable(store):
        totals = other.kpis["totals"]
        contacts = max(totals["contacts"], 1)
        found.append(
            {"name": name, "run": visible(name)}
            | {"set": visible(", ".join(other.run.manifest["plan"]["set"]), 120)}
            | {"revenue": totals["revenue"] / contacts, "lost": totals["unsubscribed"] / contacts}
        )
    return found

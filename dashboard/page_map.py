"""The metro map: where do contacts really go?"""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from bifurque.dashboard import page_station
from bifurque.dashboard.address import choose, note
from bifurque.dashboard.layout import Layout
from bifurque.dashboard.map_component import metro
from bifurque.dashboard.map_flows import Flows, flows_of, weekly
from bifurque.dashboard.map_layout import layout_of
from bifurque.dashboard.map_legend import scale
from bifurque.dashboard.map_svg import TOLD, draw
from bifurque.dashboard.parts import View, everybody, heading, table, trouble
from bifurque.dashboard.runs import Rows, Store, known_runs, open_store
from bifurque.dashboard.style import THINNEST, WIDEST, width_of
from bifurque.dashboard.wording import day, visible
from bifurque.rules.errors import BifurqueError

MODES = ("flow", "plan", "gap", "compare")
BUTTONS = ("zoom_in", "zoom_out", "zoom_all", "full", "play", "pause", "week")
WIDGET = "metro"


@st.cache_resource(show_spinner=False, max_entries=8)
def laid_out(folder: str, digest: str, _store: Store) -> Layout:
    """The layout of a run's plan."""
    return layout_of(_store.run)


@st.cache_data(show_spinner=False, max_entries=40)
def picture(folder: str, digest: str, mode: str, lang: str, weeks: tuple[int, int], other: str, _store: Store) -> str:
    """A map as SVG."""
    layout = laid_out(folder, digest, _store)
    chosen = None if weeks == whole_of(_store) else range(weeks[0], weeks[1] + 1)
    lived = None if mode == "plan" else flows_of(_store.run, layout, chosen)
    beside: Flows | None = None
    if mode == "compare":
        base = open_store(known_runs()[other])
        beside = flows_of(base.run, layout, chosen)
    return draw(layout, lived, other=beside, mode=mode, theme="page", lang=lang, title=" ", subtitle=" ")  # type: ignore[arg-type]


@st.cache_data(show_spinner=False, max_entries=8)
def by_week(folder: str, digest: str, _store: Store) -> dict[str, Any]:
    """The figures of every week, as whole numbers, and one scale of widths for all of them."""
    flows = weekly(_store.run, laid_out(folder, digest, _store))
    most = max((count for f in flows for count in f.tracks), default=0.0) or 1.0
    found: dict[str, Any] = {
        name: [[round(count) for count in getattr(f, name)] for f in flows]
        for name in ("tracks", "stations", "lines", "bands")
    }
    found["lost"] = [[round(100 * share) if share >= TOLD else 0 for share in f.lost] for f in flows]
    shown = [[count, round(width_of(count, most), 1)] for count in scale(most)]
    return found | {"most": most, "widths": [THINNEST, WIDEST], "scale": shown}


def show(view: View) -> None:
    """The map, what was clicked on it, and the same as a table."""
    everybody(view)
    mode, other = choices(view)
    try:
        with st.spinner(view.t("drawing")):
            svg = picture(*view.store.key, mode, view.lang, view.weeks, other, view.store)
    except BifurqueError as error:
        trouble(view.lang, error)
        return
    everything(view, svg, mode)
    with st.expander(view.t("as_table"), expanded=False):  # a click does not make it anew
        as_table(view, laid_out(*view.store.key, view.store))


def whole_of(store: Store) -> tuple[int, int]:
    """The first and the last week of a run, as the frame's slider has them."""
    return 0, max(store.weeks - 1, 1)


def choices(view: View) -> tuple[str, str]:
    """What the map shows; and of which other run."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mode = choose(
            view.t("mode"),
            MODES,
            "mode",
            lambda m: view.t(f"mode_{m}"),
            buttons=True,
            label_visibility="collapsed",
        )
        other = ""
        if mode == "compare":
            others = [name for name in known_runs() if name != view.name]
            if not others:
                st.caption(view.t("one_run"))
                return "flow", ""
            other = choose(view.t("against"), others, "with", visible, width=300)
        lines = ["", *view.store.plan.journeys]
        choose(
            view.t("line"), lines, "line", lambda j: view.called(j, "journey") if j else view.t("all_lines"), width=300
        )
    return mode, other


def only(layout: Layout, journey: str) -> dict[str, list[Any]] | None:
    """The tracks and stations of one line; nothing: all of them."""
    tracks = [n for n, t in enumerate(layout.tracks) if layout.lines[t.line].journey == journey]
    stations = {s for n in tracks for s in (layout.tracks[n].origin, layout.tracks[n].target)}
    return {"tracks": list(tracks), "stations": sorted(stations)} if tracks else None


@st.fragment
def everything(view: View, svg: str, mode: str) -> None:
    """The map and its panel: a click draws only this again."""
    series, at = None, 0
    if mode == "flow":
        series = by_week(*view.store.key, view.store)
        labels = [view.t("whole_period"), *(week_name(view, n) for n in range(len(series["tracks"])))]
        series = series | {"labels": labels}
        at = week_asked(len(series["tracks"]))
    texts = {name: view.t(name) for name in BUTTONS}
    if "chosen_pick" in st.session_state:  # from another page
        st.query_params["pick"] = st.session_state.pop("chosen_pick")
    picked = str(st.query_params.get("pick", ""))
    layout = laid_out(*view.store.key, view.store)
    shown = only(layout, str(st.session_state.get("line", "")))
    metro(
        svg,
        aspect_of(svg),
        texts,
        key=WIDGET,
        picked=picked,
        weeks=series,
        on_pick=remember,
        lived=shown,
        lang=view.lang,
        at=at,
        on_week=remember_week,
    )
    st.caption(view.t("map_help"))
    if picked:
        page_station.show(view, layout, picked)


def beside(view: View, other: str) -> None:
    """The map of this run above that of another one: what each line gains and loses."""
    heading(view.t("map_gap"), view.t("map_gap_why"))
    try:
        svg = picture(*view.store.key, "compare", view.lang, view.weeks, other, view.store)
    except BifurqueError as error:
        trouble(view.lang, error)
        return
    texts = {name: view.t(name) for name in BUTTONS}
    metro(svg, aspect_of(svg), texts, key="metro_beside", picked="", weeks=None, on_pick=to_map)


def to_map(widget: str = "metro_beside", mode: str = "compare") -> None:
    """What was clicked on a map of another page is shown on the page of the map."""
    picked = getattr(st.session_state.get(widget), "pick", None)
    if isinstance(picked, str):
        for name, value in (("chosen_pick", picked), ("mode", mode), ("go_to", "map")):
            st.session_state[name] = value


def aspect_of(svg: str) -> float:
    """The width of a picture by its height."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return float(found[1]) / float(found[2]) if found else 3.0


def remember() -> None:
    """What was clicked goes into the address."""
    picked = getattr(st.session_state.get(WIDGET), "pick", None)
    if isinstance(picked, str):
        st.query_params["pick"] = picked


def week_asked(weeks: int) -> int:
    """Where the slider stands: at the week of the address; at the whole period, 0, where there is no such week."""
    asked = str(st.query_params.get("week") or st.session_state.get("chosen_week") or "")
    names = [str(n) for n in range(weeks)]
    note("week", asked if asked in names else "", "")
    return names.index(asked) + 1 if asked in names else 0


def remember_week() -> None:
    """The week the slider was let go at goes into the address, counted from 0 as everywhere."""
    place = getattr(st.session_state.get(WIDGET), "week", None)
    if isinstance(place, int | float):
        note("week", str(int(place) - 1) if place >= 1 else "", "")


def week_name(view: View, week: int) -> str:
    """A week by its first day."""
    import datetime as dt

    start = dt.datetime.fromtimestamp(view.store.run.manifest["start"] + 43200, dt.UTC).date()
    return view.t("week_of", day(view.lang, start + dt.timedelta(days=7 * week)))


def as_table(view: View, layout: Layout) -> None:
    """The same map as a table: every station with its figures."""
    rows: Rows = []
    for station in layout.stations:
        journey, _, step = station.id.partition("/")
        if not step:
            continue
        found = page_station.figures_of(view, layout, station)
        title = station.title.fr if view.lang == "fr" else station.title.en
        row: dict[str, Any] = {"journey": view.called(journey, "journey"), "station": visible(title or step)}
        rows.append(row | {k: found[k] for k in ("arrived", "left_on", "sent", "lost", "first_reason")})
    heading(view.t("stations"))
    table(view, rows, {k: view.t(k) for k in rows[0]} if rows else {}, "stations")

"""The dashboard: its frame, and the pages in it. Streamlit runs this file for every visitor."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path as File

import streamlit as st
from PIL import Image, ImageDraw

from bifurque.dashboard import (
    launching,
    page_arbitration,
    page_board,
    page_compare,
    page_contact,
    page_launch,
    page_lifecycle,
    page_map,
    page_pressure,
    page_results,
    page_sql,
    page_turning,
)
from bifurque.dashboard.address import choose, span
from bifurque.dashboard.jobs import EXAMPLE, watch
from bifurque.dashboard.parts import View, trouble
from bifurque.dashboard.runs import Store, given, known_runs, open_store
from bifurque.dashboard.texts import T
from bifurque.dashboard.wording import brief, day, plain, visible
from bifurque.engine.zones import read_zone
from bifurque.rules.errors import BifurqueError

PAGES: dict[str, Callable[[View], None]] = {
    "map": page_map.show,
    "results": page_results.show,
    "compare": page_compare.show,
    "pressure": page_pressure.show,
    "arbitration": page_arbitration.show,
    "turning": page_turning.show,
    "lifecycle": page_lifecycle.show,
    "contact": page_contact.show,
}
WORKSHOP: dict[str, Callable[[View], None]] = {
    "launch": page_launch.show,
    "board": page_board.show,
    "sql": page_sql.show,
}
LOG = logging.getLogger("bifurque.dashboard")
STYLE = """<style>
[data-testid="stElementToolbar"]{display:none}
.block-container{padding-top:4.4rem;max-width:1500px}
[data-testid="stMetricValue"]{font-size:1.55rem;font-variant-numeric:tabular-nums}
.block-container h2{font-size:1.6rem}
[data-testid="stCaptionContainer"]{color:inherit;opacity:.78}
[data-testid="stCaptionContainer"] *{color:inherit}
[data-testid="stBaseButton-primary"]{background:#2F45C4;border-color:#2F45C4}
@media (max-width:640px){.block-container{padding-left:.8rem;padding-right:.8rem}}
</style>"""


@st.cache_resource(show_spinner=False, max_entries=16)
def store_of(folder: str, changed: float) -> Store:
    """A run, opened once and again when it has changed."""
    return open_store(File(folder))


def icon() -> Image.Image:
    """The page's own icon: any other is fetched from elsewhere."""
    found = Image.new("RGB", (32, 32), "white")
    pen = ImageDraw.Draw(found)
    pen.line((16, 30, 16, 16, 5, 3), fill="#2F45C4", width=6)
    pen.line((16, 16, 27, 3), fill="#F5500E", width=6)
    return found


def language() -> str:
    """The language that was chosen just now; else that of the address; else that of the browser; else French."""
    asked = st.session_state.get("lang") or st.query_params.get("lang") or st.session_state.get("chosen_lang")
    if asked in T:
        return str(asked)
    return "en" if (st.context.locale or "fr").lower().startswith("en") else "fr"


def main() -> None:
    """Show the page that is asked for, in its frame."""
    lang = language()
    st.set_page_config(page_title=T[lang]["product"], page_icon=icon(), layout="wide")
    st.html(STYLE)

    def page(key: str, show: Callable[[View], None]) -> st.Page:
        run = partial(one, key, show)
        return st.Page(run, title=T[lang][f"page_{key}"], url_path="" if key == "map" else key, default=key == "map")

    main_pages = [page(k, f) for k, f in PAGES.items()]
    workshop = [page(k, f) for k, f in WORKSHOP.items()]
    chosen = st.navigation({"": main_pages, T[lang]["workshop"]: workshop}, position="top")
    goal = st.session_state.pop("go_to", None)
    if goal is not None:
        st.switch_page(
            {**dict(zip(PAGES, main_pages, strict=True)), **dict(zip(WORKSHOP, workshop, strict=True))}[goal]
        )
    chosen.run()


def one(key: str, show: Callable[[View], None]) -> None:
    """One page: its title, what is looked at, then the page itself."""
    lang = language()
    if not given() and not launching.is_there(launching.example()):
        first_start(lang)
        return
    runs = known_runs()
    if not runs:
        st.warning(T[lang]["no_run"])
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title(T[lang][f"page_{key}"], anchor=False, width="content")
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="bottom", width="content"):
            lang = choose_language(lang)
    try:
        view = look_at(lang, runs)
    except BifurqueError as error:
        trouble(lang, error)
        return
    st.caption(view.t(f"why_{key}"))
    try:
        show(view)
    except BifurqueError as error:
        trouble(lang, error)
    except Exception as error:  # a damaged table, a fault of ours: told in the reader's language, and in the log
        LOG.exception("page %s", key)
        trouble(lang, error)


def choose_language(lang: str) -> str:
    """Two buttons, and the address tells which."""
    st.session_state.setdefault("lang", lang)
    return choose("Langue / Language", list(T), "lang", str, buttons=True, default="", label_visibility="collapsed")


def look_at(lang: str, runs: dict[str, File]) -> View:
    """Which run, who, and when: the whole of it stands in the address."""
    text = T[lang]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = choose(text["run"], list(runs), "run", visible, width=260)
        folder = runs[name]
        store = store_of(str(folder), (folder / "manifest.json").stat().st_mtime)
        names = store.names(lang)
        groups = ["all", *(f"persona.{p}" for p in store.plan.personas), *(f"segment.{s}" for s in store.plan.segments)]

        def called(group: str) -> str:
            kind, _, what = group.partition(".")
            return text["all"] if kind == "all" else f"{text[kind]} · {names.get(what, visible(what))}"

        group = choose(text["who"], groups, "segment", called, width=260)
        last = max(store.weeks - 1, 1)
        weeks = span(text["period"], last, "weeks", width=260)
        manifest = store.run.manifest
        begins = dt.datetime.fromtimestamp(manifest["start"], read_zone(store.plan.zone)).date()
        told = text["about_run"].format(
            *(brief(lang, manifest["contacts"]), manifest["days"], manifest["seed"], plain(store.plan.plan)),
            day(lang, begins),
        )
        st.caption(told, width="content")
    kind, _, segment = group.partition(".")
    return View(store, name, lang, kind, segment, weeks)


def first_start(lang: str) -> None:
    """No run yet: the bundled example is simulated, once."""
    text = T[lang]
    st.title(text["product"], anchor=False)
    st.write(text["first_start"])
    watch(lang, EXAMPLE, launching.simulate_example)


if __name__ == "__main__":
    main()

"""Processes at work, as a page follows them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from bifurque.dashboard import launching
from bifurque.dashboard.parts import technical
from bifurque.dashboard.texts import T

EXAMPLE = "example"
"""The job without which there is nothing to see."""


def watch(lang: str, key: str, begin: Callable[[], launching.Job]) -> None:
    """Start a job unless it runs, and follow it; the page is drawn again when it is over."""
    jobs = all_jobs()
    if key not in jobs:
        jobs[key] = begin()
    follow(lang, key)


@st.cache_resource(show_spinner=False)
def all_jobs() -> dict[str, launching.Job]:
    """The jobs of this process, by what they are for."""
    return {}


@st.fragment(run_every=0.5)
def follow(lang: str, key: str) -> None:
    """How far a job is."""
    job = all_jobs().get(key)
    if job is None:
        return
    if job.failed:
        st.error(T[lang]["trouble"])
        st.code(technical(job.failed, lang), language=None, wrap_lines=True)
        if st.button(T[lang]["again"], key=f"again_{key}"):
            del all_jobs()[key]
            st.rerun()
        return
    if job.finished:
        del all_jobs()[key]
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.done, T[lang]["preparing" if job.done == 0 else "simulating"])
        if key != EXAMPLE and st.button(T[lang]["stop"], key=f"stop_{key}"):
            job.stop()
            del all_jobs()[key]
            st.rerun()

"""Simulate: change a value, see what `check` says, run it, compare at once."""

from __future__ import annotations

from pathlib import Path as File

import streamlit as st

from bifurque.dashboard import address, editing, jobs, launching
from bifurque.dashboard.parts import View, heading
from bifurque.dashboard.wording import number, plain, visible
from bifurque.engine.problems import Problem

LINES = 30


def show(view: View) -> None:
    """The plan of this run, with some values replaced."""
    heading(view.t("changes"), view.t("changes_why"))
    changes = edited(view)
    usable = told(view, editing.findings(view.store.run.manifest["plan"]["text"], changes))
    size = settings(view)
    key = "launched"
    if key in jobs.all_jobs():
        st.session_state["launching"] = str(jobs.all_jobs()[key].out)
        jobs.watch(view.lang, key, lambda: jobs.all_jobs()[key])
        return
    if st.button(view.t("launch"), type="primary", disabled=not usable, key="start"):
        begin(view, changes, size)
    finished(view)


def edited(view: View) -> list[str]:
    """Paths and new values; the address holds them."""
    manifest = view.store.run.manifest["plan"]
    values = known_values(manifest["text"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        path = st.selectbox(
            view.t("path_of"),
            [None, *values],
            key="path",
            placeholder=view.t("choose"),
            format_func=lambda p: "" if p is None else visible(p, 90),
            width=420,
        )
        was = values.get(str(path), "")
        new = st.text_input(view.t("new_value"), key=f"new_{path}", placeholder=visible(was), width=200)
        if st.button(view.t("add"), key="add", disabled=path is None or not new.strip()):
            text = asked()
            changed = [c for c in text if not c.startswith(f"{path}=")]
            st.session_state["set"] = "\n".join([*changed, f"{path}={new.strip()}"])
    own = "\n".join(manifest["set"])
    address.text("set", own)
    st.text_area(view.t("as_set"), key="set", help=view.t("as_set_help"), height=100)
    address.note("set", str(st.session_state["set"]), own)
    return asked()


def asked() -> list[str]:
    """The changes as they stand in the field."""
    return [line.strip() for line in str(st.session_state.get("set", "")).splitlines() if line.strip()]


@st.cache_data(show_spinner=False, max_entries=20)
def known_values(text: str) -> dict[str, str]:
    """What may be changed in a plan."""
    return editing.values(text)


def told(view: View, found: list[Problem]) -> bool:
    """What `check` says, as one edits; whether the plan can run."""
    errors = [p for p in found if p.level == "error"]
    if not found:
        st.success(view.t("clean"))
    for problem in found[:LINES]:
        write = st.error if problem.level == "error" else st.warning
        write(plain(problem.told(view.lang), 400))
    if len(found) > LINES:
        st.caption(view.t("and_more", len(found) - LINES))
    return not errors


def settings(view: View) -> dict[str, int]:
    """How many contacts, how long, which luck."""
    manifest = view.store.run.manifest
    st.caption(view.t("same_luck"))
    with st.container(horizontal=True):
        contacts = st.number_input(
            view.t("contacts"), 1, 10_000_000, int(manifest["contacts"]), key="contacts", width=180
        )
        days = st.number_input(view.t("days"), 1, 3700, int(manifest["days"]), key="days", width=140)
        seed = st.number_input(view.t("seed"), 0, 2**31, int(manifest["seed"]), key="seed", width=140)
    return {"contacts": int(contacts), "days": int(days), "seed": int(seed)}


def begin(view: View, changes: list[str], size: dict[str, int]) -> None:
    """Start the process; with inputs of the run, they are used again."""
    manifest = view.store.run.manifest
    options: dict[str, object] = {"overrides": changes, "behaviour": manifest["behaviour"], **size}
    inputs = {name: known["file"] for name, known in manifest["inputs"].items()}
    if inputs:
        options |= inputs
        if "population" in inputs or not manifest["asked"]:
            del options["contacts"]
    name = "-".join(changes[-1:]) or f"{view.store.plan.plan}-{size['seed']}"
    job = launching.simulate(manifest["plan"]["text"], name, **options)
    jobs.all_jobs()["launched"] = job
    st.session_state["launching"] = str(job.out)
    st.rerun()


def finished(view: View) -> None:
    """The way on from what was just simulated."""
    out = st.session_state.get("launching")
    if not out or not launching.is_there(File(out)):
        return
    name = File(out).name
    st.success(view.t("launched", plain(name), number(view.lang, int(view.store.run.manifest["contacts"]))))

    def compare() -> None:
        st.session_state["run"], st.session_state["with"] = name, view.name

    if st.button(view.t("compare_now"), key="compare_now", on_click=compare):
        st.session_state["go_to"] = "compare"
        st.rerun()

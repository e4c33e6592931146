"""Scenarios: each journey with its best known change, what it would bring, and how far one is with it."""

from __future__ import annotations

import json
from pathlib import Path as File
from typing import Any

import pyarrow as pa
import streamlit as st

from bifurque.dashboard import launching
from bifurque.dashboard.parts import View, downloads, heading, nothing
from bifurque.dashboard.runs import Rows, Store, home, known_runs, open_store
from bifurque.dashboard.wording import visible
from bifurque.engine.run import write_json
from bifurque.rules.errors import BifurqueError

FILE = "board.json"
STATES = ("idea", "testing", "adopted")


def show(view: View) -> None:
    """All changes that were simulated with this run's people and luck, by what they change."""
    heading(view.t("board"), view.t("board_why"))
    rows = scenarios(view)
    if not rows:
        nothing(view, "no_scenario")
        return
    noted = read(home() / FILE)
    names = {view.t(f"state_{s}"): s for s in STATES}
    for row in rows:
        row["state"] = view.t(f"state_{noted.get(row['key'], 'idea')}")
    config = {
        k: st.column_config.NumberColumn(view.t(f"board_{k}"), format="localized") for k in ("gain", "unsubscribed")
    }
    config |= {k: st.column_config.TextColumn(view.t(f"board_{k}")) for k in ("journey", "change", "run")}
    config["state"] = st.column_config.SelectboxColumn(view.t("board_state"), options=list(names), required=True)
    keys = ("journey", "change", "gain", "unsubscribed", "state", "run")
    shown = [{k: row[k] for k in keys} for row in rows]
    edited = st.data_editor(
        shown,
        column_config=config,
        disabled=[k for k in keys if k != "state"],
        hide_index=True,
        placeholder="–",
        key=f"board_{view.lang}",
    )
    changed = {row["key"]: names[e["state"]] for row, e in zip(rows, edited, strict=True) if e["state"] in names}
    if any(noted.get(k, "idea") != v for k, v in changed.items()):
        write_json(home() / FILE, noted | changed)
    kept = pa.Table.from_pylist(shown)
    downloads(view, kept.rename_columns([view.t(f"board_{k}") for k in keys]), "board")


def scenarios(view: View) -> Rows:
    """Every journey, with the change that brought most; changes of the plan's laws stand for the plan."""
    base = reference(view.store)
    best: dict[str, dict[str, Any]] = {}
    for name, store in comparable(view.store):
        extra = [c for c in store.run.manifest["plan"]["set"] if c not in base.run.manifest["plan"]["set"]]
        if not extra:
            continue
        gain = store.kpis["totals"]["revenue"] - base.kpis["totals"]["revenue"]
        gone = store.kpis["totals"]["unsubscribed"] - base.kpis["totals"]["unsubscribed"]
        for journey in dict.fromkeys(map(about, extra)):
            change = visible(", ".join(extra), 160)
            row = {"key": f"{store.plan.plan}/{journey}/{change}", "change": change, "run": visible(name), "gain": gain}
            row |= {"unsubscribed": gone, "order": journey}
            if journey not in best or best[journey]["gain"] < gain:
                best[journey] = row
    found = []
    for journey in ("", *view.store.plan.journeys):
        title = view.called(journey, "journey") if journey else view.t("whole_plan")
        empty = {
            "key": f"{view.store.plan.plan}/{journey}/",
            "change": "–",
            "run": "",
            "gain": None,
            "unsubscribed": None,
        }
        found.append({"journey": title} | best.get(journey, empty))
    return sorted(found, key=lambda r: -(r["gain"] if r["gain"] is not None else -1e18))


def about(change: str) -> str:
    """The journey a change is about, or nothing."""
    first, _, rest = change.partition("=")[0].partition(".")
    return rest.partition(".")[0] if first == "journeys" else ""


def comparable(store: Store) -> list[tuple[str, Store]]:
    """Runs of the same plan by the same people with the same luck."""
    mine, found = store.run.manifest, []
    for name, folder in known_runs().items():
        if not launching.is_there(folder):
            continue
        try:
            other = open_store(folder)
        except BifurqueError:
            continue
        theirs = other.run.manifest
        alike = all(theirs[k] == mine[k] for k in ("seed", "contacts", "days", "behaviour"))
        if alike and theirs["plan"]["sha256"] == mine["plan"]["sha256"]:
            found.append((name, other))
    return found


def reference(store: Store) -> Store:
    """The run with the fewest changes: what others are measured against."""
    return min((s for _, s in comparable(store)), key=lambda s: len(s.run.manifest["plan"]["set"]), default=store)


def read(file: File) -> dict[str, str]:
    """The states that were noted; none when the file is not there, or damaged."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items() if v in STATES} if isinstance(found, dict) else {}

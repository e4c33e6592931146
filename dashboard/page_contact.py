"""One contact: what happened to this person, and why?"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import altair as alt
import streamlit as st

from bifurque.dashboard import address, contact_path, launching
from bifurque.dashboard.parts import ACCENT, QUIET, SECOND, View, chart, data, figures, heading, nothing, table, trouble
from bifurque.dashboard.runs import Rows
from bifurque.dashboard.wording import day, moment, money, number, plain, visible
from bifurque.engine.why import Answer, told
from bifurque.engine.zones import read_zone
from bifurque.rules.errors import DataError

COLOURS = {"sent": ACCENT, "held": "#E0A100", "dropped": SECOND, "replaced": QUIET, "event": "#199A16"}


def show(view: View) -> None:
    """A person, by number or by fate; then each decision about them, with its reason."""
    if "sample_walks" not in view.store.tables:
        nothing(view)
        return
    contact = choose(view)
    if not contact:
        return
    try:
        rows, events, known = lived(view, contact)
    except DataError as error:
        trouble(view.lang, error, "contact_unknown")
        return
    if not rows and not events:
        st.info(view.t("no_contact", plain(contact)))
        return
    zone = str(known["zone"])
    person(view, contact, rows, events, known)
    contact_path.show(view, contact, rows, zone)
    timeline(view, rows, events, zone)
    hours(view, rows, events, zone)
    decisions(view, rows, events, zone)


def choose(view: View) -> str:
    """A field for a number, and people worth meeting."""
    found = kinds(view)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = str(next(iter(found.values()), ""))
        address.text("contact", first)
        text = st.text_input(view.t("contact"), key="contact", width=220)
        address.note("contact", str(text or ""), first)
        for kind, who in found.items():
            st.button(view.t(f"kind_{kind}"), key=f"who_{kind}", on_click=_pick, args=(str(who),))
    return str(text or "").strip()


def _pick(who: str) -> None:
    st.session_state["contact"] = who


def kinds(view: View) -> dict[str, int]:
    """Sampled people by what became of them: typical, most written to, most silenced, best customer."""
    only = {"persona": "WHERE persona = ?"}.get(view.kind, "")
    values = (view.segment,) if only else ()
    paid = ", ".join("?" for _ in view.store.money_events) or "''"
    rows = view.rows(
        f"""WITH lives AS (SELECT contact, count(*) FILTER (WHERE outcome = 'sent') AS sent,
               count(*) FILTER (WHERE outcome = 'dropped') AS dropped FROM sample_walks {only} GROUP BY contact),
             money AS (SELECT contact, sum(value) AS cents FROM sample_events WHERE type IN ({paid}) GROUP BY contact)
           SELECT arg_min(contact, abs(sent - (SELECT median(sent) FROM lives WHERE sent > 0)) + contact / 1e12)
               AS typical,
             arg_max(contact, sent) AS most, arg_max(contact, dropped) AS silenced,
             arg_max(contact, coalesce(cents, 0)) AS best
           FROM lives LEFT JOIN money USING (contact)""",
        *values,
        *view.store.money_events,
    )
    return {k: v for k, v in rows[0].items() if v is not None} if rows else {}


def lived(view: View, contact: str) -> tuple[Rows, Rows, dict[str, Any]]:
    """Decisions and events of a contact, and who it is: from the sample, or lived again.

    Raises:
        DataError: the run has no such contact.
        BifurqueError: a file of the run is gone.
    """
    number_ = int(contact) if contact.isdecimal() and len(contact) < 19 else -1
    rows = view.rows("SELECT * FROM sample_walks WHERE contact = ?", number_)
    if rows:
        return rows, view.rows("SELECT * FROM sample_events WHERE contact = ?", number_), rows[0]
    with st.spinner(view.t("living")):
        known = contact_path.walked(*view.store.key, contact)
        return again(*view.store.key, contact), known["events"], known


@st.cache_data(show_spinner=False, max_entries=50)
def again(folder: str, digest: str, contact: str) -> Rows:
    """A life, lived again in a process of its own."""
    from pathlib import Path as File

    found = launching.life(File(folder), contact)
    for row in found:
        for key in ("time", "until"):
            row[key] = dt.datetime.fromisoformat(row[key]) if row[key] else None
    return found


def person(view: View, contact: str, rows: Rows, events: Rows, known: dict[str, Any]) -> None:
    """Who it is, in a line of figures."""
    bought = [e for e in events if e["type"] in view.store.money_events and e["value"]]
    sent = sum(r["outcome"] == "sent" for r in rows)
    lost = sum(r["outcome"] == "dropped" for r in rows)
    spent = sum(e["value"] for e in bought) / 100
    heading(f"{view.t('contact')} {plain(contact)}")
    persona, zone = view.called(str(known["persona"]), "persona"), visible(str(known["zone"]))
    figures(
        [
            (view.t("persona"), persona, ""),
            (view.t("zone"), zone, ""),
            (view.t("sent"), number(view.lang, sent), ""),
            (view.t("dropped"), number(view.lang, lost), ""),
            (view.t("events"), number(view.lang, len(events)), ""),
            (view.t("spent"), money(view.lang, spent, view.store.plan.currency), ""),
        ]
    )


def points(view: View, rows: Rows, events: Rows, zone: str) -> Rows:
    """Decisions about messages, and events, on the contact's wall clock."""
    info = read_zone(zone)
    found: Rows = [
        {"time": row["time"].astimezone(info), "lane": view.called(row["journey"], "journey"), "what": row["outcome"]}
        | {"name": view.called(row["message"], "message"), "reason": _reason(view, row)}
        for row in rows
        if row["message"]
    ]
    found += [
        {"time": event["time"].astimezone(info), "lane": view.t("events"), "what": "event"}
        | {"name": did(view, event), "reason": view.called(event["message"], "message") if event["message"] else ""}
        for event in events
    ]
    return [p | {"what": view.t(f"dot_{p['what']}"), "hour": p["time"].hour} for p in found]


def did(view: View, event: dict[str, Any]) -> str:
    """What a contact did, in words; a mail program that opens by itself is told apart."""
    return view.t("machine_open") if event["source"] == "machine" else view.called(event["type"], "event")


def quoted(view: View, line: str) -> str:
    """A line whose titles stand between the quotation marks of the reader's language."""
    return re.sub(r"`([^`]*)`", r"« \1 »" if view.lang == "fr" else r"“\1”", line)


def _reason(view: View, row: dict[str, Any]) -> str:
    return "" if row["outcome"] == "sent" else view.reason(row["reason"])


def colours(view: View) -> alt.Color:
    """What happened, by colour and by name."""
    names = [view.t(f"dot_{k}") for k in COLOURS]
    return alt.Color("what:N", title=None, scale=alt.Scale(domain=names, range=list(COLOURS.values())))


def timeline(view: View, rows: Rows, events: Rows, zone: str) -> None:
    """The whole path, a lane for each journey."""
    found = points(view, rows, events, zone)
    if not found:
        return
    heading(view.t("path"), view.t("path_why"))
    written = [p | {"time": p["time"].strftime("%Y-%m-%dT%H:%M:%S")} for p in found]
    drawing = (
        alt.Chart(data(written))
        .mark_point(filled=True, size=70, opacity=0.85)
        .encode(
            x=alt.X("time:T", title=None, axis=alt.Axis(format="%d/%m", grid=True)),
            y=alt.Y("lane:N", title=None, axis=alt.Axis(labelLimit=200)),
            color=colours(view),
            shape=alt.Shape("what:N", legend=None),
            tooltip=["time:T", "name:N", "what:N", "reason:N"],
        )
        .properties(height=alt.Step(26))
        .interactive(bind_y=False)
    )
    sent = sum(r["outcome"] == "sent" for r in rows)
    chart(view, drawing, view.t("path_alt", number(view.lang, sent), number(view.lang, len(events))))


def hours(view: View, rows: Rows, events: Rows, zone: str) -> None:
    """A day of 24 hours: when this person lives, and when they are written to."""
    found = points(view, rows, events, zone)
    if not found:
        return
    heading(view.t("hours"), view.t("hours_why"))
    counts: dict[tuple[int, str], int] = {}
    for p in found:
        counts[p["hour"], p["what"]] = counts.get((p["hour"], p["what"]), 0) + 1
    drawing = (
        alt.Chart(data([{"hour": h, "what": w, "n": n} for (h, w), n in counts.items()]))
        .mark_bar()
        .encode(
            x=alt.X(
                "hour:O", title=view.t("hour"), scale=alt.Scale(domain=list(range(24))), axis=alt.Axis(labelAngle=0)
            ),
            y=alt.Y("n:Q", title=None),
            color=colours(view),
            tooltip=["hour:O", "what:N", "n:Q"],
        )
        .properties(height=170)
    )
    busiest = max(counts, key=lambda k: counts[k])
    chart(view, drawing, view.t("hours_alt", busiest[0], busiest[1]))


def decisions(view: View, rows: Rows, events: Rows, zone: str) -> None:
    """Every decision in words, on the contact's wall clock."""
    heading(view.t("decisions_of"), view.t("decisions_why"))
    info = read_zone(zone)
    rules = {r.name: r.when for r in view.store.plan.rules}
    said = told(Answer(rows, zone, rules), view.lang, called=lambda kind, name: view.called(name, kind))
    lines = [
        {
            "time": row["time"],
            "when": moment(view.lang, row["time"].astimezone(info)),
            "what": quoted(view, line.split("  ", 1)[-1]),
        }
        for row, line in zip(rows, said, strict=True)
    ]
    for event in events:
        about = f" ({view.called(event['message'], 'message')})" if event["message"] else ""
        paid = event["value"] if event["type"] in view.store.money_events else None
        value = f" {money(view.lang, paid / 100, view.store.plan.currency)}" if paid else ""
        text = f"● {did(view, event)}{about}{value}"
        lines.append({"time": event["time"], "when": moment(view.lang, event["time"].astimezone(info)), "what": text})
    lines.sort(key=lambda r: r["time"])
    first, last = (day(view.lang, lines[i]["time"].astimezone(info).date()) for i in (0, -1))
    st.caption(plain(view.t("from_to", first, last), 200))
    table(view, lines, {"when": view.t("when"), "what": view.t("what_happened")}, "decisions", what=_wide)


def _wide(titled: str) -> Any:
    return st.column_config.TextColumn(titled, width="large")

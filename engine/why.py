"""Why: every decision about one contact, in time order, with its reason; its life is lived again for that."""

from __future__ import annotations

import datetime as dt
from pathlib import Path as File
from typing import Any

import numpy as np
from msgspec import Struct

from bifurque.actors.lane import RAN_OUT_OF_ROOM, run_lane
from bifurque.actors.layout import P_ZONE
from bifurque.engine.contacts import contact_number
from bifurque.engine.durable import stepping
from bifurque.engine.ledger import Tabulator, taken
from bifurque.engine.people import Drawn
from bifurque.engine.run import Run, read_parquet, sha256
from bifurque.engine.setting import Setting, prepare
from bifurque.engine.words import entry, reason, say
from bifurque.engine.zones import known_zones, near_zone, read_zone
from bifurque.rules.errors import DataError, RunError, did_you_mean, nearest, short
from bifurque.rules.layout import CONTACT, EVENTS_COUNT, MISSING, NEXT_CONTACT, ROWS_COUNT


def setting_of(run: Run, rows: int = 1 << 13) -> Setting:
    """The setting of a run, from its manifest and the files it was made of.

    Args:
        run: the run.
        rows: how many decision rows a lane holds at a time.

    Raises:
        RunError: a file of the run is no longer what it was.
    """
    manifest = run.manifest
    files: dict[str, File] = {}
    for name, known in manifest["inputs"].items():
        file = File(known["file"])
        if not file.is_file():
            raise RunError(f"{file}: the {name} of this run is no longer there: bring it back to look into the run")
        if sha256(file) != known["sha256"]:
            raise RunError(f"{file}: the {name} file has changed since the run")
        files[name] = file
    plan = manifest["plan"]
    return prepare(
        plan["text"] if "\n" in plan["text"] else plan["text"] + "\n",
        overrides=plan["set"],
        contacts=manifest["contacts"] if "population" not in files and (manifest["asked"] or not files) else None,
        days=manifest["days"],
        seed=manifest["seed"],
        behaviour=manifest["behaviour"],
        population=files.get("population"),
        events=files.get("events"),
        rows=rows,
    )


def replay(setting: Setting, contact: int, rules_engine: str = "kernel") -> tuple[Any, Any]:
    """One contact's decisions and events, lived again by the uncompiled step.

    Its rules are fired by the kernel, or by durable-rules.

    Raises:
        DataError: nobody has this number in the run.
    """
    place = setting.people.find(contact)
    if place < 0:
        raise DataError(f"no contact `{contact}` in this run")
    stretch = setting.stretch(0, place, place + 1, 1.0)
    tabulator = Tabulator(setting.program, setting.texts)
    decisions, events = [], []
    more = RAN_OUT_OF_ROOM
    with np.errstate(over="ignore"), stepping(setting, rules_engine) as (words, of):
        words[CONTACT], words[NEXT_CONTACT] = MISSING, 0
        while more == RAN_OUT_OF_ROOM:
            more = of(run_lane)(words, stretch.people, stretch.events, stretch.bounds)
            rows, happened = taken(words)
            decisions.append(rows.copy())
            events.append(happened.copy())
            words[ROWS_COUNT] = words[EVENTS_COUNT] = 0
    return tabulator.decisions(np.concatenate(decisions)), tabulator.events(np.concatenate(events))


def find_contact(run: Run, text: str) -> int:
    """The number of a contact by what a person types: an external id, or a number.

    Raises:
        DataError: the run has no such contact.
    """
    table = run.folder / "contacts.parquet"
    if table.is_file():
        import pyarrow.compute as pc

        ids = read_parquet(table)
        at = pc.index(ids["id"], text).as_py()
        if at >= 0:
            return int(ids["contact"][at].as_py())
    return contact_number(text)


DONE = ("opened", "machine", "clicked", "unsubscribed", "complained", "bounced", "answered")
"""What people do with messages, as far as there are words for it; any other event by its name."""


class Answer(Struct, frozen=True):
    """Every decision about one contact, and the clock on its wall."""

    rows: list[dict[str, Any]]
    zone: str
    rules: dict[str, str] = {}  # the plan's rules, with their conditions
    lived: list[dict[str, Any]] = []  # what the contact did, and mail programs for it


def why(run: Run, contact: str, message: str | None = None, rules_engine: str = "kernel") -> Answer:
    """Every decision about one contact in time order, each with its reason; of one message if it is named.

    The contact lives again; `rules_engine` may be `durable`, then durable-rules says which rule fires.

    Raises:
        DataError: no such contact, or no such message.
        RunError: a file of the run is no longer what it was; durable-rules cannot be loaded, or fails.
    """
    setting = setting_of(run)
    names = setting.program.names
    if message is not None and message not in names.messages:
        raise DataError(f"no message is called `{short(message)}`" + did_you_mean(message, names.messages))
    number = find_contact(run, contact)
    place = setting.people.find(number)
    if place < 0:
        raise DataError(f"{run.folder}: no contact `{short(contact)}` in this run{_who(setting, contact)}")
    decisions, events = replay(setting, number, rules_engine)
    rows: list[dict[str, Any]] = decisions.to_pylist()
    zone = int(setting.people.rows(place, place + 1)[0, P_ZONE])
    rules = {r.name: r.when for r in setting.plan.rules}
    kept, lived = ([r for r in found if message in (None, r["message"])] for found in (rows, events.to_pylist()))
    return Answer(kept, names.zones[max(zone, 0)], rules, lived)


def _who(setting: Setting, contact: str) -> str:
    """The end of a message about an unknown contact."""
    people = setting.people
    if people.ids is not None:
        near = nearest(contact, people.ids["id"][:100_000].to_pylist())
        return f"; did you mean `{short(near)}`?" if near else ""
    if isinstance(people, Drawn) and people.numbers is None:
        return f": they are numbered from 0 to {people.count - 1}"
    return ""


def told(answer: Answer, lang: str, zone: str | None = None, *, events: bool = False) -> list[str]:
    """Decisions in words, one line each, on the contact's wall clock or that of a zone; `events`: and what it did."""
    if zone is not None and zone not in known_zones():
        raise DataError(f"no time zone is called `{short(zone)}`" + near_zone(zone))
    info = read_zone(zone or answer.zone)
    lines = [(row["time"], 1, _said(row, lang, info, answer.rules)) for row in answer.rows]
    lines += [(row["time"], 0, _done(row, lang)) for row in answer.lived if events]
    lines.sort(key=lambda line: line[:2])
    return [f"{time.astimezone(info):%Y-%m-%d %H:%M:%S %Z}  {text}" for time, _, text in lines]


def _done(row: dict[str, Any], lang: str) -> str:
    """What the contact did, in words; a mail program that opens by itself is told apart."""
    kind = "machine" if row["source"] == "machine" else row["type"]
    text = say(lang, f"lived.{kind}") if kind in DONE else kind
    about = ", ".join(str(row[k]) for k in ("message", "key") if row[k])
    return f"→ {text}" + (f" ({about})" if about else "")


def _said(row: dict[str, Any], lang: str, info: dt.tzinfo, rules: dict[str, str]) -> str:
    if not row["message"]:
        return _moved(row, lang, rules)
    text = f"{row['message']} ({row['channel']}, {row['journey']}): {say(lang, 'outcome.' + row['outcome'])}"
    if row["outcome"] == "sent":
        return text
    parts = [reason(lang, row["reason"])]
    if row["reason"] == "expired" and row["cause"] not in ("due", "release", ""):
        parts.append(reason(lang, row["cause"]))
    if row["winner"]:
        parts.append(say(lang, "why.because", row["winner"]))
    if row["until"] is not None and row["outcome"] == "held":
        parts.append(say(lang, "why.until", f"{row['until'].astimezone(info):%Y-%m-%d %H:%M}"))
    return f"{text} — {', '.join(parts)}"


def _moved(row: dict[str, Any], lang: str, rules: dict[str, str]) -> str:
    """A row without a message: a rule, an entry, an exit, a stage."""
    cause, _, detail = row["cause"].partition(":")
    journey, winner = row["journey"], row["winner"]
    if row["reason"] == "quarantined":
        return say(lang, "why.looped", winner) if winner else say(lang, "why.stopped")
    if cause == "rule":
        return say(lang, "why.rule", detail, rules.get(detail, ""))
    if winner in rules:
        return say(lang, "why.rule_moved" if cause == "transfer" else "why.rule_left", journey, winner)
    if row["reason"] == "preempted":
        return say(lang, "why.refused" if row["visit"] == 0 else "why.preempted", journey, winner)
    if cause == "entry":
        return say(lang, "why.entry", journey, entry(lang, detail))
    if cause == "resumed":
        return say(lang, "why.entry", journey, entry(lang, cause))
    if cause == "exit":
        return say(lang, "why.exit_event", journey, detail) if detail else say(lang, "why.exit", journey)
    if cause == "stage":
        return say(lang, "why.stage", row["step"])
    if cause == "transfer":
        return say(lang, "why.transfer", journey, winner) if winner else say(lang, "why.entry", journey, cause)
    known = {"end": "why.end", "replaced": "why.replaced"}
    if cause == "queued":
        return say(lang, "why.queued", journey, winner)
    return say(lang, known[cause], journey)

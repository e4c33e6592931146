"""Why: every decision about one contact, in time order, with its reason; its life is lived again for that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path as File
from typing import Any

import numpy as np
from msgspec import Struct

from bifurque.engine.answers import answers_to, friend_of
from bifurque.engine.contacts import contact_number
from bifurque.engine.durable import in_engine
from bifurque.engine.evidence import Because
from bifurque.engine.explain import as_data, explained
from bifurque.engine.letters import read_letters
from bifurque.engine.lives import Life, relive
from bifurque.engine.living import kept_share
from bifurque.engine.people import Drawn, kept
from bifurque.engine.run import Run, read_parquet, sha256
from bifurque.engine.setting import Setting, prepare
from bifurque.engine.words import Called, by_name, entry, language, reason, say
from bifurque.engine.zones import known_zones, near_zone, read_zone
from bifurque.rules.errors import DataError, RunError, did_you_mean, nearest, short
from bifurque.rules.syntax import Node


def setting_of(run: Run, more: tuple[str, ...] = (), rows: int = 1 << 13) -> Setting:
    """The setting of a run, from its manifest and the files it was made of; with more overrides if there are any.

    Raises:
        RunError: a file of the run is no longer what it was.
    """
    asked = asked_of(run)
    letters = read_letters(run.folder) if not more else None  # another plan may be about other letters
    return prepare(**asked | {"overrides": [*asked["overrides"], *more], "rows": rows, "letters": letters})


def asked_of(run: Run) -> dict[str, Any]:
    """What a run was asked: the arguments of `prepare` that make its setting again.

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
    return {
        "plan": plan["text"] if "\n" in plan["text"] else plan["text"] + "\n",
        "overrides": plan["set"],
        "contacts": manifest["contacts"] if "population" not in files and (manifest["asked"] or not files) else None,
        "days": manifest["days"],
        "seed": manifest["seed"],
        "behaviour": manifest["behaviour"],
        "population": files.get("population"),
        "events": files.get("events"),
    }


def replay(
    setting: Setting, contact: int, rules_engine: str = "kernel", answers: Sequence[int] = ()
) -> tuple[Any, Any]:
    """One contact's decisions and events, lived again by the uncompiled step.

    Its rules are fired by the kernel, or by durable-rules; `answers`: what it got when it asked for something shared.

    Raises:
        DataError: nobody has this number in the run; there are fewer answers than it asks for.
    """
    with in_engine(setting, rules_engine) as (words, hands):
        life = relive(setting, contact, answers=answers, watched=False, hands=hands, words=words)
    return life.decisions, life.events


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
    """Every decision about one contact, what each rests on, and the clock on its wall."""

    rows: list[dict[str, Any]]
    zone: str
    rules: dict[str, str] = {}  # the plan's rules, with their conditions
    lived: list[dict[str, Any]] = []  # what the contact did, and mail programs for it
    because: list[Because] = []  # what each row rests on
    segments: dict[str, Node] = {}
    notes: list[str] = []

    def segment(self, name: str) -> Node:
        """The tree of a segment."""
        return self.segments[name]

    @property
    def data(self) -> list[dict[str, Any]]:
        """Rows with what they rest on, for programs."""
        pairs = zip(self.rows, self.because, strict=True)
        return [row | {"because": as_data(found, self.segment)} for row, found in pairs]


def why(run: Run, contact: str, message: str | None = None, rules_engine: str = "kernel") -> Answer:
    """Every decision about one contact in time order, each with its reason; of one message if it is named.

    Args:
        run: the run.
        contact: its number, or its id in the files of the run.
        message: only decisions about this message.
        rules_engine: `kernel`; or `durable`: durable-rules says which rule fires.

    Raises:
        DataError: no such contact, or no such message.
        RunError: a file of the run is no longer what it was, or the life is not the one in the ledger; durable-rules
            cannot be loaded, or fails.
    """
    setting = setting_of(run)
    names = setting.program.names
    if message is not None and message not in names.messages:
        raise DataError(f"no message is called `{short(message)}`" + did_you_mean(message, names.messages))
    life, notes = life_of(run, setting, contact, rules_engine)
    assert life.witness is not None
    rows, because = life.rows, life.witness.because
    chosen = [i for i, r in enumerate(rows) if message in (None, r["message"])]
    return Answer(
        rows=[rows[i] for i in chosen],
        zone=life.zone,
        rules={r.name: r.when for r in setting.plan.rules},
        lived=[r for r in life.events.to_pylist() if message in (None, r["message"])],
        because=[because[i] for i in chosen],
        segments=life.witness.readings.segments,
        notes=notes,
    )


def life_of(run: Run, setting: Setting, contact: str, rules_engine: str = "kernel") -> tuple[Life, list[str]]:
    """The life of one contact of a run, lived again; and what is to be said of that.

    Raises:
        DataError: no such contact.
        RunError: it is not the life that the ledger tells.
    """
    number = find_contact(run, contact)
    friend = friend_of(run.folder, setting, number) if setting.people.find(number) < 0 else None
    if setting.people.find(number) < 0 and friend is None:
        raise DataError(f"{run.folder}: no contact `{short(contact)}` in this run{_who(setting, contact)}")
    with in_engine(setting, rules_engine) as (words, hands):
        answers = answers_to(run.folder, number)
        life = relive(setting, number, answers=answers, friend=friend, hands=hands, words=words)
    made, here = str(run.manifest.get("bifurque", "?")), version("bifurque")
    if not same_life(run, life):
        raise RunError(say(language(None), "why.differs", run.folder, made, here))
    return life, [] if made == here else [say(language(None), "why.version", made, here)]


def stored_rows(run: Run, life: Life) -> list[dict[str, Any]] | None:
    """The decisions about a contact that the ledger of a run kept; None if it did not keep this contact."""
    ledger = run.manifest.get("ledger")
    share = kept_share(str(ledger), int(run.manifest["contacts"]))
    stored = share >= 1 or kept(int(run.manifest["seed"]), np.array([life.contact]), share)[0] == 1
    if not stored or not run.complete:
        return None
    if not any((run.folder / "ledger").glob("*.parquet")):  # nothing was decided about anybody
        return []
    rows: list[dict[str, Any]] = run.ledger([("contact", "==", life.contact)]).to_pylist()
    return rows


def same_life(run: Run, life: Life) -> bool:
    """Whether the ledger of a run, where it kept this contact, tells the same decisions."""
    told = stored_rows(run, life)
    return told is None or told == life.rows


def _who(setting: Setting, contact: str) -> str:
    """The end of a message about an unknown contact."""
    people = setting.people
    if people.ids is not None:
        near = nearest(contact, people.ids["id"][:100_000].to_pylist())
        return f"; did you mean `{short(near)}`?" if near else ""
    if isinstance(people, Drawn) and people.numbers is None:
        return f": they are numbered from 0 to {people.count - 1}"
    return ""


def told(
    answer: Answer,
    lang: str,
    zone: str | None = None,
    *,
    events: bool = False,
    because: bool = False,
    laws: bool = False,
    called: Called = by_name,
) -> list[str]:
    """Decisions in words, in time order.

    Args:
        answer: the decisions.
        lang: `fr` or `en`.
        zone: on whose wall clock; by default the contact's own.
        events: also what the contact did.
        because: below each, what it rests on: conditions with ticks and values, the law that said no.
        laws: there, also the laws that let a message pass.
        called: how journeys, messages and so on are called; by default by their names.

    Raises:
        DataError: no zone has this name.
    """
    info = clock_of(answer.zone, zone)
    found: list[tuple[dt.datetime, int, list[str]]] = []
    for i, row in enumerate(answer.rows):
        more = explained(answer.because[i], lang, info, answer.segment, full=laws) if because else []
        found.append(
            (row["time"], 1, [told_row(row, lang, info, answer.rules, called), *(f"    {text}" for text in more)])
        )
    done = answer.lived if events else []
    found += [(row["time"], 0, [f"{_clock(row, info)}  {_done(row, lang)}"]) for row in done]
    found.sort(key=lambda one: one[:2])
    return [line for _, _, lines in found for line in lines]


def clock_of(own: str, zone: str | None) -> dt.tzinfo:
    """The wall clock of a contact, or of a zone that is asked for.

    Raises:
        DataError: no zone has this name.
    """
    if zone is not None and zone not in known_zones():
        raise DataError(f"no time zone is called `{short(zone)}`" + near_zone(zone))
    return read_zone(zone or own)


def told_row(row: dict[str, Any], lang: str, info: dt.tzinfo, rules: dict[str, str], called: Called = by_name) -> str:
    """One decision in words."""
    return f"{_clock(row, info)}  {_said(row, lang, info, rules, called)}"


def _clock(row: dict[str, Any], info: dt.tzinfo) -> str:
    return f"{row['time'].astimezone(info):%Y-%m-%d %H:%M:%S %Z}"


def _done(row: dict[str, Any], lang: str) -> str:
    """What the contact did, in words; a mail program that opens by itself is told apart."""
    kind = "machine" if row["source"] == "machine" else row["type"]
    text = say(lang, f"lived.{kind}") if kind in DONE else kind
    about = ", ".join(str(row[k]) for k in ("message", "key") if row[k])
    return f"→ {text}" + (f" ({about})" if about else "")


def _said(row: dict[str, Any], lang: str, info: dt.tzinfo, rules: dict[str, str], called: Called) -> str:
    if not row["message"]:
        return _moved(row, lang, info, rules, called)
    message, channel, journey = (called(kind, row[kind]) for kind in ("message", "channel", "journey"))
    text = f"{message} ({channel}, {journey}): {say(lang, 'outcome.' + row['outcome'])}"
    if row["outcome"] == "sent":
        return text
    parts = [reason(lang, row["reason"])]
    if row["reason"] == "expired" and row["cause"] not in ("due", "release", ""):
        parts.append(reason(lang, row["cause"]))
    if row["winner"]:
        decisive = row["cause"] if row["reason"] == "expired" else row["reason"]
        parts.append(say(lang, "why.because", called(winner_kind(decisive), row["winner"])))
    if row["until"] is not None and row["outcome"] == "held":
        parts.append(say(lang, "why.until", f"{row['until'].astimezone(info):%Y-%m-%d %H:%M}"))
    return f"{text} — {', '.join(parts)}"


def winner_kind(reason: str) -> str:
    """What a winner is, by the reason it won: a message, a journey or a rule."""
    return {"preempted": "journey", "exited": "journey", "suppressed": "rule"}.get(reason, "message")


def _moved(row: dict[str, Any], lang: str, info: dt.tzinfo, rules: dict[str, str], called: Called) -> str:
    """A row without a message: a rule, an entry, an exit, a stage, an offer."""
    cause, _, detail = row["cause"].partition(":")
    journey, winner = called("journey", row["journey"]), row["winner"]
    if row["reason"] == "quarantined":
        return say(lang, "why.looped", winner) if winner else say(lang, "why.stopped")
    if cause == "offer":
        kept = row["until"] and f"{row['until'].astimezone(info):%Y-%m-%d %H:%M}"
        offer = called("offer", detail)
        return say(lang, "why.offer", offer, kept) if kept else say(lang, "why.no_offer", offer)
    if cause == "rule":
        return say(lang, "why.rule", detail, rules.get(detail, ""))
    if winner in rules:
        return say(lang, "why.rule_moved" if cause == "transfer" else "why.rule_left", journey, winner)
    winner = called("journey", winner)
    if row["reason"] == "preempted":
        return say(lang, "why.refused" if row["visit"] == 0 else "why.preempted", journey, winner)
    if cause == "entry":
        return say(lang, "why.entry", journey, entry(lang, detail, called))
    if cause == "resumed":
        return say(lang, "why.entry", journey, entry(lang, cause))
    if cause == "exit":
        event = called("event", detail)
        return say(lang, "why.exit_event", journey, event) if detail else say(lang, "why.exit", journey)
    if cause == "stage":
        return say(lang, "why.stage", called("stage", row["step"]))
    if cause == "transfer":
        return say(lang, "why.transfer", journey, winner) if winner else say(lang, "why.entry", journey, cause)
    known = {"end": "why.end", "replaced": "why.replaced"}
    if cause == "queued":
        return say(lang, "why.queued", journey, winner)
    return say(lang, known[cause], journey)

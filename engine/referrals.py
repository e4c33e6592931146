"""Who brought whom: invitations in a file of events, rewarded once per pair; friends who join in a simulation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import numpy as np

from bifurque.actors.host import Stretch
from bifurque.actors.layout import (
    E_CAUSE,
    E_KEY,
    E_MESSAGE,
    E_TIME,
    E_TYPE,
    E_VALUE,
    EVENT,
    P_CONTACT,
    P_JOINED,
    P_ZONE,
)
from bifurque.engine.contacts import contact_number
from bifurque.engine.imports import Imported, event_purpose, with_events
from bifurque.engine.ledger import Part
from bifurque.engine.people import Drawn
from bifurque.engine.program import Program
from bifurque.engine.sharing import Referral
from bifurque.engine.texts import Texts
from bifurque.rules.compiled import Words
from bifurque.rules.layout import MISSING, NO_KEY
from bifurque.rules.numbers import GOLD, mix64

if TYPE_CHECKING:
    from bifurque.engine.setting import Setting

FILE = "referrals.parquet"
MANY = 16384
SELF, CIRCLE, BEFORE, SECOND = "of oneself", "in a circle", "of somebody who had joined", "after that of another"
NEW = 1 << 62
"""The numbers of contacts that a simulation brings to life start here."""


@dataclass
class Invited:
    """One invitation of a file, and what became of it."""

    time: int
    by: int
    friend: int
    key: str


def reward_pairs(program: Program, imported: Imported, texts: Texts) -> Imported:
    """Events with a reward for both sides at the instant a friend joins, once per pair; refusals become a note."""
    referral = program.plan.referral
    assert referral is not None
    invitations = _invitations(program, referral, imported, texts)
    joined = _joined(program, referral, imported)
    pairs, refused = pair(invitations, joined)
    if refused:
        told = ", ".join(f"{count:,} {why}" for why, count in sorted(refused.items()))
        imported.notes.append(f"invitations refused: {told}")
    if not pairs:
        return imported
    ids = dict(zip(*(imported.ids[c].to_pylist() for c in ("contact", "id")), strict=True)) if imported.ids else {}
    contacts, keys, times = [], [], []
    for invitation, t in pairs:
        contacts += [invitation.by, invitation.friend]
        keys += [invitation.key, ids.get(invitation.by, str(invitation.by))]
        times += [t, t]
    import pyarrow as pa

    rows = rewards(program, np.array(times, np.int64))
    rows[:, E_KEY] = texts.codes(pa.array(keys, pa.string()))
    found = with_events(program, imported, rows, np.array(contacts, np.int64))
    found.pairs = len(pairs)
    return found


def rewards(program: Program, times: Words) -> Words:
    """Events that reward."""
    referral = program.plan.referral
    assert referral is not None
    rows = np.zeros((len(times), EVENT), np.int64)
    rows[:, E_TIME], rows[:, E_TYPE] = times, program.names.events.index(referral.rewarded)
    rows[:, E_KEY], rows[:, E_MESSAGE] = NO_KEY, -1
    rows[:, E_VALUE] = round(referral.reward * 100) if referral.reward else MISSING
    return rows


def _invitations(program: Program, referral: Referral, imported: Imported, texts: Texts) -> list[Invited]:
    places = np.nonzero(imported.rows[:, E_TYPE] == program.names.events.index(referral.invited))[0]
    rows = imported.rows[places]
    keys = texts.decode(rows[:, E_KEY]).to_pylist()
    found = [
        Invited(int(t), int(by), contact_number(key), key)
        for t, by, key in zip(rows[:, E_TIME], imported.contacts[places], keys, strict=True)
        if key is not None
    ]
    return sorted(found, key=lambda i: (i.time, i.by, i.friend))


def _joined(program: Program, referral: Referral, imported: Imported) -> dict[int, int]:
    """When each contact first joined."""
    rows = imported.rows[:, E_TYPE] == program.names.events.index(referral.joined)
    found: dict[int, int] = {}
    for contact, t in zip(imported.contacts[rows].tolist(), imported.rows[rows, E_TIME].tolist(), strict=True):
        found.setdefault(contact, t)
    return found


def pair(invitations: list[Invited], joined: dict[int, int]) -> tuple[list[tuple[Invited, int]], Counter[str]]:
    """Who is rewarded for whom, and when; and how many invitations are refused, by reason.

    The first invitation counts, if the friend joins at its instant or later; nobody brings themselves, nor anybody by
    whom they were brought, directly or not.

    Args:
        invitations: in time order.
        joined: when each contact joined.
    """
    by_friend: dict[int, list[Invited]] = {}
    for invitation in invitations:
        by_friend.setdefault(invitation.friend, []).append(invitation)
    brought: dict[int, int] = {}
    pairs = []
    for friend in sorted(by_friend.keys() & joined.keys(), key=lambda f: (joined[f], f)):
        for invitation in by_friend[friend]:
            fits = invitation.by != friend and invitation.time <= joined[friend] and friend not in brought
            if fits and not _before(brought, invitation.by, friend):
                brought[friend] = invitation.by
                pairs.append((invitation, joined[friend]))
    refused = Counter(_refusal(i, joined, brought) for i in invitations)
    refused.pop("", None)
    return pairs, refused


def _refusal(invitation: Invited, joined: dict[int, int], brought: dict[int, int]) -> str:
    """Why an invitation is refused; nothing if it is not, or says again what was said."""
    by, friend = invitation.by, invitation.friend
    if by == friend:
        return SELF
    if _before(brought, by, friend):
        return CIRCLE
    if friend in joined and invitation.time > joined[friend] and brought.get(friend) != by:
        return BEFORE
    return SECOND if brought.get(friend, by) != by else ""


def _before(brought: dict[int, int], contact: int, other: int) -> bool:
    """Whether a contact was brought by another, directly or not."""
    while contact in brought:
        contact = brought[contact]
        if contact == other:
            return True
    return False


@dataclass
class Newcomers:
    """Friends who join in a simulation: each a contact of its own from then on.

    Their number and their lives depend neither on lanes nor on the order in which they are heard of: who brings them
    and which of its draws did make their number, and that all their own draws.

    Attributes:
        waiting: by whom, a hash, instant and zone of those who have joined and do not live yet.
        count: how many there have been.
    """

    waiting: list[tuple[int, int, int, int]] = field(default_factory=list)
    count: int = 0

    def hear(self, t: int, by: int, cause: int, zone: int) -> None:
        """A friend of a contact joins."""
        self.waiting.append((by, cause, t, zone))

    def arrive(self) -> Words:
        """Those who have joined since the last time, to be lived: contact, by whom, instant, zone of each."""
        heard = np.array(self.waiting, np.int64).reshape(-1, 4)
        self.waiting.clear()
        self.count += len(heard)
        return newcomers(heard)


def write_newcomers(folder: File, rows: Words) -> None:
    """Write who brought whom: `referrals.parquet`."""
    import pyarrow as pa

    rows = rows[np.argsort(rows[:, 0])]
    columns = {"contact": rows[:, 0], "by": rows[:, 1], "joined": rows[:, 2], "zone": rows[:, 3]}
    arrays = {name: pa.array(words.copy()) for name, words in columns.items()}
    arrays["joined"] = arrays["joined"].view(pa.timestamp("s", "UTC"))
    part = Part(folder / FILE, ())
    part.write(pa.table(arrays))
    part.close()


def referral_figures(referral: Referral, pairs: int, newcomers: Newcomers) -> dict[str, Any]:
    """Friends who joined, in the events of the run and in its simulation; and what they cost in rewards."""
    joined = pairs + newcomers.count
    return {"joined": joined, "simulated": newcomers.count, "rewards": round(2 * joined * referral.reward, 2)}


def newcomers(heard: Words) -> Words:
    """Numbers of newcomers, in ascending order; by whom, when, in which zone. From: by whom, a hash, when, zone."""
    with np.errstate(over="ignore"):
        z = mix64(heard[:, 0].astype(np.uint64) * GOLD + heard[:, 1].astype(np.uint64))
    numbers = (z >> np.uint64(2)).astype(np.int64) | NEW
    found = np.stack([numbers, heard[:, 0], heard[:, 2], heard[:, 3]], axis=1)
    return found[np.argsort(numbers)]


def newcomer_stretches(setting: Setting, index: int, rows: Words, share: float) -> list[Stretch]:
    """Newcomers to be lived, each with the event that rewards it, which comes before anything it may ask for."""
    found: list[Stretch] = []
    for first in range(0, len(rows), MANY):
        some = rows[first : first + MANY]
        people = people_of(setting, some)
        setting.keep(people, share)
        found.append(Stretch(index + len(found), people, welcome(setting, some), np.arange(len(some) + 1)))
    return found


def people_of(setting: Setting, rows: Words) -> Words:
    """Newcomers as rows of the population: drawn as all others, in the zone of whoever brought them."""
    people = Drawn(setting.program, setting.seed, 0, rows[:, 0].copy()).rows(0, len(rows))
    people[:, P_CONTACT], people[:, P_JOINED], people[:, P_ZONE] = rows[:, 0], rows[:, 2], rows[:, 3]
    return people


def welcome(setting: Setting, rows: Words) -> Words:
    """The event that rewards each newcomer, at the instant it joins."""
    events = rewards(setting.program, rows[:, 2])
    referral = setting.program.plan.referral
    assert referral is not None
    events[:, E_CAUSE] = event_purpose(referral.rewarded)
    return events

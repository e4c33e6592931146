"""Contacts that turn out to be one person, as a file of events says: who is merged into whom, and when.

The older one survives: whoever was there first. Up to the instant of the event both live their own lives; from then on
the survivor lives what would have happened to either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bifurque.actors.host import Stretch
from bifurque.actors.layout import BRINGS, E_KEY, E_MESSAGE, E_TIME, E_TYPE, EVENT, LEAVES, P_JOINED
from bifurque.engine.contacts import contact_number
from bifurque.engine.imports import Imported, event_causes
from bifurque.engine.people import People
from bifurque.engine.program import Program
from bifurque.engine.texts import Texts
from bifurque.rules.compiled import Words
from bifurque.rules.layout import H_OTHER, H_OTHER_SIZE, MISSING, NEVER

Row = tuple[int, Any]
"""When, and the words of the event."""


@dataclass
class Merges:
    """Contacts of a run that are merged.

    Attributes:
        lives: the events of each of them.
        absorbed: by survivor those it takes over, in time order.
        into: by absorbed contact the survivor.
    """

    lives: dict[int, list[Row]] = field(default_factory=dict)
    absorbed: dict[int, list[int]] = field(default_factory=dict)
    into: dict[int, int] = field(default_factory=dict)

    def apart(self, people: Words, contacts: Words) -> None:
        """Keep them out of a stretch: they are lived apart."""
        if self.lives:
            people[np.isin(contacts, np.array(list(self.lives), np.int64)), P_JOINED] = NEVER

    def stretch(self, index: int, people: Words, contact: int, left: dict[int, Words]) -> Stretch:
        """One of them with its events, and behind them what those it takes over have left."""
        rows = [words.copy() for _, words in self.lives[contact]]
        count, parcels, at = len(rows), [], len(rows)
        waiting = iter(self.absorbed.get(contact, []))
        for row in rows:
            if row[E_MESSAGE] == BRINGS:
                parcel = left[next(waiting)]
                size = -(-len(parcel) // EVENT)
                parcels.append(np.resize(np.concatenate([parcel, np.zeros(EVENT, np.int64)]), (size, EVENT)))
                row[E_MESSAGE], at = BRINGS - at, at + size
        events = np.concatenate([np.array(rows, np.int64).reshape(-1, EVENT), *parcels])
        return Stretch(index, people, events, np.array([0, count], np.int64))

    def order(self, contact: int) -> list[int]:
        """Those who must live before a contact does, and itself at the end."""
        found: list[int] = []
        waiting = [(contact, False)]
        while waiting:
            one, ready = waiting.pop()
            if ready:
                found.append(one)
            else:
                waiting.append((one, True))
                waiting += [(other, False) for other in self.absorbed.get(one, [])]
        return found

    @property
    def survivors(self) -> list[int]:
        """Those who remain, in the order of their numbers."""
        return sorted(self.lives.keys() - self.into.keys())


def left_by(words: Words) -> Words:
    """What the contact that has just been lived in a lane's memory leaves to another."""
    return words[words[H_OTHER] :][: words[H_OTHER_SIZE]].copy()


def live_apart(order: Sequence[int], live: Callable[[int, dict[int, Words]], Words]) -> dict[int, Words]:
    """Let contacts that are merged live one after the other; what each has left.

    Args:
        order: who; those before whoever takes them over (`Merges.order`).
        live: lives one of them, given what those before have left; its memory.
    """
    left: dict[int, Words] = {}
    for one in order:
        left[one] = left_by(live(one, left))
    return left


def find_merges(program: Program, imported: Imported, people: People, texts: Texts) -> tuple[Imported, Merges]:
    """Take the events of contacts that are merged out of all others, each in the life it belongs to.

    An event that says again what is known already changes nothing; nor does one about somebody nobody knows.
    """
    merges = Merges()
    pairs = _pairs(program, imported, people, texts)
    if not pairs:
        return imported, merges
    involved = {c for _, a, b, _ in pairs for c in (a, b)}
    ages = {c: _age(imported, people, c) for c in involved}
    into = merges.into
    for c in involved:
        first, last = np.searchsorted(imported.contacts, [c, c + 1])
        merges.lives[c] = [(int(r[E_TIME]), r) for r in imported.rows[first:last]]

    def now(contact: int) -> int:
        while contact in into:
            contact = into[contact]
        return contact

    names = _names(imported)
    for t, by, other, row in pairs:
        one, two = now(by), now(other)
        if one == two:
            continue
        survivor, absorbed = sorted((one, two), key=lambda c: ages[c])
        _merge(merges, t, survivor, absorbed, row, names, texts)
        into[absorbed] = survivor
        merges.absorbed.setdefault(survivor, []).append(absorbed)
    keep = ~np.isin(imported.contacts, np.array(sorted(involved), np.int64))
    for contact, life in merges.lives.items():
        rows = np.array([words for _, words in life], np.int64).reshape(-1, EVENT)
        merged = event_causes(program, rows[:, E_TYPE], np.full(len(rows), contact))
        for (_, words), cause in zip(life, merged.tolist(), strict=True):
            words[-1] = cause
    rest = Imported(imported.rows[keep], imported.contacts[keep], imported.ids, imported.ignored, imported.notes)
    rest.file, rest.pairs = imported.file, imported.pairs
    rest.notes.append(f"{len(into):,} contacts merged into others")
    return rest, merges


def _pairs(program: Program, imported: Imported, people: People, texts: Texts) -> list[tuple[int, int, int, Any]]:
    """When, who, the other one, the event; in time order."""
    assert program.plan.merge is not None
    places = np.nonzero(imported.rows[:, E_TYPE] == program.names.events.index(program.plan.merge))[0]
    keys = texts.decode(imported.rows[places, E_KEY]).to_pylist()
    found = []
    for place, key in zip(places.tolist(), keys, strict=True):
        contact, other = int(imported.contacts[place]), contact_number(key) if key is not None else -1
        if key is not None and contact != other and people.find(other) >= 0:
            found.append((int(imported.rows[place, E_TIME]), contact, other, imported.rows[place]))
    return sorted(found, key=lambda pair: pair[:3])


def _age(imported: Imported, people: People, contact: int) -> tuple[int, int, int]:
    """Who was there first: by when they joined, their first event, their number."""
    place = people.find(contact)
    joined = int(people.rows(place, place + 1)[0, P_JOINED])
    at = int(np.searchsorted(imported.contacts, contact))
    known = at < len(imported.contacts) and imported.contacts[at] == contact
    return (joined if joined != MISSING else -NEVER, int(imported.rows[at, E_TIME]) if known else NEVER, contact)


def _names(imported: Imported) -> dict[int, str]:
    if imported.ids is None:
        return {}
    return dict(zip(imported.ids["contact"].to_pylist(), imported.ids["id"].to_pylist(), strict=True))


def _merge(merges: Merges, t: int, survivor: int, absorbed: int, row: Any, names: dict[int, str], texts: Texts) -> None:
    """Put the event into both lives, and what comes after it into that of the survivor."""
    import pyarrow as pa

    for contact, other, mark in ((absorbed, survivor, LEAVES), (survivor, absorbed, BRINGS)):
        life = merges.lives[contact]
        at = next((i for i, (_, words) in enumerate(life) if words is row or np.array_equal(words, row)), None)
        if at is None:  # the other one's event: it comes after what has happened to this one by then
            at = sum(when <= t for when, _ in life)
            copy = row.copy()
            copy[E_KEY] = texts.codes(pa.array([names.get(other, str(other))]))[0]
            life.insert(at, (t, copy))
        marked = life[at][1].copy()
        marked[E_MESSAGE] = mark
        life[at] = (t, marked)
        if mark == LEAVES:
            later = life[at + 1 :]
            del life[at + 1 :]
        else:
            life[at + 1 :] = sorted([*life[at + 1 :], *later], key=lambda event: event[0])

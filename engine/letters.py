"""Contacts of a household or a company tell each other what happens to them: a letter is an event at the others.

A life needs the letters it gets, and they come from other lives. So lives are tried: what they tell is posted to the
others as events, and those who got other letters than before are tried again, until nobody does. A letter arrives at
least a second after what it tells. So each round settles at least the earliest letters that were wrong, and what comes
out is what would happen if all lived side by side, second by second.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import TYPE_CHECKING

import numpy as np

from bifurque.actors.host import Stretch, run
from bifurque.actors.layout import (
    E_KEY,
    E_MESSAGE,
    E_TIME,
    E_TYPE,
    E_VALUE,
    EVENT,
    P_CONTACT,
    P_FIRST,
    P_JOINED,
    P_KEEP,
)
from bifurque.engine.compile_people import default_word
from bifurque.engine.imports import Imported, with_events
from bifurque.engine.ledger import taken
from bifurque.engine.run import read_parquet, write_table
from bifurque.engine.sink import Nowhere
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.layout import EVENTS_COUNT, MISSING
from bifurque.rules.numbers import mix64

if TYPE_CHECKING:
    from bifurque.engine.setting import Setting

CHUNK = 16384
LARGEST = 1000
"""How many contacts an account may have: each tells all others."""
MOST_LETTERS = 2000
"""How many letters a contact may get."""
T_CONTACT, T_TIME, T_TYPE, T_KEY, T_VALUE, T_BY = range(6)
"""What is told, and by whom; or, of a letter, to whom, when, as what."""
TOLD = 6
FILE = "letters.parquet"
COLUMNS = ("contact", "time", "event", "key", "value", "by")
"""Numbers as a lane has them: the codes of events and keys are those of the run's plan and files."""


@dataclass
class Accounts:
    """Who belongs to whom.

    Attributes:
        contacts: those who are not alone, in ascending order.
        account: the account of each, from 0.
        joined: when each came.
        members: places in `contacts`, account by account.
        first: where each account begins in `members`, and one bound more.
    """

    contacts: Words
    account: Words
    joined: Words
    members: Words = field(init=False)
    first: Words = field(init=False)

    def __post_init__(self) -> None:
        """Sort members by account."""
        self.members = np.argsort(self.account, kind="stable")
        self.first = np.searchsorted(self.account[self.members], np.arange(self.account.max(initial=-1) + 2))

    def of_the_same(self, contacts: Words) -> Words:
        """All who belong to the accounts of some contacts."""
        wanted = np.zeros(len(self.first) - 1, bool)
        wanted[self.account[np.searchsorted(self.contacts, contacts)]] = True
        found: Words = self.contacts[wanted[self.account]]
        return found

    def letters(self, told: Words, kinds: dict[int, int], after: int, end: int) -> Words:
        """A letter to each of the others for everything that is told; sorted by receiver, time and sender."""
        sender = np.searchsorted(self.contacts, told[:, T_CONTACT])
        account = self.account[sender]
        sizes = self.first[account + 1] - self.first[account]
        rows = np.repeat(np.arange(len(told)), sizes)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        receiver = self.members[self.first[account[rows]] + nth]
        letters = told[rows]
        letters[:, T_BY], letters[:, T_CONTACT] = letters[:, T_CONTACT], self.contacts[receiver]
        letters[:, T_TIME] += after
        letters[:, T_TYPE] = np.array([kinds.get(k, -1) for k in range(max(kinds) + 1)])[letters[:, T_TYPE]]
        there = (self.joined[receiver] <= letters[:, T_TIME]) & (letters[:, T_TIME] < end)
        letters, rows = letters[there & (receiver != sender[rows])], rows[there & (receiver != sender[rows])]
        order = np.lexsort((rows, letters[:, T_BY], letters[:, T_TIME], letters[:, T_CONTACT]))
        found: Words = letters[order]
        return found


@dataclass(frozen=True)
class Letters:
    """What contacts told each other, a row each; and what there is to say about it."""

    rows: Words
    note: str


def with_letters(setting: Setting, known: Letters | None = None) -> Setting:
    """The setting with what contacts tell each other among its events; the same one if its plan has no accounts.

    Args:
        setting: without letters.
        known: what they told each other when they lived in this setting before.

    Raises:
        DataError: an account is too large, or its contacts answer each other's letters without end.
    """
    if setting.plan.account is None:
        return setting
    letters = known or exchanged(setting)
    events = posted(setting, setting.events, letters.rows)
    notes = [*setting.notes, letters.note]
    return replace(setting, events=events, imported=setting.events, letters=letters, notes=notes)


def write_letters(folder: File, letters: Letters) -> None:
    """Keep them with a run, so that who looks into it need not try all those lives again."""
    import pyarrow as pa

    columns = {name: letters.rows[:, i] for i, name in enumerate(COLUMNS)}
    write_table(folder, File(FILE).stem, pa.table(columns).replace_schema_metadata({"note": letters.note}))


def read_letters(folder: File) -> Letters | None:
    """Those of a run; nothing if it has kept none.

    Raises:
        RunError: the file is damaged.
    """
    if not (folder / FILE).is_file():
        return None
    table = read_parquet(folder / FILE)
    rows = np.stack([table[name].to_numpy() for name in COLUMNS], axis=1)
    return Letters(rows, table.schema.metadata[b"note"].decode())


def exchanged(setting: Setting) -> Letters:
    """Lives tried until nobody gets other letters than before; the letters then.

    Raises:
        DataError: an account is too large, or its contacts answer each other's letters without end.
    """
    account = setting.plan.account
    assert account is not None
    accounts, people = accounts_of(setting)
    names = setting.program.names.events
    kinds = {names.index(told): names.index(event) for told, event in account.tells.items()}
    trial = Trial(setting, people, Ears(kinds))
    told, letters = np.zeros((0, TOLD), np.int64), np.zeros((0, TOLD), np.int64)
    done: list[Words] = []
    again = accounts.contacts
    while len(again):
        heard = trial.everybody(letters) if setting.shares else trial.some(again, letters)
        heard = heard[np.isin(heard[:, T_CONTACT], accounts.contacts)]
        told = heard if setting.shares else np.concatenate([told[~np.isin(told[:, T_CONTACT], again)], heard])
        before, letters = letters, accounts.letters(told, kinds, account.after.elapsed, setting.program.end)
        _not_too_many(letters)
        again = _differ(accounts.contacts, before, letters)
        if not setting.shares:  # an account in which nobody got other letters has come to rest
            open_still = accounts.of_the_same(again)
            told = told[np.isin(told[:, T_CONTACT], open_still)]
            settled = ~np.isin(letters[:, T_CONTACT], open_still)
            done.append(letters[settled])
            letters = letters[~settled]
    rows: Words = np.concatenate([*done, letters])
    rows = rows[np.argsort(rows[:, T_CONTACT], kind="stable")]
    text = f"{len(accounts.contacts):,} contacts belong to {len(accounts.first) - 1:,} accounts"
    return Letters(rows, f"{text}, with {len(rows):,} letters between them")


def posted(setting: Setting, events: Imported, letters: Words) -> Imported:
    """Events with letters among them."""
    rows = np.zeros((len(letters), EVENT), np.int64)
    for to, column in ((E_TIME, T_TIME), (E_TYPE, T_TYPE), (E_KEY, T_KEY), (E_VALUE, T_VALUE)):
        rows[:, to] = letters[:, column]
    rows[:, E_MESSAGE] = -1
    return with_events(setting.program, events, rows, letters[:, T_CONTACT].copy())


def _not_too_many(letters: Words) -> None:
    who, counts = np.unique(letters[:, T_CONTACT], return_counts=True)
    if counts.max(initial=0) > MOST_LETTERS:
        text = f"contact {int(who[counts.argmax()])} gets more than {MOST_LETTERS:,} letters"
        raise DataError(f"account: {text}: what one is told must not make it tell the others in turn, for ever")


def accounts_of(setting: Setting) -> tuple[Accounts, Words]:
    """Who belongs to whom at the start, and their rows of the population.

    They have the same value of an attribute; its default means alone.

    Raises:
        DataError: an account is too large.
    """
    account = setting.plan.account
    assert account is not None
    program = setting.program
    column = P_FIRST + list(program.columns).index(account.by)
    nobody = (default_word(program, account.by, program.names.attributes[account.by]), MISSING)
    parts = []
    for first in range(0, setting.people.count, CHUNK):
        rows = setting.people.rows(first, min(first + CHUNK, setting.people.count))
        parts.append(rows[~np.isin(rows[:, column], nobody)])
    people = np.concatenate(parts)
    _, which, sizes = np.unique(people[:, column], return_inverse=True, return_counts=True)
    if sizes.max(initial=0) > LARGEST:
        who = int(people[which == int(sizes.argmax())][0, P_CONTACT])
        text = f"{int(sizes.max()):,} contacts have the same `{account.by}`, contact {who} among them"
        raise DataError(f"account: {text}: at most {LARGEST:,} belong together")
    people = people[sizes[which] > 1]
    _, numbers = np.unique(people[:, column], return_inverse=True)
    people[:, P_KEEP] = 1
    return Accounts(people[:, P_CONTACT].copy(), numbers.astype(np.int64), people[:, P_JOINED].copy()), people


class Ears(Nowhere):
    """Takes what is told out of lanes' event rows."""

    def __init__(self, kinds: dict[int, int]) -> None:
        self.kinds = np.array(list(kinds))
        self.lock = threading.Lock()
        self.heard: list[Words] = [np.zeros((0, TOLD), np.int64)]

    def take(self, index: int, words: Words) -> None:
        """Take the events of some contacts, each contact's in their order."""
        if words[EVENTS_COUNT]:
            rows = taken(words)[1]
            rows = rows[np.isin(rows[:, 2], self.kinds)]
            with self.lock:
                self.heard.append(np.column_stack([rows[:, :5], rows[:, 0]]))

    def all(self) -> Words:
        """Everything heard since this was last asked, by contact and time."""
        every = np.concatenate(self.heard)
        del self.heard[1:]
        found: Words = every[np.lexsort((every[:, T_TIME], every[:, T_CONTACT]))]
        return found


@dataclass
class Trial:
    """Lives with the letters known so far, of which only what they tell is kept.

    Attributes:
        setting: without letters.
        people: the rows of the population of those who belong to accounts.
        ears: what hears them.
    """

    setting: Setting
    people: Words
    ears: Ears

    def __post_init__(self) -> None:
        """Take lanes: always the same ones, for there may be many rounds."""
        self.lanes = [self.setting.lane() for _ in range(os.cpu_count() or 1)]

    def some(self, who: Words, letters: Words) -> Words:
        """What some contacts tell; nobody else lives."""
        events = self.setting.events
        mine = np.isin(events.contacts, who)
        letters = letters[np.isin(letters[:, T_CONTACT], who)]
        events = posted(self.setting, replace(events, rows=events.rows[mine], contacts=events.contacts[mine]), letters)
        people = self.people[np.isin(self.people[:, P_CONTACT], who)]

        def maker(first: int) -> Callable[[], Stretch]:
            rows = people[first : first + CHUNK]
            return lambda: Stretch(first // CHUNK, rows, events.rows, events.bounds(rows[:, P_CONTACT]))

        makers = (maker(first) for first in range(0, len(people), CHUNK))
        run(makers, self.lanes, self.ears, lambda _: None, threading.Event())
        return self.ears.all()

    def everybody(self, letters: Words) -> Words:
        """What all contacts tell, where a life depends on what others leave of a stock."""
        from bifurque.engine.living import live_all

        setting = replace(self.setting, events=posted(self.setting, self.setting.events, letters))
        live_all(setting, self.lanes, self.ears)
        return self.ears.all()


def _differ(contacts: Words, before: Words, after: Words) -> Words:
    """Those who got other letters than before: the sum of the hashes of their letters is another one."""
    sums = np.zeros(len(contacts), np.uint64)
    with np.errstate(over="ignore"):
        for letters, sign in ((before, 1), (after, -1)):
            hashed = np.zeros(len(letters), np.uint64)
            for column in letters.T:
                hashed = mix64(hashed + column.astype(np.uint64))
            np.add.at(sums, np.searchsorted(contacts, letters[:, T_CONTACT]), hashed * np.int64(sign).astype(np.uint64))
    found: Words = contacts[sums != 0]
    return found

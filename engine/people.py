"""Who lives the plan: contacts drawn from its personas, or read from a file; as rows of words, a stretch at a time."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bifurque.actors.layout import NO_ZONE, P_CONTACT, P_FIRST, P_JOINED, P_PERSONA, P_ZONE
from bifurque.engine.columns import (
    bad,
    column,
    dates,
    instants,
    read_table,
    real_numbers,
    texts,
    truths,
    unused_columns,
    whole_numbers,
)
from bifurque.engine.compile_people import attribute_word, default_word
from bifurque.engine.contacts import contact_numbers
from bifurque.engine.habits import Between, Choice
from bifurque.engine.program import Program
from bifurque.engine.tables import hash64
from bifurque.engine.texts import Texts
from bifurque.engine.values import read_date, shown
from bifurque.engine.zones import known_zones, near_zone
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, did_you_mean
from bifurque.rules.layout import MISSING
from bifurque.rules.numbers import GOLD, U1, U11, mix64

FIXED = ("contact", "zone", "persona", "joined", "consent")


class People(Protocol):
    """A population, one row of words per contact, in the order of their numbers."""

    count: int
    ids: Any
    """A table of numbers and external ids, where these are texts."""
    notes: list[str]
    """What is worth knowing of them: columns that the plan does not use, zones that nobody knows."""

    @property
    def numbers(self) -> Words | None:
        """The numbers of all contacts in ascending order; None if they are 0, 1, 2 and so on."""

    def rows(self, first: int, last: int) -> Words:
        """The rows of contacts [first, last)."""

    def at(self, which: Words) -> Words:
        """The rows of the contacts at some places."""

    def find(self, contact: int) -> int:
        """The place of a contact, or -1."""


def draws(seed: int, contacts: Words, *path: str) -> Any:
    """One number in (0, 1) per contact, keyed as the kernel keys its own."""
    with np.errstate(over="ignore"):
        root = mix64(np.array([seed], np.int64).view(np.uint64))
        keys = mix64(root + GOLD * (contacts.view(np.uint64) + U1))
        x = mix64(keys + np.array([hash64(*path)], np.int64).view(np.uint64))
    return ((x >> U11).astype(np.int64).astype(np.float64) + 0.5) * 1.1102230246251565e-16


def kept(seed: int, contacts: Words, share: float) -> Any:
    """1 for the contacts of the ledger's sample."""
    return (draws(seed, contacts, "ledger") < share).astype(np.int64)


def place_of(numbers: Words, contact: int) -> int:
    """Where a number stands among ascending ones, or -1."""
    at = int(np.searchsorted(numbers, contact))
    return at if at < len(numbers) and numbers[at] == contact else -1


class Drawn:
    """Contacts drawn from the plan's personas and population: each the same whoever the others are."""

    ids: Any = None

    def __init__(self, program: Program, seed: int, count: int, numbers: Words | None = None) -> None:
        """Contacts 0 … count − 1; or those of `numbers` (ascending), who live in the plan's zone from the start."""
        self.program, self.seed, self.numbers = program, seed, numbers
        self.notes: list[str] = []
        self.count = count if numbers is None else len(numbers)
        names, population = program.names, program.plan.population
        self.shares = np.cumsum([p.share for p in program.plan.personas.values()] or [1.0])
        self.shares[-1] = 2.0
        self.zones = [names.zones.index(z) for z in population.zones] or [0]
        self.zone_shares = np.cumsum(list(population.zones.values()) or [1.0])
        self.zone_shares[-1] = 2.0

    def find(self, contact: int) -> int:
        """Contacts stand in the order of their numbers."""
        if self.numbers is None:
            return contact if 0 <= contact < self.count else -1
        return place_of(self.numbers, contact)

    def rows(self, first: int, last: int) -> Words:
        """Draw the contacts of a stretch."""
        return self.at(np.arange(first, last, dtype=np.int64))

    def at(self, which: Words) -> Words:
        """Draw the contacts at some places."""
        program = self.program
        contacts = which if self.numbers is None else self.numbers[which]
        rows = np.zeros((len(which), P_FIRST + len(program.columns)), np.int64)
        personas = np.searchsorted(self.shares, draws(self.seed, contacts, "persona"), side="right")
        places = np.searchsorted(self.zone_shares, draws(self.seed, contacts, "zone"), side="right")
        rows[:, P_CONTACT], rows[:, P_PERSONA] = contacts, personas
        rows[:, P_ZONE] = np.array(self.zones, np.int64)[places] if self.numbers is None else 0
        rows[:, P_JOINED] = self._joined(contacts)
        for i, name in enumerate(program.columns):
            if name.startswith("consent."):
                rows[:, P_FIRST + i] = self._consents(contacts, personas, rows[:, P_ZONE], int(name[8:]))
            else:
                rows[:, P_FIRST + i] = self._attribute(name, contacts, personas)
        return rows

    def _joined(self, contacts: Words) -> Words:
        joined = self.program.plan.population.joined
        if joined is None or self.numbers is not None:
            return np.full(len(contacts), MISSING, np.int64)
        start, end = self.program.start, self.program.end
        span = joined.over.elapsed if joined.over else end - start
        at = start + (draws(self.seed, contacts, "joined", "when") * span).astype(np.int64)
        return np.where(draws(self.seed, contacts, "joined") < joined.share, at, MISSING)

    def _attribute(self, name: str, contacts: Words, personas: Words) -> Words:
        program, plan = self.program, self.program.plan
        kind = program.names.attributes[name]
        found = np.full(len(contacts), default_word(program, name, kind), np.int64)
        groups: list[tuple[int | None, Any]] = [(None, plan.population.attributes)]
        groups += [(i, p.attributes) for i, p in enumerate(plan.personas.values())]
        for persona, attributes in groups:
            if name in attributes:
                who = np.ones(len(contacts), bool) if persona is None else personas == persona
                found[who] = self._spread(name, kind, attributes[name], contacts[who])
        return found

    def _spread(self, name: str, kind: str, spread: object, contacts: Words) -> Words:
        if isinstance(spread, Choice):
            words = np.array([self._word(kind, v) for v in spread.choice], np.int64)
            bounds = np.cumsum(list(spread.choice.values()))
            bounds[-1] = 2.0
            which: Words = np.searchsorted(bounds, draws(self.seed, contacts, "attribute", name), side="right")
            return words[which]
        if not isinstance(spread, Between):
            return np.full(len(contacts), self._word(kind, spread), np.int64)
        u = draws(self.seed, contacts, "attribute", name)
        low, high = spread.between
        if kind == "double":
            assert isinstance(low, int | float)
            assert isinstance(high, int | float)
            return np.asarray(low + u * (high - low), np.float64).view(np.int64)
        first, last = (read_date(low), read_date(high)) if kind == "date" else (int(low), int(high))
        steps: Words = (u * (last - first + 1)).astype(np.int64)
        return first + steps

    def _word(self, kind: str, value: object) -> int:
        if kind == "date":
            return read_date(value)
        if isinstance(value, str) and kind != "string":
            value = {"true": True, "false": False}[value] if kind == "bool" else float(value)
        return attribute_word(self.program, kind, value)

    def _consents(self, contacts: Words, personas: Words, zones: Words, word: int) -> Words:
        """Consent bits; one draw per text of the plan, so that `marketing` is the same yes on every channel."""
        from bifurque.engine.compile_people import BITS

        names, plan = self.program.names, self.program.plan
        pairs = [(p, ch) for p in names.purposes for ch in names.channels][word * BITS : (word + 1) * BITS]
        found = np.zeros(len(contacts), np.int64)
        people = list(plan.personas.values())
        for bit, pair in enumerate(pairs):
            for i in range(len(names.personas)):
                own = people[i].consent if people else {}
                text, share = _most_precise(pair, own, plan.population.consent)
                if isinstance(share, dict):
                    share = np.array([share.get(z, 0.0) for z in names.zones])[zones]
                if np.any(share > 0):
                    yes = (personas == i) & (draws(self.seed, contacts, "consent", text) < share)
                    found |= yes.astype(np.int64) << bit
        return found


def _most_precise(pair: tuple[str, str], *shares: Any) -> tuple[str, Any]:
    """What is said of a (purpose, channel): by the persona first, and by the most precise text."""
    for said in shares:
        for text in (f"{pair[0]}.{pair[1]}", pair[0], pair[1], "all"):
            if text in said:
                return text, said[text]
    return "", 0.0


class FromFile:
    """Contacts read from a file: `contact`, and whatever of zone, persona, joined, consents and attributes it holds."""

    def __init__(self, file: str | File) -> None:
        self.file = file
        self.table = read_table(file, ("parquet", "csv"))
        if self.table.num_rows == 0:
            raise DataError(f"{file}: holds no contact")
        self.count = self.table.num_rows
        self.notes: list[str] = []

    @property
    def zones(self) -> tuple[str, ...]:
        """The time zones these contacts live in, as far as the database knows them: the program needs their offsets."""
        values = column(self.table, "zone", self.file, needed=False)
        if values is None:
            return ()
        return tuple(sorted(z for z in pc.unique(texts(values, self.file, "zone")).to_pylist() if z in known_zones()))

    def bind(self, program: Program, found: Texts) -> FromFile:
        """Read the columns that a program asks for."""
        file, table, self.program = self.file, self.table, program
        numbers, self.ids = contact_numbers(column(table, "contact", file), file)
        order = np.argsort(numbers, kind="stable")
        twice = np.nonzero(np.diff(numbers[order]) == 0)[0]
        if len(twice):
            a, b = sorted((int(order[twice[0]]), int(order[twice[0] + 1])))
            who = shown(table["contact"][a].as_py())
            raise DataError(f"{file}: rows {a + 1} and {b + 1} are the same contact, `{who}`: keep one of them")
        self.count = len(numbers)
        self.numbers: Words = numbers[order]
        self.columns: dict[int, Words] = {P_CONTACT: self.numbers}
        used = [*FIXED, *program.names.attributes, *(n for n in table.column_names if self._consented(n))]
        unused = [shown(name) for name in unused_columns(table, used, file)]
        if unused:
            names = ", ".join(unused[:12]) + (f" and {len(unused) - 12:,} more" if len(unused) > 12 else "")
            self.notes.append(f"columns of the population that the plan does not use: {names}")
        self._fixed(table, order, found)
        for i, name in enumerate(program.columns):
            words = (
                self._consents(table, int(name[8:]))
                if name.startswith("consent.")
                else self._attribute(table, name, found)
            )
            self.columns[P_FIRST + i] = words[order]
        return self

    def _consented(self, name: str) -> tuple[tuple[str, str], ...]:
        """The (purpose, channel) pairs of a consent column; none if the plan has no such purpose or no such channel."""
        names = self.program.names
        prefix, _, text = name.partition(".")
        pairs = names.consents(text) if prefix == "consent" else ()
        for part in text.split(".") if prefix == "consent" and not pairs else ():
            known = (*names.purposes, *names.channels)
            near = did_you_mean(part, known)
            if part not in known and "did you mean" in near:
                raise DataError(f"{self.file}: column `{name}`: the plan has no `{part}`{near}")
        return pairs

    def find(self, contact: int) -> int:
        """Contacts stand in the order of their numbers."""
        return place_of(self.numbers, contact)

    def rows(self, first: int, last: int) -> Words:
        """The rows of a stretch, put together from the columns."""
        return self.at(np.arange(first, last, dtype=np.int64))

    def at(self, which: Words) -> Words:
        """The rows of the contacts at some places."""
        rows = np.zeros((len(which), P_FIRST + len(self.program.columns)), np.int64)
        for at, words in self.columns.items():
            rows[:, at] = words[which]
        return rows

    def _fixed(self, table: Any, order: Words, found: Texts) -> None:
        names = self.program.names
        zones = column(table, "zone", self.file, needed=False)
        where = np.full(self.count, NO_ZONE, np.int64)
        if zones is not None:
            where = self._zones(zones)
        self.columns[P_ZONE] = where[order]
        who = np.zeros(self.count, np.int64)
        personas = column(table, "persona", self.file, needed=False)
        if personas is not None:
            who = self._coded(personas, "persona", names.personas)
        self.columns[P_PERSONA] = who[order]
        joined = column(table, "joined", self.file, needed=False)
        since = np.full(self.count, MISSING, np.int64)
        if joined is not None:
            since = instants(joined, self.file, "joined")
        self.columns[P_JOINED] = since[order]

    def _zones(self, values: Any) -> Words:
        """Zone numbers; a zone that is missing or unknown to the database is no zone."""
        zones = texts(values, self.file, "zone").to_pylist()
        table = {z: i for i, z in enumerate(self.program.names.zones)}
        strange = [z for z in zones if z and z not in table]
        if strange:
            text = f"{len(strange):,} contacts live in a zone that is not known, such as `{shown(strange[0])}`"
            self.notes.append(text + near_zone(strange[0]))
        return np.array([table.get(z, NO_ZONE) for z in zones], np.int64)

    def _coded(self, values: Any, name: str, known: tuple[str, ...]) -> Words:
        words = texts(values, self.file, name).to_pylist()
        table = {k: i for i, k in enumerate(known)}
        for row, word in enumerate(words):
            if word not in table:
                more = did_you_mean(word or "", known)
                raise DataError(f"{bad(self.file, row, name, word, f'a {name} of the plan')}{more}")
        return np.array([table[w] for w in words], np.int64)

    def _attribute(self, table: Any, name: str, found: Texts) -> Words:
        kind = self.program.names.attributes[name]
        default = default_word(self.program, name, kind)
        values = column(table, name, self.file, needed=False)
        if values is None:
            return np.full(self.count, default, np.int64)
        if kind == "string":
            codes = found.codes(texts(values, self.file, name))
            return np.where(codes < 0, default, codes)
        read = {"int": whole_numbers, "double": real_numbers, "bool": truths, "date": dates, "timestamp": instants}[
            kind
        ]
        words = read(values, self.file, name)
        empty = np.isnan(words.view(np.float64)) if kind == "double" else words == MISSING
        return np.where(empty, default, words)

    def _consents(self, table: Any, word: int) -> Words:
        """Consent bits from `consent` (all, none) and `consent.<purpose>.<channel>` (yes, no); all else is a no."""
        from bifurque.engine.compile_people import BITS

        names = self.program.names
        every = [(p, ch) for p in names.purposes for ch in names.channels]
        found = np.zeros(self.count, np.int64)
        overall = column(table, "consent", self.file, needed=False)
        if overall is not None:
            words = pc.utf8_lower(pc.utf8_trim_whitespace(texts(overall, self.file, "consent")))
            strange = np.asarray(pc.invert(pc.is_in(words, value_set=pa.array(["all", "none", None]))))
            if strange.any():
                row = int(np.argmax(strange))
                raise bad(self.file, row, "consent", overall[row].as_py(), "all or none")
            found[np.asarray(pc.equal(words, "all").fill_null(False))] = (1 << len(every[word * BITS :][:BITS])) - 1
        for name in table.column_names:
            pairs = self._consented(name)
            if not pairs:
                continue
            yes = truths(table[name], self.file, name) == 1
            for pair in pairs:
                at = every.index(pair) - word * BITS
                if 0 <= at < BITS:
                    found = np.where(yes, found | np.int64(1 << at), found & ~np.int64(1 << at))
        return found

"""How a population is cut into stretches: neighbours, or the 256 virtual partitions that hosts can own.

A contact's partition is a hash of its number, for ever: moving work moves partitions, and nothing is hashed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from bifurque.actors.host import Stretch
from bifurque.actors.layout import P_CONTACT
from bifurque.engine.contacts import PARTS, part_of
from bifurque.engine.people import People
from bifurque.engine.setting import Setting
from bifurque.rules.compiled import Words

SLICES = 10_000
"""A partition has at most so many stretches: their numbers follow those of the partition before."""
CHUNK = 1 << 20

Maker = Callable[[], Stretch]


class Cut(Protocol):
    """A population in pieces, each of one or more stretches."""

    pieces: Sequence[int]
    share: float
    """The share of contacts who are kept in the ledger."""
    events: Words
    """The rows of imported events, as stretches and parked contacts refer to them."""

    def stretches(self, pieces: Sequence[int]) -> Iterator[Maker]:
        """Makers of the stretches of some pieces, in order."""

    def survivors(self, pieces: Sequence[int]) -> list[int]:
        """Of some pieces those contacts that take over others: they are lived apart."""


class Neighbours:
    """Stretches of neighbouring contacts: nothing is looked up, for hosts that keep everybody."""

    def __init__(self, setting: Setting, size: int, share: float) -> None:
        self.setting, self.size, self.share = setting, size, share
        self.pieces: Sequence[int] = range(-(-setting.people.count // size))
        self.events: Words = setting.events.rows

    def stretches(self, pieces: Sequence[int]) -> Iterator[Maker]:
        """One stretch a piece."""
        for piece in pieces:
            yield self._maker(piece)

    def survivors(self, pieces: Sequence[int]) -> list[int]:
        """By where they stand in the population."""
        find = self.setting.people.find
        return [one for one in self.setting.merges.survivors if find(one) // self.size in pieces]

    def _maker(self, piece: int) -> Maker:
        first = piece * self.size
        return lambda: self.setting.stretch(piece, first, min(first + self.size, self.setting.people.count), self.share)


class Partitions:
    """The contacts of some of the 256 partitions; each piece is one of them."""

    def __init__(self, setting: Setting, size: int, share: float, parts: Sequence[int]) -> None:
        self.setting, self.size, self.share = setting, size, share
        self.pieces = parts
        self.places = places_by_part(setting.people, parts)
        events = setting.events
        of = part_of(events.contacts)
        order = np.argsort(of, kind="stable")  # within a partition still by contact and time
        self.ends = np.searchsorted(of[order], np.arange(PARTS + 1))
        self.events: Words = np.ascontiguousarray(events.rows[order])
        self.who = events.contacts[order]

    def stretches(self, pieces: Sequence[int]) -> Iterator[Maker]:
        """As many stretches a partition as it takes."""
        for part in pieces:
            for number, first in enumerate(range(0, len(self.places[part]), self.size)):
                yield self._maker(part, number, first)

    def survivors(self, pieces: Sequence[int]) -> list[int]:
        """By their partition."""
        survivors = self.setting.merges.survivors
        of = part_of(np.array(survivors, np.int64)).tolist()
        return [one for one, part in zip(survivors, of, strict=True) if part in pieces]

    def _maker(self, part: int, number: int, first: int) -> Maker:
        def make() -> Stretch:
            rows = self.setting.people.at(self.places[part][first : first + self.size].astype(np.int64))
            self.setting.mark(rows, self.share)
            low, high = self.ends[part], self.ends[part + 1]
            mine = replace(self.setting.events, contacts=self.who[low:high])
            return Stretch(part * SLICES + number, rows, self.events, low + mine.bounds(rows[:, P_CONTACT]))

        return make


def home_of(setting: Setting) -> Callable[[Words], Words]:
    """The partition in which each contact lives: its own, or that of whoever takes it over."""
    into = setting.merges.into
    absorbed: Words = np.array(sorted(into), np.int64)
    if not len(absorbed):
        return part_of
    lasting = dict(into)
    for one in absorbed.tolist():
        while lasting[one] in into:
            lasting[one] = into[lasting[one]]
    homes = part_of(np.array([lasting[one] for one in absorbed.tolist()], np.int64))

    def home(contacts: Words) -> Words:
        found = part_of(contacts)
        places = np.minimum(np.searchsorted(absorbed, contacts), len(absorbed) - 1)
        return np.where(absorbed[places] == contacts, homes[places], found)

    return home


def places_by_part(people: People, parts: Sequence[int]) -> dict[int, Words]:
    """Where the contacts of some partitions stand in a population, in ascending order."""
    small = np.uint32 if people.count < 2**32 else np.int64
    found: dict[int, list[Words]] = {part: [] for part in parts}
    for first in range(0, people.count, CHUNK):
        last = min(first + CHUNK, people.count)
        numbers = np.arange(first, last) if people.numbers is None else people.numbers[first:last]
        of = part_of(numbers)
        order = np.argsort(of, kind="stable")
        ends = np.searchsorted(of[order], np.arange(PARTS + 1))
        for part in parts:
            found[part].append((first + order[ends[part] : ends[part + 1]]).astype(small))
    return {part: np.concatenate(some) if some else np.zeros(0, small) for part, some in found.items()}


def share_out(hosts: int) -> list[range]:
    """Which partitions each of some hosts owns."""
    return [range(h * PARTS // hosts, (h + 1) * PARTS // hosts) for h in range(hosts)]

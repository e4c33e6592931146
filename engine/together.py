"""Contacts that share something live all together once; what each was answered lets each life be lived alone again.

So figures can be noted contact by contact, some contacts at a time, although one life depends on others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bifurque.engine.answers import AT_ONCE, Journal
from bifurque.engine.figures import Counted, Key
from bifurque.engine.living import live_all
from bifurque.engine.referrals import NEW
from bifurque.engine.setting import Setting
from bifurque.rules.compiled import Words
from bifurque.rules.layout import H_WEEKS
from bifurque.rules.settlement import Request


class Remembered(Journal):
    """Books that remember who was answered what."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting.program.supplies, setting.seed)
        self.brought: list[Words] = [np.zeros((0, 4), np.int64)]
        self._last: list[tuple[int, int]] = []
        self._parts: list[Words] = [np.zeros((0, 2), np.int64)]

    def settle(self, t: int, requests: Sequence[Request]) -> list[int]:
        """Answer the requests of one instant, and remember the answers."""
        answers = super().settle(t, requests)
        self._last += [(r.contact, answer) for r, answer in zip(requests, answers, strict=True)]
        if len(self._last) >= AT_ONCE:
            self._put_away()
        return answers

    def arrivals(self) -> Words:
        """Those who have joined since the last time, and remember them."""
        self.brought.append(super().arrivals())
        return self.brought[-1]

    def _put_away(self) -> None:
        self._parts.append(np.array(self._last, np.int64).reshape(-1, 2))
        self._last.clear()

    def answers(self) -> Words:
        """Contact and answer, by contact and in time order."""
        self._put_away()
        found = np.concatenate(self._parts)
        return found[np.argsort(found[:, 0], kind="stable")]


@dataclass(frozen=True)
class Together:
    """What all contacts of a setting were told while they lived together.

    Attributes:
        contacts: who was answered, once for each answer, in ascending order.
        answers: the answers; those to one contact in time order.
        newcomers: who was brought to life by others: contact, by whom, instant, zone; in the order of `roots`.
        roots: for each newcomer the contact of the population at the beginning of the chain that brought it.
        counters: what all lanes counted.
    """

    contacts: Words
    answers: Words
    newcomers: Words
    roots: Words
    counters: Words

    def figures(self, setting: Setting, counted: Mapping[Key, Counted], keys: Sequence[Key]) -> Words:
        """Some figures of all contacts together; those this plan does not have are zero."""
        first = setting.program.first_counter
        found = [sum(int(self.counters[at - first]) * weight for at, weight in counted.get(k, ())) for k in keys]
        return np.array(found, np.int64)

    def told(self, contacts: Words) -> Words:
        """The answers to some contacts, in their order."""
        firsts = np.searchsorted(self.contacts, contacts, side="left")
        counts = np.searchsorted(self.contacts, contacts, side="right") - firsts
        ends = np.cumsum(counts)
        places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(firsts - ends + counts, counts)
        found: Words = self.answers[places]
        return found

    def most(self, contacts: int) -> int:
        """How many answers any so many contacts got at most."""
        counts = np.sort(np.unique(self.contacts, return_counts=True)[1])
        return int(counts[-contacts:].sum())

    def brought_by(self, contacts: Words) -> tuple[Words, Words]:
        """The newcomers that some contacts brought, directly or not: rows, and the place of each one's root."""
        order = np.argsort(contacts)
        firsts = np.searchsorted(self.roots, contacts[order], side="left")
        counts = np.searchsorted(self.roots, contacts[order], side="right") - firsts
        rows = [self.newcomers[first : first + n] for first, n in zip(firsts, counts, strict=True) if n]
        return np.concatenate([self.newcomers[:0], *rows]), np.repeat(order, counts)


def live_together(setting: Setting, workers: int) -> Together:
    """Let everybody live, whoever shares anything with whom; nothing is written."""
    books = Remembered(setting)
    lanes = [setting.lane() for _ in range(workers)]
    for lane in lanes:
        lane.words[H_WEEKS] = 1  # figures are not by week: all weeks count in the first
    counters = live_all(setting, lanes, books=books).counters
    answers = books.answers()
    newcomers = np.concatenate(books.brought)
    roots = _roots(newcomers)
    order = np.argsort(roots, kind="stable")
    return Together(answers[:, 0], answers[:, 1], newcomers[order], roots[order], counters)


def together(setting: Setting, workers: int) -> Together | None:
    """What contacts who share something are told; none if no life depends on another."""
    return live_together(setting, workers) if setting.shares else None


def _roots(newcomers: Words) -> Words:
    """Who brought whoever brought each newcomer, back to the population."""
    by_number = newcomers[np.argsort(newcomers[:, 0])]
    roots = newcomers[:, 1].copy()
    while (brought := roots >= NEW).any():
        roots[brought] = by_number[np.searchsorted(by_number[:, 0], roots[brought]), 1]
    return roots

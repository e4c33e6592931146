"""Who gets what there is only so much of: requests of one instant, settled together, whoever sent them.

Requests are taken by rank, then by a hash of contact, resource and instant; whole numbers only. So the winners depend
neither on the order in which requests come nor on how many lanes or hosts they come from (serial dictatorship:
Svensson, "Strategy-proof allocation of indivisible goods", 1999).
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bifurque.rules.numbers import GOLD, mix64
from bifurque.rules.sharing import GIVEN_BACK, RESERVED, USED

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Supply:
    """How much there is of something.

    Attributes:
        name: what messages and reports call it.
        kind: `offer`, `capacity` or `budget`.
        stock: an offer's stock at the start; restocks come on top.
        restocks: (instant, how many more).
        stretches: of a capacity or budget: (from, to, how much may be used by then, number of the period).
    """

    name: str
    kind: str
    stock: int = 0
    restocks: tuple[tuple[int, int], ...] = ()
    stretches: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True)
class Request:
    """What one contact asks for at one instant.

    Attributes:
        contact: who asks.
        number: which of its requests of this instant.
        rank: the higher goes first.
        everything: all that is wanted or nothing; otherwise the first that can be had.
        wanted: (resource, amount); resource -1 has no end.
    """

    contact: int
    number: int
    rank: float
    everything: bool
    wanted: tuple[tuple[int, int], ...]


@dataclass
class Account:
    """The books of one supply; of an offer, initial + restocked = available + reserved + used at every instant."""

    available: int
    reserved: int = 0
    used: int = 0
    returned: int = 0
    refused: int = 0
    restocked: int = 0
    least: int = 0
    period: int = -1


Change = tuple[int, int, int, int, int]
"""Instant, resource, and what changes: available, reserved, used."""


@dataclass
class Books:
    """What is left of everything shared.

    Attributes:
        supplies: what there is, by number.
        watch: called after every change with the instant, the resource and its account; for tests and traces.
    """

    supplies: Sequence[Supply]
    seed: int = 1
    watch: Callable[[int, int, Account], None] | None = None
    accounts: list[Account] = field(default_factory=list)
    coming: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts = [Account(s.stock, least=s.stock) for s in self.supplies]
        for number, supply in enumerate(self.supplies):
            self.coming += [(t, number, many, 0, 0) for t, many in supply.restocks]
        heapq.heapify(self.coming)

    def settle(self, t: int, requests: Sequence[Request]) -> list[int]:
        """Answer the requests of one instant; instants must not go back.

        Returns:
            For each request the place of what it gets among the wanted; below zero: -1 - the place of what was missing.
        """
        self.advance(t)
        answers = [0] * len(requests)
        for i in self._order(t, requests):
            answers[i] = self._grant(t, requests[i])
        return answers

    def _order(self, t: int, requests: Sequence[Request]) -> list[int]:
        if len(requests) == 1:
            return [0]
        contacts = np.array([r.contact for r in requests], np.int64)
        numbers = np.array([r.number for r in requests], np.int64)
        ranks = np.array([r.rank for r in requests])
        firsts = np.array([r.wanted[0][0] for r in requests], np.int64)
        return [int(i) for i in np.lexsort((numbers, contacts, lots(self.seed, t, contacts, firsts), -ranks))]

    def _grant(self, t: int, request: Request) -> int:
        if request.everything:
            for place, (number, amount) in enumerate(request.wanted):
                if self._left(t, number) < amount:
                    self.accounts[number].refused += 1
                    return -1 - place
            for number, amount in request.wanted:
                self._take(t, number, amount)
            return 0
        for place, (number, amount) in enumerate(request.wanted):
            if number < 0 or self._left(t, number) >= amount:
                if number >= 0:
                    self._take(t, number, amount)
                return place
            self.accounts[number].refused += 1
        return -1

    def _left(self, t: int, number: int) -> int:
        supply, account = self.supplies[number], self.accounts[number]
        if supply.kind == "offer":
            return account.available
        at = bisect_right(supply.stretches, t, key=lambda s: s[0]) - 1
        if at < 0 or t >= supply.stretches[at][1]:
            return 0
        _, _, limit, period = supply.stretches[at]
        if account.period != period:
            account.period, account.used = period, 0
        return limit - account.used

    def _take(self, t: int, number: int, amount: int) -> None:
        account = self.accounts[number]
        if self.supplies[number].kind == "offer":
            self._change((t, number, -amount, amount, 0))
        else:
            account.used += amount
            account.reserved += amount
            self._seen(t, number)

    def hear(self, t: int, kind: int, number: int, amount: int, until: int) -> None:
        """A contact tells of something it was granted: until when it is reserved, that it is given back, or used."""
        if self.supplies[number].kind != "offer":
            assert kind == GIVEN_BACK
            self._return(t, number, amount)
            return
        if kind == RESERVED:
            changes = [(until, number, amount, -amount, 0)]
        elif kind == GIVEN_BACK:
            changes = [(t, number, amount, -amount, 0), (until, number, -amount, amount, 0)]
        else:
            assert kind == USED
            changes = [(t, number, 0, -amount, amount), (until, number, -amount, amount, 0)]
        for change in changes:
            heapq.heappush(self.coming, change)

    def _return(self, t: int, number: int, amount: int) -> None:
        """A capacity or budget that was not used; worth something only while its period lasts."""
        account = self.accounts[number]
        at = bisect_right(self.supplies[number].stretches, t, key=lambda s: s[0]) - 1
        if at >= 0 and self.supplies[number].stretches[at][3] == account.period:
            account.used -= amount
        account.reserved -= amount
        account.returned += amount

    def advance(self, t: int) -> None:
        """Everything known to happen up to t."""
        while self.coming and self.coming[0][0] <= t:
            at = self.coming[0][0]
            together: dict[int, list[int]] = {}
            while self.coming and self.coming[0][0] == at:
                _, number, *changes = heapq.heappop(self.coming)
                sums = together.setdefault(number, [0, 0, 0])
                for i, change in enumerate(changes):
                    sums[i] += change
            for number in sorted(together):
                available, reserved, used = together[number]
                self._change((at, number, available, reserved, used))

    def _change(self, change: Change) -> None:
        t, number, available, reserved, used = change
        account = self.accounts[number]
        account.available += available
        account.reserved += reserved
        account.used += used
        if available + reserved + used:
            account.restocked += available + reserved + used
        elif available > 0:
            account.returned += available
        account.least = min(account.least, account.available)
        assert account.available >= 0, f"{self.supplies[number].name} is oversold"
        self._seen(t, number)

    def _seen(self, t: int, number: int) -> None:
        if self.watch is not None:
            self.watch(t, number, self.accounts[number])


def lots(seed: int, t: int, contacts: Longs, firsts: Longs) -> npt.NDArray[np.uint64]:
    """The lottery among equals: a hash of seed, instant, contact and what it wants most."""
    z = contacts.astype(np.uint64) * GOLD + np.uint64(seed)
    for more in (np.uint64(t & (2**64 - 1)), firsts.astype(np.uint64)):
        z = mix64(z) + more
    return mix64(z)

"""Contacts of a small world who belong together: what happens to one is told to the others, as in a run."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING

from bifurque.rules.compiled import Words
from bifurque.rules.layout import UNTIL

if TYPE_CHECKING:
    from bifurque.engine.sharing import Account
    from bifurque.engine.world_contact import Contact

Letter = tuple[tuple[int, int, int, int], tuple[str, str | None, int]]
"""When, to whom, from whom, its number; and which event it is, with its key and value."""


class Post:
    """Letters under way between the contacts of a world.

    Args:
        account: who belongs together, and what is told.
        events: every event of the plan, by number.
    """

    def __init__(self, account: Account, events: tuple[str, ...]) -> None:
        self.account, self.events = account, events
        self.members: dict[object, list[Contact]] = {}
        self.letters: list[Letter] = []
        self.count = 0

    def join(self, contact: Contact, value: object) -> None:
        """A contact that belongs to those with the same value; to nobody if it has none."""
        if value is not None:
            self.members.setdefault(value, []).append(contact)

    def hear(self, contact: Contact, rows: Words) -> None:
        """Events of a contact, of which some are told."""
        mates = next((m for m in self.members.values() if contact in m), [])
        for _, t, kind, key, value, *_ in rows.tolist():
            told = self.account.tells.get(self.events[kind], "")
            for mate in mates:
                if told and mate is not contact:
                    self.count += 1
                    when = (t + self.account.after.elapsed, mate.number, contact.number, self.count)
                    letter: Letter = (when, (told, contact.key_of(key), value))
                    heapq.heappush(self.letters, letter)

    def deliver(self, contacts: list[Contact], until: int, live: Callable[[int], None]) -> None:
        """Let contacts live up to an instant, each letter arriving in time.

        Args:
            contacts: everybody.
            until: the instant.
            live: lets everybody live up to an instant.
        """
        by_number = {c.number: c for c in contacts}
        while True:
            t = min([*(_next(c) for c in contacts), *(when[0] for when, _ in self.letters[:1])], default=until)
            if t >= until:
                live(until)
                return
            live(t)
            while self.letters and self.letters[0][0][0] == t:
                (_, number, *_), letter = heapq.heappop(self.letters)
                by_number[number].is_told(*letter, t)
            live(t + 1)


def _next(contact: Contact) -> int:
    """When something is due, or asked for."""
    waits = int(contact.memory[UNTIL])
    return min(contact.due, waits) if waits else contact.due

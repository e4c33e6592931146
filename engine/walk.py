"""A walk: one contact's life in a plan, chosen reaction by reaction; every law is real, and any move can be undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

from msgspec import Struct

from bifurque.actors.layout import P_FIRST, P_PERSONA
from bifurque.engine.evidence import Because
from bifurque.engine.people import Drawn
from bifurque.engine.values import Duration
from bifurque.engine.world import World
from bifurque.engine.world_contact import Contact
from bifurque.engine.zones import known_zones, near_zone, read_zone
from bifurque.rules.errors import DataError, did_you_mean, short
from bifurque.rules.layout import MISSING, NEVER

DRAWN = 1000
"""A persona's attributes are those of the first contact of that persona among so many."""
NEXT_MOST = 100_000


class Move(Struct, frozen=True, omit_defaults=True):
    """One move: time goes on to an instant; there, perhaps, the contact does something.

    Attributes:
        at: the instant, on the contact's wall clock with its offset.
        does: an event; without one, only time passes.
        key: its key.
        value: its value, in cents where it is money.
        message: the message it is about.
    """

    at: str
    does: str = ""
    key: str | None = None
    value: int | None = None
    message: str | None = None


class Who(Struct, frozen=True, omit_defaults=True):
    """Who walks."""

    persona: str = ""
    zone: str = ""
    consent: str | dict[str, bool] = "all"
    attributes: dict[str, Any] = {}


class Walk:
    """A walk through a plan.

    Args:
        plan: a plan file, or the name of a template.
        set: overrides, `path.to.value=X`.
        seed: of the draws of experiments, holdouts and the persona's attributes.
        who: who walks.
        rules_engine: `kernel`; or `durable`: durable-rules says which rule fires.
    """

    def __init__(
        self,
        plan: str | File,
        *,
        set: Sequence[str] = (),
        seed: int = 1,
        who: Who | None = None,
        rules_engine: str = "kernel",
    ) -> None:
        self.plan, self.set, self.seed, self.rules_engine = plan, tuple(set), seed, rules_engine
        self.moves: list[Move] = []
        self.who = who or Who()
        self._told = 0
        self.world: World
        self.contact: Contact
        self._begin()

    def _begin(self) -> None:
        """A new world, at the first instant of the plan."""
        engine = self.rules_engine
        self.world = World(self.plan, set=self.set, seed=self.seed, watched=True, rules_engine=engine)
        who = self.who
        names = self.world.program(self.world.plan.zone).names
        for kind, word, known in (("persona", who.persona, names.personas), ("zone", who.zone, known_zones())):
            if word and word not in known:
                raise DataError(f"no {kind} is called `{short(word)}`" + _nearby(kind, word, names.personas))
        given = self._drawn() | who.attributes
        self.contact = self.world.contact(
            0, zone=who.zone or None, persona=who.persona or None, consent=who.consent, **given
        )

    def _drawn(self) -> dict[str, Any]:
        """The attributes of the first contact of this persona, as a simulation draws them."""
        program = self.world.program(self.world.plan.zone)
        rows = Drawn(program, self.seed, DRAWN).rows(0, DRAWN)
        persona = program.names.personas.index(self.who.persona) if self.who.persona else 0
        mine = rows[rows[:, P_PERSONA] == persona]
        row = mine[0] if len(mine) else rows[0]
        texts = list(program.texts)
        found: dict[str, Any] = {}
        for i, name in enumerate(program.columns):
            if name in program.names.attributes:
                found[name] = _plain(row[P_FIRST + i : P_FIRST + i + 1], program.names.attributes[name], texts)
        return {name: value for name, value in found.items() if value is not None}

    def change(self, who: Who) -> None:
        """Another person walks; only before the first move.

        Raises:
            DataError: the walk has begun, or the plan knows no such person.
        """
        if self.moves:
            raise DataError("the walk has begun: undo it to its start, then change who walks")
        before, self.who = self.who, who
        try:
            self._begin()
        except (DataError, ValueError) as error:
            self.who = before
            self._begin()
            raise DataError(str(error)) from None

    # moves

    def does(self, event: str, *, key: str | None = None, value: int | None = None, message: str | None = None) -> None:
        """The contact does something now."""
        self.make(Move(self.reading, event, key, value, message))

    def go(self, instant: int) -> None:
        """Time goes on to an instant; what is due at it happens."""
        if instant >= self.end:
            raise DataError(f"the plan ends on {self.clock(self.end)}")
        self.make(Move(self.reading_of(instant)))

    def next(self) -> bool:
        """Time goes on to the next decision; False if there is none before the end."""
        before = len(self.contact.decisions)
        due = self.contact.due
        for _ in range(NEXT_MOST):
            if due >= self.end or due >= NEVER:
                return False
            self.world._go(max(due, self.world.now), at_it=True)
            if len(self.contact.decisions) > before:
                self.moves.append(Move(self.reading))
                return True
            due = self.contact.due
        return False

    def make(self, move: Move) -> None:
        """Make a move."""
        self._live(move)
        self.moves.append(move)

    def _live(self, move: Move) -> None:
        if not move.does:
            self.world.until(move.at)
            return
        self.contact.at(move.at)
        self.contact.does(move.does, key=move.key, value=move.value, message=move.message)

    def undo(self, count: int = 1) -> int:
        """Take back the last moves: the walk is walked again without them. How many there were."""
        kept = self.moves[: max(len(self.moves) - count, 0)]
        undone = len(self.moves) - len(kept)
        self.replay(kept)
        self._told = len(self.contact.decisions)
        return undone

    def replay(self, moves: Sequence[Move]) -> None:
        """Walk these moves, from the start."""
        self._begin()
        self.moves, self._told = [], 0
        for move in moves:
            self.make(move)

    # what is to be seen

    def news(self) -> list[tuple[dict[str, Any], Because]]:
        """Decisions since the last time this was asked, each with what it rests on."""
        assert self.contact.witness is not None
        rows = self.contact.decisions
        fresh = list(zip(rows, self.contact.witness.because, strict=True))[self._told :]
        self._told = len(rows)
        return fresh

    @property
    def zone(self) -> str:
        """The contact's time zone; the plan's where it is not known."""
        return self.contact.zone if self.contact.zone in known_zones() else self.world.plan.zone

    @property
    def info(self) -> dt.tzinfo:
        """The contact's wall clock."""
        return read_zone(self.zone)

    @property
    def end(self) -> int:
        """The first instant after the plan."""
        return self.contact.program.end

    def clock(self, instant: int) -> str:
        """An instant on the contact's wall clock."""
        return f"{dt.datetime.fromtimestamp(instant, self.info):%Y-%m-%d %H:%M:%S}".removesuffix(":00")

    @property
    def reading(self) -> str:
        """The present on the contact's wall clock, with its offset."""
        return self.reading_of(self.world.now)

    def reading_of(self, instant: int) -> str:
        """An instant on the contact's wall clock, with its offset."""
        return dt.datetime.fromtimestamp(instant, self.info).isoformat(" ")

    def moment(self, text: str) -> int | None:
        """The instant that a text such as `+1d`, `14:00`, `2026-03-10` or `2026-03-10 14:00` means; None: none."""
        if text.startswith("+"):
            return self.world.now + Duration.read(text[1:].strip()).elapsed
        try:
            if len(text) <= 5 and ":" in text:
                time = dt.time.fromisoformat(text.zfill(5))
                now = dt.datetime.fromtimestamp(self.world.now, self.info)
                found = dt.datetime.combine(now.date(), time, self.info)
                found += dt.timedelta(days=int(found.timestamp() <= self.world.now))
            else:
                found = dt.datetime.fromisoformat(text)
        except ValueError:
            return None
        return int((found if found.tzinfo else found.replace(tzinfo=self.info)).timestamp())


def _nearby(kind: str, word: str, personas: tuple[str, ...]) -> str:
    return near_zone(word) if kind == "zone" else did_you_mean(word, personas)


def _plain(word: Any, kind: str, texts: list[str]) -> Any:
    """A value of a contact's row as `World.contact` takes it; None where nothing is known."""
    import numpy as np

    if kind == "double":
        real = float(word.view(np.float64)[0])
        return None if real != real else real
    code = int(word[0])
    if code == MISSING:
        return None
    if kind == "date":
        return str(dt.date(1970, 1, 1) + dt.timedelta(days=code))
    if kind == "string":
        return texts[code] if 0 <= code < len(texts) else None
    return bool(code) if kind == "bool" else code

"""A small world in which time travels: a plan, a few contacts, and a clock that goes where it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as File
from typing import Any

from bifurque.engine.compile import compile_plan
from bifurque.engine.contacts import contact_number
from bifurque.engine.load import load, loads
from bifurque.engine.plan import Plan
from bifurque.engine.program import Program
from bifurque.engine.templates_list import template, template_names
from bifurque.engine.values import Duration
from bifurque.engine.world_contact import Contact
from bifurque.engine.world_letters import Post
from bifurque.engine.world_rules import SecondEngine
from bifurque.engine.world_sharing import live_together
from bifurque.engine.zones import instant_at, known_zones, reading_at
from bifurque.rules.errors import DataError
from bifurque.rules.settlement import Books


class World:
    """A plan under test: contacts that do what they are told, on a clock that goes where it is told.

    Everything is real: the step is the one a simulation runs, uncompiled.

    Args:
        plan: a plan file, the text of a plan, or the name of a template.
        set: overrides, `path.to.value=X`.
        behaviour: `off`, or `constant` to let the plan's behaviour add to what contacts are told to do.
        seed: of the draws of behaviour, experiments and holdouts.
        watched: whether a witness notes what every decision rests on: `Contact.witness`.
        rules_engine: `kernel`; or `durable`: durable-rules says which rule fires.

    >>> world = World("cart")
    >>> anna = world.contact("anna", zone="Europe/Paris")
    >>> anna.at("2025-03-10 13:30").does("cart_updated", cart=1)
    >>> world.advance("1d")
    >>> anna.sent
    [('cart_reminder', '2025-03-10 15:00')]
    """

    def __init__(
        self,
        plan: str | File,
        *,
        set: Sequence[str] = (),
        behaviour: str = "off",
        seed: int = 1,
        watched: bool = False,
        rules_engine: str = "kernel",
    ) -> None:
        self.watched = watched
        if str(plan) in template_names():
            checked = loads(template(str(plan), "en"), set, str(plan))
        elif isinstance(plan, str) and "\n" in plan:
            checked = loads(plan, set)
        else:
            checked = load(plan, set)
        self.plan: Plan = checked
        self.behaviour, self.seed = behaviour, seed
        self.contacts: list[Contact] = []
        self._programs: dict[str, Program] = {}
        program = self.program(checked.zone)
        self.books = Books(program.supplies, seed) if program.supplies else None
        self.second = SecondEngine(program) if rules_engine == "durable" and checked.rules else None
        self.post = Post(checked.account, program.names.events) if checked.account else None
        self.now = program.start
        """The present, in seconds since 1970-01-01 UTC."""

    def program(self, zone: str) -> Program:
        """The compiled plan, knowing a zone."""
        if zone not in self._programs:
            zones = (zone,) if zone in known_zones() else ()
            self._programs[zone] = compile_plan(self.plan, behaviour=self.behaviour, rows=2048, zones=zones)
        return self._programs[zone]

    def contact(
        self,
        name: str | int | None = None,
        *,
        zone: str | None = None,
        persona: str | None = None,
        consent: str | Mapping[str, bool] = "all",
        **attributes: Any,
    ) -> Contact:
        """A new contact.

        Args:
            name: who it is; by default the next number.
            zone: where it lives; by default the plan's zone.
            persona: by default the plan's first.
            consent: `all`, `none`, or a mapping such as `{"marketing.email": True}`.
            **attributes: any attribute of the plan; dates as `1990-05-31`.
        """
        number = len(self.contacts) if name is None else name if isinstance(name, int) else contact_number(name)
        made = Contact(self, number, zone or self.plan.zone, persona, consent, attributes)
        self.contacts.append(made)
        if self.post is not None:
            self.post.join(made, attributes.get(self.post.account.by))
        return made

    def advance(self, duration: str) -> None:
        """Let time pass: everything due up to and at the new instant happens. A day is 24 hours here."""
        self._go(self.now + Duration.read(duration).elapsed, at_it=True)

    def until(self, moment: str) -> None:
        """Let time pass up to a moment on the plan's wall clock, as `2025-03-10 14:00`; what is due at it happens."""
        self._go(instant_at(moment, self.plan.zone), at_it=True)

    def _go(self, instant: int, *, at_it: bool) -> None:
        if instant < self.now:
            raise DataError(f"time only goes on: it is {reading_at(self.now, self.plan.zone)} already")
        until = instant + 1 if at_it else instant
        if self.post is None:
            self._live(until)
        else:
            self.post.deliver(self.contacts, until, self._live)
        self.now = instant

    def _live(self, until: int) -> None:
        """Let everybody live up to an instant."""
        if self.books is None:
            for contact in self.contacts:
                contact._live(until)
        else:
            live_together([(c._live, c._steps.answer) for c in self.contacts], self.books, until)

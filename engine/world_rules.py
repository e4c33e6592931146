"""durable-rules for the contacts of a small world: one process says which of their rules fire."""

from __future__ import annotations

import weakref

from bifurque.engine.durable import coded
from bifurque.engine.durable_host import Host
from bifurque.engine.durable_step import Chaining, Reading
from bifurque.engine.program import Program
from bifurque.engine.texts import Texts
from bifurque.rules.compiled import Words


class SecondEngine:
    """The process, for as long as the world lasts.

    Raises:
        DataError: durable-rules cannot run these rules.
    """

    def __init__(self, program: Program) -> None:
        self.host = Host(coded(program.plan, program.texts).ruleset())
        self._end = weakref.finalize(self, self.host.stop)

    def over(self, program: Program, texts: Texts, words: Words) -> Chaining:
        """Its chaining over the memory of one contact, which grows by what is read for it."""
        code = coded(program.plan, program.texts)
        return Chaining(Reading(program, texts, code, words), self.host)

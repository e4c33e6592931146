"""durable-rules as a second rules engine: it says which rule fires, everything else is the same step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurque.actors.host import Lane
from bifurque.engine.durable_code import Code
from bifurque.engine.durable_host import Host
from bifurque.engine.durable_step import Chaining, Reading
from bifurque.engine.plan import Plan
from bifurque.engine.program import Program
from bifurque.engine.rule_trial import Book
from bifurque.engine.setting import Setting, one_of
from bifurque.engine.texts import Texts
from bifurque.engine.twins import Hands, twins
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError

ENGINES = ("kernel", "durable")
MOST_CONTACT_DAYS = 200_000
"""The largest run durable-rules is asked to do: 2,000 contacts for 100 days, say."""

Of = Callable[[Any], Any]
"""From a function of the kernel to the one to call."""


@contextmanager
def in_engine(setting: Setting, engine: str = "kernel") -> Iterator[tuple[Words, Hands]]:
    """A lane's memory, and the parts of the step that another engine takes in hand: none for the kernel's own.

    Raises:
        DataError: no such engine, or durable-rules cannot run these rules.
        RunError: durable-rules cannot be loaded, or fails.
    """
    one_of("rules engine", engine, ENGINES)
    if engine == "kernel" or not setting.plan.rules:
        yield setting.words.copy(), {}
        return
    with chaining(setting.program, setting.texts, setting.words) as (words, rules):
        yield words, rules.hands


@contextmanager
def stepping(setting: Setting, engine: str = "kernel") -> Iterator[tuple[Words, Of]]:
    """A lane's memory, and the plain form of the kernel's functions, with one engine or the other for the rules.

    `with stepping(setting, "durable") as (words, of): of(run_lane)(words, people, events, bounds)`
    """
    with in_engine(setting, engine) as (words, hands):
        yield words, twins(hands) if hands else lambda function: function


@contextmanager
def chaining(program: Program, texts: Texts, words: Words) -> Iterator[tuple[Words, Chaining]]:
    """A lane's memory and the chaining of durable-rules over it, its process running until the end."""
    code = coded(program.plan, program.texts)
    reading = Reading(program, texts, code, words)
    with Host(code.ruleset()) as host:
        yield reading.words, Chaining(reading, host)


def coded(plan: Plan, texts: dict[str, int]) -> Code:
    """The rules of a plan for durable-rules.

    Raises:
        DataError: it cannot run them.
    """
    code = Code(Book(plan), texts)
    for why in code.refusals():
        raise DataError(f"--rules-engine durable: {why}")
    return code


@dataclass
class PlainLane(Lane):
    """A lane for which nothing is compiled."""

    of: Of = lambda function: function

    def code(self, function: Callable[..., int]) -> Callable[..., int]:
        """Plain Python, with another engine in it."""
        plain: Callable[..., int] = self.of(function)

        def run(*given: Words) -> int:
            with np.errstate(over="ignore"):
                return plain(*given)

        return run


@contextmanager
def durable_lane(setting: Setting) -> Iterator[Lane]:
    """A lane whose rules durable-rules fires.

    Raises:
        DataError: the run is too large for that, or durable-rules cannot run its rules.
        RunError: durable-rules cannot be loaded, or fails.
    """
    size = setting.people.count * setting.days
    if size > MOST_CONTACT_DAYS:
        text = f"--rules-engine durable runs {MOST_CONTACT_DAYS:,} contact-days at most, this run has {size:,}"
        raise DataError(f"{text}: fewer --contacts or --days, or --shadow for a share of the contacts")
    with stepping(setting, "durable") as (words, of):
        yield PlainLane(words, setting.program.first_counter, len(setting.program.words), of=of)

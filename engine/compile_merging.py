"""Compiles what is joined when two contacts turn out to be one."""

from __future__ import annotations

from bifurque.actors.layout import RX_FIRST, RX_MERGED, T_ABSENCE, TR_KIND, WAKES_TRIGGER
from bifurque.engine.program import Compiling

ORDER_MERGED = 1


def react_to_merging(c: Compiling) -> None:
    """The event that says that two contacts are one; before everything else that the plan has to say about it."""
    if c.plan.merge is not None:
        c.react(c.plan.merge, ORDER_MERGED, [RX_MERGED, 0, -1, 0, 0])


def merge_lists(c: Compiling) -> list[int]:
    """Lists of attributes, facts, caps, coherence rules, silences, first times; and the number of scores."""
    tables, words = c.tables, c.tables.words
    known = [cell for name, cell in c.columns.items() if not name.startswith("consent.")]
    facts = dict.fromkeys(cell for cell, _ in c.facts.values())
    silences = [row for kind, row in c.timers if kind == WAKES_TRIGGER and words[row + TR_KIND] == T_ABSENCE]
    firsts = dict.fromkeys(row[2] for rows in c.reactions.values() for row in rows if row[1] == RX_FIRST)
    lists = (known, facts, c.caps, c.rules, silences, firsts)
    return [*(tables.listed(some) for some in lists), len(c.plan.scores)]

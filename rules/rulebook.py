"""Columns of the tables of rules and of what they remember of events.

The headers: H_RULES rows by rank, or 0 when the plan has no rules; H_RULE_WORDS words of 64 rules each; H_ARMED words
of the record: armed rules, then rules that fired and have been true since; H_READERS by address: the rules that read
it, or 0; H_EVENT_RULES by event type: rules that it arms, or 0, and rules that may be true then; H_CLOCK_RULES: rules
that time alone may make true, then derivations of that kind; H_RULE_COUNTS firings by rule, then events beyond the
bound by feature; H_ROOM rows one input may need.
"""

from __future__ import annotations

MOST_FIRINGS = 256
"""Firings for one input; beyond, the contact is quarantined."""

# Rules, by rank
(RU_WHEN, RU_ACTIONS, RU_CAUSE, RU_NAME, RU_FACT, RU_NUMBER, RU_TESTS) = range(7)
RU = 7
"""Condition, list of actions, cause, winner, what it derives or 0, place in the plan, the condition as tests or 0."""

# Tests: of alternatives, each of so many tests; a word and what it must hold
(TEST_BITS, TEST_RANGE, TEST_REAL, TEST_SET) = range(4)
(TE_KIND, TE_CELL, TE_A, TE_B) = range(4)
TEST = 4
"""Some bits have these values; a whole number or a real one lies in [a, b]; a small number is one of the bits of a."""

# What a rule derives: word and bit of the fact, then the conditions of all rules that derive it
(DE_CELL, DE_BIT, DE_COUNT, DE_FIRST) = range(4)

# Values that change by calculation: rows behind a count
(VA_CODE, VA_READERS, VA_BEFORE) = range(3)
VALUE_ROW = 3

# Memories of events of one type that satisfy one condition
(MEM_LAST, MEM_FIRST, MEM_RING, MEM_SIZE, MEM_SUMS, MEM_WINDOWS, MEM_VALUES) = range(7)
MEMORY_ROW = 7
"""Words of the record for the last and the first instant (0: not kept), the ring (0: none), its size, 1: it keeps
values too, list of (window, counter), list of values that change."""
(RING_HEAD, RING_LOST, RING_FIRST) = range(3)
"""Where the next event goes, the instant of the last one that no longer fitted, then instants (and values)."""

# A pause by a rule, and a priority given by one
(PA_UNTIL, PA_BY) = range(2)
PAUSE_CELLS = 2
(OV_UNTIL, OV_VALUE) = range(2)
OVERRIDE_CELLS = 2

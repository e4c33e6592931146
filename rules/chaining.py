"""Forward chaining: which rules are armed, and which of them fires next.

State is the slots a condition may read and one armed bit per rule, in the order of rank. The first armed rule that is
true fires and is disarmed; one found not true is disarmed too; each slot whose value changes arms its readers.
"""

from __future__ import annotations

from bifurque.rules.compiled import Memory, as_real, as_word, kernel, seldom
from bifurque.rules.conditions import truth, word
from bifurque.rules.layout import *
from bifurque.rules.rulebook import *


@kernel
def mask(bit: int) -> int:
    """A word with one bit set; the last one is the sign."""
    return MISSING if bit == 63 else 1 << bit


@kernel
def lowest(bits: int) -> int:
    """The place of the lowest bit of a word that has one: the exponent of that bit alone, as a real number."""
    return ((as_word(float(bits & -bits)) >> 52) & 0x7FF) - 1023


@seldom
def arm(m: Memory, rules: int) -> None:
    """Arm some rules: 0, or the address of their masks."""
    if rules == 0:
        return
    armed = m[H_ARMED]
    for w in range(m[H_RULE_WORDS]):
        m[armed + w] |= m[rules + w]


@kernel
def touch(m: Memory, cell: int) -> None:
    """The value of a word has changed."""
    if m[H_RULES] != 0:
        arm(m, m[m[H_READERS] + cell])


@kernel
def touch_bits(m: Memory, cell: int, changed: int) -> None:
    """Some facts or consents of one word have changed."""
    if m[H_RULES] == 0 or m[m[H_READERS] + cell] == 0:
        return
    readers = m[m[H_READERS] + cell]
    while changed != 0:
        bit = lowest(changed)
        changed &= ~mask(bit)
        arm(m, m[readers + bit])


@seldom
def observe(m: Memory, values: int, t: int) -> None:
    """Note values that are about to change."""
    row = values + 1
    for _ in range(m[values]):
        m[row + VA_BEFORE] = word(m, m[row + VA_CODE], MISSING, t)
        row += VALUE_ROW


@seldom
def compare_values(m: Memory, values: int, t: int) -> None:
    """Arm the readers of those that did."""
    row = values + 1
    for _ in range(m[values]):
        if word(m, m[row + VA_CODE], MISSING, t) != m[row + VA_BEFORE]:
            arm(m, m[row + VA_READERS])
        row += VALUE_ROW


@seldom
def pass_time(m: Memory, t: int) -> None:
    """A new input: rules that time alone may have made true are looked at, unless they fired and have not been false.

    So what only the clock changes never makes a rule fire twice in a row.
    """
    words, armed, clock = m[H_RULE_WORDS], m[H_ARMED], m[H_CLOCK_RULES]
    if clock == 0:
        return
    for w in range(words):
        m[armed + w] |= m[clock + words + w] | (m[clock + w] & ~m[armed + words + w])
        fired = m[armed + words + w] & m[clock + w] & ~m[armed + w]
        while fired != 0:
            bit = lowest(fired)
            fired &= ~mask(bit)
            if truth(m, m[m[H_RULES] + (64 * w + bit) * RU + RU_WHEN], t) != TRUE:
                m[armed + words + w] &= ~mask(bit)


@seldom
def next_rule(m: Memory, t: int) -> int:
    """The rule that fires next, disarmed; 0 when none is armed and true. What it derives is already so."""
    words, armed, possible = m[H_RULE_WORDS], m[H_ARMED], m[POSSIBLE]
    w = 0
    while w < words:
        bits = m[armed + w]
        if possible != 0:
            bits &= m[possible + w]
        if bits == 0:
            w += 1
            continue
        bit = lowest(bits)
        m[armed + w] &= ~mask(bit)
        rule = m[H_RULES] + (64 * w + bit) * RU
        true = holds(m, rule, t)
        if m[rule + RU_FACT] != 0:
            if derive(m, m[rule + RU_FACT], true, t):
                return rule
            w = 0
            continue
        if m[H_CLOCK_RULES] != 0 and m[m[H_CLOCK_RULES] + w] & mask(bit) != 0:
            held = armed + words + w
            m[held] = m[held] | mask(bit) if true else m[held] & ~mask(bit)
        if true:
            return rule
    for w in range(words):
        m[armed + w] = 0  # those that the event at hand rules out are not true either
    return 0


@kernel
def holds(m: Memory, rule: int, t: int) -> bool:
    """Whether a rule's condition is true: by its tests, if it has such a form."""
    at = m[rule + RU_TESTS]
    if at == 0:
        return truth(m, m[rule + RU_WHEN], t) == TRUE
    ways = m[at]
    at += 1
    for _ in range(ways):
        test = at + 1
        at = test + m[at] * TEST
        while test < at and passed(m, test):
            test += TEST
        if test == at:
            return True
    return False


@kernel
def passed(m: Memory, test: int) -> bool:
    """One test of one word."""
    kind, held, a, b = m[test + TE_KIND], m[m[test + TE_CELL]], m[test + TE_A], m[test + TE_B]
    if kind == TEST_BITS:
        return held & a == b
    if kind == TEST_RANGE:
        return a <= held <= b
    if kind == TEST_REAL:
        return as_real(a) <= as_real(held) <= as_real(b)
    return 0 <= held < 64 and (a >> held) & 1 == 1


@kernel
def derive(m: Memory, derivation: int, true: bool, t: int) -> bool:
    """A derived fact holds exactly while one of its rules does; whether it has just become true."""
    cell, bit = m[derivation + DE_CELL], m[derivation + DE_BIT]
    was = m[cell] & mask(bit) != 0
    if was == true:
        return False
    if was:
        for i in range(m[derivation + DE_COUNT]):
            if truth(m, m[derivation + DE_FIRST + i], t) == TRUE:
                return False
    m[cell] ^= mask(bit)
    m[CHANGED] = 1
    touch_bits(m, cell, mask(bit))
    return true

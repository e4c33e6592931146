"""Actions of steps and events: set a value, a fact, a consent, a stage; add points."""

from __future__ import annotations

from bifurque.actors.asking import answered
from bifurque.actors.layout import *
from bifurque.actors.mailbox import propose
from bifurque.actors.scoring import gain, heard, set_stage
from bifurque.actors.triggers import rearm_date
from bifurque.rules.chaining import mask, touch, touch_bits
from bifurque.rules.compiled import Memory, as_real, kernel
from bifurque.rules.conditions import number, truth, word
from bifurque.rules.layout import *
from bifurque.rules.scores import place


@kernel
def act(m: Memory, actions: int, key: int, t: int) -> bool:
    """Do a list of actions in order, each seeing what the ones before it did; True if a consent was withdrawn."""
    return act_rows(m, actions + 1, m[actions], key, t)


@kernel
def act_rows(m: Memory, row: int, count: int, key: int, t: int) -> bool:
    """Do so many actions from a row on."""
    withdrawn = False
    for _ in range(count):
        op, cell, code = m[row + AC_OP], m[row + AC_CELL], m[row + AC_CODE]
        if op == AC_SCORE:
            points = as_real(m[row + AC_WORD]) if code < 0 else number(m, code, t)
            at = place(m, cell, key)
            if at >= 0 and points == points:
                gain(m, cell, at, points, t)
        elif op == AC_HEARD:
            heard(m, cell, t)
        elif op == AC_STAGE:
            set_stage(m, m[row + AC_WORD], t)
        elif op == AC_SET:
            fixed = m[row + AC_WORD]
            put(m, cell, fixed if code < 0 else word(m, code, fixed, t), m[row + AC_WATCH], key, t)
        elif op == AC_ANSWERED:
            score = answered(m, m[row + AC_WORD])
            if cell >= 0 and score != MISSING:
                put(m, cell, score, m[row + AC_WATCH], key, t)
        else:
            withdrawn = set_bits(m, row, t) or withdrawn
        row += ACTION
    return withdrawn


@kernel
def set_bits(m: Memory, row: int, t: int) -> bool:
    """Facts and consents; True if a consent that was given is withdrawn."""
    op, cell, code, bits = m[row + AC_OP], m[row + AC_CELL], m[row + AC_CODE], m[row + AC_WORD]
    was = m[cell]
    if op == AC_GRANT:
        m[cell] = was | bits
    elif op == AC_WITHDRAW:
        m[cell] = was & ~bits
    elif op == AC_BIT:
        on = bits & 1 if code < 0 else (1 if truth(m, code, t) == TRUE else 0)
        m[cell] = was | mask(bits >> 1) if on == 1 else was & ~mask(bits >> 1)
    if m[cell] != was:
        m[CHANGED] = 1
        touch_bits(m, cell, m[cell] ^ was)
    return op == AC_WITHDRAW and m[cell] != was


@kernel
def put(m: Memory, cell: int, value: int, watch: int, key: int, t: int) -> None:
    """Give an attribute a value; the triggers that watch it fire when it changes."""
    if m[cell] == value:
        return
    m[cell], m[CHANGED] = value, 1
    touch(m, cell)
    if watch == 0:
        return
    for i in range(m[watch]):
        trigger = m[watch + 1 + i]
        if m[trigger + TR_KIND] == T_DATE:
            rearm_date(m, trigger, t)
        elif m[trigger + TR_WHERE] < 0 or truth(m, m[trigger + TR_WHERE], t) == TRUE:
            propose(m, m[trigger + TR_JOURNEY], key, t, m[trigger + TR_CAUSE])

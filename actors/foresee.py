"""What look-ahead may know of a contact: messages due or held, and those whose timer is already set."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.outbox import valid_until
from bifurque.actors.steps import later
from bifurque.actors.triggers import wait_row
from bifurque.rules.arbitration import value
from bifurque.rules.compiled import Memory, as_word, kernel, seldom
from bifurque.rules.foresight import see
from bifurque.rules.laws import suppressor
from bifurque.rules.layout import *


@seldom
def foresee(m: Memory, t: int) -> None:
    """List what competes at t or is already on its way."""
    m[m[H_FORESEEN]] = 0
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        send, end = m[entry + OUT_SEND], m[entry + OUT_END]
        if end > t and suppressor(m, send, t) == 0:
            see(m, send, m[entry + OUT_DUE], end, as_word(value(m, send, end, t)), entry)
        entry += OUT
    horizon = t + m[H_LONGEST]
    for timer in range(m[H_N_TIMERS] - 1):
        due = m[m[H_TIMERS] + timer]
        row = m[H_WAKES] + 2 * timer
        if due > horizon:
            continue
        if m[row] == WAKES_SLOT:
            slot = m[row + 1]
            if m[slot + SLOT_STEP] > 0 and m[slot + SLOT_STEP] != FREE:
                announce(m, m[slot + SLOT_JOURNEY], m[slot + SLOT_STEP], due, t)
        elif m[row] == WAKES_TRIGGER:
            expect(m, m[row + 1], due, t)


@kernel
def expect(m: Memory, trigger: int, at: int, t: int) -> None:
    """A date or a schedule is known beforehand, and so is the first message of its journey."""
    kind = m[trigger + TR_KIND]
    if kind != T_DATE and kind != T_SCHEDULE:
        return
    journey = m[trigger + TR_JOURNEY]
    step = m[journey + J_FIRST]
    if step > 0 and m[step + ST_ANCHOR] <= FROM_TRIGGER + 1:
        row = wait_row(m, m[step + ST_WAITS], m[step + ST_WAIT_ARM])
        announce(m, journey, step, later(m, row, at), t)


@kernel
def announce(m: Memory, journey: int, step: int, due: int, t: int) -> None:
    """A send step that will be due."""
    if m[step + ST_KIND] != S_SEND or m[m[journey + J_ARM]] == HELD_OUT_ARM or due > t + m[H_LONGEST]:
        return
    send = m[step + ST_SENDS]
    if m[step + ST_SEND_ARM] >= 0:
        send += m[m[step + ST_SEND_ARM]] * SEND
    end = valid_until(m, send, due)
    if end > t and suppressor(m, send, due) == 0:
        see(m, send, due, end, as_word(value(m, send, end, t)), -1)

"""From step to step: when each is due, what it does, where it leads. Steps that need no wait follow at once."""

from __future__ import annotations

from bifurque.actors.acts import act
from bifurque.actors.behaviour import follow, meanwhile
from bifurque.actors.books import took
from bifurque.actors.layout import *
from bifurque.actors.mailbox import propose, set_timer, transition
from bifurque.actors.offering import answer_offer, ask_offer, choose
from bifurque.actors.outbox import offer
from bifurque.actors.tally import step_count
from bifurque.actors.triggers import wait_row
from bifurque.actors.visits import close_visit, open_visit, suspended
from bifurque.actors.ways import way_count
from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.conditions import truth
from bifurque.rules.layout import *
from bifurque.rules.localtime import DAY, after, at_time, instant, offset
from bifurque.rules.numbers import nth

UNKNOWN_DATE = -(2**61)
"""The due instant of a step counted from a date that is not known: it is passed over."""


@kernel
def enter(m: Memory, journey: int, key: int, anchor: int, cause: int, step: int, t: int) -> None:
    """Make the entry a trigger or a rule asked for, and go as far as no wait is needed."""
    if not transition(m, t):
        return
    m[ENTRY_STEP] = step
    slot = open_visit(m, journey, key, anchor, cause, t)
    if slot >= 0:
        m[slot + SLOT_STEP] = 0
        go(m, slot, m[journey + J_FIRST] if step == 0 else step, t)


@kernel
def go(m: Memory, slot: int, step: int, t: int) -> None:
    """Move a visit to a step and on through all that is due."""
    while True:
        way_count(m, slot, step, t)
        m[slot + SLOT_STEP], m[slot + SLOT_SINCE] = step, t
        if step == 0:
            finish(m, slot, t)
            return
        step_count(m, step, N_REACHED)
        due = due_at(m, slot, step)
        if due > t:
            stand(m, slot, step, due, t)
            return
        step = execute(m, slot, step, due, t)
        if step < 0:
            return


@kernel
def stand(m: Memory, slot: int, step: int, due: int, t: int) -> None:
    """Wait at a step until it is due, or for what it waits for."""
    waits_for_send = m[step + ST_ANCHOR] == FROM_SENT and m[slot + SLOT_MESSAGES] > 0
    m[slot + SLOT_STATE] = AWAITING_SEND if waits_for_send else RUNNING
    if m[step + ST_KIND] == S_WAIT_FOR:
        m[slot + SLOT_STATE] = AWAITING_EVENT
    set_timer(m, m[slot + SLOT_TIMER], due)
    if m[step + ST_ANSWERS] != 0:
        cause = nth(m[step + ST_PURPOSE], m[slot + SLOT_VISIT])
        follow(m, m[step + ST_ANSWERS], cause, t, m[slot + SLOT_KEY], -1, m[slot + SLOT_VISIT])
    if m[step + ST_INTERVAL] != 0:
        meanwhile(m, m[step + ST_INTERVAL], m[step + ST_PURPOSE], m[slot + SLOT_VISIT], m[slot + SLOT_KEY], t, due)


@kernel
def finish(m: Memory, slot: int, t: int) -> None:
    """The last step is behind: the visit ends when its last message is final."""
    set_timer(m, m[slot + SLOT_TIMER], NEVER)
    if m[slot + SLOT_MESSAGES] > 0:
        m[slot + SLOT_STATE] = ENDING
    else:
        close_visit(m, slot, t, NO_REASON, 0, C_COMPLETED)


@kernel
def due_at(m: Memory, slot: int, step: int) -> int:
    """When a step is due: its wait, counted from its anchor, then moved to its time of day and weekday."""
    anchor = m[step + ST_ANCHOR]
    base = m[slot + SLOT_ANCHOR]
    if anchor == FROM_PREVIOUS:
        base = m[slot + SLOT_PREVIOUS]
    elif anchor == FROM_SENT:
        if m[slot + SLOT_MESSAGES] > 0:
            return NEVER
        base = m[slot + SLOT_SENT]
    elif anchor == FROM_DATE or anchor == FROM_MOMENT:
        base = m[m[step + ST_ATTRIBUTE]]
        if base == MISSING:
            return UNKNOWN_DATE
        if anchor == FROM_DATE:
            base = instant(m, base * DAY)
    row = wait_row(m, m[step + ST_WAITS], m[step + ST_WAIT_ARM])
    due = later(m, row, base)
    return max(due, base + 1) if anchor == FROM_SENT else due


@kernel
def later(m: Memory, row: int, base: int) -> int:
    """A wait from an instant: days and elapsed time, then the time of day, then the next allowed weekday."""
    days, time, weekdays = m[row + W_DAYS], m[row + W_AT], m[row + W_WEEKDAYS]
    if time < 0 and weekdays == 0:
        return after(m, base, days, m[row + W_SECONDS])
    base += m[row + W_SECONDS]
    if time < 0:
        time = (base + offset(m, base)) % DAY
    due = at_time(m, base, days, time)
    if due < base:
        days += 1
        due = at_time(m, base, days, time)
    if weekdays != 0:
        while (weekdays >> (((due + offset(m, due)) // DAY + 3) % 7)) & 1 == 0:
            days += 1
            due = at_time(m, base, days, time)
    return due


@kernel
def execute(m: Memory, slot: int, step: int, due: int, t: int) -> int:
    """Do a step that is due; the step it leads to (0: the end), or -1 if the visit is over or the contact stopped."""
    if not transition(m, t):
        return -1
    kind = m[step + ST_KIND]
    m[VISIT] = m[slot + SLOT_VISIT]
    onward = m[step + ST_NEXT]
    if due == UNKNOWN_DATE:
        due = m[slot + SLOT_PREVIOUS]
    elif kind == S_SEND:
        send = m[step + ST_SENDS]
        if m[step + ST_SEND_ARM] >= 0:
            send += m[m[step + ST_SEND_ARM]] * SEND
        offer(m, slot, send, due, t, due < t and m[step + ST_LATE] == LATE_SKIP)
    elif kind == S_ACT:
        paused = m[slot + SLOT_PAUSED] != 0 or suspended(m, m[slot + SLOT_JOURNEY], t)
        if not paused and not (due < t and m[step + ST_LATE] == LATE_SKIP):
            act(m, m[step + ST_ARG], m[slot + SLOT_KEY], t)
    elif kind == S_BRANCH:
        onward = branch(m, step, t)
    elif kind == S_EXPERIMENT:
        onward = m[m[step + ST_ARG] + m[m[step + ST_SEND_ARM]]]
        took(m, step, m[m[step + ST_SEND_ARM]])
    elif kind == S_WAIT_FOR:
        took(m, step, 1)
        onward = m[step + ST_ELSE]
    elif kind == S_TRANSFER:
        transfer(m, slot, m[step + ST_ARG], t)
        return -1
    elif kind == S_EXIT:
        close_visit(m, slot, t, R_EXITED, 0, C_EXIT)
        return -1
    elif kind == S_OFFER:
        onward = ask_offer(m, slot, step, due, t, due < t and m[step + ST_LATE] == LATE_SKIP)
        if onward < 0:
            return -1
    step_count(m, step, N_PASSED)
    m[slot + SLOT_PREVIOUS] = due
    if m[QUARANTINED] == 1 or m[slot + SLOT_STEP] == FREE:
        return -1
    return onward


@kernel
def branch(m: Memory, step: int, t: int) -> int:
    """The first branch whose condition is true, or the step after."""
    rows = m[step + ST_ARG]
    for i in range(m[rows]):
        row = rows + 1 + 2 * i
        if m[row] < 0 or truth(m, m[row], t) == TRUE:
            took(m, step, i)
            return m[row + 1]
    took(m, step, m[rows])
    return m[step + ST_NEXT]


@kernel
def transfer(m: Memory, slot: int, journey: int, t: int) -> None:
    """Leave for another journey; the key goes along."""
    key = m[slot + SLOT_KEY]
    close_visit(m, slot, t, NO_REASON, m[journey + J_NAME], C_TRANSFER)
    propose(m, journey, key, t, C_TRANSFER)


@kernel
def wake_slot(m: Memory, slot: int, t: int) -> None:
    """A visit's timer fires: its step is due, or a pause has dropped the messages it waited for."""
    step = m[slot + SLOT_STEP]
    if m[slot + SLOT_STATE] == ENDING:
        finish(m, slot, t)
        return
    if m[slot + SLOT_STATE] == AWAITING_SEND:
        stand(m, slot, step, due_at(m, slot, step), t)
        return
    set_timer(m, m[slot + SLOT_TIMER], NEVER)
    m[slot + SLOT_STATE] = RUNNING
    onward = execute(m, slot, step, t, t)
    if onward >= 0:
        go(m, slot, onward, t)


@kernel
def resume_visit(m: Memory, slot: int, t: int) -> None:
    """What a visit waited for has happened: it goes on from its wait_for."""
    step = m[slot + SLOT_STEP]
    if not transition(m, t):
        return
    set_timer(m, m[slot + SLOT_TIMER], NEVER)
    m[slot + SLOT_STATE] = RUNNING
    m[slot + SLOT_PREVIOUS] = t
    step_count(m, step, N_PASSED)
    took(m, step, 0)
    go(m, slot, m[step + ST_ARG], t)


@seldom
def settle_offer(m: Memory, slot: int, which: int, t: int) -> None:
    """What an offer step asked for is settled: the `which`-th of the chosen offers, or (-1) none; the visit goes on."""
    step = m[slot + SLOT_STEP]
    if not transition(m, t):
        return
    set_timer(m, m[slot + SLOT_TIMER], NEVER)
    m[slot + SLOT_STATE] = RUNNING
    choose(m, step, t)
    onward = answer_offer(m, slot, step, which, t)
    step_count(m, step, N_PASSED)
    m[slot + SLOT_PREVIOUS] = t
    if m[QUARANTINED] == 0:
        go(m, slot, onward, t)


@kernel
def message_final(m: Memory, slot: int, t: int) -> None:
    """A message of this visit is final: a step counted from its sending gets its due instant, an ending visit ends."""
    m[slot + SLOT_MESSAGES] -= 1
    m[slot + SLOT_SENT] = t
    if m[slot + SLOT_MESSAGES] > 0:
        return
    if m[slot + SLOT_STATE] == ENDING:
        close_visit(m, slot, t, NO_REASON, 0, C_COMPLETED)
    elif m[slot + SLOT_STATE] == AWAITING_SEND:
        step = m[slot + SLOT_STEP]
        stand(m, slot, step, due_at(m, slot, step), t)

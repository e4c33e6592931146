"""Rules fire: what they do to a contact, until none is armed and true."""

from __future__ import annotations

from bifurque.actors.acts import act_rows
from bifurque.actors.layout import *
from bifurque.actors.mailbox import propose, propose_at, set_timer, transition
from bifurque.actors.outbox import withdraw
from bifurque.actors.steps import go
from bifurque.actors.tally import step_count
from bifurque.actors.visits import close_visit
from bifurque.rules.chaining import compare_values, next_rule, observe, pass_time
from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.decisions import emit
from bifurque.rules.layout import *
from bifurque.rules.localtime import after
from bifurque.rules.remembering import keep_event
from bifurque.rules.rulebook import *


@seldom
def attend(m: Memory, event: bool, t: int) -> None:
    """A new input: without an event, the words of the last one are no longer known."""
    m[FIRINGS] = m[POSSIBLE] = 0
    if not event:
        m[IN_TYPE] = m[IN_VALUE] = m[IN_TEXT] = m[IN_MESSAGE] = MISSING
        m[IN_KEY] = NO_KEY
    pass_time(m, t)


@seldom
def infer(m: Memory, t: int) -> None:
    """Fire rules to quiescence; a contact whose rules never come to rest is quarantined."""
    while m[QUARANTINED] == 0:
        rule = next_rule(m, t)
        if rule == 0:
            return
        m[FIRINGS] += 1
        if m[FIRINGS] > MOST_FIRINGS:
            m[QUARANTINED], m[LOOPING] = 1, m[rule + RU_NAME]
            return
        fire(m, rule, t)


@kernel
def fire(m: Memory, rule: int, t: int) -> None:
    """One rule fires: a row, then its actions in order."""
    m[m[H_RULE_COUNTS] + m[rule + RU_NUMBER]] += 1
    emit(m, t, 0, 0, 0, 0, NO_OUTCOME, NO_REASON, 0, 0, m[rule + RU_CAUSE], 0, 0)
    actions = m[rule + RU_ACTIONS]
    for i in range(m[actions]):
        row = actions + 1 + i * ACTION
        if m[row + AC_OP] < AC_ENTER:
            act_rows(m, row, 1, m[IN_KEY], t)
        else:
            move(m, row, m[rule + RU_NAME], t)


@kernel
def move(m: Memory, row: int, rule: int, t: int) -> None:
    """What only rules do: move a contact between journeys, pause and resume, change priorities."""
    op, cell = m[row + AC_OP], m[row + AC_CELL]
    if op == AC_ENTER:
        propose(m, cell, key_for(m, cell), t, m[row + AC_WORD])
    elif op == AC_LEAVE:
        for i in range(m[cell + J_N_SLOTS]):
            slot = m[cell + J_SLOTS] + i * SLOT
            if m[slot + SLOT_STEP] != FREE:
                close_visit(m, slot, t, R_EXITED, rule, C_EXIT)
    elif op == AC_TRANSFER:
        transfer_all(m, cell, rule, t)
    elif op == AC_PAUSE:
        for i in range(m[cell]):
            pause(m, m[cell + 1 + i], m[row + AC_WORD], m[row + AC_WATCH], rule, t)
    elif op == AC_RESUME:
        for i in range(m[cell]):
            m[m[cell + 1 + i] + PA_UNTIL] = 0
    elif op == AC_PRIORITY:
        m[cell + OV_UNTIL] = until(m, m[row + AC_WORD], m[row + AC_WATCH], t)
        m[cell + OV_VALUE] = m[row + AC_CODE]


@kernel
def key_for(m: Memory, journey: int) -> int:
    """The key of the event at hand, for a journey that keeps its visits apart by key."""
    return m[IN_KEY] if m[journey + J_KEYED] == 1 else NO_KEY


@kernel
def until(m: Memory, days: int, seconds: int, t: int) -> int:
    """When something that begins now ends; of no length, it lasts until a rule ends it."""
    return NEVER if days == 0 and seconds == 0 else after(m, t, days, seconds)


@kernel
def pause(m: Memory, cells: int, days: int, seconds: int, rule: int, t: int) -> None:
    """Nothing of this leaves for a time; what is held is dropped."""
    m[cells + PA_UNTIL], m[cells + PA_BY] = until(m, days, seconds, t), rule
    m[CHANGED] = 1


@kernel
def transfer_all(m: Memory, row: int, rule: int, t: int) -> None:
    """The visits of some journeys end, or pause, and go on in another with their keys."""
    target, journeys = m[row + TF_TO], m[row + TF_FROM]
    moved = False
    for i in range(m[journeys]):
        journey = m[journeys + 1 + i]
        if m[m[journey + J_INSIDE]] > 0:
            move_visits(m, row, journey, not moved, rule, t)
            moved = True
    if not moved and m[row + TF_INSIDE] == 0:
        propose_at(m, target, key_for(m, target), t, m[row + TF_CAUSE], m[row + TF_STEP])


@kernel
def move_visits(m: Memory, row: int, journey: int, first: bool, rule: int, t: int) -> None:
    """The visits of one journey; only the first of all goes on, unless the other journey keeps keys apart."""
    target = m[row + TF_TO]
    if m[row + TF_PAUSES] == 1:
        pause(m, m[journey + J_PAUSE], m[row + TF_DAYS], m[row + TF_SECONDS], rule, t)
    for k in range(m[journey + J_N_SLOTS]):
        slot = m[journey + J_SLOTS] + k * SLOT
        if m[slot + SLOT_STEP] == FREE:
            continue
        if journey == target:
            jump(m, slot, m[row + TF_STEP], rule, t)
            continue
        if m[row + TF_PAUSES] == 0:
            close_visit(m, slot, t, NO_REASON, rule, C_TRANSFER)
        if first or m[target + J_KEYED] == 1:
            propose_at(m, target, m[slot + SLOT_KEY], t, C_TRANSFER, m[row + TF_STEP])
        first = False


@kernel
def jump(m: Memory, slot: int, step: int, rule: int, t: int) -> None:
    """A visit goes on at another step of its journey; what it holds is dropped."""
    if m[slot + SLOT_MESSAGES] > 0:
        withdraw(m, slot, t, OUTCOME_DROPPED, R_EXITED, rule, C_TRANSFER)
    if not transition(m, t):
        return
    at = m[slot + SLOT_STEP]
    if at > 0:
        step_count(m, at, N_PASSED)
    set_timer(m, m[slot + SLOT_TIMER], NEVER)
    m[slot + SLOT_STATE], m[slot + SLOT_PREVIOUS] = RUNNING, t
    go(m, slot, step, t)


@seldom
def remember(m: Memory, memory: int, t: int) -> None:
    """An event enters a memory: the rules that read what changes are armed."""
    values = m[memory + MEM_VALUES]
    observe(m, values, t)
    keep_event(m, memory, t)
    compare_values(m, values, t)

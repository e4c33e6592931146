"""The one step: a contact, an instant, one input. The same text runs compiled for millions and plain for one.

At one instant, in this order: events, timers in declaration order, each followed by its rules to quiescence and by the
entries and transitions that need no wait, these by rules again; then all messages due or released, one by one, each
send counting for the next.
"""

from __future__ import annotations

from bifurque.actors.acts import act
from bifurque.actors.behaviour import opened, react, receive_message, respring, spring
from bifurque.actors.buying import felt, lively, paid
from bifurque.actors.firing import attend, infer, remember
from bifurque.actors.foresee import foresee
from bifurque.actors.layout import *
from bifurque.actors.mailbox import propose, retract, set_timer, take
from bifurque.actors.offering import taken
from bifurque.actors.outbox import key_of, remove, set_release, withdraw
from bifurque.actors.reading import read_by
from bifurque.actors.scoring import fall, punish
from bifurque.actors.shocks import delivered
from bifurque.actors.steps import enter, message_final, resume_visit, settle_offer, wake_slot
from bifurque.actors.tally import arm_count, bought, decided, engaged, stage_count
from bifurque.actors.triggers import absent, arm_absence, disarm_absence, next_date, next_schedule, seen
from bifurque.actors.visits import close_visit
from bifurque.rules.arbitration import decide, next_due, recheck
from bifurque.rules.chaining import arm
from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.conditions import truth
from bifurque.rules.decisions import emit, event, week_counts
from bifurque.rules.layout import *

NO_INPUT = -1


@kernel
def step(m: Memory, t: int, timer: int) -> None:
    """Let one contact live one input at t: a timer that is due, or (`NO_INPUT`) the event in the input words."""
    m[WAKES] += 1
    if m[H_RULES] != 0:
        attend(m, timer == NO_INPUT, t)
    if timer == NO_INPUT:
        receive(m, t)
    else:
        wake(m, timer, t)
    conclude(m, t)


@kernel
def conclude(m: Memory, t: int) -> None:
    """What follows an input at once: rules, entries, messages that no longer wait, a contact that never rests."""
    if m[H_RULES] != 0:
        infer(m, t)
    while m[AGENDA_COUNT] > 0 and m[QUARANTINED] == 0:
        follow_agenda(m, t)
        if m[H_RULES] != 0:
            infer(m, t)
    if m[CHANGED] == 1:
        m[CHANGED] = 0
        if m[OUT_COUNT] > 0:
            recheck(m, t)
            set_release(m)
    if m[QUARANTINED] == 1:
        quarantine(m, t)


@seldom
def settled(m: Memory, handle: int, answer: int, t: int) -> None:
    """Let one contact live the answer to what it asked for.

    Args:
        m: the lane's memory.
        handle: the slot that asked for an offer; or, below zero, the serial number of a message.
        answer: the place of what was granted on the request's list; below zero: refused, -1 - what was missing.
        t: the instant.
    """
    m[WAKES] += 1
    if m[H_RULES] != 0:
        attend(m, False, t)
    if handle > 0:
        settle_offer(m, handle, answer, t)
    else:
        settle_message(m, -handle, answer)
    conclude(m, t)


@kernel
def settle_message(m: Memory, serial: int, answer: int) -> None:
    """What a message asked for is settled: it is decided again at once."""
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        if m[entry + OUT_SERIAL] == serial:
            m[entry + OUT_GRANT] = GRANTED if answer >= 0 else REFUSED - 1 - answer
        entry += OUT


@kernel
def wake(m: Memory, timer: int, t: int) -> None:
    """Do what a timer was set for."""
    row = m[H_WAKES] + 2 * timer
    kind, what = m[row], m[row + 1]
    if kind == WAKES_SLOT:
        wake_slot(m, what, t)
    elif kind == WAKES_MESSAGES:
        messages(m, t)
    elif kind == WAKES_SOURCE:
        if spring(m, what, t):
            receive(m, t)
        respring(m, what, t)
    elif kind == WAKES_MAIL:
        take(m)
        if m[H_SHOCKS] == 0 or delivered(m, t):
            receive(m, t)
    elif kind == WAKES_FALL:
        fall(m, what, t)
    elif kind == WAKES_SILENCE:
        punish(m, what, t)
    else:
        strike(m, what, t)


@kernel
def strike(m: Memory, trigger: int, t: int) -> None:
    """A trigger that waits for the clock fires, and waits for its next time."""
    kind = m[trigger + TR_KIND]
    if kind == T_ABSENCE:
        absent(m, trigger, t)
        return
    due = next_date(m, trigger, t + 1) if kind == T_DATE else next_schedule(m, trigger, t + 1)
    set_timer(m, m[trigger + TR_TIMER], due)
    propose(m, m[trigger + TR_JOURNEY], NO_KEY, t, m[trigger + TR_CAUSE])


@kernel
def follow_agenda(m: Memory, t: int) -> None:
    """Make the entry that was proposed first."""
    first = m[H_AGENDA]
    journey, key, anchor, cause, at_step = m[first], m[first + 1], m[first + 2], m[first + 3], m[first + 4]
    m[AGENDA_COUNT] -= 1
    for at in range(first, first + m[AGENDA_COUNT] * AGENDA):
        m[at] = m[at + AGENDA]
    enter(m, journey, key, anchor, cause, at_step, t)


@kernel
def receive(m: Memory, t: int) -> None:
    """An event: everything the plan has to say about its type, in order."""
    kind = m[IN_TYPE]
    m[m[H_TOTALS] + X_EVENTS] += 1
    m[m[H_EVENT_COUNTS] + kind] += 1
    event(m, t)
    m[IN_TEXT] = MISSING if m[IN_KEY] == NO_KEY else m[IN_KEY]
    m[IN_MESSAGE] = MISSING if m[IN_SEND] < 0 else m[m[IN_SEND] + SEND_MESSAGE]
    if m[H_RULES] != 0:
        arm(m, m[m[H_EVENT_RULES] + 2 * kind])
        m[POSSIBLE] = m[m[H_EVENT_RULES] + 2 * kind + 1]
    reactions = m[m[H_EVENTS] + kind]
    row = reactions + 1
    for _ in range(m[reactions]):
        if m[row + RX_WHERE] < 0 or truth(m, m[row + RX_WHERE], t) == TRUE:
            reaction(m, row, t)
        row += REACTION


@kernel
def unsubscribed(m: Memory, t: int) -> None:
    """A person took a consent back; the message they were reading, if any, is told."""
    m[m[H_TOTALS] + X_UNSUBSCRIBED] += 1
    stage_count(m, G_UNSUBSCRIBED, 1)
    if m[IN_SEND] >= 0:
        m[week_counts(m, m[IN_SEND], t) + N_UNSUBSCRIBED] += 1
        arm_count(m, journey_of(m, m[IN_SEND]), A_UNSUBSCRIBED, 1)


@kernel
def reaction(m: Memory, row: int, t: int) -> None:
    """One thing the plan has to say about an event."""
    op, arg = m[row + RX_OP], m[row + RX_ARG]
    key = m[IN_KEY] if m[row + RX_KEYED] == 1 else NO_KEY
    if op == RX_ACT:
        if act(m, arg, m[IN_KEY], t):
            unsubscribed(m, t)
    elif op == RX_BEHAVE:
        react(m, arg, t)
    elif op == RX_START:
        propose(m, m[arg + TR_JOURNEY], key, t, m[arg + TR_CAUSE])
    elif op == RX_ARM:
        arm_absence(m, arg, key, t)
    elif op == RX_DISARM:
        disarm_absence(m, arg, key)
    elif op == RX_EXIT:
        leave_journey(m, arg, key, m[row + RX_AUX], t)
    elif op == RX_GOAL:
        reach_goal(m, arg, t)
    elif op == RX_RESUME:
        resume_all(m, arg, key, m[row + RX_AUX], t)
    elif op == RX_REVENUE:
        bought(m, t)
    elif op == RX_OPENED or op == RX_CLICKED:
        looked_at(m, op == RX_CLICKED, t)
    elif op == RX_FELT:
        felt(m, arg)
    elif op == RX_PAID:
        paid(m, t)
    elif op == RX_REMEMBER:
        remember(m, arg, t)
    elif op == RX_TAKEN:
        if m[IN_KEY] == m[row + RX_AUX]:
            taken(m, arg, t)
    elif op == RX_LIVELY:
        lively(m, t)
    elif op == RX_SEEN:
        seen(m, arg, m[row + RX_AUX], m[IN_KEY], t)
    elif op == RX_FIRST and m[m[arg + TR_CELLS]] == 0:
        m[m[arg + TR_CELLS]] = 1
        propose(m, m[arg + TR_JOURNEY], key, t, m[arg + TR_CAUSE])


@kernel
def looked_at(m: Memory, clicked: bool, t: int) -> None:
    """A message was opened, by a person or by a mail program, or clicked."""
    if m[IN_SOURCE] == FROM_MACHINE:
        counts = m[m[H_MODEL] + MO_COUNTS] + 2 * m[m[IN_SEND] + SEND_ID]
        m[counts] += 1
        m[counts + 1] += 1
        return
    engaged(m, journey_of(m, m[IN_SEND]) if m[IN_SEND] >= 0 else 0, clicked, t)
    if m[IN_SOURCE] != FROM_MODEL:
        return
    if m[H_BEHAVIOUR] == REALISTIC:
        read_by(m, clicked, t)
    elif not clicked:
        opened(m, t)


@kernel
def journey_of(m: Memory, send: int) -> int:
    """The journey of a send row."""
    return m[H_JOURNEYS] + (m[send + SEND_JOURNEY] - 1) * JOURNEY


@kernel
def leave_journey(m: Memory, journey: int, key: int, onward: int, t: int) -> None:
    """An event ends the visits of a journey that it matches; they may go on in another."""
    if m[m[journey + J_INSIDE]] == 0:
        return
    moved = False
    for i in range(m[journey + J_N_SLOTS]):
        slot = m[journey + J_SLOTS] + i * SLOT
        if m[slot + SLOT_STEP] != FREE and matches(m, journey, slot, key):
            moved = True
            close_visit(m, slot, t, R_EXITED, 0, m[H_EVENT_CAUSES] + m[IN_TYPE])
            if m[MAIL_COUNT] > 0:
                retract(m, m[IN_TYPE], FROM_VISIT + m[journey + J_ID], m[slot + SLOT_VISIT])
    if moved and onward != 0:
        propose(m, onward, m[IN_KEY], t, C_TRANSFER)


@kernel
def matches(m: Memory, journey: int, slot: int, key: int) -> bool:
    """An event without a key matches every visit."""
    return key == NO_KEY or m[journey + J_KEYED] == 0 or m[slot + SLOT_KEY] == key


@kernel
def resume_all(m: Memory, step: int, key: int, answers: int, t: int) -> None:
    """The visits that stand at a wait_for, and match, go on; an answer on the spot is to the journey that asked."""
    journey = m[step + ST_JOURNEY]
    if answers == 1 and m[IN_SOURCE] >= FROM_VISIT and m[IN_SOURCE] != FROM_VISIT + m[journey + J_ID]:
        return
    for i in range(m[journey + J_N_SLOTS]):
        slot = m[journey + J_SLOTS] + i * SLOT
        if m[slot + SLOT_STEP] == step and m[slot + SLOT_STATE] == AWAITING_EVENT and matches(m, journey, slot, key):
            resume_visit(m, slot, t)


@kernel
def reach_goal(m: Memory, goal: int, t: int) -> None:
    """The goal's event: every open window is a conversion; its value counts once for the journey."""
    cells, journey = m[goal + GO_CELLS], m[goal + GO_JOURNEY]
    if t >= m[cells + GC_UNTIL]:
        return
    arm_count(m, journey, A_REVENUE, max(m[IN_VALUE], 0))
    for i in range(m[cells + GC_COUNT]):
        if m[cells + GC_FIRST + i] > t:
            arm_count(m, journey, A_CONVERTED, 1)
    m[cells + GC_COUNT] = 0


@kernel
def messages(m: Memory, t: int) -> None:
    """Arbitrate all messages due or released at t."""
    while True:
        if m[H_POLICY] == LOOK_AHEAD:
            foresee(m, t)
        entry = next_due(m, t)
        if entry < 0 or m[QUARANTINED] == 1:
            break
        decide(m, entry, t)
        if m[entry + OUT_GRANT] == ASKED:
            break
        state, slot = m[entry + OUT_STATE], m[entry + OUT_SLOT]
        decided(m, journey_of(m, m[entry + OUT_SEND]), entry, t)
        if state == WAITING:
            continue
        if state == SENT and m[H_BEHAVIOUR] != 0:
            receive_message(m, entry, key_of(m, entry), t)
        remove(m, entry)
        message_final(m, slot, t)
    set_release(m)


@seldom
def quarantine(m: Memory, t: int) -> None:
    """A contact that would never come to rest is stopped, with a reason; all others go on."""
    m[QUARANTINED] = 2
    m[m[H_TOTALS] + X_QUARANTINED] += 1
    for j in range(m[H_N_JOURNEYS]):
        journey = m[H_JOURNEYS] + j * JOURNEY
        for i in range(m[journey + J_N_SLOTS]):
            slot = m[journey + J_SLOTS] + i * SLOT
            if m[slot + SLOT_STEP] != FREE:
                stop_visit(m, slot, t)
    for timer in range(m[H_N_TIMERS]):
        m[m[H_TIMERS] + timer] = NEVER
    m[MAIL_COUNT] = m[AGENDA_COUNT] = 0
    emit(m, t, 0, 0, 0, 0, NO_OUTCOME, R_QUARANTINED, m[LOOPING], 0, 0, 0, 0)


@kernel
def stop_visit(m: Memory, slot: int, t: int) -> None:
    """One visit of a quarantined contact."""
    journey, at = m[slot + SLOT_JOURNEY], m[slot + SLOT_STEP]
    if m[slot + SLOT_MESSAGES] > 0:
        withdraw(m, slot, t, OUTCOME_DROPPED, R_QUARANTINED, 0, 0)
    station = 0
    if at > 0:
        station = m[at + ST_ID]
        m[m[at + ST_COUNTS] + N_STOPPED] += 1
    arm_count(m, journey, A_QUARANTINED, 1)
    arm = m[m[journey + J_ARM]]
    emit(m, t, m[journey + J_ID], station, m[slot + SLOT_VISIT], 0, NO_OUTCOME, R_QUARANTINED, 0, 0, 0, arm, 0)
    m[slot + SLOT_STEP] = FREE

"""A visit to a journey: entering, going on from step to step, leaving; and who may be inside beside whom."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.mailbox import propose_at, set_timer
from bifurque.actors.outbox import withdraw
from bifurque.actors.tally import arm_count
from bifurque.rules.chaining import touch
from bifurque.rules.compiled import Memory, as_real, kernel
from bifurque.rules.conditions import number, truth
from bifurque.rules.decisions import emit
from bifurque.rules.layout import *
from bifurque.rules.localtime import after
from bifurque.rules.rulebook import *


@kernel
def may_enter(m: Memory, journey: int, key: int, t: int) -> bool:
    """Eligibility, bound and re-entry policy of a journey; groups come after."""
    visits, inside = m[m[journey + J_VISITS]], m[m[journey + J_INSIDE]]
    m[VISIT] = visits + 1
    if m[journey + J_WHEN] >= 0 and truth(m, m[journey + J_WHEN], t) != TRUE:
        return False
    if 0 < m[journey + J_MOST] <= visits:
        return False
    policy = m[journey + J_REENTRY]
    if policy == NEVER_AGAIN:
        return visits == 0
    if policy == AFTER_EXIT:
        return inside == 0
    if policy == PARALLEL and m[journey + J_KEYED] == 1:
        for i in range(m[journey + J_N_SLOTS]):
            slot = m[journey + J_SLOTS] + i * SLOT
            if m[slot + SLOT_STEP] != FREE and m[slot + SLOT_KEY] == key:
                return False
    return policy == REPLACE or inside < m[journey + J_N_SLOTS]


@kernel
def open_visit(m: Memory, journey: int, key: int, anchor: int, cause: int, t: int) -> int:
    """Enter a journey, if everything allows it; the slot of the visit, or -1."""
    if not may_enter(m, journey, key, t):
        return -1
    if m[journey + J_GROUP] != 0 and not admitted(m, journey, key, anchor, cause, t):
        return -1
    m[m[journey + J_VISITS]] += 1
    m[m[journey + J_INSIDE]] += 1  # before an older visit is replaced: the group must not think it free
    touch(m, m[journey + J_VISITS])
    if m[m[journey + J_INSIDE]] == 1:
        touch(m, m[journey + J_INSIDE])
    m[CHANGED] = 1
    visit = m[m[journey + J_VISITS]]
    slot = m[journey + J_SLOTS]
    while m[slot + SLOT_STEP] != FREE:
        if m[journey + J_REENTRY] == REPLACE:
            close_visit(m, slot, t, R_EXITED, m[journey + J_NAME], C_REPLACED)
            break
        slot += SLOT
    m[slot + SLOT_ANCHOR] = m[slot + SLOT_PREVIOUS] = m[slot + SLOT_SENT] = anchor
    m[slot + SLOT_KEY], m[slot + SLOT_VISIT] = key, visit
    m[slot + SLOT_MESSAGES], m[slot + SLOT_PAUSED] = 0, 0
    arm = m[m[journey + J_ARM]]
    arm_count(m, journey, A_ENTERED, 1)
    emit(m, t, m[journey + J_ID], 0, visit, 0, NO_OUTCOME, NO_REASON, 0, 0, cause, arm, 0)
    if m[journey + J_GOAL] != 0:
        open_goal(m, m[journey + J_GOAL], t)
    return slot


@kernel
def open_goal(m: Memory, goal: int, t: int) -> None:
    """From now on, for the length of the window, the goal's event counts for this visit."""
    cells = m[goal + GO_CELLS]
    until = after(m, t, m[goal + GO_DAYS], m[goal + GO_SECONDS])
    m[cells + GC_UNTIL] = until
    count = 0
    for i in range(m[cells + GC_COUNT]):
        end = m[cells + GC_FIRST + i]
        if end > t:
            m[cells + GC_FIRST + count] = end
            count += 1
    if count == m[goal + GO_SIZE]:
        m[m[H_TOTALS] + X_FORGOTTEN] += 1
        for i in range(count - 1):
            m[cells + GC_FIRST + i] = m[cells + GC_FIRST + i + 1]
        count -= 1
    m[cells + GC_FIRST + count] = until
    m[cells + GC_COUNT] = count + 1


@kernel
def close_visit(m: Memory, slot: int, t: int, reason: int, winner: int, cause: int) -> None:
    """Leave a journey: what it holds is dropped, the group is told."""
    journey, step = m[slot + SLOT_JOURNEY], m[slot + SLOT_STEP]
    if m[slot + SLOT_MESSAGES] > 0:
        outcome = OUTCOME_REPLACED if cause == C_REPLACED else OUTCOME_DROPPED
        withdraw(m, slot, t, outcome, reason if reason != NO_REASON else R_EXITED, winner, cause)
    station = 0
    if step > 0:
        station = m[step + ST_ID]
        m[m[step + ST_COUNTS] + N_LEFT] += 1
    arm_count(m, journey, A_LEFT, 1)
    arm = m[m[journey + J_ARM]]
    emit(
        m,
        t,
        m[journey + J_ID],
        station,
        m[slot + SLOT_VISIT],
        0,
        NO_OUTCOME,
        reason,
        winner,
        0,
        cause,
        arm,
        0,
    )
    m[slot + SLOT_STEP] = FREE
    set_timer(m, m[slot + SLOT_TIMER], NEVER)
    m[m[journey + J_INSIDE]] -= 1
    m[CHANGED] = 1
    if m[m[journey + J_INSIDE]] == 0:
        touch(m, m[journey + J_INSIDE])
    if m[journey + J_GROUP] != 0:
        released(m, m[journey + J_GROUP], t)


@kernel
def standing(m: Memory, journey: int, t: int) -> float:
    """The priority of a journey among those of its group; unknown counts as lowest."""
    given = m[journey + J_OVERRIDE]
    if given != 0 and m[given + OV_UNTIL] > t:
        return as_real(m[given + OV_VALUE])
    if m[journey + J_PRIORITY] < 0:
        return as_real(m[journey + J_PRIORITY_CONST])
    m[DEADLINE], m[VALUE] = MISSING, m[journey + J_PRIORITY_CONST]
    found = number(m, m[journey + J_PRIORITY], t)
    return found if found == found else -1e300


@kernel
def suspended(m: Memory, journey: int, t: int) -> bool:
    """Whether a rule has paused a journey."""
    pause = m[journey + J_PAUSE]
    return pause != 0 and m[pause + PA_UNTIL] > t


@kernel
def admitted(m: Memory, journey: int, key: int, anchor: int, cause: int, t: int) -> bool:
    """Whether a journey may be entered beside those of its group; if so, the weaker ones leave or pause."""
    group = m[journey + J_GROUP]
    policy, mine = m[group + G_POLICY], standing(m, journey, t)
    for i in range(m[group + G_COUNT]):
        other = m[group + G_FIRST + i]
        if other == journey or m[m[other + J_INSIDE]] == 0:
            continue
        if policy == QUEUE:
            enqueue(m, journey, other, key, anchor, cause, t)
            return False
        if standing(m, other, t) >= mine:
            arm_count(m, journey, A_REFUSED, 1)
            arm = m[m[journey + J_ARM]]
            emit(
                m,
                t,
                m[journey + J_ID],
                0,
                0,
                0,
                NO_OUTCOME,
                R_PREEMPTED,
                m[other + J_NAME],
                0,
                C_REFUSED,
                arm,
                0,
            )
            return False
    for i in range(m[group + G_COUNT]):
        other = m[group + G_FIRST + i]
        if other != journey:
            give_way(m, other, journey, policy, t)
    return True


@kernel
def give_way(m: Memory, other: int, journey: int, policy: int, t: int) -> None:
    """Every visit of a weaker journey leaves, or pauses."""
    for i in range(m[other + J_N_SLOTS]):
        slot = m[other + J_SLOTS] + i * SLOT
        if m[slot + SLOT_STEP] == FREE:
            continue
        if policy != PAUSE:
            close_visit(m, slot, t, R_PREEMPTED, m[journey + J_NAME], C_REFUSED)
            continue
        m[slot + SLOT_PAUSED] = m[journey + J_NAME]
        if m[slot + SLOT_MESSAGES] == 0:
            continue
        withdraw(m, slot, t, OUTCOME_DROPPED, R_PREEMPTED, m[journey + J_NAME], C_REFUSED)
        m[slot + SLOT_SENT] = t
        if m[slot + SLOT_STATE] == ENDING or m[slot + SLOT_STATE] == AWAITING_SEND:
            set_timer(m, m[slot + SLOT_TIMER], t)  # nothing else would wake it any more


@kernel
def enqueue(m: Memory, journey: int, inside: int, key: int, anchor: int, cause: int, t: int) -> None:
    """An entry waits until the group is free; of several of one journey, the first."""
    queue = m[journey + J_QUEUE]
    if m[queue] == 1:
        return
    m[queue], m[queue + 1], m[queue + 2], m[queue + 3], m[queue + 4] = 1, key, anchor, cause, m[ENTRY_STEP]
    arm = m[m[journey + J_ARM]]
    emit(m, t, m[journey + J_ID], 0, 0, 0, NO_OUTCOME, R_LOST, m[inside + J_NAME], 0, C_QUEUED, arm, 0)


@kernel
def released(m: Memory, group: int, t: int) -> None:
    """A visit of the group has ended: paused ones that nobody stronger holds go on.

    The strongest that waits may enter.
    """
    policy = m[group + G_POLICY]
    found = 0
    for i in range(m[group + G_COUNT]):
        journey = m[group + G_FIRST + i]
        if policy == PAUSE and m[m[journey + J_INSIDE]] > 0 and not outranked(m, group, journey, t):
            resume(m, journey)
        if policy == QUEUE:
            if m[m[journey + J_INSIDE]] > 0:
                return
            if m[m[journey + J_QUEUE]] == 1 and (found == 0 or sooner(m, journey, found, t)):
                found = journey
    if found != 0:
        queue = m[found + J_QUEUE]
        m[queue] = 0
        propose_at(m, found, m[queue + 1], m[queue + 2], C_RESUMED, m[queue + 4])


@kernel
def sooner(m: Memory, a: int, b: int, t: int) -> bool:
    """Of two waiting journeys, the stronger one, then the one that waits longer."""
    p, q = standing(m, a, t), standing(m, b, t)
    return p > q or (p == q and m[m[a + J_QUEUE] + 2] < m[m[b + J_QUEUE] + 2])


@kernel
def outranked(m: Memory, group: int, journey: int, t: int) -> bool:
    """Whether a stronger journey of the group is inside."""
    mine = standing(m, journey, t)
    for i in range(m[group + G_COUNT]):
        other = m[group + G_FIRST + i]
        if other != journey and m[m[other + J_INSIDE]] > 0 and standing(m, other, t) > mine:
            return True
    return False


@kernel
def resume(m: Memory, journey: int) -> None:
    """Visits that were paused go on where they are; their anchors have not moved."""
    for i in range(m[journey + J_N_SLOTS]):
        m[m[journey + J_SLOTS] + i * SLOT + SLOT_PAUSED] = 0

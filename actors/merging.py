"""Two contacts turn out to be one person: the older one takes over what the other has become, and the other ends.

What the other leaves is its record, its stage and its messages. The survivor gets them with the event, and joins them
to its own: points add up, a consent holds that both gave, what is known of either is known, sends count for both.
"""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.mailbox import set_timer
from bifurque.actors.scoring import gain, set_stage
from bifurque.actors.tally import arm_count
from bifurque.actors.triggers import arm_absence
from bifurque.actors.visits import close_visit
from bifurque.rules.chaining import touch, touch_bits
from bifurque.rules.compiled import Memory, Words, kernel, seldom
from bifurque.rules.decisions import emit, week_counts
from bifurque.rules.layout import *
from bifurque.rules.scores import decayed, place


@seldom
def bring(m: Memory, events: Words, first: int) -> None:
    """What another contact has left stands behind the events; put it where `absorb` finds it."""
    for i in range(m[H_OTHER_SIZE]):
        m[m[H_OTHER] + i] = events[first + i // EVENT, i % EVENT]


@seldom
def merged(m: Memory, t: int) -> None:
    """The event that says that two contacts are one: this one ends, or takes the other over, or knew it already."""
    if m[IN_SEND] == LEAVES:
        part(m, t)
    elif m[IN_SEND] <= BRINGS:
        absorb(m, t)


@seldom
def part(m: Memory, t: int) -> None:
    """Leave everything to the other one: the visits end, and so does this life."""
    record, at = m[H_RECORD], m[H_OTHER]
    for i in range(m[H_RECORD_SIZE]):
        m[at + i] = m[record + i]
    at += m[H_RECORD_SIZE]
    m[at], m[at + 1] = m[STAGE], m[OUT_COUNT]
    for i in range(m[OUT_COUNT] * OUT):
        m[at + 2 + i] = m[m[H_OUTBOX] + i]
    for j in range(m[H_N_JOURNEYS]):
        journey = m[H_JOURNEYS] + j * JOURNEY
        for i in range(m[journey + J_N_SLOTS]):
            slot = m[journey + J_SLOTS] + i * SLOT
            if m[slot + SLOT_STEP] != FREE:
                close_visit(m, slot, t, R_EXITED, 0, m[H_EVENT_CAUSES] + m[IN_TYPE])
    for timer in range(m[H_N_TIMERS]):
        m[m[H_TIMERS] + timer] = NEVER
    m[MAIL_COUNT] = m[AGENDA_COUNT] = 0
    m[QUARANTINED] = PARTED
    m[m[H_TOTALS] + X_CONTACTS] -= 1


@seldom
def absorb(m: Memory, t: int) -> None:
    """Join what another contact has left to this one's own."""
    delta, lists = m[H_OTHER] - m[H_RECORD], m[H_MERGE]
    learn(m, m[lists + MG_KNOWN], delta)
    agree(m, m[lists + MG_FACTS], m[H_CONSENTS], delta)
    rows = m[lists + MG_CAPS]
    for i in range(m[rows]):
        pool(m, m[rows + 1 + i], delta)
    rows = m[lists + MG_COHERENCE]
    for i in range(m[rows]):
        cells = m[m[rows + 1 + i] + RULE_CELLS]
        if m[cells + delta + CELL_UNTIL] > m[cells + CELL_UNTIL]:
            m[cells + CELL_UNTIL], m[cells + CELL_STARTED_BY] = (
                m[cells + delta + CELL_UNTIL],
                m[cells + delta + CELL_STARTED_BY],
            )
    wait_on(m, lists, delta)
    for s in range(m[lists + MG_SCORES]):
        add_points(m, m[H_SCORES] + s * SCORE, delta, t)
    for j in range(m[H_N_JOURNEYS]):
        go_along(m, m[H_JOURNEYS] + j * JOURNEY, delta, t)
    stage = m[m[H_OTHER] + m[H_RECORD_SIZE]]
    if stage > m[STAGE]:
        set_stage(m, stage, t)
    m[CHANGED] = 1


@kernel
def learn(m: Memory, cells: int, delta: int) -> None:
    """Attributes that were only known of the other one."""
    image = m[H_IMAGE] - m[H_RECORD]
    for i in range(m[cells]):
        cell = m[cells + 1 + i]
        if m[cell] == m[cell + image] and m[cell + delta] != m[cell]:
            m[cell] = m[cell + delta]
            touch(m, cell)


@kernel
def agree(m: Memory, facts: int, consents: int, delta: int) -> None:
    """Facts that hold for either; consents that both gave."""
    for i in range(m[facts]):
        cell = m[facts + 1 + i]
        was = m[cell]
        m[cell] = was | m[cell + delta]
        touch_bits(m, cell, m[cell] ^ was)
    for i in range(m[consents]):
        cell = m[consents + 1 + i]
        was = m[cell]
        m[cell] = was & m[cell + delta]
        touch_bits(m, cell, m[cell] ^ was)


@kernel
def pool(m: Memory, cap: int, delta: int) -> None:
    """The latest sends of both, in order, count for one cap."""
    cells, size = m[cap + CAP_CELLS], m[cap + CAP_MAX]
    ring = cells + CELL_RING
    if m[cells + delta + CELL_LAST] > m[cells + CELL_LAST]:
        m[cells + CELL_LAST], m[cells + CELL_MESSAGE] = m[cells + delta + CELL_LAST], m[cells + delta + CELL_MESSAGE]
    for i in range(size):
        oldest = ring
        for k in range(1, size):
            if m[ring + k] < m[oldest]:
                oldest = ring + k
        if m[ring + delta + i] > m[oldest]:
            m[oldest] = m[ring + delta + i]
            if m[cap + CAP_WEIGHED] == 1:
                m[oldest + size] = m[ring + delta + i + size]
    for i in range(1, size):
        at = ring + i
        while at > ring and m[at - 1] > m[at]:
            m[at - 1], m[at] = m[at], m[at - 1]
            if m[cap + CAP_WEIGHED] == 1:
                m[at + size - 1], m[at + size] = m[at + size], m[at + size - 1]
            at -= 1
    m[cells + CELL_HEAD] = 0


@kernel
def wait_on(m: Memory, lists: int, delta: int) -> None:
    """Silences that run for the other one and not for this one; what either has done for the first time."""
    rows = m[lists + MG_ABSENCES]
    for i in range(m[rows]):
        trigger = m[rows + 1 + i]
        cells, size = m[trigger + TR_CELLS], m[trigger + TR_SIZE]
        for k in range(size):
            cell = cells + 2 * k
            if m[cell + delta] != NEVER and not waits_for(m, cells, size, m[cell + delta + 1]):
                arm_absence(m, trigger, m[cell + delta + 1], m[cell + delta])
    rows = m[lists + MG_FIRSTS]
    for i in range(m[rows]):
        cell = m[m[rows + 1 + i] + TR_CELLS]
        m[cell] = max(m[cell], m[cell + delta])


@kernel
def waits_for(m: Memory, cells: int, size: int, key: int) -> bool:
    """Whether a silence runs for a key already; of one without keys, whether it runs at all."""
    for i in range(size):
        if m[cells + 2 * i] != NEVER and m[cells + 2 * i + 1] == key:
            return True
    return False


@kernel
def add_points(m: Memory, score: int, delta: int, t: int) -> None:
    """The points of both, as they have decayed by now."""
    cell = m[score + SC_CELLS]
    for _ in range(m[score + SC_KEYS]):
        points, key = decayed(m, score, cell + delta, t), m[cell + delta + CELL_KEY]
        if points > 0.0:
            mine = place(m, score, key)
            if mine >= 0:
                gain(m, score, mine, points, t)
        cell += SCORE_CELLS


@kernel
def go_along(m: Memory, journey: int, delta: int, t: int) -> None:
    """Visits to a journey this one is not inside go on here, at the same step and with the same timer."""
    before, inside = m[m[journey + J_VISITS]], m[m[journey + J_INSIDE]]
    if m[m[journey + J_VISITS] + delta] == 0:
        return
    m[m[journey + J_VISITS]] += m[m[journey + J_VISITS] + delta]
    touch(m, m[journey + J_VISITS])
    if inside > 0 or group_taken(m, journey):
        return
    for i in range(m[journey + J_N_SLOTS]):
        slot = m[journey + J_SLOTS] + i * SLOT
        if m[slot + delta + SLOT_STEP] == FREE:
            continue
        for k in range(SLOT):
            m[slot + k] = m[slot + delta + k]
        m[slot + SLOT_VISIT] += before
        m[slot + SLOT_MESSAGES] = m[slot + SLOT_PAUSED] = 0
        if m[slot + SLOT_STATE] == AWAITING_OFFER:
            m[slot + SLOT_STATE] = RUNNING
        timer = m[slot + SLOT_TIMER]
        set_timer(m, timer, m[m[H_TIMERS] + delta + timer])
        m[m[journey + J_INSIDE]] += 1
        arm_count(m, journey, A_ENTERED, 1)
        arm = m[m[journey + J_ARM]]
        emit(m, t, m[journey + J_ID], 0, m[slot + SLOT_VISIT], 0, NO_OUTCOME, NO_REASON, 0, 0, C_TRANSFER, arm, 0)
        bring_messages(m, slot, t)
    if m[m[journey + J_INSIDE]] > 0:
        touch(m, m[journey + J_INSIDE])


@kernel
def group_taken(m: Memory, journey: int) -> bool:
    """Whether this contact is inside a journey of the same exclusive group."""
    group = m[journey + J_GROUP]
    if group == 0:
        return False
    for i in range(m[group + G_COUNT]):
        if m[m[m[group + G_FIRST + i] + J_INSIDE]] > 0:
            return True
    return False


@kernel
def bring_messages(m: Memory, slot: int, t: int) -> None:
    """Messages that the visit holds are held here, and decided again at once."""
    left = m[H_OTHER] + m[H_RECORD_SIZE] + 1
    for i in range(m[left]):
        theirs = left + 1 + i * OUT
        if m[theirs + OUT_SLOT] != slot or m[OUT_COUNT] == m[H_OUTBOX_SIZE]:
            continue
        entry = m[H_OUTBOX] + m[OUT_COUNT] * OUT
        for k in range(OUT):
            m[entry + k] = m[theirs + k]
        m[OUT_COUNT] += 1
        m[SEND_SERIAL] += 1
        m[slot + SLOT_MESSAGES] += 1
        m[entry + OUT_VISIT], m[entry + OUT_SERIAL] = m[slot + SLOT_VISIT], m[SEND_SERIAL]
        m[entry + OUT_STATE], m[entry + OUT_AWAITS], m[entry + OUT_RELEASE] = WAITING, 0, t
        m[entry + OUT_GRANT], m[entry + OUT_OFFER] = NOT_ASKED, 0
        m[entry + OUT_ARM] = m[m[m[slot + SLOT_JOURNEY] + J_ARM]]
        m[week_counts(m, m[entry + OUT_SEND], t) + N_DUE] += 1
        m[m[H_TIMERS] + m[H_N_TIMERS] - 1] = t

"""A lane of contacts: each lives its whole horizon in turn, while its record sits in the processor's first cache."""

from __future__ import annotations

from bifurque.actors.behaviour import start_source
from bifurque.actors.books import close_books, open_books
from bifurque.actors.buying import become
from bifurque.actors.layout import *
from bifurque.actors.mailbox import next_timer, post, set_timer
from bifurque.actors.merging import bring
from bifurque.actors.noting import absorb, cut_week, note
from bifurque.actors.parking import gather, next_until, park, take_up
from bifurque.actors.standing import stand
from bifurque.actors.step import NO_INPUT, settled, step
from bifurque.actors.tally import arm_count, settle_pressure, stage_count
from bifurque.actors.triggers import begin_absence, next_date, next_schedule
from bifurque.rules.compiled import Memory, Words, kernel, memory, real, seldom
from bifurque.rules.decisions import week_counts
from bifurque.rules.layout import *
from bifurque.rules.localtime import offset
from bifurque.rules.numbers import contact_key, draw, nth
from bifurque.rules.sharing import PK_ASKED, PK_FIRST, PK_LAST, RQ_HANDLE, RQ_RANK, RQ_WORDS

IDLE, RAN_OUT_OF_ROOM, ASKS = range(3)


@kernel
def run_lane(words: Words, people: Words, events: Words, bounds: Words) -> int:
    """Let the contacts of `people`, from the next one on, live to the horizon.

    RAN_OUT_OF_ROOM asks for the rows to be taken away before going on.

    Args:
        words: the lane's memory.
        people: one row per contact: id, zone, persona, first instant, kept or not, then the plan's columns.
        events: one row per imported event, by contact and time.
        bounds: for each contact, its first event; one more at the end.
    """
    m = memory(words)
    while m[NEXT_CONTACT] < len(people):
        if m[STANDING_COUNT] > m[H_STANDING_SIZE]:
            return RAN_OUT_OF_ROOM
        i = m[NEXT_CONTACT]
        if m[CONTACT] == MISSING:
            begin(m, people, i)
            m[NEXT_EVENT] = bounds[i]
        if go_on(m, events, bounds[i + 1]) == RAN_OUT_OF_ROOM:
            return RAN_OUT_OF_ROOM
        m[CONTACT] = MISSING
        m[NEXT_CONTACT] += 1
    return IDLE


@kernel
def resume_lane(words: Words, parked: Words, events: Words) -> int:
    """Let parked contacts live the answers to what they asked for, and go on to the horizon or their next request.

    Args:
        words: the lane's memory.
        parked: parked contacts one behind the other; the rank of each request has been replaced by its answer.
        events: one row per imported event, by contact and time.
    """
    m = memory(words)
    head = m[H_PARKED] + m[H_PARKED_SIZE] + m[H_PARKED_MOST]
    while m[NEXT_CONTACT] < len(parked):
        if m[STANDING_COUNT] > m[H_STANDING_SIZE]:
            return RAN_OUT_OF_ROOM
        at = m[NEXT_CONTACT]
        if m[CONTACT] == MISSING:
            for i in range(parked[at]):
                m[head + i] = parked[at + i]
            take_up(m, head)
            answer(m, head)
        if go_on(m, events, parked[at + PK_LAST]) == RAN_OUT_OF_ROOM:
            return RAN_OUT_OF_ROOM
        m[CONTACT] = MISSING
        m[NEXT_CONTACT] += parked[at]
    return IDLE


@kernel
def go_on(m: Memory, events: Words, last: int) -> int:
    """Let one contact live until its life is told or it must wait for others."""
    while True:
        state = live(m, events, last, m[H_END])
        if state == RAN_OUT_OF_ROOM and m[NOTES] != 0:
            absorb(m)
            continue
        if state == ASKS and m[NOTES] != 0:
            hear(m)
            continue
        if state == RAN_OUT_OF_ROOM or (state == ASKS and m[PARKED_WORDS] > m[H_PARKED_SIZE]):
            return RAN_OUT_OF_ROOM
        if state == IDLE:
            if m[WARMING] == 1:
                cut_week(m)
            finish(m)
            if m[NOTES] != 0:
                note(m)
            return IDLE
        if park(m, last):
            return IDLE


@seldom
def hear(m: Memory) -> None:
    """A contact of whom notes are taken lives alone: what it asks for was answered when all lived together."""
    told, head = m[NOTES] + NO_TOLD, m[H_PARKED]
    at, end = head + PK_FIRST, gather(m, head + PK_FIRST)
    m[head + PK_ASKED] = end - at
    while at < end:
        m[at + RQ_RANK] = m[m[told]]
        m[told] += 1
        at += m[at + RQ_WORDS]
    answer(m, head)


@kernel
def answer(m: Memory, head: int) -> None:
    """A contact that comes back lives the answers to its requests, in their order."""
    at, t = head + PK_FIRST, m[UNTIL]
    end = at + m[head + PK_ASKED]
    m[UNTIL] = 0
    while at < end:
        if m[QUARANTINED] == 0:
            settled(m, m[at + RQ_HANDLE], m[at + RQ_RANK], t)
        at += m[at + RQ_WORDS]
    m[UNTIL] = next_until(m)


@kernel
def live(m: Memory, events: Words, last: int, until: int) -> int:
    """Step one contact through everything before `until`, events of the file first at equal times.

    ASKS: something shared must be settled at `UNTIL` before it can go on.
    """
    at = m[NEXT_EVENT]
    while m[QUARANTINED] == 0:
        if full(m):
            m[NEXT_EVENT] = at
            return RAN_OUT_OF_ROOM
        timer = next_timer(m)
        t = m[m[H_TIMERS] + timer]
        if at < last and events[at, E_TIME] <= t:
            t = events[at, E_TIME]
            if t >= until:
                break
            if m[UNTIL] != 0 and t > m[UNTIL]:
                m[NEXT_EVENT] = at
                return ASKS
            m[IN_TYPE], m[IN_KEY] = events[at, E_TYPE], events[at, E_KEY]
            m[IN_VALUE], m[IN_SEND] = events[at, E_VALUE], events[at, E_MESSAGE]
            m[IN_VISIT], m[IN_CAUSE], m[IN_SOURCE] = 0, events[at, E_CAUSE], FROM_FILE
            if m[IN_SEND] <= BRINGS:
                bring(m, events, BRINGS - m[IN_SEND])
            at += 1
            step(m, t, NO_INPUT)
        elif t < until:
            if m[UNTIL] != 0 and t >= m[UNTIL]:
                m[NEXT_EVENT] = at
                return ASKS
            step(m, t, timer)
        else:
            break
    m[NEXT_EVENT] = at
    return IDLE


@kernel
def full(m: Memory) -> bool:
    """Whether rows must be taken away before one more step."""
    rows, lost = m[H_ROWS_SIZE] - m[H_ROOM], m[H_LOST]
    if 2 * m[lost + LO_COUNT] > m[lost + LO_SIZE]:
        return True
    return m[ROWS_COUNT] > rows or m[EVENTS_COUNT] > rows or m[LETTERS_COUNT] > m[H_LETTERS_SIZE]


@kernel
def begin(m: Memory, people: Words, i: int) -> None:
    """A contact comes to life: an empty record, its attributes, its arms, its first timers."""
    for at in range(CONTACT, STACK):
        if at < LANE_WORDS or at >= LANE_WORDS_END:
            m[at] = 0
    record, image = m[H_RECORD], m[H_IMAGE]
    for at in range(m[H_RECORD_SIZE]):
        m[record + at] = m[image + at]
    m[CONTACT], m[PERSONA], m[KEEP] = people[i, P_CONTACT], people[i, P_PERSONA], people[i, P_KEEP]
    zone = people[i, P_ZONE]
    m[ZONE], m[ZONE_KNOWN] = (zone, 1) if zone != NO_ZONE else (0, 0)
    m[KEY] = contact_key(m[H_SEED], m[CONTACT])
    joined = people[i, P_JOINED]
    m[LIFE] = max(m[H_START], joined)
    if m[LIFE] >= m[H_END]:
        return
    columns = m[H_PEOPLE]
    for c in range(m[columns]):
        m[m[columns + 2 + 2 * c]] = people[i, m[columns + 1 + 2 * c]]
    offset(m, m[LIFE])
    open_books(m)
    m[m[H_TOTALS] + X_CONTACTS] += 1
    draw_arms(m)
    if m[H_BEHAVIOUR] == REALISTIC:
        become(m)
    if joined >= m[H_START]:
        post(m, m[LIFE], m[H_JOINED], NO_KEY, MISSING, -1, 0, 0, FROM_LIFE)
    start_timers(m)


@kernel
def draw_arms(m: Memory) -> None:
    """Arms and holdouts: a hash of contact, experiment and seed, drawn before any trigger is looked at."""
    rows = m[H_ARMS]
    for i in range(m[rows]):
        row = rows + 1 + i * ARM
        op, cell, table = m[row + AR_OP], m[row + AR_CELL], m[row + AR_TABLE]
        if op == AR_JOURNEY:
            m[cell] = arm_code(m, row)
            continue
        u = draw(m[KEY], nth(m[row + AR_PURPOSE], 0), 0)
        if op == AR_HOLDOUT:
            m[HELD_OUT] = 1 if u < real(m, row + AR_TABLE) else 0
        elif op == AR_EXPERIMENT:
            arm = 0
            while u >= real(m, table + arm):
                arm += 1
            m[cell] = arm


@kernel
def arm_code(m: Memory, row: int) -> int:
    """The arms of one journey as one code: held out, or the arms of its experiments in order."""
    if draw(m[KEY], nth(m[row + AR_PURPOSE], 0), 0) < real(m, row + AR_EXTRA):
        return HELD_OUT_ARM
    cells = m[row + AR_TABLE]
    code = 0
    for i in range(m[cells]):
        code = code * m[cells + 2 + 2 * i] + m[m[cells + 1 + 2 * i]]
    return m[cells + 1 + 2 * m[cells]] + code


@kernel
def start_timers(m: Memory) -> None:
    """What waits for the clock from the first instant of a life."""
    rows, life = m[H_BEGINS], m[LIFE]
    for i in range(m[rows]):
        kind, row = m[rows + 1 + 2 * i], m[rows + 2 + 2 * i]
        if kind == WAKES_SOURCE:
            start_source(m, row)
        elif m[row + TR_KIND] == T_ABSENCE:
            begin_absence(m, row, life)
        else:
            due = next_date(m, row, life) if m[row + TR_KIND] == T_DATE else next_schedule(m, row, life)
            set_timer(m, m[row + TR_TIMER], due)


@kernel
def reachable(m: Memory) -> int:
    """1 if the contact has any consent left."""
    words = m[H_CONSENTS]
    for i in range(m[words]):
        if m[m[words + 1 + i]] != 0:
            return 1
    return 0


@kernel
def finish(m: Memory) -> None:
    """The horizon: what is still held is pending, who is still inside is counted, lived pressure is settled."""
    if m[LIFE] >= m[H_END] or m[QUARANTINED] == PARTED:
        return
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        m[week_counts(m, m[entry + OUT_SEND], m[H_END] - 1) + N_PENDING] += 1
        entry += OUT
    for j in range(m[H_N_JOURNEYS]):
        count_inside(m, m[H_JOURNEYS] + j * JOURNEY)
    stage_count(m, G_NOW, 1)
    m[m[H_TOTALS] + X_REACHABLE] += reachable(m)
    settle_pressure(m)
    if m[RECENT_SENDS] >= 12 and m[RECENT_OPENS] == 0:
        m[m[H_TOTALS] + X_INDIFFERENT] += 1
    close_books(m)
    if m[H_STANDING] != 0:
        stand(m)


@kernel
def count_inside(m: Memory, journey: int) -> None:
    """Who is still inside a journey at the end, and at which step."""
    for i in range(m[journey + J_N_SLOTS]):
        at = m[m[journey + J_SLOTS] + i * SLOT + SLOT_STEP]
        if at != FREE:
            arm_count(m, journey, A_INSIDE, 1)
        if at > 0:
            m[m[at + ST_COUNTS] + N_INSIDE] += 1

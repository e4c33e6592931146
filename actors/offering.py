"""Offers: who is asked which, in what order; reserved, taken, or given back."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.mailbox import set_timer
from bifurque.actors.outbox import offer, refuse
from bifurque.rules.compiled import Memory, as_real, kernel, seldom
from bifurque.rules.conditions import number, truth
from bifurque.rules.decisions import emit
from bifurque.rules.layout import *
from bifurque.rules.localtime import after
from bifurque.rules.sharing import *


@kernel
def any_of(m: Memory, cells: int) -> bool:
    """Whether one of a list of offers has been taken, or the list is empty."""
    for i in range(m[cells]):
        if m[m[cells + 1 + i] + OC_TAKEN] != 0:
            return True
    return m[cells] == 0


@kernel
def worth(m: Memory, made: int, t: int) -> float:
    """What an offer is worth now: the chance that it is taken, times its value; unknown counts as nothing."""
    chance, value = as_real(m[made + OFR_CHANCE_CONST]), as_real(m[made + OFR_VALUE_CONST])
    if m[made + OFR_CHANCE] >= 0:
        chance = number(m, m[made + OFR_CHANCE], t)
    if m[made + OFR_VALUE] >= 0:
        value = number(m, m[made + OFR_VALUE], t)
    found = chance * value
    return found if found == found else 0.0


@kernel
def eligible(m: Memory, made: int, t: int) -> bool:
    """Whether an offer is for this contact now: not the same one twice at a time, nor an upgrade of what it has not."""
    cells = m[made + OFR_CELLS]
    if m[cells + OC_UNTIL] > t:
        return False
    if not any_of(m, m[made + OFR_UPGRADES]) or not any_of(m, m[made + OFR_PARTNERS]):
        return False
    return m[made + OFR_WHEN] < 0 or truth(m, m[made + OFR_WHEN], t) == TRUE


@seldom
def choose(m: Memory, step: int, t: int) -> float:
    """Put the eligible offers of a step in order, the one worth most first, its stand-ins behind; their best worth.

    The work space of look-ahead holds them: a count, then the place of each on the step's list.
    """
    rows, chosen = m[step + ST_ARG], m[H_FORESEEN]
    named = m[rows]  # how many are on offer themselves; those behind only stand in
    m[chosen] = 0
    best = 0.0
    for place in range(named):
        made = m[rows + 2 + place]
        if not eligible(m, made, t):
            continue
        mine = worth(m, made, t)
        at = m[chosen]
        while at > 0 and worth(m, m[rows + 2 + m[chosen + at]], t) < mine:
            m[chosen + at + 1] = m[chosen + at]
            at -= 1
        m[chosen + at + 1] = place
        m[chosen] += 1
        if at == 0:
            best = mine
    for place in range(named, m[rows + 1]):
        if eligible(m, m[rows + 2 + place], t):
            m[chosen] += 1
            m[chosen + m[chosen]] = place
    return best


@seldom
def ask_offer(m: Memory, slot: int, step: int, due: int, t: int, skip: bool) -> int:
    """An offer step is due: the best offer that has no end is made at once, any other has to be asked for.

    The step the visit goes on to, or -1 while it waits.
    """
    held_out = m[m[m[slot + SLOT_JOURNEY] + J_ARM]] == HELD_OUT_ARM
    held_out = held_out or (m[HELD_OUT] == 1 and m[m[step + ST_SENDS] + SEND_HELD_OUT] == 1)
    if skip or held_out or m[slot + SLOT_PAUSED] != 0:
        offer(m, slot, m[step + ST_SENDS], due, t, skip)
        return m[step + ST_NEXT]
    choose(m, step, t)
    first = m[H_FORESEEN] + 1
    if m[first - 1] == 0:
        return answer_offer(m, slot, step, -1, t)
    made = m[m[step + ST_ARG] + 2 + m[first]]
    if m[made + OFR_RESOURCE] == 0:
        return answer_offer(m, slot, step, 0, t)
    m[slot + SLOT_STATE] = AWAITING_OFFER
    until = opening(m, m[made + OFR_RESOURCE], t)
    set_timer(m, m[slot + SLOT_TIMER], until)
    wait_until(m, until)
    return -1


@seldom
def answer_offer(m: Memory, slot: int, step: int, which: int, t: int) -> int:
    """One of the chosen offers is reserved and its message due, or (-1) none could be had. Where the visit goes on."""
    rows, chosen = m[step + ST_ARG], m[H_FORESEEN]
    journey = m[slot + SLOT_JOURNEY]
    arm, station, visit = m[m[journey + J_ARM]], m[step + ST_ID], m[slot + SLOT_VISIT]
    passed = m[chosen] if which < 0 else which
    for i in range(passed):
        cause = m[m[rows + 2 + m[chosen + 1 + i]] + OFR_CAUSE]
        emit(m, t, m[journey + J_ID], station, visit, 0, NO_OUTCOME, R_OFFER, 0, 0, cause, arm, 0)
    if which < 0:
        offer(m, slot, m[step + ST_SENDS], t, t, False)
        if m[QUARANTINED] == 0:
            refuse(m, m[H_OUTBOX] + (m[OUT_COUNT] - 1) * OUT, t, R_OFFER, NOBODY)
        return m[step + ST_ELSE]
    place = m[chosen + 1 + which]
    made = m[rows + 2 + place]
    until = after(m, t, m[made + OFR_DAYS], m[made + OFR_SECONDS])
    m[m[made + OFR_CELLS] + OC_UNTIL] = until
    if m[made + OFR_RESOURCE] != 0:
        tell(m, t, RESERVED, m[made + OFR_RESOURCE], 1, until)
    cents = int(worth(m, made, t) * 100.0 + 0.5)
    emit(m, t, m[journey + J_ID], station, visit, 0, NO_OUTCOME, NO_REASON, 0, until, m[made + OFR_CAUSE], arm, cents)
    offer(m, slot, m[step + ST_SENDS] + place * SEND, t, t, False)
    if m[QUARANTINED] == 0:
        m[m[H_OUTBOX] + (m[OUT_COUNT] - 1) * OUT + OUT_OFFER] = made
    return m[step + ST_NEXT]


@seldom
def taken(m: Memory, made: int, t: int) -> None:
    """The event that takes an offer: what was reserved is used; an offer without end needs no reservation."""
    cells = m[made + OFR_CELLS]
    if m[cells + OC_UNTIL] <= t:
        return
    if m[made + OFR_RESOURCE] != 0:
        tell(m, t, USED, m[made + OFR_RESOURCE], 1, m[cells + OC_UNTIL])
    m[cells + OC_UNTIL] = 0
    m[cells + OC_TAKEN] += 1

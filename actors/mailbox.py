"""What will happen to a contact, and when: timers by number, mail by time. A bounded mailbox.

A contact that overflows it stops.
"""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel
from bifurque.rules.layout import *


@kernel
def set_timer(m: Memory, timer: int, t: int) -> None:
    """A timer fires at t, once; NEVER stops it."""
    m[m[H_TIMERS] + timer] = t


@kernel
def next_timer(m: Memory) -> int:
    """The timer that fires first; of equals, the one declared first."""
    timers = m[H_TIMERS]
    found, earliest = 0, m[timers]
    for i in range(1, m[H_N_TIMERS]):
        if m[timers + i] < earliest:
            found, earliest = i, m[timers + i]
    return found


@kernel
def post(m: Memory, t: int, kind: int, key: int, value: int, send: int, visit: int, cause: int, source: int) -> None:
    """An event will happen to this contact at t."""
    if m[MAIL_COUNT] == m[H_MAIL_SIZE]:
        m[QUARANTINED] = 1
        return
    mail = m[H_MAIL] + m[MAIL_COUNT] * MAIL
    m[MAIL_COUNT] += 1
    m[mail], m[mail + 1], m[mail + 2], m[mail + 3] = t, kind, key, value
    m[mail + 4], m[mail + 5], m[mail + 6], m[mail + 7] = send, visit, cause, source
    if t < m[m[H_TIMERS]]:
        m[m[H_TIMERS]] = t


@kernel
def take(m: Memory) -> None:
    """Move the first mail into the input words, and set the mail timer to the next."""
    first = m[H_MAIL]
    count = m[MAIL_COUNT]
    found = first
    for i in range(1, count):
        if m[first + i * MAIL + MAIL_TIME] < m[found + MAIL_TIME]:
            found = first + i * MAIL
    m[IN_TYPE], m[IN_KEY], m[IN_VALUE] = m[found + MAIL_TYPE], m[found + MAIL_KEY], m[found + MAIL_VALUE]
    m[IN_SEND], m[IN_VISIT] = m[found + MAIL_SEND], m[found + MAIL_VISIT]
    m[IN_CAUSE], m[IN_SOURCE] = m[found + MAIL_CAUSE], m[found + MAIL_SOURCE]
    m[MAIL_COUNT] = count - 1
    for at in range(found, first + (count - 1) * MAIL):
        m[at] = m[at + MAIL]
    earliest = NEVER
    for i in range(count - 1):
        earliest = min(earliest, m[first + i * MAIL + MAIL_TIME])
    m[m[H_TIMERS]] = earliest


@kernel
def retract(m: Memory, kind: int, source: int, visit: int) -> None:
    """An event has ended a visit: what the visit would still have made the person do is not done a second time."""
    first, kept, earliest = m[H_MAIL], 0, NEVER
    for i in range(m[MAIL_COUNT]):
        mail = first + i * MAIL
        if m[mail + MAIL_SOURCE] == source and m[mail + MAIL_VISIT] == visit and m[mail + MAIL_TYPE] == kind:
            continue
        for at in range(MAIL):
            m[first + kept * MAIL + at] = m[mail + at]
        kept += 1
        earliest = min(earliest, m[mail + MAIL_TIME])
    m[MAIL_COUNT] = kept
    m[m[H_TIMERS]] = earliest


@kernel
def propose(m: Memory, journey: int, key: int, anchor: int, cause: int) -> None:
    """A trigger has fired: the contact may enter a journey, once what is under way is done."""
    propose_at(m, journey, key, anchor, cause, 0)


@kernel
def propose_at(m: Memory, journey: int, key: int, anchor: int, cause: int, step: int) -> None:
    """The same, to begin at a step of the journey; 0: its first."""
    if m[AGENDA_COUNT] == AGENDA_MOST:
        m[QUARANTINED] = 1
        return
    entry = m[H_AGENDA] + m[AGENDA_COUNT] * AGENDA
    m[AGENDA_COUNT] += 1
    m[entry], m[entry + 1], m[entry + 2], m[entry + 3], m[entry + 4] = journey, key, anchor, cause, step


@kernel
def transition(m: Memory, t: int) -> bool:
    """Count one transition at t; False, and quarantine, when there are too many at one instant."""
    if m[INSTANT] != t:
        m[INSTANT], m[TRANSITIONS] = t, 0
    m[TRANSITIONS] += 1
    if m[TRANSITIONS] > MOST_TRANSITIONS:
        m[QUARANTINED] = 1
        return False
    return True

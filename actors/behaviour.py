"""People with constant habits: what they do of themselves, in answer to an event, and with what they receive.

Every draw is keyed by its cause: the n-th visit, the n-th passage through a step, and what followed from it. A
message added or removed elsewhere leaves all other draws as they were.
"""

from __future__ import annotations

from bifurque.actors.asking import asked
from bifurque.actors.buying import candidate, visited, wait_for_next
from bifurque.actors.layout import *
from bifurque.actors.mailbox import post, set_timer
from bifurque.actors.reading import read_message
from bifurque.actors.shocks import at_least_once, factor, forget, happens
from bifurque.rules.compiled import Memory, kernel, real, seldom
from bifurque.rules.conditions import truth
from bifurque.rules.layout import *
from bifurque.rules.localtime import after
from bifurque.rules.numbers import caused, draw, log, nth
from bifurque.rules.variates import logistic

# Purposes of draws within one cause; names hashed into causes come from the plan.
P_HAPPENS, P_WHEN, P_VALUE, P_OPEN, P_CLICK, P_LEAVE, P_GAP = (0x51ED2700 * (k + 1) for k in range(7))


@kernel
def amount(m: Memory, table: int, spread: int, cause: int) -> int:
    """The value of an event, in cents: by persona, spread evenly around it; MISSING when it has none."""
    if table == 0:
        return MISSING
    base = real(m, table + m[PERSONA])
    width = real(m, spread)
    if width != 0.0:
        base *= 1.0 - width + 2.0 * width * draw(m[KEY], cause, P_VALUE)
    return int(base)


@kernel
def new_key(m: Memory, policy: int, same: int) -> int:
    """The key of an event the model makes: a new one, that of its cause, or none."""
    if policy == KEY_NEW:
        m[KEYS_MADE] += 1
        return MODEL_KEYS + m[KEYS_MADE]
    return same if policy == KEY_SAME else NO_KEY


@kernel
def start_source(m: Memory, source: int) -> None:
    """The first event a contact makes of itself."""
    if m[source + SO_KIND] >= SO_BUYS:
        wait_for_next(m, source, m[LIFE])
        return
    if m[source + SO_KIND] == SO_POISSON:
        set_timer(m, m[source + SO_TIMER], next_due(m, source, m[LIFE]))
        return
    cause = nth(m[source + SO_PURPOSE], 0)
    t = m[H_START] + m[source + SO_FROM] + int(draw(m[KEY], cause, P_WHEN) * float(m[source + SO_SPAN]))
    chance = real(m, m[source + SO_RATE] + m[PERSONA])
    if m[H_SHOCKS] != 0:
        chance *= factor(m, SH_EVENTS + m[source + SO_EVENT], t)
    if draw(m[KEY], cause, P_HAPPENS) < chance:
        set_timer(m, m[source + SO_TIMER], t if t >= m[LIFE] else NEVER)


@kernel
def gap(m: Memory, source: int) -> int:
    """Seconds until the next event of a Poisson source, at least one; the rate is read when the gap is drawn."""
    rate = real(m, m[source + SO_RATE] + m[PERSONA])
    if m[source + SO_STAGE] != 0:
        rate *= real(m, m[source + SO_STAGE] + m[STAGE])
    if rate <= 0.0:
        return NEVER // 2
    wait = -log(draw(m[KEY], nth(m[source + SO_PURPOSE], m[m[source + SO_COUNT]]), P_GAP)) / rate
    return 1 + int(wait) if wait < 1e12 else NEVER // 2


@kernel
def next_due(m: Memory, source: int, t: int) -> int:
    """When a Poisson source's next event comes; a second one has any only while shocks call for it."""
    due = max(t, m[source + SO_FROM]) + gap(m, source)
    return due if m[source + SO_MORE] == 0 or due < m[source + SO_SPAN] else NEVER


@kernel
def spring(m: Memory, source: int, t: int) -> bool:
    """A source's timer fires: its event is the input, if it happens."""
    made = m[KEYS_MADE]
    if m[source + SO_KIND] >= SO_BUYS:
        if not candidate(m, source, t):
            forget(m)
            return False
    else:
        chance_event(m, source)
    if m[H_SHOCKS] == 0 or m[source + SO_KIND] == SO_ONCE:
        return True
    if happens(m, real(m, source + SO_MORE), t):
        return True
    if m[source + SO_MORE] != 0:
        m[KEYS_MADE] = made  # what nobody would have done takes no key
    return False


@kernel
def chance_event(m: Memory, source: int) -> None:
    """The event of a constant source becomes the input."""
    count = m[source + SO_COUNT]
    cause = nth(m[source + SO_PURPOSE], m[count])
    m[count] += 1
    m[IN_TYPE], m[IN_KEY] = m[source + SO_EVENT], new_key(m, m[source + SO_KEY], NO_KEY)
    m[IN_VALUE] = amount(m, m[source + SO_VALUE], source + SO_SPREAD, cause)
    m[IN_SEND], m[IN_VISIT], m[IN_CAUSE], m[IN_SOURCE] = -1, 0, cause, FROM_MODEL
    set_timer(m, m[source + SO_TIMER], NEVER)


@kernel
def respring(m: Memory, source: int, t: int) -> None:
    """After its event, a source that has more waits for the next."""
    if m[source + SO_KIND] == SO_VISITS and m[IN_TYPE] != MISSING:
        visited(m, t)
    if m[source + SO_KIND] >= SO_BUYS:
        wait_for_next(m, source, t)
    if m[source + SO_KIND] == SO_POISSON:
        set_timer(m, m[source + SO_TIMER], next_due(m, source, t))


@kernel
def react(m: Memory, group: int, t: int) -> None:
    """At most one of a group of alternatives follows from the input."""
    if m[IN_SOURCE] == FROM_MACHINE:  # nobody has seen anything
        return
    if m[group + BE_WHEN] >= 0 and truth(m, m[group + BE_WHEN], t) != TRUE:
        return
    cause = caused(m[IN_CAUSE], m[group + BE_PURPOSE])
    follow(m, group, cause, t, m[IN_KEY], m[IN_SEND], m[IN_VISIT])


@kernel
def follow(m: Memory, group: int, cause: int, t: int, key: int, send: int, visit: int) -> None:
    """Draw which alternative of a group happens, if any, and when."""
    if m[group + BE_SURVEY] != 0:
        asked(m, m[group + BE_SURVEY], cause, t, send, visit, m[group + BE_SOURCE], True)
        return
    u = draw(m[KEY], cause, P_HAPPENS)
    if m[group + BE_MOOD] != 0:
        u = opinion(m, group, u)
    row = chosen(m, group, u)
    if row == 0 and m[H_SHOCKS] != 0:
        row = provoked(m, group, u, cause, t)
    if row == 0:
        return
    text = m[row + AL_TEXT]
    key = text if text >= 0 else new_key(m, m[row + AL_KEY], key)
    value = amount(m, m[row + AL_VALUE], row + AL_SPREAD, cause)
    post(m, due_at(m, row, cause, t), m[row + AL_EVENT], key, value, send, visit, cause, m[group + BE_SOURCE])


@kernel
def chosen(m: Memory, group: int, u: float) -> int:
    """The alternative that a draw chooses, or 0."""
    for i in range(m[group + BE_COUNT]):
        row = m[group + BE_FIRST] + i * ALTERNATIVE
        chance = real(m, m[row + AL_CHANCE] + m[PERSONA])
        if u < chance:
            return row
        u -= chance
    return 0


@kernel
def due_at(m: Memory, row: int, cause: int, t: int) -> int:
    """When an alternative happens."""
    due = after(m, t, m[row + AL_DAYS], m[row + AL_LEAST])
    if m[row + AL_SPAN] > 0:
        due += int(draw(m[KEY], cause, P_WHEN) * float(m[row + AL_SPAN]))
    return due


@seldom
def provoked(m: Memory, group: int, u: float, cause: int, t: int) -> int:
    """Of a group of which nothing would happen: the alternative that shocks make happen, or 0."""
    for i in range(m[group + BE_COUNT]):
        u -= real(m, m[m[group + BE_FIRST] + i * ALTERNATIVE + AL_CHANCE] + m[PERSONA])
    for i in range(m[group + BE_COUNT]):
        row = m[group + BE_FIRST] + i * ALTERNATIVE
        chance = real(m, m[row + AL_CHANCE] + m[PERSONA])
        chance *= at_least_once(m, m[row + AL_EVENT], due_at(m, row, cause, t)) - 1.0
        if u < chance:
            return row
        u -= chance
    return 0


@kernel
def opinion(m: Memory, group: int, u: float) -> float:
    """The draw of a survey's answer, best first, moved by satisfaction on the cumulative logit scale.

    Whether a person answers at all stays as it was.
    """
    answered = 0.0
    for i in range(m[group + BE_COUNT]):
        answered += real(m, m[m[group + BE_FIRST] + i * ALTERNATIVE + AL_CHANCE] + m[PERSONA])
    if u >= answered:
        return u
    model = m[H_MODEL]
    better = real(m, m[model + MO_CELLS] + ME_MOOD) - real(m, model + MO_MOOD_START)
    rank = u / answered
    return answered * logistic(log(rank) - log(1.0 - rank) - real(m, group + BE_MOOD) * better)


@kernel
def meanwhile(m: Memory, group: int, purpose: int, visit: int, key: int, t: int, due: int) -> None:
    """What a person may do by itself between two steps, at any second of (t, due)."""
    cause = nth(purpose, visit)
    if due - t < 2 or due == NEVER:
        return
    row = m[group + BE_FIRST]
    at = t + 1 + int(draw(m[KEY], cause, P_WHEN) * float(due - t - 1))
    chance = real(m, m[row + AL_CHANCE] + m[PERSONA])
    if m[H_SHOCKS] != 0:
        chance *= at_least_once(m, m[row + AL_EVENT], at)
    if draw(m[KEY], cause, P_HAPPENS) < chance:
        value = amount(m, m[row + AL_VALUE], row + AL_SPREAD, cause)
        post(m, at, m[row + AL_EVENT], key, value, -1, visit, cause, m[group + BE_SOURCE])


@kernel
def fatigue(m: Memory, t: int) -> int:
    """How many messages the contact received in the fatigue window, up to the table's last level.

    Counts the one of t after.
    """
    ring, size = m[H_FATIGUE], m[H_FATIGUE_SIZE]
    level = 0
    for i in range(size):
        if m[ring + i] > t - m[H_FATIGUE_WINDOW]:
            level += 1
    if size > 0:
        m[ring + m[FATIGUE_HEAD]] = t
        m[FATIGUE_HEAD] = m[FATIGUE_HEAD] + 1 if m[FATIGUE_HEAD] + 1 < size else 0
    return level


@kernel
def receive_message(m: Memory, entry: int, key: int, t: int) -> None:
    """A message has left: will it be opened, and what else may it cause? Nothing before the next second."""
    send, visit = m[entry + OUT_SEND], m[entry + OUT_VISIT]
    cause = nth(m[send + SEND_PURPOSE], visit)
    table = m[send + SEND_OPEN]
    if m[H_BEHAVIOUR] == REALISTIC:
        if not read_message(m, send, visit, key, t):
            return
        table = 0
    level = fatigue(m, t)
    if table != 0:
        size = m[H_FATIGUE_SIZE] + 1
        if draw(m[KEY], cause, P_OPEN) < chance_of(m, SH_OPEN, table + m[PERSONA] * size + level, t):
            post(m, t + m[send + SEND_OPEN_DELAY], m[H_OPENED], key, level, send, visit, cause, FROM_MODEL)
    groups = m[send + SEND_RESPONSES]
    for i in range(m[groups]):
        group = m[groups + 1 + i]
        if m[group + BE_WHEN] >= 0 and truth(m, m[group + BE_WHEN], t) != TRUE:
            continue
        follow(m, group, caused(cause, m[group + BE_PURPOSE]), t, key, send, visit)


@kernel
def chance_of(m: Memory, target: int, at: int, t: int) -> float:
    """A chance of a table, as shocks leave it."""
    return real(m, at) if m[H_SHOCKS] == 0 else real(m, at) * factor(m, target, t)


@kernel
def opened(m: Memory, t: int) -> None:
    """A message of ours was opened: it may be clicked, and it may be the last."""
    send, cause = m[IN_SEND], m[IN_CAUSE]
    level = m[IN_VALUE]
    at = m[PERSONA] * (m[H_FATIGUE_SIZE] + 1) + level
    m[IN_VALUE] = MISSING
    click, leave = m[send + SEND_CLICK], m[send + SEND_UNSUBSCRIBE]
    when = t + m[send + SEND_CLICK_DELAY]
    if click != 0 and draw(m[KEY], cause, P_CLICK) < chance_of(m, SH_CLICK, click + at, t):
        post(m, when, m[H_CLICKED], m[IN_KEY], MISSING, send, m[IN_VISIT], caused(cause, P_CLICK), FROM_MODEL)
    if leave != 0 and draw(m[KEY], cause, P_LEAVE) < chance_of(m, SH_UNSUBSCRIBE, leave + at, t):
        post(m, when, m[H_UNSUBSCRIBED], NO_KEY, MISSING, send, m[IN_VISIT], caused(cause, P_LEAVE), FROM_MODEL)

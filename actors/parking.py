"""A contact that waits for something shared is parked: its requests, and its record in few words.

Any lane of the same plan can take it up again. Of the record only what differs from that of a contact who has lived
nothing is kept: two bits a word say whether it is as it was, or differs by 32 bits, or (an instant) by 32 bits from the
start of the run, or at all. Some 300 bytes hold what takes five thousand in a lane.
"""

from __future__ import annotations

from bifurque.actors.books import turn_books
from bifurque.actors.layout import *
from bifurque.actors.offering import choose
from bifurque.rules.compiled import Memory, as_real, as_word, kernel, seldom
from bifurque.rules.conditions import number
from bifurque.rules.layout import *
from bifurque.rules.numbers import contact_key
from bifurque.rules.sharing import *

SAME, NEAR, INSTANT_NEAR, WHOLE = range(4)
HALF = 2**31
GROUP, GROUPS = 31, 32  # words behind one word of codes, groups behind one word that says which differ
FIXED, FIXED_WORDS = CONTACT, IN_TYPE - CONTACT


@seldom
def park(m: Memory, last: int) -> bool:
    """Put the contact away until what it asks for at `UNTIL` is settled; False if, looked at again, it asks nothing."""
    head = m[H_PARKED] + m[PARKED_WORDS]
    at = gather(m, head + PK_FIRST)
    if at == head + PK_FIRST:
        m[UNTIL] = next_until(m)
        return False
    m[head + PK_ASKED], m[head + PK_UNTIL], m[head + PK_CONTACT] = at - head - PK_FIRST, m[UNTIL], m[CONTACT]
    m[head + PK_KEEP], m[head + PK_EVENT], m[head + PK_LAST] = m[KEEP], m[NEXT_EVENT], last
    turn_books(m)
    m[SEG_FROM] = m[SEG_TO] = m[SEG_OFFSET] = m[KEY] = 0
    at = pack(m, FIXED, 0, FIXED_WORDS, at)
    at = pack(m, m[H_RECORD], m[H_IMAGE], m[H_RECORD_SIZE], at)
    at = pack(m, m[H_MAIL], 0, m[MAIL_COUNT] * MAIL, at)
    at = pack(m, m[H_OUTBOX], 0, m[OUT_COUNT] * OUT, at)
    m[head + PK_WORDS] = at - head
    m[PARKED_WORDS] += at - head
    return True


@kernel
def next_until(m: Memory) -> int:
    """The next instant at which something this contact waits for is settled, or 0."""
    found = NEVER
    for j in range(m[H_N_JOURNEYS]):
        journey = m[H_JOURNEYS] + j * JOURNEY
        for i in range(m[journey + J_N_SLOTS]):
            slot = m[journey + J_SLOTS] + i * SLOT
            if m[slot + SLOT_STEP] > 0 and m[slot + SLOT_STATE] == AWAITING_OFFER:
                found = min(found, m[m[H_TIMERS] + m[slot + SLOT_TIMER]])
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        if m[entry + OUT_GRANT] == ASKED:
            found = min(found, m[entry + OUT_RELEASE])
        entry += OUT
    return 0 if found == NEVER else found


@kernel
def gather(m: Memory, at: int) -> int:
    """Write what the contact asks for at `UNTIL`; the address behind it."""
    t = m[UNTIL]
    for j in range(m[H_N_JOURNEYS]):
        journey = m[H_JOURNEYS] + j * JOURNEY
        for i in range(m[journey + J_N_SLOTS]):
            slot = m[journey + J_SLOTS] + i * SLOT
            asks = m[slot + SLOT_STEP] > 0 and m[slot + SLOT_STATE] == AWAITING_OFFER
            if asks and m[m[H_TIMERS] + m[slot + SLOT_TIMER]] == t:
                at = ask_for_slot(m, slot, at, t)
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        if m[entry + OUT_GRANT] == ASKED and m[entry + OUT_RELEASE] <= t:
            at = ask_for_message(m, entry, at, t)
        entry += OUT
    return at


@kernel
def ask_for_slot(m: Memory, slot: int, at: int, t: int) -> int:
    """The offers a visit would take, best first; a visit that no longer may is looked at again by its timer."""
    step = m[slot + SLOT_STEP]
    best = choose(m, step, t)
    chosen = m[H_FORESEEN]
    if m[slot + SLOT_PAUSED] != 0 or m[chosen] == 0:
        m[slot + SLOT_STATE] = RUNNING
        return at
    head, at = at, at + RQ_FIRST
    for i in range(m[chosen]):
        resource = m[m[m[step + ST_ARG] + 2 + m[chosen + 1 + i]] + OFR_RESOURCE]
        m[at], m[at + 1] = -1 if resource == 0 else m[resource + RES_ID], 1
        at += 2
    m[head + RQ_WORDS], m[head + RQ_HANDLE], m[head + RQ_ALL] = at - head, slot, 0
    m[head + RQ_RANK] = as_word(best)
    return at


@kernel
def ask_for_message(m: Memory, entry: int, at: int, t: int) -> int:
    """What the channel of a message has only so much of."""
    send = m[entry + OUT_SEND]
    rank = as_real(m[send + SEND_QUEUE_CONST])
    if m[send + SEND_QUEUE] >= 0:
        m[DEADLINE], m[VALUE] = m[entry + OUT_END], m[send + SEND_VALUE_CONST]
        rank = number(m, m[send + SEND_QUEUE], t)
    needs, head = m[send + SEND_NEEDS], at
    at += RQ_FIRST
    for i in range(m[needs]):
        m[at], m[at + 1] = m[m[needs + 1 + 2 * i] + RES_ID], m[needs + 2 + 2 * i]
        at += 2
    m[head + RQ_WORDS], m[head + RQ_HANDLE], m[head + RQ_ALL] = at - head, -m[entry + OUT_SERIAL], 1
    m[head + RQ_RANK] = as_word(rank if rank == rank else -1e300)
    return at


@kernel
def pack(m: Memory, source: int, base: int, count: int, at: int) -> int:
    """Write `count` words in few: which groups differ, then each of those. The address behind them.

    Args:
        m: the lane's memory.
        source: where they stand.
        base: where the words stand that they are compared with; 0: with zero.
        count: how many.
        at: where to write.
    """
    groups, masks = (count + GROUP - 1) // GROUP, at
    at += (groups + GROUPS - 1) // GROUPS
    for i in range(masks, at):
        m[i] = 0
    for group in range(groups):
        first = GROUP * group
        end = pack_group(m, source + first, base + first if base != 0 else 0, min(GROUP, count - first), at)
        if end > at:
            m[masks + group // GROUPS] |= 1 << (group % GROUPS)
            at = end
    return at


@kernel
def pack_group(m: Memory, source: int, base: int, count: int, at: int) -> int:
    """A word of codes, then what differs, two halves to a word; nothing if nothing does. The address behind it."""
    codes, codes_at = 0, at
    half = 0  # where 32 bits are free
    for i in range(count):
        was = m[base + i] if base != 0 else 0
        word = m[source + i]
        if word == was:
            continue
        if codes == 0:
            at += 1
        code, short = nearness(m, word, was), word - was
        codes |= code << (2 * i)
        if code == WHOLE:
            m[at] = word
            at += 1
            continue
        if code == INSTANT_NEAR:
            short = word - m[H_START]
        if half != 0:
            m[half] |= short << 32
            half = 0
        else:
            m[at] = short & 0xFFFFFFFF
            half, at = at, at + 1
    if codes != 0:
        m[codes_at] = codes
    return at


@kernel
def nearness(m: Memory, word: int, was: int) -> int:
    """How a word differs."""
    short = word - was
    if -HALF <= short < HALF:
        return NEAR
    short = word - m[H_START]
    return INSTANT_NEAR if -HALF <= short < HALF else WHOLE


@kernel
def unpack(m: Memory, target: int, base: int, count: int, at: int) -> int:
    """Read what `pack` wrote back to where it stood; the address behind it."""
    groups, masks = (count + GROUP - 1) // GROUP, at
    at += (groups + GROUPS - 1) // GROUPS
    for group in range(groups):
        first, codes = GROUP * group, 0
        if (m[masks + group // GROUPS] >> (group % GROUPS)) & 1 == 1:
            codes, at = m[at], at + 1
        at = unpack_group(m, target + first, base + first if base != 0 else 0, min(GROUP, count - first), codes, at)
    return at


@kernel
def unpack_group(m: Memory, target: int, base: int, count: int, codes: int, at: int) -> int:
    """One group of words, by its codes."""
    half = 0
    for i in range(count):
        was = m[base + i] if base != 0 else 0
        code = (codes >> (2 * i)) & 3
        if code == SAME:
            m[target + i] = was
        elif code == WHOLE:
            m[target + i], at = m[at], at + 1
        else:
            if half != 0:
                short, half = m[half] >> 32, 0
            else:
                short, half, at = (m[at] << 32) >> 32, at, at + 1
            m[target + i] = short + (was if code == NEAR else m[H_START])
    return at


@kernel
def take_up(m: Memory, head: int) -> None:
    """The contact whose parked words stand at `head` comes back, and lives the answers that stand there."""
    at = head + PK_FIRST + m[head + PK_ASKED]
    at = unpack(m, FIXED, 0, FIXED_WORDS, at)
    at = unpack(m, m[H_RECORD], m[H_IMAGE], m[H_RECORD_SIZE], at)
    at = unpack(m, m[H_MAIL], 0, m[MAIL_COUNT] * MAIL, at)
    unpack(m, m[H_OUTBOX], 0, m[OUT_COUNT] * OUT, at)
    m[CONTACT], m[KEEP], m[NEXT_EVENT] = m[head + PK_CONTACT], m[head + PK_KEEP], m[head + PK_EVENT]
    m[KEY] = contact_key(m[H_SEED], m[CONTACT])
    turn_books(m)

"""What contacts share: stocks, capacities, budgets. Who asks for what, when it can be settled, what is given back.

The columns of its tables stand here. A contact that asks stands still until everybody has lived as far: then the
requests of that instant are settled together (`bifurque.rules.settlement`), and it goes on with the answer.
"""

from __future__ import annotations

from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.layout import *

# What contacts share
(RES_ID, RES_REASON, RES_SETTLE, RES_OPEN) = range(4)
RESOURCE = 4
"""Which one, the reason of a refusal, requests are settled every so many seconds, list of stretches (from, to) in which
it is open or 0: always."""
(OFR_RESOURCE, OFR_VALUE, OFR_VALUE_CONST, OFR_CHANCE, OFR_CHANCE_CONST, OFR_WHEN) = range(6)
(OFR_DAYS, OFR_SECONDS, OFR_CELLS, OFR_UPGRADES, OFR_PARTNERS, OFR_CAUSE) = range(6, 12)
OFFER = 12
"""An offer: its resource or 0 (no end of it), what it is worth, the chance that it is taken, for whom, how long it is
reserved, words of the record, words of the record one of which must say "taken": list of those it upgrades, of those it
goes with; its cause in the ledger."""
(OC_UNTIL, OC_TAKEN) = range(2)
(LT_TIME, LT_KIND, LT_RESOURCE, LT_AMOUNT, LT_UNTIL) = range(5)
LETTER = 5
RESERVED, GIVEN_BACK, USED, REFERRED = range(4)
"""What a contact tells of something it had been granted; or that a friend joins: by whom, a hash, in which zone."""
(PK_WORDS, PK_UNTIL, PK_CONTACT, PK_KEEP, PK_EVENT, PK_LAST, PK_ASKED, PK_FIRST) = range(8)
"""A parked contact: length, until when, who, kept or not, its next event and the one after its last, words of its
requests; then these, then its state."""
(RQ_WORDS, RQ_HANDLE, RQ_RANK, RQ_ALL, RQ_FIRST) = range(5)
"""A request: length, what it is for, who goes first (a real), 1: all of what follows or nothing; else the first there
is; then pairs of resource and amount."""


@kernel
def opening(m: Memory, resource: int, t: int) -> int:
    """The first instant from t on at which requests for a resource are settled; NEVER if it does not open again."""
    every = m[resource + RES_SETTLE]
    if every > 1:
        t = -(-t // every) * every
    rows = m[resource + RES_OPEN]
    if rows == 0:
        return t
    low, high = 0, m[rows]
    while low < high:
        middle = (low + high) // 2
        if m[rows + 2 + 2 * middle] <= t:
            low = middle + 1
        else:
            high = middle
    if low == m[rows]:
        return NEVER
    return max(t, m[rows + 1 + 2 * low])


@kernel
def reopening(m: Memory, resource: int, t: int) -> int:
    """When a resource that has run out at t is worth asking for again: its next stretch."""
    rows = m[resource + RES_OPEN]
    if rows == 0:
        return NEVER
    for i in range(m[rows]):
        if m[rows + 1 + 2 * i] > t:
            return opening(m, resource, m[rows + 1 + 2 * i])
    return NEVER


@seldom
def all_open(m: Memory, needs: int, t: int) -> int:
    """The first instant from t on at which everything on a list is open."""
    was = t - 1
    while was < t < NEVER:
        was = t
        for i in range(m[needs]):
            t = max(t, opening(m, m[needs + 1 + 2 * i], t))
    return t


@kernel
def wait_until(m: Memory, t: int) -> None:
    """The contact must not go on past t before something shared has been settled."""
    m[UNTIL] = t if m[UNTIL] == 0 else min(m[UNTIL], t)


@seldom
def tell(m: Memory, t: int, kind: int, resource: int, amount: int, until: int) -> None:
    """A letter to those who keep the books."""
    row = m[H_LETTERS] + m[LETTERS_COUNT] * LETTER
    m[LETTERS_COUNT] += 1
    m[row + LT_TIME], m[row + LT_KIND], m[row + LT_RESOURCE] = t, kind, m[resource + RES_ID]
    m[row + LT_AMOUNT], m[row + LT_UNTIL] = amount, until


@seldom
def refer(m: Memory, t: int) -> None:
    """A friend joins because of this contact: a letter to those who bring new contacts to life."""
    row = m[H_LETTERS] + m[LETTERS_COUNT] * LETTER
    m[LETTERS_COUNT] += 1
    m[row + LT_TIME], m[row + LT_KIND], m[row + LT_RESOURCE] = t, REFERRED, m[CONTACT]
    m[row + LT_AMOUNT], m[row + LT_UNTIL] = m[IN_CAUSE], m[ZONE] if m[ZONE_KNOWN] == 1 else -1


@seldom
def return_offer(m: Memory, offer: int, t: int) -> None:
    """A reservation ends before its time: the item goes back."""
    cells = m[offer + OFR_CELLS]
    if m[offer + OFR_RESOURCE] != 0 and m[cells + OC_UNTIL] > t:
        tell(m, t, GIVEN_BACK, m[offer + OFR_RESOURCE], 1, m[cells + OC_UNTIL])
    m[cells + OC_UNTIL] = 0


@seldom
def return_needs(m: Memory, needs: int, t: int) -> None:
    """What was granted is not used: a capacity or a budget gets it back."""
    for i in range(m[needs]):
        tell(m, t, GIVEN_BACK, m[needs + 1 + 2 * i], m[needs + 2 + 2 * i], t)

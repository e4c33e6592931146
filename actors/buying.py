"""Realistic people: what they buy, when they visit, what they leave in their carts, and when they are gone.

Purchases are thinned candidates: everybody has the same candidates whatever they are sent, and a message only makes
more of them real. So a message never takes a purchase away, and draws stay where they were.
"""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.mailbox import post, retract, set_timer
from bifurque.actors.shocks import at_least_once, factor, leaves_at
from bifurque.actors.waking import awake_after
from bifurque.rules.compiled import Memory, kernel, put_real, real, seldom
from bifurque.rules.layout import *
from bifurque.rules.numbers import caused, draw, log, nth
from bifurque.rules.variates import exp, gamma, logistic, stock, stocked

P_RATE, P_LEAVE, P_SPEND, P_GAP, P_REAL, P_VALUE, P_CART, P_RETURN, P_COMPLETE, P_WHEN = (
    0x6B79A000 + 0x101 * k for k in range(10)
)


@seldom
def become(m: Memory) -> None:
    """What a person is like, drawn when its life begins."""
    model = m[H_MODEL]
    me = m[model + MO_CELLS]
    rate = gamma(m[KEY], nth(P_RATE, 0), real(m, model + MO_R)) * real(m, m[model + MO_RATE] + m[PERSONA])
    put_real(m, me + ME_RATE, rate)
    put_real(m, me + ME_MOOD, real(m, model + MO_MOOD_START))
    m[me + ME_LEAVES] = NEVER
    if real(m, model + MO_S) > 0.0:
        hazard = gamma(m[KEY], nth(P_LEAVE, 0), real(m, model + MO_S)) / real(m, model + MO_BETA)
        stays = -log(draw(m[KEY], nth(P_LEAVE, 1), 0)) / hazard if hazard > 1e-15 else 1e15
        before = real(m, model + MO_AGE) if m[LIFE] == m[H_START] else 0.0
        m[me + ME_LEAVES] = m[LIFE] + int(min(stays, 1e15) - before)
        if m[H_SHOCKS] != 0:
            m[me + ME_LEAVES] = leaves_at(m, m[me + ME_LEAVES])
    if m[model + MO_REGULAR] > 1:  # a life is met at any point between two purchases
        m[me + ME_PHASE] = int(draw(m[KEY], nth(P_RATE, 1), 0) * float(m[model + MO_REGULAR]))
    taste = gamma(m[KEY], nth(P_SPEND, 0), real(m, model + MO_Q))
    put_real(m, me + ME_SPEND, real(m, m[model + MO_GAMMA] + m[PERSONA]) / taste)


@seldom
def wait_for_next(m: Memory, source: int, t: int) -> None:
    """When the next candidate of a source comes; nobody who has left has any."""
    model = m[H_MODEL]
    me = m[model + MO_CELLS]
    kind, rate = m[source + SO_KIND], real(m, me + ME_RATE)
    if kind == SO_BUYS:
        rate *= 1.0 + real(m, model + MO_LIFT_MOST)
        if m[source + SO_MORE] == 0:  # what shocks add comes at random, however regular the rest
            rate *= float(m[model + MO_REGULAR])
    elif kind == SO_VISITS:
        rate = real(m, model + MO_VISITS) * (0.5 + 0.5 * rate / real(m, model + MO_MEAN_RATE))
    else:
        rate = real(m, source + SO_RATE)
    if m[source + SO_MORE] != 0:
        t, rate = max(t, m[source + SO_FROM]), rate * real(m, source + SO_MORE)
    due = NEVER
    if rate > 0.0:
        cause = nth(m[source + SO_PURPOSE], m[m[source + SO_COUNT]])
        due = awake_after(m, model, t, -log(draw(m[KEY], cause, P_GAP)) / rate)
    last = m[me + ME_LEAVES] if m[source + SO_MORE] == 0 else min(m[me + ME_LEAVES], m[source + SO_SPAN])
    set_timer(m, m[source + SO_TIMER], due if due < last else NEVER)


@seldom
def candidate(m: Memory, source: int, t: int) -> bool:
    """A candidate's instant: does it happen? Then it is the input."""
    model = m[H_MODEL]
    me = m[model + MO_CELLS]
    cause = nth(m[source + SO_PURPOSE], m[m[source + SO_COUNT]])
    m[m[source + SO_COUNT]] += 1
    set_timer(m, m[source + SO_TIMER], NEVER)
    if t >= m[me + ME_LEAVES]:
        return False
    kind = m[source + SO_KIND]
    m[IN_KEY], m[IN_VALUE], m[IN_TYPE] = NO_KEY, MISSING, m[source + SO_EVENT]
    m[IN_SEND], m[IN_VISIT], m[IN_CAUSE], m[IN_SOURCE] = -1, 0, cause, FROM_MODEL
    if kind == SO_VISITS:
        return True
    u = draw(m[KEY], cause, P_REAL)
    if kind == SO_REFERS:
        return u < logistic(real(m, model + MO_SCORES) * (real(m, me + ME_MOOD) - 0.6) + real(m, model + MO_PROMOTERS))
    u *= 1.0 + real(m, model + MO_LIFT_MOST)
    if u >= 1.0 + lift(m, model, t):
        return False
    if m[model + MO_REGULAR] > 1 and m[source + SO_MORE] == 0:
        m[me + ME_PHASE] += 1
        if m[me + ME_PHASE] < m[model + MO_REGULAR]:
            return False
        m[me + ME_PHASE] = 0
    if u >= 1.0:  # it would not have happened without a message
        m[IN_SEND] = m[me + ME_LIFT_SEND]
    m[KEYS_MADE] += 1
    m[IN_KEY], m[IN_VALUE] = MODEL_KEYS + m[KEYS_MADE], spend(m, model, cause)
    return True


@kernel
def spend(m: Memory, model: int, cause: int) -> int:
    """What a purchase is worth, in cents."""
    unit = real(m, m[model + MO_CELLS] + ME_SPEND)
    return int(min(unit * gamma(m[KEY], caused(cause, P_VALUE), real(m, model + MO_P)), 1e12))


@kernel
def lift(m: Memory, model: int, t: int) -> float:
    """What messages add to the purchase rate at t, as a share of it."""
    return stock(real(m, m[model + MO_CELLS] + ME_LIFT), t, real(m, model + MO_LIFT_SECONDS))


@kernel
def raise_lift(m: Memory, model: int, send: int, t: int, by: float) -> None:
    """A message read, or a click: a shot of lift, with diminishing return."""
    me, most = m[model + MO_CELLS], real(m, model + MO_LIFT_MOST)
    level = lift(m, model, t)
    if most > 0.0:
        level += by / (1.0 + level / most)
    if level > 0.0:
        put_real(m, me + ME_LIFT, stocked(min(level, most), t, real(m, model + MO_LIFT_SECONDS)))
        m[me + ME_LIFT_SEND] = send


@seldom
def visited(m: Memory, t: int) -> None:
    """A visit may leave a cart behind; some carts are bought later without any help."""
    model = m[H_MODEL]
    me = m[model + MO_CELLS]
    cause = caused(m[IN_CAUSE], P_CART)
    share, returns = real(m, model + MO_CART), real(m, model + MO_RETURNS)
    if m[H_SHOCKS] != 0:
        share *= at_least_once(m, m[model + MO_CART_EVENT], t)
        returns *= at_least_once(m, m[model + MO_BUY_EVENT], t)
    if t >= m[me + ME_LEAVES] or draw(m[KEY], cause, P_CART) >= share:
        return
    m[KEYS_MADE] += 1
    key = MODEL_KEYS + m[KEYS_MADE]
    if m[me + ME_CART] > 0:
        retract(m, m[model + MO_BUY_EVENT], FROM_CART, 0)
    m[me + ME_CART], m[me + ME_CART_KEY] = t, key
    post(m, t + 240, m[model + MO_CART_EVENT], key, MISSING, -1, 0, cause, FROM_MODEL)
    if draw(m[KEY], cause, P_RETURN) < returns:
        due = t + 240 + returns_after(draw(m[KEY], cause, P_WHEN))
        post(m, due, m[model + MO_BUY_EVENT], key, spend(m, model, cause), -1, 0, cause, FROM_CART)


@kernel
def returns_after(u: float) -> int:
    """Seconds until a cart is bought unaided, given that it is within 7 days: fast at first, then slower.

    Hazards .03 an hour for 2 h, .004 until 24 h, .0005 until 168 h (assumed): 29 %, 42 % and 29 % of the returns.
    """
    if u < 0.29:
        return 1 + int(u / 0.29 * 7200.0)
    if u < 0.71:
        return 7200 + int((u - 0.29) / 0.42 * 79200.0)
    return 86400 + int((u - 0.71) / 0.29 * 518400.0)


@seldom
def paid(m: Memory, t: int) -> None:
    """A purchase closes the cart; with BG/NBD it may be the last."""
    model = m[H_MODEL]
    me = m[model + MO_CELLS]
    if real(m, model + MO_A) > 0.0:
        stays = gamma(m[KEY], nth(P_LEAVE, 1), real(m, model + MO_B))
        goes = gamma(m[KEY], nth(P_LEAVE, 2), real(m, model + MO_A))
        risk = goes if m[H_SHOCKS] == 0 else goes * factor(m, SH_CHURN, t)
        if draw(m[KEY], m[IN_CAUSE], P_LEAVE) * (stays + goes) < risk:
            m[me + ME_LEAVES] = min(m[me + ME_LEAVES], t)
    if m[me + ME_CART] == 0:
        return
    m[me + ME_CART] = 0
    retract(m, m[model + MO_BUY_EVENT], FROM_CART, 0)


@kernel
def came_back(m: Memory, t: int) -> None:
    """A click: a visit, and perhaps the cart left is bought."""
    model = m[H_MODEL]
    me = m[model + MO_CELLS]
    cause, send = m[IN_CAUSE], m[IN_SEND]
    post(m, t + 2, m[model + MO_VISIT_EVENT], NO_KEY, MISSING, -1, 0, caused(cause, P_CART), FROM_MODEL)
    age = float(t - m[me + ME_CART])
    if m[me + ME_CART] == 0 or age > 604800.0:
        return
    share = real(m, model + MO_COMPLETES) * exp((3600.0 - age) / real(m, model + MO_COMPLETE_SECONDS))
    if m[H_SHOCKS] != 0:
        share *= at_least_once(m, m[model + MO_BUY_EVENT], t)
    if draw(m[KEY], cause, P_COMPLETE) >= share:
        return
    value = spend(m, model, cause)
    retract(m, m[model + MO_BUY_EVENT], FROM_CART, 0)
    post(m, t + 420, m[model + MO_BUY_EVENT], m[me + ME_CART_KEY], value, send, m[IN_VISIT], cause, FROM_MODEL)
    m[me + ME_CART] = 0


@seldom
def felt(m: Memory, good: int) -> None:
    """An experience moves satisfaction towards it."""
    model = m[H_MODEL]
    at = m[model + MO_CELLS] + ME_MOOD
    put_real(m, at, real(m, at) + real(m, model + MO_MOOD_STEP) * (float(good) - real(m, at)))


@seldom
def lively(m: Memory, t: int) -> None:
    """A visit or a purchase: somebody who is active opens and clicks otherwise."""
    model = m[H_MODEL]
    at, seconds = m[model + MO_CELLS] + ME_LIVELY, real(m, model + MO_LIVELY_SECONDS)
    put_real(m, at, stocked(stock(real(m, at), t, seconds) + 1.0, t, seconds))

"""Realistic people: what they do with a message that has left.

Everything is drawn when it leaves, from draws of its own: whether it is ever opened, when, clicked, and whether it is
the last. Machine opens are kept apart: a mail program that opens everything by itself.
"""

from __future__ import annotations

import math

from bifurque.actors.asking import P_ASK, asked
from bifurque.actors.buying import came_back, raise_lift
from bifurque.actors.layout import *
from bifurque.actors.mailbox import post
from bifurque.actors.shocks import factor
from bifurque.actors.waking import awake, awake_after
from bifurque.rules.compiled import Memory, kernel, put_real, real, seldom
from bifurque.rules.conditions import truth
from bifurque.rules.layout import *
from bifurque.rules.numbers import caused, draw, log, nth
from bifurque.rules.variates import exp, logistic, normal, stock, stocked

P_TASTE, P_EVER, P_WHEN, P_CLICK, P_DELAY, P_LEAVE, P_COMPLAIN, P_DEAD, P_SOFT, P_MACHINE = (
    0x4EAD1000 + 0x107 * k for k in range(10)
)


@seldom
def read_message(m: Memory, send: int, visit: int, key: int, t: int) -> bool:
    """A message has left: all its reader will do with it; False if it never reaches anybody."""
    model, reader, told = m[H_MODEL], m[send + SEND_READER], m[send + SEND_TOLD]
    cause = nth(m[send + SEND_PURPOSE], visit)
    if bounces(m, reader, cause):
        post(m, t + 5, m[model + MO_BOUNCED], key, MISSING, send, visit, cause, FROM_MODEL)
        return False
    tired, again = grow_tired(m, model, reader, t), repeated(m, told)
    weary = log(1.0 + tired)
    look = real(m, m[told + TO_OPEN] + m[PERSONA]) + taste(m, model, reader) - real(m, model + MO_REPEATS) * again
    drawn = relevance(m, told, t)
    active = activity(m, model, t)
    look += drawn + real(m, model + MO_LIVELY_OPENS) * active - real(m, model + MO_TIRED_OPENS) * weary
    if real(m, model + MO_SENDING) != 0.0:
        look += real(m, model + MO_SENDING) * (awake(m, model, t) - 1.0)
    share = logistic(look)
    if m[H_SHOCKS] != 0:
        share *= factor(m, SH_OPEN, t)
    opens = draw(m[KEY], cause, P_EVER) < share
    if by_machine(m, reader):
        soon = t + 20 + int(1800.0 * draw(m[KEY], cause, P_MACHINE))
        post(m, soon, m[H_OPENED], key, MISSING, send, visit, cause, FROM_MACHINE)
    at = looks_at(m, model, reader, cause, t)
    if opens:
        post(m, at, m[H_OPENED], key, MISSING, send, visit, cause, FROM_MODEL)
        wish = real(m, m[told + TO_CLICK] + m[PERSONA]) - real(m, model + MO_TIRED_CLICKS) * weary
        wish += drawn + real(m, model + MO_LIVELY_CLICKS) * active
        wish += real(m, reader + RD_CLICK_SPREAD) * normal(draw(m[KEY], m[reader + RD_PURPOSE], P_CLICK))
        share = logistic(wish)
        if m[H_SHOCKS] != 0:
            share *= factor(m, SH_CLICK, t)
        if draw(m[KEY], cause, P_CLICK) < share:
            delay = 1 + int(20.0 * exp(normal(draw(m[KEY], cause, P_DELAY))))
            clicked = caused(cause, P_CLICK)
            post(m, at + delay, m[H_CLICKED], key, MISSING, send, visit, clicked, FROM_MODEL)
    if m[told + TO_SURVEY] != 0:
        soon = at + 1 + int(-180.0 * log(draw(m[KEY], caused(cause, P_ASK), P_DELAY)))
        asked(m, m[told + TO_SURVEY], caused(cause, P_ASK), soon, send, visit, FROM_MODEL, opens)
    leave(m, model, send, visit, cause, tired, opens, at, t)
    return True


@kernel
def relevance(m: Memory, told: int, t: int) -> float:
    """What a message gains where it matters to its reader."""
    code = m[told + TO_WHEN]
    return real(m, told + TO_RELEVANCE) if code >= 0 and truth(m, code, t) == TRUE else 0.0


@kernel
def activity(m: Memory, model: int, t: int) -> float:
    """How active a person has been lately, as ln(1 + G)."""
    seconds = real(m, model + MO_LIVELY_SECONDS)
    return log(1.0 + stock(real(m, m[model + MO_CELLS] + ME_LIVELY), t, seconds)) if seconds > 0.0 else 0.0


@kernel
def leave(m: Memory, model: int, send: int, visit: int, cause: int, tired: float, opens: bool, at: int, t: int) -> None:
    """The message may be the last, or even be complained about."""
    mood = real(m, m[model + MO_CELLS] + ME_MOOD)
    wish = real(m, m[m[send + SEND_TOLD] + TO_LEAVE] + m[PERSONA]) + real(m, model + MO_TIRED_LEAVES) * tired
    wish -= real(m, model + MO_MOOD_LEAVES) * (mood - 0.5)
    if opens:
        wish -= real(m, model + MO_OPENED_LEAVES)
    share = logistic(wish)
    if m[H_SHOCKS] != 0:
        share *= factor(m, SH_UNSUBSCRIBE, t)
    u = draw(m[KEY], cause, P_LEAVE)
    if u < share:
        post(m, at + 60, m[H_UNSUBSCRIBED], NO_KEY, MISSING, send, visit, caused(cause, P_LEAVE), FROM_MODEL)
    elif u < share * (1.0 + real(m, m[send + SEND_READER] + RD_COMPLAINT)):
        complained = caused(cause, P_COMPLAIN)
        post(m, at + 60, m[model + MO_COMPLAINED], NO_KEY, MISSING, send, visit, complained, FROM_MODEL)


@kernel
def grow_tired(m: Memory, model: int, reader: int, t: int) -> float:
    """Fatigue on a channel just before this message, which adds one to it."""
    at, seconds = m[reader + RD_TIRED], real(m, model + MO_TIRED_SECONDS)
    level = stock(real(m, at), t, seconds)
    put_real(m, at, stocked(level + 1.0, t, seconds))
    return level


@kernel
def repeated(m: Memory, told: int) -> float:
    """How often the same message came before, at most 255 times."""
    at, shift = m[told + TO_REPEATS], m[told + TO_SHIFT]
    times = (m[at] >> shift) & 255
    if times < 255:
        m[at] += 1 << shift
    return float(times)


@kernel
def bounces(m: Memory, reader: int, cause: int) -> bool:
    """A dead address, or a message refused for once."""
    if draw(m[KEY], m[reader + RD_PURPOSE], P_DEAD) < real(m, reader + RD_HARD):
        return True
    return draw(m[KEY], cause, P_SOFT) < real(m, reader + RD_SOFT)


@kernel
def by_machine(m: Memory, reader: int) -> bool:
    """Whether the contact's mail program opens everything by itself."""
    return draw(m[KEY], m[reader + RD_PURPOSE], P_MACHINE) < real(m, reader + RD_MACHINE)


@kernel
def taste(m: Memory, model: int, reader: int) -> float:
    """How much more than others of its persona a person opens on a channel: partly the taste that makes it buy."""
    spread = real(m, reader + RD_OPEN_SPREAD)
    own = normal(draw(m[KEY], m[reader + RD_PURPOSE], P_TASTE))
    rho = real(m, model + MO_TASTE)
    if rho == 0.0:
        return spread * own
    usual = real(m, m[model + MO_RATE] + m[PERSONA])
    score = 0.0
    if usual > 0.0:
        rate = max(real(m, m[model + MO_CELLS] + ME_RATE) / usual, 1e-300)
        score = max((log(rate) - real(m, model + MO_LOG_MEAN)) / real(m, model + MO_LOG_SPREAD), -4.0)
    return spread * (rho * score + math.sqrt(1.0 - rho * rho) * own)


@kernel
def looks_at(m: Memory, model: int, reader: int, cause: int, t: int) -> int:
    """When a message is looked at: log-logistic in waking time."""
    u = draw(m[KEY], cause, P_WHEN)
    odds = log(u) - log(1.0 - u)
    return awake_after(m, model, t, real(m, reader + RD_SECONDS) * exp(odds * real(m, reader + RD_POWER)))


@seldom
def read_by(m: Memory, clicked: bool, t: int) -> None:
    """A person has opened or clicked: more purchases for a time, and after a click a visit."""
    model, send = m[H_MODEL], m[IN_SEND]
    if send < 0:
        return
    if not clicked and not by_machine(m, m[send + SEND_READER]):
        m[m[model + MO_COUNTS] + 2 * m[send + SEND_ID] + 1] += 1
    by = real(m, model + (MO_LIFT_CLICKED if clicked else MO_LIFT_OPENED))
    raise_lift(m, model, send, t, by * real(m, m[send + SEND_TOLD] + TO_LIFT))
    if clicked:
        came_back(m, t)

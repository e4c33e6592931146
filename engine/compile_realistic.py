"""Compiles realistic behaviour: the model's figures, a reader for each channel, what each message tells its reader."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import structs

from bifurque.actors import layout as a
from bifurque.engine.compile_actions import survey_row
from bifurque.engine.compile_shocks import second_source
from bifurque.engine.journey import SurveyStep
from bifurque.engine.names import listed
from bifurque.engine.program import Compiling
from bifurque.engine.realistic import Effect, Figure, Known, Opinion, Reads, Realistic, Temper
from bifurque.engine.sectors import usual
from bifurque.engine.tables import hash64
from bifurque.rules import layout as r
from bifurque.rules.lowering import real_word

SECONDS, HOUR = 604800.0, 3600.0
ORDER_PAID, ORDER_FELT, ORDER_LIVELY = 71, 72, 73
NEVER_LEAVES = -40.0
"""The logit of leaving over a message that needs no consent: nobody unsubscribes from a receipt."""
REPEATS_A_WORD = 8
NOTHING = -1e300
"""A stock that holds nothing: it was 1 long before anything."""


def figure(known: Figure | None) -> float:
    """A figure, whatever is known of it; what may be left out has been filled in by now."""
    assert known is not None
    return float(known.value if isinstance(known, Known) else known)


def replaced_events(people: Realistic) -> tuple[str, ...]:
    """Events that realistic people make themselves: what the plan says of who makes them does not count then."""
    return (people.purchases.event, people.visits.event, people.visits.cart_event)


def answers_follow(c: Compiling, survey: str) -> int:
    """How far the answers of a survey follow satisfaction; 0: they do not."""
    opinion = c.plan.behaviour.realistic.opinion
    return real_word(figure(opinion.answers)) if survey in listed(opinion.surveys) else 0


def declare_people(c: Compiling) -> None:
    """The sources of realistic people: candidates of purchases, visits, invitations."""
    people = c.plan.behaviour.realistic
    kinds = (
        ("purchases", a.SO_BUYS, people.purchases.event),
        ("visits", a.SO_VISITS, people.visits.event),
        ("referrals", a.SO_REFERS, people.opinion.referral_event),
    )
    for name, kind, event in kinds:
        at = c.tables.put([0] * a.SOURCE)
        row = {
            a.SO_EVENT: c.event(event),
            a.SO_KIND: kind,
            a.SO_TIMER: c.timer(a.WAKES_SOURCE, at),
            a.SO_COUNT: c.tables.cells(1),
            a.SO_PURPOSE: hash64("behaviour", "realistic", name),
            a.SO_RATE: real_word(figure(people.opinion.referrals) * 12 / (365 * 86400)),
        }
        c.tables.fill(at, row)
        c.begins += [a.WAKES_SOURCE, at]
        if (second := second_source(c, event, "realistic", name)) is not None:
            c.tables.fill(second[0], row | {a.SO_COUNT: c.tables.cells(1)} | second[1])


def compile_realistic(c: Compiling) -> None:
    """Fill the model, its readers, and what messages tell them."""
    people, tables = c.plan.behaviour.realistic, c.tables
    cells = tables.cells(a.ME_TIRED + len(c.names.channels))
    for stock in (
        cells + a.ME_LIFT,
        cells + a.ME_LIVELY,
        *range(cells + a.ME_TIRED, cells + a.ME_TIRED + len(c.names.channels)),
    ):
        tables.start_with(stock, real_word(NOTHING))
    repeats = tables.cells(-(-len(c.names.messages) // REPEATS_A_WORD))
    row = {**_buying(c, people), **_tiredness(people), a.MO_CELLS: cells}
    model = tables.put([0] * a.MODEL)
    tables.fill(model, row)
    tables.words[r.H_MODEL], tables.words[r.H_BEHAVIOUR] = model, r.REALISTIC
    c.react(people.purchases.event, ORDER_PAID, [a.RX_PAID, 0, -1, 0, 0])
    for good, events in ((1, people.opinion.good), (0, people.opinion.bad)):
        for event in listed(events):
            c.react(event, ORDER_FELT, [a.RX_FELT, good, -1, 0, 0])
    interest = people.interest
    if figure(interest.opens) or figure(interest.clicks):
        seconds = real_word(figure(interest.days) * 86400.0)
        slopes = {a.MO_LIVELY_OPENS: interest.opens, a.MO_LIVELY_CLICKS: interest.clicks}
        tables.fill(model, {k: real_word(figure(v)) for k, v in slopes.items()} | {a.MO_LIVELY_SECONDS: seconds})
        for event in dict.fromkeys((people.visits.event, people.purchases.event)):
            c.react(event, ORDER_LIVELY, [a.RX_LIVELY, 0, -1, 0, 0])
    asking = ask_with_scales(c)
    readers = {name: _reader(c, n, name, cells) for n, name in enumerate(c.names.channels)}
    for number, send in enumerate(c.sends):
        told = _told(c, send.message, send.channel, repeats)
        tables.fill(told, {a.TO_SURVEY: asking.get(send.step, 0)})
        tables.fill(c.send_row(number), {r.SEND_READER: readers[send.channel], r.SEND_TOLD: told})


def _temper(c: Compiling, people: Realistic, value: Callable[[Temper], float]) -> list[float]:
    """A figure for each persona."""
    return [value(people.personas.get(p, Temper())) for p in c.names.personas]


def _buying(c: Compiling, people: Realistic) -> dict[int, int]:
    buys, spend, lift, visits = people.purchases, people.spend, people.lift, people.visits
    shape, alpha = figure(buys.r), figure(buys.alpha) * SECONDS
    rates = _temper(c, people, lambda t: figure(t.rate) / alpha)
    mean = float(np.average(rates, weights=_shares(c)))
    reals = {
        a.MO_R: shape,
        a.MO_S: 0.0 if figure(buys.a) > 0.0 else figure(buys.s),
        a.MO_A: figure(buys.a),
        a.MO_B: figure(buys.b),
        a.MO_BETA: figure(buys.beta) * SECONDS,
        a.MO_AGE: figure(buys.age) * SECONDS,
        a.MO_LOG_MEAN: digamma(shape),
        a.MO_LOG_SPREAD: math.sqrt(trigamma(shape)),
        a.MO_TASTE: figure(buys.taste),
        a.MO_P: figure(spend.p),
        a.MO_Q: figure(spend.q),
        a.MO_LIFT_SECONDS: figure(lift.days) * 86400.0,
        a.MO_LIFT_OPENED: figure(lift.opened),
        a.MO_LIFT_CLICKED: figure(lift.clicked),
        a.MO_LIFT_MOST: figure(lift.most),
        a.MO_VISITS: figure(visits.per_week) / SECONDS,
        a.MO_MEAN_RATE: shape * mean,
        a.MO_CART: figure(visits.cart),
        a.MO_RETURNS: figure(visits.returns),
        a.MO_COMPLETES: figure(visits.completes),
        a.MO_COMPLETE_SECONDS: figure(visits.hours) * HOUR,
        a.MO_SHIFT: figure(people.clock.spread) * HOUR,
        a.MO_SENDING: figure(people.clock.sending),
        a.MO_PROMOTERS: _logit(sum(people.opinion.nps[9:]) / sum(people.opinion.nps)),
        a.MO_SCORES: figure(people.opinion.scores),
        a.MO_MOOD_START: figure(people.opinion.start),
        a.MO_MOOD_STEP: figure(people.opinion.step),
        a.MO_MOOD_LEAVES: figure(people.opinion.unsubscribes),
    }
    gamma = figure(spend.gamma) * 100
    return {column: real_word(value) for column, value in reals.items()} | {
        a.MO_RATE: c.tables.reals(rates),
        a.MO_GAMMA: c.tables.reals(_temper(c, people, lambda t: gamma * figure(t.spend))),
        a.MO_WEEK: c.tables.reals(waking_week(people)),
        a.MO_REGULAR: round(figure(buys.regularity)),
        a.MO_CART_EVENT: c.event(visits.cart_event),
        a.MO_BUY_EVENT: c.event(buys.event),
        a.MO_VISIT_EVENT: c.event(visits.event),
        a.MO_COMPLAINED: c.event("complained"),
        a.MO_BOUNCED: c.event("bounced"),
    }


def _tiredness(people: Realistic) -> dict[int, int]:
    tired = people.fatigue
    reals = {
        a.MO_TIRED_SECONDS: figure(tired.days) * 86400.0 / math.log(2),
        a.MO_TIRED_OPENS: figure(tired.opens),
        a.MO_TIRED_CLICKS: figure(tired.clicks),
        a.MO_REPEATS: figure(tired.repeats),
        a.MO_TIRED_LEAVES: figure(tired.unsubscribes),
        a.MO_OPENED_LEAVES: figure(tired.opened),
    }
    return {column: real_word(value) for column, value in reals.items()}


def reads(c: Compiling, channel: str) -> Reads:
    """What people do with the messages of a channel: as the plan says, the rest as is usual."""
    behaviour = c.plan.behaviour
    said = behaviour.realistic.channels.get(channel, Reads())
    known = {k: v for k, v in structs.asdict(said).items() if v is not None}
    return structs.replace(usual(behaviour.sector, channel), **known)


def _reader(c: Compiling, number: int, channel: str, cells: int) -> int:
    habits = reads(c, channel)
    at = c.tables.put([0] * a.READER)
    reals = {
        a.RD_OPEN_SPREAD: figure(habits.open_spread),
        a.RD_CLICK_SPREAD: figure(habits.click_spread),
        a.RD_COMPLAINT: figure(habits.complaint),
        a.RD_HARD: figure(habits.hard),
        a.RD_SOFT: figure(habits.soft),
        a.RD_SECONDS: figure(habits.hours) * HOUR,
        a.RD_POWER: 1.0 / figure(habits.shape),
        a.RD_MACHINE: figure(habits.machine),
    }
    row = {column: real_word(value) for column, value in reals.items()}
    drawn_once = hash64("behaviour", "realistic", "channels", channel)
    c.tables.fill(at, row | {a.RD_PURPOSE: drawn_once, a.RD_TIRED: cells + a.ME_TIRED + number})
    return at


def _told(c: Compiling, message: str, channel: str, repeats: int) -> int:
    """What one message tells the reader of its channel."""
    people, habits = c.plan.behaviour.realistic, reads(c, channel)
    effect = people.messages.get(message, Effect())
    tempers = _temper(c, people, lambda t: figure(t.open))
    weary = math.log(2.0)
    opens = intercept(figure(habits.open), figure(habits.open_spread), tempers, _shares(c))
    opens += figure(people.fatigue.opens) * weary + figure(effect.open)
    keen = _temper(c, people, lambda t: figure(t.click))
    clicks = intercept(figure(habits.click), figure(habits.click_spread), keen, _shares(c))
    clicks += figure(people.fatigue.clicks) * weary + figure(effect.click)
    factors = _temper(c, people, lambda t: figure(t.unsubscribe))
    leaves = [_leaving(people, habits) + math.log(max(f, 1e-12)) for f in factors]
    if c.names.purpose(c.plan.messages[message].category) is None:
        leaves = [NEVER_LEAVES] * len(factors)
    place = c.names.messages.index(message)
    return c.tables.put(
        [
            c.tables.reals(opens + t for t in tempers),
            c.tables.reals(clicks + k for k in keen),
            c.tables.reals(leaves),
            real_word(figure(effect.lift)),
            repeats + place // REPEATS_A_WORD,
            8 * (place % REPEATS_A_WORD),
            0,
            c.tables.code(effect.when) if figure(effect.relevance) else -1,
            real_word(figure(effect.relevance)),
        ]
    )


def ask_with_scales(c: Compiling) -> dict[int, int]:
    """What people answer to surveys with a scale of which the plan does not say it; those asked by a step."""
    opinion, found = c.plan.behaviour.realistic.opinion, {}
    for name in c.names.journeys:
        for number, station in enumerate(c.graphs[name]):
            step = station.step
            if not isinstance(step, SurveyStep) or step.scale is None or step.survey in c.plan.behaviour.answers:
                continue
            weights = opinion.nps if step.scale == "nps" else opinion.csat
            reals = {
                a.SV_MOOD: figure(opinion.scores),
                a.SV_ANSWERS: _answering(opinion, weights),
                a.SV_BIAS: figure(opinion.bias),
            }
            row = {column: real_word(value) for column, value in reals.items()}
            c.tables.fill(survey_row(c, step), row | {a.SV_ODDS: c.tables.reals(at_least(weights))})
            if station.part == "ask":
                found[c.step_number(name, number)] = survey_row(c, step)
            elif station.part == "answer" and station.first:
                source = a.FROM_VISIT + 1 + c.names.journeys.index(name)
                group = c.tables.put([-1, 0, 0, 0, source, 0, survey_row(c, step)])
                c.tables.fill(c.step_row(name, number), {a.ST_ANSWERS: group})
    return found


def at_least(weights: Sequence[float]) -> list[float]:
    """The logit of a score at least so good: the best alone, the two best, … all but the worst."""
    return [_logit(sum(weights[-k:]) / sum(weights)) for k in range(1, len(weights))]


def _answering(opinion: Opinion, weights: Sequence[float]) -> float:
    """The logit of answering for the middle of a scale, so that at satisfaction 0.6 the share is the one stated."""
    ranks = [figure(opinion.bias) * (i / (len(weights) - 1) - 0.5) for i in range(len(weights))]
    return intercept(figure(opinion.response), 0.0, ranks, list(weights))


def _logit(share: float) -> float:
    """Far beyond any draw where the share is 0 or 1."""
    return math.log(share / (1 - share)) if 0.0 < share < 1.0 else math.copysign(1e3, share - 0.5)


def _leaving(people: Realistic, habits: Reads) -> float:
    """The logit of leaving without fatigue, so that at one message a week the share is the one stated."""
    goal, opened, tired = figure(habits.unsubscribe), figure(habits.open), people.fatigue
    if goal <= 0.0:
        return NEVER_LEAVES
    mood = figure(people.opinion.unsubscribes) * (figure(people.opinion.start) - 0.5)
    usual_logit = figure(tired.unsubscribes) - mood

    def share(x: float) -> float:
        after_open = _logistic(x + usual_logit - figure(tired.opened))
        return opened * after_open + (1 - opened) * _logistic(x + usual_logit)

    return _solve(share, goal)


def intercept(goal: float, spread: float, shifts: list[float], weights: list[float]) -> float:
    """The logit whose mean share, over people who differ normally by `spread` and by persona, is `goal`."""
    if goal <= 0.0 or goal >= 1.0:
        return -NEVER_LEAVES if goal >= 1.0 else NEVER_LEAVES
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(40)
    x = np.add.outer(np.array(shifts), spread * nodes)
    w = np.multiply.outer(np.array(weights) / sum(weights), node_weights / node_weights.sum())
    return _solve(lambda b: float((w / (1 + np.exp(-(x + b)))).sum()), goal)


def _solve(share: Callable[[float], float], goal: float) -> float:
    """Where a rising share reaches its goal, by bisection."""
    low, high = -40.0, 40.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < goal else (low, middle)
    return (low + high) / 2


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _shares(c: Compiling) -> list[float]:
    return [float(p.share) for p in c.plan.personas.values()] or [1.0]


def waking_week(people: Realistic) -> list[float]:
    """Waking seconds that have passed before each hour of a week, and at its end: 169 figures."""
    weekend = figure(people.clock.weekend)
    weights = np.array([w * (weekend if day >= 5 else 1.0) for day in range(7) for w in people.clock.hours], float)
    passed = np.concatenate([[0.0], np.cumsum(weights)]) * (SECONDS / weights.sum())
    passed[-1] = SECONDS
    return [float(p) for p in passed]


def digamma(x: float) -> float:
    """The derivative of ln Γ, by recurrence and its asymptotic series (Abramowitz & Stegun 6.3.18)."""
    shift = 0.0
    while x < 8.0:
        shift -= 1 / x
        x += 1.0
    z = 1 / (x * x)
    return shift + math.log(x) - 0.5 / x - z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z / 240)))


def trigamma(x: float) -> float:
    """The second derivative of ln Γ (Abramowitz & Stegun 6.4.12)."""
    shift = 0.0
    while x < 8.0:
        shift += 1 / (x * x)
        x += 1.0
    z = 1 / (x * x)
    return shift + 1 / x + z / 2 + z / x * (1 / 6 - z * (1 / 30 - z * (1 / 42 - z / 30)))

"""Realistic behaviour from what was lived: every figure with how far the data tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path as File

import numpy as np
from msgspec import structs

from bifurque.engine import fit_messages, fit_purchases, fit_spend, fit_times, fit_visits
from bifurque.engine.calibrate_arms import clicks_of_arms, trial_without_clicks, unseen, visits_of_control
from bifurque.engine.calibrate_figures import assumed, known, scaled, value_of, weighed
from bifurque.engine.calibrate_lift import scale_of_lift, share_caused
from bifurque.engine.calibrate_log import look, nameable, watched
from bifurque.engine.calibrate_messages import effects, messages
from bifurque.engine.calibrate_words import in_words, say
from bifurque.engine.fit_lift import Lift, lifts
from bifurque.engine.fit_likelihood import Reals
from bifurque.engine.fit_log import VOCABULARY, Log, read_log
from bifurque.engine.fit_purchases import LifeFrom
from bifurque.engine.fit_sendings import sendings
from bifurque.engine.load import load
from bifurque.engine.plan import Plan
from bifurque.engine.realistic import Figure, Known, Opinion, Purchases, Realistic, Spend, Visits
from bifurque.engine.words import figure
from bifurque.rules.compiled import Words
from bifurque.rules.errors import BifurqueError, DataError


@dataclass
class Calibration:
    """Behaviour, and everything that was found on the way.

    Attributes:
        behaviour: every figure, each with its standard error, status and source.
        log: what it was estimated from.
        lang: of notes and sources.
        zone: on whose wall clock people live.
        life_from: when customers' clocks start.
        sector: whose usual figures stand where nothing else is known.
        purchases: the models of purchases; None if there was nothing to fit them to.
        moves: by how much each contact moves the logarithm of the rate of purchases.
        spend: Gamma-Gamma and its check.
        opens, clicks, leaving, times, half_life, returns: what messages and carts tell.
        lifts: arms compared; empty without arms.
        notes: what a reader has to know.
    """

    log: Log
    lang: str
    sector: str = "all"
    zone: str = "UTC"
    life_from: LifeFrom = "first_purchase"
    behaviour: Realistic = field(default_factory=Realistic)
    purchases: fit_purchases.Purchases | None = None
    moves: Reals | None = None
    spend: fit_spend.Spend | None = None
    opens: fit_messages.Answers | None = None
    clicks: fit_messages.Answers | None = None
    leaving: fit_messages.Leaving | None = None
    times: fit_times.Times | None = None
    half_life: fit_messages.HalfLife | None = None
    returns: fit_visits.Returns | None = None
    lifts: list[Lift] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, key: str, *values: object) -> None:
        """Something a reader has to know."""
        self.notes.append(say(self.lang, f"note.{key}", *values))

    def source(self, key: str, *values: object) -> str:
        """Where a figure comes from."""
        return say(self.lang, f"from.{key}", *(self.number(v) for v in values))

    def number(self, value: object) -> str:
        """A number as the language writes it."""
        if isinstance(value, int):
            return figure(self.lang, value)
        return in_words(self.lang, value, 3) if isinstance(value, float) else str(value)


def calibrate(
    events: str | File,
    plan: str | File | None = None,
    *,
    overrides: Sequence[str] = (),
    zone: str | None = None,
    until: str | None = None,
    life_from: LifeFrom | None = None,
    purchase: str | None = None,
    visit: str = "visit",
    cart: str = "cart_updated",
    lang: str = "en",
) -> Calibration:
    """Estimate realistic behaviour from an event log, or from the folder of a run.

    Args:
        events: Parquet, CSV or JSON lines: see `bifurque.engine.fit_log.read_log`; or a run folder.
        plan: says the channels of messages, the zone, and which event is a purchase.
        overrides: `path.to.value=X` of the plan, as `--set` takes them.
        zone: on whose wall clock people live; by default the plan's, or UTC.
        until: the last day to look at, `2025-09-30`.
        life_from: when customers' clocks start: at their `first_purchase`, or with `joined` or the log's `start`; by
            default the latter for a run and where most buyers have joined.
        purchase: the event a purchase is; by default the one whose value is the plan's revenue.
        visit: the event a visit is.
        cart: the event a cart left, or changed, is.
        lang: of sources and notes.

    Raises:
        BifurqueError: the file cannot be used, or scipy is missing.
    """
    if overrides and plan is None:
        raise DataError("--set changes a plan: name the PLAN after EVENTS, or leave --set out")
    checked = load(plan, overrides) if plan is not None else None
    log = read_log(events, checked, zone=zone, until=until)
    c = Calibration(log, lang, checked.behaviour.sector if checked else "all")
    c.zone = zone or (checked.zone if checked else "UTC")
    purchase = purchase or _purchase_event(checked)
    look(c, purchase, visit, cart)
    c.lifts = lifts(log, visit, purchase)
    s = sendings(log)
    reads, tired, clock = messages(c, s)
    own = fit_visits.own_purchases(log, cart, purchase)
    c.life_from = life_from = life_from or _life_from(log, own)
    watched(c, own, {*VOCABULARY, purchase, visit, cart})
    bought = _purchases(c, purchase, own, life_from)
    visits = _visits(c, visit, cart, purchase, own, bought)
    arms, differ = trial_without_clicks(c, s), effects(c)
    if arms is not None:
        differ |= clicks_of_arms(c, s, arms, reads)
        if c.purchases is None and c.moves is not None:
            mine, source = visits_of_control(c, arms, visit), c.source("control")
            visits = structs.replace(
                visits, per_week=weighed(mine, Visits().per_week, "positive", source, c.source("default"))
            )
    guessed = unseen(c, s, reads, differ)
    lift = scale_of_lift(c, s, guessed)
    people = np.arange(log.count) if life_from == "start" else np.unique(log.contact[own])
    caused = share_caused(log, s, lift, guessed, people)
    if caused > 0.001 and _is_told(bought.alpha):
        bought = structs.replace(bought, alpha=scaled(bought.alpha, 1 + caused))
        measured = isinstance(lift.opened, Known) and lift.opened.status == "estimated"
        share = f"{figure(lang, 100 * caused / (1 + caused), 1)} %"
        c.note(*("part_lift", share) if measured else ("part_assumed",))
    c.behaviour = Realistic(
        purchases=bought,
        spend=_spend(c, purchase, life_from),
        lift=lift,
        visits=visits,
        channels=nameable(c, reads, "channels"),
        fatigue=tired,
        clock=clock,
        messages=nameable(c, differ, "messages"),
        opinion=assumed(Opinion(), c.source("default")),
    )
    for found in c.lifts:
        if not found.random:
            c.note("not_random", found.name, f"{found.before:.1e}")
    return c


def _purchase_event(plan: Plan | None) -> str:
    """The event whose value is revenue."""
    paid = [name for name, event in plan.events.items() if event.revenue] if plan else []
    return paid[0] if len(paid) == 1 else "purchase"


def _purchases(c: Calibration, event: str, rows: Words, life_from: LifeFrom) -> Purchases:
    """Rates and lives: what the section of the behaviour says of purchases."""
    nothing: Purchases = assumed(Purchases(event=event), c.source("default"))
    if not len(rows):
        c.note("no_purchases", event)
        return nothing
    customers = fit_purchases.customers(c.log, rows, life_from)
    if customers.repeats < fit_purchases.LEAST_REPEATS:
        c.note("one_purchase")
        return nothing
    if life_from == "start" and customers.twice < fit_purchases.LEAST_TWICE:  # the rate alone is told
        c.note("hardly_twice", customers.twice)
        source = c.source("rate", customers.repeats, customers.count)
        scale = value_of(nothing.r) / customers.mean
        alpha = known(scale, scale / customers.repeats**0.5, source)
        bought = np.append(customers.x, 0)[customers.place]
        c.moves = bought / bought.sum() - 1 / len(bought)
        return structs.replace(nothing, alpha=alpha, s=Known(0.0, status="assumed", source=c.source("no_dropout")))
    c.purchases = fit_purchases.fit_all(customers)
    found = c.purchases.fits[c.purchases.chosen]
    c.moves = fit_purchases.moves_of_rate(c.purchases.chosen, found, customers)
    source = c.source("purchases", customers.repeats, customers.count)
    figures = {n: known(found.value(n), found.error(n), source) for n in found.names}
    if c.purchases.chosen == "NBD":
        c.note("no_dropout", c.number(max(0.0, float(c.purchases.gain))))
        figures["s"] = Known(0.0, status="assumed", source=c.source("no_dropout"))
    elif set(found.edge) & {"s", "beta"}:
        c.note("alike", c.number(found.value("s") / found.value("beta")))
    return structs.replace(nothing, **figures)


def _is_told(f: Figure) -> bool:
    """Whether a figure comes from the log."""
    return isinstance(f, Known) and f.status != "assumed"


def _life_from(log: Log, purchases: Words) -> LifeFrom:
    """From the start where everybody is known, whether they bought or not; otherwise from the first purchase."""
    if log.simulated or any(a.name == "" and len(a.contact) > 0.9 * log.count for a in log.assignments):
        return "start"
    joined = np.isin(log.contact[purchases], log.contact[log.of("joined")])
    return "start" if len(joined) and joined.mean() > 0.9 else "first_purchase"


def _spend(c: Calibration, event: str, life_from: LifeFrom) -> Spend:
    nothing: Spend = assumed(Spend(), c.source("default"))
    try:
        c.spend = fit_spend.fit(*fit_spend.amounts(c.log, event, repeats_only=life_from == "first_purchase"))
    except BifurqueError:
        c.note("few_amounts")
        return nothing
    found = c.spend
    source = c.source("spend", found.purchases, found.fit.count)
    if not found.independent:
        c.note("dependent", *(c.number(v) for v in (found.correlation, *found.interval)))
    if "p" not in found.fit.names:
        c.note("one_amount")
    figures = {n: known(found.fit.value(n), found.fit.error(n), source) for n in found.fit.names}
    return structs.replace(nothing, **figures)


def _visits(c: Calibration, visit: str, cart: str, purchase: str, own: Words, bought: Purchases) -> Visits:
    section: Visits = assumed(Visits(event=visit, cart_event=cart), c.source("default"))
    default = c.source("default")
    figures: dict[str, Known] = {}
    if c.moves is not None:
        rate = value_of(bought.r) / value_of(bought.alpha)
        if found := fit_visits.visits_per_week(c.log, visit, own, rate, c.moves):
            figures["per_week"] = weighed(found, Visits().per_week, "positive", c.source("visits"), default)
    if found := fit_visits.carts_per_visit(c.log, visit, cart, purchase):
        figures["cart"] = weighed(found, Visits().cart, "share", c.source("counts"), default)
    if not len(c.log.of(cart)):
        figures["cart"] = Known(0.0, status="assumed", source=c.source("no_carts"))
    c.returns = fit_visits.returns(c.log, cart, purchase)
    if c.returns is not None and c.returns.share is None:
        c.note("carts_mailed")
    if c.returns is not None and c.returns.share is not None:
        source = c.source("carts", c.returns.carts)
        figures["returns"] = weighed(c.returns.share, Visits().returns, "share", source, default)
    return structs.replace(section, **figures)

"""Checks of what contacts share: offers, capacities, budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bifurque.actors.layout import MOST_OFFERS
from bifurque.engine.journey import OfferStep
from bifurque.engine.names import candidates, listed
from bifurque.engine.plan import BUILT_IN_EVENTS, Channel, Plan
from bifurque.engine.problems import Path
from bifurque.engine.sharing import Offer, read_capacity

if TYPE_CHECKING:
    from bifurque.engine.check import Checker


def check_sharing(c: Checker) -> None:
    """Every offer, every capacity, every budget."""
    for name, offer in c.plan.offers.items():
        _offer(c, name, offer)
    for name, channel in c.plan.channels.items():
        _capacity(c, channel, ("channels", name))
        _budget(c, channel, ("channels", name))
    _referral(c)
    _account(c)
    if c.plan.merge is not None and shares(c.plan):
        text = "contacts are not merged in a plan that shares a stock, a capacity or a budget, or with a referral"
        c.problems.add(("merge",), text)


def shares(plan: Plan) -> bool:
    """Whether contacts share something there is only so much of, or bring others."""
    limited = any(channel.capacity is not None or channel.budget is not None for channel in plan.channels.values())
    return limited or plan.referral is not None or any(offer.stock is not None for offer in plan.offers.values())


def depends(plan: Plan) -> bool:
    """Whether the life of a contact may depend on others: what they share, whom they bring, what they tell."""
    return shares(plan) or plan.account is not None


def _account(c: Checker) -> None:
    account = c.plan.account
    if account is None:
        return
    path: Path = ("account",)
    if c.known(account.by, c.names.attributes, "attribute", (*path, "by")):
        kind = c.names.attributes[account.by]
        if kind not in ("int", "string"):
            c.problems.add((*path, "by"), f"`{account.by}` is a {kind}: who belongs together is an int or a string")
    if not account.tells:
        c.problems.add((*path, "tells"), "say what is told, as `tells: {purchase: mate_bought}`")
    for told, event in account.tells.items():
        if event in account.tells:
            c.problems.add((*path, "tells", told), f"`{event}` is told itself: letters would answer letters for ever")
        elif event in BUILT_IN_EVENTS:
            c.problems.add((*path, "tells", told), f"`{event}` is what bifurque tells of itself: take another name")
    if account.after.elapsed < 1:
        c.problems.add((*path, "after"), "a letter takes a second at least")
    if c.plan.merge is not None:
        c.problems.add(path, "contacts are not merged in a plan with accounts")


def _referral(c: Checker) -> None:
    referral = c.plan.referral
    if referral is None:
        return
    for key, others in (("joined", (referral.invited,)), ("rewarded", (referral.invited, referral.joined))):
        if getattr(referral, key) in others:
            c.problems.add(
                ("referral", key), "an invitation, the first event of a friend and a reward cannot be the same"
            )


def _offer(c: Checker, name: str, offer: Offer) -> None:
    path: Path = ("offers", name)
    c.usable(name, path, "taken")
    c.known(offer.message, c.names.messages, "message", (*path, "message"))
    c.number(offer.value, (*path, "value"))
    c.number(offer.propensity, (*path, "propensity"))
    c.condition(offer.eligible, (*path, "eligible"))
    if offer.reserve.elapsed == 0:
        c.problems.add((*path, "reserve"), "a reservation must last some time")
    if offer.restock and offer.stock is None:
        text = "has no effect: without `stock` there is no end of them; write `stock: 0` if there are none at first"
        c.problems.add((*path, "restock"), text, at_key=True)
    for key in ("upgrade_of", "goes_with", "fallback"):
        for i, other in enumerate(listed(getattr(offer, key))):
            where = (*path, key) if isinstance(getattr(offer, key), str) else (*path, key, i)
            if c.known(other, c.plan.offers, "offer", where) and other == name:
                c.problems.add(where, "an offer cannot stand in such a relation to itself")


def check_offer_step(c: Checker, step: OfferStep, path: Path) -> None:
    """The offers a step may make."""
    names = listed(step.offer)
    for i, name in enumerate(names):
        c.known(name, c.plan.offers, "offer", (*path, "offer") if isinstance(step.offer, str) else (*path, "offer", i))
    if not names:
        c.problems.add((*path, "offer"), "an offer step needs an offer")
    if len(candidates(c.plan.offers, names)) > MOST_OFFERS:
        text = f"{MOST_OFFERS} offers to choose from at most, those that stand in for others included"
        c.problems.add((*path, "offer"), text)


def _capacity(c: Checker, channel: Channel, path: Path) -> None:
    if channel.capacity is None:
        return
    try:
        capacity = read_capacity(channel.capacity)
    except ValueError as error:
        c.problems.add((*path, "capacity"), str(error))
        return
    c.number(capacity.queue, (*path, "capacity", "queue"), c.names.message_types)
    if capacity.end <= capacity.start:
        c.problems.add((*path, "capacity", "to"), "a day's work ends after it has begun, before midnight")
    if capacity.closed is not None:
        c.known(capacity.closed, c.plan.calendars, "calendar", (*path, "capacity", "closed"))


def _budget(c: Checker, channel: Channel, path: Path) -> None:
    if channel.budget is None:
        return
    c.number(channel.budget.queue, (*path, "budget", "queue"), c.names.message_types)
    if channel.cost == 0:
        c.problems.add((*path, "budget"), "has no effect on a channel that costs nothing: give it a `cost`")

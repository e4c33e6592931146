"""The types of what contacts share: offers with a stock, capacities and budgets of channels. They are its schema."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from bifurque.engine.trigger import Names, Text, doc
from bifurque.engine.values import Clock, Condition, Date, Duration, Money, Name, Number

Most = Annotated[int, Meta(ge=0, le=10**12)]


class Offer(Struct, frozen=True, forbid_unknown_fields=True):
    """Something offered to a contact by a message: reserved when it is decided, then taken or given back."""

    message: Annotated[Name, doc("The message that makes it", "offer_a")]
    title: Annotated[str | Text, doc("How strategists call it", {"fr": "Week-end offert", "en": "Free weekend"})] = ""
    stock: Annotated[Most | None, doc("How many there are at the start; without it there is no end of them", 1000)] = (
        None
    )
    restock: Annotated[dict[Date, Most], doc("How many more, at midnight in the plan's zone", {"2026-03-01": 500})] = {}
    reserve: Annotated[Duration, doc("How long it is kept for the contact; then it goes back", "48h")] = Duration(2, 0)
    taken: Annotated[Name, doc("The event that takes it; its key: the offer's name or its message's", "purchase")] = (
        "purchase"
    )
    value: Annotated[Number | Condition, doc("What it is worth when it is taken, perhaps by contact", 30)] = 1.0
    propensity: Annotated[
        Number | Condition,
        doc("The chance that it is taken, perhaps by contact; the offer of highest propensity × value goes first", 0.2),
    ] = 1.0
    eligible: Annotated[Condition | None, doc("Who may have it", 'stage != "churned"')] = None
    upgrade_of: Annotated[Names, doc("Only for those who have taken one of these", "basic")] = ()
    goes_with: Annotated[Names, doc("Only beside one of these, taken before", ["tent", "boots"])] = ()
    fallback: Annotated[Names, doc("What is offered instead when none is left, in this order", ["b", "c"])] = ()


class Capacity(Struct, frozen=True, forbid_unknown_fields=True):
    """So many messages on a channel in each period, for all contacts together: calls, parcels, letters."""

    max: Annotated[Most, doc("How many in one period, by each of the people", 20)]
    per: Annotated[
        Literal["hour", "day", "business day", "week", "month"],
        doc("The period, on the plan's wall clock; a business day is not a weekend, nor `closed`", "business day"),
    ] = "business day"
    people: Annotated[int, Meta(ge=1, le=1_000_000), doc("How many people do it", 3)] = 1
    start: Annotated[Clock, doc("From this time of day", "09:00")] = field(name="from", default=9 * 3600)
    end: Annotated[Clock, doc("To this time of day", "18:00")] = field(name="to", default=18 * 3600)
    closed: Annotated[Name | None, doc("A calendar of days on which nobody works", "holidays")] = None
    queue: Annotated[
        Number | Condition, doc("Who goes first when there is too little: the higher value", "score.interest")
    ] = 0.0


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """So much money for the messages of a channel in each period; what one costs is the channel's `cost`."""

    amount: Annotated[Money, doc("How much in one period", 5000)]
    per: Annotated[
        Literal["day", "week", "month", "quarter", "year"], doc("The period, on the plan's calendar", "quarter")
    ] = "month"
    pacing: Annotated[
        Literal["none", "even"],
        doc("`even`: by the end of each day no more is spent than its share of the period", "even"),
    ] = "none"
    queue: Annotated[Number | Condition, doc("Who goes first when there is too little: the higher value", 0)] = 0.0


def read_capacity(text: str | Capacity) -> Capacity:
    """A capacity, perhaps written as a phrase.

    >>> read_capacity("60 per business day").max
    60

    Raises:
        ValueError: the phrase is none.
    """
    if isinstance(text, Capacity):
        return text
    found = re.fullmatch(r"\s*(\d{1,12})\s+per\s+(hour|day|business day|week|month)\s*", text)
    if found is None:
        raise ValueError(f"expected a capacity such as `60 per business day`, got `{text}`")
    whole = {} if found[2] == "business day" else {"start": 0, "end": 86400}
    return Capacity(max=int(found[1]), per=found[2], **whole)  # type: ignore[arg-type]


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """Contacts who belong together, a household or a company: what happens to one is told to the others."""

    by: Annotated[
        Name, doc("The attribute whose equal values at the start belong together; its default: alone", "household")
    ]
    tells: Annotated[
        dict[Name, Name],
        doc("Events that are told, each with what it is at the others", {"purchase": "mate_bought"}),
    ]
    after: Annotated[Duration, doc("How long it takes until they know; a second at least", "1h")] = Duration(0, 60)


class Referral(Struct, frozen=True, forbid_unknown_fields=True):
    """Contacts who bring contacts: a reward for both, once per pair, when the friend joins."""

    invited: Annotated[Name, doc("The event of an invitation; its key is the friend", "invited")] = "invited"
    joined: Annotated[Name, doc("The friend's first event", "joined")] = "joined"
    rewarded: Annotated[
        Name,
        doc("The event that both get then. In a simulation, one that behaviour makes brings a new contact", "rewarded"),
    ] = "rewarded"
    reward: Annotated[Money, doc("What each of the two gets; the value of the event", 10)] = 0.0

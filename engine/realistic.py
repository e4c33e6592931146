"""The types of realistic behaviour: what people are like, each figure with where it comes from.

The model in words and formulas: docs/behaviour.md. Every figure may be written alone, or with what is known of it:
`r: 0.55` or `r: {value: 0.55, error: 0.05, status: estimated}`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from bifurque.engine.trigger import Names, doc
from bifurque.engine.values import Condition, Name, Number, Share


class Known(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure, and what is known of it."""

    value: Annotated[Number, doc("The figure", 0.55)]
    error: Annotated[Number | None, doc("Its standard error", 0.05)] = None
    status: Annotated[
        Literal["estimated", "weak", "assumed"],
        doc("Told by the data, hardly told by them, or not at all", "estimated"),
    ] = "assumed"
    source: Annotated[str, doc("Where it comes from", "purchases of 2025")] = ""


Figure = Number | Known
Proportion = Share | Known
Sector = Literal[
    "all",
    "agriculture",
    "arts",
    "beauty",
    "business",
    "computers",
    "construction",
    "consulting",
    "daily-deals",
    "e-commerce",
    "education",
    "non-profit",
    "retail",
    "software",
    "travel",
]


class Purchases(Struct, frozen=True, forbid_unknown_fields=True):
    """Pareto/NBD: purchase rates are Gamma(r, alpha) a week, lives end at rates Gamma(s, beta) a week.

    With `a` and `b`, BG/NBD instead: after each purchase a person leaves with a probability that is Beta(a, b) over
    people. There every purchase a message causes also drives people away, so a plan's effect looks smaller than it is.
    """

    r: Annotated[Figure, doc("Shape of the purchase rates", 0.553)] = 0.553
    alpha: Annotated[Figure, doc("Their scale, in weeks", 10.58)] = 10.578
    s: Annotated[Figure, doc("Shape of the rates at which people leave; 0: nobody does", 0.606)] = 0.606
    beta: Annotated[Figure, doc("Their scale, in weeks", 11.67)] = 11.669
    a: Annotated[Figure, doc("BG/NBD: chance to leave after each purchase; 0: Pareto/NBD", 0.793)] = 0.0
    b: Annotated[Figure, doc("BG/NBD: chance to stay", 2.426)] = 0.0
    age: Annotated[Figure, doc("Weeks lived before the run by those who are there when it begins", 52)] = 0.0
    taste: Annotated[Figure, doc("Correlation, over people, of purchase rate and opens", 0.2)] = 0.2
    regularity: Annotated[
        Figure, doc("k: purchases come like every k-th of a random stream, from 1 (any time) to 20 (regularly)", 1)
    ] = 1.0
    event: Annotated[Name, doc("The event a purchase is", "purchase")] = "purchase"


class Spend(Struct, frozen=True, forbid_unknown_fields=True):
    """Gamma-Gamma: a purchase is Gamma(p, nu), and nu Gamma(q, gamma) over people; in the plan's currency."""

    p: Annotated[Figure, doc("Shape of one person's purchases", 6.25)] = 6.25
    q: Annotated[Figure, doc("Shape over people", 3.744)] = 3.744
    gamma: Annotated[Figure, doc("Scale over people", 15.44)] = 15.444


class Lift(Struct, frozen=True, forbid_unknown_fields=True):
    """What a message adds to the purchase rate: it decays, and adds up with diminishing return."""

    days: Annotated[Figure, doc("After so many days e^-1 of it is left", 7)] = 7.0
    opened: Annotated[Figure, doc("Added, as a share of the rate, by a message opened", 0.15)] = 0.15
    clicked: Annotated[Figure, doc("… by a click", 0.6)] = 0.6
    most: Annotated[Figure, doc("The lift never goes beyond this", 2)] = 2.0


class Visits(Struct, frozen=True, forbid_unknown_fields=True):
    """Visits people make of themselves, and the carts they fill and leave."""

    per_week: Annotated[Figure, doc("Visits a week, of a person whose purchase rate is the mean", 0.4)] = 0.4
    cart: Annotated[Proportion, doc("Share of visits in which a cart is filled and left", 0.07)] = 0.07
    returns: Annotated[Proportion, doc("Share of carts left that are bought later, unaided, within 7 days", 0.2)] = 0.2
    completes: Annotated[Proportion, doc("Share of carts bought after a click, 1 h after they were left …", 0.25)] = (
        0.25
    )
    hours: Annotated[Figure, doc("… which falls by e every so many hours", 48)] = 48.0
    event: Annotated[Name, doc("The event a visit is", "visit")] = "visit"
    cart_event: Annotated[Name, doc("The event a cart left is", "cart_updated")] = "cart_updated"


class Reads(Struct, frozen=True, forbid_unknown_fields=True):
    """What people do with the messages of one channel; what is left out is as usual in the sector."""

    open: Annotated[
        Proportion | None, doc("Share of delivered messages a person opens, at one message a week", 0.18)
    ] = None
    click: Annotated[Proportion | None, doc("Share of opened messages clicked", 0.12)] = None
    open_spread: Annotated[Figure | None, doc("How much people differ, on the logit scale", 1)] = None
    click_spread: Annotated[Figure | None, doc("How much people differ in clicks", 0.8)] = None
    unsubscribe: Annotated[
        Proportion | None, doc("Share of delivered messages after which a person leaves", 0.0025)
    ] = None
    complaint: Annotated[Figure | None, doc("Complaints for each unsubscription", 0.05)] = None
    hard: Annotated[Proportion | None, doc("Share of addresses that are dead", 0.0022)] = None
    soft: Annotated[Proportion | None, doc("Share of messages that bounce for once", 0.0032)] = None
    hours: Annotated[Figure | None, doc("Median waking hours until the open", 5)] = None
    shape: Annotated[Figure | None, doc("Log-logistic shape of that time", 0.8)] = None
    machine: Annotated[Proportion | None, doc("Share of people whose mail program opens everything by itself", 0.4)] = (
        None
    )


class Tiredness(Struct, frozen=True, forbid_unknown_fields=True):
    """What messages received lately do to the next, by channel: F rises by one with each, and halves."""

    days: Annotated[Figure, doc("F halves in so many days", 7)] = 7.0
    opens: Annotated[Figure, doc("Taken off the logit of opens, times ln(1 + F)", 0.4)] = 0.4
    clicks: Annotated[Figure, doc("Taken off the logit of clicks, times ln(1 + F)", 0.1)] = 0.1
    repeats: Annotated[Figure, doc("Taken off the logit of opens for each time the same message came before", 0.1)] = (
        0.1
    )
    unsubscribes: Annotated[Figure, doc("Added to the logit of unsubscriptions, times F", 0.3)] = 0.3
    opened: Annotated[Figure, doc("Taken off it when the message was opened", 0.4)] = 0.4


class Clock(Struct, frozen=True, forbid_unknown_fields=True):
    """When people are awake: weights, of which only the proportions matter."""

    hours: Annotated[
        tuple[Number, ...],
        Meta(min_length=24, max_length=24),
        doc("Each hour of the day", [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]),
    ] = (
        *(0.35, 0.22, 0.18, 0.20, 0.30, 0.55, 0.85, 1.15, 1.45, 1.65, 1.75, 1.70),
        *(1.55, 1.45, 1.40, 1.35, 1.30, 1.25, 1.20, 1.15, 1.05, 0.90, 0.70, 0.36),
    )
    weekend: Annotated[Figure, doc("Weight of Saturdays and Sundays", 0.85)] = 0.85
    spread: Annotated[Figure, doc("How many hours earlier or later people live: standard deviation", 1.5)] = 1.5
    sending: Annotated[
        Figure, doc("Added to the logit of opens, times (how awake people are when a message leaves - 1)", 0.2)
    ] = 0.0


class Interest(Struct, frozen=True, forbid_unknown_fields=True):
    """What recent activity does: G rises by one with each visit and each purchase, and falls."""

    days: Annotated[Figure, doc("After so many days e^-1 of it is left", 30)] = 30.0
    opens: Annotated[Figure, doc("Added to the logit of opens, times ln(1 + G)", 0.2)] = 0.0
    clicks: Annotated[Figure, doc("Added to the logit of clicks, times ln(1 + G)", 0.1)] = 0.0


class Opinion(Struct, frozen=True, forbid_unknown_fields=True):
    """Satisfaction from 0 to 1, moved by what happens to people; it colours what they do and answer."""

    start: Annotated[Proportion, doc("At first", 0.6)] = 0.6
    step: Annotated[Proportion, doc("How far each experience moves it", 0.2)] = 0.2
    good: Annotated[Names, doc("Events that are good experiences", "delivered")] = ()
    bad: Annotated[Names, doc("Events that are bad ones", "complaint")] = ()
    unsubscribes: Annotated[Figure, doc("Taken off the logit of unsubscriptions, times satisfaction - 0.5", 1)] = 1.0
    surveys: Annotated[Names, doc("Surveys that ask for it: their answers stand best first", "satisfaction")] = ()
    answers: Annotated[
        Figure, doc("Added to the cumulative logit of their better answers, times satisfaction - start", 4)
    ] = 4.0
    nps: Annotated[
        tuple[Number, ...],
        Meta(min_length=11, max_length=11),
        doc(
            "At satisfaction 0.6: weights of 0, 1, … 10 in answer to `scale: nps`",
            [2, 1, 1, 2, 3, 6, 7, 14, 20, 19, 25],
        ),
    ] = (1.5, 0.5, 1.0, 2.0, 3.0, 6.0, 8.0, 15.0, 21.0, 18.0, 24.0)
    csat: Annotated[
        tuple[Number, ...],
        Meta(min_length=5, max_length=5),
        doc("At satisfaction 0.6: weights of 1, 2, … 5 in answer to `scale: csat`", [5, 7, 18, 40, 30]),
    ] = (6.0, 8.0, 16.0, 38.0, 32.0)
    scores: Annotated[Figure, doc("Added to the cumulative logit of these scores, times satisfaction - 0.6", 8)] = 8.0
    response: Annotated[Proportion, doc("Share who answer a survey with a scale, of those who see it", 0.4)] = 0.4
    bias: Annotated[
        Figure, doc("Added to the logit of answering, times the score: from -0.5, the worst, to 0.5, the best", 1)
    ] = 1.0
    referrals: Annotated[Figure, doc("Friends invited a month by those who would score 9 or 10", 0.05)] = 0.05
    referral_event: Annotated[Name, doc("The event an invitation is", "referred")] = "referred"


class Temper(Struct, frozen=True, forbid_unknown_fields=True):
    """How one persona differs from the rest."""

    rate: Annotated[Figure, doc("Factor on purchases and visits", 3)] = 1.0
    open: Annotated[Figure, doc("Added to the logit of opens", 0.8)] = 0.0
    click: Annotated[Figure, doc("Added to the logit of clicks", 0.3)] = 0.0
    unsubscribe: Annotated[Figure, doc("Factor on unsubscriptions", 0.5)] = 1.0
    spend: Annotated[Figure, doc("Factor on what is spent", 1)] = 1.0


class Effect(Struct, frozen=True, forbid_unknown_fields=True):
    """How one message differs from the others of its channel."""

    open: Annotated[Figure, doc("Added to the logit of opens", 0.5)] = 0.0
    click: Annotated[Figure, doc("Added to the logit of clicks", 0.3)] = 0.0
    lift: Annotated[Figure, doc("Factor on what it adds to purchases", 1)] = 1.0
    when: Annotated[Condition | None, doc("To whom it matters", "fact.cart_open")] = None
    relevance: Annotated[Figure, doc("Added to the logits of opens and of clicks where `when` holds", 0.5)] = 0.0


class Grade(Struct, frozen=True, forbid_unknown_fields=True):
    """How well this behaviour told the past: written by `bifurque calibrate`."""

    grade: Annotated[Literal["A", "B", "C", "D"], doc("A: told within its intervals; D: not to be trusted", "B")]
    covered: Annotated[Share, doc("Share of the past's figures that fell within their 95 % intervals", "90%")]
    on: Annotated[str, doc("What it was compared with", "purchases.csv, weeks 40 to 78")] = ""


class Realistic(Struct, frozen=True, forbid_unknown_fields=True):
    """People who behave."""

    purchases: Annotated[Purchases, doc("When they buy", {"r": 0.55, "alpha": 10.6})] = Purchases()
    spend: Annotated[Spend, doc("What they spend", {"p": 6.25, "q": 3.74, "gamma": 15.4})] = Spend()
    lift: Annotated[Lift, doc("What messages add", {"opened": 0.1, "clicked": 0.4})] = Lift()
    visits: Annotated[Visits, doc("Visits and carts", {"per_week": 0.5, "returns": "25%"})] = Visits()
    channels: Annotated[
        dict[Name, Reads],
        doc("What they do with messages, by channel; the sector's if left out", {"email": {"open": "21%"}}),
    ] = {}
    fatigue: Annotated[Tiredness, doc("What many messages do", {"opens": 0.3})] = Tiredness()
    clock: Annotated[Clock, doc("When they are awake", {"weekend": 1.2})] = Clock()
    interest: Annotated[Interest, doc("What recent activity does", {"opens": 0.2})] = Interest()
    opinion: Annotated[Opinion, doc("What they think", {"bad": "complaint"})] = Opinion()
    personas: Annotated[dict[Name, Temper], doc("How personas differ", {"loyal": {"rate": 3, "open": 0.8}})] = {}
    messages: Annotated[dict[Name, Effect], doc("How messages differ", {"cart_reminder": {"open": 1.5}})] = {}
    grade: Annotated[Grade | None, doc("How well it told the past", {"grade": "B", "covered": "90%"})] = None

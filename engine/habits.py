"""The types of a plan's people: personas, population, and how they behave in a simulation."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from bifurque.engine.journey import Scalar
from bifurque.engine.realistic import Realistic, Sector
from bifurque.engine.trigger import Text, doc
from bifurque.engine.values import Answer, Condition, Duration, Money, Name, Number, Share, Zone


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """One of several values, each with its share."""

    choice: Annotated[dict[str, Share], doc("Values and their shares", {"paris": "60%", "lyon": "40%"})]


class Between(Struct, frozen=True, forbid_unknown_fields=True):
    """Any value of a range, all equally likely."""

    between: Annotated[tuple[Scalar, Scalar], doc("The first and the last", ["1950-01-01", "2005-12-31"])]


Spread = Scalar | Choice | Between
ByPersona = Number | dict[Name, Number]
SharesByPersona = Share | dict[Name, Share]
MoneyByPersona = Money | dict[Name, Money]


class Persona(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of person."""

    share: Annotated[Share, doc("Share of the population", "40%")]
    title: Annotated[str | Text, doc("How strategists call it", "Sophie, chef de projet débordée")] = ""
    attributes: Annotated[
        dict[Name, Spread], doc("Attributes that differ from the population's", {"city": "Paris"})
    ] = {}
    consent: Annotated[
        dict[str, Share], doc("Consents that differ from the population's", {"marketing.email": "90%"})
    ] = {}


class Joined(Struct, frozen=True, forbid_unknown_fields=True):
    """People who arrive during the run."""

    share: Annotated[Share, doc("Share of the contacts", "30%")]
    over: Annotated[
        Duration | None, doc("They arrive evenly over this time from the start; by default the whole run", "365d")
    ] = None


class Population(Struct, frozen=True, forbid_unknown_fields=True):
    """Who lives the plan when no population file is given."""

    contacts: Annotated[int, Meta(ge=1, le=10**10), doc("How many", 100000)] = 10000
    zones: Annotated[
        dict[Zone, Share], doc("Where they live; the plan's zone if nothing is said", {"Europe/Paris": "100%"})
    ] = {}
    attributes: Annotated[
        dict[Name, Spread], doc("Their attributes", {"birthday": {"between": ["1950-01-01", "2005-12-31"]}})
    ] = {}
    consent: Annotated[
        dict[str, Share | dict[Zone, Share]],
        doc(
            "Share who consent, by `<purpose>.<channel>`, `<purpose>`, `<channel>` or `all`, perhaps by zone; "
            "nobody if nothing is said",
            {"marketing.email": "80%"},
        ),
    ] = {}
    joined: Annotated[
        Joined | None, doc("Those who arrive during the run; they start with an event `joined`", {"share": "30%"})
    ] = None


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount that varies."""

    mean: Annotated[MoneyByPersona, doc("The amount on average, by persona if need be", 60)]
    spread: Annotated[Share, doc("Evenly up to this share more or less", "50%")] = 0.0


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Something people do of themselves."""

    event: Annotated[Name, doc("The event", "visit")]
    per_day: Annotated[
        ByPersona | None, doc("So often on average, at random instants", {"loyal": 0.3, "rare": 0.01})
    ] = None
    per_week: Annotated[ByPersona | None, doc("The same, by week", 0.6)] = None
    per_year: Annotated[ByPersona | None, doc("The same, by year", 6)] = None
    once: Annotated[
        tuple[Duration, Duration] | None, doc("Once, at any second between these times after the start", ["0d", "300d"])
    ] = None
    chance: Annotated[SharesByPersona, doc("With `once`: share of people who do it", "15%")] = 1.0
    stages: Annotated[dict[Name, Number], doc("Factors on the rate, by stage", {"engaged": 1.25})] = {}
    key: Annotated[Literal["none", "new"], doc("`new`: each has a key of its own", "new")] = "none"
    value: Annotated[MoneyByPersona | Value | None, doc("What it is worth", 60)] = None


class Alternative(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that may follow."""

    event: Annotated[Name, doc("The event", "purchase")]
    chance: Annotated[SharesByPersona, doc("How likely", "8%")]
    after: Annotated[Duration, doc("How much later, at least", "2d")] = Duration(0, 0)
    spread: Annotated[Duration, doc("Evenly up to this much later still", "6h")] = Duration(0, 0)
    key: Annotated[
        Literal["same", "new", "none"] | str, doc("`same` as its cause, `new`, `none`, or a text", "same")
    ] = "same"
    value: Annotated[MoneyByPersona | Value | None, doc("What it is worth", 60)] = None


class Reaction(Struct, frozen=True, forbid_unknown_fields=True):
    """What people do in answer to an event or to a message: at most one of the alternatives."""

    one_of: Annotated[
        tuple[Alternative, ...], doc("The alternatives", [{"event": "purchase", "chance": "8%", "after": "2h"}])
    ]
    on: Annotated[Name | None, doc("The event answered", "visit")] = None
    message: Annotated[Name | None, doc("Or the message answered, when it leaves", "cart_reminder")] = None
    when: Annotated[Condition | None, doc("Only if this holds", "fact.cart_open")] = None


class Fatigue(Struct, frozen=True, forbid_unknown_fields=True):
    """How messages received lately weigh on the next."""

    within: Annotated[Duration, doc("Messages of this time count", "7d")] = Duration(7, 0)
    opens: Annotated[tuple[Number, ...], doc("Factor on opens after none, one, two … of them", [1, 0.85, 0.7])] = (1.0,)
    unsubscribes: Annotated[tuple[Number, ...], doc("Factor on unsubscribes", [1, 1.6, 2.4])] = (1.0,)


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """What people do with the messages they receive."""

    open: Annotated[SharesByPersona, doc("Share of messages opened", "22%")] = 0.0
    click: Annotated[SharesByPersona, doc("Share of opened messages clicked", "10%")] = 0.0
    unsubscribe: Annotated[SharesByPersona, doc("Share of opened messages after which they unsubscribe", "0.5%")] = 0.0
    open_after: Annotated[Duration, doc("How long after the sending they open", "1h")] = Duration(0, 3600)
    click_after: Annotated[Duration, doc("How long after the opening they click or unsubscribe", "20s")] = Duration(
        0, 20
    )
    fatigue: Annotated[
        Fatigue, doc("How messages received lately weigh", {"within": "7d", "opens": [1, 0.85, 0.7]})
    ] = Fatigue()
    journeys: Annotated[dict[Name, Factors], doc("Factors by journey", {"welcome": {"open": 1.4}})] = {}
    messages: Annotated[dict[Name, Factors], doc("Factors by message", {"last_chance": {"open": 0.5}})] = {}


class Factors(Struct, frozen=True, forbid_unknown_fields=True):
    """How much more, or less, than usual."""

    open: Annotated[Number, doc("Factor on opens", 1.4)] = 1.0
    click: Annotated[Number, doc("Factor on clicks", 1.2)] = 1.0
    unsubscribe: Annotated[Number, doc("Factor on unsubscribes", 1)] = 1.0


class Interval(Struct, frozen=True, forbid_unknown_fields=True):
    """What people do by themselves while they wait in a journey, and when a message of it leaves."""

    event: Annotated[Name, doc("What they do", "purchase")] = "purchase"
    before: Annotated[
        dict[Name, SharesByPersona], doc("Chance in the interval before a step", {"cart_reminder": "10%"})
    ] = {}
    on: Annotated[
        dict[Name, SharesByPersona], doc("Chance once a step's message has left", {"cart_reminder": "8%"})
    ] = {}
    delay: Annotated[Duration, doc("How long after the message", "10min")] = Duration(0, 600)
    value: Annotated[MoneyByPersona | Value | None, doc("What it is worth", 60)] = None


class Behaviour(Struct, frozen=True, forbid_unknown_fields=True):
    """How people behave in a simulation."""

    kind: Annotated[
        Literal["off", "constant", "realistic"],
        doc(
            "`off`: only imported events; `constant`: the chances given here; `realistic`: people as docs/behaviour.md "
            "describes them",
            "constant",
        ),
    ] = "constant"
    sector: Annotated[Sector, doc("With `realistic`: whose usual figures fill what is not said", "retail")] = "all"
    realistic: Annotated[Realistic, doc("With `realistic`: what people are like", {"purchases": {"r": 0.6}})] = (
        Realistic()
    )
    sources: Annotated[
        dict[Name, Source], doc("What people do of themselves", {"visit": {"event": "visit", "per_day": 0.1}})
    ] = {}
    reactions: Annotated[
        dict[Name, Reaction],
        doc(
            "What people do in answer to an event or a message",
            {"pays": {"on": "invoice_due", "one_of": [{"event": "invoice_paid", "chance": "40%", "after": "2d"}]}},
        ),
    ] = {}
    messages: Annotated[Reading, doc("What people do with messages", {"open": "22%", "click": "10%"})] = Reading()
    journeys: Annotated[
        dict[Name, Interval],
        doc("Chances by journey, step and interval", {"cart": {"before": {"cart_reminder": "10%"}}}),
    ] = {}
    answers: Annotated[
        dict[Name, dict[Answer, SharesByPersona]],
        doc("Answers to surveys; the rest does not answer", {"exit_reason": {"too_many": "45%"}}),
    ] = {}
    answer_after: Annotated[Duration, doc("How long after the question they answer a message", "2h")] = Duration(
        0, 7200
    )

"""The types of a plan: what may be written, with its meaning, its default and an example. They are its schema."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from bifurque.engine.habits import Behaviour, Persona, Population
from bifurque.engine.journey import Consents, Journey, Scalar
from bifurque.engine.ruling import Rule
from bifurque.engine.sharing import Account, Budget, Capacity, Offer, Referral
from bifurque.engine.shock import Shock
from bifurque.engine.trigger import Names, Text, doc
from bifurque.engine.values import Clock, Condition, Date, Duration, Moment, Money, Name, Number, Share, Weekday, Zone

BUILT_IN_EVENTS = ("joined", "opened", "clicked", "unsubscribed", "answered", "opt_in", "opt_out")
"""Events every plan knows: arrivals, what people do with messages, and consent given or withdrawn (key: what for)."""


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """A stage of the life cycle, perhaps tied to a score."""

    name: Annotated[Name, doc("Its name", "engagement")]
    title: Annotated[str | Text, doc("How strategists call it", {"fr": "Engagement", "en": "Engagement"})] = ""
    score: Annotated[Name | None, doc("Entered when this score …", "interest")] = None
    at: Annotated[Number, doc("… reaches this value from a lower stage", 25)] = 0.0
    hysteresis: Annotated[Number, doc("Left when the score is below `at` by more than this", 2)] = 0.0


class Attribute(Struct, frozen=True, forbid_unknown_fields=True):
    """Something known of a contact."""

    type: Annotated[Literal["bool", "int", "double", "string", "date", "timestamp"], doc("Its type", "int")]
    default: Annotated[Scalar | None, doc("Its value until another is known; missing if nothing is said", 0)] = None


class Category(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of message. The first category is the strongest."""

    name: Annotated[Name, doc("Its name", "promotion")]
    kind: Annotated[
        Literal["transactional", "service", "relational", "promotional", "reply"],
        doc(
            "Its class: transactional ones pass every cap; a reply answers the person's own act: no cap, no quiet hour",
            "promotional",
        ),
    ] = field(name="class")
    purpose: Annotated[
        Name | None,
        doc(
            "What consent it needs; by default `marketing` for relational and promotional ones, none for others",
            "marketing",
        ),
    ] = None
    rank: Annotated[
        int | None, Meta(ge=0), doc("Its rank, if not its position: equal ranks compete by priority", 1)
    ] = None


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to reach people."""

    cost: Annotated[Money, doc("What one message costs", 0.06)] = 0.0
    capacity: Annotated[
        str | Capacity | None, doc("How many messages there can be, for all contacts together", "60 per business day")
    ] = None
    budget: Annotated[Budget | None, doc("How much may be spent", {"amount": 5000, "per": "quarter"})] = None


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """Hours in which nothing leaves, on the contact's wall clock; the end is no longer quiet."""

    start: Annotated[Clock, doc("From this time", "21:00")] = field(name="from")
    end: Annotated[Clock, doc("To this time, the next day if it is earlier", "08:00")] = field(name="to")
    exempt: Annotated[Names, doc("Categories or classes that may leave all the same", ["transactional"])] = field(
        name="except", default=()
    )
    of: Annotated[Names, doc("Only for these categories or classes", ["promotional"])] = ()
    channel: Annotated[Names, doc("Only for these channels", "sms")] = ()
    days: Annotated[Weekday | tuple[Weekday, ...], doc("Only those that begin on these days", ["sat", "sun"])] = ()


class Cap(Struct, frozen=True, forbid_unknown_fields=True):
    """A limit on what one contact receives. Without a scope it holds for relational and promotional messages."""

    max: Annotated[int, Meta(ge=0, le=1000), doc("At most so many", 3)]
    per: Annotated[
        Literal["calendar day", "calendar week", "calendar month", "calendar year"] | Duration,
        doc("In a local calendar period, or in any window of this length (a day is then 24 h)", "7d"),
    ]
    name: Annotated[str, doc("How reasons call it; by default what it says", "weekly")] = ""
    of: Annotated[Names, doc("Categories or classes it limits", ["relational", "promotional"])] = ()
    channel: Annotated[Names, doc("Only on these channels", "sms")] = ()
    journey: Annotated[Names, doc("Only in these journeys", "cart")] = ()
    group: Annotated[Names, doc("Only in these exclusive groups", "recovery")] = ()
    by: Annotated[Literal["message", "weight"], doc("What is counted: messages, or their weights", "weight")] = (
        "message"
    )
    when: Annotated[Condition | None, doc("Holds only for contacts for whom this does", "fact.reduced")] = None


class Coherence(Struct, frozen=True, forbid_unknown_fields=True):
    """What must not be said after, before or beside something else."""

    name: Annotated[str, doc("How reasons call it; by default what it says", "no greeting after a reminder")] = ""
    never: Annotated[Names, doc("Categories or classes that must not leave …", ["greeting", "promotion"])] = ()
    within: Annotated[Duration | None, doc("… within this time …", "14d")] = None
    of: Annotated[Names, doc("… of a message of these", "dunning")] = ()
    during: Annotated[Condition | None, doc("… or while this holds", "fact.unpaid")] = field(name="while", default=None)
    only: Annotated[Names, doc("Categories or classes that may leave only …", "promotion")] = ()
    after: Annotated[Names, doc("… after a message of these (`within` this time, if said)", "welcome")] = ()
    policy: Annotated[Literal["drop", "hold"], doc("What becomes of a message that must not leave now", "hold")] = (
        "drop"
    )


class Event(Struct, frozen=True, forbid_unknown_fields=True):
    """What an event changes, before anything else looks at it."""

    title: Annotated[str | Text, doc("How strategists call it", {"fr": "Achat", "en": "Purchase"})] = ""
    set: Annotated[
        dict[str, Scalar],
        doc(
            "`fact.<name>: true`, `stage: <name>`, or an attribute and an expression; a text stands in inner quotes",
            {"orders": "contact.orders + 1", "fact.customer": True},
        ),
    ] = {}
    grant: Annotated[
        Consents, doc("Consents given: `<purpose>.<channel>`, `<purpose>`, `<channel>` or `all`", "marketing.email")
    ] = ()
    withdraw: Annotated[Consents, doc("Consents withdrawn", "all")] = ()
    revenue: Annotated[bool | None, doc("Whether its value is revenue; by default that of `purchase` is", True)] = None


class Penalty(Struct, frozen=True, forbid_unknown_fields=True):
    """Points lost for silence, once per silence and again after each further period."""

    points: Annotated[Number, doc("How many", 5)]
    after: Annotated[Duration, doc("After this time …", "30d")]
    without: Annotated[Names, doc("… without any of these events", ["page_viewed", "returned"])]


class Score(Struct, frozen=True, forbid_unknown_fields=True):
    """Points that halve with time; never below zero."""

    on: Annotated[
        dict[Name, Number | Condition],
        doc("Points by event: a number, or an expression such as `event.value`", {"page_viewed": 1, "clicked": 3}),
    ] = {}
    half_life: Annotated[Duration | None, doc("After this time half of them are left; without it they stay", "30d")] = (
        None
    )
    by: Annotated[
        Literal["key"] | None, doc("`key`: one score per key of the events (an interest); the best one counts", "key")
    ] = None
    keys: Annotated[int, Meta(ge=1, le=64), doc("How many keys are kept per contact", 8)] = 8
    penalties: Annotated[
        tuple[Penalty, ...], doc("Points lost for silence", [{"points": 5, "after": "30d", "without": "visit"}])
    ] = ()


class Experiment(Struct, frozen=True, forbid_unknown_fields=True):
    """Arms that contacts are assigned to for ever, by a hash, before any trigger is looked at."""

    arms: Annotated[
        dict[Name, Share], doc("The arms and their shares; the first is the base", {"a": "50%", "b": "50%"})
    ]
    enabled: Annotated[bool, doc("`false`: everybody is in the base arm", False)] = True


class Reroute(Struct, frozen=True, forbid_unknown_fields=True):
    """Try another channel."""

    reroute: Annotated[Name, doc("The channel", "sms")]


Policy = Literal["hold", "drop"] | Reroute


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that can be sent."""

    channel: Annotated[Name, doc("How", "email")]
    category: Annotated[Name, doc("What kind", "promotion")]
    title: Annotated[str | Text, doc("How strategists call it", {"fr": "Votre panier", "en": "Your cart"})] = ""
    valid_for: Annotated[
        Duration | None, doc("Worth sending for this time from its due instant; for ever if nothing is said", "24h")
    ] = None
    valid_until: Annotated[Literal["end of day"] | None, doc("Until 24:00 of that local day", "end of day")] = None
    on_cap: Annotated[Policy, doc("When a cap is full: hold, drop, or another channel", {"reroute": "sms"})] = "hold"
    on_quiet: Annotated[Policy, doc("In quiet hours: hold, drop, or another channel", "drop")] = "hold"
    priority: Annotated[Number | Condition | None, doc("If not its journey's", 80)] = None
    value: Annotated[Number | Condition | None, doc("What sending it is worth; by default its priority", 30)] = None
    weight: Annotated[int, Meta(ge=1, le=1000), doc("How much it counts in caps by weight", 2)] = 1


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole plan."""

    plan: Annotated[Name, doc("Its name", "retail-2026")]
    start: Annotated[Date, doc("The first day of a simulation, at midnight in the plan's zone", "2026-01-01")]
    title: Annotated[str | Text, doc("How strategists call it", {"fr": "Plan 2026", "en": "Plan for 2026"})] = ""
    days: Annotated[int, Meta(ge=1, le=3700), doc("How many days a simulation lasts", 365)] = 365
    zone: Annotated[Zone, doc("The plan's own time zone", "Europe/Paris")] = "UTC"
    zones: Annotated[
        tuple[Zone, ...],
        doc(
            "Contacts whose zone is not known must be outside quiet hours in all of these; by default the plan's",
            ["Europe/Paris", "America/New_York"],
        ),
    ] = ()
    currency: Annotated[str, doc("Of costs, values and revenue", "EUR")] = "EUR"
    arbitration: Annotated[
        Literal["first_come", "priority", "look_ahead"], doc("How messages of one instant compete", "look_ahead")
    ] = "priority"
    holdout: Annotated[
        Share, doc("Share of contacts who receive no relational or promotional message at all", "2%")
    ] = 0.0
    stages: Annotated[
        tuple[Name | Stage, ...],
        doc("Stages of the life cycle; everybody starts in the first", ["awareness", "engagement"]),
    ] = ()
    attributes: Annotated[
        dict[Name, Literal["bool", "int", "double", "string", "date", "timestamp"] | Attribute],
        doc(
            "What is known of contacts: a type, or a type and a default",
            {"birthday": "date", "orders": {"type": "int", "default": 0}},
        ),
    ] = {}
    segments: Annotated[
        dict[Name, Condition],
        doc("Named conditions, written `segment.<name>` elsewhere", {"vip": "contact.orders >= 10"}),
    ] = {}
    categories: Annotated[
        tuple[Category, ...],
        doc("Kinds of messages, the strongest first", [{"name": "promotion", "class": "promotional"}]),
    ] = ()
    channels: Annotated[
        dict[Name, Channel], doc("Ways to reach people", {"email": {"cost": 0.001}, "sms": {"cost": 0.06}})
    ] = {}
    quiet_hours: Annotated[
        QuietHours | tuple[QuietHours, ...], doc("Hours in which nothing leaves", {"from": "21:00", "to": "08:00"})
    ] = ()
    caps: Annotated[tuple[Cap, ...], doc("Limits on what one contact receives", [{"max": 3, "per": "7d"}])] = ()
    coherence: Annotated[
        tuple[Coherence, ...],
        doc("What must not be said beside something else", [{"never": "greeting", "while": "fact.unpaid"}]),
    ] = ()
    events: Annotated[dict[Name, Event], doc("What events change", {"purchase": {"set": {"fact.customer": True}}})] = {}
    scores: Annotated[
        dict[Name, Score],
        doc("Points that halve with time", {"interest": {"on": {"page_viewed": 1}, "half_life": "30d"}}),
    ] = {}
    features: Annotated[
        dict[Name, Annotated[int, Meta(ge=1, le=1000)]],
        doc(
            "How many events of a type a windowed feature remembers per contact; 32 of those not named here",
            {"purchase": 100},
        ),
    ] = {}
    offers: Annotated[
        dict[Name, Offer],
        doc("What can be offered, while stocks last", {"free_weekend": {"message": "weekend", "stock": 1000}}),
    ] = {}
    settle: Annotated[
        Duration,
        doc("What contacts share is settled as soon as it is asked for; or only so often, for very large runs", "1h"),
    ] = Duration(0, 0)
    merge: Annotated[
        Name | None,
        doc("The event that says that two contacts are one person; its key is the other's id", "identified"),
    ] = None
    account: Annotated[
        Account | None,
        doc(
            "Contacts who belong together, as a household or a company",
            {"by": "household", "tells": {"purchase": "mate_bought"}},
        ),
    ] = None
    referral: Annotated[Referral | None, doc("Contacts who bring contacts", {"invited": "invited", "reward": 10})] = (
        None
    )
    rules: Annotated[
        tuple[Rule, ...],
        doc(
            "What is inferred and done whenever something has happened, the strongest rule first",
            [{"name": "bad experience", "when": 'event.type == "unsubscribed"', "then": [{"set": "fact.upset"}]}],
        ),
    ] = ()
    calendars: Annotated[
        dict[Name, tuple[Moment, ...]], doc("Named lists of dates, for schedules", {"sales": ["2026-01-07 08:00"]})
    ] = {}
    experiments: Annotated[
        dict[Name, Experiment], doc("What is tried on whom", {"subject": {"arms": {"a": "50%", "b": "50%"}}})
    ] = {}
    messages: Annotated[
        dict[Name, Message], doc("What can be sent", {"cart_reminder": {"channel": "email", "category": "promotion"}})
    ] = {}
    journeys: Annotated[
        dict[Name, Journey],
        doc("Sequences of steps that a trigger starts", {"cart": {"steps": [{"send": "cart_reminder"}]}}),
    ] = {}
    personas: Annotated[
        dict[Name, Persona], doc("Kinds of people", {"loyal": {"share": "20%"}, "rare": {"share": "80%"}})
    ] = {}
    population: Annotated[
        Population, doc("Who lives the plan when no population file is given", {"contacts": 100000})
    ] = Population()
    behaviour: Annotated[Behaviour, doc("How people behave in a simulation", {"kind": "constant"})] = Behaviour(
        kind="off"
    )
    shocks: Annotated[
        tuple[Shock, ...],
        doc(
            "What strikes people in a simulation without the plan's doing",
            [{"name": "crisis", "from": "180d", "for": "14d", "events": {"purchase": 0.3}}],
        ),
    ] = ()

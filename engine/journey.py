"""The types of a journey: its trigger, its steps, who may be inside, what it is for. They are the plan's schema."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from bifurque.engine.values import Clock, Condition, Date, Duration, Moment, Name, Number, Share, Weekday


def doc(text: str, example: object = None) -> Meta:
    """What a key means, and an example, for the reference and the editor's schema."""
    return Meta(description=text, examples=None if example is None else [example])


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """A text in the languages of those who read it."""

    fr: Annotated[str, doc("In French", "Votre panier")] = ""
    en: Annotated[str, doc("In English", "Your cart")] = ""


class WaitByArm(Struct, frozen=True, forbid_unknown_fields=True):
    """A duration that an experiment chooses."""

    by: Annotated[Name, doc("The experiment", "delay")]
    arms: Annotated[dict[Name, Duration], doc("A duration for each of its arms", {"short": "1h", "long": "3h"})]


class MessageByArm(Struct, frozen=True, forbid_unknown_fields=True):
    """A message that an experiment chooses."""

    by: Annotated[Name, doc("The experiment", "subject")]
    arms: Annotated[
        dict[Name, Name], doc("A message for each of its arms", {"a": "cart_reminder", "b": "cart_question"})
    ]


Wait = Duration | WaitByArm
Names = Name | tuple[Name, ...]
Consents = str | tuple[str, ...]
"""`all`, a purpose, a channel or `<purpose>.<channel>`; or several."""


class EventRef(Struct, frozen=True, forbid_unknown_fields=True):
    """An event, perhaps only some of its kind."""

    event: Annotated[Names, doc("Event type, or several", "purchase")]
    where: Annotated[Condition | None, doc("Only those for which this holds", "event.value >= 5000")] = None
    key: Annotated[
        Literal["same", "any"], doc("`same`: its key must be the visit's, or empty; `any`: whatever its key", "any")
    ] = "same"


Events = Name | tuple[Name | EventRef, ...] | EventRef


class Absence(Struct, frozen=True, forbid_unknown_fields=True):
    """Silence: none of these events for some time."""

    of: Annotated[Events, doc("The events that break the silence", ["cart_updated", "purchase"])]
    wait: Annotated[Wait, doc("How long it lasts", "30min")] = field(name="for")
    after: Annotated[Name | None, doc("Counted from this event; without it, from the last of `of`", "cart_updated")] = (
        None
    )
    since: Annotated[
        Name | None,
        doc("An attribute, the date of the last one known before the run; otherwise the start", "last_visit"),
    ] = None


class Together(Struct, frozen=True, forbid_unknown_fields=True):
    """Several events within one window."""

    of: Annotated[tuple[Name | EventRef, ...], doc("The events, in any order", ["page_viewed", "quote_asked"])]
    within: Annotated[Duration, doc("All of them within this time", "14d")]


class Crossing(Struct, frozen=True, forbid_unknown_fields=True):
    """A score passing a threshold."""

    score: Annotated[Name, doc("The score", "interest")]
    above: Annotated[Number | None, doc("Fires when it reaches this value from below", 25)] = None
    below: Annotated[Number | None, doc("Fires at the first second it is below this value", 10)] = None


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """An attribute taking another value."""

    attribute: Annotated[Name, doc("The attribute", "city")]
    where: Annotated[Condition | None, doc("Only if this holds afterwards", 'contact.city == "Lyon"')] = None


class DateOf(Struct, frozen=True, forbid_unknown_fields=True):
    """A date of the contact."""

    of: Annotated[Name, doc("The attribute that holds the date", "birthday")]
    every: Annotated[Literal["year", "once"], doc("Each year, or on that date only", "year")] = "year"
    at: Annotated[Clock, doc("At this time on the contact's wall clock", "09:00")] = 36000
    days: Annotated[int, Meta(ge=-366, le=366), doc("Days after the date; below zero: before it", -7)] = 0
    leap: Annotated[
        Literal["28 February", "1 March", "skip"], doc("Where 29 February falls in other years", "1 March")
    ] = "28 February"


class Schedule(Struct, frozen=True, forbid_unknown_fields=True):
    """The calendar: a rhythm, a list of dates, or a named calendar."""

    every: Annotated[Literal["day", "week", "month"] | None, doc("The rhythm", "week")] = None
    on: Annotated[
        Weekday | tuple[Weekday, ...] | int,
        doc("Weekdays of a week, or the day of a month (the last, if it has fewer)", "tue"),
    ] = ()
    at: Annotated[Clock | None, doc("At this time of day", "10:00")] = None
    interval: Annotated[int, Meta(ge=1, le=1000), doc("Every so many days, weeks or months", 2)] = 1
    start: Annotated[Date | None, doc("Not before this date", "2025-06-25")] = field(name="from", default=None)
    until: Annotated[Date | None, doc("Before this date", "2025-07-22")] = None
    dates: Annotated[tuple[Moment, ...], doc("These dates, instead of a rhythm", ["2025-11-28 08:00"])] = ()
    calendar: Annotated[Name | None, doc("A named calendar, instead of a rhythm", "sales")] = None
    clock: Annotated[
        Literal["contact", "plan"], doc("Whose wall clock: each contact's own, or the plan's zone", "plan")
    ] = "contact"


class EventTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="event", tag_field="kind"):
    """Each time an event happens."""

    event: Annotated[Events, doc("The event", "signup")]
    where: Annotated[Condition | None, doc("Only those for which this holds", "event.value >= 5000")] = None
    key: Annotated[Name | None, doc("What the key of these events is: visits are then kept apart by key", "order")] = (
        None
    )


class FirstTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="first", tag_field="kind"):
    """The first time ever an event happens."""

    first: Annotated[Events, doc("The event", "purchase")]
    where: Annotated[Condition | None, doc("Only those for which this holds", 'event.key == "baby"')] = None
    key: Annotated[Name | None, doc("What the key of these events is", "order")] = None


class AbsenceTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="absence", tag_field="kind"):
    """When something does not happen."""

    absence: Annotated[
        Absence,
        doc("What does not happen", {"of": ["cart_updated", "purchase"], "for": "30min", "after": "cart_updated"}),
    ]
    key: Annotated[Name | None, doc("What the key of these events is: each key has its own silence", "cart")] = None
    keys: Annotated[int, Meta(ge=1, le=64), doc("How many keys may be silent at once for one contact", 16)] = 8


class TogetherTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="together", tag_field="kind"):
    """When several events come together."""

    together: Annotated[
        Together, doc("The events and their window", {"of": ["page_viewed", "quote_asked"], "within": "14d"})
    ]


class ChangeTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="change", tag_field="kind"):
    """When an attribute changes."""

    change: Annotated[Name | Change, doc("The attribute", "city")]


class CrossingTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="crossing", tag_field="kind"):
    """When a score passes a threshold, upwards or downwards."""

    crossing: Annotated[Crossing, doc("The score and the threshold", {"score": "interest", "above": 40})]


class DateTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="date", tag_field="kind"):
    """On a date of the contact."""

    date: Annotated[Name | DateOf, doc("The attribute that holds it", {"of": "birthday", "at": "09:00"})]


class ScheduleTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="schedule", tag_field="kind"):
    """On dates of the calendar."""

    schedule: Annotated[Schedule, doc("When", {"every": "week", "on": "tue", "at": "10:00"})]


class StageTrigger(Struct, frozen=True, forbid_unknown_fields=True, tag="stage", tag_field="kind"):
    """When a contact enters a stage of its life cycle."""

    stage: Annotated[Names, doc("The stage, or several", "at_risk")]


Trigger = (
    EventTrigger
    | FirstTrigger
    | AbsenceTrigger
    | TogetherTrigger
    | ChangeTrigger
    | CrossingTrigger
    | DateTrigger
    | ScheduleTrigger
    | StageTrigger
)

Scalar = bool | int | float | str


class Timed(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every step may say about its moment."""

    name: Annotated[
        Name | None, doc("How the step is called; by default after its message or its kind", "first_reminder")
    ] = None
    after: Annotated[
        Name,
        doc(
            "What its wait is counted from: `trigger`, `previous` (the previous step's due instant), `sent` "
            "(its last message left or was dropped), or an attribute that is a date",
            "trigger",
        ),
    ] = "previous"
    wait: Annotated[Wait, doc("How long after that it is due", "1h")] = Duration(0, 0)
    at: Annotated[Clock | None, doc("Moved to this time of day, on the contact's wall clock", "10:00")] = None
    on: Annotated[Weekday | tuple[Weekday, ...], doc("Moved to the next of these weekdays", ["tue", "wed", "thu"])] = ()
    late: Annotated[
        Literal["send", "skip"],
        doc("What to do when it is reached after its due instant: do it if still valid, or not at all", "skip"),
    ] = "send"


class SendStep(Timed, frozen=True, tag="send", tag_field="kind"):
    """Send a message. The step is left at its due instant, whatever becomes of the message."""

    send: Annotated[Name | MessageByArm, doc("The message", "cart_reminder")]


class WaitStep(Timed, frozen=True, tag="wait", tag_field="kind"):
    """Only wait."""

    leads: ClassVar[tuple[str, ...]] = ("wait", "at")


class WaitForStep(Timed, frozen=True, tag="wait_for", tag_field="kind"):
    """Wait for an event, at most for some time."""

    wait_for: Annotated[Events, doc("The event", "purchase")]
    timeout: Annotated[Wait, doc("How long at most", "3d")]
    then: Annotated[tuple[Step, ...], doc("Steps if it happens", [{"send": "thanks"}])] = ()
    otherwise: Annotated[tuple[Step, ...], doc("Steps if it does not", [{"send": "reminder"}])] = field(
        name="else", default=()
    )


class Branch(Struct, frozen=True, forbid_unknown_fields=True):
    """One way out of a branch."""

    when: Annotated[Condition | None, doc("Taken if this holds", "fact.vip")] = field(name="if", default=None)
    then: Annotated[tuple[Step, ...], doc("Steps taken then", [{"send": "early_access"}])] = ()
    otherwise: Annotated[
        tuple[Step, ...] | None, doc("Instead of `if`: steps taken when no other branch is", [{"exit": True}])
    ] = field(name="else", default=None)


class BranchStep(Timed, frozen=True, tag="branch", tag_field="kind"):
    """Go the first way whose condition holds; the ways meet again after the step."""

    branch: Annotated[tuple[Branch, ...], doc("The ways", [{"if": "fact.vip", "then": [{"send": "early_access"}]}])]


class ExperimentStep(Timed, frozen=True, tag="experiment", tag_field="kind"):
    """Go the way of the contact's arm."""

    experiment: Annotated[Name, doc("The experiment", "offer_test")]
    arms: Annotated[
        dict[Name, tuple[Step, ...]],
        doc("The steps of each arm; none for an arm left out", {"gift": [{"send": "gift"}]}),
    ]


class SurveyStep(Timed, frozen=True, tag="survey", tag_field="kind"):
    """Ask, and keep the answer: an event `answered` whose key is one of the answers."""

    survey: Annotated[Name, doc("How the survey is called", "exit_reason")]
    answers: Annotated[tuple[Name, ...], doc("What may be answered", ["too_many", "not_relevant"])] = ()
    scale: Annotated[
        Literal["nps", "csat"] | None, doc("Or a scale: `nps` from 0 to 10, `csat` from 1 to 5", "nps")
    ] = None
    message: Annotated[
        Name | None, doc("Asked by this message; without it, on the spot (a page, a shop)", "cart_survey")
    ] = None
    sets: Annotated[Name | None, doc("The attribute that keeps the answer", "reason")] = None
    within: Annotated[Duration, doc("How long an answer is waited for", "7d")] = Duration(7, 0)


class ScoreStep(Timed, frozen=True, tag="score", tag_field="kind"):
    """Add points to scores, or take them away."""

    score: Annotated[dict[Name, Number | Condition], doc("Points by score, or expressions", {"interest": 5})]


class SetStep(Timed, frozen=True, tag="set", tag_field="kind"):
    """Set attributes, facts and the stage; give or withdraw consent."""

    leads: ClassVar[tuple[str, ...]] = ("set", "grant", "withdraw")

    set: Annotated[
        dict[str, Scalar],
        doc(
            "`fact.<name>: true`, `stage: <name>`, or an attribute and an expression; a text stands in inner quotes",
            {"fact.vip": True, "orders": "contact.orders + 1"},
        ),
    ] = {}
    grant: Annotated[
        Consents, doc("Consents given: `<purpose>.<channel>`, `<purpose>`, `<channel>` or `all`", "marketing")
    ] = ()
    withdraw: Annotated[Consents, doc("Consents withdrawn", "all")] = ()


class TransferStep(Timed, frozen=True, tag="transfer", tag_field="kind"):
    """Leave this journey for another; the key goes along."""

    transfer: Annotated[Name, doc("The journey", "win_back")]


class ExitStep(Timed, frozen=True, tag="exit", tag_field="kind"):
    """Leave the journey."""

    exit: Annotated[Literal[True], doc("Always `true`", True)]


Step = (
    SendStep
    | WaitForStep
    | BranchStep
    | ExperimentStep
    | SurveyStep
    | ScoreStep
    | SetStep
    | TransferStep
    | ExitStep
    | WaitStep
)


class Reentry(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a contact may come back."""

    policy: Annotated[
        Literal["never", "after_exit", "parallel", "replace"],
        doc(
            "`never` again; `after_exit`; `parallel`: several visits at once (one per key, if there are keys); "
            "`replace`: the newer visit takes the place of the older",
            "replace",
        ),
    ] = "after_exit"
    most: Annotated[int | None, Meta(ge=1), doc("At most so many visits in all", 12)] = None
    at_once: Annotated[int, Meta(ge=1, le=64), doc("At most so many visits at once, when `parallel`", 4)] = 4


class Exit(Struct, frozen=True, forbid_unknown_fields=True):
    """An event that ends a visit at once; what the visit holds is dropped."""

    event: Annotated[Names, doc("Event type, or several", ["purchase", "cart_emptied"])]
    where: Annotated[Condition | None, doc("Only those for which this holds", "event.value > 0")] = None
    key: Annotated[
        Literal["same", "any"], doc("`same`: its key must be the visit's, or empty; `any`: whatever its key", "any")
    ] = "same"
    to: Annotated[Name | None, doc("The journey entered next", "post_purchase")] = None


class Goal(Struct, frozen=True, forbid_unknown_fields=True):
    """What a journey is for."""

    event: Annotated[Name, doc("The event that reaches it", "purchase")]
    within: Annotated[Duration, doc("Within this time after entering", "7d")]
    where: Annotated[Condition | None, doc("Only those for which this holds", "event.value >= 5000")] = None


class Journey(Struct, frozen=True, forbid_unknown_fields=True):
    """A sequence of steps that a trigger starts."""

    steps: Annotated[tuple[Step, ...], doc("Its steps", [{"send": "welcome", "wait": "1h"}])]
    title: Annotated[str | Text, doc("How strategists call it", {"fr": "Panier abandonné", "en": "Abandoned cart"})] = (
        ""
    )
    trigger: Annotated[
        Trigger | None, doc("What starts it; without one it is only entered from other journeys", {"event": "signup"})
    ] = None
    enabled: Annotated[bool, doc("`false`: nobody enters", False)] = True
    when: Annotated[Condition | None, doc("Who may enter", 'stage != "churned"')] = None
    reentry: Annotated[
        Literal["never", "after_exit", "parallel", "replace"] | Reentry,
        doc("Whether a contact may come back", "replace"),
    ] = "after_exit"
    exit: Annotated[Exit | tuple[Exit, ...], doc("Events that end a visit at once", {"event": "purchase"})] = ()
    priority: Annotated[
        Number | Condition,
        doc("Who goes first: a number, or an expression of stage, persona, scores, `value`, `deadline`", 70),
    ] = 50.0
    group: Annotated[
        dict[Name, Literal["preempt", "pause", "queue"]],
        doc(
            "An exclusive group, and what a stronger journey does to a weaker one inside: it must leave, it pauses, "
            "or whoever comes later waits",
            {"recovery": "preempt"},
        ),
    ] = {}
    holdout: Annotated[Share, doc("Share of contacts who enter but receive nothing", "5%")] = 0.0
    goal: Annotated[Goal | None, doc("What it is for", {"event": "purchase", "within": "7d"})] = None

"""The types of triggers: events, silences, dates, calendars, scores. They are the plan's schema."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from bifurque.engine.values import Clock, Condition, Date, Duration, Moment, Name, Number, Weekday


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


Wait = Duration | WaitByArm
Names = Name | tuple[Name, ...]


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

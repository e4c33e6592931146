"""The types of a journey: its steps, who may be inside, what it is for. They are the plan's schema."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from bifurque.engine.trigger import Events, Names, Text, Trigger, Wait, doc
from bifurque.engine.values import Clock, Condition, Duration, Name, Number, Share, Weekday

Consents = str | tuple[str, ...]
"""`all`, a purpose, a channel or `<purpose>.<channel>`; or several."""


class MessageByArm(Struct, frozen=True, forbid_unknown_fields=True):
    """A message that an experiment chooses."""

    by: Annotated[Name, doc("The experiment", "subject")]
    arms: Annotated[
        dict[Name, Name], doc("A message for each of its arms", {"a": "cart_reminder", "b": "cart_question"})
    ]


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


class TaskStep(Timed, frozen=True, tag="task", tag_field="kind"):
    """Something a person does, such as a call: a message on a channel with a capacity. Lasts until it is done."""

    task: Annotated[Name, doc("The message", "sales_call")]


class OfferStep(Timed, frozen=True, tag="offer", tag_field="kind"):
    """Make the best offer there is: of those for this contact the one of highest propensity × value, while it lasts."""

    offer: Annotated[Names, doc("The offer, or several to choose from", ["free_weekend", "late_checkout"])]
    otherwise: Annotated[tuple[Step, ...], doc("Steps if none can be had", [{"send": "sorry"}])] = field(
        name="else", default=()
    )


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
    | TaskStep
    | OfferStep
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

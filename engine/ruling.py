"""The types of rules: what a plan infers from what it knows, and what it then does. They are the plan's schema."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from bifurque.engine.journey import Scalar
from bifurque.engine.trigger import Names, Text, doc
from bifurque.engine.values import Condition, Duration, Name, Number

Facts = str | tuple[str, ...]
"""`fact.<name>`, or several."""
Kinds = str | tuple[str, ...]
"""Categories, classes, channels, journeys, perhaps as `channel.<name>`."""


class SetAction(Struct, frozen=True, forbid_unknown_fields=True, tag="set", tag_field="kind"):
    """Make a fact true, or give facts, attributes and the stage a value."""

    set: Annotated[
        str | dict[str, Scalar],
        doc(
            "`fact.<name>`, or what is set: `fact.<name>: true`, `stage: <name>`, an attribute and an expression",
            "fact.upset",
        ),
    ]


class ClearAction(Struct, frozen=True, forbid_unknown_fields=True, tag="clear", tag_field="kind"):
    """Make facts false."""

    clear: Annotated[Facts, doc("`fact.<name>`, or several", "fact.upset")]


class DeriveAction(Struct, frozen=True, forbid_unknown_fields=True, tag="derive", tag_field="kind"):
    """A fact that is true exactly while this rule's condition is, or that of another rule that derives it."""

    derive: Annotated[str, doc("`fact.<name>`; nothing else sets it", "fact.loyal")]


class ScoreAction(Struct, frozen=True, forbid_unknown_fields=True, tag="score", tag_field="kind"):
    """Add points to scores."""

    score: Annotated[
        dict[Name, Number | Condition],
        doc("Points by score: a number, or an expression; below zero they are taken away", {"interest": 10}),
    ]


class StageAction(Struct, frozen=True, forbid_unknown_fields=True, tag="stage", tag_field="kind"):
    """Move to a stage."""

    stage: Annotated[Name, doc("The stage", "onboarding")]


class EnterAction(Struct, frozen=True, forbid_unknown_fields=True, tag="enter", tag_field="kind"):
    """Enter journeys, as their triggers would make a contact enter: `when`, `reentry` and `group` hold."""

    enter: Annotated[Names, doc("The journey, or several", "service")]


class LeaveAction(Struct, frozen=True, forbid_unknown_fields=True, tag="leave", tag_field="kind"):
    """Leave journeys; what they hold is dropped."""

    leave: Annotated[Names, doc("The journey, or several", "nurturing")]


class TransferAction(Struct, frozen=True, forbid_unknown_fields=True, tag="transfer", tag_field="kind"):
    """Go on in another journey, or at another step; the key goes along, and all that is known of the contact."""

    transfer: Annotated[Name, doc("The journey", "service")]
    step: Annotated[Name | None, doc("The step where the visit begins, if not the first", "apology")] = None
    origin: Annotated[
        Names,
        doc(
            "Only for those inside these journeys. Without it: from every journey the contact is inside, or from none",
            "nurturing",
        ),
    ] = field(name="from", default=())
    old: Annotated[
        Literal["leave", "pause"], doc("What becomes of the old journey: it is left, or it pauses", "pause")
    ] = "leave"
    length: Annotated[
        Duration | None, doc("How long the old journey pauses; until a rule resumes it if nothing is said", "14d")
    ] = field(name="for", default=None)


class PauseAction(Struct, frozen=True, forbid_unknown_fields=True, tag="pause", tag_field="kind"):
    """Let nothing of some kind leave: what is held or due is dropped, `set` and `score` steps are passed over."""

    pause: Annotated[
        Kinds,
        doc("Categories, classes, channels or journeys; `channel.sms` where a name has two meanings", ["promotion"]),
    ]
    length: Annotated[Duration | None, doc("How long; until a rule resumes it if nothing is said", "30d")] = field(
        name="for", default=None
    )


class ResumeAction(Struct, frozen=True, forbid_unknown_fields=True, tag="resume", tag_field="kind"):
    """End a pause."""

    resume: Annotated[Kinds, doc("What was paused", "promotion")]


class PriorityAction(Struct, frozen=True, forbid_unknown_fields=True, tag="priority", tag_field="kind"):
    """Give messages, or all messages of journeys, another priority; that of a message goes first."""

    priority: Annotated[dict[Name, Number], doc("Priorities by message or journey", {"winback": 90})]
    length: Annotated[Duration | None, doc("How long; for ever if nothing is said", "7d")] = field(
        name="for", default=None
    )


class SuppressAction(Struct, frozen=True, forbid_unknown_fields=True, tag="suppress", tag_field="kind"):
    """Let some messages not leave: those held or due are dropped."""

    suppress: Annotated[Names, doc("The message, or several", "sales_alert")]
    length: Annotated[Duration | None, doc("How long; until a rule releases it if nothing is said", "14d")] = field(
        name="for", default=None
    )


class ReleaseAction(Struct, frozen=True, forbid_unknown_fields=True, tag="release", tag_field="kind"):
    """End a suppression."""

    release: Annotated[Names, doc("The message, or several", "sales_alert")]


Action = (
    SetAction
    | ClearAction
    | DeriveAction
    | ScoreAction
    | StageAction
    | EnterAction
    | LeaveAction
    | TransferAction
    | PauseAction
    | ResumeAction
    | PriorityAction
    | SuppressAction
    | ReleaseAction
)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule: when something holds, do something. The strongest that is armed and true fires first."""

    name: Annotated[str, doc("How the ledger calls it", "bad experience")]
    when: Annotated[Condition, doc("Fires when this is true", 'event.type == "unsubscribed"')]
    then: Annotated[tuple[Action, ...], doc("What it does, in order", [{"set": "fact.upset"}])]
    salience: Annotated[
        int, Meta(ge=-10000, le=10000), doc("The higher goes first; among equals the one written first", 90)
    ] = 0
    sort: Annotated[
        Literal["spectacular", "accidental", "progressive"] | None,
        doc("What sort of bifurcation it answers, for reports", "accidental"),
    ] = field(name="kind", default=None)
    title: Annotated[
        str | Text, doc("How strategists call it", {"fr": "Mauvaise expérience", "en": "Bad experience"})
    ] = ""


def assigned(action: Action) -> dict[str, Scalar]:
    """What an action sets, however it is written; facts it derives or clears included."""
    if isinstance(action, SetAction):
        return {action.set: True} if isinstance(action.set, str) else dict(action.set)
    if isinstance(action, ClearAction):
        return dict.fromkeys((action.clear,) if isinstance(action.clear, str) else action.clear, False)
    if isinstance(action, StageAction):
        return {"stage": action.stage}
    return {action.derive: True} if isinstance(action, DeriveAction) else {}


def derived(rule: Rule) -> str:
    """The fact a rule derives, or nothing."""
    return next((a.derive for a in rule.then if isinstance(a, DeriveAction)), "")

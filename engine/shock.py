"""The type of shocks: what changes for a while in how people behave. It is part of the plan's schema."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from bifurque.engine.trigger import Text, doc
from bifurque.engine.values import Condition, Duration, Moment, Name, Number, Share


class Shock(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happens to people in a simulation, which the plan does not know of: a crisis, a competitor."""

    name: Annotated[str, Meta(min_length=1), doc("How reports call it", "confidence crisis")]
    sort: Annotated[
        Literal["spectacular", "accidental", "progressive"],
        doc("What sort of bifurcation it is: it strikes all at once, it strikes some, or it creeps", "spectacular"),
    ] = field(name="kind", default="accidental")
    title: Annotated[
        str | Text, doc("How strategists call it", {"fr": "Crise de confiance", "en": "Confidence crisis"})
    ] = ""
    start: Annotated[
        Moment | Duration | None,
        doc("When it begins, in the plan's zone: a date, or so long after the plan's start; by default then", "180d"),
    ] = field(name="from", default=None)
    length: Annotated[Duration | None, doc("How long it lasts; to the end if nothing is said", "14d")] = field(
        name="for", default=None
    )
    until: Annotated[Moment | Duration | None, doc("Or when it ends, written like `from`", "2025-07-14")] = None
    each: Annotated[
        Duration | None,
        doc("With `progressive`: the factors apply once more after each such time; 7d if nothing is said", "7d"),
    ] = None
    whom: Annotated[
        Condition | None, doc("Whom it strikes; everybody if nothing is said", 'zone == "America/New_York"')
    ] = field(name="for_whom", default=None)
    share: Annotated[Share, doc("How many of them, drawn once", "50%")] = 1.0
    events: Annotated[
        dict[Name, Number], doc("Factors on how often people do something: by event", {"purchase": 0.3, "visit": 0.5})
    ] = {}
    open: Annotated[Number, doc("Factor on opens", 0.996)] = 1.0
    click: Annotated[Number, doc("Factor on clicks", 0.9)] = 1.0
    unsubscribe: Annotated[Number, doc("Factor on unsubscribes, complaints about messages included", 1.5)] = 1.0
    churn: Annotated[
        Number, doc("Factor on the rate at which `realistic` people leave for good, as their life began", 2)
    ] = 1.0

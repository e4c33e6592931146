"""The step with some of its parts put in other hands: observed, or replaced by another engine's.

The kernel's own text runs unchanged; only the names it calls lead elsewhere, and only in the twin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from bifurque.actors import lane
from bifurque.actors import step as stepping

Part = Callable[..., Any]
Hands = Mapping[Part, Callable[[Part], Part]]
"""For a part of the kernel: what makes its replacement, given the part's own twin."""


def twins(hands: Hands) -> Callable[[Part], Part]:
    """Makes the twins of kernel functions, all of one family: the parts in `hands` are replaced wherever called."""
    worlds: dict[int, dict[str, Any]] = {}
    made: dict[Part, Part] = {}

    def twin(part: Any) -> Part:
        if part not in made:
            own = FunctionType(part.__code__, world(part.__globals__), part.__name__, part.__defaults__)
            made[part] = hands[part](own) if part in hands else own
        return made[part]

    def world(names: dict[str, Any]) -> dict[str, Any]:
        if id(names) not in worlds:
            mine = worlds[id(names)] = dict(names)
            mine |= {name: twin(value) for name, value in names.items() if getattr(value, "__kernel__", False)}
        return worlds[id(names)]

    return twin


@dataclass(frozen=True)
class Steps:
    """The functions by which one contact lives: the plain ones, or twins of them."""

    begin: Part
    live: Part
    step: Part
    finish: Part
    run_lane: Part
    answer: Part


PLAIN = Steps(lane.begin, lane.live, stepping.step, lane.finish, lane.run_lane, lane.answer)
"""The uncompiled step itself."""


def in_hands(hands: Hands) -> Steps:
    """The uncompiled step with some of its parts in other hands."""
    twin = twins(hands)
    return Steps(*(twin(getattr(PLAIN, name)) for name in ("begin", "live", "step", "finish", "run_lane", "answer")))

"""A way out of the endless day, and what it would do: the plan with it beside the plan without."""

from __future__ import annotations

import json
from typing import Any

from bifurque.engine.compare import Comparison, compare
from bifurque.engine.endless import PASSES, SIGNALS
from bifurque.engine.load import override
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.run import Run
from bifurque.engine.why import asked_of
from bifurque.rules.errors import DataError, PlanError, did_you_mean


def with_exit(text: str, overrides: list[str], journey: str, *, passes: int = PASSES) -> tuple[str, list[str]]:
    """A plan in which nobody enters a journey after so many passes without a positive signal.

    An attribute counts the passes that reach the end, a signal sets it to 0, and the journey's `when` looks at it.

    Returns:
        The plan's text, and the exit in the words of the plan.

    Raises:
        DataError: the plan has no such journey, or it has no steps.
    """
    raw, problems = read_text(text, Problems("plan"))
    for more in overrides:
        override(raw, more, problems)
    if problems.errors:
        raise PlanError(problems.errors)
    if journey not in raw.get("journeys", {}):
        raise DataError(f"no journey is called `{journey}`" + did_you_mean(journey, raw.get("journeys", {})))
    name, found = f"passes_of_{journey}", raw["journeys"][journey]
    own = f"contact.{name} < {passes}"
    found["when"] = f"({found['when']}) && {own}" if found.get("when") else own
    found["steps"] = [*found.get("steps", []), {"set": {name: f"contact.{name} + 1"}}]
    raw["attributes"] = {**(raw.get("attributes") or {}), name: {"type": "int", "default": 0}}
    happen = {**(raw.get("events") or {})}
    known = [e for e in SIGNALS if e in ("opened", "clicked", "answered") or f'"{e}"' in json.dumps(raw)]
    for event in known:
        said = dict(happen.get(event) or {})
        happen[event] = said | {"set": {**(said.get("set") or {}), name: 0}}
    raw["events"] = happen
    words = [
        f"attributes.{name}: {{type: int, default: 0}}",
        *(f"events.{event}.set.{name}: 0" for event in known),
        f"journeys.{journey}.when: {found['when']}",
        f"journeys.{journey}.steps, last: {{set: {{{name}: contact.{name} + 1}}}}",
    ]
    return json.dumps(raw, indent=1, ensure_ascii=False) + "\n", words


def exit_effect(run: Run, journey: str, *, passes: int = PASSES, **how: Any) -> tuple[Comparison, list[str]]:
    """What the exit would have done in a run: the same contacts with and without it; and the exit in words."""
    asked = asked_of(run)
    text, words = with_exit(asked["plan"], list(asked["overrides"]), journey, passes=passes)
    people = {k: v for k, v in asked.items() if k not in ("plan", "overrides")}
    plain, _ = _as_is(asked["plan"], list(asked["overrides"]))
    return compare(plain, text, **people, **how), words


def _as_is(text: str, overrides: list[str]) -> tuple[str, Problems]:
    """The plan as it was run, written as `with_exit` writes it."""
    raw, problems = read_text(text, Problems("plan"))
    for more in overrides:
        override(raw, more, problems)
    return json.dumps(raw, indent=1, ensure_ascii=False) + "\n", problems

"""Loads a plan: text to data, data to types, names resolved, conditions typed; or says every problem."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path as File
from typing import Any

from bifurque.engine.check import check
from bifurque.engine.decode import BAD, decode
from bifurque.engine.plan import Plan
from bifurque.engine.problems import Path, Problem, Problems, TooMany
from bifurque.engine.reader import read_file, read_text
from bifurque.engine.salvage import check_the_rest
from bifurque.rules.errors import PlanError, did_you_mean, short


def load(file: str | File, overrides: Iterable[str] = ()) -> Plan:
    """Read and check a plan file.

    Args:
        file: the YAML file.
        overrides: `path.to.value=X`, as `--set` takes them.

    Raises:
        PlanError: with every problem and its place, when the plan cannot run.
    """
    plan, problems = inspect(file, overrides)
    if problems.errors or plan is None:
        raise PlanError(problems.errors)
    return plan


def loads(text: str, overrides: Iterable[str] = (), file: str = "plan") -> Plan:
    """Read and check a plan from its text; see `load`."""
    plan, problems = _inspect(*read_text(text, Problems(file)), overrides)
    if problems.errors or plan is None:
        raise PlanError(problems.errors)
    return plan


def inspect(file: str | File, overrides: Iterable[str] = ()) -> tuple[Plan | None, Problems]:
    """A plan and everything found about it: errors, which keep it from running (no plan then), and findings."""
    return _inspect(*read_file(file), overrides)


def _inspect(raw: Any, problems: Problems, overrides: Iterable[str]) -> tuple[Plan | None, Problems]:
    if problems.unreadable:
        return None, problems
    plan = None
    with contextlib.suppress(TooMany):
        for text in overrides:
            override(raw, text, problems)
        found = decode(raw, Plan, (), problems)
        if found is not BAD and not problems.errors:
            plan = found
            check(plan, problems)
        else:
            check_the_rest(raw, problems)
    return (None if problems.errors else plan), problems


def override(raw: Any, text: str, problems: Problems) -> None:
    """Replace one value by `path.to.value=X`; in lists a number or a name picks the entry."""
    where, sign, value = text.partition("=")
    label = f"--set {short(text)}"
    if not sign or not where.strip():
        problems.found.append(_problem(label, "write it as path.to.value=X"))
        return
    new, reading = read_text(value, Problems(label))
    if () in reading.spoiled and isinstance(new, str):
        new = value.strip()  # on the command line a bare 22:30 or no can only be a text
    elif reading.found and value.strip():
        problems.found += [_problem(label, p.message) for p in reading.found]
        return
    path: list[str | int] = []
    left, inside = where.strip().split("."), raw
    while left:
        at, left, trouble = _next(inside, left)
        if trouble:
            place = f"`{short('.'.join(map(str, path)))}`" if path else "the plan"
            problems.found.append(_problem(label, f"{place} {trouble}"))
            return
        path.append(at)
        if not left:
            inside[at] = new
        else:
            if isinstance(inside, dict) and inside.get(at) is None:
                inside[at] = {}
                problems.overrides[tuple(path)] = label
            inside = inside[at]
    _forget(problems, tuple(path))
    problems.overrides[tuple(path)] = label


def _problem(label: str, message: str) -> Problem:
    return Problem((), message, label)


def _next(inside: Any, left: list[str]) -> tuple[str | int, list[str], str]:
    """The key or the index that comes next, what is left of the path then, and what is wrong with it."""
    if isinstance(inside, dict):
        for end in range(len(left), 1, -1):  # some keys hold a point: `fact.vip`, `marketing.email`
            if ".".join(left[:end]) in inside:
                return ".".join(left[:end]), left[end:], ""
        return left[0], left[1:], ""
    if not isinstance(inside, list):
        return "", [], "is a single value: nothing stands below it"
    part = left[0]
    if re.fullmatch("[0-9]{1,6}", part):
        if int(part) < len(inside):
            return int(part), left[1:], ""
        return "", [], f"has no entry `{short(part)}`: it has {len(inside)}, counted from 0"
    names: dict[str, int] = {}
    for i, entry in enumerate(inside):
        for key in ("name", "send", "survey"):
            if isinstance(entry, dict) and isinstance(entry.get(key), str):
                names.setdefault(entry[key], i)
    if part in names:
        return names[part], left[1:], ""
    return "", [], f"has no entry `{short(part)}`" + did_you_mean(part, names)


def _forget(problems: Problems, path: Path) -> None:
    """What the file says at a path no longer counts."""
    problems.spoiled = {p for p in problems.spoiled if p[: len(path)] != path}
    problems.found = [p for p in problems.found if p.path[: len(path)] != path]

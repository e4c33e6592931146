"""Loads a plan: text to data, data to types, names resolved, conditions typed; or says every problem."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as File
from typing import Any

from bifurque.engine.check import check
from bifurque.engine.decode import BAD, decode
from bifurque.engine.plan import Plan
from bifurque.engine.problems import Path, Problems
from bifurque.engine.reader import read_file, read_text
from bifurque.rules.errors import PlanError


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
    for text in overrides:
        raw = override(raw, text, problems)
    plan = decode(raw, Plan, (), problems)
    if plan is BAD or problems.errors:
        return None, problems
    check(plan, problems)
    return (None if problems.errors else plan), problems


def override(raw: Any, text: str, problems: Problems) -> Any:
    """Replace one value by `path.to.value=X`; in lists a number or a name picks the entry."""
    where, sign, value = text.partition("=")
    label = f"--set {text}"
    if not sign or not where.strip():
        problems.overrides[()] = label
        problems.found.append(_problem(label, "write it as path.to.value=X"))
        return raw
    new, reading = read_text(value, Problems(label))
    if () in reading.spoiled:
        new = value.strip()  # on the command line a bare 22:30 or no can only be a text
    elif reading.found and value.strip():
        problems.found += [_problem(label, p.message) for p in reading.found]
        return raw
    path: list[str | int] = []
    parts = where.strip().split(".")
    inside = raw
    for i, part in enumerate(parts):
        if isinstance(inside, list):
            at = _entry(inside, part)
            if at is None:
                problems.found.append(_problem(label, f"`{'.'.join(map(str, path))}` has no entry `{part}`"))
                return raw
            path.append(at)
        elif isinstance(inside, dict):
            path.append(part)
            if i < len(parts) - 1:
                inside.setdefault(part, {})
        else:
            problems.found.append(_problem(label, f"`{'.'.join(map(str, path))}` is a single value"))
            return raw
        if i == len(parts) - 1:
            inside[path[-1]] = new
        else:
            inside = inside[path[-1]]
    _forget(problems, tuple(path))
    problems.overrides[tuple(path)] = label
    return raw


def _problem(label: str, message: str) -> Any:
    from bifurque.engine.problems import Problem

    return Problem((), message, label)


def _entry(entries: list[Any], part: str) -> int | None:
    if part.isdigit():
        return int(part) if int(part) < len(entries) else None
    for i, entry in enumerate(entries):
        if isinstance(entry, dict) and part in (entry.get("name"), entry.get("send"), entry.get("survey")):
            return i
    return None


def _forget(problems: Problems, path: Path) -> None:
    """What the file says at a path no longer counts."""
    problems.spoiled = {p for p in problems.spoiled if p[: len(path)] != path}
    problems.found = [p for p in problems.found if p.path[: len(path)] != path]

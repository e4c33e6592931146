"""Saved walks: a YAML file of moves and of the decisions they led to, which a test walks again."""

from __future__ import annotations

import difflib
import os
from pathlib import Path as File
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from bifurque.engine.templates_list import template_names
from bifurque.engine.walk import Move, Walk, Who
from bifurque.rules.errors import DataError

SHOWN = ("journey", "step", "visit", "message", "channel", "outcome", "reason", "winner", "cause")


class Saved(Struct, frozen=True, forbid_unknown_fields=True):
    """A walk as a file holds it.

    Attributes:
        walk: the plan's name.
        plan: its file, as seen from this one, or a template.
        seed: of the draws.
        contact: who walks.
        moves: in order.
        decisions: what they led to.
        set: overrides of the plan.
    """

    walk: str
    plan: str
    seed: int
    contact: Who
    moves: list[Move]
    decisions: list[dict[str, Any]]
    set: list[str] = []


def decisions(walk: Walk) -> list[dict[str, Any]]:
    """The decisions of a walk, without what is empty."""
    found = []
    for row in walk.contact.decisions:
        until = {} if row["until"] is None else {"until": walk.reading_of(int(row["until"].timestamp()))}
        said = {name: row[name] for name in SHOWN if row[name]}
        found.append({"time": walk.reading_of(int(row["time"].timestamp()))} | said | until)
    return found


def save(walk: Walk, file: str | File) -> None:
    """Write a walk."""
    path = File(file)
    known = str(walk.plan) in template_names()
    plan = str(walk.plan) if known else os.path.relpath(File(walk.plan).resolve(), path.resolve().parent)
    data = Saved(walk.world.plan.plan, plan, walk.seed, walk.who, walk.moves, decisions(walk), list(walk.set))
    plain = msgspec.to_builtins(data)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None)
    path.write_text(text, encoding="utf-8")


def read(file: str | File) -> Saved:
    """Read a saved walk.

    Raises:
        DataError: it is none.
    """
    try:
        data = yaml.safe_load(File(file).read_text(encoding="utf-8"))
        return msgspec.convert(data, Saved)
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise DataError(f"{file}: is not a saved walk: {str(error).splitlines()[0]}") from None


def load(file: str | File, plan: str | File | None = None, *, rules_engine: str = "kernel") -> tuple[Walk, Saved]:
    """Walk a saved walk again.

    Args:
        file: the file.
        plan: another plan than the one it was saved for.
        rules_engine: what says which rule fires.

    Raises:
        DataError: it is no saved walk, or its moves cannot be made.
        PlanError: the plan cannot run.
    """
    saved = read(file)
    if plan is None:
        plan = saved.plan if saved.plan in template_names() else File(file).parent / saved.plan
    walk = Walk(plan, set=saved.set, seed=saved.seed, who=saved.contact, rules_engine=rules_engine)
    walk.replay(saved.moves)
    return walk, saved


def differences(walk: Walk, saved: Saved) -> list[str]:
    """Where the decisions of a walk are not those that were saved: `-` saved, `+` now; nothing if they are."""
    before, now = ([_line(d) for d in rows] for rows in (saved.decisions, decisions(walk)))
    found = difflib.unified_diff(before, now, lineterm="", n=0)
    return [line for line in found if not line.startswith(("---", "+++", "@@"))]


def _line(decision: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in decision.items())

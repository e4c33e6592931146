"""Every figure of a behaviour of which something is said, by its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from bifurque.engine.realistic import Known, Realistic

Row = tuple[str, Known]


def figures(behaviour: Struct) -> list[Row]:
    """Every figure of a behaviour by its path: `purchases.r`, `channels.email.open`."""
    return list(_figures(behaviour, ""))


def _figures(inside: Any, path: str) -> Iterator[Row]:
    if isinstance(inside, Known):
        yield path, inside
    elif isinstance(inside, dict):
        for name, value in inside.items():
            yield from _figures(value, f"{path}.{name}")
    elif isinstance(inside, Struct):
        for f in structs.fields(type(inside)):
            where = f"{path}.{f.encode_name}" if path else f.encode_name
            yield from _figures(getattr(inside, f.name), where)


def trust(people: Realistic) -> str | None:
    """How far to trust a behaviour: its grade, `ungraded` if data told some of its figures, nothing if none."""
    if people.grade is not None:
        return people.grade.grade
    return "ungraded" if any(f.status == "estimated" for _, f in figures(people)) else None

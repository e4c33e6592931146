"""Realistic behaviour as a file: what `bifurque calibrate` writes, and `simulate --behaviour FILE` reads."""

from __future__ import annotations

import json
from pathlib import Path as File
from typing import Any

from msgspec import Struct, structs

from bifurque.engine.calibrate_words import number, say
from bifurque.engine.realistic import Known, Realistic
from bifurque.rules.errors import RunError

SECTIONS = ("purchases", "spend", "lift", "visits", "channels", "fatigue", "clock", "opinion", "messages", "grade")


def write_behaviour(file: str | File, behaviour: Realistic, source: str, lang: str) -> None:
    """Write realistic behaviour, commented, to be read and edited.

    Raises:
        RunError: the file cannot be written.
    """
    try:
        File(file).write_text(behaviour_text(behaviour, source, lang), encoding="utf-8")
    except OSError as error:
        raise RunError(f"{file}: cannot be written: {error.strerror or error}") from None


def behaviour_text(behaviour: Realistic, source: str, lang: str) -> str:
    """The text of such a file."""
    statuses = [say(lang, f"status.{s}") for s in ("estimated", "weak", "assumed")]
    lines = [f"# {line}" for line in say(lang, "file.head", source, *statuses).splitlines()]
    lines += ["behaviour:", "  kind: realistic", "  realistic:"]
    for name in SECTIONS:
        section = getattr(behaviour, name)
        if section:
            lines += ["", f"    # {say(lang, f'file.{name}')}", f"    {name}:", *_body(section, "      ")]
    return "\n".join(lines) + "\n"


def _body(section: Any, margin: str) -> list[str]:
    """The lines of a section, one for each figure."""
    if isinstance(section, Struct):
        pairs = [(f.encode_name, getattr(section, f.name)) for f in structs.fields(section)]
    else:
        pairs = list(section.items())
    lines = []
    for name, value in pairs:
        if value is None:
            continue
        if isinstance(value, Known):
            lines.append(f"{margin}{name}: {_known(value)}")
        elif isinstance(value, Struct):
            lines += [f"{margin}{name}:", *_body(value, margin + "  ")]
        else:
            lines.append(f"{margin}{name}: {_plain(value)}")
    return lines


def _known(figure: Known) -> str:
    parts = [f"value: {number(figure.value)}"]
    if figure.error is not None:
        parts.append(f"error: {number(figure.error, 2)}")
    parts.append(f"status: {figure.status}")
    if figure.source:
        parts.append(f"source: {json.dumps(figure.source, ensure_ascii=False)}")
    return "{" + ", ".join(parts) + "}"


def _plain(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | tuple | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_plain(v) for v in value) + "]"
    return number(value)

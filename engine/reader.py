"""Reads the text of a plan without surprises: YAML, of which only what a plan needs, with the place of everything.

Not accepted, each with its reason and place: duplicate keys, aliases and tags, bare `no`, `on` or `22:30` (other
readers take them for something else), infinite numbers, nesting beyond 64 levels, more than 1 MB.
"""

from __future__ import annotations

import math
import re
from pathlib import Path as File
from typing import Any

import yaml

from bifurque.engine.problems import Path, Problems
from bifurque.engine.values import shown

MOST_BYTES, MOST_DEPTH, MOST_NODES = 1_000_000, 64, 100_000

_WHOLE = re.compile(r"[-+]?(0|[1-9]\d*)")
_REAL = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
_TRAPS = (
    (
        re.compile(r"(?i)y|n|yes|no|on|off"),
        "is true or false to some readers and a text to others: write true or false, or quote it",
    ),
    (re.compile(r"(?i)true|false"), "write true or false in small letters, or quote it"),
    (re.compile(r"[-+]?\d+(:[0-5]?\d)+(\.\d*)?"), 'is a number to some readers: quote a time of day, such as "22:30"'),
    (re.compile(r"[-+]?0[0-9_]+"), "starts with 0: quote it if it is a code, or leave the 0 out"),
    (re.compile(r"[-+]?0[xob][0-9a-fA-F_]+"), "is a number to some readers: write it in decimals, or quote it"),
    (re.compile(r"[-+]?\d[\d_]*_[\d_]*(\.[\d_]*)?"), "is a number to some readers: leave the `_` out, or quote it"),
    (re.compile(r"(?i)[-+]?\.?(inf|nan)(inity)?"), "is not a number a plan can use"),
    (re.compile(r"(?i)null|~"), "means nothing: leave the key out"),
)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_file(file: str | File) -> tuple[Any, Problems]:
    """The data of a plan file and the places of everything in it; unreadable parts are noted as problems."""
    problems = Problems(str(file))
    try:
        with open(file, "rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        problems.unreadable = True
        problems.add((), f"cannot be read: {error.strerror or error}")
        return None, problems
    return read_text(raw, problems)


def read_text(raw: bytes | str, problems: Problems) -> tuple[Any, Problems]:
    """The data of a plan's text; see `read_file`."""
    problems.unreadable = True
    if len(raw) > MOST_BYTES:
        problems.add((), f"is larger than {MOST_BYTES // 1_000_000} MB: a plan is not")
        return None, problems
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        line = bytes(raw[: error.start]).count(b"\n") + 1  # type: ignore[arg-type]
        problems.places[()] = (line, 1)
        problems.add((), "is not UTF-8 text: save it as UTF-8")
        return None, problems
    builder = _Builder(problems)
    problems.unreadable = False
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        builder.fail(mark, _plainly(error))
    except yaml.reader.ReaderError as error:
        problems.unreadable = True
        line = text[: error.position].count("\n") + 1
        problems.places[()] = (line, error.position - text.rfind("\n", 0, error.position))
        problems.add(
            (),
            f"holds a character that no text should: U+{_point(error.character):04X}",
        )
    except _Enough:
        problems.unreadable = True
    if builder.root is None and not problems.found:
        problems.unreadable = True
        problems.add((), "is empty")
    return builder.root, problems


class _Enough(Exception):  # noqa: N818
    """Nothing more can be read."""


class _Builder:
    """Builds plain data from YAML events; a stack, never recursion."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.root: Any = None
        self.stack: list[tuple[Any, Path]] = []  # open lists and mappings, each with its path
        self.key: list[str | None] = []  # in a mapping: the key whose value comes next
        self.nodes = 0
        self.documents = 0

    def fail(self, mark: Any, message: str) -> None:
        self.problems.unreadable = True
        path = self.stack[-1][1] if self.stack else ()
        self.problems.places[(*path, "")] = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self.problems.add((*path, ""), message)
        found = self.problems.found[-1]
        del self.problems.places[(*path, "")]
        self.problems.found[-1] = type(found)(path, found.message, found.file, found.line, found.column)

    def take(self, event: Any) -> None:
        name = type(event).__name__
        if name == "AliasEvent" or getattr(event, "anchor", None) or getattr(event, "tag", None):
            what = "aliases (`&`, `*`)" if name == "AliasEvent" or event.anchor else "tags (`!`)"
            self.fail(event.start_mark, f"{what} are not part of the plan language: write the value out")
            raise _Enough
        if name == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                self.fail(event.start_mark, "a second document starts here: a file holds one plan")
                raise _Enough
        elif name == "ScalarEvent":
            self.scalar(event)
        elif name in ("SequenceStartEvent", "MappingStartEvent"):
            self.open({} if name.startswith("Mapping") else [], event)
        elif name in ("SequenceEndEvent", "MappingEndEvent"):
            self.stack.pop()
            self.key.pop()

    def open(self, container: Any, event: Any) -> None:
        if len(self.stack) >= MOST_DEPTH:
            self.fail(event.start_mark, f"nested deeper than {MOST_DEPTH} levels")
            raise _Enough
        if self.stack and isinstance(self.stack[-1][0], dict) and self.key[-1] is None:
            self.fail(event.start_mark, "a key must be a text")
            raise _Enough
        path = self.put(container, event)
        self.stack.append((container, path))
        self.key.append(None)

    def scalar(self, event: Any) -> None:
        inside = self.stack[-1][0] if self.stack else None
        if isinstance(inside, dict) and self.key[-1] is None:
            path = (*self.stack[-1][1], event.value)
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            if event.value in inside:
                first = self.problems.keys[path][0]
                self.problems.places[path], kept = place, self.problems.places.get(path, place)
                self.problems.add(
                    path, f"the key `{shown(event.value)}` stands here again, first in line {first}: only one can count"
                )
                self.problems.places[path] = kept
            else:
                self.problems.keys[path] = place
            self.key[-1] = event.value
            return
        quoted = event.style not in (None, "")
        path = self.put(event.value, event)
        if quoted:
            line, column = self.problems.places[path]
            self.problems.places[path] = (line, column + 1) if event.style in ("'", '"') else (line + 1, column)
            return
        value, trap = _resolve(event.value)
        if trap:
            self.problems.add(path, trap)
            self.problems.spoiled.add(path)
        self.replace(path, value)

    def put(self, value: Any, event: Any) -> Path:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.fail(event.start_mark, f"holds more than {MOST_NODES:,} values")
            raise _Enough
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        if not self.stack:
            self.root = value
            self.problems.places[()] = place
            return ()
        inside, path = self.stack[-1]
        if isinstance(inside, list):
            path = (*path, len(inside))
            inside.append(value)
        else:
            key = self.key[-1]
            assert key is not None
            path = (*path, key)
            self.key[-1] = None
            inside[key] = value
        self.problems.places[path] = place
        return path

    def replace(self, path: Path, value: Any) -> None:
        if not path:
            self.root = value
        else:
            self.stack[-1][0][path[-1]] = value


def _resolve(text: str) -> tuple[Any, str]:
    """What a bare scalar means, and the problem with it if other readers would not agree."""
    if text == "":
        return None, ""
    if text in ("true", "false"):
        return text == "true", ""
    if _WHOLE.fullmatch(text):
        if len(text) > 18:
            return 0, f"`{shown(text)}` is beyond the largest number"
        return int(text), ""
    for trap, message in _TRAPS:
        if trap.fullmatch(text):
            return text, f"`{shown(text)}` {message}"
    if _REAL.fullmatch(text):
        number = float(text)
        return (number, "") if math.isfinite(number) else (0.0, f"`{shown(text)}` is beyond the largest number")
    return text, ""


def _point(character: str | int) -> int:
    return ord(character) if isinstance(character, str) else character


def _plainly(error: yaml.MarkedYAMLError) -> str:
    """A parser's words in ours, for the mistakes people make."""
    words = f"{error.problem or ''}"
    if "\\t" in words or "'\t'" in words:
        return "a tab stands where spaces should: indent with spaces"
    if "mapping values are not allowed" in words:
        return "a second `:` in one value: quote the text, or start a new line"
    if "could not find expected ':'" in words:
        return "a `:` is missing after this key"
    if "did not find expected ',' or" in words or "expected ',' or" in words:
        return "a `,` or a closing bracket is missing"
    if "block end" in words or "expected <block" in words:
        return "the indentation does not fit the lines above"
    if "scalar" in words and "quoted" in f"{error.context}":
        return "a quoted text is not closed"
    return f"this is not YAML: {words}"

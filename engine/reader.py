"""Reads the text of a plan without surprises: YAML, of which only what a plan needs, with the place of everything.

Not accepted, each with its reason and place: duplicate keys, aliases and tags, bare `no`, `on` or `22:30` as values
(other readers take them for something else), infinite numbers, nesting beyond 64 levels, more than 1 MB.
"""

from __future__ import annotations

import math
import re
from pathlib import Path as File
from typing import Any

import yaml

from bifurque.engine.problems import Path, Problems, TooMany, Written
from bifurque.engine.values import shown

MOST_BYTES, MOST_DEPTH, MOST_NODES, MOST_ENTRIES = 1_000_000, 64, 100_000, 5_000

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TRAPS = (
    (
        re.compile(r"(?i)y|n|yes|no|on|off"),
        "is true or false to some readers and a text to others: write true or false, or quote it",
    ),
    (re.compile(r"(?i)true|false"), "is true or false to some readers: write it in small letters, or quote it"),
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
        text = "contacts and events belong in files of their own, given by --population and --events"
        problems.add((), f"is larger than {MOST_BYTES // 1_000_000} MB, which no plan is: {text}")
        return None, problems
    try:
        raw = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw  # a command line may hold any byte
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        problems.places[()] = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        wide = error.object[:2] in (b"\xff\xfe", b"\xfe\xff")
        problems.add((), f"is {'UTF-16' if wide else 'not UTF-8'} text: save it as UTF-8")
        return None, problems
    builder = _Builder(problems, text)
    problems.unreadable = False
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        _fail(builder, error)
    except yaml.reader.ReaderError as error:
        problems.unreadable = True
        line = text[: error.position].count("\n") + 1
        problems.places[()] = (line, error.position - text.rfind("\n", 0, error.position))
        problems.add((), f"holds a character that no text should: U+{_point(error.character):04X}: remove it")
    except (_Enough, TooMany):
        problems.unreadable = True
    if builder.root is None and not problems.found:
        problems.unreadable = True
        problems.add((), "is empty: `bifurque init` writes a plan to start from")
    return builder.root, problems


class _Enough(Exception):  # noqa: N818
    """Nothing more can be read."""


class _Builder:
    """Builds plain data from YAML events; a stack, never recursion."""

    def __init__(self, problems: Problems, text: str) -> None:
        self.problems = problems
        self.text = text
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
            what = "anchors and aliases (`&`, `*`)" if name == "AliasEvent" or event.anchor else "tags (`!`)"
            text = "write the value out, or quote it if it is a text"
            self.fail(event.start_mark, f"{what} are not part of the plan language: {text}")
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
        path = self.put(event.value, event)
        self.locate(path, event)
        if event.style not in (None, ""):
            strange = next((c for c in event.value if ord(c) < 32 and c not in "\t\n\r"), None)
            if strange is not None:
                self.problems.add(path, f"holds a character that no text should: U+{ord(strange):04X}: remove it")
            return
        value, trap = _resolve(event.value)
        if trap:
            self.problems.add(path, trap)
            self.problems.spoiled.add(path)
        self.replace(path, value)

    def locate(self, path: Path, event: Any) -> None:
        """Where the text itself starts: behind the quote, or on the line below `|`; and how it is written."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.style in ("'", '"'):
            start, end = start + 1, end - 1
        elif event.style in ("|", ">"):
            start = self.text.find("\n", start) + 1 or end
            start += len(self.text[start:end]) - len(self.text[start:end].lstrip())
        source = self.text[start:end].rstrip()
        line = self.problems.places[path][0] + self.text.count("\n", event.start_mark.index, start)
        column = start - self.text.rfind("\n", 0, start)
        self.problems.places[path] = (line, column)
        if source != event.value:
            style = event.style or ""
            self.problems.written[path] = Written(event.value, source, style, line, column)

    def put(self, value: Any, event: Any) -> Path:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.fail(event.start_mark, f"the plan holds more than {MOST_NODES:,} values, which is too many")
            raise _Enough
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        if not self.stack:
            self.root = value
            self.problems.places[()] = place
            return ()
        inside, path = self.stack[-1]
        if len(inside) >= MOST_ENTRIES:
            self.fail(event.start_mark, f"holds more than {MOST_ENTRIES:,} entries, which is too many")
            raise _Enough
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


_PLAINLY = (
    ("tab character", "a tab stands where spaces should: indent with spaces"),
    ("cannot start any token", "a text cannot start with this character: quote it"),
    ("mapping values are not allowed", "a second `:` in one value: quote the text, or start a new line"),
    ("could not find expected ':'", "a `:` is missing after this key"),
    ("did not find expected ',' or", "a `,` or a closing bracket is missing before this"),
    ("did not find expected '-' indicator", "a list goes on here without `-`: indent like the lines above"),
    ("did not find expected key", "the indentation does not fit the lines above, or a quote or bracket is missing"),
    ("did not find expected node content", "a value is missing before this"),
    ("block sequence entries are not allowed", "a list cannot start here: begin it on a line of its own"),
    ("block mapping", "the indentation does not fit the lines above"),
    ("expected alphabetic or numeric", "`*` and `&` mean something else in YAML: quote the text"),
    ("expected <document start>", "the plan has ended here: is the indentation right, or a quote too much?"),
    ("hexdecimal", "after `\\x` or `\\u` two or four digits of 0-9 and a-f must stand"),
    ("escape", "after `\\` only certain letters may stand: write `\\\\`, or use single quotes"),
)


def _fail(builder: _Builder, error: yaml.MarkedYAMLError) -> None:
    """Note what a parser says, in our words, for the mistakes people make."""
    mark, context, words = error.problem_mark or error.context_mark, f"{error.context}", f"{error.problem}"
    before = builder.text[: mark.index].rstrip(" ")
    if "quoted scalar" in context and "end of stream" in words:
        builder.fail(error.context_mark, "the text that starts here has no closing quote")
        return
    if "could not find expected ':'" in words:
        mark = error.context_mark
    elif "start any token" in words and builder.text[mark.index : mark.index + 1] == "\t":
        words = "tab character"
    elif "did not find expected" in words and before[-1:] in ("'", '"'):
        builder.fail(mark, "the quote before this ends the text: inside quotes write '' for ', or \\\" for \"")
        return
    plain = next((text for part, text in _PLAINLY if part in words), f"this is not YAML: {words}")
    builder.fail(mark, plain)

"""A problem of a plan: where it is, what is wrong, what to do."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from bifurque.engine.french import in_language
from bifurque.rules.errors import short

Path = tuple[str | int, ...]
Place = tuple[int, int]

MOST = 100
"""Nobody mends more problems at once, and finding the nearest word for each takes time."""

_PLAIN = re.compile(".", re.DOTALL)
_UNITS = {
    '"': re.compile(r"\\x..|\\u.{4}|\\U.{8}|\\.|.", re.DOTALL),
    "'": re.compile(r"''|.", re.DOTALL),
}
_BLANKS = ("\\n", "\\t", "\\r", "\\ ", "\\\n")


class Problem(Struct, frozen=True):
    """One problem, as one line says it: `file:line:column: where: what`."""

    path: Path
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    level: Literal["error", "finding"] = "error"

    def __str__(self) -> str:
        return self._place() + self.message

    def told(self, lang: str) -> str:
        """The same line in a language: the place stays as it is."""
        return self._place() + in_language(self.message, lang)

    def _place(self) -> str:
        where = ".".join(short(str(p)) for p in (self.path if len(self.path) < 16 else ("…", *self.path[-8:])))
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        return place + (f"{where}: " if where else "")


class Written(Struct, frozen=True):
    """A text of a plan as its file writes it, where that differs: over several lines, or with escapes."""

    value: str
    source: str
    style: str
    line: int
    column: int

    def place(self, offset: int) -> Place:
        """Where a character of the value stands in the file."""
        left = sum(not c.isspace() for c in self.value[:offset])  # blanks are folded, nothing else is
        at = len(self.source)
        for unit in _UNITS.get(self.style, _PLAIN).finditer(self.source):
            if unit[0].isspace() or (self.style == '"' and unit[0] in _BLANKS):
                continue
            if left == 0:
                at = unit.start()
                break
            left -= 1
        lines = self.source[:at].split("\n")
        return self.line + len(lines) - 1, len(lines[-1]) + (self.column if len(lines) == 1 else 1)


class TooMany(Exception):  # noqa: N818
    """More problems than anybody mends at once."""


class Problems:
    """Where problems are gathered, each with its place in the file."""

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.places: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.written: dict[Path, Written] = {}
        self.found: list[Problem] = []
        self.spoiled: set[Path] = set()  # values that could not be read, and have their problem
        self.unreadable = False  # the file as a whole
        self.notes: list[str] = []  # what is worth knowing of a plan that can run
        self.overrides: dict[Path, str] = {}  # values that stand on the command line instead
        self.most = MOST

    def trial(self) -> Problems:
        """The same places, and no problem yet."""
        found = Problems(self.file)
        found.places, found.keys, found.written = self.places, self.keys, self.written
        found.spoiled, found.overrides, found.most = self.spoiled, self.overrides, 10**9
        return found

    def add(self, path: Path, message: str, *, at_key: bool = False, column: int = 0, finding: bool = False) -> None:
        """Note a problem at a path; `at_key` points at the key rather than the value, `column` into its text.

        Raises:
            TooMany: it is one too many.
        """
        level: Literal["error", "finding"] = "finding" if finding else "error"
        for end in range(len(path), 0, -1):
            if path[:end] in self.overrides:
                self.take([Problem(path, message, self.overrides[path[:end]], level=level)])
                return
        line, start = self.place(path, at_key=at_key)
        if column and path in self.written:
            line, start = self.written[path].place(column)
        elif line:
            start += column
        self.take([Problem(path, message, self.file, line, start, level)])

    def take(self, more: list[Problem]) -> None:
        """Note problems that have their places.

        Raises:
            TooMany: there is one too many.
        """
        self.found += more
        if len(self.found) > self.most:
            raise TooMany

    def place(self, path: Path, *, at_key: bool = False) -> Place:
        """The line and column of a path, or of the nearest thing around it that the file holds."""
        tables = (self.keys, self.places) if at_key else (self.places, self.keys)
        while True:
            for table in tables:
                if path in table:
                    return table[path]
            if not path:
                return (0, 0)
            path = path[:-1]
            tables = (self.keys, self.places)

    @property
    def errors(self) -> list[Problem]:
        """What keeps the plan from running, in the order of the file."""
        return [p for p in self.sorted() if p.level == "error"]

    def sorted(self) -> list[Problem]:
        """The problems in the order of the file, each once."""
        found = sorted(set(self.found), key=lambda p: (p.line, p.column, str(p.path), p.message))
        if len(self.found) > self.most:
            message = f"there are more than {self.most} problems: these are the first ones found"
            found = [*found[: self.most], Problem((), message, self.file, level=found[0].level)]
        return found

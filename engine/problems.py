"""A problem of a plan: where it is, what is wrong, what to do."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Path = tuple[str | int, ...]
Place = tuple[int, int]


class Problem(Struct, frozen=True):
    """One problem, as one line says it: `file:line:column: where: what`."""

    path: Path
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    level: Literal["error", "finding"] = "error"

    def __str__(self) -> str:
        where = ".".join(str(p) for p in (self.path if len(self.path) < 16 else ("…", *self.path[-8:])))
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        return place + (f"{where}: " if where else "") + self.message


class Problems:
    """Where problems are gathered, each with its place in the file."""

    def __init__(
        self, file: str = "", places: dict[Path, Place] | None = None, keys: dict[Path, Place] | None = None
    ) -> None:
        self.file = file
        self.places = places or {}
        self.keys = keys or {}
        self.found: list[Problem] = []
        self.spoiled: set[Path] = set()  # values that could not be read, and have their problem
        self.unreadable = False  # the file as a whole
        self.overrides: dict[Path, str] = {}  # values that stand on the command line instead

    def add(self, path: Path, message: str, *, at_key: bool = False, column: int = 0, finding: bool = False) -> None:
        """Note a problem at a path; `at_key` points at the key rather than the value.

        `column` into the value's text.
        """
        level: Literal["error", "finding"] = "finding" if finding else "error"
        for end in range(len(path), 0, -1):
            if path[:end] in self.overrides:
                self.found.append(Problem(path, message, self.overrides[path[:end]], level=level))
                return
        line, start = self.place(path, at_key=at_key)
        self.found.append(Problem(path, message, self.file, line, start + column if line else 0, level))

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
        return sorted(set(self.found), key=lambda p: (p.line, p.column, p.path and str(p.path), p.message))

"""The errors of bifurque.

BifurqueError
├── ConditionError      a condition that cannot be read: its column and why
├── PlanError           a plan that cannot be run: every problem, with its place   (also a ValueError)
├── DataError           a population or event file that cannot be used            (also a ValueError)
└── RunError            a run folder that cannot be written or read               (also an OSError)
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BifurqueError(Exception):
    """Whatever bifurque has to say to the person who runs it."""


class ConditionError(BifurqueError, ValueError):
    """A condition that cannot be read.

    Attributes:
        column: where in the text, from 0.
        message: what is wrong, and the remedy where there is one.
    """

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column + 1}: {message}")
        self.column = column
        self.message = message


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest known one, or all of them when they are few.

    >>> did_you_mean("chanel", ["channel", "category"])
    '; did you mean `channel`?'
    """
    names = sorted(set(known))
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean `{near[0]}`?"
    if not names:
        return ""
    if len(names) > 12:
        return ""
    return "; known: " + ", ".join(f"`{n}`" for n in names)


class PlanError(BifurqueError, ValueError):
    """A plan that cannot be run.

    Attributes:
        problems: every problem found, in the order of the file.
    """

    def __init__(self, problems: Iterable[object]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class DataError(BifurqueError, ValueError):
    """A population or event file that cannot be used: the file, the row or column, and the remedy."""


class RunError(BifurqueError, OSError):
    """A run folder that cannot be written or read."""

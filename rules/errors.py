"""The errors of bifurque.

BifurqueError
├── ConditionError      a condition that cannot be read: its column and why
├── PlanError           a plan that cannot be run: every problem, with its place   (also a ValueError)
├── DataError           a population or event file that cannot be used            (also a ValueError)
└── RunError            a run folder that cannot be written or read               (also an OSError)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

MANY = 100
"""So many words are compared in full; of more, those that begin or end alike: time stays bounded."""


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


def short(text: str) -> str:
    r"""A text as a message quotes it: on one line, and cut when it is long.

    >>> short("a\nb")
    'a\\nb'
    """
    text = text if len(text) <= 60 else text[:57] + "…"
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word that looks most like another one, whatever its capitals; or nothing.

    >>> nearest("Chanel", ["channel", "category"])
    'channel'
    """
    names = {n.casefold(): n for n in known}
    word = word.casefold()
    if len(word) > 100:
        return ""
    among = sorted(names)
    if len(among) > MANY:
        slip = next((w for w in _slips(word) if w in names), None)
        alike = [n for n in among if n[:3] == word[:3] or n[-3:] == word[-3:]]
        among = alike[:MANY] if slip is None else [slip]
    near = get_close_matches(word, among, n=1, cutoff=cutoff)
    return names[near[0]] if near else ""


def _slips(word: str) -> Iterator[str]:
    """A word, and what it becomes by one key missed, pressed too much, mistaken for another or too early."""
    yield word
    parts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    yield from (a + b[1:] for a, b in parts if b)
    yield from (a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1)
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789_-./":
        yield from (a + letter + b for a, b in parts)
        yield from (a + letter + b[1:] for a, b in parts if b)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest known one, or all of them when they are few.

    >>> did_you_mean("chanel", ["channel", "category"])
    '; did you mean `channel`?'
    """
    names = set(known)
    near = nearest(word, names)
    if near:
        return f"; did you mean `{short(near)}`?"
    if not 0 < len(names) <= 24:
        return ""
    return "; known: " + ", ".join(f"`{short(n)}`" for n in sorted(names))


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

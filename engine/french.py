"""What bifurque says of plans, runs and data, in French: every message by the template it was made from."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST = 2_000
"""Characters of a message: a longer one quotes more than it says."""
MOST_JOINTS, MOST_DEPTH = 40, 12
"""Parts of a message, and parts within parts: what has more of them is a quotation."""
_BLANK = re.compile(r"\{(\d*)\}")
_NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?%?")
_PLAIN = re.compile(
    r"[^\s`]*|\"[^\"]*\"|(`[^`]*`(, | → )?)+|[^`:]*[/\\][^`:]*(:\d+){0,2}|--set [^`:]*|\[.*\]|\{.*\}", re.DOTALL
)
"""What is the same in French: a name, names between backticks, a file, a piece of YAML."""
_JOINTS = (("; ", " ; "), (": ", " : "), (" or ", " ou "), (" and ", " et "), (", ", ", "))


@dataclass(frozen=True)
class Template:
    """A message with its blanks, and the same in French, where they may stand in another order."""

    pattern: re.Pattern[str]
    french: str
    quoted: tuple[bool, ...]  # by blank: whether it is a name or a piece of YAML, and so is left alone

    def fill(self, found: re.Match[str], depth: int) -> tuple[str, bool]:
        """The French, and whether each of its blanks is in French too."""
        told = [(g, True) if q else _phrase(g, depth + 1) for g, q in zip(found.groups(), self.quoted, strict=True)]
        order = iter(range(len(told)))

        def blank(match: re.Match[str]) -> str:
            return told[int(match[1]) if match[1] else next(order)][0]

        return _BLANK.sub(blank, self.french), all(known for _, known in told)


def _template(english: str, french: str) -> Template:
    parts = _BLANK.split(english)[::2]
    pattern, quoted = "", []
    for before, after in itertools.pairwise(parts):
        around = before[-1:] + after[:1]
        quoted.append(around in ("``", "{}", "()", '""') or after.startswith((" → …", " = ")))
        pattern += re.escape(before) + ("([^`]*)" if around == "``" else "(.+?)")
    return Template(re.compile(pattern + re.escape(parts[-1]), re.DOTALL), french, tuple(quoted))


def _pairs() -> Iterator[tuple[str, str]]:
    # only who reads French pays for the tables
    from bifurque.engine import french_check, french_data, french_notes, french_plan, french_rules

    for english, french in french_plan.NOUNS:
        article, _, noun = french.partition(" ")
        the = "l'" if noun[0] in "aeéio" else "le " if article == "un" else "la "
        e = "e" if article == "une" else ""
        yield english, noun
        yield f"no {english} is called `{{}}`", f"aucun{e} {noun} ne s'appelle `{{}}`"
        if "{}" not in english:
            yield (
                f"the {english} `{{}}` stands here again: give it another name",
                f"{the}{noun} `{{}}` est déjà plus haut : donnez-lui un autre nom",
            )
            yield f"the {english} `{{}}` is never used: {{}}", f"{the}{noun} `{{}}` ne sert jamais : {{}}"
    for table in (french_plan, french_check, french_rules, french_data, french_notes):
        for name, pairs in vars(table).items():
            if name.isupper() and name != "NOUNS":
                yield from pairs


@functools.cache
def templates() -> tuple[Template, ...]:
    """All templates: those that say most come first."""
    pairs = sorted(_pairs(), key=lambda pair: len(_BLANK.sub("", pair[0])), reverse=True)
    return tuple(_template(english, french) for english, french in pairs)


def in_french(message: str) -> str:
    """A message in French; one that is not known is returned as it is.

    >>> in_french("expected a whole number, got `abc`")
    'il faut un nombre entier, pas `abc`'
    """
    return "\n".join(_phrase(line, 0)[0] for line in message.split("\n"))


def in_language(message: str, lang: str) -> str:
    """A message for who reads in a language."""
    return in_french(message) if lang == "fr" else message


@functools.lru_cache(4096)
def _phrase(text: str, depth: int) -> tuple[str, bool]:
    """A message or a part of one in French, and whether all of it is."""
    if _NUMBER.fullmatch(text):
        return _number(text), True
    if len(text) > MOST or depth > MOST_DEPTH:
        return text, False
    partly = None
    for template in templates():
        found = template.pattern.fullmatch(text)
        if found:
            french, whole = template.fill(found, depth)
            if whole:
                return french, True
            partly = partly or french
    if _PLAIN.fullmatch(text):
        return text, True
    return _joined(text, depth + 1) or (partly or text, False)


def _joined(text: str, depth: int) -> tuple[str, bool] | None:
    """Two parts of which the first is known, and what joins them: where the second one is known, if anywhere."""
    partly = None
    if sum(text.count(english) for english, _ in _JOINTS) > MOST_JOINTS:
        return None
    for english, french in _JOINTS:
        for found in re.finditer(re.escape(english), text):
            first, rest = text[: found.start()], text[found.end() :]
            before, known = _phrase(first, depth)
            place = english == ": " and before == first and "`" not in first  # a file, or a path in a plan
            joint = english if place else french
            after, also = _phrase(rest, depth) if known else (rest, False)
            if also:
                return before + joint + after, True
            partly = partly or (None if after == rest else (before + joint + after, False))
    return partly


def _number(text: str) -> str:
    """A number as French writes it, where it is not one that a plan could hold."""
    if "," not in text and "%" not in text:
        return text
    return text.translate({ord(","): "\N{NARROW NO-BREAK SPACE}", ord("."): ",", ord("%"): " %"})

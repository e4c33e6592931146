"""Numbers, dates and names as the reader's language writes them; nothing of a plan is ever read as markup."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

from bifurque.engine.trigger import Text
from bifurque.engine.words import figure

NBSP = "\N{NARROW NO-BREAK SPACE}"
MONTHS = {
    "fr": ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF", "CAD": "$ CA"}
_FRENCH = {
    "decimal": ",",
    "thousands": NBSP,
    "grouping": [3],
    "currency": ["", "\u00a0€"],
}
_ENGLISH = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["€", ""]}
LOCALE: dict[str, dict[str, Any]] = {"fr": {"number": _FRENCH}, "en": {"number": _ENGLISH}}
"""What charts write numbers with."""
_UNSEEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def visible(text: str, most: int = 80) -> str:
    """A name as a picture or a table shows it: one line, no sign that turns the direction of writing, cut if long."""
    clean = _UNSEEN.sub(" ", text).strip()
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def plain(text: str, most: int = 80) -> str:
    """The same where markup is read: in labels, headings and paragraphs."""
    return _MARKUP.sub(r"\\\1", visible(text, most))


def title(text: str | Text, name: str, lang: str) -> str:
    """A title of the plan in a language; the other one, or the name, where it is missing."""
    if isinstance(text, str):
        return visible(text or name)
    found = (text.fr, text.en) if lang == "fr" else (text.en, text.fr)
    return visible(next((t for t in found if t), name))


def number(lang: str, value: float, digits: int = 0) -> str:
    """A number: `12 345,6` or `12,345.6`."""
    return figure(lang, value, digits)


def brief(lang: str, value: float) -> str:
    """A large number in few signs: `1,2 M`."""
    size = abs(value)
    for limit, sign in ((1e9, "Md" if lang == "fr" else "bn"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            scale = {"Md": 1e9, "bn": 1e9, "M": 1e6, "k": 1e3}[sign]
            digits = 0 if size / scale >= 100 else 1
            return f"{number(lang, value / scale, digits)}{NBSP if lang == 'fr' else ''}{sign}"
    return number(lang, value, 0 if size >= 100 or value == int(value) else 2)


def money(lang: str, value: float, currency: str = "EUR", *, short: bool = True) -> str:
    """An amount: `1,2 M€`, `€1.2M`."""
    text = brief(lang, value) if short else number(lang, value, 2)
    sign = SIGNS.get(currency, visible(currency, 12))
    return f"{text}{NBSP}{sign}" if lang == "fr" or len(sign) > 1 else f"{sign}{text}"


def percent(lang: str, share: float, digits: int = 1) -> str:
    """A share: `12,3 %` or `12.3%`."""
    if math.isnan(share):
        return "–"
    return number(lang, 100 * share, digits) + (f"{NBSP}%" if lang == "fr" else "%")


def signed(lang: str, text: str, value: float) -> str:
    """A difference with its sign: `+1 234`."""
    return ("+" if value > 0 else "") + text


def day(lang: str, when: dt.date) -> str:
    """A day: `12 mars 2026`, `12 Mar 2026`."""
    return f"{when.day} {MONTHS[lang][when.month - 1]} {when.year}"


def moment(lang: str, when: dt.datetime) -> str:
    """An instant: `12 mars 2026, 14:05`."""
    return f"{day(lang, when)}, {when:%H:%M}"


def interval(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share that was seen in so many cases (Wilson)."""
    if count <= 0:
        return math.nan, math.nan
    z = 1.959964
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def safe_cell(value: Any) -> Any:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return "'" + value
    return value

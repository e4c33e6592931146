"""The values a plan is written with: durations, shares, times of day, dates, names. Each says what it expected."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from bifurque.rules.errors import nearest, short

_UNITS = {"s": 1, "min": 60, "h": 3600}
_PART = re.compile(r"(\d+)\s*(min|weeks?|days?|[swdh])\s*")
_MEANT = {
    "a minute is `min`": ("m", "mn", "minute", "minutes"),
    "an hour is `h`": ("hour", "hours", "heure", "heures"),
    "a day is `d`": ("j", "jour", "jours"),
    "a week is `w`": ("semaine", "semaines"),
    "months differ in length: write 30d": ("mo", "mois", "month", "months"),
    "years differ in length: write 365d": ("y", "year", "years", "an", "ans", "a"),
}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, eq=False)
class Rule:
    """How a scalar of the plan language is read.

    Attributes:
        read: the value of a raw one; ValueError says what was expected.
        wanted: what was expected, in words.
        raw: the types of raw values worth reading.
        word: what the reference and the editor's schema call it.
        schema: what an editor may accept.
        write: a value as a plan writes it.
    """

    read: Callable[[Any], Any]
    wanted: str
    raw: tuple[type, ...]
    word: str
    schema: Mapping[str, Any]
    write: Callable[[Any], Any] = lambda value: value


def shown(raw: Any) -> str:
    """A raw value as an error quotes it: short, whatever it is."""
    if isinstance(raw, dict):
        return "{…}" if raw else "{}"
    if isinstance(raw, list):
        return "[…]" if raw else "[]"
    text = str(raw)
    if raw is None or isinstance(raw, bool):
        text = {True: "true", False: "false", None: "nothing"}[raw]
    return short(text)


def _refuse(wanted: str, raw: Any, more: str = "") -> ValueError:
    return ValueError(f"expected {wanted}, got `{shown(raw)}`{more}")


def _is_number(raw: Any) -> bool:
    return isinstance(raw, int | float) and not isinstance(raw, bool)


_DURATION = "a duration such as 30min, 24h, 3d or 2w"


@dataclass(frozen=True, slots=True)
class Duration:
    """Calendar days and elapsed seconds: `3d`, `24h`, `1h30min`, `2w`.

    In waits, `within` and `valid_for` a day is a calendar day at the same wall time; in half-lives and rolling caps it
    is 24 hours.
    """

    days: int
    seconds: int

    @classmethod
    def read(cls, raw: Any) -> Self:
        """Days and weeks go to `days`, the rest to `seconds`."""
        if not isinstance(raw, str) or not re.fullmatch(rf"({_PART.pattern})+", raw.strip()):
            unit = re.fullmatch(r"\d+\s*([^\W\d]+)", raw.strip()) if isinstance(raw, str) else None
            meant = next((m for m, words in _MEANT.items() if unit and unit[1].lower() in words), None)
            raise _refuse(_DURATION, raw, f"; {meant}" if meant else "")
        days = seconds = 0
        for number, unit in _PART.findall(raw.strip()):
            if len(number) > 10:
                raise ValueError(f"`{shown(raw)}` is longer than a century")
            if unit in _UNITS:
                seconds += int(number) * _UNITS[unit]
            else:
                days += int(number) * (7 if unit[0] == "w" else 1)
        if days > 36600 or seconds > 36600 * 86400:
            raise ValueError(f"`{shown(raw)}` is longer than a century")
        return cls(days, seconds)

    @property
    def elapsed(self) -> int:
        """Seconds, a day being 24 hours."""
        return self.days * 86400 + self.seconds

    def __str__(self) -> str:
        parts = [f"{self.days}d"] if self.days else []
        left = self.seconds
        for unit in ("h", "min", "s"):
            count, left = divmod(left, _UNITS[unit])
            parts += [f"{count}{unit}"] if count else []
        return "".join(parts) or "0s"


DURATION = Rule(
    Duration.read,
    _DURATION,
    (str, int, float),
    "duration",
    {"type": "string", "pattern": r"^\s*(\d{1,10}\s*(min|weeks?|days?|[swdh])\s*)+$"},
    str,
)


def _share(raw: Any) -> float:
    if isinstance(raw, str) and re.fullmatch(r"\d{1,9}(\.\d+)?\s*%", raw.strip()):
        share = float(raw.strip().rstrip("% ")) / 100
    elif _is_number(raw):
        share = float(raw)
    else:
        raise _refuse("a share such as 5% or 0.05", raw)
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0% and 100%, got `{shown(raw)}`")
    return share


def _clock(raw: Any) -> int:
    if not isinstance(raw, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00", raw):
        raise _refuse('a time of day such as "22:30"', raw)
    hours, minutes, *rest = map(int, raw.split(":"))
    return hours * 3600 + minutes * 60 + (rest[0] if rest else 0)


_MOMENT = "a date such as 2025-11-28, with or without a time such as 08:00"


def _moment(raw: Any) -> int:
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?", raw):
        raise _refuse(_MOMENT, raw)
    try:
        return int(dt.datetime.fromisoformat(raw).replace(tzinfo=dt.UTC).timestamp())
    except ValueError:
        raise _no_such_day(raw) from None


def _no_such_day(raw: str) -> ValueError:
    """Why a date that looks like one is none."""
    year, month, day = (int(part) for part in raw[:10].split("-"))
    if year < 1 or not 1 <= month <= 12:
        return ValueError(f"`{raw}` is no date: the month is written second, from 01 to 12")
    days = calendar.monthrange(year, month)[1]
    if not 1 <= day <= days:
        return ValueError(f"`{raw}` is no date: {year}-{month:02} has {days} days")
    return ValueError(f"`{raw}` is no date: the hours go from 00 to 23, the minutes from 00 to 59")


def read_date(raw: Any) -> int:
    """The number of a day, counted from 1970-01-01.

    Raises:
        ValueError: it is not a date of the calendar.
    """
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
        raise _refuse("a date such as 2025-01-31", raw)
    try:
        return dt.date.fromisoformat(raw).toordinal() - EPOCH
    except ValueError:
        raise _no_such_day(raw) from None


def _money(raw: Any) -> float:
    if not _is_number(raw) or not 0 <= raw <= 1e9:
        raise _refuse("an amount such as 12.50", raw)
    return float(raw)


def _number(raw: Any) -> float:
    if not _is_number(raw) or not math.isfinite(raw) or abs(raw) > 1e15:
        raise _refuse("a number", raw)
    return float(raw)


_NAME = "a name of letters, digits, `_` and `-`, not starting with a digit"


def _name(raw: Any) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"[^\W\d][\w-]{0,62}", raw):
        raise _refuse(_NAME, raw)
    return raw


def _answer(raw: Any) -> str:
    if _is_number(raw) or (isinstance(raw, str) and raw.isdecimal()):
        return str(raw)
    return _name(raw)


def _zone(raw: Any) -> str:
    from bifurque.engine.zones import known_zones, near_zone

    if not isinstance(raw, str) or raw not in known_zones():
        raise _refuse("a time zone such as Europe/Paris", raw, near_zone(raw) if isinstance(raw, str) else "")
    return raw


def _condition(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        always = f'; quote it: "{shown(raw)}"' if isinstance(raw, bool) else ""
        raise _refuse("a condition, as a text", raw, always)
    return raw


def _weekday(raw: Any) -> str:
    if raw not in WEEKDAYS:
        near = raw[:3].lower() if isinstance(raw, str) and raw[:3].lower() in WEEKDAYS else nearest(str(raw), WEEKDAYS)
        raise _refuse("one of " + ", ".join(WEEKDAYS), raw, f"; did you mean `{near}`?" if near else "")
    return str(raw)


_PERCENT = {"type": "string", "pattern": r"^(100(\.0+)?|\d{1,2}(\.\d+)?)\s*%$"}
_SHARE = {"anyOf": [_PERCENT, {"type": "number", "minimum": 0, "maximum": 1}]}
_TIME = {"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00)$"}
_DAY = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
_READING = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?$"}
# no `\w`: it holds é in some editors' dialect of regular expressions, and not in others
_LETTERS = {"type": "string", "maxLength": 63, "pattern": r"^[^\s!-@\[-^`{-~][^\s!-,./:-@\[-^`{-~]*$"}
_AMOUNT = {"type": "number", "minimum": 0, "maximum": 1e9}
_FINITE = {"type": "number", "minimum": -1e15, "maximum": 1e15}


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")


Share = Annotated[
    float,
    Rule(_share, "a share such as 5% or 0.05", (str, int, float), "share", _SHARE, lambda share: f"{100 * share:g}%"),
]
"""A share of a whole: `5%`, or a number from 0 to 1."""
Clock = Annotated[int, Rule(_clock, 'a time of day such as "22:30"', (str, int), "time of day", _TIME, _time)]
"""A time of day on a wall clock, as seconds since midnight; `"24:00"` is the end of the day."""
Moment = Annotated[int, Rule(_moment, _MOMENT, (str,), "date and time", _READING)]
"""A reading of a calendar and a wall clock, as seconds since 1970-01-01 00:00; no zone involved."""
Date = Annotated[int, Rule(read_date, "a date such as 2025-01-31", (str, int), "date", _DAY)]
"""A day of the calendar, as days since 1970-01-01."""
Money = Annotated[float, Rule(_money, "an amount such as 12.50", (int, float), "amount", _AMOUNT)]
"""An amount in the plan's currency."""
Number = Annotated[float, Rule(_number, "a number", (int, float), "number", _FINITE)]
"""A number; neither infinite nor undefined."""
Name = Annotated[str, Rule(_name, _NAME, (str, int, float, bool), "name", _LETTERS)]
"""A name: letters, digits, `_` and `-`, not starting with a digit."""
Answer = Annotated[str, Rule(_answer, _NAME, (str, int, float, bool), "name", {"type": "string"})]
"""An answer to a survey: a name, or a score."""
Zone = Annotated[str, Rule(_zone, "a time zone such as Europe/Paris", (str,), "time zone", {"type": "string"})]
"""A time zone by its IANA name."""
Condition = Annotated[
    str,
    Rule(_condition, "a condition, as a text", (str, bool), "expression", {"type": "string", "pattern": r"\S"}),
]
"""A condition or an expression in the subset of CEL that the reference describes; checked once all names are known."""
Weekday = Annotated[
    str, Rule(_weekday, "one of " + ", ".join(WEEKDAYS), (str,), "weekday", {"type": "string", "enum": [*WEEKDAYS]})
]
"""A day of the week: mon tue wed thu fri sat sun."""


def weekday_bits(days: tuple[str, ...]) -> int:
    """Weekdays as bits, Monday being 1; all of them when none is named.

    >>> weekday_bits(("mon", "sun"))
    65
    """
    return sum(1 << WEEKDAYS.index(d) for d in set(days)) or 127

"""Figures with what is known of them: estimated, weak where what was known before says more, or assumed."""

from __future__ import annotations

import math
from typing import Any, Literal

from msgspec import structs

from bifurque.engine.fit_likelihood import SURE
from bifurque.engine.realistic import Figure, Known

UNSURE = 0.5
"""A rate whose standard error is more than this share of it is hardly told."""
Scale = Literal["share", "positive", "plain"]
SPREADS: dict[Scale, float] = {"share": 0.7, "positive": 0.5, "plain": 0.2}
"""How sure what is assumed is: its standard error on the logit, logarithmic and plain scale; published figures for
one thing differ by a factor of two between providers and years."""


def value_of(f: Figure | None) -> float:
    """The figure itself."""
    assert f is not None
    return float(f.value if isinstance(f, Known) else f)


SHARES = {"open", "click", "unsubscribe", "hard", "soft", "machine", "cart", "returns", "completes"}
PLAIN = {"fatigue", "lift", "messages"}
"""Sections of figures that may have either sign, but for their `days`."""


def scale_of(path: str) -> Scale:
    """On which scale the interval of a figure is symmetric."""
    section, name = path.split(".")[0], path.split(".")[-1]
    if (section in PLAIN and name != "days") or name == "taste":
        return "plain"
    return "share" if name in SHARES else "positive"


def interval(path: str, f: Known) -> tuple[float, float] | None:
    """The 95 % interval of a figure by its path, such as `purchases.r`; None where its error is not known."""
    scale = scale_of(path)
    at, ease = _on_scale(f.value, scale)
    if f.error is None or not math.isfinite(at):
        return None
    half = SURE * f.error * ease
    return _from_scale(at - half, scale), _from_scale(at + half, scale)


def known(value: float, error: float, source: str) -> Known:
    """An estimate that stands by itself; weak when its standard error is a large share of it."""
    weak = not error <= UNSURE * abs(value)
    return Known(value, error if math.isfinite(error) else None, "weak" if weak else "estimated", source)


def weighed(found: tuple[float, float], before: Figure | None, scale: Scale, source: str, default: str) -> Known:
    """An estimate, or, when it says less than what was known, the two weighed by how sure they are."""
    prior = value_of(before)
    value, error = found
    at, ease = _on_scale(value, scale)
    if not (math.isfinite(at) and math.isfinite(error)):
        return Known(prior, status="assumed", source=default)
    spread, here = SPREADS[scale], error * ease
    if here <= spread:
        return Known(value, error, "estimated", source)
    weight = spread**2 / (spread**2 + here**2)
    middle = weight * at + (1 - weight) * _on_scale(prior, scale)[0]
    back = _from_scale(middle, scale)
    width = math.sqrt(weight) * here / _on_scale(back, scale)[1]
    return Known(back, width, "weak", source)


def _on_scale(value: float, scale: Scale) -> tuple[float, float]:
    """A value on a scale, and how much faster that scale moves there."""
    if scale == "share":
        value = min(max(value, 1e-9), 1 - 1e-9)
        return math.log(value / (1 - value)), 1 / (value * (1 - value))
    if scale == "positive":
        return (math.log(value), 1 / value) if value > 0 else (-math.inf, math.inf)
    return value, 1.0


def _from_scale(at: float, scale: Scale) -> float:
    """A value back from a scale."""
    if scale == "share":
        return 1 / (1 + math.exp(-max(at, -700.0)))
    return math.exp(min(at, 700.0)) if scale == "positive" else at


def counted(some: Any, every: Any, before: Figure | None, source: str) -> Known:
    """A plain share; what was known before stands for as many cases as would make it that sure."""
    prior = min(max(value_of(before), 1e-4), 1 - 1e-4)
    worth = 1 / (SPREADS["share"] ** 2 * prior * (1 - prior))
    told = every >= worth
    p = (some + 0.5) / (every + 1) if told else (some + worth * prior) / (every + worth)
    count = every + (1 if told else worth)
    return Known(float(p), math.sqrt(p * (1 - p) / count), "estimated" if told else "weak", source)


def scaled(f: Figure, factor: float) -> Known:
    """A figure known times a factor."""
    assert isinstance(f, Known)
    return structs.replace(f, value=f.value * factor, error=None if f.error is None else f.error * factor)


def assumed(section: Any, source: str) -> Any:
    """A section of which every plain figure says that it is assumed."""
    left = {
        f.name: Known(float(value), status="assumed", source=source)
        for f in structs.fields(type(section))
        if isinstance(value := getattr(section, f.name), int | float)
    }
    return structs.replace(section, **left)

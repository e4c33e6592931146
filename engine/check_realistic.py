"""Checks of realistic behaviour: figures a model can be made of, and names the plan knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bifurque.engine.names import answers, listed
from bifurque.engine.problems import Path, Problems
from bifurque.engine.realistic import Figure, Known, Realistic
from bifurque.engine.values import shown

if TYPE_CHECKING:
    from bifurque.engine.check import Checker

TINY, HUGE = 1e-9, 1e15
SHARE = (0.0, 1.0)
BOUNDS: dict[str, tuple[float, float]] = {
    "purchases.r": (0.001, HUGE),
    "purchases.alpha": (TINY, HUGE),
    "purchases.beta": (TINY, HUGE),
    "purchases.taste": (-1.0, 1.0),
    "purchases.regularity": (1.0, 20.0),
    "spend.p": (0.001, HUGE),
    "spend.q": (0.01, HUGE),
    "lift.days": (0.01, 36600.0),
    "lift.opened": (-HUGE, HUGE),
    "lift.clicked": (-HUGE, HUGE),
    "lift.most": (0.0, 1000.0),
    "visits.cart": SHARE,
    "visits.returns": SHARE,
    "visits.completes": SHARE,
    "visits.hours": (0.01, HUGE),
    "channels.open": SHARE,
    "channels.click": SHARE,
    "channels.open_spread": (0.0, 10.0),
    "channels.click_spread": (0.0, 10.0),
    "channels.unsubscribe": SHARE,
    "channels.hard": SHARE,
    "channels.soft": SHARE,
    "channels.machine": SHARE,
    "channels.shape": (0.1, HUGE),
    "fatigue.days": (0.01, 36600.0),
    "fatigue.opens": (-100.0, 100.0),
    "fatigue.clicks": (-100.0, 100.0),
    "fatigue.repeats": (-100.0, 100.0),
    "fatigue.unsubscribes": (-100.0, 100.0),
    "fatigue.opened": (-100.0, 100.0),
    "clock.spread": (0.0, 12.0),
    "clock.sending": (-100.0, 100.0),
    "interest.days": (0.01, 36600.0),
    "interest.opens": (-100.0, 100.0),
    "interest.clicks": (-100.0, 100.0),
    "opinion.start": SHARE,
    "opinion.step": SHARE,
    "opinion.unsubscribes": (-100.0, 100.0),
    "opinion.answers": (-100.0, 100.0),
    "opinion.scores": (-100.0, 100.0),
    "opinion.response": SHARE,
    "opinion.bias": (-100.0, 100.0),
    "personas.open": (-100.0, 100.0),
    "personas.click": (-100.0, 100.0),
    "messages.open": (-100.0, 100.0),
    "messages.click": (-100.0, 100.0),
    "messages.relevance": (-100.0, 100.0),
    "messages.lift": (-HUGE, HUGE),
}
"""The least and the most of a figure; any other is not below 0."""


def check_realistic(c: Checker) -> None:
    """Figures within their bounds. Names of no use are findings: the same people may live several plans."""
    people, here = c.plan.behaviour.realistic, ("behaviour", "realistic")
    check_figures(people, here, c.problems)
    known = (("channels", c.names.channels), ("personas", c.names.personas), ("messages", c.names.messages))
    for part, names in known:
        for name in getattr(people, part):
            if name not in names:
                c.problems.add((*here, part, name), f"the plan has no {part[:-1]} `{shown(name)}`", finding=True)
    for survey in listed(people.opinion.surveys):
        if survey not in answers(c.names):
            c.problems.add((*here, "opinion", "surveys"), f"the plan has no survey `{shown(survey)}`", finding=True)
    for name in people.messages:
        if name in c.names.messages:
            c.condition(people.messages[name].when, (*here, "messages", name, "when"))
    rates = [_value(people.personas[p].rate) if p in people.personas else 1 for p in c.names.personas]
    if people.personas and not any(rates):
        c.problems.add((*here, "personas"), "nobody ever buys: give one persona a rate above 0")


def check_figures(people: Realistic, here: Path, problems: Problems) -> None:
    """Figures a model can be made of, wherever they stand."""
    for part in ("purchases", "spend", "lift", "visits", "fatigue", "clock", "interest", "opinion"):
        _bounded(problems, getattr(people, part), part, (*here, part))
    for part in ("channels", "personas", "messages"):
        for name, figures in getattr(people, part).items():
            _bounded(problems, figures, part, (*here, part, name))
    if any(hour < 0 for hour in people.clock.hours) or not any(people.clock.hours):
        problems.add((*here, "clock", "hours"), "a weight is not below 0, and people are awake at some hour")
    if _value(people.purchases.regularity) % 1 != 0:
        problems.add((*here, "purchases", "regularity"), "expected a whole number")
    for scale in ("nps", "csat"):
        weights = getattr(people.opinion, scale)
        if any(w < 0 for w in weights) or not any(weights):
            problems.add((*here, "opinion", scale), "a weight is not below 0, and some score is given")
    if _value(people.purchases.a) > 0 and _value(people.purchases.b) <= 0:
        problems.add((*here, "purchases", "a"), "BG/NBD needs `b` as well, above 0")


def _bounded(problems: Problems, figures: Any, part: str, path: Path) -> None:
    for key in figures.__struct_fields__:
        value = getattr(figures, key)
        value = _value(value) if isinstance(value, Known) else value
        least, most = BOUNDS.get(f"{part}.{key}", (0.0, HUGE))
        if isinstance(value, float | int) and not least <= value <= most:
            wanted = f"at least {least:g}" if value < least else f"at most {most:g}"
            problems.add((*path, key), f"expected {wanted}, got `{shown(value)}`")


def _value(figure: Figure) -> float:
    return figure.value if isinstance(figure, Known) else figure

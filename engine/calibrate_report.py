"""A calibration for those who read it: the table of all figures, the models of purchases, arms compared, notes."""

from __future__ import annotations

from typing import Any

import numpy as np

from bifurque.engine.calibrate import Calibration
from bifurque.engine.calibrate_figures import interval
from bifurque.engine.calibrate_words import in_words, say
from bifurque.engine.fit_lift import Lift, predictions
from bifurque.engine.fit_purchases import expected_curve, lived_curve
from bifurque.engine.known_figures import figures
from bifurque.engine.realistic import Known
from bifurque.engine.words import figure


def report(c: Calibration) -> str:
    """The whole calibration as text."""
    lines = [_title(c), "", *_table(c), "", *_models(c), *_lifts(c)]
    lines += [f"{say(c.lang, 'note')}: {note}" for note in c.notes]
    return "\n".join(lines)


def _title(c: Calibration) -> str:
    days = np.array([c.log.start, c.log.end]).astype("datetime64[s]").astype("datetime64[D]")
    return say(c.lang, "title", c.log.file, figure(c.lang, c.log.count + c.log.silent), *days)


def _table(c: Calibration) -> list[str]:
    rows = figures(c.behaviour)
    texts = [_cells(c, path, known) for path, known in rows]
    heads = tuple(say(c.lang, w) for w in ("figure", "value", "error", "interval", "status", "source"))
    widths = [max(len(t[i]) for t in (heads, *texts)) for i in range(5)]
    lines = []
    for path, value, error, around, status, source in (heads, *texts):
        cells = f"{path:<{widths[0]}}  {value:>{widths[1]}}  {error:>{widths[2]}}  {around:>{widths[3]}}"
        cells += f"  {status:<{widths[4]}}"
        lines.append(f"{cells}  {source}".rstrip())
    counts = [sum(k.status == s for _, k in rows) for s in ("estimated", "weak", "assumed")]
    return [*lines, say(c.lang, "counts", *counts)]


def _cells(c: Calibration, path: str, f: Known) -> tuple[str, ...]:
    """A row of the table."""
    around = interval(path, f)
    told = "·" if around is None else " … ".join(_number(c, end, 3) for end in around)
    return path, _number(c, f.value), _number(c, f.error, 2), told, say(c.lang, f.status), f.source


def _number(c: Calibration, value: float | None, digits: int = 4) -> str:
    return in_words(c.lang, value, digits)


def weeks_told(c: Calibration) -> list[tuple[float, int, dict[str, float]]]:
    """At four moments of the log: the week, purchases after the first that were lived, and those each model expects."""
    if c.purchases is None:
        return []
    customers, fits = c.purchases.customers, c.purchases.fits
    weeks = float(customers.watched.max()) * np.array([0.25, 0.5, 0.75, 1.0])
    lived = lived_curve(customers, weeks)
    expected = {name: expected_curve(name, fit.values, customers, weeks) for name, fit in fits.items()}
    return [(float(w), int(lived[i]), {n: float(e[i]) for n, e in expected.items()}) for i, w in enumerate(weeks)]


def _models(c: Calibration) -> list[str]:
    if c.purchases is None:
        return []
    lines = [f"{say(c.lang, 'models'):<34}{say(c.lang, 'loglik'):>18}"]
    for name, fit in c.purchases.fits.items():
        values = " ".join(f"{n} {_number(c, float(v))}" for n, v in zip(fit.names, fit.values, strict=True))
        mark = f"  ← {say(c.lang, 'chosen')}" if name == c.purchases.chosen else ""
        lines.append(f"  {name:<32}{figure(c.lang, fit.loglik, 1):>18}  {values}{mark}")
    told = weeks_told(c)
    lines.append(f"{say(c.lang, 'repeats'):<34}" + "".join(f"{_week(c, w):>18}" for w, _, _ in told))
    rows = {say(c.lang, "lived"): [n for _, n, _ in told]}
    rows |= {name: [round(expected[name]) for _, _, expected in told] for name in c.purchases.fits}
    lines += [f"  {name:<32}" + "".join(f"{figure(c.lang, n):>18}" for n in counts) for name, counts in rows.items()]
    return [*lines, ""]


def _week(c: Calibration, week: float) -> str:
    return f"{say(c.lang, 'week')} {figure(c.lang, week, 1)}"


def _lifts(c: Calibration) -> list[str]:
    """Natural and caused conversion where arms tell them; otherwise what is needed."""
    if not c.lifts:
        return [*say(c.lang, "no_arms").splitlines(), ""]
    return [line for lift in c.lifts for line in (*_lift(c, lift), "")]


def _lift(c: Calibration, lift: Lift) -> list[str]:
    name = {"": say(c.lang, "arms.log"), "*": say(c.lang, "arms.global")}.get(lift.name, lift.name)
    heads = [say(c.lang, w) for w in ("mean", "effect", "another")]
    lines = [say(c.lang, "arms", name, _arm(c, lift.base))]
    width = max(len(_arm(c, a)) for means in lift.arms.values() for a in means) + 2
    others = predictions(lift)
    once = lift.arms.get("purchases") == lift.arms.get("conversions")  # nobody bought twice: it is the same
    for outcome, means in lift.arms.items():
        if outcome == "purchases" and once:
            continue
        lines.append(f"  {say(c.lang, f'outcome.{outcome}'):<{width + 9}}{heads[0]:>12}  {heads[1]:<34}{heads[2]}")
        for arm, mean in means.items():
            effect = lift.effects[outcome].get(arm)
            caused = say(c.lang, "natural" if lift.control else "base")
            if effect is not None:
                low, high = effect.interval()
                caused = f"{_signed(c, effect.value)} [{_signed(c, low)}, {_signed(c, high)}]"
            other = others[arm][outcome]
            cells = (
                f"    {_arm(c, arm):<{width}}{figure(c.lang, mean.count):>7}{_number(c, mean.value):>12}  {caused:<34}"
            )
            lines.append(f"{cells}{_number(c, other['low'])} … {_number(c, other['high'])}")
    return lines


def _arm(c: Calibration, arm: str) -> str:
    return arm or say(c.lang, "arm.plain")


def _signed(c: Calibration, value: float) -> str:
    return ("+" if value >= 0 else "") + _number(c, value, 3)


def as_data(c: Calibration) -> dict[str, Any]:
    """The whole calibration as plain data."""
    return {
        "log": {"file": c.log.file, "contacts": c.log.count + c.log.silent, "start": c.log.start, "end": c.log.end},
        "figures": {
            path: {
                "value": k.value,
                "error": k.error,
                "interval": interval(path, k),
                "status": k.status,
                "source": k.source,
            }
            for path, k in figures(c.behaviour)
        },
        "hours": list(c.behaviour.clock.hours),
        "purchases": None if c.purchases is None else _models_as_data(c),
        "spend": None
        if c.spend is None
        else {"correlation": c.spend.correlation, "interval": c.spend.interval, "independent": c.spend.independent},
        "lift": [_lift_as_data(lift) for lift in c.lifts] if c.lifts else None,
        "lift_needs": None if c.lifts else say(c.lang, "no_arms"),
        "notes": c.notes,
    }


def _models_as_data(c: Calibration) -> dict[str, Any]:
    assert c.purchases is not None
    models = {
        name: {
            "loglik": fit.loglik,
            **{
                n: {"value": fit.value(n), "error": _finite(fit.error(n)), "interval": fit.interval(n)}
                for n in fit.names
            },
        }
        for name, fit in c.purchases.fits.items()
    }
    curve = [{"week": week, "lived": lived, **expected} for week, lived, expected in weeks_told(c)]
    return {"chosen": c.purchases.chosen, "gain": c.purchases.gain, "models": models, "repeats": curve}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _lift_as_data(lift: Lift) -> dict[str, Any]:
    return {
        "name": lift.name,
        "base": lift.base,
        "looks_random": lift.random,
        "sent": lift.sends,
        "effects": {
            outcome: {
                arm: {"effect": e.value, "interval": e.interval(), "relative": e.relative} for arm, e in by.items()
            }
            for outcome, by in lift.effects.items()
        },
        "arms": predictions(lift),
    }

r"""Try a whole plan of customer journeys on millions of contacts before sending anything.

>>> import bifurque
>>> plan = bifurque.loads("plan: small\nstart: 2026-01-01\n")
>>> plan.days
365

What is used is loaded when it is first used: reading a plan needs no compiler, looking into a run no kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bifurque.engine.calibrate import Calibration, calibrate
    from bifurque.engine.compare import Comparison, compare
    from bifurque.engine.load import inspect, load, loads
    from bifurque.engine.plan import Plan
    from bifurque.engine.resume import resume
    from bifurque.engine.run import Run, open_run
    from bifurque.engine.simulate import simulate
    from bifurque.engine.why import why
    from bifurque.engine.world import World
    from bifurque.rules.errors import BifurqueError, ConditionError, DataError, PlanError, RunError

__all__ = [
    "BifurqueError",
    "Calibration",
    "Comparison",
    "ConditionError",
    "DataError",
    "Plan",
    "PlanError",
    "Run",
    "RunError",
    "World",
    "calibrate",
    "compare",
    "inspect",
    "load",
    "loads",
    "open_run",
    "resume",
    "simulate",
    "why",
]

_HOMES = {
    "BifurqueError": "rules.errors",
    "Calibration": "engine.calibrate",
    "Comparison": "engine.compare",
    "ConditionError": "rules.errors",
    "DataError": "rules.errors",
    "Plan": "engine.plan",
    "PlanError": "rules.errors",
    "Run": "engine.run",
    "RunError": "rules.errors",
    "World": "engine.world",
    "calibrate": "engine.calibrate",
    "compare": "engine.compare",
    "inspect": "engine.load",
    "load": "engine.load",
    "loads": "engine.load",
    "open_run": "engine.run",
    "resume": "engine.resume",
    "simulate": "engine.simulate",
    "why": "engine.why",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("bifurque")
    if name not in _HOMES:
        raise AttributeError(f"module 'bifurque' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"bifurque.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

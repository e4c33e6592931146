"""A pytest plugin in which time travels: test a plan as you would test code.

def test_a_cart_is_recovered(world):
    shop = world("plan.yaml")
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2026-03-10 14:00").does("cart_updated", cart=1)
    shop.advance("3d")
    assert anna.sent == [("cart_reminder", "2026-03-10 15:30")]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bifurque.engine.walk import Walk
    from bifurque.engine.world import World
    from bifurque.engine.world_contact import Contact

__all__ = ["Contact", "World", "replay_walk", "world"]


def __getattr__(name: str) -> Any:
    """Load the world only when somebody asks for it: a test run that does not pays nothing."""
    if name in ("Contact", "World"):
        from bifurque.engine import world as module

        return getattr(module, name)
    raise AttributeError(name)


def replay_walk(file: str | Path, plan: str | Path | None = None) -> Walk:
    """Walk again what `bifurque walk` saved; it must lead to the decisions that were saved.

    Args:
        file: the saved walk.
        plan: another plan than the one it was saved for, such as a newer one.

    Raises:
        AssertionError: other decisions; it says which.
    """
    __tracebackhide__ = True
    from bifurque.engine.walk_file import differences, load

    walk, saved = load(file, plan)
    found = differences(walk, saved)
    assert not found, "\n".join([f"{file}: other decisions; - saved, + now", *found])
    return walk


@pytest.fixture
def world() -> Callable[..., World]:
    """Make worlds: `world(plan, set=[…], behaviour="off", seed=1)`; see `bifurque.testing.World`."""
    from bifurque.engine.world import World

    return World

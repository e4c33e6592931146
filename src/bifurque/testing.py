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
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bifurque.engine.world import Contact, World

__all__ = ["Contact", "World", "world"]


def __getattr__(name: str) -> Any:
    """Load the world only when somebody asks for it: a test run that does not pays nothing."""
    if name in ("Contact", "World"):
        from bifurque.engine import world as module

        return getattr(module, name)
    raise AttributeError(name)


@pytest.fixture
def world() -> Callable[..., World]:
    """Make worlds: `world(plan, set=[…], behaviour="off", seed=1)`; see `bifurque.testing.World`."""
    from bifurque.engine.world import World

    return World

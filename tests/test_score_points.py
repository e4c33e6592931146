"""Points may be what an event is worth: tiers by what was spent, refunds taken off."""

import pytest

from bifurque.engine.load import loads
from bifurque.rules.errors import PlanError

PLAN = """
plan: tiers
start: 2025-01-01
scores:
  spend: {on: {purchase: event.value, refunded: -event.value, visited: 2}}
stages: [bronze, {name: silver, score: spend, at: 100000}, {name: gold, score: spend, at: 500000}]
"""


def test_points_are_the_value_of_the_event(world):
    shop = world(PLAN)
    anna = shop.contact()
    anna.at("2025-02-01 10:00").does("purchase", value=99_999)
    assert (anna.score("spend"), anna.stage) == (99_999, "bronze")
    anna.at("2025-02-02 10:00").does("purchase", value=1)
    assert (anna.score("spend"), anna.stage) == (100_000, "silver")
    anna.at("2025-02-03 10:00").does("purchase", value=400_000)
    assert anna.stage == "gold"
    anna.at("2025-02-03 10:05").does("refunded", value=400_001)
    assert (anna.score("spend"), anna.stage) == (99_999, "bronze")
    anna.at("2025-02-04 10:00").does("visited")
    assert (anna.score("spend"), anna.stage) == (100_001, "silver")


def test_an_event_without_a_value_gives_no_points_and_a_score_stays_above_zero(world):
    shop = world(PLAN)
    anna = shop.contact()
    anna.at("2025-02-01 10:00").does("purchase")
    assert anna.score("spend") == 0
    anna.at("2025-02-02 10:00").does("refunded", value=500)
    anna.at("2025-02-03 10:00").does("purchase", value=700)
    assert anna.score("spend") == 700


@pytest.mark.parametrize(("points", "text"), [("event.worth", "unknown name"), ("event.key", "a number is needed")])
def test_points_must_be_a_number(points, text):
    with pytest.raises(PlanError, match=text) as error:
        loads(PLAN.replace("purchase: event.value", f"purchase: {points}"))
    assert error.value.problems[0].line == 5

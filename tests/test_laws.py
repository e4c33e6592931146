"""DESIGN 5: whatever the plan and whatever people do, no law is broken. The judge is `auditor`, not the product."""

import pytest
from auditor import audit, blind_spots
from drawn_plans import histories, plans
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lived import lived


@st.composite
def cases(draw):
    plan, start = draw(plans())
    return plan, *draw(histories(start)), draw(st.integers(1, 3))


def check(tmp_path_factory, case):
    plan, people, events, seed = case
    story = lived(tmp_path_factory.mktemp("run"), plan, people, events, seed)
    assert blind_spots(story.plan) == []
    assert audit(story) == []


quickly = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@quickly
@given(case=cases())
def test_no_plan_breaks_a_law(tmp_path_factory, case):
    check(tmp_path_factory, case)


@pytest.mark.slow
@settings(quickly, max_examples=2000)
@given(case=cases())
def test_no_plan_breaks_a_law_at_length(tmp_path_factory, case):
    check(tmp_path_factory, case)

"""DESIGN 5: whatever the plan and whatever people do, no law is broken. The judge is `auditor`, not the product."""

import csv
from unittest import mock

import pytest
from auditor import audit, blind_spots, story_of
from drawn_plans import histories, plans
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bifurque.engine.simulate import ROWS, simulate


@st.composite
def cases(draw):
    plan, start = draw(plans())
    return plan, *draw(histories(start)), draw(st.integers(1, 3))


def write(file, rows):
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def lived(folder, plan, people, events, seed=1, **more):
    """The story of a run over people and events."""
    folder.mkdir(exist_ok=True)
    files = {"population": write(folder / "people.csv", people)}
    if events:
        files["events"] = write(folder / "events.csv", events)
    options = {"ledger": "full", "behaviour": "off", "workers": 1, "seed": seed, "overwrite": True}
    with mock.patch.dict(ROWS, full=1024):  # little room: lanes must hand their rows over in between
        run = simulate(plan, out=folder / "run", **files, **{**options, **more})
    return story_of(run, people)


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

"""A run of realistic people, read as if it had been lived: calibration finds what the plan says they are like."""

import pytest

from bifurque.engine.calibrate import calibrate
from bifurque.engine.calibrate_report import figures, report
from bifurque.engine.simulate import simulate

PLAN = """
plan: lived
start: 2025-01-06
zone: Europe/Paris
holdout: 20%
categories: [{name: news, class: promotional}]
channels: {email: {cost: 0.001}}
messages:
  weekly: {channel: email, category: news}
  tips: {channel: email, category: news}
  offer: {channel: email, category: news}
  survey: {channel: email, category: news}
experiments:
  rhythm: {arms: {calm: "50%", busy: "50%"}}
journeys:
  letters:
    trigger: {schedule: {every: week, on: mon, at: "09:00"}}
    reentry: parallel
    steps: [{send: weekly}]
  more:
    trigger: {schedule: {every: week, on: thu, at: "18:30"}}
    reentry: parallel
    steps:
      - experiment: rhythm
        arms:
          calm: []
          busy: [{send: tips}, {send: offer, after: previous, wait: 2d}]
population: {contacts: 1200, consent: {all: "100%"}}
behaviour:
  kind: realistic
  realistic:
    purchases: {r: 0.8, alpha: 5, s: 0.7, beta: 16}
    visits: {per_week: 0.8, cart: 15%, returns: 30%}
    lift: {opened: 0.4, clicked: 1.5}
    channels:
      email: {open: 30%, click: 20%, open_spread: 0.8, unsubscribe: 0.4%, hours: 3, shape: 1.0, machine: 30%, hard: 2%}
    fatigue: {opens: 0.5, clicks: 0.2, repeats: 0.02, unsubscribes: 0.2}
    clock: {spread: 0}
"""
PLANTED = {
    "purchases.r": 0.8,
    "visits.per_week": 0.8,
    "visits.cart": 0.15,
    "visits.returns": 0.28,  # of those not back within half an hour
    "channels.email.open": 0.30,
    "channels.email.click": 0.20,
    "channels.email.open_spread": 0.8,
    "channels.email.hours": 3.0,
    "channels.email.shape": 1.0,
    "channels.email.machine": 0.30,
    "channels.email.hard": 0.02,
    "fatigue.opens": 0.5,
    "fatigue.repeats": 0.02,
    "clock.weekend": 0.85,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lived") / "run"
    return simulate(PLAN, days=210, ledger="full", out=folder, workers=2)


@pytest.fixture(scope="module")
def found(run):
    return calibrate(run.folder)


def test_what_people_are_like_is_found_again(found):
    told = dict(figures(found.behaviour))
    for path, truth in PLANTED.items():
        known = told[path]
        assert known.status == "estimated" or path == "fatigue.opens", path  # every week is alike: it is hardly told
        assert abs(known.value - truth) < 4 * known.error, (path, known)


def test_everybody_counts_from_the_start(run, found):
    """People who never did anything too: the customers are all the contacts of the run."""
    assert found.purchases.customers.count == run.kpis["contacts"] == 1200
    assert found.log.machines_known
    assert not [note for note in found.notes if "not flagged" in note]


def test_the_global_holdout_is_compared_with_everybody_else(found):
    arms = {lift.name: lift for lift in found.lifts}
    assert arms["*"].base == "holdout"
    assert arms["*"].sends["holdout"] == 0
    effect = arms["*"].effects["purchases"][""]
    assert effect.interval()[1] > 0, "messages that add are not told to take away"
    assert "global holdout" in report(found)

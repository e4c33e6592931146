"""A life from step to step: its ways are those the run counted, its scores those the contact had."""

import datetime as dt
import itertools
import statistics

import pytest

from bifurque.actors.ways import WAITS
from bifurque.engine.lifeline import lifeline
from bifurque.engine.one_contact import contact_state
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.rules.errors import DataError

PEOPLE = 24


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    options = {"contacts": PEOPLE, "days": 150, "ledger": "full", "workers": 1}
    return simulate(template("demo", "en"), out=tmp_path_factory.mktemp("lives") / "run", **options)


@pytest.fixture(scope="module")
def lives(run):
    return [lifeline(run, contact) for contact in range(PEOPLE)]


def test_all_lives_together_are_what_the_run_counted(run, lives):
    start, since = run.manifest["start"], {}
    walked: dict[tuple, list] = {}
    for life in lives:
        for w in life.ways:
            visit = (life.contact, w.journey, w.visit)
            waited = w.time - since[visit] if w.origin else None
            walked.setdefault(((w.time - start) // 604800, w.journey, w.origin, w.target), []).append((visit, waited))
            since[visit] = w.time
    counted = {
        (r["week"], r["journey"], r["from"], r["to"]): (r["passed"], r["contacts"], r["median_wait"])
        for r in run.aggregate("edge_week").to_pylist()
    }
    assert {
        way: (len(found), len({visit[0] for visit, _ in found}), middle(way[2], [waited for _, waited in found]))
        for way, found in walked.items()
    } == counted
    assert sum(n for n, _, _ in counted.values()) > 300


def middle(origin, waits):
    """The lower median, rounded down to a length of time that is counted."""
    return max(w for w in WAITS if w <= statistics.median_low(waits)) if origin else None


def test_scores_end_as_the_contact_has_them_and_fade_between(run, lives):
    fading = 0
    for life in lives:
        state, last = contact_state(run, life.contact).scores, {}
        for worth in life.scores:
            last[worth.score, worth.key] = worth.value
        told = {("relation", ""): state["relation"]} | {("interest", k): v for k, v in state["interest"].items()}
        assert {k: v for k, v in last.items() if v} == pytest.approx({k: v for k, v in told.items() if v})
        course = [w.value for w in life.scores if w.score == "relation"]
        fading += sum(0 < b < a for a, b in itertools.pairwise(course))
        assert [w.time for w in life.scores] == sorted(w.time for w in life.scores)
    assert fading > 100


def test_scores_at_an_instant(run, lives):
    life = max(lives, key=lambda found: len(found.scores))
    for worth in [w for w in life.scores if w.score == "relation"][5:300:60]:
        at = dt.datetime.fromtimestamp(worth.time, dt.UTC).isoformat()
        assert contact_state(run, life.contact, at).scores["relation"] == pytest.approx(worth.value, abs=1e-6)


def test_nobody(run):
    with pytest.raises(DataError):
        lifeline(run, "nobody")

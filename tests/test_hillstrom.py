"""A randomised test of e-mail (K. Hillstrom, MineThatData 2008), half of it: what each arm caused, and what is to come.

The other half is held by others: `predictions` says what its arms will show.
"""

import csv
import datetime as dt
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

from bifurque.engine.calibrate import calibrate
from bifurque.engine.calibrate_figures import value_of
from bifurque.engine.calibrate_file import write_behaviour
from bifurque.engine.calibrate_report import figures
from bifurque.engine.cli import main
from bifurque.engine.fit_lift import predictions
from bifurque.engine.simulate import simulate

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("BIFURQUE_DATA", ROOT.parent / "shared" / "data")) / "hillstrom_train.csv.gz"
pytestmark = pytest.mark.skipif(not DATA.is_file(), reason=f"needs {DATA.name}")

NONE, MENS, WOMENS = "No E-Mail", "Mens E-Mail", "Womens E-Mail"
MESSAGES = {MENS: "mens", WOMENS: "womens"}
SENT = dt.datetime(2008, 3, 20, 10, tzinfo=dt.UTC)
OUTCOMES = {"visits": "visit", "conversions": "conversion", "spend": "spend"}
WHOLE = {  # of all 64,000, as published
    "visits": {NONE: 0.106, MENS: 0.183, WOMENS: 0.151},
    "conversions": {NONE: 0.0057, MENS: 0.0125, WOMENS: 0.0088},
    "spend": {NONE: 0.65, MENS: 1.42, WOMENS: 1.08},
}


def rows_of_the_test():
    with gzip.open(DATA, "rt") as stream:
        return list(csv.DictReader(stream))


def as_log(rows, file):
    """The test as an event log: everybody assigned at once, then what they did within the two weeks."""
    events = []
    for row in rows:
        contact, arm = int(row["row"]), row["segment"]
        events.append((contact, SENT, "assigned", None, None, None, arm))
        if arm != NONE:
            events.append((contact, SENT, "sent", None, MESSAGES[arm], "email", None))
        if row["visit"] == "1":
            events.append((contact, SENT + dt.timedelta(days=5), "visit", None, None, None, None))
        if row["conversion"] == "1":
            cents = round(100 * float(row["spend"]))
            events.append((contact, SENT + dt.timedelta(days=6), "purchase", cents, None, None, None))
    events.append((int(rows[0]["row"]), SENT + dt.timedelta(days=14), "seen", None, None, None, None))
    names = ("contact", "time", "type", "value", "message", "channel", "arm")
    parquet.write_table(pa.table({n: list(v) for n, v in zip(names, zip(*events, strict=True), strict=True)}), file)
    return file


@pytest.fixture(scope="module")
def rows():
    return rows_of_the_test()


@pytest.fixture(scope="module")
def log(rows, tmp_path_factory):
    return as_log(rows, tmp_path_factory.mktemp("hillstrom") / "hillstrom.parquet")


@pytest.fixture(scope="module")
def found(log):
    return calibrate(log)


@pytest.fixture(scope="module")
def lift(found):
    return found.lifts[0]


def column(rows, name, arm):
    return np.array([float(row[name]) for row in rows if row["segment"] == arm])


def test_the_arms_are_those_of_the_file(rows, lift):
    assert len(rows) == 31_798
    assert (lift.base, lift.control) == (NONE, True)
    for outcome, name in OUTCOMES.items():
        for arm, mean in lift.arms[outcome].items():
            values = column(rows, name, arm)
            assert mean.count == len(values)
            assert mean.value == pytest.approx(values.mean(), abs=1e-6)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("arm", [MENS, WOMENS])
def test_what_each_arm_caused(rows, lift, outcome, arm):
    """The interval is Welch's, as scipy has it, and it holds what the whole test published."""
    from scipy.stats import ttest_ind

    treated, control = column(rows, OUTCOMES[outcome], arm), column(rows, OUTCOMES[outcome], NONE)
    welch = ttest_ind(treated, control, equal_var=False).confidence_interval(0.95)
    low, high = lift.effects[outcome][arm].interval()
    assert (low, high) == pytest.approx((welch.low, welch.high), rel=1e-3)
    assert low < WHOLE[outcome][arm] - WHOLE[outcome][NONE] < high


def test_both_mails_bring_visits_and_conversions(lift):
    for arm in (MENS, WOMENS):
        assert lift.effects["visits"][arm].interval()[0] > 0.03
        assert lift.effects["conversions"][arm].interval()[0] > 0
    men, women = (lift.effects["visits"][arm] for arm in (MENS, WOMENS))
    assert men.interval()[0] > women.interval()[1], "the men's mail brings more visits than the women's"


def test_predictions_hold_for_others_drawn_likewise(rows, tmp_path):
    """Half of this half predicts the other: 40 drawn splits, three arms, three outcomes; 95 of 100 intervals hold."""
    inside = []
    rng = np.random.default_rng(1)
    for _ in range(40):
        here = rng.random(len(rows)) < 0.5
        inside += held(
            [r for r, h in zip(rows, here, strict=True) if h], [r for r, h in zip(rows, here, strict=True) if not h]
        )
    assert 0.92 < np.mean(inside) < 0.985, np.mean(inside)


def held(mine, theirs):
    """Whether each of the predictions from one part holds on the other; means by numpy alone on either side."""
    from bifurque.engine.fit_lift import Mean

    inside = []
    for name in OUTCOMES.values():
        for arm in (NONE, MENS, WOMENS):
            values, others = column(mine, name, arm), column(theirs, name, arm)
            low, high = Mean(len(values), values.mean(), values.std(ddof=1)).predicted(len(others))
            inside.append(low <= others.mean() <= high)
    return inside


def test_what_the_published_whole_says_of_the_other_half(lift):
    """The other half's means, as far as three published digits tell them, lie in nearly all intervals."""
    inside = []
    for outcome, means in lift.arms.items():
        for arm, mean in means.items():
            if outcome in WHOLE:
                others = 2 * WHOLE[outcome][arm] - mean.value
                told = predictions(lift)[arm][outcome]
                inside.append(told["low"] <= others <= told["high"])
    assert len(inside) == 9
    assert sum(inside) >= 8


def test_a_prediction_for_whoever_holds_the_other_half(log, tmp_path):
    """From the command line: visits, conversions and spend per arm with intervals, as JSON."""
    words = ["calibrate", log, "-o", tmp_path / "behaviour.yaml", "--predictions", tmp_path / "predictions.json"]
    result = CliRunner().invoke(main, [str(w) for w in (*words, "--replications", "0", "--lang", "en")])
    assert result.exit_code == 0, result.output
    assert "natural" in result.output
    (told,) = json.loads((tmp_path / "predictions.json").read_text("utf-8"))
    assert told["base"] == NONE
    for arm in (NONE, MENS, WOMENS):
        for outcome in OUTCOMES:
            said = told["predictions"][arm][outcome]
            assert said["low"] < said["mean"] < said["high"]
            assert said["total"] == pytest.approx(said["mean"] * said["contacts"])
            assert said["contacts"] > 10_000


PLAN = """
plan: trial
start: 2008-03-20
categories: [{name: news, class: promotional}]
channels: {email: {cost: 0.001}}
messages: {mens: {channel: email, category: news}, womens: {channel: email, category: news}}
experiments: {mail: {arms: {none: "30%", mens: "35%", womens: "35%"}}}
journeys:
  trial:
    trigger: {schedule: {every: week, on: thu, at: "10:00"}}
    reentry: never
    steps:
      - experiment: mail
        arms: {none: [], mens: [{send: mens}], womens: [{send: womens}]}
population: {contacts: 60000, consent: {all: "100%"}}
"""


def test_people_calibrated_do_what_the_arms_did(found, lift, tmp_path):
    """The test lived again by 60,000 of them: visitors, buyers and spend of each arm, within 4 standard errors."""
    write_behaviour(tmp_path / "behaviour.yaml", found.behaviour, "the trial", "en")
    run = simulate(PLAN, days=14, behaviour=str(tmp_path / "behaviour.yaml"), ledger="full", out=tmp_path / "run")
    assert run.kpis["grade"] == "ungraded"
    ledger, events = run.ledger(), run.events()
    arms = np.array([a.removeprefix("mail=") for a in ledger["arm"].cast(pa.string()).to_pylist()])
    who, kind = np.asarray(events["contact"]), np.array(events["type"].cast(pa.string()).to_pylist())
    value = np.asarray(events["value"].fill_null(0)) / 100
    for arm, name in ((NONE, "none"), *MESSAGES.items()):
        mine = np.unique(np.asarray(ledger["contact"])[arms == name])
        bought = np.isin(who, mine) & (kind == "purchase")
        spent = np.bincount(np.searchsorted(mine, who[bought]), weights=value[bought], minlength=len(mine))
        told = {
            "visits": np.isin(mine, who[kind == "visit"]).astype(float),
            "conversions": (spent > 0).astype(float),
            "spend": spent,
        }
        for outcome, each in told.items():
            lived = lift.arms[outcome][arm]
            error = np.hypot(lived.error, each.std() / np.sqrt(len(each)))
            assert abs(each.mean() - lived.value) < 4 * error, (arm, outcome, each.mean(), lived.value)


def test_what_the_arms_tell_of_the_behaviour(found):
    told = dict(figures(found.behaviour))
    for path in ("purchases.alpha", "lift.opened", "visits.per_week", "channels.email.click", "spend.q"):
        assert told[path].status == "estimated", path
    for path in ("purchases.r", "purchases.s", "spend.p", "lift.days", "channels.email.open"):
        assert told[path].status == "assumed", path
    assert told["messages.mens.click"].value > 0 > told["messages.womens.click"].value
    more = found.behaviour.lift
    assert value_of(more.most) >= value_of(more.opened) + value_of(more.clicked)

"""Experiments: read, planned, factors, holdouts; against RP-01's exact figures."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import bifurque
from bifurque.engine.cli import main
from bifurque.engine.experiment import Outcomes, balance, of_file, of_run, readout
from bifurque.engine.setting import prepare
from bifurque.engine.templates_list import template
from bifurque.engine.trial import aliases, arm_alone, design, effects, factorial, lift, power

CART = template("cart", "en")
FREE = ["caps=[]", "quiet_hours=[]"]
SOLD = "{sold: {message: cart_question, one_of: [{event: purchase, chance: 12%, after: 2h, value: 60}]}}"
QUESTION_SELLS = [f"behaviour.reactions={SOLD}"]
INCREMENTAL = 0.123068
FACTORS = ("inactivity", "subject", "cta", "delay")
FOUR = [
    *FREE,
    *QUESTION_SELLS,
    "messages.finish={channel: email, category: recovery, valid_for: 48h}",
    "experiments.cta={arms: {view: 50%, finish: 50%}, enabled: false}",
    "journeys.cart.steps.1.send={by: cta, arms: {view: free_shipping, finish: finish}}",
]


def test_the_holdout_of_a_journey_says_what_it_brings():
    rows = lift(CART, overrides=FREE, contacts=20_000)
    bought = next(r for r in rows if (r["journey"], r["figure"]) == ("cart", "purchases"))
    assert bought["low"] <= INCREMENTAL * 20_000 <= bought["high"]
    assert bought["high"] - bought["low"] < bought["half_width_of_a_holdout"]
    whole = next(r for r in rows if (r["journey"], r["figure"]) == ("", "purchases"))
    assert whole["lift"] == bought["lift"]  # the plan has one journey
    with pytest.raises(bifurque.DataError, match="did you mean `cart`"):
        lift(CART, journeys=["carts"], contacts=10)


def test_a_run_is_read_by_its_holdout():
    setting = prepare(CART, overrides=[*FREE, "journeys.cart.holdout=30%"], contacts=20_000)
    found = readout(of_run(setting, "holdout:cart", "purchases"))
    (row,) = found.differences
    assert row["low"] <= -INCREMENTAL <= row["high"]
    assert row["any_time_low"] < row["low"]
    assert row["any_time_high"] > row["high"]
    assert not found.suspect
    with pytest.raises(bifurque.DataError, match="holds nobody out"):
        of_run(setting, "holdout", "purchases")


def test_an_experiment_is_read_and_stratified():
    on = [*FREE, *QUESTION_SELLS, "experiments.subject.enabled=true"]
    setting = prepare(CART, overrides=on, contacts=20_000)
    found = readout(of_run(setting, "subject", "cart/converted", by="zone"))
    (row,) = found.differences
    assert (row["arm"], row["base"]) == ("question", "reminder")
    assert row["low"] > 0.05
    overall = next(r for r in found.strata if r["stratum"] == "")
    assert overall["difference"] == pytest.approx(row["difference"], abs=0.005)
    assert sum(r["contacts"] for r in found.strata if r["stratum"]) == 20_000
    for text, match in (("subjects", "did you mean `subject`"), ("delay", "switched off")):
        with pytest.raises(bifurque.DataError, match=match):
            of_run(setting, text, "purchases")
    with pytest.raises(bifurque.DataError, match="did you mean `cart/converted`"):
        of_run(setting, "subject", "cart/convertd")
    with pytest.raises(bifurque.DataError, match="no attribute"):
        of_run(setting, "subject", "purchases", by="mood")


def test_uneven_arms_are_suspect():
    assert balance([5000, 5000], [0.5, 0.5]) == 1
    assert balance([5000, 5100], [0.5, 0.5]) > 0.3
    assert balance([50_000, 51_500], [0.5, 0.5]) < 0.001  # the textbook's case of a broken assignment
    outcomes = Outcomes(("a", "b"), (0.5, 0.5), np.array([0] * 900 + [1] * 1100), np.arange(2000.0) % 7)
    assert readout(outcomes).suspect


def test_intervals_of_readouts_cover():
    rng = np.random.default_rng(5)
    plain = any_time = 0
    for _ in range(500):
        arm = (rng.random(400) < 0.5).astype(np.int64)
        values = (rng.random(400) < np.where(arm == 1, 0.25, 0.2)).astype(float)
        (row,) = readout(Outcomes(("a", "b"), (0.5, 0.5), arm, values)).differences
        plain += row["low"] <= 0.05 <= row["high"]
        any_time += row["any_time_low"] <= 0.05 <= row["any_time_high"]
    assert 0.92 <= plain / 500 <= 0.98
    assert any_time >= plain


def test_a_file_is_read(tmp_path):
    file = tmp_path / "arms.csv"
    file.write_text(
        "contact,group,spent,town\n1,a,0,x\n2,b,3,x\n3,a,1,y\n4,b,5,y\n5,a,2,x\n6,b,4,y\n7,a,1,y\n8,b,4,x\n"
    )
    found = readout(of_file(file, arm="group", value="spent", by="town"))
    assert found.differences[0]["difference"] == pytest.approx(3)
    assert {r["stratum"] for r in found.strata} == {"x", "y", ""}
    with pytest.raises(bifurque.DataError, match="column `arm` is missing"):
        of_file(file)


def test_power_is_that_of_this_plan():
    found = power(CART, "subject", "purchases", overrides=[*FREE, *QUESTION_SELLS], contacts=4000)
    assert found.arms == ("reminder", "question")
    assert found.effect[1] < found.effect[0] < found.effect[2]
    assert 0.06 < found.effect[0] < 0.12
    powers = [r["power"] for r in found.rows]
    assert powers == sorted(powers)
    assert powers[0] < 0.5 < powers[-1] == 1
    assert 0.7 < found.needed / (2 * found.textbook) < 1.4  # the figure is nearly normal: the formula is good here
    with pytest.raises(bifurque.DataError, match="no experiment"):
        power(CART, "nothing", "purchases", contacts=10)


def test_overlap_and_caps_take_power():
    """Where a cap lets nothing through, the effect is gone, whatever the formula says of the messages."""
    free = power(CART, "subject", "purchases", overrides=[*FREE, *QUESTION_SELLS], contacts=1500)
    none = power(CART, "subject", "purchases", overrides=["caps=[{max: 0, per: 7d}]", *QUESTION_SELLS], contacts=1500)
    assert free.effect[0] > 0
    assert none.effect == (0, 0, 0)
    assert (none.needed, none.textbook) == (None, None)


def test_designs():
    assert design(3).shape == (8, 3)
    assert design(4, half=True).shape == (8, 4)
    assert (design(4, half=True).prod(axis=1) == 1).all()
    for runs in (design(4), design(4, half=True)):
        assert (runs.sum(axis=0) == 0).all()
        assert (runs.T @ runs == len(runs) * np.eye(4)).all()
    assert aliases(4, (0,), half=True) == (1, 2, 3)
    assert aliases(4, (0, 1), half=True) == (2, 3)
    assert aliases(4, (0,), half=False) is None


def test_effects_of_known_numbers():
    runs = design(2)
    y = np.array([[10, 12, 10, 16], [20, 22, 20, 26]], float)  # a: +4, b: +2, a × b: +2
    told = {e["effect"]: e["difference"] for e in effects("ab", runs, y, half=False)}
    assert told == {"a": 4, "b": 2, "a × b": 2}


def test_the_four_factors_of_the_cart_and_their_half_fraction():
    """The subject sells 12 points more; the delay and the rest change when, not whether, people buy unprompted."""
    asked = {"overrides": FOUR, "contacts": 1500}
    full = factorial(CART, FACTORS, "purchases", **asked)
    half = factorial(CART, FACTORS, "purchases", half=True, **asked)
    assert (full.runs.shape, half.runs.shape) == ((16, 4), (8, 4))
    of_run = dict(zip(map(tuple, full.runs.tolist()), full.means, strict=True))
    assert half.means == [of_run[run] for run in map(tuple, half.runs.tolist())]
    of_full, of_half = ({e["effect"]: e for e in found.effects} for found in (full, half))
    assert of_full["subject"]["low"] > 0.05
    assert of_half["subject"]["low"] > 0.05
    assert of_half["subject"]["mixed_with"] == "inactivity × cta × delay"
    assert len(of_full) == 10
    assert len(of_half) == 7  # of the six interactions, three with the other three
    with pytest.raises(bifurque.DataError, match="expected 3 to 7 factors"):
        factorial(CART, FACTORS[:2], "purchases", half=True, **asked)


def test_everybody_in_one_arm():
    setting = prepare(CART, contacts=10)
    assert arm_alone(setting, "delay", "three_hours") == (
        "experiments.delay={arms: {one_hour: 0%, three_hours: 100%}, enabled: true}"
    )
    with pytest.raises(bifurque.DataError, match="no arm is called"):
        arm_alone(setting, "delay", "never")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_commands(tmp_path, lang):
    def said(*words):
        result = CliRunner().invoke(main, ["experiment", *map(str, words), "--lang", lang])
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    plan = tmp_path / "plan.yaml"
    plan.write_text(CART, encoding="utf-8")
    assert "743" in said("size", "--from", "4%", "--to", "5%", "--looks", "5")
    some = ("--contacts", "200")
    assert "question" in said("power", plan, "subject", *some)
    assert "subject × delay" in said("factors", plan, "subject", "delay", *some)
    assert "cart" in said("lift", plan, *some)
    run = tmp_path / "run"
    bifurque.simulate(CART, overrides=["experiments.subject.enabled=true"], contacts=200, ledger="none", out=run)
    assert "question − reminder" in said("read", run, "subject", "--by", "zone")
    told = json.loads(CliRunner().invoke(main, ["experiment", "read", str(run), "subject", "--json"]).output)
    assert sum(a["contacts"] for a in told["arms"]) == 200
    wrong = CliRunner().invoke(main, ["experiment", "size", "--from", "4%", "--to", "4%"])
    assert wrong.exit_code == 2
    assert "two different figures" in wrong.output

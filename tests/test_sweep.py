"""Variants of a plan on the same contacts: what each differs by, the front, the price, going on after a stop."""

import json
import time

import numpy as np
import pyarrow.parquet as parquet
import pytest
from apart import apart
from click.testing import CliRunner

import bifurque
from bifurque.engine.cli import main
from bifurque.engine.sweep import _rounds, sweep
from bifurque.engine.sweep_report import nearest
from bifurque.engine.templates_list import template
from bifurque.engine.variants import Grid, Spread, front, values_of

DEMO = apart()
ASKED = {"contacts": 900, "days": 150}
VARY = ["caps.1.max=1..3", "journeys.cart.steps.0.wait=1h,6h"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a.b=1..5", ("1", "2", "3", "4", "5")),
        ("a=0..10..5", ("0", "5", "10")),
        ("a=0.1..0.3..0.1", ("0.1", "0.2", "0.3")),
        ("a=1h,3h,6h", ("1h", "3h", "6h")),
        ("a=[x, y],{by: z, arms: {p: 1h}}", ("[x, y]", "{by: z, arms: {p: 1h}}")),
    ],
)
def test_values(text, values):
    assert values_of(text)[1] == values


@pytest.mark.parametrize("vary", [[], ["a"], ["=1"], ["a=5..1"], ["a=1..2", "a=3"], ["a=0..9999", "b=0..9999"]])
def test_what_does_not_vary(vary):
    with pytest.raises(bifurque.DataError):
        Grid.read(vary)


def test_each_variant_is_what_a_comparison_finds():
    found = sweep(DEMO, VARY, workers=2, **ASKED)
    assert len(found.tried) == 6
    for variant in (0, 3):
        alone = bifurque.compare(DEMO, overrides=found.grid.overrides(variant), **ASKED)
        row = found.rows()[1 + variant]
        for figure in ("sent", "revenue", "net", "unsubscribed", "held"):
            expected = alone.row(figure)
            unit = {"revenue": 100, "net": 1e6}.get(figure, 1)
            for column in ("difference", "low", "high"):
                assert row[f"{figure}_{column}"] * 900 * unit == pytest.approx(expected[column], abs=1e-4)
            assert row[figure] * 900 * unit == pytest.approx(expected["b"])


def test_prices_are_ratios_of_differences():
    found = sweep(DEMO, ["caps.1.max=2..3"], **ASKED)
    prices = [p for p in found.prices() if p["variant"] == 0]
    total = prices[0]
    row = found.rows()[1]
    assert total["price"] == pytest.approx(row["net_difference"] / row["sent_difference"])
    assert total["price_low"] < total["price"] < total["price_high"]
    personas = [p for p in prices if p["group"] == "persona"]
    weighed = sum(p["pressure_difference"] * p["contacts"] for p in personas)
    assert weighed == pytest.approx(total["pressure_difference"] * 900)
    same = [p for p in found.prices() if p["variant"] == 1 and p["group"] == "total"]
    assert same[0]["price"] is None  # three a week is the plan as it is
    assert nearest(found.prices()) == [0]


def test_the_delta_method_covers():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        sent = rng.poisson(2, 300)
        net = 3 * sent + rng.integers(-5, 6, 300)
        price = Spread.of(np.column_stack([net, sent])).price(0, 1, 0.95)
        held += price[1] <= 3 <= price[2]
    assert 0.92 <= held / 400 <= 0.98
    assert Spread.of(np.array([[1, 1], [2, -1]])).price(0, 1, 0.95) is None


def test_the_front():
    points = np.array([[1, 5], [2, 2], [3, 3], [5, 1], [2, 2]], float)
    assert front(points).tolist() == [True, True, False, True, True]
    rows = sweep(DEMO, ["caps.1.max=1..3"], **ASKED).rows()
    assert rows[0]["variant"] == -1
    for row in rows:
        better = [
            r
            for r in rows
            if r["revenue"] >= row["revenue"]
            and r["unsubscribed"] <= row["unsubscribed"]
            and r["pressure"] <= row["pressure"]
            and (r["revenue"], r["unsubscribed"], r["pressure"])
            != (row["revenue"], row["unsubscribed"], row["pressure"])
        ]
        assert row["pareto"] is (not better)


class Stop(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("halving", [False, True])
def test_it_goes_on_where_it_stopped(halving, tmp_path):
    vary = ["caps.1.max=1..6"]
    asked = ASKED | {"halving": halving}
    whole = sweep(DEMO, vary, out=tmp_path / "whole", workers=2, **asked)
    steps = iter(range(4))

    def stop(*_):
        if next(steps, None) is None:
            raise Stop

    with pytest.raises(Stop):
        sweep(DEMO, vary, out=tmp_path / "out", progress=stop, **asked)
    before = {f.name: f.stat().st_mtime_ns for f in (tmp_path / "out" / "variants").iterdir()}
    again = sweep(DEMO, vary, out=tmp_path / "out", **asked)
    assert again.rows() == whole.rows()
    assert again.prices() == whole.prices()
    if not halving:
        kept = [f for f in (tmp_path / "out" / "variants").iterdir() if f.stat().st_mtime_ns == before.get(f.name)]
        assert len(kept) == len(before) == 5
    assert json.loads((tmp_path / "out" / "sweep.json").read_text())["complete"] is True
    assert parquet.read_table(tmp_path / "out" / "variants.parquet").to_pylist() == whole.rows()
    with pytest.raises(bifurque.RunError, match="holds another sweep"):
        sweep(DEMO, ["caps.1.max=1..2"], out=tmp_path / "out", **asked)


def test_halving_keeps_what_is_best():
    assert _rounds(25, 100_000) == [3703, 11111, 33333, 100_000]
    assert _rounds(1, 50) == [50]
    asked = {"contacts": 4000, "days": 120}
    found = sweep(DEMO, ["caps.1.max=0..4"], halving=True, **asked)
    whole = sweep(DEMO, ["caps.1.max=0..4"], **asked)
    last = [t for t in found.tried if t.dropped_after is None]
    assert 0 < len(last) < 5
    assert not {t.variant for t in last} & {0, 1}  # none and one a week are far behind
    assert sum(t.size for t in found.tried) < sum(t.size for t in whole.tried)
    for t in last:
        assert t.every.total.tolist() == whole.tried[t.variant].every.total.tolist()


def test_a_wrong_value_is_said_before_anything_runs():
    with pytest.raises(bifurque.PlanError, match=r"caps.1.max"):
        sweep(DEMO, ["caps.1.max=1,two"], **ASKED)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_command(tmp_path, lang):
    (tmp_path / "plan.yaml").write_text(DEMO, encoding="utf-8")
    words = ["sweep", str(tmp_path / "plan.yaml"), "--vary", "caps.1.max=2..3", "--contacts", "300", "--days", "100"]
    said = CliRunner().invoke(main, [*words, "--lang", lang])
    assert said.exit_code == 0, said.output
    assert {"fr": "Prix de la pression", "en": "Price of pressure"}[lang] in said.output
    assert "★" in said.output
    told = json.loads(CliRunner().invoke(main, [*words, "--json"]).output)
    assert len(told["variants"]) == 3
    assert told["best"]["variant"] in (-1, 0, 1)


@pytest.mark.slow
def test_25_variants_of_demo_in_three_minutes():
    began = time.process_time()
    sweep(template("demo", "en"), ["caps.1.max=1..5", "caps.3.max=2..10..2"], contacts=100_000, workers=2)
    assert time.process_time() - began < 2 * 180

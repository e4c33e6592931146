"""Two plans, the same people, the same luck: what differs is what the plans do."""

import json

import numpy as np
import pyarrow.parquet as parquet
import pytest
from apart import apart
from click.testing import CliRunner

import bifurque
from bifurque.engine.cli import main
from bifurque.engine.paired import Moments
from bifurque.engine.why import replay

DEMO = apart()
NO_BIRTHDAY = ["journeys.birthday.enabled=false"]
SMALL = {"contacts": 1500, "days": 200, "workers": 2}


@pytest.fixture(scope="module")
def birthday():
    return bifurque.compare(DEMO, overrides=NO_BIRTHDAY, **SMALL)


def test_a_plan_beside_itself_differs_in_nothing():
    found = bifurque.compare(DEMO, DEMO, **SMALL)
    assert found.differing == 0
    assert found.rows()
    for row in found.rows():
        assert row["a"] == row["b"]
        assert (row["difference"], row["low"], row["high"], row["contacts_differing"]) == (0, 0, 0, 0)
        assert row["sign_probability"] is None


def test_figures_of_both_sides_are_those_of_their_runs(birthday, tmp_path):
    for side, overrides in (("a", []), ("b", NO_BIRTHDAY)):
        run = bifurque.simulate(DEMO, overrides=overrides, ledger="none", out=tmp_path / side, **SMALL)
        check_figures(birthday.rows(), side, run.kpis)


def check_figures(rows, side, kpis):
    of_group = {"journey": "journeys", "message": "messages", "channel": "channels", "stage": "stages", "arm": "arms"}
    seen = set()
    for row in rows:
        if row["group"] == "event":
            expected = kpis["events"].get(row["name"], 0)
        elif row["group"] == "total":
            expected = kpis["totals"].get(row["figure"])
        else:
            expected = kpis[of_group[row["group"]]].get(row["name"], {}).get(row["figure"])
        if expected is not None:
            seen.add((row["group"], row["figure"]))
            assert row[side] == pytest.approx(expected, abs=1e-6), row
    assert {("total", "sent"), ("total", "held"), ("total", "revenue"), ("journey", "converted")} <= seen
    assert {
        ("message", "dropped"),
        ("channel", "cost"),
        ("stage", "now"),
        ("arm", "opened"),
        ("event", "count"),
    } <= seen
    totals = {r["figure"]: r[side] for r in rows if r["group"] == "total"}
    assert totals["net"] == pytest.approx(totals["revenue"] - totals["cost"])


def test_whom_the_change_never_meets_is_the_same_to_the_bit(birthday):
    changed = set(birthday.changed["contact"].to_pylist())
    assert 0 < len(changed) == birthday.differing < SMALL["contacts"]
    met = set()
    for contact in range(0, SMALL["contacts"], 7):
        of_a, events_a = replay(birthday.a, contact)
        if "birthday" in of_a["journey"].to_pylist():
            met.add(contact)
            continue
        of_b, events_b = replay(birthday.b, contact)
        assert (of_a.to_pylist(), events_a.to_pylist()) == (of_b.to_pylist(), events_b.to_pylist())
    assert met == {c for c in changed if c % 7 == 0}


def test_the_digest_knows_names_not_numbers():
    """A plan whose journeys, messages and caps stand in another order is the same plan."""
    plan = bifurque.loads(DEMO)
    cap = "  - {name: two texts a month, max: 2, per: 30d, channel: sms}\n"
    first = "  - {name: one a day, max: 1, per: calendar day}\n"
    turned = DEMO.replace(cap, "").replace(first, cap + first)
    digest = "  digest: {title: {en: Letter of the month}"
    assert turned != DEMO
    line = next(x for x in DEMO.splitlines(keepends=True) if x.startswith(digest[:9]) and "channel" in x)
    hello = next(x for x in DEMO.splitlines(keepends=True) if x.startswith("  welcome_hello:"))
    turned = turned.replace(line, "").replace(hello, line + hello)
    assert tuple(bifurque.loads(turned).messages) != tuple(plan.messages)
    assert bifurque.compare(DEMO, turned, contacts=300, days=200).differing == 0


def test_pairing_a_local_edit_is_worth_a_hundred_times_the_contacts(birthday):
    for figure in ("sent", "purchases", "revenue"):
        assert birthday.row(figure)["variance_ratio"] > 100
    low, high = birthday.row("sent")["low"], birthday.row("sent")["high"]
    assert low < birthday.row("sent")["difference"] < high < 0
    assert birthday.row("sent")["sign_probability"] < 1e-6


def test_groups_add_up_to_the_total(birthday):
    groups = birthday.groups.to_pylist()
    for kind in ("persona", "zone", "stage"):
        of_kind = [g for g in groups if g["group"] == kind]
        assert sum(g["difference"] for g in of_kind if g["figure"] == "sent") == birthday.row("sent")["difference"]
        contacts = {g["name"]: g["contacts"] for g in of_kind}
        assert sum(contacts.values()) <= SMALL["contacts"]
    customers = next(g for g in groups if (g["group"], g["name"], g["figure"]) == ("segment", "customer", "purchases"))
    assert customers["a"] == birthday.row("purchases")["a"]  # whoever bought is a customer in the end


def test_any_number_of_workers_finds_the_same():
    one, three = (bifurque.compare(DEMO, overrides=NO_BIRTHDAY, contacts=1500, days=60, workers=n) for n in (1, 3))
    assert one.rows() == three.rows()
    assert one.most_changed == three.most_changed


def test_moments_are_those_of_the_numbers():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 50, (400, 3)), rng.integers(0, 50, (400, 3))
    whole = Moments.of(a, b)
    parts = Moments.of(a[:150], b[:150])
    parts += Moments.of(a[150:], b[150:])
    for moments in (whole, parts):
        assert moments.variance("d") == pytest.approx(np.var(b - a, axis=0, ddof=1))
        assert moments.variance("a") == pytest.approx(np.var(a, axis=0, ddof=1))
        assert moments.d.tolist() == (b - a).sum(axis=0).tolist()


def test_runs_are_compared_as_their_plans_are(tmp_path):
    asked = {"contacts": 400, "days": 60, "seed": 5}
    a = bifurque.simulate(DEMO, out=tmp_path / "a", ledger="none", **asked)
    b = bifurque.simulate(DEMO, overrides=NO_BIRTHDAY, out=tmp_path / "b", ledger="none", **asked)
    plain = bifurque.compare(DEMO, overrides=NO_BIRTHDAY, **asked)
    assert bifurque.compare(a, b).rows() == plain.rows()
    assert bifurque.compare(tmp_path / "a", overrides=NO_BIRTHDAY).rows() == plain.rows()
    other = bifurque.simulate(DEMO, out=tmp_path / "c", ledger="none", contacts=400, days=60, seed=6)
    with pytest.raises(bifurque.DataError, match="seed differs"):
        bifurque.compare(a, other)
    with pytest.raises(bifurque.DataError, match="brings its own"):
        bifurque.compare(a, b, contacts=3)
    with pytest.raises(bifurque.DataError, match="what to compare with"):
        bifurque.compare(a)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_command_says_it_all(tmp_path, lang):
    (tmp_path / "plan.yaml").write_text(DEMO, encoding="utf-8")
    words = ["compare", str(tmp_path / "plan.yaml"), "--set", NO_BIRTHDAY[0], "--contacts", "300", "--days", "120"]
    said = CliRunner().invoke(main, [*words, "-o", str(tmp_path / "out"), "--lang", lang])
    assert said.exit_code == 0, said.output
    for word in ("×", "birthday", "│", {"fr": "Gain de l'appariement", "en": "Gain of pairing"}[lang]):
        assert word in said.output
    tables = {f.stem: parquet.read_table(f) for f in (tmp_path / "out").glob("*.parquet")}
    assert set(tables) == {"figures", "groups", "changed"}
    told = json.loads(CliRunner().invoke(main, [*words, "--json"]).output)
    assert told["figures"] == tables["figures"].to_pylist()
    assert told["contacts_differing"] == tables["changed"].num_rows
    again = CliRunner().invoke(main, [*words, "-o", str(tmp_path / "out")])
    assert again.exit_code == 2
    assert "exists already" in again.output

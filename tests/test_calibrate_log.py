"""Logs as they come: what is missing, twice, refunded, or goes on too long is said, with its place and what to do."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from lived_logs import DAY, START, WEEK, before, only, write

from bifurque.engine.behaviour_file import with_behaviour
from bifurque.engine.calibrate import calibrate
from bifurque.engine.calibrate_figures import interval
from bifurque.engine.calibrate_report import figures
from bifurque.engine.cli import main
from bifurque.rules.errors import DataError


def shop(count=150, weeks=40, seed=1):
    """Purchases of customers who buy every few weeks, with amounts."""
    rng = np.random.default_rng(seed)
    often = 2 + rng.poisson(rng.gamma(1.5, 3.0, count))
    who = np.repeat(np.arange(count), often)
    when = START + rng.integers(0, weeks * WEEK, len(who))
    return {"contact": who, "time": when, "type": "purchase", "value": rng.integers(500, 9000, len(who))}


def notes(tmp_path, *tables, **how):
    return " | ".join(calibrate(write(tmp_path / "log.parquet", *tables), **how).notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contact,time,type\n", "holds no event"),
        ("contact,time\n1,2025-01-01T00:00:00Z\n", "column `type` is missing: the file has `contact`, `time`"),
        ("contact,time,type\n1,2025-01-01 10:00:00,purchase\n", "row 1, column `time`: expected an instant with its"),
        ("contact,time,type\n1,2025-01-01T00:00:00Z,purchase\n2,soon,purchase\n", "row 2, column `time`"),
        ("contact,time,type\n,2025-01-01T00:00:00Z,purchase\n", "every row needs a contact"),
        ("contact,time,type\n1,2025-01-01T00:00:00Z,\n", "row 1, column `type`: expected an event type"),
        ("contact,time,type,value\n1,2025-01-01T00:00:00Z,purchase,12.50\n", "cents, such as 1250 for 12.50, got `12"),
        ("contact,time,type,machine\n1,2025-01-01T00:00:00Z,opened,perhaps\n", "expected yes or no, got `perhaps`"),
        (
            "contact,time,type\n1,2025-01-01T00:00:00Z,order\n",
            "it has `order`, and none of `purchase`, `visit`",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(tmp_path, text, said):
    (tmp_path / "log.csv").write_text(text, "utf-8")
    result = CliRunner().invoke(main, ["calibrate", str(tmp_path / "log.csv"), "-o", str(tmp_path / "b.yaml")])
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "log.csv: " in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "b.yaml").exists()


def test_instants_of_any_zone_are_one_instant(tmp_path):
    """The same log, written in three zones."""
    found = []
    for hours in (0, 2, -5):
        lines = ["contact,time,type"]
        for c in range(40):
            for k in range(3):
                day = np.datetime64("2025-01-01T12:00:00") + np.timedelta64((c * 7 + k * 19 * (1 + c % 3)) % 160, "D")
                lines.append(
                    f"{c},{day + np.timedelta64(hours, 'h')}{'Z' if not hours else f'{hours:+03d}:00'},purchase"
                )
        (tmp_path / "log.csv").write_text("\n".join(lines), "utf-8")
        found.append(calibrate(tmp_path / "log.csv").purchases.fits["NBD"].values)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_set_without_a_plan_is_refused(tmp_path):
    with pytest.raises(DataError, match="--set changes a plan: name the PLAN"):
        calibrate(write(tmp_path / "log.parquet", shop()), overrides=["zone=UTC"])


def test_purchases_of_another_name_are_pointed_out(tmp_path):
    told = notes(tmp_path, shop() | {"type": "order"}, {"contact": [1], "time": [START], "type": "visit"})
    assert "no event `purchase`" in told
    assert "types that nothing here reads: `order`" in told
    assert "`order`" not in notes(tmp_path, shop() | {"type": "order"}, purchase="order")
    with pytest.raises(DataError, match="--purchase 2nd order: a plan could not call it so"):
        notes(tmp_path, shop(), purchase="2nd order")


def test_money_paid_back_is_no_purchase(tmp_path):
    bought = shop()
    some = only(bought, np.arange(len(bought["contact"])) % 10 == 0)
    back = some | {"value": -some["value"], "time": some["time"] + 5 * DAY}
    end = {"contact": [0], "time": [START + 41 * WEEK], "type": "seen"}
    plain = calibrate(write(tmp_path / "plain.parquet", bought, end))
    found = calibrate(write(tmp_path / "log.parquet", bought, back, end))
    assert any(f"{len(back['contact'])} purchases of a negative amount" in note for note in found.notes)
    assert found.behaviour.purchases == plain.behaviour.purchases
    assert found.behaviour.spend == plain.behaviour.spend


def test_rows_twice_are_counted(tmp_path):
    bought = shop()
    assert "like another" not in notes(tmp_path, bought)
    assert f"{len(bought['contact'])} rows are in every column like another" in notes(tmp_path, bought, bought)


def test_a_log_that_goes_on_when_purchases_stop(tmp_path):
    """An open years later makes the log longer than it was watched; a marker such as `seen` is meant to."""
    bought, late = shop(), START + 120 * WEEK
    stray = {"contact": [1], "time": [late], "type": "opened"}
    told = notes(tmp_path, bought, stray)
    assert "but the log goes from" in told
    assert "`--until`" in told
    assert "the log goes" not in notes(tmp_path, bought)
    assert "the log goes" not in notes(tmp_path, bought, stray | {"type": "seen"})
    assert "the log goes" not in notes(tmp_path, bought, stray, until="2025-10-01")
    early = {"contact": [1], "time": [START - 60 * WEEK], "type": "visit"}
    assert "the log goes" in notes(tmp_path, bought, early, life_from="start")


def test_leaving_that_all_share_has_no_spread(tmp_path):
    """Purchases that stop for everybody at once: leaving is told, of s and beta only the ratio."""
    found = calibrate(
        write(tmp_path / "log.parquet", shop(), {"contact": [1], "time": [START + 160 * WEEK], "type": "seen"})
    )
    figures = found.behaviour.purchases
    assert {figures.s.status, figures.beta.status} == {"weak"}
    assert figures.s.error is figures.beta.error is None
    assert any("only the ratio is told" in note for note in found.notes)


def test_nobody_buys_twice(tmp_path):
    """The mean rate is told, and nothing else: not how people differ, nor whether they leave, nor their amounts."""
    rng = np.random.default_rng(3)
    who = np.arange(2000)
    some = rng.random(2000) < 0.1
    tables = [
        {"contact": who, "time": np.full(2000, START), "type": "joined"},
        {"contact": who[some], "time": START + DAY + rng.integers(0, 9 * WEEK, some.sum()), "type": "purchase"}
        | {"value": rng.gamma(3, 1000, some.sum()).astype(int) + 1},
        {"contact": [0], "time": np.array([START + 10 * WEEK]), "type": "seen"},
    ]
    found = calibrate(write(tmp_path / "log.parquet", *tables))
    buys, spend = found.behaviour.purchases, found.behaviour.spend
    assert buys.r.status == buys.s.status == spend.p.status == "assumed"
    assert buys.s.value == 0
    assert buys.alpha.status == spend.q.status == "estimated"
    assert buys.r.value / buys.alpha.value == pytest.approx(some.sum() / 20_000)
    assert any(note.startswith("0 customers bought twice or more") for note in found.notes)


def test_names_a_plan_could_not_have_are_left_out(tmp_path):
    """What is written can be read back by `simulate --behaviour`."""
    rng = np.random.default_rng(4)
    count = 3000
    sent = START + rng.integers(0, 100 * DAY, count)
    message = np.where(np.arange(count) % 2 == 0, "Summer sale!", "news")
    said = {"contact": np.arange(count) % 300, "message": message, "channel": "email", "time": sent}
    opens = rng.random(count) < np.where(message == "news", 0.2, 0.6)
    tables = [said | {"type": "sent"}, only(said | {"type": "opened", "time": sent + 3600}, opens)]
    tables.append({"contact": [0], "time": [START + 130 * DAY], "type": "seen"})
    file = tmp_path / "b.yaml"
    log = write(tmp_path / "log.parquet", *tables)
    words = ["calibrate", str(log), "-o", str(file), "--replications", "0", "--lang", "en", "--json"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert any(re.search("could not call so: `Summer sale!`", note) for note in told["notes"])
    assert [p for p in told["figures"] if p.startswith("messages.")] == ["messages.news.open"]
    assert with_behaviour(str(file), ())[0] == "realistic"


def test_every_interval_holds_its_figure(tmp_path):
    found = calibrate(write(tmp_path / "log.parquet", shop(), before(shop(seed=2), START + 10 * WEEK)))
    told = {path: (f, interval(path, f)) for path, f in figures(found.behaviour) if f.error is not None}
    assert len(told) >= 3
    for path, (f, (low, high)) in told.items():
        assert low < f.value < high, path

"""`bifurque calibrate`: a log in any form, a file that `simulate` takes, every figure with what is known of it."""

import builtins
import csv
import json
import re
import subprocess
import sys

import numpy as np
import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner
from lived_logs import DAY, START, TRUTH, WEEK, mail_events, mailed, pareto_lives, write

from bifurque.engine.behaviour_file import with_behaviour
from bifurque.engine.calibrate import calibrate
from bifurque.engine.calibrate_figures import counted, weighed
from bifurque.engine.calibrate_report import figures
from bifurque.engine.cli import main
from bifurque.engine.fit_log import read_log
from bifurque.engine.fit_purchases import pareto_nbd
from bifurque.engine.load import loads
from bifurque.engine.realistic import Lift

PLANTED = (0.9, 6.0, 0.8, 14.0)
STATUSES = {"estimated", "weak", "assumed"}


def year(file, count, weeks):
    """A year of purchases, and some weeks of messages."""
    rng = np.random.default_rng(1)
    _, _, watched, who, when = pareto_lives(rng, count, *PLANTED, weeks=52.0)
    start = START + ((52 - watched) * WEEK).astype(np.int64)
    time = start[who] + 1 + (when * WEEK).astype(np.int64)
    spent = rng.gamma(6.0, 1 / rng.gamma(4.0, 1 / 1500, count)[who]).astype(int) + 1
    buys = [
        {"contact": np.arange(count), "time": start, "type": "purchase", "value": np.full(count, 3000)},
        {"contact": who, "time": time, "type": "purchase", "value": spent},
    ]
    return write(file, *buys, *mail_events(rng, mailed(rng, count, weeks), machines=0.4, until=START + 52 * WEEK))


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return year(tmp_path_factory.mktemp("calibrate") / "log.parquet", 800, 26)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One that is quickly estimated from."""
    return year(tmp_path_factory.mktemp("calibrate") / "small.parquet", 300, 10)


@pytest.fixture(scope="module")
def found(log):
    return calibrate(log)


def command(*words, code=0):
    result = CliRunner().invoke(main, ["calibrate", "--replications", "0", *map(str, words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def test_planted_figures_come_out_with_their_errors(found):
    behaviour = found.behaviour
    truth = {
        "fatigue.opens": TRUTH["tired"],
        "fatigue.repeats": TRUTH["repeats"],
        "channels.email.hours": TRUTH["hours"],
        "channels.email.shape": TRUTH["shape"],
        "channels.email.machine": 0.4,
        **{f"purchases.{name}": value for name, value in zip(("r", "alpha", "s", "beta"), PLANTED, strict=True)},
    }
    told = dict(figures(behaviour))
    for path, value in truth.items():
        assert told[path].status == "estimated", path
        low, high = told[path].value - 3 * told[path].error, told[path].value + 3 * told[path].error
        assert low < value < high, path
    assert found.purchases.chosen == "Pareto/NBD"
    customers = found.purchases.customers
    at_truth = pareto_nbd(customers, np.array(PLANTED)) @ customers.weight
    assert 0 <= found.purchases.fits["Pareto/NBD"].loglik - at_truth < 10, "of half a chi-square of four"


def test_every_figure_says_what_is_known_of_it(found):
    told = figures(found.behaviour)
    assert len(told) > 40
    for path, known in told:
        assert known.status in STATUSES, path
        assert known.source, path
        if known.status == "assumed":
            assert known.error is None, path
        elif known.error is None:  # the likelihood is flat there, or was only looked at in some places
            assert known.status == "weak", path
        else:
            assert known.error > 0, path
    assert {k.status for p, k in told if p.startswith("lift.")} == {"assumed"}


def test_the_file_is_what_simulate_takes(small, tmp_path):
    """Written, read back by `--behaviour FILE`: every figure and its status the same; also as part of a plan."""
    file = tmp_path / "behaviour.yaml"
    text = command(small, "-o", file, "--lang", "en")
    assert str(file) in text
    kind, overrides = with_behaviour(str(file), ())
    assert kind == "realistic"
    plan = loads("plan: p\nstart: 2026-01-01\n", overrides)
    written = loads("plan: p\nstart: 2026-01-01\n" + file.read_text("utf-8"))
    assert plan.behaviour.realistic == written.behaviour.realistic
    assert written.behaviour.kind == "realistic"
    before = dict(figures(calibrate(small).behaviour))
    after = dict(figures(written.behaviour.realistic))
    assert before.keys() == after.keys()
    for path, known in before.items():
        assert after[path].value == pytest.approx(known.value, rel=1e-3), path
        assert (after[path].status, after[path].source) == (known.status, known.source), path


def test_the_file_is_commented_in_both_languages(small, tmp_path):
    for lang, words in (("fr", ("supposé", "Quand on achète")), ("en", ("told by the data", "When they buy"))):
        file = tmp_path / f"{lang}.yaml"
        text = command(small, "-o", file, "--lang", lang)
        lines = file.read_text("utf-8")
        assert words[1] in lines
        assert lines.startswith("# ")
        assert max(map(len, lines.splitlines())) < 220
        assert ("estimé" if lang == "fr" else "estimated") in text
    assert "assumed" in lines, "the key of the file is not translated"


def test_csv_and_json_lines_say_the_same(log, found, tmp_path):
    rows = [r | {"time": r["time"].isoformat()} for r in parquet.read_table(log).to_pylist()]
    with (tmp_path / "log.csv").open("w", newline="", encoding="utf-8") as stream:
        out = csv.DictWriter(stream, rows[0])
        out.writeheader()
        out.writerows(rows)
    lines = (json.dumps({k: v for k, v in r.items() if v is not None}) for r in rows)
    (tmp_path / "log.jsonl").write_text("\n".join(lines), "utf-8")
    whole = read_log(log)
    for name in ("log.csv", "log.jsonl"):
        other = read_log(tmp_path / name)
        for column in ("contact", "time", "value"):
            assert (getattr(other, column) == getattr(whole, column)).all(), (name, column)
        assert [other.words["type"][k] for k in other.kind] == [whole.words["type"][k] for k in whole.kind]


def test_json_output(small, tmp_path):
    data = json.loads(command(small, "-o", tmp_path / "b.yaml", "--json", "--lang", "en"))
    assert data["figures"]["purchases.r"]["status"] == "estimated"
    assert set(data["purchases"]["models"]) == {"NBD", "BG/NBD", "MBG/NBD", "Pareto/NBD"}
    assert data["lift"] is None
    assert "cannot be told" in data["lift_needs"]
    week, lived = (data["purchases"]["repeats"][-1][k] for k in ("week", "lived"))
    assert week > 50
    assert data["purchases"]["repeats"][-1]["Pareto/NBD"] == pytest.approx(lived, rel=0.1)


def test_until_leaves_the_rest_for_a_test(log):
    day = "2025-06-30"
    part = read_log(log, until=day)
    assert part.end < START + 181 * DAY <= read_log(log).end
    assert (part.time >= START).all()


def test_a_plan_says_channels_zone_and_revenue(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "plan: p\nstart: 2026-01-01\nzone: Europe/Paris\n"
        "categories: [{name: news, class: promotional}]\nchannels: {sms: {cost: 0.05}}\n"
        "events: {order: {revenue: true}}\nmessages: {mail: {channel: sms, category: news}}\n",
        "utf-8",
    )
    sent = {"contact": [1], "time": [START], "type": "sent", "message": "mail"}
    order = {"contact": np.arange(60) // 2, "time": START + np.arange(60) * DAY, "type": "order"}
    file = write(tmp_path / "log.parquet", sent, order)
    found = calibrate(file, plan)
    assert list(found.behaviour.channels) == ["sms"]
    assert found.behaviour.purchases.event == "order"
    assert found.purchases.customers.count == 30
    assert found.log.local(np.array([START]))[0] == START + 3600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.parquet"], "no such file"),
        (["log.parquet", "--until", "yesterday"], "--until yesterday: a date such as 2025-09-30 is needed"),
        (["log.parquet", "--until", "1999-01-01"], "holds no event until 1999-01-01"),
        (["log.parquet", "--zone", "Europe/Pari"], "did you mean `Europe/Paris`?"),
        (["empty.csv"], "empty"),
        (["no_type.csv"], "column `type` is missing"),
        (["log.parquet", "--predictions", "p.json"], "no arms drawn by lot"),
        (["log.parquet", "-o", "taken.yaml"], "exists already; choose another --out, or add --overwrite"),
        (["log.parquet", "-o", "nowhere/b.yaml"], "cannot be written"),
    ],
)
def test_errors_are_one_clear_line(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "log.parquet", {"contact": [1], "time": [START], "type": "visit"})
    (tmp_path / "empty.csv").write_text("", "utf-8")
    (tmp_path / "no_type.csv").write_text("contact,time,tipe\n1,2025-01-01T00:00:00Z,visit\n", "utf-8")
    (tmp_path / "taken.yaml").write_text("kept", "utf-8")
    result = CliRunner().invoke(main, ["calibrate", "--replications", "0", *words])
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output
    assert (tmp_path / "taken.yaml").read_text("utf-8") == "kept"
    if "no arms" in said:
        assert not (tmp_path / "behaviour.yaml").exists(), "nothing is written when something is refused"


def test_without_scipy_the_extra_is_named(log, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "scipy":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    import importlib

    kept = importlib.import_module
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(
        importlib, "import_module", lambda name, *a: without(name) if "scipy" in name else kept(name, *a)
    )
    output = command(log, "-o", tmp_path / "b.yaml", code=2)
    assert output.strip() == "calibrate needs scipy: pip install 'bifurque[calibrate]'"


def test_scipy_is_loaded_only_when_something_is_estimated():
    text = "import sys; import bifurque.engine.calibrate; sys.exit(any(m.startswith('scipy.opt') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0


def test_help_names_every_column_and_type(log):
    text = re.sub(r"\s+", " ", command("--help"))
    for word in ("contact", "time", "type", "key", "value", "message", "channel", "arm", "machine", "sent", "assigned"):
        assert re.search(rf"\b{word}\b", text), word


def test_weak_figures_are_weighed_with_what_was_known():
    """Half as sure as what was known: a fifth of the way; sure: as it is; not told at all: as it was."""
    weak = weighed((0.9, 0.4), 0.4, "plain", "a", "b")
    assert (weak.status, weak.value) == ("weak", pytest.approx(0.4 + 0.5 * 0.2))
    assert weak.error < 0.2
    assert weighed((0.9, 0.1), 0.4, "plain", "a", "b").value == 0.9
    lost = weighed((0.9, float("inf")), 0.4, "plain", "a", "b")
    assert (lost.status, lost.value, lost.source) == ("assumed", 0.4, "b")


def test_shares_counted_on_few_are_weighed_too():
    few, many = counted(0, 3, 0.4, "a"), counted(30, 1000, 0.4, "a")
    assert few.status == "weak"
    assert 0.2 < few.value < 0.4
    assert many.status == "estimated"
    assert many.value == pytest.approx(0.03, abs=0.001)


def test_an_empty_log_leaves_everything_assumed(tmp_path):
    found = calibrate(write(tmp_path / "log.parquet", {"contact": [1], "time": [START], "type": "visit"}))
    assert {k.status for _, k in figures(found.behaviour)} == {"assumed"}
    assert found.behaviour.lift.days.value == Lift().days

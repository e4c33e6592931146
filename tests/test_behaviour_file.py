"""Behaviour in a file, and figures that no people can be made of: each problem with its place."""

import json

import pytest
from click.testing import CliRunner
from realistic_plans import once, people, plan

from bifurque.engine.cli import main
from bifurque.engine.load import inspect, loads
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate
from bifurque.engine.why import why
from bifurque.rules.errors import DataError, PlanError

FIGURES = """\
purchases:
  r: {value: 0.6, error: 0.05, status: estimated, source: purchases of 2025}
  alpha: 8
channels:
  email: {open: 30%, machine: 0}
grade: {grade: B, covered: 92%, on: purchases.csv}
"""


@pytest.fixture
def plan_file(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(plan(journeys={"a": once("2026-01-06")}), "utf-8")
    return file


def indented(text, by):
    return "".join(" " * by + line + "\n" for line in text.splitlines())


SHAPES = {
    "the figures": FIGURES,
    "a section": "sector: retail\nrealistic:\n" + indented(FIGURES, 2),
    "a plan's": "behaviour:\n  sector: retail\n  realistic:\n" + indented(FIGURES, 4),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_says_how_people_behave(tmp_path, plan_file, shape):
    file = tmp_path / "behaviour.yaml"
    file.write_text(SHAPES[shape], "utf-8")
    run = simulate(plan_file, behaviour=str(file), contacts=3000, out=tmp_path / "run")
    behaviour = run.plan.behaviour
    assert run.manifest["behaviour"] == run.kpis["behaviour"] == "realistic"
    assert behaviour.realistic.purchases.r.value == 0.6
    assert behaviour.realistic.purchases.alpha == 8
    assert behaviour.sector == ("all" if shape == "the figures" else "retail")
    assert run.kpis["grade"] == "B"
    assert 0.3 < run.kpis["totals"]["opened"] / 3000 < 0.38  # nobody is tired yet
    assert run.kpis["totals"]["machine_opened"] == 0


def test_what_a_file_leaves_out_of_a_channel_is_the_sector_s(tmp_path, plan_file):
    opens = {}
    for sector, said in (("travel", "{click: 0}"), ("beauty", "{click: 0}"), ("beauty", "{open: 50%}")):
        text = f"sector: {sector}\nrealistic: {{channels: {{email: {said}}}}}\n"
        (tmp_path / "b.yaml").write_text(text, "utf-8")
        options = {"behaviour": str(tmp_path / "b.yaml"), "contacts": 20_000, "ledger": "none", "overwrite": True}
        run = simulate(plan_file, out=tmp_path / "run", **options)
        opens[sector, said] = run.kpis["totals"]["opened"] / 20_000
        assert (run.kpis["totals"]["clicked"] == 0) == ("click" in said)
    assert list(opens.values()) == sorted(opens.values(), key=lambda x: (x > 0.45, x < 0.2))


def test_a_run_can_be_looked_into_when_the_file_is_gone(tmp_path, plan_file):
    file = tmp_path / "behaviour.yaml"
    file.write_text(FIGURES, "utf-8")
    simulate(plan_file, behaviour=str(file), contacts=50, ledger="full", out=tmp_path / "run")
    file.unlink()
    plan_file.unlink()
    run = open_run(tmp_path / "run")
    rows = why(run, "17").rows
    assert rows == [r for r in run.ledger().to_pylist() if r["contact"] == 17]
    assert rows


BAD = {
    "purchases:\n  r: fast\n": ("2:6", "purchases.r", "expected a number"),
    "purchases:\n  rr: 1\n": ("2:3", "purchases.rr", "unknown key `rr`; did you mean `r`?"),
    "channels:\n  email: {open: 130%}\n": ("2:17", "channels.email.open", "a share lies between 0% and 100%"),
    "realistic:\n  lift: {days: }\n": ("2:16", "lift.days", "has no value"),
    "behaviour:\n  realistic:\n    clock: {hours: [1, 2]}\n": ("3:20", "clock.hours", "expected a list of 24, got 2"),
    "sector: shoes\nrealistic: {}\n": ("1:9", "sector", "expected one of"),
    "purchases:\n  r: {value: 1, status: sure}\n": ("2:25", "purchases.r.status", "expected one of"),
    "purchases: {r: 0}\n": ("1:16", "purchases.r", "expected at least 0.001"),
    "behaviour: {realistic: {lift: {days: -1}}}\n": ("1:38", "behaviour.realistic.lift.days", "at least 0.01"),
    "purchases: {r: 1\n": ("2:1", "", "a closing bracket is missing"),
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_told_with_its_place(tmp_path, plan_file, text):
    place, path, message = BAD[text]
    file = tmp_path / "behaviour.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(PlanError) as told:
        simulate(plan_file, behaviour=str(file), out=tmp_path / "run")
    problem = str(told.value.problems[0])
    assert problem.startswith(f"{file}:{place}: ")
    assert path in problem
    assert message in problem
    assert not (tmp_path / "run").exists()


def test_a_file_that_is_not_there(tmp_path, plan_file):
    with pytest.raises(DataError, match=r"neither a kind nor a file: `\w+`; did you mean `realistic`\?"):
        simulate(plan_file, behaviour="realistik", out=tmp_path / "run")


def test_on_the_command_line(tmp_path, plan_file):
    file = tmp_path / "behaviour.yaml"
    file.write_text(FIGURES, "utf-8")
    command = ["simulate", str(plan_file), "--contacts", "500", "--out", str(tmp_path / "run"), "--json"]
    told = CliRunner().invoke(main, [*command, "--behaviour", str(file)])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["behaviour"] == "realistic"
    file.write_text("lift: {days: soon}\n", "utf-8")
    told = CliRunner().invoke(main, [*command, "--overwrite", "--behaviour", str(file)])
    assert told.exit_code == 2
    assert f"{file}:1:14: " in told.stderr
    assert "Traceback" not in told.output


WRONG = {
    "purchases.r": (0, "expected at least 0.001, got `0.0`"),
    "purchases.taste": (2, "expected at most 1, got `2.0`"),
    "purchases.a": (1, "BG/NBD needs `b` as well"),
    "lift.days": (0, "expected at least 0.01"),
    "visits.per_week": (-1, "expected at least 0"),
    "channels.email.shape": (0, "expected at least 0.1"),
    "channels.email.hard": ({"value": 2}, "expected at most 1"),
    "clock.hours": ([0] * 24, "people are awake at some hour"),
    "personas": ({"person": {"rate": 0}}, "nobody ever buys"),
    "fatigue.days": (-7, "expected at least 0.01"),
}


@pytest.mark.parametrize("path", WRONG)
def test_figures_no_people_can_be_made_of(path):
    value, message = WRONG[path]
    with pytest.raises(PlanError) as told:
        loads(plan(), [f"behaviour.realistic.{path}={json.dumps(value)}"])
    assert [message in p.message for p in told.value.problems] == [True]


def test_names_of_no_use_are_findings(tmp_path):
    """The same people may live several plans: what is said of messages they never get does not matter."""
    asked = people(messages={"other": {"open": 1}}, personas={"loyal": {"rate": 2}}, opinion={"surveys": "nps"})
    file = tmp_path / "plan.yaml"
    file.write_text(plan(asked, journeys={"a": once("2026-01-06")}), "utf-8")
    read, problems = inspect(file)
    assert read is not None
    messages = [p.message for p in problems.sorted() if p.path[:2] == ("behaviour", "realistic")]
    assert sorted(messages) == [
        "the plan has no message `other`",
        "the plan has no persona `loyal`",
        "the plan has no survey `nps`",
    ]

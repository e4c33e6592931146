"""The command line: complete help, results on stdout and the rest on stderr, exit codes, both languages."""

import json
import subprocess
import sys
from importlib.metadata import version

import click
import pytest
from click.testing import CliRunner

from bifurque.engine.cli import main
from bifurque.engine.templates_list import template_names

COMMANDS = sorted(main.commands)


def bifurque(*words, code=0):
    """Run a command in this process; its results, once its exit code is what it should be."""
    done = CliRunner().invoke(main, [str(w) for w in words], prog_name="bifurque")
    assert done.exit_code == code, done.output + str(done.exception)
    return done


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A plan and a run of it."""
    folder = tmp_path_factory.mktemp("shop")
    bifurque("init", "cart", folder, "--lang", "en")
    plan, out = folder / "plan.yaml", folder / "run"
    done = bifurque("simulate", plan, "--contacts", 60, "--out", out, "--lang", "en", "--workers", 1)
    return plan, out, done


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_complete(name):
    command = main.commands[name]
    text = " ".join(bifurque(name, "--help").stdout.split())
    assert text == " ".join(bifurque(name, "-h").stdout.split())
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            words = (parameter.metavar or parameter.name.upper()).replace("[", "").replace("]", "").split()
            assert all(word in command.help for word in words), f"`{name}` does not say what {words} are"
        else:
            assert parameter.help, f"`{name} {parameter.opts[0]}` has no help"
            assert " ".join(parameter.help.split())[:40] in text
            assert max(parameter.opts, key=len) in text


def test_an_option_without_help_would_be_seen():
    @click.command()
    @click.option("--mute")
    def quiet(mute):
        """Say nothing."""

    main.add_command(quiet, "quiet")
    try:
        with pytest.raises(AssertionError, match="has no help"):
            test_the_help_of_a_command_is_complete("quiet")
    finally:
        del main.commands["quiet"]


def test_the_help_of_all():
    text = bifurque("--help").stdout
    assert text == bifurque("-h").stdout
    for name in COMMANDS:
        assert f"\n  {name} " in text


def test_the_version():
    assert bifurque("--version").stdout == f"bifurque, version {version('bifurque')}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_what_every_command_takes(name):
    options = {opt for p in main.commands[name].params for opt in p.opts}
    takes = {p.name for p in main.commands[name].params if isinstance(p, click.Argument)}
    if "plan" in takes:
        assert "--set" in options
    if name != "schema":
        assert "--json" in options


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["simulte"], "No such command 'simulte'"),
        (["check"], "Missing argument 'PLAN'"),
        (["check", "plan.yaml", "--jsn"], "No such option"),
        (["simulate", "plan.yaml", "--contacts", "0"], "Invalid value for '--contacts'"),
        (["simulate", "plan.yaml", "--ledger", "half"], "Invalid value for '--ledger'"),
        (["simulate", "plan.yaml", "--days", "many"], "Invalid value for '--days'"),
        (["init"], "bifurque init [TEMPLATE] DIR"),
        (["init", "a", "b", "c"], "bifurque init [TEMPLATE] DIR"),
        (["simulate", "nowhere/plan.yaml"], "nowhere/plan.yaml: cannot be read: No such file"),
        (["check", "nowhere/plan.yaml"], "nowhere/plan.yaml: cannot be read: No such file"),
        (["why", "nowhere", "7"], "nowhere: is not a run folder"),
        (["init", "kart", "nowhere"], "no template is called `kart`; did you mean `cart`?"),
    ],
)
def test_what_cannot_be_understood(words, says):
    done = bifurque(*words, code=2)
    assert says in done.stderr
    assert done.stdout == ""


def test_the_templates():
    for lang, word in (("fr", "panier"), ("en", "cart")):
        listed = bifurque("init", "--list", "--lang", lang).stdout.splitlines()
        assert [line.split()[0] for line in listed] == list(template_names())
        assert word in next(line for line in listed if line.startswith("cart ")).lower()
    titles = json.loads(bifurque("init", "--list", "--json", "--lang", "en").stdout)
    assert list(titles) == list(template_names())


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", template_names())
def test_every_template_is_clean(tmp_path, name, lang):
    plan = tmp_path / "new" / "plan.yaml"
    assert bifurque("init", name, plan.parent, "--lang", lang).stdout == f"{plan}\n"
    text = plan.read_text("utf-8")
    assert "\n#" in text
    assert not any(line.lstrip().startswith(("#fr", "#en")) for line in text.splitlines())
    done = bifurque("check", plan)
    notes = [line for line in done.stdout.splitlines() if " bytes per contact" not in line]  # what rules need
    assert (notes, done.stderr) == ([], "")
    again = bifurque("init", name, plan.parent, code=2)
    assert "exists already" in again.stderr
    assert plan.read_text("utf-8") == text


def test_without_a_template_it_is_the_demo(tmp_path):
    done = bifurque("init", tmp_path / "mine", "--json", "--lang", "en")
    assert json.loads(done.stdout) == {"template": "demo", "file": str(tmp_path / "mine" / "plan.yaml")}
    assert "plan: demo" in (tmp_path / "mine" / "plan.yaml").read_text("utf-8")


def test_check_speaks_of_errors_and_findings(tmp_path):
    plan = tmp_path / "plan.yaml"
    bifurque("init", "cart", tmp_path)
    clean = json.loads(bifurque("check", plan, "--json").stdout)
    assert clean == []
    finding = bifurque("check", plan, "--set", "caps.0.max=0", code=1)
    assert "lets nothing leave" in finding.stdout
    assert finding.stderr == ""
    error = bifurque("check", plan, "--set", "caps.0.mx=0", code=2)
    assert error.stdout == ""
    assert "--set caps.0.mx=0: caps.0.mx: unknown key `mx`; did you mean `max`?" in error.stderr
    (row,) = json.loads(bifurque("check", plan, "--set", "caps.0.mx=0", "--json", code=2).stdout)
    assert row["path"] == ["caps", "0", "mx"]
    assert row["level"] == "error"


def test_the_schema_is_json():
    schema = json.loads(bifurque("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"plan", "start", "journeys"} <= set(schema["$defs"]["Plan"]["properties"])


def test_simulate_prints_figures_on_stdout_and_notes_on_stderr(shop, tmp_path):
    plan, out, done = shop
    assert done.stderr == ""
    assert done.stdout.startswith("cart · 60 contacts · 365 days\n")
    assert f"Files: {out}" in done.stdout
    people = tmp_path / "people.csv"
    people.write_text("contact,zone,shoe_size\n1,Europe/Paris,42\n", "utf-8")
    words = ["simulate", plan, "--population", people, "--out", tmp_path / "run"]
    noted = bifurque(*words, "--lang", "fr")
    assert "shoe_size" in noted.stderr
    assert "shoe_size" not in noted.stdout
    assert noted.stdout.startswith("cart · 1 contacts")
    assert "exists already" in bifurque(*words, code=2).stderr
    assert bifurque(*words, "--overwrite", "--json").stdout == (tmp_path / "run" / "kpi.json").read_text("utf-8") + "\n"


def test_set_reaches_the_run(shop, tmp_path):
    plan, _, _ = shop
    words = ["simulate", plan, "--contacts", 60, "--days", 60, "--json", "--set", "journeys.cart.enabled=false"]
    assert json.loads(bifurque(*words, "--out", tmp_path / "run").stdout)["totals"]["sent"] == 0
    wrong = bifurque("simulate", plan, "--set", "journeys.kart.enabled=false", code=2)
    assert "--set journeys.kart.enabled=false" in wrong.stderr
    assert wrong.stdout == ""


def test_why_speaks_french_and_english_and_json(shop):
    _, out, _ = shop
    rows = json.loads(bifurque("why", out, 7, "--json").stdout)
    assert {"contact", "time", "message", "outcome", "reason", "winner", "until", "cause"} <= set(rows[0])
    for lang, entry, sent in (("fr", "entre dans `cart`", "envoyé"), ("en", "enters `cart`", "sent")):
        lines = bifurque("why", out, 7, "--lang", lang).stdout.splitlines()
        assert len(lines) == len(rows)
        assert entry in lines[0]
        assert any(sent in line for line in lines)
    one = json.loads(bifurque("why", out, 7, "cart_reminder", "--json").stdout)
    assert one == [r for r in rows if r["message"] == "cart_reminder"]
    assert one
    zoned = bifurque("why", out, 7, "--zone", "Asia/Tokyo", "--lang", "en").stdout.splitlines()
    assert len(zoned) == len(rows)
    assert "never came up" in bifurque("why", out, 7, "cart_question", "--lang", "en").stdout
    for words, says in (
        ([out, "nobody"], "no contact `nobody`"),
        ([out, 7, "cart_remindr"], "did you mean `cart_reminder`?"),
        ([out, 7, "--zone", "Asia/Tokio"], "did you mean `Asia/Tokyo`?"),
    ):
        assert says in bifurque("why", *words, code=2).stderr


def run(*words):
    return subprocess.run([sys.executable, "-m", "bifurque", *map(str, words)], capture_output=True, text=True)


def test_a_real_process(shop, tmp_path):
    plan, _, _ = shop
    done = run("simulate", plan, "--contacts", 50, "--days", 30, "--out", tmp_path / "run", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["contacts"] == 50
    wrong = run("check", plan, "--set", "caps=7")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "caps" in wrong.stderr
    assert run("chek").returncode == 2


def test_help_shows_what_to_begin_with_line_by_line():
    found = bifurque("--help").output
    assert "\\b" not in found
    assert "\n  bifurque init demo shop  " in found
    assert "\n  bifurque compare shop other  " in found

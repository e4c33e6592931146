"""What is said of plans, runs and data in French: every message the code can make is known, names are left alone."""

import ast
import json
import re
from pathlib import Path

import pytest
import test_bad_names
import test_bad_plans
from click.testing import CliRunner
from marked import marked, problems_of

from bifurque.engine.cli import main
from bifurque.engine.french import in_french, templates
from bifurque.engine.problems import Problem

ROOT = Path(__file__).parents[1]
ENGINE = (
    "reader values decode load problems zones names check check_journeys check_people check_realistic check_rules "
    "check_sharing check_shocks cycles findings pitfalls rule_graph salvage"
)
RULES = "syntax types features errors"
READING = [f"engine/{name}" for name in ENGINE.split(" ")] + [f"rules/{name}" for name in RULES.split(" ")]
"""Files in which every sentence is one about a plan."""
ERRORS = {"DataError", "RunError", "BifurqueError", "pa.ArrowInvalid", "ConditionError", "PlanError", "_refuse"}
"""What is raised with a sentence, in any file."""
LOOKS = {"startswith", "endswith", "index", "partition", "removeprefix", "compile", "findall", "fullmatch", "search"}
"""Calls whose texts are looked for, and not said."""
NOT_SAID = {"time of day", "date and time", "keys such as {", "one of", "the plan"}
"""Words of the editor's schema; beginnings of sentences that go on."""
ENGLISH = re.compile(
    r"\b(an|and|are|be|but|by|can|cannot|did|expected|for|from|got|has|have|in|is|it|known|mean|must|needs?|no|nobody|"
    r"nothing|not|of|one|or|say|such|than|that|the|this|to|unknown|with|write|you)\b"
)
QUOTED = re.compile(r'`[^`]*`|"[^"]*"|\{.*\}|/\S+|--\S+')
BLANK = "\0"


def english(text):
    """What is left of English in a sentence, names and pieces of YAML left out."""
    return ENGLISH.findall(QUOTED.sub(" ", text))


def writings(node):
    """What a text of the code may say, its blanks marked."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return writings(node.body) + writings(node.orelse)
    if isinstance(node, ast.FormattedValue):
        return writings(node.value) if isinstance(node.value, ast.IfExp) else [BLANK]
    if isinstance(node, ast.BinOp | ast.JoinedStr):
        found = [""]
        for part in node.values if isinstance(node, ast.JoinedStr) else (node.left, node.right):
            found = [before + after for before in found for after in writings(part)]
        return found
    return [BLANK]


def sentences(tree):
    """Every text of a file that is said: neither documentation nor what is only looked for."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Constant | ast.JoinedStr):
            yield from writings(node)
            continue
        looks = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS
        if isinstance(node, ast.Compare | ast.Expr) and not (isinstance(node, ast.Expr) and called(node.value)):
            continue
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_PLAINLY":
            todo += [pair.elts[1] for pair in node.value.elts]
        elif not looks:
            todo += ast.iter_child_nodes(node)


def called(node):
    return isinstance(node, ast.Call | ast.Yield | ast.YieldFrom)


def raised(tree):
    """What errors say."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) in ERRORS:
            for argument in node.exc.args:
                yield from writings(argument)


def sample(text):
    """A sentence with its blanks filled; a blank that only goes on with one is left empty."""
    if text.endswith("`" + BLANK) and text.count("`") % 2 == 0:
        text = text[:-1]
    text = re.sub(f"(?<=[a-z]){BLANK}|{BLANK}(?=[a-z])", "", text)
    text = re.sub(f"^(?=[;:,])|{BLANK}+|(?<=: )$", "journey", text)
    return text.strip().rstrip(":;,")


def is_sentence(text):
    """Several words, of which some are English."""
    return " " in text and bool(english(text)) and text not in NOT_SAID


@pytest.mark.parametrize("name", READING)
def test_every_sentence_about_a_plan_is_known(name):
    said = {sample(text) for text in sentences(ast.parse((ROOT / f"{name}.py").read_text("utf-8")))}
    untold = {s: in_french(s) for s in sorted(said) if is_sentence(s)}
    assert {s: f for s, f in untold.items() if s == f or english(f)} == {}


def test_every_error_is_known():
    untold = {}
    for file in [*sorted((ROOT / "engine").glob("*.py")), *sorted((ROOT / "rules").glob("*.py"))]:
        said = {sample(text) for text in raised(ast.parse(file.read_text("utf-8")))}
        untold |= {s: in_french(s) for s in said if is_sentence(s)}
    assert len(untold) > 150
    assert {s: f for s, f in untold.items() if s == f or english(f)} == {}


PLANS = [c[1] for c in test_bad_plans.YAML + test_bad_plans.TYPES]
PLANS += [c[0] for c in test_bad_names.NAMES + test_bad_names.CONDITIONS + test_bad_names.LAWS]


@pytest.mark.parametrize("number", range(len(PLANS)))
def test_every_problem_of_a_bad_plan_is_told_in_french(number):
    for problem in problems_of(marked(PLANS[number])[0]):
        french = in_french(problem.message)
        assert french != problem.message
        assert english(french) == [], french
        names = re.findall("`[^`]*`", problem.message)
        assert sorted(re.findall("`[^`]*`", french)) == sorted(names)


@pytest.mark.parametrize(
    ("said", "french"),
    [
        ("expected a whole number, got `abc`", "il faut un nombre entier, pas `abc`"),
        (
            "expected one of `calendar day`, `calendar week` or a duration such as 30min, 24h, 3d or 2w, got `day`",
            "il faut un de ces mots : `calendar day`, `calendar week` ou une durée comme 30min, 24h, 3d ou 2w, pas "
            "`day`",
        ),
        (
            "no message is called `the`; did you mean `this`?",
            "aucun message ne s'appelle `the` ; vouliez-vous dire `this` ?",
        ),
        ("no category is called `x`; known: `a`, `b`", "aucune catégorie ne s'appelle `x` ; noms connus : `a`, `b`"),
        ("70,000 steps in all: a plan has 65,535 at most", "70 000 étapes en tout : un plan en a 65 535 au plus"),
        ("the shares of the arms make 99.5%, not 100%", "la somme des parts des bras est de 99,5 %, et non de 100 %"),
        (
            "/a/mes plans/x.csv: row 3, column `contact`: expected a whole number, got `no one`",
            "/a/mes plans/x.csv: ligne 3, colonne `contact` : il faut un nombre entier, pas `no one`",
        ),
        (
            "runs/1: this run did not reach its end, so it has no figures: simulate it again",
            "runs/1: cette simulation n'est pas allée au bout, elle n'a donc pas de chiffres : simulez à nouveau",
        ),
        (
            "an endless day: message → event → … has no exit and no bound; add an `exit`, or `reentry: {most: …}`",
            "un jour sans fin : message → event → … n'a ni sortie ni limite ; ajoutez un `exit`, ou `reentry: {most: "
            "…}`",
        ),
        ("runs/1: is damaged: some words of a library", "runs/1: est abîmé : some words of a library"),
    ],
)
def test_a_sentence(said, french):
    assert in_french(said).replace("\N{NARROW NO-BREAK SPACE}", " ") == french


@pytest.mark.parametrize("said", ["", "expected", "nobody ever said this: of all things", "`a`", "a\nb", "x" * 9999])
def test_what_is_not_known_is_left_as_it_is(said):
    assert in_french(said) == said


@pytest.mark.parametrize("part", ["a: ", "a, ", "expected ", "a = ", "x: a and b c or ", "`a` ", "{", "a, got ", "`"])
def test_a_hostile_message_is_read_in_bounded_time(part):
    assert isinstance(in_french((part * 500)[:1990]), str)


def test_no_template_stands_twice():
    assert len({t.pattern.pattern for t in templates()}) == len(templates())


def test_a_problem_keeps_its_place():
    problem = Problem(("caps", 0, "max"), "expected at least 0, got `-1`", "plan.yaml", 3, 7)
    assert problem.told("en") == str(problem)
    assert problem.told("fr") == "plan.yaml:3:7: caps.0.max: il faut au moins 0, pas `-1`"


@pytest.fixture
def bad(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text("plan: x\nstart: 2025-01-01\ndays: abc\n", "utf-8")
    return str(file)


@pytest.mark.parametrize("command", ["check", "simulate"])
@pytest.mark.parametrize(("asked", "spoken"), [("fr", "en_GB.UTF-8"), (None, "fr_FR.UTF-8")])
def test_commands_say_it_in_french(bad, command, asked, spoken, monkeypatch):
    monkeypatch.setenv("LC_ALL", spoken)
    found = CliRunner().invoke(main, [command, bad, *(["--lang", asked] if asked else [])])
    assert found.exit_code == 2
    assert found.stderr == f"{bad}:3:7: days: il faut un nombre entier, pas `abc`\n"


def test_english_where_it_is_asked_for_and_beside_json(bad, monkeypatch):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    said = "days: expected a whole number, got `abc`\n"
    assert CliRunner().invoke(main, ["check", bad, "--lang", "en"]).stderr.endswith(said)
    assert CliRunner().invoke(main, ["simulate", bad, "--json"]).stderr.endswith(said)
    (row,) = json.loads(CliRunner().invoke(main, ["check", bad, "--json"]).stdout)
    assert row["message"] == "expected a whole number, got `abc`"


def test_a_folder_that_is_no_run_is_told_in_french(tmp_path):
    found = CliRunner().invoke(main, ["where", str(tmp_path), "--lang", "fr"])
    assert found.stderr == f"{tmp_path}: n'est pas un dossier de simulation : il n'a pas de manifest.json\n"

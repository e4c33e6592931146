"""The JSON Schema of plans: valid, kind to every template, and of a mind with `check` about what cannot be read."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

from bifurque.engine.cli import main
from bifurque.engine.decode import BAD, decode
from bifurque.engine.plan import Plan
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.reference import structs
from bifurque.engine.schema import plan_schema
from bifurque.engine.templates_list import template, template_names

SCHEMA = plan_schema()
VALID = jsonschema.Draft202012Validator(SCHEMA)
ROOT = Path(__file__).parents[1]


def raw(text):
    found, problems = read_text(text, Problems())
    assert problems.found == []
    return found


def test_it_is_a_schema_and_the_command_prints_it():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    printed = CliRunner().invoke(main, ["schema"])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == SCHEMA


@pytest.mark.parametrize("name", template_names())
def test_it_accepts_every_template(name):
    for lang in ("fr", "en"):
        assert [e.message for e in VALID.iter_errors(raw(template(name, lang)))] == []


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*/plan.yaml")), ids=lambda f: f.parent.name)
def test_it_accepts_every_example(file):
    assert [e.message for e in VALID.iter_errors(raw(file.read_text("utf-8")))] == []


GOOD = """
plan: good
start: 2026-01-01
categories: [{name: promotion, class: promotional}]
channels: {email: {cost: 0.001}}
messages: {offre_été: {channel: email, category: promotion, valid_for: 1d12h, title: {fr: Été, en: Summer}}}
caps: [{max: 3, per: 7d}, {max: 1, per: calendar day}]
quiet_hours: {from: "21:00", to: "08:00"}
zones: [Europe/Paris]
journeys:
  j:
    trigger: {event: go}
    holdout: 5%
    steps:
      - {send: offre_été, wait: 1h, at: "24:00", on: [tue]}
      - {wait: 2 days}
      - {at: "10:00"}
      - {grant: all}
      - {exit: true}
population: {joined: {share: 0.25}}
"""
WRONG = {
    "a key that is not known": ("cost: 0.001", "price: 0.001"),
    "a key that is missing": ("name: promotion, ", ""),
    "a duration without a unit": ("wait: 1h", "wait: 1"),
    "a minute called m": ("wait: 1h", "wait: 30m"),
    "a time of day without quotes": ('at: "10:00"', "at: 1000"),
    "a time that does not exist": ('at: "10:00"', 'at: "25:00"'),
    "a word that is none of the list": ("class: promotional", "class: promotion"),
    "a share beyond the whole": ("holdout: 5%", "holdout: 105%"),
    "a share as a number beyond 1": ("share: 0.25", "share: 25"),
    "a number out of its range": ("max: 3", "max: 1001"),
    "a name that starts with a digit": ("plan: good", "plan: 2good"),
    "a name that is a number": ("plan: good", "plan: 12"),
    "a name with a blank": ("offre_été:", "offre été:"),
    "a date that is none": ("2026-01-01", "01/01/2026"),
    "a weekday in full": ("[tue]", "[tuesday]"),
    "a zone that does not exist": ("Europe/Paris", "Europe/Lyon"),
    "a step without a kind": ("{exit: true}", "{late: skip}"),
    "a step of two kinds": ("{exit: true}", "{exit: true, send: offre_été}"),
    "an exit that is not true": ("{exit: true}", "{exit: false}"),
    "a trigger that is a text": ("trigger: {event: go}", "trigger: go"),
    "an amount below zero": ("cost: 0.001", "cost: -1"),
}


def test_a_good_plan_is_accepted():
    problems = Problems()
    assert [e.message for e in VALID.iter_errors(raw(GOOD))] == []
    assert decode(raw(GOOD), Plan, (), problems) is not BAD, problems.found


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_read_is_rejected(what):
    before, after = WRONG[what]
    assert before in GOOD
    text = GOOD.replace(before, after)
    assert not VALID.is_valid(raw(text))
    assert decode(raw(text), Plan, (), Problems()) is BAD  # and `check` says so too


def test_every_key_is_described_and_shown():
    definitions = SCHEMA["$defs"]
    for name, kind in structs(Plan).items():
        if name not in definitions:
            assert name == "Timed"  # only what it is made into is written
            continue
        assert definitions[name]["description"]
        properties = definitions[name]["properties"]
        assert set(properties) == {f.encode_name for f in msgspec.structs.fields(kind)}
        assert [key for key, p in properties.items() if not (p.get("description") and p.get("examples"))] == []


def inside(schema):
    """A schema and every schema within it."""
    yield schema
    for key in ("properties", "$defs"):
        for part in schema.get(key, {}).values():
            yield from inside(part)
    for key in ("additionalProperties", "items", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield from inside(schema[key])
    for part in schema.get("anyOf", []):
        yield from inside(part)


def test_every_default_and_example_is_of_its_own_type():
    checked = 0
    for schema in inside(SCHEMA):
        validator = VALID.evolve(schema={"$defs": SCHEMA["$defs"], **schema})
        for value in [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]:
            assert [e.message for e in validator.iter_errors(value)] == [], value
            checked += 1
    assert checked > 250


def test_an_editor_can_offer_what_may_stand():
    definitions = SCHEMA["$defs"]
    assert definitions["Weekday"]["enum"] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert "Europe/Paris" in definitions["TimeZone"]["enum"]
    assert definitions["Category"]["properties"]["class"]["enum"][0] == "transactional"
    assert definitions["Journey"]["properties"]["priority"]["default"] == 50
    assert definitions["SurveyStep"]["properties"]["within"]["default"] == "7d"
    assert definitions["DateOf"]["properties"]["at"]["default"] == "10:00"

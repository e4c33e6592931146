"""The reference of the language says what the types say, and every example of it is a plan, or a part of one."""

import re
import types
from pathlib import Path
from typing import Annotated, Union, get_args, get_origin

import msgspec
import pytest

from bifurque.engine.decode import BAD, decode, hints, rule_of
from bifurque.engine.load import inspect, loads
from bifurque.engine.names import Names
from bifurque.engine.plan import BUILT_IN_EVENTS, Plan
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.reference import filled, flow, keys, own_keys, structs
from bifurque.engine.trigger import doc
from bifurque.engine.values import Condition
from bifurque.rules import types as conditions
from bifurque.rules.errors import ConditionError

DOCUMENT = (Path(__file__).parents[1] / "docs" / "plan.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+) ?(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)
BLOCKS = [match.groups() for match in FENCE.finditer(DOCUMENT)]
WHOLE = [text for kind, where, text in BLOCKS if kind == "yaml" and not where]
PARTS = [(where, text) for kind, where, text in BLOCKS if kind == "yaml" and where]
CONDITIONS = [line for kind, _, text in BLOCKS if kind == "cel" for line in text.splitlines()]
FIELDS = [(s, f) for s in structs(Plan).values() for f in own_keys(s)]
REMEDY = "run: python -m bifurque.engine.reference docs/plan.md"


def test_the_tables_are_those_of_the_types():
    assert filled(DOCUMENT) == DOCUMENT, REMEDY


def test_every_key_of_every_type_is_there():
    for name, kind in structs(Plan).items():
        table = DOCUMENT.partition(f"<!-- keys: {name} -->")[2].partition("<!-- end -->")[0]
        assert table.strip(), f"no table of {name}"
        rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| `")]
        assert rows == [f"`{f.encode_name}`" for f in own_keys(kind)]


def test_every_key_has_a_meaning_and_an_example():
    for kind, field in FIELDS:
        metas = [m for m in get_args(hints(kind)[field.encode_name])[1:] if isinstance(m, msgspec.Meta)]
        assert any(m.description and m.examples for m in metas), f"{kind.__name__}.{field.name}"


class Small(msgspec.Struct):
    """A plan of one key."""

    most: Annotated[int, doc("At most so many", 3)] = 2


class Smaller(msgspec.Struct):
    """A plan of one key."""

    most: Annotated[int, doc("At most so many", 3)] = 1


class Wider(Small):
    """A plan of two keys."""

    least: Annotated[int, doc("At least so many", 1)] = 0


def test_a_changed_type_changes_the_document():
    document = filled("<!-- keys: Small -->\n<!-- end -->\n", Small)
    assert "| `most` | whole number | `2` | At most so many | `most: 3` |" in document
    assert filled(document, Small) == document
    assert keys(Smaller) != keys(Small)
    assert "`least`" in keys(Wider)
    assert "`most`" not in keys(Wider)  # it stands in the table of the type it comes from
    with pytest.raises(ValueError, match="no type of the plan is called `Small`"):
        filled(document)


def test_a_touched_table_is_seen():
    assert filled(DOCUMENT.replace("| `max` | whole number", "| `max` | number")) == DOCUMENT
    assert filled(DOCUMENT.replace("<!-- end -->", "| `more` |\n<!-- end -->", 1)) == DOCUMENT


def links(text):
    return set(re.findall(r"\]\(#([\w-]+)\)", text))


def anchors(text):
    found = list(re.findall(r'<a id="([\w-]+)">', text))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return found + [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_every_link_leads_somewhere():
    assert links(DOCUMENT) - set(anchors(DOCUMENT)) == set()
    assert links("[a](#b)") - set(anchors("# Not B")) == {"b"}


def test_every_built_in_event_is_there():
    assert [e for e in BUILT_IN_EVENTS if f"`{e}`" not in DOCUMENT] == []


def example(kind, field):
    metas = [m for m in get_args(hints(kind)[field.encode_name])[1:] if isinstance(m, msgspec.Meta)]
    return next(m.examples[0] for m in metas if m.examples)


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=[f"{s.__name__}.{f.encode_name}" for s, f in FIELDS])
def test_every_example_of_a_table_can_be_read(kind, field):
    problems = Problems()
    raw, problems = read_text(f"{field.encode_name}: {flow(example(kind, field))}", problems)
    value = decode(raw[field.encode_name], hints(kind)[field.encode_name], (field.encode_name,), problems)
    assert (value is BAD, problems.found) == (False, [])
    assert raw == {field.encode_name: example(kind, field)}


def expressions(value, kind):
    """The expressions of a raw value, by its type."""
    rule, origin, inside = rule_of(kind), get_origin(kind), get_args(kind)
    if rule is rule_of(Condition):
        yield from [value] if isinstance(value, str) else []
    elif rule is None and origin is Annotated:
        yield from expressions(value, inside[0])
    elif origin in (Union, types.UnionType):
        for one in inside:
            yield from expressions(value, one)
    elif origin is tuple and isinstance(value, list):
        for item in value:
            yield from expressions(item, inside[0])
    elif origin is dict and isinstance(value, dict):
        for item in value.values():
            yield from expressions(item, inside[1])
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        for key, item in value.items():
            if key in hints(kind):
                yield from expressions(item, hints(kind)[key])


EXAMPLES = [(text, s, f) for s, f in FIELDS for text in expressions(example(s, f), hints(s)[f.encode_name])]
NAMED = """
plan: named
start: 2026-01-01
stages: [acquisition, churned]
attributes: {city: string, orders: int}
scores: {interest: {}}
events: {x: {set: {fact.vip: true, fact.unpaid: true, fact.reduced: true, fact.cart_open: true}}}
channels: {email: {}}
"""


def names(text):
    every = Names(loads(text))
    return {**every.types, **every.event_types, **every.message_types, "visit": "int"}, every.words


@pytest.mark.parametrize("text", sorted({text for text, _, _ in EXAMPLES}))
def test_every_expression_of_a_table_makes_sense(text):
    assert conditions.expression(text, *names(NAMED)).type in ("bool", "int", "double")


def test_expressions_were_found():
    assert len({text for text, _, _ in EXAMPLES}) >= 10


def found(text, file):
    """What `check` finds in a plan's text."""
    file.write_text(text, "utf-8")
    _, problems = inspect(file)
    return [str(p) for p in problems.sorted()], [str(p) for p in problems.errors]


def test_the_whole_plans_are_clean(tmp_path):
    assert [found(text, tmp_path / "plan.yaml") for text in WHOLE] == [([], [])]


def put(raw, where, part):
    """The raw plan with a part in its place: its keys instead of those there are, beside the others."""
    if where:
        return {**raw, where[0]: put(raw.get(where[0]), where[1:], part)}
    return {**raw, **part} if isinstance(raw, dict) and isinstance(part, dict) else part


def with_part(where, part):
    """The text of the whole plan with one of its parts replaced."""
    whole, _ = read_text(WHOLE[0], Problems())
    if where != "part":
        whole = put(whole, where.split("."), part)
    else:
        for key, value in part.items():
            whole = put(whole, (key,), value)
    return "\n".join(f"{key}: {flow(value)}" for key, value in whole.items())


@pytest.mark.parametrize(("where", "text"), PARTS, ids=[f"{i} {where}" for i, (where, _) in enumerate(PARTS)])
def test_every_part_fits_into_the_whole_plan(where, text, tmp_path):
    part, problems = read_text(text, Problems())
    assert problems.found == []
    _, errors = found(with_part(where, part), tmp_path / "plan.yaml")
    assert errors == []


def test_a_part_that_does_not_fit_is_seen(tmp_path):
    for where, part in (("journeys.cart", {"when": "fact.new"}), ("part", {"segments": {"x": "fact.new"}})):
        _, errors = found(with_part(where, part), tmp_path / "plan.yaml")
        assert ["fact.new" in error for error in errors] == [True]


@pytest.mark.parametrize("text", CONDITIONS)
def test_every_condition_of_the_prose_makes_sense(text):
    known, words = names(WHOLE[0])
    known |= {"fact.unpaid": "bool"}
    assert conditions.condition(text, known, words).type == "bool"
    with pytest.raises(ConditionError):
        conditions.condition(text + " && unheard_of", known, words)


def test_conditions_were_found():
    assert len(CONDITIONS) >= 9

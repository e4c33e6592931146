"""How the text of a condition is read: what binds first, how long and deep it may be, and where errors point."""

import pytest

from bifurque.engine.load import loads
from bifurque.rules.errors import ConditionError
from bifurque.rules.lowering import depth
from bifurque.rules.syntax import MAX_DEPTH, MAX_LENGTH, MAX_NODES, parse
from bifurque.rules.types import condition, expression, number, seconds

NAMES = {
    "a": "bool",
    "b": "bool",
    "c": "bool",
    "n": "int",
    "x": "double",
    "s": "string",
    "t": "string",
    "now": "timestamp",
    "stage": "string",
    "score.interest": "keyed",
    "contact.orders": "int",
}
WORDS = {"stage": ("onboarding", "engagement")}


def brackets(node):
    """A tree with every bracket written."""
    inside = [brackets(a) for a in node.args]
    if node.op in ("literal", "name"):
        return str(node.value)
    if node.op == "list":
        return f"[{', '.join(inside)}]"
    if node.op == "call":
        return f"{node.value}({', '.join(inside)})"
    if node.op == "?:":
        return f"({inside[0]} ? {inside[1]} : {inside[2]})"
    sign = {"negate": "-"}.get(node.op, node.op)
    return f"({sign}{inside[0]})" if len(inside) == 1 else f"({inside[0]} {sign} {inside[1]})"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("a || b && c", "(a || (b && c))"),
        ("a && b || c", "((a && b) || c)"),
        ("!a && b", "((!a) && b)"),
        ("!!a", "(!(!a))"),
        ("a == b && c", "((a == b) && c)"),
        ("n + 1 * 2 == 3", "((n + (1 * 2)) == 3)"),
        ("n - 1 - 2", "((n - 1) - 2)"),
        ("n / 2 % 3 * 4", "(((n / 2) % 3) * 4)"),
        ("-n * 2", "((-n) * 2)"),
        ("-(n + 1)", "(-(n + 1))"),
        ("- 5 + n", "(-5 + n)"),
        ("n < 1 == a", "((n < 1) == a)"),
        ("a ? b : c ? a : b", "(a ? b : (c ? a : b))"),
        ("a || b ? b : c", "((a || b) ? b : c)"),
        ("a ? b || c : c", "(a ? (b || c) : c)"),
        ("n in [1] || a", "((n in [1]) || a)"),
        ('s.contains("x") && a', "(.contains(s, x) && a)"),
        ("size(s) > 2", "(size(s) > 2)"),
        ("a.b.c", "a.b.c"),
        ("(a)", "a"),
        (" a\n&&\tb ", "(a && b)"),
    ],
)
def test_what_binds_first(text, means):
    assert brackets(parse(text)) == means


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a\\n\\"\\\\"', 'a\n"\\'),
        ("'it is'", "it is"),
        ('"\\u00e9\\x41\\U0001F600\\101"', "éA😀A"),
        ("0", 0),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("2.", 2.0),
        ("-2.5E-1", -0.25),
    ],
)
def test_literals(text, value):
    found = parse(text).value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("contact.order > 1", 1, "unknown name `contact.order`; did you mean `contact.orders`?"),
        ("n > 1 && scor.interest > 2.0", 10, "unknown name `scor.interest`; did you mean `score.interest`?"),
        ('stage == "onbording"', 10, "`stage` is never `onbording`; did you mean `onboarding`?"),
        ('stage in ["engagement", "x"]', 25, "`stage` is never `x`; known: `engagement`, `onboarding`"),
        ("n = 1", 3, "unexpected `=`: use `==` to compare"),
        ("a & b", 3, "unexpected `&`: use `&&`"),
        ("a | b", 3, "unexpected `|`: use `||`"),
        ("a and b", 3, "write `&&`"),
        ("not a", 1, "write `!`"),
        ("True", 1, "write `true`"),
        ('s == "open', 6, "a text that is not closed"),
        ("a &&", 5, "something is missing at the end"),
        ("(a || b", 8, "expected `)`, the condition ends"),
        ("a ? b", 6, "expected `:`, the condition ends"),
        ("a b", 3, "unexpected `b`"),
        ("a. && b", 4, "a name must follow the point"),
        ("n == 1.5 && s == 2", 15, "cannot compare a text and a whole number"),
        ("a > b", 3, "true and false have no order"),
        ("s < t", 3, "the order of two texts that both vary is not supported"),
        ("n + x > 1.0", 3, "`+` cannot be applied to a whole number and a number"),
        ("x % 2.0 > 1.0", 3, "`%` cannot be applied to a number and a number"),
        ("a && n", 6, "`&&` joins conditions, this is a whole number"),
        ("a ? n : s", 3, "`? :` needs two values of one type, not a whole number and a text"),
        ("n ? a : b", 1, "a condition stands before `?`, this is a whole number"),
        ("n", 1, "a condition must be true or false, this is a whole number"),
        ("s in [1, 2]", 3, "`in` needs a value and a list of such values, not a text and a list"),
        ("n in []", 6, "a list needs at least one value, all written out and of one type"),
        ("n in [1, 2.5]", 6, "a list needs at least one value, all written out and of one type"),
        ("[1] == [1]", 1, "a list may only stand after `in`"),
        ('s.contain("x")', 3, "unknown function `.contain`; did you mean `.contains`?"),
        ("sise(s) > 1", 1, "unknown function `sise`; did you mean `size`?"),
        ("s.contains(t)", 3, "`.contains` cannot be applied to a text and a text"),
        ('s.matches("(")', 11, "not a pattern"),
        ('now - duration("2 weeks") > now', 16, "`2 weeks` is not a duration"),
        ('now > timestamp("2025-06-01")', 17, "`2025-06-01` is not an instant"),
        ("99999999999999999999 > n", 1, "a whole number must be below 2^63"),
        ("1e999 > x", 1, "`1e999` is beyond the largest number"),
        ('s == "\\q"', 7, "unknown escape `\\q`"),
        ("n[1] > 2", 2, "needs a score kept by key"),
        ("score.interest[s] > 1.0", 15, "needs a score kept by key"),
        ("a @ b", 3, "unexpected `@`"),
    ],
)
def test_errors_point_at_the_column(text, column, says):
    with pytest.raises(ConditionError) as caught:
        condition(text, NAMES, WORDS)
    assert caught.value.message.startswith(says) or says in caught.value.message
    assert caught.value.column + 1 == column
    assert str(caught.value) == f"column {column}: {caught.value.message}"


def test_the_place_in_a_plan_is_that_of_the_word():
    head = "plan: p\nstart: 2025-01-01\nattributes: {orders: int}\n"
    with pytest.raises(ValueError, match=r"plan:5:31: segments.vip: unknown name `contact.order`; did you mean"):
        loads(head + "segments:\n  vip: 'contact.orders > 3 && contact.order < 9'\n")


def test_types_of_expressions():
    assert expression("n + 1", NAMES).type == "int"
    assert expression("x + 1", NAMES).type == "double"  # a whole number written out may stand beside a real one
    assert expression("now - duration('1h')", NAMES).type == "timestamp"
    assert expression("now - now", NAMES).type == "duration"
    assert number("a ? 1 : 2", NAMES).type == "int"
    assert condition("n < x", NAMES).type == "bool"
    with pytest.raises(ConditionError, match="a number is needed, this is a text"):
        number("s", NAMES)


@pytest.mark.parametrize(
    ("text", "whole"),
    [("14d", 1209600), ("1h30m", 5400), ("1.5h", 5400), ("-2w", -1209600), ("1500ms", 1), ("90min", 5400), ("0s", 0)],
)
def test_durations(text, whole):
    assert seconds(text) == whole


@pytest.mark.parametrize("text", ["", "-", "1", "1y", "h", "1h 30m", "--1h", "9" * 30 + "d"])
def test_no_durations(text):
    with pytest.raises(ConditionError):
        seconds(text)


def test_how_long_and_how_deep():
    assert parse("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1)).value == "a"
    for deep in (
        "(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH,
        "!" * 40 + "a",
        "a ? b : " * 40 + "c",
        "-(" * 40 + "n" + ")" * 40,
    ):
        with pytest.raises(ConditionError, match=f"nested deeper than {MAX_DEPTH} levels"):
            parse(deep)
    with pytest.raises(ConditionError, match=f"a condition may have {MAX_LENGTH} characters at most"):
        parse(" " * MAX_LENGTH + "a")
    with pytest.raises(ConditionError, match=f"a condition may have {MAX_NODES} parts at most"):
        parse("+".join(["1"] * (MAX_NODES // 2 + 1)))
    for endless in ("(" * 4000, "[" * 4000, "!" * 4000, "a?" * 2000, "a." * 2000, "a[" * 2000, "-" * 4000, "f(" * 2000):
        with pytest.raises(ConditionError):
            parse(endless)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("a", 1),
        ("a && b", 2),
        (" || ".join(["a"] * 200), 2),
        ("a && (b && (c && a))", 4),
        ("a ? b : a ? b : c", 1),
        (f"n in {list(range(200))}", 1),
        ("n == (a ? 1 : 2)", 2),
    ],
)
def test_how_much_of_the_stack_is_needed(text, needs):
    assert depth(condition(text, NAMES), {}) == needs


def test_a_long_list_and_a_long_chain_are_no_deep_conditions():
    plan = "plan: p\nstart: 2025-01-01\nattributes: {{n: int}}\nsegments: {{long: '{}', read: segment.long}}\n"
    chain = " || ".join(f"contact.n == {i}" for i in range(120))
    assert loads(plan.format(chain)).segments["long"] == chain
    assert loads(plan.format(f"contact.n in {list(range(300))}"))

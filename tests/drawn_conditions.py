"""Conditions at random, of the right types: trees (op, value, *children) and their texts, with no bracket too many.

And what a contact may know when they are asked.
"""

import json
import math

from hypothesis import strategies as st

WORDS = ("", "a", "Ab", "paris", 'say "é"\\\n', "😀", "zz")
"""Texts of literals and of attributes: they often meet."""
PATTERNS = ("^a", "b$", "[a-p]+r", "é|z{2}", "")
NOW = 1741597200  # 2025-03-10 09:00 UTC

LEVELS = {"?:": 0, "||": 1, "&&": 2, "in": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "!": 6, "negate": 6}
LEVELS |= dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 3)


def printed(tree, level=0):
    op, value, *args = tree
    own = LEVELS.get(op, 7)
    if op == "literal":
        text = written(value)
        own = 6 if text.startswith("-") else 7
    elif op == "name":
        text = value
    elif op == "index":
        text = f"{printed(args[0])}[{printed(args[1])}]"
    elif op == "list":
        text = f"[{', '.join(printed(a) for a in args)}]"
    elif op == "call" and value.startswith("."):
        text = f"{printed(args[0], 7)}{value}({', '.join(printed(a) for a in args[1:])})"
    elif op == "call":
        text = f"{value}({', '.join(printed(a) for a in args)})"
    elif op == "?:":
        text = f"{printed(args[0], 1)} ? {printed(args[1], 1)} : {printed(args[2])}"
    elif op in ("!", "negate"):
        text = ("!" if op == "!" else "-") + printed(args[0], 6)
    else:
        text = f"{printed(args[0], own)} {op} {printed(args[1], own + 1)}"
    return f"({text})" if own < level else text


def written(value):
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def names(*found):
    return st.sampled_from([("name", n) for n in found])


def literals(values):
    return st.sampled_from([("literal", v) for v in values])


def call(name, *args):
    return st.tuples(st.just("call"), st.just(name), *args)


def operators(ops, *sides):
    return st.tuples(st.sampled_from(ops), st.just(""), *sides)


def choice(kind):
    return st.deferred(lambda: operators(["?:"], BOOL, kind, kind))


INTS = (0, 1, 2, 3, -7, 100, 2**31, 2**62, 2**63 - 1, -(2**62), -(2**63) + 1)
REALS = (0.0, -0.0, 1.0, 2.5, -3.0, 1e300, 5e-324, 9.1e18, 9.22e18, 9.3e18)
SPANS = ("0s", "1s", "90m", "14d", "-1h", "2w3d", "1000000w")
INSTANTS = ("2025-03-10T09:00:00Z", "2025-03-10T10:00:00+01:00", "1969-12-31T23:59:59Z", "2025-06-01T00:00:00-05:00")


def spans():
    return st.sampled_from([("call", "duration", ("literal", t)) for t in SPANS])


def instants():
    return st.sampled_from([("call", "timestamp", ("literal", t)) for t in INSTANTS])


INT_NAMES = names("contact.i", "contact.j", "event.value", "visits.one", *(f"local.{p}" for p in ("hour", "day")))
INT = st.deferred(
    lambda: (
        literals(INTS)
        | INT_NAMES
        | names("local.weekday", "local.month")
        | operators(["+", "-", "*", "/", "%"], INT, INT)
        | operators(["negate"], INT.filter(lambda t: t[0] != "literal"))
        | call("size", STRING)
        | call(".size", STRING)
        | call("int", REAL)
        | choice(INT)
    )
)
KEYS = st.sampled_from([("index", "", ("name", "score.keyed"), ("literal", k)) for k in ("a", "zz", "other")])
REAL = st.deferred(
    lambda: (
        literals(REALS)
        | names("contact.x", "contact.y", "score.plain", "score.keyed")
        | KEYS
        | operators(["+", "-", "*", "/"], REAL, REAL)
        | operators(["+", "*"], REAL.filter(lambda t: t[0] != "literal"), literals(INTS[:5]))
        | operators(["negate"], REAL.filter(lambda t: t[0] != "literal"))
        | call("double", INT)
        | choice(REAL)
    )
)
STRING = st.deferred(lambda: literals(WORDS) | STRING_NAMES | choice(STRING))
STRING_NAMES = names("contact.s", "contact.u", "event.key")
SPAN = st.deferred(
    lambda: spans() | operators(["-"], INSTANT, INSTANT) | operators(["+", "-"], SPAN, SPAN) | choice(SPAN)
)
INSTANT = st.deferred(
    lambda: (
        instants()
        | names("contact.d", "contact.w", "now")
        | operators(["+", "-"], INSTANT, SPAN)
        | operators(["+"], SPAN, INSTANT)
        | choice(INSTANT)
    )
)
CODED = {
    "stage": ("cold", "warm", "hot"),
    "persona": ("anna", "bert"),
    "event.message": ("letter",),
    "event.type": ("bought", "seen", "clicked"),
}
ORDER, EQUAL = ("<", "<=", ">", ">="), ("==", "!=")


def among(name):
    known = literals(CODED[name])
    return operators(EQUAL, names(name), known) | st.tuples(st.just("in"), st.just(""), names(name), listed(known))


def listed(values):
    return st.lists(values, min_size=1, max_size=4).map(lambda found: ("list", "", *found))


FACTS = ("fact.f", "fact.g", "segment.rich", "segment.warm", "consent.marketing.email", "inside.one", "contact.b")
EVERY = ("contact.i", "contact.x", "contact.s", "contact.d", "event.value", "event.message", "zone", "score.plain")
BOOL = st.deferred(
    lambda: (
        literals([True, False])
        | names(*FACTS)
        | operators([*EQUAL, *ORDER], INT, INT)
        | operators([*EQUAL, *ORDER], REAL, REAL)
        | operators([*EQUAL, *ORDER], INT_NAMES, REAL)
        | operators([*EQUAL, *ORDER], SPAN, SPAN)
        | operators([*EQUAL, *ORDER], INSTANT, INSTANT)
        | operators(EQUAL, STRING, STRING)
        | operators(ORDER, STRING_NAMES, literals(WORDS))
        | operators(ORDER, literals(WORDS), STRING_NAMES)
        | operators(EQUAL, BOOL, BOOL)
        | operators(["&&", "||"], BOOL, BOOL)
        | operators(["&&", "||"], BOOL, BOOL)
        | operators(["!"], BOOL)
        | st.sampled_from(sorted(CODED)).flatmap(among)
        | operators(EQUAL, names("zone"), literals(["Europe/Paris", "Asia/Kolkata"]))
        | operators(["in"], INT, listed(literals(INTS)))
        | operators(["in"], REAL, listed(literals(REALS)))
        | operators(["in"], STRING, listed(literals(WORDS)))
        | call("has", names(*EVERY) | names(*FACTS))
        | st.sampled_from([".contains", ".startsWith", ".endsWith"]).flatmap(lambda f: call(f, STRING, literals(WORDS)))
        | call(".matches", STRING, literals(PATTERNS))
        | choice(BOOL)
    )
)
KINDS = {"bool": BOOL, "int": INT, "double": REAL, "string": STRING, "timestamp": INSTANT}


def maybe(values):
    return st.sampled_from([None, *values])


STATE = st.fixed_dictionaries(
    {
        "contact.i": maybe((0, 3, 11, 2**63 - 1, -(2**63) + 1)),
        "contact.j": maybe(INTS),
        "contact.x": maybe(REALS),
        "contact.y": maybe((2.5, -1e300, math.inf)),
        "contact.s": maybe(WORDS),
        "contact.u": maybe((*WORDS, "only here")),
        "contact.b": maybe((True, False)),
        "contact.d": maybe((-1, 0, 20157)),
        "contact.w": maybe((NOW, 0, -1)),
        "event.value": maybe((0, 5000)),
        "event.key": maybe(WORDS),
        "event.type": st.sampled_from(CODED["event.type"]),
        "event.message": maybe(CODED["event.message"]),
        "stage": st.sampled_from(CODED["stage"]),
        "persona": st.sampled_from(CODED["persona"]),
        "zone": maybe(("Europe/Paris", "Asia/Kolkata")),
        "visits.one": st.integers(0, 3),
        "inside.one": st.booleans(),
        "fact.f": st.booleans(),
        "fact.g": st.booleans(),
        "consent.marketing.email": st.booleans(),
        "score.plain": st.sampled_from((0.0, 2.5, 40.0)),
        "keys": st.dictionaries(st.sampled_from(("a", "zz", "b")), st.sampled_from((0.5, 2.5, 7.0)), max_size=3),
    }
)

"""Conditions at random, each written twice: as a plan writes it, and for Google's CEL, which has other names."""

import json

WORDS = ("", "a", "Ab", "paris", 'say "é"\\\n', "😀", "zz")
PATTERNS = ("^a", "b$", "[a-p]+r", "é|z{2}", "")
INTS = (0, 1, 2, 3, -7, 100, 2**31, 2**62 + 1, 2**63 - 30)
"""Near the limits, but so that −2^63 is not met: it marks a missing value here, and is a number there."""
REALS = (0.0, -0.0, 1.0, 2.5, -3.0, 1e300, 5e-324, 0.1)
SPANS = {"0s": 0, "1s": 1, "90m": 5400, "14d": 1209600, "-1h": -3600, "2w3d": 1468800}
INSTANTS = ("2025-03-10T09:00:00Z", "2025-03-10T10:00:00+01:00", "1969-12-31T23:59:59Z")
NAMES = {
    "int": {n: n for n in ("contact.i", "contact.j", "event.value")},
    "double": {n: n for n in ("contact.x", "contact.y")},
    "string": {n: n for n in ("contact.s", "contact.u", "event.key")},
    "bool": {n: n for n in ("contact.b", "fact.f", "fact.g")},
    "timestamp": {"contact.d": "timestamp(contact.d * 86400)", "contact.w": "timestamp(contact.w)", "now": "now"},
}
SEGMENTS = {"segment.rich": "(contact.i > 10)", "segment.warm": '(stage == "warm" || (contact.i > 10))'}
ORDER, EQUAL = ("<", "<=", ">", ">="), ("==", "!=")


class Drawing:
    """One generator of conditions; a pair is (as a plan has it, as CEL has it)."""

    def __init__(self, draw):
        self.draw = draw

    def condition(self, depth=0):
        """A pair of the type bool."""
        kinds = {"logic": 7, "compare": 6, "name": 2, "has": 1, "among": 1, "text": 1, "choice": 1, "same": 1}
        if depth > 3:
            kinds |= {"logic": 0, "choice": 0, "same": 0}
        [kind] = self.draw.choices(list(kinds), list(kinds.values()))
        return getattr(self, kind)(depth + 1)

    def joined(self, op, *pairs):
        """The same operator in both."""
        return tuple(f" {op} ".join(f"({p[side]})" for p in pairs) for side in (0, 1))

    def called(self, name, *pairs):
        return tuple(f"{name}({', '.join(p[side] for p in pairs)})" for side in (0, 1))

    def literal(self, text):
        return text, text

    def logic(self, depth):
        op = self.draw.choice(["&&", "||", "!"])
        if op == "!":
            return tuple(f"!({side})" for side in self.condition(depth))
        return self.joined(op, self.condition(depth), self.condition(depth))

    def same(self, depth):
        return self.joined(self.draw.choice(EQUAL), self.condition(depth), self.condition(depth))

    def choice(self, depth, kind="bool"):
        test, yes, no = self.condition(depth), self.value(kind, depth), self.value(kind, depth)
        return tuple(f"({t}) ? ({y}) : ({n})" for t, y, n in zip(test, yes, no, strict=True))

    def name(self, _depth):
        return self.draw.choice([*NAMES["bool"].items(), *SEGMENTS.items(), *[('stage == "hot"',) * 2]])

    def has(self, _depth):
        name = self.draw.choice(["contact.i", "contact.x", "contact.s", "contact.d", "event.value", "fact.f"])
        return f"has({name})", f"has({name})"

    def compare(self, depth):
        kind = self.draw.choice(["int", "int", "double", "string", "timestamp", "duration"])
        left, right = self.value(kind, depth), self.value(kind, depth)
        if kind == "string":
            op = self.draw.choice(EQUAL)
            if self.draw.random() < 0.4:
                left, right, op = self.named("string"), self.plain("string"), self.draw.choice(ORDER)
        else:
            op = self.draw.choice(EQUAL + ORDER)
        return self.joined(op, left, right)

    def text(self, depth):
        text, name = self.value("string", depth), self.draw.choice(["contains", "startsWith", "endsWith", "matches"])
        argument = json.dumps(self.draw.choice(PATTERNS if name == "matches" else WORDS), ensure_ascii=False)
        return tuple(f"({side}).{name}({argument})" for side in text)

    def among(self, depth):
        kind = self.draw.choice(["int", "double", "string"])
        known = ", ".join(self.plain(kind)[0] for _ in range(self.draw.randint(1, 4)))
        return tuple(f"({side}) in [{known}]" for side in self.value(kind, depth))

    def value(self, kind, depth):
        """A pair of a type."""
        if kind == "bool":
            return self.condition(depth)
        if depth > 3 or self.draw.random() < 0.55:
            return self.plain(kind) if self.draw.random() < 0.35 else self.named(kind)
        if self.draw.random() < 0.15:
            return self.choice(depth + 1, kind)
        return getattr(self, f"{kind}_of")(depth + 1)

    def named(self, kind):
        return self.draw.choice(list(NAMES[kind].items())) if kind in NAMES else self.plain(kind)

    def plain(self, kind):
        if kind == "duration":
            span = self.draw.choice(list(SPANS))
            return f'duration("{span}")', f'duration("{SPANS[span]}s")'
        values = {"int": INTS, "double": REALS, "string": WORDS}
        if kind == "timestamp":
            return self.literal(f'timestamp("{self.draw.choice(INSTANTS)}")')
        value = self.draw.choice(values[kind])
        return self.literal(json.dumps(value, ensure_ascii=False) if kind == "string" else repr(value))

    def int_of(self, depth):
        way = self.draw.random()
        if way < 0.15:
            return self.called("size", self.value("string", depth))
        if way < 0.25:
            return self.called("int", self.value("double", depth))
        op = self.draw.choice(["+", "-", "*", "/", "%"])
        return self.joined(op, self.value("int", depth), self.value("int", depth))

    def double_of(self, depth):
        if self.draw.random() < 0.15:
            return self.called("double", self.value("int", depth))
        op = self.draw.choice(["+", "-", "*", "/"])
        return self.joined(op, self.value("double", depth), self.value("double", depth))

    def string_of(self, depth):
        return self.choice(depth, "string")

    def timestamp_of(self, depth):
        return self.joined(self.draw.choice("+-"), self.value("timestamp", depth), self.plain("duration"))

    def duration_of(self, depth):
        if self.draw.random() < 0.5:
            return self.joined("-", self.value("timestamp", depth), self.value("timestamp", depth))
        return self.joined(self.draw.choice("+-"), self.value("duration", depth), self.plain("duration"))

    def state(self):
        """What is known of a contact, as `condition_tables` takes it; many things are not."""

        def maybe(values):
            return None if self.draw.random() < 0.25 else self.draw.choice(values)

        return {
            "contact.i": maybe((0, 3, 11, 2**63 - 30)),
            "contact.j": maybe(INTS),
            "contact.x": maybe(REALS),
            "contact.y": maybe((2.5, -1e300, float("inf"))),
            "contact.s": maybe(WORDS),
            "contact.u": maybe((*WORDS, "only here")),
            "contact.b": maybe((True, False)),
            "contact.d": maybe((-1, 0, 20157)),
            "contact.w": maybe((1741597200, 0, -1)),
            "event.value": maybe((0, 5000)),
            "event.key": maybe(WORDS),
            "event.type": "seen",
            "event.message": None,
            "stage": self.draw.choice(("cold", "warm", "hot")),
            "persona": "anna",
            "zone": None,
            "visits.one": 0,
            "inside.one": False,
            "fact.f": self.draw.random() < 0.5,
            "fact.g": self.draw.random() < 0.5,
            "consent.marketing.email": False,
            "score.plain": 0.0,
            "keys": {},
        }

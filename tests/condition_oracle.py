"""What a condition means, by its tree alone: a naive walk, three-valued. None is a value that is not known.

From the semantics of CEL and chapter 6 of the design; it shares nothing with the product but the shape of the tree.
"""

import datetime as dt
import math
import re


def mean(node, known):
    """The value of a parsed expression where names have these values."""
    op, args = node.op, node.args
    if op == "literal":
        return node.value
    if op == "name":
        return known[node.value]
    if op == "index":
        return known[args[0].value, args[1].value]
    if op == "call":
        return called(node, known)
    if op in ("&&", "||"):
        return junction([mean(a, known) for a in args], op == "||")
    if op == "?:":
        test = mean(args[0], known)
        return None if test is None else mean(args[1] if test else args[2], known)
    if op == "in":
        sought = mean(args[0], known)
        return None if sought is None else any(sought == a.value for a in args[1].args)
    values = [mean(a, known) for a in args]
    if None in values:
        return None
    if op == "!":
        return not values[0]
    return -values[0] if op == "negate" else binary(op, *values)


def junction(values, stop):
    if stop in values:
        return stop
    return None if None in values else not stop


def binary(op, x, y):
    if op in ("==", "!=", "<", "<=", ">", ">="):
        if isinstance(x, float) or isinstance(y, float):
            x, y = float(x), float(y)
        found = {"==": x == y, "!=": x != y}
        return found[op] if op in found else {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[op]
    if isinstance(x, float) or isinstance(y, float):
        return real(op, float(x), float(y))
    if op in ("/", "%") and y == 0:
        return None
    quotient = 0 if y == 0 else abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
    return whole({"+": x + y, "-": x - y, "*": x * y, "/": quotient, "%": x - y * quotient}[op])


def whole(r):
    """A whole number of 64 bits; the lowest one marks a value that is missing."""
    return r if -(2**63) < r < 2**63 else None


def real(op, x, y):
    if op != "/" or y != 0:
        return {"+": x + y, "-": x - y, "*": x * y}[op] if op != "/" else x / y
    if x == 0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1, y)


def called(node, known):
    name = node.value
    if name in ("duration", "timestamp"):
        return {"duration": span, "timestamp": instant}[name](node.args[0].value)
    x = mean(node.args[0], known)
    if name == "has":
        return x is not None
    if x is None:
        return None
    if name in ("size", ".size"):
        return len(x)
    if name == "double":
        return float(x)
    if name == "int":
        return whole(int(x)) if math.isfinite(x) else None
    y = node.args[1].value
    if name == ".matches":
        return re.search(y, x) is not None
    return {".contains": y in x, ".startsWith": x.startswith(y), ".endsWith": x.endswith(y)}[name]


def span(text):
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sign * sum(int(n) * units[u] for n, u in re.findall(r"(\d+)([smhdw])", body))


def instant(text):
    return int(dt.datetime.fromisoformat(text).timestamp())

"""Windowed features: what a condition may ask of past events, such as `count(purchase, "30d")`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from bifurque.rules.errors import ConditionError, did_you_mean, short
from bifurque.rules.syntax import Node, Type

FEATURES: dict[str, Type] = {"count": "int", "sum": "int", "last": "timestamp", "first": "timestamp", "both": "bool"}
FIELDS: dict[str, Type] = {"event.key": "string", "event.value": "int", "event.message": "string"}
"""What a filter may read of an event; the `event.` may be left out."""
_SHAPES = {
    "count": '`count(purchase, "30d")`',
    "sum": '`sum(purchase.value, "90d")`',
    "last": "`last(purchase)`",
    "first": '`first(purchase, key == "baby")`',
    "both": '`both(quote_asked, page_viewed, "14d")`',
}

Check = Callable[[Node, Mapping[str, Type], Mapping[str, tuple[str, ...]]], Node]


def feature(node: Node, words: Mapping[str, tuple[str, ...]], check: Check, seconds: Callable[[str, int], int]) -> Node:
    """The checked form of a feature: its events as texts, its window in seconds, its filter.

    Raises:
        ConditionError: an unknown event, a window that is none, a filter that reads more than the event.
    """
    name, args = str(node.value), list(node.args)
    wrong = ConditionError(node.at, f"`{name}` is written such as {_SHAPES[name]}")
    if len(args) < {"both": 3, "count": 2, "sum": 2}.get(name, 1):
        raise wrong
    said = 2 if name == "both" else 1
    events = [_event(a, name, wrong, words.get("event.type", ())) for a in args[:said]]
    args = args[said:]
    window = Node("literal", (), 0, node.at, "duration")
    if name in ("count", "sum", "both"):
        if args[0].op != "literal" or args[0].type != "string":
            raise wrong
        length = seconds(str(args[0].value), args[0].at)
        if length <= 0:
            raise ConditionError(args[0].at, "a window must last some time")
        window = replace(window, value=length)
        args.pop(0)
    if len(args) > (0 if name == "both" else 1):
        raise wrong
    where = tuple(_filter(a, words, check) for a in args)
    return replace(node, op="feature", args=(*events, window, *where), type=FEATURES[name])


def _event(node: Node, name: str, wrong: ConditionError, known: tuple[str, ...]) -> Node:
    word = str(node.value)
    if node.op != "name" and not (node.op == "literal" and node.type == "string"):
        raise wrong
    if name == "sum":
        if not word.endswith(".value"):
            raise wrong
        word = word.removesuffix(".value")
    if word not in known:
        raise ConditionError(node.at, f"no event is called `{short(word)}`" + did_you_mean(word, known))
    return Node("literal", (), word, node.at, "string")


def _filter(node: Node, words: Mapping[str, tuple[str, ...]], check: Check) -> Node:
    def spelled(n: Node) -> Node:
        value = f"event.{n.value}" if n.op == "name" and f"event.{n.value}" in FIELDS else n.value
        return replace(n, value=value, args=tuple(spelled(a) for a in n.args))

    for inner in parts(node):
        if inner.op == "call" and inner.value in FEATURES:
            raise ConditionError(inner.at, "a filter reads one event: its key, its value, its message")
    try:
        tree = check(spelled(node), FIELDS, words)
    except ConditionError as error:
        if error.message.startswith("unknown name"):
            text = error.message.partition(";")[0] + ": an event has `key`, `value` and `message`"
            raise ConditionError(error.column, text) from None
        raise
    if tree.type != "bool":
        raise ConditionError(node.at, "a filter must be true or false")
    return tree


def parts(node: Node) -> Iterator[Node]:
    """A tree's nodes."""
    yield node
    for inner in node.args:
        yield from parts(inner)


def events_of(node: Node) -> tuple[str, ...]:
    """The events a feature looks at."""
    return tuple(str(a.value) for a in node.args[: 2 if node.value == "both" else 1])


def window_of(node: Node) -> int:
    """Its window in seconds; 0 if it has none."""
    return int(node.args[2 if node.value == "both" else 1].value)


def filter_of(node: Node) -> Node | None:
    """Its filter."""
    at = 3 if node.value == "both" else 2
    return node.args[at] if len(node.args) > at else None


def written(node: Node) -> str:
    """A tree as a condition is written, the same for every way to write it."""
    args = [written(a) for a in node.args]
    if node.op == "feature":
        events = [f"{e}.value" if node.value == "sum" else e for e in events_of(node)]
        window = [f'"{_length(window_of(node))}"'] if window_of(node) else []
        where = filter_of(node)
        return f"{node.value}({', '.join([*events, *window, *([written(where)] if where else [])])})"
    if node.op == "literal":
        if node.type == "string":
            return '"' + str(node.value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        return str(node.value).lower() if node.type == "bool" else str(node.value)
    if node.op == "name":
        return f"{node.value}[{args[0]}]" if args else str(node.value)
    if node.op == "list":
        return f"[{', '.join(args)}]"
    if node.op == "call":
        name = str(node.value)
        return f"{args[0]}{name}({', '.join(args[1:])})" if name[0] == "." else f"{name}({', '.join(args)})"
    if node.op == "?:":
        return f"({args[0]} ? {args[1]} : {args[2]})"
    if len(args) == 1:
        return f"{'-' if node.op == 'negate' else node.op}{args[0]}"
    return f"({args[0]} {node.op} {args[1]})"


def _length(seconds: int) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"

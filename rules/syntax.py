"""The text of a condition, read into a tree: a subset of CEL.

The Common Expression Language (github.com/google/cel-spec).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bifurque.rules.errors import ConditionError, short

MAX_LENGTH, MAX_DEPTH, MAX_NODES = 4000, 32, 500

Type = Literal["", "bool", "int", "double", "string", "timestamp", "duration", "list", "keyed"]


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a condition's tree.

    `op` is `literal`, `name`, `list`, `call`, `index`, `!`, `negate`, `?:`, `in` or a binary operator; `value` is the
    literal, the dotted name or the function; `at` is the offset in the text; `type` is filled by
    `bifurque.rules.types.check`.
    """

    op: str
    args: tuple[Node, ...] = ()
    value: bool | int | float | str = ""
    at: int = 0
    type: Type = ""


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)
         |(?P<name>[^\W\d]\w*)
         |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
         |(?P<sign>\|\||&&|[<>=!]=|[-+*/%<>!?:.,()\[\]]))""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_PLAIN = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    **{c: c for c in "\\?\"'`"},
}
_LEVEL = {"||": 1, "&&": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
_SPELLED = {"and": "&&", "or": "||", "not": "!"}
_LEVEL |= dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3)


def parse(text: str) -> Node:
    """Read a condition.

    Raises:
        ConditionError: the text is not in the language, or is longer or deeper than any honest condition.

    >>> parse("a.b >= 2").op
    '>='
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(MAX_LENGTH, f"a condition may have {MAX_LENGTH} characters at most")
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.next = 0
        self.nodes = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.expression()
        kind, word, at = self.tokens[self.next]
        if kind != "end":
            raise ConditionError(at, f"write `{_SPELLED[word]}`" if word in _SPELLED else f"unexpected `{short(word)}`")
        return node

    def peek(self) -> str:
        kind, word, _ = self.tokens[self.next]
        return word if kind in ("sign", "name") else ""

    def take(self, expected: str = "") -> tuple[str, str, int]:
        token = self.tokens[self.next]
        if expected and (token[1] != expected or token[0] == "text"):
            found = f"found `{short(token[1])}`" if token[1] else "the condition ends"
            raise ConditionError(token[2], f"expected `{expected}`, {found}")
        self.next += 1
        return token

    def node(self, op: str, at: int, *args: Node, value: bool | int | float | str = "", kind: Type = "") -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ConditionError(at, f"a condition may have {MAX_NODES} parts at most")
        return Node(op, args, value, at, kind)

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ConditionError(self.tokens[self.next][2], f"nested deeper than {MAX_DEPTH} levels")
        node = self.binary(1)
        if self.peek() == "?":
            at = self.take()[2]
            yes = self.binary(1)
            self.take(":")
            node = self.node("?:", at, node, yes, self.expression())
        self.depth -= 1
        return node

    def binary(self, level: int) -> Node:
        node = self.unary()
        while _LEVEL.get(self.peek(), 0) >= level:
            _, op, at = self.take()
            node = self.node(op, at, node, self.binary(_LEVEL[op] + 1))
        return node

    def unary(self) -> Node:
        word, at = self.peek(), self.tokens[self.next][2]
        if word not in ("!", "-"):
            return self.member()
        self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ConditionError(at, f"nested deeper than {MAX_DEPTH} levels")
        inner = self.unary()
        self.depth -= 1
        if word == "-" and inner.op == "literal" and inner.type in ("int", "double"):
            assert not isinstance(inner.value, str)
            return self.node("literal", at, value=-inner.value, kind=inner.type)
        return self.node("!" if word == "!" else "negate", at, inner)

    def member(self) -> Node:
        node = self.primary()
        while self.peek() in (".", "["):
            _, sign, at = self.take()
            if sign == "[":
                node = self.node("index", at, node, self.expression())
                self.take("]")
                continue
            kind, word, at = self.take()
            if kind != "name":
                raise ConditionError(at, "a name must follow the point")
            if self.peek() == "(":
                self.take()
                node = self.node("call", at, node, *self.arguments(")"), value="." + word)
            elif node.op == "name":
                node = Node("name", (), f"{node.value}.{word}", node.at)
            else:
                raise ConditionError(at, f"`.{short(word)}` needs a name before it")
        return node

    def primary(self) -> Node:
        kind, word, at = self.take()
        if kind == "number":
            return self.number(word, at)
        if kind == "text":
            return self.node("literal", at, value=_unescape(word[1:-1], at + 1), kind="string")
        if word == "(":
            node = self.expression()
            self.take(")")
            return node
        if word == "[":
            return self.node("list", at, *self.arguments("]"))
        if word in ("true", "false"):
            return self.node("literal", at, value=word == "true", kind="bool")
        if kind == "name" and self.peek() == "(":
            self.take()
            return self.node("call", at, *self.arguments(")"), value=word)
        if kind == "name":
            if word in _SPELLED:
                raise ConditionError(at, f"write `{_SPELLED[word]}`")
            return self.node("name", at, value=word)
        raise ConditionError(at, f"unexpected `{word}`" if word else "something is missing at the end")

    def number(self, word: str, at: int) -> Node:
        if word.isdigit():
            if int(word) >= 2**63:
                raise ConditionError(at, "a whole number must be below 2^63")
            return self.node("literal", at, value=int(word), kind="int")
        if float(word) == float("inf"):
            raise ConditionError(at, f"`{word}` is beyond the largest number")
        return self.node("literal", at, value=float(word), kind="double")

    def arguments(self, close: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.peek() != close:
            found.append(self.expression())
            if self.peek() != close:
                self.take(",")
        self.take(close)
        return tuple(found)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ConditionError(at, _stray(text[at]))
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind), match.start(kind)))
        at = match.end()
    return [*found, ("end", "", len(text))]


def _stray(character: str) -> str:
    remedy = {"=": ": use `==` to compare", "&": ": use `&&`", "|": ": use `||`"}
    if character in "\"'":
        return "a text that is not closed"
    return f"unexpected `{character}`" + remedy.get(character, "")


def _unescape(text: str, at: int) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code or match[4]:
            point = int(code, 16) if code else int(match[4], 8)
            if point > 0x10FFFF or 0xD800 <= point < 0xE000:
                raise ConditionError(at + match.start(), "not a character")
            return chr(point)
        if match[5] not in _PLAIN:
            raise ConditionError(at + match.start(), f"unknown escape `\\{match[5]}`")
        return _PLAIN[match[5]]

    return _ESCAPE.sub(one, text)

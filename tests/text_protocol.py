"""Reads the text form of protocol buffers: what the official tests of CEL are written in."""

import re

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<word>[\w.+-]+)|(?P<sign>[{}\[\]:,;<>/])"""
)
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class Text(str):
    """A quoted value, unlike a word."""


def read(text):
    """A message: by field, a list of values, which are messages, texts or words."""
    tokens, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        at = match.end()
        if match.lastgroup:
            tokens.append((match.lastgroup, match[match.lastgroup]))
    return message(tokens, 0)[0]


def message(tokens, at):
    """The fields from a token on, and where they end."""
    found = {}
    while at < len(tokens) and tokens[at][1] != "}":
        name, at = tokens[at][1], at + 1
        if name == "[":  # the type of an `any`, or of an extension
            at = tokens.index(("sign", "]"), at) + 1
        if tokens[at] == ("sign", ":"):
            at += 1
        value, at = valued(tokens, at)
        found.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        while at < len(tokens) and tokens[at][1] in (",", ";"):
            at += 1
    return found, at


def valued(tokens, at):
    kind, word = tokens[at]
    if word == "{" and kind == "sign":
        inner, at = message(tokens, at + 1)
        return inner, at + 1
    if word == "[" and kind == "sign":
        listed, at = [], at + 1
        while tokens[at] != ("sign", "]"):
            value, at = valued(tokens, at)
            listed.append(value)
            at += tokens[at] == ("sign", ",")
        return listed, at + 1
    if kind == "word":
        return word, at + 1
    parts = b""
    while at < len(tokens) and tokens[at][0] == "text":
        parts += ESCAPE.sub(unescaped, tokens[at][1][1:-1].encode())
        at += 1
    return Text(parts.decode("utf-8", "surrogateescape")), at


def unescaped(match):
    octal, short, four, eight, other = match.groups()
    if octal or short:
        return bytes([int(octal, 8) if octal else int(short, 16)])
    if four or eight:
        return chr(int(four or eight, 16)).encode()
    return PLAIN.get(other, other)

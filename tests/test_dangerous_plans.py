"""Plans made to harm: read by the real command line, in bounded time and memory, with a clear line and no traceback."""

import os
import random

import pytest
from measured import refused

from bifurque.engine.load import inspect

HEAD = b"plan: x\nstart: 2025-01-01\n"


def lines(text, count):
    return b"".join(text % i for i in range(count))


LAUGHS = b"a: &a [ha,ha,ha,ha,ha,ha,ha,ha,ha]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(9)
)
SHOP = HEAD + b"channels: {email: {}}\ncategories: [{name: promo, class: promotional}]\n"
MESSAGES = SHOP + b"messages:\n" + lines(b" message_number_%d: {channel: email, category: promo}\n", 4900)
PLANS = {
    "100,000 [": (b"[" * 100_000, ":1:65: ", "nested deeper than 64 levels"),
    "100,000 [ as a value": (b"plan: " + b"[" * 100_000, ":1:70: ", "nested deeper than 64 levels"),
    "100,000 {": (b"{" * 100_000, ":1:2: ", "a key must be a text"),
    "100,000 ]": (b"]" * 100_000, ":1:1: ", "a value is missing before this"),
    "100,000 -": (b"- " * 100_000, ":1:129: ", "nested deeper than 64 levels"),
    "100,000 ?": (b"? " * 100_000, ":1:3: ", "a key must be a text"),
    "100,000 quotes": (b"'" * 99_999, ":1:1: ", "the text that starts here has no closing quote"),
    "1,000 steps to the right": (
        b"".join(b" " * i + b"a:\n" for i in range(1000)),
        ":65:65: ",
        "deeper than 64 levels",
    ),
    "ten megabytes": (b"plan: x\n" + b"# nothing\n" * 1_000_000, ": ", "is larger than 1 MB, which no plan is"),
    "ten megabytes in a line": (b"a" * 10_000_000, ": ", "contacts and events belong in files of their own"),
    "a name of almost a megabyte": (b"plan: " + b"a" * 990_000, ":1:7: ", "expected a name of letters"),
    "a key of almost a megabyte": (HEAD + b"? " + b"a" * 900_000 + b"\n: 1\n", ":3:3: ", "unknown key `aaa"),
    "half a million entries": (b"plan: [" + b"1," * 490_000 + b"]", ":1:10008: ", "holds more than 5,000 entries"),
    "billion laughs": (LAUGHS, ":1:4: ", "anchors and aliases (`&`, `*`) are not part of the plan language"),
    "an alias of itself": (b"&a {plan: *a}\n", ":1:1: ", "anchors and aliases"),
    "60,000 anchors": (lines(b"- &a%d x\n", 60_000), ":1:3: ", "anchors and aliases"),
    "1e400": (HEAD + b"holdout: 1e400\n", ":3:10: ", "`1e400` is beyond the largest number"),
    "NaN": (HEAD + b"holdout: .nan\n", ":3:10: ", "is not a number a plan can use"),
    "5,000 digits": (HEAD + b"days: " + b"9" * 5000, ":3:7: ", "is beyond the largest number"),
    "noise": (random.Random(1).randbytes(3000), ":1:", "is not UTF-8 text: save it as UTF-8"),
    "NUL": (b"plan: x\0\n", ":1:8: ", "holds a character that no text should: U+0000"),
    "UTF-16": ("plan: x\n".encode("utf-16"), ":1:1: ", "is UTF-16 text: save it as UTF-8"),
    "Latin 1": ("plan: x\ntitle: été\n".encode("latin-1"), ":2:8: ", "is not UTF-8 text: save it as UTF-8"),
    "nothing": (b"", ": ", "is empty: `bifurque init` writes a plan to start from"),
    "only blank lines": (b"\n" * 900_000, ": ", "is empty"),
    "3,000 ( in a condition": (HEAD + b"segments: {s: '" + b"(" * 3000 + b"true'}", ":3:48: ", "deeper than 32 levels"),
    "3,900 ! in a condition": (HEAD + b"segments: {s: '" + b"!" * 3900 + b"true'}", ":3:47: ", "deeper than 32 levels"),
    "1,900 points in a condition": (
        HEAD + b"segments: {s: '" + b"a." * 1900 + b"b'}",
        ":3:16: ",
        "unknown name `a.a.a",
    ),
    "a long condition": (
        HEAD + b"segments: {s: '" + b"true && " * 9000 + b"true'}",
        ":3:4016: ",
        "4000 characters at most",
    ),
    "segments that double 60 times": (
        HEAD
        + b"segments:\n"
        + b"".join(b" s%d: segment.s%d || segment.s%d\n" % (i, i + 1, i + 1) for i in range(60))
        + b" s60: 'true'\n",
        ":",
        "with its segments written out this has 2,047 parts",
    ),
    "4,900 names almost known": (
        MESSAGES + b"journeys: {j: {trigger: {event: e}, steps: [" + lines(b"{send: message_numbr_%d},", 4900) + b"]}}",
        ":4906:52: ",
        "no message is called `message_numbr_0`; did you mean `message_number_0`?",
    ),
    "28,000 events": (
        HEAD
        + b"scores:\n"
        + b"".join(
            b" s%d: {on: {%s}}\n" % (k, b", ".join(b"event_%d: 1" % (i + 4700 * k) for i in range(4700)))
            for k in range(6)
        ),
        ":1:1: ",
        "the plan names 28,207 types of events: 20,000 at most",
    ),
}
"""The bytes of a plan, its place as the message gives it, and a part of the message."""


HARMLESS = ("1e400", "NaN", "5,000 digits", "NUL", "UTF-16", "Latin 1", "nothing", "only blank lines", "noise")
"""Nothing here could take a process down: these are read in ours."""


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_made_to_harm(name, tmp_path):
    raw, place, said = PLANS[name]
    file = tmp_path / "plan.yaml"
    file.write_bytes(raw)
    told = "\n".join(map(str, inspect(file)[1].sorted())) if name in HARMLESS else refused("check", file)
    assert f"{file}{place}" in told
    assert said in told
    assert all(len(line) < 400 + len(str(file)) for line in told.splitlines())
    assert len(told.splitlines()) <= 101


def test_a_folder_and_a_file_that_is_not_there(tmp_path):
    for path, said in ((tmp_path, "Is a directory"), (tmp_path / "no.yaml", "No such file or directory")):
        assert refused("check", path) == f"{path}: cannot be read: {said}"


def test_bytes_on_the_command_line(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_bytes(HEAD)
    told = refused("check", file, "--set", os.fsdecode(b"zone=\xff"))
    assert told.endswith("is not UTF-8 text: save it as UTF-8")

"""Templates with lines and words lost, doubled, swapped or replaced: problems are returned, nothing is raised."""

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marked import problems_of

from bifurque.engine.compile import compile_plan
from bifurque.engine.load import loads
from bifurque.engine.people import Drawn
from bifurque.engine.templates_list import template, template_names

WORDS = re.compile(r"[\w.%-]+|\s+|.", re.DOTALL)
STRANGE = [
    "NO",
    "22:30",
    "1e400",
    ".nan",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "\t",
    "&a",
    "*a",
    "!x",
    "null",
    "~",
    "",
    "|",
    ">",
]
STRANGE += [
    "0",
    "-1",
    "999999999999999999",
    "1e308",
    "0d",
    "36500d",
    '"24:00"',
    "[]",
    "{}",
    "[[]]",
    "100%",
    "\n",
    "\n  ",
]
STRANGE += [
    "true",
    "fact.x",
    "stage",
    "segment.s",
    "contact.x",
    "score.x",
    "event.value",
    "1/0",
    "a-b",
    "é",
    "٣",
    "²",
    "- ",
]
STRANGE += ["2025-02-30", "9999-12-31", "all", "transactional", "previous", "sent", "#", ": ", "? ", "\r", "\u2028"]
TEXTS = [template(name, "en") for name in template_names()]
MOST_SECONDS = 2.0


@st.composite
def damaged(draw):
    """The text of a template after one to four accidents."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        by_line = draw(st.booleans())
        parts = text.split("\n") if by_line else WORDS.findall(text)
        one, other = (draw(st.integers(0, len(parts) - 1)) for _ in range(2))
        accident = draw(st.sampled_from(["lose", "double", "swap", "replace"]))
        if accident == "lose":
            del parts[one]
        elif accident == "double":
            parts.insert(other, parts[one])
        elif accident == "swap":
            parts[one], parts[other] = parts[other], parts[one]
        elif by_line:
            parts[one] = " " * draw(st.integers(0, 5)) + parts[one].lstrip()
        else:
            parts[one] = draw(st.sampled_from(STRANGE) | st.sampled_from(parts))
        text = ("\n" if by_line else "").join(parts) or "x"
    return text


def survive(text):
    began = time.process_time()
    found = problems_of(text)
    for problem in found:
        said = str(problem)
        assert said.isprintable()
        assert len(said) < 1000
        assert problem.line >= 1 or "is empty" in said or "more than" in said
    if not any(p.level == "error" for p in found):
        program = compile_plan(loads(text), days=30)
        Drawn(program, 1, 8).rows(0, 8)
    assert time.process_time() - began < MOST_SECONDS


CALM = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@settings(CALM, max_examples=150)
@given(damaged())
def test_a_damaged_template(text):
    survive(text)


@pytest.mark.slow
@settings(CALM, max_examples=5000)
@given(damaged())
def test_many_damaged_templates(text):
    survive(text)


@settings(CALM, max_examples=100)
@given(st.text(max_size=300) | st.lists(st.sampled_from(STRANGE), max_size=60).map("".join))
def test_any_text(text):
    survive("plan: x\nstart: 2025-01-01\n" + text)

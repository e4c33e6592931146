"""Malformed plans: every problem at once, each with its line, its column, what is wrong and what to do.

In the plans below `¦` marks the place that a message must name; the message of each mark stands beside.
"""

import pytest
from marked import HEAD, SHOP, marked, problems_of

from bifurque.engine.problems import MOST


def journey(trigger="{event: signup}", steps="{send: hello}", more=""):
    return f"{SHOP}journeys: {{j: {{trigger: {trigger}, steps: [{steps}]{more}}}}}\n"


def message(more):
    return SHOP.replace("category: promo}", f"category: promo, {more}}}")


YAML = [
    ("a key twice", HEAD + "days: 3\n¦days: 4\n", "the key `days` stands here again, first in line 3"),
    ("a key twice inside", HEAD + "title: {fr: a, ¦fr: b}\n", "the key `fr` stands here again"),
    ("a time that others read as a number", HEAD + "zone: ¦22:30\n", 'quote a time of day, such as "22:30"'),
    ("NO", HEAD + "title: ¦NO\n", "`NO` is true or false to some readers and a text to others"),
    ("yes", HEAD + "holdout: ¦yes\n", "write true or false, or quote it"),
    ("on", HEAD + "experiments: {e: {arms: {a: 100%}, enabled: ¦on}}\n", "`on` is true or false to some readers"),
    ("True", HEAD + "title: ¦True\n", "write it in small letters, or quote it"),
    ("null", HEAD + "zone: ¦null\n", "means nothing: leave the key out"),
    ("~", HEAD + "zone: ¦~\n", "means nothing: leave the key out"),
    ("nothing", HEAD + "zone:¦\n", "has no value: give one, or leave it out"),
    ("a number with a 0 before", HEAD + "days: ¦010\n", "starts with 0: quote it if it is a code, or leave the 0 out"),
    ("a number in hexadecimal", HEAD + "days: ¦0x1F\n", "write it in decimals, or quote it"),
    ("a number with _", HEAD + "days: ¦1_000\n", "leave the `_` out, or quote it"),
    ("NaN", HEAD + "days: ¦.nan\n", "`.nan` is not a number a plan can use"),
    ("infinity", HEAD + "days: ¦-.inf\n", "`-.inf` is not a number a plan can use"),
    ("1e400", HEAD + "holdout: ¦1e400\n", "`1e400` is beyond the largest number"),
    ("5,000 digits", HEAD + f"days: ¦{'9' * 5000}\n", "999…` is beyond the largest number"),
    ("a tab", "plan: x\n¦\tstart: 2025-01-01\n", "a tab stands where spaces should: indent with spaces"),
    ("a tab in a list", HEAD + "caps:\n¦\t- {max: 1, per: 1d}\n", "a tab stands where spaces should"),
    ("an anchor", HEAD + "title: ¦&a hello\n", "anchors and aliases (`&`, `*`) are not part of the plan language"),
    ("an alias", HEAD + "title: ¦*a\n", "write the value out, or quote it if it is a text"),
    ("an alias of itself", "stages: ¦&a [*a]\n", "anchors and aliases"),
    ("a tag", HEAD + "title: ¦!!str 3\n", "tags (`!`) are not part of the plan language"),
    ("a merge", HEAD + "¦<<: {days: 3}\n", "unknown key `<<`"),
    ("two plans", HEAD + "¦---\nplan: y\n", "a second document starts here: a file holds one plan"),
    ("a key that is a list", HEAD + "¦[a]: 3\n", "a key must be a text"),
    ("a quote not closed", HEAD + "title: ¦'hello\ndays: 3\n", "the text that starts here has no closing quote"),
    ("an apostrophe", HEAD + "title: 'l'¦été'\n", "the quote before this ends the text: inside quotes write '' for '"),
    ("a bracket not closed", HEAD + "stages: [a, b\ndays¦: 3\n", "a `,` or a closing bracket is missing before this"),
    ("a bracket too much", HEAD + "stages: ¦]\n", "a value is missing before this"),
    ("no colon", HEAD + "¦title hello\ndays: 3\n", "a `:` is missing after this key"),
    ("two colons", HEAD + "title: a¦: b\n", "a second `:` in one value: quote the text, or start a new line"),
    ("bad indentation", HEAD + "title:\n  fr: a\n ¦en: b\n", "the indentation does not fit the lines above"),
    ("a list on the line of its key", HEAD + "stages: ¦- a\n", "a list cannot start here"),
    ("@", HEAD + "title: ¦@home\n", "a text cannot start with this character: quote it"),
    ("a strange escape", HEAD + 'title: "a¦\\d"\n', "after `\\` only certain letters may stand"),
    ("a NUL", HEAD + "title: a¦\0\n", "holds a character that no text should: U+0000"),
    ("a NUL, escaped", HEAD + 'title: "¦a\\0"\n', "holds a character that no text should: U+0000"),
    ("half a character", HEAD + "title: ¦\ud800\n", "is not UTF-8 text: save it as UTF-8"),
    ("only a text", "¦hello\n", "expected keys such as {plan: retail-2026, start: 2026-01-01}, got `hello`"),
    ("only a list", "¦- plan: x\n", "expected keys such as {plan: retail-2026, start: 2026-01-01}, got `[…]`"),
    ("too many entries", HEAD + f"stages: [{'a, ' * 5000}¦a]\n", "holds more than 5,000 entries, which is too many"),
]
TYPES = [
    ("no name", "¦start: 2025-01-01\n", "missing key `plan`"),
    ("an unknown key", HEAD + "¦chanels: {}\n", "unknown key `chanels`; did you mean `channels`?"),
    ("an unknown key inside", HEAD + "stages: [{¦nme: a}]\n", "unknown key `nme`; did you mean `name`?"),
    ("a comma for a point", HEAD + "channels: {sms: {cost: 0,¦06}}\n", "decimals are written with a point"),
    ("a name with a space", "plan: ¦a b\nstart: 2025-01-01\n", "expected a name of letters, digits, `_` and `-`"),
    ("a name with a digit first", "plan: ¦1a\nstart: 2025-01-01\n", "not starting with a digit, got `1a`"),
    ("30 February", "plan: x\nstart: ¦2025-02-30\n", "`2025-02-30` is no date: 2025-02 has 28 days"),
    ("month 13", "plan: x\nstart: ¦2025-13-01\n", "the month is written second, from 01 to 12"),
    ("a French date", "plan: x\nstart: ¦01/02/2025\n", "expected a date such as 2025-01-31, got `01/02/2025`"),
    ("a date far away", "plan: x\nstart: ¦9999-12-31\n", "a simulation starts between 1971 and 2199"),
    ("25 o'clock", HEAD + "calendars: {c: [¦2025-01-01 25:00]}\n", "the hours go from 00 to 23"),
    ("a quoted number", HEAD + 'days: "¦3"\n', "expected a whole number, got `3`, a text: leave the quotes out"),
    ("a quoted truth", journey(more=', enabled: "¦false"'), "expected true or false, got `false`, a text: leave"),
    ("a fraction of a day", HEAD + "days: ¦3.5\n", "expected a whole number, got `3.5`"),
    ("no day", HEAD + "days: ¦0\n", "expected at least 1, got `0`"),
    ("too many days", HEAD + "days: ¦4000\n", "expected at most 3700, got `4000`"),
    ("more than all", HEAD + "holdout: ¦120%\n", "a share lies between 0% and 100%, got `120%`"),
    ("no share", HEAD + "holdout: ¦some\n", "expected a share such as 5% or 0.05, got `some`"),
    ("a town for a zone", HEAD + "zone: ¦Paris\n", "did you mean `Europe/Paris`?"),
    ("a zone in small letters", HEAD + "zone: ¦europe/paris\n", "did you mean `Europe/Paris`?"),
    ("half past 24", HEAD + 'quiet_hours: {from: "¦24:30", to: "08:00"}\n', 'expected a time of day such as "22:30"'),
    (
        "one of a few words",
        HEAD + "arbitration: ¦lookahead\n",
        "expected one of `first_come`, `priority`, `look_ahead`",
    ),
    ("a word in capitals", HEAD + "categories: [{name: a, class: ¦Service}]\n", "did you mean `service`?"),
    (
        "a mapping for a list",
        HEAD + "caps: ¦{max: 1, per: 1d}\n",
        "expected a list, got `{…}`: start each entry with `-`",
    ),
    (
        "a word for a list",
        HEAD + "zones: ¦Europe/Paris\n",
        "expected a list, got `Europe/Paris`: write `[Europe/Paris]`",
    ),
    (
        "a list for a mapping",
        HEAD + "channels: ¦[email]\n",
        "expected names and what they mean, got `[…]`: write `name: …`",
    ),
    ("a number for a channel", HEAD + "channels: {email: ¦0.1}\n", "expected keys such as {cost: 0.06}, got `0.1`"),
    ("a word for a goal", journey(more=", goal: ¦purchase"), "expected keys such as {event: purchase, within: 7d}"),
    (
        "a duration without unit",
        message("valid_for: ¦24"),
        "expected a duration such as 30min, 24h, 3d or 2w, got `24`",
    ),
    ("m for a minute", message("valid_for: ¦30m"), "got `30m`; a minute is `min`"),
    ("jours", journey(steps="{send: hello, wait: ¦3j}"), "got `3j`; a day is `d`"),
    ("longer than a century", journey(steps="{wait: ¦99999999999d}"), "is longer than a century"),
    ("a period of a cap", HEAD + "caps: [{max: 1, per: ¦day}]\n", "`calendar day`, `calendar week`, `calendar month`"),
    ("a negative cap", HEAD + "caps: [{max: ¦-1, per: 7d}]\n", "expected at least 0, got `-1`"),
    ("tuesday", journey(steps="{send: hello, on: ¦tuesday}"), "got `tuesday`; did you mean `tue`?"),
    ("a free message", HEAD + "channels: {email: {cost: ¦free}}\n", "expected an amount such as 12.50, got `free`"),
    ("no step", journey(steps="¦{}"), "expected one of the keys `send`, `wait_for`, `branch`"),
    ("a step misspelt", journey(steps="{¦sned: hello}"), "unknown key `sned`; did you mean `send`?"),
    ("two steps in one", journey(steps="¦{send: hello, exit: true}"), "one of `send`, `exit`, not several"),
    (
        "a trigger that is a word",
        journey(trigger="¦signup"),
        "expected a mapping with one of the keys `event`, `first`",
    ),
    ("a condition that is true", HEAD + "segments: {s: ¦true}\n", 'got `true`; quote it: "true"'),
    ("a title that is a number", HEAD + "title: ¦12\n", "expected a text or keys such as {fr: Votre panier}, got `12`"),
]


@pytest.mark.parametrize(("text", "said"), [c[1:] for c in YAML + TYPES], ids=[c[0] for c in YAML + TYPES])
def test_a_malformed_plan(text, said):
    plan, places = marked(text)
    (problem,) = problems_of(plan)
    assert ((problem.line, problem.column), problem.level) == (places[0], "error"), str(problem)
    assert said in problem.message
    assert str(problem).startswith(f"plan.yaml:{problem.line}:{problem.column}: ")
    assert "\n" not in str(problem)


def test_all_problems_at_once_in_the_order_of_the_file():
    text, places = marked(
        "plan: ¦1x\nstart: ¦2025-02-30\n¦dyas: 3\nzone: ¦Paris\nholdout: ¦120%\n"
        'quiet_hours: {from: ¦22:30, to: "¦8:00"}\nstages: [a, ¦3]\nchannels: {email: {cost: ¦-1}}\n'
        "journeys: {j: {trigger: {¦evnt: e}, steps: [{¦sned: x}, {exit: ¦false}]}}\n"
    )
    assert [(p.line, p.column) for p in problems_of(text)] == places


def test_a_message_says_where_in_the_plan():
    text, _ = marked(journey(steps="{send: hello}, {branch: [{if: ¦maybe, then: []}]}"))
    (problem,) = problems_of(text)
    assert ": journeys.j.steps.1.branch.0.if: unknown name `maybe`" in str(problem)


def test_no_more_than_anybody_reads():
    found = problems_of(HEAD + "".join(f"key_{i}: 1\n" for i in range(300)))
    assert len(found) == MOST + 1
    assert found[-1].message == "there are more than 100 problems: these are the first ones found"


@pytest.mark.parametrize("more", ["title: |\n", "title: ''\n", "# only a comment\n", "title: l'été\n", "days: +3\n"])
def test_what_looks_odd_and_is_not(more):
    assert problems_of(HEAD + more) == []

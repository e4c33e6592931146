"""Faults planted where decisions are made, in the kernel's tables and in its code, are caught by the law they break."""

from unittest import mock

import numpy as np
import pytest
from busy import PLAN, caught, crowd
from lived import lived

from bifurque.actors import layout as a
from bifurque.engine import simulate as simulation
from bifurque.rules import arbitration
from bifurque.rules import layout as r

# In the tables.


def sends(words):
    """The addresses of the send rows."""
    first = int(words[r.H_SENDS])
    return range(first, first + int(words[r.H_N_SENDS]) * r.SEND, r.SEND)


def behind(words, column):
    """The addresses of the rows that the lists in a column of the send rows name."""
    lists = [int(words[send + column]) for send in sends(words)]
    return sorted({int(words[at + 1 + i]) for at in lists for i in range(words[at])})


def journeys(words):
    """The addresses of the journeys."""
    first = int(words[r.H_JOURNEYS])
    return range(first, first + int(words[r.H_N_JOURNEYS]) * a.JOURNEY, a.JOURNEY)


def steps(words):
    """The addresses of the steps that a visit may reach."""
    todo, found = [int(words[j + a.J_FIRST]) for j in journeys(words)], []
    while todo:
        step = todo.pop()
        if step and step not in found:
            found.append(step)
            todo.append(int(words[step + a.ST_NEXT]))
    return found


def empty(column):
    """The lists in a column of the send rows hold nothing."""

    def fault(words):
        for send in sends(words):
            words[words[send + column]] = 0

    return fault


def put(column, value, which=slice(None)):
    """A column of the send rows holds something else."""

    def fault(words):
        for send in sends(words)[which]:
            words[send + column] = value

    return fault


def short_windows(words):
    for cap in behind(words, r.SEND_CAPS):
        words[cap + r.CAP_WINDOW] -= 1


def days_for_weeks(words):
    for cap in behind(words, r.SEND_CAPS):
        words[cap + r.CAP_WINDOW] = min(words[cap + r.CAP_WINDOW], 86400)


def early_birds(words):
    words[words[r.H_QUIET] + r.Q_TO] -= 3600


def one_zone(words):
    words[words[r.H_FALLBACK]] = 1


def half_the_silence(words):
    for rule in behind(words, r.SEND_RULES):
        words[rule + r.RULE_DAYS] //= 2


def no_exits(words):
    kinds = int(min(words[words[r.H_EVENTS] + i] for i in range(3)))  # the first list of reactions stands first
    for at in range(kinds, int(words[r.H_EVENTS])):
        if words[at] == a.RX_EXIT and words[at + a.RX_ARG] in journeys(words):
            words[at] = -1


def swapped_messages(words):
    one, two = sends(words)[1:3]
    assert words[one + r.SEND_STEP] == words[two + r.SEND_STEP]
    words[one : one + r.SEND], words[two : two + r.SEND] = (
        words[two : two + r.SEND].copy(),
        words[one : one + r.SEND].copy(),
    )


def upside_down(words):
    for send in sends(words):
        words[send + r.SEND_RANK] = 9 - words[send + r.SEND_RANK]


def no_groups(words):
    for journey in journeys(words):
        words[journey + a.J_GROUP] = 0


def no_bounds(words):
    for journey in journeys(words):
        words[journey + a.J_MOST] = 0


def a_minute_late(words):
    for waits in {int(words[step + a.ST_WAITS]) for step in steps(words)}:
        words[waits + a.W_SECONDS] += 60


IN_THE_TABLES = {
    "cap": [empty(r.SEND_CAPS), empty(r.SEND_COUNTS), put(r.SEND_WEIGHT, 1), short_windows, days_for_weeks],
    "quiet hours": [empty(r.SEND_QUIETS), early_birds, one_zone],
    "consent": [put(r.SEND_CONSENT, -1)],
    "coherence": [empty(r.SEND_RULES), empty(r.SEND_MARKS), half_the_silence],
    "validity": [put(r.SEND_VALID_DAYS, 0)],
    "holdout": [put(r.SEND_HELD_OUT, 0, slice(0, 3))],
    "exit": [no_exits],
    "arm": [swapped_messages],
    "arbitration": [upside_down],
    "group": [no_groups],
    "visit": [no_bounds],
    "due": [a_minute_late],
    "reason": [put(r.SEND_ON_CAP, r.DROP), put(r.SEND_ON_QUIET, r.HOLD)],
}


@pytest.mark.parametrize(
    ("law", "fault"),
    [
        pytest.param(law, fault, id=f"{law}-{i}")
        for law, faults in IN_THE_TABLES.items()
        for i, fault in enumerate(faults)
    ],
)
def test_a_fault_in_the_tables_is_caught(tmp_path, law, fault):
    def prepare(*args, **options):
        setting = true_prepare(*args, **options)
        fault(setting.words)
        return setting

    true_prepare = simulation.prepare
    with mock.patch.object(simulation, "prepare", prepare):
        assert law in caught(lived(tmp_path, PLAN, *crowd()))


# In the decisions: the step's source, uncompiled, with one function replaced.


def plain(function):
    """A kernel function as it stands, without the warnings of numpy's whole numbers."""

    def run(*args):
        with np.errstate(over="ignore"):
            return function(*args)

    return run


def forgets_who_waits(m, t):
    """In place of `recheck`: nobody looks at held messages after an event."""


def a_second_longer(m, entry, t, reason, winner, until):
    """In place of `hold`."""
    true_hold(m, entry, t, reason, winner, until + 1)


def without_a_trace(m, entry, t, outcome, reason, *more):
    """In place of `write`: what has expired leaves no row."""
    if reason != r.R_EXPIRED:
        true_write(m, entry, t, outcome, reason, *more)


def twice(m, entry, t, outcome, reason, *more):
    """In place of `write`: every send is written down twice."""
    for _ in range(2 if outcome == r.OUTCOME_SENT else 1):
        true_write(m, entry, t, outcome, reason, *more)


def in_utc(m, t):
    """In place of `offset`, for caps: the day of the plan's servers, not of the contact."""
    return 0


def weakest_first(m, one, two, t):
    """In place of `before`."""
    return true_before(m, two, one, t)


true_hold, true_write, true_before = arbitration.hold, arbitration.write, arbitration.before

IN_THE_DECISIONS = [
    ("consent", "bifurque.rules.arbitration.consented", lambda m, send: True),
    ("consent", "bifurque.actors.step.recheck", forgets_who_waits),
    ("held until", "bifurque.rules.arbitration.hold", a_second_longer),
    ("one final row", "bifurque.rules.arbitration.write", without_a_trace),
    ("one final row", "bifurque.rules.arbitration.write", twice),
    ("cap", "bifurque.rules.localtime.offset", in_utc),
    ("arbitration", "bifurque.rules.arbitration.before", weakest_first),
    ("coherence", "bifurque.rules.laws.truth", lambda m, code, t: r.FALSE),
    ("quiet hours", "bifurque.rules.laws.awake", lambda m, quiets, t: t),
]


@pytest.mark.parametrize(("law", "where", "fault"), IN_THE_DECISIONS)
def test_a_fault_in_the_decisions_is_caught(tmp_path, law, where, fault):
    with mock.patch("bifurque.actors.host.compiled", plain), mock.patch(where, fault):
        assert law in caught(lived(tmp_path, PLAN, *crowd()))


def test_the_uncompiled_step_alone_breaks_no_law(tmp_path):
    with mock.patch("bifurque.actors.host.compiled", plain):
        assert caught(lived(tmp_path, PLAN, *crowd())) == set()

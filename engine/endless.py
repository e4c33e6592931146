"""The endless day: contacts who live the same steps again and again without a sign, and sends that nobody opens.

Reads the ledger and the events of a run, whoever wrote them: a full ledger for exact counts, a sample for shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurque.engine.run import Run
from bifurque.engine.tables import hash64
from bifurque.rules.compiled import Words
from bifurque.rules.errors import RunError

PASSES, YEAR = 3, 365 * 86400
"""The same steps so often without a positive signal are an endless day; who opens nothing so long is indifferent."""
SIGNALS = ("opened", "clicked", "answered", "purchase", "referred")
SPAN, VISITS = 1 << 29, 1 << 20
"""More seconds than a run lasts, more visits than a contact makes: several numbers as one that sorts as they do."""


@dataclass(frozen=True)
class Lived:
    """What a ledger and its events say, in numbers: contacts by their place among all, instants since the start.

    Rows of `sends` and `visits` are in the order of contact, journey and visit.
    """

    contacts: Words
    journeys: tuple[str, ...]
    start: int
    sent_at: Words
    sent_visit: Words
    sent_message: Words
    signals: Words
    opens: Words
    visit: Words
    begun: Words
    ended: Words
    steps: Words

    def line(self, visit: Words) -> Words:
        """Contact and journey of visits, as one number."""
        return visit // VISITS

    def contact(self, visit: Words) -> Words:
        """The place of the contact of visits."""
        return visit // VISITS // len(self.journeys)

    def journey(self, visit: Words) -> Words:
        """The journey of visits, by position."""
        return visit // VISITS % len(self.journeys)

    def count(self, moments: Words, who: Words, after: Words, until: Words) -> Words:
        """How many of some moments each contact has in (after, until]."""
        first = np.searchsorted(moments, who * SPAN + np.maximum(after, -1), side="right")
        found: Words = np.searchsorted(moments, who * SPAN + until, side="right") - first
        return found


@dataclass(frozen=True)
class Endless:
    """The endless days of a run.

    Attributes:
        lived: what was read.
        flagged: by visit, whether it ended as the third or a later one of the same steps without a signal.
        newly: whether its end is where the contact is flagged.
        journeys: a row per journey, then one for all.
        months: a row per month and journey.
        kept: whose decisions the ledger has.
    """

    lived: Lived
    flagged: Any
    newly: Any
    journeys: list[dict[str, Any]]
    months: list[dict[str, Any]]
    kept: str

    @property
    def flags(self) -> Any:
        """Every flag: contact, journey, the instant it is raised, the number of passes; as an Arrow table."""
        import pyarrow as pa

        visit = self.lived.visit[self.newly]
        names = [self.lived.journeys[j] for j in self.lived.journey(visit)]
        when = pa.array(self.lived.ended[self.newly] + self.lived.start).cast(pa.timestamp("s", "UTC"))
        who = self.lived.contacts[self.lived.contact(visit)]
        return pa.table(
            {"contact": who, "journey": pa.array(names, pa.string()), "time": when, "visit": visit % VISITS}
        )


def endless(run: Run, *, signals: Sequence[str] = SIGNALS, passes: int = PASSES) -> Endless:
    """Find the endless days of a run.

    A pass is a visit that ended after sending something. The contact is flagged at the end of the third pass with the
    same messages, if no positive signal came since the first of them began, and cleared by the next signal.

    Args:
        run: with a ledger; a full one for exact counts.
        signals: the events that are positive signals.
        passes: how many of the same make an endless day.

    Raises:
        RunError: the run kept no ledger.
    """
    if run.manifest["ledger"] == "none":
        raise RunError(f"{run.folder}: kept no ledger: simulate it with --ledger full")
    x = _read(run, signals)
    back, n = passes - 1, len(x.visit)
    flagged = np.zeros(n, bool)
    if n > back:
        same = np.ones(n - back, bool)
        for i in range(back):
            a, b = slice(i, n - back + i), slice(i + 1, n - back + i + 1)
            same &= (x.line(x.visit[a]) == x.line(x.visit[b])) & (x.steps[a] == x.steps[b])
        signalled = x.count(x.signals, x.contact(x.visit[back:]), x.begun[: n - back], x.ended[back:])
        flagged[back:] = same & (signalled == 0)
    before = np.zeros(n, bool)
    before[1:] = flagged[:-1] & (x.line(x.visit[1:]) == x.line(x.visit[:-1])) if n else False
    newly = flagged & ~before
    rows = _measured(x, flagged)
    return Endless(x, flagged, newly, _by_journey(x, flagged, rows), _by_month(x, rows), run.manifest["ledger"])


def _numbers(column: Any) -> Words:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    return np.asarray(column, np.int64)


def _is(column: Any, words: Sequence[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.is_in(column.cast(pa.string()), value_set=pa.array(list(words), pa.string())))


def _read(run: Run, signals: Sequence[str]) -> Lived:
    ledger, events = run.ledger(), run.events()
    start, journeys = int(run.manifest["start"]), ("", *run.plan.journeys)
    who, of_events = _numbers(ledger["contact"]), _numbers(events["contact"])
    contacts = np.unique(np.concatenate([who, of_events]))
    time, happened = _numbers(ledger["time"]) - start, _numbers(events["time"]) - start
    journey = _positions(ledger["journey"], journeys)
    visit = (np.searchsorted(contacts, who) * len(journeys) + journey) * VISITS + _numbers(ledger["visit"])
    messages = tuple(run.plan.messages)
    message = _positions(ledger["message"], ("", *messages))
    sent = _is(ledger["outcome"], ["sent"])
    person = ~_is(events["source"], ["machine"])  # nobody has seen what a mail program opens
    moments = np.searchsorted(contacts, of_events) * SPAN + happened
    # a visit begins with its first row, and ends with the row that says so
    inside = (visit % VISITS > 0) & (journey > 0)
    order = np.lexsort((time[inside], visit[inside]))
    keys, first = np.unique(visit[inside][order], return_index=True)
    begun = time[inside][order][first]
    over = inside & (message == 0) & _ends(ledger)
    ended_keys, last = np.unique(visit[over], return_index=True)
    order = np.lexsort((time[sent], visit[sent]))
    sent_visit, sent_at, sent_message = visit[sent][order], time[sent][order], message[sent][order]
    steps = _sequences(ended_keys, sent_visit, sent_message, messages)
    some = steps != 0
    return Lived(
        contacts,
        journeys,
        start,
        sent_at,
        sent_visit,
        sent_message,
        np.sort(moments[person & _is(events["type"], signals)]),
        np.sort(moments[person & _is(events["type"], ["opened"])]),
        ended_keys[some],
        begun[np.searchsorted(keys, ended_keys)][some],
        time[over][last][some],
        steps[some],
    )


def _positions(column: Any, words: Sequence[str]) -> Words:
    """Texts by their position among some words; 0 for others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(column.cast(pa.string()), value_set=pa.array(list(words), pa.string()))
    return np.asarray(pc.fill_null(found, 0), np.int64)


def _ends(ledger: Any) -> Any:
    """Rows that end a visit; one that a transfer ends names where it leads, one that it begins names nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cause, winner = ledger["cause"].cast(pa.string()), ledger["winner"].cast(pa.string())
    plain = np.asarray(pc.or_(pc.starts_with(cause, "exit"), pc.is_in(cause, value_set=pa.array(["end", "replaced"]))))
    named = np.asarray(pc.not_equal(winner, ""))
    rules = np.asarray(pc.starts_with(cause, "rule:")) & _is(ledger["reason"], ["exited"])
    return plain | ((_is(ledger["cause"], ["transfer", "refused"])) & named) | rules


def _sequences(visits: Words, sent_visit: Words, message: Words, messages: Sequence[str]) -> Words:
    """A hash of the messages sent in each visit, in their order; 0 where none was."""
    words = np.array([0, *(hash64("step", m) for m in messages)], np.int64)
    _, first, counts = np.unique(sent_visit, return_index=True, return_counts=True)
    place = np.arange(len(sent_visit)) - np.repeat(first, counts)
    with np.errstate(over="ignore"):
        parts = words[message] * (2 * place + 1)
        totals = np.add.reduceat(parts, first) if len(first) else np.zeros(0, np.int64)
    at = np.searchsorted(sent_visit[first], visits)
    there = at < len(first)
    there[there] = sent_visit[first][at[there]] == visits[there]
    found = np.zeros(len(visits), np.int64)
    found[there] = totals[at[there]]
    return found


@dataclass(frozen=True)
class _Measured:
    """Of each message sent: to somebody who opened nothing for a year; while flagged; new to its reader."""

    silent: Any
    looped: Any
    new: Any


def _measured(x: Lived, flagged: Any) -> _Measured:
    who = x.contact(x.sent_visit)
    order = np.lexsort((x.sent_at, who))
    _, first = np.unique(who[order], return_index=True)
    since = np.zeros(len(x.contacts), np.int64)
    since[who[order][first]] = x.sent_at[order][first]
    silent = (since[who] <= x.sent_at - YEAR) & (x.count(x.opens, who, x.sent_at - YEAR, x.sent_at) == 0)
    kind = who * (int(x.sent_message.max(initial=0)) + 1) + x.sent_message
    order = np.lexsort((x.sent_at, kind))
    new = np.zeros(len(who), bool)
    new[order[np.unique(kind[order], return_index=True)[1]]] = True
    # the last flag of the same contact and journey before the send, if no signal has come since
    looped = np.zeros(len(who), bool)
    flags = x.visit[flagged], x.ended[flagged]
    if len(flags[0]) and len(who):
        raised = x.line(flags[0]) * SPAN + flags[1]
        order = np.argsort(raised, kind="stable")
        at = np.searchsorted(raised[order], x.line(x.sent_visit) * SPAN + x.sent_at, side="left") - 1
        last = order[np.maximum(at, 0)]
        mine = (at >= 0) & (x.line(flags[0][last]) == x.line(x.sent_visit))
        looped = mine & (x.count(x.signals, who, flags[1][last], x.sent_at) == 0)
    return _Measured(silent, looped, new)


def _shares(rows: _Measured, which: Any) -> dict[str, Any]:
    n = int(which.sum())
    counts = {name: int(getattr(rows, name)[which].sum()) for name in ("silent", "looped", "new")}
    return {
        "sent": n,
        "sent_to_indifferent": counts["silent"],
        "sent_in_endless_day": counts["looped"],
        "indifferent_share": counts["silent"] / n if n else 0.0,
        "endless_share": counts["looped"] / n if n else 0.0,
        "novelty": counts["new"] / n if n else 0.0,
    }


def _by_journey(x: Lived, flagged: Any, rows: _Measured) -> list[dict[str, Any]]:
    found = []
    of_send, of_visit = x.journey(x.sent_visit), x.journey(x.visit)
    last = np.ones(len(x.visit), bool)
    last[:-1] = x.line(x.visit[1:]) != x.line(x.visit[:-1])
    end = np.full(len(x.visit), SPAN - 1)
    still = flagged & last & (x.count(x.signals, x.contact(x.visit), x.ended, end) == 0)
    for j, name in [*[*enumerate(x.journeys)][1:], (0, "")]:
        sends = of_send == j if j else np.ones(len(of_send), bool)
        visits = of_visit == j if j else np.ones(len(of_visit), bool)
        if not sends.any():
            continue
        row = {"journey": name, "contacts": len(np.unique(x.contact(x.sent_visit[sends]))), "passes": int(visits.sum())}
        row["flagged"] = len(np.unique(x.contact(x.visit[visits & flagged])))
        row["flagged_at_end"] = len(np.unique(x.contact(x.visit[visits & still])))
        found.append(row | _shares(rows, sends))
    return found


def _by_month(x: Lived, rows: _Measured) -> list[dict[str, Any]]:
    months = (x.sent_at + x.start).astype("datetime64[s]").astype("datetime64[M]")
    journey = x.journey(x.sent_visit)
    found = []
    for month in np.unique(months):
        for j in np.unique(journey[months == month]):
            which = (months == month) & (journey == j)
            found.append({"month": str(month), "journey": x.journeys[int(j)], **_shares(rows, which)})
    return found

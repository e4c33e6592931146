"""Every message sent, what its reader had received before, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bifurque.engine.fit_likelihood import Reals
from bifurque.engine.fit_log import (
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DAY,
    MACHINE,
    OPENED,
    SENT,
    UNSUBSCRIBED,
    WEEK,
    Log,
)
from bifurque.rules.compiled import Words

Flags = Any
"""An array of true and false."""
NEVER = np.iinfo(np.int64).max
WINDOW = 2 * WEEK
"""What a reader has done within this time counts; whole weeks, so that the clock's hours weigh alike."""
WARM_UP = 4 * WEEK
"""What was received before a log begins is not known: messages of its first weeks only add to fatigue."""


@dataclass(frozen=True)
class Sendings:
    """One row per message sent, in order of contact and time.

    Attributes:
        contact, time, message, channel: of each; -1 for a message or channel without a name.
        opened, clicked, unsubscribed, complained: when; NEVER if not. A click is an open too.
        bounced: whether it never arrived.
        machine: whether a machine opened it.
        tired: fatigue just before it left, F.
        repeats: how often the same message had come before.
        settled: whether the window after it lies within the log, and what was before it too.
        reached: for how many days its contact could be sent messages: until it unsubscribed, if it did.
        strays: how many opens, clicks and so on no sending was found for.
    """

    contact: Words
    time: Words
    message: Words
    channel: Words
    opened: Words
    clicked: Words
    unsubscribed: Words
    complained: Words
    bounced: Flags
    machine: Flags
    tired: Reals
    repeats: Reals
    settled: Flags
    reached: Reals
    strays: int

    def __len__(self) -> int:
        return len(self.time)

    def with_half_life(self, days: float) -> Sendings:
        """The same messages, with fatigue that halves in so many days."""
        return replace(self, tired=fatigue(self.contact, self.channel, self.time, ~self.bounced, days))


def sendings(log: Log, half_life: float = 7.0) -> Sendings:
    """The messages a log says were sent, and what followed each."""
    rows = log.of(SENT)
    contact, time, message, channel = (a[rows] for a in (log.contact, log.time, log.message, log.channel))
    found, strays = {}, 0
    for kind in (OPENED, CLICKED, UNSUBSCRIBED, COMPLAINED, BOUNCED, MACHINE):
        found[kind], lost = _followed(log, kind, rows)
        strays += lost
    clicked = found[CLICKED]
    bounced = found[BOUNCED] < NEVER
    long = log.end - log.start >= 3 * WARM_UP
    until = np.full(log.count, log.end, np.int64)
    np.minimum.at(until, contact, np.minimum(found[UNSUBSCRIBED], log.end))
    return Sendings(
        contact=contact,
        time=time,
        message=message,
        channel=channel,
        opened=np.minimum(found[OPENED], clicked),
        clicked=clicked,
        unsubscribed=found[UNSUBSCRIBED],
        complained=found[COMPLAINED],
        bounced=bounced,
        machine=found[MACHINE] < NEVER,
        tired=fatigue(contact, channel, time, ~bounced, half_life),
        repeats=_before(contact, message, ~bounced),
        settled=(time + WINDOW <= log.end) & ((time >= log.start + WARM_UP) | (not long)),
        reached=np.maximum(until - (log.start + WARM_UP * long), DAY)[contact] / DAY,
        strays=strays,
    )


def _followed(log: Log, kind: str, sent: Words) -> tuple[Words, int]:
    """When an event first followed each sending, and how many events follow none.

    An event follows the sending that has its contact, message and key; or else the last of its message to that contact;
    one that names no message, the last of all.
    """
    rows = log.of(kind)
    first = np.full(len(sent), NEVER, np.int64)
    place = np.full(len(rows), -1, np.int64)
    key, message = log.key[rows] >= 0, log.message[rows] >= 0
    for told, columns in (
        (key & message, (log.contact, log.message, log.key)),
        (message, (log.contact, log.message)),
        (~message, (log.contact,)),
    ):
        open_ = told & (place < 0)
        mine, theirs = _joint([c[sent] for c in columns], [c[rows[open_]] for c in columns])
        order = np.lexsort((log.time[sent], mine))
        place[open_] = _last_before(mine[order], log.time[sent][order], theirs, log.time[rows[open_]], order)
    followed = place >= 0
    np.minimum.at(first, place[followed], log.time[rows][followed])
    return first, int((~followed).sum())


def _joint(some: list[Words], others: list[Words]) -> tuple[Words, Words]:
    """Several columns as one, the same for both tables."""
    whole = np.concatenate([np.column_stack(some), np.column_stack(others)])
    numbers = np.unique(whole, axis=0, return_inverse=True)[1].ravel()
    return numbers[: len(some[0])], numbers[len(some[0]) :]


def _last_before(keys: Words, times: Words, wanted: Words, when: Words, order: Words) -> Words:
    """Of each wanted key its last row that is not later; -1 if there is none. Keys, then times, are in order."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    every = np.concatenate([times, when])
    low, span = int(every.min()), int(every.max() - every.min()) + 2
    names = np.unique(np.concatenate([keys, wanted]))
    joint = np.searchsorted(names, keys) * span + (times - low)
    at = np.searchsorted(joint, np.searchsorted(names, wanted) * span + (when - low), side="right") - 1
    same = (at >= 0) & (keys[np.maximum(at, 0)] == wanted)
    return np.where(same, order[np.maximum(at, 0)], -1)


def _before(contact: Words, message: Words, arrived: Flags) -> Reals:
    """How many rows of the same contact and message have arrived before each."""
    order = np.lexsort((np.arange(len(contact)), message, contact))
    c, m, counts = contact[order], message[order], arrived[order].astype(np.int64)
    fresh = np.ones(len(order), bool)
    fresh[1:] = (c[1:] != c[:-1]) | (m[1:] != m[:-1])
    starts = np.nonzero(fresh)[0]
    before = counts.cumsum() - counts
    found = np.zeros(len(order))
    found[order] = before - np.repeat(before[starts], np.diff([*starts, len(order)]))
    return np.where(message >= 0, found, 0.0)


def fatigue(contact: Words, channel: Words, time: Words, arrived: Flags, half_life: float) -> Reals:
    """F just before each sending: each that arrived earlier on its channel counts 1, and halves every so many days."""
    order = np.lexsort((time, channel, contact))
    c, h, t, one = contact[order], channel[order], time[order], arrived[order].astype(float)
    fresh = np.ones(len(order), bool)
    fresh[1:] = (c[1:] != c[:-1]) | (h[1:] != h[:-1])
    starts = np.nonzero(fresh)[0]
    lengths = np.diff([*starts, len(order)])
    kept = np.ones(len(order))
    kept[1:] = 0.5 ** (np.where(fresh[1:], 0, t[1:] - t[:-1]) / (half_life * DAY))
    found = np.zeros(len(order))
    longest = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[longest], lengths[longest]
    for place in range(1, int(lengths.max(initial=1))):
        at = starts[: np.searchsorted(-lengths, -place, side="left")] + place
        found[at] = (found[at - 1] + one[at - 1]) * kept[at]
    tired = np.zeros(len(order))
    tired[order] = found
    return tired

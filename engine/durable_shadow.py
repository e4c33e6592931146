"""The shadow check: some contacts live twice, once with each rules engine; the first difference stops everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurque.actors import firing
from bifurque.actors.lane import run_lane
from bifurque.actors.layout import P_CONTACT, P_KEEP
from bifurque.engine.durable import coded
from bifurque.engine.durable_host import Host
from bifurque.engine.durable_step import Chaining, Reading
from bifurque.engine.lives import every_row
from bifurque.engine.setting import Setting
from bifurque.engine.twins import Part, twins
from bifurque.rules.compiled import Words, compiled
from bifurque.rules.errors import DataError, RunError
from bifurque.rules.layout import (
    CONTACT,
    H_ARMED,
    H_RULE_WORDS,
    H_RULES,
    IN_TYPE,
    MISSING,
    QUARANTINED,
    STACK,
    TABLES,
)
from bifurque.rules.rulebook import RU

CHUNK = 16384


class Watched(Chaining):
    """durable-rules and the step's own chaining, side by side on the same state."""

    def __init__(self, setting: Setting, reading: Reading, host: Host) -> None:
        super().__init__(reading, host)
        self.setting = setting
        self.inputs = self.firings = 0
        self._other: list[int] = []
        self.own = twins({firing.fire: self._recording})(firing.infer)

    def _recording(self, own: Part) -> Part:
        def fire(m: Any, rule: int, t: int) -> None:
            self._other.append((int(rule) - int(m[H_RULES])) // RU)
            own(m, rule, t)

        return fire

    def infer(self, m: Any, t: int) -> None:
        """Fire rules to quiescence, twice: the same ones, and the same after it.

        Raises:
            RunError: not the same.
        """
        began, copy = m.copy(), m.copy()
        self._other = []
        self.own(copy, t)
        super().infer(m, t)
        self.inputs += 1
        self.firings += len(self.fired)
        if self.fired != self._other or not self._alike(m, copy):
            raise RunError("\n".join(self._trace(began, m, copy, t)))

    def _alike(self, m: Any, copy: Any) -> bool:
        """Whether two memories are the same, but for the room to work in, and the arms of a contact who is out."""
        differ = m != copy
        differ[STACK:TABLES] = False
        if m[QUARANTINED] and copy[QUARANTINED]:
            armed = int(m[H_ARMED])
            differ[armed : armed + 2 * int(m[H_RULE_WORDS])] = False
        return not differ.any()

    def _trace(self, began: Any, m: Any, copy: Any, t: int) -> Iterator[str]:
        """What both did."""
        moment = dt.datetime.fromtimestamp(t, dt.UTC)
        event = "a timer" if m[IN_TYPE] == MISSING else f"`{self.setting.program.names.events[int(m[IN_TYPE])]}`"
        when = f"{moment:%Y-%m-%d %H:%M:%S} UTC, at {event}"
        yield f"the rules engines disagree about contact {int(m[CONTACT])} at {when}"
        names = [r.name for r in self.code.book.rules]
        yield f"  kernel fires:        {', '.join(names[r] for r in self._other) or 'nothing'}"
        yield f"  durable-rules fires: {', '.join(names[r] for r in self.fired) or 'nothing'}"
        columns = [self._shown(memory, t) for memory in (began, copy, m)]
        for name in columns[0]:
            before, one, other = (column[name] for column in columns)
            after = "" if before == one == other else f", then {one} (kernel) and {other} (durable-rules)"
            yield f"  {name} = {before}{after}"

    def _shown(self, m: Any, t: int) -> dict[str, str]:
        words = self.reading.read(m, t)
        values = self.reading.values(words)
        return {text: "unknown" if words[i] is None else str(values[text]) for i, text in enumerate(values)}


@dataclass
class Shadowed:
    """How much was compared, and found the same."""

    contacts: int = 0
    inputs: int = 0
    firings: int = 0


def shadow(setting: Setting, share: float, progress: Callable[[int, int], None] | None = None) -> Shadowed:
    """Let a share of the contacts live with each engine.

    Compared are the firings at each input, the state after it, and in the end every row of the ledger against that of
    the compiled kernel.

    Raises:
        DataError: no share, or rules durable-rules cannot run.
        RunError: the engines disagree; durable-rules cannot be loaded, or fails.
    """
    if not 0 < share <= 1:
        raise DataError(f"--shadow: expected a share above 0 %, and at most 100 %, got {100 * share:g} %")
    if setting.shares or setting.merges.lives:
        raise DataError("--shadow: what contacts share is settled among all of them: use --rules-engine durable")
    places = _sampled(setting, share)
    found = Shadowed(len(places))
    if not setting.plan.rules:
        return found
    code = coded(setting.plan, setting.program.texts)
    reading = Reading(setting.program, setting.texts, code, setting.words)
    kernel = setting.words.copy()
    with Host(code.ruleset()) as host:
        watched = Watched(setting, reading, host)
        plain = twins(watched.hands)(run_lane)
        for done, place in enumerate(places):
            _same_rows(setting, place, (kernel, compiled(run_lane)), (reading.words, plain))
            if progress is not None:
                progress(done + 1, len(places))
        found.inputs, found.firings = watched.inputs, watched.firings
    return found


def _sampled(setting: Setting, share: float) -> list[int]:
    """The places of the contacts that are drawn: always the same ones."""
    found: list[int] = []
    for first in range(0, setting.people.count, CHUNK):
        rows = setting.stretch(0, first, min(first + CHUNK, setting.people.count), share).people
        found += (first + np.flatnonzero(rows[:, P_KEEP])).tolist()
    return found


Lived = tuple[Words, Callable[..., int]]


def _same_rows(setting: Setting, place: int, kernel: Lived, durable: Lived) -> None:
    stretch = setting.stretch(0, place, place + 1, 1.0)
    mine, other = (every_row(words, lane, stretch) for words, lane in (kernel, durable))
    for rows, others in zip(mine, other, strict=True):
        if rows.shape != others.shape or (rows != others).any():
            contact = int(stretch.people[0, P_CONTACT])
            raise RunError(f"the compiled kernel and durable-rules tell different lives of contact {contact}")

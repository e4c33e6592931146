"""One contact of a small world: what it is told to do, what was decided about it, what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bifurque.actors.lane import RAN_OUT_OF_ROOM
from bifurque.actors.layout import (
    EVENT,
    FROM_FILE,
    J_INSIDE,
    J_VISITS,
    JOURNEY,
    NO_ZONE,
    P_CONTACT,
    P_FIRST,
    P_JOINED,
    P_KEEP,
    P_PERSONA,
    P_ZONE,
)
from bifurque.actors.mailbox import next_timer
from bifurque.actors.step import NO_INPUT
from bifurque.engine.compile_people import BITS, default_word
from bifurque.engine.durable_step import Chaining
from bifurque.engine.imports import event_purpose
from bifurque.engine.ledger import Tabulator, take_rows
from bifurque.engine.observed import Witness
from bifurque.engine.program import Program
from bifurque.engine.texts import Texts
from bifurque.engine.twins import PLAIN, in_hands
from bifurque.engine.values import read_date
from bifurque.engine.zones import instant_at, known_zones, reading_at
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, did_you_mean
from bifurque.rules.layout import (
    ANY_KEY,
    CONTACT,
    H_JOURNEYS,
    H_SCORES,
    H_SEED,
    H_TIMERS,
    IN_CAUSE,
    IN_KEY,
    IN_SEND,
    IN_SOURCE,
    IN_TYPE,
    IN_VALUE,
    IN_VISIT,
    MISSING,
    NO_KEY,
    QUARANTINED,
    SCORE,
    STAGE,
)
from bifurque.rules.lowering import real_word
from bifurque.rules.numbers import nth
from bifurque.rules.scores import value as score_value

if TYPE_CHECKING:
    from bifurque.engine.world import World

NOTHING: Words = np.zeros((0, EVENT), np.int64)


class Contact:
    """One contact of a `World`."""

    def __init__(
        self,
        world: World,
        number: int,
        zone: str,
        persona: str | None,
        consent: str | Mapping[str, bool],
        given: Mapping[str, Any],
    ) -> None:
        self.world, self.number, self.zone = world, number, zone
        program = self._program = world.program(zone)
        self._texts = Texts(program)
        self._words = self._texts.answers(program, program.words.copy())
        row = np.zeros((1, P_FIRST + len(program.columns)), np.int64)
        row[0, P_CONTACT], row[0, P_KEEP], row[0, P_JOINED] = number, 1, MISSING
        row[0, P_ZONE] = program.names.zones.index(zone) if zone in known_zones() else NO_ZONE
        row[0, P_PERSONA] = _known(persona or program.names.personas[0], program.names.personas, "persona")
        self._rules: Chaining | None = None
        self._fill(row, consent, given)
        self._rules = world.second.over(program, self._texts, self._words) if world.second else None
        hands = self._rules.hands if self._rules else {}
        self._words = self._rules.reading.words if self._rules else self._words
        self.witness = Witness(program, self._texts, hands) if world.watched else None
        self._steps = self.witness.steps if self.witness else in_hands(hands) if hands else PLAIN
        words = self._words
        words[H_SEED], words[CONTACT] = world.seed, MISSING
        with np.errstate(over="ignore"):
            self._steps.begin(words, row, 0)
        self._tabulator = Tabulator(program, self._texts)
        self._rows: list[Words] = []
        self._told: Counter[str] = Counter()

    def _fill(self, row: Words, consent: str | Mapping[str, bool], given: Mapping[str, Any]) -> None:
        program = self._program
        names = program.names
        for name in given:
            _known(name, tuple(names.attributes), "attribute")
        pairs = [(p, ch) for p in names.purposes for ch in names.channels]
        said = {"all": consent == "all"} if isinstance(consent, str) else dict(consent)
        yes = {pair for text, on in said.items() if on for pair in names.consents(text)}
        for i, name in enumerate(program.columns):
            if name.startswith("consent."):
                mine = pairs[int(name[8:]) * BITS :][:BITS]
                row[0, P_FIRST + i] = sum(1 << bit for bit, pair in enumerate(mine) if pair in yes)
            else:
                row[0, P_FIRST + i] = self._word(name, names.attributes[name], given.get(name))

    def _word(self, name: str, kind: str, value: Any) -> int:
        program = self._program
        if value is None:
            return default_word(program, name, kind)
        if kind == "date":
            return read_date(str(value))
        if kind == "string":
            return self._text(str(value))
        return real_word(float(value)) if kind == "double" else int(value)

    def _text(self, text: str) -> int:
        """The code of a text; a new one is put before every text function of the plan."""
        import pyarrow as pa

        before = self._texts.count
        code = int(self._texts.codes(pa.array([text]))[0])
        if self._texts.count > before:
            self._words = self._texts.answers(self._program, self._words[: len(self._program.words)])
            if self._rules is not None:
                self._words = self._rules.look_again(self._words)
        return code

    def at(self, moment: str) -> Self:
        """Go to a moment on this contact's wall clock, as `2025-03-10 14:00`; what is due then follows what is done."""
        self.world._go(instant_at(moment, self.zone), at_it=False)
        return self

    def does(
        self, event: str, *, key: object = None, value: int | None = None, message: str | None = None, **keys: object
    ) -> None:
        """Let an event happen now.

        Args:
            event: its type.
            key: its key; or by the name the plan gives it, such as `cart=1`.
            value: its value, in cents where it is money.
            message: the message it is about.
            **keys: the key by its name.
        """
        program = self._program
        if len(keys) > 1:
            raise DataError("an event has one key")
        kind = _known(event, program.names.events, "event")
        said = next(iter(keys.values()), key)
        about = message or (str(said) if event in ("opened", "clicked", "unsubscribed") else None)
        send = program.send_address(about) if about else -1
        self._happens(kind, said, MISSING if value is None else value, send, self.world.now)

    def is_told(self, event: str, key: object, value: int, t: int) -> None:
        """A letter arrives: what happened to a contact that this one belongs to."""
        self._happens(self._program.names.events.index(event), key, value, -1, t)

    def _happens(self, kind: int, key: object, value: int, send: int, t: int) -> None:
        code = NO_KEY if key is None else self._text(str(key))
        words, event = self._words, self._program.names.events[kind]
        words[IN_TYPE], words[IN_KEY], words[IN_VALUE], words[IN_SEND] = kind, code, value, send
        words[IN_VISIT], words[IN_SOURCE] = 0, FROM_FILE
        with np.errstate(over="ignore"):
            words[IN_CAUSE] = event_purpose(event)
            words[IN_CAUSE] = nth(words[IN_CAUSE], self._told[event])
            self._told[event] += 1
            if words[QUARANTINED] == 0:
                self._steps.step(words, t, NO_INPUT)
        self._take()

    def _live(self, until: int) -> Words:
        """Live to an instant, or to what must be settled with others before; the memory."""
        with np.errstate(over="ignore"):
            while self._steps.live(self._words, NOTHING, 0, min(until, self._program.end)) == RAN_OUT_OF_ROOM:
                self._take()
        self._take()
        return self._words

    def _take(self) -> None:
        rows, events = take_rows(self._words)
        if len(rows):
            self._rows.append(rows)
        if self.world.post is not None:
            self.world.post.hear(self, events)

    def key_of(self, code: int) -> str | None:
        """What a key's code stands for."""
        found: str | None = self._texts.decode(np.array([code]))[0].as_py()
        return found

    @property
    def memory(self) -> Words:
        """The memory of this contact, as the step sees it."""
        return self._words

    @property
    def program(self) -> Program:
        """The compiled plan it lives."""
        return self._program

    @property
    def due(self) -> int:
        """When something is due next, in seconds since 1970-01-01 UTC."""
        return int(self._words[self._words[H_TIMERS] + next_timer(self._words)])

    @property
    def decisions(self) -> list[dict[str, Any]]:
        """Every decision so far, as rows of the ledger."""
        found: list[dict[str, Any]] = []
        for rows in self._rows:
            found += self._tabulator.decisions(rows).to_pylist()
        return found

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Messages sent so far, each with its instant on this contact's wall clock."""
        return self.told("sent")

    def told(self, outcome: str) -> list[tuple[str, str]]:
        """Messages with an outcome (`sent`, `held`, `dropped`, `replaced`), each with its instant."""
        rows = [r for r in self.decisions if r["outcome"] == outcome]
        return [(r["message"], reading_at(int(r["time"].timestamp()), self._zone)) for r in rows]

    @property
    def reasons(self) -> list[tuple[str, str, str]]:
        """Message, reason and winner of every decision not to send, yet or ever."""
        rows = [r for r in self.decisions if r["message"] and r["outcome"] != "sent"]
        return [(r["message"], r["reason"], r["winner"]) for r in rows]

    @property
    def _zone(self) -> str:
        return self.zone if self.zone in known_zones() else self.world.plan.zone

    @property
    def stage(self) -> str:
        """The stage of the life cycle."""
        return self._program.names.stages[int(self._words[STAGE])]

    def score(self, name: str, key: str | None = None) -> float:
        """What a score is worth now: of one key, or of the best."""
        scores = tuple(self.world.plan.scores)
        row = int(self._words[H_SCORES]) + _known(name, scores, "score") * SCORE
        return float(score_value(self._words, row, ANY_KEY if key is None else self._text(key), self.world.now))

    def fact(self, name: str) -> bool:
        """Whether a fact is true now."""
        load = self._program.tables.loads.get(f"fact.{name}")
        if load is None:
            raise DataError(f"no fact is called `{name}`" + did_you_mean(name, self._program.names.facts))
        return bool(self._words[load[1]] >> load[2] & 1)

    def attribute(self, name: str) -> Any:
        """An attribute's value now; None if it is missing, a number of days for a date."""
        program = self._program
        kind = program.names.attributes[
            tuple(program.names.attributes)[_known(name, tuple(program.names.attributes), "attribute")]
        ]
        word = self._words[program.columns[name] : program.columns[name] + 1]
        if kind == "double":
            found = float(word.view(np.float64)[0])
            return None if found != found else found
        if word[0] == MISSING:
            return None
        if kind == "string":
            return self._texts.decode(word)[0].as_py()
        return bool(word[0]) if kind == "bool" else int(word[0])

    def consents(self, purpose: str, channel: str) -> bool:
        """Whether this contact consents now."""
        load = self._program.tables.loads[f"consent.{purpose}.{channel}"]
        return bool(self._words[load[1]] >> load[2] & 1)

    def inside(self, journey: str) -> bool:
        """Whether this contact is inside a journey now."""
        return self._journey(journey, J_INSIDE) > 0

    def visits(self, journey: str) -> int:
        """How often this contact has entered a journey."""
        return self._journey(journey, J_VISITS)

    def _journey(self, journey: str, column: int) -> int:
        number = _known(journey, self._program.names.journeys, "journey")
        row = int(self._words[H_JOURNEYS]) + number * JOURNEY
        return int(self._words[self._words[row + column]])

    def end(self) -> None:
        """Close the books: what is still held is pending, as at the end of a run."""
        with np.errstate(over="ignore"):
            self._steps.finish(self._words)


def _known(word: str, words: tuple[str, ...], what: str) -> int:
    if word not in words:
        raise DataError(f"no {what} is called `{word}`" + did_you_mean(word, words))
    return words.index(word)

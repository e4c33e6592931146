"""Runs contacts and notes what each adds to the figures: one row per contact, beside the counters of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bifurque.actors.host import Lane, Stretch
from bifurque.actors.layout import (
    J_ARM,
    JOURNEY,
    NO_CODES,
    NO_NAMES,
    NO_PAIRS,
    NO_READS,
    NO_ROW,
    NO_TOLD,
    NO_WIDTH,
    NOTED,
    P_CONTACT,
    P_FIRST,
    P_PERSONA,
    P_ZONE,
    PAIR,
)
from bifurque.engine.figures import Counted, Key
from bifurque.engine.referrals import MANY, newcomer_stretches
from bifurque.engine.setting import Setting
from bifurque.engine.sink import Nowhere
from bifurque.engine.tables import hash64
from bifurque.engine.together import Together
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.layout import H_JOURNEYS, H_WEEKS, HELD_OUT, NOTES, STAGE

MERGED = (
    "some contacts of this plan are merged with others, so no life stands alone: "
    "compare runs of `simulate --replications` instead"
)
ROOM = 1 << 19
"""About how many words the rows of one stretch may take."""


@dataclass(frozen=True)
class Notes:
    """What some neighbouring contacts added, a row each.

    Attributes:
        people: the rows they began with.
        digest: a hash of all their decisions and events, by name.
        reads: words of their records in the end, by what they mean: `stage`, `held_out`, `arm:<journey>`,
            `experiment:<name>`, `segment:<name>`.
        figures: their figures, a column for each key.
    """

    people: Words
    digest: Words
    reads: Mapping[str, Words]
    figures: Words


class Noting:
    """A lane that notes figures.

    Args:
        setting: what is run.
        keys: the figures wanted; those this plan does not have are zero.
        figures: where the plan counts them.
        rows: how many contacts it takes at a time.
        digest: whether decisions and events are hashed, which takes a little longer.
        together: what contacts who share something were told when all lived together; none if they share nothing.

    Raises:
        DataError: contacts are merged.
    """

    def __init__(
        self,
        setting: Setting,
        keys: Sequence[Key],
        figures: Mapping[Key, Counted],
        *,
        rows: int,
        digest: bool,
        together: Together | None = None,
    ) -> None:
        if setting.merges.lives:
            raise DataError(MERGED)
        assert together is not None or not setting.shares
        self.setting, self.digest, self.rows, self.together = setting, digest, rows, together
        program, words = setting.program, setting.words
        reads = {"stage": STAGE, "held_out": HELD_OUT}
        for j, name in enumerate(program.names.journeys):
            reads[f"arm:{name}"] = int(words[int(words[H_JOURNEYS]) + j * JOURNEY + J_ARM])
        reads |= {f"experiment:{name}": cell for name, cell in program.experiments.items()}
        self.reads = (*reads, *(f"segment:{name}" for name in program.segments))
        first = 1 + len(self.reads)
        self.width = first + len(keys)
        columns = {key: first + i for i, key in enumerate(keys)}
        area = _Area(len(words))
        area.words += [0] * NOTED
        area.words[NO_WIDTH] = self.width
        area.words[NO_READS] = area.listed(list(reads.values()))
        area.words[NO_CODES] = area.listed(list(program.segments.values()))
        pairs = [
            (at, columns[k], weight, 0) for k, counted in figures.items() if k in columns for at, weight in counted
        ]
        area.words[NO_PAIRS] = area.listed([word for pair in pairs for word in pair], PAIR)
        if digest:
            for field, table in enumerate(_names(setting)):
                area.words[NO_NAMES + field] = area.put(table)
        self.first_told = area.put([0] * (together.most(rows) if together else 0))
        self.first_row = len(words) + len(area.words)
        rows_room = np.zeros(rows * self.width, np.int64)
        memory = np.concatenate([words, np.array(area.words, np.int64), rows_room])
        memory[NOTES], memory[H_WEEKS] = len(words), 1  # figures are not by week: all weeks count in the first
        self.lane = Lane(memory, program.first_counter, len(words))

    def live(self, first: int, last: int) -> Notes:
        """Let the contacts at places [first, last) live; those whom they bring to life count as part of them."""
        notes = self.live_stretch(self.setting.stretch(0, first, last, 1.0 if self.digest else 0.0))
        if self.together is not None and len(self.together.newcomers):
            self._bring(notes, *self.together.brought_by(notes.people[:, P_CONTACT]))
        return notes

    def _bring(self, notes: Notes, newcomers: Words, roots: Words) -> None:
        """Let newcomers live, and add what they do to the rows of those who brought them."""
        size = min(self.rows, MANY)
        for first in range(0, len(newcomers), size):
            some, places = newcomers[first : first + size], roots[first : first + size]
            stretch = newcomer_stretches(self.setting, 0, some, 1.0 if self.digest else 0.0)[0]
            theirs = self.live_stretch(stretch)
            np.add.at(notes.figures, places, theirs.figures)
            np.add.at(notes.digest, places, theirs.digest)

    def live_stretch(self, stretch: Stretch) -> Notes:
        """Let a stretch live."""
        words, count = self.lane.words, len(stretch.people)
        rows = words[self.first_row : self.first_row + count * self.width]
        rows[:] = 0
        notes, told = int(words[NOTES]), self._told(stretch)
        words[notes + NO_ROW], words[notes + NO_TOLD] = self.first_row, self.first_told
        self.lane.live(stretch, Nowhere())
        assert words[notes + NO_TOLD] == self.first_told + told, "a life lived alone asks for something else"
        table = rows.reshape(count, self.width)
        first = 1 + len(self.reads)
        head = table[:, :first].T.copy()
        return Notes(stretch.people, head[0], dict(zip(self.reads, head[1:], strict=True)), table[:, first:].copy())

    def _told(self, stretch: Stretch) -> int:
        """Write down what these contacts were answered, in their order; how many answers."""
        if self.together is None:
            return 0
        answers = self.together.told(stretch.people[:, P_CONTACT])
        self.lane.words[self.first_told : self.first_told + len(answers)] = answers
        return len(answers)


class _Area:
    """Words behind a lane's memory, with their addresses."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.words: list[int] = []

    def put(self, words: Iterable[int]) -> int:
        at = self.start + len(self.words)
        self.words += words
        return at

    def listed(self, words: Sequence[int], width: int = 1) -> int:
        return self.put([len(words) // width, *words])


def _names(setting: Setting) -> list[list[int]]:
    """What codes stand for, as hashes, in the order of `NA_JOURNEYS` … `NA_TEXTS`."""
    program, texts = setting.program, setting.texts
    names = program.names
    by_code: list[list[str]] = [
        ["", *names.journeys],
        ["", *(name for _, name in program.steps), *names.stages],
        ["", *(f"{s.message}/{s.channel}" for s in program.sends)],
        program.reasons,
        program.winners,
        program.causes,
        program.arms,
        list(names.events),
        [text or "" for text in texts.decode(np.arange(texts.count)).to_pylist()],
    ]
    return [[hash64(name) for name in table] for table in by_code]


def stretch_size(width: int, contacts: int) -> int:
    """How many contacts are run at a time, with rows of some width."""
    return max(64, min(ROOM // max(width, 1), 4096, contacts))


Groups = dict[tuple[str, str], Words]
"""Which contacts are in a group, by kind (`persona`, `zone`, `stage`, `segment`) and name."""


def groups(setting: Setting, notes: Notes) -> Groups:
    """The persona, zone, stage and segments of contacts: what they began with, and where they ended in this run."""
    names, found = setting.program.names, Groups()
    persona, zone, stage = notes.people[:, P_PERSONA], notes.people[:, P_ZONE], notes.reads["stage"]
    for kind, values, words in (("persona", persona, names.personas), ("zone", zone, names.zones)):
        if len(words) > 1:
            found |= {(kind, word): values == i for i, word in enumerate(words)}
    if len(names.stages) > 1:
        found |= {("stage", word): stage == i for i, word in enumerate(names.stages)}
    found |= {("segment", name): notes.reads[f"segment:{name}"] == 1 for name in setting.program.segments}
    return found


def attribute(setting: Setting, notes: Notes, name: str) -> Words:
    """The words of an attribute that contacts began with."""
    return notes.people[:, P_FIRST + tuple(setting.program.columns).index(name)]

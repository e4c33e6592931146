"""One life from step to step: every way a contact took, and what its scores were worth, lived again to be drawn."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from bifurque.actors import step as stepping
from bifurque.actors.layout import J_ID, P_ZONE, SLOT_JOURNEY, SLOT_STEP, SLOT_VISIT, ST_ID
from bifurque.actors.ways import way_count
from bifurque.engine.answers import answers_to
from bifurque.engine.known import scores
from bifurque.engine.ledger import Tabulator
from bifurque.engine.lives import live_alone
from bifurque.engine.one_contact import anybody
from bifurque.engine.run import Run
from bifurque.engine.setting import Setting
from bifurque.engine.twins import Hands, Part, in_hands
from bifurque.engine.why import find_contact, setting_of
from bifurque.rules.layout import LIFE, PERSONA

DAY = 86400


class Way(Struct, frozen=True):
    """A contact went from one step of a journey to the next; "" is the entry, or the end."""

    time: int
    journey: str
    origin: str
    target: str
    visit: int


class Worth(Struct, frozen=True):
    """What a score was worth at an instant; of a score by key, one of its keys."""

    time: int
    score: str
    key: str
    value: float


class Lifeline(Struct, frozen=True):
    """Every way a contact took, in order; its scores, before and after each change and once a day between.

    Attributes:
        contact: its number.
        persona: which kind of person it is.
        zone: the clock on its wall.
        ways: from step to step.
        scores: what they were worth.
        events: rows of what it did, and mail programs for it.
    """

    contact: int
    persona: str
    zone: str
    ways: list[Way]
    scores: list[Worth]
    events: list[dict[str, Any]]


class Watching:
    """Notes ways and scores while one contact lives; it only reads."""

    def __init__(self, setting: Setting) -> None:
        self.setting, self.program = setting, setting.program
        self.ways: list[Way] = []
        self.scores: list[Worth] = []
        self._told = 0

    def hands(self) -> Hands:
        """The parts of the step that are watched."""
        return {
            way_count: self._way_count,
            stepping.step: self._step,
            stepping.settled: self._settled,
        }

    def _way_count(self, own: Part) -> Part:
        def counted(m: Any, slot: int, step: int, t: int) -> None:
            journey = self.program.names.journeys[int(m[m[slot + SLOT_JOURNEY] + J_ID]) - 1]
            origin, target = (self._name(m, int(at)) for at in (m[slot + SLOT_STEP], step))
            self.ways.append(Way(int(t), journey, origin, target, int(m[slot + SLOT_VISIT])))
            own(m, slot, step, t)

        return counted

    def _name(self, m: Any, step: int) -> str:
        return self.program.steps[int(m[step + ST_ID]) - 1][1] if step else ""

    def _step(self, own: Part) -> Part:
        def step(m: Any, t: int, timer: int) -> None:
            self.note_scores(m, int(t) - 1)
            own(m, t, timer)
            self.note_scores(m, int(t))

        return step

    def _settled(self, own: Part) -> Part:
        def settled(m: Any, handle: int, answer: int, t: int) -> None:
            own(m, handle, answer, t)
            self.note_scores(m, int(t))

        return settled

    def note_scores(self, m: Any, t: int) -> None:
        """Note what scores are worth now, and at each day since they were noted last."""
        if t < m[LIFE]:
            return
        first = self._told + DAY if self._told else int(m[LIFE])
        for at in [*range(first, t, DAY), t]:
            self.scores += self._at(m, at)
        self._told = t

    def _at(self, m: Any, t: int) -> list[Worth]:
        found = []
        for name, value in scores(self.setting, m, t).items():
            by_key = value if isinstance(value, dict) else {"": value}
            found += [Worth(t, name, key, worth) for key, worth in by_key.items()]
        return found


def lifeline(run: Run, contact: str | int) -> Lifeline:
    """The ways one contact of a run took and the course of its scores; its life is lived again for that.

    Raises:
        DataError: no such contact.
        RunError: a file of the run is no longer what it was.
    """
    setting = setting_of(run)
    number = find_contact(run, str(contact))
    watching = Watching(setting)
    words, watched, end = setting.words.copy(), in_hands(watching.hands()), setting.program.end
    who, names = anybody(run, setting, number), setting.program.names
    _, events = live_alone(words, watched, who, answers_to(run.folder, number), end)
    if int(words[LIFE]) < end:
        watching.note_scores(words, end - 1)
    return Lifeline(
        contact=number,
        persona=names.personas[int(words[PERSONA])],
        zone=names.zones[max(int(who.people[0, P_ZONE]), 0)],
        ways=watching.ways,
        scores=thinned(watching.scores),
        events=Tabulator(setting.program, setting.texts).events(events).to_pylist(),
    )


def thinned(found: list[Worth]) -> list[Worth]:
    """Without the instants at which nothing moved: of equal values in a row, the first and the last."""
    by_score: dict[tuple[str, str], list[Worth]] = {}
    for worth in found:
        by_score.setdefault((worth.score, worth.key), []).append(worth)
    kept = []
    for course in by_score.values():
        around = zip([None, *course[:-1]], course, [*course[1:], None], strict=True)
        kept += [w for before, w, next_ in around if not (_same(before, w) and _same(w, next_))]
    return sorted(kept, key=lambda w: w.time)


def _same(a: Worth | None, b: Worth | None) -> bool:
    return a is not None and b is not None and a.value == b.value

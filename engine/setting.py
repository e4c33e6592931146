"""Everything a run is made of, before it starts: the same setting gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import TYPE_CHECKING

import numpy as np

from bifurque.actors.host import Lane, Stretch
from bifurque.actors.layout import P_CONTACT, P_KEEP
from bifurque.engine.behaviour_file import with_behaviour
from bifurque.engine.compile import compile_plan
from bifurque.engine.imports import Imported, no_events, read_events
from bifurque.engine.load import load, loads
from bifurque.engine.merges import Merges, find_merges
from bifurque.engine.people import Drawn, FromFile, People, kept
from bifurque.engine.plan import Plan
from bifurque.engine.program import Program
from bifurque.engine.referrals import reward_pairs
from bifurque.engine.texts import Texts
from bifurque.engine.values import shown
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, did_you_mean
from bifurque.rules.layout import H_SEED

if TYPE_CHECKING:
    from bifurque.engine.letters import Letters

APART = 1 << 28
"""The numbers of the stretches of contacts that are merged: behind all others."""


@dataclass
class Setting:
    """Everything a run is made of, before it starts: the same setting gives the same bytes."""

    plan: Plan
    text: str
    file: str
    overrides: tuple[str, ...]
    seed: int
    days: int
    program: Program
    words: Words
    people: People
    events: Imported
    texts: Texts
    behaviour: str
    population_file: str | None = None
    events_file: str | None = None
    asked: bool = False  # whether a number of contacts was asked for
    merges: Merges = field(default_factory=Merges)
    notes: list[str] = field(default_factory=list)
    imported: Imported | None = None  # the events without the letters of others, if there are any
    letters: Letters | None = None

    def stretch(self, index: int, first: int, last: int, share: float) -> Stretch:
        """The contacts at places [first, last), with their events; `share` of them are kept in the ledger."""
        rows = self.people.rows(first, last)
        self.mark(rows, share)
        return Stretch(index, rows, self.events.rows, self.events.bounds(rows[:, P_CONTACT]))

    def apart(self, contact: int, share: float, left: dict[int, Words]) -> Stretch:
        """A contact that is merged with others, its events, and what those it takes over have left."""
        place = self.people.find(contact)
        rows = self.people.rows(place, place + 1)
        self.keep(rows, share)
        return self.merges.stretch(APART + place, rows, contact, left)

    def mark(self, rows: Words, share: float) -> None:
        """Say in rows of contacts who is kept in the ledger, and who is lived apart."""
        self.merges.apart(rows, rows[:, P_CONTACT])
        self.keep(rows, share)

    def keep(self, rows: Words, share: float) -> None:
        """Say in rows of contacts who is kept in the ledger: a share of all."""
        rows[:, P_KEEP] = 1 if share >= 1 else 0 if share <= 0 else kept(self.seed, rows[:, P_CONTACT], share)

    @property
    def shares(self) -> bool:
        """Whether a life may depend on others: what they share, whom they bring."""
        return bool(self.program.supplies) or self.plan.referral is not None

    @property
    def mixed(self) -> bool:
        """Whether the rows of a contact may come in several parts, and contacts in any order."""
        return self.shares or bool(self.merges.lives)

    def reseeded(self, seed: int) -> Setting:
        """The same with another seed: other luck, and where contacts are drawn, other contacts."""
        words, people = self.words.copy(), self.people
        words[H_SEED] = seed
        if isinstance(people, Drawn):
            drawn = Drawn(self.program, seed, people.count, people.numbers)
            drawn.ids, people = people.ids, drawn
        events = self.imported or self.events
        return _with_letters(replace(self, seed=seed, words=words, people=people, events=events), None)

    def lane(self) -> Lane:
        """A lane's memory, ready to run."""
        end = len(self.program.words)
        return Lane(self.words.copy(), self.program.first_counter, end)


def prepare(
    plan: str | File,
    *,
    overrides: Sequence[str] = (),
    contacts: int | None = None,
    days: int | None = None,
    seed: int = 1,
    population: str | File | None = None,
    events: str | File | None = None,
    behaviour: str | None = None,
    rows: int = 1 << 13,
    letters: Letters | None = None,
) -> Setting:
    """Read and compile all that a run needs.

    Args:
        plan: a plan file, or the text of a plan.
        overrides: `path.to.value=X`, as `--set` takes them.
        contacts: how many contacts to draw; by default the plan's, or those of the event file.
        days: the horizon; by default the plan's.
        seed: of all draws.
        population: a Parquet or CSV file of contacts, instead of drawn ones.
        events: a Parquet, CSV or JSON lines file of real events.
        behaviour: `off`, `constant`, `realistic`, or a file of realistic behaviour; by default the plan's.
        rows: how many decision rows a lane holds at a time.
        letters: what contacts told each other, where that is known.

    Raises:
        PlanError: the plan cannot run.
        DataError: a file cannot be used.
    """
    within("contacts", contacts, 1, 10**10)
    within("days", days, 1, 3700)
    within("seed", seed, 0, 2**62)
    behaviour, overrides = with_behaviour(behaviour, overrides)
    text, file, checked = _read(plan, overrides)
    source = FromFile(population) if population is not None else None
    if source is not None and contacts is not None:
        raise DataError("with --population the number of contacts is that of its rows: leave --contacts out")
    zones = source.zones if source else ()
    program = compile_plan(checked, days=days, behaviour=behaviour, zones=zones, rows=rows)
    texts = Texts(program)
    imported = read_events(program, events, texts) if events is not None else no_events()
    if checked.referral is not None and len(imported.rows):
        imported = reward_pairs(program, imported, texts)
    people = _people(program, source, imported, contacts, seed, texts, checked)
    _all_known(people, imported, events)
    merges = Merges()
    if checked.merge is not None and len(imported.rows):
        imported, merges = find_merges(program, imported, people, texts)
    words = texts.answers(program, program.words.copy())
    words[H_SEED] = seed
    notes = [f"ignored {count:,} events {why}" for why, count in imported.ignored.items() if count]
    notes += [*imported.notes, *people.notes]
    setting = Setting(
        checked,
        text,
        file,
        tuple(overrides),
        seed,
        days or checked.days,
        program,
        words,
        people,
        imported,
        texts,
        behaviour or checked.behaviour.kind,
        str(population) if population is not None else None,
        str(events) if events is not None else None,
        contacts is not None,
        merges,
        notes,
    )
    return _with_letters(setting, letters)


def _with_letters(setting: Setting, letters: Letters | None) -> Setting:
    """What contacts tell each other is known once they have been tried: that needs a setting."""
    from bifurque.engine.letters import with_letters

    return with_letters(setting, letters)


def within(name: str, value: object, low: int, high: int) -> None:
    """Whether a number that was asked for can be.

    Raises:
        DataError: it cannot.
    """
    if value is not None and not (isinstance(value, int) and low <= value <= high):
        raise DataError(f"{name}: expected a whole number from {low:,} to {high:,}, got `{shown(value)}`")


def one_of(name: str, value: str | None, words: Sequence[str | None]) -> None:
    """Whether a word that was asked for is one of those known.

    Raises:
        DataError: it is not.
    """
    if value not in words:
        raise DataError(f"{name}: no such word: `{shown(value)}`" + did_you_mean(str(value), filter(None, words)))


def _read(plan: str | File, overrides: Sequence[str]) -> tuple[str, str, Plan]:
    if isinstance(plan, str) and "\n" in plan:
        return plan, "plan", loads(plan, overrides)
    checked = load(plan, overrides)
    return File(plan).read_text(encoding="utf-8-sig"), str(plan), checked


def _people(
    program: Program,
    source: FromFile | None,
    imported: Imported,
    contacts: int | None,
    seed: int,
    texts: Texts,
    plan: Plan,
) -> People:
    if source is not None:
        return source.bind(program, texts)
    if contacts is None and imported.file is not None:
        if not len(imported.contacts):
            why = ", ".join(f"{count:,} are {text}" for text, count in imported.ignored.items())
            raise DataError(f"{imported.file}: none of its events takes part in this run: {why}")
        drawn = Drawn(program, seed, 0, np.unique(imported.contacts))
        drawn.ids = imported.ids
        text = "contacts are known by their events alone: they live in the plan's zone; who consents is drawn"
        drawn.notes.append(f"{text} (--population FILE says both)")
        return drawn
    return Drawn(program, seed, contacts or plan.population.contacts)


def _all_known(people: People, imported: Imported, file: str | File | None) -> None:
    """Every event belongs to a contact of the run."""
    strangers = [c for c in np.unique(imported.contacts).tolist() if people.find(c) < 0]
    if strangers:
        ids = dict(imported.ids.to_pydict().items()) if imported.ids is not None else None
        first = strangers[0]
        if ids is not None and first in ids["contact"]:
            first = ids["id"][ids["contact"].index(first)]
        text = f"{file}: has events of {len(strangers):,} contacts that are not in the population"
        raise DataError(f"{text}, the first is `{first}`: add them to the population, or leave their events out")

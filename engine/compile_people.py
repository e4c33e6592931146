"""Compiles what is known of a contact: attributes, facts, consents, experiments; and how conditions read it."""

from __future__ import annotations

from bifurque.actors.layout import AR_EXPERIMENT, AR_HOLDOUT
from bifurque.engine.plan import Attribute
from bifurque.engine.program import Compiling, Program
from bifurque.engine.tables import NAN, hash64
from bifurque.engine.values import read_date
from bifurque.rules.layout import (
    DEADLINE,
    H_CONSENTS,
    IN_MESSAGE,
    IN_TEXT,
    IN_TYPE,
    IN_VALUE,
    LOCAL_DAY,
    LOCAL_HOUR,
    LOCAL_MONTH,
    LOCAL_WEEKDAY,
    MISSING,
    OP_DIV,
    OP_LOAD,
    OP_LOAD_REAL,
    OP_LOCAL,
    OP_NOW,
    PERSONA,
    STAGE,
    VALUE,
    VISIT,
    ZONE,
    ZONE_KNOWN,
)
from bifurque.rules.lowering import real_word

BITS, FACT_BITS = 62, 64
"""Consents per word, facts per word."""


def compile_people(c: Compiling) -> None:
    """Give every attribute, fact and consent its word or bit, and every name its instructions."""
    tables, names = c.tables, c.names
    tables.names, tables.known_words, tables.segments = names.types, names.words, c.plan.segments
    for name, kind in names.attributes.items():
        cell = tables.cells(1, default_word(c, name, kind))
        c.columns[name] = cell
        tables.name_attribute(f"contact.{name}", cell, kind)
    pairs = [(p, ch) for p in names.purposes for ch in names.channels]
    for first in range(0, len(pairs), BITS):
        cell = tables.cells(1)
        c.columns[f"consent.{first // BITS}"] = cell
        for bit, pair in enumerate(pairs[first : first + BITS]):
            c.consent_bits[pair] = (cell, bit)
            tables.name_bit(f"consent.{pair[0]}.{pair[1]}", cell, bit)
    cells = [cell for name, cell in c.columns.items() if name.startswith("consent.")]
    tables.words[H_CONSENTS] = tables.listed(cells)
    tables.bounds = c.plan.features
    for first in range(0, len(names.facts), FACT_BITS):
        cell = tables.cells(1)
        for bit, fact in enumerate(names.facts[first : first + FACT_BITS]):
            c.facts[fact] = (cell, bit)
            tables.name_bit(f"fact.{fact}", cell, bit)
    for name in names.journeys:
        visits, inside = c.visits[name] = tables.cells(1), tables.cells(1)
        tables.loads[f"visits.{name}"] = [OP_LOAD, visits, 0]
        tables.name_positive(f"inside.{name}", inside)
    _fixed_names(c)
    _experiments(c)


def default_word(c: Compiling | Program, name: str, kind: str) -> int:
    """The word of an attribute until another value is known."""
    declared = c.plan.attributes[name]
    value = declared.default if isinstance(declared, Attribute) else None
    if value is None:
        return NAN if kind == "double" else MISSING
    if kind == "date":
        return read_date(value)
    return attribute_word(c, kind, value)


def attribute_word(c: Compiling | Program, kind: str, value: object) -> int:
    """A value written in a plan as an attribute's word."""
    if isinstance(value, str):
        return c.tables.text(value)
    assert isinstance(value, int | float)
    return real_word(float(value)) if kind == "double" else int(value)


def _fixed_names(c: Compiling) -> None:
    tables, names = c.tables, c.names
    tables.name_coded("stage", STAGE, names.stages)
    tables.name_coded("persona", PERSONA, names.personas)
    tables.name_coded("zone", ZONE, names.zones)
    load, code = tables.loads["zone"][:3], tables.loads["zone"][3:]
    tables.loads["zone"] = [*load, OP_LOAD, ZONE_KNOWN, 0, OP_DIV, 0, 0, *code]  # an unknown zone: divided by 0
    tables.name_coded("event.type", IN_TYPE, names.events)
    tables.name_coded("event.message", IN_MESSAGE, ("", *names.messages))
    tables.loads["now"] = [OP_NOW, 0, 0]
    for name, cell in (("event.key", IN_TEXT), ("event.value", IN_VALUE), ("visit", VISIT), ("deadline", DEADLINE)):
        tables.loads[name] = [OP_LOAD, cell, 0]
    tables.loads["value"] = [OP_LOAD_REAL, VALUE, 0]
    parts = {"hour": LOCAL_HOUR, "weekday": LOCAL_WEEKDAY, "day": LOCAL_DAY, "month": LOCAL_MONTH}
    for part, number in parts.items():
        tables.loads[f"local.{part}"] = [OP_LOCAL, number, 0]


def _experiments(c: Compiling) -> None:
    """Arms are drawn when a life begins, before any trigger is looked at."""
    rows: list[int] = []
    for name, experiment in c.plan.experiments.items():
        cell = c.experiment_cells[name] = c.tables.arms[name] = c.tables.cells(1)
        if experiment.enabled and len(experiment.arms) > 1:
            total, bounds = 0.0, []
            for share in experiment.arms.values():
                total += share
                bounds.append(total)
            bounds[-1] = 2.0  # whatever rounding left over belongs to the last arm
            rows += [AR_EXPERIMENT, cell, hash64("experiment", name), c.tables.reals(bounds), 0]
    if c.plan.holdout > 0:
        rows += [AR_HOLDOUT, 0, hash64("holdout"), real_word(c.plan.holdout), 0]
    c.arm_rows = rows

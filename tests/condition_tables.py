"""A plan's names in a lane's memory, and expressions over them run by the kernel's own evaluator."""

import math
from types import SimpleNamespace

import numpy as np
from drawn_conditions import NOW

from bifurque.engine.compile import _zones as zones_of
from bifurque.engine.compile_people import compile_people
from bifurque.engine.compile_scores import compile_scores, score_row
from bifurque.engine.load import loads
from bifurque.engine.names import Names
from bifurque.engine.program import Compiling
from bifurque.engine.texts import Texts
from bifurque.rules.conditions import truth, word
from bifurque.rules.layout import (
    CELL_KEY,
    CELL_VALUE,
    H_END,
    H_START,
    IN_MESSAGE,
    IN_TEXT,
    IN_TYPE,
    IN_VALUE,
    MISSING,
    PERSONA,
    SCORE_CELLS,
    SEG_TO,
    STAGE,
    ZONE,
    ZONE_KNOWN,
)
from bifurque.rules.lowering import lower, real_word
from bifurque.rules.types import expression

PLAN = """
plan: names
start: 2025-01-01
stages: [cold, warm, hot]
attributes: {i: int, j: int, x: double, y: double, s: string, u: string, b: bool, d: date, w: timestamp}
events: {bought: {set: {fact.f: true, fact.g: true}}, seen: {}}
segments: {rich: contact.i > 10, warm: 'stage == "warm" || segment.rich'}
scores: {plain: {on: {seen: 1}}, keyed: {by: key, keys: 3, on: {seen: 1}}}
categories: [{name: news, class: promotional}]
channels: {email: {cost: 0}}
messages: {letter: {channel: email, category: news}}
journeys: {one: {trigger: {event: seen}, steps: [{send: letter}]}}
personas: {anna: {share: 50%}, bert: {share: 50%}}
population: {zones: {Europe/Paris: 50%, Asia/Kolkata: 50%}}
"""

UNKNOWN = 0x7FF8000000000123
"""A word no expression here leaves: neither such a number nor a NaN with such a payload."""


class Compiled:
    """A plan's names in a lane's memory, to which expressions are added one at a time."""

    def __init__(self):
        plan = loads(PLAN)
        size = 0
        for _ in range(2):  # the record stands before the tables: the first time only to learn how long it is
            c = self.c = Compiling(plan, Names(plan), size, "off")
            c.tables.words[H_START], c.tables.words[H_END] = NOW, NOW + 86400
            zones_of(c)
            compile_people(c)
            compile_scores(c)
            size = len(c.tables.image)
        self.base, self.tests = len(c.tables.words), len(c.tables.tests)

    def run(self, text, kind, state):
        """What the tables of an expression answer: a value, or None."""
        tables = self.c.tables
        del tables.words[self.base :], tables.tests[self.tests :]
        if kind == "bool":
            code = tables.code(text, Names.event_types)
        else:
            code = tables.put(lower(tables.tree(text, expression, Names.event_types), tables))
        m, texts = self.memory(state)
        with np.errstate(over="ignore", invalid="ignore"):
            if kind == "bool":
                return {0: False, 1: True, 2: None}[truth(m, code, NOW)]
            found = int(word(m, code, UNKNOWN, NOW))
        if found == UNKNOWN:
            return None
        if kind == "double":
            return float(np.int64(found).view(np.float64))
        return texts[found] if kind == "string" else found

    def memory(self, state):
        c, tables = self.c, self.c.tables
        codes = {
            t: tables.text(t) for t in (state["contact.s"], state["contact.u"], state["event.key"]) if t is not None
        }
        codes |= {k: tables.text(k) for k in state["keys"]}
        program = SimpleNamespace(tables=tables, texts=tables.texts)
        m = Texts(program).answers(program, np.array(tables.words, np.int64))
        for name, kind in c.names.attributes.items():
            value = state[f"contact.{name}"]
            if kind == "double":
                m[c.columns[name]] = real_word(math.nan if value is None else value)
            else:
                m[c.columns[name]] = (
                    MISSING if value is None else codes.get(value, value) if kind == "string" else value
                )
        for name in ("fact.f", "fact.g", "consent.marketing.email"):
            _, cell, bit = tables.loads[name]
            m[cell] |= int(state[name]) << bit
        m[c.visits["one"][0]], m[c.visits["one"][1]] = state["visits.one"], int(state["inside.one"])
        m[STAGE], m[PERSONA] = c.names.stages.index(state["stage"]), c.names.personas.index(state["persona"])
        m[ZONE_KNOWN] = int(state["zone"] is not None)
        m[ZONE] = c.names.zones.index(state["zone"] or c.plan.zone)
        m[SEG_TO] = 0
        m[IN_TYPE] = c.event(state["event.type"])
        m[IN_VALUE] = MISSING if state["event.value"] is None else state["event.value"]
        m[IN_TEXT] = MISSING if state["event.key"] is None else codes[state["event.key"]]
        m[IN_MESSAGE] = MISSING if state["event.message"] is None else 1
        m[m[score_row(c, "plain")] + CELL_VALUE] = real_word(state["score.plain"])
        for i in range(3):
            m[m[score_row(c, "keyed")] + i * SCORE_CELLS + CELL_KEY] = -1
        for i, (key, points) in enumerate(state["keys"].items()):
            cell = m[score_row(c, "keyed")] + i * SCORE_CELLS
            m[cell + CELL_KEY], m[cell + CELL_VALUE] = codes[key], real_word(points)
        return m, list(tables.texts)

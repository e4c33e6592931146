"""Random rule programs; the kernel, a naive interpreter, CLIPS and durable-rules run them on the same events."""

import json
import operator
import random
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from bifurque.actors.lane import run_lane
from bifurque.actors.layout import EVENT, NO_ZONE, P_CONTACT, P_FIRST, P_JOINED, P_KEEP, P_ZONE
from bifurque.engine.compile import compile_plan
from bifurque.engine.durable import chaining
from bifurque.engine.ledger import Tabulator, taken
from bifurque.engine.load import loads
from bifurque.engine.texts import Texts
from bifurque.engine.twins import twins
from bifurque.rules.compiled import compiled
from bifurque.rules.layout import CONTACT, EVENTS_COUNT, H_SEED, MISSING, NEXT_CONTACT, QUARANTINED, ROWS_COUNT

FACTS, NUMBERS, EVENTS = 6, 3, 4
MOST = 256
OPS = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
CLIPS_OPS = {"==": "=", "!=": "<>"}


@dataclass
class Drawn:
    """A rule: name, salience, condition as a tree of tuples, actions, and the fact it derives, if it does."""

    name: str
    salience: int
    when: tuple
    then: list
    derives: str = ""


@dataclass
class Drawing:
    """A program: its rules in file order, what events set, which numbers start unknown."""

    rules: list
    events: dict
    gaps: bool

    def ranked(self):
        """What derives first (each after what it reads), then by salience, then by position."""
        deriving = sorted((r for r in self.rules if r.derives), key=lambda r: r.derives)
        return [*deriving, *sorted((r for r in self.rules if not r.derives), key=lambda r: -r.salience)]

    def plan(self):
        """The plan, as text."""
        default = {} if self.gaps else {"default": 0}
        plan = {
            "plan": "drawn",
            "start": "2026-01-01",
            "days": 30,
            "attributes": {f"n{i}": {"type": "int", **default} for i in range(NUMBERS)},
            "events": {name: {"set": sets} for name, sets in self.events.items()},
            "rules": [
                {"name": r.name, "salience": r.salience, "when": text(r.when), "then": [yaml(a) for a in r.then]}
                for r in self.rules
            ],
        }
        return json.dumps(plan, indent=1)


def text(tree):
    """A condition as a plan writes it."""
    kind, *args = tree
    if kind == "not":
        return f"!({text(args[0])})"
    if kind in ("and", "or"):
        return f"({text(args[0])} {'&&' if kind == 'and' else '||'} {text(args[1])})"
    if kind == "fact":
        return f"fact.{args[0]}"
    if kind == "event":
        return f'event.type == "{args[0]}"'
    if kind == "has":
        return f"has(contact.{args[0]})"
    op, left, right = args
    return f"contact.{left} {op} {right if isinstance(right, int) else f'contact.{right}'}"


def yaml(action):
    """An action as a plan writes it."""
    kind, target, value = action
    if kind == "derive":
        return {"derive": f"fact.{target}"}
    if kind == "fact":
        return {"set": f"fact.{target}"} if value else {"clear": f"fact.{target}"}
    return {"set": {target: value if kind == "number" else f"contact.{target} + {value}"}}


def draw_program(seed, *, derives=False, gaps=False):
    """A program by its seed."""
    draw = random.Random(seed)
    derived = [f"d{i}" for i in range(draw.randint(1, 3))] if derives else []
    known = [f"f{i}" for i in range(FACTS)]
    events = {}
    for i in range(EVENTS):
        sets = {f"fact.{draw.choice(known)}": draw.random() < 0.7 for _ in range(draw.randint(0, 2))}
        sets |= {f"n{draw.randrange(NUMBERS)}": draw.randint(0, 3) for _ in range(draw.randint(0, 1))}
        events[f"e{i}"] = sets
    rules = []
    for i, fact in enumerate(derived):
        for k in range(draw.randint(1, 2)):
            when = condition(draw, [*known, *derived[:i]], events=False, gaps=gaps)
            rules.append(Drawn(f"derive {fact} {k}", 0, when, [("derive", fact, True)], fact))
    for i in range(draw.randint(3, 12)):
        when = condition(draw, [*known, *derived], events=True, gaps=gaps)
        then = [act(draw, known) for _ in range(draw.choice([1, 1, 2, 3]))]
        rules.append(Drawn(f"rule {i}", draw.randint(-2, 2), when, then))
    draw.shuffle(rules)
    return Drawing(rules, events | {"start": {f"fact.{f}": False for f in known}}, gaps)


def condition(draw, facts, *, events, gaps, depth=0):
    """A random condition."""
    if depth < 2 and draw.random() < 0.65:
        kind = draw.choice(["and", "and", "or", "not"])
        parts = 1 if kind == "not" else 2
        return (kind, *(condition(draw, facts, events=events, gaps=gaps, depth=depth + 1) for _ in range(parts)))
    chance = draw.random()
    if chance < 0.5:
        return ("fact", draw.choice(facts))
    if chance < 0.6 and events:
        return ("event", f"e{draw.randrange(EVENTS)}")
    if chance < 0.65 and gaps:
        return ("has", f"n{draw.randrange(NUMBERS)}")
    left = f"n{draw.randrange(NUMBERS)}"
    right = draw.randint(0, 4) if draw.random() < 0.8 else f"n{draw.randrange(NUMBERS)}"
    return ("compare", draw.choice(list(OPS)), left, right)


def act(draw, facts):
    """A random action."""
    chance = draw.random()
    if chance < 0.65:
        return ("fact", draw.choice(facts), draw.random() < 0.55)
    if chance < 0.85:
        return ("number", f"n{draw.randrange(NUMBERS)}", draw.randint(0, 4))
    return ("add", f"n{draw.randrange(NUMBERS)}", draw.choice([1, 1, 2, -1]))


def draw_life(seed, gaps=False):
    """A contact's numbers and what happens to it."""
    draw = random.Random(seed)
    numbers = {f"n{i}": None if gaps and draw.random() < 0.3 else draw.randint(0, 3) for i in range(NUMBERS)}
    return numbers, [f"e{draw.randrange(EVENTS)}" for _ in range(draw.randint(1, 6))]


class Kernel:
    """The product: the plan compiled to tables, run by the kernel (or, `plain`, by the same code in Python)."""

    def __init__(self, drawing, plain=False):
        self.program = compile_plan(loads(drawing.plan()), rows=2048)
        self.texts = Texts(self.program)
        self.lane = run_lane if plain else compiled(run_lane)
        self.tabulator = Tabulator(self.program, self.texts)

    def run(self, numbers, events):
        """The names of rules fired, the facts and numbers at the end, whether the contact was quarantined."""
        program = self.program
        words = self.ready()
        people = np.zeros((1, P_FIRST + len(program.columns)), np.int64)
        people[0, P_CONTACT], people[0, P_KEEP], people[0, P_JOINED], people[0, P_ZONE] = 1, 1, MISSING, NO_ZONE
        for i, name in enumerate(program.columns):
            value = numbers.get(name)
            people[0, P_FIRST + i] = MISSING if value is None and name in numbers else value or 0
        rows = np.zeros((len(events), EVENT), np.int64)
        for i, event in enumerate(events):
            rows[i] = [program.start + 60 * (i + 1), program.names.events.index(event), -1, MISSING, -1, i]
        words[H_SEED], words[CONTACT], words[NEXT_CONTACT] = 1, MISSING, 0
        fired, more = [], 1
        with np.errstate(over="ignore"):
            while more:
                more = self.lane(words, people, rows, np.array([0, len(events)], np.int64))
                causes = self.tabulator.decisions(taken(words)[0].copy())["cause"].to_pylist()
                fired += [c.removeprefix("rule:") for c in causes if c.startswith("rule:")]
                words[ROWS_COUNT] = words[EVENTS_COUNT] = 0
        return fired, self.state(words), bool(words[QUARANTINED])

    def ready(self):
        """A lane's memory."""
        return self.texts.answers(self.program, self.program.words.copy())

    def close(self):
        """Nothing is open."""

    def state(self, words):
        """Facts and numbers by name."""
        loads = self.program.tables.loads
        found = {}
        for name in self.program.names.facts:
            _, cell, bit = loads[f"fact.{name}"]
            found[name] = bool(words[cell] >> bit & 1)
        for i in range(NUMBERS):
            word = int(words[self.program.columns[f"n{i}"]])
            found[f"n{i}"] = None if word == MISSING else word
        return found


class Durable(Kernel):
    """durable-rules in the place of the kernel's chaining; `close` ends its process."""

    def __init__(self, drawing):
        super().__init__(drawing, plain=True)
        self.opened = ExitStack()
        words = self.texts.answers(self.program, self.program.words.copy())
        self.words, rules = self.opened.enter_context(chaining(self.program, self.texts, words))
        self.lane, self.host = twins(rules.hands)(run_lane), rules.host

    def ready(self):
        return self.words.copy()

    def close(self):
        self.opened.close()


class Naive:
    """The semantics word for word: derived facts from scratch, the first armed and true rule, arms by value."""

    def __init__(self, drawing):
        self.drawing, self.order = drawing, drawing.ranked()
        self.acting = [r for r in self.order if not r.derives]

    def run(self, numbers, events):
        facts = {n for r in self.order for n in names_in(r.when)} | {f"f{i}" for i in range(FACTS)}
        state = {f: False for f in facts if f[0] in "fd"} | {r.derives: False for r in self.order if r.derives}
        state |= dict(numbers)
        armed, fired = {r.name for r in self.acting}, []
        for event in events:
            for target, value in self.drawing.events[event].items():
                self.put(state, target.removeprefix("fact."), value, armed)
            armed |= {r.name for r in self.acting if "event" in names_in(r.when)}
            self.settle(state, armed)
            count = 0
            while rule := self.next(state, armed, event):
                count += 1
                if count > MOST:
                    return fired, state, True
                fired.append(rule.name)
                for kind, target, value in rule.then:
                    old = state[target]
                    self.put(state, target, value if kind != "add" else None if old is None else old + value, armed)
                self.settle(state, armed)
        return fired, state, False

    def put(self, state, name, value, armed):
        if state[name] != value:
            state[name] = value
            armed |= {r.name for r in self.acting if name in names_in(r.when)}

    def next(self, state, armed, event):
        for rule in self.acting:
            if rule.name not in armed:
                continue
            armed.discard(rule.name)
            if truth(rule.when, state, event) is True:
                return rule
        return None

    def settle(self, state, armed):
        """Derived facts anew, from nothing; then arms for those that are other than before."""
        fresh = {**state, **{r.derives: False for r in self.order if r.derives}}
        for rule in self.order:
            if rule.derives and truth(rule.when, fresh, None) is True:
                fresh[rule.derives] = True
        for name in [n for n in fresh if fresh[n] != state[n]]:
            self.put(state, name, fresh[name], armed)


def names_in(tree):
    """What a condition mentions."""
    kind, *args = tree
    if kind in ("and", "or", "not"):
        return set().union(*map(names_in, args))
    if kind == "event":
        return {"event"}
    return {a for a in args if isinstance(a, str) and a not in OPS}


def truth(tree, state, event):
    """True, False, or None for unknown."""
    kind, *args = tree
    if kind == "not":
        found = truth(args[0], state, event)
        return None if found is None else not found
    if kind in ("and", "or"):
        parts, stop = [truth(a, state, event) for a in args], kind == "or"
        return stop if stop in parts else None if None in parts else not stop
    if kind == "fact":
        return state[args[0]]
    if kind == "event":
        return event == args[0]
    if kind == "has":
        return state[args[0]] is not None
    op, left, right = args
    x, y = state[left], right if isinstance(right, int) else state[right]
    return None if x is None or y is None else OPS[op](x, y)


class Clips:
    """CLIPS 6.4: one fact per slot, saliences all distinct, refraction by fact."""

    def __init__(self, drawing):
        import clips

        self.env, self.drawing = clips.Environment(), drawing
        self.order = drawing.ranked()
        self.slots = [f"f{i}" for i in range(FACTS)] + [f"n{i}" for i in range(NUMBERS)]
        self.env.build("(deftemplate slot (slot name) (slot value))")
        self.env.build("(deftemplate fired (slot at) (slot rule))")
        self.env.build("(defglobal ?*n* = 0)")
        self.env.build(
            "(deffunction give (?name ?value) (do-for-fact ((?f slot)) (eq ?f:name ?name)"
            " (if (neq ?f:value ?value) then (retract ?f) (assert (slot (name ?name) (value ?value))))))"
        )
        self.env.build("(deffunction kept (?name) (do-for-fact ((?f slot)) (eq ?f:name ?name) ?f:value))")
        for rank, rule in enumerate(self.order):
            self.env.build(self.written(rank, rule))

    def written(self, rank, rule):
        slots = sorted(names_in(rule.when))
        left = " ".join(f"(slot (name {s}) (value ?{s}))" for s in slots)
        acts = " ".join(self.action(a) for a in rule.then)
        salience = len(self.order) - rank
        log = f"(assert (fired (at ?*n*) (rule {rank}))) (bind ?*n* (+ ?*n* 1))"
        return f"(defrule r{rank} (declare (salience {salience})) {left} (test {self.test(rule.when)}) => {log} {acts})"

    def action(self, action):
        kind, target, value = action
        if kind == "fact":
            return f"(give {target} {'TRUE' if value else 'FALSE'})"
        return f"(give {target} {value})" if kind == "number" else f"(give {target} (+ (kept {target}) {value}))"

    def test(self, tree):
        kind, *args = tree
        if kind in ("and", "or", "not"):
            return f"({kind} {' '.join(self.test(a) for a in args)})"
        if kind in ("fact", "event"):
            return f"(eq ?{args[0]} TRUE)" if kind == "fact" else f"(eq ?event {args[0]})"
        op, left, right = args
        return f"({CLIPS_OPS.get(op, op)} ?{left} {right if isinstance(right, int) else f'?{right}'})"

    def run(self, numbers, events):
        env = self.env
        env.reset()
        for slot in self.slots:
            env.assert_string(f"(slot (name {slot}) (value {numbers.get(slot, 'FALSE')}))")
        done = 0
        for event in events:
            for target, value in self.drawing.events[event].items():
                shown = {True: "TRUE", False: "FALSE"}[value] if isinstance(value, bool) else value
                env.eval(f"(give {target.removeprefix('fact.')} {shown})")
            happened = env.assert_string(f"(slot (name event) (value {event}))")
            env.run(MOST)
            looping = bool(env.eval("(get-focus-stack)")) and next(env.activations(), None) is not None
            fired = {f["at"]: self.order[f["rule"]].name for f in env.facts() if f.template.name == "fired"}
            if looping and len(fired) - done == MOST:
                return [fired[i] for i in sorted(fired)], self.state(), True
            done = len(fired)
            happened.retract()
        return [fired[i] for i in sorted(fired)], self.state(), False

    def state(self):
        found = {f["name"]: f["value"] for f in self.env.facts() if f.template.name == "slot"}
        return {k: v == "TRUE" if str(v) in ("TRUE", "FALSE") else int(v) for k, v in found.items() if k != "event"}

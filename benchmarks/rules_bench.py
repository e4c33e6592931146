"""The fifty rules of rules_bench.yaml: decisions a second of one processor, for the kernel and for its peers.

A decision is what follows from one contact at one event: which of 32 facts hold, and which action is taken. Everybody
gets the same contacts and events, and must give the same answers as a naive interpreter; who does not is not measured.
The kernel is measured twice: a life for each decision, in which everything is new to it, and lives of twelve events, in
which it only looks at what changed; ratios are of the former. Run by `make bench`.
"""

import argparse
import itertools
import json
import re
import time
from pathlib import Path

import numpy as np

from bifurque.actors.lane import run_lane
from bifurque.actors.layout import (
    E_KEY,
    E_MESSAGE,
    E_TIME,
    E_TYPE,
    E_VALUE,
    EVENT,
    NO_ZONE,
    P_CONTACT,
    P_FIRST,
    P_JOINED,
    P_ZONE,
)
from bifurque.engine.compile import compile_plan
from bifurque.engine.load import load
from bifurque.engine.possible import MISSING as UNKNOWN
from bifurque.engine.possible import evaluate
from bifurque.engine.rule_trial import Book
from bifurque.engine.ruling import derived
from bifurque.engine.texts import Texts
from bifurque.rules.compiled import compiled
from bifurque.rules.layout import CONTACT, EVENTS_COUNT, H_SEED, MISSING, NEXT_CONTACT, ROWS_COUNT

PLAN = load(Path(__file__).with_name("rules_bench.yaml"))
BOOK = Book(PLAN)
FACTS = [derived(r).removeprefix("fact.") for r in BOOK.rules if derived(r)]
RULES = list(zip(BOOK.rules, BOOK.trees, strict=True))
DERIVING = [(derived(r).removeprefix("fact."), tree) for r, tree in RULES if derived(r)]
ACTING = [(r.then[0].set["action"], tree) for r, tree in RULES if not derived(r)]
EVENTS = list(PLAN.events)
GAPS = {"contact.last_open_days", "contact.last_purchase_days", "contact.cart_value", "event.value"}
PER_LIFE = 12


def drawn(decisions, seed=1):
    """What is known at each decision, twelve of each contact; what is not known is not there."""
    count, g = -(-decisions // PER_LIFE), np.random.default_rng(seed)
    orders = g.poisson(1.5, count)
    columns = {
        "age": g.integers(18, 80, count),
        "tenure_days": g.integers(0, 2000, count),
        "score": g.uniform(0, 100, count).round(1),
        "rfm_r": g.integers(1, 6, count),
        "rfm_f": g.integers(1, 6, count),
        "rfm_m": g.integers(1, 6, count),
        "orders_12m": orders,
        "revenue_12m": (orders * g.gamma(2, 60, count)).round(2),
        "last_open_days": g.exponential(50, count).astype(int),
        "clicks_30d": g.poisson(0.7, count),
        "last_purchase_days": g.exponential(40, count).astype(int),
        "msgs_7d": g.poisson(2, count),
        "complaints_90d": g.poisson(0.05, count),
        "cart_value": g.gamma(2, 50, count).round(2),
        "unpaid_amount": np.where(g.random(count) < 0.05, g.uniform(10, 300, count), 0).round(2),
        "country": g.choice(["FR", "BE", "CH", "LU", "CA", "ES"], count),
        "segment": g.choice(["student", "family", "senior", "pro", "other"], count),
        "phase": g.choice(["lead", "mql", "sql", "customer", "lapsed", "unsubscribed"], count),
        "consent_email": g.random(count) < 0.8,
        "consent_sms": g.random(count) < 0.4,
    }
    known = {"last_open_days": g.random(count) > 0.15, "last_purchase_days": orders > 0}
    known["cart_value"] = g.random(count) < 0.4
    types, values = g.integers(0, len(EVENTS), decisions), g.gamma(2, 4000, decisions).astype(int)
    plain = {name: column.tolist() for name, column in columns.items()}
    rows = []
    for k in range(decisions):
        i = k // PER_LIFE
        row = {f"contact.{n}": v[i] for n, v in plain.items() if n not in known or known[n][i]}
        row["event.type"] = EVENTS[types[k]]
        if row["event.type"] in ("visit", "purchase"):
            row["event.value"] = int(values[k])
        rows.append(row)
    return rows


def reference(row):
    """What follows, by the naive evaluation of the conditions in their order."""
    values = {**row, **{f"fact.{f}": False for f in [*FACTS, "done"]}}

    def true(tree):
        return evaluate(tree, lambda node: values.get(str(node.value), UNKNOWN), BOOK.segment) is True

    for fact, tree in DERIVING:
        values[f"fact.{fact}"] = true(tree)
    bits = sum(values[f"fact.{f}"] << i for i, f in enumerate(FACTS))
    return bits, next((action for action, tree in ACTING if true(tree)), 0)


class Kernel:
    """The product's kernel, compiled; lives of so many events each."""

    def __init__(self, rows, per_life=1):
        self.program = compile_plan(PLAN, rows=4096)
        texts, self.rows, self.per_life = Texts(self.program), rows, per_life
        self.words = texts.answers(self.program, self.program.words.copy())
        self.words[H_SEED] = 1
        lives = rows[::per_life]
        self.people = np.zeros((len(lives), P_FIRST + len(self.program.columns)), np.int64)
        self.people[:, P_CONTACT], self.people[:, P_JOINED] = np.arange(len(lives)), MISSING
        self.people[:, P_ZONE] = NO_ZONE
        codes = {t: i for i, t in enumerate(dict.fromkeys([*self.program.texts, *(self._texts(lives))]))}
        for i, name in enumerate(self.program.columns):
            kind = self.program.names.attributes.get(name)
            column = [0 if name == "action" else row.get(f"contact.{name}") for row in lives]
            if kind == "double":
                self.people[:, P_FIRST + i] = np.array([np.nan if v is None else v for v in column]).view(np.int64)
            elif kind is not None:
                self.people[:, P_FIRST + i] = [MISSING if v is None else codes.get(v, v) for v in column]
        self.events = np.zeros((len(rows), EVENT), np.int64)
        self.events[:, E_TIME] = self.program.start + 60 + np.arange(len(rows)) % per_life
        self.events[:, E_TYPE] = [self.program.names.events.index(row["event.type"]) for row in rows]
        self.events[:, E_VALUE] = [row.get("event.value", MISSING) for row in rows]
        self.events[:, E_KEY] = self.events[:, E_MESSAGE] = -1
        self.bounds = np.arange(len(lives) + 1) * per_life
        self.lane = compiled(run_lane)

    def _texts(self, lives):
        return (row[f"contact.{n}"] for n in ("country", "segment", "phase") for row in lives)

    def live(self, people, bounds):
        """Let some contacts live."""
        words = self.words
        words[CONTACT], words[NEXT_CONTACT] = MISSING, 0
        while self.lane(words, people, self.events, bounds):
            words[ROWS_COUNT] = words[EVENTS_COUNT] = 0
        words[ROWS_COUNT] = words[EVENTS_COUNT] = 0

    def __call__(self):
        self.live(self.people, self.bounds)

    def answers(self):
        """The answers to each decision: every life is lived as far as the event it is about."""
        found, loads = [], self.program.tables.loads
        for i in range(len(self.rows)):
            life = i // self.per_life
            self.live(self.people[life : life + 1], np.array([life * self.per_life, i + 1]))
            bits = 0
            for k, fact in enumerate(FACTS):
                _, cell, bit = loads[f"fact.{fact}"]
                bits |= (int(self.words[cell]) >> bit & 1) << k
            found.append((bits, int(self.words[self.program.columns["action"]])))
        return found


def printed(node, names, signs):
    """A condition in another language."""
    if node.op == "literal":
        return signs["literal"](node.value)
    if node.op == "name":
        return names(str(node.value))
    if node.op == "call":
        return signs["has"](names(str(node.args[0].value)))
    if node.op == "in":
        return signs["in"](names(str(node.args[0].value)), [a.value for a in node.args[1].args])
    parts = [printed(a, names, signs) for a in node.args]
    if node.op == "!":
        return signs["!"](*parts)
    if node.op in ("&&", "||"):
        return signs[node.op](*parts)
    text = signs["compare"](parts[0], node.op, parts[1])
    missing = str(node.args[0].value) in GAPS
    return signs["&&"](signs["has"](parts[0]), text) if missing else text


def plain_python(rows):
    """The same rules as one generated Python function."""
    signs = {
        "literal": repr,
        "has": lambda x: f"{x} is not None",
        "in": lambda x, values: f"{x} in {tuple(values)!r}",
        "!": lambda x: f"(not {x})",
        "&&": lambda x, y: f"({x} and {y})",
        "||": lambda x, y: f"({x} or {y})",
        "compare": lambda x, op, y: f"{x} {op} {y}",
    }
    lines = ["def decide(get):", " fact_done = False"]
    used = sorted({str(n.value) for read in BOOK.reads for n in read.values() if not facts_only(n)})
    lines += [f" {name.replace('.', '_')} = get({name!r})" for name in used]
    for fact, tree in DERIVING:
        lines.append(f" fact_{fact} = {printed(tree, lambda n: n.replace('.', '_'), signs)}")
    lines.append(" bits = " + " | ".join(f"(fact_{f} << {i})" for i, f in enumerate(FACTS)))
    for action, tree in ACTING:
        lines.append(f" if {printed(tree, lambda n: n.replace('.', '_'), signs)}: return bits, {action}")
    space = {}
    exec("\n".join([*lines, " return bits, 0"]), space)
    decide = space["decide"]
    return lambda: [decide(row.get) for row in rows]


# What has no forward chaining over disjunctions is told a rule for each way in which a condition is true.


def facts_only(node):
    return node.op == "name" and str(node.value).startswith("fact.")


def reads_facts(node):
    return facts_only(node) or any(reads_facts(a) for a in node.args)


def ways(node, want=True):
    """The ways in which a condition holds: lists of (part, whether it must be true); parts read facts or none."""
    if node.op == "!" and reads_facts(node):
        return ways(node.args[0], not want)
    if node.op in ("&&", "||") and reads_facts(node):
        left, right = (ways(a, want) for a in node.args)
        return [a + b for a in left for b in right] if (node.op == "&&") == want else left + right
    return [[(node, want)]]


def each_way():
    """For each rule and way: rank, name, fact or action, tests of attributes, facts that must hold or must not."""
    for rank, (rule, tree) in enumerate(RULES):
        does = derived(rule).removeprefix("fact.") or rule.then[0].set["action"]
        for number, parts in enumerate(ways(tree)):
            facts = [(str(n.value).removeprefix("fact."), want) for n, want in parts if facts_only(n)]
            plain = [n for n, _ in parts if not facts_only(n)]
            yield rank, f"{rule.name}-{number}", does, plain, facts


DURABLE = {
    "literal": lambda v: v,
    "has": lambda x: {"$ex": {x: 1}},
    "in": lambda x, values: {"$or": [{x: v} for v in values]},
    "&&": lambda x, y: {"$and": [x, y]},
    "||": lambda x, y: {"$or": [x, y]},
}
OPS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


def durable_condition(node):
    """A test of attributes in the notation of durable-rules."""
    if node.op == "name":
        return {str(node.value): True}
    signs = {**DURABLE, "compare": lambda x, op, y: {x: y} if op == "==" else {OPS[op]: {x: y}}}
    names = str
    if node.op in ("&&", "||"):
        return signs[node.op](*(durable_condition(a) for a in node.args))
    if node.op == "call" or node.op == "in":
        return printed(node, names, signs)
    return signs["compare"](str(node.args[0].value), node.op, node.args[1].value)


NEGATED = {name for *_, facts in each_way() for name, want in facts if not want}


def durable_rules():
    """The encoding that suits it best: one message of attributes, a fact per flag, negation as a fact that is false."""
    found = {}
    for rank, name, _, plain, facts in each_way():
        patterns = [{"e": {"k": "t"}}]
        if plain:
            patterns.append({"m": {"$and": [{"k": "c"}, *map(durable_condition, plain)]}})
        for i, (fact, want) in enumerate(facts):
            patterns.append({f"f{i}": {"flag" if want else "noflag": fact}})
        found[name] = {"pri": rank + 1, "all": patterns}
    return found


def durable_message(row):
    return {"sid": "1", "id": "c", "k": "c", **row}


def durable_c(rows):
    """durable-rules through its C interface, in one session that is used again."""
    import durable_rules_engine as engine

    handle = engine.create_ruleset("rules", json.dumps(durable_rules()))
    does = {name: what for _, name, what, *_ in each_way()}
    number = {fact: i for i, fact in enumerate(FACTS)}
    on = {f: json.dumps({"sid": "1", "id": f, "flag": f}) for f in FACTS}
    off = {f: json.dumps({"sid": "1", "id": "no " + f, "noflag": f}) for f in NEGATED}
    engine.assert_fact(handle, json.dumps({"sid": "1", "id": "t", "k": "t"}))
    for text in off.values():
        engine.assert_fact(handle, text)

    def decide(row):
        message, bits, action, told = json.dumps(durable_message(row)), 0, 0, []
        _, state = engine.assert_fact(handle, message)
        fired = engine.start_action_for_state(handle, state)
        fired = fired and fired[1]
        while fired:
            what = does[fired[2 : fired.index('"', 2)]]
            if isinstance(what, int):
                action = what
                engine.retract_fact(handle, off["done"])
            elif not bits >> number[what] & 1:
                bits |= 1 << number[what]
                told.append(what)
                engine.assert_fact(handle, on[what])
                if what in off:
                    engine.retract_fact(handle, off[what])
            fired = engine.complete_and_start_action(handle, state)
        engine.retract_fact(handle, message)
        for fact in told:
            engine.retract_fact(handle, on[fact])
            if fact in off:
                engine.assert_fact(handle, off[fact])
        if action:
            engine.assert_fact(handle, off["done"])
        return bits, action

    return lambda: [decide(row) for row in rows]


def durable_python(rows):
    """durable-rules through its Python Host."""
    from durable.engine import Host

    class Quiet(Host):
        """Without the thread that posts timers."""

        def _run(self):
            return

    number, said = {fact: i for i, fact in enumerate(FACTS)}, {"bits": 0, "action": 0, "told": []}

    def running(what):
        def run(c):
            if isinstance(what, int):
                said["action"] = what
                c.retract_fact({"id": "no done", "noflag": "done"})
            elif not said["bits"] >> number[what] & 1:
                said["bits"] |= 1 << number[what]
                said["told"].append(what)
                c.assert_fact({"id": what, "flag": what})
                if what in NEGATED:
                    c.retract_fact({"id": "no " + what, "noflag": what})

        return run

    does = {name: what for _, name, what, *_ in each_way()}
    rules = {name: {**rule, "run": running(does[name])} for name, rule in durable_rules().items()}
    # a fact that no rule reads makes an action fail in silence
    rules["never"] = {"pri": 999, "all": [{"e": {"flag": "never"}}, {"m": {"$ex": {"flag": 1}}}], "run": lambda c: None}
    host = Quiet()
    host.register_rulesets({"rules": rules})
    host.assert_fact("rules", {"sid": "1", "id": "t", "k": "t"})
    ruleset = host.get_ruleset("rules")  # its own retract and assert run no rules
    for fact in NEGATED:
        ruleset.assert_fact({"sid": "1", "id": "no " + fact, "noflag": fact})

    def decide(row):
        said.update(bits=0, action=0, told=[])
        host.assert_fact("rules", durable_message(row))
        ruleset.retract_fact(durable_message(row))
        for fact in said["told"]:
            ruleset.retract_fact({"sid": "1", "id": fact, "flag": fact})
            if fact in NEGATED:
                ruleset.assert_fact({"sid": "1", "id": "no " + fact, "noflag": fact})
        if said["action"]:
            ruleset.assert_fact({"sid": "1", "id": "no done", "noflag": "done"})
        return said["bits"], said["action"]

    return lambda: [decide(row) for row in rows]


def clips(rows):
    """CLIPS 6.4 through clipspy: a template of attributes, an ordered fact per flag."""
    import clips

    variable = re.compile(r"\W")
    signs = {
        "literal": lambda v: json.dumps(v, ensure_ascii=False),
        "has": lambda x: f"(neq {x} nil)",
        "in": lambda x, values: f"(or {' '.join(f'(eq {x} {json.dumps(v)})' for v in values)})",
        "!": lambda x: f"(not {x})",
        "&&": lambda x, y: f"(and {x} {y})",
        "||": lambda x, y: f"(or {x} {y})",
        "compare": lambda x, op, y: (
            f"({({'==': 'eq', '!=': 'neq'} if y[0] == chr(34) else {'==': '='}).get(op, op)} {x} {y})"
        ),
    }

    def name(word):
        return "?" + variable.sub("_", word)

    def test(node):
        return f"(eq {name(str(node.value))} TRUE)" if node.op == "name" else printed(node, name, signs)

    names = sorted({str(n.value) for read in BOOK.reads for n in read.values() if not str(n.value).startswith("fact.")})
    environment = clips.Environment()
    slots = " ".join(f"(slot {name(n)[1:]})" for n in names)
    environment.build(f"(deftemplate c {slots})")
    environment.build("(deftemplate flag (slot name))")
    for rank, rule, does, plain, facts in each_way():
        said = "action" if isinstance(does, int) else does
        used = sorted({str(x.value) for n in plain for x in leaves_of(n)})
        left = [f"(c {' '.join(f'({name(n)[1:]} {name(n)})' for n in used)})"] if used else []
        left += [f"(test {test(n)})" for n in plain]
        left += [f"(flag (name {f}))" if want else f"(not (flag (name {f})))" for f, want in facts if f != "done"]
        left += ["(not (action ?))" if said == "action" else f"(not (flag (name {said})))"]
        then = f"(action {does})" if said == "action" else f"(flag (name {said}))"
        environment.build(f"(defrule {rule} (declare (salience {1000 - rank})) {' '.join(left)} => (assert {then}))")
    template, number = environment.find_template("c"), {f: i for i, f in enumerate(FACTS)}
    true = {True: clips.Symbol("TRUE"), False: clips.Symbol("FALSE")}
    keys = {n: name(n)[1:] for n in names}

    def decide(row):
        environment.reset()
        given = {keys[n]: true[v] if isinstance(v, bool) else v for n, v in row.items() if n in keys}
        template.assert_fact(**given)
        environment.run()
        bits = action = 0
        for fact in environment.facts():
            kind = fact.template.name
            if kind == "flag":
                bits |= 1 << number[fact["name"]]
            elif kind == "action":
                action = fact[0]
        return bits, action

    return lambda: [decide(row) for row in rows]


def leaves_of(node):
    return [node] if node.op == "name" else [x for a in node.args for x in leaves_of(a)]


def zen_graph(rows):
    """zen-engine: one decision graph, two layers of expressions and a decision table whose first row wins."""
    import zen

    signs = {
        "literal": lambda v: f"'{v}'" if isinstance(v, str) else json.dumps(v),
        "has": lambda x: f"({x} != null)",
        "in": lambda x, values: f"({x} in [{', '.join(map(repr, values))}])",
        "!": lambda x: f"(not ({x}))",
        "&&": lambda x, y: f"({x} and {y})",
        "||": lambda x, y: f"({x} or {y})",
        "compare": lambda x, op, y: f"({x} {op} {y})",
    }

    def text(tree):
        return printed(tree, str, signs).replace("(not (fact.done))", "true")

    first = [(f, tree) for f, tree in DERIVING if not reads_facts(tree)]
    layers = [first, [pair for pair in DERIVING if pair not in first]]
    nodes = [{"id": "in", "name": "in", "type": "inputNode"}]
    for i, layer in enumerate(layers):
        expressions = [{"id": f, "key": f"fact.{f}", "value": text(tree)} for f, tree in layer]
        content = {"passThrough": True, "expressions": expressions}
        nodes.append({"id": f"layer{i}", "name": f"layer{i}", "type": "expressionNode", "content": content})
    table = [{"_id": str(action), "i": text(tree), "o": str(action)} for action, tree in ACTING]
    content = {"hitPolicy": "first", "passThrough": True, "inputs": [{"id": "i", "name": "i"}]}
    content |= {"outputs": [{"id": "o", "name": "o", "field": "action"}], "rules": table}
    nodes.append({"id": "table", "name": "table", "type": "decisionTableNode", "content": content})
    nodes.append({"id": "out", "name": "out", "type": "outputNode"})
    ids = [n["id"] for n in nodes]
    edges = [
        {"id": f"e{i}", "sourceId": a, "targetId": b, "type": "edge"}
        for i, (a, b) in enumerate(itertools.pairwise(ids))
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def nested(row):
        found = {"contact": {}, "event": {}}
        for name, value in row.items():
            root, _, key = name.partition(".")
            found[root][key] = value
        return found

    given = [nested(row) for row in rows]

    def decide(row):
        result = decision.evaluate(row)["result"]
        return sum(bool(result["fact"][f]) << i for i, f in enumerate(FACTS)), int(result.get("action", 0))

    return lambda: [decide(row) for row in given]


PEERS = {
    "plain Python, generated": (plain_python, 20_000),
    "durable-rules, C interface": (durable_c, 6_000),
    "durable-rules, Python Host": (durable_python, 2_000),
    "clipspy": (clips, 2_000),
    "zen-engine, one graph": (zen_graph, 2_000),
}


def best(work, rounds):
    """The least processor time of some rounds; every engine here keeps to one processor."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agree", type=int, metavar="N", help="only compare the answers to N decisions")
    agree = parser.parse_args().agree
    rows = drawn(agree or 1_500)
    expected = [reference(row) for row in rows]
    for name, per_life in (("kernel, a life a decision", 1), ("kernel, lives of twelve", PER_LIFE)):
        assert Kernel(rows, per_life).answers() == expected, f"{name}: other answers"
    for name, (make, _) in PEERS.items():
        assert make(rows)() == expected, f"{name}: other answers"
    firings = sum(bin(bits).count("1") + (action > 0) for bits, action in expected) / len(rows)
    print(f"{len(RULES)} rules, {len(rows):,} decisions with {firings:.1f} firings each: all engines answer the same")
    if agree:
        return
    rates, many = {}, drawn(240_000)
    for name, per_life in (("kernel, a life a decision", 1), ("kernel, lives of twelve", PER_LIFE)):
        rates[name] = len(many) / best(Kernel(many, per_life), 7)
    for name, (make, count) in PEERS.items():
        rates[name] = count / best(make(many[:count]), 3)
    kernel = rates["kernel, a life a decision"]
    print(f"{'decisions a second of one processor':<38} {'':>12}  kernel is faster by")
    for name, rate in rates.items():
        print(f"  {name:<36} {rate:>12,.0f}  {kernel / rate:>10,.1f}")


if __name__ == "__main__":
    main()

"""What can be proved of rules: which may set off which, which loop, which never fire, which get in each other's way."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bifurque.engine.cycles import components
from bifurque.engine.names import listed
from bifurque.engine.plan import Attribute
from bifurque.engine.possible import ANY, MISSING, evaluate
from bifurque.engine.rule_trial import MOST_FIRINGS, Book, Values
from bifurque.engine.ruling import (
    Action,
    EnterAction,
    LeaveAction,
    PauseAction,
    ReleaseAction,
    ResumeAction,
    SuppressAction,
    assigned,
    derived,
)
from bifurque.rules.features import parts, written
from bifurque.rules.syntax import Node

if TYPE_CHECKING:
    from bifurque.engine.check import Checker
    from bifurque.engine.plan import Plan

MOST_CASES, TRIES, MOST_PAIRS = 4096, 400, 20_000
BUDGET = 40_000
"""Conditions worked out in one search: a plan with very many rules is not searched in full."""
_OTHER = "\0other"


def dependencies(plan: Plan) -> dict[str, tuple[str, ...]]:
    """By rule: those that its firing may set off, in rank order."""
    book = Book(plan)
    return {book.rules[a].name: tuple(book.rules[b].name for b in ways) for a, ways in _edges(book).items()}


def find_rules(c: Checker) -> None:
    """Note every finding about rules."""
    if not c.plan.rules:
        return
    book = Book(c.plan)
    numbers = {r.name: i for i, r in enumerate(c.plan.rules)}

    def note(rank: int, text: str, key: str = "when") -> None:
        c.problems.add(("rules", numbers[book.rules[rank].name], key), text, finding=True)

    dead = _never(book)
    for rank in sorted(dead):
        note(rank, f"the rule `{book.rules[rank].name}` never fires: its condition is never true")
    for rank, rule in enumerate(book.rules):
        for fact in _contradicted(rule.then):
            note(rank, f"sets `{fact}` and clears it: only the last one counts", "then")
    _loops(book, note)
    _pairs(book, dead, note)


def _edges(book: Book) -> dict[int, list[int]]:
    """Rank by rank: the rules a firing may arm and leave true."""
    found: dict[int, list[int]] = {}
    for a in range(len(book.rules)):
        writes = book.writes(a)
        touched = {b for key, ranks in book.readers.items() if key.partition("[")[0] in writes for b in ranks}
        found[a] = [b for b in sorted(touched) if _enables(book, b, book.reads[b], writes)]
    return found


def _enables(book: Book, rank: int, reads: Mapping[str, Node], writes: Mapping[str, Any]) -> bool:
    touched = {k: writes[k.partition("[")[0]] for k in reads if k.partition("[")[0] in writes}
    if not touched:
        return False
    found = evaluate(book.trees[rank], lambda n: touched.get(written(n), ANY), book.segment)
    return derived(book.rules[rank]) != "" or found is True or found is ANY


def _cases(book: Book, trees: list[Node], facts: set[str] | None = None) -> Iterator[Values] | None:
    """Every case that conditions can tell apart; None when there are too many."""
    reads = {k: n for tree in trees for k, n in book.read_by(tree).items()}
    domains = {k: _domain(book, trees, k, n) for k, n in reads.items()}
    for key in domains:
        if facts is not None and key.startswith("fact.") and key not in facts:
            domains[key] = [False]
    size = 1
    for domain in domains.values():
        size *= len(domain)
        if size > MOST_CASES:
            return None
    return (dict(zip(domains, case, strict=True)) for case in itertools.product(*domains.values()))


def _domain(book: Book, trees: list[Node], key: str, leaf: Node) -> list[Any]:
    """The values of a name that conditions can tell apart; ANY where they cannot be listed."""
    if leaf.type == "bool":
        return [True, False, *([MISSING] if key.startswith("contact.") else [])]
    known = book.names.words.get(key)
    if known is not None:
        named = _literals(book, trees, key)
        some = [w for w in known if named is None or w in named]  # of those nobody names, one stands for all
        others = [w for w in known if w not in some][:1]
        return [*some, *others, *([MISSING] if key.startswith("event.") else [])]
    against = _literals(book, trees, key)
    if against is None:
        return [ANY]
    gap = [] if key.startswith(("score.", "visits.", "now", "local.")) or key in ("persona", "zone") else [MISSING]
    if leaf.type == "string":
        return [*sorted(against), _OTHER, *gap]
    points = sorted(against)
    between = [(a + b) / 2 for a, b in itertools.pairwise(points)]
    if leaf.type != "double":
        between = sorted({x for p in points for x in (p - 1, p + 1)} - set(points))
    ends = [points[0] - 1, points[-1] + 1] if points else [0]
    values = sorted({*points, *between, *ends})
    if key.startswith(("score.", "visits.", "count(")):
        values = [v for v in values if v >= 0]
    return [*values, *gap]


def _literals(book: Book, trees: list[Node], key: str) -> set[Any] | None:
    """What a name is compared with, if that is always a value written out."""
    found: set[Any] = set()
    todo = [*trees, *(t for name, t in book.segments.items() if key in book.read_by(t))]
    for node in itertools.chain.from_iterable(parts(t) for t in todo):
        mine = [a for a in node.args if a.op in ("name", "feature") and written(a) == key]
        if not mine or node.op in ("&&", "||", "!", "feature") or (node.op == "call" and node.value == "has"):
            continue
        others = [a for a in node.args if a not in mine]
        if node.op not in ("==", "!=", "<", "<=", ">", ">=", "in") or len(others) != 1:
            return None
        literals = others[0].args if others[0].op == "list" else others
        if any(a.op != "literal" for a in literals):
            return None
        found |= {a.value for a in literals}
    return found


def _never(book: Book) -> set[int]:
    """Rules whose condition is true in no case, given which facts anything can set."""
    outside = {
        t for path, targets in book.names.sets if path[0] != "rules" for t, v in targets.items() if v is not False
    }
    facts = {t for t in outside if t.startswith("fact.")}
    alive: set[int] = set()
    grown = True
    while grown:
        grown = False
        for rank, rule in enumerate(book.rules):
            if rank in alive or not _may(book, rank, facts):
                continue
            alive.add(rank)
            facts |= {t for a in rule.then for t, v in assigned(a).items() if v is not False and t[:5] == "fact."}
            grown = True
    return set(range(len(book.rules))) - alive


def _may(book: Book, rank: int, facts: set[str]) -> bool:
    cases = _cases(book, [book.trees[rank]], facts)
    if cases is None:
        return True
    return any(book.truth(rank, case) in (True, ANY) for case in cases)


def _contradicted(then: tuple[Action, ...]) -> list[str]:
    seen: dict[str, Any] = {}
    found = []
    for action in then:
        for target, value in assigned(action).items():
            if target.startswith("fact.") and isinstance(value, bool) and seen.get(target, value) != value:
                found.append(target)
            seen[target] = value
    return found


def _loops(book: Book, note: Any) -> None:
    """Rules that may set each other off for ever: a circle is reported with a contact who goes round in it."""
    edges = _edges(book)
    for circle in components(edges):
        found = _example(book, circle)
        if found is None:
            continue
        values, event, fired = found
        turn = list(dict.fromkeys(fired[-16:]))
        route = " → ".join(f"`{n}`" for n in turn)
        said = ", ".join(f"{k} = {_said(v)}" for k, v in values.items())
        at = f" at an event `{event}`" if event else ""
        text = f"can loop: {route} → …; {'with ' + said if said else 'whoever it is'}{at} more than {MOST_FIRINGS} "
        text += "rules would fire and the contact be quarantined; let one of them make the other's condition untrue"
        note(min(r for r in range(len(book.rules)) if book.rules[r].name in turn), text)


def _said(value: Any) -> str:
    if isinstance(value, str):
        return '"another text"' if value == _OTHER else f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def _example(book: Book, circle: list[int]) -> tuple[Values, str, list[str]] | None:
    """A contact, as plain as can be, whose rules never come to rest; searched for by trying many."""
    draw = random.Random(0)
    trees = [book.trees[r] for r in range(len(book.rules))]
    reads = {k: n for tree in trees for k, n in book.read_by(tree).items()}
    usual = {k: _usual(book, k, n) for k, n in reads.items() if not k.startswith("event.")}
    domains = {k: [v for v in _domain(book, trees, k, reads[k]) if v is not ANY] or [usual[k]] for k in usual}
    own = {k for r in circle for k in book.reads[r]}
    events = ["", *dict.fromkeys(_events(book, circle))]
    for _ in range(max(min(TRIES, BUDGET // len(book.rules)), 20)):
        values = {k: draw.choice(domains[k]) if k in own else usual[k] for k in usual}
        event = draw.choice(events)
        if len(_try(book, values, event)) > MOST_FIRINGS:
            return _plainest(book, values, usual, event)
    return None


def _plainest(book: Book, values: Values, usual: Values, event: str) -> tuple[Values, str, list[str]]:
    """What of an example cannot be left as usual; the event, if it needs one; the rules that fire."""
    for key in usual:
        plainer = {**values, key: usual[key]}
        if len(_try(book, plainer, event)) > MOST_FIRINGS:
            values = plainer
    if event and len(_try(book, values, "")) > MOST_FIRINGS:
        event = ""
    told = {k: v for k, v in values.items() if v is not usual[k] and v != usual[k]}
    return told, event, _try(book, values, event)


def _try(book: Book, values: Values, event: str) -> list[str]:
    start = dict(values) | ({"event.type": event} if event else {})
    return book.run(start, set(range(len(book.rules))))


def _events(book: Book, circle: list[int]) -> list[str]:
    """Events that conditions of a circle name."""
    nodes = (n for r in circle for n in parts(book.trees[r]))
    return [str(n.value) for n in nodes if n.op == "literal" and n.value in book.names.events]


def _usual(book: Book, key: str, leaf: Node) -> Any:
    """What a new contact starts with."""
    if key.startswith("contact."):
        declared = book.plan.attributes[key.removeprefix("contact.")]
        default = declared.default if isinstance(declared, Attribute) else None
        return MISSING if default is None or isinstance(default, str) != (leaf.type == "string") else default
    if key == "stage":
        return book.names.stages[0]
    if key == "persona":
        return book.names.personas[0]
    plain = {"bool": False, "int": 0, "double": 0.0}
    return plain.get(leaf.type, MISSING)


def _pairs(book: Book, dead: set[int], note: Any) -> None:
    """Rules that repeat, shadow or contradict a stronger one."""
    left = BUDGET
    pairs = itertools.islice(itertools.combinations(range(len(book.rules)), 2), MOST_PAIRS)
    for a, b in pairs:
        if left < 0 or {a, b} & dead:
            continue
        one, other = book.rules[a], book.rules[b]
        same = one.then == other.then
        against = _opposite(one.then, other.then)
        covers = book.reads[b].keys() <= book.reads[a].keys() and any(k in book.reads[b] for k in book.writes(a))
        if not (same or against or covers):
            continue
        cases = _cases(book, [book.trees[a], book.trees[b]])
        if cases is None:
            continue
        truths = [(case, book.truth(a, case), book.truth(b, case)) for case in cases]
        left -= 2 * len(truths)
        both = [case for case, x, y in truths if x is True and y is True]
        if not both:
            continue
        implied = all(x is True for _, x, y in truths if y is True or y is ANY)
        if same and implied:
            note(b, f"`{other.name}` repeats `{one.name}`: whenever it is true so is that one, with the same effect")
        elif covers and implied and not derived(one) and not any(_left(book, a, b, case) for case in both):
            note(b, f"`{other.name}` never fires: `{one.name}` goes first whenever it is true, and makes it untrue")
        elif against and one.salience == other.salience and any(_left(book, a, b, case) for case in both):
            text = f"`{other.name}` and `{one.name}` may both be true, and one undoes what the other does "
            note(b, text + f"({against}): only their order decides; give them different saliences")


def _left(book: Book, a: int, b: int, case: Values) -> bool:
    """Whether rule b may still be true once rule a has fired."""
    writes = book.writes(a)
    after = {k: writes.get(k.partition("[")[0], v) for k, v in case.items()}
    return book.truth(b, after) in (True, ANY)


def _opposite(one: tuple[Action, ...], other: tuple[Action, ...]) -> str:
    """What one does and the other undoes; nothing if they get along."""
    for a, b in itertools.product(one, other):
        for target, value in assigned(a).items():
            opposed = assigned(b).get(target, value)
            plain = not (isinstance(value, str) or isinstance(opposed, str)) or target == "stage"
            if plain and opposed != value:
                return target if target == "stage" or target.startswith("fact.") else f"contact.{target}"
        for x, y in ((a, b), (b, a)):
            common = _done(x) & _undone(y)
            if common:
                return min(common)
    return ""


def _done(action: Action) -> set[str]:
    if isinstance(action, PauseAction):
        return set(listed(action.pause))
    if isinstance(action, SuppressAction):
        return set(listed(action.suppress))
    return set(listed(action.enter)) if isinstance(action, EnterAction) else set()


def _undone(action: Action) -> set[str]:
    if isinstance(action, ResumeAction):
        return set(listed(action.resume))
    if isinstance(action, ReleaseAction):
        return set(listed(action.release))
    return set(listed(action.leave)) if isinstance(action, LeaveAction) else set()

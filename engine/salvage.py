"""Goes on checking a plan that cannot be decoded: what is broken is cut out, and the rest is looked at all the same."""

from __future__ import annotations

import copy
import re
from typing import Any

from bifurque.engine.check import check
from bifurque.engine.decode import BAD, GAP, decode
from bifurque.engine.plan import Plan
from bifurque.engine.problems import Path, Problem, Problems

ROUNDS = 12
"""A cut may make what is around it incomplete, which is cut then; this deep at most."""
_WORD, _QUOTED = re.compile(r"\w+"), re.compile("`([^`]*)`")


def check_the_rest(raw: Any, problems: Problems) -> None:
    """Note the errors of what is not broken, but for those that may come from what was cut out."""
    rest, gone = copy.deepcopy(raw), set[str]()
    cuts: set[Path] = set()
    broken = {p.path for p in problems.found}
    for _ in range(ROUNDS):
        if not all(_cut(rest, path, gone) for path in broken):
            return
        cuts |= broken
        trial = problems.trial()
        plan = decode(rest, Plan, (), trial)
        broken = {p.path for p in trial.found}
        if not broken and plan is not BAD:
            break
    else:
        return
    check(plan, trial)
    around = {path[:end] for path in cuts for end in range(len(path))}
    beside = {path[:-1] for path in cuts}
    more = [_placed(found, rest, problems) for found in trial.errors]
    more = [p for p in more if p.path not in around and p.path[:-1] not in beside]
    problems.take([p for p in more if not _about(p, gone)])


def _cut(rest: Any, path: Path, gone: set[str]) -> bool:
    """Take out what stands at a path; False if it is a whole section, without which nothing can be said."""
    if not path or (len(path) == 1 and path[0] in Plan.__struct_fields__):
        return False
    inside = rest
    for part in path[:-1]:
        try:
            inside = inside[part]
        except (KeyError, IndexError, TypeError):
            return True
    last = path[-1]
    if isinstance(inside, dict) and last in inside:
        gone.update(_words({last: inside.pop(last)}))
    elif isinstance(inside, list) and isinstance(last, int):
        gone.update(_words(inside[last]))
        inside[last] = GAP
    return True


def _words(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {w for k, v in value.items() for w in _words(k) | _words(v)}
    if isinstance(value, list):
        return {w for v in value for w in _words(v)}
    return set(_WORD.findall(str(value)))


def _about(problem: Problem, gone: set[str]) -> bool:
    """Whether a problem is about a word that stands in what was cut out."""
    said = problem.message.partition(";")[0]
    return any(word in gone for quoted in _QUOTED.findall(said) for word in _WORD.findall(quoted))


def _placed(problem: Problem, rest: Any, problems: Problems) -> Problem:
    """The problem at its path in the file: gaps of lists count there."""
    path: list[str | int] = []
    inside = rest
    for part in problem.path:
        if isinstance(inside, list) and isinstance(part, int):
            at = [i for i, entry in enumerate(inside) if entry is not GAP][part]
            path.append(at)
            inside = inside[at]
        else:
            path.append(part)
            inside = inside.get(part) if isinstance(inside, dict) else None
    if tuple(path) == problem.path:
        return problem
    again = problems.trial()
    again.add(tuple(path), problem.message)
    return again.found[0]

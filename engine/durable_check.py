"""What durable-rules has no words for in the rules of a plan, and why: it is worked out first, and given as a fact."""

from __future__ import annotations

from contextlib import suppress

from bifurque.engine.durable_code import MOST_CONDITIONS, Code
from bifurque.engine.plan import Plan
from bifurque.engine.problems import Problems, TooMany
from bifurque.engine.rule_trial import Book
from bifurque.engine.words import language
from bifurque.rules.features import written
from bifurque.rules.syntax import Node

_WORDS = {
    "first": (
        "durable-rules : la règle `{}` fait calculer d'abord, et reçoit comme un fait : `{}` ({})",
        "durable-rules: rule `{}` has this worked out first, and is given it as a fact: `{}` ({})",
    ),
    "all": (
        "durable-rules exprime toutes les conditions de ce plan",
        "durable-rules expresses every condition of this plan",
    ),
    "size": (
        "plus de {} comparaisons, développées : il ne les supporte pas",
        "more than {} comparisons when multiplied out: it cannot bear them",
    ),
    "arithmetic": ("il n'a pas de calcul à gauche d'une comparaison", "it has no arithmetic left of a comparison"),
    "real": ("il arrondirait ce calcul autrement", "it would round this arithmetic differently"),
    "text": ("ses tests sur les textes ne sont pas fiables", "its tests of texts cannot be relied on"),
    "order": ("il n'ordonne pas les textes", "it does not order texts"),
    "choice": ("il n'a pas de `? :`", "it has no `? :`"),
    "truth": ("il ne compare que ce qui a un nom", "it only compares what has a name"),
    "mixed": ("il ne compare pas un entier à un réel exactement", "it does not compare an int with a double exactly"),
    "itself": ("il ne compare pas une chose à elle-même", "it does not compare a thing with itself"),
}


def note_limits(plan: Plan, problems: Problems, lang: str | None) -> None:
    """Note what durable-rules cannot express; as findings, what keeps it from running the plan at all."""
    column = 0 if language(lang) == "fr" else 1
    code = Code(Book(plan), {})
    for why in code.refusals():
        with suppress(TooMany):
            problems.add(("rules",), why, finding=True)
    for rule, nodes in code.first.items():
        for node in nodes:
            reason = _WORDS[_reason(node)][column].format(MOST_CONDITIONS)
            problems.notes.append(_WORDS["first"][column].format(rule, written(node), reason))
    if plan.rules and not code.first:
        problems.notes.append(_WORDS["all"][column])


def _reason(node: Node) -> str:
    """Why a part of a condition is worked out first."""
    if node.op in ("&&", "||", "!"):
        return "size"
    if node.op in ("?:", "call"):
        return "choice" if node.op == "?:" else "text" if str(node.value).startswith(".") else "arithmetic"
    if node.op in ("+", "-", "*", "/", "%", "negate"):
        return "arithmetic"
    if written(node.args[0]) == written(node.args[1]):
        return "itself"
    left, right = node.args[0].type, node.args[-1].type
    if node.op == "in" or left == right == "double":
        return "real"
    if left == "string":
        return "order" if node.op not in ("==", "!=") else "truth"
    return "mixed" if left != right else "truth"

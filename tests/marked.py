"""Plans in which `¦` marks the places that messages must name."""

from bifurque.engine.load import _inspect
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text

HEAD = "plan: x\nstart: 2025-01-01\n"
SHOP = HEAD + (
    "channels: {email: {}}\ncategories: [{name: promo, class: promotional}]\n"
    "messages: {hello: {channel: email, category: promo}}\npopulation: {consent: {all: 100%}}\n"
)


def marked(text):
    """A plan without its marks, and the line and column of each."""
    *parts, last = text.split("¦")
    before, places = "", []
    for part in parts:
        before += part
        places.append((before.count("\n") + 1, len(before) - before.rfind("\n")))
    return before + last, places


def problems_of(text, *overrides):
    """Everything found about a plan, in the order of its file."""
    _, problems = _inspect(*read_text(text, Problems("plan.yaml")), overrides)
    return problems.sorted()

"""Texts of the map itself, numbers as each language writes them, and texts of a plan made fit to be shown."""

from __future__ import annotations

import math
import unicodedata

from bifurque.engine.trigger import Text

_WORDS = {
    "line": ("ligne", "line"),
    "station": ("station", "station"),
    "meeting": ("correspondance", "interchange"),
    "plan": ("parcours imaginés", "imagined journeys"),
    "flow": (
        "parcours vécus : largeur et chiffres = passages",
        "lived journeys: width and figures = passages",
    ),
    "busiest": (" ; la plus chargée : {} {}", "; the busiest: {} {}"),
    "lost": ("{} des messages n'en partent pas", "{} of its messages do not leave"),
    "lost_sign": ("des messages ne partent pas", "of the messages do not leave"),
    "gap": (
        "vécu sur imaginé : pâle = si personne ne partait en route",
        "lived above imagined: pale = if nobody left on the way",
    ),
    "compare": ("B sur A : plein = B, pâle = A, % = de A à B", "B above A: solid = B, pale = A, % = from A to B"),
    "entered": ("entrés dans l'étape", "entered the stage"),
    "back": ("retour vers {}", "back to {}"),
    "passages": ("Passages :", "Passages:"),
    "passed": ("passages : {}", "passages: {}"),
    "gap_sign": ("de l'imaginé au vécu", "from imagined to lived"),
    "gap_pale": ("si personne ne partait", "if nobody left"),
    "compare_sign": ("de A à B", "from A to B"),
    "compare_pale": ("A, au-dessous", "A, below"),
    "kind.start": ("Entrée", "Entry"),
    "kind.send": ("Message", "Message"),
    "kind.survey": ("Question", "Survey"),
    "kind.offer": ("Offre", "Offer"),
    "kind.task": ("Tâche", "Task"),
    "kind.wait": ("Attente", "Wait"),
    "kind.wait_for": ("Attente d'un événement", "Wait for an event"),
    "kind.branch": ("Bifurcation", "Branch"),
    "kind.experiment": ("Test A/B", "A/B test"),
    "kind.act": ("Mise à jour", "Update"),
    "kind.goal": ("Objectif", "Goal"),
    "kind.exit": ("Sortie", "Exit"),
    "kind.end": ("Terminus", "Terminus"),
    "kind.event": ("Objectif", "Goal"),
    "kind.meeting": ("Correspondance", "Interchange"),
    "kind.back": ("Retour", "Return"),
}


def say(lang: str, key: str) -> str:
    """A text of the map."""
    return _WORDS[key][lang != "fr"]


def text(both: Text, lang: str) -> str:
    """A text of a plan in one language."""
    return both.fr if lang == "fr" else both.en


def visible(value: str, most: int = 1000) -> str:
    r"""A text without what no document may hold or what would turn others around; cut when it is long.

    >>> visible("a\x00b\N{RIGHT-TO-LEFT OVERRIDE}c")
    'abc'
    """
    kept = "".join(c for c in value if unicodedata.category(c) not in ("Cc", "Cs") and c not in _TURNING)
    kept = "".join(c for c in kept if ord(c) & 0xFFFE != 0xFFFE)  # no character at all
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"


_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


def compact(value: float, lang: str) -> str:
    """A number in few characters: `950`, `1,3 k`, `1,25 M`; `map_script` writes them alike in the browser.

    >>> compact(12345, "fr"), compact(1234567, "en"), compact(950, "en")
    ('12\N{NO-BREAK SPACE}k', '1.23M', '950')
    """
    if value < 1000:
        return str(math.floor(value + 0.5))
    scale, unit = (1e6, "M") if value >= 999_500 else (1e3, "k")
    digits = 2 if scale == 1e6 and value < 1e7 else 1 if value / scale < 9.95 or scale == 1e6 else 0
    shown = f"{math.floor(value / (scale / 10**digits) + 0.5) / 10**digits:.{digits}f}"
    return shown.replace(".", ",") + "\N{NO-BREAK SPACE}" + unit if lang == "fr" else shown + unit

"""What strategists read, in French and in English."""

from __future__ import annotations

import os
from collections.abc import Callable

from bifurque.engine.words_why import WHY_WORDS

LANGUAGES = ("fr", "en")

_WORDS: dict[str, tuple[str, str]] = {
    # the report
    "journeys": ("Parcours", "Journeys"),
    "messages": ("Messages", "Messages"),
    "channels": ("Canaux", "Channels"),
    "arms": ("Bras", "Arms"),
    "stages": ("Étapes du cycle de vie", "Stages"),
    "totals": ("Total", "Total"),
    "entered": ("entrés", "entered"),
    "now": ("présents", "now"),
    "sent": ("envoyés", "sent"),
    "held": ("retenus", "held"),
    "dropped": ("abandonnés", "dropped"),
    "opened": ("ouverts", "opened"),
    "clicked": ("cliqués", "clicked"),
    "converted": ("convertis", "converted"),
    "revenue": ("revenu", "revenue"),
    "cost": ("coût", "cost"),
    "roi": ("ROI", "ROI"),
    "unsubscribed": ("désabonnés", "unsubscribed"),
    "why_dropped": ("Abandonnés, par raison", "Dropped, by reason"),
    "why_held": ("Retenus, par raison", "Held, by reason"),
    "lived.opened": ("ouvert", "opened"),
    "lived.machine": ("ouvert par le logiciel de messagerie", "opened by the mail program"),
    "lived.clicked": ("cliqué", "clicked"),
    "lived.unsubscribed": ("désabonné", "unsubscribed"),
    "lived.complained": ("signalé comme indésirable", "reported as spam"),
    "lived.bounced": ("non distribué", "bounced"),
    "lived.answered": ("a répondu", "answered"),
    "surveys": ("Enquêtes", "Surveys"),
    "asked": ("interrogés", "asked"),
    "answered": ("réponses", "answers"),
    "response_rate": ("taux de réponse", "response rate"),
    "score": ("des réponses", "of answers"),
    "score_of_all": ("de tous (latent)", "of all (latent)"),
    "rules": ("Règles, combien de fois", "Rules, how often"),
    "pressure": ("Pression vécue (messages par contact et par semaine)", "Lived pressure (messages per contact-week)"),
    "mean": ("moyenne", "mean"),
    "behaviour_off": (
        "Comportement éteint : chacun fait ce que disent les événements, quoi qu'on lui envoie",
        "Behaviour off: people do what the events say, whatever they are sent",
    ),
    "graded": (
        "Prévision : comportement calibré, note {} (A : le passé est retrouvé ; D : ne pas s'y fier)",
        "Forecast: calibrated behaviour, grade {} (A: it tells the past; D: do not trust it)",
    ),
    "ungraded": (
        "Prévision : comportement calibré, sans note : il n'a été comparé à aucun passé ; comparez, ne promettez pas",
        "Forecast: calibrated behaviour, not graded: it was compared with no past; compare, do not promise",
    ),
    "uncalibrated": (
        "Prévision non calibrée : chiffres usuels du secteur et hypothèses ; comparez, ne promettez pas",
        "Uncalibrated forecast: usual figures of the sector and assumptions; compare, do not promise",
    ),
    "machine_opens": (
        "Ouvertures : {} par des personnes, {} par des logiciels de messagerie, {} messages déclarés ouverts",
        "Opens: {} by people, {} by mail programs, {} messages reported opened",
    ),
    "indifferent": (
        "Indifférents (12 envois et plus, rien d'ouvert en 365 jours)",
        "Indifferent (12 sends or more, nothing opened in 365 days)",
    ),
    "value_12_months": ("Valeur sur 12 mois par contact", "12-month value per contact"),
    "value_so_far": ("Valeur sur {} jours par contact", "Value per contact over {} days"),
    "contacts": ("contacts", "contacts"),
    "days": ("jours", "days"),
    "quarantined": ("Contacts mis en quarantaine", "Contacts quarantined"),
    "files": ("Fichiers", "Files"),
    "note": ("note", "note"),
    # outcomes
    "outcome.sent": ("envoyé", "sent"),
    "outcome.held": ("retenu", "held"),
    "outcome.dropped": ("abandonné", "dropped"),
    "outcome.replaced": ("remplacé", "replaced"),
    # reasons
    "reason.quiet_hours": ("heures calmes", "quiet hours"),
    "reason.lost_to": ("passé après un autre message", "another message went first"),
    "reason.consent": ("pas de consentement", "no consent"),
    "reason.preempted": ("un parcours plus fort est en cours", "a stronger journey is under way"),
    "reason.expired": ("plus valable", "no longer valid"),
    "reason.exited": ("le parcours a été quitté", "the journey was left"),
    "reason.holdout": ("groupe témoin", "holdout"),
    "reason.offer_unavailable": ("offre indisponible", "offer unavailable"),
    "reason.capacity": ("capacité atteinte", "no capacity left"),
    "reason.budget": ("budget épuisé", "no budget left"),
    "reason.suppressed": ("supprimé par une règle", "suppressed by a rule"),
    "reason.quarantined": ("contact mis en quarantaine", "contact quarantined"),
    "reason.cap": ("plafond « {} »", "cap “{}”"),
    "reason.coherence": ("cohérence « {} »", "coherence “{}”"),
    # why
    "why.until": ("jusqu'au {}", "until {}"),
    "why.because": ("à cause de `{}`", "because of `{}`"),
    "why.entry": ("entre dans `{}` ({})", "enters `{}` ({})"),
    "why.exit": ("quitte `{}`", "leaves `{}`"),
    "why.exit_event": ("quitte `{}` (événement `{}`)", "leaves `{}` (event `{}`)"),
    "why.end": ("arrive au bout de `{}`", "reaches the end of `{}`"),
    "why.transfer": ("passe de `{}` à `{}`", "moves from `{}` to `{}`"),
    "why.replaced": ("recommence `{}` : la visite précédente s'arrête", "starts `{}` anew: the visit before it ends"),
    "why.refused": ("n'entre pas dans `{}` : `{}` est plus fort", "does not enter `{}`: `{}` is stronger"),
    "why.preempted": ("quitte `{}` : `{}` est plus fort", "leaves `{}`: `{}` is stronger"),
    "why.queued": ("attend pour entrer dans `{}` : `{}` est en cours", "waits to enter `{}`: `{}` is under way"),
    "why.stage": ("passe à l'étape `{}`", "moves to the stage `{}`"),
    "why.offer": ("reçoit l'offre `{}`, gardée jusqu'au {}", "gets the offer `{}`, kept until {}"),
    "why.no_offer": ("l'offre `{}` n'est plus disponible", "the offer `{}` is no longer available"),
    "why.stopped": (
        "mis en quarantaine : plus de 64 transitions en un instant",
        "quarantined: more than 64 transitions at one instant",
    ),
    "why.looped": (
        "mis en quarantaine : plus de 256 règles d'affilée, sans fin ; la dernière, `{}`",
        "quarantined: more than 256 rules in a row, without end; the last one, `{}`",
    ),
    "why.rule": ("règle `{}` : {}", "rule `{}`: {}"),
    "why.rule_left": ("quitte `{}` (règle `{}`)", "leaves `{}` (rule `{}`)"),
    "why.rule_moved": (
        "quitte `{}` pour un autre parcours (règle `{}`)",
        "leaves `{}` for another journey (rule `{}`)",
    ),
    # why a journey was entered, after its trigger
    "entry.first": ("premier `{}`", "first `{}`"),
    "entry.no": ("plus de `{}`", "no `{}`"),
    "entry.every day": ("chaque jour", "every day"),
    "entry.every week": ("chaque semaine", "every week"),
    "entry.every month": ("chaque mois", "every month"),
    "entry.stage": ("étape `{}`", "stage `{}`"),
    "entry.changed": ("`{}` a changé", "`{}` changed"),
    "entry.above": ("`{}` atteint {}", "`{}` reached {}"),
    "entry.below": ("`{}` sous {}", "`{}` below {}"),
    "entry.and": ("`{}` et `{}`", "`{}` and `{}`"),
    "entry.resumed": ("la place est libre", "there is room again"),
    "entry.transfer": ("venu d'un autre parcours", "from another journey"),
    "entry.rule": ("règle `{}`", "rule `{}`"),
    "entry.date": ("calendrier", "a date"),
    # where, and one contact
    "where.nowhere": ("dans aucun parcours", "in no journey"),
    "where.last": ("au bout, un message attend encore", "at the end, a message still waits"),
    "where.more": ("… et {} de plus", "… and {} more"),
    "contact.head": ("Contact {}, {}, le {} ({})", "Contact {}, {}, on {} ({})"),
    "contact.unborn": ("pas encore arrivé", "has not arrived yet"),
    "contact.stopped": ("mis en quarantaine", "quarantined"),
    "contact.stage": ("Étape", "Stage"),
    "contact.attributes": ("Attributs", "Attributes"),
    "contact.facts": ("Faits", "Facts"),
    "contact.scores": ("Scores", "Scores"),
    "contact.consents": ("Consentements", "Consents"),
    "contact.offers": ("Offres réservées", "Offers reserved"),
    "contact.inside": ("Parcours en cours", "Journeys under way"),
    "contact.mailbox": ("En attente", "Waiting"),
    "contact.history": ("Décisions", "Decisions"),
    "contact.none": ("rien", "nothing"),
    "contact.visit": ("{}{}, étape {}, depuis le {} : {}", "{}{}, step {}, since {}: {}"),
    "contact.until": ("jusqu'au {}", "until {}"),
    "contact.unknown": ("attend un changement", "waits for a change"),
    "contact.paused": ("en pause pour `{}`", "paused for `{}`"),
    "state.due": ("à faire", "due"),
    "state.awaits an event": ("attend un événement", "awaits an event"),
    "state.awaits its message": ("attend son message", "awaits its message"),
    "state.awaits its last message": ("attend son dernier message", "awaits its last message"),
    "state.awaits an offer": ("attend une offre", "awaits an offer"),
    "kind.message": ("message", "message"),
    "kind.event": ("événement à venir", "event to come"),
    "kind.timer": ("minuterie", "timer"),
    # associations
    "associate.head": ("{} paniers, {} articles", "{} baskets, {} items"),
    "associate.none": (
        "aucune association (support ≥ {}, lift > {})",
        "no association (support ≥ {}, lift > {})",
    ),
    "associate.pair": ("Qui prend … prend aussi …", "Those who take … also take …"),
    "associate.support": ("support", "support"),
    "associate.confidence": ("confiance", "confidence"),
    "associate.lift": ("lift", "lift"),
    "associate.propose": ("À écrire dans le plan :", "To write into the plan:"),
    "why.nothing": ("rien n'a été décidé pour ce contact", "nothing was decided about this contact"),
    "why.nothing_message": ("`{}` n'a jamais été sur le point de partir", "`{}` never came up"),
} | WHY_WORDS


def language(asked: str | None) -> str:
    """The language asked for, or that of the environment; French if it says nothing."""
    if asked in LANGUAGES:
        return str(asked)
    spoken = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").lower()
    return "en" if spoken.startswith("en") else "fr"


def say(lang: str, key: str, *values: object) -> str:
    """A phrase in a language, with its blanks filled."""
    return _WORDS[key][LANGUAGES.index(lang)].format(*values)


def reason(lang: str, code: str) -> str:
    """A reason in words."""
    kind, _, name = code.partition(":")
    return say(lang, f"reason.{kind}", name) if name else say(lang, f"reason.{kind}")


Called = Callable[[str, str], str]
"""How something is called, by its kind and its name: a `journey`, `message`, `channel`, `stage`, `offer`, `rule`,
`event`, `attribute` or `score`; a `trigger` is an event, an attribute that is a date, or a calendar."""


def by_name(kind: str, name: str) -> str:
    """Everything by the name it has in the plan."""
    return name


def entry(lang: str, cause: str, called: Called = by_name) -> str:
    """What led into a journey, in words: the causes `bifurque.engine.compile_triggers` gives.

    >>> entry("fr", "no purchase"), entry("en", "interest above 40"), entry("fr", "signup")
    ('plus de `purchase`', '`interest` reached 40', '`signup`')
    """
    first, *rest = cause.split(" ")
    if f"entry.{cause}" in _WORDS:
        return say(lang, f"entry.{cause}")
    if not rest:
        return f"`{called('trigger', cause)}`"
    if first == "rule":
        return say(lang, "entry.rule", " ".join(rest))
    if first == "stage":
        return say(lang, "entry.stage", *(called("stage", name) for name in rest))
    if first in ("first", "no"):
        return say(lang, f"entry.{first}", *(called("event", name) for name in rest))
    if rest[0] == "and":
        return say(lang, "entry.and", called("event", first), "`, `".join(called("event", n) for n in rest[1::2]))
    return say(lang, f"entry.{rest[0]}", called("attribute" if rest[0] == "changed" else "score", first), *rest[1:])


def figure(lang: str, value: float, digits: int = 0) -> str:
    """A number as the language writes it: `12 345,6` or `12,345.6`."""
    text = f"{value:,.{digits}f}"
    if lang == "fr":
        text = text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")
    return text

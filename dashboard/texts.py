"""What the dashboard says, in both languages: T[language][key]."""

from __future__ import annotations

from bifurque.dashboard.texts_compare import COMPARE
from bifurque.dashboard.texts_pages import PAGES

_FRAME: dict[str, tuple[str, str]] = {
    "product": ("bifurque", "bifurque"),
    "workshop": ("Atelier", "Workshop"),
    "page_map": ("Plan de métro", "Metro map"),
    "page_results": ("Résultats", "Results"),
    "page_compare": ("Comparer", "Compare"),
    "page_pressure": ("Pression", "Pressure"),
    "page_arbitration": ("Arbitrages", "Arbitration"),
    "page_turning": ("Bifurcations", "Turning points"),
    "page_lifecycle": ("Cycle de vie", "Lifecycle"),
    "page_contact": ("Un contact", "One contact"),
    "page_launch": ("Simuler", "Simulate"),
    "page_board": ("Scénarios", "Scenarios"),
    "page_sql": ("Interroger en SQL", "Ask in SQL"),
    "why_map": ("Où vont vraiment les contacts ?", "Where do contacts really go?"),
    "why_results": ("Le plan a-t-il marché, et avec quelle certitude ?", "Did the plan work, and how sure are we?"),
    "why_compare": ("Ce plan vaut-il mieux qu'un autre ?", "Is this plan better than another?"),
    "why_pressure": ("Qui en entend trop, qui rien du tout ?", "Who hears too much, who nothing at all?"),
    "why_arbitration": (
        "Quel message perd, contre qui, et pourquoi ?",
        "Which message loses, to whom, and why?",
    ),
    "why_turning": ("Quelle décision change le destin d'un contact ?", "Which decision changes a contact's fate?"),
    "why_lifecycle": (
        "Combien de contacts dans chaque étape, et à quelle vitesse en sortent-ils ?",
        "How full is each stage, and how fast does it drain?",
    ),
    "why_contact": ("Que lui est-il arrivé, et pourquoi ?", "What happened to this person, and why?"),
    "why_launch": ("Et si une valeur du plan changeait ?", "What if one value of the plan were another?"),
    "why_board": (
        "Pour chaque parcours, le meilleur changement essayé, ce qu'il rapporterait, et où l'on en est.",
        "For each journey, the best change that was tried, what it would bring, and how far it has come.",
    ),
    "why_sql": ("Toute question sur les tables de la simulation.", "Any question about the tables of the run."),
    "run": ("Simulation", "Run"),
    "who": ("Qui", "Who"),
    "all": ("Tout le monde", "Everybody"),
    "persona": ("Persona", "Persona"),
    "segment": ("Segment", "Segment"),
    "period": ("Semaines", "Weeks"),
    "about_run": (
        "{3} · {0} contacts · {1} jours dès le {4} · graine {2}",
        "{3} · {0} contacts · {1} days from {4} · seed {2}",
    ),
    "csv": ("Télécharger en CSV", "Download as CSV"),
    "parquet": ("Télécharger en Parquet", "Download as Parquet"),
    "nothing": (
        "Rien à montrer pour ce choix : élargissez la période ou choisissez tout le monde.",
        "Nothing to show for this choice: widen the period or choose everybody.",
    ),
    "everybody": (
        "Ce qui suit compte tout le monde : ces tables ne distinguent pas les segments.",
        "What follows counts everybody: these tables know no segments.",
    ),
    "trouble": ("Cela n'a pas marché. Voici ce qui est dit :", "That did not work. This is what was said:"),
    "again": ("Réessayer", "Try again"),
    "no_run": (
        "Aucune simulation à montrer. Lancez `bifurque dashboard RUN`, ou sans RUN pour l'exemple fourni.",
        "No run to show. Start `bifurque dashboard RUN`, or without RUN for the bundled example.",
    ),
    "first_start": (
        "Première ouverture : l'exemple fourni, une enseigne et son année, est simulé une fois. Comptez une minute.",
        "First start: the bundled example, a retailer's year, is simulated once. Allow a minute.",
    ),
    "stop": ("Arrêter", "Stop"),
    "preparing": ("Préparation…", "Getting ready…"),
    "simulating": ("Simulation en cours…", "Simulating…"),
    "week": ("semaine", "week"),
    "share": ("part", "share"),
    "contacts": ("contacts", "contacts"),
    "sent": ("envoyés", "sent"),
    "held": ("retenus", "held"),
    "dropped": ("abandonnés", "dropped"),
    "replaced": ("remplacés", "replaced"),
    "opened": ("ouverts", "opened"),
    "clicked": ("cliqués", "clicked"),
    "converted": ("convertis", "converted"),
    "conversions": ("achats", "purchases"),
    "purchases": ("achats", "purchases"),
    "revenue": ("revenu", "revenue"),
    "cost": ("coût", "cost"),
    "margin": ("marge", "margin"),
    "unsubscribed": ("désabonnés", "unsubscribed"),
    "value": ("valeur perdue", "value lost"),
    "journey": ("parcours", "journey"),
    "entered": ("entrés", "entered"),
    "reason": ("raison", "reason"),
    "winner": ("gagnant", "winner"),
    "loser": ("perdant", "loser"),
    "times": ("fois", "times"),
    "step": ("Étape", "Step"),
    "way": ("voie", "way"),
    "days": ("jours", "days"),
    "seed": ("graine", "seed"),
    "events": ("événements", "events"),
}

_WORDS = _FRAME | PAGES | COMPARE
T: dict[str, dict[str, str]] = {
    "fr": {key: fr for key, (fr, _) in _WORDS.items()},
    "en": {key: en for key, (_, en) in _WORDS.items()},
}
"""Every text by language and key."""

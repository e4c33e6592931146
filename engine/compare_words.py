"""What comparisons, sweeps and experiments say, in French and in English."""

from __future__ import annotations

from bifurque.engine.words import LANGUAGES

_WORDS: dict[str, tuple[str, str]] = {
    # groups
    "total": ("Total", "Total"),
    "journey": ("Parcours", "Journeys"),
    "message": ("Messages", "Messages"),
    "channel": ("Canaux", "Channels"),
    "stage": ("Étapes du cycle de vie", "Stages"),
    "arm": ("Bras", "Arms"),
    "event": ("Événements", "Events"),
    "persona": ("Personas", "Personas"),
    "zone": ("Fuseaux", "Zones"),
    "segment": ("Segments", "Segments"),
    "by.stage": ("Par étape finale dans A", "By stage at the end of A"),
    "by.segment": ("Par segment à la fin de A", "By segment at the end of A"),
    "by.persona": ("Par persona", "By persona"),
    "by.zone": ("Par fuseau", "By zone"),
    # figures
    "sent": ("envoyés", "sent"),
    "opened": ("ouverts", "opened"),
    "clicked": ("cliqués", "clicked"),
    "purchases": ("achats", "purchases"),
    "converted": ("convertis", "converted"),
    "revenue": ("revenu", "revenue"),
    "cost": ("coût", "cost"),
    "net": ("revenu − coût", "revenue − cost"),
    "unsubscribed": ("désabonnés", "unsubscribed"),
    "reachable": ("joignables", "reachable"),
    "indifferent": ("indifférents", "indifferent"),
    "quarantined": ("en quarantaine", "quarantined"),
    "held": ("retenus", "held"),
    "dropped": ("abandonnés", "dropped"),
    "entered": ("entrés", "entered"),
    "now": ("présents", "now"),
    "candidates": ("candidats", "candidates"),
    "replaced": ("remplacés", "replaced"),
    "value": ("valeur", "value"),
    "count": ("nombre", "count"),
    # columns
    "difference": ("B − A", "B − A"),
    "interval": ("intervalle à {} %", "{} % interval"),
    "sign": ("P(B > A)", "P(B > A)"),
    "differing": ("contacts", "contacts"),
    "ratio": ("gain", "gain"),
    # sentences
    "paired": (
        "{} contacts, {} jours, graine {} : les mêmes gens et la même chance des deux côtés",
        "{} contacts, {} days, seed {}: the same people and the same luck on both sides",
    ),
    "shared": (
        "Ici la vie d'un contact dépend de celle des autres (stock, capacité, budget, parrainage, foyer) : un "
        "intervalle sur les contacts ne tiendrait pas.",
        "Here one contact's life depends on others' (stock, capacity, budget, referral, household), so an interval "
        "over contacts would not hold.",
    ),
    "shared.power": (
        "Ici la vie d'un contact dépend de celle des autres : l'effet compare tous dans un bras à tous dans l'autre ; "
        "dans une vraie expérience, les bras se disputeraient ce qu'il y a, et l'écart mesuré serait un autre.",
        "Here one contact's life depends on others': the effect compares everybody in one arm to everybody in the "
        "other; in a real experiment the arms would compete for what there is, and see another difference.",
    ),
    "shared.read": (
        "Ici la vie d'un contact dépend de celle des autres : un bras prend ce que l'autre n'a pas, l'écart des bras "
        "n'est donc pas ce que donnerait chacun pour tous (experiment power le compare).",
        "Here one contact's life depends on others': one arm takes what the other does not get, so their difference is "
        "not what either would do for everybody (experiment power compares that).",
    ),
    "by_seed": (
        "Moyennes et intervalles de {} répétitions, graines {} à {}.",
        "Means and intervals of {} replications, seeds {} to {}.",
    ),
    "by_seed.none": (
        "Une seule répétition, donc sans intervalle : --replications 5",
        "A single replication, so no interval: --replications 5",
    ),
    "same": ("Aucune différence : les deux plans font la même chose.", "No difference: both plans do the same."),
    "gain": (
        "Gain de l'appariement : avec d'autres graines il faudrait {} fois plus de contacts pour le même intervalle "
        "du revenu ({} fois pour les envois).",
        "Gain of pairing: with independent seeds the same interval of revenue would take {} times as many contacts "
        "({} times for sends).",
    ),
    "gain.by_seed": (
        "Gain de l'appariement : avec des graines différentes des deux côtés il faudrait {} fois plus de répétitions "
        "pour le même intervalle du revenu ({} fois pour les envois).",
        "Gain of pairing: with other seeds on either side the same interval of revenue would take {} times as many "
        "replications ({} times for sends).",
    ),
    "who": ("{} contacts sur {} vivent autre chose ({} %).", "{} of {} contacts live another life ({} %)."),
    "who.seed": ("C'est la graine {}.", "This is seed {}."),
    "most": (
        "Le contact {} change le plus, {} de ses messages, réponses et événements ; à gauche A, à droite B :",
        "Contact {} changes most, {} of its messages, answers and events; A on the left, B on the right:",
    ),
    "more_lines": ("… et {} lignes de plus", "… and {} more lines"),
    "more_rows": ("… {} autres : --json ou -o DOSSIER", "… {} more: --json or -o FOLDER"),
    "few": (
        "~ : la différence tient à moins de {} contacts, l'intervalle n'est qu'un ordre de grandeur",
        "~: the difference comes from fewer than {} contacts, so the interval is only rough",
    ),
    "unsure": ("(l'intervalle contient 0)", "(the interval holds 0)"),
    "written": ("Écrit : {}", "Written: {}"),
    # sweeps
    "sweep": (
        "{} variantes, {} contacts, {} jours, graine {} : écarts au plan tel quel, mêmes gens, même chance",
        "{} variants, {} contacts, {} days, seed {}: differences from the plan as it is, same people, same luck",
    ),
    "variant": ("Variante", "Variant"),
    "as_is": ("(plan tel quel)", "(the plan as it is)"),
    "pressure": ("messages/semaine", "messages/week"),
    "front": (
        "★ : aucune autre variante ne fait mieux à la fois en revenu, en désabonnements et en pression",
        "★: no other variant is better in revenue, opt-outs and pressure at once",
    ),
    "dropped_after": ("écartée après {} contacts", "dropped after {} contacts"),
    "dropped_after.seeds": ("écartée après {} répétitions", "dropped after {} replications"),
    "price": (
        "Prix de la pression : ce que vaut un message de plus par contact et par semaine ({} par message)",
        "Price of pressure: what one more message per contact and week is worth ({} per message)",
    ),
    "price.group": ("Pour", "For"),
    "price.worth": ("vaut", "worth"),
    "price.opt_outs": ("désabonnés pour 1 000", "opt-outs per 1,000"),
    "price.from": ("d'après la variante {} ({} message/semaine)", "from variant {} ({} message/week)"),
    "price.none": (
        "On ne peut dire d'aucune variante qu'elle change la pression.",
        "Of no variant is it sure that it changes the pressure.",
    ),
    "everybody": ("tous", "everybody"),
    # experiments
    "size": ("{} contacts par bras, si l'on regarde une seule fois", "{} contacts per arm, if it is looked at once"),
    "size.naive": (
        "Regarder {} fois sans précaution verrait une différence {} fois sur cent là où il n'y en a pas, au lieu de {}",
        "Looking {} times without precaution would see a difference {} times in a hundred where there is none, not {}",
    ),
    "size.obrien_fleming": (
        "O'Brien-Fleming : {} par bras au plus ; bornes {}",
        "O'Brien-Fleming: {} per arm at most; bounds {}",
    ),
    "size.pocock": ("Pocock : {} par bras au plus ; bornes {}", "Pocock: {} per arm at most; bounds {}"),
    "power": ("puissance", "power"),
    "power.base": ("{} par contact, tous en {} : {}", "{} per contact, all in {}: {}"),
    "power.effect": (
        "Effet de {} sur les mêmes contacts : {} {}",
        "Effect of {} on the same contacts: {} {}",
    ),
    "power.needed": (
        "Contacts pour la puissance voulue, par simulation de ce plan : {}",
        "Contacts for the power wanted, by simulation of this plan: {}",
    ),
    "power.textbook": ("… par la formule des manuels : {}", "… by the textbook's formula: {}"),
    "mean": ("moyenne", "mean"),
    "sd": ("écart type", "sd"),
    "effect": ("Effet", "Effect"),
    "difference.high": ("haut − bas", "high − low"),
    "sign.above": ("P(> 0)", "P(> 0)"),
    "mixed": ("mêlé à {}", "mixed with {}"),
    "balance": ("Équilibre des bras : p = {}", "Balance of the arms: p = {}"),
    "balance.suspect": (
        "Les bras sont trop inégaux (p = {}) : l'affectation est faussée, ne rien conclure",
        "The arms are too uneven (p = {}): assignment is broken, conclude nothing",
    ),
    "differing.arms": ("différence", "difference"),
    "once": ("regardé une fois", "looked at once"),
    "any_time": ("valable à tout moment", "valid at any time"),
    "all_strata": ("ensemble, pondéré", "all, weighed"),
    "lift": ("apport", "brings"),
    "by_holdout": ("un groupe témoin dirait", "a holdout would tell within"),
    "whole_plan": ("(tout le plan)", "(the whole plan)"),
    "lift.note": (
        "Apport : les mêmes contacts, avec et sans. Un groupe témoin ne compare que des contacts différents.",
        "Brings: the same contacts, with and without. A holdout only compares different contacts.",
    ),
    # endless days
    "endless.contacts": ("contacts", "contacts"),
    "endless.passes": ("passages", "passes"),
    "endless.flagged": ("signalés", "flagged"),
    "endless.flagged_at_end": ("encore à la fin", "still at the end"),
    "endless.sent": ("envoyés", "sent"),
    "endless.sent_in_endless_day": ("dont sans fin", "in an endless day"),
    "endless.sent_to_indifferent": ("dont indifférents", "to the indifferent"),
    "endless.novelty": ("nouveauté", "novelty"),
    "endless.month": ("Mois", "Month"),
    "endless.means": (
        "Sans fin : la troisième fois les mêmes messages sans un signe. Indifférents : rien d'ouvert depuis un an. "
        "Nouveauté : part des envois jamais reçus avant.",
        "Endless: the same messages for the third time without a sign. Indifferent: nothing opened for a year. "
        "Novelty: share of sends never received before.",
    ),
    "endless.sample": (
        "Registre échantillonné (1 %) : les parts sont des estimations ; --ledger full pour tout compter",
        "Sampled ledger (1 %): shares are estimates; --ledger full counts everything",
    ),
    "endless.exit": (
        "Une sortie de `{}`, en mots du plan :",
        "A way out of `{}`, in the words of the plan:",
    ),
    "endless.effect": ("Effet de la sortie (B : avec)", "Effect of the way out (B: with it)"),
    # replications
    "replicated": (
        "{} répétitions, graines {} à {} : moyennes, et sous elles la moitié de l'intervalle à 95 %",
        "{} replications, seeds {} to {}: means, and under them half of the 95 % interval",
    ),
    "precision": ("Précision : {} à ± {} %", "Precision: {} within ± {} %"),
    "until.missed": (
        "Précision demandée pas atteinte après {} répétitions ({} à ± {} %) : plus de contacts, ou --most plus grand",
        "Precision asked for not reached after {} replications ({} within ± {} %): more contacts, or a larger --most",
    ),
    "more_needed": (
        "Pour un intervalle deux fois plus étroit : environ {} répétitions",
        "For an interval half as wide: about {} replications",
    ),
    "warm_up": ("Chiffres comptés après {} jours de mise en route", "Figures counted after a warm-up of {} days"),
}


def say(lang: str, key: str, *values: object) -> str:
    """A phrase in a language, with its blanks filled."""
    return _WORDS[key][LANGUAGES.index(lang)].format(*values)

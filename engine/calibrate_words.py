"""What a calibration says, in French and in English."""

from __future__ import annotations

import math

from bifurque.engine.words import LANGUAGES, figure

_WORDS: dict[str, tuple[str, str]] = {
    # statuses
    "estimated": ("estimé", "estimated"),
    "weak": ("fragile", "weak"),
    "assumed": ("supposé", "assumed"),
    "status.estimated": ("les données le disent", "told by the data"),
    "status.weak": (
        "les données en disent peu ; si l'on en savait davantage avant, les deux sont pondérés",
        "the data hardly tell it; where more was known before, the two are weighed",
    ),
    "status.assumed": ("les données n'en disent rien", "the data do not tell"),
    # sources
    "from.purchases": ("{} rachats de {} clients", "{} repeat purchases of {} customers"),
    "from.rate": (
        "{} achats de {} contacts : le rythme moyen, pour ce `r`",
        "{} purchases of {} contacts: the mean rate, for this `r`",
    ),
    "from.spend": ("{} montants de {} clients", "{} amounts of {} customers"),
    "from.opens": ("{} messages", "{} messages"),
    "from.clicks": ("{} messages ouverts", "{} messages opened"),
    "from.times": ("{} ouvertures", "{} opens"),
    "from.click_times": ("{} clics : ils suivent l'ouverture de peu", "{} clicks: they follow the open closely"),
    "from.leaving": ("{} désabonnements", "{} unsubscriptions"),
    "from.counts": ("compté dans le journal", "counted in the log"),
    "from.carts": ("{} paniers laissés", "{} carts left"),
    "from.no_carts": (
        "le journal n'a pas de paniers : tous les achats comptent comme tels",
        "the log holds no carts: all purchases count as such",
    ),
    "from.visits": ("visites et achats du journal", "visits and purchases of the log"),
    "from.profile": ("vraisemblance plate de {} à {} jours", "likelihood flat from {} to {} days"),
    "from.arms": ("bras « {} » : un facteur pour les deux", "arms “{}”: one factor for both"),
    "from.arms_visits": (
        "visiteurs de plus dans les bras : le journal n'a pas de clics",
        "visitors the arms have more: the log holds no clicks",
    ),
    "from.control": ("visites de qui n'a rien reçu", "visits of those who were sent nothing"),
    "from.default": ("valeur de départ de bifurque", "bifurque's own start"),
    "from.no_dropout": (
        "on ne distingue pas partir d'acheter rarement : personne ne part",
        "leaving cannot be told from buying rarely: nobody leaves",
    ),
    "from.not_flagged": (
        "les ouvertures des machines ne sont pas signalées : elles comptent comme humaines",
        "opens of machines are not flagged: they count as human",
    ),
    "from.population_clock": (
        "les heures sont celles de tous : personne ne s'en écarte",
        "the hours are those of everybody: nobody differs",
    ),
    "from.reach": ("élevé pour que l'effet mesuré soit possible", "raised so that the effect measured is possible"),
    # notes
    "note.unread": (
        "types que rien ne lit ici : {} ; si l'un est un achat, `--purchase` le dit",
        "types that nothing here reads: {}; if one of them is a purchase, say so with `--purchase`",
    ),
    "note.odd_messages": (
        "messages dont un plan ne peut porter le nom : {} ; leurs écarts ne sont pas écrits : renommez-les dans le "
        "journal (lettres, chiffres, `_` et `-`)",
        "messages that a plan could not call so: {}; how they differ is not written: rename them in the log (letters, "
        "digits, `_` and `-`)",
    ),
    "note.odd_channels": (
        "canaux dont un plan ne peut porter le nom : {} ; ils ne sont pas écrits : renommez-les dans le journal "
        "(lettres, chiffres, `_` et `-`)",
        "channels that a plan could not call so: {}; they are not written: rename them in the log (letters, digits, "
        "`_` and `-`)",
    ),
    "note.refunds": (
        "{} achats d'un montant négatif : lus comme des remboursements, ni achats ni dépense",
        "{} purchases of a negative amount: read as money paid back, neither purchases nor spend",
    ),
    "note.repeated": (
        "{} lignes sont en tout point comme une autre : si le fichier les contient deux fois, retirez-les ; ici les "
        "montants s'ajoutent et chaque envoi compte",
        "{} rows are in every column like another: if the file holds them twice, remove them; here amounts add up, and "
        "each sending counts",
    ),
    "note.stretched": (
        "presque tous les achats sont du {} au {}, mais le journal va du {} au {} : pour le reste, on croit que plus "
        "personne n'achète ; s'il n'a pas été suivi si longtemps, coupez-le (`--until`) ou retirez les lignes égarées",
        "nearly all purchases are of {} to {}, but the log goes from {} to {}: in the rest nobody seems to buy; if it "
        "was not watched so long, cut it (`--until`), or remove stray rows",
    ),
    "note.no_purchases": ("pas d'événement `{}` : les achats sont supposés", "no event `{}`: purchases are assumed"),
    "note.one_purchase": (
        "personne n'a racheté : les achats sont supposés",
        "nobody bought again: purchases are assumed",
    ),
    "note.no_dropout": (
        "l'abandon n'est pas identifiable (gain de vraisemblance {}) : NBD, personne ne part",
        "drop-out cannot be identified (it adds {} to the log-likelihood): NBD, nobody leaves",
    ),
    "note.hardly_twice": (
        "{} clients ont acheté deux fois ou plus : seul le rythme moyen est estimé ; comment les gens diffèrent (`r`) "
        "et s'ils partent (`s`) ne se voit pas",
        "{} customers bought twice or more: only the mean rate is estimated; how people differ (`r`) and whether they "
        "leave (`s`) does not show",
    ),
    "note.alike": (
        "tous semblent partir au même rythme, {} par semaine : `s` et `beta` ne sont connus que par leur rapport",
        "all seem to leave at one rate, {} a week: of `s` and `beta` only the ratio is told",
    ),
    "note.few_amounts": (
        "trop peu de montants pour la loi de dépense : elle est supposée",
        "too few amounts for the law of spend: it is assumed",
    ),
    "note.one_amount": (
        "trop peu de clients ont plusieurs montants : combien varient les achats d'un même client (`p`) est supposé",
        "too few customers have several amounts: how much one customer's purchases vary (`p`) is assumed",
    ),
    "note.dependent": (
        "qui achète souvent dépense autrement (corrélation {}, de {} à {}) : Gamma-Gamma, qui les suppose sans lien, "
        "se trompera sur les meilleurs clients",
        "frequent buyers spend otherwise (correlation {}, {} to {}): Gamma-Gamma, which takes them to be unrelated, "
        "will be wrong about the best customers",
    ),
    "note.no_sent": (
        "aucun événement `sent` : ouvertures, clics, désabonnements et fatigue sont supposés",
        "no event `sent`: opens, clicks, unsubscriptions and fatigue are assumed",
    ),
    "note.few_opens": ("trop peu d'ouvertures : elles sont supposées", "too few opens: they are assumed"),
    "note.few_clicks": ("trop peu de clics : ils sont supposés", "too few clicks: they are assumed"),
    "note.few_left": (
        "moins de 30 désabonnements : ils sont supposés",
        "fewer than 30 unsubscriptions: they are assumed",
    ),
    "note.strays": (
        "{} ouvertures, clics et autres ne suivent aucun envoi du journal : ignorés",
        "{} opens, clicks and so on follow no sending of the log: left out",
    ),
    "note.machines": (
        "les ouvertures des machines ne sont pas signalées (colonne `machine`, ou type `machine_opened`) : les "
        "taux d'ouverture sont ceux des rapports, pas ceux des personnes",
        "opens of machines are not flagged (column `machine`, or type `machine_opened`): open rates are those "
        "reported, not those of people",
    ),
    "note.pooled": (
        "fatigue : {} par unité de ln(1 + F) chez une même personne ; sans distinguer les personnes on lirait {}, car "
        "on écrit davantage à qui ouvre davantage",
        "fatigue: {} per unit of ln(1 + F) within a person; without telling people apart one would read {}, since "
        "those who open more are sent more",
    ),
    "note.carts_mailed": (
        "aucun panier suivi 7 jours sans message : le retour spontané est supposé ; un groupe témoin le dirait",
        "no cart could be watched for 7 days without a message: natural return is assumed; a holdout would tell",
    ),
    "note.part_lift": (
        "le journal contient les achats que les messages ont causés : {}, retirés du rythme",
        "the log's purchases hold those that messages caused: {}, taken off the rate",
    ),
    "note.part_assumed": (
        "le journal contient ce que les messages ont pu causer : l'effet supposé est retiré du rythme d'achat",
        "the log's purchases hold what messages may have caused: the lift assumed is taken off the rate",
    ),
    "note.no_channel": ("messages sans canal : `{}`", "messages without a channel: `{}`"),
    "note.not_random": (
        "bras « {} » : ils différaient déjà avant (p = {}) : ils ne semblent pas tirés au sort",
        "arms “{}”: they differed before they were told apart (p = {}): they do not look drawn by lot",
    ),
    "note.negative": (
        "l'effet mesuré est négatif : mis à 0, ses intervalles sont ci-dessus",
        "the effect measured is negative: set to 0; its intervals are above",
    ),
    # the table
    "title": (
        "Comportement calibré sur {} : {} contacts, du {} au {}",
        "Behaviour calibrated on {}: {} contacts, {} to {}",
    ),
    "figure": ("grandeur", "figure"),
    "value": ("valeur", "value"),
    "error": ("écart-type", "std error"),
    "interval": ("à 95 %", "95 %"),
    "status": ("statut", "status"),
    "source": ("source", "source"),
    "models": ("Modèles d'achat", "Models of purchases"),
    "loglik": ("log-vraisemblance", "log-likelihood"),
    "chosen": ("retenu", "chosen"),
    "repeats": ("Rachats cumulés", "Cumulative repeat purchases"),
    "lived": ("vécus", "lived"),
    "week": ("semaine", "week"),
    "arms": ("Bras « {} », base « {} »", "Arms “{}”, base “{}”"),
    "arms.log": ("du journal", "of the log"),
    "arms.global": ("groupe témoin global", "global holdout"),
    "arm.plain": ("tous les autres", "everybody else"),
    "base": ("base", "base"),
    "natural": ("naturel", "natural"),
    "mean": ("moyenne", "mean"),
    "effect": ("causé", "caused"),
    "another": ("un autre groupe", "another group"),
    "outcome.visits": ("visiteurs", "visitors"),
    "outcome.conversions": ("acheteurs", "buyers"),
    "outcome.goals": ("but atteint", "goal reached"),
    "outcome.purchases": ("achats", "purchases"),
    "outcome.spend": ("dépense", "spend"),
    "no_arms": (
        "Ce que les messages causent ne peut être dit : le journal n'a ni groupe témoin ni bras tirés au sort.\n"
        "Il faut une colonne `arm` (une ligne `assigned` par contact, même pour qui ne fait rien), ou le dossier d'une "
        "exécution dont le plan a un `holdout` ou des `experiments`.\n"
        "D'ici là l'effet des messages est supposé, non mesuré.",
        "What messages cause cannot be told: the log has neither a holdout nor arms drawn by lot.\n"
        "Needed: a column `arm` (a row `assigned` for each contact, even those who do nothing), or the folder of a run "
        "whose plan has a `holdout` or `experiments`.\n"
        "Until then the lift of messages is assumed, not measured.",
    ),
    "counts": ("{} estimés, {} fragiles, {} supposés", "{} estimated, {} weak, {} assumed"),
    "note": ("note", "note"),
    "written": ("Écrit : {}", "Written: {}"),
    # the file
    "file.head": (
        "Comportement réaliste calibré par `bifurque calibrate` sur {}.\n"
        "À coller dans un plan, ou à garder en fichier. Chaque grandeur dit ce qu'on en sait :\n"
        "  estimated  {}\n  weak       {}\n  assumed    {}",
        "Realistic behaviour calibrated by `bifurque calibrate` on {}.\n"
        "Paste it into a plan, or keep it as a file. Every figure says what is known of it:\n"
        "  estimated  {}\n  weak       {}\n  assumed    {}",
    ),
    "file.purchases": ("Quand on achète : Pareto/NBD, en semaines.", "When they buy: Pareto/NBD, in weeks."),
    "file.spend": ("Ce qu'on dépense : Gamma-Gamma.", "What they spend: Gamma-Gamma."),
    "file.lift": ("Ce que les messages ajoutent au rythme d'achat.", "What messages add to the rate of purchases."),
    "file.visits": ("Visites et paniers.", "Visits and carts."),
    "file.channels": ("Ce qu'on fait des messages, par canal.", "What they do with messages, by channel."),
    "file.fatigue": ("Ce que font beaucoup de messages.", "What many messages do."),
    "file.clock": ("Quand on est éveillé.", "When they are awake."),
    "file.opinion": ("Ce qu'on pense.", "What they think."),
    "file.messages": ("Comment les messages diffèrent.", "How messages differ."),
    "file.grade": (
        "Ce que valent ces chiffres : le dernier tiers du passé, prévu d'après les deux premiers.",
        "What these figures are worth: the last third of the past, forecast from the first two.",
    ),
    # the grade
    "grade": (
        "Note {} : {} des {} chiffres du dernier tiers (depuis le {}) sont retrouvés d'après les deux premiers.",
        "Grade {}: {} of the {} figures of the last third (since {}) are told from the first two.",
    ),
    "grade.scale": (
        "A : 90 % et plus ; B : 75 % ; C : 50 % ; D : moins, ne pas s'y fier. Retrouvé : dans l'intervalle à 95 % des "
        "prévisions, ou à moins de 5 % de leur moyenne.",
        "A: 90 % and more; B: 75 %; C: 50 %; D: less, not to be trusted. Told: within the 95 % interval of the "
        "forecasts, or within 5 % of their mean.",
    ),
    "grade.heads": ("chiffre|période|vécu|prévu|de|à", "figure|period|lived|forecast|from|to"),
    "grade.none": (
        "Sans note : il faut au moins neuf semaines de journal, et assez d'achats ou d'ouvertures.",
        "Not graded: that takes a log of nine weeks or more, with enough purchases or opens.",
    ),
    "figure.purchases": ("rachats", "repeat purchases"),
    "figure.buyers": ("acheteurs", "buyers"),
    "figure.revenue": ("revenu", "revenue"),
    "figure.opened": ("ouvertures", "opens"),
    "figure.clicked": ("clics", "clicks"),
    "figure.unsubscribed": ("désabonnements", "unsubscriptions"),
}


def say(lang: str, key: str, *values: object) -> str:
    """A phrase in a language, with its blanks filled."""
    return _WORDS[key][LANGUAGES.index(lang)].format(*values)


def number(value: float, digits: int = 4) -> str:
    """A number with so many digits that count, written without an exponent.

    >>> number(0.243), number(12.3456), number(15443.7), number(0.0000123)
    ('0.243', '12.35', '15444', '0.0000123')
    """
    if value == 0:
        return "0"
    after = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{after}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_words(lang: str, value: float | None, digits: int = 4) -> str:
    """A number with so many digits that count, as a language writes it; `·` for none."""
    if value is None:
        return "·"
    text = number(value, digits)
    return figure(lang, float(text), len(text.partition(".")[2]))

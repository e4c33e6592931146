"""What explanations say, in French and in English."""

from __future__ import annotations

WHY_WORDS: dict[str, tuple[str, str]] = {
    # conditions
    "part.rule": ("règle `{}`", "rule `{}`"),
    "part.trigger": ("déclencheur de `{}`", "trigger of `{}`"),
    "part.when": ("`when` de `{}`", "`when` of `{}`"),
    "part.branch": ("branche `{}`", "branch `{}`"),
    "part.exit": ("sortie de `{}`", "exit of `{}`"),
    "part.change": ("condition", "condition"),
    "part.cap": ("vaut si", "holds if"),
    "part.coherence": ("tant que", "while"),
    "tree.all": ("toutes :", "all of:"),
    "tree.one": ("au moins une :", "one of:"),
    "tree.not": ("pas :", "not:"),
    "tree.unknown": ("{} : inconnu", "{}: not known"),
    "value.true": ("vrai", "true"),
    "value.false": ("faux", "false"),
    "event": ("événement `{}`", "event `{}`"),
    "event.key": ("clé {}", "key {}"),
    "event.value": ("valeur {}", "value {}"),
    "crossed": ("score `{}` = {:.10g}, seuil {:.10g}", "score `{}` = {:.10g}, threshold {:.10g}"),
    # laws
    "law.consent": ("consentement `{}`", "consent `{}`"),
    "law.expired": ("valable jusqu'au {}", "valid until {}"),
    "law.suppressed": ("règle `{}`, jusqu'au {}", "rule `{}`, until {}"),
    "law.suppressed_open": ("règle `{}`, jusqu'à ce qu'une règle y mette fin", "rule `{}`, until a rule ends it"),
    "law.quiet": ("heures calmes {} : il est {}", "quiet hours {}: it is {}"),
    "law.cap": ("plafond « {} » : {} sur {} {}", "cap “{}”: {} of {} {}"),
    "law.window": ("en {}", "in {}"),
    "law.day": ("ce jour-là", "that day"),
    "law.week": ("cette semaine-là", "that week"),
    "law.month": ("ce mois-là", "that month"),
    "law.year": ("cette année-là", "that year"),
    "law.weight": ("celui-ci pèse {}", "this one weighs {}"),
    "law.room_at": ("de la place le {}", "room on {}"),
    "law.contest": ("`{}` : rang {}, priorité {}", "`{}`: rank {}, priority {}"),
    "law.coherence": ("cohérence « {} »", "coherence “{}”"),
    "law.after": ("après `{}`, jusqu'au {}", "after `{}`, until {}"),
    "law.ever_after": ("après `{}`, pour toujours", "after `{}`, for ever"),
    "law.nothing_before": ("rien ne l'a précédé", "nothing came before it"),
    "law.place": ("sa place est le {}, après `{}`", "its place is {}, after `{}`"),
    "law.placed": ("sa place est maintenant", "its place is now"),
    "law.holdout": ("groupe témoin", "holdout"),
    "law.late": ("l'étape est atteinte trop tard", "the step is reached too late"),
    "law.preempted": ("le parcours est en pause : `{}` est plus fort", "the journey pauses: `{}` is stronger"),
    # the life lived again
    "why.version": (
        "ce parcours a été simulé par bifurque {}, ceci est {} : les décisions peuvent différer",
        "this run was made by bifurque {}, this is {}: decisions may differ",
    ),
    "why.no_answers": (
        "ce dossier n'a pas gardé ce que ce contact a obtenu de ce que tous se partagent (answers.parquet) : "
        "simulez à nouveau",
        "this folder did not keep what this contact got of what all share (answers.parquet): simulate it again",
    ),
    "not.shared": (
        "dans ce plan, la vie d'un contact dépend de celle des autres : ce qui changerait pour un seul changerait ce "
        "que les autres obtiennent ; aucun changement n'est donc essayé (compare : le plan changé, pour tous)",
        "in this plan one contact's life depends on others': what changed for one of them would change what others "
        "get, so no change is tried (compare: the plan changed, for everybody)",
    ),
    "why.differs": (
        "{} : la vie rejouée du contact n'est pas celle du registre (simulé par bifurque {}, ceci est {}) : "
        "simulez à nouveau",
        "{}: this contact's life, lived again, is not the one in the ledger (run by bifurque {}, this is {}): "
        "simulate it again",
    ),
    # why not
    "not.sent": ("`{}` est parti ({}) : {}", "`{}` was sent ({}): {}"),
    "not.sent_once": ("`{}` est parti le {}", "`{}` was sent on {}"),
    "not.of": ("`{}` n'est pas parti", "`{}` was not sent"),
    "not.of_day": ("`{}` n'est pas parti le {}", "`{}` was not sent on {}"),
    "not.again": (
        "`{}` n'est pas parti cette fois (autres envois : {})",
        "`{}` was not sent this time (other sendings: {})",
    ),
    "not.enabled": ("personne n'entre dans `{}` : `enabled: false`", "nobody enters `{}`: `enabled: false`"),
    "not.no_step": ("aucune étape n'envoie `{}`", "no step sends `{}`"),
    "not.no_trigger": (
        "`{}` n'a pas de déclencheur : rien n'y a conduit",
        "`{}` has no trigger: nothing led there",
    ),
    "not.no_rule": ("`{}` : aucune règle n'y a conduit", "`{}`: no rule led there"),
    "not.no_event": ("`{}` : aucun événement {}", "`{}`: no event {}"),
    "not.no_date": ("`{}` : `contact.{}` n'est pas connu", "`{}`: `contact.{}` is not known"),
    "not.no_change": ("`{}` : `contact.{}` n'a pas changé", "`{}`: `contact.{}` did not change"),
    "not.no_day": (
        "`{}` : `contact.{}` ({}) ne tombe pas dans cette vie",
        "`{}`: `contact.{}` ({}) is outside this life",
    ),
    "not.never_due": ("`{}` : le déclencheur n'a pas joué ({})", "`{}`: its trigger did not fire ({})"),
    "not.refused.trigger": (
        "`{}` : le déclencheur n'a pas retenu l'événement (nombre : {})",
        "`{}`: its trigger passed the event over (count: {})",
    ),
    "not.refused.when": (
        "`{}` : `when` a refusé l'entrée (nombre : {})",
        "`{}`: `when` refused the entry (count: {})",
    ),
    "not.refused.most": (
        "`{}` : le nombre d'entrées permis est atteint (refus : {})",
        "`{}`: all visits allowed are used up (refused: {})",
    ),
    "not.refused.never": (
        "`{}` : déjà visité, jamais deux fois (refus : {})",
        "`{}`: visited before, never twice (refused: {})",
    ),
    "not.refused.inside": (
        "`{}` : le contact y est déjà (refus : {})",
        "`{}`: already inside (refused: {})",
    ),
    "not.still": (
        "dans `{}` depuis le {}, l'étape n'est pas encore due à la fin",
        "inside `{}` since {}, the step is not due before the end",
    ),
    "not.passed": ("`{}` est allé au bout sans passer par cette étape", "`{}` reached its end without that step"),
    "not.pending": ("encore retenu à la fin de la simulation", "still held at the end of the run"),
    "not.change": (
        "le plus petit changement qui l'aurait laissé partir : {}",
        "the smallest change that would have let it go: {}",
    ),
    "not.none": (
        "aucun changement unique ne suffit ({} essayés)",
        "no single change would have let it go ({} tried)",
    ),
    "not.goes": ("vérifié : parti le {}", "verified: sent on {}"),
    "change.attribute": ("`contact.{}` = {} (au lieu de {})", "`contact.{}` = {} (instead of {})"),
    "change.state": (
        "`{}` = {} le {} (au lieu de {})",
        "`{}` = {} at {} (instead of {})",
    ),
    "change.missing": ("inconnu", "not known"),
    "change.consent": ("consentement `{}` donné", "consent `{}` given"),
    "change.persona": ("persona `{}`", "persona `{}`"),
    "change.arm": ("bras `{}` de l'expérience `{}`", "arm `{}` of the experiment `{}`"),
    "change.held_in": ("hors du groupe témoin", "outside the holdout"),
    "change.event": ("un événement `{}` le {}", "an event `{}` on {}"),
    "change.no_event": ("sans l'événement `{}` du {}", "without the event `{}` of {}"),
    "change.set": ("--set {}", "--set {}"),
    # walk
    "walk.personas": ("personas : {}", "personas: {}"),
    "walk.begin": (
        "`aide` dit ce qui peut être fait ; une ligne vide mène à la décision suivante",
        "`help` says what can be done; an empty line goes on to the next decision",
    ),
    "walk.who": ("qui : persona `{}`, fuseau {}, étape `{}`", "who: persona `{}`, zone {}, stage `{}`"),
    "walk.who_consents": ("consent à : {}", "consents to: {}"),
    "walk.missing": ("inconnu", "not known"),
    "walk.unknown": ("rien ne s'appelle `{}`", "nothing is called `{}`"),
    "walk.quiet": ("rien n'est décidé", "nothing is decided"),
    "walk.nothing_due": ("plus aucune décision d'ici à la fin du plan, le {}", "no decision is left until {}"),
    "walk.ignored": ("`{}` est ignoré", "`{}` is ignored"),
    "walk.nothing_sent": ("rien n'a encore été envoyé", "nothing has been sent yet"),
    "walk.no_message": ("aucun message ne s'appelle `{}`", "no message is called `{}`"),
    "walk.no_purchase": ("aucun événement de ce plan n'est un achat", "no event of this plan is a purchase"),
    "walk.no_complaint": (
        "ce plan ne connaît pas de réclamation ; ses événements : {}",
        "this plan knows no complaint; its events: {}",
    ),
    "walk.shape": (
        "un événement s'écrit par exemple `cart_updated cart=1 value=4990 message=reminder`",
        "an event is written such as `cart_updated cart=1 value=4990 message=reminder`",
    ),
    "walk.consents": ("`all`, `none`, ou parmi : {}", "`all`, `none`, or some of: {}"),
    "walk.set_shape": ("par exemple `mettre ville=Lyon`", "for instance `set city=Lyon`"),
    "walk.save_shape": ("par exemple `enregistrer visite.yaml`", "for instance `save walk.yaml`"),
    "walk.saved": ("enregistré dans {}", "saved in {}"),
    "walk.undone": ("{} coup(s) repris", "moves taken back: {}"),
    "walk.events": ("événements du plan : {}", "events of the plan: {}"),
    "walk.nowhere": ("dans aucun parcours", "inside no journey"),
    "walk.visit": ("`{}`, visite {}", "`{}`, visit {}"),
    "walk.paused": ("(en pause : `{}` est plus fort)", "(paused: `{}` is stronger)"),
    "walk.ending": ("la fin, quand le dernier message sera parti", "the end, once the last message has left"),
    "walk.later": ("plus tard", "later"),
    "walk.waits": ("attend", "waits"),
    "walk.ways": ("({} voies)", "({} ways)"),
    "walk.wait_for": ("(ou dès l'événement attendu)", "(or as soon as what it waits for happens)"),
    "walk.same": ("{} : les mêmes décisions", "{}: the same decisions"),
    "walk.differs": (
        "{} : d'autres décisions ; - enregistrées, + maintenant",
        "{}: other decisions; - saved, + now",
    ),
    "walk.help": (
        "suite (ou rien)        jusqu'à la prochaine décision\n"
        "+1d, +3h, 14:00, 2026-03-10, 2026-03-10 14:00   laisser passer le temps\n"
        "ouvrir, cliquer, ignorer [MESSAGE]   le dernier message envoyé, ou celui-là\n"
        "acheter [MONTANT]      l'événement d'achat du plan\n"
        "plaindre, partir       une réclamation ; se désabonner\n"
        "faire ÉVÉNEMENT [clé=…] [value=CENTIMES] [message=…]   tout événement du plan, aussi par son seul nom\n"
        "persona, zone, consentement, mettre ATTRIBUT=VALEUR    qui se promène, avant le premier coup\n"
        "qui, carte, pourquoi   l'état du contact ; où il en est ; les lois de la dernière décision, toutes\n"
        "annuler [N]            reprendre les derniers coups\n"
        "enregistrer FICHIER    pour `--load`, `--replay` et les tests\n"
        "quitter",
        "next (or nothing)      on to the next decision\n"
        "+1d, +3h, 14:00, 2026-03-10, 2026-03-10 14:00   let time go on\n"
        "open, click, ignore [MESSAGE]   the last message sent, or that one\n"
        "buy [AMOUNT]           the plan's purchase event\n"
        "complain, out          a complaint; unsubscribe\n"
        "do EVENT [key=…] [value=CENTS] [message=…]   any event of the plan, also by its name alone\n"
        "persona, zone, consent, set ATTRIBUTE=VALUE  who walks, before the first move\n"
        "who, map, why          the contact's state; where it stands; all laws of the last decision\n"
        "undo [N]               take the last moves back\n"
        "save FILE              for `--load`, `--replay` and tests\n"
        "quit",
    ),
}

"""What is said of conditions, of rules, and of plans that run but not as meant: English, French."""

from __future__ import annotations

CONDITIONS = (
    ("column {}", "colonne {}"),
    ("a condition may have {} characters at most", "une condition a {} caractères au plus"),
    ("a condition may have {} parts at most", "une condition a {} parties au plus"),
    ("unexpected ```", "``` n'a pas sa place ici"),
    ("unexpected `{}`", "`{}` n'a pas sa place ici"),
    ("use `{}`", "écrivez `{}`"),
    ("use `==` to compare", "pour comparer, écrivez `==`"),
    ("found `{}`", "voici `{}`"),
    ("the condition ends", "la condition s'arrête"),
    ("a name must follow the point", "un nom doit suivre le point"),
    ("`{}` needs a name before it", "`{}` a besoin d'un nom devant lui"),
    ("something is missing at the end", "il manque quelque chose à la fin"),
    ("a whole number must be below 2^63", "un nombre entier doit être inférieur à 2^63"),
    ("a text that is not closed", "un texte qui n'est pas refermé"),
    ("not a character", "ce n'est pas un caractère"),
    ("unknown escape `{}`", "`{}` est inconnu après une barre oblique inverse"),
    ("a condition must be true or false, this is {}", "une condition doit être vraie ou fausse, ceci est {}"),
    ("a number is needed, this is {}", "il faut un nombre, ceci est {}"),
    (
        "is not a duration: write for instance 14d, 36h or 1h30m",
        "n'est pas une durée : écrivez par exemple 14d, 36h ou 1h30m",
    ),
    ("is too long", "est trop long"),
    ("`{}` joins conditions, this is {}", "`{}` relie des conditions, ceci est {}"),
    ("a condition stands before `?`, this is {}", "devant `?`, il faut une condition, ceci est {}"),
    ("`? :` needs two values of one type, not {}", "`? :` demande deux valeurs du même type, pas {}"),
    (
        "`in` needs a value and a list of such values, not {}",
        "`in` demande une valeur et une liste de telles valeurs, pas {}",
    ),
    ("`-` needs a number, this is {}", "`-` demande un nombre, ceci est {}"),
    ("`{}` cannot be applied to {}", "`{}` ne s'applique pas à {}"),
    ("cannot compare {}", "on ne peut pas comparer {}"),
    ("true and false have no order", "true et false n'ont pas d'ordre"),
    (
        "the order of two texts that both vary is not supported",
        "l'ordre de deux textes qui varient tous deux n'est pas possible",
    ),
    ("a list may only stand after `in`", "une liste ne peut être qu'après `in`"),
    ("is never `{}`", "n'est jamais `{}`"),
    ("`[…]` needs the name of a score before it", "`[…]` a besoin du nom d'un score devant lui"),
    ("unknown name `{}`", "nom inconnu : `{}`"),
    (
        "a fact is known once an event or a `set` step sets it",
        "un fait est connu dès qu'un événement ou une étape `set` le pose",
    ),
    ("no event is looked at here", "aucun événement n'est regardé ici"),
    ("an event has `key`, `value` and `message`", "un événement a `key`, `value` et `message`"),
    (
        "needs a score kept by key, and a text such as `{}`",
        "demande un score tenu par clé, et un texte comme `{}`",
    ),
    (
        "a list needs at least one value, all written out and of one type",
        "une liste a besoin d'au moins une valeur, toutes écrites et du même type",
    ),
    ("unknown function `{}`", "fonction inconnue : `{}`"),
    ("not a pattern: {}", "ce n'est pas un motif : {}"),
    ("Invalid regular expression: {}", "expression régulière invalide, {}"),
    ("missing ]: {}", "il manque ] : {}"),
    ("missing ): {}", "il manque ) : {}"),
    ("unexpected ): {}", ") en trop : {}"),
    ("no argument for repetition operator: {}", "rien à répéter devant : {}"),
    ("bad repetition operator: {}", "répétition impossible : {}"),
    ("invalid escape sequence: {}", "échappement invalide : {}"),
    ("invalid perl operator: {}", "opérateur invalide : {}"),
    (
        "is not an instant: write 2025-06-01T09:00:00Z, or +02:00 for Z",
        "n'est pas un instant : écrivez 2025-06-01T09:00:00Z, ou +02:00 pour Z",
    ),
    ("`{}` is written such as `{}`", "`{}` s'écrit par exemple `{}`"),
    ("`{}` is written such as {}", "`{}` s'écrit par exemple {}"),
    (
        "a filter reads one event: its key, its value, its message",
        "un filtre lit un événement : sa clé, sa valeur, son message",
    ),
    ("a filter must be true or false", "un filtre doit être vrai ou faux"),
)

RULES = (
    (
        "a rule is called by one to 62 characters, on one line",
        "le nom d'une règle a de 1 à 62 caractères, sur une ligne",
    ),
    (
        "is also a {}: the ledger could not tell them apart",
        "est aussi le nom d'un {} : le registre ne les distinguerait pas",
    ),
    (
        "a rule needs something to do, such as [{set: fact.upset}]",
        "une règle doit faire quelque chose, comme [{set: fact.upset}]",
    ),
    ("{} rules: a plan has {} at most", "{} règles : un plan en a {} au plus"),
    ("{} rules: durable-rules compares {} at most", "{} règles : durable-rules en compare {} au plus"),
    (
        "a rule that derives a fact does nothing else: write a second rule that reads the fact",
        "une règle qui déduit un fait ne fait rien d'autre : écrivez une deuxième règle qui lit ce fait",
    ),
    ("for an attribute write {{}: …}", "pour un attribut, écrivez {{}: …}"),
    (
        "leads to the journey it comes from: say to which `step`",
        "mène au parcours d'où il vient : dites à quelle étape, `step`",
    ),
    (
        "only a pause has a length: add `old: pause`",
        "seule une pause a une durée : ajoutez `old: pause`",
    ),
    ("has several meanings: write {}", "a plusieurs sens : écrivez {}"),
    (
        "is a message and a journey: give one of them another name",
        "est un message et un parcours : donnez un autre nom à l'un d'eux",
    ),
    ("is derived by `{}`: nothing else sets it", "est déduit par `{}` : rien d'autre ne le pose"),
    (
        "what is derived holds as long as its reasons do, and an event is over at once: use `set`",
        "ce qui est déduit dure autant que ses raisons, et un événement passe aussitôt : écrivez `set`",
    ),
    (
        "follows from `{}`, which follows from it: say one without the other",
        "se déduit de `{}`, qui se déduit de lui : dites l'un sans l'autre",
    ),
    # rules that run, but not as meant
    (
        "the rule `{}` never fires: its condition is never true",
        "la règle `{}` ne se déclenche jamais : sa condition n'est jamais vraie",
    ),
    ("sets `{}` and clears it: only the last one counts", "pose `{}` et l'efface : seul le dernier compte"),
    (
        "can loop: {} → …; {} more than {} rules would fire and the contact be quarantined; "
        "let one of them make the other's condition untrue",
        "peut tourner en rond : {} → … ; {}, plus de {} règles se déclencheraient et le contact serait mis en "
        "quarantaine ; que l'une d'elles rende fausse la condition de l'autre",
    ),
    ("at an event `{}`", "à un événement `{}`"),
    ("can loop: {} → …; {} more than {}", "peut tourner en rond : {} → … ; {}, plus de {}"),
    (
        "rules would fire and the contact be quarantined; let one of them make the other's condition untrue",
        "règles se déclencheraient et le contact serait mis en quarantaine ; que l'une d'elles rende fausse la "
        "condition de l'autre",
    ),
    ("{} at an event `{}`", "{}, à un événement `{}`"),
    ("with {}", "avec {}"),
    ("whoever it is", "quel que soit le contact"),
    ("{} = {}", "{} = {}"),
    ('"another text"', '"un autre texte"'),
    (
        "repeats `{}`: whenever it is true so is that one, with the same effect",
        "répète `{}` : chaque fois qu'elle est vraie, l'autre l'est aussi, avec le même effet",
    ),
    (
        "never fires: `{}` goes first whenever it is true, and makes it untrue",
        "ne se déclenche jamais : `{}` passe avant chaque fois qu'elle est vraie, et la rend fausse",
    ),
    (
        "`{}` and `{}` may both be true, and one undoes what the other does ({}): only their order decides; give "
        "them different saliences",
        "`{}` et `{}` peuvent être vraies ensemble, et l'une défait ce que fait l'autre ({}) : seul leur ordre "
        "décide ; donnez-leur des saliences différentes",
    ),
    (
        "`{}` and `{}` may both be true, and one undoes what the other does",
        "`{}` et `{}` peuvent être vraies ensemble, et l'une défait ce que fait l'autre",
    ),
    (
        "({}): only their order decides; give them different saliences",
        "({}) : seul leur ordre décide ; donnez-leur des saliences différentes",
    ),
)

FINDINGS = (
    (
        "leads back to itself without a wait ({} → …): a contact would spin and be quarantined; add a wait",
        "revient sur elle-même sans attente ({} → …) : un contact tournerait en rond et serait mis en quarantaine ; "
        "ajoutez une attente",
    ),
    (
        "an endless day: {} → … has no exit and no bound; add an `exit`, or `reentry: {most: …}`",
        "un jour sans fin : {} → … n'a ni sortie ni limite ; ajoutez un `exit`, ou `reentry: {most: …}`",
    ),
    (
        "has no trigger, and no other journey leads to it: nobody ever enters",
        "n'a pas de déclencheur, et aucun autre parcours n'y mène : personne n'y entre jamais",
    ),
    (
        "lets nothing leave, ever: raise it, or drop the messages",
        "ne laisse jamais rien partir : relevez ce plafond, ou retirez les messages",
    ),
    (
        "the step `{}` is never reached: every way to it leaves the journey before",
        "l'étape `{}` n'est jamais atteinte : toutes les voies qui y mènent quittent le parcours avant",
    ),
    (
        "is counted from a sending, but no message of this journey stands before it",
        "se compte à partir d'un envoi, mais aucun message de ce parcours n'est avant",
    ),
    ("no step makes it", "aucune étape ne la propose"),
    ("no step sends it", "aucune étape ne l'envoie"),
    ("no message uses it", "aucun message ne l'utilise"),
    ("no message is of it", "aucun message n'en est"),
    ("no stage, trigger or condition reads it", "aucune étape de vie, aucun déclencheur, aucune condition ne le lit"),
    ("no condition reads it", "aucune condition ne le lit"),
    ("nothing asks for its arm", "rien ne demande de bras"),
    ("no schedule follows it", "aucune date programmée ne le suit"),
    ("is set, but no condition reads it", "est posé, mais aucune condition ne le lit"),
    ("the event `{}` is mentioned only here", "l'événement `{}` n'est mentionné qu'ici"),
    ("due at {}", "prévu à {}"),
    ("whenever it is due", "à quelque heure qu'il soit prévu"),
    (
        "`{}` never leaves: {}, its validity lies in quiet hours",
        "`{}` ne part jamais : {}, sa validité tombe dans les heures calmes",
    ),
    (
        "no hour is outside quiet hours in all of these zones: contacts without a zone would never hear anything",
        "aucune heure n'est hors des heures calmes dans tous ces fuseaux : les contacts sans fuseau ne recevraient "
        "jamais rien",
    ),
    (
        "`{}` needs the consent `{}`, which nothing in the plan gives",
        "`{}` demande le consentement `{}`, que rien ne donne dans le plan",
    ),
    (
        "add it to an event's `grant`, or to the population's `consent`",
        "ajoutez-le au `grant` d'un événement, ou au `consent` de la population",
    ),
    (
        "changes with time alone: a message held by it is looked at again when something else happens to the contact, "
        "or when its validity ends; use `policy: drop`, `within`, or a fact",
        "ne change qu'avec le temps : un message ainsi retenu n'est revu que s'il arrive autre chose au contact, "
        "ou à la fin de sa validité ; écrivez `policy: drop`, `within`, ou un fait",
    ),
    (
        "leaves the journey at the instant `{}` is due, which drops its message: write `after: sent` here, or a wait "
        "before",
        "quitte le parcours à l'instant où `{}` est prévu, et son message est abandonné : écrivez `after: sent` ici, "
        "ou une attente avant",
    ),
)

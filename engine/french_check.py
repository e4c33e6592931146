"""What `check` says of a plan that can be read: laws, journeys, people, what contacts share. English, French."""

from __future__ import annotations

LAWS = (
    ("the plan has none yet: declare it under `{}`", "le plan n'en a pas encore : déclarez-le sous `{}`"),
    (
        "conditions could not read `{}`: use letters, digits and `_` only",
        "aucune condition ne pourrait lire `{}` : n'utilisez que des lettres, des chiffres et `_`",
    ),
    (
        "with its segments written out this has {} parts and {} levels",
        "avec ses segments développés, ceci a {} parties et {} niveaux",
    ),
    ("{}: {} and {} are the most", "{} : le plus est de {} et {}"),
    (
        "consent is given by channel, and the plan has none yet: declare it under `channels`",
        "le consentement se donne par canal, et le plan n'en a pas encore : déclarez-le sous `channels`",
    ),
    ("the shares of the arms make {}, not 100%", "la somme des parts des bras est de {}, et non de 100 %"),
    ("the shares of the personas make {}, not 100%", "la somme des parts des personas est de {}, et non de 100 %"),
    ("the shares of the values make {}, not 100%", "la somme des parts des valeurs est de {}, et non de 100 %"),
    ("the shares of the zones make {}, not 100%", "la somme des parts des fuseaux est de {}, et non de 100 %"),
    ("the shares of the {} make {}, not 100%", "la somme des parts ({}) est de {}, et non de 100 %"),
    ("a fact is true or false, or a condition", "un fait est true ou false, ou une condition"),
    ("this attribute is of type {}, got {}", "cet attribut est de type {}, pas {}"),
    (
        "this attribute is of type {}, the expression is of type {}",
        "cet attribut est de type {}, l'expression est de type {}",
    ),
    ("for the text itself write '\"{}\"'", "pour le texte lui-même, écrivez '\"{}\"'"),
    ("{} steps in all: a plan has {} at most", "{} étapes en tout : un plan en a {} au plus"),
    ("the plan names {} types of events: {} at most", "le plan nomme {} types d'événements : {} au plus"),
    ("a simulation starts between 1971 and 2199", "une simulation commence entre 1971 et 2199"),
    (
        "the first stage is where everybody starts: no score leads there",
        "la première étape du cycle de vie est celle de départ : aucun score n'y mène",
    ),
    (
        "a stage is reached above 0, and left above 0",
        "une étape du cycle de vie s'atteint au-dessus de 0, et se quitte au-dessus de 0",
    ),
    ("is known of every contact already", "est déjà connu de chaque contact"),
    (
        "an experiment needs arms, such as {a: 50%, b: 50%}",
        "une expérience a besoin de bras, comme {a: 50%, b: 50%}",
    ),
    ("this attribute is of type {}, `{}` is not", "cet attribut est de type {}, pas `{}`"),
    ("an instant has no default", "un instant n'a pas de valeur par défaut"),
    (
        "the segment `{}` reads itself: say it without `{}`",
        "le segment `{}` se lit lui-même : dites-le sans `{}`",
    ),
    (
        "is also a class: give the category another name, or that class",
        "est aussi une classe : donnez un autre nom à la catégorie, ou cette classe",
    ),
    (
        'starts and ends at the same time: for a whole day write "00:00" to "24:00"',
        'commence et finit à la même heure : pour une journée entière, écrivez de "00:00" à "24:00"',
    ),
    ("a window must last some time", "une fenêtre doit avoir une durée"),
    ("a coherence rule is one of {}", "une règle de cohérence s'écrit {}"),
    (
        "`never … within … of …`, `never … while …` or `only … after …`",
        "`never … within … of …`, `never … while …` ou `only … after …`",
    ),
    ("a half-life must last some time", "une demi-vie doit avoir une durée"),
    ("say how many points are lost, above 0", "dites combien de points sont perdus, plus de 0"),
    ("a silence must last some time", "un silence doit avoir une durée"),
    ("a validity must last some time", "une validité doit avoir une durée"),
    ("another channel than the message's own", "il faut un autre canal que celui du message"),
)

JOURNEYS = (
    ("a goal needs some time to be reached", "il faut du temps pour atteindre un objectif"),
    (
        "a journey belongs to one exclusive group at most",
        "un parcours appartient à un seul groupe exclusif au plus",
    ),
    ("a journey needs at least one step", "un parcours a besoin d'au moins une étape"),
    (
        "the journeys of group `{}` must agree on its policy; `{}` says `{}`",
        "les parcours du groupe `{}` doivent avoir la même politique ; `{}` dit `{}`",
    ),
    (
        "the journeys of group `{}` must agree on its policy; `{}` says",
        "les parcours du groupe `{}` doivent avoir la même politique ; `{}` dit",
    ),
    ("two to eight events come together", "il faut de deux à huit événements ensemble"),
    ("say either `{}` or `{}`", "dites soit `{}`, soit `{}`"),
    (
        "a threshold lies above 0: a score never falls below",
        "un seuil est au-dessus de 0 : un score ne descend jamais plus bas",
    ),
    (
        "`since` is for silences that no event starts: leave `after` out",
        "`since` sert aux silences qu'aucun événement n'ouvre : retirez `after`",
    ),
    (
        "a silence by key needs the event it is counted from: add `after`",
        "un silence par clé a besoin de l'événement dont il est compté : ajoutez `after`",
    ),
    ("`{}` is of type {}; {} is needed here", "`{}` est de type {} ; il faut ici {}"),
    ("say one of {} and {}", "dites un seul de {} et {}"),
    ("say at what time of day: `at`", "dites à quelle heure : `at`"),
    ("say on which day of the month, 1 to 31", "dites quel jour du mois, de 1 à 31"),
    ("say on which weekdays, such as `{}`", "dites quels jours de la semaine, comme `{}`"),
    ("must last some time", "doit avoir une durée"),
    ("the arm `{}` of `{}` is missing here", "il manque ici le bras `{}` de `{}`"),
    ("two steps of this journey are called `{}`", "deux étapes de ce parcours s'appellent `{}`"),
    (
        "has no effect here: `{}` says how long; put a `wait` step before this one",
        "n'a pas d'effet ici : `{}` dit combien de temps ; mettez une étape `wait` avant celle-ci",
    ),
    ("a survey needs answers, or a scale", "une enquête a besoin de réponses, ou d'une échelle"),
    (
        "a survey has answers of its own or a scale, not both",
        "une enquête a ses propres réponses ou une échelle, pas les deux",
    ),
    ("is asked with another scale elsewhere", "est posée ailleurs avec une autre échelle"),
    ("a branch needs at least one way", "un embranchement a besoin d'au moins une voie"),
    ("say either `if` and `then`, or `else`", "dites soit `if` et `then`, soit `else`"),
    ("`else` stands alone, and last", "`else` est seul, et en dernier"),
)

PEOPLE = (
    ("nothing is said for the zone `{}`", "rien n'est dit pour le fuseau `{}`"),
    ("nothing is said for the persona `{}`", "rien n'est dit pour le persona `{}`"),
    (
        "this attribute is of type {}: it has no range",
        "cet attribut est de type {} : il n'a pas d'intervalle",
    ),
    ("the first bound is beyond the second", "la première borne dépasse la seconde"),
    (
        "a figure by persona, and the plan has none: declare them under `personas`",
        "un chiffre par persona, et le plan n'en a pas : déclarez-les sous `personas`",
    ),
    (
        "one to sixteen factors: after none, one, two … messages",
        "il faut d'un à seize facteurs : après aucun, un, deux… messages",
    ),
    (
        "the chances make {}: at most one of these happens",
        "la somme des chances est de {} : une seule de ces choses arrive au plus",
    ),
    ("a rate lies between 0 and 100,000", "un rythme est compris entre 0 et 100\N{NARROW NO-BREAK SPACE}000"),
    ("a factor is not below 0", "un facteur n'est pas inférieur à 0"),
    ("say either `on` (an event) or `message`", "dites soit `on` (un événement), soit `message`"),
    ("say what may follow", "dites ce qui peut suivre"),
    ("follows from messages and arrivals alone", "ne suit que de messages et d'arrivées"),
    ("the plan has no {} `{}`", "le plan n'a pas de {} `{}`"),
    ("the plan has no survey `{}`", "le plan n'a pas d'enquête `{}`"),
    (
        "nobody ever buys: give one persona a rate above 0",
        "personne n'achète jamais : donnez à un persona un rythme supérieur à 0",
    ),
    (
        "a weight is not below 0, and people are awake at some hour",
        "un poids n'est pas inférieur à 0, et l'on est éveillé à une heure ou une autre",
    ),
    (
        "a weight is not below 0, and some score is given",
        "un poids n'est pas inférieur à 0, et une note au moins est donnée",
    ),
    ("BG/NBD needs `b` as well, above 0", "BG/NBD demande aussi `b`, supérieur à 0"),
)

SHARED = (
    (
        "contacts are not merged in a plan that shares a stock, a capacity or a budget, or with a referral",
        "les contacts ne sont pas fusionnés dans un plan qui partage un stock, une capacité ou un budget, "
        "ou qui a un parrainage",
    ),
    (
        "`{}` is a {}: who belongs together is an int or a string",
        "`{}` est de type {} : ce qui réunit des contacts est de type int ou string",
    ),
    (
        "say what is told, as `tells: {purchase: mate_bought}`",
        "dites ce qui est transmis, comme `tells: {purchase: mate_bought}`",
    ),
    (
        "is told itself: letters would answer letters for ever",
        "est lui-même transmis : les nouvelles se répondraient sans fin",
    ),
    (
        "is what bifurque tells of itself: take another name",
        "est ce que bifurque annonce lui-même : prenez un autre nom",
    ),
    ("a letter takes a second at least", "une nouvelle met au moins une seconde"),
    (
        "contacts are not merged in a plan with accounts",
        "les contacts ne sont pas fusionnés dans un plan qui a des comptes",
    ),
    (
        "an invitation, the first event of a friend and a reward cannot be the same",
        "une invitation, le premier événement d'un filleul et une récompense ne peuvent pas être les mêmes",
    ),
    ("a reservation must last some time", "une réservation doit avoir une durée"),
    (
        "has no effect: without `stock` there is no end of them; write `stock: 0` if there are none at first",
        "n'a pas d'effet : sans `stock`, il y en a sans fin ; écrivez `stock: 0` s'il n'y en a pas au début",
    ),
    (
        "an offer cannot stand in such a relation to itself",
        "une offre ne peut pas avoir cette relation avec elle-même",
    ),
    ("an offer step needs an offer", "une étape d'offre a besoin d'une offre"),
    (
        "{} offers to choose from at most, those that stand in for others included",
        "{} offres au choix au plus, y compris celles qui en remplacent d'autres",
    ),
    (
        "a day's work ends after it has begun, before midnight",
        "une journée de travail finit après avoir commencé, et avant minuit",
    ),
    (
        "has no effect on a channel that costs nothing: give it a `cost`",
        "n'a pas d'effet sur un canal qui ne coûte rien : donnez-lui un coût, `cost`",
    ),
)

SHOCKS = (
    (
        "changes nothing: say what, such as `{}` or `{}`",
        "ne change rien : dites quoi, comme `{}` ou `{}`",
    ),
    ("ends before it has begun", "finit avant d'avoir commencé"),
    (
        "only a shock of `kind: progressive` goes on changing: say so, or leave it out",
        "seul un choc `kind: progressive` continue de changer : dites-le, ou retirez ceci",
    ),
    ("at least a day, such as 7d", "au moins un jour, comme 7d"),
    (
        "follows from messages: write `{}` beside `events`",
        "suit des messages : écrivez `{}` à côté de `events`",
    ),
    (
        "people arrive as `population.joined` says: no shock changes that",
        "on arrive comme le dit `population.joined` : aucun choc n'y change rien",
    ),
    ("a factor lies between 0 and {}", "un facteur est compris entre 0 et {}"),
    (
        "grows beyond {} times before the run ends: a smaller factor, a longer `each`, or an `until`",
        "dépasse {} fois avant la fin : il faut un facteur plus petit, un `each` plus long, ou un `until`",
    ),
    (
        "lies outside the {} days of the plan: nobody ever feels it",
        "est hors des {} jours du plan : personne ne le ressent jamais",
    ),
    ("strikes nobody of this population", "ne touche personne de cette population"),
    (
        "nobody does `{}` in this plan's `behaviour`: there is nothing to change",
        "personne ne fait `{}` dans le `behaviour` de ce plan : il n'y a rien à changer",
    ),
    (
        "people of `kind: constant` never leave for good of themselves: let a source make an event of it, and "
        "write `events: {<event>: …}`",
        "avec `kind: constant`, personne ne part de soi-même pour de bon : faites-en un événement d'une source, et "
        "écrivez `events: {<event>: …}`",
    ),
    (
        "changes how people behave, and with `behaviour: off` nobody does",
        "change le comportement, et avec `behaviour: off` il n'y en a pas",
    ),
    ("is 0: there is nothing to change", "vaut 0 : il n'y a rien à changer"),
)

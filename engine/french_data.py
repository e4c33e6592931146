"""What is said of runs, of data files and of what is asked on the command line: English, French."""

from __future__ import annotations

SYSTEM = (
    ("No such file or directory", "aucun fichier ni dossier de ce nom"),
    ("Permission denied", "accès refusé"),
    ("Is a directory", "est un dossier"),
    ("Not a directory", "n'est pas un dossier"),
    ("File exists", "existe déjà"),
    ("No space left on device", "il n'y a plus de place sur le disque"),
    ("Read-only file system", "le disque est en lecture seule"),
    ("File name too long", "le nom de fichier est trop long"),
    ("interrupted", "interrompu"),
    ("not enough memory: fewer --workers need less", "pas assez de mémoire : il en faut moins avec moins de --workers"),
)

RUNS = (
    ("cannot be read: {}", "ne peut pas être lu : {}"),
    ("cannot be written: {}", "ne peut pas être écrit : {}"),
    ("{} cannot be read: {}", "{} ne peut pas être lu : {}"),
    ("is damaged: {}", "est abîmé : {}"),
    ("{} is damaged: it is not what was written", "{} est abîmé : ce n'est pas ce qui a été écrit"),
    ("it holds no object", "il ne contient pas d'objet"),
    (
        "exists already; choose another --out, or add --overwrite",
        "existe déjà ; choisissez un autre --out, ou --overwrite",
    ),
    (
        "exists already; choose another folder, or add --overwrite",
        "existe déjà ; choisissez un autre dossier, ou --overwrite",
    ),
    ("exists already; choose another folder", "existe déjà ; choisissez un autre dossier"),
    ("exists already; choose another file", "existe déjà ; choisissez un autre fichier"),
    (
        "is not a run folder, so it is not overwritten; choose another --out",
        "n'est pas un dossier de simulation, il n'est donc pas remplacé ; choisissez un autre --out",
    ),
    ("is not a run folder: it has no {}", "n'est pas un dossier de simulation : il n'a pas de {}"),
    (
        "this run did not reach its end, so it has no figures: simulate it again",
        "cette simulation n'est pas allée au bout, elle n'a donc pas de chiffres : simulez à nouveau",
    ),
    (
        "this run did not reach its end, so it does not say where contacts stand",
        "cette simulation n'est pas allée au bout, elle ne dit donc pas où en sont les contacts",
    ),
    (
        "does not say where contacts stand: simulate it again",
        "ne dit pas où en sont les contacts : simulez à nouveau",
    ),
    (
        "this run has reached its end: there is nothing to go on with",
        "cette simulation est allée au bout : il n'y a rien à reprendre",
    ),
    (
        "this run has no checkpoints (--checkpoint-every DAYS): simulate it again",
        "cette simulation n'a pas de points de reprise (--checkpoint-every DAYS) : simulez à nouveau",
    ),
    ("holds no {} (--ledger none)", "ne contient pas de {} (--ledger none)"),
    ("holds no {}", "ne contient pas de {}"),
    (
        "kept no ledger: simulate it with --ledger full",
        "n'a pas gardé de registre : simulez avec --ledger full",
    ),
    (
        "the {} of this run is no longer there: bring it back to look into the run",
        "le fichier {} de cette simulation n'est plus là : remettez-le pour examiner la simulation",
    ),
    ("the {} file has changed since the run", "le fichier {} a changé depuis la simulation"),
    ("no contact `{}` in this run", "il n'y a pas de contact `{}` dans cette simulation"),
    ("no contact `{}`", "il n'y a pas de contact `{}`"),
    ("they are numbered from 0 to {}", "ils sont numérotés de 0 à {}"),
    ("`{}` is not within the run: {} to {}", "`{}` n'est pas dans la simulation : du {} au {}"),
    (
        "the run has come as far as {}: before that `{}` is not known",
        "la simulation en est au {} : `{}` n'est pas encore connu",
    ),
    (
        "`{}` is no instant: write 2026-03-10, or 2026-03-10 14:00",
        "`{}` n'est pas un instant : écrivez 2026-03-10, ou 2026-03-10 14:00",
    ),
    ("{} is outside the run", "{} est hors de la simulation"),
    ("has no step `{}`", "n'a pas d'étape `{}`"),
    (
        "it is of another version of bifurque, or of another plan",
        "il vient d'une autre version de bifurque, ou d'un autre plan",
    ),
    ("somebody else is at this run", "quelqu'un d'autre travaille sur cette simulation"),
    (
        "holds another sweep; choose another --out, or add --overwrite",
        "contient un autre balayage ; choisissez un autre --out, ou --overwrite",
    ),
    ("holds something else; choose another --out", "contient autre chose ; choisissez un autre --out"),
    (
        "machine code cannot be kept: {}: set BIFURQUE_CACHE to a folder with room",
        "le code machine ne peut pas être gardé : {} ; donnez à BIFURQUE_CACHE un dossier qui a de la place",
    ),
    (
        "what was answered at {} is not what it was before the run stopped: start it anew",
        "ce qui a été répondu au {} n'est pas ce qui l'était avant l'arrêt : recommencez",
    ),
    ("is not a saved walk: {}", "n'est pas une visite enregistrée : {}"),
    (
        "account: contact {} gets more than {} letters: what one is told must not make it tell the others in turn, "
        "for ever",
        "account : le contact {} reçoit plus de {} nouvelles : ce qu'on apprend ne doit pas se retransmettre sans fin",
    ),
    (
        "account: {} contacts have the same `{}`, contact {} among them: at most {} belong together",
        "account : {} contacts ont le même `{}`, dont le contact {} : {} au plus vont ensemble",
    ),
)

DATA = (
    ("is a folder", "est un dossier"),
    ("no such file", "aucun fichier de ce nom"),
    ("a file whose name ends in {} is needed", "il faut un fichier dont le nom finit par {}"),
    ("unpack it first", "décompressez-le d'abord"),
    ("is empty", "est vide"),
    ("is not a text file", "n'est pas un fichier de texte"),
    ("has {} columns: {} at most", "a {} colonnes : {} au plus"),
    ("two columns are called `{}`: rename or remove one", "deux colonnes s'appellent `{}` : renommez ou retirez l'une"),
    ("two columns have no name: rename or remove one", "deux colonnes n'ont pas de nom : nommez-les ou retirez-les"),
    (
        "above line {} a quote is not closed, or one inside a value is not doubled",
        "au-dessus de la ligne {}, un guillemet n'est pas fermé, ou n'est pas doublé dans une valeur",
    ),
    ("holds no value", "ne contient pas de valeur"),
    ("holds no event", "ne contient pas d'événement"),
    ("holds no event until {}", "ne contient pas d'événement jusqu'au {}"),
    ("holds no contact", "ne contient pas de contact"),
    ("line {}", "ligne {}"),
    ("row {}, column `{}`", "ligne {}, colonne `{}`"),
    ("row {}", "ligne {}"),
    ("a row", "une ligne"),
    ("column `{}`", "colonne `{}`"),
    ("a number is beyond the largest", "un nombre dépasse le plus grand possible"),
    ("is not JSON: {}", "n'est pas du JSON : {}"),
    ("each line needs an object of plain values", "il faut sur chaque ligne un objet fait de valeurs simples"),
    (
        "is a list: write an object of plain values on each line, without [ ] and commas",
        "est une liste : écrivez sur chaque ligne un objet fait de valeurs simples, sans [ ] ni virgules",
    ),
    ("is an object: write plain values", "est un objet : écrivez des valeurs simples"),
    ("is a list: write plain values", "est une liste : écrivez des valeurs simples"),
    ("an object of plain values is needed, such as {}", "il faut un objet fait de valeurs simples, comme {}"),
    ("is not a Parquet file, or is cut short", "n'est pas un fichier Parquet, ou est incomplet"),
    ("holds {} rows: {} at most", "contient {} lignes : {} au plus"),
    ("{} has {} values, the header has {}: `{}`", "{} a {} valeurs, l'en-tête en a {} : `{}`"),
    ("is a quote not closed?", "un guillemet n'est-il pas fermé ?"),
    ("quote a value that holds a separator", "mettez entre guillemets une valeur qui contient un séparateur"),
    ("line {} is not UTF-8 text: save it as UTF-8", "la ligne {} n'est pas en UTF-8 : enregistrez le fichier en UTF-8"),
    ("a row is longer than 1 MB: is a quote not closed?", "une ligne dépasse 1 Mo : un guillemet n'est-il pas fermé ?"),
    ("column `{}` is missing: rename `{}`", "il manque la colonne `{}` : renommez `{}`"),
    ("column `{}` is missing: the file has {}", "il manque la colonne `{}` : le fichier a {}"),
    ("column `{}` is missing: {}", "il manque la colonne `{}` : {}"),
    ("column `{}` is not known", "la colonne `{}` est inconnue"),
    ("did you mean `{}`? rename or remove it", "vouliez-vous dire `{}` ? renommez-la ou retirez-la"),
    ("one that is too far away", "un instant trop lointain"),
    ("dates such as {}", "des dates comme {}"),
    ("whole numbers or texts", "des nombres entiers ou des textes"),
    ("{} above -2^63", "{} au-dessus de -2^63"),
    ("a whole number below 2^63", "un nombre entier inférieur à 2^63"),
    ("a whole number (of cents, if it is money)", "un nombre entier (de centimes, si c'est un montant)"),
    ("these instants have no time zone: {}", "ces instants n'ont pas de fuseau horaire : {}"),
    ("an instant with its offset, such as {} or …Z", "un instant avec son décalage, comme {} ou …Z"),
    (
        "every row needs a contact, a whole number or a text",
        "il faut un contact sur chaque ligne, nombre entier ou texte",
    ),
    (
        "the contacts `{}` and `{}` cannot be told apart: rename one of them",
        "les contacts `{}` et `{}` ne peuvent pas être distingués : renommez l'un d'eux",
    ),
    (
        "rows {} and {} are the same contact, `{}`: keep one of them",
        "les lignes {} et {} sont le même contact, `{}` : gardez-en une",
    ),
    ("the plan has no `{}`", "le plan n'a pas de `{}`"),
    ("a zone of the plan", "un fuseau du plan"),
    ("a persona of the plan", "un persona du plan"),
    ("a message of the plan", "un message du plan"),
    ("a {} of the plan", "un {} du plan"),
    (
        "with --population the number of contacts is that of its rows: leave --contacts out",
        "avec --population, le nombre de contacts est celui de ses lignes : retirez --contacts",
    ),
    ("no such word: `{}`", "mot inconnu : `{}`"),
    (
        "none of its events takes part in this run: {}",
        "aucun de ses événements n'entre dans cette simulation : {}",
    ),
    (
        "has events of {} contacts that are not in the population, the first is `{}`: add them to the population, or "
        "leave their events out",
        "a des événements de {} contacts absents de la population, le premier est `{}` : ajoutez-les à la population, "
        "ou retirez leurs événements",
    ),
    ("behaviour: neither a kind nor a file: `{}`", "behaviour : ni un genre connu ni un fichier : `{}`"),
)

ASKED = (
    ("no figure `{}` of {} `{}`", "il n'y a pas de chiffre `{}` pour {} `{}`"),
    (
        "say what to compare with: a second run or plan, or --set path=value for the other side",
        "dites à quoi comparer : une deuxième simulation, un deuxième plan, ou --set chemin=valeur pour l'autre côté",
    ),
    (
        "{}: a run brings its own; leave it out, or compare plans",
        "{} : une simulation a les siens ; retirez l'option, ou comparez des plans",
    ),
    (
        "the two cannot be paired: the {} differs ({} and {})",
        "les deux ne peuvent pas être appariés : {} diffère ({} et {})",
    ),
    (
        "the two cannot be paired: they are about other contacts",
        "les deux ne peuvent pas être appariés : les contacts ne sont pas les mêmes",
    ),
    (
        "a variant has another number of contacts: they cannot be paired",
        "une variante a un autre nombre de contacts : elles ne peuvent pas être appariées",
    ),
    (
        "--vary {}: write it as path=1..5, path=0..10..2 or path=a,b,c",
        "--vary {} : écrivez chemin=1..5, chemin=0..10..2 ou chemin=a,b,c",
    ),
    (
        "--vary {}: expected a range such as 1..5 or 0..10..2",
        "--vary {} : il faut un intervalle comme 1..5 ou 0..10..2",
    ),
    ("say what varies: --vary path=1..5", "dites ce qui varie : --vary chemin=1..5"),
    (
        "a path is varied twice: give it all its values at once",
        "un chemin varie deux fois : donnez toutes ses valeurs en une fois",
    ),
    ("{} variants: {} at most", "{} variantes : {} au plus"),
    ("warm-up: {} days leave nothing of the {} days of the run", "warm-up : {} jours ne laissent rien des {} jours"),
    ("whole days such as {}", "des jours entiers comme {}"),
    ("there is none called `{}`", "il n'y en a pas qui s'appelle `{}`"),
    ("the plan holds nobody out there", "le plan n'y garde pas de groupe témoin"),
    ("is switched off: {}", "est éteinte : {}"),
    ("no arm is called `{}`", "aucun bras ne s'appelle `{}`"),
    ("expected {} to 7 factors, got {}", "il faut de {} à 7 facteurs, pas {}"),
    ("has {} arms: a factor has two", "a {} bras : un facteur en a deux"),
)

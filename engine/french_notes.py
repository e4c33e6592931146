"""What is said of engines and executors, and the notes of a run: English, French."""

from __future__ import annotations

ENGINES = (
    ("--rules-engine durable: {}", "--rules-engine durable : {}"),
    (
        "--rules-engine durable runs on threads, and without checkpoints",
        "--rules-engine durable tourne sur des fils d'exécution, sans points de reprise",
    ),
    (
        "--rules-engine durable runs {} contact-days at most, this run has {}",
        "--rules-engine durable simule {} jours-contacts au plus, il y en a ici {}",
    ),
    (
        "{}: fewer --contacts or --days, or --shadow for a share of the contacts",
        "{} : moins de --contacts ou de --days, ou --shadow pour une part des contacts",
    ),
    ("durable-rules failed: {}", "durable-rules a échoué : {}"),
    ("durable-rules {}, {} times on the same request: {}", "durable-rules {}, {} fois sur la même demande : {}"),
    (
        "durable-rules is not sure: begun again, `{}` fires and not `{}`",
        "durable-rules hésite : recommencé, il déclenche `{}` et non `{}`",
    ),
    (
        "the rules engine durable-rules cannot be loaded ({}): {}",
        "le moteur de règles durable-rules ne peut pas être chargé ({}) : {}",
    ),
    ("did not answer within {} s", "n'a pas répondu en {} s"),
    (
        "install it with `{}`: it is built from source, on Debian with `{}`, and runs on Python 3.11 and 3.12",
        "installez-le avec `{}` : il est compilé sur place, sous Debian avec `{}`, et tourne avec Python 3.11 et 3.12",
    ),
    (
        "--shadow: expected a share above 0 %, and at most 100 %, got {} %",
        "--shadow : il faut une part supérieure à 0 %, et de 100 % au plus, pas {} %",
    ),
    (
        "--shadow: what contacts share is settled among all of them: use --rules-engine durable",
        "--shadow : ce que les contacts se partagent se décide entre tous : prenez --rules-engine durable",
    ),
    (
        "the compiled kernel and durable-rules tell different lives of contact {}",
        "le noyau compilé et durable-rules racontent deux vies différentes du contact {}",
    ),
    ("{}: {} (--executor threads needs no Ray)", "{} : {} (--executor threads se passe de Ray)"),
    ("Ray does not start on this machine", "Ray ne démarre pas sur cette machine"),
    ("it has no loopback interface (ip link set lo up)", "elle n'a pas d'interface de bouclage (ip link set lo up)"),
    ("the Ray cluster at {} cannot be reached", "la grappe Ray à {} est injoignable"),
    (
        "the Ray cluster at {} cannot be reached: {} (ray start --head starts one)",
        "la grappe Ray à {} est injoignable : {} (ray start --head en démarre une)",
    ),
    ("the Ray cluster has no node with a processor", "la grappe Ray n'a aucun nœud avec un processeur"),
    ("a host does not start on Ray: {}", "un hôte ne démarre pas sur Ray : {}"),
    (
        "--executor ray needs the package ray, which cannot be loaded ({}): {}",
        "--executor ray a besoin du paquet ray, qui ne peut pas être chargé ({}) : {}",
    ),
    (
        "host {} was lost {} times in a row: look at its memory and at its node's logs",
        "l'hôte {} a été perdu {} fois de suite : regardez sa mémoire et les journaux de son nœud",
    ),
    (
        "some contacts of this plan are merged with others, so no life stands alone: compare runs of `{}` instead",
        "des contacts de ce plan sont fusionnés avec d'autres, aucune vie n'est donc isolée : comparez plutôt des "
        "simulations faites avec `{}`",
    ),
)

NOTES = (
    ("{} rules, {} facts: {} bytes per contact", "{} règles, {} faits : {} octets par contact"),
    ("{}: {} bytes per contact for the last {} events", "{} : {} octets par contact pour les {} derniers événements"),
    ("{}: {} bytes per contact", "{} : {} octets par contact"),
    ("for the last {} events", "pour les {} derniers événements"),
    ("the run begins again", "la simulation recommence"),
    ("checkpoint {} is used", "le point de reprise {} est pris"),
    ("ignored {} events {}", "événements ignorés : {}, {}"),
    ("of type `{}`, which the plan never mentions", "de type `{}`, dont le plan ne parle jamais"),
    ("before the first day of the run", "avant le premier jour de la simulation"),
    ("after the last day of the run", "après le dernier jour de la simulation"),
    (
        "events name {} messages that the plan does not have, such as `{}`",
        "des événements nomment {} messages que le plan n'a pas, comme `{}`",
    ),
    ("columns of the population that the plan does not use: {}", "colonnes de la population inutiles au plan : {}"),
    ("{} and {} more", "{} et {} de plus"),
    (
        "{} contacts live in a zone that is not known, such as `{}`",
        "{} contacts vivent dans un fuseau inconnu, comme `{}`",
    ),
    (
        "contacts are known by their events alone: they live in the plan's zone; who consents is drawn "
        "(--population FILE says both)",
        "les contacts ne sont connus que par leurs événements : ils vivent dans le fuseau du plan ; les consentements "
        "sont tirés au sort (--population FICHIER donne les deux)",
    ),
    ("{} contacts merged into others", "{} contacts fusionnés avec d'autres"),
    (
        "{} of the contacts start without any consent: most messages need one",
        "{} des contacts n'ont aucun consentement au début : la plupart des messages en demandent un",
    ),
    (
        "{} contacts lived with durable-rules too: {} firings at {} inputs, the same with both engines",
        "{} contacts ont aussi vécu avec durable-rules : {} déclenchements pour {} entrées, les mêmes des deux côtés",
    ),
    (
        "{} contacts belong to {} accounts, with {} letters between them",
        "{} contacts sont dans {} comptes, avec {} nouvelles entre eux",
    ),
    ("invitations refused: {}", "invitations refusées : {}"),
    ("{} are {}", "{} sont {}"),
)

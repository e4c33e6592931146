"""What `check` says of shocks: errors with place and remedy, and shocks that change nothing."""

import pytest
from marked import HEAD, marked, problems_of

from bifurque.engine.load import loads

TOWN = HEAD + (
    "days: 100\nzone: Europe/Paris\nattributes: {interest: string, orders: {type: int, default: 0}}\n"
    "channels: {email: {}}\ncategories: [{name: promo, class: promotional}]\n"
    "messages: {hello: {channel: email, category: promo}}\n"
    "journeys: {hi: {trigger: {event: purchase}, when: segment.sporty, steps: [{send: hello}]}}\n"
    "events: {purchase: {set: {orders: contact.orders + 1}}, complaint: {}}\n"
    "segments: {sporty: 'contact.interest == \"sport\"'}\n"
    "population:\n  zones: {Europe/Paris: 80%, Asia/Tokyo: 20%}\n  consent: {all: 100%}\n"
    "  attributes: {interest: {choice: {sport: 15%, home: 85%, chess: 0%}}}\n"
    "behaviour: {kind: constant, sources: {buys: {event: purchase, per_year: 4}}, messages: {open: 20%}}\n"
)


def shocks(*written):
    return TOWN + "shocks:\n" + "".join(f"  - {{name: s{i}, {w}}}\n" for i, w in enumerate(written))


ERRORS = [
    (shocks("from: ¦soon, open: 0.5"), "expected a date such as 2025-11-28"),
    (shocks("from: 10d, for: 5d, until: ¦20d, open: 0.5"), "say either `for` or `until`"),
    (shocks("from: 10d, until: ¦5d, open: 0.5"), "ends before it has begun"),
    (shocks("from: 10d, for: ¦0d, open: 0.5"), "ends before it has begun"),
    (shocks("each: ¦7d, open: 0.5"), "only a shock of `kind: progressive` goes on changing"),
    (shocks("kind: progressive, each: ¦1h, open: 0.9"), "at least a day, such as 7d"),
    (shocks("kind: progressive, open: ¦1.5"), "grows beyond 100 times before the run ends"),
    (shocks("open: ¦-1"), "a factor lies between 0 and 100"),
    (shocks("events: {purchase: ¦1000}"), "a factor lies between 0 and 100"),
    (shocks("events: {¦purchas: 0.3}"), "no event is called `purchas`; did you mean `purchase`?"),
    (shocks("events: {¦opened: 0.3}"), "follows from messages: write `open: …` beside `events`"),
    (shocks("events: {¦joined: 0.3}"), "people arrive as `population.joined` says"),
    (shocks("open: 0.5, for_whom: ¦contact.intrest == 'sport'"), "unknown name `contact.intrest`"),
    (shocks("open: 0.5, for_whom: ¦event.type == 'purchase'"), "no event is looked at here"),
    (
        shocks("open: 0.5", "¦name: s0, open: 0.9").replace("{name: s1, ¦name", "{name: ¦s0, x").replace(", x: s0", ""),
        "the shock `s0` stands here again: give it another name",
    ),
    (TOWN + "shocks: [¦{name: s, from: 10d}]\n", "changes nothing: say what, such as"),
]
FINDINGS = [
    (shocks("¦from: 100d, open: 0.5").replace("¦from: ", "from: ¦"), "lies outside the 100 days of the plan"),
    (shocks("from: ¦2024-01-01, until: 2025-01-01, open: 0.5"), "lies outside the 100 days of the plan"),
    (shocks("share: ¦0%, open: 0.5"), "strikes nobody of this population"),
    (shocks("for_whom: ¦zone == 'America/New_York', open: 0.5"), "strikes nobody of this population"),
    (shocks("for_whom: ¦contact.interest == 'chess', open: 0.5"), "strikes nobody of this population"),
    (shocks("for_whom: ¦segment.sporty && contact.interest == 'home', open: 0.5"), "strikes nobody"),
    (shocks("events: {¦complaint: 2}"), "nobody does `complaint` in this plan's `behaviour`"),
    (shocks("churn: ¦2"), "people of `kind: constant` never leave for good of themselves"),
    (shocks("click: ¦0.5"), "`behaviour.messages.click` is 0: there is nothing to change"),
    (TOWN[: TOWN.index("behaviour:")] + "shocks: [¦{name: s, open: 0.5}]\n", "with `behaviour: off` nobody does"),
]
SOUND = [
    "kind: progressive, open: 0.996",
    "from: 2025-02-01, for: 14d, events: {purchase: 0.3}",
    "from: 2025-02-01 08:00, until: 90d, events: {purchase: 3}, share: 10%",
    "for_whom: zone == 'Asia/Tokyo' && segment.sporty, open: 0.5",
    "for_whom: contact.orders > 3, open: 0.5",
]


@pytest.mark.parametrize(("text", "message"), ERRORS + FINDINGS)
def test_each_is_said_at_its_place(text, message):
    plain, [place] = marked(text)
    found = problems_of(plain)
    assert [(p.line, p.column) for p in found] == [place], [p.message for p in found]
    assert message in found[0].message
    assert (found[0].level == "finding") is ((text, message) in FINDINGS)


@pytest.mark.parametrize("text", SOUND)
def test_sound_shocks(text):
    assert problems_of(shocks(text)) == []


def test_realistic_people_do_more():
    text = shocks("churn: 2, events: {visit: 0.5, cart_updated: 2}, click: 0.5").replace(
        "kind: constant", "kind: realistic"
    )
    assert problems_of(text) == []


def test_consent_by_zone():
    plan = TOWN.replace("consent: {all: 100%}", "consent: {all: {Europe/Paris: 55%, Asia/Tokyo: 92%}}")
    assert problems_of(plan) == []
    assert loads(plan).population.consent == {"all": {"Europe/Paris": 0.55, "Asia/Tokyo": 0.92}}
    [missing] = problems_of(plan.replace(", Asia/Tokyo: 92%", ""))
    assert "nothing is said for the zone `Asia/Tokyo`" in missing.message
    [unknown] = problems_of(plan.replace("92%}", "92%, Asia/Tokio: 5%}"))
    assert "expected a time zone" in unknown.message

"""What the reference plans come to over many contacts: every figure within 4 standard errors of its exact expectation.

`-rP` shows the figures. Each has a positive control: with one parameter changed the same test would fail.
"""

import collections
import itertools
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

FREE = ("caps=[]", "quiet_hours=[]")


def sizes(small, *large):
    """A size for every day, and others for proofs."""
    return pytest.mark.parametrize("n", [small, *(pytest.param(n, marks=pytest.mark.slow) for n in large)])


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Simulate a template with `n` contacts and overrides; each run is made once."""
    runs = {}

    def live(name, n, *overrides, ledger="none", days=None, seed=1):
        asked = (name, n, overrides, ledger, days, seed)
        if asked not in runs:
            folder = tmp_path_factory.mktemp(name) / "run"
            options = {"contacts": n, "days": days, "seed": seed, "ledger": ledger, "out": folder}
            runs[asked] = simulate(template(name, "en"), overrides=overrides, **options)
        return runs[asked]

    return live


def z(what, found, expected, error):
    """How many standard errors a figure lies from its expectation."""
    score = (found - expected) / error
    print(f"{what}: expected {expected:.6f}, measured {found:.6f}, z {score:+.2f}")
    return score


def rows(table, *names):
    """Some columns of a table, row by row; instants are seconds."""
    found = [table[name] for name in names]
    found = [c.cast("timestamp[s]").cast("int64") if pa.types.is_timestamp(c.type) else c for c in found]
    found = [c.cast("string") if pa.types.is_dictionary(c.type) else c for c in found]
    return list(zip(*(c.to_pylist() for c in found), strict=True))


def share(what, count, n, expected):
    """The same for a share of n."""
    return z(what, count / n, expected, math.sqrt(expected * (1 - expected) / n))


# RP-01 ----------------------------------------------------------------------------------------------------------------

STAYS = (0.90, 0.90 * 0.92 * 0.97, 0.90 * 0.92 * 0.97 * 0.94 * 0.98)
"""Who receives the reminder, the offer, the survey."""
BOUGHT, HELD_OUT = 1 - STAYS[2] * 0.99, 1 - 0.90 * 0.97 * 0.98
CART = ("cart_reminder", "free_shipping", "cart_survey")


def test_cart_expectations_are_those_of_the_plan():
    assert pytest.approx((0.900000, 0.803160, 0.739871), abs=5e-7) == STAYS
    assert pytest.approx((0.267528, 0.144460, 0.123068), abs=5e-7) == (BOUGHT, HELD_OUT, BOUGHT - HELD_OUT)
    assert sum(STAYS) == pytest.approx(2.443031, abs=5e-7)


@sizes(40_000, 1_000_000)
def test_cart(lived, n):
    kpis = lived("cart", n, *FREE).kpis
    for message, expected in zip(CART, STAYS, strict=True):
        assert abs(share(message, kpis["messages"][message]["sent"], n, expected)) < 4
    assert abs(share("purchased", kpis["journeys"]["cart"]["converted"], n, BOUGHT)) < 4
    square = sum((2 * k + 1) * p for k, p in enumerate(STAYS))
    error = math.sqrt((square - sum(STAYS) ** 2) / n)
    assert abs(z("sends per cart", kpis["totals"]["sent"] / n, sum(STAYS), error)) < 4
    assert kpis["totals"]["purchases"] == kpis["journeys"]["cart"]["converted"]  # nobody buys a cart twice


def test_cart_control(lived):
    n = 40_000
    kpis = lived("cart", n, *FREE, "behaviour.journeys.cart.before.cart_reminder=12%").kpis
    assert abs(share("cart_reminder", kpis["messages"]["cart_reminder"]["sent"], n, STAYS[0])) > 10


@sizes(40_000, 1_000_000)
def test_cart_holdout(lived, n):
    arms = lived("cart", n, *FREE, "journeys.cart.holdout=50%").kpis["arms"]
    treated, held = arms["cart/"], arms["cart/holdout"]
    assert treated["entered"] + held["entered"] == n
    assert held["sent"] == 0
    rates = [a["converted"] / a["entered"] for a in (treated, held)]
    errors = [math.sqrt(p * (1 - p) / a["entered"]) for p, a in ((BOUGHT, treated), (HELD_OUT, held))]
    assert abs(z("holdout purchased", rates[1], HELD_OUT, errors[1])) < 4
    assert abs(z("incremental", rates[0] - rates[1], BOUGHT - HELD_OUT, math.hypot(*errors))) < 4


# RP-02 ----------------------------------------------------------------------------------------------------------------


@sizes(20_000, 500_000)
def test_welcome_nothing_without_the_click(lived, n):
    run = lived("welcome", n, ledger="full")
    kpis = run.kpis
    confirmed = kpis["events"]["optin_confirmed"]
    assert abs(share("confirmed", confirmed, n, 0.40 * 0.70)) < 4
    assert kpis["messages"]["welcome_1"]["sent"] == confirmed
    click = {c: t for c, t, kind in rows(run.events(), "contact", "time", "type") if kind == "optin_confirmed"}
    sent = [(c, t) for c, t, outcome in rows(run.ledger(), "contact", "time", "outcome") if outcome == "sent"]
    early = [c for c, t in sent if c not in click or t < click[c]]
    assert early == []
    # before the second message 2 % have bought, and 0.45 × 0.5 % have unsubscribed
    stays = 0.98 * (1 - 0.45 * 0.005)
    assert abs(share("welcome_2", kpis["messages"]["welcome_2"]["sent"], confirmed, stays)) < 4


# RP-04 ----------------------------------------------------------------------------------------------------------------

WITHOUT_THE_CAP = "caps=[{name: a week, max: 30, per: 7d}]"


def shortest(run):
    """The shortest time, in hours, between two messages of one contact; and how many messages there are."""
    least, count = math.inf, 0
    for file in sorted((run.folder / "ledger").glob("*.parquet")):
        table = parquet.read_table(file, columns=["contact", "time", "outcome"], filters=[("outcome", "=", "sent")])
        contact = table["contact"].to_numpy()
        time = table["time"].cast("timestamp[s]").cast("int64").to_numpy()
        order = np.lexsort((time, contact))
        gaps = np.diff(time[order])[np.diff(contact[order]) == 0]
        least, count = min(least, gaps.min(initial=2**40) / 3600), count + len(time)
    return least, count


def streams(folder, n):
    """A file of 14 random events for each of n people, within five days; nothing in it is sensible."""
    random, size = np.random.default_rng(7), 14 * n
    kinds = ["product_viewed", "cart_updated", "checkout_started", "purchase"]
    table = {
        "contact": np.repeat(np.arange(n), 14),
        "time": pa.array(1741561200 + random.integers(0, 5 * 86400, size), pa.timestamp("s", "UTC")),
        "type": pa.DictionaryArray.from_arrays(random.choice(4, size, p=[0.3, 0.4, 0.25, 0.05]), kinds),
        "key": pa.DictionaryArray.from_arrays(random.integers(0, 3, size), ["a", "b", ""]),
    }
    parquet.write_table(pa.table(table), folder / "events.parquet")
    return {"contacts": n, "events": folder / "events.parquet", "behaviour": "off", "ledger": "full"}


@sizes(3_000, 1_000_000)
def test_recovery_never_two_messages_within_20_hours(tmp_path, n):
    told = streams(tmp_path, n)
    least, count = shortest(simulate(template("recovery", "en"), out=tmp_path / "run", **told))
    print(f"{count} messages, the shortest time between two of a person is {least:.4f} h")
    assert count > n
    assert least >= 20
    if n < 10_000:
        loose = simulate(template("recovery", "en"), out=tmp_path / "loose", overrides=[WITHOUT_THE_CAP], **told)
        assert shortest(loose)[0] < 20


# RP-05 ----------------------------------------------------------------------------------------------------------------

SUPPRESSED = 0.15 * (0.40 * 0 + 0.30 * 14 + 0.20 * 21 + 0.10 * 31) / 365


def suppressed(run):
    reasons = run.kpis["messages"]["birthday_greeting"]["dropped_by_reason"]
    return sum(count for reason, count in reasons.items() if reason.startswith("coherence:"))


@sizes(60_000, 200_000, 2_000_000)
def test_birthdays_suppressed(lived, n):
    run = lived("birthday", n)
    assert pytest.approx(0.0047260, abs=5e-8) == SUPPRESSED
    assert abs(share("suppressed", suppressed(run), n, SUPPRESSED)) < 4
    messages = run.kpis["messages"]
    assert messages["birthday_greeting"]["sent"] + suppressed(run) == n
    for reminder in ("dunning_email", "dunning_sms", "dunning_letter"):  # never delayed by anything
        assert messages[reminder]["held"] == messages[reminder]["dropped"] == 0
    invoices = run.kpis["events"]["invoice_due"]
    for reminder, unpaid in (("dunning_email", 0.6), ("dunning_sms", 0.3), ("dunning_letter", 0.1)):
        assert abs(share(reminder, messages[reminder]["sent"], invoices, unpaid)) < 4


def test_birthdays_control(lived):
    n = 60_000
    run = lived("birthday", n, "coherence.0.within=28d")
    assert abs(share("suppressed", suppressed(run), n, SUPPRESSED)) > 8


# RP-06 ----------------------------------------------------------------------------------------------------------------


@sizes(4_000, 100_000)
def test_pile_up_the_more_a_policy_sees_the_more_it_keeps(lived, n):
    found = {}
    for policy in ("first_come", "priority", "look_ahead"):
        kpis = lived("pile-up", n, f"arbitration={policy}").kpis
        found[policy] = kpis["totals"]["value"]
        pressure = kpis["pressure"]
        print(f"{policy}: value per contact {found[policy] / n:.3f}, a week {pressure['mean']}, p95 {pressure['p95']}")
        assert kpis["totals"]["candidates"] == lived("pile-up", n, "arbitration=priority").kpis["totals"]["candidates"]
    assert found["first_come"] < found["priority"] < found["look_ahead"]


# RP-08 ----------------------------------------------------------------------------------------------------------------

NAIVE = "journeys.reengagement.enabled=false"


@sizes(3_000, 100_000)
def test_sunset_fewer_sends_same_purchases(lived, n):
    naive, sunset = lived("sunset", n, NAIVE).kpis, lived("sunset", n).kpis
    assert naive["totals"]["sent"] == 156 * n
    dead = sunset["messages"]["last_chance"]["sent"]
    assert abs(share("silent", dead, n, 0.35)) < 4
    saved = 1 - sunset["totals"]["sent"] / naive["totals"]["sent"]
    error = math.sqrt(0.35 * 0.65 / n) * 101 / 156
    assert abs(z("sends saved", saved, 0.35 * 101 / 156, error)) < 4
    assert pytest.approx(0.2266, abs=5e-5) == 0.35 * 101 / 156
    for figure in ("purchases", "revenue"):
        assert sunset["totals"][figure] == naive["totals"][figure]


def test_sunset_who_never_opens_receives_55(lived):
    run = lived("sunset", 300, ledger="full")
    openers = {c for c, kind in rows(run.events(), "contact", "type") if kind == "opened"}
    sent = collections.Counter(c for c, outcome in rows(run.ledger(), "contact", "outcome") if outcome == "sent")
    assert len(sent) == 300
    assert {sent[c] for c in sent if c not in openers} == {55}
    assert {sent[c] for c in openers} == {156}


@sizes(20_000, 1_000_000)
@pytest.mark.parametrize("weeks", [4, 13])
def test_sunset_patience_is_a_trade_off(lived, n, weeks):
    # Everybody reads; the issue after so many is the first that can find somebody silent by chance.
    readers = ("personas.silent.share=0%", "personas.reader.share=100%", "behaviour.sources={}")
    run = lived("sunset", n, *readers, f"attributes.patience.default={weeks}", days=6 + 7 * weeks + 1)
    wrong = run.kpis["journeys"]["reengagement"]["entered"]
    assert abs(share(f"false sunsets after {weeks} issues", wrong, n, 0.75**weeks)) < 4
    assert pytest.approx(0.0238, abs=5e-5) == 0.75**13
    assert pytest.approx(3.2e-7, abs=5e-9) == 0.75**52


# RP-09 ----------------------------------------------------------------------------------------------------------------

WITHOUT_THE_PAGE = "journeys.sortie.enabled=false"


def markov(issues, click, choices):
    """Who is still reachable after so many issues; the mean and the deviation of what one person receives.

    A state is what the person chose and how many issues it skips; with its chance, and the first two moments of sends.
    """
    people = {("all", 0): np.array([1.0, 0.0, 0.0])}
    for _ in range(issues):
        after = {}
        for (rhythm, skips), (p, one, two) in people.items():
            if rhythm == "out" or skips > 0:
                ways = {("all" if (rhythm, skips) == ("pause", 1) else rhythm, max(skips - 1, 0)): 1.0}
            else:
                one, two = one + p, two + 2 * one + p
                ways = {(rhythm, 3 if rhythm == "monthly" else 0): 1 - click * sum(choices.values())}
                for choice, chance in choices.items():  # topics leave the rhythm as it is
                    state = (choice, {"pause": 4, "monthly": 3}.get(choice, 0))
                    state = next(iter(ways)) if choice == "topics" else state
                    ways[state] = ways.get(state, 0.0) + click * chance
            for state, chance in ways.items():
                after[state] = after.get(state, np.zeros(3)) + chance * np.array([p, one, two])
        people = after
    _, mean, square = sum(people.values())
    return 1 - people["out", 0][0], mean, math.sqrt(square - mean**2)


WITH = markov(52, 0.003, {"pause": 0.25, "monthly": 0.30, "topics": 0.10, "out": 0.35})
WITHOUT = markov(52, 0.003, {"out": 1.0})


def test_sortie_expectations_are_those_of_the_plan():
    assert WITH[:2] == pytest.approx((0.947885, 49.6338), abs=5e-5)
    assert WITHOUT[:2] == pytest.approx((0.855359, 48.2138), abs=5e-5)
    assert (WITH[0], WITHOUT[0]) == pytest.approx((0.947885, 0.855359), abs=1e-6)


def reached(what, run, n, expected):
    kpis = run.kpis
    remain, mean, deviation = expected
    sent = kpis["messages"]["newsletter"]["sent"] / n
    return (
        share(f"{what}: reachable", kpis["totals"]["reachable"], n, remain),
        z(f"{what}: sends", sent, mean, deviation / math.sqrt(n)),
    )


@sizes(20_000, 1_000_000)
def test_sortie(lived, n):
    assert max(map(abs, reached("with", lived("sortie", n), n, WITH))) < 4
    assert max(map(abs, reached("without", lived("sortie", n, WITHOUT_THE_PAGE), n, WITHOUT))) < 4


def test_sortie_control(lived):
    n = 20_000
    chance = "behaviour.reactions.leaves.one_of=[{event: unsubscribe_click, chance: 0.5%, after: 2h, spread: 12h}]"
    assert min(map(abs, reached("with", lived("sortie", n, chance), n, WITH))) > 6


def test_sortie_choices_and_what_follows_from_them(lived):
    run = lived("sortie", 8_000, ledger="full")
    events = rows(run.events(), "contact", "time", "type", "key")
    answers = [key for _, _, kind, key in events if kind == "answered"]
    expected = {"pause": 25, "monthly": 30, "topics": 10, "out": 35}
    expected |= {"too_many": 45, "not_relevant": 30, "no_longer_needed": 15, "other": 10}
    assert len(answers) == 2 * sum(kind == "unsubscribe_click" for _, _, kind, _ in events)
    for answer, percent in expected.items():
        assert abs(share(answer, answers.count(answer), len(answers) // 2, percent / 100)) < 4
    gone = {c: t for c, t, _, key in events if key == "out"}
    ledger = rows(run.ledger(), "contact", "time", "message", "outcome", "reason")
    after = {(message, outcome, reason) for c, t, message, outcome, reason in ledger if c in gone and t >= gone[c]}
    assert {a for a in after if a[0]} == {("newsletter", "dropped", "consent"), ("order_receipt", "sent", "sent")}
    sent = [(c, t) for c, t, message, outcome, _ in ledger if (message, outcome) == ("newsletter", "sent")]
    gaps = [b[1] - a[1] for a, b in itertools.pairwise(sent) if a[0] == b[0]]
    assert min(gaps) == 7 * 86400 - 3600  # the week the clocks go forward: the end of a break brings no flood


# RP-03 ----------------------------------------------------------------------------------------------------------------

HALF_LIFE, STEPS = 30 * 86400, {"consideration": 10, "decision": 25, "sales_ready": 40}


def stages(events):
    """The stages a person goes through, by arithmetic: instants (seconds) and names."""
    names, points = ["awareness", *STEPS], [0, *STEPS.values()]
    scores, now, at, found = {}, 0.0, 0, []

    def fall_before(instant):
        """Go down the stages whose loss comes before the next event."""
        nonlocal at
        while at > 0 and scores:
            when = now + HALF_LIFE * math.log2(max(scores.values()) / (points[at] - 2))
            if math.floor(when) + 1 >= instant:  # the first second on the other side; an event of that second is first
                return
            at -= 1
            found.append((when, names[at]))

    for instant, interest in events:
        fall_before(instant)
        scores = {k: v * 2 ** ((now - instant) / HALF_LIFE) for k, v in scores.items()}
        scores[interest] = scores.get(interest, 0.0) + 1
        now = instant
        while at < 3 and max(scores.values()) >= points[at + 1]:
            at += 1
            found.append((now, names[at]))
    fall_before(1767222000)  # the end of 2025 in Paris
    return found


@sizes(150, 3_000)
def test_nurturing_stages_are_those_of_the_arithmetic(lived, n):
    buyers = ("personas.curious.share=0%", "personas.engaged.share=50%", "personas.buyer.share=50%")
    run = lived("nurturing", n, *buyers, "behaviour.messages={}", ledger="full")
    lives = {c: [] for c in range(n)}
    for contact, moment, kind, interest in rows(run.events(), "contact", "time", "type", "key"):
        if kind in ("page_viewed", "returned"):
            lives[contact].append((moment, interest))
    lived_through = {c: [] for c in range(n)}
    for contact, moment, cause, stage in rows(run.ledger(), "contact", "time", "cause", "step"):
        if cause == "stage":
            lived_through[contact].append((moment, stage))
    count = 0
    for contact, events in lives.items():
        expected, found = stages(events), lived_through[contact]
        assert [s for _, s in found] == [s for _, s in expected]
        assert all(0 <= t - when <= 1 for (t, _), (when, _) in zip(found, expected, strict=True))
        count += len(found)
    print(f"{count} stages of {n} people")
    assert count > 2 * n

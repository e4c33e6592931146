"""RP-12, the world metro: six lines, eight interchanges, and rules that recover what bifurcations take away."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

LINES = ("acquisition", "abandonment", "nurturing", "loyalty", "churn", "service")


def lines(contact):
    """The lines a contact is on."""
    return {line for line in (*LINES, "winback", "dunning", "settled") if contact.inside(line)}


def fired(contact):
    """The rules that have fired, in order."""
    causes = [r["cause"] for r in contact.decisions if r["cause"].startswith("rule:") and not r["journey"]]
    return [c.removeprefix("rule:") for c in causes]


@pytest.fixture
def metro(world):
    return world("world")


@pytest.fixture
def anna(metro):
    return metro.contact(zone="Europe/Paris")


def buys(contact, moment, order="o1"):
    contact.at(moment).does("purchase", order=order, value=6000)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Asia/Tokyo", "01:00", "01:00"),
        ("Asia/Kolkata", "04:30", "04:30"),
        ("Europe/Paris", "09:00", "08:00"),
        ("America/Sao_Paulo", "13:00", "13:00"),
        ("America/New_York", "15:00", "14:00"),
    ],
)
def test_ten_o_clock_where_each_lives(metro, zone, winter, summer):
    somebody = metro.contact(zone=zone)
    metro.until("2025-07-17")
    letters = [r["time"] for r in somebody.decisions if r["message"] == "newsletter" and r["outcome"] == "sent"]
    assert [f"{t:%m-%d %H:%M}" for t in (letters[0], letters[-1])] == [f"01-15 {winter}", f"07-15 {summer}"]


def test_sales_in_paris_and_black_friday_everywhere(metro):
    paris, york = metro.contact(zone="Europe/Paris"), metro.contact(zone="America/New_York")
    metro.until("2025-12-31")
    assert ("sale", "2025-01-08 08:00") in paris.sent
    assert ("sale", "2025-06-25 08:00") in paris.sent
    assert "sale" not in [m for m, _ in york.sent]
    for person in (paris, york):
        assert ("black_friday", "2025-11-28 10:00") in person.sent


def test_interchange_acquisition_to_nurturing_at_ten_points(metro, anna):
    anna.at("2025-02-03 10:00").does("signup")
    assert lines(anna) == {"acquisition"}
    for minute in range(9):
        anna.at(f"2025-02-03 11:{minute:02}").does("page_viewed", key="home")
    assert lines(anna) == {"acquisition"}
    anna.at("2025-02-03 11:10").does("demo_requested")
    assert (lines(anna), anna.stage) == ({"nurturing"}, "lead")
    assert fired(anna) == ["acquisition to nurturing"]
    metro.until("2025-02-12")
    assert ("content_1", "2025-02-04 10:00") in anna.sent


def test_interchange_nurturing_to_loyalty_at_the_first_purchase(anna):
    anna.at("2025-02-03 10:00").does("signup")
    anna.at("2025-02-03 11:00").does("quote_sent")
    anna.does("demo_requested")
    assert lines(anna) == {"nurturing"}
    buys(anna, "2025-02-05 12:00")
    assert (lines(anna), anna.stage) == ({"loyalty"}, "customer")
    assert fired(anna)[-1] == "nurturing to loyalty"


@pytest.mark.parametrize("line", ["none", "acquisition", "nurturing", "loyalty", "churn"])
def test_interchange_any_line_to_service_on_a_complaint(metro, anna, line):
    if line in ("acquisition", "nurturing"):
        anna.at("2025-03-03 10:00").does("signup")
    if line == "nurturing":
        anna.does("quote_sent")
        anna.does("demo_requested")
    if line in ("loyalty", "churn"):
        buys(anna, "2025-03-03 10:00")
    if line == "churn":
        anna.at("2025-03-03 12:00").does("risk_scored", value=80)
    assert lines(anna) == ({line} - {"none"})
    anna.at("2025-03-04 09:00").does("complaint")
    assert lines(anna) == {"service"} | ({"loyalty"} & {line})  # loyalty waits, paused
    metro.until("2025-04-04")
    assert ("apology", "2025-03-04 10:00") in anna.sent
    promotions = {"welcome_3", "goes_well_with", "club", "prevention", "content_4"}
    assert not promotions & {m for m, t in anna.sent if t > "2025-03-04" and t < "2025-04-03"}
    if line == "loyalty":
        held_back = {(r["message"], r["reason"], r["winner"]) for r in anna.decisions if r["outcome"] == "dropped"}
        assert ("goes_well_with", "suppressed", "any line to service") in held_back
        assert lines(anna) == {"loyalty"}


@pytest.mark.parametrize(("risk", "line"), [(69, "loyalty"), (70, "churn")])
def test_interchange_loyalty_to_churn_at_a_risk_of_seven_tenths(anna, risk, line):
    buys(anna, "2025-03-03 10:00")
    anna.at("2025-03-10 10:00").does("risk_scored", value=risk)
    assert lines(anna) == {line}


def test_silence_raises_the_risk_and_a_repurchase_leads_back_to_loyalty(metro, anna):
    buys(anna, "2025-01-10 10:00")
    metro.until("2025-06-30")
    assert lines(anna) == {"loyalty"}
    metro.until("2025-07-05")  # on 1 July: more than 150 days
    assert (lines(anna), anna.stage) == ({"churn"}, "at_risk")
    assert ("prevention", "2025-07-02 10:00") in anna.sent
    buys(anna, "2025-07-05 12:00", "o2")
    assert (lines(anna), anna.stage) == ({"loyalty"}, "customer")
    assert fired(anna)[-1] == "churn to loyalty"


def test_interchange_service_to_dunning_and_to_loyalty_a_fortnight_after_payment(metro, anna):
    buys(anna, "2025-03-03 10:00")
    anna.at("2025-03-10 09:00").does("complaint")
    anna.at("2025-03-11 09:00").does("invoice_due", invoice="i1")
    assert lines(anna) == {"loyalty", "dunning"}
    assert not anna.fact("upset")
    metro.until("2025-03-15")
    assert ("dunning_email", "2025-03-14 10:00") in anna.sent
    assert (lines(anna), anna.fact("unpaid")) == ({"dunning"}, True)
    anna.at("2025-03-18 12:00").does("invoice_paid", invoice="i1")
    assert (lines(anna), anna.fact("unpaid")) == ({"settled"}, False)
    anna.at("2025-04-01 11:59")
    assert lines(anna) == {"settled"}
    anna.at("2025-04-01 12:01")
    assert lines(anna) == {"loyalty"}


def test_two_bills_both_must_be_paid(anna):
    buys(anna, "2025-03-03 10:00")
    for n in (1, 2):
        anna.at(f"2025-03-1{n} 09:00").does("invoice_due", invoice=f"i{n}")
    anna.at("2025-03-20 12:00").does("invoice_paid", invoice="i1")
    assert (lines(anna), anna.fact("unpaid")) == ({"dunning"}, True)
    anna.at("2025-03-21 12:00").does("invoice_paid", invoice="i2")
    assert (lines(anna), anna.fact("unpaid")) == ({"settled"}, False)


def test_no_greeting_while_unpaid(metro):
    bert = metro.contact(zone="Europe/Paris", birthday="1980-04-20")
    bert.at("2025-03-01 09:00").does("invoice_due", invoice="i1")
    metro.until("2025-05-01")
    greetings = [(r["outcome"], r["reason"]) for r in bert.decisions if r["message"] == "birthday_greeting"]
    assert greetings == [("dropped", "coherence:until paid")]


def test_interchange_winback_to_acquisition_for_a_new_household_member(metro, anna):
    buys(anna, "2025-03-03 10:00")
    anna.at("2025-03-10 09:00").does("churned")
    assert (lines(anna), anna.stage) == ({"winback"}, "lost")
    metro.until("2025-04-20")
    assert ("winback_1", "2025-04-09 10:00") in anna.sent
    anna.at("2025-04-21 10:00").does("household_joined")
    assert lines(anna) == {"acquisition"}
    metro.until("2025-04-28")
    assert "welcome_2" in [m for m, _ in anna.sent]


def test_the_weary_receive_less(metro):
    lazy, keen = metro.contact(zone="Asia/Tokyo"), metro.contact(zone="Asia/Tokyo")
    for month in range(1, 13):
        keen.at(f"2025-{month:02}-16 12:00").does("opened", message="newsletter")
    metro.until("2025-12-31")
    assert (lazy.fact("weary"), keen.fact("weary")) == (True, False)


# Over many people.

N = 20_000


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    made = {}

    def live(*overrides, contacts=N, ledger="full"):
        asked = (overrides, contacts, ledger)
        if asked not in made:
            folder = tmp_path_factory.mktemp("world") / "run"
            options = {"contacts": contacts, "ledger": ledger, "workers": 1, "out": folder}
            made[asked] = simulate(template("world", "en"), overrides=overrides, **options)
        return made[asked]

    return live


def spent(run, contacts):
    """Revenue of each contact."""
    events = run.events()
    events = events.filter(pc.equal(pc.cast(events["type"], pa.string()), "purchase"))
    value = np.asarray(events["value"]) / 100
    return np.bincount(np.asarray(events["contact"]), value, minlength=contacts)


def test_rules_recover_value_and_cost_at_most_as_much_again(runs):
    """Each contact with and without the rules, under the same draws."""
    with_rules, without = runs(), runs("rules=[]")
    assert {r["fired"] > 0 for r in with_rules.kpis["rules"].values()} == {True}
    assert with_rules.kpis["totals"]["quarantined"] == 0
    gain = spent(with_rules, N) - spent(without, N)
    error = gain.std() / math.sqrt(N)
    print(f"rules bring {gain.mean():.2f} ± {1.96 * error:.2f} EUR per contact")
    assert gain.mean() - 1.96 * error > 0
    costs = [r.kpis["totals"]["cost"] / N for r in (with_rules, without)]
    assert gain.mean() - 1.96 * error > costs[0] - costs[1]


def test_the_three_bifurcations_are_felt(runs):
    struck, usual = runs(), runs("shocks=[]")
    start = struck.manifest["start"]

    def bought(run):
        events = run.events()
        events = events.filter(pc.equal(pc.cast(events["type"], pa.string()), "purchase"))
        days = (np.asarray(pc.cast(events["time"], pa.int64())) - start) // 86400
        return np.bincount(days, minlength=366)

    mine, other = bought(struck), bought(usual)
    assert abs(mine[181:193].sum() / other[181:193].sum() - 0.3) < 0.05
    assert mine[:140].sum() == pytest.approx(other[:140].sum(), rel=0.02)
    opens = [r.kpis["totals"]["opened"] / r.kpis["totals"]["sent"] for r in (struck, usual)]
    assert 0.85 < opens[0] / opens[1] < 0.95


@pytest.mark.parametrize("contacts", [8000, pytest.param(60_000, marks=pytest.mark.slow)])
def test_what_rules_cost(tmp_path, contacts):
    """Simulating the world takes at most twice as long as the same plan without rules: the fastest of three each."""
    fastest = {}
    for i, overrides in enumerate(((), ("rules=[]",)) * 3):
        options = {"contacts": contacts, "ledger": "none", "workers": 1, "out": tmp_path / str(i)}
        run = simulate(template("world", "en"), overrides=overrides, **options)
        seconds = run.manifest["timing"]["kernel_cpu_s"]
        fastest[overrides] = min(seconds, fastest.get(overrides, seconds))
    with_rules, without = fastest[()], fastest["rules=[]",]
    print(f"{contacts:,} contacts: {with_rules:.3f} s with rules, {without:.3f} s without: {with_rules / without:.2f}")
    assert with_rules < 2 * without

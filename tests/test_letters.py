"""Households and companies: what happens to one contact is told to the others, wherever and however they live."""

import itertools

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest

from bifurque.engine import letters
from bifurque.engine.compare import compare
from bifurque.engine.load import loads
from bifurque.engine.run import open_run
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.why import setting_of, why
from bifurque.engine.world import World
from bifurque.rules.errors import DataError, PlanError, RunError

HOMES = """plan: homes
start: 2026-01-05
days: 42
zone: Europe/Paris
attributes: {home: {type: int, default: 0}, told: {type: int, default: 0}}
categories: [{name: promotion, class: promotional}, {name: care, class: service}]
channels: {email: {}}
caps: [{name: one a week, max: 1, per: 7d}]
events: {mate_bought: {set: {told: contact.told + 1}}}
account: {by: home, tells: {purchase: mate_bought, complaint: mate_complained}, after: 1h}
messages:
  offer: {channel: email, category: promotion, valid_for: 5d}
  thanks: {channel: email, category: care}
journeys:
  news:
    trigger: {schedule: {every: week, on: mon, at: "10:00"}}
    exit: {event: mate_complained}
    steps: [{send: offer}]
  duo: {trigger: {event: mate_bought}, reentry: after_exit, steps: [{wait: 1d}, {send: thanks}]}
population: {contacts: 30, attributes: {home: {between: [0, 12]}}, consent: {marketing.email: 80%}}
behaviour:
  kind: constant
  sources: {walks_in: {event: purchase, per_day: 0.004, key: new}, moans: {event: complaint, per_day: 0.005}}
  reactions:
    buys: {on: opened, one_of: [{event: purchase, chance: 0.3, after: 1h, key: shop, value: {mean: 30}}]}
  messages: {open: 40%, click: 5%, open_after: 2h}
"""
PRIZES = """offers: {prize: {message: gift, stock: 12, reserve: 90d}}
"""
STOCK = HOMES.replace("journeys:\n", "  gift: {channel: email, category: care}\njourneys:\n") + PRIZES
STOCK = STOCK.replace("[{wait: 1d}, {send: thanks}]", "[{wait: 1d}, {offer: prize, else: [{send: thanks}]}]")


def lived(tmp_path, text=HOMES, **more):
    options = {"ledger": "full", "workers": 1, "overwrite": True, **more}
    return simulate(text, out=tmp_path / "run", **options)


def in_a_world(text, seed=1):
    """The same people side by side in one world, letters delivered as they are written."""
    setting = prepare(text, seed=seed)
    rows = setting.people.rows(0, setting.people.count)
    homes = letters.P_FIRST + list(setting.program.columns).index("home")
    consent = letters.P_FIRST + list(setting.program.columns).index("consent.0")
    world = World(text, behaviour="constant", seed=seed)
    people = [
        world.contact(i, home=int(row[homes]) or None, consent="all" if row[consent] else "none")
        for i, row in enumerate(rows)
    ]
    world._go(setting.program.end - 1, at_it=True)
    return {p.number: p.decisions for p in people}


@pytest.mark.parametrize(("text", "seed"), [*itertools.product((HOMES, STOCK), (1, 2))])
def test_a_run_is_what_happens_side_by_side(tmp_path, text, seed):
    run = lived(tmp_path, text, seed=seed)
    found = {}
    for row in run.ledger().to_pylist():
        found.setdefault(row["contact"], []).append(row)
    side_by_side = {number: rows for number, rows in in_a_world(text, seed).items() if rows}
    assert found.keys() == side_by_side.keys()
    for number, rows in side_by_side.items():
        assert found[number] == rows
    assert run.kpis["messages"]["thanks"]["sent"] > 5
    if text is STOCK:
        assert run.kpis["messages"]["gift"]["sent"] == 12


def test_everything_told_arrives_once_at_each_of_the_others(tmp_path):
    run = lived(tmp_path, contacts=400)
    events = run.events().to_pylist()
    column = letters.P_FIRST + list(prepare(HOMES).program.columns).index("home")
    homes = prepare(HOMES, contacts=400).people.rows(0, 400)[:, column]
    expected, found = [], []
    for e in events:
        if e["type"] in ("purchase", "complaint"):
            kind = "mate_bought" if e["type"] == "purchase" else "mate_complained"
            mates = [m for m in np.flatnonzero(homes == homes[e["contact"]]).tolist() if m != e["contact"]]
            late = int(e["time"].timestamp()) + 3600
            expected += [
                (m, late, kind, e["key"], e["value"]) for m in mates if homes[m] and late < run.manifest["end"]
            ]
        elif e["type"].startswith("mate_"):
            found.append((e["contact"], int(e["time"].timestamp()), e["type"], e["key"], e["value"]))
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert len(found) > 500
    assert f"{len(found):,} letters" in " ".join(run.manifest["notes"])


def test_a_letter_that_is_lost_is_missed(tmp_path, monkeypatch):
    """The test above sees a planted fault: of each account's letters the last is lost."""
    honest = letters.Accounts.letters
    monkeypatch.setattr(letters.Accounts, "letters", lambda *given: honest(*given)[:-1])
    with pytest.raises(AssertionError):
        test_everything_told_arrives_once_at_each_of_the_others(tmp_path)


def test_the_same_bytes_for_any_number_of_lanes(tmp_path):
    runs = [simulate(HOMES, out=tmp_path / str(n), contacts=400, workers=n, ledger="full") for n in (1, 2, 3)]
    assert len({r.digest for r in runs}) == 1
    assert len({tuple(map(str, r.ledger().to_pylist())) for r in runs}) == 1


def test_one_life_is_explained_with_its_letters(tmp_path):
    run = lived(tmp_path)
    who = next(r["contact"] for r in run.ledger().to_pylist() if r["message"] == "thanks")
    rows = [r for r in run.ledger().to_pylist() if r["contact"] == who]
    assert why(run, str(who)).rows == rows
    assert run.contact(who).history == rows
    assert run.contact(who).attributes["told"] > 0


@pytest.mark.parametrize("text", [HOMES, STOCK])
def test_a_run_keeps_its_letters(tmp_path, monkeypatch, text):
    """Who looks into it need not try all those lives again; without the file it is done."""
    run = lived(tmp_path, text)
    kept = setting_of(run)
    (run.folder / letters.FILE).rename(tmp_path / letters.FILE)
    tried = setting_of(run)
    assert np.array_equal(kept.events.rows, tried.events.rows)
    assert np.array_equal(kept.letters.rows, tried.letters.rows)
    assert len(kept.letters.rows) > 20
    assert kept.notes == tried.notes
    (tmp_path / letters.FILE).rename(run.folder / letters.FILE)
    monkeypatch.setattr(letters, "exchanged", lambda setting: pytest.fail("tried again"))
    assert setting_of(run).notes == kept.notes
    (run.folder / letters.FILE).write_bytes(b"PAR1 no more")
    with pytest.raises(RunError, match=r"letters\.parquet: is damaged"):
        setting_of(run)


def test_a_variant_is_compared_with_its_own_letters(tmp_path):
    less = ["account.tells={complaint: mate_complained}"]
    here, there = (simulate(HOMES, out=tmp_path / n, contacts=300, overrides=o) for n, o in (("a", ()), ("b", less)))
    sent = there.kpis["totals"]["sent"] - here.kpis["totals"]["sent"]
    assert sent < 0
    row = next(
        r
        for r in compare(here, overrides=less, replications=1).rows()
        if r["group"] == "total" and r["figure"] == "sent"
    )
    assert sent == row["difference"]


def test_another_seed_tells_something_else(tmp_path):
    first = prepare(HOMES, seed=1).reseeded(2)
    second = prepare(HOMES, seed=2)
    assert np.array_equal(first.events.rows, second.events.rows)
    assert len(first.events.rows)


def test_each_replication_says_how_many_letters_there_were_itself(tmp_path):
    """The notes of a run are those of its first replication, not of all."""
    run = lived(tmp_path, replications=3)
    assert [n for n in run.manifest["notes"] if "letters" in n] == prepare(HOMES).notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("by: home", "by: house"), "no attribute is called `house`; did you mean `home`?"),
        (("mate_complained}, after", "purchase}, after"), "told itself"),
        (("mate_complained}, after", "opened}, after"), "what bifurque tells of itself"),
        (("after: 1h", "after: 0s"), "a second at least"),
        (("type: int, default: 0}, told", "type: date}, told"), "is a date"),
        (("{purchase: mate_bought, complaint: mate_complained}", "{}"), "say what is told"),
    ],
)
def test_what_cannot_be_is_said(change, message):
    with pytest.raises(PlanError, match="account") as error:
        loads(HOMES.replace(*change))
    assert message in str(error.value)


def test_too_many_in_one_account_are_named():
    crowd = HOMES.replace("between: [0, 12]", "between: [0, 1]").replace("contacts: 30", "contacts: 3000")
    with pytest.raises(DataError, match="have the same `home`, contact"):
        prepare(crowd)


def test_letters_that_answer_letters_for_ever_are_named(monkeypatch):
    monkeypatch.setattr(letters, "MOST_LETTERS", 100)
    echo = "    echoes: {on: mate_bought, one_of: [{event: purchase, chance: 1}]}\n  messages: {open"
    with pytest.raises(DataError, match="more than 100 letters"):
        prepare(HOMES.replace("  messages: {open", echo).replace("after: 1h", "after: 1min"))


def test_an_empty_world_of_loners_has_no_letters(tmp_path):
    run = lived(tmp_path, HOMES.replace("{between: [0, 12]}", "0"))
    assert "0 letters" in " ".join(run.manifest["notes"])
    assert pc.sum(pc.equal(run.events()["type"], "mate_bought")).as_py() == 0
    assert open_run(run.folder).digest == run.digest


def test_the_lives_kept_for_the_pages_are_those_of_the_ledger(tmp_path):
    """Blocks of neighbours out of many contacts, each with its own events and nobody else's."""
    run = lived(tmp_path, HOMES.replace("[0, 12]", "[0, 700]"), contacts=1500)
    walks = parquet.read_table(run.folder / "aggregates" / "sample_walks.parquet")
    ledger = run.ledger()
    ledger = ledger.filter(pc.is_in(ledger["contact"], pc.unique(walks["contact"])))
    assert walks.select(ledger.column_names).to_pylist() == ledger.to_pylist()
    assert len(pc.unique(walks["contact"])) > 900

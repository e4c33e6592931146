"""The same plan, inputs and seed give the same bytes, whatever the workers, lanes, hash seed, order or ledger."""

import hashlib
import os
import random
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest
from lived import assert_same_memory

from bifurque.actors.host import Lane
from bifurque.actors.layout import P_CONTACT
from bifurque.engine import living
from bifurque.engine import simulate as simulator
from bifurque.engine.run import open_run
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.why import replay
from bifurque.rules.decisions import emit
from bifurque.rules.layout import CONTACT, HASH, KEEP

PLANS = ("cart", "welcome", "nurturing", "pile-up", "sortie", "sunset")
SHORT = {"contacts": 600, "days": 90, "overrides": ()}
LONG = {"contacts": 3000, "days": None, "overrides": ()}
SCALES = [SHORT, pytest.param(LONG, marks=pytest.mark.slow)]


def plan(name):
    return str(files("bifurque.engine").joinpath("templates", f"{name}.yaml"))


def ledger_hash(table):
    """SHA-256 of a ledger as it is read: contacts in order, then time, then the order of the decisions."""
    contact, time = np.asarray(table["contact"]), np.asarray(pc.cast(table["time"], pa.int64()))
    later = (np.diff(contact) > 0) | ((np.diff(contact) == 0) & (np.diff(time) >= 0))
    assert later.all()
    plain = [pc.cast(c, pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    stream = pa.BufferOutputStream()
    parquet.write_table(pa.table(plain, names=table.column_names).combine_chunks(), stream, compression="none")
    return hashlib.sha256(stream.getvalue()).hexdigest()


def lives(name, scale=SHORT):
    """The options of a run in which something happens; people lose patience sooner in a short one."""
    soon = scale is SHORT and name == "sunset"
    return scale | {"overrides": ["attributes.patience.default=4"]} if soon else scale


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The run of a plan that others are compared with: one worker, a full ledger; lived once."""
    lived = {}

    def run(name, scale=SHORT):
        key = name, scale["contacts"]
        if key not in lived:
            out = tmp_path_factory.mktemp(name) / "run"
            lived[key] = simulate(plan(name), out=out, ledger="full", workers=1, **lives(name, scale))
            lived[key].hashes = ledger_hash(lived[key].ledger()), ledger_hash(lived[key].events())
        return lived[key]

    return run


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("scale", SCALES, ids=["short", "long"])
@pytest.mark.parametrize(("workers", "stretch", "rows"), [(2, 256, 1 << 13), (1, 500, 1024)])
def test_workers_and_lane_sizes(base, tmp_path, monkeypatch, name, scale, workers, stretch, rows):
    monkeypatch.setitem(simulator.STRETCH, "full", stretch)
    monkeypatch.setitem(simulator.ROWS, "full", rows)
    run = simulate(plan(name), out=tmp_path / "run", ledger="full", workers=workers, **lives(name, scale))
    assert len(list((run.folder / "ledger").iterdir())) == -(-scale["contacts"] // stretch)
    assert run.digest == base(name, scale).digest
    assert run.kpis == base(name, scale).kpis
    assert (ledger_hash(run.ledger()), ledger_hash(run.events())) == base(name, scale).hashes


@pytest.mark.parametrize("name", ["welcome", "pile-up"])
def test_what_the_ledger_keeps_changes_nothing_else(base, tmp_path, monkeypatch, name):
    monkeypatch.setattr(living, "SAMPLE", 0.1)
    monkeypatch.setattr(living, "LEAST", 0)
    runs = {k: simulate(plan(name), out=tmp_path / k, ledger=k, **lives(name)) for k in ("sample", "none")}
    full = base(name)
    assert {run.digest for run in runs.values()} == {full.digest}
    sample = runs["sample"].ledger()
    keep = pc.is_in(full.ledger()["contact"], value_set=pc.unique(sample["contact"]))
    assert 0 < len(sample) < len(full.ledger())
    assert ledger_hash(full.ledger().filter(keep)) == ledger_hash(sample)
    assert not list((runs["none"].folder / "ledger").iterdir())


@pytest.mark.parametrize("name", PLANS)
def test_the_first_contacts_are_the_same_in_a_larger_run(base, tmp_path, name):
    few = simulate(
        plan(name), out=tmp_path / "few", ledger="full", workers=1, **lives(name) | {"contacts": 200}
    ).ledger()
    among = base(name).ledger()
    assert ledger_hash(among.filter(pc.less(among["contact"], 200))) == ledger_hash(few)


HASHED = """
import sys
from bifurque.engine.simulate import simulate
for number, plan in enumerate(sys.argv[2:]):
    simulate(plan, out=f"{sys.argv[1]}/{number}", contacts=300, days=60, ledger="full", workers=1)
"""


def test_the_seed_of_python_s_hashes(tmp_path):
    plans = [plan(n) for n in ("welcome", "nurturing", "sortie")]
    for number, name in enumerate(plans):
        simulate(name, out=tmp_path / f"own/{number}", contacts=300, days=60, ledger="full", workers=1)
    for seed in ("1", "12345"):
        command = [sys.executable, "-c", HASHED, str(tmp_path / seed), *plans]
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, check=True)
    files = {
        f.relative_to(tmp_path / "own") for f in (tmp_path / "own").rglob("*") if f.suffix in (".json", ".parquet")
    }
    assert len(files) > 3 * 5
    for file in files:
        if file.name == "manifest.json":
            assert len({open_run((tmp_path / s / file).parent).digest for s in ("own", "1", "12345")}) == 1
        else:
            assert len({(tmp_path / s / file).read_bytes() for s in ("own", "1", "12345")}) == 1


ZONES = ("Europe/Paris", "Asia/Tokyo", "Nowhere/At_all", "")
POPULATION = [f"{'p' if i % 3 else ''}{i},{ZONES[i % 4]},{'all' if i % 7 else 'none'}" for i in range(300)]


def test_the_order_of_contacts_in_a_population_file(tmp_path):
    shuffled = random.Random(1).sample(POPULATION, len(POPULATION))
    runs = []
    for i, rows in enumerate((POPULATION, shuffled)):
        file = tmp_path / f"{i}.csv"
        file.write_text("\n".join(["contact,zone,consent", *rows]), "utf-8")
        runs.append(simulate(plan("recovery"), out=tmp_path / f"run{i}", population=file, ledger="full"))
    a, b = runs
    assert a.digest == b.digest
    assert len(a.ledger()) > 1000
    assert ledger_hash(a.ledger()) == ledger_hash(b.ledger())


def happenings(count):
    """Random events of the recovery plan; some share their second."""
    draw = random.Random(2)
    rows = []
    for _ in range(count):
        kind = draw.choice(["product_viewed", "cart_updated", "cart_updated", "checkout_started", "purchase"])
        at = f"2025-0{draw.randint(1, 3)}-{draw.randint(1, 28):02}T{draw.randint(0, 23):02}:{draw.randint(0, 1):02}:00Z"
        key = draw.choice(["", "a", "b", "ç"])
        rows.append((draw.randint(0, 99), at, kind, key, draw.randint(1, 9999) if kind == "purchase" else ""))
    return rows


@pytest.mark.parametrize("behaviour", ["off", "constant"])
def test_the_order_of_events_of_different_times(tmp_path, behaviour):
    rows = happenings(4000)
    places = random.Random(3).sample(range(len(rows)), len(rows))
    moved = [rows[i] for i in places]
    order = {}  # those of one contact and one second keep theirs
    for row in rows:
        order.setdefault(row[:2], []).append(row)
    moved = [order[row[:2]].pop(0) for row in moved]
    assert moved != rows
    assert sorted(moved, key=str) == sorted(rows, key=str)
    runs = []
    for i, events in enumerate((rows, moved)):
        file = tmp_path / f"{i}.csv"
        lines = [",".join(map(str, row)) for row in events]
        file.write_text("\n".join(["contact,time,type,key,value", *lines]), "utf-8")
        options = {"events": file, "behaviour": behaviour, "ledger": "full"}
        runs.append(simulate(plan("recovery"), out=tmp_path / f"run{i}", contacts=100, **options))
    a, b = runs
    assert a.digest == b.digest
    assert a.kpis == b.kpis
    assert len(a.ledger()) > 1000
    assert ledger_hash(a.ledger()) == ledger_hash(b.ledger())
    assert ledger_hash(a.events()) == ledger_hash(b.events())


@pytest.mark.parametrize("name", PLANS)
def test_the_uncompiled_step_writes_the_same_rows(base, name):
    setting = prepare(plan(name), **lives(name))
    ledger, events = base(name).ledger(), base(name).events()
    for contact in range(17, 600, 120):
        decisions, happened = replay(setting, contact)
        for told, kept in ((decisions, ledger), (happened, events)):
            assert told.to_pylist() == kept.filter(pc.equal(kept["contact"], contact)).to_pylist()


@pytest.mark.parametrize("name", PLANS)
def test_the_uncompiled_step_leaves_the_same_memory(name):
    assert_same_memory(prepare(plan(name), rows=1 << 13, **lives(name) | {"contacts": 8}))


def test_another_seed_or_another_chance_is_another_digest(base, tmp_path):
    options = SHORT | {"ledger": "none"}
    seeds = {simulate(plan("cart"), out=tmp_path / str(s), seed=s, **options).digest for s in (1, 2, 3)}
    other = simulate(
        plan("cart"), out=tmp_path / "o", **options | {"overrides": ["messages.cart_reminder.valid_for=1h"]}
    )
    assert len(seeds | {other.digest}) == 4
    assert base("cart").digest in seeds


def test_a_changed_row_or_counter_is_another_digest(base, tmp_path, monkeypatch):
    options = SHORT | {"ledger": "none", "workers": 1}
    digest = Lane.digest.fget
    with monkeypatch.context() as change:
        change.setattr(Lane, "digest", property(lambda lane: digest(lane) ^ 1))
        assert simulate(plan("cart"), out=tmp_path / "row", **options).digest != base("cart").digest
    counters = Lane.counters.fget
    monkeypatch.setattr(Lane, "counters", property(lambda lane: counters(lane) + (np.arange(len(counters(lane))) == 9)))
    assert simulate(plan("cart"), out=tmp_path / "counter", **options).digest != base("cart").digest


def row_hash(contact, *fields):
    m = np.zeros(1000, np.int64)
    m[CONTACT], m[KEEP] = contact, 0
    with np.errstate(over="ignore"):
        emit(m, *fields)
    return int(m[HASH])


def test_every_field_of_a_row_is_in_its_hash():
    row = [17, 1735700000, 3, 9, 2, 5, 1, 2, 4, 1735800000, 6, 1, 4200]
    hashes = {row_hash(*row)} | {row_hash(*row[:i], row[i] + 1, *row[i + 1 :]) for i in range(len(row))}
    assert len(hashes) == 1 + len(row)


def test_a_contact_is_drawn_by_its_number_alone():
    setting = prepare(plan("nurturing"), contacts=500)
    together = setting.people.rows(0, 500)
    assert np.array_equal(np.concatenate([setting.people.rows(i, i + 50) for i in range(0, 500, 50)]), together)
    assert together[:, P_CONTACT].tolist() == list(range(500))


def test_a_sampled_ledger_keeps_about_a_thousand_contacts_at_least():
    assert living.kept_share("sample", 10) == living.kept_share("sample", 1000) == living.kept_share("full", 5) == 1
    assert living.kept_share("sample", 4000) == 0.25
    assert living.kept_share("sample", 100_000) == living.kept_share("sample", 10**7) == 0.01
    assert living.kept_share("none", 10) == 0

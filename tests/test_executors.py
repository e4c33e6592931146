"""The same run on one lane or many, on threads, inline, or on hosts that are lost: the same bytes."""

import random
from collections import Counter

import numpy as np
import pytest
from shared_runs import ALONE, MERGED, OFFERS, given, live, outcome, tidy

from bifurque.engine import hosting
from bifurque.engine.contacts import PARTS, part_of
from bifurque.engine.cuts import Partitions, home_of, places_by_part, share_out
from bifurque.engine.executors import Executor, HostLost, InProcess
from bifurque.engine.hosts import Host, Stale
from bifurque.engine.setting import prepare
from bifurque.rules.errors import DataError, RunError
from bifurque.rules.numbers import mix64


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The runs that others are compared with: one thread."""
    lived = {}

    def of(text):
        if text not in lived:
            run = live(text, tmp_path_factory.mktemp("base") / "run", workers=1)
            lived[text] = run, outcome(run)
        return lived[text]

    return of


def test_the_shared_run_runs_out_of_everything(base):
    run, _ = base(OFFERS)
    shared = run.kpis["shared"]
    assert shared["a"]["least"] == shared["b"]["least"] == 0
    assert min(shared[name]["refused"] for name in ("a", "b", "email", "email budget")) > 50
    assert run.manifest["timing"]["rounds"] > 600
    assert run.kpis["referral"]["simulated"] > 15


def test_the_merged_run_merges_people_who_live_in_different_partitions(base, tmp_path):
    setting = prepare(MERGED, **{n: v for n, v in given(MERGED, tmp_path / "run").items() if n != "ledger"})
    into = setting.merges.into
    assert len(into) > 100
    assert any(into[one] in into for one in into)
    ends = np.array(sorted(into))
    assert (home_of(setting)(ends) != part_of(ends)).sum() > 100
    assert base(MERGED)[0].kpis["totals"]["contacts"] == 600 - len(into)


EVERYWHERE = [("threads", 2), ("threads", 7), ("inline", 1), ("inline", 2), ("inline", 3), ("inline", 7)]
OFTEN = [(OFFERS, *how) for how in EVERYWHERE] + [(t, *how) for t in (ALONE, MERGED) for how in EVERYWHERE[::4]]
SELDOM = [(t, *how) for t in (ALONE, MERGED) for how in EVERYWHERE if how not in EVERYWHERE[::4]]


def named(value):
    return {OFFERS: "shared", ALONE: "alone", MERGED: "merged"}.get(value)


@pytest.mark.parametrize(
    ("text", "executor", "workers"),
    [*OFTEN, *(pytest.param(*how, marks=pytest.mark.slow) for how in SELDOM)],
    ids=named,
)
def test_the_same_bytes_wherever_it_is_run(base, tmp_path, text, executor, workers):
    run = live(text, tmp_path / "run", executor=executor, workers=workers)
    assert outcome(run) == base(text)[1]
    assert run.manifest["executor"] == {"kind": executor, "workers": workers}
    assert tidy(run)


def test_a_plan_that_shares_nothing_has_no_barrier(base):
    assert base(ALONE)[0].manifest["timing"]["rounds"] == 0


@pytest.mark.parametrize("fault", ["forgets", "swaps"])
def test_a_planted_fault_is_seen(base, tmp_path, monkeypatch, fault):
    """A host that forgets one answer of many, or gives those of one instant to the wrong ones."""
    go_on, calls, wronged = Host.go_on, [0], [0]

    def wrong(host, answers):
        calls[0] += 1
        if fault == "forgets" and calls[0] >= 200 and not wronged[0] and answers[0] >= 0:
            wronged[0], answers = 1, np.concatenate([[-1], answers[1:]])
        if fault == "swaps" and len(set(answers.tolist())) > 1 and not wronged[0]:
            wronged[0], answers = 1, answers[::-1].copy()
        return go_on(host, answers)

    monkeypatch.setattr(Host, "go_on", wrong)
    run = live(OFFERS, tmp_path / "run", executor="inline", workers=2)
    assert wronged == [1]
    assert run.digest != base(OFFERS)[0].digest


def test_contacts_keep_their_partition_for_ever():
    with np.errstate(over="ignore"):
        expected = [int(mix64(np.uint64(n))) % 256 for n in (0, 1, 17, 10**12)]
    assert part_of(np.array([0, 1, 17, 10**12])).tolist() == expected
    shares = np.bincount(part_of(np.arange(256_000)), minlength=PARTS)
    assert shares.min() > 850
    assert shares.max() < 1150


@pytest.mark.parametrize("hosts", [1, 2, 3, 5, 7, 256])
def test_every_partition_has_one_host(hosts):
    owned = [part for parts in share_out(hosts) for part in parts]
    assert owned == list(range(PARTS))


def test_every_contact_is_in_one_partition():
    people = prepare(ALONE, contacts=5000).people
    places = places_by_part(people, range(PARTS))
    assert sorted(int(p) for some in places.values() for p in some) == list(range(5000))
    assert all((part_of(some.astype(np.int64)) == part).all() for part, some in places.items())


def test_imported_events_go_with_their_contacts(tmp_path):
    rows = [f"c{i % 40},2025-01-{1 + i % 28:02}T10:00:00Z,cart_updated" for i in range(200)]
    file = tmp_path / "events.csv"
    file.write_text("\n".join(["contact,time,type", *rows]))
    setting = prepare(ALONE, events=file, days=40)
    cut, found = Partitions(setting, 3, 1.0, range(PARTS)), {}
    for make in cut.stretches(range(PARTS)):
        stretch = make()
        for i, contact in enumerate(stretch.people[:, 0].tolist()):
            found[contact] = stretch.events[stretch.bounds[i] : stretch.bounds[i + 1]].tolist()
    whole = setting.stretch(0, 0, setting.people.count, 1.0)
    assert found == {
        contact: whole.events[whole.bounds[i] : whole.bounds[i + 1]].tolist()
        for i, contact in enumerate(whole.people[:, 0].tolist())
    }
    runs = [live(ALONE, tmp_path / e, contacts=None, events=file, executor=e, workers=2) for e in ("threads", "inline")]
    assert outcome(runs[0]) == outcome(runs[1])


class Losing(InProcess):
    """Hosts that are lost: before they have done what they were asked, or after, with nobody to tell."""

    reliable = False
    chance = 0.006

    def send(self, host, number, tasks):
        if len(tasks) == 1 and self.dice.random() < self.chance:
            after = self.dice.random() < 0.5
            if after:
                super().send(host, number, tasks)
            raise HostLost
        return super().send(host, number, tasks)


class Hasty(Losing):
    """What a lost host did just before its end is not done again."""

    def send(self, host, number, tasks):
        given = tasks[-2:-1] if len(tasks) > 40 else []
        if given and given[0][0] == "go_on":
            again = super().send(host, number, tasks[:-2])
            self.here[host].calls += 1
            return super().send(host, number + len(tasks) - 1, tasks[-1:]) if again is not None else None
        return super().send(host, number, tasks)


class Undead(Losing):
    """Lost hosts that have not ended: they go on with what the new ones are asked, and write."""

    def start(self, host, point):
        self.undead.append(self.here[host])
        self.here[host] = self.make(host, point)

    def send(self, host, number, tasks):
        for other in self.undead:
            if other.number == host and other.calls == number:
                other.do(number, tasks)
                self.shadowed[tasks[-1][0]] += 1
        return super().send(host, number, tasks)


@pytest.fixture
def losing(base, monkeypatch):
    """Have hosts run where they are lost; the executors that were made."""
    base(OFFERS)  # this one loses none

    def by(kind, seed):
        made = []

        def make(transport, points):
            made.append(Executor(transport, points))
            return made[-1]

        def lanes_anew(setting, recipe, number, point, lanes, done=None, make=hosting.make_host):
            return make(setting, recipe, number, point, [setting.lane()], done)

        kind.dice = random.Random(seed)
        kind.undead, kind.shadowed = [], Counter()
        monkeypatch.setattr(hosting, "InProcess", kind)
        monkeypatch.setattr(hosting, "Executor", make)
        monkeypatch.setattr(hosting, "make_host", lanes_anew)
        return made

    return by


def test_hosts_that_were_given_up_and_still_write_spoil_nothing(base, tmp_path, losing):
    made = losing(Undead, 4)
    run = live(OFFERS, tmp_path / "run", executor="inline", workers=2, checkpoint_every=20)
    assert outcome(run) == base(OFFERS)[1]
    assert made[0].recovered["hosts_lost"] >= 2
    assert {"go_on", "save", "finish"} <= set(made[0].transport.shadowed)
    for host in made[0].transport.undead:
        host.close()


def test_what_is_not_done_again_is_seen(base, tmp_path, losing):
    losing(Hasty, 2)
    with pytest.raises(RunError, match="a host has not lived what it was asked to"):
        live(OFFERS, tmp_path / "run", executor="inline", workers=2)


@pytest.mark.parametrize(
    ("seed", "every", "hosts"), [(1, None, 2), (2, None, 2), (1, 20, 2), (2, 20, 2), (3, 20, 12), (4, 20, 1)]
)
def test_a_lost_host_does_its_part_again(base, tmp_path, monkeypatch, losing, seed, every, hosts):
    made = losing(Losing, seed)
    if hosts == 1:  # the only one settles by itself, and is seldom asked
        monkeypatch.setattr(Losing, "chance", 0.25)
    run = live(OFFERS, tmp_path / "run", executor="inline", workers=hosts, checkpoint_every=every)
    assert outcome(run) == base(OFFERS)[1]
    recovered = made[0].recovered
    assert recovered["hosts_lost"] >= 2
    rounds = run.manifest["timing"]["rounds"]
    assert recovered["tasks_repeated"] < recovered["hosts_lost"] * rounds * (1.01 if every is None else 0.45)
    assert tidy(run)


def test_a_host_that_is_never_back_ends_the_run(tmp_path, monkeypatch):
    def lost(self, host, number, tasks):
        raise HostLost

    monkeypatch.setattr(InProcess, "reliable", False)
    monkeypatch.setattr(InProcess, "send", lost)
    with pytest.raises(RunError, match="host 0 was lost 20 times in a row"):
        live(ALONE, tmp_path / "run", contacts=10)


def test_a_host_out_of_turn_is_refused(tmp_path, monkeypatch):
    """One that has lost its state, or was given up and still runs, does nothing."""
    seen = []
    do = Host.do

    def twice(host, number, tasks):
        answer = do(host, number, tasks)
        if tasks[0][0] == "go_on":
            before = host._counters().tolist()
            for wrong in (number, number + 2, 0):
                with pytest.raises(Stale, match=f"has done {number + 1:,} tasks, and was asked for number {wrong:,}"):
                    do(host, wrong, tasks)
            seen.append(host._counters().tolist() == before)
        return answer

    monkeypatch.setattr(Host, "do", twice)
    live(OFFERS, tmp_path / "run", contacts=30, days=30)
    assert seen
    assert all(seen)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"executor": "thread"}, "executor: no such word: `thread`; did you mean `threads`?"),
        ({"hosts": 2}, "--address and --hosts are for --executor ray"),
        ({"checkpoint_every": 0}, "checkpoint_every: expected a whole number from 1"),
        ({"executor": "inline", "rules_engine": "durable"}, "--rules-engine durable runs on threads, and without"),
    ],
)
def test_places_that_cannot_be(tmp_path, how, said):
    with pytest.raises(DataError) as error:
        live(ALONE, tmp_path / "run", contacts=10, **how)
    assert said in str(error.value)

"""Real purchases through a plan: what the ledger says, against the same plan worked out naively here."""

import csv
import datetime as dt
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate

ROOT = Path(__file__).parents[1]
RETAIL = ROOT / "examples" / "retail"
DATA = Path(os.environ.get("BIFURQUE_DATA", ROOT.parent / "shared" / "data")) / "online_retail_dev.parquet"
LONDON, HELSINKI = ZoneInfo("Europe/London"), ZoneInfo("Europe/Helsinki")
DAY = dt.timedelta(days=1)
NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
END = dt.datetime(2011, 12, 10, tzinfo=LONDON).astimezone(dt.UTC)
SILVER, GOLD = 100_000, 500_000
FINAL = ("sent", "dropped", "replaced")
STAGES = ("bronze", "silver", "gold")
MESSAGES = {  # category's rank, days it is worth sending
    "second_order_idea": (2, 5),
    "second_order_offer": (2, 5),
    "miss_you": (1, 14),
    "win_back_offer": (1, 14),
    "silver_welcome": (0, 10),
    "gold_welcome": (0, 10),
}


# What the plan says, once more: wall clocks by zoneinfo, one contact at a time, no table, no timer.


def instant(local, zone):
    """The instant of a wall-clock reading: the first pass if there are two, the end of the gap if there is none."""
    found = local.replace(tzinfo=zone).astimezone(dt.UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local:
        return found
    minute = dt.timedelta(minutes=1)
    while (found - minute).astimezone(zone).utcoffset() == found.astimezone(zone).utcoffset():
        found -= minute
    return found


def later(t, days, zone, hour=None):
    """Calendar days later at the same wall time, or at an hour of that day."""
    local = t.astimezone(zone).replace(tzinfo=None) + days * DAY
    return instant(local if hour is None else dt.datetime.combine(local, dt.time(hour)), zone)


def awake(t, zones):
    """The first instant from t on between 08:00 and 21:00 in all zones."""
    for zone in zones:
        local = t.astimezone(zone)
        if not 8 <= local.hour < 21:
            day = local.date() + (DAY if local.hour >= 21 else 0 * DAY)
            return awake(instant(dt.datetime.combine(day, dt.time(8)), zone), zones)
    return t


@dataclass
class Entry:
    """A visit to a journey: when and after which event it began, what ends it, and its messages with their days."""

    journey: str
    at: dt.datetime
    after: int
    until: dt.datetime
    steps: tuple


@dataclass
class Customer:
    """One customer's records: (time, kind, pence), and where they live."""

    events: list
    zone: str

    @property
    def wall(self):
        return ZoneInfo(self.zone) if self.zone else LONDON

    @property
    def zones(self):
        return (self.wall,) if self.zone else (LONDON, HELSINKI)

    def first(self, start, wanted):
        """When the first event from `start` on is a wanted one."""
        return next((t for i, (t, kind, _) in enumerate(self.events) if i >= start and wanted(i, kind)), NEVER)

    def spend(self):
        """Before and after each event, in pence; never below zero."""
        found, now = [], 0
        for _, kind, pence in self.events:
            was, now = now, max(0, now + (pence if kind == "purchase" else -pence))
            found.append((was, now))
        return found

    def stages(self):
        """Every change of tier, one step at a time."""
        found = []
        for (t, _, _), (was, now) in zip(self.events, self.spend(), strict=True):
            old, new = tier(was), tier(now)
            passed = range(old + 1, new + 1) if new > old else range(old - 1, new - 1, -1)
            found += [(t, STAGES[stage]) for stage in passed]
        return found

    def entries(self):
        spend, bought = self.spend(), lambda i, kind: kind == "purchase"
        purchases = [i for i, (_, kind, _) in enumerate(self.events) if kind == "purchase"]
        for n, i in enumerate(purchases):
            t, left = self.events[i][0], self.first(i + 1, bought)
            if n == 0:
                yield Entry("second_order", t, i, left, (("second_order_idea", 14), ("second_order_offer", 35)))
            silent = later(t, 90, self.wall)
            if silent < min(left, END):
                heard = sum(time <= silent for time, _, _ in self.events)
                yield Entry("win_back", silent, heard - 1, left, (("miss_you", 0), ("win_back_offer", 30)))
        for i, (t, _, _) in enumerate(self.events):
            was, now = spend[i]
            if was < SILVER <= now < GOLD:
                left = self.first(i + 1, lambda i, kind: spend[i][1] >= GOLD or spend[i][1] < SILVER)
                yield Entry("silver", t, i, left, (("silver_welcome", 1),))
            if was < GOLD <= now:
                left = self.first(i + 1, lambda i, kind: spend[i][1] < GOLD)
                yield Entry("gold", t, i, left, (("gold_welcome", 1),))

    def candidates(self):
        for entry in self.entries():
            for message, days in entry.steps:
                due = later(entry.at, days, self.wall, 10) if days else entry.at
                if due < min(entry.until, END):
                    end = later(due, MESSAGES[message][1], self.wall)
                    yield Candidate(due, MESSAGES[message][0], message, end, entry.until)

    def decisions(self):
        """Rows of time, message, outcome, reason, winner, until; a message under way at the end has no last row."""
        waiting, sent, rows = list(self.candidates()), [], []
        while waiting:
            one = min(waiting, key=lambda c: (c.release, c.rank))
            waiting.remove(one)
            t = one.release
            if one.left <= t and one.left < END:
                rows.append((one.left, one.message, "dropped", "exited", "", None))
            elif t < END:
                row = self.decide(one, t, sent)
                rows.append(row)
                if row[2] == "sent":
                    sent.append((t, one.message))
                if row[2] == "held":
                    waiting.append(replace(one, release=row[5]))
        return rows

    def decide(self, one, t, sent):
        promotional = one.rank > 0
        if promotional and any(kind == "refunded" and t - 7 * DAY < at <= t for at, kind, _ in self.events):
            return (t, one.message, "dropped", "coherence:after a return", "", None)
        if awake(t, self.zones) > t:
            reason, winner = "quiet_hours", ""
        elif room(t, sent, 1, 7) > t:
            reason, winner = "cap:one a week", sent[-1][1]
        elif room(t, sent, 3, 60) > t:
            reason, winner = "cap:three in two months", sent[-1][1]
        else:
            return (t, one.message, "sent", "sent", "", None)
        until, was = t, None
        while until != was:
            was = until
            until = room(room(awake(until, self.zones), sent, 1, 7), sent, 3, 60)
        if until >= one.end:
            return (t, one.message, "dropped", "expired", winner, None)
        return (t, one.message, "held", reason, winner, until)

    def conversions(self):
        """By journey: visits, those with a purchase within 60 days, the money of purchases in any such time."""
        found, money = defaultdict(Counter), defaultdict(set)
        for entry in self.entries():
            end = later(entry.at, 60, self.wall)
            good = [
                i for i, (t, kind, _) in enumerate(self.events) if i > entry.after and kind == "purchase" and t < end
            ]
            found[entry.journey] += Counter(entered=1, converted=bool(good))
            money[entry.journey] |= set(good)
        for journey, which in money.items():
            found[journey]["revenue"] = sum(self.events[i][2] for i in which)
        return found


@dataclass
class Candidate:
    release: dt.datetime
    rank: int
    message: str
    end: dt.datetime
    left: dt.datetime


def tier(pence):
    return (pence >= SILVER) + (pence >= GOLD)


def room(t, sent, most, days):
    """The first instant from t on with fewer than `most` messages in the days before it."""
    if len(sent) < most:
        return t
    return max(t, sent[-most][0] + days * DAY)


def customers(folder):
    """The customers of two files, by number."""
    with (folder / "customers.csv").open() as stream:
        found = {int(row["contact"]): Customer([], row["zone"]) for row in csv.DictReader(stream)}
    with (folder / "purchases.csv").open() as stream:
        for row in csv.DictReader(stream):
            event = (dt.datetime.fromisoformat(row["time"]), row["type"], int(row["value"]))
            found[int(row["contact"])].events.append(event)
    for customer in found.values():
        assert [e[0] for e in customer.events] == sorted(e[0] for e in customer.events)
    return found


# The two agree.


def agree(run, people):
    """Every row of the ledger and the figures of the report, against the naive reading of the plan."""
    rows = run.ledger().to_pylist()
    messages = [r for r in rows if r["message"]]
    told = ("contact", "time", "message", "outcome", "reason", "winner")
    kept = Counter((*(r[k] for k in told), r["until"] if r["outcome"] == "held" else None) for r in messages)
    assert kept == Counter((who, *row) for who, c in people.items() for row in c.decisions())
    entered = Counter((r["contact"], r["journey"], r["time"]) for r in rows if r["cause"].startswith("entry:"))
    assert entered == Counter((who, e.journey, e.at) for who, c in people.items() for e in c.entries())
    moved = [(r["contact"], r["time"], r["step"]) for r in rows if r["cause"] == "stage"]
    assert moved == [(who, *move) for who in sorted(people) for move in people[who].stages()]

    kpis = run.kpis
    final = Counter(STAGES[tier(c.spend()[-1][1])] for c in people.values())
    assert {stage: row["now"] for stage, row in kpis["stages"].items()} == {s: final[s] for s in STAGES}
    found = defaultdict(Counter)
    for customer in people.values():
        for journey, counts in customer.conversions().items():
            found[journey] += counts
    for journey, row in kpis["journeys"].items():
        assert (row["entered"], row["converted"]) == (found[journey]["entered"], found[journey]["converted"])
        assert round(100 * row["revenue"]) == found[journey]["revenue"]
    totals = kpis["totals"]
    bought = [pence for c in people.values() for _, kind, pence in c.events if kind == "purchase"]
    assert (totals["purchases"], round(100 * totals["revenue"])) == (len(bought), sum(bought))
    assert kpis["contacts"] == len(people)


def every_customer_has_decisions_with_reasons(run, people):
    rows = run.ledger().to_pylist()
    told = defaultdict(list)
    for row in rows:
        told[row["contact"]].append(row)
    assert set(told) == {who for who, c in people.items() if any(kind == "purchase" for _, kind, _ in c.events)}
    for row in rows:
        assert row["reason"] if row["message"] else row["cause"]
    totals = run.kpis["totals"]
    assert totals["candidates"] == totals["sent"] + totals["dropped"] + totals["replaced"] + totals["pending"]
    final = Counter(tuple(r[k] for k in ("contact", "journey", "step", "visit")) for r in rows if r["outcome"] in FINAL)
    assert set(final.values()) == {1}
    assert len(final) == totals["candidates"] - totals["pending"]


def typed(text):
    """The commands of a README, and what it says they print."""
    found = []
    for line in "".join(re.findall(r"```console\n(.*?)```", text, re.DOTALL)).splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif found[-1][0].endswith("\\\n"):
            found[-1][0] += line
        else:
            found[-1][1] += line
    return [(shlex.split(command.replace("\\\n", "")), output) for command, output in found]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The README's commands, one after the other: each with what it should print and what it does."""
    folder = tmp_path_factory.mktemp("retail")
    shutil.copytree(RETAIL, folder / "examples" / "retail")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = []
    for words, output in typed((RETAIL / "README.md").read_text("utf-8")):
        done = subprocess.run(words, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), words
        found.append((words, output, done.stdout))
    return folder, found


def test_the_readme_shows_what_its_commands_print(shown):
    """`…` stands for lines left out."""
    _, commands = shown
    assert [words[:2] for words, _, _ in commands][:2] == [["bifurque", "check"], ["bifurque", "simulate"]]
    for words, output, printed in commands:
        pattern = ".*".join(re.escape(part) for part in re.split(r"^…\n", output, flags=re.MULTILINE))
        assert re.fullmatch(pattern, printed, re.DOTALL), f"{shlex.join(words)}\n{printed}"


def test_the_report_of_the_cut_is_the_golden_one(shown):
    folder, commands = shown
    printed = next(out for words, _, out in commands if words[1] == "simulate")
    assert printed == (RETAIL / "report.txt").read_text("utf-8")
    digest = open_run(folder / "runs" / "retail").digest
    assert digest in (RETAIL / "README.md").read_text("utf-8")


def test_the_ledger_of_the_cut_is_what_the_plan_says(shown):
    run, people = open_run(shown[0] / "runs" / "retail"), customers(RETAIL)
    agree(run, people)
    every_customer_has_decisions_with_reasons(run, people)
    reasons = {r["reason"] for r in run.ledger().to_pylist()}
    assert {"sent", "quiet_hours", "cap:one a week", "coherence:after a return", "exited"} <= reasons


def test_the_cut_is_small_and_attributed():
    size = sum((RETAIL / name).stat().st_size for name in ("purchases.csv", "customers.csv"))
    assert size <= 200_000
    text = (RETAIL / "README.md").read_text("utf-8")
    assert "CC BY 4.0" in text
    assert "Online Retail" in text
    assert "10.24432/C5BW33" in text


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """All customers of the records at hand, prepared."""
    if not DATA.is_file():
        pytest.skip(f"{DATA.name} is not here; BIFURQUE_DATA says where")
    folder = tmp_path_factory.mktemp("whole")
    prepare(folder, 1)
    return folder


def prepare(folder, every):
    command = [sys.executable, str(RETAIL / "prepare.py"), str(DATA), str(folder), "--every", str(every)]
    subprocess.run(command, check=True, capture_output=True)


def test_the_cut_is_every_sixth_customer_of_the_records(whole, tmp_path):
    prepare(tmp_path, 6)
    for name in ("purchases.csv", "customers.csv"):
        assert (tmp_path / name).read_bytes() == (RETAIL / name).read_bytes()


def test_all_customers_of_the_records_agree_too(whole, tmp_path):
    files = {"events": whole / "purchases.csv", "population": whole / "customers.csv"}
    began = time.perf_counter()
    run = simulate(RETAIL / "plan.yaml", out=tmp_path / "run", behaviour="off", ledger="full", **files)
    assert time.perf_counter() - began < 120  # a second; the first time some twenty more, for the compiler
    people = customers(whole)
    agree(run, people)
    every_customer_has_decisions_with_reasons(run, people)

"""Explanations are executable: what a decision rests on is recorded, and judged again it says the same."""

import json

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from busy import PLAN as BUSY
from busy import crowd
from click.testing import CliRunner
from drawn_plans import case
from explained import PLAN, run_of

from bifurque.engine.cli import main
from bifurque.engine.lives import relive
from bifurque.engine.referrals import NEW
from bifurque.engine.run import open_run
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.engine.together import live_together
from bifurque.engine.why import told, why
from bifurque.engine.why_not import told_why_not, why_not
from bifurque.rules.errors import DataError, RunError

RUNS = {
    "cart": {"contacts": 300, "seed": 7, "overrides": ["experiments.subject.enabled=true", "holdout=20%"]},
    "welcome": {"contacts": 300},
    "nurturing": {"contacts": 200, "days": 120},
    "recovery": {"contacts": 200, "days": 90},
    "pile-up": {"contacts": 100, "days": 40},
    "look-ahead": {"contacts": 100, "days": 40, "overrides": ["arbitration=look_ahead"], "template": "pile-up"},
    "sortie": {"contacts": 300, "seed": 2**62},
    "sunset": {"contacts": 100, "days": 200, "overrides": ["attributes.patience.default=5"]},
    "birthday": {"contacts": 100},
    "demo": {"contacts": 100, "days": 200},
    "realistic": {"contacts": 60, "days": 100, "template": "demo", "behaviour": "realistic"},
    "explained": {"contacts": 60},
}


def setting_for(name):
    options = dict(RUNS[name])
    plan = PLAN if name == "explained" else template(options.pop("template", name), "en")
    return prepare(plan, **options)


def judged_again(life):
    """Every condition and law of a life judged on its recorded values: how many said the same, what did not."""
    segment, same, other = life.witness.readings.segment, 0, []
    for row, found in zip(life.rows, life.witness.because, strict=True):
        parts = [(j, j.verdict, j.again(segment)) for j in found.judged]
        parts += [(a, a.allowed, a.again(segment)) for a in found.asked]
        parts += [(a.judged, a.judged.verdict, a.judged.again(segment)) for a in found.asked if a.judged]
        same += sum(before is again for _, before, again in parts)
        other += [(row, part) for part, before, again in parts if before is not again]
    for refusal in life.witness.refusals:
        if refusal.judged is not None and refusal.judged.again(segment) is not refusal.judged.verdict:
            other.append((refusal, refusal.judged))
    return same, other


def unexplained(life):
    """Rows that must rest on something, and do not."""
    found = []
    rules = {r.name for r in life.setting.plan.rules}
    for row, because in zip(life.rows, life.witness.because, strict=True):
        no = [a for a in because.asked if not a.allowed]
        kind = row["cause"].partition(":")[0]
        fired = kind == "rule" or row["winner"] in rules
        if row["outcome"] == "sent" and row["cause"] in ("due", "release"):
            wrong = bool(no)
        elif row["outcome"] in ("held", "dropped") and row["reason"] not in ("exited", "preempted", "quarantined"):
            wrong = not no
        elif fired and not row["message"] and row["reason"] != "quarantined":
            wrong = not any(j.part == "rule" and j.verdict is True for j in because.judged)
        else:
            when = life.setting.plan.journeys[row["journey"]].when if row["journey"] else None
            entered = kind == "entry" and when is not None
            wrong = entered and not any(j.part == "when" and j.verdict is True for j in because.judged)
        if wrong:
            found.append((row, because))
    return found


@pytest.mark.parametrize("name", RUNS)
def test_every_decision_judged_again_says_the_same(name):
    setting = setting_for(name)
    together = live_together(setting, 1)
    agreed = 0
    for contact in range(1, setting.people.count, setting.people.count // 8):
        answers = together.told(np.array([contact])).tolist()
        life = relive(setting, contact, answers=answers)
        plain = relive(setting, contact, answers=answers, watched=False)
        assert (life.decisions, life.events) == (plain.decisions, plain.events)
        same, other = judged_again(life)
        assert other == []
        assert unexplained(life) == []
        agreed += same
    assert agreed > 20


def files_of(folder, people, events):
    """A population and its events as files."""
    found = {}
    for name, rows in (("population", people), ("events", events)):
        found[name] = folder / f"{name}.csv"
        lines = [",".join(rows[0]), *(",".join(str(v) for v in row.values()) for row in rows)]
        found[name].write_text("\n".join(lines) + "\n", "utf-8")
    return found


def test_every_law_judged_again(tmp_path):
    """A crowd on which every law has something to say, and people without a zone."""
    laws = set()
    setting = prepare(BUSY, behaviour="off", **files_of(tmp_path, *crowd()))
    for contact in range(8):
        life = relive(setting, contact)
        assert judged_again(life)[1] == []
        assert unexplained(life) == []
        laws |= {(a.law, a.allowed) for b in life.witness.because for a in b.asked}
    refused = {law for law, allowed in laws if not allowed}
    assert {law.partition(":")[0] for law in refused} == {
        *("consent", "quiet_hours", "cap", "coherence", "expired", "holdout"),
    }
    assert refused <= {law for law, _ in laws}
    assert len({law for law, allowed in laws if allowed}) > 8


@pytest.mark.slow
def test_drawn_plans_judged_again(tmp_path):
    agreed = 0
    for number in range(150):
        text, people, events, seed = case(number)
        folder = tmp_path / str(number)
        folder.mkdir()
        setting = prepare(text, behaviour="off", seed=seed, **files_of(folder, people, events))
        for contact in range(len(people)):
            life = relive(setting, setting.people.rows(0, len(people))[contact, 0])
            same, other = judged_again(life)
            assert (number, other) == (number, [])
            assert (number, unexplained(life)) == (number, [])
            agreed += same
    assert agreed > 5_000


def test_other_values_would_say_something_else():
    """The verdicts come from the values: with each in turn made unknown, some of them change."""
    life = relive(setting_for("explained"), 3)
    segment = life.witness.readings.segment
    judged = [j for b in life.witness.because for j in b.judged if j.verdict is True]
    changed = sum(
        msgspec.structs.replace(j, values=j.values | {name: None}).again(segment) is not True
        for j in judged
        for name in j.values
    )
    assert judged
    assert changed > len(judged) // 2
    held = [a for b in life.witness.because for a in b.asked if a.law.startswith("cap:") and a.values["sent"]]
    assert held
    for asked in held:
        room = msgspec.structs.replace(asked, values=asked.values | {"max": 99})
        full = msgspec.structs.replace(asked, values=asked.values | {"max": 0})
        assert room.again(segment) is True
        assert full.again(segment) is False or asked.judged is not None


EVENTS = (
    "7,2026-01-05T10:00:00Z,cart_filled,,5000",
    "7,2026-01-05T13:30:00Z,complaint,,",
    "7,2026-01-06T09:00:00Z,cart_filled,,5000",
    "7,2026-01-07T09:00:00Z,purchase,,900",
    "7,2026-01-08T09:00:00Z,purchase,,900",
    "7,2026-01-08T20:30:00Z,cart_filled,,500",
    "7,2026-01-08T20:30:01Z,cart_filled,,5000",
)
SAID = """\
2026-01-05 10:00:00 UTC  enters `cart` (`cart_filled`)
    trigger of `cart`
      ✓ event.value > 1000   [event.value = 5000]
    `when` of `cart`
      ✓ one of:
        ✓ !fact.upset   [fact.upset = false]
        ✗ segment.vip
          ✗ contact.orders >= 2   [contact.orders = 0]
2026-01-05 12:00:00 UTC  reminder (email, cart): sent
    branch `branch`
      ? contact.city == "Lyon"   [contact.city: not known]
2026-01-05 12:00:00 UTC  reaches the end of `cart`
2026-01-05 13:30:00 UTC  rule `upset`: event.type == "complaint" && !fact.upset
    ✓ all of:
      ✓ event.type == "complaint"   [event.type = "complaint"]
      ✓ !fact.upset   [fact.upset = false]
2026-01-05 13:30:00 UTC  enters `service` (rule `upset`)
    ✓ all of:
      ✓ event.type == "complaint"   [event.type = "complaint"]
      ✓ !fact.upset   [fact.upset = false]
2026-01-05 13:30:00 UTC  sorry (email, service): sent
2026-01-05 13:30:00 UTC  reaches the end of `service`
2026-01-08 09:00:00 UTC  rule `calm`: fact.upset && count(purchase, "30d") >= 2
    ✓ all of:
      ✓ fact.upset
      ✓ count(purchase, "30d") >= 2   [count(purchase, "30d") = 2]
2026-01-08 20:30:01 UTC  enters `cart` (`cart_filled`)
    trigger of `cart`
      ✓ event.value > 1000   [event.value = 5000]
    `when` of `cart`
      ✓ one of:
        ✓ !fact.upset   [fact.upset = false]
        ✓ segment.vip
          ✓ contact.orders >= 2   [contact.orders = 2]
2026-01-08 22:30:01 UTC  reminder (email, cart): dropped — suppressed by a rule, because of `calm`
    branch `branch`
      ? contact.city == "Lyon"   [contact.city: not known]
    ✗ rule `calm`, until 2026-01-11 09:00
2026-01-08 22:30:01 UTC  reaches the end of `cart`
"""


@pytest.fixture
def lived(tmp_path):
    return run_of(tmp_path, PLAN, EVENTS, ("contact,consent", "7,all"))


def test_what_is_said(lived):
    ran = CliRunner().invoke(main, ["why", str(lived.folder), "7", "--lang", "en"], catch_exceptions=False)
    assert ran.output == SAID
    brief = CliRunner().invoke(main, ["why", str(lived.folder), "7", "--lang", "en", "--brief"])
    assert brief.output == "".join(line for line in SAID.splitlines(keepends=True) if not line.startswith(" "))
    laws = CliRunner().invoke(main, ["why", str(lived.folder), "7", "reminder", "--lang", "fr", "--laws"]).output
    assert laws.splitlines()[:8] == [
        "2026-01-05 12:00:00 UTC  reminder (email, cart): envoyé",
        "    branche `branch`",
        '      ? contact.city == "Lyon"   [contact.city : inconnu]',
        "    ✓ valable jusqu'au 2026-01-06 12:00",
        "    ✓ consentement `consent.marketing.email`",
        "    ✓ cohérence « not while upset »",
        "      tant que",
        "        ✗ toutes :",
    ]
    assert "    ✓ plafond « two a week » : 0 sur 2 en 7d" in laws


def test_the_same_for_programs(lived):
    rows = json.loads(CliRunner().invoke(main, ["why", str(lived.folder), "7", "--json"]).output)
    fired = next(r for r in rows if r["cause"] == "rule:calm")["because"]
    assert fired["event"]["type"] == "purchase"
    assert fired["judged"][0]["verdict"] is True
    assert fired["judged"][0]["values"] == {"fact.upset": True, 'count(purchase, "30d")': 2}
    sent = next(r for r in rows if r["outcome"] == "sent")["because"]
    assert sent["judged"][0]["missing"] == ["contact.city"]
    assert sent["judged"][0]["verdict"] is None
    laws = {a["law"]: a["allowed"] for a in sent["asked"]}
    coherence, caps = ("not while upset", "not after care"), ("two a week", "one a month")
    named = {f"coherence:{c}" for c in coherence} | {f"cap:{c}" for c in caps}
    assert laws == dict.fromkeys({"expired", "consent", "quiet_hours"} | named, True)


def test_a_ledger_that_tells_another_life(lived):
    assert len(why(lived, "7").rows) == 11
    file = next((lived.folder / "ledger").glob("*.parquet"))
    table = parquet.read_table(file)
    visits = pa.array([v + (i == 3) for i, v in enumerate(table["visit"].to_pylist())], table["visit"].type)
    parquet.write_table(table.set_column(table.column_names.index("visit"), "visit", visits), file)
    with pytest.raises(RunError, match=r"not the one in the ledger|n'est pas celle du registre"):
        why(lived, "7")


def test_a_run_of_another_version_is_told(lived):
    file = lived.folder / "manifest.json"
    manifest = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(manifest | {"bifurque": "0.0.9"}), "utf-8")
    ran = CliRunner().invoke(main, ["why", str(lived.folder), "7", "--brief"])
    assert ran.exit_code == 0
    assert "0.0.9" in ran.stderr
    assert len(ran.stdout.splitlines()) == 11


def test_who_went_first_and_by_how_much(tmp_path):
    run = simulate(template("pile-up", "en"), out=tmp_path / "run", contacts=30, days=40, ledger="full")
    lost = [r for r in run.ledger().to_pylist() if r["reason"] == "lost_to"]
    answer = why(open_run(run.folder), str(lost[0]["contact"]))
    asked = [a for b in answer.because for a in b.asked if "mine" in a.values]
    assert asked
    for a in asked:
        mine, theirs = a.values["mine"], a.values["theirs"]
        assert theirs["message"] == a.values["winner"]
        assert (theirs["rank"], -theirs["priority"]) <= (mine["rank"], -mine["priority"])
    for lang in ("fr", "en"):
        assert len(told(answer, lang, because=True)) > len(answer.rows)


@pytest.mark.parametrize(("name", "contacts"), [("b2b", 60), ("best-offer", 120), ("loyalty", 60)])
def test_lives_that_depend_on_each_other_are_explained_to_the_end(tmp_path, name, contacts):
    """What each contact was answered stands in the run: so every row has its reasons, those after a request too."""
    run = simulate(template(name, "en"), out=tmp_path / "run", contacts=contacts, days=150, ledger="full")
    ledger = run.ledger().to_pylist()
    refused = {r["contact"] for r in ledger if r["reason"] in ("capacity", "offer_unavailable")}
    friends = {r["contact"] for r in ledger if r["contact"] >= NEW}
    assert bool(refused) == (name != "loyalty")
    assert bool(friends) == (name == "loyalty")
    for contact in [*sorted(refused)[:4], *sorted(friends)[:2], 7]:
        answer = why(open_run(run.folder), str(contact))
        assert answer.rows == [r for r in ledger if r["contact"] == contact]
        assert len(answer.because) == len(answer.rows)
        assert answer.notes == []
        assert len(told(answer, "fr", because=True, laws=True)) > len(answer.rows)
        late = [b for r, b in zip(answer.rows, answer.because, strict=True) if r["outcome"] == "sent"]
        assert all(b.asked for b in late)


def test_why_not_says_what_stood_in_the_way_and_tries_nothing_where_contacts_share(tmp_path):
    run = simulate(template("b2b", "en"), out=tmp_path / "run", contacts=300, days=60, ledger="full")
    rows = [r for r in run.ledger().to_pylist() if r["message"] == "sales_call"]
    sent = {r["contact"] for r in rows if r["outcome"] == "sent"}
    waits = {r["contact"] for r in rows if r["reason"] == "capacity"} - sent
    answer = why_not(open_run(run.folder), str(min(waits)), "sales_call")
    assert answer.absence is not None
    assert answer.tried == []
    for lang, words in (("fr", "dépend de celle des autres"), ("en", "depends on others")):
        assert words in told_why_not(answer, lang)[-1]
    asked = parquet.read_table(run.folder / "answers.parquet")["contact"][0].as_py()
    (run.folder / "answers.parquet").unlink()
    with pytest.raises(DataError, match=r"answers\.parquet"):
        why(open_run(run.folder), str(asked))

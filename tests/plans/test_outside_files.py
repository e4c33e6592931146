"""Files as strangers write them: spellings of instants, kinds of ids, gaps, columns nobody asked for; clear errors."""

import datetime as dt
import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

from bifurque.engine.cli import main

SPELLINGS = [
    "2025-03-10T12:30:00Z",
    "2025-03-10T13:30:00+01:00",
    "2025-03-10T08:30:00-04:00",
    "2025-03-10 13:30:00+01:00",
    "2025-03-10T13:30+01:00",
    "2025-03-10T13:30:00+0100",
    "2025-03-10T18:00:00+05:30",
    "2025-03-10T12:30:00.999Z",
    "2025-03-10T12:30:00.123456789Z",
    "2025-03-10t12:30:00z",
    "2025-03-09T24:00:00+11:30",
]
NOON = dt.datetime(2025, 3, 10, 12, 30, tzinfo=dt.UTC)
FIRST = NOON + dt.timedelta(hours=1, minutes=30)
"""The end of the half hour and one hour more."""


@pytest.fixture
def shop(tmp_path):
    CliRunner().invoke(main, ["init", "cart", str(tmp_path / "plan")])
    (tmp_path / "people.csv").write_text(
        "contact,zone,consent\n" + "".join(f"{c},Europe/Paris,all\n" for c in range(20))
    )
    return tmp_path


def simulate(shop, events, *more, people="people.csv"):
    words = ["simulate", shop / "plan" / "plan.yaml", "--events", shop / events, "--behaviour", "off"]
    words += ["--ledger", "full", "--out", shop / "run", "--overwrite", "--workers", "1", *more]
    words += ["--population", shop / people] if people else []
    return CliRunner().invoke(main, [str(w) for w in words])


def reminders(shop):
    rows = parquet.read_table(shop / "run" / "ledger").to_pylist()
    return {r["contact"]: r["time"] for r in rows if r["outcome"] == "sent" and r["message"] == "cart_reminder"}


def csv(shop, *lines, head="contact,time,type,key,value"):
    (shop / "events.csv").write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return "events.csv"


def test_instants_however_they_are_spelled(shop):
    good = SPELLINGS[:-1]  # 24:00 is no time of day in ISO 8601 as RFC 3339 has it
    lines = [f"{c},{text},cart_updated,k,1" for c, text in enumerate(good)]
    assert simulate(shop, csv(shop, *lines)).exit_code == 0
    assert reminders(shop) == dict.fromkeys(range(len(good)), FIRST)
    rows = [{"contact": c, "time": text, "type": "cart_updated", "key": "k"} for c, text in enumerate(good)]
    (shop / "events.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert simulate(shop, "events.jsonl").exit_code == 0
    assert reminders(shop) == dict.fromkeys(range(len(good)), FIRST)


@pytest.mark.parametrize(
    "text", ["2025-03-10T13:30:00", "2025-03-10", "10/03/2025 13:30", "1741609800", "", SPELLINGS[-1]]
)
def test_an_instant_without_offset_is_an_error_that_says_where(shop, text):
    done = simulate(shop, csv(shop, f"1,{SPELLINGS[0]},cart_updated,k,1", f"2,{text},cart_updated,k,1"))
    assert done.exit_code == 2
    assert "row 2, column `time`" in done.stderr
    assert not (shop / "run").exists()


def test_json_lines_may_mix_numbers_and_texts_and_have_gaps(shop):
    rows = [
        {"contact": 1, "time": SPELLINGS[0], "type": "cart_updated", "key": "2025-01-01"},
        {"contact": "2", "time": SPELLINGS[1], "type": "cart_updated", "key": 7, "value": None},
        {"contact": 3, "time": SPELLINGS[0], "type": "cart_updated", "key": None, "value": 4990.0, "shop": "web"},
        {"contact": 2, "time": "2025-03-10T14:00:00Z", "type": "purchase", "key": "7", "value": 4990},
        {"contact": 1, "time": "2025-03-10T13:59:59Z", "type": "purchase", "key": "2025-01-01"},
    ]
    (shop / "events.jsonl").write_text("\ufeff" + "\n\n".join(map(json.dumps, rows)), "utf-8")
    done = simulate(shop, "events.jsonl")
    assert done.exit_code == 0, done.output
    assert reminders(shop) == {3: FIRST}


@pytest.mark.parametrize(
    ("line", "said"),
    [("[1, 2]", "plain values"), ('{"contact": [1]}', "plain values"), ("{'contact': 1}", "line 2"), ('{"a', "line 2")],
)
def test_json_lines_that_are_none_say_which_line(shop, line, said):
    good = json.dumps({"contact": 1, "time": SPELLINGS[0], "type": "cart_updated"})
    (shop / "events.jsonl").write_text(f"{good}\n{line}\n")
    done = simulate(shop, "events.jsonl")
    assert done.exit_code == 2
    assert "line 2" in done.stderr
    assert said in done.stderr


@pytest.mark.parametrize(
    "time",
    [
        pa.array([NOON], pa.timestamp("s", "UTC")),
        pa.array([NOON], pa.timestamp("ms", "Asia/Kolkata")),
        pa.array([1741609800123456789], pa.timestamp("ns", "UTC")),
        pa.array([SPELLINGS[1]]).dictionary_encode(),
    ],
    ids=lambda a: str(a.type)[:16],
)
def test_parquet_of_any_program(shop, time):
    table = {
        "contact": pa.array([1], pa.int32()),
        "time": time,
        "type": pa.array(["cart_updated"]).dictionary_encode(),
        "key": pa.array([17.0]),  # what other programs make of whole numbers with gaps
        "value": pa.array([float("nan")]),
    }
    parquet.write_table(pa.table(table), shop / "events.parquet")
    done = simulate(shop, "events.parquet")
    assert done.exit_code == 0, done.output
    assert reminders(shop) == {1: FIRST}


def test_parquet_instants_without_a_zone_are_an_error(shop):
    table = {"contact": [1], "time": pa.array([NOON.replace(tzinfo=None)]), "type": ["cart_updated"]}
    parquet.write_table(pa.table(table), shop / "events.parquet")
    done = simulate(shop, "events.parquet")
    assert done.exit_code == 2
    assert "have no time zone" in done.stderr


def test_events_in_any_order_without_key_and_value(shop):
    lines = [f"{c},{NOON.isoformat()},cart_updated" for c in (3, 1, 2)]
    lines.insert(0, "2,2025-03-10T13:00:00Z,purchase")
    assert simulate(shop, csv(shop, *lines, head="contact,time,type")).exit_code == 0
    assert reminders(shop) == {1: FIRST, 3: FIRST}


def test_ids_that_are_texts_are_found_again(shop):
    people = (
        "contact;zone;consent.marketing.email;consent.marketing.sms;city\nanna;Europe/Paris;Yes;yes;Lyon\nbert;;no;;\n"
    )
    (shop / "texts.csv").write_text(people)
    lines = [f"{c},{SPELLINGS[0]},cart_updated,k,5000.0" for c in ("anna", "bert")]
    done = simulate(shop, csv(shop, *lines), people="texts.csv")
    assert done.exit_code == 0, done.output
    assert "does not use: consent.marketing.sms, city" in done.stderr
    ids = {r["id"]: r["contact"] for r in parquet.read_table(shop / "run" / "contacts.parquet").to_pylist()}
    assert reminders(shop) == {ids["anna"]: FIRST}
    why = CliRunner().invoke(main, ["why", str(shop / "run"), "anna", "--lang", "en"])
    assert "cart_reminder" in why.output


@pytest.mark.parametrize(
    ("column", "said"),
    [("consent.marketing.emial", "`email`"), ("consent.marketting.email", "`marketing`"), ("contcat", "`contact`")],
)
def test_misspelled_columns_are_errors(shop, column, said):
    (shop / "typo.csv").write_text(f"{'id' if column == 'contcat' else 'contact'},{column}\n1,yes\n")
    done = simulate(shop, csv(shop, f"1,{SPELLINGS[0]},cart_updated,k,1"), people="typo.csv")
    assert done.exit_code == 2
    assert said in done.stderr


def test_strangers_and_unknown_types(shop):
    done = simulate(shop, csv(shop, f"99,{SPELLINGS[0]},cart_updated,k,1"))
    assert done.exit_code == 2
    assert "`99`" in done.stderr
    done = simulate(shop, csv(shop, f"1,{SPELLINGS[0]},cart_updatd,k,1", f"1,{SPELLINGS[0]},blinked,k,1"))
    assert done.exit_code == 0
    assert "did you mean `cart_updated`?" in done.stderr
    assert "of type `blinked`" in done.stderr


def test_without_a_population_the_contacts_are_those_of_the_events(shop):
    done = simulate(shop, csv(shop, f"7,{SPELLINGS[0]},cart_updated,k,1", f"3,{SPELLINGS[0]},purchase,,"), people=None)
    assert done.exit_code == 0, done.output
    assert json.loads((shop / "run" / "kpi.json").read_text())["contacts"] == 2
    assert set(reminders(shop)) == {7}


def test_the_real_command(shop):
    csv(shop, f"1,{SPELLINGS[0]},cart_updated,k,4990")
    words = ["simulate", "plan/plan.yaml", "--events", "events.csv", "--population", "people.csv", "--behaviour", "off"]
    words += ["--ledger", "full", "--out", "run", "--json"]
    done = subprocess.run([sys.executable, "-m", "bifurque", *words], cwd=shop, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((shop / "run" / "kpi.json").read_text())
    assert reminders(shop) == {1: FIRST}

"""Malformed populations and events: one line that names the file, the row or column where there is one, the remedy."""

import datetime as dt

import measured
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from bifurque.engine.setting import prepare
from bifurque.rules.errors import DataError

PLAN = """\
plan: small
start: 2025-01-01
days: 30
zone: Europe/Paris
attributes: {birthday: date, orders: int, spent: double, vip: bool, city: string, seen: timestamp}
categories: [{name: promo, class: promotional}]
channels: {email: {}, sms: {}}
messages: {hello: {channel: email, category: promo}}
journeys: {j: {trigger: {event: purchase}, steps: [{send: hello}]}}
personas: {loyal: {share: 50%}, rare: {share: 50%}}
"""
INSTANT = "expected an instant with its offset, such as 2025-03-10T14:00:00+01:00"
AT = "2025-01-05T10:00:00Z"
UTC = pa.timestamp("s", "UTC")
TEN = pa.array([dt.datetime(2025, 1, 5, 10)], UTC)
LINE = f'{{"contact": 1, "time": "{AT}", "type": "purchase"}}\n'
WHOLE = "is not a Parquet file, or is cut short"


def csv(columns, *rows):
    return "\n".join([f"contact,{columns}", *rows]) + "\n"


def event(row, columns="time,type"):
    return csv(columns, row)


PEOPLE_TEXT = [
    ("", ": is empty"),
    ("\n\n", ": is empty"),
    ("contact,zone\n", ": holds no contact"),
    ("id,zone\n1,UTC\n", ": column `contact` is missing: the file has `id`, `zone`"),
    ("Contact\n1\n", ": column `contact` is missing: rename `Contact`"),
    ("contact,city,city\n1,a,b\n", ": two columns are called `city`: rename or remove one"),
    ("contact,,\n1,,\n", ": two columns have no name"),
    (csv("zone", "7,UTC", "8,UTC", "7,UTC"), ": rows 1 and 3 are the same contact, `7`: keep one of them"),
    (csv("zone", "anna,UTC", "anna,UTC"), ": rows 1 and 2 are the same contact, `anna`"),
    (csv("zone", "1,UTC", ",UTC"), ": row 2, column `contact`: every row needs a contact"),
    (csv("birtday", "1,1990-01-01"), ": column `birtday` is not known; did you mean `birthday`? rename or remove it"),
    (csv("consents", "1,all"), ": column `consents` is not known; did you mean `consent`?"),
    (csv("birthday", "1,1990-01-31", "2,1990-02-30"), ": row 2, column `birthday`: expected a date such as 1990-05-31"),
    (csv("birthday", "1,31/05/1990"), "got `31/05/1990`"),
    (csv("orders", "1,two"), ": row 1, column `orders`: expected a whole number, got `two`"),
    (csv("orders", "1,2.5"), "expected a whole number, got `2.5`"),
    (csv("orders", "1,99999999999999999999"), "expected a whole number, got `99999999999999999999`"),
    (csv("orders", "1,-9223372036854775808"), "expected a whole number above -2^63"),
    ("contact;spent\n1;12,5\n", ": row 1, column `spent`: expected a number, got `12,5`"),
    (csv("spent", "1,12,5"), ": row 1 has 3 values, the header has 2: `1,12,5`: quote a value that holds a separator"),
    (csv("spent", "1,inf"), "expected a number, got `inf`"),
    (csv("spent", "1,1e400"), "expected a number, got `1e400`"),
    (csv("vip", "1,maybe"), ": row 1, column `vip`: expected yes or no, got `maybe`"),
    (csv("seen", "1,2025-01-01"), f": row 1, column `seen`: {INSTANT}"),
    (csv("joined", "1,Yesterday"), "got `Yesterday`"),
    (csv("persona", "1,loyall"), "expected a persona of the plan, got `loyall`; did you mean `loyal`?"),
    (csv("consent", "1,yes"), ": row 1, column `consent`: expected all or none, got `yes`"),
    (csv("consent.marketing.email", "1,ok"), "column `consent.marketing.email`: expected yes or no, got `ok`"),
    (csv("consent.marketing.mail", "1,yes"), "the plan has no `mail`; did you mean `email`?"),
    (csv("city,zone", '1,"Paris,UTC', "2,Lyon,UTC"), "is a quote not closed?"),
    (csv("city", '1,"Paris', "2,Lyon"), ": above line 4 a quote is not closed"),
    (csv("city", '1,"Paris', '2,"Lyon"', "3,Nice"), ": above line 4 a quote is not closed, or one inside a value is"),
    (csv("city", f"1,{'x' * 5_000_000}"), ": a row is longer than 1 MB: is a quote not closed?"),
    (",".join(f"c{i}" for i in range(20_000)) + "\n", ": has 20,000 columns: 2,000 at most"),
    ("contact\n1\n".encode("utf-16"), ": is UTF-16 text: save it as UTF-8"),
    (b"contact,city\n1,Paris\n2,Orl\xe9ans\n", ": line 3 is not UTF-8 text: save it as UTF-8"),
    (b"contact\n\0\1\2\3", ": is not a text file"),
]
PEOPLE_TABLES = [
    ({"contact": [1.5]}, ": column `contact`: expected whole numbers or texts, got double"),
    ({"contact": [1, None]}, ": row 2, column `contact`: every row needs a contact"),
    ({"contact": [True]}, ": column `contact`: expected a whole number or a text, got bool"),
    ({"contact": ["anna", ""]}, ": row 2, column `contact`: every row needs a contact"),
    ({"contact": pa.array([2**63], pa.uint64())}, "expected a whole number below 2^63, got `9223372036854775808`"),
    ({"contact": [-(2**63)]}, ": row 1, column `contact`: expected a whole number"),
    ({"contact": [[1]]}, ": column `contact`: expected a whole number or a text, got list"),
    ({"contact": [1], "orders": [True]}, ": column `orders`: expected whole numbers, got bool"),
    ({"contact": [1, 2], "orders": [1.0, 1.5]}, ": row 2, column `orders`: expected a whole number, got `1.5`"),
    ({"contact": [1], "birthday": [19900101]}, ": column `birthday`: expected dates such as 1990-05-31, got int64"),
    ({"contact": [1], "seen": [dt.datetime(2025, 1, 1)]}, ": column `seen`: these instants have no time zone"),
    ({"contact": [1], "city": [["a"]]}, ": column `city`: expected a text, got list"),
    ({"contact": [1], "vip": [2]}, ": row 1, column `vip`: expected yes or no, got `2`"),
    ({"contact": [1], "spent": ["x"]}, ": row 1, column `spent`: expected a number, got `x`"),
    ({"contact": pa.array([], pa.int64())}, ": holds no contact"),
]
PEOPLE_FILES = [
    ("people.parquet", b"contact\n1\n", WHOLE),
    ("people.parquet", b"", WHOLE),
    ("people.parquet", b"PAR1" + b"\0" * 100 + b"PAR1", WHOLE),
    ("people.txt", b"contact\n1\n", "a file whose name ends in .parquet, .csv is needed"),
    ("people.csv.gz", b"\x1f\x8b", "unpack it first"),
]
EVENTS_TEXT = [
    ("time,type\n2025-01-05T10:00:00Z,purchase\n", ": column `contact` is missing: the file has `time`, `type`"),
    ("contact,time,type\n", ": holds no event"),
    (event(f"1,{AT}", "time"), ": column `type` is missing: the file has `contact`, `time`"),
    (event(f"1,{AT},purchase", "tme,type"), ": column `tme` is not known; did you mean `time`?"),
    (event(f"1,{AT},purchase,3", "time,type,valeu"), ": column `valeu` is not known; did you mean `value`?"),
    (event("1,,purchase"), ": row 1, column `time`: expected an instant, got `nothing`"),
    (event(f"1,{AT},"), ": row 1, column `type`: expected an event type, got `nothing`"),
    (event("1,2025-01-05 10:00:00,purchase"), f": row 1, column `time`: {INSTANT}"),
    (event("1,2025-02-30T10:00:00Z,purchase"), "got `2025-02-30T10:00:00Z`"),
    (event("1,2025-01-05T25:00:00Z,purchase"), "got `2025-01-05T25:00:00Z`"),
    (event("1,1736070000,purchase"), "got `1736070000`"),
    (
        event(f"1,{AT},purchase,12.5", "time,type,value"),
        "expected a whole number (of cents, if it is money), got `12.5`",
    ),
    (event(f"1,{AT},purchse"), ": none of its events takes part in this run: 1 are of type `purchse`, which the plan"),
    (event("1,2031-01-05T10:00:00Z,purchase"), "1 are after the last day of the run"),
    (event("1,0001-01-05T10:00:00Z,purchase"), "1 are before the first day of the run"),
]
EVENTS_LINES = [
    ("\n\n", ": is empty"),
    ("{}\n", ": holds no value"),
    (LINE + '{"contact": 1,\n', ": line 2: is not JSON: "),
    (LINE + "hello\n", ": line 2: is not JSON: "),
    (LINE + '{"contact": 1, "value": NaN}\n', ": line 2: is not JSON: "),
    (LINE + '{"contact": 1, "value": 1e400}\n', ": line 2: a number is beyond the largest"),
    (LINE + '{"contact": 1, "value": {"a": 1}}\n', ": line 2: `value` is an object: write plain values"),
    (LINE + '{"contact": [1]}\n', ": line 2: `contact` is a list: write plain values"),
    (f"[{LINE}]", ": line 1: is a list: write an object of plain values on each line"),
    ("[" * 100_000, ": line 1: is a list"),
    ('{"contact": ' * 100_000, ": line 1: an object of plain values is needed"),
    ('{"contact": "\\ud800"}\n', ": line 1: is not JSON: "),
    ("null\n", ": line 1: an object of plain values is needed"),
    (LINE + f'{{"time": "{AT}", "type": "purchase"}}\n', ": row 2, column `contact`: every row needs a contact"),
    (LINE + '{"contact": "b", "time": 3, "type": "purchase"}\n', f": row 2, column `time`: {INSTANT}"),
    (LINE.replace("1,", '"caf\xe9",').encode("latin-1"), ": line 1: is not UTF-8 text"),
    (LINE.encode("utf-16"), ": is UTF-16 text: save it as UTF-8"),
]
EVENTS_TABLES = [
    ({"contact": [1], "time": [5], "type": ["purchase"]}, f": column `time`: {INSTANT}"),
    ({"contact": [1], "time": [dt.datetime(2025, 1, 5)], "type": ["purchase"]}, "these instants have no time zone"),
    ({"contact": [1], "time": [dt.date(2025, 1, 5)], "type": ["purchase"]}, "got date32[day]"),
    ({"contact": [1], "time": pa.array([2**62], pa.timestamp("ms", "UTC")), "type": ["purchase"]}, "too far away"),
    ({"contact": [1], "time": TEN, "type": [["purchase"]]}, ": column `type`: expected a text, got list"),
    ({"contact": [1], "time": TEN, "type": ["purchase"], "key": [1.5]}, ": row 1, column `key`: expected a text"),
]


def refused(folder, name, content, option):
    """What is said of a file that cannot be used, without its name."""
    file = folder / name
    if isinstance(content, dict):
        parquet.write_table(pa.table(content), file)
    else:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as error:
        prepare(PLAN, **{option: file})
    said = str(error.value)
    assert said.startswith(f"{file}: ")
    assert "\n" not in said
    assert len(said) < 400 + len(str(file))
    return said.removeprefix(str(file))


@pytest.mark.parametrize(("content", "said"), PEOPLE_TEXT)
def test_people_in_csv(content, said, tmp_path):
    assert said in refused(tmp_path, "people.csv", content, "population")


@pytest.mark.parametrize(("content", "said"), PEOPLE_TABLES)
def test_people_in_parquet(content, said, tmp_path):
    assert said in refused(tmp_path, "people.parquet", content, "population")


@pytest.mark.parametrize(("name", "content", "said"), PEOPLE_FILES)
def test_people_in_no_such_format(name, content, said, tmp_path):
    assert said in refused(tmp_path, name, content, "population")


@pytest.mark.parametrize(("content", "said"), EVENTS_TEXT)
def test_events_in_csv(content, said, tmp_path):
    assert said in refused(tmp_path, "events.csv", content, "events")


@pytest.mark.parametrize(("content", "said"), EVENTS_LINES)
def test_events_in_json_lines(content, said, tmp_path):
    assert said in refused(tmp_path, "events.jsonl", content, "events")


@pytest.mark.parametrize(("content", "said"), EVENTS_TABLES)
def test_events_in_parquet(content, said, tmp_path):
    assert said in refused(tmp_path, "events.parquet", content, "events")


def test_parquet_cut_anywhere(tmp_path):
    file = tmp_path / "whole.parquet"
    parquet.write_table(pa.table({"contact": list(range(5000))}), file, compression="none")
    raw = file.read_bytes()
    for length in (4, 100, len(raw) // 2, len(raw) - 1):
        assert WHOLE in refused(tmp_path, "people.parquet", raw[:length], "population")


def test_ids_that_collide(tmp_path, monkeypatch):
    monkeypatch.setattr("bifurque.engine.contacts.contact_number", lambda text: len(text))
    said = refused(tmp_path, "people.csv", "contact\nanna\nbert\n", "population")
    assert said == ": the contacts `anna` and `bert` cannot be told apart: rename one of them"


def test_events_of_strangers(tmp_path):
    (tmp_path / "people.csv").write_text("contact\nanna\n")
    (tmp_path / "events.csv").write_text(event(f"bert,{AT},purchase"))
    with pytest.raises(DataError, match=r"events of 1 contacts that are not in the population, the first is `bert`"):
        prepare(PLAN, population=tmp_path / "people.csv", events=tmp_path / "events.csv")


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffcontact,zone\n1,Europe/Paris\n",
        "contact;zone\n1;Europe/Paris\n",
        "contact\tzone\r\n1\tEurope/Paris\r\n",
        'contact,city,zone\n1,"a ""big"", old\ntown",Europe/Paris\n',
        csv("vip,orders,spent,zone", "1, TRUE ,2.0,nan,Europe/Paris"),
        csv("zone", "-5,Europe/Paris"),
        csv("zone", "9223372036854775807,Europe/Paris"),
    ],
)
def test_what_looks_odd_and_is_not(content, tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes(content.encode())
    setting = prepare(PLAN, population=file)
    assert (setting.people.count, setting.notes) == (1, [])


def test_what_is_not_an_error_is_noted(tmp_path):
    (tmp_path / "people.csv").write_text(csv("zone,shoe_size", "1,Pariss,42", "2,Europe/Paris,37"))
    (tmp_path / "events.csv").write_text(csv("time,type,message", f"1,{AT},opened,helo", f"1,{AT},sneeze,"))
    notes = prepare(PLAN, population=tmp_path / "people.csv", events=tmp_path / "events.csv").notes
    assert notes == [
        "ignored 1 events of type `sneeze`, which the plan never mentions",
        "events name 1 messages that the plan does not have, such as `helo`; did you mean `hello`?",
        "columns of the population that the plan does not use: shoe_size",
        "1 contacts live in a zone that is not known, such as `Pariss`; did you mean `Europe/Paris`?",
    ]


@pytest.mark.parametrize(
    ("option", "name", "content"),
    [
        ("--population", "people.csv", csv("orders", "1,two")),
        ("--population", "people.parquet", "no parquet"),
        ("--events", "events.jsonl", LINE + "{\n"),
        ("--events", "nowhere.csv", None),
    ],
)
def test_on_the_command_line(option, name, content, tmp_path):
    (tmp_path / "plan.yaml").write_text(PLAN)
    if content is not None:
        (tmp_path / name).write_text(content)
    said = measured.refused("simulate", "plan.yaml", option, name, "--out", "run", cwd=tmp_path)
    assert said.startswith(f"{name}: ")
    assert "\n" not in said
    assert not (tmp_path / "run").exists()

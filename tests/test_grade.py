"""The grade: a behaviour that tells the past gets a good one, a wrong behaviour a bad one."""

import csv
import datetime as dt
import gzip
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from msgspec import structs

from bifurque.engine.calibrate import calibrate
from bifurque.engine.grade import Told, begins, cut, grade, graded
from bifurque.rules.layout import MISSING

DATA = Path(os.environ.get("BIFURQUE_DATA", Path(__file__).parents[2] / "shared" / "data")) / "cdnow_sample.csv.gz"


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory):
    if not DATA.exists():
        pytest.skip("no CDNOW sample")
    with gzip.open(DATA, "rt") as stream:
        rows = list(csv.DictReader(stream))
    file = tmp_path_factory.mktemp("cdnow") / "purchases.parquet"
    noon = [dt.datetime.fromisoformat(row["date"]).replace(hour=12, tzinfo=dt.UTC) for row in rows]
    columns = {
        "contact": [int(row["customer_id"]) for row in rows],
        "time": pa.array(noon),
        "type": ["purchase"] * len(rows),
        "value": [round(float(row["value"]) * 100) for row in rows],
    }
    parquet.write_table(pa.table(columns), file)
    return file


def test_told():
    assert Told("purchases", 0, 100, 110, 95, 125).told
    assert Told("purchases", 0, 105, 101, 100, 102).told  # within 5 %
    assert not Told("purchases", 0, 130, 110, 95, 125).told


@pytest.mark.slow
def test_a_past_is_forecast_from_what_came_before(cdnow):
    whole = calibrate(cdnow)
    found, rows = graded(whole, lambda until: calibrate(cdnow, until=until))
    assert found.behaviour.grade.grade in "AB"
    assert {row.figure for row in rows} == {"purchases", "buyers", "revenue"}
    lived = [row.lived for row in rows if row.figure == "purchases"]
    since = cut(whole.log)
    first = begins(whole)
    known = first < since
    later = whole.log.time >= since
    assert sum(lived) == (later & known[whole.log.contact]).sum()


def test_a_wrong_behaviour_is_graded_so(cdnow):
    whole = calibrate(cdnow)
    since = cut(whole.log)
    joined = np.where(begins(whole) < since, begins(whole), MISSING)
    bought = structs.replace(whole.behaviour.purchases, alpha=4.0, s=0.0)
    wrong = structs.replace(whole.behaviour, purchases=bought)
    note, _ = grade(whole.log, wrong, joined, zone="UTC", since=since, replications=4)
    assert note.grade == "D"


def test_too_short_a_past_has_no_grade(tmp_path):
    file = tmp_path / "few.csv"
    lines = [f"{n % 9},2026-01-{1 + n % 20:02d}T10:00:00Z,purchase,1000" for n in range(60)]
    file.write_text("contact,time,type,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    found, rows = graded(calibrate(file), lambda until: calibrate(file, until=until))
    assert found.behaviour.grade is None
    assert rows == []

"""Every table of `aggregates/` is added up again, in SQL, from a full ledger and its events."""

import csv
import datetime as dt

import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

duckdb = pytest.importorskip("duckdb")
ZONES = ("Europe/Paris", "America/Guadeloupe", "Indian/Reunion", "Pacific/Auckland", "America/Los_Angeles")
PERSONAS = ("curious", "careful", "regular", "devoted", "devoted")
CITIES = ("paris", "lyon", "lille", "nice")
PEOPLE = 240
START = dt.date(2026, 1, 1)


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    """A database with the tables of a run under their names, its ledger, its events and its people."""
    folder = tmp_path_factory.mktemp("aggregates")
    people = [
        {"contact": i, "zone": ZONES[i % 5], "persona": PERSONAS[i // 5 % 5], "consent": "all" if i % 7 else "none"}
        | {"city": CITIES[i % 4], "joined": "" if i % 3 else "2026-01-20T10:00:00Z"}
        for i in range(PEOPLE)
    ]
    with (folder / "people.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(people[0]))
        writer.writeheader()
        writer.writerows(people)
    options = {"days": 150, "ledger": "full", "workers": 2, "population": folder / "people.csv"}
    (folder / "plan.yaml").write_text(template("demo", "en"), "utf-8")
    run = simulate(folder / "plan.yaml", out=folder / "run", **options)
    found = duckdb.connect()
    for file in (run.folder / "aggregates").glob("*.parquet"):
        found.sql(f"CREATE VIEW {file.stem} AS SELECT * FROM '{file}'")
    for name in ("ledger", "events"):
        found.sql(f"CREATE VIEW {name} AS SELECT * FROM '{run.folder}/{name}/*.parquet'")
    found.sql(f"CREATE TABLE people AS SELECT * FROM '{folder}/people.csv'")
    found.sql(f"CREATE MACRO since(t) AS (epoch(t)::BIGINT - {run.manifest['start']})")
    found.sql("CREATE MACRO week_of(t) AS (since(t) // 604800)")
    found.sql("""CREATE TABLE groups AS
        SELECT contact, 'all' AS kind, '' AS segment FROM people
        UNION ALL SELECT contact, 'persona', persona FROM people
        UNION ALL SELECT contact, 'segment', 'customer' FROM events WHERE type = 'purchase' GROUP BY contact
        UNION ALL SELECT contact, 'segment', 'big_spender' FROM events WHERE type = 'purchase'
            GROUP BY contact HAVING sum(value) >= 30000
        UNION ALL SELECT contact, 'segment', 'local' FROM people
            WHERE city IN ('paris', 'lyon') OR contact IN (SELECT contact FROM events WHERE type = 'moved')""")
    assert found.sql("SELECT count(*) FROM events WHERE type = 'moved'").fetchall()[0][0] > 2
    found.sql("""CREATE TABLE of_journey AS
        SELECT DISTINCT message, journey FROM ledger WHERE message <> ''""")
    return found


def same(con, told, counted):
    """The two queries give the same rows, and some."""
    a, b = (sorted(con.sql(query).fetchall(), key=str) for query in (told, counted))
    assert a == b
    assert len(a) > 3
    return a


def test_decisions(con):
    columns = "journey, step, message, channel, outcome, reason, winner"
    rows = same(
        con,
        f"SELECT week, {columns}, count, value_cents FROM decision_week",
        f"""SELECT week_of(time), {columns}, count(*), sum(value_cents)::BIGINT
            FROM ledger WHERE message <> '' GROUP BY ALL""",
    )
    assert sum(row[7] != "" for row in rows) > 50, "decided by another"


def test_stations(con):
    same(
        con,
        "SELECT week, journey, step, message, sum(arrived)::INT FROM station_week WHERE arrived > 0 GROUP BY ALL",
        """SELECT week_of(moment), journey, step, message, count(*) FROM
            (SELECT min(time) AS moment, contact, journey, step, visit, message
             FROM ledger WHERE message <> '' GROUP BY ALL) GROUP BY ALL""",
    )
    sums = ", ".join(f"sum({c})::INT" for c in ("sent", "held", "dropped", "lost", "value_cents"))
    same(
        con,
        f"SELECT week, journey, step, message, channel, {sums} FROM station_week "
        "GROUP BY ALL HAVING sum(sent + lost + held) > 0",
        """SELECT week_of(time), journey, step, message, channel,
            (count(*) FILTER (WHERE outcome = 'sent'))::INT, (count(*) FILTER (WHERE outcome = 'held'))::INT,
            (count(*) FILTER (WHERE outcome = 'dropped'))::INT,
            (count(*) FILTER (WHERE outcome IN ('dropped', 'replaced')))::INT,
            coalesce(sum(value_cents) FILTER (WHERE outcome = 'sent'), 0)::INT
            FROM ledger WHERE message <> '' GROUP BY ALL""",
    )
    same(
        con,
        """SELECT week, message, sum(opened)::INT, sum(clicked)::INT, sum(converted)::INT, sum(revenue_cents)::INT
            FROM station_week GROUP BY ALL HAVING sum(opened + clicked + converted) > 0""",
        """SELECT week_of(time), message, (count(*) FILTER (WHERE type = 'opened'))::INT,
            (count(*) FILTER (WHERE type = 'clicked'))::INT, (count(*) FILTER (WHERE type = 'purchase'))::INT,
            coalesce(sum(value) FILTER (WHERE type = 'purchase'), 0)::INT
            FROM events WHERE message <> '' AND type IN ('opened', 'clicked', 'purchase') GROUP BY ALL""",
    )


def test_pressure(con):
    rows = same(
        con,
        "SELECT * FROM pressure_week WHERE messages > 0",
        f"""WITH days AS (SELECT contact, timezone(zone, time)::DATE AS day, count(*) AS n
              FROM ledger JOIN people USING (contact) WHERE outcome = 'sent' GROUP BY ALL),
            weeks AS (SELECT contact, date_trunc('week', day)::DATE AS monday, sum(n) AS n, max(n) AS most
              FROM days GROUP BY ALL)
            SELECT date_diff('day', date_trunc('week', DATE '{START}')::DATE, monday) // 7, kind, segment,
              least(n, 8)::BIGINT, least(most, 8), count(*)
            FROM weeks JOIN groups USING (contact) GROUP BY ALL""",
    )
    assert max(row[4] for row in rows) > 1, "several on one day"
    alive = con.sql("SELECT week, sum(contacts) FROM pressure_week WHERE kind = 'all' GROUP BY week").fetchall()
    assert {n for week, n in alive if 0 <= week < 3} == {160}
    assert {n for week, n in alive if 3 <= week < 21} == {PEOPLE}
    assert con.sql("SELECT min(contacts) FROM pressure_week").fetchall()[0][0] > 0


def test_stages(con):
    con.sql("""CREATE TEMP TABLE moves AS
        SELECT contact, since(time) // 86400 AS day, step AS stage,
          lag(step, 1, 'discovery') OVER (PARTITION BY contact ORDER BY time, file_row_number) AS origin
        FROM (SELECT *, row_number() OVER () AS file_row_number FROM ledger) WHERE cause = 'stage'""")
    same(
        con,
        "SELECT day, origin, stage, contacts FROM stage_move WHERE origin <> ''",
        "SELECT day, origin, stage, count(*) FROM moves GROUP BY ALL",
    )
    assert con.sql("SELECT day, contacts FROM stage_move WHERE origin = ''").fetchall() == [(0, 160), (19, 80)]
    same(
        con,
        "SELECT day, stage, stock, entered, exited FROM stage_day",
        """WITH steps AS (
              SELECT day, stage, count(*) AS entered, 0 AS gone FROM moves GROUP BY ALL
              UNION ALL SELECT day, origin, 0, count(*) FROM moves GROUP BY ALL
              UNION ALL VALUES (0, 'discovery', 160, 0), (19, 'discovery', 80, 0)),
            grid AS (SELECT day, stage FROM range(150) AS d(day), (SELECT DISTINCT stage FROM stage_day))
            SELECT day, stage, (sum(coalesce(sum(entered), 0) - coalesce(sum(gone), 0))
                OVER (PARTITION BY stage ORDER BY day))::BIGINT,
              coalesce(sum(entered), 0)::BIGINT, coalesce(sum(gone), 0)::BIGINT
            FROM grid LEFT JOIN steps USING (day, stage) GROUP BY day, stage""",
    )


@pytest.mark.parametrize("step", ["discovery_offer", "advice", "looking_for", "sale_opening"])
def test_ways(con, step):
    """Ways that lead straight to a message, whose row tells who took them, and when."""
    wait = 86400 if step == "sale_opening" else 0
    rows = con.sql(f"""SELECT kind, segment, contacts, bought, unsubscribed, revenue_cents FROM branch
        WHERE leads_to = '{step}' AND contacts > 0 ORDER BY ALL""").fetchall()
    if step == "sale_opening":  # the contact's clock may have changed while it waited
        rows = [(*row[:3], *row[4:5]) for row in rows]
    counted = con.sql(f"""WITH taken AS (SELECT contact, min(time) - INTERVAL '{wait} seconds' AS moment
          FROM ledger WHERE step = '{step}' AND message <> '' GROUP BY contact),
        fate AS (SELECT contact, count(e.contact) FILTER (WHERE type = 'purchase') AS n,
            count(e.contact) FILTER (WHERE type = 'unsubscribed') AS gone,
            coalesce(sum(e.value) FILTER (WHERE type = 'purchase'), 0) AS cents
          FROM taken LEFT JOIN events AS e USING (contact) WHERE coalesce(e.time > moment, true) GROUP BY ALL)
        SELECT kind, segment, count(*), count(*) FILTER (WHERE coalesce(n, 0) > 0),
          count(*) FILTER (WHERE coalesce(gone, 0) > 0),
          coalesce(sum(cents), 0)::BIGINT
        FROM taken LEFT JOIN fate USING (contact) JOIN groups USING (contact) GROUP BY ALL ORDER BY ALL""").fetchall()
    if step == "sale_opening":
        counted = [(*row[:3], *row[4:5]) for row in counted]
    assert rows == counted
    assert rows


def test_loops(con):
    same(
        con,
        "SELECT journey, times, contacts, opened_any FROM loop WHERE times > 0",
        """WITH entries AS (SELECT contact, journey, least(max(visit), 24) AS times FROM ledger
              WHERE journey <> '' GROUP BY ALL HAVING max(visit) > 0),
            readers AS (SELECT DISTINCT contact, journey FROM events JOIN of_journey USING (message)
              WHERE type = 'opened')
            SELECT e.journey, times::BIGINT, count(*), count(r.contact)
            FROM entries AS e LEFT JOIN readers AS r USING (contact, journey) GROUP BY ALL""",
    )
    totals = con.sql("SELECT DISTINCT sum(contacts) FROM loop GROUP BY journey").fetchall()
    assert totals == [(PEOPLE,)]


def test_kpi(con):
    same(
        con,
        """SELECT kind, segment, contacts, sent, opened, clicked, conversions, round(100 * revenue)::BIGINT,
            round(1000000 * cost)::BIGINT FROM group_kpi""",
        """WITH sends AS (SELECT contact, count(*) AS sent,
              sum(CASE channel WHEN 'sms' THEN 60000 WHEN 'letter' THEN 1200000 WHEN 'call' THEN 4500000
                  ELSE 1000 END) AS cost
              FROM ledger WHERE outcome = 'sent' GROUP BY contact),
            deeds AS (SELECT contact, count(*) FILTER (WHERE type = 'opened') AS opened,
              count(*) FILTER (WHERE type = 'clicked') AS clicked, count(*) FILTER (WHERE type = 'purchase') AS bought,
              sum(value) FILTER (WHERE type = 'purchase') AS cents FROM events GROUP BY contact)
            SELECT kind, segment, count(*), coalesce(sum(sent), 0)::BIGINT, coalesce(sum(opened), 0)::BIGINT,
              coalesce(sum(clicked), 0)::BIGINT, coalesce(sum(bought), 0)::BIGINT, coalesce(sum(cents), 0)::BIGINT,
              coalesce(sum(cost), 0)::BIGINT
            FROM groups LEFT JOIN sends USING (contact) LEFT JOIN deeds USING (contact) GROUP BY ALL""",
    )
    row = con.sql("SELECT revenue, cost, margin FROM group_kpi WHERE kind = 'all'").fetchall()[0]
    assert row[0] - row[1] == pytest.approx(row[2])


def test_walks(con):
    """With fewer than a thousand people, these are everybody's lives."""
    assert (
        con.sql("SELECT * EXCLUDE (persona, zone) FROM sample_walks EXCEPT ALL SELECT * FROM ledger").fetchall() == []
    )
    assert (
        con.sql("SELECT count(*) FROM sample_walks").fetchall()[0]
        == con.sql("SELECT count(*) FROM ledger").fetchall()[0]
    )
    assert con.sql("SELECT * FROM sample_events EXCEPT ALL SELECT * FROM events").fetchall() == []
    assert con.sql("""SELECT count(*) FROM sample_walks AS w JOIN people AS p USING (contact)
        WHERE w.persona <> p.persona OR w.zone <> p.zone""").fetchall()[0] == (0,)

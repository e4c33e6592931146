"""The command line as a stranger uses it: a template, a file of contacts, one of events, and the ledger of the run."""

import csv
import datetime as dt
import json
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

from bifurque.engine.cli import main

EVENT_COLUMNS = ("contact", "time", "type", "key", "value")


def wall(moment, zone):
    """An instant of the ledger on a wall clock, as `2025-03-10 14:00`."""
    return f"{moment.astimezone(zoneinfo.ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def instant(moment, zone):
    """The ISO 8601 text, with its offset, of a wall-clock reading."""
    return dt.datetime.fromisoformat(moment).replace(tzinfo=zoneinfo.ZoneInfo(zone)).isoformat()


@dataclass
class Told:
    """What a run left behind."""

    folder: Path
    zones: Mapping
    said: str
    rows: list = field(default_factory=list)

    def of(self, contact, **where):
        """The ledger's rows of a contact, in order; only those with some values."""
        mine = [r for r in self.rows if r["contact"] == contact]
        return [r for r in mine if all(r[k] == v for k, v in where.items())]

    def at(self, row, column="time"):
        return wall(row[column], self.zones[row["contact"]])

    def sent(self, contact):
        return [(r["message"], self.at(r)) for r in self.of(contact, outcome="sent")]

    def held(self, contact):
        """Message, when, why, because of what, until when."""
        rows = self.of(contact, outcome="held")
        return [(r["message"], self.at(r), r["reason"], r["winner"], self.at(r, "until")) for r in rows]

    def dropped(self, contact):
        rows = self.of(contact, outcome="dropped")
        return [(r["message"], self.at(r), r["reason"], r["winner"]) for r in rows]

    def passages(self, contact):
        """What happened to its journeys: journey, when, cause, reason, winner."""
        rows = [r for r in self.of(contact) if not r["message"]]
        return [(r["journey"], self.at(r), r["cause"], r["reason"], r["winner"]) for r in rows]

    @property
    def kpis(self):
        return json.loads((self.folder / "kpi.json").read_text("utf-8"))


def write(file: Path, columns: Sequence[str], rows: Iterable[Sequence]) -> Path:
    """Rows as a CSV, JSON lines or Parquet file, by its ending."""
    rows = list(rows)
    if file.suffix == ".csv":
        with file.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([columns, *rows])
    elif file.suffix == ".jsonl":
        lines = (json.dumps({c: v for c, v in zip(columns, row, strict=True) if v is not None}) for row in rows)
        file.write_text("\n".join(lines) + "\n", "utf-8")
    else:
        table = {c: list(values) for c, values in zip(columns, zip(*rows, strict=True), strict=True)}
        if "time" in table:
            table["time"] = [dt.datetime.fromisoformat(t).astimezone(dt.UTC) for t in table["time"]]
        parquet.write_table(pa.table(table), file)
    return file


def command(*words):
    """Run `bifurque …`; what it printed."""
    result = CliRunner().invoke(main, [str(w) for w in words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


@pytest.fixture(scope="session")
def outside(tmp_path_factory):
    """Run a template from the command line.

    Args:
        template: its name.
        people: contacts by number: zone, consent, attributes.
        events: contact, wall-clock time of that contact, type, and if need be key and value.
        form: how the events are written: `csv`, `jsonl` or `parquet`.
        set: overrides.
    """

    def run(template, people, events, *, form="csv", set=(), options=()):
        folder = tmp_path_factory.mktemp(template)
        command("init", template, folder / "plan")
        zones = {c: p.get("zone", "Europe/Paris") for c, p in people.items()}
        columns = ("zone", *dict.fromkeys(k for p in people.values() for k in p if k != "zone"))
        everybody = [(c, zones[c], *(p.get(k, "") for k in columns[1:])) for c, p in people.items()]
        write(folder / "people.csv", ("contact", *columns), everybody)
        happened = [(e[0], instant(e[1], zones[e[0]]), *e[2:], *(None,) * (5 - len(e))) for e in events]
        words = ["simulate", folder / "plan" / "plan.yaml", "--population", folder / "people.csv"]
        if happened:
            words += ["--events", write(folder / f"events.{form}", EVENT_COLUMNS, happened)]
        for override in set:
            words += ["--set", override]
        words += ["--behaviour", "off", "--ledger", "full", "--workers", "1", "--out", folder / "run", *options]
        said = command(*words)
        return Told(folder / "run", zones, said, parquet.read_table(folder / "run" / "ledger").to_pylist())

    return run

"""Turns the lines of the UCI "Online Retail" data into events and customers that bifurque reads.

    python examples/retail/prepare.py online_retail.parquet FOLDER [--every N]

Wanted columns: InvoiceNo, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. One event per invoice: `purchase`, or
`refunded` for a cancellation (its number starts with C); its key is the invoice, its value the money in pence. The
shop writes British wall-clock time. `--every N` keeps the customers whose number N divides.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

SHOP = ZoneInfo("Europe/London")
# A country of several zones is given the one most of its people live in; "Unspecified" and "European Community" none.
ZONES = {
    "Australia": "Australia/Sydney",
    "Austria": "Europe/Vienna",
    "Bahrain": "Asia/Bahrain",
    "Belgium": "Europe/Brussels",
    "Brazil": "America/Sao_Paulo",
    "Canada": "America/Toronto",
    "Channel Islands": "Europe/Jersey",
    "Cyprus": "Asia/Nicosia",
    "Czech Republic": "Europe/Prague",
    "Denmark": "Europe/Copenhagen",
    "EIRE": "Europe/Dublin",
    "Finland": "Europe/Helsinki",
    "France": "Europe/Paris",
    "Germany": "Europe/Berlin",
    "Greece": "Europe/Athens",
    "Hong Kong": "Asia/Hong_Kong",
    "Iceland": "Atlantic/Reykjavik",
    "Israel": "Asia/Jerusalem",
    "Italy": "Europe/Rome",
    "Japan": "Asia/Tokyo",
    "Lebanon": "Asia/Beirut",
    "Lithuania": "Europe/Vilnius",
    "Malta": "Europe/Malta",
    "Netherlands": "Europe/Amsterdam",
    "Norway": "Europe/Oslo",
    "Poland": "Europe/Warsaw",
    "Portugal": "Europe/Lisbon",
    "RSA": "Africa/Johannesburg",
    "Saudi Arabia": "Asia/Riyadh",
    "Singapore": "Asia/Singapore",
    "Spain": "Europe/Madrid",
    "Sweden": "Europe/Stockholm",
    "Switzerland": "Europe/Zurich",
    "USA": "America/New_York",
    "United Arab Emirates": "Asia/Dubai",
    "United Kingdom": "Europe/London",
}


def invoices(lines: pa.Table) -> list[dict[str, Any]]:
    """One row per invoice, by customer and time; money is added up in thousandths, so no order of lines matters."""
    lines = lines.filter(pc.is_valid(lines["CustomerID"]))
    price = pc.cast(pc.round(pc.multiply(lines["UnitPrice"], 1000)), pa.int64())
    lines = lines.append_column("amount", pc.multiply(price, lines["Quantity"]))
    found = lines.group_by(["CustomerID", "InvoiceNo"]).aggregate(
        [("amount", "sum"), ("InvoiceDate", "min"), ("Country", "min")]
    )
    order = [("CustomerID", "ascending"), ("InvoiceDate_min", "ascending"), ("InvoiceNo", "ascending")]
    rows: list[dict[str, Any]] = found.sort_by(order).to_pylist()
    return rows


def utc(local: dt.datetime) -> str:
    """A reading of the shop's clock as an instant; an hour that happens twice means its first pass."""
    return f"{local.replace(tzinfo=SHOP).astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def prepare(source: Path, folder: Path, every: int = 1) -> tuple[Path, Path]:
    """Write `purchases.csv` and `customers.csv`; a customer joins with the first invoice, and lives where it went."""
    events: list[tuple[object, ...]] = []
    customers: dict[int, tuple[object, ...]] = {}
    for row in invoices(parquet.read_table(source)):
        who, invoice, time = row["CustomerID"], row["InvoiceNo"], utc(row["InvoiceDate_min"])
        if who % every:
            continue
        kind = "refunded" if invoice.startswith("C") else "purchase"
        events.append((who, time, kind, invoice, (abs(row["amount_sum"]) + 5) // 10))
        customers.setdefault(who, (who, ZONES.get(row["Country_min"], ""), time, "all"))
    folder.mkdir(parents=True, exist_ok=True)
    return (
        write(folder / "purchases.csv", ("contact", "time", "type", "key", "value"), events),
        write(folder / "customers.csv", ("contact", "zone", "joined", "consent"), customers.values()),
    )


def write(file: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Path:
    """Write a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)
    return file


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    for file in prepare(options.source, options.folder, options.every):
        print(file)


if __name__ == "__main__":
    main()

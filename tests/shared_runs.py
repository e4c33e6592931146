"""Small runs in which contacts share stock, capacity and budget, and what must come out of them byte for byte."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

EMAIL = """email:
    cost: 0.1
    capacity: {max: 6, per: day, from: "08:00", to: "20:00"}
    budget: {amount: 12, per: month}"""
OFFERS = template("best-offer", "en").replace("email: {cost: 0.001}", EMAIL)
"""Offers with a stock, through a channel that can do and may spend only so much."""
FEW = {"contacts": 300, "days": 60, "overrides": ["offers.a.stock=6", "offers.b.stock=8"], "ledger": "full"}
ALONE = template("cart", "en")
"""Nobody shares anything."""
SOME = {"contacts": 2000, "days": 60, "ledger": "sample"}


def live(text, out, **how):
    how = (FEW if text is OFFERS else SOME) | how
    return simulate(text, out=out, **how)


def rows_hash(table):
    """SHA-256 of rows read by contact; those of one contact stay in their order."""
    table = table.take(pa.array(np.argsort(np.asarray(table["contact"]), kind="stable")))
    digest = hashlib.sha256()
    for column in table.columns:
        plain = pc.cast(column, pa.string()) if pa.types.is_dictionary(column.type) else column
        digest.update(repr(plain.to_pylist()).encode())
    return digest.hexdigest()


def outcome(run):
    """What must be the same however a run was run: digest, figures, weeks, ledger, events."""
    kept = run.folder / "ledger"
    rows = (rows_hash(run.ledger()), rows_hash(run.events())) if any(kept.iterdir()) else ()
    weeks = {file.name: file.read_bytes() for file in (run.folder / "aggregates").iterdir()}
    return (run.digest, (run.folder / "kpi.json").read_bytes(), weeks, *rows)


def tidy(run):
    """Nothing is left of what only a run under way needs."""
    return not list(run.folder.rglob("*.partial")) and not (run.folder / "checkpoints").exists()

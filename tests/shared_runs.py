"""Small runs in which lives depend on each other, and what must come out of them byte for byte."""

import hashlib
import random

import pyarrow as pa
import pyarrow.compute as pc

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

EMAIL = """email:
    cost: 0.1
    capacity: {max: 6, per: day, from: "08:00", to: "20:00"}
    budget: {amount: 12, per: month}"""
FRIENDS = """    brings: {on: purchase, one_of: [{event: rewarded, chance: 70%, after: 1d, spread: 9d}]}
referral: {invited: invited, joined: joined, rewarded: rewarded, reward: 10}
"""
OFFERS = template("best-offer", "en").replace("email: {cost: 0.001}", EMAIL) + FRIENDS
"""Offers with a stock, through a channel that can do and may spend only so much; buyers bring friends."""
FEW = {"contacts": 300, "days": 60, "overrides": ["offers.a.stock=6", "offers.b.stock=8"], "ledger": "full"}
ALONE = template("cart", "en")
"""Nobody shares anything."""
SOME = {"contacts": 2000, "days": 60, "ledger": "sample"}
MERGED = template("welcome", "en")
"""Some turn out to be others, who may turn out to be yet others."""
ANY = {"contacts": 600, "days": 60, "ledger": "full"}
LEFT = ("standing.parquet", "answers.parquet", "referrals.parquet")


def given(text, out):
    """What a plan of these is run with."""
    if text is not MERGED:
        return FEW if text is OFFERS else SOME
    file = out.parent / "events.csv"
    file.write_text("\n".join(identified()))
    return ANY | {"events": file, "behaviour": "constant"}


def identified():
    """Events of 600 contacts, of whom one in four is merged with another."""
    dice = random.Random(7)
    times = (f"2025-01-{dice.randint(2, 28):02}T{dice.randint(0, 23):02}:00:00Z" for _ in range(1500))
    yield "contact,time,type,key"
    for t in times:
        kind = dice.choice(["page_viewed", "signup", "optin_confirmed", "identified"])
        who, other = dice.sample(range(600), 2) if dice.random() < 0.7 else dice.sample(range(40), 2)
        key = {"identified": other, "page_viewed": "beach"}.get(kind, "")
        if kind != "identified" or dice.random() < 0.5:
            yield f"{who},{t},{kind},{key}"


def live(text, out, **how):
    return simulate(text, out=out, **given(text, out) | how)


def outcomes(folders):
    """By plan what a run comes to that nobody stops and that has no checkpoints; each is lived once."""
    lived = {}

    def of(text):
        if text not in lived:
            lived[text] = outcome(live(text, folders.mktemp("base") / "run", workers=1))
        return lived[text]

    return of


def rows_hash(table):
    """SHA-256 of rows as they are read: by contact; those of one contact in their order."""
    who = table["contact"].to_numpy()
    assert (who[1:] >= who[:-1]).all()
    digest = hashlib.sha256()
    for column in table.columns:
        plain = pc.cast(column, pa.string()) if pa.types.is_dictionary(column.type) else column
        digest.update(repr(plain.to_pylist()).encode())
    return digest.hexdigest()


def outcome(run):
    """What must be the same however a run was run: digest, figures, weeks, answers, standing, ledger, events."""
    kept = run.folder / "ledger"
    rows = (rows_hash(run.ledger()), rows_hash(run.events())) if any(kept.iterdir()) else ()
    files = [*(run.folder / "aggregates").iterdir(), *(run.folder / name for name in LEFT)]
    bytes_of = {file.name: file.read_bytes() for file in files if file.exists()}
    return (run.digest, (run.folder / "kpi.json").read_bytes(), bytes_of, *rows)


def tidy(run):
    """Nothing is left of what only a run under way needs."""
    return not list(run.folder.rglob("*.partial")) and not (run.folder / "checkpoints").exists()

"""How far to trust a behaviour: it forecasts the last third of a past it has not seen, figure by figure.

The figures are estimated on the first two thirds. Then the lived contacts, with the lived sendings, live the whole past
again under many seeds, and what they do in the last third is compared with what was done. A figure is told when the
lived one falls into the 95 % interval of the forecasts, or within 5 % of their mean.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from msgspec import structs

from bifurque.engine.calibrate import Calibration
from bifurque.engine.fit_log import Log
from bifurque.engine.realistic import Grade, Realistic
from bifurque.rules.compiled import Words
from bifurque.rules.layout import MISSING

DAY, WINDOWS, GRADED, REPLICATIONS = 86400, 9, 3, 20
CLOSE, LEAST = 0.05, 20
"""A forecast within 5 % will do; what happens fewer than 20 times in a window is not compared."""
Letter = Literal["A", "B", "C", "D"]
STEPS: tuple[tuple[float, Letter], ...] = ((0.9, "A"), (0.75, "B"), (0.5, "C"))
SENT = "sent_"
Counts = dict[tuple[str, int], float]


@dataclass(frozen=True)
class Told:
    """One figure of one window: what was lived, what was forecast, and whether that tells it."""

    figure: str
    window: int
    lived: float
    forecast: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether the forecast tells what was lived."""
        return self.low <= self.lived <= self.high or abs(self.lived - self.forecast) <= CLOSE * self.forecast


def cut(log: Log) -> int:
    """The instant up to which figures are estimated before they are graded: local midnight."""
    at = log.start + (log.end - log.start) * (WINDOWS - GRADED) // WINDOWS
    local = int(log.local(np.array([at]))[0])
    return at - local % DAY


def graded(
    whole: Calibration,
    estimate: Callable[[str], Calibration],
    *,
    replications: int = REPLICATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Calibration, list[Told]]:
    """A calibration with the grade of its method on the last third of the log; ungraded if that is too little.

    Args:
        whole: the calibration on the whole log.
        estimate: the same, up to a day such as `2025-09-30`.
        replications: how many times the past is lived again.
        progress: called with how many of them are done.
    """
    log, since = whole.log, cut(whole.log)
    if log.simulated or log.end - log.start < WINDOWS * 7 * DAY:
        return whole, []
    last = dt.datetime.fromtimestamp(since, dt.UTC) - dt.timedelta(days=1)
    part = estimate(str(last.date()))
    joined = begins(whole)
    joined[joined >= since] = MISSING
    note, rows = grade(
        log, part.behaviour, joined, zone=whole.zone, since=since, replications=replications, progress=progress
    )
    if rows:
        whole.behaviour = structs.replace(whole.behaviour, grade=note)
    return whole, rows


def begins(c: Calibration) -> Words:
    """When each contact's life begins: with its first purchase, with `joined`, or with the log."""
    log = c.log
    found = np.full(log.count, MISSING if c.life_from == "first_purchase" else log.start, np.int64)
    rows = log.of(c.behaviour.purchases.event if c.life_from == "first_purchase" else "joined")[::-1]
    found[log.contact[rows]] = log.time[rows]  # the first is written last
    return found


def grade(
    log: Log,
    behaviour: Realistic,
    joined: Words,
    *,
    zone: str,
    since: int,
    replications: int = REPLICATIONS,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Grade, list[Told]]:
    """Grade a behaviour on what a log holds from the instant `since` on.

    Args:
        log: all that was lived.
        behaviour: estimated on what came before `since`.
        joined: by contact of the log, the instant its life begins; MISSING leaves it out.
        zone: on whose wall clock people live.
        since: the instant from which forecasts are compared.
        replications: how many times the past is lived again.
        progress: called with how many of them are done.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = _write(File(folder), log, joined)
        plan = _plan(log, behaviour, zone)
        edges = np.linspace(since, log.end + 1, GRADED + 1)
        lived = _lived(log, joined, behaviour, edges)
        forecasts: list[Counts] = []
        for seed in range(1, replications + 1):
            forecasts.append(_forecast(plan, files, File(folder) / f"run-{seed}", seed, behaviour, log, edges))
            if progress is not None:
                progress(seed, replications)
    rows = [_told(key, lived.get(key, 0.0), [f.get(key, 0.0) for f in forecasts]) for key in _keys(lived, forecasts)]
    covered = sum(row.told for row in rows) / len(rows) if rows else 0.0
    letter: Letter = next((name for least, name in STEPS if covered >= least), "D")
    first = dt.datetime.fromtimestamp(since, dt.UTC).date()
    return Grade(letter, round(covered, 3), f"{File(log.file).name}, {first} …"), rows


def _keys(lived: Counts, forecasts: list[Counts]) -> list[tuple[str, int]]:
    """What happens often enough to be compared, lived or forecast."""
    keys = sorted(set(lived).union(*forecasts))
    often = {name for name, window in keys if name != "revenue" and lived.get((name, window), 0.0) >= LEAST}
    often |= {n for n, w in keys if n != "revenue" and np.mean([f.get((n, w), 0.0) for f in forecasts]) >= LEAST}
    return [key for key in keys if key[0] in often or (key[0] == "revenue" and "purchases" in often)]


def _told(key: tuple[str, int], lived: float, forecasts: list[float]) -> Told:
    """The 95 % interval of one more draw, given so many: Student's t, by its expansion (Abramowitz & Stegun 26.7.5)."""
    n = len(forecasts)
    z, v = 1.959964, max(n - 1, 1)
    t = z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v * v)
    mean, spread = float(np.mean(forecasts)), float(np.std(forecasts, ddof=1)) if n > 1 else 0.0
    reach = t * spread * (1 + 1 / n) ** 0.5
    return Told(*key, lived, mean, mean - reach, mean + reach)


def _write(folder: File, log: Log, joined: Words) -> tuple[File, File | None]:
    """The lived contacts and the lived sendings, if there were any, as files for a run."""
    there = joined != MISSING
    instants = pa.array(joined[there]).view(pa.timestamp("s", "UTC"))
    people, events = folder / "people.parquet", folder / "events.parquet"
    parquet.write_table(pa.table({"contact": log.ids[there], "joined": instants}), people)
    rows = log.of("sent")
    rows = rows[there[log.contact[rows]] & (log.message[rows] >= 0)]
    rows = rows[log.time[rows] >= joined[log.contact[rows]]]
    columns = {
        "contact": log.ids[log.contact[rows]],
        "time": pa.array(log.time[rows]).view(pa.timestamp("s", "UTC")),
        "type": pa.array([f"{SENT}{m}" for m in log.message[rows].tolist()], pa.string()),
    }
    parquet.write_table(pa.table(columns), events)
    return people, events if len(rows) else None


def _plan(log: Log, behaviour: Realistic, zone: str) -> str:
    """A plan that sends what was sent, when it was sent, whatever people say: JSON is YAML."""
    words = log.words
    rows = log.of("sent")
    used = [m for m in sorted(set(log.message[rows].tolist())) if m >= 0]
    channel_of = {m: c for m, c in zip(log.message[rows].tolist(), log.channel[rows].tolist(), strict=True)}
    names = {c: f"c{i}" for i, c in enumerate(words["channel"])}
    told = {m: behaviour.messages.get(words["message"][m]) for m in used}
    effects = {f"m{m}": effect for m, effect in told.items() if effect is not None}
    reads = {names[c]: r for c, r in behaviour.channels.items() if c in names}
    people = structs.replace(behaviour, channels=reads, messages=effects, grade=None)
    first, last = log.start, log.end
    begins = dt.datetime.fromtimestamp(int(log.local(np.array([first]))[0]), dt.UTC).date()
    raw: dict[str, Any] = {
        "plan": "past",
        "start": str(begins),
        "days": (last - first) // DAY + 2,
        "zone": zone,
        "channels": {c: {} for c in [*names.values(), "nowhere"]},
        "categories": [{"name": "lived", "class": "transactional", "purpose": "marketing"}],
        "events": {"unsubscribed": {"withdraw": "marketing.nowhere"}},
        "messages": {f"m{m}": {"channel": _channel(words, names, channel_of[m]), "category": "lived"} for m in used},
        "journeys": {
            f"j{m}": {
                "trigger": {"event": f"{SENT}{m}"},
                "reentry": {"policy": "parallel", "at_once": 8},
                "steps": [{"send": f"m{m}"}],
            }
            for m in used
        },
        "population": {"consent": {"all": "100%"}},
        "behaviour": {"kind": "realistic", "realistic": _said(msgspec.to_builtins(people))},
    }
    return msgspec.json.encode({k: v for k, v in raw.items() if v != {}}).decode() + "\n"


def _said(data: Any) -> Any:
    """Data without what nothing is known of."""
    if isinstance(data, dict):
        return {k: _said(v) for k, v in data.items() if v is not None}
    return data


def _channel(words: dict[str, list[str]], names: dict[str, str], channel: int) -> str:
    return names[words["channel"][channel]] if channel >= 0 else "nowhere"


def _lived(log: Log, joined: Words, behaviour: Realistic, edges: Any) -> Counts:
    there = joined[log.contact] != MISSING
    first = log.time <= joined[log.contact]
    kinds = np.array([*log.words["type"], ""])[log.kind]
    paid = (kinds == behaviour.purchases.event) & ~first
    return _counted(log.contact, log.time, kinds, log.value, paid, there, edges)


def _forecast(
    plan: str, files: tuple[File, File | None], out: File, seed: int, behaviour: Realistic, log: Log, edges: Any
) -> Counts:
    from bifurque.engine.simulate import simulate  # brings the kernel's compiler

    people, events = files
    run = simulate(plan, population=people, events=events, seed=seed, ledger="full", out=out)
    table = run.events()
    kinds = np.array(table["type"].to_pylist())
    values = table["value"].fill_null(MISSING).to_numpy()
    model = np.array(table["source"].to_pylist()) == "model"
    time = table["time"].cast(pa.int64()).to_numpy()
    paid = kinds == behaviour.purchases.event
    return _counted(table["contact"].to_numpy(), time, kinds, values, paid, model, edges)


def _counted(contact: Words, time: Words, kinds: Any, value: Words, paid: Any, keep: Any, edges: Any) -> Counts:
    """Purchases, buyers, revenue, opens, clicks and unsubscriptions by window."""
    found: Counts = {}
    window = np.searchsorted(edges, time, side="right") - 1
    inside = keep & (window >= 0) & (window < GRADED)
    for w in range(GRADED):
        here = inside & (window == w)
        bought = here & paid
        found["purchases", w] = float(bought.sum())
        found["buyers", w] = float(len(np.unique(contact[bought])))
        found["revenue", w] = float(value[bought & (value != MISSING)].sum()) / 100
        for kind in ("opened", "clicked", "unsubscribed"):
            found[kind, w] = float((here & (kinds == kind)).sum())
    return found

"""The auditor's sums: every figure of kpi.json that the ledger and the events can tell, added up again."""

from collections import Counter

from auditor_books import candidates
from auditor_clock import wall
from auditor_visits import FINAL

MOST = 63
"""Contact-weeks with more messages are counted together."""


def counts(story, lives):
    """What kpi.json says, and the ledger does not."""
    kpis = story.kpis
    yield from _against("totals", kpis["totals"], _all(story, lives))
    for name, figures in kpis["journeys"].items():
        yield from _against(name, figures, _part(story, lives, lambda r, j=name: r["journey"] == j))
        inside = figures["inside"] + figures["left"] + figures["quarantined"]
        if figures["entered"] != inside:
            yield f"kpi: {name}: {figures['entered']} entered, {inside} are inside, left or quarantined"
    for name, figures in kpis["messages"].items():
        yield from _against(name, figures, _part(story, lives, lambda r, m=name: r["message"] == m, visits=False))
    for name, figures in kpis["channels"].items():
        expected = _part(story, lives, lambda r, c=name: r["channel"] == c, visits=False)
        yield from _against(name, figures, {k: v for k, v in expected.items() if k not in ("candidates", "pending")})
    for name, figures in kpis["arms"].items():
        journey, _, arm = name.partition("/")
        expected = _part(story, lives, lambda r, j=journey, a=arm: (r["journey"], r["arm"]) == (j, a))
        unknown = ("candidates", "pending", "replaced", "value")
        yield from _against(name, figures, {k: v for k, v in expected.items() if k not in unknown})
    for name, figures in [("totals", kpis["totals"]), *kpis["journeys"].items(), *kpis["messages"].items()]:
        final = sum(figures[k] for k in ("sent", "dropped", "replaced", "pending"))
        if figures["candidates"] != final:
            yield f"kpi: {name}: {figures['candidates']} candidates, {final} have a fate"
    for name, figures in kpis["steps"].items():
        onward = sum(figures[k] for k in ("passed", "left", "inside", "quarantined"))
        if figures["entered"] != onward:
            yield f"kpi: {name}: {figures['entered']} came, {onward} are there, went on or left"
    yield from _against("events", kpis["events"], Counter(e["type"] for e in story.events))
    yield from _pressure(story, lives)


def _against(name, figures, expected):
    for key, value in expected.items():
        if figures.get(key, 0) != value:
            yield f"kpi: {name}: {key} is {figures.get(key, 0)}, the ledger says {value}"


def _all(story, lives):
    found = _part(story, lives, lambda _: True)
    stopped = sum(any(r["reason"] == "quarantined" and r["journey"] == "" for r in x.rows) for x in lives)
    money = {name for name, event in story.plan.events.items() if event.revenue}
    if getattr(story.plan.events.get("purchase"), "revenue", None) is None:
        money.add("purchase")
    revenue = sum(max(e["value"] or 0, 0) for e in story.events if e["type"] in money)
    found |= {"quarantined": stopped, "events": len(story.events), "revenue": revenue / 100}
    return {k: v for k, v in found.items() if k not in ("left", "inside", "refused")}


def _part(story, lives, mine, visits=True):
    """The figures of some rows: of a journey, a message, a channel, an arm."""
    every = [row for life in lives for row in life.rows if mine(row)]
    rows = [row for row in every if row["message"]]
    by = {outcome: [r for r in rows if r["outcome"] == outcome] for outcome in (*FINAL, "held")}
    groups = [rs for life in lives for _, _, rs in candidates(life) if mine(rs[0])]
    cost = sum(round(story.plan.channels[r["channel"]].cost * 1_000_000) for r in by["sent"])
    found = {
        "candidates": len(groups),
        "pending": sum(rs[-1]["outcome"] == "held" for rs in groups),
        "sent": len(by["sent"]),
        "held": len(by["held"]),
        "dropped": len(by["dropped"]),
        "replaced": len(by["replaced"]),
        "held_by_reason": dict(Counter(r["reason"] for r in by["held"])),
        "dropped_by_reason": dict(Counter(r["reason"] for r in by["dropped"])),
        "value": sum(r["value_cents"] for r in by["sent"]) / 100,
        "cost": round(cost / 1_000_000, 6),
    }
    if visits:
        mine_too = [v for life in lives for v in life.visits if mine(v.entry)]
        ended = Counter(None if v.leave is None else v.leave["reason"] == "quarantined" for v in mine_too)
        found |= {"entered": len(mine_too), "inside": ended[None], "left": ended[False], "quarantined": ended[True]}
        found["refused"] = sum(r["visit"] == 0 and r["cause"] == "refused" for r in every)
    return found


def _pressure(story, lives):
    """Contact-weeks (Monday to Sunday, local) by number of messages."""
    histogram = Counter()
    for life in lives:
        born = max(story.start, _joined(life))
        if born >= story.end:
            continue
        sends = Counter(_week(r["time"], life.zone) for r in life.sent)
        weeks = _week(story.end - 1, life.zone) - _week(born, life.zone) + 1
        histogram.update(min(n, MOST) for n in sends.values())
        histogram[0] += weeks - len(sends)
    said = {n: count for n, count in enumerate(story.kpis["pressure"]["histogram"]) if count}
    if said != {n: count for n, count in histogram.items() if count}:
        yield f"kpi: pressure is {said}, the ledger says {dict(histogram)}"


def _joined(life):
    joined = [e["time"] for e in life.events if e["type"] == "joined"]
    return joined[0] if joined else 0


def _week(t, zone):
    return (wall(t, zone).date().toordinal() - 1) // 7

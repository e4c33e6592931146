"""Visits as the auditor pieces them together from the ledger: who entered when, what was due when, who had to leave."""

from dataclasses import dataclass, field

from auditor_clock import due
from auditor_life import effect, listed, shown, simple

FINAL = ("sent", "dropped", "replaced")
BUSIEST = 64
"""How many transitions a contact may make at one instant."""


@dataclass
class Visit:
    """One visit: its rows in the ledger, its candidates by step, and when each of these was due, if that is known."""

    journey: str
    number: int
    entry: dict
    leave: dict | None = None
    candidates: dict = field(default_factory=dict)
    dues: dict = field(default_factory=dict)
    late: set = field(default_factory=set)

    @property
    def span(self):
        """The places of its first and last row."""
        return self.entry["place"], float("inf") if self.leave is None else self.leave["place"]

    def inside(self, place):
        """Whether it was under way when the row at a place was written."""
        return self.span[0] < place < self.span[1]


def is_entry(row):
    """Whether a row says that a visit begins."""
    cause, plain = row["cause"], row["message"] == "" and row["visit"] > 0 and row["reason"] == ""
    return plain and (cause.startswith("entry:") or cause == "resumed" or (cause == "transfer" and row["winner"] == ""))


def is_leave(row):
    """Whether a row says that a visit ends."""
    return row["message"] == "" and row["visit"] > 0 and not is_entry(row)


def stopped(life):
    """The row that put a contact into quarantine, or None."""
    return next((r for r in life.rows if r["reason"] == "quarantined" and r["journey"] == ""), None)


def find_visits(life):
    """A contact's visits by journey and number; what does not fit is a violation."""
    visits, wrong = {}, []
    for row in life.rows:
        key = (row["journey"], row["visit"])
        visit = visits.get(key)
        if is_entry(row):
            if visit is not None or row["visit"] != 1 + sum(j == row["journey"] for j, _ in visits):
                wrong.append(f"visit: {shown(row)} is not the next one")
            visits.setdefault(key, Visit(*key, row))
        elif row["journey"] and row["visit"] > 0:
            if visit is None:
                wrong.append(f"visit: {shown(row)} belongs to no visit")
                continue
            if visit.leave is not None:
                wrong.append(f"exit: {shown(row)} comes after the visit has ended")
            if is_leave(row):
                visit.leave = visit.leave or row
            else:
                visit.candidates.setdefault(row["step"], []).append(row)
    effects = [x for visit in visits.values() for x in _timetable(life, visit, wrong)]
    life.add_effects(effects)
    life.visits = list(visits.values())
    return wrong


def _timetable(life, visit, wrong):
    """When each step of a simple journey is due; its candidates must stand exactly there. Yields what steps change."""
    journey = life.plan.journeys[visit.journey]
    if not simple(journey):
        _first_rows(visit)
        return
    done, previous, until = visit.entry["time"], _anchor(life, visit), _cutoff(life, visit)
    trigger, fates, taken = previous, [previous], {}
    for step in journey.steps:
        base = {"trigger": trigger, "previous": previous, "sent": fates[-1]}[step.after]
        wait = _by_arm(life, step.wait)
        if base is None or wait is None:
            return  # the ledger does not say
        previous = due(base, wait, step.at, listed(step.on), life.zone)
        previous = max(previous, base + 1) if step.after == "sent" else previous
        done = max(done, previous)
        if hasattr(step, "send"):
            fates.append(_send(life, visit, step, (previous, done, until), taken, wrong))
            fates.append(None if None in fates else max(fates))
        elif effect(step) and _taken(visit, done, until) and not (step.late == "skip" and previous < done):
            yield done, step


def _send(life, visit, step, when, taken, wrong):
    """One send step: its candidate appears when it is reached, no sooner, no later; the instant of its fate."""
    due_at, done, until = when
    base = step.name or _first_message(step)
    taken[base] = taken.get(base, 0) + 1
    name = base if taken[base] == 1 else f"{base}_{taken[base]}"
    rows = visit.candidates.get(name, [])
    where = f"{visit.journey}/{name}#{visit.number}"
    if (not rows and _taken(visit, done, until)) or (rows and (rows[0]["time"] != done or done > until)):
        wrong.append(f"due: {where} is due at {due_at}, reached at {done}: {[shown(r) for r in rows[:1]]}")
    message = _by_arm(life, step.send)
    if rows and message is not None and rows[0]["message"] != message:
        wrong.append(f"arm: {where} is {rows[0]['message']}, not {message}")
    visit.dues[name] = due_at
    if step.late == "skip" and due_at < done:
        visit.late.add(name)
    return rows[-1]["time"] if rows and rows[-1]["outcome"] in FINAL else None


def _taken(visit, done, until):
    """Whether a visit took a step that it would take at an instant; all of them, if it went to its end."""
    return done < until or (done == until and visit.leave is not None and visit.leave["cause"] == "end")


def _first_rows(visit):
    """In any other journey a candidate whose first decision falls on its due instant says so."""
    for name, rows in visit.candidates.items():
        if rows[0]["cause"] == "due" and rows[0]["reason"] not in ("holdout", "preempted", "expired"):
            visit.dues[name] = rows[0]["time"]


def _first_message(step):
    return step.send if isinstance(step.send, str) else next(iter(step.send.arms.values()))


def _anchor(life, visit):
    """The instant of the trigger: that of the entry, or when it began to wait in the queue."""
    if visit.entry["cause"] != "resumed":
        return visit.entry["time"]
    before = life.rows[: visit.entry["place"]]
    return [r["time"] for r in before if r["journey"] == visit.journey and r["cause"] == "queued"][-1]


def _cutoff(life, visit):
    """The instant from which nothing more is to be expected of a visit."""
    return life.story.end if visit.leave is None else visit.leave["time"]


def _by_arm(life, value):
    """A value, or the one of the contact's arm; None if no row tells the arm."""
    if not hasattr(value, "arms"):
        return value
    arm = life.arms.get(value.by)
    return None if arm is None else value.arms[arm]


def find_arms(life):
    """The arm of each experiment, from whatever row tells it; one that changes is a violation."""
    wrong, life.arms = [], {n: next(iter(e.arms)) for n, e in life.plan.experiments.items() if not e.enabled}
    seen = {}
    for row in life.rows:
        if row["journey"] == "":
            continue
        if seen.setdefault(row["journey"], row["arm"]) != row["arm"]:
            wrong.append(f"arm: {shown(row)} is in {row['arm']!r}, before in {seen[row['journey']]!r}")
        for part in row["arm"].split(";") if "=" in row["arm"] else ():
            name, _, arm = part.partition("=")
            if life.arms.setdefault(name, arm) != arm:
                wrong.append(f"arm: {shown(row)} is in {arm!r} of {name}, elsewhere in {life.arms[name]!r}")
    return wrong


def exits(life):
    """Law of exits: after its event, with the visit's key or any, a visit is over."""
    for visit in life.visits:
        ways = life.plan.journeys[visit.journey].exit
        for event in life.events:
            ended = visit.leave is not None and visit.leave["time"] <= event["time"]
            if event["time"] <= visit.entry["time"] or ended:
                continue
            for way in ways if isinstance(ways, tuple) else (ways,):
                if event["type"] in listed(way.event) and way.where is None and _matches(life, visit, way, event):
                    yield f"exit: {visit.journey}#{visit.number} goes on after {event['type']} at {event['time']}"


def _matches(life, visit, way, event):
    """Whether an exit concerns a visit; a key that the ledger cannot tell counts as another."""
    trigger = life.plan.journeys[visit.journey].trigger
    if way.key == "any" or event["key"] is None or (trigger is not None and not getattr(trigger, "key", None)):
        return True
    if not visit.entry["cause"].startswith("entry:") or not hasattr(trigger, "event"):
        return False
    refs = trigger.event if isinstance(trigger.event, tuple) else (trigger.event,)
    kinds = [k for e in refs for k in listed(getattr(e, "event", e))]
    keys = {e["key"] for e in life.events if e["time"] == visit.entry["time"] and e["type"] in kinds}
    return keys == {event["key"]} and not any(getattr(e, "key", "") == "any" for e in refs)


def reentries(life):
    """Re-entry: how often, how many at once."""
    for name, journey in life.plan.journeys.items():
        mine = [v for v in life.visits if v.journey == name]
        policy = getattr(journey.reentry, "policy", journey.reentry)
        most = getattr(journey.reentry, "most", None) or (1 if policy == "never" else len(mine))
        at_once = getattr(journey.reentry, "at_once", 4) if policy == "parallel" else 1
        if len(mine) > most or (mine and not journey.enabled):
            yield f"visit: {len(mine)} visits to {name}, at most {most} are allowed"
        for visit in mine:
            if sum(v.inside(visit.span[0]) for v in mine) >= at_once:
                yield f"visit: {name}#{visit.number} begins while {at_once} others are under way"


def groups(life):
    """Exclusive groups: one journey at a time, or the weaker one is silent."""
    for visit in life.visits:
        for group, policy in life.plan.journeys[visit.journey].group.items():
            others = [v for v in life.visits if v.journey != visit.journey and v.inside(visit.span[0])]
            for other in others:
                if group not in life.plan.journeys[other.journey].group:
                    continue
                if policy != "pause":
                    yield f"group: {visit.journey}#{visit.number} begins inside {other.journey}#{other.number}"
                else:
                    yield from _silent(life, visit, other)


def _silent(life, visit, other):
    """While the stronger of two visits is under way, nothing leaves from the other."""
    one, two = (life.plan.journeys[v.journey].priority for v in (visit, other))
    if isinstance(one, str) or isinstance(two, str):
        return
    if one <= two:
        yield f"group: {visit.journey}#{visit.number} begins inside the stronger {other.journey}#{other.number}"
    for rows in other.candidates.values():
        for row in rows:
            if visit.inside(row["place"]) and row["outcome"] in ("sent", "held"):
                yield f"group: {shown(row)} inside the stronger {visit.journey}#{visit.number}"


def holdouts(life):
    """Law 8: who is held out receives nothing; of the global holdout, nothing commercial."""
    candidates = [rows for v in life.visits for rows in v.candidates.values()]
    chosen = any(r["reason"] == "holdout" and r["arm"] != "holdout" for rows in candidates for r in rows)
    for rows in candidates:
        row = rows[0]
        out = row["arm"] == "holdout" or (chosen and life.kind(row) in ("relational", "promotional"))
        if out is not (row["reason"] == "holdout") and row["reason"] != "preempted":
            yield f"holdout: {shown(row)} {row['reason']}, arm {row['arm']!r}"
    for name, journey in life.plan.journeys.items():
        if journey.holdout == 0 and any(r["journey"] == name and r["arm"] == "holdout" for r in life.rows):
            yield f"holdout: {name} holds nobody out"


def bounded(life):
    """Law 9: few entries at one instant; nothing after a quarantine, which ends every visit."""
    entries = [v.entry["time"] for v in life.visits]
    for t in set(entries):
        if entries.count(t) > BUSIEST:
            yield f"bounded: {entries.count(t)} entries at {t}"
    quarantined = stopped(life)
    if quarantined is not None and (quarantined is not life.rows[-1] or any(v.leave is None for v in life.visits)):
        yield "bounded: goes on after its quarantine"

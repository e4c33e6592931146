"""The auditor's books: every candidate with its rows from the first decision to the last, and who went before whom."""

from auditor_clock import end_of_validity
from auditor_life import shown
from auditor_visits import FINAL

LEAVING = ("consent", "exited", "preempted", "quarantined", "suppressed")
"""Why a held message may go before its time."""
LONG = 40 * 86400


def candidates(life):
    """(visit, step, rows) of every candidate of a contact."""
    for visit in life.visits:
        for step, rows in visit.candidates.items():
            yield visit, step, rows


def one_final_row(life):
    """Law 6: rows that hold, then one final row; or none, when it is still held at the end of the run."""
    for _, _, rows in candidates(life):
        for row in rows[:-1]:
            if row["outcome"] != "held":
                yield f"one final row: {shown(row)} is followed by {shown(rows[-1])}"
        if len({r["arm"] for r in rows}) > 1 or len({r["message"] for r in rows}) > 1:
            yield f"one final row: {shown(rows[0])} changes its arm or its message"
        last = rows[-1]
        if last["outcome"] not in FINAL and last["until"] is not None and last["until"] < life.story.end:
            yield f"one final row: {shown(last)} until {last['until']} has none"


def ended(life):
    """A message goes with its visit, at that instant; or because a stronger visit begins or is under way."""
    for visit, _, rows in candidates(life):
        row, leave = rows[-1], visit.leave
        left = leave is not None and leave["time"] == row["time"]
        if (row["reason"] in ("exited", "quarantined") or row["outcome"] == "replaced") and not left:
            yield f"exit: {shown(row)}, but the visit does not end then"
        if row["reason"] == "preempted" and not left:
            mine = set(life.plan.journeys[visit.journey].group)
            near = [v for v in life.visits if mine & set(life.plan.journeys[v.journey].group) and v is not visit]
            if not any(v.entry["time"] == row["time"] or v.inside(row["place"]) for v in near):
                yield f"group: {shown(row)}, but nothing stronger is under way"


def held_until(life):
    """A message that is held is decided again at the instant it was told; sooner only if something happened."""
    for _, _, rows in candidates(life):
        for i, row in enumerate(rows):
            if row["outcome"] != "held":
                continue
            after = rows[i + 1] if i + 1 < len(rows) else None
            next_at = life.story.end if after is None else after["time"]
            yield from _told(life, row, after, next_at)
            yield from _prompt(life, row, next_at)


def _told(life, row, after, next_at):
    until = row["until"]
    if until is not None and until <= row["time"]:
        yield f"held until: {shown(row)} until {until}"
    if after is None or until == next_at:
        return
    gone = after["reason"] in LEAVING or after["outcome"] == "replaced" or life.lost_consent(row, next_at)
    if (until is not None and next_at > until) or not (gone or life.awaits(row)):
        yield f"held until: {shown(row)} until {until}, decided at {next_at}"


def _prompt(life, row, next_at):
    """What an event or a send changes is acted on at once: consent lost, or the rule that held a message gone."""
    awaits = life.awaits(row)
    happened = [(e["time"], None) for e in life.events] + [(t, None) for t, _ in life.effects]
    happened += [(s["time"], s["place"] + 1) for s in life.sent]
    for at, place in happened:
        if not row["time"] < at < next_at:
            continue
        before = place or len([s for s in life.rows if s["time"] < at])
        if not life.consented(row, at, row["channel"]):
            yield f"consent: {shown(row)} is still held at {at}, after the consent was withdrawn"
        elif awaits and not life.awaits(row, before, at):
            yield f"held until: {shown(row)} is still held at {at}, though nothing holds it any longer"


def first_instant(life):
    """A message is held to the first instant that all laws allow, as things stand; never longer, never in vain."""
    for visit, step, rows in candidates(life):
        due_at = visit.dues.get(step)
        end = None if due_at is None else _end(life, rows[0], due_at)
        for row in rows:
            foreseen = life.plan.arbitration == "look_ahead" and row["reason"] == "lost_to"
            if row["outcome"] != "held" or foreseen:
                continue
            if life.awaits(row):
                if row["until"] != end and due_at is not None:
                    yield f"held until: {shown(row)} waits for an event until {row['until']}, is valid until {end}"
                continue
            yield from _earliest(life, row, row["until"])


def _earliest(life, row, until):
    if until is None:
        yield f"held until: {shown(row)} says no instant"
        return
    if now := life.nays(row, at=until):
        yield f"held until: {shown(row)} until {until}, when {now} forbid it"
    for at in (*life.changes(row["time"], until), until - 1):
        if not life.nays(row, at=at):
            yield f"held until: {shown(row)} until {until}, though it might leave at {at}"
            return


def _end(life, row, due_at):
    return end_of_validity(life.plan.messages[row["message"]], due_at, life.zone)


def validity(life):
    """Nothing leaves once it is no longer valid, and nothing expires that could still have left."""
    for visit, step, rows in candidates(life):
        due_at, last = visit.dues.get(step), rows[-1]
        if due_at is None:
            continue
        end = _end(life, last, due_at)
        if last["outcome"] == "sent" and end is not None and last["time"] >= end:
            yield f"validity: {shown(last)}, valid until {end}"
        if last["reason"] == "expired":
            yield from _expired(life, visit, step, last, end)


def _expired(life, visit, step, row, end):
    if step in visit.late:
        return
    if row["until"] != end:
        yield f"validity: {shown(row)} until {row['until']}, is valid until {end}"
        return
    end = row["time"] + LONG if end is None else end  # what is valid for ever expires only if it could never leave
    if row["time"] >= end or life.awaits(row):
        return
    law = row["cause"]
    if law != "lost_to" and law not in life.nays(row):
        yield f"reason: {shown(row)}: `{law}` did not forbid it"
    for at in life.changes(row["time"], end) if law != "lost_to" or life.plan.arbitration != "look_ahead" else ():
        if not life.nays(row, at=at):
            yield f"validity: {shown(row)} might have left at {at}"
            return


def arbitration(life):
    """Law 4: who loses to another message of the same instant is the weaker one, in the plan's order."""
    if life.plan.arbitration == "look_ahead":
        return
    for visit, step, rows in candidates(life):
        for row in rows:
            if row["reason"] == "lost_to":
                yield from _loses(life, visit, step, row)


def _loses(life, visit, step, row):
    together = [s for s in life.sent if s["time"] == row["time"] and s["place"] < row["place"]]
    if row["winner"] not in {s["message"] for s in together}:
        yield f"arbitration: {shown(row)} lost to {row['winner']!r}, which did not leave then"
    for sent in together:
        if sent["place"] < visit.span[0] or sent["message"] != row["winner"]:
            continue  # it came up only after that one had left
        if life.awaits(row, sent["place"]):
            continue  # it had to wait for that one
        other = next(v for v in life.visits if (v.journey, v.number) == (sent["journey"], sent["visit"]))
        one = _strength(life, other, sent["step"], sent)
        two = _strength(life, visit, step, row)
        if one is not None and two is not None and one > two:
            yield f"arbitration: {shown(row)} is stronger than {shown(sent)}"


def _strength(life, visit, step, row):
    """What decides who goes first, ascending; None if the auditor cannot tell."""
    due_at = visit.dues.get(step)
    if life.plan.arbitration == "first_come":
        return due_at
    message, kinds = life.plan.messages[row["message"]], list(life.kinds)
    own = life.plan.journeys[row["journey"]].priority if message.priority is None else message.priority
    rank = life.kinds[row["category"]].rank
    if isinstance(own, str) or due_at is None:
        return None
    end = _end(life, row, due_at)
    return kinds.index(row["category"]) if rank is None else rank, -own, float("inf") if end is None else end

"""The auditor's own proof: a true run is clean; a fault planted in its ledger is caught, by the law it breaks."""

import copy

import pytest
from auditor import audit, blind_spots
from busy import PLAN, caught, crowd
from lived import lived


@pytest.fixture(scope="module")
def true_story(tmp_path_factory):
    """A run with nothing wrong in it, in which every law had something to say."""
    return lived(tmp_path_factory.mktemp("true"), PLAN, *crowd())


def test_a_true_run_is_clean(true_story):
    assert blind_spots(true_story.plan) == []
    assert audit(true_story) == []
    reasons = {(row["outcome"], row["reason"]) for row in true_story.ledger}
    assert {o for o, _ in reasons} == {"", "sent", "held", "dropped", "replaced"}
    for cap in true_story.plan.caps:
        assert reasons & {("held", f"cap:{cap.name}"), ("dropped", f"cap:{cap.name}")}
    for rule in true_story.plan.coherence:
        assert reasons & {("held", f"coherence:{rule.name}"), ("dropped", f"coherence:{rule.name}")}
    others = {"consent", "holdout", "expired", "exited", "preempted", "quiet_hours", "lost_to"}
    assert others <= {reason for _, reason in reasons}
    assert any(row["outcome"] == "sent" and row["cause"].startswith("cap:") for row in true_story.ledger)


def find(story, **wanted):
    """The first row with some values; one that ends in `:` or `=` begins so."""
    for row in story.ledger:
        if all(row[k] == v or (v.endswith((":", "=")) and row[k].startswith(v)) for k, v in wanted.items()):
            return row
    raise AssertionError(wanted)


def candidate(story, row):
    """Every row about a row's candidate."""
    return [x for x in story.ledger if all(x[k] == row[k] for k in ("contact", "journey", "step", "visit", "message"))]


def held_then_sent(story, reason):
    """The two rows of a message that was held for a reason, then left."""
    for row in story.ledger:
        if row["outcome"] == "held" and row["reason"].startswith(reason):
            rows = candidate(story, row)
            if len(rows) == 2 and rows[1]["outcome"] == "sent":
                return rows
    raise AssertionError(reason)


def send_anyway(**wanted):
    """A message that a law stopped leaves all the same, and for good."""

    def fault(story):
        row = find(story, **wanted)
        rest = candidate(story, row)
        story.ledger = [x for x in story.ledger if x not in rest[rest.index(row) + 1 :]]
        row.update(outcome="sent", reason="sent", until=None, winner="")

    return fault


def sleepless(story):
    held, sent = held_then_sent(story, "quiet_hours")
    held["until"] = sent["time"] = sent["time"] - 1


def one_too_many(story):
    rows = [x for x in story.ledger if x["outcome"] == "sent" and x["category"] == "promotion"]
    story.ledger.insert(story.ledger.index(rows[0]) + 1, dict(rows[0], visit=rows[0]["visit"] + 1))


def lost_fate(story):
    story.ledger.remove(held_then_sent(story, "quiet_hours")[1])


def lost_candidate(story):
    story.ledger.remove(find(story, outcome="sent", message="invoice"))


def two_fates(story):
    row = find(story, outcome="sent", message="invoice")
    story.ledger.insert(story.ledger.index(row) + 1, dict(row))


def other_arm(story):
    row = find(story, outcome="sent", journey="cart")
    row["arm"] = row["arm"].replace("subject=a", "subject=c").replace("subject=b", "subject=a").replace("=c", "=b")


def other_message(story):
    for row in candidate(story, find(story, journey="cart", step="reminder", cause="due", arm="subject=")):
        row.update(message={"reminder": "question", "question": "reminder"}[row["message"]])


def too_late(story):
    held, sent = held_then_sent(story, "cap:")
    held["until"] = sent["time"] = sent["time"] + 3600
    story.ledger.sort(key=lambda x: (x["contact"], x["time"]))


def impatient(story):
    held_then_sent(story, "cap:")[1]["time"] -= 1
    story.ledger.sort(key=lambda x: (x["contact"], x["time"]))


def gone_too_soon(story):
    find(story, outcome="replaced")["time"] -= 1
    story.ledger.sort(key=lambda x: (x["contact"], x["time"]))


def stays(story):
    row = find(story, cause="exit:purchase", message="")
    story.ledger.remove(row)


def after_the_end(story):
    row = find(story, cause="end", journey="welcome")
    sent = next(x for x in story.ledger if x["contact"] == row["contact"] and x["message"] == "hello")
    story.ledger.append(dict(sent, time=row["time"] + 5, outcome="sent", reason="sent"))
    story.ledger.sort(key=lambda x: (x["contact"], x["time"]))


def out_of_order(story):
    story.ledger[5], story.ledger[30] = story.ledger[30], story.ledger[5]


def wrong_sum(story):
    story.kpis["totals"]["sent"] += 1


def wrong_journey_sum(story):
    story.kpis["journeys"]["cart"]["inside"] += 1


def wrong_week(story):
    story.kpis["pressure"]["histogram"][1] += 1


def wrong_reason(story):
    find(story, outcome="dropped", reason="coherence:after a reminder")["reason"] = "coherence:while unpaid"


def wrong_winner(story):
    find(story, reason="lost_to", outcome="held")["winner"] = "invoice"


def never_entered(story):
    story.ledger.remove(find(story, cause="entry:cart"))


def both_inside(story):
    story.ledger.remove(find(story, reason="preempted", journey="tease", step="wait"))


def out_of_date(story):
    row = next(x for x in story.ledger if x["reason"] == "expired" and x["until"] <= x["time"])
    row.update(outcome="sent", reason="sent", until=None)


def moved_house(story):
    for person in story.people.values():
        person["zone"] = {"Asia/Kolkata": "America/New_York"}.get(person["zone"], person["zone"])


def rerouted(story):
    find(story, outcome="sent", message="letter", cause="due")["channel"] = "sms"


def undated(story):
    find(story, outcome="sent", message="invoice")["time"] += 60
    story.ledger.sort(key=lambda x: (x["contact"], x["time"]))


IN_THE_LEDGER = {
    "consent": [send_anyway(outcome="dropped", reason="consent")],
    "cap": [send_anyway(outcome="held", reason="cap:"), send_anyway(outcome="held", reason="lost_to"), one_too_many],
    "quiet hours": [send_anyway(outcome="held", reason="quiet_hours"), sleepless, moved_house],
    "coherence": [
        send_anyway(outcome="dropped", reason="coherence:after a reminder"),
        send_anyway(outcome="held", reason="coherence:while unpaid"),
        send_anyway(outcome="dropped", reason="coherence:first a greeting"),
    ],
    "exit": [stays, after_the_end, gone_too_soon],
    "holdout": [send_anyway(reason="holdout", journey="tease"), send_anyway(reason="holdout", journey="cart")],
    "validity": [out_of_date],
    "one final row": [lost_fate, two_fates],
    "due": [lost_candidate, undated],
    "arm": [other_arm, other_message],
    "held until": [too_late, impatient],
    "order": [out_of_order],
    "kpi": [wrong_sum, wrong_journey_sum, wrong_week],
    "reason": [wrong_reason, rerouted],
    "arbitration": [wrong_winner],
    "visit": [never_entered],
    "group": [both_inside],
}


@pytest.mark.parametrize(
    ("law", "fault"),
    [
        pytest.param(law, fault, id=f"{law}-{i}")
        for law, faults in IN_THE_LEDGER.items()
        for i, fault in enumerate(faults)
    ],
)
def test_a_fault_in_the_ledger_is_caught(true_story, law, fault):
    story = copy.deepcopy(true_story)
    fault(story)
    assert law in caught(story)

"""Surveys with a scale: what people answer, who keeps silent, and what NPS and CSAT make of it."""

import math

import numpy as np
import pytest
from realistic_plans import once, people, plan

from bifurque.engine.load import loads
from bifurque.engine.realistic import Opinion
from bifurque.engine.report import report
from bifurque.engine.simulate import simulate
from bifurque.rules.errors import PlanError

WEIGHTS = {"nps": Opinion().nps, "csat": Opinion().csat}
DAY = "2026-01-14"


def asks(scale="nps", message="note", day=DAY, **more):
    """A journey that asks everybody."""
    survey = {"survey": scale, "scale": scale, "within": "7d"} | more
    return {
        "trigger": {"schedule": {"dates": [f"{day} 00:00"]}},
        "steps": [survey | ({"message": message} if message else {})],
    }


def surveyed(folder, opinion=None, bad=(), scale="nps", message="note", contacts=30_000, reads=None, **more):
    """A run in which everybody is asked once, after some bad experiences."""
    sources = {f"awful{d}": {"event": "awful", "once": [f"{d}d", f"{d}d"]} for d in bad}
    asked = people(opinion={"bad": "awful"} | (opinion or {}), channels={"email": {"open": 1} | (reads or {})})
    behaviour = {"kind": "realistic", "realistic": asked, "sources": sources}
    text = plan(behaviour=behaviour, channels={"email": {}}, journeys={"asks": asks(scale, message)}, **more)
    return simulate(text, contacts=contacts, ledger="full", out=folder)


def said(weights, mood, response, bias):
    """The shares of all who are asked that mean each score, and that say it."""
    weights = np.array(weights) / sum(weights)
    least = np.concatenate([[1.0], np.cumsum(weights[::-1])[::-1][1:]])
    odds = least[1:] / (1 - least[1:]) * math.exp(8 * (mood - 0.6))
    moved = np.concatenate([[1.0], odds / (1 + odds), [0.0]])
    means = moved[:-1] - moved[1:]
    rank = np.arange(len(weights)) / (len(weights) - 1) - 0.5
    low, high = -30.0, 30.0
    for _ in range(80):
        middle = (low + high) / 2
        total = float(weights @ (1 / (1 + np.exp(-middle - bias * rank))))
        low, high = (middle, high) if total < response else (low, middle)
    return means, means / (1 + np.exp(-low - bias * rank))


def nps(shares):
    return 100 * (shares[9:].sum() - shares[:7].sum()) / shares.sum()


@pytest.mark.parametrize(
    ("bad", "bias", "response"), [((), 1.0, 0.4), ((), 0.0, 0.4), ((1, 2), 1.0, 0.4), ((1,), 3.0, 0.2), ((), -2.0, 0.3)]
)
def test_what_is_answered_and_what_is_meant(tmp_path, bad, bias, response):
    """An ordered logit in satisfaction; the better the answer, the more of those who mean it say it."""
    contacts = 30_000
    run = surveyed(tmp_path / "run", {"bias": bias, "response": response}, bad, contacts=contacts)
    found = run.kpis["surveys"]["nps"]
    means, says = said(WEIGHTS["nps"], 0.6 * 0.8 ** len(bad), response, bias)
    assert found["asked"] == contacts
    assert found["response_rate"] == round(found["answered"] / contacts, 6)
    for score, share in enumerate(says):
        error = 4 * math.sqrt(contacts * share * (1 - share)) + 1
        assert abs(found["answers"][str(score)] - contacts * share) < error
    assert found["nps"] == pytest.approx(nps(np.array(list(found["answers"].values()))), abs=0.006)
    worth = np.array([-100.0] * 7 + [0.0] * 2 + [100.0] * 2)
    spread = math.sqrt(means @ worth**2 - (means @ worth) ** 2)
    assert abs(found["nps_of_all"] - nps(means)) < 4 * spread / math.sqrt(contacts)
    if abs(bias) >= 1:  # silence is not neutral, and it shows
        assert math.copysign(1, bias) * (found["nps"] - found["nps_of_all"]) > 5
    else:
        assert abs(found["nps"] - found["nps_of_all"]) < 4 * spread / math.sqrt(found["answered"])
    if not bad:
        assert found["nps_of_all"] == pytest.approx(20, abs=1.5)
    else:
        assert found["nps_of_all"] < -10


def test_content_of_service(tmp_path):
    """CSAT: the share of 4 and 5; asked on the spot, where everybody sees the question."""
    run = surveyed(tmp_path / "run", scale="csat", message=None)
    found = run.kpis["surveys"]["csat"]
    means, says = said(WEIGHTS["csat"], 0.6, 0.4, 1.0)
    assert found["asked"] == 30_000
    assert list(found["answers"]) == ["1", "2", "3", "4", "5"]
    assert abs(found["csat_of_all"] - means[3:].sum()) < 4 * 0.5 / math.sqrt(30_000)
    assert abs(found["csat"] - says[3:].sum() / says.sum()) < 4 * 0.5 / math.sqrt(found["answered"])
    assert abs(found["answered"] - 30_000 * 0.4) < 4 * math.sqrt(30_000 * 0.24)
    assert run.kpis["scales"]["csat"] == found
    assert "nps" not in run.kpis["scales"]


def test_who_does_not_see_the_question_does_not_answer(tmp_path):
    """A letter that bounces asks nobody, one that is not opened gets no answer; machines have no opinion."""
    run = surveyed(tmp_path / "run", {"response": 1}, reads={"open": 0.3, "hard": 0.2, "machine": 1})
    found, note = run.kpis["surveys"]["nps"], run.kpis["messages"]["note"]
    assert found["answered"] == note["opened"]
    assert abs(note["opened"] - 30_000 * 0.8 / (1 + 0.7 / 0.3)) < 4 * math.sqrt(30_000 * 0.24)
    assert note["machine_opened"] == 30_000 - run.kpis["events"]["bounced"]
    events = run.events().to_pylist()
    opened = {e["contact"]: e["time"] for e in events if e["type"] == "opened" and e["source"] == "model"}
    answers = [e for e in events if e["type"] == "answered"]
    assert all(e["time"] > opened[e["contact"]] for e in answers)
    assert {(e["key"], e["value"]) for e in answers} == {(str(n), n) for n in range(11)}
    assert {e["message"] for e in answers} == {"note"}


def test_no_answer_is_no_index(tmp_path):
    run = surveyed(tmp_path / "run", {"response": 0}, contacts=500)
    assert run.kpis["surveys"]["nps"]["nps"] is None
    assert run.kpis["surveys"]["nps"]["answered"] == 0
    assert "·" in report(run.kpis, "en").split("Surveys")[1]


def test_answers_lead_on(tmp_path):
    """The score is kept as a number, and is the value of its event: branches, triggers and segments read it."""
    survey = asks(sets="mark")
    survey["steps"].append(
        {
            "branch": [
                {"if": "!has(contact.mark)", "then": []},
                {"if": "contact.mark >= 9", "then": [{"send": "thanks"}]},
                {"if": "contact.mark <= 6", "then": [{"send": "sorry"}]},
            ]
        }
    )
    alarm = {"trigger": {"event": {"event": "answered", "where": 'event.message == "note" && event.value <= 2'}}}
    text = plan(
        people(channels={"email": {"open": 1}}),
        messages=("note", "thanks", "sorry", "call"),
        journeys={"asks": survey, "alarm": alarm | {"steps": [{"send": "call"}]}},
        attributes={"mark": "int"},
    )
    run = simulate(text, contacts=20_000, ledger="none", out=tmp_path / "run")
    found, sent = run.kpis["surveys"]["nps"]["answers"], {m: f["sent"] for m, f in run.kpis["messages"].items()}
    assert sent["thanks"] == found["9"] + found["10"] > 2000
    assert sent["sorry"] == sum(found[str(n)] for n in range(7)) > 500
    assert sent["call"] == found["0"] + found["1"] + found["2"] > 50


def test_surveys_of_one_scale_do_not_mix(tmp_path):
    """Two messages and two counters ask at the same time: each has its own answers."""
    both = {f"{m}_asks": asks(message=m, survey=m) for m in ("note", "card")}
    spots = {f"spot{i}": asks(message=None, survey=f"spot{i}") for i in range(2)}
    asked = people(channels={"email": {"open": 1}}, opinion={"response": 0.5})
    text = plan(asked, messages=("note", "card"), journeys=both | spots)
    run = simulate(text, contacts=20_000, ledger="none", out=tmp_path / "run")
    found = run.kpis["surveys"]
    assert set(found) == {"note", "card", "spot0", "spot1"}
    for figures in found.values():
        assert abs(figures["answered"] - 10_000) < 4 * math.sqrt(5000)
        assert abs(figures["nps_of_all"] - 20) < 4 * 80 / math.sqrt(20_000)
    total = run.kpis["scales"]["nps"]
    assert total["asked"] == 80_000
    assert total["answered"] == sum(f["answered"] for f in found.values()) == run.kpis["events"]["answered"]


STATED = {"nps": {"10": 0.2, "8": 0.1, "3": 0.3}}


@pytest.mark.parametrize("kind", ["constant", "realistic"])
def test_answers_the_plan_states(tmp_path, kind):
    """They hold, whatever the behaviour; what the silent think is not known then."""
    behaviour = {"kind": kind, "answers": STATED, "realistic": people()}
    text = plan(behaviour=behaviour, channels={"email": {}}, journeys={"asks": asks()})
    found = simulate(text, contacts=20_000, ledger="none", out=tmp_path / "run").kpis["surveys"]["nps"]
    for score, share in STATED["nps"].items():
        assert abs(found["answers"][score] - 20_000 * share) < 4 * math.sqrt(20_000 * share * (1 - share))
    assert abs(found["nps"] + 100 * 0.1 / 0.6) < 4 * 90 / math.sqrt(12_000)
    assert "nps_of_all" not in found


def test_answers_of_a_file(tmp_path):
    """Real answers, with the behaviour off: their key is the score; too late is not an answer."""
    rows = [
        "contact,time,type,key,message",
        "0,2026-01-15T10:00:00Z,answered,9,note",
        "1,2026-01-15T10:00:00Z,answered,2,",
    ]
    rows += ["2,2026-02-15T10:00:00Z,answered,10,note", "3,2026-01-15T10:00:00Z,answered,11,note"]
    rows += ["4,2026-01-15T10:00:00Z,answered,7,other"]
    (tmp_path / "events.csv").write_text("\n".join(rows) + "\n", "utf-8")
    text = plan(
        behaviour={"kind": "off"},
        channels={"email": {}},
        messages=("note", "other"),
        journeys={"asks": asks(), "later": once("2026-02-20", "other")},
    )
    options = {"events": tmp_path / "events.csv", "contacts": 10, "days": 60}
    run = simulate(text, out=tmp_path / "run", **options)
    found = run.kpis["surveys"]["nps"]
    assert {k: n for k, n in found["answers"].items() if n} == {"2": 1, "9": 1}
    assert (found["asked"], found["answered"], found["nps"]) == (10, 2, 0.0)


@pytest.mark.parametrize(("lang", "words"), [("en", ("response rate", "NPS +")), ("fr", ("taux de réponse", "NPS +"))])
def test_the_table_tells(tmp_path, lang, words):
    run = surveyed(tmp_path / "run", contacts=3000)
    told = report(run.kpis, lang)
    assert all(word in told for word in words)
    plain = simulate(plan(people(), journeys={"a": once("2026-01-06")}), contacts=10, out=tmp_path / "plain")
    assert "surveys" not in plain.kpis
    assert words[0] not in report(plain.kpis, lang)


WRONG = {
    "neither": ({"answers": []}, "a survey needs answers, or a scale"),
    "both": ({"answers": ["good"], "scale": "nps"}, "answers of its own or a scale, not both"),
    "text": ({"scale": "nps", "sets": "text"}, "int"),
    "scale": ({"scale": "stars"}, "expected one of"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_survey_is_checked(case):
    step, message = WRONG[case]
    journey = {"trigger": {"event": "joined"}, "steps": [{"survey": "s"} | step]}
    with pytest.raises(PlanError) as told:
        loads(plan(journeys={"a": journey}, attributes={"text": "string"}))
    assert any(message in p.message for p in told.value.problems)


def test_one_survey_has_one_scale():
    journeys = {s: {"trigger": {"event": "joined"}, "steps": [{"survey": "x", "scale": s}]} for s in ("nps", "csat")}
    with pytest.raises(PlanError) as told:
        loads(plan(journeys=journeys))
    assert ["another scale elsewhere" in p.message for p in told.value.problems] == [True]


@pytest.mark.parametrize("weights", [[0] * 11, [-1, *[1] * 10]])
def test_weights_of_scores_are_checked(weights):
    with pytest.raises(PlanError) as told:
        loads(plan(people(opinion={"nps": weights})))
    assert "a weight is not below 0" in str(told.value.problems[0])

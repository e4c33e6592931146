"""Reading a plan never surprises: what bare words mean, where everything stands, what `--set` replaces."""

import pytest
from marked import HEAD, marked, problems_of

from bifurque.engine.load import load, loads
from bifurque.engine.plan import Plan
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.templates_list import template
from bifurque.engine.values import Duration
from bifurque.rules.errors import PlanError

DAY = 86400


def read(text):
    raw, problems = read_text(text, Problems("p"))
    assert problems.found == []
    return raw


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("3", 3),
        ("+3", 3),
        ("-3", -3),
        ("0", 0),
        ("3.5", 3.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("'true'", "true"),
        ('"NO"', "NO"),
        ('"22:30"', "22:30"),
        ("30min", "30min"),
        ("50%", "50%"),
        ("2025-01-31", "2025-01-31"),
        ("2025-01-31 08:00", "2025-01-31 08:00"),
        ("Europe/Paris", "Europe/Paris"),
        ("l'été", "l'été"),
        ("# nothing", None),
        ("a # a comment", "a"),
        ("a#b", "a#b"),
        ("[a, 1, true]", ["a", 1, True]),
        ("{NO: 1, on: 2, 22: 3}", {"NO": 1, "on": 2, "22": 3}),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        (">\n  one\n  line\n", "one line\n"),
        ("'it''s'", "it's"),
        ('"caf\\u00e9"', "café"),
        ("٣", "٣"),
        ("999999999999999999", 999999999999999999),
    ],
)
def test_what_is_written_and_what_is_meant(written, meant):
    found = read(f"key: {written}\n")["key"]
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    "raw", ["\ufeffa: 1\n", "a: 1\r\n", "%YAML 1.1\n---\na: 1\n...\n", "# first\n\na: 1\n", b"a: 1"]
)
def test_a_file_however_it_was_saved(raw):
    assert read(raw.encode() if isinstance(raw, str) else raw) == {"a": 1}


def test_everything_has_its_place():
    text, places = marked(
        "¦plan: ¦x\n¦caps:\n  - ¦{¦max: ¦1, ¦per: ¦7d}\n¦title:\n  ¦fr: \"¦a\"\n  ¦en: |\n    ¦b\n¦'days': ¦3\n"
    )
    _, problems = read_text(text, Problems("p"))
    found = [problems.keys[("plan",)], problems.places[("plan",)], problems.keys[("caps",)]]
    found += [problems.places[("caps", 0)], problems.keys[("caps", 0, "max")], problems.places[("caps", 0, "max")]]
    found += [problems.keys[("caps", 0, "per")], problems.places[("caps", 0, "per")], problems.keys[("title",)]]
    for language in ("fr", "en"):
        found += [problems.keys[("title", language)], problems.places[("title", language)]]
    assert [*found, problems.keys[("days",)], problems.places[("days",)]] == places


@pytest.mark.parametrize("name", ["cart", "nurturing", "sortie"])
def test_places_are_those_of_the_file(name):
    """Every scalar of a template stands where its place says, and every key."""
    text = template(name, "fr")
    lines = text.splitlines()
    raw, problems = read_text(text, Problems("p"))
    assert len(problems.keys) > 50
    for path, (line, column) in problems.keys.items():
        assert lines[line - 1][column - 1 :].lstrip("'\"").startswith(path[-1])
    for path, (line, column) in problems.places.items():
        value = raw
        for part in path:
            value = value[part]
        if isinstance(value, str) and path not in problems.written:
            assert lines[line - 1][column - 1 :].startswith(value)


@pytest.mark.parametrize(
    ("written", "days", "seconds"),
    [
        ("30min", 0, 1800),
        ("24h", 0, DAY),
        ("3d", 3, 0),
        ("2w", 14, 0),
        ("1h30min", 0, 5400),
        ("1d 12h", 1, 43200),
        ("90s", 0, 90),
        ("2 weeks", 14, 0),
        ("1day", 1, 0),
        ("0d", 0, 0),
    ],
)
def test_durations(written, days, seconds):
    assert Duration.read(written) == Duration(days, seconds)
    assert Duration.read(str(Duration(days, seconds))) == Duration(days, seconds)


def test_values_of_a_plan():
    plan = loads(
        'plan: x\nstart: 2024-02-29\nholdout: 2.5%\nquiet_hours: {from: "21:30", to: "24:00", days: [sat, sun]}\n'
        "calendars: {c: [2025-11-28, 2025-11-28 08:00, 2025-11-28T08:00:30]}\n"
        "channels: {été: {cost: 1}}\nattributes: {prénom: string}\nsegments: {s: has(contact.prénom)}\n"
    )
    assert (plan.start, plan.holdout, plan.quiet_hours.start, plan.quiet_hours.end) == (19782, 0.025, 77400, DAY)
    noon = 20420 * DAY
    assert plan.calendars["c"] == (noon, noon + 8 * 3600, noon + 8 * 3600 + 30)
    assert plan.channels["été"].cost == 1.0


def test_an_error_is_a_value_error_with_every_problem(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text("plan: x\nstart: 2025-01-01\ndyas: 3\nzone: Paris\n")
    with pytest.raises(ValueError, match="did you mean `days`") as error:
        load(file)
    assert isinstance(error.value, PlanError)
    assert str(error.value).splitlines() == [str(p) for p in error.value.problems]
    assert [(p.line, p.column) for p in error.value.problems] == [(3, 1), (4, 7)]
    assert str(error.value).startswith(f"{file}:3:1: dyas: ")


PLAN = HEAD + (
    "channels: {email: {}, sms: }\ncategories: [{name: promo, class: promotional}]\n"
    "messages: {hello: {channel: email, category: promo}}\ncaps: [{name: day, max: 1, per: 1d}]\n"
    "population: {consent: {marketing.email: 50%}}\nevents: {signup: {set: {fact.vip: false}}}\n"
    "journeys: {j: {trigger: {event: signup}, steps: [{send: hello, wait: 1h}, {wait: 1d, name: pause}]}}\n"
)


@pytest.mark.parametrize(
    ("text", "look", "value"),
    [
        ("days=30", lambda p: p.days, 30),
        (" days = 30 ", lambda p: p.days, 30),
        ("zone=Europe/Paris", lambda p: p.zone, "Europe/Paris"),
        ("caps.0.max=5", lambda p: p.caps[0].max, 5),
        ("caps.day.max=5", lambda p: p.caps[0].max, 5),
        ("caps=[]", lambda p: p.caps, ()),
        ("caps=[{max: 2, per: 7d}]", lambda p: p.caps[0].max, 2),
        ("journeys.j.steps.hello.wait=3h", lambda p: p.journeys["j"].steps[0].wait, Duration(0, 10800)),
        ("journeys.j.steps.pause.wait=2d", lambda p: p.journeys["j"].steps[1].wait, Duration(2, 0)),
        ("journeys.j.enabled=false", lambda p: p.journeys["j"].enabled, False),
        ("quiet_hours={from: '22:00', to: '08:00'}", lambda p: p.quiet_hours.start, 79200),
        ("quiet_hours.to=08:00", lambda p: p.quiet_hours.end, 28800),
        ("currency=NO", lambda p: p.currency, "NO"),
        ("channels.sms.cost=0.06", lambda p: p.channels["sms"].cost, 0.06),
        ("population.consent.marketing.email=10%", lambda p: p.population.consent["marketing.email"], 0.1),
        ("events.signup.set.fact.vip=true", lambda p: p.events["signup"].set["fact.vip"], True),
        ("title=", lambda p: p.title, ""),
    ],
)
def test_overrides(text, look, value):
    plan = PLAN if text.startswith("channels.sms") else PLAN.replace(", sms: }", "}")
    more = ["quiet_hours.from=22:00"] if text.startswith("quiet_hours.to") else []
    if text == "title=":
        with pytest.raises(PlanError, match="--set title=: title: has no value"):
            loads(plan, [text])
        return
    found = loads(plan, [text, *more])
    assert isinstance(found, Plan)
    assert look(found) == value


def test_an_override_mends_what_the_file_says():
    plan = PLAN.replace(", sms: }", "}").replace("wait: 1h", "wait: 1x") + "zone: 22:30\n"
    assert len(problems_of(plan)) == 2
    assert loads(plan, ["journeys.j.steps.0.wait=1h", "zone=UTC"]).zone == "UTC"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("days", "--set days: write it as path.to.value=X"),
        ("=3", "--set =3: write it as path.to.value=X"),
        ("days=soon", "--set days=soon: days: expected a whole number, got `soon`"),
        ("days=9999", "--set days=9999: days: expected at most 3700, got `9999`"),
        ("start.x=3", "--set start.x=3: `start` is a single value: nothing stands below it"),
        ("days.x=3", "--set days.x=3: days: expected a whole number, got `{…}`"),
        ("dyas=3", "--set dyas=3: dyas: unknown key `dyas`; did you mean `days`?"),
        ("caps.1.max=5", "--set caps.1.max=5: `caps` has no entry `1`: it has 1, counted from 0"),
        ("caps.-1.max=5", "--set caps.-1.max=5: `caps` has no entry `-1`; known: `day`"),
        ("caps.dya.max=5", "--set caps.dya.max=5: `caps` has no entry `dya`; did you mean `day`?"),
        ("caps.².max=5", "--set caps.².max=5: `caps` has no entry `²`"),
        ("caps.0.mx=5", "--set caps.0.mx=5: caps.0.mx: unknown key `mx`; did you mean `max`?"),
        ("caps=[{max: 1", "--set caps=[{max: 1: a `,` or a closing bracket is missing before this"),
        ("caps=[{max: NO, per: 1d}]", "`NO` is true or false to some readers"),
        ("messages.hello.channel=sms", "messages.hello.channel: no channel is called `sms`"),
        ("days=" + "9" * 5000, "is beyond the largest number"),
        ("zone=&a b", "anchors and aliases"),
        ("journeys.j.steps.helo.wait=3h", "`journeys.j.steps` has no entry `helo`; did you mean `hello`?"),
    ],
)
def test_overrides_that_cannot_be(text, said):
    found = [str(p) for p in problems_of(PLAN.replace(", sms: }", "}"), text) if p.level == "error"]
    assert len(found) == 1
    assert said in found[0]
    assert found[0].startswith("--set ")
    assert len(found[0]) < 400


def test_an_override_of_what_is_no_plan():
    first, *_ = problems_of("hello\n", "days=3")
    assert str(first).startswith("--set days=3: the plan is a single value")

"""`bifurque walk`: a life chosen reaction by reaction, every law real; undone, saved, walked again."""

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from explained import PLAN

from bifurque.engine.cli import main
from bifurque.engine.walk import Walk, Who
from bifurque.engine.walk_file import decisions, differences, load, save
from bifurque.engine.walk_map import the_map
from bifurque.engine.walk_talk import COMMANDS, Talk
from bifurque.engine.why import told_row
from bifurque.rules.errors import DataError
from bifurque.testing import World, replay_walk


@pytest.fixture
def plan(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN, "utf-8")
    return file


def walked(plan, *lines, lang="en", code=0, options=()):
    """What a walk says to some lines from a pipe."""
    args = ["walk", str(plan), "--lang", lang, *options]
    ran = CliRunner().invoke(main, args, input="".join(f"{line}\n" for line in lines), catch_exceptions=False)
    assert ran.exit_code == code, ran.output
    return ran.output


def test_a_cart_walked_through():
    said = walked("cart", "2025-03-10 13:30", "cart_updated cart=1", "", "", "open", "ignore", "buy 49,90 cart=1")
    assert said.splitlines()[5:] == [
        "2025-01-01 00:00 › 2025-03-10 13:30",
        "nothing is decided",
        "2025-03-10 13:30 › cart_updated cart=1",
        "nothing is decided",
        "2025-03-10 13:30 › ",
        "2025-03-10 14:00:00 CET  enters `cart` (no `cart_updated`)",
        "`cart`, visit 1",
        "  ○ cart_reminder  2025-03-10 15:00",
        "  ○ free_shipping  2025-03-11 14:00",
        "  ○ cart_survey  2025-03-13 14:00",
        "  ○ cart_survey_answer  2025-03-20 14:00  (or as soon as what it waits for happens)",
        "2025-03-10 14:00 › ",
        "2025-03-10 15:00:00 CET  cart_reminder (email, cart): sent",
        "`cart`, visit 1",
        "  ✓ cart_reminder  2025-03-10 15:00  sent",
        "  ○ free_shipping  2025-03-11 14:00",
        "  ○ cart_survey  2025-03-13 14:00",
        "  ○ cart_survey_answer  2025-03-20 14:00  (or as soon as what it waits for happens)",
        "2025-03-10 15:00 › open",
        "nothing is decided",
        "2025-03-10 15:00 › ignore",
        "`cart_reminder` is ignored",
        "2025-03-11 14:00:00 CET  free_shipping (email, cart): sent",
        "`cart`, visit 1",
        "  ✓ cart_reminder  2025-03-10 15:00  sent",
        "  ✓ free_shipping  2025-03-11 14:00  sent",
        "  ○ cart_survey  2025-03-13 14:00",
        "  ○ cart_survey_answer  2025-03-20 14:00  (or as soon as what it waits for happens)",
        "2025-03-11 14:00 › buy 49,90 cart=1",
        "2025-03-11 14:00:00 CET  leaves `cart` (event `purchase`)",
        "inside no journey",
        "2025-03-11 14:00 › ",
    ]


def test_in_french_with_the_same_words_and_others(plan):
    said = walked(
        plan,
        "mettre city=Lyon",
        "2026-01-05 10:00",
        "cart_filled value=5000",
        "suite",
        "plaindre",
        "pourquoi",
        lang="fr",
    )
    assert "city = Lyon" in said
    assert "  ○ reminder  2026-01-05 11:00\n" in said
    assert "2026-01-05 11:00:00 UTC  reminder (email, cart): envoyé" in said
    assert '      ✓ contact.city == "Lyon"   [contact.city = "Lyon"]' in said
    assert '2026-01-05 11:00:00 UTC  règle `upset` : event.type == "complaint" && !fact.upset' in said
    assert "    · événement `complaint`" in said
    assert "dans aucun parcours" in said or "sorry" in said


def test_held_messages_and_their_laws(plan):
    said = walked(plan, "2026-01-05 19:30", "cart_filled value=5000", "", "map", "+10h30min")
    assert "2026-01-05 21:30:00 UTC  reminder (email, cart): held — quiet hours, until 2026-01-06 08:00" in said
    assert "    ✗ quiet hours 21:00–08:00: it is 21:30 UTC" in said
    assert "  ‖ reminder_2  2026-01-05 21:30  held — quiet hours, until 2026-01-06 08:00" in said
    assert "  ○ the end, once the last message has left" in said
    assert "2026-01-06 08:00:00 UTC  reminder (email, cart): sent" in said


SOPHIE = {
    "b2b": "persona sophie|2025-01-06 09:00|demo_requested|||quote_sent||open|||won|||",
    "demo": "persona regular|2026-02-03 10:00|visit|cart_updated cart=1|||||||click|buy 80||||||||||||",
}


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize(("plan", "lines"), SOPHIE.items())
def test_sophie_sees_every_decision_with_its_reason(plan, lines, lang):
    """RP-10: every decision stands there with its reason, in the order of the ledger; what is shared is settled."""
    talk = Talk(Walk(plan, seed=3), lang)
    said = [line for text in lines.split("|") for line in talk.hear(text)]
    assert talk.misses == 0
    rules = {r.name: r.when for r in talk.walk.world.plan.rules}
    decided = talk.walk.contact.decisions
    rows = [told_row(r, lang, talk.walk.info, rules) for r in decided]
    assert len(rows) > 14
    assert [line for line in said if line in rows] == rows
    refused = [r for r in decided if r["outcome"] in ("held", "dropped")]
    assert len([line for line in said if line.startswith("    ✗")]) >= len(refused)


def test_undone_is_as_if_never_done(plan):
    deeds = [
        "2026-01-05 10:00",
        "cart_filled value=5000",
        "",
        "open",
        "complain",
        "",
        "+2d",
        "cart_filled value=9000",
        "",
    ]
    talk = Talk(Walk(plan), "en")
    stories = []
    for deed in deeds:
        stories.append((len(talk.walk.moves), decisions(talk.walk), the_map(talk.walk, "en"), talk.walk.reading))
        talk.hear(deed)
    assert talk.misses == 0
    for before, told, shown, now in reversed(stories):
        talk.hear(f"undo {len(talk.walk.moves) - before}")
        assert (decisions(talk.walk), the_map(talk.walk, "en")) == (told, shown)
        assert talk.walk.reading == now or not before
    assert talk.walk.moves == []


def test_the_world_decides_the_same(plan):
    """A walk is a world: the same deeds done by hand lead to the same decisions."""
    walk = Walk(plan, who=Who(attributes={"city": "Lyon"}))
    walk.go(walk.moment("2026-01-05 10:00"))
    walk.does("cart_filled", value=5000)
    while walk.next():
        pass
    world = World(plan)
    anna = world.contact(0, city="Lyon")
    anna.at("2026-01-05 10:00").does("cart_filled", value=5000)
    world.advance("30d")
    assert walk.contact.decisions == anna.decisions
    assert walk.contact.sent == [("reminder", "2026-01-05 11:00")]


def test_what_the_map_promises_comes_true():
    """Every due instant of steps ahead, as long as nothing happens."""
    walk = Walk("cart", who=Who(zone="America/New_York"))
    walk.go(walk.moment("2025-03-08 13:30"))
    walk.does("cart_updated", key="1")
    walk.next()
    promised = dict(re.findall(r"○ (\w+)  (\S+ \S+)", "\n".join(the_map(walk, "en"))))
    assert len(promised) == 4
    while walk.next():
        pass
    passed = {name: walk.clock(at) for (_, _), steps in walk.contact.witness.passed.items() for name, at in steps}
    assert {name: passed[name] for name in promised} == promised


def test_saved_and_walked_again(tmp_path, plan):
    file = tmp_path / "walks" / "anna.yaml"
    file.parent.mkdir()
    said = walked(
        plan, "consent marketing.email", "set orders=2", "2026-01-05 10:00", "cart_filled value=5000", "", "out",
        "complain", "", f"save {file}",
        options=["--set", "caps.0.max=3", "--seed", "5"],
    )  # fmt: skip
    assert f"saved in {file}" in said
    again = replay_walk(file)
    assert again.contact.sent[0] == ("reminder", "2026-01-05 12:00")
    assert (again.seed, again.set, again.who.attributes) == (5, ("caps.0.max=3",), {"orders": 2})
    assert walked(plan, options=["--replay", str(file)]).splitlines()[-1] == f"{file}: the same decisions"
    further = walked(plan, "+1d", options=["--load", str(file)])
    assert further.count("reminder (email, cart): sent") == 1
    newer = tmp_path / "newer.yaml"
    newer.write_text(PLAN.replace("wait: 2h", "wait: 3h"), "utf-8")
    assert f"{file}: other decisions" in walked(newer, options=["--replay", str(file)], code=1)
    with pytest.raises(AssertionError, match=r"(?s)other decisions.*-time: 2026-01-05 12:00"):
        replay_walk(file, newer)
    walk, saved = load(file)
    assert differences(walk, saved) == []
    save(walk, tmp_path / "copy.yaml")
    assert replay_walk(tmp_path / "copy.yaml").moves == walk.moves


def test_a_saved_walk_is_a_test(tmp_path):
    walk = Walk("welcome")
    walk.does("joined")
    while walk.next():
        pass
    save(walk, tmp_path / "welcome.yaml")
    assert replay_walk(tmp_path / "welcome.yaml").contact.sent == walk.contact.sent
    for text in ("moves: 3\n", "a: [\n", "walk: x\n"):
        (tmp_path / "bad.yaml").write_text(text, "utf-8")
        with pytest.raises(DataError, match="is not a saved walk"):
            replay_walk(tmp_path / "bad.yaml")
    with pytest.raises(DataError, match="cannot be read"):
        replay_walk(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("opn", "nothing is called `opn`; did you mean `open`?"),
        ("open", "nothing has been sent yet"),
        ("open remainder", "no message is called `remainder`; did you mean `reminder`?"),
        ("do", "an event is written such as"),
        ("do carts", "no event is called `carts`"),
        ("do cart_filled what", "an event is written such as"),
        ("cart_filled value=much", "invalid literal"),
        ("buy lots", "could not convert"),
        ("set orders", "for instance `set city=Lyon`"),
        ("set orders=few", "invalid literal"),
        ("set order=1", "no attribute is called `order`; did you mean `orders`?"),
        ("persona nobody", "no persona is called `nobody`"),
        ("zone Europe/Pari", "no zone is called `Europe/Pari`"),
        ("consent sms", "`all`, `none`, or some of: marketing.email"),
        ("2025-12-31", "time only goes on"),
        ("2027-01-01", "the plan ends on 2026-03-02 00:00"),
        ("+3x", "expected a duration"),
        ("save", "for instance `save walk.yaml`"),
        ("undo many", "invalid literal"),
    ],
)
def test_what_is_not_understood(plan, line, answer):
    talk = Talk(Walk(plan), "en")
    said = talk.hear(line)
    assert said[0].startswith(answer), said
    assert talk.misses == 1
    assert talk.walk.moves == []
    assert talk.hear("2026-01-05 10:00") == ["nothing is decided"]
    assert walked(plan, line, code=2).splitlines()[-2].startswith(answer)


def test_who_walks_is_chosen_before_the_first_move(plan):
    said = walked(
        plan, "zone Asia/Tokyo", "consent none", "set birthday=1990-01-09", "who", "", "set city=Paris", code=2
    )
    assert "who: persona `person`, zone Asia/Tokyo" in said
    assert "birthday = 1990-01-09" in said
    assert "2026-01-09 10:00:00 JST  cake (email, birthday): dropped — no consent" in said
    assert "the walk has begun: undo it to its start, then change who walks" in said


def test_help_knows_every_command():
    talk = Talk(Walk("cart"), "en")
    for lang, words in (("en", COMMANDS), ("fr", COMMANDS.values())):
        talk.lang = lang
        said = "\n".join(talk.hear("help"))
        missing = [w for w in words if w not in said and w not in ("help", "aide")]
        assert missing == []
    assert talk.hear("quit") == []
    assert talk.over


def test_for_programs(plan):
    said = walked(plan, "2026-01-05 10:00", "cart_filled value=5000", "", options=["--json"])
    *_, last = (json.loads(line) for line in said.splitlines())
    assert last["now"] == "2026-01-05 12:00:00+00:00"
    assert [r["outcome"] for r in last["decisions"]] == ["sent", ""]
    assert last["decisions"][0]["because"]["judged"][0]["missing"] == ["contact.city"]
    assert walked(plan, "why", options=["--json"]).count("\n") == 2


def test_a_plan_that_cannot_run(tmp_path):
    assert (
        walked(tmp_path / "none.yaml", code=2)
        == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory\n"
    )
    assert "no persona is called `x`" in walked("cart", options=["--persona", "x"], code=2)


@pytest.mark.parametrize("end", ["\x03", "\x04", "quit\n"])
def test_in_a_terminal(end):
    """A prompt, an answer; and Ctrl-C, Ctrl-D or `quit` end quietly."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bifurque", "walk", "cart", "--lang", "en"]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True, start_new_session=True
    )
    os.close(theirs)
    try:
        until(ours, "2025-01-01 00:00 › ")
        os.write(ours, b"+1d\n")
        until(ours, "2025-01-02 00:00 › ")
        if end == "\x03":
            process.send_signal(signal.SIGINT)
        else:
            os.write(ours, end.encode())
        assert process.wait(60) == 0
        assert "Traceback" not in until(ours, None)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def until(terminal, text):
    """What a terminal shows, up to some text or its end."""
    shown = b""
    while text is None or text not in shown.decode("utf-8", "ignore"):
        try:
            more = os.read(terminal, 4096)
        except OSError:  # the other side is gone
            more = b""
        if not more:
            assert text is None, shown
            break
        shown += more
    return shown.decode("utf-8", "ignore")


def test_durable_rules_walks_the_same_way():
    pytest.importorskip("durable_rules_engine")
    seen = []
    for engine in ("kernel", "durable"):
        walked = Walk("world", who=Who(), rules_engine=engine)
        told = Talk(walked, "en")
        for line in ("complaint", "+1d", "purchase", "+3d", "undo", "+30d"):
            told.hear(line)
        seen.append(walked.contact.decisions)
    assert seen[0] == seen[1]
    assert any(r["cause"].startswith("rule:") for r in seen[0])

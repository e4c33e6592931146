"""Forward chaining against CLIPS, durable-rules and a naive interpreter: the same rules fire, in the same order."""

import pytest
from rule_programs import FACTS, MOST, NUMBERS, Clips, Durable, Kernel, Naive, draw_life, draw_program

OWN = {f"f{i}" for i in range(FACTS)} | {f"n{i}" for i in range(NUMBERS)}


def agree(mine, other, names=OWN):
    """The same firings; the same end, unless both were stopped for looping."""
    fired, state, stopped = mine
    fired = [name for name in fired if not name.startswith("derive")]
    if stopped and other[2]:
        least = min(len(fired), len(other[0]))
        assert fired[:least] == other[0][:least]
        return
    assert fired == other[0]
    assert stopped == other[2]
    shown = {k: v for k, v in state.items() if k in names}
    assert shown == {k: other[1][k] for k in shown}


def compare(seeds, lives, oracle, *, plain=False, **kinds):
    """How many firings and loops there were, once all agreed."""
    firings = loops = 0
    for seed in seeds:
        drawing = draw_program(seed, **kinds)
        kernel, other = Kernel(drawing, plain), oracle(drawing)
        for life in range(lives):
            numbers, events = draw_life(f"{seed}/{life}", gaps=drawing.gaps)
            mine = kernel.run(numbers, events)
            agree(mine, other.run(numbers, events))
            firings += len(mine[0])
            loops += mine[2]
    return firings, loops


def test_300_runs_of_random_programs_fire_as_in_clips():
    pytest.importorskip("clips")
    firings, loops = compare(range(30), 10, Clips)
    assert firings > 1000
    assert loops > 0


def compare_with_durable_rules(seeds, lives):
    """The kernel and durable-rules agree in everything: firings, those that derive included, state, quarantine."""
    firings = loops = 0
    for seed in seeds:
        drawing = draw_program(seed, derives=seed % 2 == 1, gaps=seed % 4 > 1)
        kernel, durable = Kernel(drawing), Durable(drawing)
        for life in range(lives):
            numbers, events = draw_life(f"{seed}/{life}", gaps=drawing.gaps)
            mine = kernel.run(numbers, events)
            assert mine == durable.run(numbers, events)
            firings += len(mine[0])
            loops += mine[2]
        assert durable.host.restarts == 0
        durable.close()
    return firings, loops


def test_200_runs_of_random_programs_fire_as_in_durable_rules():
    pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed: it needs gcc")
    firings, loops = compare_with_durable_rules(range(3000, 3010), 20)
    assert firings > 1000
    assert loops > 0


@pytest.mark.slow
def test_10_000_runs_of_random_programs_fire_as_in_durable_rules():
    pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed: it needs gcc")
    compare_with_durable_rules(range(4000, 4200), 50)


def test_random_programs_with_gaps_and_derived_facts_fire_as_the_semantics_say():
    firings, loops = compare(range(100, 130), 10, Naive, derives=True, gaps=True)
    assert firings > 1000
    assert loops > 0


def test_the_uncompiled_step_fires_the_same():
    firings, _ = compare(range(200, 204), 4, Naive, plain=True, derives=True)
    assert firings > 20


def test_the_naive_interpreter_and_clips_agree():
    pytest.importorskip("clips")
    for seed in range(10):
        drawing = draw_program(seed)
        naive, clips = Naive(drawing), Clips(drawing)
        for life in range(10):
            numbers, events = draw_life(f"{seed}/{life}")
            a, b = naive.run(numbers, events), clips.run(numbers, events)
            assert a[0][:MOST] == b[0][:MOST]
            assert a[2] == b[2]


@pytest.mark.slow
def test_10_000_runs_of_random_programs_fire_as_in_clips():
    pytest.importorskip("clips")
    compare(range(1000, 1500), 20, Clips)


@pytest.mark.slow
def test_10_000_runs_with_gaps_and_derived_facts_fire_as_the_semantics_say():
    compare(range(2000, 2500), 20, Naive, derives=True, gaps=True)

"""What realistic people cost on the demo plan, beside constant ones: processor time, and words per contact."""

from importlib.resources import files

import pytest

from bifurque.engine.compile import compile_plan
from bifurque.engine.load import load
from bifurque.engine.simulate import simulate
from bifurque.rules.layout import H_RECORD_SIZE

DEMO = str(files("bifurque.engine").joinpath("templates", "demo.yaml"))
KINDS = ("constant", "realistic")


def test_state_of_a_contact():
    """Less than 160 bytes more than with constant habits."""
    words = {k: int(compile_plan(load(DEMO), behaviour=k).words[H_RECORD_SIZE]) for k in KINDS}
    assert 8 * (words["realistic"] - words["constant"]) < 160


@pytest.mark.slow
def test_processor_time(tmp_path):
    """At most 2.5 times that of constant habits; best of three, in turn."""
    best = dict.fromkeys(KINDS, float("inf"))
    for turn in range(3):
        for kind in KINDS:
            out = tmp_path / f"{kind}{turn}"
            run = simulate(DEMO, contacts=50_000, behaviour=kind, ledger="none", workers=1, out=out)
            best[kind] = min(best[kind], run.manifest["timing"]["kernel_cpu_s"])
    assert best["realistic"] <= 2.5 * best["constant"]

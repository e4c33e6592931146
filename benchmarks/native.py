"""The C version of journey-bench: built with gcc, fed with the tables of the compiled plan."""

from __future__ import annotations

import ctypes
import subprocess
import time
from pathlib import Path

import numpy as np

from bifurque.actors.layout import AL_CHANCE, AL_VALUE, BE_FIRST, BE_PURPOSE, SO_PURPOSE, SO_RATE, SO_STAGE
from bifurque.engine.compile_books import books_place
from bifurque.engine.setting import Setting
from bifurque.engine.tables import hash64
from bifurque.rules import layout
from bifurque.rules.compiled import Words, as_real

HERE = Path(__file__).parent
FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")
BLOCKS = ("SEND_COUNTS", "STEP_COUNTS", "ARM_COUNTS", "STAGE_COUNTS", "PRESSURE", "TOTALS", "EVENT_COUNTS")
GROUPS = ("visit_buys_cart", "visit_fills_cart", "click_buys_cart", "click_fills_cart", "buys_at_once")
GROUPS += ("clicks_and_buys_at_once",)
SENDS, PERSONAS, LEVELS = 9, 4, 3


class Tables:
    """What all versions read of the compiled plan: purposes of draws, chances, zones, where counters stand."""

    def __init__(self, setting: Setting) -> None:
        words = self.words = setting.words
        first = setting.program.first_counter
        self.header = [int(words[at]) for at in (layout.H_START, layout.H_END, layout.H_SEED, layout.H_WEEKS)]
        self.header += [int(words[layout.H_YEAR]), int(words[layout.H_FIRST_YEAR])]
        self.blocks = [int(words[getattr(layout, f"H_{b}")]) - first for b in BLOCKS]
        self.counters = books_place(
            setting.program
        ).start  # the figures of groups, and of steps by week, are ours alone
        source = int(words[words[layout.H_BEGINS] + 2])
        self.visit_purpose = int(words[source + SO_PURPOSE])
        self.rate = self.reals(words[source + SO_RATE], PERSONAS)
        self.stage_rate = self.reals(words[source + SO_STAGE], 4)
        groups = [self._group(name) for name in GROUPS]
        self.purpose = [int(words[g + BE_PURPOSE]) for g in groups]
        ways = [int(words[g + BE_FIRST]) for g in groups]
        self.chance = [self.reals(words[w + AL_CHANCE], PERSONAS) for w in ways]
        self.basket = self.reals(words[ways[0] + AL_VALUE], PERSONAS)
        rows = [int(words[layout.H_SENDS]) + i * layout.SEND for i in range(SENDS)]
        self.send_purpose = [int(words[r + layout.SEND_PURPOSE]) for r in rows]
        self.cents = [int(as_real(words[r + layout.SEND_VALUE_CONST]) * 100 + 0.5) for r in rows]
        self.open, self.click, self.leave = (
            [self.reals(words[r + column], PERSONAS * LEVELS) for r in rows]
            for column in (layout.SEND_OPEN, layout.SEND_CLICK, layout.SEND_UNSUBSCRIBE)
        )
        self.zones = [self._zone(i) for i in range(len(setting.program.names.zones))]

    def reals(self, at: int, count: int) -> list[float]:
        """A table of float64."""
        return [as_real(self.words[at + i]) for i in range(count)]

    def _group(self, name: str) -> int:
        """The address of a group of alternatives, found by the purpose hashed from its name."""
        purpose = hash64("behaviour", "reactions", name)
        found = np.nonzero(self.words == purpose)[0]
        assert len(found) == 1, name
        return int(found[0]) - BE_PURPOSE

    def _zone(self, number: int) -> Words:
        at = end = int(self.words[self.words[layout.H_ZONES] + 2 * number])
        while self.words[end] != layout.NEVER:
            end += 2
        return self.words[at : end + 2].copy()


I64, F64 = ctypes.c_int64, ctypes.c_double


class Plan(ctypes.Structure):
    """As `Plan` in journey_bench.c."""

    _fields_ = [
        ("header", I64 * 6),
        ("blocks", I64 * 7),
        ("visit_purpose", I64),
        ("purpose", I64 * 6),
        ("send_purpose", I64 * SENDS),
        ("cents", I64 * SENDS),
        ("rate", F64 * PERSONAS),
        ("stage_rate", F64 * 4),
        ("chance", F64 * PERSONAS * 6),
        ("basket", F64 * PERSONAS),
        ("open", F64 * (PERSONAS * LEVELS) * SENDS),
        ("click", F64 * (PERSONAS * LEVELS) * SENDS),
        ("leave", F64 * (PERSONAS * LEVELS) * SENDS),
        ("zones", ctypes.c_void_p * 5),
    ]


class Native:
    """The C version, ready to run."""

    def __init__(self, setting: Setting, folder: Path) -> None:
        self.tables = Tables(setting)
        library = folder / "journey_bench.so"
        subprocess.run(["gcc", *FLAGS, str(HERE / "journey_bench.c"), "-o", str(library)], check=True)
        self.code = ctypes.CDLL(str(library))
        self.code.jb_run.restype = ctypes.c_uint64
        self.code.jb_plan_size.restype = I64
        plan = Plan()
        for name, kind in Plan._fields_:
            values = getattr(self.tables, name)
            if name == "zones":
                values = [zone.ctypes.data for zone in values]
            setattr(plan, name, _filled(kind, values))
        assert self.code.jb_plan_size() == ctypes.sizeof(plan)
        self.code.jb_plan(ctypes.byref(plan))

    def run(self, people: Words) -> tuple[Words, int, float]:
        """Counters, the sum of the hashes of all decision rows, CPU seconds."""
        people = np.ascontiguousarray(people)
        counters = np.zeros(self.tables.counters, np.int64)
        began = time.thread_time()
        digest = self.code.jb_run(
            ctypes.c_void_p(people.ctypes.data), I64(len(people)), ctypes.c_void_p(counters.ctypes.data)
        )
        return counters, digest, time.thread_time() - began


def _filled(kind: type, values: object) -> object:
    """A ctypes value from nested lists."""
    if not isinstance(values, list):
        return values
    inner = getattr(kind, "_type_", None)
    return kind(*(_filled(inner, v) for v in values))  # type: ignore[arg-type]

# `make demo` simulates a retailer's year and prints its figures; `make test` passes the tests.
# Either sets up .venv the first time. On Debian: apt install make python3-venv
PYTHON ?= python3
BIN := .venv/bin
# Bytecode is compiled once, here: some machines forbid Python to keep what it compiles.
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --constraints constraints.txt --editable .
PEERS := .venv/bench/bin/python
PLAN := demo/plan.yaml

demo: .venv/ready
	@test -f $(PLAN) || $(BIN)/bifurque init demo demo
	@$(BIN)/bifurque simulate $(PLAN) --contacts 100000 --days 365 --out demo/run --overwrite

test: .venv/ready
	@$(BIN)/python -m pytest -q -n auto --dist loadfile

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Long proofs, some minutes each: scale, memory, many random plans.
proofs: .venv/ready
	@$(BIN)/python -m pytest -q -m slow

# journey-bench beside C, numpy, SimPy and Mesa, then fifty rules beside durable-rules, CLIPS, zen-engine and plain
# Python. Needs gcc and Python's headers (python3-dev); takes some fifteen minutes.
bench: .venv/bench/ready
	@$(PEERS) benchmarks/journey_bench.py
	@$(PEERS) benchmarks/rules_bench.py

# The same plan in all of them, which must agree: part of what .ci/run does.
agree: .venv/bench/ready
	@$(PEERS) benchmarks/journey_bench.py --agree 10000 --no-ratios
	@$(PEERS) benchmarks/rules_bench.py --agree 600

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -m venv .venv || { echo "On Debian: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(INSTALL) --python .venv --group dev
	@$(INSTALL) --python .venv --group oracles 2>.venv/oracles.log || echo "without durable-rules: its tests are skipped; on Debian: apt install gcc libc6-dev python3-dev" >&2
	@$(BIN)/python -m compileall -q src
	@touch $@

# The peers bring pandas and scipy, which pyarrow and numba then import at every start: they get a place of their own.
.venv/bench/ready: .venv/ready
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/bench
	@$(INSTALL) --python .venv/bench --group bench --group oracles
	@touch $@

.PHONY: demo test check proofs bench agree

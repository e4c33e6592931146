"""Every page over a run of every template: plans without stages, without purchases, that share, with rules."""

from pathlib import Path

import pytest

pytest.importorskip("streamlit")
pytest.importorskip("duckdb")


from dashboard_shown import PAGES, faults, page_of

from bifurque.dashboard.runs import HOME, RUNS
from bifurque.dashboard.texts import T
from bifurque.engine.simulate import simulate

pytestmark = pytest.mark.slow
TEMPLATES = sorted((Path(__file__).parents[1] / "engine" / "templates").glob("*.yaml"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda f: f.stem)
def test_every_page_shows_every_template(file, tmp_path, monkeypatch, caplog):
    run = simulate(file, out=tmp_path / "run", contacts=250, days=60, workers=1)
    monkeypatch.setenv(RUNS, str(run.folder))
    monkeypatch.setenv(HOME, str(tmp_path))
    for n, page in enumerate(PAGES):
        test = page_of(page, 180)
        test.query_params["lang"] = list(T)[n % 2]
        test.run()
        assert not test.exception, page
        assert not test.error, (page, [e.value for e in test.error])
    assert faults(caplog.records) == []

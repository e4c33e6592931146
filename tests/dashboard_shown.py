"""Pages of the dashboard as a test runs them, without a browser."""

from streamlit.testing.v1 import AppTest

from bifurque.dashboard import app
from bifurque.dashboard.runs import HOME, RUNS

PAGES = {**app.PAGES, **app.WORKSHOP}
SCRIPT = """
import streamlit as st
from bifurque.dashboard import app
st.set_page_config(layout="wide")
app.one({page!r}, {{**app.PAGES, **app.WORKSHOP}}[{page!r}])
"""


def page_of(page, seconds):
    """A page, not yet run; each run of it may take so many seconds."""
    return AppTest.from_string(SCRIPT.format(page=page), default_timeout=seconds)


def showing(monkeypatch, home, seconds):
    """Shows a page over the run `plain` of a home, with what the address says."""
    monkeypatch.setenv(RUNS, str(home / "plain"))
    monkeypatch.setenv(HOME, str(home))

    def show(page, **address):
        test = page_of(page, seconds)
        test.query_params.update(address)
        return test.run()

    return show


def faults(records):
    """What pages have logged that nobody foresaw."""
    return [r.getMessage() for r in records if r.name == "bifurque.dashboard"]

"""Every test in the same language, whatever that of the machine: the environment decides in which errors are told."""

import os

import pytest

os.environ["LC_ALL"] = "C.UTF-8"


@pytest.fixture
def no_fault(caplog):
    """A page of the dashboard that meets what nobody foresaw says so in the log: none does."""
    from dashboard_shown import faults

    yield
    assert faults(caplog.get_records("call")) == []

"""Tests that need real programs: skipped with the line that installs them, or failed where all must be there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a shared machine is slow now and then
settings.load_profile("house")

PACKAGES = {
    "jackd": "jackd2",
    "jack_transport": "jackd2",
    "jack_midi_clock": "jack-midi-clock",
    "jack_capture": "jack-capture",
    "fluidsynth": "fluidsynth",
    "chromium": "chromium",
    "node": "nodejs",
    "nats-server": "nats-server",
}
"""Programs that a peer marker may name, and the Debian package of each; other names are the test's own affair."""


def _required() -> bool:
    return os.environ.get("SIDEMAN_REQUIRE_PEERS") == "1"


def _failure(reason: str) -> str:
    return f"a peer is missing, and SIDEMAN_REQUIRE_PEERS=1 says that none may be: {reason}"


def _reason(longrepr: object) -> str:
    return (str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)).removeprefix("Skipped: ")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked peer("jackd") where that program is not installed, before its fixtures are made."""
    for mark in item.iter_markers("peer"):
        for program in mark.args:
            package = PACKAGES.get(program)
            if package is not None and shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: apt-get install -y --no-install-recommends {package}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Where peers are required, a peer test that was skipped has failed. An expected failure (xfail) has not."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and _required() and item.get_closest_marker("peer"):
        report.outcome = "failed"
        report.longrepr = _failure(_reason(report.longrepr))


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, None]:
    """The same for a whole module of tests/peers that skips itself, which no marker can tell."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and _required() and "peers" in collector.path.parts:
        report.outcome = "failed"
        report.longrepr = _failure(_reason(report.longrepr))

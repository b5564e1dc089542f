"""The conformance suite of the plug-in hosts: one process per host.

Two hosting libraries in one process get into each other's way: both open the same plug-in file, and the first to let go
of it runs its exit code under the other's feet. test_every_host.py runs the suite for each host in a process of its
own; one host's by hand: SIDEMAN_CONFORMANCE_HOST=minihost pytest tests/instruments/hosts
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hosting import HOST_VARIABLE, Told
from oracle_plugin import LOG_VARIABLE


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a host's process its own cases; in any other only what starts those, and what loads no plug-in."""
    here, chosen = Path(__file__).parent, os.environ.get(HOST_VARIABLE)
    kept, dropped = [], []
    for item in items:
        spec = getattr(item, "callspec", None)
        host = None if spec is None else spec.params.get("host")
        (kept if here not in item.path.parents or host == chosen else dropped).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the oracle plug-in is told from here on; ask for it before the plug-in is loaded."""
    log = tmp_path / "oracle.log"
    monkeypatch.setenv(LOG_VARIABLE, str(log))
    return Told(log)

"""What the conformance suite of the plug-in hosts shares: `hosting.py` beside this file, and one log for the oracle."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hosting import Told
from oracle_plugin import LOG_VARIABLE


@pytest.fixture(autouse=True)
def ordinary_numbers() -> Iterator[None]:
    """Opening a plug-in that was built with -ffast-math flushes denormals in this thread for good: put that right."""
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    environment = ctypes.create_string_buffer(256)
    libm.fegetenv(environment)
    yield
    libm.fesetenv(environment)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the oracle plug-in is told from here on; ask for it before the plug-in is loaded."""
    log = tmp_path / "oracle.log"
    monkeypatch.setenv(LOG_VARIABLE, str(log))
    return Told(log)

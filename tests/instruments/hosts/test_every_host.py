"""Runs the conformance suite of this folder once per host, each in a process of its own (see conftest.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hosting import HOST_VARIABLE

HERE = Path(__file__).parent
LIVE = ("pedalboard", "minihost", "vst2")


@pytest.mark.peer("dpf-source")
@pytest.mark.timeout(400)
@pytest.mark.parametrize("which", LIVE)
def test_the_suite(which: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "pytest", "-q", "-rfEs", "-p", "no:cacheprovider", str(HERE)],
        env=os.environ | {HOST_VARIABLE: which}, cwd=HERE.parents[2], capture_output=True, text=True, timeout=390,
        errors="replace", check=False,
    )
    print(done.stdout[-20_000:])  # noqa: T201 - pytest shows it with the failure
    assert done.returncode == 0, f"{HOST_VARIABLE}={which} pytest {HERE.relative_to(HERE.parents[2])}: see above"
    assert " passed" in done.stdout

"""The peer marker: a missing program skips, and fails where all programs must be there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parent / "conftest.py"

TESTS = '''
import pytest

@pytest.mark.peer("jackd")
def test_with_a_program(): pass

@pytest.mark.peer("zam-plugins")
def test_that_skips_itself(): pytest.skip("no plug-ins: apt-get install zam-plugins")

@pytest.fixture
def device(): pytest.skip("no device")

@pytest.mark.peer("device")
def test_whose_fixture_skips(device): pass

@pytest.mark.peer("jackd")
@pytest.mark.xfail(reason="known")
def test_expected_to_fail(): assert False

def test_on_a_mac(): pytest.skip("needs a Mac")
'''


def run(folder: Path, required: bool, path: str) -> dict[str, str]:
    """Outcome of each test, as pytest prints it."""
    (folder / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = peer(name): needs a program\n", "utf-8")
    (folder / "test_it.py").write_text(TESTS, "utf-8")
    (folder / "peers").mkdir(exist_ok=True)
    (folder / "peers" / "test_module.py").write_text(
        "import pytest\npytest.skip('no libjack', allow_module_level=True)\n", "utf-8"
    )
    environment = {key: value for key, value in os.environ.items() if key != "SIDEMAN_REQUIRE_PEERS"}
    environment |= {"PATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    if required:
        environment["SIDEMAN_REQUIRE_PEERS"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--continue-on-collection-errors", "."],
        capture_output=True, text=True, env=environment, cwd=folder, timeout=60, check=False,
    )  # fmt: skip
    words = ("PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL")
    return {"output": done.stdout} | {
        line.split()[1].split("::")[-1]: line.split()[0]
        for line in done.stdout.split("short test summary info")[-1].splitlines()
        if line.startswith(words)
    }


def program(folder: Path, name: str) -> str:
    """A folder for PATH with a program of this name."""
    folder.mkdir()
    (folder / name).write_text("#!/bin/sh\n", "utf-8")
    (folder / name).chmod(0o755)
    return str(folder)


def test_without_the_program_tests_are_skipped_with_the_remedy(tmp_path: Path) -> None:
    got = run(tmp_path, required=False, path="")
    assert "jackd is not installed: apt-get install -y --no-install-recommends jackd2" in got["output"]
    assert "6 skipped" in got["output"], "five tests and a module"
    assert "failed" not in got["output"]


def test_where_peers_are_required_a_skip_fails_with_its_reason(tmp_path: Path) -> None:
    got = run(tmp_path, required=True, path="")
    assert got["test_with_a_program"] in ("FAILED", "ERROR")
    assert got["test_that_skips_itself"] == "FAILED"
    assert got["test_whose_fixture_skips"] == "ERROR"
    assert got["peers/test_module.py"] == "ERROR"
    for reason in ("no plug-ins: apt-get install zam-plugins", "no device", "no libjack", "jackd is not installed"):
        assert f"SIDEMAN_REQUIRE_PEERS=1 says that none may be: {reason}" in got["output"]
    assert "needs a Mac" in got["output"] and "1 skipped" in got["output"]


def test_where_the_program_is_there_nothing_changes(tmp_path: Path) -> None:
    got = run(tmp_path, required=True, path=program(tmp_path / "bin", "jackd"))
    assert got["test_with_a_program"] == "PASSED"
    assert got["test_expected_to_fail"] == "XFAIL"

"""The command line: help that shows examples, lists that programs can read, mistakes told in one line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bridge.commands import _COMMANDS, cli
from bridge.session import builtin_names


@pytest.mark.parametrize("name", _COMMANDS)
def test_help_shows_examples(name: str) -> None:
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0, done.output
    assert f"sideman {name}" in done.output


def test_the_first_page_lists_every_command() -> None:
    done = CliRunner().invoke(cli, ["--help"])
    for name, what in _COMMANDS.items():
        assert name in done.output and what.split()[0] in done.output


def test_sessions_as_json() -> None:
    listed = json.loads(CliRunner().invoke(cli, ["sessions", "--json"]).output)
    assert [s["name"] for s in listed] == builtin_names()
    assert all(s["tracks"] and s["description"] for s in listed)


def test_sessions_as_a_table() -> None:
    assert "jazz-trio" in CliRunner().invoke(cli, ["sessions"]).output


def test_effects_and_the_parameters_of_one() -> None:
    listed = json.loads(CliRunner().invoke(cli, ["effects", "--json"]).output)
    assert {"eq", "filter", "distortion", "width"} <= {e["name"] for e in listed}
    assert all(e["description"] and e["parameters"] for e in listed if e["source"] == "built in")
    eq = json.loads(CliRunner().invoke(cli, ["effects", "eq", "--json"]).output)
    assert eq["parameters"]["mid_db"] == {"unit": "dB", "low": -24, "high": 24, "default": 0, "whole": False,
                                          "log": False}
    assert "threshold_db" in CliRunner().invoke(cli, ["effects", "compressor"]).output
    assert "equal" in str(CliRunner().invoke(cli, ["effects", "equal"]).exception)


@pytest.mark.parametrize(("arguments", "word"), [
    (["plaey"], "plaey"), (["play", "no-such-session"], "jazz-trio"), (["play", "--key", "X#"], "X#"),
])
def test_mistakes_are_told_in_a_line(arguments: list[str], word: str) -> None:
    done = subprocess.run([sys.executable, "-m", "bridge", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert word in done.stderr
    assert "Traceback" not in done.stderr

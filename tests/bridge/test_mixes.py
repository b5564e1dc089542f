"""Every session that comes with Sideman is mixed: as loud as the others, with its genre's spectrum, sound in mono."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.analyze.mix import analyze
from bridge.analyze.targets import checks
from bridge.commands import cli
from bridge.session import builtin_names, load
from instruments.hosts.audio_file import read_audio


@pytest.mark.parametrize("name", builtin_names())
def test_a_shipped_session_needs_no_repair(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    done = CliRunner().invoke(cli, ["render", name, "--bars", "24", "-o", str(path)])
    assert done.exit_code == 0, done.output
    audio, rate = read_audio(path)
    failed = [row for row in checks(analyze(audio, rate), load(name).music.genre) if not row.passed]
    assert not failed

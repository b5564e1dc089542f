"""sideman patches --play through a real JACK server: the command lasts as long as the phrase."""

from __future__ import annotations

import time

import numpy as np
import pytest
from click.testing import CliRunner

from bridge.commands import cli
from instruments.warmup import warm_up

pytestmark = pytest.mark.peer("jackd")


def test_it_plays_to_the_end_and_ends(jack_server: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge import audition

    played = np.zeros((2, 24_000), np.float32)
    played[:, ::100] = 0.5
    monkeypatch.setattr(audition, "audition", lambda *_: played)
    warm_up()  # what is not compiled yet is not to be counted
    began = time.monotonic()
    done = CliRunner().invoke(cli, ["patches", "--play", "piano"])
    assert done.exit_code == 0, done.output
    assert "JACK" in done.output and 0.5 <= time.monotonic() - began < 10

"""Keyboards play `sideman play` on a real jackd: through JACK, and through the libraries of the other systems."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import DeviceError

try:
    from bridge.bench.input import SESSION
    from bridge.bench.stage import Player
    from bridge.jack.peers import JackServer
    from bridge.jack.recorder import Heard, JackRecorder, Recording
    from bridge.jack.trace import Sent, TraceMaster
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(90)]

RATE = 48_000
KEYS = [(0x90, 60, 100), (0x80, 60, 30), (0xB0, 64, 127), (0x90, 64, 80), (0x80, 64, 0), (0x90, 67, 90), (0xE0, 0, 80)]
"""What it holds in the end: the pedal, a key, the bend."""
TRACE = [Sent(1000 + 12_000 * i, 0, bytes(data)) for i, data in enumerate(KEYS)]


def played(server: JackServer, ports: Sequence[str], audio: Sequence[str], *arguments: str, **around: str) -> Recording:
    """What comes out of `sideman play` while a keyboard plays, and after it was unplugged, whatever it holds."""
    with TraceMaster(["keys"], server=server.name) as keyboard:
        environment = server.environment | around
        with Player(*arguments, "--port", "0", "--no-take", environment=environment) as player:
            player.wait_for("Ctrl-C stops")
            recorder = JackRecorder([keyboard.ports[0], *ports], audio, server=server.name)
            with recorder:
                assert recorder.connected(), player.output
                time.sleep(0.5)
                keyboard.play(TRACE)
                while keyboard.played().frames < TRACE[-1].frame + RATE // 5:
                    time.sleep(0.02)
                keyboard.stop()
                time.sleep(2.0)
    assert recorder.recording is not None
    return recorder.recording


def texts(messages: Sequence[Heard]) -> list[str]:
    return [each.data.hex(" ") for each in messages]


SENT = [bytes(data).hex(" ") for data in KEYS]
ENDS = ["80 43 40", "b0 40 00", "e0 00 40"]


def test_keys_sound_in_their_block_and_end_when_the_keyboard_is_unplugged(jack_server: JackServer, tmp_path: Path
                                                                          ) -> None:
    """By the command line: a part of the port's name is enough."""
    path = tmp_path / "keys.toml"
    path.write_text(re.sub(r"\[\[input\]\].*?(?=\n\[)", "", SESSION, flags=re.DOTALL), "utf-8")
    found = played(jack_server, ["sideman:lead", "sideman:thru"], ["sideman:out_l"], str(path), "--audio", "jack",
                   "--input", "race:ke", "--input-to", "lead")
    keys, lead, thru = (found.midi[port] for port in ("trace:keys", "sideman:lead", "sideman:thru"))
    assert texts(keys) == SENT and texts(thru)[: len(SENT)] == SENT
    assert texts(lead) == SENT + ENDS
    assert [m.frame for m in lead[: len(SENT)]] == [m.frame for m in keys], "at their own frames"
    start = keys[0].frame - found.frame0
    loud = np.flatnonzero(np.abs(found.audio[0][start:]) > 1e-4)
    assert not np.abs(found.audio[0][max(0, start - 4800) : start]).max() > 1e-4
    assert loud[0] <= 2 * 128 + RATE // 1000


@pytest.mark.parametrize("api", ["rtmidi:jack", "libremidi:jack"])
def test_a_library_hears_a_keyboard_too(jack_server: JackServer, tmp_path: Path, api: str) -> None:
    if api.startswith("libremidi"):
        pytest.importorskip("pylibremidi", reason="pip install 'sideman[libremidi]'")
    path = tmp_path / "keys.toml"
    path.write_text(SESSION, "utf-8")
    found = played(jack_server, ["Sideman lead"], [], str(path), "--audio", "none", SIDEMAN_MIDI=api)
    assert texts(found.midi["Sideman lead"]) == SENT + ENDS
    late_ms = [(b.frame - a.frame) / 48 for a, b in zip(found.midi["trace:keys"], found.midi["Sideman lead"],
                                                        strict=False)]
    assert float(np.median(late_ms)) < 40.0

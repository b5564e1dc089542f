"""A session of SoundFonts and a tuning on a real JACK server: it sounds, in time, and its MIDI is in tune by bends."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from bridge.bench.stage import Player
from bridge.errors import InstrumentError
from bridge.jack.peers import JackServer
from bridge.jack.recorder import JackRecorder, Recording
from instruments import fluidsynth
from instruments.block import FrameEvent, Kind, Transport
from instruments.soundfont import SoundFont
from instruments.soundfont_file import find_sound

FONT = "TimGM6mb.sf2"
pytestmark = [
    pytest.mark.peer("jackd"),
    pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is missing: apt-get install jackd2"),
    pytest.mark.timeout(90),
]
SESSION = f"""
name = "Fonts"
[music]
key = "D"
tempo = 100
[[tracks]]
name = "piano"
parts = ["comp"]
instrument = "{FONT}:0"
mute = true
[[tracks]]
name = "melody"
parts = ["melody"]
instrument = "{FONT}:Violin"
tuning = "rast"
bend_channels = [2, 3]
mute = true
[[tracks]]
name = "drums"
parts = ["drums"]
instrument = "{FONT}:128:0"
"""
RAST = {0, 100, 200, 300, 350, 500, 600, 700, 800, 900, 1000, 1050}
"""Cents above the tonic: the third and the seventh lie between the keys."""
CELL_FRAMES = fluidsynth.FluidSynth.CELL


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, str]:
    try:
        fluidsynth.library()
        find_sound(FONT)
    except InstrumentError as error:
        pytest.skip(f"apt-get install libfluidsynth3 timgm6mb-soundfont: {error}")
    path = tmp_path_factory.mktemp("fonts") / "fonts.toml"
    path.write_text(SESSION, encoding="utf-8")
    return record(path)


def record(path: Path) -> tuple[Recording, str]:
    with (
        JackServer(sync=True) as server,
        Player(str(path), "--audio", "jack", "--port", "0", environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        midi = [f"sideman:{track}" for track in ("piano", "melody", "drums")]
        with JackRecorder(midi, ["sideman:out_l", "sideman:out_r"], server=server.name) as recorder:
            assert recorder.connected(), player.output
            time.sleep(8.0)
            os.kill(player.pid, signal.SIGINT)
            time.sleep(1.0)
            return recorder.stop(), player.output


def drums_of(heard: Recording) -> np.ndarray:
    """What the font plays if it is sent what the drums' MIDI port sent, at once: (frames,)."""
    instrument = SoundFont(find_sound(f"{FONT}:128:0"))
    out = np.zeros_like(heard.audio)
    instrument.prepare(heard.rate, out.shape[1])
    try:
        kinds = {0x90: Kind.ON, 0x80: Kind.OFF}
        events = [FrameEvent(m.frame - heard.frame0, kinds[m.data[0] & 0xF0], 9, m.data[1], m.data[2])
                  for m in heard.midi["sideman:drums"] if m.data[0] & 0xF0 in kinds]
        instrument.process(events, out, Transport())
        return out.mean(axis=0)
    finally:
        instrument.close()


def test_it_sounds_within_a_cell_of_its_notes(recording: tuple[Recording, str]) -> None:
    heard, output = recording
    assert 0.02 < np.abs(heard.audio).max() < 1.0, output
    played, wanted = np.diff(heard.audio.mean(axis=0)), np.diff(drums_of(heard))  # the highs tell when
    size = 1 << (2 * len(played)).bit_length()
    match = np.fft.irfft(np.fft.rfft(played, size) * np.conj(np.fft.rfft(wanted, size)), size)
    late = int(np.argmax(match))
    late -= size if late > size // 2 else 0
    assert abs(late) <= CELL_FRAMES, late
    assert match[late] > 0.5 * np.linalg.norm(played) * np.linalg.norm(wanted)


def test_what_it_sends_is_in_tune_and_ends(recording: tuple[Recording, str]) -> None:
    heard, output = recording
    bend, bend_range = [0.0] * 16, [0] * 16
    sounding: set[tuple[int, int]] = set()
    heights = set()
    used = set()
    for _, data in heard.midi["sideman:melody"]:
        kind, channel = data[0] & 0xF0, data[0] & 15
        used.add(channel)
        if kind == 0xE0:
            bend[channel] = (data[1] + 128 * data[2]) / 8192 - 1
        elif kind == 0xB0 and data[1] == 6:
            bend_range[channel] = data[2]
        elif kind == 0x90:
            sounding.add((channel, data[1]))
            heights.add(round(100 * (data[1] - 62 + bend[channel] * bend_range[channel])) % 1200)
        elif kind == 0x80:
            sounding.discard((channel, data[1]))
    assert heights and heights <= RAST and heights & {350, 1050}, heights
    assert used <= {1, 2} and not sounding, output

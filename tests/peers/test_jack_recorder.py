"""The recorder on a real jackd, and the private servers it runs on."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import DeviceError

try:
    from bridge.jack.client import close_client, open_client
    from bridge.jack.lib import AudioBuffer, FrameCounter, MidiBuffer
    from bridge.jack.peers import JackServer
    from bridge.jack.recorder import JackRecorder
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(60), pytest.mark.usefixtures("quiet_heap")]


class Source:
    """A client that says at which frames it sent: a note each 1,000 frames, and its frame number as audio."""

    def __init__(self, server: str) -> None:
        self.sent: list[int] = []
        self.client = open_client("source", server)
        self._midi = MidiBuffer(self.client.midi_outports.register("midi"))
        self._audio = AudioBuffer(self.client.outports.register("audio"))
        self._counter = FrameCounter(self.client)
        self.client.set_process_callback(self._process)
        self.client.activate()

    def _process(self, frames: int) -> None:
        frame = self._counter.read()
        self._midi.clear(frames)
        for offset in range(-frame % 1000, frames, 1000):
            assert self._midi.write(offset, b"\x90\x3c\x64")
            self.sent.append(frame + offset)
        self._audio.view(frames)[:] = np.arange(frame, frame + frames) % 4096

    def close(self) -> None:
        close_client(self.client)


def test_what_is_recorded_is_what_was_sent_to_the_frame(jack_server: JackServer) -> None:
    source = Source(jack_server.name)
    with JackRecorder(["source:midi"], ["source:audio"], server=jack_server.name) as recorder:
        assert recorder.connected()
        time.sleep(0.5)
    source.close()
    taken = recorder.recording
    assert taken is not None
    heard = taken.frames_of("source:midi", 0x90)
    assert len(heard) > 15
    sent = [frame for frame in source.sent if heard[0] <= frame <= heard[-1]]
    if taken.skipped == taken.xruns == 0:
        assert heard.tolist() == sent
    assert taken.rate == 48_000
    audio = taken.audio[0]
    on = np.flatnonzero(audio)
    inner = slice(on[0] + 256, on[-1] - 256)
    expected = (np.arange(len(audio)) + taken.frame0) % 4096
    if taken.skipped == taken.xruns == 0:
        assert np.array_equal(audio[inner], expected[inner]), "audio and MIDI are of one frame clock"
    answer = json.loads(taken.to_json())
    assert answer["midi"]["source:midi"][0] == [int(heard[0]), "90 3c 64"]
    assert answer["audio_frames"] == audio.shape[0]


def test_a_port_that_comes_later_is_recorded_too(jack_server: JackServer) -> None:
    recorder = JackRecorder(["source:midi"], server=jack_server.name)
    recorder.start()
    assert not recorder.connected(0.1)
    source = Source(jack_server.name)
    assert recorder.connected()
    time.sleep(0.2)
    taken = recorder.stop()
    source.close()
    assert set(taken.frames_of("source:midi", 0x90)) <= set(source.sent)
    assert len(taken.midi["source:midi"]) >= 5
    assert recorder.stop() is taken


def test_without_a_server_it_says_so() -> None:
    with pytest.raises(DeviceError, match="the recorder cannot start: JACK server 'sideman-nowhere' does not run"):
        JackRecorder(server="sideman-nowhere").start()


def test_a_server_stops_and_leaves_no_process() -> None:
    with JackServer(frames=64, rate=44_100) as server:
        client = open_client("look", server.name)
        assert (client.samplerate, client.blocksize) == (44_100, 64)
        close_client(client)
        pid = server.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "jackd"
    program.write_text("#!/bin/sh\necho 'no driver of that name'\nexit 1\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(DeviceError, match=r"(?s)jackd does not come up: .*no driver of that name"):
        JackServer().start()

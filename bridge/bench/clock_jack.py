"""Our clock out as a JACK client sees it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from bridge import session as sessions
from bridge.bench.figures import spread
from bridge.bench.stage import Player
from bridge.errors import DeviceError
from bridge.jack_peers import JackServer
from bridge.jack_recorder import JackRecorder
from bridge.session import CLOCK_OUT


def run(seconds: float = 20.0, frames: int = 128) -> dict[str, Any]:
    """Plays jazz-trio on its own tempo and records the port "clock out". Raises DeviceError for a missing jackd."""
    bpm = sessions.load("jazz-trio").music.tempo
    port = f"sideman:{CLOCK_OUT}"
    arguments = ("jazz-trio", "--audio", "jack", "--port", "0", "--clock", "internal")
    with (
        JackServer(frames=frames, sync=True) as server,
        Player(*arguments, environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        recorder = JackRecorder([port], server=server.name)
        with recorder:
            if not recorder.connected():
                raise DeviceError(f"the port {port!r} did not appear; sideman said:\n{player.output}")
            time.sleep(seconds)
    recording = recorder.recording
    assert recording is not None
    intervals = np.diff(recording.frames_of(port, 0xF8)) / recording.rate * 1000
    due = 60_000 / bpm / 24
    dropped = int((intervals > 1.5 * due).sum())  # jackd dropped an event on its way: counted apart
    errors = np.abs(intervals[intervals <= 1.5 * due] - due)
    return {"out_clocks": len(intervals) + 1, "out_interval_error_ms": spread(errors.tolist()),
            "out_dropped_by_jack": dropped, "out_xruns": recording.xruns}

"""Our clocks and notes over JACK, as another JACK client hears them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bridge import session as sessions
from bridge.bench import sync
from bridge.bench.figures import median, spread
from bridge.bench.stage import Player
from bridge.errors import DeviceError
from bridge.jack.peers import JackServer
from bridge.jack.recorder import JackRecorder, Recording
from bridge.session import CLOCK_OUT

_FRAMES = 128


def out(repeats: int = 3, seconds: float = 10.0, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Our clock out, the band on its own tempo. Medians over `repeats` runs. Raises DeviceError for a missing jackd.

    out_interval_error_ms  each interval against the exact one. Where jackd dropped an event on its way the interval
                           is none of ours: counted in out_dropped_by_jack
    """
    runs = []
    for repeat in range(repeats):
        tell(f"our clock out over JACK, {seconds:g} s, {repeat + 1} of {repeats}")
        runs.append(clock_out(seconds))
    return {
        "jack_frames": _FRAMES, "jack_repeats": repeats,
        "out_interval_error_ms": _medians([r["out_interval_error_ms"] for r in runs]),
        **{key: sum(r[key] for r in runs) for key in ("out_clocks", "out_dropped_by_jack", "out_xruns")},
    }


def notes(repeats: int = 3, bars: int = 12, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Our notes against the grid of jack_midi_clock, as in `bench sync`. Medians over `repeats` runs.

    Raises DeviceError for a missing jackd or jack_midi_clock.
    """
    runs = []
    for repeat in range(repeats):
        tell(f"our notes against jack_midi_clock, {repeat + 1} of {repeats}")
        runs.append(sync.run(bars=bars, frames=_FRAMES, tell=tell))
    first = [r["first_note_error_ms"] for r in runs if r["first_note_error_ms"] is not None]
    return {
        "note_error_ms": _medians([r["note_error_ms"] for r in runs]),
        "first_note_error_ms": median(first) if first else None,
        **{key: sum(r[key] for r in runs) for key in ("notes", "lost_notes", "extra_notes", "stuck_notes")},
    }


def clock_out(seconds: float, frames: int = _FRAMES) -> dict[str, Any]:
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
    assert recorder.recording is not None
    return intervals(recorder.recording, port, bpm)


def intervals(recording: Recording, port: str, bpm: float) -> dict[str, Any]:
    """How far each interval between the port's clocks is from the exact one."""
    ms = np.diff(recording.frames_of(port, 0xF8)) / recording.rate * 1000
    due = 60_000 / bpm / 24
    whole = ms <= 1.5 * due
    return {"out_clocks": len(ms) + 1, "out_interval_error_ms": spread(np.abs(ms[whole] - due).tolist()),
            "out_dropped_by_jack": int((~whole).sum()), "out_xruns": recording.xruns}


def _medians(spreads: Sequence[dict[str, float] | None]) -> dict[str, float] | None:
    """Of each key; None where nothing was measured."""
    found = [each for each in spreads if each is not None]
    return {key: median([each[key] for each in found]) for key in found[0]} if found else None

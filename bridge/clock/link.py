"""Ableton Link: a session's tempo, beat and start/stop as a playhead. Optional: needs aalink, which is GPL-3."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from bridge.driver import Playhead
from bridge.errors import DeviceError
from bridge.tempo import MAX_BPM, MIN_BPM
from composers.score import PPQ
from instruments.system_clock import clock_ns

try:
    import aalink
except ImportError as error:
    raise DeviceError("Ableton Link needs the Python package aalink: pip install 'sideman[link]'") from error

NAME = "Ableton Link"
_LOOK_NS = 10_000_000
"""How often the session is asked; between, the beat goes on at its tempo."""
_CLEAN_NS = 20_000
"""A look that took longer was interrupted: its beat is of nobody knows when."""
_LEAD = timedelta(milliseconds=60)
"""A start is set so far ahead, so that beat 0 is not over before it is heard of."""


class LinkSession:
    """One peer of the session on the local network; joins on construction.

    Start/stop is shared with peers that share theirs. play() begins at the next bar line of the session (a quantum of
    4 beats as a rule), at once where there are no peers; a start by others is counted from their bar line, too.

    playhead() is for the engine's thread. Link's own calls take a lock that its network thread holds for well under a
    microsecond at a time; measured here 0.5 us a call (p99 1 us), four calls each 10 ms. That is less than a
    publishing Python thread would cost, for whose release of the interpreter an audio callback might have to wait.
    """

    def __init__(self, bpm: float, quantum: float = 4.0) -> None:
        """Joins the session, or begins one at `bpm`. Blocks for some ms; not for a real-time thread."""
        self._loop = asyncio.new_event_loop()  # aalink asks for one; nothing of ours is awaited
        self._link = self._loop.run_until_complete(_open(bpm, quantum))
        self._ours = False
        self._was_playing = False
        self._beat = self._rest = 0.0
        self._ns = 0
        self._stale = True
        self._bpm = bpm

    @property
    def peers(self) -> int:
        """How many others are in the session. Any thread."""
        return int(self._link.num_peers)

    @property
    def bpm(self) -> float:
        """The session's tempo. Any thread."""
        return float(self._link.tempo)

    def set_bpm(self, bpm: float) -> None:
        """For everybody in the session. Any thread."""
        self._link.tempo = min(max(bpm, MIN_BPM), MAX_BPM)
        self._stale = True

    def play(self, beat: float = 0.0) -> None:
        """Start, with this beat at the next bar line. Any thread."""
        self._ours = True
        self._link.set_is_playing_and_request_beat_at_time(True, self._link.time + _LEAD, beat)
        self._stale = True

    def stop(self) -> None:
        """For everybody who shares it. Any thread."""
        self._link.playing = False
        self._stale = True

    def playhead(self, ns: int, ahead_ns: int = 0) -> Playhead:
        """The session at `ns` of clock_ns(), which is near now. Does not block (see above); some us.

        ahead_ns: what is written at `ns` is heard so much later (JACK's playback latency; 0 where ns is when it is
        heard): the session's beat then counts, as Link asks of its peers.
        """
        if self._stale or abs(ns - self._ns) >= _LOOK_NS:
            self._look()
        beat = self._rest  # the session's beat runs on while nobody plays; ours does not
        if self._was_playing:
            beat = self._beat + (ns + ahead_ns - self._ns) * (self._bpm / 60e9)
        return Playhead(ns, NAME, self._was_playing, beat * PPQ, beat * 60.0 / self._bpm, self._bpm)

    def close(self) -> None:
        """Leave the session. Idempotent."""
        if not self._loop.is_closed():
            self._link.enabled = False
            self._loop.close()

    def _look(self) -> None:
        link = self._link
        self._stale = False  # first: what another thread changes from now on is looked at next time
        playing = bool(link.playing)
        if playing and not self._was_playing and not self._ours:
            link.request_beat_at_start_playing_time(0.0)
        self._bpm = float(link.tempo)
        for _ in range(3):
            before = clock_ns()
            self._beat = float(link.beat)
            after = clock_ns()
            self._ns = (before + after) // 2
            if after - before < _CLEAN_NS:
                break
        if not playing:
            self._ours = False
            if self._was_playing:
                self._rest = self._beat
        self._was_playing = playing


async def _open(bpm: float, quantum: float) -> Any:
    link = aalink.Link(bpm)
    link.quantum = quantum
    link.start_stop_sync_enabled = True
    link.enabled = True
    return link

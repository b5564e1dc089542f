"""How well the band follows a third-party MIDI clock over JACK, note by note against the master's own grid."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge import session as sessions
from bridge.bench.figures import spread
from bridge.bench.stage import Player, own_ticks
from bridge.engine.chase import worth_striking
from bridge.errors import DeviceError
from bridge.jack.peers import ClockMaster, JackServer
from bridge.jack.recorder import Heard, JackRecorder, Recording
from bridge.offline import clips_of
from bridge.session import Session
from composers.score import Clip

TICKS_A_CLOCK = 40
_NEAR_FRAMES = 9_600
"""A note further than 200 ms from where it belongs is another note."""
_EARLY_FRAMES = 96
"""A note up to 2 ms before the first clock is an early first note; before that the band played alone."""


class Match(NamedTuple):
    """Notes heard against notes composed: errors in ms (signed, late is positive), and what did not match."""

    errors_ms: list[float]
    lost: int
    extra: int
    stuck: int
    first_error_ms: float | None


def run(bars: int = 64, bpm: float = 120.0, frames: int = 128, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Plays `bars` bars of jazz-trio under jack_midi_clock in real time. Raises DeviceError for a missing program.

    jackd runs in its synchronous mode: it waits for its clients, so that no message is dropped between two of them.
    """
    session = sessions.load("jazz-trio")
    seconds = bars * session.meter.beats * 60 / bpm
    arguments = ("--audio", "jack", "--port", "0", "--clock", "midi", "--clock-port", ClockMaster.PORT)
    ports = [f"sideman:{t.name}" for t in session.tracks]
    with (
        tempfile.TemporaryDirectory() as folder,
        JackServer(frames=frames, sync=True) as server,
        ClockMaster(server, bpm) as master,
        Player(str(own_ticks("jazz-trio", Path(folder))), *arguments, environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        recorder = JackRecorder([ClockMaster.PORT, *ports], server=server.name)
        with recorder:
            if not recorder.connected():
                raise DeviceError(f"the ports {ports} did not appear; sideman said:\n{player.output}")
            time.sleep(1.0)
            tell(f"{bars} bars at {bpm:g} BPM: {seconds:.0f} s")
            master.play()
            time.sleep(seconds + 0.4)
            master.halt()
            time.sleep(1.0)
    recording = recorder.recording
    assert recording is not None
    return report(recording, session, bars, bpm)


def report(recording: Recording, session: Session, bars: int, bpm: float) -> dict[str, Any]:
    """The figures from a recording of one run from Start to Stop."""
    played = stretches(recording.midi[ClockMaster.PORT])
    if not played:
        raise DeviceError("jack_midi_clock sent no clock: run it again on a quieter machine")
    stretch = played[0]
    total = Match([], 0, 0, 0, None)
    end_tick = min(bars * session.meter.bar_ticks, int(stretch.ticks[-2]))
    clips = clips_of(session, bars + 2)
    firsts: list[float] = []
    for track in session.tracks:
        match = compare(recording.midi[f"sideman:{track.name}"], clips[track.name], stretch, end_tick, recording.rate)
        total = Match(total.errors_ms + match.errors_ms, total.lost + match.lost, total.extra + match.extra,
                      total.stuck + match.stuck, None)
        if match.first_error_ms is not None:
            firsts.append(match.first_error_ms)
    intervals = np.diff(stretch.frames) / recording.rate * 1000
    return {
        "bars": round(end_tick / session.meter.bar_ticks, 2), "bpm": bpm, "notes": len(total.errors_ms),
        "note_error_ms": spread(np.abs(total.errors_ms).tolist()),
        "note_error_mean_ms": round(float(np.mean(total.errors_ms)), 4) if total.errors_ms else None,
        "stuck_notes": total.stuck, "lost_notes": total.lost, "extra_notes": total.extra,
        "first_note_on_downbeat": bool(firsts) and max(abs(e) for e in firsts) <= 3.0,
        "first_note_error_ms": round(max(abs(e) for e in firsts), 4) if firsts else None,
        "recorder": {"xruns": recording.xruns, "skipped_frames": recording.skipped, "lost_messages": recording.lost},
        "peer": {"name": "jack_midi_clock's own grid",
                 "clock_interval_error_ms": spread(np.abs(intervals - 60_000 / bpm / 24).tolist())},
    }


class Stretch(NamedTuple):
    """A stretch of uninterrupted play as the master sent it: the frame of each clock, the first one at `tick0`."""

    tick0: int
    frames: NDArray[np.int64]

    @property
    def ticks(self) -> NDArray[np.int64]:
        return self.tick0 + np.arange(len(self.frames)) * TICKS_A_CLOCK


def stretches(messages: Sequence[Heard]) -> list[Stretch]:
    """From each Start or Continue to the Stop after it, by the MIDI 1.0 rules, independently of our follower."""
    found: list[tuple[int, list[int]]] = []
    position = clocks = 0
    running = False
    for heard in messages:
        match heard.data[0]:
            case 0xFA:
                position, clocks, running = 0, 0, True
                found.append((0, []))
            case 0xFB:
                clocks, running = 0, True
                found.append((position, []))
            case 0xFC if running:
                position, running = position + clocks * TICKS_A_CLOCK, False
            case 0xF2 if not running:
                position = (heard.data[1] | heard.data[2] << 7) * 6 * TICKS_A_CLOCK
            case 0xF8 if running:
                found[-1][1].append(heard.frame)
                clocks += 1
    return [Stretch(tick0, np.array(frames, np.int64)) for tick0, frames in found if len(frames) > 1]


def compare(messages: Sequence[Heard], clip: Clip, stretch: Stretch, end_tick: int, rate: int) -> Match:
    """Each composed note of the stretch, before `end_tick`, against the note-ons heard: same pitch, nearest in time."""
    grid, clocks = stretch.ticks, stretch.frames
    first_clock, last = float(clocks[0]), float(np.interp(end_tick, grid, clocks))
    composed = [n for n in clip.notes if stretch.tick0 <= n.start < end_tick + TICKS_A_CLOCK]
    # What is sounding where the music was located is struck there.
    composed[:0] = [n._replace(start=stretch.tick0) for n in clip.notes
                    if n.start < stretch.tick0 and worth_striking(n.channel, n.end - stretch.tick0)]
    due: dict[int, list[float]] = defaultdict(list)
    for note in composed:
        due[note.pitch].append(float(np.interp(note.start, grid, clocks)))
    heard: dict[int, list[int]] = defaultdict(list)
    held: set[int] = set()
    for message in messages:
        kind, pitch = message.data[0] >> 4, message.data[1]
        if kind == 9:
            held.add(pitch)
            if first_clock - _EARLY_FRAMES < message.frame < clocks[-1]:
                heard[pitch].append(message.frame)
        elif kind == 8:
            held.discard(pitch)
    errors: list[float] = []
    lost = extra = 0
    for pitch in due.keys() | heard.keys():
        free = sorted(heard[pitch])
        for frame in sorted(due[pitch]):  # the notes of the last clock match, but are not missed
            near = min(free, key=lambda f: abs(f - frame), default=None)
            if near is not None and abs(near - frame) <= _NEAR_FRAMES:
                free.remove(near)
                errors.append((near - frame) * 1000 / rate)
            elif frame < last:
                lost += 1
        extra += sum(f < last for f in free)
    first = None
    if composed:
        target = float(np.interp(composed[0].start, grid, clocks))
        ons = [m.frame for m in messages if m.data[0] >> 4 == 9 and m.frame >= first_clock - _EARLY_FRAMES]
        first = (ons[0] - target) * 1000 / rate if ons else None
    return Match(errors, lost, extra, len(held), first)

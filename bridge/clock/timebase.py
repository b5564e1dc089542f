"""What JACK's timebase master says of a cycle, and where the music is by it. Sans I/O."""

from __future__ import annotations

import math
from typing import NamedTuple

from bridge.driver import Playhead
from composers.score import PPQ

NAME = "JACK transport"
_ROLLING = (1, 2)
"""JackTransportRolling and JackTransportLooping; 0 is stopped, 3 starting: someone is not ready yet."""
_BBT, _BBT_OFFSET, _TICK_DOUBLE = 0x10, 0x40, 0x200
_MOST_BARS = 1_000_000
"""Masters leave garbage in the structure (jack_transport after a locate): what cannot be is taken for no position."""


class Position(NamedTuple):
    """jack_position_t (jack/types.h), as far as the tick_double of newer servers."""

    unique: int
    usecs: int
    frame_rate: int
    frame: int
    valid: int
    bar: int
    beat: int
    tick: int
    bar_start_tick: float
    beats_per_bar: float
    beat_type: float
    ticks_per_beat: float
    beats_per_minute: float
    frame_time: float
    next_time: float
    bbt_offset: int
    audio_frames_per_video_frame: float
    video_offset: int
    tick_double: float


class _Place(NamedTuple):
    """A musical position: `tick` in our ticks, known to `grain` ticks at most too early; `bpm` in quarters."""

    tick: float
    grain: float
    bpm: float


class Timebase:
    """Where the transport is at the first frame of each cycle.

    Bar, beat and tick come from the timebase master where there is one. Beats are of beat_type, and beats_per_minute
    counts such beats. Masters round ticks down, and those written after JACK's own example (jack_transport, Sequencer64
    and more) add the rounded-down ticks of each cycle, so that their bars fall behind their own tempo, by 2.4 % at 120
    BPM and 128 frames. Therefore the position goes on by tempo and frames, exactly, as long as what the master says
    differs by rounding alone; any other step is a jump, or a correction, and believed.
    """

    def __init__(self) -> None:
        self._last: _Place | None = None  # as the master said it in the last cycle
        self._tick = 0.0  # as we did
        self._next_frame = -1  # of the transport, if it goes on
        self._frames = 0  # of the last cycle
        self._rounds_down = True  # every tick so far was early: it may be a master that adds rounded ticks

    def follow(self, state: int, position: Position, ns: int, frames: int) -> Playhead:
        """The playhead at `ns`, the start of a cycle of so many frames, for which JACK said this."""
        rate = position.frame_rate or 48_000
        seconds = position.frame / rate
        playing = state in _ROLLING
        place = _place(position)
        if place is None:
            self._last = None
            return Playhead(ns, NAME, playing, None, seconds)
        if not (playing and position.frame == self._next_frame and self._goes_on(place, rate)):
            self._tick = _start(place, seconds)
            self._rounds_down = True
        self._last = place
        self._next_frame = position.frame + frames if playing else -1
        self._frames = frames
        return Playhead(ns, NAME, playing, self._tick, seconds, place.bpm)

    def _goes_on(self, place: _Place, rate: int) -> bool:
        """Whether the position is the last one, moved by a cycle at its tempo; then it is moved."""
        last = self._last
        if last is None:
            return False
        moved = self._frames * last.bpm * PPQ / (60.0 * rate)
        excess = place.tick - last.tick - moved
        if abs(excess) > 1.01 * place.grain + 1e-6:
            return False
        tick = self._tick + moved
        if excess > 1e-9:
            self._rounds_down = False
        if tick < place.tick:
            tick = place.tick
        elif tick > place.tick + place.grain and not self._rounds_down:
            tick = place.tick + place.grain
        self._tick = tick
        return True


def _place(position: Position) -> _Place | None:
    """What the timebase master says, or None where it says nothing or nonsense."""
    valid = position.valid
    if not valid & _BBT:
        return None
    per_bar, unit, per_beat = position.beats_per_bar, position.beat_type, position.ticks_per_beat
    beats_bpm = position.beats_per_minute
    fine = bool(valid & _TICK_DOUBLE)
    tick = position.tick_double if fine else float(position.tick)
    if not (0.0 < per_bar <= 64.0 and 0.5 <= unit <= 64.0 and 1.0 <= per_beat <= 1e7 and 1.0 <= beats_bpm <= 2000.0
            and 0 < position.bar < _MOST_BARS and 0 < position.beat <= math.ceil(per_bar) and 0.0 <= tick <= per_beat):
        return None
    beats = (position.bar - 1) * per_bar + position.beat - 1 + tick / per_beat
    if valid & _BBT_OFFSET and position.bbt_offset < position.frame_rate:
        beats += position.bbt_offset * beats_bpm / (60.0 * position.frame_rate)  # they are of so many frames ago
    quarters = 4.0 / unit
    return _Place(beats * quarters * PPQ, 0.0 if fine else PPQ * quarters / per_beat, beats_bpm * quarters)


def _start(place: _Place, seconds: float) -> float:
    """The position where nothing was before: by one tempo from the start, if the rounded one may come from that."""
    steady = seconds * place.bpm * PPQ / 60.0
    return steady if -1e-6 <= steady - place.tick <= place.grain else place.tick

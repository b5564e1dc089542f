"""Where the song stands in frames, for plug-ins that follow frames rather than beats."""

from __future__ import annotations

from instruments.block import Transport

_JUMP_BEATS = 0.02
"""A beat position farther from where it was expected is a jump: the clock follower's corrections stay far below."""


class SongPosition:
    """Turns the transport of each block into a frame position that only goes on, except where the song jumps.

    While the song plays, the position grows by the frames played, whatever the tempo does; after a jump (locate, loop,
    start) it is what the beat would be at the present tempo throughout, as in a DAW with one tempo.
    """

    def __init__(self) -> None:
        self._frame = 0
        self._next_beat: float | None = None

    def at(self, transport: Transport, rate: int, frames: int) -> int:
        """The position of the block's first frame; `frames` is the block's length."""
        beat = transport.beat
        if self._next_beat is None or abs(beat - self._next_beat) > _JUMP_BEATS:
            self._frame = round(beat * 60.0 / transport.bpm * rate)
        here = self._frame
        if transport.playing:
            self._next_beat = beat + frames / rate * transport.bpm / 60.0
            self._frame = here + frames
        else:
            self._next_beat = beat
        return here

"""The engine's side of a take: each block's inputs go out by a ring, and nothing is ever waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bridge.driver import Block
from bridge.ring import Ring
from bridge.takes.blocks import BlockWriter, Change, Given, Reel, RigNews
from bridge.tempo import TempoLine
from composers.score import Tick
from instruments.block import FrameEvent

FLUSH_S = 0.25
"""So much of the music at most is in this process alone, and lost when it is killed."""
_MOST_WAITING = 8 * 1024 * 1024
"""Bytes kept while main takes nothing: more than an hour. Beyond, the journal ends."""
_LEAP_TICKS = 120
"""Further than this from where the tempo line would have led, the music has jumped (corrections are far smaller)."""
_TEMPO_SHARE = 0.005
"""A tempo is told anew when it has changed by half a percent: what a clock's jitter does to it is far below."""


class Played(Protocol):
    """What the journal asks of an engine (bridge.engine.engine.Engine) after each block."""

    @property
    def latency(self) -> int: ...
    @property
    def playing(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    @property
    def position(self) -> Tick: ...
    @property
    def epoch(self) -> int: ...
    @property
    def line(self) -> TempoLine: ...


class Journal:
    """Tells a take what the engine was given, after each block. Of the engine's thread; neither blocks nor grows beyond
    _MOST_WAITING. Measured: 1.9-2.6 us for a block in which nothing happens, 5-8 for one with a MIDI clock.

    Where nobody reads the ring nothing is lost until there are _MOST_WAITING bytes: then the journal ends with a mark
    that says so, and `lost` is true.
    """

    def __init__(self, ring: Ring, engine: Played, rate: int, frames: int) -> None:
        """Before the first block. frames: the driver's."""
        self.lost = False
        self._ring = ring
        self._engine = engine
        self._rate, self._frames = rate, frames
        self._latency = engine.latency
        self._writer: BlockWriter | None = None
        self._closed = False
        self._since = 0
        self._flush_frames = round(FLUSH_S * rate)
        self._playing = False
        self._tick: Tick = 0
        self._bpm = 0.0
        self._epoch = engine.epoch
        self._compensation: Mapping[str, int] = {}

    def block(self, block: Block, commands: Sequence[bytes], bars: Sequence[bytes],
              plugin_midi: Sequence[tuple[int, FrameEvent]], *, compensation: Mapping[str, int] | None = None,
              rig: RigNews | None = None, failed: bool = False) -> None:
        """What the engine has just been given; see Given. Call it also when step() raised (failed)."""
        if self._closed:
            return
        writer = self._writer
        if writer is None:
            writer = BlockWriter(Reel(self._rate, self._frames, block.frame0, block.ns0, self._latency))
            self._writer = writer
        if compensation == self._compensation:
            compensation = None
        elif compensation is not None:
            compensation = self._compensation = dict(compensation)
        latency = self._engine.latency
        if (commands or bars or plugin_midi or compensation is not None or rig is not None or failed
                or not writer.quiet(block, latency)):
            writer.put(Given(block, commands, bars, latency, plugin_midi, compensation, rig, failed))
        self._note(writer, block)
        self._since += block.frames
        if self._since >= self._flush_frames:
            self.flush()

    def _note(self, writer: BlockWriter, block: Block) -> None:
        """Tell what the music did, for those who only want to know that."""
        engine = self._engine
        playing = engine.playing
        if not (playing or self._playing):
            return
        tick, bpm, epoch = engine.position, engine.line.bpm, engine.epoch
        if epoch != self._epoch:
            self._epoch = epoch
            writer.mark(Change.PLAN, tick, bpm, epoch)
        if playing and not self._playing:
            writer.mark(Change.STARTED, tick, bpm, epoch)
            self._bpm = bpm
        elif not playing:
            writer.mark(Change.ENDED if engine.ended else Change.STOPPED, tick or self._tick, bpm, epoch)
        else:
            advance = block.frames * bpm * 16 / self._rate  # 960 ticks in a sixtieth of a minute
            if abs(tick - self._tick - advance) > _LEAP_TICKS:
                writer.mark(Change.JUMPED, tick, bpm, epoch)
            if abs(bpm - self._bpm) > _TEMPO_SHARE * self._bpm:
                writer.mark(Change.TEMPO, tick, bpm, epoch)
                self._bpm = bpm
        self._playing, self._tick = playing, tick

    def flush(self) -> None:
        """Hand over what there is room for; the rest goes next time."""
        self._since = 0
        writer, ring = self._writer, self._ring
        if writer is None:
            return
        writer.close_run()
        waiting = writer.out
        most = ring.slot_bytes - 8
        sent = 0
        while sent < len(waiting) and ring.write(bytes(waiting[sent : sent + most])):
            sent += most
        del waiting[:sent]
        if len(waiting) > _MOST_WAITING and not self._closed:
            writer.end(lost=True)
            self._closed = self.lost = True

    def close(self) -> None:
        """The engine has left in order, and no block follows. Any thread, once the driver has stopped."""
        if self._writer is not None and not self._closed:
            self._closed = True
            self._writer.end(lost=False)
        self.flush()

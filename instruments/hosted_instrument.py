"""An instrument that is a plug-in in a process of its own: when it fails, another plays its notes on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np

from instruments.block import AudioBlock, FrameEvent, Instrument, InstrumentError, Kind, Transport
from instruments.held_notes import HeldNotes
from instruments.hosted_plugin import HostedOptions, HostedPlugin
from instruments.plugins.home import Home
from instruments.plugins.link import Link
from instruments.plugins.use import PluginUse

LATE_S = 0.04
"""A plug-in that is late for longer hands its notes over."""

MOST_REPLAYED = 4096
"""Frames that the fallback plays again, at once, of what the plug-in was told and has not been heard of yet."""

_DECLICK_FRAMES = 64
_FALL = np.linspace(1.0, 0.0, _DECLICK_FRAMES, dtype=np.float32)
_RISE = np.linspace(0.0, 1.0, _DECLICK_FRAMES, dtype=np.float32)


class HostedInstrument(HostedPlugin):
    """A plug-in instrument behind the `Instrument` contract, with another instrument, the fallback, at its side.

    Each note belongs to whichever of the two began it. While the plug-in loads, has crashed, hangs or has been late for
    LATE_S, the fallback plays: it strikes at once what is held, with the same velocities, controllers where they were,
    and plays again what the plug-in was told and had not been heard of yet. When the plug-in is (back) there, the notes
    from the next bar line on are its own (at once where nothing plays and nothing sounds); the fallback's end as they
    would, and ring out. The fallback is delayed, so that both are `latency` late.

    A dead or hung plug-in is started again in the background with its last state; after max_crashes crashes within a
    minute it stays out. Offline there is no fallback: a plug-in that fails raises InstrumentError.
    """

    def __init__(
        self,
        use: PluginUse,
        fallback: Callable[[], Instrument],
        home: Home | None = None,
        *,
        fallback_name: str = "",
        **options: Unpack[HostedOptions],
    ) -> None:
        """Loads nothing yet. Raises InstrumentError for a plug-in that is not installed, unless missing_ok.

        fallback       makes the other instrument, in prepare(); fallback_name: for status()
        The rest: see HostedPlugin.
        """
        super().__init__(use, home, **options)
        self._make_fallback = fallback
        self._fallback_name = fallback_name
        self._fallback: Instrument | None = None
        self._plays = False
        self._theirs: list[FrameEvent] = []
        self._ours: list[FrameEvent] = []
        self._their_notes, self._our_notes, self._heard = HeldNotes(), HeldNotes(), HeldNotes()
        self._sent: deque[tuple[int, FrameEvent]] = deque()
        self._chase = self._running = self._lost = False
        self._busy_until = self._silent_from = self._gap = 0
        self._was_wet = False
        self._fall = _DECLICK_FRAMES
        self._step: AudioBlock = np.zeros((2, 1), np.float32)
        self._last_wet: AudioBlock = np.zeros((2, 1), np.float32)
        self._last_aside: AudioBlock = np.zeros((2, 1), np.float32)

    @property
    def live(self) -> HostedInstrument:
        """What of it may be changed while it plays: its own parameters."""
        return self

    @property
    def plays(self) -> bool:
        """Whether new notes are the plug-in's."""
        return self._plays

    def prepare(self, rate: int, max_frames: int) -> None:
        """Start the plug-in afresh, and make the fallback. Live it does not wait for the plug-in; offline it does, and
        raises InstrumentError where it does not load."""
        self.close()
        self._scratch: AudioBlock = np.zeros((2, max_frames), np.float32)
        self.tail = round(self._tail_s * rate)
        if self._missing or not self._offline:
            self._fallback = self._make_fallback()
            self._fallback.prepare(rate, max_frames)
            self.tail = max(0 if self._missing else self.tail, self._fallback.tail)
        self._start_over()
        self._open(rate, max_frames)
        if self._missing and self._fallback is not None:
            self.latency = self._fallback.latency

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        """Overwrite out; live it waits for deadline_s at most. Raises InstrumentError offline only."""
        n = out.shape[1]
        if n > self._max_frames:
            raise InstrumentError(
                f"a block of {n} frames for plug-in {self._name}, prepared for {self._max_frames} at most"
            )
        if self._arrivals:
            self._adopt()
        position, start, link = self._position, self._position - self._pipeline, self._link
        self._route(events, self._turn(transport, n))
        wet = False
        if link is not None:
            for event in self._theirs:
                self._sent.append((position + event.offset, event))
            wet = self._exchange(link, None, n, transport, self._theirs, None) and not self._lost
        if wet:
            self._gap = 0
            self._advance(position + n - self.latency)
        elif self._plays:
            self._gap += n
            if self._link is None or self._lost or self._gap > LATE_S * self._rate:
                self._take_over(n, transport)
        assert link is not None or not wet
        self._mix_plugin(link if wet else None, start, out)
        self._take_midi(self._link if self._plays or wet else None, start, n)
        self._play_fallback(out, transport)
        self._position = position + n

    def reset(self) -> None:
        plays = self._plays
        if self._fallback is not None:
            self._fallback.reset()
        self._start_over()
        self._aside.data[:] = 0.0
        self._plays = plays and self._link is not None
        self._running = not self._plays
        if self._link is not None:
            self._link.restart()

    def close(self) -> None:
        super().close()
        fallback, self._fallback = self._fallback, None
        if fallback is not None:
            fallback.close()
        self._plays = False

    def _instead(self) -> str:
        return "" if self._plays or self._fallback is None else self._fallback_name or "another instrument"

    def _start_over(self) -> None:
        self._position = self._gap = self._busy_until = self._silent_from = 0
        self._plays = self._chase = self._was_wet = self._lost = False
        self._running = self._fallback is not None
        for notes in (self._their_notes, self._our_notes, self._heard):
            notes.clear()
        self._sent.clear()
        self._fall = _DECLICK_FRAMES
        self._last_wet[:] = 0.0
        self._last_aside[:] = 0.0

    # -- whose notes -------------------------------------------------------------------------------------------------

    def _turn(self, transport: Transport, n: int) -> int:
        """The offset from which on new notes are the plug-in's; n: none of this block's."""
        if self._link is None:
            return n
        if self._plays:
            return 0
        if self._fallback is None:
            self._plays = True
            return 0
        if not self._was_wet:
            return n
        turn = n
        if transport.playing:
            bar = transport.beats_per_bar * 4 / transport.beat_unit
            ahead = math.ceil(transport.beat / bar - 1e-6) * bar - transport.beat
            turn = max(0, round(ahead * 60.0 / transport.bpm * self._rate))
        elif not self._our_notes:
            turn = 0
        if turn >= n:
            return n
        self._plays = True
        self._heard.clear()
        for event in self._our_notes.controls():
            self._heard.hear(event)
        return turn

    def _route(self, events: Sequence[FrameEvent], turn: int) -> None:
        theirs, ours = self._theirs, self._ours
        theirs.clear()
        ours.clear()
        linked = self._link is not None
        if linked and self._chase:
            self._chase = False
            self._their_notes.clear()
            for event in self._our_notes.controls():
                self._their_notes.hear(event)
                theirs.append(event)
        for event in events:
            at = event.channel, event.number
            if event.kind == Kind.ON:
                if linked and event.offset >= turn:
                    self._their_notes.hear(event)
                    theirs.append(event)
                else:
                    self._our_notes.hear(event)
                    ours.append(event)
            elif event.kind == Kind.OFF:
                if at in self._our_notes.held:  # begun first where both have the key
                    self._our_notes.hear(event)
                    ours.append(event)
                elif linked:
                    self._their_notes.hear(event)
                    theirs.append(event)
            else:
                self._our_notes.hear(event)
                ours.append(event)
                if linked:
                    self._their_notes.hear(event)
                    theirs.append(event)

    def _advance(self, until: int) -> None:
        """What the plug-in was told before `until` has been heard."""
        sent = self._sent
        while sent and sent[0][0] < until:
            self._heard.hear(sent.popleft()[1])

    def _take_over(self, n: int, transport: Transport) -> None:
        """The plug-in's notes are the fallback's from the first frame on that has not been heard of it."""
        assert self._fallback is not None
        position, ours = self._position, self._ours
        self._plays = self._lost = False
        self._gap = 0
        if self._link is not None:
            self._link.restart(position + n)
            self._chase = True
        late = max(0, self.latency - self._fallback.latency)
        begin = position if self._running else max(position - late, position - MOST_REPLAYED, 0)
        told = [*self._heard.controls(), *self._heard.strikes()]
        due = self._due(begin, position + n)
        if not self._running:
            ours.clear()  # its controllers have been told to both
        self._running = True
        frames = self._max_frames
        for at in range(begin, position, frames):
            size = min(frames, position - at)
            events = [*told, *(e._replace(offset=p - at) for p, e in due if at <= p < at + size)]
            told = []
            block = self._scratch[:, :size]
            self._fallback.process(events, block, _moved(transport, at - position, self._rate))
            self._aside.write(at, block)
        present = [*told, *(e._replace(offset=p - position) for p, e in due if p >= position)]
        ours[:] = sorted([*present, *ours], key=lambda e: e.offset)
        self._our_notes.take(self._their_notes)
        self._heard.clear()
        self._sent.clear()

    def _due(self, begin: int, end: int) -> list[tuple[int, FrameEvent]]:
        """What the plug-in was told and has not been heard of, from `begin` on; notes that began before that begin
        then, and keep their length if they can."""
        due: list[tuple[int, FrameEvent]] = []
        moved: dict[tuple[int, int], int] = {}
        for at, event in self._sent:
            key = event.channel, event.number
            if event.kind == Kind.ON and at < begin:
                moved[key] = begin - at
            elif event.kind == Kind.OFF:
                at = min(at + moved.pop(key, 0), end - 1)
            due.append((max(begin, at), event))
        due.sort(key=lambda told: told[0])
        return due

    # -- the sound ---------------------------------------------------------------------------------------------------

    def _mix_plugin(self, link: Link | None, start: int, out: AudioBlock) -> None:
        """Overwrites out with what there is of the plug-in."""
        n = out.shape[1]
        if link is not None:
            self._read_wet(link, start, out)
            if not self._was_wet:
                rise = min(n, _DECLICK_FRAMES)
                out[:, :rise] *= _RISE[:rise]
            self._last_wet[:] = out[:, -1:]
        else:
            out.fill(0.0)
            if self._was_wet:
                self._soften(self._last_wet)
                self._last_wet[:] = 0.0
            if self._plays:
                self._dry_blocks += 1
        self._was_wet = link is not None
        left = min(n, _DECLICK_FRAMES - self._fall)
        if left > 0:
            out[:, :left] += self._step * _FALL[self._fall : self._fall + left]
            self._fall += left

    def _play_fallback(self, out: AudioBlock, transport: Transport) -> None:
        fallback, position, n = self._fallback, self._position, out.shape[1]
        if fallback is None:
            return
        if self._running:
            if self._our_notes or any(e.kind <= Kind.ON for e in self._ours):
                self._busy_until = position + n + fallback.tail + fallback.latency
            block = self._scratch[:, :n]
            fallback.process(self._ours, block, transport)
            self._aside.write(position, block)
            self._silent_from = position + n
            self._running = not self._plays or position < self._busy_until
        elif position >= self._silent_from + self._aside.frames:
            return
        else:
            self._aside.silence(position, n)
        block = self._scratch[:, :n]
        self._aside.read(position - max(0, self.latency - fallback.latency), block)
        out += block
        self._last_aside[:] = block[:, -1:]

    def _came(self) -> None:
        self._chase = True
        self._was_wet = False
        self._lost = self._plays  # the old process died, and the new one is there before anybody noticed

    def _left_out(self) -> None:
        self._chase = True

    def _moved(self) -> None:
        late = max(0, self.latency - (0 if self._fallback is None else self._fallback.latency))
        before: AudioBlock = np.zeros((2, 1), np.float32)
        self._aside.read(self._position - late - 1, before)
        self._soften(self._last_aside - before)

    def _soften(self, step: AudioBlock) -> None:
        """Something has stopped by this much: fade the step out."""
        left = _FALL[min(self._fall, _DECLICK_FRAMES - 1)] if self._fall < _DECLICK_FRAMES else np.float32(0)
        self._step = self._step * left + step
        self._fall = 0


def _moved(transport: Transport, frames: int, rate: int) -> Transport:
    beats = frames * transport.bpm / 60.0 / rate if transport.playing else 0.0
    return replace(transport, frame=transport.frame + frames, beat=transport.beat + beats)

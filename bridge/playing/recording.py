"""Recording while it plays: armed tracks, punch-in and out, loops, and what of it the composer is told when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from bridge.errors import MessageError
from bridge.playing.history import History
from bridge.playing.progress import Jump
from bridge.playing.recorder import PEDAL, Message, Recorder, Settings
from bridge.playing.spec import LayerSpec, PlayingSpec
from bridge.session import Session
from bridge.stream import wire
from composers.general_midi import DRUM_CHANNEL
from composers.layers import Layer
from composers.score import Clip, Note, Span, Tick

_CLICK, _CLICK_LENGTH = 37, 60
"""General MIDI's side stick, which any kit has."""
_ALL: Tick = 1 << 40


class Recording:
    """Layers, those that are settled and those that are being played. Sans I/O; the event loop's."""

    def __init__(self, session: Session) -> None:
        self.armed: tuple[str, ...] = ()
        self.how: PlayingSpec = session.playing
        self.played_last: str | None = None
        """The track that was played last."""
        self._history = History(session.layers)
        self._kept = _files(session.layers)
        self._recorder: Recorder | None = None
        self._closing: list[Recorder] = []
        self._beat = -1
        self._dirty = False
        self._click: Layer | None = None
        self._ringing: dict[tuple[str, int], set[int]] = {}
        """By track and channel whose pedal is down: keys that it holds."""

    # -- what is asked ----------------------------------------------------------------------------------------------

    def arm(self, tracks: Sequence[str], session: Session) -> None:
        """Raises MessageError: no such track."""
        names = [t.name for t in session.tracks]
        for name in tracks:
            if name not in names:
                raise MessageError(f"arm: {name!r} is no track: choose from {', '.join(names)}")
        self.armed = tuple(dict.fromkeys(tracks))

    def begin(self, asked: wire.Record, session: Session, tick: Tick) -> None:
        """tick: where the music is. Raises MessageError and MusicError."""
        if self._recorder is not None:
            raise MessageError("record: it is being recorded: stop that first (record with on = false)")
        if not self.armed:
            if self.played_last is None:
                raise MessageError(f"record: no track is armed, and nothing was played yet: arm one of "
                                   f"{', '.join(t.name for t in session.tracks)}")
            self.armed = (self.played_last,)
        names = [n for n in PlayingSpec.__struct_fields__ if getattr(asked, n, None) is not None]
        how = msgspec.structs.replace(self.how, **{name: getattr(asked, name) for name in names})
        grid, meter = how.grid, session.meter
        at_bar = asked.at == "bar" or (asked.at is None and bool(how.loop or how.count_in)) or bool(how.count_in)
        bar_ticks = meter.bar_ticks
        first = -(-tick // bar_ticks) * bar_ticks if at_bar else tick
        start = first + how.count_in * bar_ticks
        self.how = how
        self._click = None
        if how.count_in:
            self._click = click(session, Span(first, start))
        mode: Literal["merge", "replace"] = "replace" if how.mode == "replace" else "merge"
        self._recorder = Recorder(Settings(how.loop * bar_ticks, mode, grid), start, bar_ticks)
        self._beat = -1

    def end(self, tick: Tick) -> None:
        """Punch out. What is held is still heard to its end."""
        recorder, self._recorder, self._click = self._recorder, None, None
        if recorder is not None:
            recorder.close(tick)
            self._closing.append(recorder)
            self._dirty = True

    def undo(self) -> None:
        """Raises MessageError where there is nothing."""
        dropped = self._recorder is not None and self._recorder.drop_last()
        if not dropped and not self._history.undo():
            raise MessageError("undo: nothing was recorded that could be taken back")
        self._dirty = True

    def redo(self) -> None:
        if not self._history.redo():
            raise MessageError("redo: nothing was taken back that could be had again")
        self._dirty = True

    def clear(self, number: int | None, track: str | None, tick: Tick) -> None:
        """Raises MessageError: no such layer."""
        there = self.layers(tick)
        if number is not None and number > len(there):
            raise MessageError(f"clear: layer {number} is not there: there are {len(there)}")
        if track is not None and track not in {each.track for each in there}:
            raise MessageError(f"clear: {track!r} has no layer")
        settled = self._history.now
        gone = [each for i, each in enumerate(there, 1)
                if (number is None or i == number) and (track is None or each.track == track)]
        if self._recorder is not None and any(each not in settled for each in gone):
            while self._recorder.drop_last() and any(each in self._live(tick) for each in gone):
                pass
        self._history.do([each for each in settled if each not in gone])
        self._dirty = True

    # -- what happens -------------------------------------------------------------------------------------------------

    def hear(self, message: Message) -> None:
        self.played_last = message.track
        for each in self._pedalled(message):
            if message.track in self.armed or is_end(each.data):
                for recorder in self._recorders:
                    recorder.hear(each)

    def _pedalled(self, message: Message) -> list[Message]:
        """A note that ends while the pedal is down ends when that comes up, or its key is struck again."""
        place, data = (message.track, message.channel), message.data
        ringing = self._ringing.get(place)
        if data[0] & 0xF0 == 0xB0 and data[1] == PEDAL:
            if data[2] >= 64:
                self._ringing.setdefault(place, set())
                return []
            self._ringing.pop(place, None)
            return [message._replace(data=bytes((0x80, key, 0))) for key in sorted(ringing or ())]
        if ringing is not None and data[0] & 0xE0 == 0x80:
            if is_end(data):
                ringing.add(data[1])
                return []
            ringing.discard(data[1])
        return [message]

    def jump(self, jump: Jump) -> None:
        """The master went elsewhere: each stretch has layers of its own."""
        recorder = self._recorder
        if recorder is None:
            return
        if jump.before < recorder.start:  # it has not begun: then where the music is now
            start = (-(-jump.after // recorder.bar_ticks) + self.how.count_in) * recorder.bar_ticks
            self._recorder = Recorder(recorder.settings, start, recorder.bar_ticks)
            self._click = None
        else:
            recorder.jump(jump.before, jump.after)
            self._dirty = True

    def lost(self, elapsed: float) -> None:
        """The engine has died: no note-off will come any more."""
        self._ringing.clear()
        for recorder in self._recorders:
            recorder.release(elapsed)

    def finish(self, elapsed: float) -> None:
        """What has been recorded is to be there now: what is still held of it ends here."""
        for each in self._closing:
            each.release(elapsed)
            self._settle(each, _ALL)
        self._closing.clear()
        self._dirty = True

    def advance(self, tick: Tick, session: Session, *, led: bool) -> list[LayerSpec] | None:
        """The music is at `tick`. Layers that the composer is to know from now on; None: as before.

        led: by a master, who may loop any time
        """
        for each in self._closing:
            self._settle(each, _ALL)
        self._closing = [each for each in self._closing if each.holding]
        recorder = self._recorder
        if recorder is not None:
            self._dirty |= self._settle(recorder, tick)
            step = session.meter.beat_ticks if recorder.settings.loop else session.meter.bar_ticks if led else 0
            if step and tick // step != self._beat:
                self._beat = tick // step
                self._dirty = True
            if self._click is not None and tick >= recorder.start:
                self._click = None
        if not self._dirty:
            return None
        self._dirty = False
        found = self.layers(tick) if recorder is None or recorder.settings.loop or led else list(self._history.now)
        return found if found != list(session.layers) else None

    def _settle(self, recorder: Recorder, tick: Tick) -> bool:
        passes = recorder.take(recorder.settled(tick))
        for layers in passes:
            self._history.do([*self._history.now, *map(LayerSpec.of, layers)])
        return bool(passes)

    # -- what there is ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> Recorder | None:
        return self._recorder

    @property
    def extra(self) -> tuple[Layer, ...]:
        """The click of a count-in."""
        return () if self._click is None else (self._click,)

    @property
    def _recorders(self) -> list[Recorder]:
        return [*self._closing, *([] if self._recorder is None else [self._recorder])]

    @property
    def settled(self) -> list[LayerSpec]:
        return list(self._history.now)

    def layers(self, tick: Tick) -> list[LayerSpec]:
        """With those that are being played."""
        return [*self._history.now, *self._live(tick)]

    def _live(self, tick: Tick) -> list[LayerSpec]:
        return [LayerSpec.of(each) for recorder in self._recorders
                for each in recorder.layers(tick if recorder.open else _ALL)]

    def kept(self, layers: Sequence[LayerSpec]) -> None:
        """The session's file names these now."""
        self._history.replaced(layers)
        self._kept = _files(layers)

    @property
    def unkept(self) -> bool:
        """There is something that no file holds, or the file holds what was taken away."""
        return _files(self._history.now) != self._kept

    @property
    def can_undo(self) -> bool:
        return self._history.can_undo or (self._recorder is not None and bool(self._recorder.layers(_ALL)))

    @property
    def can_redo(self) -> bool:
        return self._history.can_redo


def is_end(data: bytes) -> bool:
    """Of a note."""
    return data[0] & 0xF0 == 0x80 or (data[0] & 0xF0 == 0x90 and not data[2])


def click(session: Session, span: Span) -> Layer | None:
    """A count-in on the drums; None where there are none."""
    drums = next((t.name for t in session.tracks if "drums" in t.parts), None)
    if drums is None:
        return None
    meter = session.meter
    beats = range(span.start, span.end, meter.beat_ticks)
    notes = [Note(at, _CLICK_LENGTH, _CLICK, 80.0 if at % meter.bar_ticks else 110.0, DRUM_CHANNEL) for at in beats]
    return Layer(drums, Clip.of(span, notes))


def channel_of(session: Session, track: str) -> int:
    """On which composers play the track, and so what is recorded on it."""
    found = next((t for t in session.tracks if t.name == track), None)
    drums = found is not None and not {"drums", "percussion"}.isdisjoint(found.parts)
    return DRUM_CHANNEL if drums else 0


def _files(layers: Sequence[LayerSpec]) -> list[str | None]:
    """What a session's file names, or would: a layer without a file is in none."""
    return [each.file for each in layers]

"""An engine that holds a chord on every track, bar after bar: as many voices as one wants, without a composer."""

from __future__ import annotations

from bridge.driver import Block
from bridge.engine.clip_bytes import Bar, decode_bar, encode_bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import AnyCommand, Play
from bridge.port_plan import plan_ports
from bridge.rig import build_rig
from bridge.session import Session
from composers.score import PPQ, Clip, Note, Span
from instruments.block import AudioBlock

BARS = 256
"""Composed beforehand, as another process does it: the engine only reads them."""
_LOWEST = 40


class HeldChords:
    """The whole engine of a session, given bars as a composer gives them. Belongs to one thread."""

    def __init__(self, session: Session, rate: int, frames: int, voices: int, *, together: bool = False) -> None:
        """voices: of each track. together: all are struck on the bar line; else one track after the other, by 32nds.
        Plays BARS bars. Raises InstrumentError."""
        self._apart = 0 if together else PPQ // 8
        self._tracks, self._voices, self._ticks = len(session.tracks), voices, session.meter.bar_ticks
        self._rig = build_rig(session, rate, frames, block=frames)
        self._engine = Engine(self._rig, plan_ports(session).routes, rate, session.music.tempo, session.meter,
                              source="internal")
        self._composed = [self._compose(bar) for bar in range(BARS)]
        self._engine.insert(decode_bar(self._composed[0]))
        self._commands: list[AnyCommand] = [Play()]
        self._bars: list[Bar] = []

    def _compose(self, bar: int) -> bytes:
        """Chords that last but for a 32nd, so that the next ones find voices."""
        span = Span(bar * self._ticks, (bar + 1) * self._ticks)
        clips = [Clip.of(span, [Note(span.start + track * self._apart, self._ticks - PPQ // 8,
                                     _LOWEST + bar % 5 + 4 * i, 90) for i in range(self._voices)])
                 for track in range(self._tracks)]
        return encode_bar(0, bar, clips)

    @property
    def sounding(self) -> int:
        """Notes that are held now, on all tracks."""
        return self._engine.sounding

    def step(self, block: Block) -> AudioBlock:
        """A block, valid until the next."""
        out = self._engine.step(Inputs(block, self._commands, self._bars))
        self._commands = []
        self._bars = [decode_bar(self._composed[bar]) for _, bar in out.wanted if bar < BARS]
        return out.audio

    def close(self) -> None:
        self._rig.close()

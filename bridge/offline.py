"""Rendering without a clock or a device: the same engine, fed block by block as fast as it goes."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.driver import Block
from bridge.engine.bends import bent_clip
from bridge.engine.clip_bytes import Bar, decode_bar, encode_bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import AnyCommand, NoteBegun, Play
from bridge.engine.timeline import ordered
from bridge.port_plan import plan_ports
from bridge.rig import Rig, build_rig
from bridge.session import Session
from composers.composer import Band, make_band
from composers.instrumentation import INSTRUMENTS, plain
from composers.piece import Piece, Track
from composers.score import Clip, Span
from composers.theory.scales import Key
from instruments.block import AudioBlock

BLOCK = 1024
_TAIL_S = 6.0
_SILENCE = 10 ** (-80 / 20)


class Rendered(NamedTuple):
    """A block of the render: its audio (2, frames), valid until the next, its notes, and whether music still plays."""

    audio: AudioBlock
    notes: list[NoteBegun]
    playing: bool
    bar: int


def compose_bar(band: Band, session: Session, bar: int, epoch: int = 0) -> Bar:
    """A bar as the engine gets it: through the same bytes as live, so that both are the same to the last bit."""
    names = tuple(t.name for t in session.tracks)
    return decode_bar(encode_bar(epoch, bar, ordered(band.compose(bar), names, bar, session.meter)))


def render(session: Session, block: int = BLOCK, *, rig: Rig | None = None, whole_tail: bool = False
           ) -> Iterator[Rendered]:
    """The whole piece (session.music.bars must be set) and its tail until silence, block by block.

    rig         the session's, built for such blocks; it is closed at the end. None: built here
    whole_tail  as long a tail as there can be, also in silence
    """
    rate = session.sample_rate
    band = make_band(session.plan())
    rig = rig or build_rig(session, rate, block, offline=True)
    with closing(rig):
        routes = [r._replace(offset_ns=0) for r in plan_ports(session).routes]  # no MIDI leaves: none need be early
        engine = Engine(rig, routes, rate, session.music.tempo, session.meter, length=session.music.bars,
                        source="internal")
        engine.insert(compose_bar(band, session, 0))
        commands: list[AnyCommand] = [Play()]
        bars: list[Bar] = []
        frame, tail, skip = 0, 0, rig.latency
        late = rig.latency
        while True:
            ns = frame * 1_000_000_000 // rate
            out = engine.step(Inputs(Block(frame, ns, block, ()), commands, bars))
            commands = []
            bars = [compose_bar(band, session, bar, epoch) for epoch, bar in out.wanted]
            frame += block
            audio = out.audio
            if skip:
                cut = min(skip, block)
                skip -= cut
                audio = audio[:, cut:]
            notes = [n._replace(frame=n.frame - late) for n in out.notes]
            yield Rendered(audio, notes, engine.playing, engine.timeline.bar)
            if engine.ended:
                tail += block
                silent = tail > 0.1 * rate and np.abs(out.audio).max() < _SILENCE
                if tail > _TAIL_S * rate or (silent and not whole_tail):
                    return


def clips_of(session: Session, bars: int) -> dict[str, Clip]:
    """What each track plays in the first `bars` bars, as composed. (How long the piece is belongs to its plan.)"""
    band = make_band(session.plan())
    notes: dict[str, list[Clip]] = {t.name: [] for t in session.tracks}
    for bar in range(bars):
        for name, clip in zip(notes, ordered(band.compose(bar), tuple(notes), bar, session.meter), strict=True):
            notes[name].append(clip)
    span = Span(0, bars * session.meter.bar_ticks)
    return {name: Clip.of(span, [n for c in clips for n in c.notes], [k for c in clips for k in c.controls])
            for name, clips in notes.items()}


def sent_clips(session: Session, clips: Mapping[str, Clip]) -> dict[str, Clip]:
    """The same as it leaves by the tracks' MIDI ports, for files: notes between the keys are bent, as tunings say."""
    return {name: bent_clip(clip, route)
            for (name, clip), route in zip(clips.items(), plan_ports(session).routes, strict=True)}


def sent_piece(session: Session, bars: int) -> Piece:
    """The first `bars` bars as a file for MIDI's ports: named, in the session's key, with General MIDI's programs."""
    clips = sent_clips(session, clips_of(session, bars))
    known = [t.instrument if plain(t.instrument) in INSTRUMENTS else None for t in session.tracks]  # others are paths
    tracks = [Track.of(t.name, clips[t.name], name) for t, name in zip(session.tracks, known, strict=True)]
    sent = [made if t.channel is None or made.channel is not None else replace(made, channel=t.channel - 1)
            for made, t in zip(tracks, session.tracks, strict=True)]
    music = session.music
    return Piece.of(sent, music.tempo, session.meter, Key.parse(music.key, music.mode), title=session.name)


class WavWriter:
    """A 24-bit PCM WAV file, stereo. Values beyond full scale are clipped and counted."""

    def __init__(self, path: Path, rate: int) -> None:
        self.clipped = 0
        self._file = wave.open(str(path), "wb")  # noqa: SIM115 - close() closes it
        self._file.setnchannels(2)
        self._file.setsampwidth(3)
        self._file.setframerate(rate)

    def write(self, audio: NDArray[np.float32]) -> None:
        scaled = np.rint(audio.T.astype(np.float64) * 8_388_607.0)
        self.clipped += int((np.abs(scaled) > 8_388_607).sum())
        whole = np.clip(scaled, -8_388_608, 8_388_607).astype("<i4")
        self._file.writeframesraw(np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)[:, :3].tobytes())

    def close(self) -> None:
        self._file.close()

"""A take played again: its engines one after the other, each given what it was given, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bridge.assembly import made_engine, prepared_rig, rig_change, succeeding_rig
from bridge.driver import Block, MidiOut
from bridge.engine.automation import Move
from bridge.engine.clip_bytes import decode_bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import Halt, decode_command
from bridge.engine.outlets import resets
from bridge.engine.rig_change import RigChange, RigWithdrawn
from bridge.engine_link import Rebuild, Setup
from bridge.errors import TakeError
from bridge.port_plan import plan_ports
from bridge.takes.blocks import BlockReader, End, Given, Mark, Reel, RigNews
from bridge.takes.take_file import Record, RecordKind, TakeReader
from bridge.takes.values import EngineBegun, decode
from bridge.takes.varint import MalformedError
from instruments.block import AudioBlock, FrameEvent, Transport

if TYPE_CHECKING:
    from bridge.rig import Rig

SILENCE = 10 ** (-80 / 20)
SETTLED_S = 0.6
"""So long the music may be silent and yet go on: MIDI may be sent 0.5 s later than its music."""
_MOST_FRAMES = 1 << 14
_NS = 1_000_000_000


class Again(NamedTuple):
    """A block as it was played.

    reel     number of the engine, from 0
    rate     its Hz
    midi     with numbers of ports as in `ports`
    audio    (2, frames), valid until the next block; silence without a rig
    playing  at the block's end
    after    the take holds no such block: it rings out
    """

    reel: int
    rate: int
    block: Block
    midi: Sequence[MidiOut]
    audio: AudioBlock
    playing: bool
    after: bool = False


class JournalRig:
    """What an engine needs of a rig, with a real one behind it or none: latency and the plug-ins' own MIDI are what
    they were, whatever the plug-ins do now."""

    def __init__(self, rig: Rig | None, latency: int, tracks: int, strips: int = 0, strip_places: Sequence[int] = ()
                 ) -> None:
        self.rig = rig
        self.latency = latency
        self.midi_out: Sequence[tuple[int, FrameEvent]] = ()
        self.tracks = range(tracks)
        self.strips = range(strips or tracks)
        self.strip_places = strip_places
        """See assembly.Succeeding."""
        self._silence: AudioBlock = np.zeros((2, _MOST_FRAMES), np.float32)

    def process(self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport) -> AudioBlock:
        if self.rig is not None:
            return self.rig.process(events, frames, transport)
        if frames > self._silence.shape[1]:
            self._silence = np.zeros((2, frames), np.float32)
        return self._silence[:, :frames]

    def turn(self, path: str, value: float, ramp_frames: int | None = None) -> int:
        return ramp_frames or 0 if self.rig is None else self.rig.turn(path, value, ramp_frames)

    def move(self, move: Move) -> str:
        return move.path if self.rig is None else self.rig.move(move)

    def lacks(self, move: Move) -> bool:
        return self.rig is None or self.rig.lacks(move)

    def restore(self, track: int, path: str) -> tuple[str, float, int] | None:
        return None if self.rig is None else self.rig.restore(track, path)

    def succeed(self, other: JournalRig) -> None:
        if self.rig is not None and other.rig is not None:
            self.rig.succeed(other.rig)


class _Offer(NamedTuple):
    """A rig that stands by."""

    number: int
    rig: JournalRig


class Replay:
    """Plays a take again. Iterate blocks() once.

    engine   the one that plays now; begun: how it was started
    reader   tells, at the end, what was cut off or damaged
    """

    def __init__(self, source: Path | bytes, *, sound: bool = True, to_damage: bool = False,
                 prepare: Callable[[Setup, int, int], Rig] | None = None) -> None:
        """sound: with rigs, the first of each engine built by `prepare` (default: as live, but plug-ins are waited
        for); without, only the MIDI is made, which is fast. to_damage: see TakeReader. Raises TakeError."""
        self.reader = TakeReader(source, to_damage=to_damage)
        self.engine: Engine | None = None
        self.begun: EngineBegun | None = None
        self.port_names: dict[int, str] = {}
        """Of the MIDI outputs, by number."""
        self.plugin_notices: list[str] = []
        """Plug-ins that were not to be had, or failed."""
        self.lost = False
        """Part of the journal found no room, and the music of an engine is not all here."""
        self.sound = sound
        self._prepare = prepare or (lambda setup, rate, frames: prepared_rig(setup, rate, frames, offline=True))
        self._rig: JournalRig | None = None
        self._offer: _Offer | None = None
        self._rebuilds: dict[int, Rebuild] = {}

    def blocks(self, ring_out: int = 0) -> Iterator[Again | Mark | End]:
        """All of it. ring_out: after the last block the music is stopped, and up to so many more frames are made."""
        with closing(self):
            yield from self._blocks(ring_out)

    def close(self) -> None:
        """Idempotent."""
        rig, offer = self._rig, self._offer
        self._rig = self._offer = None
        if rig is not None and rig.rig is not None:
            if offer is not None and offer.rig.rig is not None:
                offer.rig.rig.close(rig.rig.played())
            self._ask_plugins(rig.rig)
            rig.rig.close()

    def _ask_plugins(self, rig: Rig) -> None:
        for status in rig.plugin_status():
            missing = status["state"].startswith("missing")
            if missing or status["last_error"]:
                text = f"plug-in {status['plugin']}: {status['state'] if missing else status['last_error']}"
                if text not in self.plugin_notices:
                    self.plugin_notices.append(text)

    def _blocks(self, ring_out: int) -> Iterator[Again | Mark | End]:
        number = -1
        blocks: BlockReader | None = None
        last: Again | None = None
        for record in self.reader:
            if record.kind is RecordKind.ENGINE:
                self.close()
                self.begun = decode(record, EngineBegun, self.reader.name)
                number, blocks, self.engine = number + 1, BlockReader(), None
            elif record.kind is RecordKind.REBUILD:
                rebuild = decode(record, Rebuild, self.reader.name)
                self._rebuilds[rebuild.number] = rebuild
            elif record.kind is RecordKind.BLOCKS:
                if blocks is None:
                    self.reader.refuse(record, "it is of no engine")
                    return
                for each in self._understood(record, blocks):
                    if isinstance(each, Reel):
                        self._begin(each)
                    elif isinstance(each, Given):
                        last = self._again(number, blocks.reel, each)
                        yield last
                    elif isinstance(each, Mark | End):
                        self.lost = self.lost or (isinstance(each, End) and each.lost)
                        yield each
                if self.reader.damage:
                    break
        if ring_out and last is not None and self.engine is not None:
            yield from self._rest(last, ring_out)

    def _understood(self, record: Record, blocks: BlockReader) -> Iterator[Any]:
        try:
            yield from blocks.read(record.payload)
        except MalformedError as error:
            self.reader.refuse(record, str(error))

    def _begin(self, reel: Reel) -> None:
        begun = self.begun
        assert begun is not None
        setup = begun.setup
        ports = plan_ports(setup.session)
        # Where the session opens no MIDI outputs: what they would be called.
        self.port_names = dict(enumerate(ports.outputs or [t.name for t in setup.session.tracks]))
        rig = self._prepare(setup, reel.rate, reel.frames) if self.sound else None
        self._reel = reel
        self._rig = JournalRig(rig, reel.latency, len(setup.session.tracks))
        self.engine = made_engine(setup, self._rig, ports, reel.rate)

    # -- another rig -------------------------------------------------------------------------------------------------

    def _told_of_rig(self, news: RigNews) -> RigChange | RigWithdrawn:
        """Builds what stood by when it was played: just before the block at which the engine got it."""
        rig, engine = self._rig, self.engine
        assert rig is not None and engine is not None
        if news.withdrawn:
            self._withdraw()
            return RigWithdrawn(news.number)
        rebuild = self._rebuilds.get(news.number)
        if rebuild is None:
            raise TakeError(f"{self.reader.name}: rig {news.number} took over, and nothing says what it is made of: a "
                            f"record before that is missing")
        self._withdraw()
        plan = plan_ports(rebuild.session)
        made = None if rig.rig is None else succeeding_rig(rebuild, rig.rig, self._reel.frames, offline=True)
        follower = JournalRig(made, rig.latency, len(rebuild.session.tracks), news.strips, news.places)
        self._offer = _Offer(news.number, follower)
        numbers = dict(zip(plan.outputs, news.outputs, strict=False))
        self.port_names |= {number: name for name, number in numbers.items()}
        return rig_change(news.number, follower, plan, numbers, engine.routes)._replace(ports=news.ports)

    def _withdraw(self) -> None:
        """What stands by does so no more."""
        offer, rig = self._offer, self._rig
        self._offer = None
        if offer is not None and offer.rig.rig is not None and rig is not None and rig.rig is not None:
            offer.rig.rig.close(rig.rig.played())

    def _begin_rig(self, offer: _Offer) -> None:
        """It has made a block."""
        before, self._rig, self._offer = self._rig, offer.rig, None
        if before is not None and before.rig is not None and offer.rig.rig is not None:
            self._ask_plugins(before.rig)
            before.rig.close(offer.rig.rig.played())

    # -- blocks ------------------------------------------------------------------------------------------------------

    def _again(self, number: int, reel: Reel | None, given: Given) -> Again:
        engine, begun = self.engine, self.begun
        assert engine is not None and begun is not None and reel is not None
        first: Sequence[MidiOut] = ()
        if given.block.frame0 == reel.frame0 and begun.setup.recovering:
            first = resets(begun.setup.used)
        if given.compensation is not None:
            engine.compensation_ns = given.compensation
        midi: Sequence[MidiOut] = ()
        audio: AudioBlock = np.zeros((2, 0), np.float32)
        told = None if given.rig is None else self._told_of_rig(given.rig)
        for rig in (self._rig, self._offer and self._offer.rig):
            if rig is not None:
                rig.latency, rig.midi_out = given.latency, given.plugin_midi
        try:
            out = engine.step(Inputs(given.block, [decode_command(m) for m in given.commands],
                                     [decode_bar(m) for m in given.bars], told))
            if not given.failed:
                midi, audio = (*first, *out.midi) if first else out.midi, out.audio
        except Exception as error:
            if not given.failed:
                raise TakeError(
                    f"{self.reader.name}: the block at frame {given.block.frame0} of engine {number + 1} went well "
                    f"when it was played, and does not now: {type(error).__name__}: {error}. It was made by another "
                    f"version of Sideman (`sideman takes show` tells which): use that one") from error
        engine.take_notices()
        if self._offer is not None and engine.rig_number == self._offer.number:
            self._begin_rig(self._offer)
        if given.failed:
            audio = np.zeros((2, given.block.frames), np.float32)
        return Again(number, reel.rate, given.block, midi, audio, engine.playing)

    def _rest(self, last: Again, frames: int) -> Iterator[Again]:
        """What would have been heard had the music been stopped there, rather than the program."""
        engine, block = self.engine, last.block
        assert engine is not None
        commands: list[Any] = [Halt()]
        while frames > 0:
            frame0 = block.frame0 + block.frames
            block = Block(frame0, (frame0 + block.skipped) * _NS // last.rate, block.frames, (), block.skipped)
            out = engine.step(Inputs(block, commands))
            commands = []
            frames -= block.frames
            yield Again(last.reel, last.rate, block, out.midi, out.audio, engine.playing, after=True)
            silent = not out.audio.size or float(np.abs(out.audio).max()) < SILENCE
            if silent and frame0 - last.block.frame0 > SETTLED_S * last.rate:
                return

"""What an engine was given, block by block, as a stream of bytes: nearly none for a block in which nothing happens.

All of a block's times but its length reach the music relative to the block's start (see Engine._step): MIDI and
playheads are kept as so many ns from there, and read back on the frames' own axis, which gives the engine the very
numbers that it reckoned with. Only a reel's first block keeps its moment, which a resumed engine needs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from bridge.driver import Block, MidiIn, Playhead
from bridge.engine.rig_change import RigChange, RigWithdrawn
from bridge.takes.varint import (
    MalformedError,
    Scanner,
    UnfinishedError,
    bits_of,
    put_bytes,
    put_near,
    put_signed,
    put_whole,
)
from composers.score import PPQ
from instruments.block import FrameEvent, Kind

_NS = 1_000_000_000
_EVENT = struct.Struct("<HIBBBdd")
_MOST_FRAMES, _MOST_RATE = 1 << 20, 1 << 20
"""Beyond any device: a number as large was never written."""


class _Op(IntEnum):
    """What comes next. What a block is given comes before the block."""

    REEL = 1
    RUN = 2
    BLOCK = 3
    FAILED = 4
    FRAMES = 5
    SKIPPED = 6
    SOURCE = 7
    MIDI = 8
    PLAYHEAD = 9
    NO_PLAYHEAD = 10
    COMMAND = 11
    BAR = 12
    LATENCY = 13
    PLUGIN_MIDI = 14
    COMPENSATION = 15
    RIG = 16
    MARK = 17
    LOST = 18
    LEFT = 19
    MOVED = 20


class Change(IntEnum):
    """What a Mark tells."""

    STARTED = 1
    STOPPED = 2
    JUMPED = 3
    TEMPO = 4
    ENDED = 5
    PLAN = 6


class Reel(NamedTuple):
    """How an engine began: `frames` is the driver's block, ns0 the clock_ns() of frame0, latency the rig's, in frames.
    """

    rate: int
    frames: int
    frame0: int
    ns0: int
    latency: int


class RigNews(NamedTuple):
    """Another rig came in, or is not wanted any more.

    outputs, ports, places  see engine.rig_change.RigChange, of which these depend on the driver and the rigs
    strips                  how many it has
    """

    number: int
    withdrawn: bool = False
    outputs: tuple[int, ...] = ()
    ports: int = 0
    places: tuple[int, ...] = ()
    strips: int = 0

    @classmethod
    def of(cls, told: RigChange | RigWithdrawn) -> RigNews:
        """What a take needs of it."""
        if isinstance(told, RigWithdrawn):
            return cls(told.number, True)
        return cls(told.number, False, tuple(told.outputs), told.ports, tuple(told.places), len(told.routes))


class Given(NamedTuple):
    """All that an engine was given in a block.

    commands, bars  as they came (see inbox, clip_bytes)
    latency         frames, as the engine reckoned with in this block
    plugin_midi     what plug-ins put out themselves, by track
    compensation    see Engine.compensation_ns; None: as before
    rig             what the engine was told of another rig
    failed          the block raised, and was silent
    """

    block: Block
    commands: Sequence[bytes] = ()
    bars: Sequence[bytes] = ()
    latency: int = 0
    plugin_midi: Sequence[tuple[int, FrameEvent]] = ()
    compensation: Mapping[str, int] | None = None
    rig: RigNews | None = None
    failed: bool = False


class Run(NamedTuple):
    """So many blocks, each like the last, in which nothing happened; the first begins at frame0."""

    frame0: int
    blocks: int
    frames: int


class Mark(NamedTuple):
    """What the music did in the block that ends at `frame`: it was then at `tick`, at `bpm`, by the plan of `epoch`."""

    change: Change
    frame: int
    tick: int
    bpm: float
    epoch: int


class End(NamedTuple):
    """Nothing more follows of this engine: it left in order, or (lost) what it did next found no room."""

    frame: int
    lost: bool


def expected_playhead(last: Playhead, frames: int, rate: int, ns: int) -> Playhead:
    """Where the next block will find another program's transport, if it goes on: reckoned as clock.timebase does."""
    if not last.playing:
        return last._replace(ns=ns)
    tick = last.tick
    if tick is not None and last.bpm is not None:
        tick = tick + frames * last.bpm * PPQ / (60.0 * rate)
    return last._replace(ns=ns, tick=tick, seconds=(round(last.seconds * rate) + frames) / rate)


class BlockWriter:
    """Turns blocks into bytes, gathered in `out` until somebody takes them. Of the engine's thread."""

    def __init__(self, reel: Reel) -> None:
        self.out = bytearray()
        self.reel = reel
        self._frame = reel.frame0
        self._frames = reel.frames
        self._skipped = 0
        self._latency = reel.latency
        self._sources: dict[str, int] = {}
        self._head: Playhead | None = None
        self._run = 0
        out = self.out
        out.append(_Op.REEL)
        for value in (reel.rate, reel.frames, reel.frame0):
            put_whole(out, value)
        put_signed(out, reel.ns0)
        put_whole(out, reel.latency)

    def quiet(self, block: Block, latency: int) -> bool:
        """Whether nothing is to be told of the next block but that it was; then it is told. For one that was given
        nothing else: see Given."""
        if (block.frames != self._frames or block.midi or latency != self._latency or block.skipped != self._skipped
                or block.frame0 != self._frame):
            return False
        if block.playhead is None:
            if self._head is not None:
                return False
        elif not self._goes_on(block, block.playhead):
            return False
        self._run += 1
        self._frame += block.frames
        return True

    def put(self, given: Given) -> None:
        """The next block."""
        if (given.commands or given.bars or given.plugin_midi or given.compensation is not None
                or given.rig is not None or given.failed or not self.quiet(given.block, given.latency)):
            self._put_all(given)
            self._frame += given.block.frames

    def mark(self, change: Change, tick: int, bpm: float, epoch: int) -> None:
        """What the last block brought about."""
        self.close_run()
        self.out.append(_Op.MARK)
        self.out.append(change)
        put_whole(self.out, max(0, tick))
        put_near(self.out, bpm, 0.0)
        put_whole(self.out, epoch)

    def end(self, *, lost: bool) -> None:
        self.close_run()
        self.out.append(_Op.LOST if lost else _Op.LEFT)

    def close_run(self) -> None:
        """Before the bytes are taken."""
        if self._run:
            self.out.append(_Op.RUN)
            put_whole(self.out, self._run)
            self._run = 0

    def _put_all(self, given: Given) -> None:
        block, out = given.block, self.out
        self.close_run()
        if block.frame0 != self._frame:  # blocks that failed before the engine saw them
            out.append(_Op.MOVED)
            put_signed(out, block.frame0 - self._frame)
            self._frame = block.frame0
        if given.rig is not None:
            out.append(_Op.RIG)
            _put_rig(out, given.rig)
        if block.frames != self._frames:
            self._frames = block.frames
            out.append(_Op.FRAMES)
            put_whole(out, block.frames)
        if block.skipped != self._skipped:
            out.append(_Op.SKIPPED)
            put_signed(out, block.skipped - self._skipped)
            self._skipped = block.skipped
        if given.latency != self._latency:
            self._latency = given.latency
            out.append(_Op.LATENCY)
            put_whole(out, given.latency)
        if given.compensation is not None:
            indices = [(self._source(name), ns) for name, ns in given.compensation.items()]
            out.append(_Op.COMPENSATION)
            put_whole(out, len(indices))
            for index, ns in indices:
                put_whole(out, index)
                put_signed(out, ns)
        for bar in given.bars:
            out.append(_Op.BAR)
            put_bytes(out, bar)
        for command in given.commands:
            out.append(_Op.COMMAND)
            put_bytes(out, command)
        for ns, name, data in block.midi:
            index = self._source(name)
            out.append(_Op.MIDI)
            put_signed(out, ns - block.ns0)
            put_whole(out, index)
            put_bytes(out, bytes(data))
        self._put_playhead(block)
        for track, event in given.plugin_midi:
            out.append(_Op.PLUGIN_MIDI)
            out += _EVENT.pack(track, *event)
        out.append(_Op.FAILED if given.failed else _Op.BLOCK)

    def _goes_on(self, block: Block, head: Playhead) -> bool:
        """Whether a playhead is where it was expected, to the last bit; then that is where it is from now on."""
        if self._head is None:
            return False
        guess = expected_playhead(self._head, block.frames, self.reel.rate, self._head.ns)
        if not _same(head._replace(ns=head.ns - block.ns0), guess):
            return False
        self._head = guess
        return True

    def _put_playhead(self, block: Block) -> None:
        head, last, out = block.playhead, self._head, self.out
        if head is None:
            if last is not None:
                out.append(_Op.NO_PLAYHEAD)
            self._head = None
            return
        after = head.ns - block.ns0
        guess = None if last is None else expected_playhead(last, self._frames, self.reel.rate, after)
        self._head = head._replace(ns=after)
        index = self._source(head.source)
        out.append(_Op.PLAYHEAD)
        put_signed(out, after)
        put_whole(out, index)
        out.append(head.playing | (head.tick is not None) << 1 | (head.bpm is not None) << 2)
        for value, likely in _numbers(head, guess):
            put_near(out, value, likely)

    def _source(self, name: str) -> int:
        if name not in self._sources:
            self._sources[name] = len(self._sources)
            self.out.append(_Op.SOURCE)
            put_bytes(self.out, name.encode())
        return self._sources[name]


def _put_rig(out: bytearray, news: RigNews) -> None:
    put_whole(out, news.number << 1 | news.withdrawn)
    if news.withdrawn:
        return
    for numbers in (news.outputs, news.places):
        put_whole(out, len(numbers))
        for number in numbers:
            put_signed(out, number)
    put_whole(out, news.ports)
    put_whole(out, news.strips)


def _read_rig(scanner: Scanner) -> RigNews:
    first = scanner.whole()
    if first & 1:
        return RigNews(first >> 1, True)
    outputs, places = (tuple(scanner.signed() for _ in range(scanner.whole())) for _ in range(2))
    return RigNews(first >> 1, False, outputs, scanner.whole(), places, scanner.whole())


def _same(a: Playhead, b: Playhead) -> bool:
    """To the last bit: 0.0 is not -0.0, and what is no number is itself."""
    return (a.ns, a.source, a.playing, _bits(a.tick), bits_of(a.seconds), _bits(a.bpm)) == (
        b.ns, b.source, b.playing, _bits(b.tick), bits_of(b.seconds), _bits(b.bpm))


def _bits(value: float | None) -> int | None:
    return None if value is None else bits_of(value)


def _numbers(head: Playhead, guess: Playhead | None) -> Iterator[tuple[float, float]]:
    """Those that there are, each with what was expected."""
    for value, likely in ((head.seconds, guess and guess.seconds), (head.tick, guess and guess.tick),
                          (head.bpm, guess and guess.bpm)):
        if value is not None:
            yield value, likely or 0.0


class BlockReader:
    """Bytes back into what was written, however they were cut up. Raises MalformedError for what was never written.

    What an unfinished stream ends with in the middle is left out: `cut` bytes of it.
    """

    def __init__(self) -> None:
        self.reel: Reel | None = None
        self._rest = b""
        self._frame = self._frames = self._skipped = self._latency = 0
        self._first = True
        self._sources: list[str] = []
        self._head: Playhead | None = None
        self._clear()

    def _clear(self) -> None:
        self._commands: list[bytes] = []
        self._bars: list[bytes] = []
        self._midi: list[MidiIn] = []
        self._plugin_midi: list[tuple[int, FrameEvent]] = []
        self._compensation: dict[str, int] | None = None
        self._rig: RigNews | None = None
        self._told_head = False

    @property
    def frame(self) -> int:
        """The first that no block read so far has."""
        return self._frame

    @property
    def cut(self) -> int:
        return len(self._rest)

    def read(self, data: bytes, *, whole: bool = True) -> Iterator[Reel | Given | Run | Mark | End]:
        """Take in more bytes. whole: each block of a run as a Given; else as a Run, which is much faster."""
        scanner = Scanner(self._rest + data)
        self._rest = b""
        while scanner.at < len(scanner.data):
            start = scanner.at
            try:
                found = self._next(scanner)
            except UnfinishedError:
                self._rest = scanner.data[start:]
                return
            except (ValueError, IndexError, struct.error, OverflowError) as error:
                raise MalformedError(str(error)) from None
            if isinstance(found, int):
                if whole:
                    for _ in range(found):
                        yield self._block(failed=False)
                else:
                    yield self._skip(found)
            elif found is not None:
                yield found

    def _next(self, scanner: Scanner) -> Reel | Given | Mark | End | int | None:
        """What the next op completes; an int is so many blocks in which nothing happens."""
        op = _Op(scanner.whole())
        if self.reel is None and op is not _Op.REEL:
            raise MalformedError("a block before the engine began")
        match op:
            case _Op.RUN:
                return scanner.whole()
            case _Op.BLOCK | _Op.FAILED:
                return self._block(failed=op is _Op.FAILED)
            case _Op.MARK:
                return Mark(Change(scanner.whole()), self._frame, scanner.whole(), scanner.near(0.0), scanner.whole())
            case _Op.LOST | _Op.LEFT:
                return End(self._frame, op is _Op.LOST)
            case _Op.REEL:
                rate, frames, frame0 = scanner.whole(), scanner.whole(), scanner.whole()
                reel = Reel(rate, frames, frame0, scanner.signed(), scanner.whole())
                if not (0 < rate <= _MOST_RATE and 0 < frames <= _MOST_FRAMES):
                    raise MalformedError(f"an engine of {rate} Hz and {frames} frames")
                if self.reel is not None:
                    raise MalformedError("an engine that began twice")
                self.reel, self._frame, self._frames, self._latency = reel, frame0, frames, reel.latency
                return reel
            case _:
                self._take_in(op, scanner)
                return None

    def _take_in(self, op: _Op, scanner: Scanner) -> None:
        """What the next block is given."""
        match op:
            case _Op.MIDI:
                after, index = scanner.signed(), scanner.whole()
                self._midi.append(MidiIn(after, self._sources[index], scanner.bytes()))
            case _Op.COMMAND:
                self._commands.append(scanner.bytes())
            case _Op.BAR:
                self._bars.append(scanner.bytes())
            case _Op.FRAMES:
                frames = scanner.whole()
                if not 0 < frames <= _MOST_FRAMES:
                    raise MalformedError(f"a block of {frames} frames")
                self._frames = frames
            case _Op.MOVED:
                self._frame += scanner.signed()
            case _Op.SKIPPED:
                self._skipped += scanner.signed()
            case _Op.LATENCY:
                self._latency = scanner.whole()
            case _Op.SOURCE:
                self._sources.append(scanner.bytes().decode())
            case _Op.COMPENSATION:
                self._compensation = {}
                for _ in range(scanner.whole()):
                    name = self._sources[scanner.whole()]
                    self._compensation[name] = scanner.signed()
            case _Op.RIG:
                self._rig = _read_rig(scanner)
            case _Op.PLUGIN_MIDI:
                at = scanner.at
                if at + _EVENT.size > len(scanner.data):
                    raise UnfinishedError
                track, offset, kind, channel, number, value, cents = _EVENT.unpack_from(scanner.data, at)
                scanner.at += _EVENT.size
                self._plugin_midi.append((track, FrameEvent(offset, Kind(kind), channel, number, value, cents)))
            case _Op.PLAYHEAD:
                self._read_playhead(scanner)
            case _Op.NO_PLAYHEAD:
                self._head, self._told_head = None, True

    def _read_playhead(self, scanner: Scanner) -> None:
        assert self.reel is not None
        after, index, flags = scanner.signed(), scanner.whole(), scanner.whole()
        guess = None
        if self._head is not None:
            guess = expected_playhead(self._head, self._frames, self.reel.rate, after)
        likely = (0.0, None, None) if guess is None else (guess.seconds, guess.tick, guess.bpm)
        seconds = scanner.near(likely[0])
        tick = scanner.near(likely[1] or 0.0) if flags & 2 else None
        bpm = scanner.near(likely[2] or 0.0) if flags & 4 else None
        self._head = Playhead(after, self._sources[index], bool(flags & 1), tick, seconds, bpm)
        self._told_head = True

    def _block(self, *, failed: bool) -> Given:
        assert self.reel is not None
        axis = (self._frame + self._skipped) * _NS // self.reel.rate
        ns0 = self.reel.ns0 if self._first else axis
        self._first = False
        self._move_playhead(1)
        head = self._head
        block = Block(self._frame, ns0, self._frames, [m._replace(ns=m.ns + ns0) for m in self._midi], self._skipped,
                      head and head._replace(ns=head.ns + ns0))
        given = Given(block, self._commands, self._bars, self._latency, self._plugin_midi, self._compensation,
                      self._rig, failed)
        self._clear()
        self._frame += self._frames
        return given

    def _skip(self, count: int) -> Run:
        run = Run(self._frame, count, self._frames)
        self._first = False
        self._move_playhead(count)
        self._frame += count * self._frames
        return run

    def _move_playhead(self, blocks: int) -> None:
        assert self.reel is not None
        head = self._head
        if head is not None:
            for _ in range(blocks - self._told_head):
                head = expected_playhead(head, self._frames, self.reel.rate, head.ns)
            self._head = head
        self._told_head = False

"""What happened in a take, and when: read off the marks in it, without playing anything again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from bridge.engine.inbox import Locate, NewPlan, SetParameter, SetTempo, decode_command
from bridge.engine_link import Rebuild
from bridge.errors import TakeError
from bridge.session import Music
from bridge.takes.blocks import BlockReader, Change, End, Given, Mark, Reel
from bridge.takes.take_file import Record, RecordKind, TakeReader
from bridge.takes.values import About, Ended, EngineBegun, Notice, PlanMade, Summary, decode
from bridge.takes.varint import MalformedError
from composers.score import PPQ, Meter, Tick


class Place(NamedTuple):
    """Of a block: the engine's number, from 0, and the block's frame. They are in order."""

    reel: int
    frame: int


class Stretch(NamedTuple):
    """Music from a start to a stop. end is None where it went on to the take's end."""

    start: Place
    end: Place | None
    start_tick: Tick
    end_tick: Tick
    seconds: float


class Event(NamedTuple):
    """At `seconds` from the take's begin; where is bar and beat, "" where nothing plays."""

    seconds: float
    where: str
    what: str


@dataclass(slots=True)
class Outline:
    """A take as one reads it.

    events     in order; stretches: from 1 in what people call them; engines: how each began, with its rate
    seconds    from the first block to the last
    ended      why it ended, "" where people wanted it; None: it was cut off
    lost       part of it found no room in the journal; damage: what is wrong with the file, where that was allowed
    """

    about: About | None = None
    events: list[Event] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    engines: list[tuple[EngineBegun, Reel]] = field(default_factory=list)
    summary: Summary = field(default_factory=Summary)
    end: Place = field(default_factory=lambda: Place(0, 0))
    seconds: float = 0.0
    ended: str | None = None
    lost: bool = False
    cut_bytes: int = 0
    damage: str = ""


def outline(source: Path | bytes, *, to_damage: bool = False) -> Outline:
    """Reads the whole take; an hour takes about a second. Raises TakeError."""
    reader = TakeReader(source, to_damage=to_damage)
    scribe = _Scribe(reader)
    for record in reader:
        scribe.take_in(record)
        if reader.damage:
            break
    return scribe.finished()


def bar_and_beat(tick: Tick, meter: Meter) -> str:
    """As people count: "12.3" is the third beat of the twelfth bar."""
    bar, within = divmod(tick, meter.bar_ticks)
    return f"{bar + 1}.{within // meter.beat_ticks + 1}"


class _Scribe:
    """Writes an outline as records come in."""

    def __init__(self, reader: TakeReader) -> None:
        self.outline = Outline()
        self._reader = reader
        self._blocks: BlockReader | None = None
        self._begun: EngineBegun | None = None
        self._base_s = 0.0
        self._meter = Meter()
        self._music: dict[int, Music] = {}
        self._meters: dict[int, Meter] = {}
        self._rebuilds: dict[int, Rebuild] = {}
        self._open: tuple[Place, Tick, float] | None = None
        self._tick: Tick = 0

    def take_in(self, record: Record) -> None:
        found, name = self.outline, self._reader.name
        match record.kind:
            case RecordKind.ABOUT:
                found.about = decode(record, About, name)
            case RecordKind.ENGINE:
                self._engine(decode(record, EngineBegun, name))
            case RecordKind.BLOCKS:
                if self._blocks is None:
                    self._reader.refuse(record, "it is of no engine")
                    return
                try:
                    for each in self._blocks.read(record.payload, whole=False):
                        self._happened(each)
                except MalformedError as error:
                    self._reader.refuse(record, str(error))
            case RecordKind.PLAN:
                plan = decode(record, PlanMade, name)
                self._music[plan.epoch] = plan.music
            case RecordKind.NOTICE:
                notice = decode(record, Notice, name)
                self._say(f"{notice.level}: {notice.text}", at=notice.frame)
            case RecordKind.SUMMARY:
                found.summary = decode(record, Summary, name)
            case RecordKind.END:
                end = decode(record, Ended, name)
                found.summary, found.ended = end.summary, end.why
            case RecordKind.REBUILD:
                rebuild = decode(record, Rebuild, name)
                self._rebuilds[rebuild.number] = rebuild

    def finished(self) -> Outline:
        found = self.outline
        self._close_reel()
        if self._open is not None:
            self._end_stretch(None, self._tick)
        found.cut_bytes = self._reader.cut + (self._blocks.cut if self._blocks is not None and found.ended is None
                                              else 0)
        found.damage = self._reader.damage
        found.events.sort(key=lambda event: event.seconds)
        return found

    # -- engines -----------------------------------------------------------------------------------------------------

    def _engine(self, begun: EngineBegun) -> None:
        self._close_reel()
        self._begun, self._blocks = begun, BlockReader()
        self._meter = begun.setup.session.meter
        self._music.setdefault(begun.setup.epoch, begun.setup.session.music)

    def _close_reel(self) -> None:
        found, blocks = self.outline, self._blocks
        if blocks is not None and blocks.reel is not None:
            found.end = Place(len(found.engines) - 1, blocks.frame)
            found.seconds = self._seconds(blocks.frame)

    def _reel(self, reel: Reel) -> None:
        found, begun = self.outline, self._begun
        assert begun is not None
        if found.engines:
            last = found.engines[-1][1]
            self._base_s += max(0, reel.frame0 - last.frame0) / last.rate
        found.engines.append((begun, reel))
        if len(found.engines) > 1:
            goes_on = begun.setup.resume is not None
            if self._open is not None and not goes_on:
                self._end_stretch(Place(len(found.engines) - 1, reel.frame0), self._tick)
            self._say("another engine takes over" + (", and plays on" if goes_on else ""), at=reel.frame0)

    # -- the music ---------------------------------------------------------------------------------------------------

    def _happened(self, each: object) -> None:
        if isinstance(each, Reel):
            self._reel(each)
        elif isinstance(each, Mark):
            self._mark(each)
        elif isinstance(each, Given):
            self._given(each)
        elif isinstance(each, End) and each.lost:
            self.outline.lost = True
            self._say("the journal was full: what this engine played from here on is not in the take", at=each.frame)

    def _mark(self, mark: Mark) -> None:
        at = self._place(mark.frame)
        self._meter = self._meters.get(mark.epoch, self._meter)
        where = bar_and_beat(mark.tick, self._meter)
        match mark.change:
            case Change.STARTED:
                if self._open is None:
                    self._open = at, mark.tick, self._seconds(mark.frame)
                    number = len(self.outline.stretches) + 1
                    self._say(f"start of stretch {number}, at {mark.bpm:.1f} BPM", where, mark.frame)
                else:
                    self._say(f"plays on at {mark.bpm:.1f} BPM", where, mark.frame)
            case Change.STOPPED | Change.ENDED:
                self._say("stop" if mark.change is Change.STOPPED else "the end of the piece", where, mark.frame)
                self._end_stretch(at, mark.tick)
            case Change.JUMPED:
                self._say(f"jump from {bar_and_beat(self._tick, self._meter)}", where, mark.frame)
            case Change.PLAN:
                self._say(f"plan {mark.epoch} is heard", where, mark.frame)
            case Change.TEMPO:
                self._say(f"tempo {mark.bpm:.1f} BPM", where, mark.frame)
        self._tick = mark.tick

    def _end_stretch(self, end: Place | None, tick: Tick) -> None:
        if self._open is None or self._blocks is None:
            return
        start, start_tick, start_s = self._open
        self._open = None
        end_s = self._seconds(self._blocks.frame)
        self.outline.stretches.append(Stretch(start, end, start_tick, tick, end_s - start_s))

    def _given(self, given: Given) -> None:
        at = given.block.frame0
        for message in given.commands:
            try:
                command = decode_command(message)
            except msgspec.DecodeError as error:
                raise TakeError(f"{self._reader.name} holds a command of another version of Sideman ({error}): use "
                                f"the one that made it") from None
            if isinstance(command, NewPlan):
                self._meters[command.epoch] = Meter(command.beats, command.unit)
                self._say(f"plan {command.epoch}{self._changed(command.epoch)}"
                          + (", from the beginning" if command.restart else ""), at=at)
            elif isinstance(command, Locate):
                self._say(f"locate to bar {command.bar + 1}", at=at)
            elif isinstance(command, SetTempo):
                self._say(f"own tempo {command.bpm:g} BPM", at=at)
            elif isinstance(command, SetParameter):
                self._say(f"{command.path} = {command.value:g}", at=at)
        if given.rig is not None and not given.rig.withdrawn:
            rebuild = self._rebuilds.get(given.rig.number)
            played = ", ".join(f"{t.name} {t.instrument}" for t in rebuild.session.tracks) if rebuild else ""
            self._say(f"other instruments stand by: {played}", at=at)
        if given.failed:
            self._say("a block failed and was silent", at=at)

    def _changed(self, epoch: int) -> str:
        """In what the music of a plan differs from the one before."""
        new, old = self._music.get(epoch), self._music.get(epoch - 1)
        if new is None or old is None:
            return ""
        differing = [f"{name} {getattr(new, name)}" for name in new.__struct_fields__
                     if getattr(new, name) != getattr(old, name)]
        return ": " + ", ".join(differing) if differing else ""

    # -- when --------------------------------------------------------------------------------------------------------

    def _place(self, frame: int) -> Place:
        return Place(len(self.outline.engines) - 1, frame)

    def _seconds(self, frame: int) -> float:
        """From the take's begin; before the first block it is then."""
        if not self.outline.engines:
            return 0.0
        reel = self.outline.engines[-1][1]
        return self._base_s + max(0, frame - reel.frame0) / reel.rate

    def _say(self, what: str, where: str = "", at: int = 0) -> None:
        self.outline.events.append(Event(self._seconds(at), where, what))


def lengths(found: Outline) -> Iterator[tuple[int, Stretch, float]]:
    """Each stretch with its number, from 1, and how many quarter notes it went on for, by its ends."""
    for number, stretch in enumerate(found.stretches, 1):
        yield number, stretch, (stretch.end_tick - stretch.start_tick) / PPQ

"""The console: tracks, groups, returns and the master; each a chain of effects and a fader, all in one program."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from typing import Any

from instruments.alignment import Delays, delays_of
from instruments.block import AudioBlock, Effect, FrameEvent, Instrument, InstrumentError, Transport
from instruments.channel import Channel, by_notes
from instruments.controls import Controls, Listed, Ramp, Stage
from instruments.fader import MasterFader
from instruments.meters import Level, MixLevel, clear_loudness, loudness_coefs, read_level, read_mix
from instruments.native_effect import NativeEffect
from instruments.program import Line, Program, Tap
from instruments.routing import ordered
from instruments.tuned import Tuned

_SPARE_S = 0.3
"""How much longer a delay may become while the console runs, where a latency is not known when it starts."""


class Console:
    """Renders all tracks and mixes them to stereo.

    A track goes to its group or the master, a group and a return to the master; tracks and groups send to returns.
    Wherever signals meet they are aligned, so that all are late alike. Pan is equal power, its centre changes nothing.
    A stage (an instrument, an effect) that puts out NaN, Inf or +120 dB is silenced for that stretch, reset, counted.

    All but the constructor and prepare() belongs to the engine's callback thread. process() neither allocates nor
    blocks; without hosted effects it is the instruments and one kernel call.
    """

    def __init__(self, channels: Sequence[Channel], rate: int, max_frames: int, *, stems: bool = False) -> None:
        """The last channel is the master. stems: of all channels stem() is wanted from the beginning. Raises
        InstrumentError: names, circles, values out of range."""
        self._stems_open: frozenset[str] = frozenset(c.name for c in channels) if stems else frozenset()
        self.channels = tuple(channels)
        self.strips = tuple(c for c in channels if c.kind == "track")
        """Whatever has an instrument."""
        self.tracks = tuple(c for c in self.strips if not c.leaving)
        self.rate, self.max_frames = rate, max_frames
        self.latency = 0
        self.tail = 0
        self.unaligned_frames = 0
        """By how much a latency that has changed is too long to be made up for; what is late, is so late."""
        self._order = ordered([c.node() for c in channels])
        self._by_name = {c.name: c for c in channels}
        self._controls = Controls(self.channels, self._order)
        self._stages, self._ways, self._faders = (self._controls.stages, self._controls.ways, self._controls.faders)
        self._edges = self._controls.edges

    # -- building ----------------------------------------------------------------------------------------------------

    def prepare(self, playing: Container[int] = ()) -> None:
        """Prepare every instrument and effect (this compiles, or loads what is compiled); align latencies.

        playing: by id(), those that play in another console, which this one will succeed: they are ready
        """
        for track in self.strips:
            assert track.instrument is not None
            if id(_within(track.instrument)) not in playing:
                track.instrument.prepare(self.rate, self.max_frames)
        for stage in self._all_stages():
            effect = stage.insert.effect
            if isinstance(effect, NativeEffect):
                effect.rate = self.rate
                effect.size()
            elif id(effect) not in playing:
                effect.prepare(self.rate, self.max_frames)
            stage.latency = effect.latency
        self._unsettled = [s for s in self._all_stages() if s.insert.unsettled]
        self._loading = [(t.instrument, t.instrument.latency) for t in self.strips
                         if t.instrument is not None and t.unsettled]
        self._spare = round(_SPARE_S * self.rate) if self._unsettled or self._loading else 0
        self._places = {c.name: i for i, c in enumerate(self.channels)}
        keys = sum(i.key is not None for c in self.channels for i in c.inserts)
        python = any(not isinstance(s.insert.effect, NativeEffect) for s in self._all_stages())
        self._taps, self._dry = len(self.channels), len(self.channels) + keys
        self._first_stem = self._dry + python
        self._program = Program(self.rate, self.max_frames, self._first_stem + len(self.channels))
        self._build(self._align())
        self._instruments: list[tuple[Instrument | None, int]] = [
            (t.instrument, self._places[t.name]) for t in self.strips]
        """None: it has rung out."""
        self._master = self._places[self.channels[-1].name]
        self.tail = self._tail()

    def _all_stages(self) -> Iterator[Stage]:
        for stages in self._stages.values():
            yield from stages

    def _align(self) -> Delays:
        """Sets `latency`."""
        own = {t.name: t.instrument.latency for t in self.strips if t.instrument is not None}
        delays = delays_of(self._order, self._edges, own,
                           {name: [s.latency for s in stages] for name, stages in self._stages.items()})
        self.latency = delays.total
        self._delays = delays
        return delays

    def _line(self, late: int) -> Line | None:
        return Line(late, late + self._spare) if late or self._spare else None

    def _build(self, delays: Delays) -> None:
        program, places = self._program, self._places
        self._edge_lines: dict[tuple[str, str], int] = {}
        self._input_lines: dict[str, int] = {}
        self._key_lines: dict[tuple[str, int], int] = {}
        self._hearing: list[tuple[Any, int, int, tuple[str, int]]] = []
        """Effects that hear notes: the effect, its key's track, the node for hear(), where it is."""
        for c in self.channels:
            if c.kind != "track":
                program.clear(places[c.name])
        self._stem_taps: dict[str, Tap] = {}
        self._time_stems(delays)
        self._metered: dict[str, int] = {}
        for node in self._order:
            c, at = self._by_name[node.name], places[node.name]
            if c.instrument is not None:
                program.check(at, c.instrument)
                if delays.keys and (line := self._line(delays.inputs[c.name])):
                    self._input_lines[c.name] = program.delay(at, at, line)
            fader = self._faders[c.name]
            stem = self._first_stem + at
            if c.kind == "master":
                self._stem_taps[c.name] = program.copied(at, stem)
            behind = len(self._stages[c.name]) - len(c.last)
            for i, stage in enumerate(self._stages[c.name][:behind]):
                self._insert(at, stage, self._key(c.name, i, stage, delays))
            numbers = program.glider(fader)
            if isinstance(fader, MasterFader):
                program.gain(at, numbers)
            else:
                for k, to in enumerate(self._ways[c.name]):
                    line = self._line(delays.edges[c.name, to])
                    if k == 0:
                        index, self._stem_taps[c.name] = program.tapped(at, places[to], numbers, stem, line,
                                                                        metered=True)
                    else:
                        index = program.sum(at, places[to], numbers + 2 * k, line)
                    if index >= 0:
                        self._edge_lines[c.name, to] = index
                self._metered[c.name] = len(self._metered)
            for stage in self._stages[c.name][behind:]:
                self._insert(at, stage, None)
            if c.kind == "master":
                program.loudness(at, loudness_coefs(self.rate))
        for stage in self._all_stages():
            if stage.insert.bypass:
                stage.bypassed = True
                program.bypass(stage.slot, True)
        self._tell_lateness(delays)
        program.build()
        for name in self._stems_open:
            program.open_tap(self._stem_taps[name], True)

    def _time_stems(self, delays: Delays) -> None:
        """How late each stem is: as what it goes to is when it begins."""
        own = {name: sum(s.latency for s in stages) for name, stages in self._stages.items()}
        master = self.channels[-1].name
        begin = {master: delays.total - own[master]}
        begin |= {a: begin[master] - late - own[a] for (a, b), late in delays.edges.items() if b == master}
        self._stem_latencies = {c.name: begin[self._ways[c.name][0]] for c in self.channels[:-1]}
        self._stem_latencies[master] = begin[master]

    def _tell_lateness(self, delays: Delays) -> None:
        for effect, _, _, where in self._hearing:
            effect.late = delays.keys[where]

    def _key(self, channel: str, index: int, stage: Stage, delays: Delays) -> int | None:
        """The node of an effect's side-chain, delayed as it must be."""
        if stage.insert.key is None:
            return None
        if by_notes(stage.insert.effect):
            tap = self._taps
            self._taps += 1
            track = [t.name for t in self.tracks].index(stage.insert.key)
            self._hearing.append((stage.insert.effect, track, tap, (channel, index)))
            return tap
        source = self._places[stage.insert.key]
        line = self._line(delays.keys[channel, index])
        if line is None:
            return source
        tap = self._taps
        self._taps += 1
        self._key_lines[channel, index] = self._program.delay(source, tap, line)
        return tap

    def _insert(self, at: int, stage: Stage, key: int | None) -> None:
        program, effect = self._program, stage.insert.effect
        if isinstance(effect, NativeEffect):
            stage.slot = program.effect(effect, at, key)
            return
        spare = self._spare if stage.insert.unsettled else 0
        stage.dry = program.delay(at, self._dry, Line(stage.latency, stage.latency + spare))
        program.python(at, effect.process, key)
        program.check(at, effect)
        stage.slot = program.blend(at, self._dry, effect)

    def _tail(self) -> int:
        tails: dict[str, int] = {}
        for node in self._order:
            c = self._by_name[node.name]
            fed = [tails[a] for a, b in self._edges if b == node.name]
            own = c.instrument.tail if c.instrument else 0
            tails[c.name] = max([own, *fed]) + sum(s.insert.effect.tail for s in self._stages[c.name])
        return tails[self.channels[-1].name]

    # -- running -----------------------------------------------------------------------------------------------------

    def process(self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport) -> AudioBlock:
        """One list of events a strip, sorted by offset. Returns (2, frames), valid until the next call."""
        if not 0 < frames <= self.max_frames or len(events) != len(self.strips):
            raise InstrumentError(
                f"console: {frames} frames and {len(events)} event lists do not fit: 1 to {self.max_frames} frames,"
                f" {len(self.strips)} lists"
            )
        program = self._program
        views = program.nodes(frames)
        self._views = views
        for (instrument, place), due in zip(self._instruments, events, strict=True):
            if instrument is not None:
                instrument.process(due, views[place], transport)
            else:
                views[place].fill(0.0)
        for effect, track, tap, _ in self._hearing:
            effect.hear(events[track], views[tap], transport.frame)
        program.process(frames, transport)
        for stage in self._unsettled:
            if stage.insert.effect.latency != stage.latency:
                self._realign()
        for instrument, latency in self._loading:
            if instrument.latency != latency:
                self._realign()
        return views[self._master]

    def open_stems(self, channels: Collection[str]) -> None:
        """From the next block on stem() is wanted of these channels, and of no others; names that are none are passed
        over. Between two blocks. What is not wanted takes nothing; the mix is the same but for a rounding."""
        wanted = frozenset(channels) & self._stem_taps.keys()
        for name in wanted ^ self._stems_open:
            self._program.open_tap(self._stem_taps[name], name in wanted)
        self._stems_open = wanted

    def stem(self, channel: str) -> AudioBlock:
        """Of the last block, what a channel gives to its group or the master, behind its fader; of the master, what
        comes to it. (2, frames), valid until the next block. The stems of all that goes to the master add up to that.
        """
        self._controls.channel(channel)
        if channel not in self._stems_open:
            raise InstrumentError(f"console: the stem of {channel!r} is not open: build it with stems=True, or call "
                                  f"open_stems()")
        return self._views[self._first_stem + self._places[channel]]

    def stem_latency(self, channel: str) -> int:
        """Frames by which stem() is late now; the mix is so by `latency`."""
        return self._stem_latencies[channel]

    def _realign(self) -> None:
        """A latency has changed: all delays glide to where they must be now."""
        for stage in self._unsettled:
            stage.latency = stage.insert.effect.latency
            self._program.realign(stage.dry, stage.latency)
        self._loading = [(i, i.latency) for i, _ in self._loading]
        delays, realign = self._align(), self._program.realign
        self._time_stems(delays)
        short = [realign(line, delays.edges[way]) for way, line in self._edge_lines.items()]
        short += [realign(line, delays.inputs[track]) for track, line in self._input_lines.items()]
        short += [realign(line, delays.keys[key]) for key, line in self._key_lines.items()]
        self.unaligned_frames = max(short, default=0)
        self._tell_lateness(delays)

    @property
    def faults(self) -> int:
        """Stretches of a stage that had to be silenced."""
        return self._program.faults

    def reset(self) -> None:
        """Silence at once: voices, tails and delays; gains arrive where they are going."""
        for track in self.strips:
            assert track.instrument is not None
            track.instrument.reset()
        for stage in self._all_stages():
            stage.insert.effect.reset()
        self._program.reset()

    def close(self, playing: Container[int] = ()) -> None:
        """playing: by id(), what a console that has succeeded this one plays."""
        for track in self.strips:
            assert track.instrument is not None
            if id(_within(track.instrument)) not in playing:
                track.instrument.close()
        for stage in self._all_stages():
            if id(stage.insert.effect) not in playing:
                stage.insert.effect.close()
        if hasattr(self, "_program"):  # prepare() may have failed before there was one
            self._program.close()

    def played(self) -> set[int]:
        """id() of every instrument and effect that is no part of the program: see prepare()."""
        return {id(instrument) for instrument in self.instruments()} | {
            id(s.insert.effect) for s in self._all_stages() if not isinstance(s.insert.effect, NativeEffect)}

    def instruments(self) -> list[Instrument]:
        """What the strips play, without their tunings."""
        return [_within(t.instrument) for t in self.strips if t.instrument is not None]

    def let_go(self, channel: str) -> None:
        """A track that leaves has rung out: neither its instrument nor its effects are called any more, and may be
        closed. In the thread of process(), between blocks."""
        place = self._places[channel]
        self._instruments = [(None if at == place else instrument, at) for instrument, at in self._instruments]
        for stage in self._stages[channel]:
            if not isinstance(stage.insert.effect, NativeEffect):
                self._program.leave_out(stage.insert.effect.process)

    # -- meters ------------------------------------------------------------------------------------------------------

    def meter(self, channel: str) -> Level:
        """Of a track, group or return behind its fader, since the last look."""
        self._controls.channel(channel)
        if channel not in self._metered:
            return Level(*self.mix_level()[:2])
        return read_level(self._program.meters[self._metered[channel]])

    def mix_level(self) -> MixLevel:
        """Of what goes out."""
        return read_mix(self._program.loudness_state())

    def clear_loudness(self) -> None:
        """Begin the integrated loudness anew."""
        clear_loudness(self._program.loudness_state())

    # -- parameters --------------------------------------------------------------------------------------------------

    def set(
        self, channel: str, path: str, value: float | str, ramp_frames: int | None = None, *, delay_frames: int = 0,
        origin: float | None = None,
    ) -> None:
        """Change a parameter, in ramp_frames (None: its own glide), beginning delay_frames into the next block at
        `origin` (None: where it stands).

        path: "gain_db", "pan", "mute", "solo", "send.RETURN", or "STAGE.PARAMETER" ("eq.low_db", "eq.bypass"). All goes
        along the control grid, or as hosted plug-ins take it. Raises InstrumentError: what is not known, with what
        is.
        """
        self._controls.set(self._program, channel, path, value, Ramp(ramp_frames, delay_frames, origin))

    def get(self, channel: str, path: str) -> float:
        """Where a parameter stands or glides to; a Choice by its index. Raises InstrumentError for what is not known
        or, as those of plug-ins, cannot be told."""
        return self._controls.get(channel, path)

    def parameters(self) -> list[Listed]:
        """Every parameter; those of plug-ins once they have loaded."""
        return self._controls.listed()

    def effect(self, channel: str, stage: str) -> Effect:
        """An effect, for what only it can tell. Raises InstrumentError."""
        return self._controls.stage(channel, stage, stage).insert.effect


def _within(instrument: Instrument) -> Instrument:
    return instrument.instrument if isinstance(instrument, Tuned) else instrument

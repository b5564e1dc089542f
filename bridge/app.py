"""The main process: starts, feeds and watches the others, carries out what people ask, and tells them what plays."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridge import composer_process, engine_process, music_paths, report
from bridge.audio_feed import AudioFeed
from bridge.composer_process import Composed, Remark, decode_report, encode_plan
from bridge.controllers.desk import Desk, Place, parcels
from bridge.controllers.learning import Learned
from bridge.driver import PortState
from bridge.engine.inbox import (
    Answer,
    AnyCommand,
    ComposerBack,
    EngineStatus,
    Halt,
    Locate,
    NewPlan,
    Play,
    SetTempo,
    decode_moves,
    decode_notes,
    decode_status,
    encode_command,
)
from bridge.engine_link import (
    CONTROL,
    MOVES,
    NOTES,
    PLAYED,
    STEMS,
    STRIPS,
    Compiling,
    Parameters,
    Plugins,
    Ports,
    Ready,
    Rebuild,
    Resume,
    Rigged,
    RigRefused,
    Rings,
    Setup,
    States,
    decode_news,
    decode_strips,
    encode_rebuild,
    encode_strips,
)
from bridge.errors import DeviceError, SidemanError
from bridge.inputs.lights import Lights
from bridge.inputs.played import decode_played
from bridge.knobs import MASTER_GAIN, Knobs
from bridge.live_stems import StemFeed
from bridge.osc.spec import Osc
from bridge.parameter_paths import ParameterInfo, matching
from bridge.playing.playing import Playing
from bridge.plugin_keep import keep_states
from bridge.plugin_state import places as plugin_places
from bridge.port_plan import channels_of
from bridge.processes import Child
from bridge.session import Session, tuning_of
from bridge.sound_files import SoundFiles
from bridge.stream import wire
from bridge.stream.front import Front
from bridge.stream.metrics import Metric
from bridge.takes.tape import Tape
from bridge.wishes import generated, modified, sections_of, settled
from composers.composer import Plan
from composers.score import PPQ
from instruments.system_clock import clock_ns

if TYPE_CHECKING:
    from bridge.osc.server import OscServer
    from instruments.block import AudioBlock

_STATUS_S = 1 / 20
_WATCH_S = 0.1
_CRASHES = 5
"""So many deaths of a child within a minute are too many."""
_SESSIONS = 64
_POLL_S = 0.005
_JUMP_NS = 250_000_000
"""A jump to a section that is asked for later than this before the bar line takes place a bar later: the engine has to
have the new bars before it plays them."""
_TEMPO_OFF = 0.03
"""Where the tempo that is played (a master's) differs so much from the one that was composed for, it is told."""

Say = Callable[[str], None]


class App:
    """One playing session. run() returns when quit() was called, or raises what made it impossible to play.

    All methods belong to the event loop's thread, which waits for a child only while that is being stopped.
    """

    def __init__(self, session: Session, *, front: Front = Front(), say: Say = print,  # noqa: B008 - a value
                 file: Path | None = None, tape: Tape | None = None) -> None:
        """front: where it is served, and to whom. file: the session's own, where it has one. tape: keeps what is played
        as a take; None: nothing does."""
        session = settled(session, session.name)
        self.session = session
        self._sections = sections_of(session)
        self._played_bpm: float | None = None
        """The tempo of a master, where it is not the session's: what is composed is timed for it."""
        self._off_tempo = 0
        self._file = file
        self._sounds = SoundFiles.of(session, file)
        self._tape = tape
        self.front = front
        self.server = front.server(self)
        self._osc: OscServer | None = None
        self.ready: Ready | None = None
        self._say = say
        self._stopping = asyncio.Event()
        self._epoch = 1
        self._rings = Rings.create()
        self._engine: Child | None = None
        self._composer: Child | None = None
        self._last: EngineStatus | None = None
        self._rig = 0
        """Number of the rig that is wanted; and the sessions of the one that plays and of those asked for since."""
        self._rigs: dict[int, Session] = {0: session}
        self._from_start = False
        """What was asked for last begins at bar 0."""
        self._strips = [t.name for t in session.tracks]
        """What the numbers of tracks mean that the engine tells."""
        self._sessions: dict[int, Session] = {1: session}
        """By epoch: what the engine plays may be one behind what was asked for."""
        self._charts = report.Charts()
        self._notices = report.Notices()
        self._crashes: deque[float] = deque(maxlen=_CRASHES)
        self._knobs = Knobs()
        self._plugins: tuple[wire.PluginInfo, ...] = ()
        self._states: dict[str, bytes] = {}
        self._feed = AudioFeed(self._rings.audio, self._hear_audio)
        self._stems = StemFeed(self._rings.stems, self.server.publish_stem)
        self._stems_wanted: Sequence[str] = ()
        self._deaths: Counter[str] = Counter()
        self._plugin_crashes = 0
        self._failure: Exception | None = None
        self._playing = Playing(self)
        self.layers_left: Path | None = None
        """After run(): where layers are that were recorded and not kept with the session."""
        self._device_lost = False
        self._ports: tuple[PortState, ...] = ()
        self._lights = Lights(session)
        self._desk = Desk(self, file, say=lambda text: self._notice("warning", text))
        self._desk.learned = self._learned

    # -- life ----------------------------------------------------------------------------------------------------

    def quit(self) -> None:
        """End run(). Safe in a signal handler of the loop."""
        self._stopping.set()

    async def run(self, started: Callable[[], None] | None = None) -> None:
        """Play until quit(). `started` is called once when page and engine are there.

        Raises DeviceError (port taken, no such device), SessionError and InstrumentError.
        """
        try:
            await self.server.start()
            await self._start_osc(self.session.osc)
            self._start_composer()
            self._start_engine(Setup(self.session, self._epoch))
            if self.session.clock.source in ("auto", "internal"):
                self._tell(Play())
            with self._readers():
                await self._until_ready()
                if started is not None and self.ready is not None:
                    started()
                await asyncio.gather(self._watch(), self._report(), self._stopping.wait())
            if self._failure is not None:
                raise self._failure
        finally:
            await self._shut()

    async def _shut(self) -> None:
        children = [c for c in (self._engine, self._composer) if c is not None]
        for child in children:
            child.send(b"")  # all at once: they end while the server closes
        await self.server.stop()
        if self._osc is not None:
            await self._osc.close()
        for child in children:
            child.stop()
        self._take_journal()
        self._leave_layers()
        self._rings.close()
        if self._tape is not None:
            self._tape.close("" if self._failure is None else str(self._failure).partition("\n")[0])

    def _leave_layers(self) -> None:
        """What was recorded, and is in no session's file, is not lost."""
        try:
            self.layers_left = self._playing.close()
        except SidemanError as error:
            self._notice("error", str(error))

    async def _start_osc(self, osc: Osc | None) -> None:
        if osc is not None:
            from bridge.osc.server import OscServer  # its library is needed only here

            self._osc = OscServer(self, osc, lambda: music_paths.words(self.session))
            for text in await self._osc.start():
                self._notice("warning", text)

    def _tell_osc(self) -> None:
        if self._osc is None or self._last is None:
            return
        last, words = self._last, music_paths.words(self.session)
        self._osc.tell({info.path: (info.value, info) for info in music_paths.listed(self.session)})
        self._osc.tell({path: (word, None) for path, word in words.items()})
        bar, within = divmod(last.tick, self.session.meter.bar_ticks)
        self._osc.tell_transport(playing=int(last.playing), bar=bar + 1,
                                 beat=1 + within // self.session.meter.beat_ticks, tempo=round(last.bpm, 2))

    def _start_composer(self) -> None:
        self._composer = Child("composer", composer_process.run, self._rings.requests, self._rings.bars)
        self._composer.send(encode_plan((self._epoch, self._plan(self.session))))

    def _start_engine(self, setup: Setup) -> None:
        self.ready = None
        self._take_events()  # the other's last
        self._playing.engine_lost()
        self._strips = [t.name for t in setup.session.tracks]
        self._rigs = {setup.rig: setup.session}
        self._take_journal()
        if self._tape is not None:
            self._tape.engine(setup)
        self._engine = Child("engine", engine_process.run, setup, self._rings)
        self._tell_stems()

    @contextlib.contextmanager
    def _readers(self) -> Iterator[None]:
        """Wake on the rings: by file descriptor where the system can, else by polling."""
        loop = asyncio.get_running_loop()
        rings = ((self._rings.events, self._take_events), (self._rings.audio, self._feed.take),
                 (self._rings.journal, self._take_journal))
        if os.name == "posix":
            for ring, take in rings:
                loop.add_reader(ring.wake.fileno(), take)
            try:
                yield
            finally:
                for ring, _ in rings:
                    loop.remove_reader(ring.wake.fileno())
        else:
            async def poll() -> None:
                while True:
                    self._take_events()
                    self._feed.take()
                    self._take_journal()
                    await asyncio.sleep(_POLL_S)

            task = asyncio.create_task(poll())
            try:
                yield
            finally:
                task.cancel()

    async def _until_ready(self) -> None:
        while self.ready is None and not self._stopping.is_set():
            self._listen()
            if self._failure is not None:
                raise self._failure
            if self._engine is not None and not self._engine.alive:
                self._listen()
                if self._failure is None and self.ready is None:
                    raise DeviceError("the engine ended while it started: run `sideman doctor` to see what is wrong")
            await asyncio.sleep(0.01)

    def _listen(self) -> None:
        """Take in what the children say on their pipes."""
        for child, hear in ((self._engine, self._hear_engine), (self._composer, self._hear_composer)):
            with contextlib.suppress(EOFError, OSError):
                while child is not None and child.pipe.poll():
                    hear(child.pipe.recv_bytes())

    def _hear_engine(self, message: bytes) -> None:
        news = decode_news(message)
        if isinstance(news, Ready):
            self.ready = news
            self._knobs.learn(news.parameters, loading=news.loading)
            self._desk.begin()
        elif isinstance(news, Parameters):
            for command in self._knobs.learn(news.parameters, loading=news.loading):
                self._tell(command)
            self._desk.renewed()
        elif isinstance(news, Plugins):
            before = {(p.channel, p.stage): p.state for p in self._plugins}
            self._plugin_crashes += sum(p.state.startswith("crashed")
                                        and not before.get((p.channel, p.stage), "").startswith("crashed")
                                        for p in news.states)
            self._plugins = news.states
        elif isinstance(news, States):
            self._states |= news.states
        elif isinstance(news, Rigged | RigRefused):
            self._hear_of_rig(news)
        elif isinstance(news, Ports):
            self._ports = news.states
            self._desk.ports(news.states)
        elif isinstance(news, Compiling):
            about = "half a minute on two idle cores" if news.first else f"{news.percent}% done"
            self._notice("info", f"compiling the synth, once on this machine: {about}")
        elif news.lost:
            self._notice("error", f"{news.error}: going on with what else there is")
            self._device_lost = True
            if self.session.outputs.audio != "none":
                outputs = msgspec.structs.replace(self.session.outputs, audio="auto")
                self.session = msgspec.structs.replace(self.session, outputs=outputs)
            if self.session.clock.source == "jack":
                clock = msgspec.structs.replace(self.session.clock, source="auto")
                self.session = msgspec.structs.replace(self.session, clock=clock)
        else:
            self._failure = DeviceError(news.error if news.trace is None else f"{news.error}\n{news.trace}")

    def _hear_composer(self, message: bytes) -> None:
        told = decode_report(message)
        if isinstance(told, Composed):
            self._charts.add(told.epoch, told.chart)
        elif isinstance(told, Remark):
            self._notice("warning", told.text)
        else:
            self._notice("warning", f"bar {told.bar + 1} could not be composed ({told.error}): an earlier one is "
                                    f"repeated")

    async def _watch(self) -> None:
        """Start again what has died: a composer at once, an engine where the music would be by now."""
        while not self._stopping.is_set():
            self._listen()
            if self._composer is not None and not self._composer.alive:
                self._died("composer")
                self._composer.stop(0)
                self._start_composer()
                self._tell(ComposerBack())
            if self._engine is not None and not self._engine.alive:
                self._listen()
                if not self._device_lost:
                    self._died("engine")
                self._device_lost = False
                self._engine.stop(0)
                self._start_engine(self._successor())
            if self._failure is not None:
                self.quit()
            await asyncio.sleep(_WATCH_S)

    def _died(self, who: str) -> None:
        self._deaths[who] += 1
        self._notice("error", f"the {who} ended unexpectedly and is started again")
        now = time.monotonic()
        self._crashes.append(now)
        if len(self._crashes) == _CRASHES and now - self._crashes[0] < 60:
            self._failure = DeviceError(f"the {who} keeps ending ({_CRASHES} times within a minute): run `sideman "
                                        f"doctor`, or play another session")

    def _successor(self) -> Setup:
        last = self._last
        if last is None:
            return Setup(self.session, self._epoch, turned=self._knobs.turned, states=self._states, rig=self._rig)
        rate = self._feed.rate
        gone_ns = clock_ns() - last.ns
        frame0 = last.frame + max(0, gone_ns) * rate // 1_000_000_000
        resume = Resume(last.tick, last.ns, last.bpm, last.source) if last.playing else None
        return Setup(self.session, self._epoch, frame0, True, tuple(last.used), resume, self._knobs.turned,
                     self._states, self._rig)

    # -- from the engine ---------------------------------------------------------------------------------------------

    def _tell(self, command: AnyCommand) -> None:
        if not self._rings.commands.write(encode_command(command)):
            self._notice("error", f"the engine does not answer: {type(command).__name__} is lost")

    def _take_events(self) -> None:
        ring = self._rings.events
        ring.rest()
        for message in ring.drain():
            if message[:1] == NOTES:
                rate = self._feed.rate
                names = self._strips
                notes = [n for n in decode_notes(message[1:]) if n.track < len(names)]
                if self._last is not None and self.session.outputs.midi:
                    many = {t.name: (i, channels_of(t)) for i, t in enumerate(self.session.tracks)}
                    for n in notes:  # should the engine die before its next status
                        place, channels = many.get(names[n.track], (len(self._last.used), ()))
                        if place < len(self._last.used):
                            self._last.used[place] |= sum(1 << c for c in channels) or 1 << n.channel
                self.server.publish_midi([
                    wire.MidiEvent(n.frame / rate, n.pitch, n.velocity, n.length * 60 / (n.bpm * PPQ),
                                   names[n.track], n.channel, n.tick / PPQ)
                    for n in notes
                ])
            elif message[:1] == STRIPS:
                self._strips = decode_strips(message[1:])
                self._lights.let_go()
            elif message[:1] == PLAYED:
                heard = decode_played(message[1:])
                self._lights.hear(heard)
                for played in heard:
                    self._playing.hear(played, self._strips)
            elif message[:1] == MOVES:
                moves = decode_moves(message[1:])
                self._knobs.moved(moves)
                if self._osc is not None:
                    self._osc.tell({m.path: (m.value, self._knobs.info(m.path)) for m in moves})
                rate = self._feed.rate
                self.server.publish_moves([wire.Move(m.path, m.value, m.frame / rate, m.ramp_frames / rate)
                                           for m in moves])
            elif message[:1] == CONTROL:
                self._desk.hear(message[1], message[2:])
            else:
                before, self._last = self._last, decode_status(message[1:])
                if self._tape is not None:
                    self._tape.status(self._last, self._feed.rate)
                    if self._tape.error:
                        self._lose_tape(self._tape)
                self._playing.status(self._last, self._feed.rate)
                for text in self._last.notices:
                    self._notice("warning", text)
                if before is None or (before.playing, before.clock) != (self._last.playing, self._last.clock):
                    self.server.publish_status(self.status())

    def _take_journal(self) -> None:
        ring = self._rings.journal
        ring.rest()
        messages = list(ring.drain())
        if self._tape is not None:
            self._tape.blocks(messages)

    def _lose_tape(self, tape: Tape) -> None:
        """The disk is full, or not there: play without."""
        self._tape = None
        self._notice("warning", tape.error)

    async def _report(self) -> None:
        while not self._stopping.is_set():
            if self._last is not None:
                self._heed_tempo(self._last)
                await self._desk.heed()
                self._tell_osc()
                self.server.publish_status(self.status())
            await asyncio.sleep(_STATUS_S)

    def _plan(self, session: Session) -> Plan:
        """What the composer is given: timed for the tempo at which it will be played."""
        plan = session.plan()
        plan = dataclasses.replace(plan, heard=self._playing.heard, layers=(*plan.layers, *self._playing.extra))
        return plan if self._played_bpm is None else dataclasses.replace(plan, tempo=self._played_bpm)

    def _heed_tempo(self, last: EngineStatus) -> None:
        """A master's tempo that has been another for a second: the same notes, timed and swung for it."""
        if not last.playing or not self.session.clock.retime:
            return
        composed = self._played_bpm or self.session.music.tempo
        self._off_tempo = self._off_tempo + 1 if abs(last.bpm / composed - 1) > _TEMPO_OFF else 0
        if self._off_tempo > 1 / _STATUS_S:
            self._off_tempo = 0
            self._played_bpm = None if abs(last.bpm / self.session.music.tempo - 1) < _TEMPO_OFF else last.bpm
            self._adopt(self.session, restart=False)

    def _notice(self, level: report.Level, text: str) -> None:
        self._say(text)
        self._notices.add(level, text)
        if self._tape is not None:
            self._tape.notice(level, text)

    # -- the conductor: what clients ask for ---------------------------------------------------------------------------

    async def generate(self, params: wire.GenerateParams) -> None:
        self._played_bpm = None
        self._adopt(generated(self.session, params, self._sounds), restart=True)

    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None:
        new = modified(self.session, params, self._next_bar(), self._sounds)
        if params.volume is not None:
            await self.set({MASTER_GAIN: self._knobs.volume_db(params.volume)}, None)
        if params.filter is not None:
            await self.set(self._knobs.filter_values(params.filter), None)
        if params.tempo is not None:
            self._played_bpm = None
        if new is not None:
            self._adopt(new, restart=False, at=at)
        if params.tempo is not None:
            self._tell(SetTempo(params.tempo))

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        music = {path: value for path, value in values.items() if path.startswith(music_paths.ROOT)}
        wished = music_paths.wishes(self.session, music)
        sound = {path: value for path, value in values.items() if path not in music}
        commands = self._knobs.commands(sound, ramp_s) if sound else []
        if wished is not None:
            await self.modify(wished, "beat")
        for command in commands:
            self._tell(command)

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]:
        return sorted((*self._knobs.listed(match), *matching(music_paths.listed(self.session), match)),
                      key=lambda info: info.path)

    # -- what the desk of controllers needs ----------------------------------------------------------------------------

    def lookup(self) -> Callable[[str], ParameterInfo | None]:
        """Parameters by their exact path, as they stand now."""
        music = {info.path: info for info in music_paths.listed(self.session)}
        return lambda path: music.get(path) or self._knobs.now(path)

    def takes_words(self, path: str) -> bool:
        return music_paths.takes_words(path)

    def place(self) -> Place | None:
        """Where the music is; None before the engine plays."""
        last = self._last
        if last is None:
            return None
        levels = dict(zip(self._strips, last.levels, strict=False))
        if not self.session.input:
            return Place(last.playing, last.tick, last.bpm, levels)
        told = self._playing.told()
        return Place(last.playing, last.tick, last.bpm, levels, told.armed, told.recording != "off")

    async def record(self, on: bool | None) -> None:
        """From a controller; None: the other way."""
        await self.play_along(wire.Record(on=self._playing.told().recording == "off" if on is None else on))

    async def arm(self, track: str) -> None:
        """From a controller: to be recorded, or no longer."""
        armed = self._playing.told().armed
        await self.play_along(wire.Arm(tracks=[t for t in armed if t != track] if track in armed else [*armed, track]))

    def answer(self, control: int, messages: Sequence[bytes]) -> None:
        """To the lamps and motors of the session's [[control]] of this number."""
        for some in parcels(messages):
            self._tell(Answer(control, some))

    async def learn(self, path: str | None) -> None:
        self._desk.learn(path)
        self.server.publish_learning(wire.Learning(path=self._desk.learning))

    async def unlearn(self, path: str | None) -> None:
        count = self._desk.forget(path)
        what = "the last mapping is undone" if path is None else f"{count} of {path} taken out"
        self._notice("info", f"controllers: {what}")

    def _learned(self, learned: Learned | None, words: str) -> None:
        self.server.publish_learning(wire.Learning(path=None, learned=None if learned is None else learned.mapped.path,
                                                   text=words))
        if words:
            self._notice("info", words)

    def _next_bar(self) -> int:
        """The bar from which on a change of the plan can be heard: the next, if there is time to compose it."""
        last = self._last
        if last is None:
            return 0
        bar_ticks = self.session.meter.bar_ticks
        bar, within = divmod(last.tick, bar_ticks)
        if not last.playing:
            return bar if within == 0 else bar + 1
        passed_ns = max(0, clock_ns() - last.ns)
        left_ns = (bar_ticks - within) * 60_000_000_000 / (last.bpm * PPQ) - passed_ns
        bar_ns = bar_ticks * 60_000_000_000 / (last.bpm * PPQ)
        while left_ns < _JUMP_NS:
            bar, left_ns = bar + 1, left_ns + bar_ns
        return bar + 1

    async def stop(self) -> None:
        self._tell(Halt())

    async def play(self) -> None:
        self._tell(Play())

    async def locate(self, bar: int) -> None:
        self._tell(Locate(bar - 1))

    async def keep(self) -> None:
        layers = self._playing.keep(self._file)
        kept = [layers] if layers else []
        if not kept or any(plugin_places(self.session)):
            kept += keep_states(self.session, self._file, self._states, self._knobs)
        self._notice("info", f"kept with {self._file}: {', '.join(kept)}")

    async def play_along(self, request: wire.PlayAlong) -> None:
        self._playing.ask(request)

    # -- what the playing along asks ---------------------------------------------------------------------------------

    def replan(self, session: Session, at: wire.At) -> None:
        """See bridge.playing.playing.Host."""
        self.session = session
        self._ask_composer(session)
        meter = session.meter
        self._tell(NewPlan(self._epoch, meter.beats, meter.unit, session.music.bars, False, at, self._rig))

    def adopt(self, session: Session, at: wire.At) -> None:
        """See bridge.playing.playing.Host."""
        self._adopt(settled(session, "follow"), restart=False, at=at)

    def begin(self) -> None:
        """See bridge.playing.playing.Host."""
        self._tell(Play())

    def chords_ahead(self) -> list[tuple[int, str]]:
        """See bridge.playing.playing.Host."""
        last = self._last
        if last is None:
            return []
        meter = self._sessions.get(last.epoch, self.session).meter
        return [(round(chart.bar * meter.bar_ticks + beat * meter.beat_ticks), symbol)
                for chart in self._charts.ahead(last.epoch, last.tick // meter.bar_ticks)
                for beat, symbol in chart.chords]

    def _ask_composer(self, session: Session) -> None:
        """For the bars of a new epoch."""
        self._epoch += 1
        self._sessions[self._epoch] = session
        self._sessions.pop(self._epoch - _SESSIONS, None)
        if self._tape is not None:
            self._tape.plan(self._epoch, session)
        if self._composer is not None:
            self._composer.send(encode_plan((self._epoch, self._plan(session))))

    def _adopt(self, session: Session, restart: bool, at: wire.At = "bar") -> None:
        """Play `session` from now on: by a new plan and, where its instruments differ, by another rig, which the engine
        builds beside the one that plays."""
        before, self.session = self.session, session
        self._sections = sections_of(session)
        self._ask_composer(session)
        self._from_start = restart
        if self._engine is not None and _rigged(session) != _rigged(self._rigs[self._rig]):
            self._rig = max(self._rigs) + 1
            self._rigs[self._rig] = session
            chains = [(t.name, t.plugin, t.effects) for t in session.tracks]
            changed = {t.name for t in before.tracks if (t.name, t.plugin, t.effects) not in chains}
            self._states = {p: s for p, s in self._states.items() if p.rpartition("/")[0] not in changed}
            if self.ready is None:  # it is starting, and would be told before it can be
                self._restart_engine()
                return
            message = encode_rebuild(Rebuild(self._rig, session, self._knobs.turned, self._states))
            if self._tape is not None:
                self._tape.rebuild(message)
            self._engine.send(message)
        meter = session.meter
        bpm = session.music.tempo if restart and session.music.tempo != before.music.tempo else None
        self._tell(NewPlan(self._epoch, meter.beats, meter.unit, session.music.bars, restart, at, self._rig, bpm))

    def _restart_engine(self) -> None:
        """The other way to another rig: a second of silence, and all else as it was."""
        assert self._engine is not None
        self._engine.stop()
        setup = self._successor()
        led = self._last is not None and self._last.clock == "following"
        if led or not self._from_start:
            self._start_engine(setup)
            return
        self._start_engine(msgspec.structs.replace(setup, resume=None))
        self._tell(Play())

    def _hear_of_rig(self, news: Rigged | RigRefused) -> None:
        if isinstance(news, Rigged):
            self._rigs = {number: session for number, session in self._rigs.items() if number >= news.number}
        elif news.number != self._rig:
            self._notice("warning", news.error)  # of one that is not wanted any more
        elif news.restart:
            self._notice("warning", f"{news.error}: the engine is started again, which is heard")
            self._restart_engine()
        else:
            self._notice("error", f"{news.error}: the instruments stay as they are")
            self._rig = min(self._rigs)  # that plays
            plays = self._rigs[self._rig]
            session = msgspec.structs.replace(self.session, tracks=plays.tracks, groups=plays.groups,
                                              returns=plays.returns, master=plays.master)
            self._adopt(session if _rigged(session) == _rigged(plays) else plays, restart=False)

    def hear_stems(self, tracks: Collection[str]) -> None:
        self._stems_wanted = sorted(tracks)
        self._tell_stems()

    def _tell_stems(self) -> None:
        if self._engine is not None:
            self._engine.send(STEMS + encode_strips(self._stems_wanted))

    def _hear_audio(self, frame0: int, ns0: int, block: AudioBlock) -> None:
        self.server.publish_audio(frame0, ns0, block)
        self._stems.hear(frame0, ns0)

    def hello(self) -> wire.Hello:
        return report.hello(self.session, self.ready)

    def figures(self) -> Sequence[Metric]:
        return report.figures(self._last, self._feed, self._plugins, self._plugin_crashes, self._deaths)

    def status(self) -> wire.Status:
        last = self._last
        if last is None:
            return report.starting(self.session, self._notices)
        session = self._sessions.get(last.epoch, self.session)
        return report.status(session, last, self._feed.rate, self._charts, self._notices, self._knobs.volume,
                             self._ports, self._plugins, len(self._knobs), self._sections, self._lights.now(),
                             self._playing.told())


def _rigged(session: Session) -> object:
    """What a rig is built for: another wants another rig. Tunings are built on the key, if they do not say."""
    key = session.music.key
    return ([msgspec.structs.replace(t, parts=[]) for t in session.tracks], session.groups, session.returns,
            session.master, [tuning and tuning.offsets for tuning in (tuning_of(t, key) for t in session.tracks)])


async def play(session: Session, *, front: Front, say: Say, started: Callable[[App], None],
               file: Path | None = None, tape: Tape | None = None) -> None:
    """Run an App until Ctrl-C, SIGTERM or the end of the terminal. front, file, tape: see App."""
    app = App(session, front=front, say=say, file=file, tape=tape)
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
                loop.add_signal_handler(getattr(signal, name), app.quit)
    await app.run(lambda: started(app))

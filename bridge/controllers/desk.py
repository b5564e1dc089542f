"""The session's controllers, all of them: what they turn, what they are told, and what is learnt from them.

Lives in the main process, on the event loop's thread. Bytes come by hear(); what they mean is carried out by heed(),
twenty times a second, since a fader sends hundreds of values in that time; what controllers show goes back with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from bridge.clock.mtc import Rate, Timecode
from bridge.controllers import mmc
from bridge.controllers.description import Device, feedback_wanted, find_device, mappings
from bridge.controllers.learning import Learned, Learning, described, others, replaced
from bridge.controllers.lesson import Lesson
from bridge.controllers.surface import Surface, View
from bridge.controls.control_map import ControlMap, Turned, is_pressed
from bridge.controls.feedback import Feedback
from bridge.controls.gestures import Gesture
from bridge.controls.mapping import ACTIONS, Control, Mapped
from bridge.driver import PortState
from bridge.errors import MessageError, SidemanError
from bridge.midi_bytes import MidiParser
from bridge.parameter_paths import ParameterInfo, find
from bridge.session import Session
from composers.score import PPQ

_ECHO_S = 1.0
"""A machine that has just told us to play is not told to play."""
_SIXTEENTH = PPQ // 4


_PARCEL = 800
"""Bytes that a command for the engine may hold, of the 1024 of its ring."""


def parcels(messages: Sequence[bytes]) -> list[list[bytes]]:
    """In lots that the ring of commands can take."""
    found: list[list[bytes]] = []
    room = 0
    for message in messages:
        room -= len(message) + 5
        if room < 0:
            found.append([])
            room = _PARCEL - len(message) - 5
        found[-1].append(message)
    return found


class Place(NamedTuple):
    """Where the music is: tick from the start; levels: peaks of tracks, linear; armed: tracks that are recorded, None
    where nothing is played in."""

    playing: bool
    tick: int
    bpm: float
    levels: Mapping[str, tuple[float, float]] = {}
    armed: tuple[str, ...] | None = None
    recording: bool = False


class Host(Protocol):
    """What the desk needs of the App."""

    @property
    def session(self) -> Session: ...

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None: ...

    async def play(self) -> None: ...

    async def stop(self) -> None: ...

    async def locate(self, bar: int) -> None: ...

    async def record(self, on: bool | None) -> None:
        """None: the other way."""
        ...

    async def arm(self, track: str) -> None:
        """To be recorded, or no longer."""
        ...

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]: ...

    def lookup(self) -> Callable[[str], ParameterInfo | None]:
        """Parameters by their exact path, as they stand now."""
        ...

    def takes_words(self, path: str) -> bool: ...

    def place(self) -> Place | None:
        """None before the engine plays."""
        ...

    def answer(self, control: int, messages: Sequence[bytes]) -> None:
        """Send by the output of the session's [[control]] of this number."""
        ...


class Desk:
    """See the module. Times are seconds of the monotonic clock."""

    def __init__(self, host: Host, file: Path | None, *, say: Callable[[str], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        """file: the session's own, where what is learnt is kept; None: it is forgotten at the end. say: to people."""
        self._host, self._say, self._clock = host, say, clock
        self._inputs = [_Input(control) for control in host.session.control]
        self._map = ControlMap([each.control for each in self._inputs])
        self._turned: list[Turned] = []
        self._actions: list[str] = []
        self._located: int | None = None
        self._refused: set[tuple[str, str]] = set()
        self._full: dict[str, str] = {}
        """Paths as mappings have them -> as they are."""
        self._unknown: set[str] = set()
        """Those that there are none of, as things are."""
        self._learning: Learning | None = None
        self.lesson = Lesson([each.control for each in self._inputs], file)
        self.learned: Callable[[Learned | None, str], None] = lambda _learned, _words: None
        """Called when a control has been learnt, with words for people; None: when learning was given up."""
        self._seen: Place | None = None
        self._connected: dict[str, tuple[str, ...]] = {}
        self._names: tuple[list[str], list[str]] | None = None
        self._place_strips()
        self._follow_main()

    # -- in ------------------------------------------------------------------------------------------------------------

    def hear(self, index: int, data: bytes) -> None:
        """Bytes that have come by the session's [[control]] of this number. Any are taken; nothing is raised."""
        if not 0 <= index < len(self._inputs):
            return
        now_s, each = self._clock(), self._inputs[index]
        for message in each.parser.feed(data):
            if message[0] == 0xF0 and each.control.mmc in ("in", "both"):
                self._obey(index, mmc.heard(message, each.control.mmc_device), now_s)
            claimed = False
            for gesture in self._map.gestures(index, message):
                each.feedback.heard(gesture, now_s)
                if self._learning is not None:
                    self._learning.hear(index, gesture, now_s)
                    continue
                for turned in self._map.meant(index, gesture):
                    claimed = True
                    if turned.mapped.path in ACTIONS:
                        self._press(index, turned.mapped, gesture)
                    else:
                        self._turned.append(turned)
            if each.surface is not None and not claimed and self._learning is None:
                each.surface.hear(message, now_s, self._view())
                self._actions += each.surface.take_actions()
                self._follow_main()

    def _press(self, index: int, mapped: Mapped, gesture: Gesture) -> None:
        """A button that does something: when it goes down, and not for each value of what is held there."""
        each, key = self._inputs[index], (mapped.kind, mapped.number, gesture.channel)
        down = is_pressed(gesture)
        if down and (key not in each.down or gesture.kind in ("note", "program")):
            if mapped.path.startswith("bank."):
                self._bank(index, 1 if mapped.path == "bank.next" else -1)
            else:
                self._actions.append(mapped.path)
        (each.down.add if down else each.down.discard)(key)

    def _bank(self, index: int, way: int) -> None:
        each = self._inputs[index]
        strips = each.device.strips if each.device is not None else 0
        names = self._names[0] if self._names else []
        first = each.first + way * strips
        if strips and 0 <= first < len(names):
            each.first = first
            self._place_strips(anew=True)

    def _obey(self, index: int, commands: Iterable[mmc.Command], now_s: float) -> None:
        """What another machine asks the transport to do; a record strobe where something is played in."""
        place = self._host.place()
        wanted = {"stop": "transport.stop", "pause": "transport.stop", "play": "transport.play",
                  "deferred_play": "transport.play", "forward": "transport.forward", "rewind": "transport.back"}
        for command in commands:
            self._inputs[index].obeyed_s = now_s
            if command.kind == "locate":
                self._actions.append(f"locate {self._bar_at(command.seconds(), command.rate or Rate.FPS_30)}")
            elif command.kind in ("record", "record_exit"):
                if place is not None and place.armed is not None:
                    self._actions.append("record" if command.kind == "record" else "record off")
            elif command.kind in wanted:
                self._actions.append(wanted[command.kind])

    def _bar_at(self, seconds: float, rate: Rate) -> int:
        """The bar that holds this time code, from 1, at the session's tempo."""
        session = self._host.session
        start = Timecode.parse(session.clock.mtc_start)
        if not start.valid(rate):
            start = start._replace(frames=0)
        into = seconds - (start.frame(rate) - 1) * rate.frame_s  # whoever names a bar's frame has rounded it down
        ticks = into * session.music.tempo / 60 * PPQ
        return max(0, int(ticks // session.meter.bar_ticks)) + 1

    # -- what it does --------------------------------------------------------------------------------------------------

    async def heed(self) -> None:
        """Carry out what has come, and tell the controllers what is so. Raises nothing that a controller did."""
        if not self._inputs:
            return
        self._take_lesson()
        self._place_strips()
        turned, self._turned = self._turned, []
        values: dict[str, float | str] = {}
        if turned:
            lookup = self._host.lookup()
            known = self._map.values(turned, lambda path: self._find(path, lookup), self._cannot)
            values = {self._full.get(path, path): value for path, value in known.items()}
        for each in self._inputs:
            if each.surface is not None:
                values |= each.surface.take_values()
        await self._set(values)
        actions, self._actions = self._actions, []
        for action in actions:
            try:
                await self._act(action)
            except SidemanError as error:
                self._tell(action, error)
        self._show()

    async def _set(self, values: Mapping[str, float | str]) -> None:
        """All at once; where one is refused, each by itself."""
        if not values:
            return
        try:
            await self._host.set(values, None)
        except SidemanError:
            for path, value in values.items():
                try:
                    await self._host.set({path: value}, None)
                except SidemanError as error:
                    self._tell(path, error)

    async def _act(self, action: str) -> None:
        host, place = self._host, self._host.place()
        playing = place is not None and place.playing
        bar = 1 if place is None else place.tick // host.session.meter.bar_ticks + 1
        if action.startswith("locate "):
            await host.locate(int(action.removeprefix("locate ")))
        elif action == "transport.start":
            await host.locate(1)
        elif action == "transport.back":
            self._located = max(1, (self._located or bar) - 1)
            await host.locate(self._located)
        elif action == "transport.forward":
            self._located = (self._located or bar) + 1
            await host.locate(self._located)
        elif action.startswith("arm "):
            await host.arm(action.removeprefix("arm "))
        elif action in ("transport.record", "record", "record off"):
            await host.record({"record": True, "record off": False}.get(action))
        elif action == "transport.stop" or (action == "transport.toggle" and playing):
            await host.stop()
        else:
            await host.play()

    def _find(self, path: str, lookup: Callable[[str], ParameterInfo | None]) -> ParameterInfo | None:
        """A mapping's parameter; None for one that takes words. Raises MessageError."""
        if self._host.takes_words(path):
            return None
        info = lookup(self._full.get(path, path))
        if info is None:
            info = find(path, {each.path: each for each in self._host.parameters(None)})
            self._full[path] = info.path
        return info

    def _seen_by(self, lookup: Callable[[str], ParameterInfo | None]) -> Callable[[str], ParameterInfo | None]:
        """The same for what is only shown: None where there is none."""

        def seen(path: str) -> ParameterInfo | None:
            if path in self._unknown:
                return None
            try:
                return self._find(path, lookup)
            except MessageError:
                self._unknown.add(path)
                return None

        return seen

    def _cannot(self, mapped: Mapped, error: MessageError) -> None:
        self._tell(mapped.path, error)

    def _tell(self, what: str, error: SidemanError) -> None:
        """Once: a fader would say it hundreds of times."""
        if (what, str(error)) not in self._refused:
            self._refused.add((what, str(error)))
            self._say(f"a controller: {error}")

    # -- what it tells -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The engine has (newly) opened the ports: what stands behind them knows nothing, or may know what is past."""
        self.renewed()
        for index, each in enumerate(self._inputs):
            each.forget()
            if each.answered and each.device is not None and each.device.hello:
                self._host.answer(index, each.device.messages())

    def renewed(self) -> None:
        """There may be other parameters than before."""
        self._refused.clear()
        self._full.clear()
        self._unknown.clear()

    def ports(self, states: Sequence[PortState]) -> None:
        """How our ports stand: a controller that was connected just now is told everything."""
        connected = {state.name: state.connected for state in states}
        for index, each in enumerate(self._inputs):
            name = each.control.out_name
            if each.answered and connected.get(name) and connected.get(name) != self._connected.get(name, ()):
                each.forget()
                if each.device is not None and each.device.hello:
                    self._host.answer(index, each.device.messages())
        self._connected = connected

    def _show(self) -> None:
        place = self._host.place()
        if place is None:
            return
        now_s, view = self._clock(), None
        lookup = self._host.lookup()
        seen = self._seen_by(lookup)
        for index, each in enumerate(self._inputs):
            if not each.answered:
                continue
            out = each.feedback.show(now_s, seen, place.playing)
            if each.surface is not None:
                view = view or self._view()
                out += each.surface.show(now_s, view)
            if each.control.mmc in ("out", "both") and now_s - each.obeyed_s > _ECHO_S:
                out += self._machine(place, each.control.mmc_device)
            if out:
                self._host.answer(index, out)
        if self._seen is None or self._seen.playing != place.playing or self._seen.tick != place.tick:
            self._located = None
        self._seen = place

    def _machine(self, place: Place, device: int) -> list[bytes]:
        """What another machine is to do, by MMC, to be where we are."""
        before = self._seen
        if before is None:
            return []
        if before.playing and not place.playing:
            return [mmc.sent("stop", device)]
        if place.playing and not before.playing:
            return [self._locate(place, device), mmc.sent("deferred_play", device)]
        if not place.playing and place.tick != before.tick:
            return [self._locate(place, device)]
        return []

    def _locate(self, place: Place, device: int) -> bytes:
        session, rate = self._host.session, Rate.FPS_30
        seconds = place.tick / PPQ * 60 / session.music.tempo
        frame = Timecode.parse(session.clock.mtc_start).frame(rate) + int(seconds / rate.frame_s + 1e-6)
        return mmc.locate(Timecode.at(frame, rate), rate, device)

    def _view(self) -> View:
        host = self._host
        session, place, lookup = host.session, host.place(), host.lookup()
        returns = [r.name for r in session.returns]
        channels = [t.name for t in session.tracks] + [g.name for g in session.groups] + returns
        everything: list[ParameterInfo] = []

        def listed(prefix: str) -> Sequence[ParameterInfo]:
            if not everything:
                everything.extend(host.parameters(None))
            return [info for info in everything if info.path.startswith(prefix)]

        if place is None:
            return View(channels, returns, lookup, listed)
        meter = session.meter
        bar, within = divmod(place.tick, meter.bar_ticks)
        beat, rest = divmod(within, meter.beat_ticks)
        sub, ticks = divmod(rest, _SIXTEENTH)
        return View(channels, returns, lookup, listed, place.playing, bar + 1, beat + 1, sub + 1, ticks,
                    place.tick / PPQ * 60 / place.bpm, place.levels, place.armed, place.recording)

    # -- what belongs to which strip -----------------------------------------------------------------------------------

    def _place_strips(self, *, anew: bool = False) -> None:
        """Each device's controls turn what the session's tracks are now."""
        session = self._host.session
        names = [t.name for t in session.tracks], [r.name for r in session.returns]
        if names == self._names and not anew:
            return
        self._names = names
        for index, each in enumerate(self._inputs):
            maps = mappings(each.control, each.device, *names, each.first)
            self._map.remap(index, maps)
            each.feedback.remap(maps)

    def _follow_main(self) -> None:
        """Extenders go on where the unit before them ends."""
        main = next((each.surface for each in self._inputs
                     if each.surface is not None and each.device is not None and not each.device.extender), None)
        beside = 0
        for each in self._inputs:
            if main is not None and each.surface is not None and each.device is not None and each.device.extender:
                beside += each.device.strips
                each.surface.follow(main, beside)

    # -- learning ------------------------------------------------------------------------------------------------------

    @property
    def learning(self) -> str | None:
        """The path that waits for a control."""
        return None if self._learning is None else self._learning.path

    def learn(self, path: str | None) -> None:
        """The next control that is turned is to turn this; None: none is. Raises MessageError: no such parameter, or
        no controller's port is open."""
        if path is None:
            self._learning = None
            return
        if not self._inputs:
            raise MessageError("this session hears no controllers: put a [[control]] with its port into the session, "
                               "or play it with --control PORT")
        if path in ACTIONS or self._host.takes_words(path):
            self._learning = Learning(path, None)
            return
        info = find(path, {each.path: each for each in self._host.parameters(None)})
        self._learning = Learning(info.path, info)

    def _take_lesson(self) -> None:
        if self._learning is None:
            return
        result = self._learning.result(self._clock())
        if result is None:
            return
        self._learning = None
        gone = self._heard_by_device(result)
        also = others([each.control for each in self._inputs], result)
        try:
            saved = self.lesson.add(result)
        except SidemanError as error:
            saved = ""
            self._say(str(error))
        self._adopt()
        words = f"{described(result.mapped)} turns {result.mapped.path}"
        words += f", and no longer {' and '.join(gone)}" if gone else ""
        words += f"; so does {' and '.join(also)}" if also else ""
        words += f"; kept in {saved}" if saved else "; until the end: it is not kept in a file"
        self.learned(result, words)

    def _heard_by_device(self, result: Learned) -> list[str]:
        """What the same control turned until now."""
        each = self._inputs[result.input]
        maps = mappings(each.control, each.device, *(self._names or ([], [])), each.first)
        return sorted({m.path for m in replaced(maps, result.mapped)} - {result.mapped.path})

    def forget(self, path: str | None) -> int:
        """Take out what turns a parameter; None: the last that was learnt is undone. Returns how many mappings went.

        Raises SessionError where the file cannot be changed, MessageError where there is nothing to undo.
        """
        count = self.lesson.undo() if path is None else self.lesson.remove(path)
        self._adopt()
        return count

    def _adopt(self) -> None:
        for each, control in zip(self._inputs, self.lesson.controls, strict=True):
            each.control = control
        self._place_strips(anew=True)


class _Input:
    """One [[control]] and what is known of what stands behind it."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.device: Device | None = None if control.device is None else find_device(control.device)
        self.answered = feedback_wanted(control)
        mackie = self.device is not None and self.device.protocol == "mackie"
        self.surface = Surface(extender=self.device.extender) if mackie and self.device is not None else None
        self.feedback = Feedback(self.answered and self.surface is None and control.feedback is not False and (
            control.feedback is True or (self.device is not None and self.device.feedback)))
        self.parser = MidiParser()
        self.first = 0
        self.down: set[tuple[str, int, int]] = set()
        self.obeyed_s = float("-inf")

    def forget(self) -> None:
        self.feedback.forget()
        if self.surface is not None:
            self.surface.forget()

"""A Mackie Control as the desk of a session: banks, assignments, and what its motors, lamps and display show.

Sans I/O. What people turn goes into `values` and `actions`; what the music does goes out by show(), which sends only
what has changed, and little enough for a MIDI cable. A fader that is held is not moved, nor one that was moved just
now, so that motor and finger never fight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from bridge.controllers import mackie
from bridge.controllers.words import bare_name, in_words, pan_in_words, shortened
from bridge.controls.gestures import WIDE
from bridge.controls.mapping import Mapped
from bridge.controls.travel import Travel, travel_of
from bridge.parameter_paths import ParameterInfo

_SETTLE_S = 0.3
"""A fader without touch is let alone so long after it was moved last."""
_SHOW_S = 1.5
"""So long the display tells what a fader was moved to."""
_NEAR = 12 / WIDE
"""A motor does not move for less: the units tell 1024 places apart."""
_BUDGET = 150
"""Bytes a call: at twenty calls a second what a MIDI cable carries (3125 bytes a second)."""
_JOG_DETENTS = 4
_POT_DETENTS = 96
"""Of a V-Pot, for the whole way."""
_OVER_S = 2.0
_FADER_TOP_DB = 10.0
"""As printed beside a Mackie's faders."""
Assignment = Literal["pan", "send", "plugin", "eq", "instrument"]
_BUTTONS: dict[int, Assignment] = {mackie.TRACK: "pan", mackie.PAN: "pan", mackie.SEND: "send",
                                   mackie.PLUGIN: "plugin", mackie.EQ: "eq", mackie.INSTRUMENT: "instrument"}
_LAMPS: dict[Assignment, int] = {"pan": mackie.PAN, "send": mackie.SEND, "plugin": mackie.PLUGIN, "eq": mackie.EQ,
                                 "instrument": mackie.INSTRUMENT}
_ACTIONS = {mackie.PLAY: "transport.play", mackie.STOP: "transport.stop", mackie.REWIND: "transport.back",
            mackie.FORWARD: "transport.forward", mackie.UP: "transport.start",
            mackie.RECORD_ALL: "transport.record"}


class View(NamedTuple):
    """The session as a surface sees it.

    channels  names of the mixer's strips, in order; returns: those of them that are returns
    find      a parameter as it stands, None where there is none
    listed    all whose path begins so
    bar, beat, sub, ticks  from 1, from 1, sixteenths from 1, the rest; seconds from the start
    levels    peaks of channels, left and right, linear
    armed     tracks that are recorded; None where nothing is played in
    """

    channels: Sequence[str]
    returns: Sequence[str]
    find: Callable[[str], ParameterInfo | None]
    listed: Callable[[str], Sequence[ParameterInfo]]
    playing: bool = False
    bar: int = 1
    beat: int = 1
    sub: int = 1
    ticks: int = 0
    seconds: float = 0.0
    levels: Mapping[str, tuple[float, float]] = {}
    armed: tuple[str, ...] | None = None
    recording: bool = False


class Surface:
    """One unit. All methods belong to one thread; times are seconds of one monotonic clock."""

    def __init__(self, *, extender: bool = False, first: int = 0) -> None:
        """first: the mixer's strip that its first strip has (an extender's lie beside the main unit's)."""
        self.values: dict[str, float] = {}
        """What was turned since it was taken: the last of each path."""
        self.actions: list[str] = []
        self.first = first
        self.assignment: Assignment = "pan"
        self.send = 0
        """Which of the returns."""
        self.page = 0
        self.flipped = False
        self.selected = ""
        self.timecode = False
        self._product = mackie.EXTENDER if extender else mackie.CONTROL
        self._extender = extender
        self._held: set[int] = set()
        self._moved: dict[int, tuple[float, float]] = {}
        """Fader -> when it was moved last, and to what share."""
        self._told: dict[object, object] = {}
        self._faders: dict[int, float] = {}
        """Where the motors stand, as far as is known."""
        self._over: dict[int, float] = {}
        self._jogged = 0

    def take_values(self) -> dict[str, float]:
        """What people have turned since the last call."""
        taken, self.values = self.values, {}
        return taken

    def take_actions(self) -> list[str]:
        """What they have pressed."""
        taken, self.actions = self.actions, []
        return taken

    def follow(self, main: Surface, beside: int) -> None:
        """An extender's strips go on so many behind the main unit's first, and show what its show."""
        self.first, self.assignment, self.send = main.first + beside, main.assignment, main.send
        self.flipped, self.selected, self.page = main.flipped, main.selected, main.page + beside // mackie.STRIPS

    def forget(self) -> None:
        """The unit may show anything: show() tells it all anew."""
        self._told.clear()
        self._faders.clear()
        self._held.clear()
        self._over.clear()

    # -- in ------------------------------------------------------------------------------------------------------------

    def hear(self, message: bytes, now_s: float, view: View) -> bool:
        """A whole message. Returns whether it was the unit's."""
        event = mackie.heard(message)
        match event:
            case mackie.FaderMoved(strip, share):
                self._moved[strip] = now_s, share
                self._faders[strip] = share
                self._turn(self._fader_path(strip, view), lambda _: share, view)
            case mackie.FaderTouched(strip, down):
                (self._held.add if down else self._held.discard)(strip)
                self._moved[strip] = now_s, self._moved.get(strip, (0.0, 0.0))[1]
            case mackie.PotTurned(strip, detents):
                self._turn(self._pot_path(strip, view), lambda at: at + detents / _POT_DETENTS, view, detents)
            case mackie.JogTurned(detents):
                self._jogged += detents
                bars = int(self._jogged / _JOG_DETENTS)
                self._jogged -= bars * _JOG_DETENTS
                self.actions += ["transport.forward" if bars > 0 else "transport.back"] * abs(bars)
            case mackie.Pressed(note, True):
                self._press(note, view)
            case mackie.Woken():
                self.forget()
        return event is not None

    def _press(self, note: int, view: View) -> None:
        strip, row = note % mackie.STRIPS, note - note % mackie.STRIPS
        if note < mackie.TRACK:
            if row == mackie.POT:
                info = view.find(self._pot_path(strip, view))
                if info is not None:
                    self.values[info.path] = info.default
                return
            name = self._name(strip, view)
            if name and row == mackie.SELECT:
                self.selected, self.page = name, 0
            elif name and row == mackie.RECORD and view.armed is not None:
                self.actions.append(f"arm {name}")
            elif name:
                path = {mackie.SOLO: f"mixer.{name}.solo", mackie.MUTE: f"mixer.{name}.mute"}.get(
                    row, f"music.mute.{name}")
                self._toggle(path, view)
        elif note in _BUTTONS:
            wanted = _BUTTONS[note]
            if wanted == self.assignment == "send":
                self.send = (self.send + 1) % max(1, len(view.returns))
            self.assignment, self.page = wanted, 0
        elif note in (mackie.BANK_LEFT, mackie.BANK_RIGHT, mackie.CHANNEL_LEFT, mackie.CHANNEL_RIGHT):
            step = mackie.STRIPS if note in (mackie.BANK_LEFT, mackie.BANK_RIGHT) else 1
            self.bank(-step if note in (mackie.BANK_LEFT, mackie.CHANNEL_LEFT) else step, view)
        elif note in (mackie.LEFT, mackie.RIGHT):
            pages = (len(self._parameters(view)) - 1) // mackie.STRIPS
            self.page = min(max(self.page + (1 if note == mackie.RIGHT else -1), 0), max(0, pages))
        elif note == mackie.FLIP:
            self.flipped = not self.flipped
        elif note == mackie.SMPTE_BEATS:
            self.timecode = not self.timecode
        elif note in _ACTIONS:
            self.actions.append(_ACTIONS[note])

    def bank(self, step: int, view: View) -> None:
        """The strips take the channels so many further on."""
        self.first = min(max(self.first + step, 0), max(0, len(view.channels) - 1))
        self._moved.clear()

    def _toggle(self, path: str, view: View) -> None:
        info = view.find(path)
        if info is not None:
            now = self.values.get(info.path, info.value)
            self.values[info.path] = info.low if now >= (info.low + info.high) / 2 else info.high

    def _turn(self, path: str, goes: Callable[[float], float], view: View, detents: int = 0) -> None:
        info = view.find(path) if path else None
        if info is None:
            return
        travel = _travel(info)
        now = self.values.get(info.path, info.value)
        if detents and travel.curve == "stepped":  # a detent a step
            low, high = min(travel.low, travel.high), max(travel.low, travel.high)
            value = min(max(now + detents * (high - low) / (travel.steps - 1), low), high)
        else:
            value = travel.value(min(max(goes(travel.share(now)), 0.0), 1.0))
        self.values[info.path] = value

    # -- what belongs to a strip ---------------------------------------------------------------------------------------

    def _name(self, strip: int, view: View) -> str:
        at = self.first + strip
        return view.channels[at] if at < len(view.channels) else ""

    def _parameters(self, view: View) -> Sequence[ParameterInfo]:
        """Of the selected channel's instrument or effects."""
        if self.assignment in ("pan", "send") or not self._chosen(view):
            return ()
        name = self._chosen(view)
        found = [info for kind in ("track", "group", "return") for info in view.listed(f"{kind}.{name}.")]
        synth = f"track.{name}.synth."
        if self.assignment == "instrument":
            return [info for info in found if info.path.startswith(synth)]
        return [info for info in found if not info.path.startswith(synth) and (
            self.assignment == "plugin" or info.path.split(".")[2].startswith("eq"))]

    def _chosen(self, view: View) -> str:
        return self.selected if self.selected in view.channels else next(iter(view.channels), "")

    def _assigned(self, strip: int, view: View) -> str:
        """The path that the assignment gives a strip."""
        if self.assignment in ("pan", "send"):
            name = self._name(strip, view)
            if not name:
                return ""
            if self.assignment == "pan":
                return f"mixer.{name}.pan"
            return f"mixer.{name}.send.{view.returns[self.send % len(view.returns)]}" if view.returns else ""
        found = self._parameters(view)
        at = self.page * mackie.STRIPS + strip
        return found[at].path if at < len(found) else ""

    def _gain(self, strip: int, view: View) -> str:
        name = self._name(strip, view)
        return f"mixer.{name}.gain_db" if name else ""

    def _fader_path(self, strip: int, view: View) -> str:
        if strip == mackie.MASTER:
            return "mixer.master.gain_db"
        return self._assigned(strip, view) if self.flipped else self._gain(strip, view)

    def _pot_path(self, strip: int, view: View) -> str:
        return self._gain(strip, view) if self.flipped else self._assigned(strip, view)

    # -- out -----------------------------------------------------------------------------------------------------------

    def show(self, now_s: float, view: View) -> list[bytes]:
        """What the unit is to be sent now; the most urgent first, the rest with the next call."""
        out = _Budget(_BUDGET)
        if self.first >= len(view.channels) and not self._extender:
            self.first = 0  # there are fewer now
        self._show_faders(now_s, view, out)
        for note, on in self._lamps(view):
            self._tell(out, ("lamp", note), mackie.lamp(note, on))
        for strip in range(mackie.STRIPS):
            self._tell(out, ("ring", strip), self._ring(strip, view))
        if not self._extender:
            self._show_position(view, out)
        self._show_text(now_s, view, out)
        self._show_meters(now_s, view, out)
        return out.messages

    def _tell(self, out: _Budget, key: object, message: bytes) -> None:
        if self._told.get(key) != message and out.add(message):
            self._told[key] = message

    def _show_faders(self, now_s: float, view: View, out: _Budget) -> None:
        for strip in range(mackie.STRIPS + (not self._extender)):
            moved_s, _ = self._moved.get(strip, (float("-inf"), 0.0))
            if strip in self._held or now_s - moved_s < _SETTLE_S:
                continue
            info = view.find(self._fader_path(strip, view))
            share = 0.0 if info is None else _travel(info).share(info.value)
            at = self._faders.get(strip)
            if (at is None or abs(at - share) > _NEAR) and out.add(mackie.fader(strip, share)):
                self._faders[strip] = share

    def _lamps(self, view: View) -> list[tuple[int, bool]]:
        def is_on(path: str) -> bool:
            info = view.find(path)
            return info is not None and info.value >= 0.5

        chosen = self._chosen(view)
        found = []
        for strip in range(mackie.STRIPS):
            name = self._name(strip, view)
            found += [(mackie.MUTE + strip, bool(name) and is_on(f"mixer.{name}.mute")),
                      (mackie.SOLO + strip, bool(name) and is_on(f"mixer.{name}.solo")),
                      (mackie.RECORD + strip, bool(name) and (
                          is_on(f"music.mute.{name}") if view.armed is None else name in view.armed)),
                      (mackie.SELECT + strip, bool(name) and name == chosen)]
        if not self._extender:
            found += [(mackie.PLAY, view.playing), (mackie.STOP, not view.playing), (mackie.FLIP, self.flipped),
                      (mackie.RECORD_ALL, view.recording),
                      (mackie.BEATS_LAMP, not self.timecode), (mackie.SMPTE_LAMP, self.timecode),
                      (mackie.SOLO_LAMP, any(is_on(f"mixer.{name}.solo") for name in view.channels))]
            found += [(note, kind == self.assignment) for kind, note in _LAMPS.items()]
        return found

    def _ring(self, strip: int, view: View) -> bytes:
        info = view.find(self._pot_path(strip, view))
        if info is None:
            return mackie.ring(strip, None)
        share = _travel(info).share(info.value)
        both_ways = info.low == -info.high
        return mackie.ring(strip, share, "boost" if both_ways else "wrap", centre=both_ways and info.value == 0)

    def _show_position(self, view: View, out: _Budget) -> None:
        if self.timecode:
            minutes, seconds = divmod(max(0.0, view.seconds), 60)
            text = f"{minutes // 60:3.0f}.{minutes % 60:02.0f}.{int(seconds):02d}.{int(seconds % 1 * 1000):03d}"
        else:
            text = f"{view.bar % 1000:3d}.{view.beat:2d}.{view.sub:2d}.{view.ticks:3d}"
        for place, message in enumerate(mackie.digits(text)):
            self._tell(out, ("digit", place), message)

    def _show_text(self, now_s: float, view: View, out: _Budget) -> None:
        listed = self.assignment not in ("pan", "send")
        for strip in range(mackie.STRIPS):
            pot, fader = self._pot_path(strip, view), self._fader_path(strip, view)
            moved_s = self._moved.get(strip, (float("-inf"), 0.0))[0]
            info = view.find(fader if strip in self._held or now_s - moved_s < _SHOW_S else pot)
            above = bare_name(self._assigned(strip, view)) if listed else self._name(strip, view)
            below = "" if info is None else pan_in_words(info.value) if info.path.endswith(".pan") else in_words(info)
            for line, text in ((0, above), (1, below)):
                cell = shortened(text, mackie.CELL - 1) if line == 0 else text[: mackie.CELL - 1]
                at = line * mackie.LETTERS + strip * mackie.CELL
                self._tell(out, ("text", at), mackie.letters(at, cell.ljust(mackie.CELL), self._product))

    def _show_meters(self, now_s: float, view: View, out: _Budget) -> None:
        """A unit's meters fall by themselves: they are told again as long as there is a level."""
        for strip in range(mackie.STRIPS):
            peak = max(view.levels.get(self._name(strip, view), (0.0, 0.0)))
            if peak >= 1.0:
                if strip in self._over or out.add(mackie.meter(strip, 0, over=True)):
                    self._over[strip] = now_s
            elif strip in self._over and now_s - self._over[strip] > _OVER_S and out.add(mackie.meter_cleared(strip)):
                del self._over[strip]
            level = meter_level(peak)
            if (level or self._told.get(("meter", strip))) and out.add(mackie.meter(strip, level)):
                self._told["meter", strip] = level


class _Budget:
    """Messages, up to so many bytes; of several that do not fit a later one may."""

    def __init__(self, size: int) -> None:
        self.messages: list[bytes] = []
        self._left = size

    def add(self, message: bytes) -> bool:
        if len(message) > self._left:
            return False
        self._left -= len(message)
        self.messages.append(message)
        return True


def _travel(info: ParameterInfo) -> Travel:
    """A fader's way: gains go as on a desk."""
    if info.path.startswith("mixer.") and info.unit.startswith("dB") and info.high >= _FADER_TOP_DB:
        return travel_of(Mapped(info.path, bend=True, low=info.low, high=_FADER_TOP_DB, curve="fader"), info)
    return travel_of(Mapped(info.path, bend=True), info)


def meter_level(peak: float) -> int:
    """0 .. 12 for a linear peak, in steps of 0, -2, -4, -6, -8, -10, -14, -20, -30, -40, -50 and -60 dBFS."""
    bounds = (0.001, 0.00316, 0.01, 0.0316, 0.1, 0.2, 0.316, 0.398, 0.501, 0.631, 0.794, 1.0)
    return sum(peak >= bound * 0.999 for bound in bounds)

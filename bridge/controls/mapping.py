"""[[control]] of a session: an input for controllers, and what each of its controls turns."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from bridge.controls.curves import CurveName
from bridge.controls.encoders import Relative
from bridge.controls.gestures import Gesture, Kind
from bridge.controls.take_over import Takeover
from bridge.errors import SessionError
from bridge.mix import Name

Data = Annotated[int, Meta(ge=0, le=127, description="a whole number from 0 to 127")]
Wide = Annotated[int, Meta(ge=0, le=16_382, description="a whole number from 0 to 16382")]
PathName = Annotated[str, Meta(min_length=1, max_length=256, description="a path such as \"music.energy\"")]
_ONE_OF: tuple[Kind, ...] = ("cc", "cc14", "nrpn", "rpn", "note", "program", "key_pressure", "bend", "pressure")


def _one_of(words: object) -> str:
    return f"one of {', '.join(get_args(words))}"


Mmc = Literal["off", "in", "out", "both"]
ACTIONS = ("transport.play", "transport.stop", "transport.toggle", "transport.start", "transport.back",
           "transport.forward", "transport.record", "bank.previous", "bank.next")
"""What a button may do instead of turning a parameter: play, stop, one or the other, go to bar 1, a bar back or on,
record what is played in or stop that; and the device's strips take the tracks before or after those that they have."""
OFF = "off"
"""The path of a control that does nothing."""

TakeoverName = Annotated[Takeover, Meta(description=_one_of(Takeover))]


class Mapped(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a control turns: one of the kinds, and a path.

    cc            a controller's number, of 7 bits; cc14: 0..31, of 14 bits, with the controller 32 above it
    nrpn, rpn     a parameter's number (its MSB * 128 + LSB), of 14 bits
    note          a key or pad: struck it sets `value`, or without that `high`, and `low` when let go
    program       a program change of this number sets `value`
    key_pressure  of this key (polyphonic aftertouch); pressure = true: of the channel; bend = true: the bend wheel
    channel       1..16; default: any
    path          "music.energy", "music.section", "mixer.bass.gain_db", ...: `sideman params SESSION` shows all; or
                  what a button does: one of ACTIONS; or "off": nothing, whatever the device's description says
    low, high     in the parameter's unit; default: its own range. low may be the greater: the control is turned round
    curve         linear, log, exponential, stepped, toggle, bipolar, fader: see bridge.controls.curves. Default: as
                  the parameter wants it (log for pitches and times, stepped for words and whole numbers)
    centre        where a bipolar control stands in the middle; steps: how many values a stepped one has
    value         what a note, a program, or a controller in its upper half sets: a number or a word ("chorus")
    latch         each press of a pad or button turns it from low to high, or back
    relative      of an endless knob: twos_complement, binary_offset or sign_magnitude; a detent is 1 / `detents`
                  of the way (default 100)
    takeover      jump, pickup or scale: see bridge.controls.take_over
    feedback      what the parameter does is sent back to the control, which has a motor, a ring of LEDs or a lamp;
                  default: as the [[control]] says. lit, unlit: what a button's lamp is sent for on and for off
    """

    path: PathName
    cc: Data | None = None
    cc14: Annotated[int, Meta(ge=0, le=31, description="a whole number from 0 to 31")] | None = None
    nrpn: Wide | None = None
    rpn: Wide | None = None
    note: Data | None = None
    program: Data | None = None
    key_pressure: Data | None = None
    bend: bool = False
    pressure: bool = False
    channel: Annotated[int, Meta(ge=1, le=16, description="a whole number from 1 to 16")] | None = None
    low: float | None = None
    high: float | None = None
    curve: Annotated[CurveName, Meta(description=_one_of(CurveName))] | None = None
    centre: float | None = None
    steps: Annotated[int, Meta(ge=2, le=16_384, description="a whole number from 2 to 16384")] | None = None
    value: float | str | None = None
    latch: bool = False
    relative: Annotated[Relative, Meta(description=_one_of(Relative))] | None = None
    detents: Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")] = 100
    takeover: TakeoverName | None = None
    feedback: bool | None = None
    lit: Data = 127
    unlit: Data = 0

    @property
    def kind(self) -> Kind:
        """Of check_controls()' entries, the one that is given."""
        return next(kind for kind in _ONE_OF if _given(self, kind))

    @property
    def number(self) -> int:
        """Of the controller, key or parameter; 0 where there is but one."""
        found = getattr(self, self.kind)
        return 0 if found is True else int(found)

    def hears(self, gesture: Gesture) -> bool:
        """Whether that is its control."""
        return (gesture.kind == self.kind and gesture.number == self.number
                and self.channel in (None, gesture.channel + 1))


class Control(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An input of ours for controllers, and where they are answered an output.

    name      of the port; port: connect it to this existing port (exact name or a unique part of it)
    map       [[control.map]]
    takeover  of all its controls that do not say: jump, pickup or scale
    device    what it is, "nanokontrol2" say: its description brings mappings, which those of `map` go before; or the
              path of a description of one's own (my.toml). `sideman params --devices` lists them
    feedback  send motors, LEDs and displays what happens, by a port called as the input is with "out" for "in";
              default: as the device has it, or false. out_port: the existing port that it goes to, where that has
              another name than `port`
    mmc       MIDI Machine Control: "in" (stop, play, locate are carried out), "out" (they are sent), "both" or "off"
    mmc_device  0..127: the number that is heard and sent; 127 is all
    """

    map: Annotated[list[Mapped], Meta(max_length=256, description="at most 256 [[control.map]]")] = []
    name: Name = "control in"
    port: Name | None = None
    takeover: TakeoverName = "jump"
    device: Annotated[str, Meta(min_length=1, max_length=1024, description="a controller's name, or the path of its "
                                "description")] | None = None
    feedback: bool | None = None
    out_port: Name | None = None
    mmc: Annotated[Mmc, Meta(description=_one_of(Mmc))] = "off"
    mmc_device: Data = 127

    @property
    def out_name(self) -> str:
        """Of the output that answers it."""
        bare = self.name.removesuffix(" in")
        return f"{bare} out"


def check_controls(controls: Sequence[Control], taken: set[str], place: str) -> None:
    """Names are free, and each entry says what it listens to, and nothing that does not go together. Raises
    SessionError."""
    for i, control in enumerate(controls):
        where = f"{place}: control[{i}]"
        if control.name in taken:
            raise SessionError(f"{where}.name = {control.name!r} is there already, as a port or a track: give it "
                               f"another name")
        taken.add(control.name)
        if control.out_name in taken:
            raise SessionError(f"{where}: its output would be called {control.out_name!r}, which is there already: "
                               f"give control[{i}].name another")
        taken.add(control.out_name)
        for k, mapped in enumerate(control.map):
            problem = _problem(mapped)
            if problem:
                raise SessionError(f"{where}.map[{k}]: {problem}")


def _given(mapped: Mapped, kind: Kind) -> bool:
    found = getattr(mapped, kind)
    return found is not None and found is not False


def _problem(mapped: Mapped) -> str:
    said = [kind for kind in _ONE_OF if _given(mapped, kind)]
    if len(said) != 1:
        return f"{' and '.join(said) or 'nothing'} is given: give one of {', '.join(_ONE_OF)}"
    if mapped.path.startswith(("transport.", "bank.")) and mapped.path not in ACTIONS:
        near = difflib.get_close_matches(mapped.path, ACTIONS, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"path = {mapped.path!r} is not known: {hint}there are {', '.join(ACTIONS)}"
    if mapped.path in (*ACTIONS, OFF):
        return ""
    if mapped.program is not None and mapped.value is None:
        return f"program = {mapped.program} sets nothing: give a value"
    if mapped.relative is not None and mapped.cc is None:
        return f"relative = {mapped.relative!r} is for an endless knob: give its cc"
    if mapped.curve == "log" and not (mapped.low or 1.0) * (mapped.high or 1.0) > 0:
        return f"curve = 'log' goes in ratios: give low and high above 0, not {mapped.low:g} and {mapped.high:g}"
    if mapped.curve == "log" and 0.0 in (mapped.low, mapped.high):
        return "curve = 'log' goes in ratios and cannot reach 0: give a low above 0, or curve = 'exponential'"
    if mapped.centre is not None and mapped.curve not in (None, "bipolar"):
        return f"centre = {mapped.centre:g} is for curve = 'bipolar'"
    if mapped.low is not None and mapped.low == mapped.high:
        return f"low and high are both {mapped.low:g}: give two values"
    return ""

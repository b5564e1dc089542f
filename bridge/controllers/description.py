"""What a controller has: its knobs, faders, buttons and pads, what each sends, and what it turns if nobody says else.

A description is a TOML file, one of those in bridge/controllers/devices or one's own:

    name = "Korg nanoKONTROL2"
    source = "where it can be read what it sends"
    ports = ["nanoKONTROL2"]        # words of its port's name
    setup = "what has to be set on the device"

    [[controls]]
    name = "fader"
    kind = "fader"
    cc = [0, 1, 2, 3, 4, 5, 6, 7]   # a list: a control for each strip; a number: one control
    path = "mixer.{track}.gain_db"  # {track}: the strip's track; {return}, {return2}: the first, second return

protocol = "mackie" instead of [[controls]] is a Mackie Control, whose messages are all known.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bridge.controls.curves import CurveName
from bridge.controls.encoders import Relative
from bridge.controls.mapping import ACTIONS, Control, Data, Mapped, Wide
from bridge.controls.take_over import Takeover
from bridge.errors import SessionError
from bridge.mix import Name
from bridge.refusal import invalid

Kind = Literal["fader", "knob", "encoder", "button", "pad", "wheel", "pedal"]
Many = Annotated[list[Data], Meta(min_length=1, max_length=128)]
Channel = Annotated[int, Meta(ge=1, le=16, description="a whole number from 1 to 16")]
_MESSAGES = ("cc", "cc14", "nrpn", "note", "bend", "pressure")


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Controls of one kind, side by side: one a strip, or one alone.

    name      "fader", "mute", "play" ...
    cc, cc14, nrpn, note, bend, pressure   what they send, as in Mapped; exactly one. A list has one for each strip;
              with bend and pressure the strips differ by channel
    channel   1..16; a list: one for each strip
    relative  endless, and sends steps; detents: of the whole way
    latch     a button that turns what it is mapped to on and off: each press sends
    motor, ring, lamp   it can be told: a fader with a motor, LEDs around a knob, a lamp in a button
    lit, unlit    what the lamp is sent
    path      what it turns, where the session does not say; absent: nothing
    """

    name: Name
    kind: Kind
    cc: Data | Many | None = None
    cc14: Data | Many | None = None
    nrpn: Wide | Annotated[list[Wide], Meta(min_length=1)] | None = None
    note: Data | Many | None = None
    bend: bool = False
    pressure: bool = False
    channel: Channel | Annotated[list[Channel], Meta(min_length=1)] | None = None
    relative: Relative | None = None
    detents: Annotated[int, Meta(ge=1, le=10_000)] = 100
    latch: bool = False
    motor: bool = False
    ring: bool = False
    lamp: bool = False
    lit: Data = 127
    unlit: Data = 0
    path: str | None = None
    low: float | None = None
    high: float | None = None
    curve: CurveName | None = None
    takeover: Takeover | None = None

    @property
    def message(self) -> str:
        """Of what it sends, the kind."""
        return next(kind for kind in _MESSAGES if getattr(self, kind) not in (None, False))

    @property
    def count(self) -> int:
        """How many controls, 1 for one alone."""
        numbers = getattr(self, self.message)
        lists = [x for x in (numbers, self.channel) if isinstance(x, list)]
        return len(lists[0]) if lists else 1

    @property
    def in_strips(self) -> bool:
        return isinstance(getattr(self, self.message), list) or isinstance(self.channel, list)

    @property
    def told(self) -> bool:
        """Whether it shows what it is sent."""
        return self.motor or self.ring or self.lamp

    def mapped(self, place: int, path: str) -> Mapped:
        """Its control number `place` (from 0), turning `path`."""
        numbers, channel = getattr(self, self.message), self.channel
        return Mapped(
            path,
            channel=channel[place] if isinstance(channel, list) else channel,
            low=self.low, high=self.high, curve=self.curve, latch=self.latch and path not in ACTIONS,
            relative=self.relative, detents=self.detents,
            takeover=self.takeover or ("pickup" if self.kind in ("fader", "knob") and not self.told else "jump"),
            feedback=self.told, lit=self.lit, unlit=self.unlit,
            **{self.message: numbers[place] if isinstance(numbers, list) else numbers},
        )


class Device(Struct, frozen=True, forbid_unknown_fields=True):
    """A controller.

    aliases   further names; ports: words that its ports' names hold
    hello     messages in hexadecimal digits that it is sent when it is connected
    feedback  whether it is sent what happens where the session does not say
    strips    how many tracks it has controls for
    extender  of a Mackie Control: strips alone, beside another unit's, and a sysex product number of its own
    """

    name: Name
    source: Annotated[str, Meta(min_length=1)]
    aliases: list[Name] = []
    ports: list[Name] = []
    setup: str = ""
    protocol: Literal["messages", "mackie"] = "messages"
    extender: bool = False
    feedback: bool = False
    hello: list[str] = []
    strips: Annotated[int, Meta(ge=0, le=64)] = 8
    controls: list[Group] = []

    def messages(self) -> list[bytes]:
        """`hello` as bytes."""
        return [bytes.fromhex(text) for text in self.hello]


def device_names() -> list[str]:
    """Of the descriptions that come with Sideman."""
    return sorted(f.name.removesuffix(".toml") for f in files("bridge.controllers").joinpath("devices").iterdir()
                  if f.name.endswith(".toml"))


def find_device(name: str, place: str = "control.device") -> Device:
    """A device that comes with Sideman, by name ("nanokontrol2", in any case) or alias; or by the path of a file.

    Raises SessionError that names what is near.
    """
    path = Path(name)
    if path.suffix == ".toml":
        try:
            return parse_device(path.read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SessionError(f"{place} = {name!r} cannot be read ({why}): give the path of a description, or one of "
                               f"{', '.join(device_names())}") from None
    known = _by_alias()
    found = known.get(_bare(name))
    if found is None:
        near = difflib.get_close_matches(_bare(name), known, 1, 0.5)
        hint = f"did you mean {known[near[0]]!r}? " if near else ""
        raise SessionError(f"{place} = {name!r} is not known: {hint}there are {', '.join(device_names())}; your own is "
                           f"given by the path of its description (my.toml)")
    return built_in(found)


def device_of_port(port: str) -> str | None:
    """The device whose port that may be, by words in its name; the longest that fits, None where none does."""
    fits = [(len(words), name) for name in device_names() for words in built_in(name).ports
            if words.casefold() in port.casefold()]
    return max(fits)[1] if fits else None


@lru_cache(maxsize=64)
def built_in(name: str) -> Device:
    """By its file's name."""
    file = files("bridge.controllers").joinpath("devices", f"{name}.toml")
    return parse_device(file.read_text(encoding="utf-8"), f"{name}.toml")


@lru_cache(maxsize=1)
def _by_alias() -> Mapping[str, str]:
    return {_bare(alias): name for name in device_names()
            for alias in (name, built_in(name).name, *built_in(name).aliases)}


def _bare(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def parse_device(text: str, place: str) -> Device:
    """A description. Raises SessionError: the place, the value, and what is allowed."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SessionError(f"{place}: not valid TOML: {error}") from None
    try:
        device = msgspec.convert(data, Device)
    except msgspec.ValidationError as error:
        raise SessionError(f"{place}: {invalid(data, Device, str(error))}") from None
    for i, group in enumerate(device.controls):
        problem = _problem(group, device)
        if problem:
            raise SessionError(f"{place}: controls[{i}] ({group.name}): {problem}")
    for text_ in device.hello:
        try:
            bytes.fromhex(text_)
        except ValueError:
            raise SessionError(f"{place}: hello = {text_!r} is not hexadecimal: write F0 47 ... F7") from None
    return device


def _problem(group: Group, device: Device) -> str:
    said = [kind for kind in _MESSAGES if getattr(group, kind) not in (None, False)]
    if len(said) != 1:
        return f"{' and '.join(said) or 'nothing'} is given: give one of {', '.join(_MESSAGES)}"
    numbers = getattr(group, group.message)
    if isinstance(numbers, list) and isinstance(group.channel, list) and len(numbers) != len(group.channel):
        return f"it has {len(numbers)} numbers and {len(group.channel)} channels: give as many"
    if group.message == "cc14" and any(n > 31 for n in (numbers if isinstance(numbers, list) else [numbers])):
        return "cc14 goes to 31: the finer half is the controller 32 above"
    if group.path is not None and "{track}" in group.path and not group.in_strips:
        return f"path = {group.path!r} is for strips: give a list of numbers or channels"
    if group.path is not None and group.path.startswith(("transport.", "bank.")) and group.path not in ACTIONS:
        return f"path = {group.path!r} is not known: there are {', '.join(ACTIONS)}"
    if device.protocol == "mackie":
        return "a Mackie Control has no [[controls]] of its own"
    return ""


def mappings(control: Control, device: Device | None, tracks: Sequence[str], returns: Sequence[str], first: int = 0
             ) -> list[Mapped]:
    """All that a [[control]] turns: its own mappings, and those of its device that do not speak of the same control.

    first: the track that the first strip has, counted from 0.
    """
    own = [m for m in control.map if m.path != "off"]
    if device is None:
        return own
    taken = [(m.kind, m.number, m.channel) for m in control.map]
    names = {"return": returns[0] if returns else None, "return2": returns[1] if len(returns) > 1 else None}
    found = []
    for group in device.controls:
        if group.path is None:
            continue
        for place in range(group.count):
            at = first + place
            path = _filled(group.path, {**names, "track": tracks[at] if at < len(tracks) else None})
            if path is None:
                continue
            mapped = group.mapped(place, path)
            if not any(kind == mapped.kind and number == mapped.number and (
                    channel is None or mapped.channel is None or channel == mapped.channel)
                    for kind, number, channel in taken):
                found.append(mapped)
    return own + found


def _filled(path: str, names: Mapping[str, str | None]) -> str | None:
    for word, name in names.items():
        if f"{{{word}}}" in path:
            if name is None:
                return None
            path = path.replace(f"{{{word}}}", name)
    return path


def check_devices(controls: Sequence[Control], place: str) -> None:
    """Each device is known. Raises SessionError."""
    for i, control in enumerate(controls):
        if control.device is not None:
            find_device(control.device, f"{place}: control[{i}].device")


def device_seen_from(control: Control, folder: Path) -> Control:
    """With the path of a description as from everywhere."""
    if control.device is None or Path(control.device).suffix != ".toml":
        return control
    return msgspec.structs.replace(control, device=str(folder / Path(control.device).expanduser()))


def feedback_wanted(control: Control) -> bool:
    """Whether the control is answered by an output of its own. Raises SessionError for an unknown device."""
    if control.mmc in ("out", "both"):
        return True
    if control.feedback is not None:
        return control.feedback
    device = None if control.device is None else find_device(control.device)
    return device is not None and (device.feedback or device.protocol == "mackie")

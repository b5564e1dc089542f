"""The console's controls: every parameter of faders, instruments and effects, by channel and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from instruments.channel import INSTRUMENT, Channel, Insert, stage_names
from instruments.errors import InstrumentError
from instruments.fader import OFF_DB, Fader, MasterFader, Send
from instruments.glide import Gliding
from instruments.live_numbers import LiveNumbers
from instruments.parameter import Choice, Parameter
from instruments.program import Program
from instruments.routing import Kind, Node, heard

BYPASS = Parameter("0 in .. 1 bypassed", 0, 1, 0, whole=True, glide_ms=10)
"""The parameter that every effect has besides its own."""


class Ramp(NamedTuple):
    """How a parameter goes to its value: in so many frames (None: its own glide), from so far into the next block on,
    from `origin` (None: where it stands)."""

    frames: int | None = None
    delay_frames: int = 0
    origin: float | None = None


class Listed(NamedTuple):
    """A parameter of the console: where it is, what it may be, where it stands (a Choice: its index).

    stage  "" for the channel's own (its fader), else the name of the effect, or INSTRUMENT
    """

    kind: Kind
    channel: str
    stage: str
    name: str
    rule: Parameter | Choice
    value: float


@dataclass(slots=True)
class Stage:
    """An effect in its place. slot: of its bypass; dry: of what is beside an effect that runs in Python, its delay."""

    name: str
    insert: Insert
    slot: int = -1
    dry: int = -1
    latency: int = 0
    bypassed: bool = False


@runtime_checkable
class Hosted(Protocol):
    """A hosted plug-in: its parameters are known when it has loaded, and then `serial` is another."""

    @property
    def rules(self) -> Mapping[str, Parameter | Choice]: ...

    @property
    def serial(self) -> int: ...

    def set(self, name: str, value: float | str, frames: int | None = None, *, delay_frames: int = 0) -> None: ...

    def get(self, name: str) -> float: ...


def _turn(plugin: Any, name: str, value: float | str, ramp: Ramp) -> None:
    if ramp.origin is not None:
        plugin.set(name, ramp.origin, delay_frames=ramp.delay_frames)
    plugin.set(name, value, ramp.frames, delay_frames=ramp.delay_frames)


class Controls:
    """Belongs to the console, and like it to the callback's thread. Before set() the console gives effects their slots
    of a program."""

    def __init__(self, channels: Sequence[Channel], order: Sequence[Node]) -> None:
        """Raises InstrumentError for values out of range."""
        returns = [c.name for c in channels if c.kind == "return"]
        self._channels = {c.name: c for c in channels}
        self._order = order
        self.ways: dict[str, list[str]] = {}
        """Where each channel but the master goes: its output, then every return it may send to."""
        self.faders: dict[str, Fader | MasterFader] = {}
        self.stages: dict[str, list[Stage]] = {}
        """The effects of each channel, those behind the fader last."""
        for c in channels:
            names = stage_names(c.last)
            ends = [Stage(n, i) for n, i in zip(names, c.last, strict=True)]
            names = stage_names(c.inserts, [*names, INSTRUMENT])
            self.stages[c.name] = [*(Stage(n, i) for n, i in zip(names, c.inserts, strict=True)), *ends]
            if c.kind == "master":
                self.faders[c.name] = MasterFader(c.gain_db)
                continue
            sends = {} if c.kind == "return" else {name: c.sends.get(name, Send(OFF_DB)) for name in returns}
            self.ways[c.name] = [c.output, *sends]
            self.faders[c.name] = Fader(c.name, {"gain_db": c.gain_db, "pan": c.pan, "mute": float(c.mute),
                                                 "solo": float(c.solo)}, sends)
        self.edges = [(name, to) for name, ways in self.ways.items() for to in ways]
        self.hear(Ramp(0))

    def set(self, program: Program, channel: str, path: str, value: float | str, ramp: Ramp) -> None:
        """See Console.set."""
        fader = self.faders[self.channel(channel).name]
        if path in fader.listed:
            fader.set(path, value, ramp.frames, delay_frames=ramp.delay_frames, origin=ramp.origin)
            program.touch(fader)
            if path in ("mute", "solo"):
                for changed in self.hear(ramp):
                    program.touch(changed)
            return
        name, _, parameter = path.partition(".")
        live = self._live(channel)
        if name == INSTRUMENT and live is not None:
            if isinstance(live, LiveNumbers):
                live.set(parameter, value, ramp.frames,  # type: ignore[arg-type]  # it checks
                         delay_frames=ramp.delay_frames, origin=ramp.origin)
            else:
                _turn(live, parameter, value, ramp)
            return
        stage = self.stage(channel, name, path)
        effect: Any = stage.insert.effect
        if parameter == "bypass":
            stage.bypassed = bool(BYPASS.checked(f"{channel}.{path}", value))
            program.bypass(stage.slot, stage.bypassed, ramp.delay_frames)
        elif isinstance(effect, Gliding):
            effect.set(parameter, value, ramp.frames, delay_frames=ramp.delay_frames, origin=ramp.origin)
            program.touch(effect)
        elif isinstance(effect, Hosted):
            _turn(effect, parameter, value, ramp)
        elif hasattr(effect, "set"):
            effect.set(parameter, value)
        else:
            raise InstrumentError(f"{channel}.{path}: {name} has no parameters but bypass")

    def get(self, channel: str, path: str) -> float:
        """See Console.get."""
        fader = self.faders[self.channel(channel).name]
        if path in fader.listed:
            return fader.get(path)
        name, _, parameter = path.partition(".")
        live = self._live(channel)
        if name == INSTRUMENT and live is not None:
            return float(live.get(parameter))
        stage = self.stage(channel, name, path)
        if parameter == "bypass":
            return float(stage.bypassed)
        effect: Any = stage.insert.effect
        if not hasattr(effect, "get"):
            raise InstrumentError(f"{channel}.{path}: {name} does not tell its parameters")
        return float(effect.get(parameter))

    def listed(self) -> list[Listed]:
        """See Console.parameters."""
        found: list[Listed] = []
        for c in self._channels.values():
            if c.leaving:
                continue
            fader = self.faders[c.name]
            found += [Listed(c.kind, c.name, "", n, fader.rules[n], fader.get(n)) for n in fader.listed]
            live = self._live(c.name)
            if live is not None:
                found += [Listed(c.kind, c.name, INSTRUMENT, n, rule, live.get(n)) for n, rule in live.rules.items()]
            for stage in self.stages[c.name]:
                effect: Any = stage.insert.effect
                if hasattr(effect, "get"):
                    rules = effect.rules if isinstance(effect, Hosted) else getattr(effect, "PARAMETERS", {})
                    found += [Listed(c.kind, c.name, stage.name, n, rule, float(effect.get(n)))
                              for n, rule in rules.items()]
                found.append(Listed(c.kind, c.name, stage.name, "bypass", BYPASS, float(stage.bypassed)))
        return found

    def channel(self, name: str) -> Channel:
        if name not in self._channels:
            raise InstrumentError(f"console: there is no channel {name!r}: choose from {', '.join(self._channels)}")
        return self._channels[name]

    def stage(self, channel: str, name: str, path: str) -> Stage:
        stages = self.stages[self.channel(channel).name]
        for stage in stages:
            if stage.name == name:
                return stage
        known = [*self.faders[channel].listed, *(f"{s.name}.…" for s in stages)]
        raise InstrumentError(f"console: {channel!r} has no {path!r}: choose from {', '.join(known)}")

    def _live(self, channel: str) -> LiveNumbers | Hosted | None:
        """What may change of a track's instrument while it plays."""
        found = getattr(self.channel(channel).instrument, "live", None)
        return found if isinstance(found, LiveNumbers | Hosted) else None

    def hear(self, ramp: Ramp) -> list[Fader]:
        """What mutes and solos leave of each way out of a channel. Returns the faders that are to move."""
        on = {name: {p for p in ("mute", "solo") if p in f.listed and f.get(p)} for name, f in self.faders.items()
              if not self._channels[name].leaving}
        soloed = [name for name, switches in on.items() if "solo" in switches]
        found = heard(self._order, self.edges, soloed)
        changed: list[Fader] = []
        way = 0
        for name, ways in self.ways.items():
            fader = self.faders[name]
            assert isinstance(fader, Fader)
            if name not in on:  # it fades out by itself
                way += len(ways)
                continue
            for k in range(len(ways)):
                if fader.hear(k, found[way] and "mute" not in on[name], ramp.frames, ramp.delay_frames):
                    changed.append(fader)
                way += 1
        return changed

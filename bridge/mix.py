"""The mix as a session has it: effects, sends, groups, returns, master; and what in it does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from bridge.errors import InstrumentError, SessionError
from bridge.plugin_spec import Flag, PluginKeys, PluginName, check_plugin
from instruments.block import Effect
from instruments.channel import by_notes
from instruments.effects.registry import make_effect
from instruments.fader import Send
from instruments.routing import MASTER, Key, Kind, Node, ordered

Db = Annotated[float, Meta(ge=-90, le=24, description="a number of dB from -90 to 24")]
Pan = Annotated[float, Meta(ge=-1, le=1, description="a number from -1 (left) to 1 (right)")]
Name = Annotated[str, Meta(min_length=1, max_length=64, description="a name of 1 to 64 letters")]
EffectName = Annotated[str, Meta(pattern=r"^[^.\s]{1,64}$", description="a name of 1 to 64 letters without dots or "
                                 "spaces")]
_SendDb = Annotated[float, Meta(ge=-90, le=12, description="a number of dB from -90 to 12")]


class EffectSpec(PluginKeys, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One effect of a chain: `plugin` (a hosted plug-in by name or path; see PluginKeys for what more can be said of
    one) or `effect` (by name; `sideman effects`), with `params` by its own parameter names and units.

    name      by which its parameters are addressed; default: the effect's, or "plugin", and "eq2" for a second "eq"
    key       the track or group whose sound is its side-chain (compressor, ducker, gate ...)
    bypass    it is there, and not heard
    """

    plugin: PluginName | None = None
    effect: Name | None = None
    name: EffectName | None = None
    key: Name | None = None
    bypass: Flag = False


class SendSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """db: level into the return; pre: whatever the channel's own gain and pan are."""

    db: _SendDb
    pre: Flag = False


Sends = Annotated[dict[Name, _SendDb | SendSpec], Meta(
    description="levels in dB from -90 to 12 by return, as in { room = -14.0, echo = { db = -20.0, pre = true } }")]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Tracks that share a fader and effects. sends: to returns."""

    name: Name
    gain_db: Db = 0.0
    pan: Pan = 0.0
    mute: Flag = False
    solo: Flag = False
    effects: list[EffectSpec] = []
    sends: Sends = {}


class Return(Struct, frozen=True, forbid_unknown_fields=True):
    """Effects that tracks and groups share: each sends as much as it wants. They are best all wet (mix = 1)."""

    name: Name
    gain_db: Db = 0.0
    pan: Pan = 0.0
    mute: Flag = False
    solo: Flag = False
    effects: list[EffectSpec] = []


class Master(Struct, frozen=True, forbid_unknown_fields=True):
    """Effects on the whole mix, its volume behind them, and the ceiling that no peak (also between samples) passes."""

    gain_db: Db = 0.0
    effects: list[EffectSpec] = []
    ceiling_db: Annotated[float, Meta(ge=-24, le=0, description="a number of dB from -24 to 0")] = -1.0


ROOM = "room"
"""The return that there is by default, and that a patch's own placement sends to."""


def default_returns() -> list[Return]:
    """The small room of a jazz trio."""
    return [Return(ROOM, effects=[EffectSpec(effect="reverb", params={
        "t60_s": 0.75, "damping": 0.6, "predelay_ms": 10.0, "early": 0.5, "high_pass_hz": 150.0,
        "low_pass_hz": 8000.0, "mix": 1.0})])]


def sends_of(specs: Mapping[str, float | SendSpec]) -> dict[str, Send]:
    """As the console has them."""
    return {name: Send(s.db, s.pre) if isinstance(s, SendSpec) else Send(s) for name, s in specs.items()}


def check_mix(place: str, channels: Sequence[tuple[str, Kind, Any]]) -> None:
    """channels: where it was written ("tracks[0]"), what it is, and a Track, Group, Return or Master.

    Raises SessionError: an effect that does not fit, a name that is missing or doubled, a circle of side-chains.
    """
    nodes = [Node(getattr(c, "name", MASTER), kind, getattr(c, "group", None) or MASTER, tuple(getattr(c, "sends", ())),
                  _keys(f"{place}: {where}", c.effects), where) for where, kind, c in channels]
    try:
        ordered(nodes)
    except InstrumentError as error:
        raise SessionError(f"{place}: {error}") from None


def _keys(place: str, specs: Sequence[EffectSpec]) -> list[Key | None]:
    """The side-chains of a chain of effects, which are checked."""
    keys: list[Key | None] = []
    names: set[str] = set()
    for i, spec in enumerate(specs):
        where = f"{place}.effects[{i}]"
        if spec.name is not None and spec.name in names:
            raise SessionError(f"{where}.name = {spec.name!r} is there twice in this chain: give each its own")
        names.add(spec.name or "")
        effect = _made(spec, where)
        notes = effect is not None and by_notes(effect)
        if spec.key is not None and effect is not None and not getattr(effect, "KEYED", False):
            raise SessionError(f"{where}.key = {spec.key!r}: effect {spec.effect!r} listens to no side-chain here: "
                               f"leave it out")
        if spec.key is None and notes:
            raise SessionError(f"{where}: effect {spec.effect!r} goes by the notes of a track: give key = \"NAME\"")
        keys.append(None if spec.key is None else Key(spec.key, notes))
    return keys


def _made(spec: EffectSpec, where: str) -> Effect | None:
    """The effect, to be looked at; None for a plug-in."""
    if (spec.plugin is None) == (spec.effect is None):
        raise SessionError(f"{where}: give either plugin = \"Name or path\" (hosted) or effect = \"name\" (built in)")
    if spec.plugin is not None:
        check_plugin(spec.plugin, spec, where)
        return None
    for word in ("preset", "state", "which", "host", "sync", "required"):
        if getattr(spec, word):
            raise SessionError(f"{where}.{word}: this is for plug-ins; effect {spec.effect!r} is none: leave it out")
    try:
        return make_effect(spec.effect or "", spec.params)
    except InstrumentError as error:
        raise SessionError(f"{where}: {error}") from None

"""From a session to what sounds: chains, strips, mixer. Engine process or render."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.session import EffectSpec, Session, Track
from instruments.block import Effect
from instruments.chain import Chain
from instruments.effects import make_effect
from instruments.hosted import PIPELINE_FRAMES, HostedEffect, PluginStatus
from instruments.mixer import Mixer, Strip
from instruments.patch import make_instrument, placement


class Rig(Mixer):
    """A session's mixer, which also knows its hosted plug-ins."""

    plugins: tuple[HostedEffect, ...] = ()

    def plugin_status(self) -> list[PluginStatus]:
        """Of each hosted plug-in, in the session's order. Any thread."""
        return [p.status() for p in self.plugins]


def build_rig(session: Session, rate: int, max_frames: int, *, block: int = 0, offline: bool = False) -> Rig:
    """The session's mixer, prepared: compiled code is loaded, or compiled (seconds, once a machine).

    block    frames of the device's period: hosted plug-ins have one of it, at least, to answer
    offline  hosted plug-ins are waited for, so that a render is exact

    Raises InstrumentError.
    """
    plugins: list[HostedEffect] = []

    def effects(specs: Sequence[EffectSpec]) -> list[Effect]:
        made: list[Effect] = []
        for spec in specs:
            if spec.plugin is None:
                numbers = {k: v for k, v in spec.params.items() if not isinstance(v, str)}
                made.append(make_effect(spec.effect or "", numbers))
            else:
                plugin = HostedEffect(spec.plugin, spec.params, offline=offline, missing_ok=not spec.required,
                                      pipeline_frames=max(PIPELINE_FRAMES, block))
                plugins.append(plugin)
                made.append(plugin)
        return made

    strips = [_strip(track, effects(track.effects)) for track in session.tracks]
    rig = Rig(strips, rate, max_frames, effects=effects(session.master_effects), master_gain_db=session.master_gain_db)
    rig.plugins = tuple(plugins)
    rig.prepare()
    return rig


def _strip(track: Track, effects: Sequence[Effect]) -> Strip:
    place = placement(track.instrument)
    return Strip(
        track.name,
        Chain(make_instrument(track.instrument), effects),
        gain_db=max(-90.0, min(24.0, place.gain_db + track.gain_db)),
        pan=place.pan if track.pan is None else track.pan,
        mute=track.mute,
        send_db=place.send_db if track.reverb_db is None else max(-90.0, min(12.0, track.reverb_db)),
    )

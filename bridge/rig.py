"""From a session to what sounds: chains, strips, mixer. Engine process or render."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.session import EffectSpec, Session, Track, tuning_of
from instruments.block import Effect, Instrument
from instruments.chain import Chain
from instruments.effects.builtin import make_effect
from instruments.guest import Guest, GuestStatus
from instruments.hosted import PIPELINE_FRAMES, HostedEffect, PluginStatus
from instruments.mixer import Mixer, Strip
from instruments.registry import make_instrument, placement
from instruments.tuned import Tuned


class Rig(Mixer):
    """A session's mixer, which also knows its hosted plug-ins and other people's instruments."""

    plugins: tuple[HostedEffect, ...] = ()
    guests: tuple[Guest, ...] = ()

    def guest_status(self) -> list[GuestStatus]:
        """Of each instrument that is registered or installed by others, in the session's order. Any thread."""
        return [g.status() for g in self.guests]

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

    guests: list[Guest] = []

    def instrument(track: Track) -> Instrument:
        made = make_instrument(track.instrument, tempo=session.music.tempo, offline=offline,
                               stand_in="drums" if "drums" in track.parts else "piano")
        if isinstance(made, Guest):
            guests.append(made)
        tuning = tuning_of(track, session.music.key)
        return made if tuning is None else Tuned(made, tuning)

    strips = [_strip(track, instrument(track), effects(track.effects)) for track in session.tracks]
    rig = Rig(strips, rate, max_frames, effects=effects(session.master_effects), master_gain_db=session.master_gain_db)
    rig.plugins = tuple(plugins)
    rig.guests = tuple(guests)
    rig.prepare()
    return rig


def _strip(track: Track, instrument: Instrument, effects: Sequence[Effect]) -> Strip:
    place = placement(track.instrument)
    return Strip(
        track.name,
        Chain(instrument, effects),
        gain_db=max(-90.0, min(24.0, place.gain_db + track.gain_db)),
        pan=place.pan if track.pan is None else track.pan,
        mute=track.mute,
        send_db=place.send_db if track.reverb_db is None else max(-90.0, min(12.0, track.reverb_db)),
    )

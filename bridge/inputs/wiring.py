"""From a session's [[input]] to routes by number."""

from __future__ import annotations

from bridge.inputs.route import InputRoute, Place, ZoneRoute
from bridge.inputs.spec import Zone, key_map
from bridge.inputs.velocity import velocity_curve
from bridge.session import Session, Track
from instruments.registry import bends_each_channel

_OWN_CHANNELS = (15, 14, 13, 12, 11, 10, 8, 7)
"""Of the inputs, in instruments of ours: composers play on 0, 1 and 9."""
_DRUMS = 9


def input_routes(session: Session) -> list[InputRoute]:
    """By input. Raises ValueError for keys that check_inputs() refuses."""
    return [InputRoute(each.name, tuple(route for zone in each.zones for route in _zone_routes(session, zone, i)),
                       each.mpe, _note_channels(session, i)) for i, each in enumerate(session.input)]


def _note_channels(session: Session, index: int) -> tuple[int, ...]:
    """Of an input that speaks MPE: those that no other input has, shared out where several speak it."""
    speak = [i for i, each in enumerate(session.input) if each.mpe is not None]
    if index not in speak:
        return ()
    own = {_OWN_CHANNELS[i] for i in range(len(session.input)) if i not in speak}
    free = [channel for channel in range(15, 1, -1) if channel not in own and channel != _DRUMS]
    return tuple(free[speak.index(index) :: len(speak)])


def default_track(session: Session) -> str:
    """Of an input that does not say what it plays: the first track that is neither bass nor drums."""
    melodic = [t for t in session.tracks if not {"bass", "drums"} & set(t.parts)]
    return (melodic or session.tracks)[0].name


def _zone_routes(session: Session, zone: Zone, index: int) -> list[ZoneRoute]:
    keys, velocity = key_map(zone), velocity_curve(zone.velocity if zone.velocity is not None else "linear")
    numbers = {track.name: i for i, track in enumerate(session.tracks)}
    return [ZoneRoute(_place(session.tracks[numbers[name]], numbers[name], index),
                      None if zone.channel is None else zone.channel - 1, keys, velocity, zone.pedal or "pass")
            for name in dict.fromkeys(zone.to or [default_track(session)])]


def _place(track: Track, number: int, index: int) -> Place:
    composers = _DRUMS if "drums" in track.parts else 0
    shared = track.plugin is not None
    by_note = track.mpe is not None if shared else bends_each_channel(track.instrument)
    return Place(number, composers if shared else _OWN_CHANNELS[index], composers, shared, by_note, track.bend_range)

"""Which MIDI channel each track of a piece has in a file, and on which port, where 16 channels do not do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from composers.general_midi import DRUM_BANKS, DRUM_CHANNEL, MELODY_BANK
from composers.piece import Piece, Track

Sound = tuple[int | None, int | None, bool]


def with_channels(piece: Piece) -> Piece:
    """Every track on a channel (on several only where its notes were): this is what comes back from a file.

    Drums are on channel 10 (on another only with a bank of drums), others keep theirs or get a free one but 10; when
    none is free they share that of the same program, else any, on another port.
    """
    used = {c for t in piece.tracks for c in _fixed(t)}
    shared: dict[Sound, int] = {}
    made = []
    turn = 0
    for track in piece.tracks:
        fixed = _fixed(track)
        if len(fixed) > 1:
            made.append(replace(track, channel=None))
            continue
        if fixed:
            channel = min(fixed)
        else:
            own = {n.channel for n in track.clip.notes} or {0}
            free = [c for c in (*sorted(own), *range(16)) if c not in used and c != DRUM_CHANNEL]
            if free:
                channel = free[0]
            else:
                others = [c for c in range(16) if c != DRUM_CHANNEL]
                channel = shared.get(sound_of(track), others[turn % len(others)])
                turn += 1
        used.add(channel)
        shared.setdefault(sound_of(track), channel)
        made.append(_on(track, channel))
    return replace(piece, tracks=tuple(made))


def sound_of(track: Track) -> Sound:
    return track.program, track.bank, track.is_drums


def channels_of(track: Track) -> tuple[int, ...]:
    """Of a track of with_channels."""
    return tuple(sorted(_played(track))) if track.channel is None else (track.channel,)


def ports_of(tracks: Sequence[Track]) -> list[int]:
    """For each track of with_channels the first port on which no other sound has its channels."""
    taken: dict[tuple[int, int], Sound] = {}
    ports = []
    for track in tracks:
        port, channels, sound = 0, channels_of(track), sound_of(track)
        while track.program is not None and any(taken.get((port, c), sound) != sound for c in channels):
            port += 1
        for channel in channels:
            if track.program is not None:
                taken[port, channel] = sound
        ports.append(port)
    return ports


def _fixed(track: Track) -> frozenset[int]:
    """The channels that a track is bound to; none where one may be chosen for it."""
    high = (track.bank or 0) >> 7
    if track.is_drums:
        own = track.channel if high in DRUM_BANKS and track.channel is not None else DRUM_CHANNEL
        return frozenset((own,))
    if track.channel is not None:
        return frozenset() if track.channel == DRUM_CHANNEL and high != MELODY_BANK else frozenset((track.channel,))
    played = _played(track)
    return frozenset(played) if len(played) > 1 else frozenset()


def _played(track: Track) -> set[int]:
    return {n.channel for n in track.clip.notes} | {c.channel for c in track.clip.controls}


def _on(track: Track, channel: int) -> Track:
    clip = track.clip
    if _played(track) <= {channel}:
        return replace(track, channel=channel)
    notes = tuple(sorted(n._replace(channel=channel) for n in clip.notes))
    controls = tuple(c._replace(channel=channel) for c in clip.controls)
    return replace(track, channel=channel, clip=replace(clip, notes=notes, controls=controls))

"""The tracks of a Piece that a file's track holds: one, or several where its channels are different instruments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from composers.general_midi import DRUM_BANKS, DRUM_CHANNEL, MELODY_BANK, PROGRAMS
from composers.piece import Track
from composers.score import Clip, Control, Note, Span
from composers.smf import signs
from composers.smf.events import Meta, RawControl, RawNote, TrackEvents
from composers.smf.timing import Scale

_BANK_HIGH, _BANK_LOW = 0, 32
_SPAN = Span(0, 1)


class _Channel:
    """One channel of a track: what it plays, and on what.

    program  of the first program change, if no note comes before it; it and the bank before it are no controls then
    """

    def __init__(self, number: int, notes: list[RawNote], controls: list[RawControl], rhythm: bool) -> None:
        self.number, self.notes = number, notes
        self.program, self.bank, self.controls = _told(controls, min((n[0] for n in notes), default=1 << 62))
        high = (self.bank or 0) >> 7
        self.is_drums = rhythm or high in DRUM_BANKS or (number == DRUM_CHANNEL and high != MELODY_BANK)

    @property
    def sound(self) -> tuple[int, int, bool]:
        return (
            -1 if self.program is None else self.program,
            -1 if self.bank is None else self.bank,
            self.is_drums,
        )

    @property
    def title(self) -> str | None:
        """The name of its sound, None where it has none."""
        if self.is_drums:
            return "drums"
        return None if self.program is None else PROGRAMS[self.program]


def _told(controls: list[RawControl], first_note: int) -> tuple[int | None, int | None, list[RawControl]]:
    """Program and bank with which a channel begins, and the controls that are left."""
    place = next((i for i, c in enumerate(controls) if c[1] == "program"), None)
    if place is None or controls[place][0] > first_note:
        return None, None, controls
    high = low = None
    kept = []
    for control in controls[:place]:
        if control[1] == "cc" and control[2] == _BANK_HIGH:
            high = int(control[3])
        elif control[1] == "cc" and control[2] == _BANK_LOW:
            low = int(control[3])
        else:
            kept.append(control)
    bank = None if high is None and low is None else (high or 0) << 7 | (low or 0)
    return int(controls[place][3]), bank, kept + controls[place + 1 :]


def parts_of(
    track: TrackEvents, scale: Scale, drums: set[int], by_channel: bool, text: Callable[[Meta], str]
) -> list[Track]:
    """drums: channels that are drum kits; by_channel: split even where two channels play the same sound."""
    channels = [_Channel(c, track.notes[c], track.controls[c], c in drums) for c in track.channels]
    names, instruments = _first(track, signs.TITLE, text), _first(track, signs.INSTRUMENT, text)
    if not channels:
        return [_silent(n, c, instruments.get(c)) for c, n in names.items() if c is not None]
    if None not in names and len(names) == 1 and not by_channel:  # a prefix that is not the channel of the notes
        names[None] = next(iter(names.values()))
    named = names.get(None, "")
    if by_channel:
        groups = [[channel] for channel in channels]
    else:
        ordered = sorted(channels, key=lambda c: c.sound)
        groups = [list(group) for _, group in groupby(ordered, key=lambda c: c.sound)]
        groups.sort(key=lambda group: group[0].number)
    made = []
    for group in groups:
        first = group[0]
        instrument = instruments.get(first.number) or (instruments.get(None) if len(groups) == 1 else None)
        own = names.get(first.number) or ("" if by_channel else named if len(groups) == 1 else "")
        fallback = first.title or (f"channel {first.number + 1}" if len(groups) > 1 or by_channel
                                   else f"track {track.number}")  # fmt: skip
        if not own and len(groups) > 1 and named and not by_channel:
            own = f"{named}: {fallback}"
        made.append(
            Track(
                own or instrument or fallback,
                Clip(_SPAN, _notes(group, scale), _controls(group, scale)),
                first.program,
                first.bank,
                first.number if len(group) == 1 else None,
                first.is_drums,
                instrument,
            )
        )
    return made


def _first(track: TrackEvents, kind: int, text: Callable[[Meta], str]) -> dict[int | None, str]:
    """The first text of a kind that is not empty: of the channel that a prefix says, and (None) of the track."""
    found: dict[int | None, str] = {}
    for meta in track.metas:
        if meta.kind == kind and (said := text(meta).strip()):
            found.setdefault(meta.channel, said)
    return found


def _silent(name: str, channel: int, instrument: str | None) -> Track:
    """A track without events, of our own files: they name its channel."""
    return Track(name, Clip(_SPAN), None, None, channel, channel == DRUM_CHANNEL, instrument)


def _notes(group: Iterable[_Channel], scale: Scale) -> tuple[Note, ...]:
    made: list[Note] = []
    new = tuple.__new__  # a third of the time of Note(...), in what is the most of the work
    for channel in group:
        number = channel.number
        for raw, ended, key, velocity in channel.notes:
            start = scale(raw)
            made.append(new(Note, (start, scale(ended) - start or 1, key, float(velocity), number, 0.0)))
    made.sort()
    return tuple(made)


def _controls(group: Iterable[_Channel], scale: Scale) -> tuple[Control, ...]:
    """By time; of one channel at one tick as in the file."""
    new = tuple.__new__
    made: list[Control] = [
        new(Control, (scale(raw), kind, number, value, channel.number))
        for channel in group
        for raw, kind, number, value in channel.controls
    ]
    return tuple(sorted(made, key=lambda control: control.tick))

"""What stays of a piece's own players in a slight transfer: their notes, in the style's time, on its instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from composers.feel import Feel
from composers.general_midi import DRUM_CHANNEL
from composers.piece import Piece, Track
from composers.restyle.gridding import Bars
from composers.restyle.melody_search import pitched, top_line
from composers.restyle.timing import Fit
from composers.score import PPQ, Clip, Note, Span, Tick

OWN_PARTS = 0.2
"""Below this strength all players are the piece's own; from here on drums and bass are the style's."""
WHOLE_BAND = 0.5
"""From here on the whole band is the style's."""
_STEP = PPQ / 12
_BASS_BELOW = 50.0
_TAKEN_BELOW = 48
"""Keys below are the bass's, where the style's bass plays under the piece's own chords."""


def is_bass(track: Track) -> bool:
    """Named so, or low and mostly one voice."""
    if "bass" in track.name.lower():
        return True
    notes = track.clip.notes
    together = sum(a.start == b.start for a, b in pairwise(notes))
    return sum(n.pitch for n in notes) / len(notes) < _BASS_BELOW and together < 0.2 * len(notes)


class Players:
    """The piece's own tracks but the one that sings, as they sound in the style's time."""

    def __init__(self, piece: Piece, melody: str, bars: Bars, fit: Fit, feel: Feel) -> None:
        """feel: of the style, at the tempo that is played."""
        self._bars, self._fit, self._feel = bars, fit, feel
        self._span = Span(0, fit.bars(len(bars.spans)) * fit.meter.bar_ticks)
        self._melody = piece.track(melody)
        self._pitched = [t for t in pitched(piece) if t.name != melody]
        self._drums = [t for t in piece.tracks if t.clip.notes and t not in self._pitched and t.name != melody]

    def all(self, sounds: Mapping[str, str]) -> list[Track]:
        """Everybody. sounds: instrument for "comp" (several, separated by spaces), "bass", "drums"; what is missing
        keeps its own."""
        rest = self._rest_of_melody()
        found = [self._moved(t, sounds.get("bass")) for t in self._pitched if is_bass(t)]
        found = self._chords(sounds, [*rest, *(t for t in self._pitched if not is_bass(t))]) + found
        return found + [self._moved(t, sounds.get("drums")) for t in self._drums]

    def over_a_bass(self, sounds: Mapping[str, str]) -> list[Track]:
        """Those that play chords, without what is below a bass's compass."""
        rest = [*self._rest_of_melody(), *(t for t in self._pitched if not is_bass(t))]
        cut = [replace(t, clip=Clip(t.clip.span, tuple(n for n in t.clip.notes if n.pitch >= _TAKEN_BELOW)))
               for t in rest]  # fmt: skip
        return self._chords(sounds, [t for t in cut if t.clip.notes])

    def _rest_of_melody(self) -> list[Track]:
        """What the track with the tune plays beside it: a pianist's left hand."""
        line = {(n.start, n.pitch) for n in top_line(self._melody.clip.notes)}
        notes = tuple(n for n in self._melody.clip.notes if (n.start, n.pitch) not in line)
        if len(notes) < 0.1 * len(self._melody.clip.notes):
            return []
        name = f"{self._melody.name} below"
        return [replace(self._melody, name=name, clip=Clip(self._melody.clip.span, notes))]

    def _chords(self, sounds: Mapping[str, str], tracks: Sequence[Track]) -> list[Track]:
        who = sounds.get("comp", "").split()
        return [self._moved(t, who[i % len(who)] if who else None) for i, t in enumerate(tracks)]

    def _moved(self, track: Track, instrument: str | None) -> Track:
        """The track in the new bars, meter, tempo and feel."""
        notes: list[Note] = []
        last: dict[tuple[int, int], int] = {}
        for note in track.clip.notes:
            start = self.tick(note.start)
            end = max(start + 1, self.tick(note.end))
            if start >= self._span.end:
                continue
            place = (note.channel, note.pitch)
            if place in last:  # a key is struck again: it ends first
                before = notes[last[place]]
                if before.start >= start:
                    continue
                if before.end > start:
                    notes[last[place]] = before._replace(length=start - before.start)
            last[place] = len(notes)
            notes.append(note._replace(start=start, length=end - start))
        controls = [c._replace(tick=self.tick(c.tick)) for c in track.clip.controls if c.kind != "program"]
        clip = Clip.of(self._span, notes, controls)
        if instrument is None:
            return replace(track, clip=clip)
        channel = {n.channel for n in notes}
        if track.is_drums or channel == {DRUM_CHANNEL}:
            return Track.of(track.name, clip, instrument)
        return Track.of(track.name, replace(clip, notes=tuple(n._replace(channel=0) for n in clip.notes)), instrument)

    def tick(self, tick: Tick) -> Tick:
        """Where a tick of the piece is now: swung as the style swings, what trembles goes on trembling."""
        step = self._fit.step(self._bars.step(tick))
        whole = round(step)
        return max(0, self._feel.tick(whole) + round((step - whole) * _STEP))

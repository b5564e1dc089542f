"""A piece heard as a lead sheet: meter and bars, key and chords, the tune, the sections."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from composers.errors import MusicError
from composers.general_midi import DRUM_CHANNEL
from composers.lead_sheet import LeadSheet, SheetChord, SheetKey
from composers.piece import Piece
from composers.pulse import STEPS, pulse_of
from composers.restyle.gridding import Bars, gridded, on_grid
from composers.restyle.melody_search import Melody, find_melody, pitched
from composers.restyle.reading import shared
from composers.restyle.sectioning import facts, find_sections, named
from composers.score import Note
from composers.theory.chords import Chord, NoChord, PolyChord, parse_symbol
from composers.theory.scales import Key

MOST_BARS = 4000
_FREE = 0.3
"""Below this share (see on_grid) a piece is taken to be played without regard to its bars."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a piece.

    sheet    in the meter that holds longest
    bars     which of the piece's bars is which of the sheet's
    melody   the track and its notes as played
    alone    nothing sounds but the tune: the sheet has no chords
    notices  what people should know of it
    """

    sheet: LeadSheet
    bars: Bars
    melody: Melody
    alone: bool
    notices: tuple[str, ...]


def hear(piece: Piece) -> Heard:
    """Raises MusicError for a piece with nothing to sing in it, or of more than MOST_BARS bars."""
    if piece.bars > MOST_BARS:
        raise MusicError(f"the piece has {piece.bars} bars, more than {MOST_BARS}: restyle a part of it (Piece.slice)")
    melody = find_melody(piece)
    if melody is None or not melody.notes:
        what = "only drums" if any(t.clip.notes for t in piece.tracks) else "no notes"
        raise MusicError(f"the piece has {what}: there is no melody to keep; give one with a melody, or compose a new "
                         "piece in the genre that you want")  # fmt: skip
    every = sorted(n for t in pitched(piece) for n in t.clip.notes if n.channel != DRUM_CHANNEL)
    bars = Bars.of(piece, every)
    line = gridded(melody.notes, bars)
    alone = len(melody.notes) >= 0.95 * len(every) and not piece.chords
    keys, chords = _harmony(piece, every, bars)
    energy = _energy(piece, bars)
    meter, count = bars.meter, len(bars.spans)
    steps = pulse_of(meter).steps
    marks = [(piece.bar_at(tick), text) for tick, text in piece.markers]
    sections = named(marks, count, energy)
    if not sections:
        sections = find_sections(facts(line, _rows(chords, count, meter_steps=steps, bars=bars), energy, steps))
    sheet = LeadSheet(meter, count, round(_tempo(piece), 3), sections, keys, () if alone else chords, line,
                      title=piece.title)  # fmt: skip
    return Heard(sheet, bars, melody, alone, _notices(piece, melody, every, bars))


def _notices(piece: Piece, melody: Melody, every: Sequence[Note], bars: Bars) -> tuple[str, ...]:
    found = []
    if not melody.whole:
        found.append(f"no track is a melody of one voice: the top line of {melody.track!r} is taken for it")
    elif melody.clear < 0.03 and len(pitched(piece)) > 1:
        found.append(f"which track has the melody is not clear: {melody.track!r} is taken for it")
    if on_grid(every, bars) < _FREE:
        found.append("the notes do not keep to the bars: they are taken as they lie, so bars and chords may be off")
    if len(set(bars.meters)) > 1:
        found.append(f"the meter changes: all bars are made to fit {bars.meter}")
    return tuple(found)


def _tempo(piece: Piece) -> float:
    """Of the whole: quarters over minutes."""
    seconds = piece.duration_s
    return piece.length / 960 / seconds * 60 if seconds > 0 else piece.tempi[0][1]


def _harmony(piece: Piece, every: Sequence[Note], bars: Bars) -> tuple[tuple[SheetKey, ...], tuple[SheetChord, ...]]:
    """As the piece names them, else as they are heard."""
    chords = [(tick, chord) for tick, symbol in piece.chords if (chord := _chord(symbol)) is not None]
    written = len(chords) >= max(1, len(bars.spans) // 8)
    if written and piece.keys:
        keys = tuple(SheetKey(piece.bar_at(tick), str(key.tonic), _mode(key)) for tick, key in piece.keys)
        return _from_bar_0(keys), _on_steps([(tick, str(chord)) for tick, chord in chords], bars)
    from composers.theory.analysis.grid import MeterChange  # numpy: only where somebody listens
    from composers.theory.analysis.harmony import analyze_harmony

    changes = [MeterChange(bars.spans[0].start, bars.meters[0])]
    first = bars.spans[0].length < bars.meters[0].bar_ticks
    for index, (span, meter) in enumerate(zip(bars.spans, bars.meters, strict=True)):
        if meter != changes[-1].meter or (index == 1 and first):
            changes.append(MeterChange(span.start, meter))
    signs = piece.keys[0][1].fifths if piece.keys else None
    heard = analyze_harmony(every, changes, signs=signs)
    keys = tuple(SheetKey(max(0, piece.bar_at(k.span.start)), str(k.key.tonic), _mode(k.key)) for k in heard.keys)
    if not written:
        chords = [(c.span.start, c.chord) for c in heard.chords]
    return _from_bar_0(keys), _on_steps([(tick, str(chord)) for tick, chord in chords], bars)


def _mode(key: Key) -> str:
    return {"ionian": "major", "aeolian": "minor"}.get(key.mode, key.mode)


def _chord(symbol: str) -> Chord | None:
    meant = parse_symbol(symbol)
    return None if isinstance(meant, NoChord) else meant.lower if isinstance(meant, PolyChord) else meant


def _from_bar_0(keys: tuple[SheetKey, ...]) -> tuple[SheetKey, ...]:
    """One a bar, the first from the beginning, none twice."""
    found: dict[int, SheetKey] = {}
    for index, key in enumerate(keys):
        found[0 if index == 0 else key.bar] = key._replace(bar=0 if index == 0 else key.bar)
    rows = [found[bar] for bar in sorted(found)]
    return tuple(k for i, k in enumerate(rows) if i == 0 or k[1:] != rows[i - 1][1:])


def _on_steps(chords: Sequence[tuple[int, str]], bars: Bars) -> tuple[SheetChord, ...]:
    """On beats, the last of one place, none twice."""
    beats = pulse_of(bars.meter).beats
    steps = pulse_of(bars.meter).steps
    found: dict[int, str] = {}
    for tick, symbol in chords:
        bar, within = divmod(bars.step(max(0, tick)) + 0.01, steps)
        nearest = min((*beats, steps), key=lambda beat: abs(beat - within))
        found[int(bar) * steps + nearest] = symbol
    rows = [SheetChord(step, found[step]) for step in sorted(found)]
    return tuple(c for i, c in enumerate(rows) if i == 0 or c.symbol != rows[i - 1].symbol)


def _rows(chords: Sequence[SheetChord], count: int, *, meter_steps: int, bars: Bars) -> list[tuple[str, ...]]:
    """Symbols by bar, inversions aside: for comparing bars."""
    pulse = pulse_of(bars.meter)
    starts = [c.step for c in chords]
    rows: list[tuple[str, ...]] = []
    for bar in range(count):
        a, b = bar * meter_steps, (bar + 1) * meter_steps
        low, high = bisect_left(starts, a + 1), bisect_left(starts, b)
        before = chords[low - 1].symbol if low else chords[0].symbol if chords else ""
        inside = [(0, before), *((c.step - a, c.symbol) for c in chords[low:high])]
        rows.append(tuple(symbol.partition("/")[0] for symbol in shared(inside, pulse)))
    return rows


def _energy(piece: Piece, bars: Bars) -> list[float]:
    """By bar, how much begins and how loud: onsets a quarter (of all tracks) x velocity."""
    found = [0.0] * len(bars.spans)
    starts = [span.start for span in bars.spans]
    for track in piece.tracks:
        for note in track.clip.notes:
            index = bisect_left(starts, note.start + 1) - 1
            if 0 <= index < len(found):
                found[index] += note.velocity / 127.0
    return [value / max(1, span.length / (STEPS * 80)) for value, span in zip(found, bars.spans, strict=True)]

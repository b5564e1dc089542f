"""The statistics by name, as functions of a piece: what gates judge, tables list and reports compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from composers.score import Note
from composers.statistics import chord_tones, drums, dynamics, melodic, phrases, repetition, texture, tonality, voices
from composers.statistics import timing as micro
from composers.statistics.grid import contents, groove, masks, mean_jaccard, steps_in_bar
from composers.statistics.piece import Piece

WINDOW_BARS = 4
_LEAST_NOTES = 8
"""A share over fewer notes says nothing of a piece."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A statistic of a piece.

    scope  what it listens to: "pitched" (all but drums), "melody", "bass", "comp", "drums" or "chords"
    unit   of the value, "" for shares and correlations
    """

    name: str
    scope: str
    unit: str
    meaning: str
    of: Callable[[Piece], float | None]


def _line(piece: Piece) -> tuple[Note, ...]:
    return melodic.skyline(piece.of("melody"))


def _moves(piece: Piece) -> list[int]:
    found = melodic.intervals(_line(piece))
    return found if len(found) >= _LEAST_NOTES else []


def _tonality(of: Callable[[Sequence[Note], int], float | None], role: str) -> Callable[[Piece], float | None]:
    return lambda piece: of(piece.of(role), WINDOW_BARS * piece.meter.bar_ticks)


def _masks(piece: Piece, role: str) -> list[frozenset[int]]:
    return masks(piece.of(role), piece.meter, piece.bars, piece.fineness)


def _contents(piece: Piece, role: str) -> list[frozenset[tuple[int, int]]]:
    return contents(piece.of(role), piece.meter, piece.bars, piece.fineness)


def _drum_bars(piece: Piece) -> list[frozenset[tuple[int, int]]]:
    return drums.bars_of(piece.of("drums"), piece.meter, piece.bars, piece.fineness)


def _if_any(role: str, of: Callable[[Piece], float | None]) -> Callable[[Piece], float | None]:
    return lambda piece: of(piece) if piece.of(role) else None


def _chord_tones(*places: str) -> Callable[[Piece], float | None]:
    def of(piece: Piece) -> float | None:
        line = _line(piece)
        if places:
            from composers.statistics.meter_places import place_of

            line = tuple(n for n in line if place_of(n.start, piece.meter, piece.fineness) in places)
        return chord_tones.share_at(piece, line) if len(line) >= _LEAST_NOTES else None

    return of


def _ends(piece: Piece) -> float | None:
    line = _line(piece)
    return chord_tones.share_at_ends(piece, line) if len(phrases.phrases(line)) >= 4 else None


def _hat_wander(piece: Piece) -> float | None:
    """Of whichever of hat and ride plays more, on beats and off-beats."""
    kit = piece.of("drums")
    time = max((drums.of_class(kit, c) for c in (drums.HAT, drums.RIDE)), key=len)
    swing = 2 / 3 if piece.fineness == 3 else 0.5
    if len(time) < 4 * _LEAST_NOTES:
        return None
    return micro.autocorrelation(micro.deviations(time, 960, swing))


def _off_backbeat_ghosts(piece: Piece) -> float | None:
    found = drums.off_backbeat(piece.of("drums"), piece.meter, piece.fineness)
    return dynamics.ghost_share(found) if len(found) >= _LEAST_NOTES else None


def _hat_swing(piece: Piece) -> float | None:
    return micro.swing_ratio(drums.of_class(piece.of("drums"), drums.HAT, drums.OPEN_HAT, drums.RIDE))


def _by_bars(role: str) -> Callable[[Piece], float | None]:
    return _if_any(role, lambda piece: texture.notes_a_bar(piece.of(role), piece.bars))


_ALL = (
    Measure("ent4", "pitched", "bits", "pitch-class entropy in windows of 4 bars",
            _tonality(tonality.mean_entropy, "pitched")),
    Measure("key4", "pitched", "", "correlation with the best key's profile in windows of 4 bars",
            _tonality(tonality.mean_key_fit, "pitched")),
    Measure("dia4", "pitched", "", "time in the best diatonic set in windows of 4 bars",
            _tonality(tonality.mean_diatonic_share, "pitched")),
    Measure("groove", "pitched", "", "1 - Hamming distance of neighbouring bars' onsets",
            lambda p: groove(_masks(p, "pitched"), steps_in_bar(p.meter, p.fineness))),
    Measure("jac", "pitched", "", "Jaccard of neighbouring bars' onsets", lambda p: mean_jaccard(_masks(p, "pitched"))),
    Measure("rep", "pitched", "", "bars that occurred before, note for note",
            lambda p: repetition.repeated_share(_contents(p, "pitched"))),
    Measure("rrep", "pitched", "", "bars whose rhythm occurred before",
            lambda p: repetition.repeated_share(_masks(p, "pitched"))),
    Measure("lag1", "pitched", "", "Jaccard of (place, pitch) with the bar before",
            lambda p: mean_jaccard(_contents(p, "pitched"), 1)),
    Measure("lag4", "pitched", "", "the same four bars apart", lambda p: mean_jaccard(_contents(p, "pitched"), 4)),
    Measure("lag8", "pitched", "", "the same eight bars apart", lambda p: mean_jaccard(_contents(p, "pitched"), 8)),
    Measure("notes", "pitched", "a bar", "notes a bar, all but drums", _by_bars("pitched")),
    Measure("polyphony", "pitched", "notes", "sounding together on average",
            lambda p: texture.polyphony(p.of("pitched"))),
    Measure("clash_s", "pitched", "s", "longest time that two notes a semitone apart sound together",
            _if_any("pitched", lambda p: texture.longest_clash_s(p.of("pitched"), p.tick_ms))),
    Measure("dissonance", "pitched", "", "seconds, sevenths and tritones between highest and lowest",
            voices.dissonance_share),
    Measure("parallels", "voices", "", "moves in parallel fifths, of moves of two voices", voices.parallels_share),
    Measure("chords_equal4", "chords", "", "bars with the chords of four bars before",
            lambda p: repetition.chords_equal(p, 4)),
    Measure("chords_resolved", "chords", "", "dominant sevenths whose root then falls a fifth or a semitone",
            repetition.resolved_share),
    Measure("chords_a_bar", "chords", "a bar", "chords that begin in a bar", repetition.chords_a_bar),
    Measure("melody.key4", "melody", "", "key fit of the melody alone", _tonality(tonality.mean_key_fit, "melody")),
    Measure("melody.dia4", "melody", "", "diatonic share of the melody alone",
            _tonality(tonality.mean_diatonic_share, "melody")),
    Measure("melody.notes", "melody", "a bar", "notes a bar", _by_bars("melody")),
    Measure("melody.range", "melody", "st", "lowest to highest note", lambda p: texture.range_semitones(_line(p))),
    Measure("melody.steps", "melody", "", "moves of 0 to 2 semitones", lambda p: melodic.steps_share(_moves(p))),
    Measure("melody.repeats", "melody", "", "repeated notes", lambda p: melodic.repeats_share(_moves(p))),
    Measure("melody.leaps", "melody", "", "moves of 5 semitones and more", lambda p: melodic.leaps_share(_moves(p))),
    Measure("melody.leaps_answered", "melody", "", "leaps after which it turns back",
            lambda p: melodic.leaps_answered(_moves(p))),
    Measure("melody.turns", "melody", "", "moves after which it turns", lambda p: melodic.turns(_moves(p))),
    Measure("melody.runs", "melody", "", "notes in scalar runs of 4 and more", lambda p: melodic.runs_share(_moves(p))),
    Measure("melody.on_strong", "melody", "", "chord tones on downbeats and mid-bar",
            _chord_tones("downbeat", "strong")),
    Measure("melody.on_off16", "melody", "", "chord tones on off-beat sixteenths", _chord_tones("off-16th")),
    Measure("melody.at_ends", "melody", "", "chord tones at phrase ends", _ends),
    Measure("melody.in_scale", "melody", "", "notes in the chord's scale",
            lambda p: chord_tones.in_scale(p, _line(p)) if len(_line(p)) >= _LEAST_NOTES else None),
    Measure("melody.rep", "melody", "", "bars that occurred before, note for note",
            lambda p: repetition.repeated_share(_contents(p, "melody"))),
    Measure("melody.rrep", "melody", "", "bars whose rhythm occurred before",
            lambda p: repetition.repeated_share(_masks(p, "melody"))),
    Measure("melody.lag4", "melody", "", "Jaccard of (place, pitch) four bars apart",
            lambda p: mean_jaccard(_contents(p, "melody"), 4)),
    Measure("melody.breathes", "melody", "", "spans of 4 bars with a rest of half a beat and more",
            lambda p: phrases.breathing_share(_line(p), p.bars, p.meter.bar_ticks)),
    Measure("melody.phrase_notes", "melody", "notes", "median phrase", lambda p: phrases.median_notes(_line(p))),
    Measure("melody.phrase_beats", "melody", "beats", "median phrase", lambda p: phrases.median_beats(_line(p))),
    Measure("melody.rest_beats", "melody", "beats", "median rest between phrases",
            lambda p: phrases.median_rest(_line(p))),
    Measure("bass.on_strong", "bass", "", "chord tones on downbeats and mid-bar",
            lambda p: chord_tones.share_at(p, p.of("bass"), "downbeat", "strong")),
    Measure("drums.hits", "drums", "a bar", "hits a bar", _by_bars("drums")),
    Measure("drums.groove", "drums", "", "1 - Hamming distance of neighbouring bars' onsets",
            _if_any("drums", lambda p: groove(_masks(p, "drums"), steps_in_bar(p.meter, p.fineness)))),
    Measure("drums.jac1", "drums", "", "Jaccard of (place, drum) of neighbouring bars",
            _if_any("drums", lambda p: mean_jaccard(_drum_bars(p), 1))),
    Measure("drums.jac4", "drums", "", "the same four bars apart",
            _if_any("drums", lambda p: mean_jaccard(_drum_bars(p), 4))),
    Measure("drums.rep", "drums", "", "bars that occurred before, hit for hit",
            _if_any("drums", lambda p: repetition.repeated_share(_drum_bars(p)))),
    Measure("drums.equal", "drums", "", "bars exactly as the one before",
            _if_any("drums", lambda p: repetition.neighbours_equal(_drum_bars(p)))),
    Measure("drums.fills", "drums", "", "bars with a tom fill",
            lambda p: drums.fill_share(p.of("drums"), p.meter, p.bars)),
    Measure("drums.ghosts", "drums", "", "snare off the backbeat below velocity 60", _off_backbeat_ghosts),
    Measure("drums.wander", "drums", "", "lag-1 autocorrelation of hat or ride timing", _hat_wander),
    Measure("drums.swing", "drums", "", "long : short eighths of hat and ride", _hat_swing),
)  # fmt: skip

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}
"""By name, in the order in which tables list them."""


def measured(piece: Piece, names: Sequence[str] = tuple(MEASURES)) -> dict[str, float | None]:
    """Values by name; None where a piece has nothing to measure."""
    return {name: MEASURES[name].of(piece) for name in names}

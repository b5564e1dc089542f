"""The harmony of some music: keys and modulations, chords with their Roman numerals and functions, cadences, phrases.

    analyze_harmony("song.mid")               {key: C, scale: major, chords: [C, Am, Dm7, G7, C]}
    print(analyze_harmony(notes).table())     a line for each chord

Pure functions of the notes; any thread, some milliseconds for a hundred bars. Nothing here needs a neural framework:
the networks are a few small arrays (weights.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from composers.score import Meter, Tick
from composers.theory.analysis.decoder import Decoding, Span, cut, read
from composers.theory.analysis.features import boundary_features, chord_blocks, chord_extras, key_blocks
from composers.theory.analysis.grid import Grid, MeterChange, make_grid
from composers.theory.analysis.notes import Source, read_notes
from composers.theory.analysis.report import Report
from composers.theory.analysis.results import CadenceInTime, ChordInTime, HarmonyAnalysis, KeyInTime, named
from composers.theory.analysis.weights import Weights, weights

__all__ = ["CadenceInTime", "ChordInTime", "HarmonyAnalysis", "KeyInTime", "analyze_harmony", "hear", "named"]


def analyze_harmony(
    notes: Source,
    meter: Meter | str | Sequence[MeterChange] | None = None,
    *,
    first_bar: Tick = 0,
    signs: int | None = None,
    learned: Weights | None = None,
    decoding: Decoding | None = None,
) -> HarmonyAnalysis:
    """Keys, chords, Roman numerals, cadences and phrases of some music.

    notes      Notes, a Clip, tracks by name, the path of a MIDI file, tuples (start, length, pitch) in quarter notes,
               a list of pitches (by quarters) or of chords, each a list of pitches (by bars). Percussion (channel
               index 9) is left out
    meter      "3/4", a Meter, or changes of meter at their bar lines; of a MIDI file its own, else 4/4
    first_bar  tick of the first bar line; what lies before is a pickup
    signs      sharps (flats below 0) of the key signature, which decides between F# and Gb; of a MIDI file its own
    learned    other weights than the shipped ones, and `decoding` other settings: for training

    Raises MusicError where there is no note with a pitch, or what is given is none, saying what to give.
    """
    given = Meter.parse(meter) if isinstance(meter, str) else meter
    played = read_notes(notes, given if isinstance(given, Meter) else None)
    if given is None or isinstance(given, Meter):
        meters: Sequence[MeterChange] = (MeterChange(first_bar, given or played.meter or Meter()),)
    else:
        meters = given
    grid = make_grid(played.notes, meters)
    learned = learned or weights()
    spans = hear(grid, learned, decoding or Decoding())
    return Report(grid, meters, spans, played.signs if signs is None else signs, learned.phrase).analysis()


def hear(grid: Grid, learned: Weights, decoding: Decoding) -> list[Span]:
    """Chord and key of every stretch of the grid; rests belong to the chord before them."""
    heard = learned.chord.scores(chord_blocks(grid), chord_extras(grid))
    keys = learned.key.scores(key_blocks(grid, heard)).reshape(len(grid), -1)
    heard = heard.reshape(len(grid), -1)
    boundary = learned.boundary.log_odds(boundary_features(grid))
    return read(cut(heard, boundary, decoding), heard, keys, learned.tables, decoding)

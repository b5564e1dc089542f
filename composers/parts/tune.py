"""Tunes as they are sung and played: ideas stated, repeated and left, phrases that breathe, cadences, one highest note.

What makes the tune is drawn from the section's material, so that it comes back as it was (`tune_form`); how it is sung
this time from the place (`tune_delivery`). Around a tonic of C. Measures: POP909, tune books and Lieder.
"""

from __future__ import annotations

from dataclasses import replace

from composers.dice import dice
from composers.harmony import STEPS
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.tune_delivery import delivered, more_or_less, reworded
from composers.parts.tune_form import Sung, composed, one_voice, setting
from composers.parts.tune_pitch import sing, slots
from composers.parts.tune_style import BLUES_TUNE as BLUES_TUNE
from composers.parts.tune_style import FOLK_TUNE as FOLK_TUNE
from composers.parts.tune_style import HOOK_TUNE as HOOK_TUNE
from composers.parts.tune_style import POP_TUNE as POP_TUNE
from composers.parts.tune_style import ROCK_TUNE as ROCK_TUNE
from composers.parts.tune_style import SONG_TUNE as SONG_TUNE
from composers.parts.tune_style import SPARSE_TUNE as SPARSE_TUNE
from composers.parts.tune_style import Manner as Manner
from composers.parts.tune_style import Motif as Motif
from composers.parts.tune_style import TuneStyle as TuneStyle
from composers.parts.tune_style import motif_of as motif_of


def tune(passage: Passage, listening: Listening, style: TuneStyle) -> Written:
    """The tune of a passage: one voice, sorted, nothing overlapping, around a tonic of C. 32 bars take some ms."""
    if passage.role in style.silent or not passage.bars:
        return Written()
    if passage.role == "ending":
        return Written(_ending(passage, style))
    sung = composed(setting(passage, style, style.manners.get(passage.role, Manner())))
    sung = more_or_less(passage, reworded(passage, sung), style)
    return Written(delivered(passage, one_voice(sung), style))


def _ending(passage: Passage, style: TuneStyle) -> list[Event]:
    """A short way home and the last note, held."""
    where = setting(passage, style, Manner())
    final = passage.regions[-1]
    way = [(0, 12), (12, 6), (18, 6), (24, 18)] if final.start >= 4 * STEPS else [(0, 12), (12, 12)]
    rhythm = [(step, length) for step, length in way if step + length <= final.start]
    rhythm.append((final.start, passage.steps - final.start))
    found = slots(passage, 0, tuple(rhythm))
    contour = [where.centre + 2 - 4 * k / len(found) for k in range(len(found))]
    careful = replace(style, temperature=min(1.0, style.temperature))
    draw = dice(passage.seed, "tune ending", passage.name)
    keys = sing(passage, found, careful, where.span, contour, [], draw, cadence="full")
    return delivered(passage, [Sung(*each, key) for each, key in zip(rhythm, keys, strict=True)], style)

"""Statistics of music: what tells it from noise, how close it is to the real thing, and which seeds differ.

Functions of notes, chords and meters, pure Python, without data: `tonality`, `grid`, `repetition`, `melodic`,
`rhythm`, `chord_tones`, `phrases`, `texture`, `timing`, `dynamics`, `drums`, `voices`; `baselines` makes the random
music that has to fail; `gates` holds what real music keeps to and judges a piece; `distance` compares two.
"""

from __future__ import annotations

from composers.statistics.gates import GATES, Gate, Verdict, judge
from composers.statistics.measures import MEASURES, Measure
from composers.statistics.piece import ChordSpan, Piece, of_band

__all__ = ["GATES", "MEASURES", "ChordSpan", "Gate", "Measure", "Piece", "Verdict", "judge", "of_band"]

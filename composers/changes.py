"""Progressions as people type them: chord symbols or numerals, in bars, for the whole piece or by section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from composers.errors import MusicError
from composers.harmony import Bar
from composers.theory.charts import chord_of
from composers.theory.charts import parse_chart as parse_numerals
from composers.theory.chords import Chord, parse_chord
from composers.theory.scales import Key

EVERYWHERE = ""
_SYMBOL = re.compile(r"[A-G]")
_NO_CHANGE = ("%", "/", "-")
_LONGEST = 48
"""Letters of a chord, far above any: numerals may be applied to numerals without end (V/V/V...)."""
_MOST_IN_A_BAR = 32
"""As many as beats."""


@lru_cache(maxsize=256)
def parse_changes(text: str, key: Key) -> Mapping[str, tuple[Bar, ...]]:
    """ "Dm7 G7 | Cmaj7" -> {"": two bars}; "verse: vi IV; chorus: I V" -> one entry a section.

    Words are chord symbols (Ebmaj7) or numerals (ii, V7, bVII), freely mixed; "|" divides bars, without any each chord
    has a bar of its own; "%" repeats the bar before. Raises MusicError: the word, and what is understood.
    """
    found: dict[str, tuple[Bar, ...]] = {}
    for part in (p for p in text.split(";") if p.strip()):
        name, colon, row = part.rpartition(":")
        label = name.strip().lower() if colon else EVERYWHERE
        if label in found:
            raise MusicError(f"chords: {label or 'the progression'} is there twice: give each section once")
        found[label] = _bars(row, key)
    if not found:
        raise MusicError('chords = "" has no chord: write for example "Dm7 G7 | Cmaj7" or "ii V | I"')
    return found


def _bars(row: str, key: Key) -> tuple[Bar, ...]:
    for word in re.split(r"[\s|–—→>,-]+", row):
        if len(word) > _LONGEST:
            raise MusicError(f"chord '{word[:_LONGEST]}...' has {len(word)} letters: one has {_LONGEST} at most")
    inside = row.strip().strip("|").strip()
    texts = inside.split("|") if "|" in inside else re.split(r"\s*[-–—→>,]\s+|\s+[-–—→>,]\s*|\s+", inside)
    if "|" not in inside and len(texts) == 1 and "-" in inside and not _SYMBOL.match(inside):
        texts = [word for (word,) in parse_numerals(inside)]
    bars: list[Bar] = []
    for text in texts:
        words = text.split()
        if not words:
            raise MusicError(f"chords {row.strip()!r} have an empty bar: write a chord in each, with | between bars")
        if len(words) > _MOST_IN_A_BAR:
            raise MusicError(f"chords: a bar has {len(words)} of them: {_MOST_IN_A_BAR} at most, with | between bars")
        if words[0] in _NO_CHANGE and len(words) == 1:
            if not bars:
                raise MusicError(f"chords {row.strip()!r} begin with {words[0]!r}: there is no bar to repeat")
            bars.append(bars[-1])
            continue
        bars.append(tuple(_chord(word, key) for word in words))
    return tuple(bars)


def _chord(word: str, key: Key) -> Chord:
    if _SYMBOL.match(word):
        return parse_chord(word)
    try:
        return chord_of(parse_numerals(word)[0][0], key)
    except MusicError:
        raise MusicError(
            f"chord {word!r} is neither a symbol nor a numeral: write for example Cm7, G7/B, Ebmaj7, ii, V7, bVII"
        ) from None

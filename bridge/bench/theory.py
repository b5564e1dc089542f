"""What theory costs: chords, Roman numerals, progressions, voice leading, imports; beside music21 in the same run.

Chords and numerals are measured over a cross product of roots, kinds (keys, numerals) and inversions. "One by one" is
what a program does that asks for one chord after the other: every symbol is new, our own caches are emptied first.
Times are CPU time of the thread, imports apart.
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bridge.bench.figures import median
from composers.theory import batch, chord_suffixes, chords, pitch, roman_batch, roman_names, roman_reading, roman_stacks
from composers.theory.chord_kinds import QUALITIES
from composers.theory.chords import parse_chord
from composers.theory.pitch import KEYS
from composers.theory.progression_styles import STYLES, generate
from composers.theory.romans import parse_roman, roman_of
from composers.theory.scales import Key
from composers.theory.voice_leading import lead

TARGETS = {
    "chords_per_s": 1_000_000, "chords_vs_music21": 300, "romans_per_s": 100_000, "romans_vs_music21": 500,
    "progression_32_bars_ms": 1.0, "voice_leading_64_chords_ms": 30.0, "import_s": 0.15,
}  # fmt: skip
"""Rates and ratios at least, times at most."""
_BATCH = 200_000
_PEER_KINDS = ("", "m", "dim", "aug", "7", "maj7", "m7", "m7b5", "dim7", "m6", "6", "9", "M9", "m9", "11",
               "13", "sus4", "sus2")  # fmt: skip
"""Suffixes that both read."""
_PEER_NUMERALS = (
    "I", "ii", "iii", "IV", "V", "vi", "viio", "I6", "ii6", "IV6", "V6", "viio6", "I64", "V7", "V65", "V43", "V42",
    "ii7", "ii65", "ii43", "viio7", "IV7", "vi7", "V/V", "V7/V", "V65/V", "V/vi", "V7/ii", "V42/IV", "viio7/V",
    "viio6/ii", "bVI", "bII6", "iv", "i",
)  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    """CPU time of this thread: what else runs on the machine counts little."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _emptied() -> None:
    """As if nothing had been asked before (the vocabularies, made once, stay)."""
    for cached in (parse_chord, chords.parse_symbol, chords._on_natural, chord_suffixes.read_kind,
                   pitch.parse_pitch_name, parse_roman, roman_reading._quality, roman_stacks.stack,
                   roman_names._readings, roman_names._kind_bits):
        cached.cache_clear()


def chord_rate(runs: int) -> dict[str, float]:
    """Chords a second in batch: from root and kind to spelled notes and pitch classes, and from those to the name."""
    random = np.random.default_rng(1)
    fifths = random.integers(-7, 8, _BATCH)
    kinds = random.integers(0, len(QUALITIES), _BATCH)
    roots = batch.pitch_classes_of(fifths)
    masks = batch.masks(roots, kinds)

    def build() -> None:
        batch.spelled(fifths, kinds)
        batch.masks(roots, kinds)

    build()
    batch.chords(masks, roots)
    naming = [_seconds(lambda: batch.chords(masks, roots)) for _ in range(runs)]
    return {"chords_per_s": round(_BATCH / median([_seconds(build) for _ in range(runs)])),
            "chords_named_per_s": round(_BATCH / median(naming))}


def roman_rate(runs: int) -> float:
    """Numerals a second in batch, of all chords in all keys, inversions and applied chords among them."""
    known = roman_batch.numerals()
    major = known.numerals[: known.first_minor]
    rows = [(sum(1 << p for p in {note.pitch_class for note in n.notes(key)}), n.bass(key).pitch_class, tonic)
            for n in major for tonic, key in ((0, Key.parse("C")), (3, Key.parse("Eb")), (8, Key.parse("Ab")))]
    table = np.array(rows * (_BATCH // len(rows) + 1))[:_BATCH]
    masks, basses, tonics = table.T

    def read() -> None:
        found = roman_batch.romans(masks, basses, tonics, False)
        if (found == roman_batch.NO_ROMAN).any():
            raise AssertionError("a numeral's own notes have no numeral")

    read()
    return round(_BATCH / median([_seconds(read) for _ in range(runs)]))


def chord_symbols() -> list[str]:
    return [f"{root}{kind}" for kind in _PEER_KINDS for root in KEYS]


def numerals_in_keys() -> list[tuple[str, Key]]:
    return [(numeral, Key.parse(tonic)) for numeral in _PEER_NUMERALS for tonic in KEYS]


def one_by_one(runs: int) -> dict[str, float]:
    """Microseconds from a chord's symbol to its notes, from a chord in a key to its numeral, from that to its notes."""
    symbols, numerals = chord_symbols(), numerals_in_keys()
    named = [(parse_roman(numeral).chord(key), key) for numeral, key in numerals]
    roman_of(*named[0])  # makes the vocabularies
    roman_of(named[0][0], Key.parse("A", "minor"))

    def read_chords() -> None:
        for symbol in symbols:
            _ = parse_chord(symbol).notes_from_bass

    def name_romans() -> None:
        for chord, key in named:
            roman_of(chord, key)

    def read_romans() -> None:
        for numeral, key in numerals:
            _ = parse_roman(numeral).notes(key)

    found: dict[str, float] = {}
    for name, work, count in (("chord_us", read_chords, len(symbols)), ("roman_us", name_romans, len(named)),
                              ("roman_reading_us", read_romans, len(numerals))):
        times: list[float] = []
        for _ in range(runs):
            _emptied()
            times.append(_seconds(work) / count * 1e6)
        found[name] = median(times)
    return found


def peer(runs: int, most: int = 200) -> dict[str, float | None]:
    """The same by music21, of every so many-th so that it takes some seconds. None where it is not installed."""
    try:
        from music21 import chord, harmony, roman
        from music21 import key as keys
    except ImportError:
        return dict.fromkeys(("music21_chord_us", "music21_roman_us", "music21_roman_reading_us"))
    symbols, numerals = chord_symbols(), numerals_in_keys()
    symbols = symbols[:: max(1, len(symbols) // most)]
    numerals = numerals[:: max(1, len(numerals) // most)]
    tonics = {key: keys.Key(_theirs(str(key.tonic))) for _, key in numerals}
    sounding = [(chord.Chord([_theirs(str(n)) for n in parse_roman(numeral).chord(key).notes_from_bass]), tonics[key])
                for numeral, key in numerals]

    def read_chords() -> None:
        for symbol in symbols:
            root = symbol[:2] if symbol[1:2] in ("b", "#") else symbol[:1]
            _ = harmony.ChordSymbol(_theirs(root) + symbol[len(root):]).pitches

    def name_romans() -> None:
        for notes, key in sounding:
            roman.romanNumeralFromChord(notes, key)

    def read_romans() -> None:
        for numeral, key in numerals:
            _ = roman.RomanNumeral(numeral, tonics[key]).pitches

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: median([_seconds(work) / count * 1e6 for _ in range(runs)])
            for name, work, count in (("music21_chord_us", read_chords, len(symbols)),
                                      ("music21_roman_us", name_romans, len(sounding)),
                                      ("music21_roman_reading_us", read_romans, len(numerals)))
        }


def _theirs(name: str) -> str:
    return name.replace("b", "-")


def progression_ms(runs: int) -> dict[str, float]:
    """Of 32 chords, each time of another seed and in another key, by style; the tables are made before."""
    found = {}
    for style in STYLES:
        generate("C", "major", style, 32, seed=-1)
        generate("C", "minor", style, 32, seed=-1)
        times: list[float] = []
        for seed in range(40 * runs):
            began = time.thread_time()
            generate(KEYS[seed % len(KEYS)], "major" if seed % 2 else "minor", style, 32, seed=seed)
            times.append((time.thread_time() - began) * 1e3)
        found[style] = median(times)
    return found


def leading_ms(runs: int) -> dict[str, float]:
    """Of 64 chords, each time others."""
    found = {}
    for style, genre in (("classical", "classical"), ("jazz", "jazz"), ("pop", "rock")):
        rows = [generate(KEYS[seed], "major", genre, 64, seed=seed) for seed in range(runs + 1)]
        lead(rows[-1], style=style, key=rows[-1].key, strict=False)
        times: list[float] = []
        for row in rows[:runs]:
            began = time.thread_time()
            lead(row, style=style, key=row.key, strict=False)
            times.append((time.thread_time() - began) * 1e3)
        found[style] = median(times)
    return found


def _fresh(code: str) -> float:
    program = f"import time\nbegan = time.perf_counter()\n{code}\nprint(time.perf_counter() - began)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout)


def import_s(code: str, runs: int = 9) -> float:
    """Median over fresh processes, files in the system's cache."""
    _fresh(code)
    return median([_fresh(code) for _ in range(runs)])


def run(runs: int = 5, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """About a minute, most of it music21's.

    chords_per_s, chords_named_per_s   in batch: built and spelled; named from their notes
    romans_per_s                       in batch: from notes to numeral, with inversions and applied chords
    chord_us                           one by one, caches empty: from a symbol to its notes
    roman_us, roman_reading_us         from a chord in a key to its numeral; from a numeral in a key to its notes
    chords_vs_music21, romans_vs_music21, roman_reading_vs_music21   how often ours go into music21's time
    progression_32_bars_ms             the slowest style's median; each in progression_ms
    voice_leading_64_chords_ms         the slowest style's median; each in voice_leading_ms
    import_s, facade_import_s          composers.theory; from composers import MusicTheory: fresh processes
    """
    tell("chords and numerals in batch")
    figures: dict[str, Any] = {**chord_rate(runs), "romans_per_s": roman_rate(runs)}
    tell("one by one")
    figures |= one_by_one(runs)
    tell("music21")
    figures |= peer(max(1, runs // 2))
    for ours, theirs, ratio in (("chord_us", "music21_chord_us", "chords_vs_music21"),
                                ("roman_us", "music21_roman_us", "romans_vs_music21"),
                                ("roman_reading_us", "music21_roman_reading_us", "roman_reading_vs_music21")):
        other = figures[theirs]
        figures[ratio] = None if other is None else round(other / figures[ours], 1)
    tell("progressions and voice leading")
    progressions, leadings = progression_ms(runs), leading_ms(runs)
    figures |= {"progression_32_bars_ms": max(progressions.values()), "progression_ms": progressions,
                "voice_leading_64_chords_ms": max(leadings.values()), "voice_leading_ms": leadings}
    tell("imports")
    figures |= {"import_s": import_s("import composers.theory"),
                "facade_import_s": import_s("from composers import MusicTheory")}
    return figures | {"targets": TARGETS, "missed": missed(figures)}


def missed(figures: dict[str, Any]) -> Sequence[str]:
    """Names of the targets that are not met (or not measured)."""
    at_most = ("progression_32_bars_ms", "voice_leading_64_chords_ms", "import_s")
    return [name for name, target in TARGETS.items() if figures.get(name) is None
            or (figures[name] > target if name in at_most else figures[name] < target)]

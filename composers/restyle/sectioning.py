"""The form of a tune by what returns: blocks of bars that are alike have a letter; letters become verse and chorus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from composers.lead_sheet import SheetNote, SheetSection

_ALIKE = 0.5
"""From here on two blocks are one music (a block and its variation: .55 to 1; two of one tune with other notes: .1 to
.35)."""
_SILENT_BARS = 2
_KIND_OF: Mapping[str, str] = {
    "intro": "intro", "introduction": "intro", "verse": "verse", "head": "verse", "theme": "verse", "a": "verse",
    "strophe": "verse", "groove": "verse", "main": "verse", "minuet": "verse", "variation": "verse",
    "pre-chorus": "verse", "chorus": "chorus", "hook": "chorus", "drop": "chorus", "refrain": "chorus",
    "second theme": "chorus", "out": "chorus", "bridge": "bridge", "b": "bridge", "middle": "bridge", "trio": "bridge",
    "development": "bridge", "couplet": "bridge", "breakdown": "interlude", "break": "interlude",
    "interlude": "interlude", "transition": "interlude", "solo": "interlude", "trade": "interlude",
    "build": "interlude", "closing": "outro", "coda": "outro", "outro": "outro", "tag": "outro", "ending": "outro",
    "end": "outro",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BarFacts:
    """What of each bar is compared: the tune as (step, pitch class), its rhythm, the chords; how much is going on."""

    tune: tuple[frozenset[tuple[int, int]], ...]
    chords: tuple[tuple[str, ...], ...]
    energy: tuple[float, ...]

    @property
    def bars(self) -> int:
        return len(self.tune)


def facts(
    melody: Sequence[SheetNote], chords: Sequence[Sequence[str]], energy: Sequence[float], bar_steps: int
) -> BarFacts:
    """energy: any measure of each bar, >= 0."""
    bars = len(chords)
    tune: list[set[tuple[int, int]]] = [set() for _ in range(bars)]
    for note in melody:
        bar, within = divmod(note.step, bar_steps)
        if bar < bars:
            tune[bar].add((within, note.pitch % 12))
    return BarFacts(tuple(map(frozenset, tune)), tuple(map(tuple, chords)), tuple(energy))


def alike(facts: BarFacts, a: int, b: int) -> float:
    """Two bars, 0..1: their notes and rhythms where both have a tune, else their chords."""
    chords = 1.0 if facts.chords[a] == facts.chords[b] else 0.0
    mine, theirs = facts.tune[a], facts.tune[b]
    if not mine and not theirs:
        return chords
    rhythm = _jaccard({s for s, _ in mine}, {s for s, _ in theirs})
    return 0.65 * _jaccard(mine, theirs) + 0.15 * rhythm + 0.2 * chords


def find_sections(facts: BarFacts) -> tuple[SheetSection, ...]:
    """Sections from the first bar to the last. Bars without a tune at the ends are intro and outro, two and more
    within are interludes."""
    sung = [bar for bar in range(facts.bars) if facts.tune[bar]]
    if not sung:
        return _kinds([("A", at, min(8, facts.bars - at)) for at in range(0, facts.bars, 8)], facts)
    first, last = sung[0], sung[-1] + 1
    if first < _SILENT_BARS:
        pickup = first + 1 < last and len(facts.tune[first]) <= 3 and facts.bars > 4
        start = first + 1 if pickup and (last - first - 1) % 4 == 0 else first
    else:
        start = first
    end = last if facts.bars - last >= _SILENT_BARS else facts.bars
    rows: list[tuple[str, int, int]] = []
    if start:
        rows.append(("I", 0, start))
    rows += _lettered(facts, _cut(facts, start, end))
    if end < facts.bars:
        rows.append(("O", end, facts.bars - end))
    return _kinds(rows, facts)


def _cut(facts: BarFacts, start: int, end: int) -> list[tuple[int, int]]:
    """(first bar, bars) of blocks: long silences stand alone, the rest in blocks of the length that repeats best."""
    stretches: list[tuple[int, int, bool]] = []
    at = start
    while at < end:
        silent = not facts.tune[at]
        stop = at
        while stop < end and (not facts.tune[stop]) == silent:
            stop += 1
        stretches.append((at, stop, silent))
        at = stop
    joined: list[tuple[int, int, bool]] = []
    for a, b, silent in stretches:
        if joined and (not (silent and b - a > _SILENT_BARS)) and not joined[-1][2]:
            joined[-1] = (joined[-1][0], b, False)
        else:
            joined.append((a, b, silent and b - a > _SILENT_BARS))
    found: list[tuple[int, int]] = []
    for a, b, silent in joined:
        if silent:
            found.append((a, b - a))
            continue
        size = _block(facts, a, b)
        places = list(range(a, b, size))
        if len(places) > 1 and b - places[-1] < max(2, size // 2):
            places.pop()
        found += [(p, q - p) for p, q in pairwise([*places, b])]
    return found


def _block(facts: BarFacts, start: int, end: int) -> int:
    """8 bars, or 4, 6 or 16 where these repeat much better."""
    best, best_score = 8, -1.0
    for size, prior in ((8, 0.15), (4, 0.0), (16, 0.1), (6, 0.0), (12, 0.02)):
        places = [p for p in range(start, end, size) if p + size <= end]
        if not places or (size == 4 and end - start > 24 and best_score > 0.3):
            continue
        again = [max((_same(facts, p, q, size) for q in places[:i]), default=0.0) for i, p in enumerate(places)]
        score = sum(again) / max(1, len(places)) + prior
        if score > best_score + 1e-9:
            best, best_score = size, score
    return best


def _same(facts: BarFacts, a: int, b: int, bars: int) -> float:
    return sum(alike(facts, a + k, b + k) for k in range(bars)) / bars


def _lettered(facts: BarFacts, blocks: Sequence[tuple[int, int]]) -> list[tuple[str, int, int]]:
    """A letter each, by the first block that it is like."""
    models: list[tuple[str, int, int]] = []
    rows: list[tuple[str, int, int]] = []
    for first, bars in blocks:
        if not any(facts.tune[first : first + bars]):
            rows.append(("X", first, bars))
            continue
        known = [(_same(facts, at, first, min(bars, size)), letter) for letter, at, size in models
                 if min(bars, size) * 2 > max(bars, size)]  # fmt: skip
        best = max(known, default=(0.0, ""))
        letter = best[1] if best[0] >= _ALIKE else LETTERS[min(len(models), len(LETTERS) - 1)]
        if best[0] < _ALIKE:
            models.append((letter, first, bars))
        rows.append((letter, first, bars))
    return rows


LETTERS = "ABCDEFGHJKLMNPQSTUVWYZ"
"""Without I, O, X, which stand for what has no tune, and R, a riff's."""


def _kinds(rows: Sequence[tuple[str, int, int]], facts: BarFacts) -> tuple[SheetSection, ...]:
    """What each is in a song: the letter that returns most, and is not the first unless alone, is the chorus where it
    is at least as loud; what comes once in the middle is a bridge."""
    levels = _energies(rows, facts)
    tunes = [letter for letter, _, _ in rows if letter not in "IOX"]
    counts = {letter: tunes.count(letter) for letter in tunes}
    mean = {letter: _mean([e for row, e in zip(rows, levels, strict=True) if row[0] == letter]) for letter in counts}
    chorus = ""
    others = [letter for letter in counts if letter != tunes[0] and counts[letter] > 1]
    if others:
        chorus = max(others, key=lambda letter: (counts[letter], mean[letter]))
        if mean[chorus] < mean[tunes[0]] - 0.08 and counts[tunes[0]] >= counts[chorus]:
            chorus = ""
    found = []
    for (letter, first, bars), energy in zip(rows, levels, strict=True):
        kind = {"I": "intro", "O": "outro", "X": "interlude"}.get(letter, "verse")
        if kind == "verse" and letter == chorus:
            kind = "chorus"
        elif kind == "verse" and letter != tunes[0] and counts[letter] == 1 and first + bars < facts.bars:
            kind = "bridge"
        found.append(SheetSection(kind, letter, first, bars, round(energy, 3)))
    return tuple(found)


def _energies(rows: Sequence[tuple[str, int, int]], facts: BarFacts) -> list[float]:
    """.4 to .85 by how much is going on beside the piece's own least and most; .6 where all is alike."""
    means = [_mean(facts.energy[first : first + bars]) for _, first, bars in rows]
    low, high = min(means), max(means)
    if high <= low * 1.1:
        return [0.6] * len(rows)
    return [0.4 + 0.45 * (m - low) / (high - low) for m in means]


def named(markers: Sequence[tuple[int, str]], bars: int, energy: Sequence[float]) -> tuple[SheetSection, ...]:
    """Sections from a piece's own marks, (bar, text): "verse", "head A", "chorus 2"; () where they are no sections."""
    starts: dict[int, str] = {}
    for bar, text in markers:
        starts.setdefault(min(bar, bars - 1), text.strip().lower())
    known = [bar for bar, text in starts.items() if _kind(text)]
    if len(known) < 2 or len(known) < 0.6 * len(starts) or min(known) > 8:
        return ()
    places = sorted(known)
    places[0] = 0
    texts = [starts[bar] for bar in sorted(known)]
    rows = []
    letters: dict[str, str] = {}
    for text, (a, b) in zip(texts, pairwise([*places, bars]), strict=True):
        words = text.split()
        spare = LETTERS[min(len(letters), len(LETTERS) - 1)]
        letter = words[-1][0].upper() if len(words) > 1 and words[-1][:1].isalpha() and len(words[-1]) <= 2 else ""
        material = f"{_role(text)} {letter}"
        rows.append((letters.setdefault(material, spare), a, b - a))
    levels = _energies(rows, BarFacts((), (), tuple(energy)))
    return tuple(
        SheetSection(_kind(text), letter, first, count, round(level, 3), _role(text))
        for text, (letter, first, count), level in zip(texts, rows, levels, strict=True)
    )


def _role(text: str) -> str:
    """ "second theme B" -> "second theme"."""
    return next((" ".join(text.split()[:n]) for n in (2, 1) if " ".join(text.split()[:n]) in _KIND_OF), "")


def _kind(text: str) -> str:
    return _KIND_OF.get(_role(text), "")


def kind_of_role(role: str) -> str:
    """What a genre's role is in a song, by its name; a verse where that says nothing."""
    return _KIND_OF.get(role, "verse")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _jaccard(a: set[int] | frozenset[tuple[int, int]], b: set[int] | frozenset[tuple[int, int]]) -> float:
    both = len(a & b)
    return both / (len(a) + len(b) - both) if a or b else 1.0

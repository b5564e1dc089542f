"""Progressions made for a genre: `generate` gives any number of chords that begin and end with sense.

Jazz and classical phrases come from grammars, eight chords to a phrase: a piece's phrases are A, A A, A B A, A A B A
and so on, where each A has the same opening; phrases in between end on the dominant or close. Rock goes along measured
transitions and says things twice. Hip-hop, EDM and ambient repeat a loop that leads back into itself. Modes other than
major and minor stay in the mode, in every genre. The same arguments give the same chords on every machine; another key
gives the same numerals.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.theory import progression_tables as tables
from composers.theory.charts import chord_of
from composers.theory.pitch import PitchName
from composers.theory.progression_grammar import Chain, Grammar
from composers.theory.progressions import Progression, diatonic_chords, key_of
from composers.theory.scales import Key

STYLES = ("jazz", "rock", "hip-hop", "edm", "classical", "ambient")
LOOPS = ("hip-hop", "edm", "ambient")
"""Styles whose progressions are loops: they end so that the beginning may follow."""
MOST_CHORDS = 4096
DEFAULT_SEED = 63
"""One with which eight chords of jazz in C major begin as most players would begin: Cmaj7 Am7 Dm7 G7."""
_PHRASE = 8
_TRIES = 64
_CLOSINGS = (2, 3, 4, 5)
_CLOSING_WEIGHTS = (2.0, 5.0, 3.0, 1.0)
_C = Key(PitchName(0))
_SAID_TWICE = 0.42
"""Share of bars that equal those four bars before, in the McGill Billboard annotations."""


def generate(
    tonic: str | Key = "C",
    mode: str | None = None,
    style: str = "jazz",
    num_chords: int = 8,
    *,
    seed: int = DEFAULT_SEED,
    closed: bool | None = None,
) -> Progression:
    """So many chords, one a bar, in a style. Takes a fraction of a millisecond.

    closed  whether the last chord is the tonic; else it leads back to the first. By default only loops are open.

    Raises MusicError for an unknown key, mode or style, or a number of chords that is none.
    """
    key = key_of(tonic, mode)
    name = style_of(style)
    if not 1 <= num_chords <= MOST_CHORDS:
        raise MusicError(f"num_chords = {num_chords} is no progression: give 1 to {MOST_CHORDS}")
    ends = name not in LOOPS if closed is None else closed
    made = _made(name, _family(key.mode), num_chords, seed, ends)
    return Progression(key, made, tuple([chord_of(n, key) for n in made]), (1,) * num_chords, name)


def style_of(style: str) -> str:
    """One of STYLES by any usual spelling ("Hip Hop", "hiphop"). Raises MusicError with what is near."""
    plain = "".join(style.casefold().split()).replace("-", "").replace("_", "")
    for name in STYLES:
        if plain in (name.replace("-", ""), name):
            return name
    known = {"electronic": "edm", "house": "edm", "techno": "edm", "trap": "hip-hop", "lofi": "hip-hop", "pop": "rock",
             "baroque": "classical", "swing": "jazz", "bebop": "jazz"}  # fmt: skip
    if plain in known:
        return known[plain]
    near = difflib.get_close_matches(plain, [*STYLES, *known], 1)
    hint = f"did you mean {known.get(near[0], near[0])!r}?" if near else f"choose one of {', '.join(STYLES)}"
    raise MusicError(f"style {style!r} is not known: {hint}")


def _family(mode: str) -> str:
    return {"ionian": "major"}.get(mode, mode)


@lru_cache(maxsize=1024)
def _made(style: str, mode: str, count: int, seed: int, closed: bool) -> tuple[str, ...]:
    random = dice(seed, "progression", style, mode, count, int(closed))
    return tuple(_maker(style, mode)(count, closed, random))


@lru_cache(maxsize=64)
def _maker(style: str, mode: str) -> Callable[[int, bool, Dice], list[str]]:
    """What makes the numerals of a style in a mode."""
    if mode not in ("major", "minor"):
        return _modal(style, mode)
    minor = mode == "minor"
    match style:
        case "jazz":
            return _Phrases(
                Grammar(tables.JAZZ_MINOR if minor else tables.JAZZ_MAJOR), "Im6" if minor else "Imaj7"
            ).make
        case "classical":
            return _Phrases(
                Grammar(tables.CLASSICAL_MINOR if minor else tables.CLASSICAL_MAJOR), "Im" if minor else "I"
            ).make
        case "rock":
            start = {"Im": 0.73, "bVI": 0.05, "IVm": 0.05} if minor else {"I": 0.73, "V": 0.08, "IV": 0.05, "VIm": 0.04}
            return _Walk(
                Chain(tables.ROCK_MINOR if minor else tables.ROCK_MAJOR),
                start,
                "Im" if minor else "I",
                tables.ROCK_DRESS,
                said_twice=_SAID_TWICE,
            ).make
        case "edm":
            if minor:
                relative = tables.RELATIVE
                pop = {relative[a]: {relative[b]: w for b, w in row.items()} for a, row in tables.POP.items()}
                return _Walk(Chain(pop), {"Im": 6, "bVI": 3, "IVm": 1}, "Im", tables.EDM_DRESS).make
            return _Walk(Chain(tables.POP), {"I": 5, "VIm": 3, "IV": 2}, "I", tables.EDM_DRESS).make
        case "hip-hop":
            if minor:
                return _Walk(Chain(tables.HIP_HOP_MINOR), {"Im": 8, "bVI": 2}, "Im", tables.HIP_HOP_DRESS).make
            return _Walk(Chain(tables.HIP_HOP_MAJOR), {"Imaj9": 4, "IIm9": 4, "IVmaj9": 3}, "Imaj9", ()).make
        case _:
            palette = tables.AMBIENT_MINOR if minor else tables.AMBIENT_MAJOR
            return _Walk(Chain(_common_tones(palette)), {palette[0]: 1}, palette[0], (), loops=(2, 3, 4, 4)).make


@lru_cache(maxsize=4096)
def _stands_still(before: str, after: str) -> bool:
    """The same root and the same kind of chord twice: Imaj7 I6, V7 V13; but not IVmaj7 IVm6, V7sus4 V7, V7/3 V7."""
    a, b = chord_of(before, _C), chord_of(after, _C)
    return before == after or (a.root == b.root and a.family == b.family and a.bass == b.bass)


def _weakness(row: Sequence[str]) -> int:
    """Chords that stand still, and those that only go to and fro between two places away from the tonic."""
    still = sum(_stands_still(a, b) for a, b in pairwise(row))
    back = sum(a == b and chord_of(a, _C).root != _C.tonic for a, b in zip(row, row[2:], strict=False))
    return 2 * still + back


class _Phrases:
    """Phrases of a grammar's four symbols."""

    def __init__(self, grammar: Grammar, tonic: str) -> None:
        self._grammar, self._tonic = grammar, tonic

    def make(self, count: int, closed: bool, random: Dice) -> list[str]:
        lengths = [_PHRASE] * max(1, count // _PHRASE)
        lengths[-1] += count - sum(lengths)
        if lengths[-1] >= _PHRASE + 4:  # four bars and more are a phrase of their own
            lengths[-1:] = [_PHRASE, lengths[-1] - _PHRASE]
        letters = _letters(len(lengths))
        found: list[str] = []
        openings: dict[int, list[str]] = {}
        for index, (letter, length) in enumerate(zip(letters, lengths, strict=True)):
            last = index == len(lengths) - 1
            closes = closed if last else letter == "A" and letters[index + 1] == "B"
            if letter == "B":
                found += self._of("bridge", length, found[-1:], random)
            else:
                found += self._phrase(length, closes, openings, found[-1:], random)
        return found

    def _phrase(
        self, length: int, closes: bool, openings: dict[int, list[str]], before: Sequence[str], random: Dice
    ) -> list[str]:
        end = "closing" if closes else "half"
        if length == 1:
            return [self._tonic]
        if length <= 3 and closes:
            return self._of(end, length, before, random)
        opening = openings.get(length)
        if opening is None or self._grammar.weight(end, length - len(opening)) <= 0:
            sizes = [s for s in _CLOSINGS if s < length and self._grammar.weight(end, s) > 0] or [1]
            size = random.weighted(sizes, [_CLOSING_WEIGHTS[s - 2] if s > 1 else 1.0 for s in sizes])
            opening = openings[length] = self._of("opening", length - size, before, random)
        return opening + self._of(end, length - len(opening), opening[-1:], random)

    def _of(self, symbol: str, length: int, before: Sequence[str], random: Dice) -> list[str]:
        """A derivation without weaknesses, or the one of many with the fewest."""
        best: tuple[int, list[str]] | None = None
        for _ in range(_TRIES):
            found = self._grammar.sample(symbol, length, random)
            still = _weakness([*before, *found])
            if best is None or still < best[0]:
                best = (still, found)
            if not still:
                break
        assert best is not None
        return best[1]


def _letters(phrases: int) -> str:
    """A, AA, ABA, AABA, and longer pieces as AABA's that end on an A."""
    if phrases <= 3:
        return ("A", "AA", "ABA")[phrases - 1]
    row = ("AABA" * phrases)[:phrases]
    return row if row[-1] == "A" else row[:-1] + "A"


class _Walk:
    """Loops and phrases of a chain, all dressed alike."""

    def __init__(
        self,
        chain: Chain,
        start: Mapping[str, float],
        tonic: str,
        dress: tables.Dress,
        *,
        loops: Sequence[int] = (4,),
        said_twice: float | None = None,
        varied: int = 3,
    ) -> None:
        self._chain, self._start, self._tonic, self._dress = chain, start, tonic, dress
        self._loops, self._twice, self._varied = loops, said_twice, varied

    def make(self, count: int, closed: bool, random: Dice) -> list[str]:
        clothes = random.weighted([c for _, c in self._dress], [w for w, _ in self._dress]) if self._dress else {}
        size = min(random.one_of(self._loops), count)
        phrase = self._loop(size, self._start, random)
        found: list[str] = []
        while len(found) < count:
            left = count - len(found)
            if closed and left <= size:
                found += self._ending(left, found, phrase, random)
            elif left < size:
                found += self._loop(left, self._after(found[-1]), random, back_to=phrase[0])
            else:
                found += phrase
                if self._twice is not None and not random.chance(self._twice):
                    phrase = self._loop(size, self._after(found[-1]), random, back_to=phrase[0])
        return [clothes.get(n, n) for n in found]

    def _after(self, chord: str) -> Mapping[str, float]:
        return self._chain.after(chord) or {self._tonic: 1.0}

    def _loop(self, size: int, start: Mapping[str, float], random: Dice, back_to: str | None = None) -> list[str]:
        """So many chords of which the last leads to the first (or to `back_to`)."""
        found: list[str] | None = None
        for _ in range(_TRIES):
            goal = back_to or random.weighted(tuple(start), tuple(start.values()))
            first = start if back_to else {goal: 1.0}
            if size == 1:
                return [goal] if back_to is None else [random.weighted(tuple(first), tuple(first.values()))]
            row = self._chain.sample(first, self._chain.leading_to(goal), size, random)
            if row is not None and (found is None or len(set(row)) > len(set(found))):
                found = row
            if found is not None and len(set(found)) >= min(size, self._varied):
                break
        return found or [self._tonic] * size

    def _ending(self, left: int, found: Sequence[str], phrase: Sequence[str], random: Dice) -> list[str]:
        """The last phrase: as the first one begins, where there is room, and to the tonic by what leads there."""
        home = {self._tonic: 1.0}
        if left == 1:
            return [self._tonic]
        starts = [{phrase[0]: 1.0}, self._after(found[-1]) if found else self._start, self._start]
        for start in starts:
            row = self._chain.sample(start, home, left, random)
            if row is not None and not (found and row[0] == found[-1]):
                return row
        leading = self._chain.leading_to(self._tonic)
        return [random.weighted(tuple(leading), tuple(leading.values())) for _ in range(left - 1)] + [self._tonic]


def _common_tones(palette: Sequence[str]) -> dict[str, dict[str, float]]:
    """A chain in which chords follow by the square of the share of notes that they have in common."""
    classes = {n: chord_of(n, _C).pitch_classes for n in palette}
    return {
        a: {
            b: (len(classes[a] & classes[b]) / len(classes[a] | classes[b])) ** 2
            for b in palette
            if b != a and classes[a] & classes[b]
        }
        for a in palette
    }


def _modal(style: str, mode: str) -> Callable[[int, bool, Dice], list[str]]:
    primary = tables.PRIMARY[mode]
    tonic = next(iter(primary))
    chain = Chain({a: {b: w for b, w in primary.items() if b != a} for a in primary})
    dress: tables.Dress = ()
    if style in ("jazz", "ambient", "hip-hop"):
        dress = ((1.0, _dressed(mode, primary, nines=style == "ambient")),)
    twice = None if style in LOOPS else _SAID_TWICE
    return _Walk(
        chain, {tonic: 1.0}, tonic, dress, loops=(2, 4) if style in LOOPS else (4,), said_twice=twice, varied=2
    ).make


def _dressed(mode: str, triads: Mapping[str, float], *, nines: bool) -> dict[str, str]:
    """Each triad's seventh chord of the mode; with `nines` an added ninth where that would be a dominant."""
    sevenths = diatonic_chords("C", mode, sevenths=True)
    by_root = dict(zip((c.root for c in sevenths), sevenths.numerals, strict=True))
    found = {}
    for triad in triads:
        root = chord_of(triad, _C).root
        if root in by_root:
            dominant = next(c for c in sevenths if c.root == root).family == "dominant"
            found[triad] = f"{triad}add9" if nines and dominant else by_root[root]
    return found

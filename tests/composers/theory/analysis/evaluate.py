"""How well harmony is heard, against human analyses, and beside music21 on the same pieces.

    python -m tests.composers.theory.analysis.evaluate [--corpus chorales ...] [--dev] [--limit N] [--no-music21]

Prints a table per corpus. All shares are of time (duration-weighted), over the labels of the human analyst:

    root      the chord's root
    quality   triad or seventh chord
    bass      the chord's lowest note: with the root, its inversion
    key       local tonic and mode
    degree    the Roman numeral's degree and what it is applied to, each in its system's own key
    deg+qual  both (degree_quality_accuracy)
    roman     all: key, degree, applied, quality, inversion

music21's row is its own pipeline: chordify, analyze("key"), romanNumeralFromChord for each chord. It reads chorales and
madrigals as spelled scores; of Lieder and quartets both systems get MIDI keys, which music21 spells by its defaults.

Keys are also found by profiles alone: one for the piece (Krumhansl & Schmuckler), and their course in time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
import human_analyses as human
from learn_harmony import is_dev, meters_of, notes_of

from composers.score import PPQ
from composers.theory.analysis.grid import make_grid
from composers.theory.analysis.harmony import HarmonyAnalysis, analyze_harmony
from composers.theory.analysis.keys import PROFILES, correlations, course
from composers.theory.romans import AUGMENTED_SIXTHS

MEASURES = ("root", "quality", "bass", "key", "degree", "deg+qual", "roman")


class Claim(NamedTuple):
    """What a system says of a stretch of time (quarter notes); the same fields as a human's label."""

    start: float
    end: float
    tonic: int
    mode: str
    root: int
    pitch_classes: int
    bass: int
    degree: int
    applied: int


def ours(piece: human.Piece, **options: Any) -> list[Claim]:
    return claims_of(analyze_harmony(notes_of(piece), meters_of(piece), **options))


def claims_of(analysis: HarmonyAnalysis) -> list[Claim]:
    """What the printed numerals mean, not what they were made from."""
    found = []
    for c in analysis.chords:
        mask = sum({1 << n.pitch_class for n in c.roman.notes(c.key)})
        applied = (c.roman.key_of(c.key).tonic.pitch_class - c.key.tonic.pitch_class) % 12
        root = c.roman.root(c.key).pitch_class
        degree = (root - c.key.tonic.pitch_class - applied) % 12
        if c.roman.name in AUGMENTED_SIXTHS:
            degree = human.AUGMENTED_SIXTH
        found.append(Claim(c.span.start / PPQ, c.span.end / PPQ, c.key.tonic.pitch_class, c.key.mode, root, mask,
                           c.roman.bass(c.key).pitch_class, degree, applied))  # fmt: skip
    return found


def music21s(piece: human.Piece) -> list[Claim]:
    from music21 import chord, roman

    score = music21_score(piece)
    key = score.analyze("key")
    found = []
    for c in score.chordify().flatten().getElementsByClass(chord.Chord):
        if not c.quarterLength:
            continue
        try:
            numeral = roman.romanNumeralFromChord(c, key)
            meaning = human.meaning_of(numeral)
        except Exception:  # music21 raises many kinds, for clusters mostly
            meaning = None
        tonic = key.tonic.pitchClass
        root, mask, bass, degree, applied = meaning or (-1, 0, -1, -2, 0)
        start = float(c.offset)
        mask = (mask << tonic | mask >> (12 - tonic)) & 0xFFF
        root = (root + tonic) % 12 if meaning else -1
        end, bass = start + float(c.quarterLength), (bass + tonic) % 12
        found.append(Claim(start, end, tonic, key.mode, root, mask, bass, degree, applied))
    return found


def music21_score(piece: human.Piece) -> Any:
    """The spelled score of music21's corpus, or one made of the notes."""
    from music21 import corpus, note, stream

    if piece.corpus in ("chorales", "madrigals"):
        return corpus.parse(human.score_name(piece))
    score = stream.Score()
    for number in sorted({n[3] for n in piece.notes}):
        part = stream.Part()
        for start, length, key, part_of in piece.notes:
            if part_of == number:
                part.insert(Fraction(start).limit_denominator(96), note.Note(key, quarterLength=length))
        score.insert(0, part)
    return score


def right(label: human.Label, claim: Claim) -> tuple[bool, ...]:
    """In the order of MEASURES."""
    root = label.root == claim.root
    quality = human.quality_of(claim.root, claim.pitch_classes) if claim.pitch_classes else "none"
    quality_right = label.quality == quality and (quality != "other" or label.pitch_classes == claim.pitch_classes)
    key = (label.tonic, label.mode) == (claim.tonic, claim.mode)
    degree = (label.degree, label.applied) == (claim.degree, claim.applied)
    bass = label.bass == claim.bass
    return root, quality_right, bass, key, degree, degree and quality_right, key and degree and quality_right and bass


def shares(labels: list[human.Label], claims: list[Claim]) -> tuple[float, list[float]]:
    """Total time of the labels, and the time that is right for each of MEASURES."""
    total, good, first = 0.0, [0.0] * len(MEASURES), 0
    for label in labels:
        total += label.end - label.start
        while first and claims[first - 1].end > label.start:
            first -= 1
        while first < len(claims) and claims[first].end <= label.start:
            first += 1
        for claim in claims[first:]:
            if claim.start >= label.end:
                break
            time = min(label.end, claim.end) - max(label.start, claim.start)
            for i, ok in enumerate(right(label, claim)):
                good[i] += time * ok
    return total, good


class Score:
    """Sums over pieces."""

    def __init__(self) -> None:
        self.total, self.good, self.pieces = 0.0, [0.0] * len(MEASURES), 0

    def add(self, labels: list[human.Label], claims: list[Claim]) -> None:
        total, good = shares(labels, claims)
        self.total += total
        self.pieces += 1
        self.good = [a + b for a, b in zip(self.good, good, strict=True)]

    def __getitem__(self, measure: str) -> float:
        return self.good[MEASURES.index(measure)] / self.total

    def row(self, name: str) -> str:
        return f"{name:30}" + "".join(f"{g / self.total:10.4f}" for g in self.good)


class KeyScore:
    """Share of time in the right key, by each way of finding it; and of pieces whose home key is right."""

    def __init__(self) -> None:
        self.time: dict[str, float] = {}
        self.home: dict[str, int] = {}
        self.total, self.pieces = 0.0, 0

    def add(self, piece: human.Piece, ours_: list[Claim], analysis_home: tuple[int, str]) -> None:
        grid = make_grid(notes_of(piece), meters_of(piece))
        first, last = piece.labels[0], piece.labels[-1]
        has_home = (first.tonic, first.mode) == (last.tonic, last.mode)
        self.pieces += has_home
        self.total += sum(x.end - x.start for x in piece.labels)
        weights = grid.sounding.sum(0, keepdims=True)
        for profile in PROFILES:
            whole = int(correlations(weights, profile)[0].argmax())
            self._home(profile, (whole // 2, ("major", "minor")[whole % 2]), first, has_home)
            self._time(profile + ", one key", piece, [(piece.labels[0].start, piece.labels[-1].end, whole)])
            codes = course(grid, profile)
            stretches = [(grid.starts[t] / PPQ, grid.starts[t + 1] / PPQ, int(codes[t])) for t in range(len(codes))]
            self._time(profile + ", in time", piece, stretches)
        self._home("analyze_harmony", analysis_home, first, has_home)
        self._time("analyze_harmony", piece, [(c.start, c.end, c.tonic * 2 + (c.mode == "minor")) for c in ours_])

    def _home(self, name: str, found: tuple[int, str], first: human.Label, has_home: bool) -> None:
        self.home[name] = self.home.get(name, 0) + (has_home and found == (first.tonic, first.mode))

    def _time(self, name: str, piece: human.Piece, stretches: Iterable[tuple[float, float, int]]) -> None:
        rows, at, good = list(stretches), 0, 0.0
        for label in piece.labels:
            code = label.tonic * 2 + (label.mode == "minor")
            while at and rows[at - 1][1] > label.start:
                at -= 1
            for start, end, key in rows[at:]:
                if start >= label.end:
                    break
                at += end <= label.start
                if key == code:
                    good += max(0.0, min(end, label.end) - max(start, label.start))
        self.time[name] = self.time.get(name, 0.0) + good

    def table(self) -> Iterator[str]:
        yield f"{'key by':38}{'of time':>10}   home key of {self.pieces} pieces that end where they began"
        for name, good in self.time.items():
            home = self.home.get(name.removesuffix(", one key"))
            of_pieces = "" if home is None else f"{home / max(1, self.pieces):10.4f}"
            yield f"{name:38}{good / self.total:10.4f}{of_pieces}"


class PhraseScore:
    """Beginnings of phrases within half a quarter of the human's, over chorales: they have every fermata marked."""

    def __init__(self) -> None:
        self.hits = self.found = self.wanted = 0

    def add(self, piece: human.Piece, analysis: HarmonyAnalysis) -> None:
        if piece.corpus != "chorales":
            return
        truth = piece.phrase_starts
        starts = [s.start / PPQ for s in analysis.phrases[1:]]
        self.hits += sum(any(abs(s - t) <= 0.5 for t in truth) for s in starts)
        self.found += len(starts)
        self.wanted += len(truth)

    def row(self) -> str:
        precision, recall = self.hits / max(1, self.found), self.hits / max(1, self.wanted)
        return f"phrase ends: precision {precision:.4f}, recall {recall:.4f} of {self.wanted}"


def selected(corpus: str, *, dev: bool = False, limit: int | None = None) -> list[human.Piece]:
    """The test split of a corpus, or the pieces held back from training for tuning."""
    found = (p for p in human.pieces(corpus, test=not dev) if not dev or is_dev(p.name))
    return list(islice(found, limit))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="*", default=["chorales", "madrigals", "quartets", "lieder"])
    parser.add_argument("--dev", action="store_true", help="the pieces held back for tuning, instead of the test split")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--no-music21", action="store_true", help="leave out music21's own analysis, which is slow")
    given = parser.parse_args()
    totals: dict[str, Score] = {}
    for corpus in given.corpus:
        own, theirs, keys, phrases = Score(), Score(), KeyScore(), PhraseScore()
        for piece in selected(corpus, dev=given.dev, limit=given.limit):
            analysis = analyze_harmony(notes_of(piece), meters_of(piece))
            claims = claims_of(analysis)
            own.add(piece.labels, claims)
            phrases.add(piece, analysis)
            keys.add(piece, claims, (analysis.key.tonic.pitch_class, analysis.key.mode))
            totals.setdefault("analyze_harmony", Score()).add(piece.labels, claims)
            if not given.no_music21:
                other = music21s(piece)
                theirs.add(piece.labels, other)
                totals.setdefault("music21", Score()).add(piece.labels, other)
        if not own.pieces:
            continue
        say(f"\n{corpus}: {own.pieces} pieces, {own.total:.0f} quarter notes")
        say(f"{'':30}" + "".join(f"{m:>10}" for m in MEASURES))
        say(own.row("analyze_harmony"))
        if theirs.pieces:
            say(theirs.row("music21"))
        for line in keys.table():
            say(line)
        if phrases.wanted:
            say(phrases.row())
    say("\nall, by time")
    for name, score in totals.items():
        say(score.row(name))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except human.DataMissing as missing:
        sys.exit(str(missing))

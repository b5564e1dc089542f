"""Human analyses with the notes they are of: When in Rome read against music21's corpus and the OpenScore sets.

Data: $SIDEMAN_DATA (default ../shared/data beside the checkout), folders chords_when_in_rome (CC BY-SA 4.0; analyses
whose own header says non-commercial are left out), openscore_lieder and openscore_quartets (CC0), and music21's
corpus. Times here are quarter notes from the first bar line (a pickup lies below 0).

Reading a score through music21 is slow, so what was read is kept in a folder of the system's temporary directory;
delete it to read afresh.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import tarfile
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[4]
CACHE = Path(tempfile.gettempdir()) / f"sideman-human-analyses-{os.getuid() if hasattr(os, 'getuid') else 0}"
_VERSION = 10  # of what is kept


class DataMissing(Exception):  # noqa: N818
    """The shared data or music21 is not there; the message says what to set or install."""


AUGMENTED_SIXTH = -1


class Label(NamedTuple):
    """One Roman numeral of a human, with what it means.

    tonic, root, bass  pitch classes; mode "major" or "minor"; pitch_classes a 12-bit mask
    degree             semitones of the root above the tonic that the numeral counts from (V is 7, also in V/ii); an
                       augmented sixth is AUGMENTED_SIXTH
    applied            semitones of that tonic above the key's: 0, or 2 in V/ii
    """

    start: float
    end: float
    tonic: int
    mode: str
    figure: str
    root: int
    pitch_classes: int
    bass: int
    degree: int
    applied: int

    @property
    def quality(self) -> str:
        return quality_of(self.root, self.pitch_classes)


class Piece(NamedTuple):
    """notes: (start, length, MIDI key, part); bars: (start, numerator, denominator, bar line that it belongs to)."""

    name: str
    corpus: str
    notes: list[tuple[float, float, int, int]]
    bars: list[tuple[float, int, int]]
    labels: list[Label]
    phrase_ends: list[float]
    fit: float
    """Share of the sounding time that belongs to the human's chords: how we know that both are aligned."""

    @property
    def phrase_starts(self) -> list[float]:
        """Where a phrase begins: with the label after each ||."""
        found = {_after(self.labels, at) for at in self.phrase_ends}
        return sorted(x for x in found if x is not None)


QUALITIES = {
    0b000010010001: "major", 0b000010001001: "minor", 0b000001001001: "diminished", 0b000100010001: "augmented",
    0b010010010001: "dominant", 0b100010010001: "major seventh", 0b010010001001: "minor seventh",
    0b010001001001: "half-diminished", 0b001001001001: "fully diminished", 0b100010001001: "minor-major seventh",
    0b100100010001: "augmented major seventh", 0b010100010001: "augmented seventh", 0b010001010001: "French sixth",
    0b010000010001: "Italian sixth",
}  # fmt: skip


def quality_of(root: int, mask: int) -> str:
    """The triad or seventh chord that a set of notes over a root is; tensions do not count. "other" for the rest."""
    over = ((mask >> root) | (mask << (12 - root))) & 0xFFF
    if over in QUALITIES:
        return QUALITIES[over]
    for third in (4, 3):
        if over >> third & 1:
            fifth = next((f for f in (7, 6, 8) if over >> f & 1), 7)
            seventh = next((s for s in ((9,) if third == 3 and fifth == 6 else ()) + (10, 11) if over >> s & 1), None)
            mask = 1 | 1 << third | 1 << fifth | (1 << seventh if seventh else 0)
            return QUALITIES.get(mask, "other")
    return "other"


def _after(labels: list[Label], at: float) -> float | None:
    return next((x.start for x in labels if x.start > at + 1e-6), None)


def data_folder() -> Path:
    given = os.environ.get("SIDEMAN_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not (folder / "chords_when_in_rome").is_dir():
        raise DataMissing(f"{folder} holds no chords_when_in_rome: set SIDEMAN_DATA to the folder that does")
    return folder


@cache
def analyses() -> dict[str, dict[str, str]]:
    """Folder of a piece below Corpus/ -> file name -> text, the non-commercial ones left out."""
    found: dict[str, dict[str, str]] = {}
    with tarfile.open(data_folder() / "chords_when_in_rome" / "analyses_human.tar.xz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is None:
                continue
            folder, _, name = member.name.removeprefix("./").removeprefix("Corpus/").rpartition("/")
            text = stream.read().decode("utf-8", "replace")
            if name.endswith(".txt") and re.search(r"BY-NC|non-?commercial", text, re.IGNORECASE):
                continue
            found.setdefault(folder, {})[name] = text
    return {folder: files for folder, files in found.items() if "analysis.txt" in files}


# ---- what a numeral means, according to music21

@lru_cache(maxsize=100_000)
def meaning(figure: str, mode: str) -> tuple[int, int, int, int, int] | None:
    """(root, mask, bass, degree, applied) relative to the tonic; None where music21 cannot read it."""
    from music21 import key, roman

    try:
        cautious = roman.Minor67Default.CAUTIONARY  # as music21's own RomanText reader takes it: #viio7 is viio7
        return meaning_of(roman.RomanNumeral(figure, key.Key("C" if mode == "major" else "c"),
                                             sixthMinor=cautious, seventhMinor=cautious))  # fmt: skip
    except Exception:  # music21 raises many kinds
        return None


def meaning_of(numeral: Any) -> tuple[int, int, int, int, int] | None:
    """The same of a music21 numeral, relative to its key's tonic."""
    pitches = numeral.pitches
    if not pitches:
        return None
    tonic = numeral.key.tonic.pitchClass
    mask = sum(1 << (c - tonic) % 12 for c in {p.pitchClass for p in pitches})
    root = (numeral.root().pitchClass - tonic) % 12
    second = numeral.secondaryRomanNumeralKey
    applied = (second.tonic.pitchClass - tonic) % 12 if second is not None else 0
    named = numeral.romanNumeralAlone in ("It", "Fr", "Ger", "Sw")
    degree = AUGMENTED_SIXTH if named else (root - applied) % 12
    return root, mask, (numeral.bass().pitchClass - tonic) % 12, degree, applied


# ---- RomanText

_METER = re.compile(r"time signature\s*:\s*(fast|slow)?\s*(c\b|cut|\d+/\d+)", re.IGNORECASE)
_MEASURE = re.compile(r"m(\d+)(?:-(\d+))?(var\w*|[a-z])?\b\s*(.*)")
_COPY = re.compile(r"=\s*m(\d+)(?:-(\d+))?")
_KEY = re.compile(r"([A-Ga-g])([#b-]*):+")


class Bar(NamedTuple):
    """What is written in one measure: (beat, word) pairs, the meter."""

    number: int
    meter: tuple[int, int]
    beat: float  # quarter notes
    words: tuple[tuple[float, str], ...]


def read_bars(text: str) -> list[Bar]:
    """The measures of a RomanText, copies resolved. Times are beats from 1."""
    meter, beat = (4, 4), 1.0
    bars: dict[int, Bar] = {}
    for line in text.splitlines():
        line = line.strip()
        found = _METER.match(line)
        if found:
            word = found[2].lower()
            meter = (4, 4) if word == "c" else (2, 2) if word == "cut" else tuple(int(x) for x in word.split("/"))
            meter = (meter[0], meter[1])
            compound = meter[0] % 3 == 0 and (meter[0] > 3 or (found[1] or "").lower() == "fast") and meter[1] >= 4
            if (found[1] or "").lower() == "slow":
                compound = False
            beat = 4 / meter[1] * (3 if compound else 1)
            continue
        found = _MEASURE.match(line)
        if not found or found[3]:
            continue
        number, rest = int(found[1]), found[4]
        copy = _COPY.match(rest)
        if copy:
            first = int(copy[1])
            count = (int(found[2]) if found[2] else number) - number + 1
            for i in range(count):
                if first + i in bars:
                    bars[number + i] = bars[first + i]._replace(number=number + i)
            continue
        at, words = 1.0, []
        for word in rest.split():
            mark = re.fullmatch(r"b(\d+(?:\.\d+)?)", word)
            if mark:
                at = _exact(float(mark[1]))
            elif not re.fullmatch(r"b[\d.]+", word):
                words.append((at, word))
        bars[number] = Bar(number, meter, beat, tuple(words))
    return [bars[n] for n in sorted(bars)]


def _exact(beat: float) -> float:
    """1.33 and 1.67 are thirds."""
    whole, part = divmod(beat, 1)
    for third in (1 / 3, 2 / 3, 1 / 6, 5 / 6):
        if abs(part - third) < 0.012:
            return whole + third
    return beat


def read_labels(text: str, starts: Callable[[Bar], float | None], end: float) -> tuple[list[Label], list[float]]:
    """Labels and the phrase ends (||) of an analysis, given where each bar's first beat lies in the score."""
    tonic, mode = 0, "major"
    raw: list[tuple[float, int, str, str]] = []
    phrases: list[float] = []
    for bar in read_bars(text):
        origin = starts(bar)
        if origin is None:
            continue
        for beat, word in bar.words:
            at = origin + (beat - 1) * bar.beat
            key = _KEY.fullmatch(word)
            if key:
                letter = key[1].upper()
                tonic = ("C D EF G A B".index(letter) + key[2].count("#") - key[2].count("b") - key[2].count("-")) % 12
                mode = "major" if key[1].isupper() else "minor"
            elif word in ("||", "||:", ":||", ":||:"):
                phrases.append(at)
            else:
                raw.append((at, tonic, mode, word))
    labels = []
    for (at, tonic, mode, word), after in zip(raw, [r[0] for r in raw[1:]] + [end], strict=True):
        known = meaning(word, mode) if after > at else None
        if known:
            root, mask, bass, degree, applied = known
            turned = (mask << tonic | mask >> (12 - tonic)) & 0xFFF
            labels.append(Label(at, after, tonic, mode, word, (root + tonic) % 12, turned, (bass + tonic) % 12,
                                degree, applied))  # fmt: skip
    return labels, sorted(set(phrases))


def fit_of(notes: list[tuple[float, float, int, int]], labels: list[Label]) -> float:
    """Share of the sounding time whose pitch class the label of that time names."""
    inside = total = 0.0
    first = 0
    ordered = sorted(notes)
    longest = max((n[1] for n in notes), default=0.0)
    for label in labels:
        while first < len(ordered) and ordered[first][0] + longest <= label.start:
            first += 1
        for start, length, key, _ in ordered[first:]:
            if start >= label.end:
                break
            shared = min(start + length, label.end) - max(start, label.start)
            if shared > 0:
                total += shared
                inside += shared * (label.pitch_classes >> key % 12 & 1)
    return inside / total if total else 0.0


# ---- scores

def _music21_piece(name: str, corpus: str, score_name: str, text: str) -> Piece | None:
    from music21 import corpus as m21

    score = m21.parse(score_name)
    part = score.parts[0]
    measures: dict[int, float] = {}
    bars = []
    meter = (4, 4)
    for measure in part.getElementsByClass("Measure"):
        if measure.timeSignature is not None:
            meter = (measure.timeSignature.numerator, measure.timeSignature.denominator)
        start = float(measure.offset) - float(measure.paddingLeft or 0)
        if measure.number not in measures:
            measures[measure.number] = start
        bars.append((start, *meter))
    notes = []
    for index, p in enumerate(score.parts):
        for n in p.stripTies().flatten().notes:
            if n.duration.isGrace or "ChordSymbol" in n.classes:
                continue
            notes.extend((float(n.offset), float(n.quarterLength), x.midi, index) for x in n.pitches)
    if not notes:
        return None
    end = max(n[0] + n[1] for n in notes)
    best: Piece | None = None
    for shift in (0, -1, 1):  # editions count a pickup as bar 0 or 1
        labels, phrases = read_labels(text, lambda bar, s=shift: measures.get(bar.number + s), end)
        for semitones in range(12):  # and print the chorales in different keys
            moved = [x for x in map(lambda x, s=semitones: _transposed(x, s), labels) if x.start < end]
            fit = fit_of(notes, moved)
            if moved and (best is None or fit > best.fit + 0.02):
                best = Piece(name, corpus, sorted(notes), bars, moved, phrases, fit)
            if fit > 0.85:
                return best
    return best


def _transposed(label: Label, semitones: int) -> Label:
    mask = label.pitch_classes
    return label._replace(
        tonic=(label.tonic + semitones) % 12, root=(label.root + semitones) % 12, bass=(label.bass + semitones) % 12,
        pitch_classes=(mask << semitones | mask >> (12 - semitones)) & 0xFFF,
    )  # fmt: skip


def _jsonl_piece(name: str, corpus: str, row: dict[str, Any], text: str) -> Piece | None:
    """Bar lines are laid out from the analysis's own meters; the pickup is the one under which most notes fit."""
    written = read_bars(text)
    if not written:
        return None
    notes = [(s / 48, d / 48, p, part) for p, s, d, part in row["notes"] if d > 0]
    if not notes:
        return None
    end = max(n[0] + n[1] for n in notes)
    by_number = {b.number: b for b in written}
    best: Piece | None = None
    first_length = written[0].meter[0] * 4 / written[0].meter[1]
    for steps in range(int(first_length * 4)):  # the pickup in sixteenths; 0 = none
        pickup = steps / 4
        at, starts, bars, meter = pickup - first_length if pickup else 0.0, {}, [], written[0].meter
        first = 0 if pickup else 1
        for number in range(first, max(by_number) + 1):
            meter = by_number[number].meter if number in by_number else meter
            starts[number] = at
            bars.append((at, *meter))
            at += meter[0] * 4 / meter[1]
        labels, phrases = read_labels(text, lambda bar, s=starts: s.get(bar.number), end)
        labels = [x for x in labels if x.start < end]
        piece = Piece(name, corpus, sorted(notes), bars, labels, phrases, fit_of(notes, labels))
        if labels and abs(at - end) <= 2 * first_length and (best is None or piece.fit > best.fit + 1e-9):
            best = piece
    return best


_QUARTETS = {
    "Op.20_No.1/": "Haydn,_Franz_Joseph/Op20_No1", "Op.20_No.2/": "Haydn,_Franz_Joseph/Op20_No2",
    "Op.20_No.3/": "Haydn,_Franz_Joseph/Op20_No3", "Op.20_No.4/": "Haydn,_Franz_Joseph/Op20_No4",
    "Op.20_No.5/": "Haydn,_Franz_Joseph/Op20_No5", "Op.20_No.6/": "Haydn,_Franz_Joseph/Op20_No6",
    "Op.74_No.1/": "Haydn,_Franz_Joseph/Op74_No1", "Op.74_No.3_(": "Haydn,_Franz_Joseph/Op74_No3",
    "Op.51_No.1/": "Brahms,_Johannes/Op51_No1",
}  # fmt: skip
"""A part of the name of OpenScore's file -> folder of the analyses. One file holds all movements."""


@cache
def _quartet_rows() -> dict[str, dict[str, Any]]:
    with gzip.open(data_folder() / "openscore_quartets" / "quartets.jsonl.gz", "rt", encoding="utf-8") as lines:
        return {row["file"]: row for row in map(json.loads, lines)}


def _movement(number: str, folder: str, folders: tuple[str, ...]) -> Piece | None:
    """A movement out of its quartet: it begins where most of its first half's notes fit the analysis."""
    import numpy as np

    found = [r for f, r in _quartet_rows().items() if number in f and f.split("/")[1].partition(",")[0] in folder]
    if len(found) != 1:
        return None
    notes = [(s / 48, d / 48, p, part) for p, s, d, part in found[0]["notes"] if d > 0]
    end = max(n[0] + n[1] for n in notes)
    sounding = np.zeros((int(end * 2) + 4, 12))
    for start, length, key, _ in notes:
        sounding[int(start * 2 + 0.5) : max(int((start + length) * 2 + 0.5), int(start * 2 + 0.5) + 1), key % 12] += 1
    written = {f: read_bars(analyses()[f]["analysis.txt"]) for f in folders}
    sizes = {f: _laid_out(w)[2] for f, w in written.items()}
    guess = sum(sizes[f] for f in folders if f < folder)
    starts, bars, size = _laid_out(written[folder])
    labels, phrases = read_labels(analyses()[folder]["analysis.txt"], lambda bar: starts.get(bar.number), size)
    first = min((x.start for x in labels), default=0.0)
    wanted = np.zeros((int(size * 2) + 2, 12))
    for x in labels:
        wanted[int((x.start - first) * 2) : int((x.end - first) * 2)] = [x.pitch_classes >> c & 1 for c in range(12)]
    wanted = wanted[: len(wanted) // 2]
    best, shift = 0.0, None
    around = 0.15 * size + 40
    for at in range(max(0, int((guess + first - around) * 2)), int((guess + first + around) * 2)):
        part = sounding[at : at + len(wanted)]
        if len(part) == len(wanted):
            fit = float((part * wanted).sum() / (part.sum() + 1))
            if fit > best:
                best, shift = fit, at / 2 - first
    if shift is None:
        return None
    inside = [(s - shift, d, p, part) for s, d, p, part in notes if first - 4 <= s - shift < size]
    return Piece(folder, "quartets", sorted(inside), bars, labels, phrases, fit_of(inside, labels))


def _laid_out(written: list[Bar]) -> tuple[dict[int, float], list[tuple[float, int, int]], float]:
    """Starts of bars by number, the bars, and the end: bar 1 at 0, bar 0 before it."""
    by_number = {b.number: b for b in written}
    starts: dict[int, float] = {}
    bars: list[tuple[float, int, int]] = []
    meter = written[0].meter
    at = -meter[0] * 4 / meter[1] if 0 in by_number else 0.0
    for number in range(0 if 0 in by_number else 1, max(by_number) + 1):
        meter = by_number[number].meter if number in by_number else meter
        starts[number] = at
        bars.append((at, *meter))
        at += meter[0] * 4 / meter[1]
    return starts, bars, at


def _plain(text: str) -> str:
    """Letters and digits without accents, since folders of two repositories spell them differently."""
    text = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[^a-z0-9]", "", "".join(c for c in text if not unicodedata.combining(c)))


def _song(path: str) -> str:
    """Surname and title: the two repositories write first names and collections differently."""
    composer, *_, title = path.split("/")
    return _plain(composer.partition(",")[0]) + ":" + _plain(re.sub(r"\(.*?\)", "", title)).lstrip("0123456789")


def sources(corpus: str) -> Iterator[tuple[str, Callable[[], Piece | None]]]:
    """Names of a corpus's pieces and how to read each."""
    if corpus == "lieder":
        rows: dict[str, dict[str, Any]] | None = None

        def lied(name: str, text: str) -> Piece | None:
            nonlocal rows
            if rows is None:
                with gzip.open(data_folder() / "openscore_lieder" / "lieder.jsonl.gz", "rt", encoding="utf-8") as lines:
                    every = map(json.loads, lines)
                    rows = {_song(r["file"].removeprefix("scores/").rpartition("/")[0]): r for r in every}
            row = rows.get(_song(name))
            return _jsonl_piece(name, corpus, row, text) if row else None

        for folder, files in sorted(analyses().items()):
            if folder.startswith("OpenScore-LiederCorpus/"):
                name = folder.partition("/")[2]
                yield name, lambda n=name, t=files["analysis.txt"]: lied(n, t)
        return
    if corpus == "quartets":
        for number, quartet in _QUARTETS.items():
            folders = sorted(f for f in analyses() if f.startswith(f"Quartets/{quartet}/"))
            for folder in folders:
                yield folder, lambda n=number, f=folder, every=tuple(folders): _movement(n, f, every)
        return
    seen: set[str] = set()
    folders = {"chorales": "Early_Choral/Bach", "madrigals": "Early_Choral/Monteverdi"}
    for folder, files in sorted(analyses().items()):
        if folder.startswith(folders[corpus]) and "remote.json" in files:
            score = json.loads(files["remote.json"]).get("remote_score_music21")
            if score:
                name = str(score).rpartition(".")[0]
                if name in seen:  # the chorales were numbered with their repetitions
                    continue
                seen.add(name)
                yield name, lambda n=name, s=score, t=files["analysis.txt"]: _music21_piece(n, corpus, s, t)


def score_name(piece: Piece) -> str:
    """What music21's corpus calls the score of a piece."""
    return piece.name


CORPORA = ("chorales", "madrigals", "quartets", "lieder")


SPLIT = Path(__file__).resolve().with_name("test_split.txt")


@cache
def test_split() -> frozenset[str]:
    """Names of the test split: written once (by `chosen`), never trained or tuned on."""
    return frozenset(line for line in SPLIT.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")


def chosen(name: str) -> bool:
    """How the split was chosen: one name in five, by its hash."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 5 == 0


def load(corpus: str, name: str, read: Callable[[], Piece | None]) -> Piece | None:
    """The piece, from what was kept or read now; None where it cannot be aligned."""
    path = CACHE / str(_VERSION) / corpus / (hashlib.sha256(name.encode()).hexdigest()[:24] + ".json.gz")
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            kept = json.load(stream)
    else:
        piece = read()
        kept = piece._asdict() if piece else None
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        with gzip.open(part, "wt", encoding="utf-8", compresslevel=3) as stream:
            json.dump(kept, stream)
        part.replace(path)
    if kept is None:
        return None
    kept["labels"] = [Label(*x) for x in kept["labels"]]
    kept["notes"] = [(float(a), float(b), int(c), int(d)) for a, b, c, d in kept["notes"]]
    kept["bars"] = [(float(a), int(b), int(c)) for a, b, c in kept["bars"]]
    return Piece(**kept)


LEAST_FIT = 0.75
"""Below it, score and analysis are not of the same edition, or counted otherwise: the piece is left out."""


def pieces(corpus: str, *, test: bool | None = None) -> Iterator[Piece]:
    """The aligned pieces of a corpus; `test` True or False for one side of the split."""
    try:
        import music21  # noqa: F401
    except ImportError:
        raise DataMissing("music21 reads the scores and the numerals: pip install music21") from None
    for name, read in sources(corpus):
        if test is None or (name in test_split()) == test:
            piece = load(corpus, name, read)
            if piece is not None and piece.fit >= LEAST_FIT:
                yield piece

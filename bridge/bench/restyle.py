"""Style transfer of real pieces: what is kept of them, and whether they come over to the genre that is asked for.

Fifty pieces (Lieder, old tunes, pop songs; 32 bars from where the tune begins) to every genre at five strengths. What
is kept stands in restyle's own report, measured on its output. Where they have come is told by the target's gates and
by the classifier of genres, which has never seen these pieces, but has learned EDM, ambient, hip-hop and most of jazz
from the same rules that play here: for those genres it only says that the band of the genre is heard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from bridge.bench.figures import quantile
from bridge.bench.music import GENRES
from bridge.bench.music_rows import pool_of
from composers.composer import genre_names
from composers.errors import MusicError
from composers.piece import Piece, Track
from composers.restyle import restyle
from composers.score import Clip, Span
from composers.statistics import piece as measurable
from composers.statistics.distance import bars_distance
from composers.statistics.gates import GATES, PROFILES, Gate
from composers.statistics.measures import MEASURES
from composers.statistics.of_score import of_score
from models import genre_style
from models.corpora import Entry, read

STRENGTHS = (0.0, 0.3, 0.5, 0.7, 1.0)
PIECES = 50
BARS = 32
CONTOUR = 0.9
"""What the tune's contour has to keep at strength .5."""
_CORPORA: Mapping[str, tuple[int, str]] = {
    "openscore_lieder": (40, "classical"), "folk_abc": (180, ""), "pop909": (15, "rock"),
}  # fmt: skip
"""Corpus -> (one piece in so many, the genre of ours that its pieces are of; "" where there is none)."""
_KEPT = ("melody_kept", "notes_kept", "rhythm_kept", "phrases_kept", "harmony_kept", "form_kept")
_LEAST_BARS = 16
_TOLD = 50


class Source(NamedTuple):
    name: str
    corpus: str
    genre: str
    piece: Piece


class Result(NamedTuple):
    """One piece to one genre at one strength. gates: name -> passed, of the target's rhythm, texture and harmony;
    before: the same of the source; changed: distance of the bars, 0 the same, 1 nothing in common; ms: CPU time."""

    source: str
    corpus: str
    own: str
    to: str
    strength: float
    style: str
    kept: dict[str, float | None]
    chances: dict[str, float]
    gates: dict[str, bool | None]
    before: dict[str, bool | None]
    changed: float | None
    ms: float


def score(entry: Entry, bars: int) -> Piece | None:
    """`bars` bars of a corpus' piece from where its tune begins; None of fewer than 16 bars or without a tune."""
    found = entry.piece
    tune = found.of("melody")
    if not tune:
        return None
    first = tune[0].start // found.meter.bar_ticks
    count = min(bars, found.bars - first)
    if count < _LEAST_BARS:
        return None
    part = found.between(first, count)
    span = Span(0, part.end)
    tracks = [Track(name, Clip.of(span, notes), is_drums=part.roles[name] == "drums")
              for name, notes in part.tracks.items() if notes]  # fmt: skip
    chords = [(span.start, str(span.chord)) for span in part.chords]
    return Piece.of(tracks, part.bpm, part.meter, entry.key, chords=chords, title=f"{entry.corpus} {entry.id}")


def sources(count: int = PIECES, folder: Path | None = None) -> list[Source]:
    """As many of each corpus. Raises CorpusError where data is missing."""
    found = []
    for index, (corpus, (every, genre)) in enumerate(_CORPORA.items()):
        wanted = count // len(_CORPORA) + (index < count % len(_CORPORA))
        entries = (e for e in read(corpus, folder, broken_meter=False) if corpus != "folk_abc" or e.piece.bars >= 16)
        scores = (Source(e.id, corpus, genre, p) for e in islice(entries, 0, None, every)
                  if (p := score(e, BARS)) is not None)  # fmt: skip
        found += list(islice(scores, wanted))
    return found


def _gates(to: str) -> list[Gate]:
    """Of the target's first profile: rhythm, texture, harmony, drums. The tune stays what it was."""
    if to not in PROFILES:
        raise MusicError(f"genre {to!r} has no gates: choose one of {', '.join(PROFILES)}")
    return [gate for gate in GATES[PROFILES[to][0]] if not gate.measure.startswith("melody.")]


def _passed(piece: measurable.Piece, gates: Sequence[Gate]) -> dict[str, bool | None]:
    values = {gate.measure: MEASURES[gate.measure].of(piece) for gate in gates}
    return {g.measure: None if (v := values[g.measure]) is None else g.passes(v) for g in gates}


def transferred(source: Source, to: str, strengths: Sequence[float], seed: int) -> list[Result]:
    """One piece to one genre at each strength. A piece that cannot be restyled raises MusicError."""
    gates = _gates(to)
    was = of_score(source.piece)
    before = _passed(was, gates)
    results = []
    for strength in strengths:
        began = time.thread_time()
        made = restyle(source.piece, to, strength, seed=seed)
        ms = (time.thread_time() - began) * 1e3
        kept = {name: getattr(made.report, name) for name in _KEPT}
        chances = genre_style.classify(made.piece)
        now = of_score(made.piece, made.report.melody_now)
        results.append(Result(source.name, source.corpus, source.genre, to, strength, made.report.style, kept, chances,
                              _passed(now, gates), before, bars_distance(was, now), ms))  # fmt: skip
    return results


def _attempt(source: Source, to: str, strengths: Sequence[float], seed: int) -> list[Result] | str:
    try:
        return transferred(source, to, strengths, seed)
    except MusicError as error:
        return f"{source.corpus} {source.name} to {to}: {error}"


def results(
    given: Sequence[Source], goals: Sequence[str], processes: int = 2, advance: Callable[[], None] = lambda: None,
) -> Iterator[list[Result] | str]:
    """Every piece to every target; a text where that was refused. `advance` after each."""
    jobs = [(source, to, STRENGTHS, seed) for seed, source in enumerate(given) for to in goals]
    if processes == 1:
        for job in jobs:
            yield _attempt(*job)
            advance()
        return
    with pool_of(processes) as pool:
        for found in pool.map(_attempt, *zip(*jobs, strict=True), chunksize=2):
            yield found
            advance()


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"p10": round(quantile(values, 0.1), 3), "p50": round(quantile(values, 0.5), 3), "n": len(values)}


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 3) if flags else None


def summary(found: Sequence[Result]) -> dict[str, Any]:
    """Kept (median, 10 %), called the target (share), its mean probability, gates passed before and after (shares)."""
    contours = [r.kept["melody_kept"] for r in found]
    called = [max(r.chances, key=r.chances.__getitem__) == r.to for r in found]
    pairs = [(r.before[name], after) for r in found for name, after in r.gates.items()]
    apart = [r.changed for r in found if r.changed is not None]
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    return {
        "pieces": len(found),
        **{name: _spread([v for r in found if (v := r.kept[name]) is not None]) for name in _KEPT},
        "changed": round(quantile(apart, 0.5), 3) if apart else None,
        "contour_kept_share": _share([value is not None and round(value, 2) >= CONTOUR for value in contours]),
        "called_target": _share(called),
        "target_chance": round(fmean(r.chances.get(r.to, 0.0) for r in found), 3) if found else None,
        "gates_before": _share([a for a, _ in both]), "gates_after": _share([b for _, b in both]),
        "gates_won": sum(b and not a for a, b in both), "gates_lost": sum(a and not b for a, b in both),
        "ms": _spread([r.ms for r in found]),
    }  # fmt: skip


def run(
    genres: Sequence[str] = (), pieces: int = PIECES, tell: Callable[[str], None] = print, processes: int = 2,
    folder: Path | None = None, advance: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """`genres`: the targets; empty: all of ours that are registered.

    to.GENRE.STRENGTH   see `summary`, of pieces that are not of the target's own genre
    own.GENRE.STRENGTH  the same, of pieces that are
    sources             what the classifier calls the pieces themselves, by corpus
    contour             share of all transfers at strength .5 that keep .9 of the tune's contour
    refused             what could not be restyled, and why

    Raises CorpusError where data is missing, WeightsError without the classifier.
    """
    goals = targets(genres)
    given = sources(pieces, folder)
    tell(f"{len(given)} pieces to {', '.join(goals)} at strengths {', '.join(f'{s:g}' for s in STRENGTHS)}")
    every: list[Result] = []
    refused = []
    for done, found in enumerate(results(given, goals, processes, advance), 1):
        if done % _TOLD == 0:
            tell(f"  {done} of {len(given) * len(goals)}")
        if isinstance(found, str):
            refused.append(found)
        else:
            every += found
    half = [r for r in every if r.strength == 0.5]
    contour = summary(half)["contour_kept_share"] if half else None
    return {
        "pieces": len(given), "corpora": {c: sum(s.corpus == c for s in given) for c in _CORPORA},
        "sources": {c: _named([s for s in given if s.corpus == c]) for c in _CORPORA},
        "to": {to: _by_strength([r for r in every if r.to == to != r.own]) for to in goals},
        "own": {to: _by_strength([r for r in every if r.to == to == r.own]) for to in goals
                if any(r.own == to for r in every)},
        "contour": contour, "refused": refused,
    }  # fmt: skip


def targets(genres: Sequence[str] = ()) -> list[str]:
    """`genres`, or all of ours that are registered. Raises MusicError for one without gates."""
    goals = list(genres) or [genre for genre in GENRES if genre in genre_names()]
    for genre in goals:
        _gates(genre)
    return goals


def _by_strength(found: Sequence[Result]) -> dict[str, Any]:
    return {f"{s:g}": summary([r for r in found if r.strength == s]) for s in STRENGTHS}


def _named(given: Sequence[Source]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for source in given:
        chances = genre_style.classify(source.piece)
        name = max(chances, key=chances.__getitem__)
        counts[name] = counts.get(name, 0) + 1
    return counts

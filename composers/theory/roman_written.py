"""A chord written out as a Roman numeral from its root up, where no usual numeral has its notes."""

from __future__ import annotations

from functools import lru_cache

from composers.theory.pitch import LETTER_SEMITONES
from composers.theory.roman_figures import Figure
from composers.theory.roman_numeral import Change, RomanNumeral
from composers.theory.roman_stacks import RAISED, Note, stack
from composers.theory.scales import SCALES

_TRIADS = {(4, 7): "", (4, None): "", (3, 7): "m", (3, None): "m", (3, 6): "o", (4, 8): "+", (None, 6): "o",
           (None, 8): "+"}  # fmt: skip
_FIGURES = {False: {0: (), 2: (6,), 4: (6, 4)}, True: {0: (7,), 2: (6, 5), 4: (4, 3), 6: (4, 2)}}


@lru_cache(maxsize=16384)
def written(root: Note, notes: frozenset[Note], bass: Note, mode: str) -> RomanNumeral:
    """The numeral of a root above the tonic with `notes` and `bass` above the root, in a scale of the mode.

    A bass that is no third, fifth or seventh has no figure: the numeral is in root position then.
    """
    size = {step: semitones for step, semitones in notes if step in (2, 4, 6)}
    third = size.get(2) if size.get(2) in (3, 4) else None
    fifth = size.get(4) if size.get(4) in (6, 7, 8) else None
    seventh = size.get(6) if size.get(6) in (9, 10, 11) else None
    if third is None and fifth in (7, None):
        dominant = root == (4, 7)  # also in minor, where the key's own third would be minor
        triad = "" if dominant or _in_scale(root, SCALES[mode], 2) == 4 else "m"
    else:
        triad = _TRIADS.get((third, fifth), "m" if third == 3 else "")
    figures = _FIGURES[seventh is not None].get(bass[0], _FIGURES[seventh is not None][0])
    ninths = [semitones for step, semitones in notes if step == 1]
    above_ninth = len(ninths) == 1 and (ninths[0] in (1, 3) or _in_scale(root, SCALES[mode], 1) == 2)
    if figures == (7,) and above_ninth:  # [b9] and [#9] alter a major ninth
        figures = (9,)
    best: RomanNumeral | None = None
    for quality in _qualities(triad, seventh):
        plain = RomanNumeral(
            root[0] + 1, _accidental(root, quality, SCALES[mode], mode), quality, tuple(Figure(n) for n in figures)
        )
        numeral = _changed(plain, root, notes, mode)
        if best is None or len(numeral.changes) < len(best.changes):
            best = numeral
    assert best is not None  # there is a quality for each triad
    return best


def _qualities(triad: str, seventh: int | None) -> tuple[str, ...]:
    """Ways to say the seventh, the plainest first; a major one is always said, that it be read right in any key."""
    if seventh is None:
        return (triad,)
    sure = {("", 11): "maj7", ("m", 11): "m(maj7)", ("+", 11): "maj7#5", ("o", 9): "o7", ("o", 10): "m7b5",
            ("", 10): "7"}.get((triad, seventh))  # fmt: skip
    if sure is None:
        return (triad,) if triad != "o" else ("o7", "m7b5")
    return (sure,) if seventh == 11 or triad == "o" else (triad, sure)


def _in_scale(root: Note, scale: tuple[int, ...], step: int) -> int:
    """Semitones from the root up to the key's note `step` letters above."""
    place = root[0] + step
    return (scale[place % 7] + 12 * (place // 7) - root[1]) % 12


def _accidental(root: Note, quality: str, scale: tuple[int, ...], mode: str) -> int:
    """What stands before the numeral, see roman_numeral for sixth and seventh in minor."""
    above = (root[1] - scale[root[0]] + 6) % 12 - 6
    if mode not in ("minor", "aeolian") or root[0] < 5:
        return above
    if quality in RAISED:
        return above if above > 1 else above - 1
    return above if above >= 0 else above - 1


def _changed(plain: RomanNumeral, root: Note, notes: frozenset[Note], mode: str) -> RomanNumeral:
    """With brackets for what is missing, what is altered and what is there besides."""
    found = stack(plain, mode)
    has = {(s % 7, i % 12) for s, i in zip(found.steps, found.semitones, strict=True)}
    scale, seventh, changes = SCALES[mode], any(s == 6 for s, _ in has), []
    missing, more = dict(sorted(has - notes)), sorted(notes - has, key=lambda n: (n[0] == 1, n))
    names = {1: 9, 3: 11, 5: 13} if seventh else {1: 9, 0: 8}
    if 2 in missing:
        names.pop(3, None)  # a suspended fourth
    if 4 in missing:
        names.pop(5, None)
    for step, semitones in tuple(more):
        if step in missing and step > 0:
            was, number = (2, 9) if step == 1 else (missing[step], step + 1)
            changes.append(Change("", number, (semitones - was + 6) % 12 - 6))
            del missing[step]
            more.remove((step, semitones))
    changes += [Change("no", step + 1) for step in missing]
    for step, semitones in more:
        index = plain.degree - 1 + step
        of_key = scale[index % 7] + 12 * (index // 7) - found.root_semitones
        changes.append(Change("add", names.get(step, step + 1), (semitones - of_key + 6) % 12 - 6))
    return RomanNumeral(plain.degree, plain.accidental, plain.quality, plain.figures, tuple(changes))


def chart_numeral(root: Note, quality: str, bass_step: int | None) -> RomanNumeral:
    """As lead sheets write it, along the major scale; the member in the bass by its number, where it is one."""
    alter = (root[1] - LETTER_SEMITONES[root[0]] + 6) % 12 - 6
    figures = (Figure(bass_step + 1),) if bass_step in (1, 2, 3, 4, 6) else ()
    return RomanNumeral(root[0] + 1, alter, quality, figures, chart=True)

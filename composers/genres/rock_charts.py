"""Rock's harmony: loops of four bars by mode and place in the song, phrases made of them, and twelve-bar blues.

Half of the loops are the ones everybody knows, the others walk along the transitions measured in the McGill Billboard
annotations (theory.progression_tables). One chord a bar in three bars of four; a phrase's second half repeats the first
exactly, with another close, or goes elsewhere, so that about two bars in five have the chords of four bars before, as
the annotated songs do (.42).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from composers.dice import Dice, dice
from composers.theory import progression_tables as tables
from composers.theory.progression_grammar import Chain

MODES = ("major", "minor", "mixolydian", "dorian", "lydian", "phrygian")
KINDS = ("verse", "pre", "chorus", "bridge")
Loop = tuple[str, ...]
"""Four bars: of each its chords, as numerals with spaces between them."""

_WALKED = 0.4
"""Share of loops that walk along measured transitions."""
_SPLIT = 0.45
"""Of a loop's last bar: a second chord leads on from it. With the loops' own this makes one bar in five."""
_TRIES = 24
_SECOND_HALVES: Mapping[str, float] = {"same": 0.08, "close": 0.2, "turn": 0.27, "new": 0.45}


def _loops(text: str) -> tuple[tuple[Loop, float], ...]:
    """Rows of "weight: a loop"."""
    found = []
    for line in text.strip().splitlines():
        weight, _, loop = line.partition(":")
        bars = tuple(" ".join(bar.split()) for bar in loop.split("|"))
        found.append((bars, float(weight)))
    return tuple(found)


_LOOPS: Mapping[str, Mapping[str, tuple[tuple[Loop, float], ...]]] = {
    "major": {
        "verse": _loops("""
            3: I | IV | I | IV
            3: I | bVII | IV | I
            2.5: I | IV | I | V
            2: I | V | IV | I
            2: I | I | IV | IV
            2: I | V | VIm | IV
            1.5: I | VIm | IV | V
            1.5: I | IV | V | IV
            1: I | I | bVII | IV
            1: I | IIm | IV | I
            0.8: I | IIIm | IV | V
            0.8: I | I | IV | V
        """),
        "pre": _loops("""
            2: IIm | IV | V | V
            2: VIm | IV | V | V
            2: IV | V | VIm | V
            1.5: IIm | V | IIm | V
            1.5: IV | IV | V | Vsus4 V
            1: IIm | IIIm | IV | V
            1: bVI | bVI | bVII | V
        """),
        "chorus": _loops("""
            3: I | V | IV | IV
            2.5: IV | V | I | I
            2.5: I | V | VIm | IV
            2.5: VIm | IV | I | V
            2: IV | I | V | I
            2: I | IV | V | V
            1.5: I | bVII | IV | IV
            1.5: IV | I | V | VIm
            1.5: I | IV | I | V
            1: I V | IV | I V | IV
            1: bVI | bVII | I | I
        """),
        "bridge": _loops("""
            2: VIm | V | IV | V
            2: VIm | IIIm | IV | V
            2: IV | IVm | I | V
            1.5: bVI | bVII | I | V
            1.5: IIm | V | IIIm | VIm
            1.5: bVII | IV | bVII | V
            1: IV | IV | I | I
            1: bIII | bVII | IV | V
        """),
    },
    "minor": {
        "verse": _loops("""
            3: Im | bVII | bVI | bVII
            2.5: Im | bVI | bVII | Im
            2: Im | Im | IVm | Im
            2: Im | bVII | Im | bVII
            2: Im | bVI | bIII | bVII
            2: Im | Im | bVI | bVII
            1: Im | IVm | Im | Vm
            1: Im | bIII | bVII | IVm
        """),
        "pre": _loops("""
            2: bVI | bVI | bVII | bVII
            2: IVm | bVI | bVII | V
            1.5: IVm | Im | bVI | V
            1: bIII | IVm | bVI | bVII
        """),
        "chorus": _loops("""
            3: bVI | bVII | Im | Im
            2.5: Im | bVI | bIII | bVII
            2.5: bVI | bIII | bVII | Im
            2: bIII | bVII | Im | bVI
            2: Im | bIII | bVII | IVm
            1: IVm | bVI | Im | bVII
        """),
        "bridge": _loops("""
            2: bVI | bVI | bIII | bVII
            2: IVm | Im | IVm | V
            2: bIII | bVII | IVm | bVI
            1.5: IVm | bVII | bIII | bVI
            1: bVI | Vm | bVI | bVII
        """),
    },
    "mixolydian": {
        "verse": _loops("""
            3: I | bVII | IV | I
            2.5: I | I | bVII | IV
            2: I | bVII | I | bVII
            1.5: I | IV | I | bVII
            1: I | Vm | IV | I
        """),
        "pre": _loops("""
            2: IV | IV | bVII | bVII
            1.5: IIm | IV | bVII | bVII
            1: Vm | IV | Vm | bVII
        """),
        "chorus": _loops("""
            3: I | bVII | IV | IV
            2: IV | bVII | I | I
            2: bVII | IV | I | I
            1: I | Vm | bVII | IV
        """),
        "bridge": _loops("""
            2: IV | IV | bVII | bVII
            2: Vm | IV | Vm | bVII
            1: VIm | bVII | IV | bVII
        """),
    },
    "dorian": {
        "verse": _loops("""
            3: Im | IV | Im | IV
            2: Im | Im | IV | IV
            2: Im | bVII | IV | Im
            1: Im | Im | bIII | IV
        """),
        "pre": _loops("""
            2: bIII | bIII | IV | IV
            1.5: bVII | IV | bVII | bVII
            1: IIm | bIII | IV | IV
        """),
        "chorus": _loops("""
            3: bIII | bVII | IV | Im
            2: Im | bIII | bVII | IV
            2: IV | bVII | Im | Im
            1: bVII | IV | Im | Im
        """),
        "bridge": _loops("""
            2: IV | IV | bVII | bVII
            1.5: bIII | IV | bIII | bVII
            1: Vm | Vm | IV | IV
        """),
    },
    "lydian": {
        "verse": _loops("""
            3: I | II | I | II
            2: I | I | II | I
            1: I | VIIm | II | I
        """),
        "pre": _loops("""
            2: VIm | VIm | II | II
            1: IIIm | II | VIm | II
        """),
        "chorus": _loops("""
            2: I | V | II | I
            2: II | I | V | I
            1: VIm | II | I | I
        """),
        "bridge": _loops("""
            2: VIIm | V | VIm | II
            2: VIm | IIIm | V | II
        """),
    },
    "phrygian": {
        "verse": _loops("""
            3: Im | bII | Im | bII
            2: Im | Im | bII | bIII
            1: Im | bIII | bII | Im
        """),
        "pre": _loops("""
            2: bVI | bVI | bII | bII
            1: IVm | bIII | bII | bII
        """),
        "chorus": _loops("""
            2: bVI | bII | Im | Im
            2: Im | bVIIm | bVI | bII
            1: bII | bIII | Im | Im
        """),
        "bridge": _loops("""
            2: bVI | bVIIm | bVI | bII
            1.5: IVm | bVI | bIII | bII
        """),
    },
}

_TONIC = {mode: "Im" if mode in ("minor", "dorian", "phrygian") else "I" for mode in MODES}
_LEADING = {"major": ("V", "V", "IV", "V"), "minor": ("bVII", "bVII", "V", "Vm"), "mixolydian": ("bVII", "IV", "bVII"),
            "dorian": ("IV", "bVII", "IV"), "lydian": ("II", "V"), "phrygian": ("bII", "bVIIm")}  # fmt: skip
"""What leads back to the tonic at the end of a phrase."""
_CADENCES = {"major": ("IV V", "V", "bVII IV"), "minor": ("bVI bVII", "bVII", "V"), "mixolydian": ("bVII IV", "IV"),
             "dorian": ("bVII IV", "IV"), "lydian": ("II", "V II"), "phrygian": ("bII", "bIII bII")}  # fmt: skip
_BLUES: Mapping[str, tuple[str, ...]] = {
    "major": (
        "I7 | I7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7",
        "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 IV7 | I7 V7",
        "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7",
    ),
    "minor": (
        "Im7 | Im7 | Im7 | Im7 | IVm7 | IVm7 | Im7 | Im7 | V7 | IVm7 | Im7 | V7",
        "Im7 | IVm7 | Im7 | Im7 | IVm7 | IVm7 | Im7 | Im7 | bVI7 | V7 | Im7 | V7",
    ),
}


def blues(mode: str, seed: int) -> str:
    """Twelve bars in numerals."""
    return dice(seed, "blues chart").one_of(_BLUES["minor" if _TONIC[mode] == "Im" else "major"])


def tonic_of(mode: str) -> str:
    return _TONIC[mode]


def ending(mode: str, bars: int) -> str:
    """The last bars of a piece: the cadence and the tonic."""
    return " | ".join([*[_CADENCES[mode][0]] * (bars - 1), _TONIC[mode]])


@lru_cache(maxsize=512)
def chart(mode: str, kind: str, bars: int, seed: int, name: str, unlike: tuple[str, ...] = ()) -> tuple[str, ...]:
    """So many bars of numerals for a section of a kind (one of KINDS).

    name    of the material: the same name and seed give the same chart
    unlike  names and kinds ("verse A") whose first bars it should not repeat
    """
    draw = dice(seed, "rock chart", kind, name, mode)
    taken = {chart(mode, *row.split(" ")[:1], 4, seed, row.split(" ")[1]) for row in unlike}
    loop = _loop(mode, kind, draw)
    for _ in range(_TRIES):
        if loop not in taken:
            break
        loop = _loop(mode, kind, draw)
    found: list[str] = []
    phrase = list(loop)
    while len(found) < bars:
        left = bars - len(found)
        last = left <= 4
        if found:
            phrase = _second(mode, kind, phrase if len(found) % 8 else list(loop), draw)
        if last and bars > 4 and kind in ("pre", "bridge") and len(phrase[:left]) == left:
            phrase[left - 1] = draw.one_of(_LEADING[mode])
        found += phrase[:left]
    return tuple(found)


def _loop(mode: str, kind: str, draw: Dice) -> Loop:
    if draw.chance(_WALKED) and kind != "pre":
        walked = _walk(mode, kind, draw)
        if walked is not None:
            return _split(mode, walked, draw)
    known = _LOOPS[mode][kind]
    loop = draw.weighted([bars for bars, _ in known], [weight for _, weight in known])
    return _split(mode, loop, draw)


def _split(mode: str, loop: Loop, draw: Dice) -> Loop:
    """Sometimes a second chord in the last bar, and seldom one in the second."""
    bars = list(loop)
    leading = [n for n in _LEADING[mode] if n != bars[-1]]
    if " " not in bars[-1] and leading and draw.chance(_SPLIT):
        bars[-1] = f"{bars[-1]} {draw.one_of(leading)}"
    following = _chain(mode).after(bars[1].split()[-1])
    if " " not in bars[1] and draw.chance(0.5 * _SPLIT):
        between = {n: w for n, w in following.items() if n not in (bars[1], bars[2].split()[0])
                   and bars[2].split()[0] in _chain(mode).after(n)}  # fmt: skip
        if between:
            bars[1] = f"{bars[1]} {draw.weighted(tuple(between), tuple(between.values()))}"
    return tuple(bars)


@lru_cache(maxsize=16)
def _chain(mode: str) -> Chain:
    if mode == "major":
        return Chain(tables.ROCK_MAJOR)
    if mode == "minor":
        return Chain(tables.ROCK_MINOR)
    primary = tables.PRIMARY[mode]
    return Chain({a: {b: w for b, w in primary.items() if b != a} for a in primary})


def _walk(mode: str, kind: str, draw: Dice) -> Loop | None:
    """A loop along the measured transitions; verses begin at home, choruses and bridges often elsewhere."""
    chain, tonic = _chain(mode), _TONIC[mode]
    away = dict(chain.after(tonic))
    home = {"verse": 1.0, "chorus": 0.55, "bridge": 0.0}[kind]
    start = {tonic: home, **{n: (1.0 - home) * w for n, w in away.items()}}
    for _ in range(_TRIES):
        first = draw.weighted(tuple(start), tuple(start.values()))
        row = chain.sample({first: 1.0}, chain.leading_to(first), 4, draw)
        if row is not None and len(set(row)) >= 3:
            return tuple(row)
    return None


def _second(mode: str, kind: str, first: list[str], draw: Dice) -> list[str]:
    """What follows a loop: the same, with another close, with another second half, or something else."""
    how = draw.weighted(tuple(_SECOND_HALVES), tuple(_SECOND_HALVES.values()))
    phrase = list(first)
    if how in ("close", "turn"):
        closes = [c for c in (*_CADENCES[mode], _TONIC[mode]) if c != phrase[3]]
        phrase[3] = draw.one_of(closes)
    if how == "turn":
        before = _chain(mode).leading_to(phrase[3].split()[0])
        others = {n: w for n, w in before.items() if n != phrase[2]}
        if others:
            phrase[2] = draw.weighted(tuple(others), tuple(others.values()))
    if how == "new":
        phrase = list(_loop(mode, kind, draw))
    return phrase

"""Chord changes in the manner of standards, in Roman numerals: the blues in its usual dresses, AABA tunes of our own.

Each form has several charts a mode; a piece's seed chooses. A chart is a sequence of (letter, bars of changes): the
same letter is the same tune, also where a second ending changes its last bars.
"""

from __future__ import annotations

Chart = tuple[tuple[str, str], ...]


def _aaba(first: str, second: str, bridge: str, last: str | None = None) -> Chart:
    return (("A", first), ("A", second), ("B", bridge), ("A", last or second))


_BLUES: tuple[Chart, ...] = (
    (("A", "I7 | IV7 | I7 | Vm7 I7alt | IV7 | #IVo7 | I7 | IIIm7b5 VI7b9 | IIm7 | V7 | I7 VI7b9 | IIm7 V7"),),
    (("A", "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | VI7b9 | IIm7 | V7 | I7 VI7b9 | IIm7 V7"),),
    (("A", "I13 | IV9 | I13 | Vm7 I7b9 | IV9 | #IVo7 | IIIm7 | VI7alt | IIm7 | V7 | IIIm7 VI7b9 | IIm7 V7alt"),),
    (
        (
            "A",
            "Imaj7 | VIIm7b5 III7b9 | VIm7 II7 | Vm7 I7 | IV7 | IVm7 bVII13 | IIIm7 VI7 | bIIIm7 bVI7 | IIm7 | V7"
            " | Imaj7 VI7b9 | IIm7 V7",
        ),
    ),
)
_MINOR_BLUES: tuple[Chart, ...] = (
    (("A", "Im7 | IVm7 | Im7 | Im7 I7alt | IVm7 | IVm7 | Im7 | Im7 | bVI7 | V7alt | Im7 | IIm7b5 V7alt"),),
    (("A", "Im6 | IIm7b5 V7alt | Im6 | Vm7b5 I7b9 | IVm7 | IVm7 | Im6 | Im6 | IIm7b5 | V7alt | Im6 | IIm7b5 V7alt"),),
    (("A", "Im7 | Im7 | Im7 | I7alt | IVm7 | bVII13 | Im7 | VIm7b5 | bVI13#11 | V7alt | Im7 bVI7 | V7alt"),),
)
_TWO_FIVE: tuple[Chart, ...] = (
    (
        ("A", "IIm7 | V7 | Imaj7 | Imaj7 | Vm7 | I7 | IVmaj7 | IVmaj7"),
        ("B", "IVm7 | bVII13 | IIIm7 | VI7b9 | IIm7 | V7 | Imaj7 VI7b9 | IIm7 V7"),
    ),
    (
        ("A", "IIm7 | V7 | Imaj7 | VI7b9 | IIm7 | V7 | Imaj7 | Imaj7"),
        ("B", "bVIIm7 | bIII7 | bVImaj7 | bVImaj7 | IIm7b5 | V7b9 | Imaj7 | VI7alt"),
    ),
    (
        ("A", "IIm9 | V13 | Imaj7 | Imaj7 | IIIm7 | VI7b9 | IIm9 | V13"),
        ("B", "#IVm7b5 | VII7b9 | IIIm7 | VI7b9 | IIm9 | V13 | I6/9 | I6/9"),
    ),
)
_TWO_FIVE_MINOR: tuple[Chart, ...] = (
    (
        ("A", "IIm7b5 | V7alt | Im6 | Im6 | IVm7 | bVII13 | bIIImaj7 | bVImaj7"),
        ("B", "IIm7b5 | V7alt | Im6 | VIm7b5 | IIm7b5 | V7b9 | Im6 | Im6"),
    ),
    (
        ("A", "IIm7b5 | V7b9 | Im7 | I7alt | IVm7 | bVII13 | bIIImaj7 | bIIImaj7"),
        ("B", "bIIIm7 | bVI13 | IIm7b5 | V7alt | IVm6 | V7alt | Im6 | IIm7b5 V7alt"),
    ),
)
_AABA: tuple[Chart, ...] = (
    _aaba(
        "Imaj7 | #Io7 | IIm7 | V13 | Imaj7 I7 | IVmaj7 IVm6 | IIIm7 VI7b9 | IIm7 V7",
        "Imaj7 | #Io7 | IIm7 | V13 | Imaj7 I7 | IVmaj7 IVm6 | IIm7 V7 | I6",
        "Vm7 | I7b9 | IVmaj7 | IVmaj7 | VIm7 | II9 | IIm7 | V7alt",
        "Imaj7 | #Io7 | IIm7 | V13 | Imaj7 I7 | IVmaj7 bVII13 | Imaj7 VI7b9 | IIm7 V7",
    ),
    _aaba(
        "IIm7 | V7 | Imaj7 | VIm7 | IIm7 | V7b9 | Imaj7 | IIIm7b5 VI7b9",
        "IIm7 | V7 | Imaj7 | VIm7 | IIm7 | V7b9 | Imaj7 | Imaj7",
        "IVm7 | bVII13 | bIIImaj7 | bVImaj7 | IIm7b5 | bVI7#11 | IIm7 | V7alt",
    ),
    _aaba(
        "I6 | IV9 | IIIm7 | VI7b9 | II9 | IIm7 V7 | Imaj7 VI7b9 | IIm7 V7",
        "I6 | IV9 | IIIm7 | VI7b9 | II9 | IIm7 V7 | I6 IVm6 | I6",
        "IIIm7b5 | VI7b9 | IIm7 | IIm7 | #IVm7b5 | VII7b9 | IIIm7 VI7b9 | IIm7 V7alt",
        "I6 | IV9 | IIIm7 | VI7b9 | II9 | IIm7 V7 | I6 VI7b9 | IIm7 V7",
    ),
    _aaba(
        "Imaj7 | IVm7 bVII13 | Imaj7 | Vm7 I7 | IVmaj7 | #IVo7 | IIIm7 VI7b9 | IIm7 V7",
        "Imaj7 | IVm7 bVII13 | Imaj7 | Vm7 I7 | IVmaj7 | #IVo7 | IIm7 V7 | I6/9",
        "IIIm7 | VI7b9 | IImaj7 | IImaj7 | IIm7 | V7 | IIIm7 VI7b9 | IIm7 V13",
        "Imaj7 | IVm7 bVII13 | Imaj7 | Vm7 I7 | IVmaj7 | IVm6 | IIIm7 VI7b9 | IIm7 V7",
    ),
)
_AABA_MINOR: tuple[Chart, ...] = (
    _aaba(
        "Im6 | IIm7b5 V7alt | Im6 | IVm7 bVII13 | bIIImaj7 | bVImaj7 | IIm7b5 | V7alt",
        "Im6 | IIm7b5 V7alt | Im6 | IVm7 bVII13 | bIIImaj7 | bVImaj7 | IIm7b5 V7alt | Im6",
        "Vm7b5 | I7b9 | IVm7 | IVm7 | IVm7 | bVII13 | bIIImaj7 | IIm7b5 V7alt",
    ),
    _aaba(
        "Im | Im(maj7) | Im7 | Im6 | IVm7 | bVII13 | IIm7b5 | V7alt",
        "Im | Im(maj7) | Im7 | Im6 | IVm7 | bVII13 | IIm7b5 V7alt | Im6",
        "IVm7 | bVII13 | bIIImaj7 | bIIImaj7 | VIm7b5 | II7b9 | IIm7b5 | V7alt",
    ),
    _aaba(
        "Im7 | bVI13 | Im7 | Im7 | IVm7 | bVII13 | bVI13 | V7alt",
        "Im7 | bVI13 | Im7 | Im7 | IVm7 | bVII13 | bVI13 V7alt | Im7",
        "IVm7 | IVm7 | bVII13 | bVII13 | bIIImaj7 | bVI13#11 | IIm7b5 | V7alt",
    ),
)
_RHYTHM: tuple[Chart, ...] = tuple(
    _aaba(
        "I6 VI7b9 | IIm7 V7 | IIIm7 VI7b9 | IIm7 V7 | Vm7 I7 | IV7 #IVo7 | IIIm7 VI7b9 | IIm7 V7",
        "I6 VI7b9 | IIm7 V7 | IIIm7 VI7b9 | IIm7 V7 | Vm7 I7 | IV7 #IVo7 | IIm7 V7 | I6",
        bridge,
        "I6 VI7b9 | IIm7 V7 | IIIm7 VI7b9 | IIm7 V7 | Vm7 I7 | IV7 IVm6 | I6 VI7b9 | IIm7 V7",
    )
    for bridge in (
        "III7 | III7 | VI7 | VI7 | II7 | II7 | V7 | V7",
        "VIIm7 | III7 | IIIm7 | VI7 | VIm7 | II7 | IIm7 | V7alt",
        "III9 | bVII13 | VI9 | bIII13 | II9 | bVI13 | V9 | V7alt",
    )
)
_RHYTHM_MINOR: tuple[Chart, ...] = (
    _aaba(
        "Im6 VIm7b5 | IIm7b5 V7alt | Im6 VIm7b5 | IIm7b5 V7alt | Vm7b5 I7b9 | IVm7 #IVo7 | Im6 VIm7b5 | IIm7b5 V7alt",
        "Im6 VIm7b5 | IIm7b5 V7alt | Im6 VIm7b5 | IIm7b5 V7alt | Vm7b5 I7b9 | IVm7 #IVo7 | IIm7b5 V7alt | Im6",
        "IVm7 | bVII13 | bIIImaj7 | bVImaj7 | VIm7b5 | II7b9 | bVI13#11 | V7alt",
    ),
)


def _vamp(home: str, away: str) -> Chart:
    """Eight bars of one mode, the bridge in another: modal jazz."""
    return _aaba(" | ".join([home] * 8), " | ".join([home] * 8), " | ".join([away] * 8))


def _waves(*chords: str) -> Chart:
    """Four bars of each chord, AABA: sixteen and sixteen and the bridge's two."""
    first = " | ".join(chord for chord in chords[:2] for _ in range(4))
    return _aaba(first, first, " | ".join(chord for chord in chords[2:] for _ in range(4)))


_MODAL: dict[str, tuple[Chart, ...]] = {
    "dorian": (_vamp("Im11", "bIIm11"), _vamp("Im11", "IVm11")),
    "mixolydian": (_vamp("I9sus4", "bIII9sus4"), _vamp("I9sus4", "bVII9sus4")),
    "lydian": (_vamp("Imaj7#11", "bIIImaj7#11"), _vamp("Imaj7#11", "bVImaj7#11")),
    "phrygian": (_vamp("I7sus4b9", "IVm11"), _vamp("I7sus4b9", "bIIIm11")),
}

CHARTS: dict[str, dict[str, tuple[Chart, ...]]] = {
    "blues": {"major": _BLUES, "minor": _MINOR_BLUES, "mixolydian": _BLUES[1:2], "dorian": _MINOR_BLUES[:1]},
    "minor-blues": {"major": _MINOR_BLUES, "minor": _MINOR_BLUES, "dorian": _MINOR_BLUES[:1]},
    "ii-V-I": {"major": _TWO_FIVE, "minor": _TWO_FIVE_MINOR},
    "aaba": {"major": _AABA, "minor": _AABA_MINOR, **_MODAL},
    "modal": {
        "major": (_waves("I9sus4", "bIII9sus4", "bII9sus4", "I9sus4"), *_MODAL["mixolydian"]),
        "minor": (*_MODAL["dorian"], _waves("Im11", "bIIIm11", "IVm11", "bVII9sus4")),
        **_MODAL,
    },
    "rhythm-changes": {"major": _RHYTHM, "minor": _RHYTHM_MINOR},
}
"""Form -> mode -> the charts to choose from. A minor blues is minor in "major" too: the name says so."""

TAGS = {
    "major": "IIIm7 VI7b9 | IIm7 V7",
    "minor": "Im6 VIm7b5 | IIm7b5 V7alt",
    "blues": "IIIm7 VI7b9 | IIm7 V7",
    "dorian": "Im11 | IVm11",
    "mixolydian": "I9sus4 | bVII9sus4",
    "lydian": "Imaj7#11 | bVIImaj7#11",
    "phrygian": "I7sus4b9 | bIIIm11",
}
"""Two bars that are said again and again before a piece ends."""

ENDINGS = {
    "major": "IIm7 V7 | I6/9",
    "minor": "IIm7b5 V7alt | Im6/9",
    "blues": "IIm7 V7 | I13",
    "dorian": "Im11 | Im11",
    "mixolydian": "I9sus4 | I9sus4",
    "lydian": "Imaj7#11 | Imaj7#11",
    "phrygian": "I7sus4b9 | I7sus4b9",
}

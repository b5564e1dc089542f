"""Loops of electronic dance music: two to eight bars of harmony that go round, by style and mode.

No corpus of it may be used: these are production practice: minor sevenths and ninths moved in parallel (house), one
chord or a flat second (techno), the four chords of anthems (trance), two-bar ninths (drum and bass).
"""

from __future__ import annotations

from collections.abc import Mapping

Loops = tuple[tuple[str, float], ...]

_HOUSE: Loops = (
    ("Im9 | Im9 | IVm9 | IVm9", 1.0), ("Im9 | bVImaj7 | IVm9 | Vm7", 0.9), ("Im7 | bIIImaj7 | IVm7 | bVImaj7", 0.8),
    ("Im9 | IVm9 | bVImaj7 | Vm7", 0.9), ("IVm9 | Vm7 | Im9 | Im9", 0.8), ("Im9 | Im9 | bVImaj7 | bVII", 0.7),
    ("bVImaj7 | bVII | Im9 | Im9", 0.8), ("Im7 | bVII | bVImaj7 | bVII", 0.6), ("Im9 | Vm7 | bVImaj7 | IVm9", 0.7),
)  # fmt: skip
_HOUSE_MAJOR: Loops = (
    ("IIm9 | V | Imaj7 | VIm7", 0.9), ("IVmaj7 | IIIm7 | VIm9 | VIm9", 1.0), ("VIm9 | IVmaj7 | Imaj7 | V", 1.0),
    ("IVmaj9 | V | VIm9 | IIIm7", 0.9), ("Imaj7 | IIIm7 | IVmaj9 | IVmaj9", 0.7), ("IIm9 | IIIm7 | IVmaj7 | V", 0.6),
)  # fmt: skip
_TECHNO: Loops = (
    ("Im | Im | Im | Im", 1.2), ("Im7 | Im7 | Im7 | Im7", 1.0), ("Im9 | Im9 | bVImaj7 | bVImaj7", 0.6),
    ("Im | Im | Im | bVI", 0.6), ("Im | Im | bIII | Im", 0.4), ("Im9 | Im9 | IVm9 | Im9", 0.5),
)  # fmt: skip
_TECHNO_PHRYGIAN: Loops = (
    ("Im | Im | Im | bII", 1.0), ("Im | Im | bII | Im", 0.8), ("Im | bII | Im | bII", 0.5), ("Im | Im | Im | Im", 0.8),
)  # fmt: skip
_TECHNO_MAJOR: Loops = (
    ("VIm7 | VIm7 | VIm7 | VIm7", 1.0), ("Imaj7 | Imaj7 | IVmaj7 | Imaj7", 0.8), ("VIm9 | VIm9 | IVmaj7 | V", 0.6),
)  # fmt: skip
_ANTHEM: Loops = (
    ("bVI | bVII | Im | Im", 1.0), ("Im | bVI | bIII | bVII", 1.2), ("bVI | bIII | bVII | Im", 1.0),
    ("Im | bVII | bVI | bVII", 0.9), ("Im | bIII | bVII | IVm", 0.8), ("Im | IVm | bVI | bVII", 0.9),
    ("Im | Im | bVI | bVI | bIII | bIII | bVII | bVII", 0.9), ("bVI | bVI | bVII | bVII | Im | Im | Vm | Vm", 0.7),
    ("Im | bVI | IVm | Vm", 0.7),
)  # fmt: skip
_ANTHEM_MAJOR: Loops = (
    ("VIm | IV | I | V", 1.2), ("IV | V | VIm | I", 0.9), ("I | V | VIm | IV", 1.0), ("IV | I | V | VIm", 0.9),
    ("I | IIIm | IV | V", 0.6), ("VIm | VIm | IV | IV | I | I | V | V", 0.7), ("IV | VIm | I | V", 0.8),
)  # fmt: skip
_DEEP: Loops = (
    ("Im9 | Im9 | bVImaj7 | bVImaj7", 1.2), ("Im9 | bIIImaj7 | bVImaj7 | bVII", 0.9), ("Im9 | Im9 | IVm9 | IVm9", 1.0),
    ("bVImaj7 | bVImaj7 | Im9 | Im9", 0.9), ("Im9 | Vm7 | bVImaj7 | IVm9", 0.8), ("Im9 | Im9 | bVII | bVImaj7", 0.7),
    ("IVm9 | IVm9 | Im9 | Vm7", 0.6),
)  # fmt: skip
_DEEP_MAJOR: Loops = (
    ("Imaj7 | Imaj7 | VIm9 | VIm9", 1.0), ("IVmaj9 | IVmaj9 | VIm9 | V", 1.0), ("VIm9 | VIm9 | IVmaj7 | IVmaj7", 1.0),
    ("IVmaj7 | IIIm7 | VIm9 | VIm9", 0.8),
)  # fmt: skip
_DORIAN: Loops = (
    ("Im9 | Im9 | IV9 | IV9", 1.0), ("Im7 | IV7 | Im7 | bVII", 0.8), ("Im9 | bVII | IV | Im9", 0.8),
    ("Im9 | Im9 | bVII | IV", 0.7),
)  # fmt: skip
_DORIAN_TRIADS: Loops = (("Im | bVII | IV | IV", 1.0), ("Im | bIII | bVII | IV", 1.0), ("Im | Im | IV | bVII", 0.7))
_PHRYGIAN: Loops = (
    ("Im | bII | Im | bVIIm", 0.9), ("Im | Im | bII | bII", 1.0), ("Im | bVI | bII | Im", 0.8),
    ("Im | bII | bIII | bII", 0.7),
)  # fmt: skip
_MIXOLYDIAN: Loops = (
    ("I7 | I7 | IV9 | I7", 0.8), ("I | bVII | IV | I", 1.0), ("Vm9 | I9 | Vm9 | I9", 0.6),
    ("I | Vm7 | IV | bVII", 0.8),
)  # fmt: skip

MODES = ("minor", "major", "dorian", "phrygian", "mixolydian")
_HOUSES: Mapping[str, Loops] = {
    "minor": _HOUSE, "major": _HOUSE_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN, "mixolydian": _MIXOLYDIAN,
}  # fmt: skip
_BY_STYLE: Mapping[str, Mapping[str, Loops]] = {
    "house": _HOUSES,
    "garage": _HOUSES,
    "techno": {"minor": _TECHNO, "major": _TECHNO_MAJOR, "dorian": (("Im7 | Im7 | IV7 | Im7", 0.7),
               ("Im7 | Im7 | Im7 | Im7", 1.0), ("Im9 | Im9 | IV9 | IV9", 0.5)), "phrygian": _TECHNO_PHRYGIAN,
               "mixolydian": (("I7 | I7 | I7 | I7", 1.0), ("I7 | I7 | bVII | I7", 0.7))},
    "trance": {"minor": _ANTHEM, "major": _ANTHEM_MAJOR, "dorian": _DORIAN_TRIADS, "phrygian": _PHRYGIAN,
               "mixolydian": _MIXOLYDIAN[1:2]},
    "drum-and-bass": {"minor": _DEEP, "major": _DEEP_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN,
                      "mixolydian": _MIXOLYDIAN},
    "dubstep": {"minor": _ANTHEM, "major": _ANTHEM_MAJOR, "dorian": _DORIAN_TRIADS, "phrygian": _PHRYGIAN,
                "mixolydian": _MIXOLYDIAN[1:2]},
}  # fmt: skip


def loops(style: str, mode: str) -> Loops:
    """The loops of a style in a mode, with weights."""
    return _BY_STYLE[style][mode]

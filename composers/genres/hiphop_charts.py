"""Hip-hop's loops: two to eight bars of harmony that go round, by style and mode, in numerals of the major scale.

No licensed corpus of hip-hop harmony was found: these are production practice (lo-fi's ninths from jazz, trap's minor
with its flat sixth and phrygian second, boom-bap's one- and two-chord samples), as MUSIC's tables of craft have them.
"""

from __future__ import annotations

from collections.abc import Mapping

Loops = tuple[tuple[str, float], ...]

_JAZZY: Loops = (
    ("IIm9 | V13 | Imaj9 | VIm9", 1.0), ("IVmaj9 | IIIm7 | IIm9 | Imaj9", 1.0), ("IIm9 V13 | Imaj9 VI7b9", 0.9),
    ("Imaj9 | VIm9 | IIm9 | V13", 0.9), ("IVmaj7 V7 | IIIm7 VIm7 | IIm7 V7 | Imaj7 I7", 0.7),
    ("Imaj9 IIIm7 | IVmaj9 IVm6", 0.9), ("IVmaj9 IVm6 | Imaj9 VIm9", 0.7), ("VIm9 | IIm9 | IVmaj9 | IIIm7", 0.7),
    ("IIIm7 VIm9 | IIm9 V13", 0.8), ("Imaj7 #Io7 | IIm7 V13", 0.4), ("IIm9 | IIIm7 | IVmaj9 | V13", 0.4),
)  # fmt: skip
_JAZZY_MINOR: Loops = (
    ("Im9 | IVm9 | Im9 | V7alt", 1.0), ("IVm9 | bVII13 | bIIImaj9 | bVImaj9", 1.0),
    ("Im9 | bVImaj9 | IIm7b5 | V7alt", 1.0), ("bVImaj9 | Vm7 | IVm9 | Im9", 0.9), ("Im9 bVII13 | bVImaj9 V7alt", 0.8),
    ("Im9 | IVm9 bVII13", 0.6), ("bVImaj9 V7alt | Im9 Im9", 0.7), ("IVm9 Vm7 | Im9 Im9", 0.5),
)  # fmt: skip
_SAMPLE: Loops = (
    ("Im9 | Im9", 0.9), ("Im9 | IVm9", 1.0), ("Im7 | bVII13 | bVImaj7 | bVII13", 0.8),
    ("Im9 | Im9 | IVm9 | V7#9", 0.8), ("Im7 IVm7 | Im7 V7#9", 0.7), ("bVImaj9 | Im9", 0.8),
    ("Im9 bIIImaj7 | bVImaj9 V7#9", 0.6), ("IIm7b5 V7b9 | Im9 Im9", 0.7), ("Im7 | Im7 | bVImaj7 | bVII13", 0.6),
    ("Im9 | bIImaj7", 0.4),
)  # fmt: skip
_SAMPLE_MAJOR: Loops = (
    ("Imaj9 | IIm9", 0.8), ("Imaj9 | IVmaj9", 1.0), ("IIm9 | V13 | Imaj9 | Imaj9", 0.9),
    ("Imaj7 VIm9 | IIm9 V13", 0.9), ("IVmaj9 | Imaj9", 0.8), ("I13 | IV9", 0.6), ("IVmaj9 IIIm7 | IIm9 Imaj9", 0.7),
)  # fmt: skip
_DARK: Loops = (
    ("Im | bVI | Im | V", 0.9), ("Im | Im | bVI | V", 1.0), ("Im | bVI | bIII | bVII", 0.9),
    ("Im | IVm | Im | V", 0.7), ("Im | Im | bVI | bVII", 1.0), ("bVI | bVII | Im | Im", 1.0), ("Im bVI | Vm Im", 0.6),
    ("Im | Vm | bVI | IVm", 0.8), ("Im | bVI | IVm | V", 0.9), ("Im | Im | Im | bVI V", 0.7),
    ("IVm | Im | bVI | V", 0.6), ("Im | bII | Im | bVI", 0.6),
)  # fmt: skip
_PHRYGIAN: Loops = (
    ("Im | bII | Im | bVIIm", 1.0), ("Im | Im | bII | bII", 1.0), ("Im | bII | bIII | bII", 0.9),
    ("Im | bVI | bII | Im", 0.9), ("Im | Im | bVI | bII", 0.8), ("Im bII | Im bIII", 0.6),
)  # fmt: skip
_BRIGHT: Loops = (
    ("VIm | IV | I | V", 1.0), ("IV | V | VIm | I", 0.8), ("I | V | VIm | IV", 0.8),
    ("IVmaj7 | V | IIIm7 | VIm7", 0.9), ("I | IIIm | IV | IVm", 0.6), ("VIm | VIm | IV | V", 0.8),
)  # fmt: skip
_DORIAN: Loops = (
    ("Im9 | IV13", 1.0), ("Im9 | IV13 | Im9 | bVIImaj7", 0.8), ("Im7 IIm7 | bIIImaj7 IV13", 0.7),
    ("Im9 | Im9 | IV9 | IV9", 0.8), ("bIIImaj7 IV13 | Im9 Im9", 0.6),
)  # fmt: skip
_BY_STYLE: Mapping[str, Mapping[str, Loops]] = {
    "boom-bap": {"minor": _SAMPLE, "major": _SAMPLE_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "lo-fi": {"minor": _JAZZY_MINOR, "major": _JAZZY, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "trap": {"minor": _DARK, "major": _BRIGHT, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "drill": {"minor": _DARK, "major": _BRIGHT, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "neo-soul": {"minor": _JAZZY_MINOR, "major": _JAZZY, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
}  # fmt: skip
MODES = ("minor", "major", "dorian", "phrygian")


def loops(style: str, mode: str) -> Loops:
    """The loops of a style in a mode, with weights."""
    return _BY_STYLE[style][mode]

"""What to play: score values, theory, genres, forms. Pure functions of (span, context, seed).

    from composers import MusicTheory    scales, chords, progressions, analysis behind one door
    from composers import Scale          a scale of one's own: Scale("Custom", [0, 2, 4, 5, 7, 9, 11])

Both are loaded when they are asked for: importing one of the modules costs no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from composers.theory.music_theory import MusicTheory
    from composers.theory.scale_types import custom_scale as Scale  # noqa: N812 - the name that users write

__all__ = ["MusicTheory", "Scale"]

_LAZY = {
    "MusicTheory": ("composers.theory.music_theory", "MusicTheory"),
    "Scale": ("composers.theory.scale_types", "custom_scale"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])

"""What to play: score values, theory, genres, forms. Pure functions of (span, context, seed).

    from composers import MusicTheory    scales, chords, progressions, analysis behind one door
    from composers import Scale          a scale of one's own: Scale("Custom", [0, 2, 4, 5, 7, 9, 11])
    from composers import MLComposer     melodies, chords, accompaniments, whole pieces
    from composers import Piece          what it gives, and what MIDI files are read into
    from composers import register_composer, register_genre    one's own

They are loaded when they are asked for: importing one of the modules costs no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from composers.composer import register_composer, register_genre
    from composers.ml_composer import MLComposer
    from composers.piece import Piece
    from composers.theory.music_theory import MusicTheory
    from composers.theory.scale_types import custom_scale as Scale  # noqa: N812 - the name that users write

__all__ = ["MLComposer", "MusicTheory", "Piece", "Scale", "register_composer", "register_genre"]

_LAZY = {
    "MLComposer": ("composers.ml_composer", "MLComposer"),
    "MusicTheory": ("composers.theory.music_theory", "MusicTheory"),
    "Piece": ("composers.piece", "Piece"),
    "register_composer": ("composers.composer", "register_composer"),
    "register_genre": ("composers.composer", "register_genre"),
    "Scale": ("composers.theory.scale_types", "custom_scale"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])

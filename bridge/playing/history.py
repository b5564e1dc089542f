"""Layers as they came to be: what is taken back can be had again."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.playing.spec import LayerSpec

_MOST = 256

Layers = tuple[LayerSpec, ...]


class History:
    """The settled layers, and what they were before and after."""

    def __init__(self, layers: Sequence[LayerSpec] = ()) -> None:
        self.now: Layers = tuple(layers)
        self._past: list[Layers] = []
        self._future: list[Layers] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def do(self, layers: Sequence[LayerSpec]) -> None:
        """From now on these; what was taken back before is gone."""
        if tuple(layers) != self.now:
            self._past = [*self._past[1 - _MOST :], self.now]
            self.now = tuple(layers)
            self._future.clear()

    def undo(self) -> bool:
        """False where there is nothing to take back."""
        if not self._past:
            return False
        self._future.append(self.now)
        self.now = self._past.pop()
        return True

    def redo(self) -> bool:
        if not self._future:
            return False
        self._past.append(self.now)
        self.now = self._future.pop()
        return True

    def replaced(self, layers: Sequence[LayerSpec]) -> None:
        """The same layers, said otherwise: they have files now. History before it stays as it was."""
        self.now = tuple(layers)

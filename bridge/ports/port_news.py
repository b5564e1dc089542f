"""Which MIDI ports of others have come or gone, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

_MOST = 6
"""A hub that is unplugged takes many ports with it: so many are named."""


class PortNews:
    """Compares each look at the ports with the one before. Pure; for one thread."""

    def __init__(self, names: Iterable[str], is_ours: Callable[[str], bool]) -> None:
        """names: those there now, of which nothing is told. is_ours: ports by whose coming nobody is surprised."""
        self._is_ours = is_ours
        self._known = dict.fromkeys(names)  # in order, each once: a device is often an output and an input

    def update(self, names: Iterable[str], tied: Collection[str] = ()) -> list[str]:
        """What is new. tied: ports that we are tied to, whose state is told elsewhere."""
        before, self._known = self._known, dict.fromkeys(names)
        news = [(name, "has appeared") for name in self._known if name not in before]
        news += [(name, "is gone") for name in before if name not in self._known]
        told = [f"MIDI port {name!r} {what}" for name, what in news if name not in tied and not self._is_ours(name)]
        if len(told) > _MOST:
            told[_MOST:] = [f"{len(told) - _MOST} more MIDI ports have come or gone"]
        return told

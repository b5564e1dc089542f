"""Which inputs are being played: for status and page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridge.inputs.played import Played
from bridge.inputs.wiring import default_track
from bridge.session import Session

_LIT_S = 0.15
"""So long a light is on after what was played last: three of the page's pictures."""
_ON, _OFF = 0x9, 0x8


class Light(NamedTuple):
    """An input, the tracks that it plays, and whether it is played now."""

    name: str
    tracks: tuple[str, ...]
    on: bool


class Lights:
    """Of a session's inputs. They belong to the main process's loop."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._session = session
        self._down: list[set[tuple[int, int]]] = [set() for _ in session.input]
        self._last = [float("-inf")] * len(session.input)

    def hear(self, played: Sequence[Played]) -> None:
        """What tracks got from players."""
        for each in played:
            if each.input < len(self._last):
                self._last[each.input] = self._clock()
                kind, key = each.data[0] >> 4, (each.track, each.data[1])
                if kind == _ON:
                    self._down[each.input].add(key)
                elif kind == _OFF:
                    self._down[each.input].discard(key)

    def let_go(self) -> None:
        """Another engine begins, or other strips: what was held there is not known any more."""
        for keys in self._down:
            keys.clear()

    def now(self) -> list[Light]:
        """By input."""
        found = []
        for i, spec in enumerate(self._session.input):
            tracks = dict.fromkeys(name for zone in spec.zones for name in zone.to or [default_track(self._session)])
            lit = bool(self._down[i]) or self._clock() - self._last[i] < _LIT_S
            found.append(Light(spec.name, tuple(tracks), lit))
        return found

"""What was wrong in a file and what was done about it."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One kind of mistake in one track.

    offset  of the byte where it was first met, from the file's beginning
    track   its chunk's number, from 0; None for what is wrong with the file
    what    what was found, and what was done
    times   how often
    """

    offset: int
    track: int | None
    what: str
    times: int

    def __str__(self) -> str:
        place = f"byte {self.offset}" + ("" if self.track is None else f", track {self.track}")
        return f"{place}: {self.what}" + (f" ({self.times} times)" if self.times > 1 else "")


class Report:
    """Problems as they are met: one entry for each kind and track, so that a broken file cannot fill the memory."""

    def __init__(self) -> None:
        self._found: dict[tuple[int | None, str], tuple[int, int]] = {}
        self._left_out: dict[str, int] = {}

    def add(self, offset: int, track: int | None, what: str, count: int = 1) -> None:
        """`what` names the kind: no numbers in it that differ from one to the next."""
        first, before = self._found.get((track, what), (offset, 0))
        self._found[track, what] = min(first, offset), before + count

    def leave_out(self, what: str) -> None:
        """Something in order that a Piece has no place for."""
        self._left_out[what] = self._left_out.get(what, 0) + 1

    @property
    def problems(self) -> tuple[Problem, ...]:
        """By where they were first met."""
        found = (Problem(at, track, what, count) for (track, what), (at, count) in self._found.items())
        return tuple(sorted(found, key=lambda p: (p.offset, p.what)))

    @property
    def left_out(self) -> dict[str, int]:
        return dict(self._left_out)

"""The tempo as it was followed, as a MIDI file's tempo map: real time to a file's ticks and back, without drift."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from bridge.tempo import TempoLine
from composers.score import PPQ, Tick

TOLERANCE_TICKS = 0.5
"""A line of the map is nowhere further than this from where the music was."""
_MOST_LINE_S = 60.0
"""A file's tempo is a whole number of us a quarter: so often at least what it is wrong by is made up for."""
_US = 1_000_000
_MOST_US = (1 << 24) - 1
"""Of a quarter: three bytes in the file."""


_POSITION_TICKS = 240
"""What a master starts at is a multiple of this (Song Position Pointer counts sixteenths)."""


def music_begins(line: TempoLine, position: Tick, begin_ns: int, end_ns: int) -> int:
    """When the music reaches the tick that it starts at, told after the first block in which it plays (from begin_ns
    to end_ns), where `position` is the first tick not played. Often that is later: on its own tempo it begins once
    what has the greatest latency can be in time."""
    if line.tick_at(end_ns) <= position - 1:
        return line.ns_at(position)
    first = -(-line.tick_at(begin_ns) // _POSITION_TICKS) * _POSITION_TICKS
    begins_ns = line.ns_at(first)
    return begins_ns if begin_ns <= begins_ns < end_ns else begin_ns


class Moment(NamedTuple):
    """Where the music was: `tick` at `seconds`, where a bar has bar_ticks. new: it began or jumped there."""

    seconds: float
    tick: float
    bar_ticks: Tick
    new: bool = False


class Tempo(NamedTuple):
    """From `tick` of the file on, which is at `seconds`, a quarter takes so many us."""

    tick: Tick
    seconds: float
    us: int


class TempoMap:
    """Ticks of a file in which the music's time is real time. While it plays they run with its own, so that its bars
    are the file's from the first start on; in pauses the tempo is such that the next start falls on its place in the
    bar; a jump in the middle of the music cannot be made to.

    moments: in order of time, dense while the music plays (a block or so apart); the file begins at 0 s.
    """

    def __init__(self, moments: Sequence[Moment]) -> None:
        self.tempos: list[Tempo] = []
        self.starts: list[tuple[Tick, Moment]] = []
        """Where in the file the music began or jumped."""
        self._tick, self._seconds = 0, 0.0
        """The last place that is decided."""
        self._bpm = 120.0
        pieces = _pieces(moments)
        if pieces:
            self._bpm = _bpm(pieces[0])
        for piece in pieces:
            self._approach(piece[0])
            self.starts.append((self._tick, piece[0]))
            self._follow(piece)
        if not self.tempos:
            self.tempos.append(Tempo(0, 0.0, round(60 * _US / self._bpm)))

    def tick_at(self, seconds: float) -> Tick:
        """The file's tick nearest to a time; past the last tempo, that goes on."""
        index = max(0, bisect_right(self.tempos, seconds, key=lambda tempo: tempo.seconds) - 1)
        tempo = self.tempos[index]
        tick = tempo.tick + max(0, round((seconds - tempo.seconds) * _US * PPQ / tempo.us))
        if index + 1 < len(self.tempos):
            tick = min(tick, self.tempos[index + 1].tick)
        return tick

    def _approach(self, first: Moment) -> None:
        """Up to where the music begins, so that its bars are the file's where there is time to make them so."""
        seconds = first.seconds - self._seconds
        nominal = seconds * self._bpm * PPQ / 60
        if nominal < 1:
            return
        phase = first.tick % first.bar_ticks
        bars = max(0, round((self._tick + nominal - phase) / first.bar_ticks))
        target = round(bars * first.bar_ticks + phase)
        least = self._tick + max(1, -(-round(seconds * _US) * PPQ // _MOST_US))
        while target < least:
            target += first.bar_ticks
        self._line(target, first.seconds)

    def _follow(self, piece: Sequence[Moment]) -> None:
        """Along the music, by as few straight lines as do (the "swinging door" of Bristol, 1990)."""
        origin = self._tick - piece[0].tick
        begin, at = piece[0], 0
        while at < len(piece) - 1:
            low, high = float("-inf"), float("inf")
            end = at + 1
            for i in range(at + 1, len(piece)):
                seconds = piece[i].seconds - begin.seconds
                if seconds <= 0:
                    continue
                slope = (piece[i].tick - begin.tick) / seconds
                if i > at + 1 and (not low <= slope <= high or seconds > _MOST_LINE_S):
                    break
                low = max(low, slope - TOLERANCE_TICKS / seconds)
                high = min(high, slope + TOLERANCE_TICKS / seconds)
                end = i
            self._line(round(origin + piece[end].tick), piece[end].seconds)
            begin, at = piece[end], end
        self._bpm = _bpm(piece)

    def _line(self, tick: Tick, seconds: float) -> None:
        """A tempo that leads to `tick` at `seconds`, as nearly as whole us allow; what is missing the next makes up."""
        ticks = tick - self._tick
        if ticks <= 0:
            return
        us = min(_MOST_US, max(1, round((seconds - self._seconds) * _US * PPQ / ticks)))
        if not self.tempos or self.tempos[-1].us != us:
            self.tempos.append(Tempo(self._tick, self._seconds, us))
        self._tick = tick
        self._seconds += ticks * us / (PPQ * _US)


def _pieces(moments: Sequence[Moment]) -> list[list[Moment]]:
    pieces: list[list[Moment]] = []
    for moment in moments:
        if moment.new or not pieces:
            pieces.append([])
        pieces[-1].append(moment)
    return pieces


def _bpm(piece: Sequence[Moment]) -> float:
    """Of the whole of it."""
    seconds = piece[-1].seconds - piece[0].seconds
    return min(1000.0, max(4.0, (piece[-1].tick - piece[0].tick) * 60 / PPQ / seconds)) if seconds > 0 else 120.0

"""How far the music has come, told from where it is: ticks that only grow, also where a master loops or seeks."""

from __future__ import annotations

from typing import NamedTuple

from composers.score import PPQ, Tick

_FAR = PPQ / 8
"""Further than this from where the tempo leads, the music has jumped."""


class Jump(NamedTuple):
    """The music went on at `after` rather than at `before`; where bar lines are near, from one to another."""

    before: Tick
    after: Tick


class Progress:
    """Fed with where the music was at which frame, in order; None while nothing has been told, or it stood."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        """Ticks played since the beginning."""
        self.tick = 0.0
        self.playing = False
        self._frame = 0
        self._bpm = 120.0

    def told(self, frame: int, tick: float, bpm: float, rate: int, bar_ticks: Tick, *, playing: bool) -> Jump | None:
        """The music is at `tick` at `frame`. Where it has jumped since it was last told: how."""
        was, before, ticks_a_frame = self.playing, self.tick, (bpm or self._bpm) * PPQ / 60 / rate
        passed = max(0, frame - self._frame) * ticks_a_frame
        self._frame, self._bpm, self.tick, self.playing = frame, bpm or self._bpm, tick, playing
        if not was or not playing:  # it went on for less than has passed
            near = -_FAR <= tick - before <= passed + _FAR
            self.elapsed += max(0.0, tick - before) if near and (was or playing) else 0.0
            return None if near or was or not playing else Jump(round(before), round(tick))
        if abs(tick - before - passed) <= max(_FAR, passed / 4):
            self.elapsed += max(0.0, tick - before)
            return None
        self.elapsed += passed
        within = tick % bar_ticks
        after = tick - within if within <= passed + 1 else tick
        left = before + max(0.0, passed - (tick - after))
        line = round(left / bar_ticks) * bar_ticks
        return Jump(line if abs(left - line) <= _FAR else round(left), round(after))

    def at(self, frame: int, tick: float, rate: int) -> float:
        """Ticks played until a message that came at `frame`, when the music was at `tick`."""
        passed = (frame - self._frame) * self._bpm * PPQ / 60 / rate
        near = tick - self.tick
        return self.elapsed + (near if abs(near - passed) <= max(_FAR, abs(passed) / 4) else passed)

"""Where a MIDI Time Code master is, from the quarter frames that come. Sans I/O."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from bridge.clock.mtc import PIECES, Rate, Timecode

_NEAR_S = 2.0
"""A code so near to where a full frame has located is believed from its frames and seconds alone."""


class Move(Enum):
    """What a quarter frame did."""

    UNKNOWN = 0
    """Pieces come, but where they are is not known yet."""
    LOCATED = 1
    """The position became known, or turned out to be another one than was counted."""
    FORWARD = 2
    BACKWARD = 3
    REPEATED = 4
    """The same piece again: nothing moved."""


class _Announced(NamedTuple):
    """Where the pieces to come will probably begin: at a full frame message's frame (`exact`), or near the last one."""

    frame: int
    rate: Rate
    exact: bool


class _Spelled(NamedTuple):
    """A position at the present piece, told by all eight pieces (`whole`) or by some and an announcement."""

    quarter: int
    rate: Rate
    whole: bool


class MtcReader:
    """Pieces in, the count of quarter frames out.

    Eight pieces in a row tell the position, or fewer where a full frame message said nearby where it would be; from
    then on pieces are counted, lost ones by their numbers. What they spell is compared all the time: another position
    is believed once it was spelled to the end of a code and a second sign of it comes, a piece that only the new
    position explains, so that one wrong nibble moves nothing.
    """

    __slots__ = ("_announced", "_back", "_nibbles", "_other", "_piece", "_proven", "_run", "_sure", "located",
                 "quarter", "rate")

    def __init__(self) -> None:
        self.quarter = 0
        """Quarter frames since 00:00:00:00 at the last piece, once `located`; else a count from anywhere."""
        self.rate = Rate.FPS_25
        self.located = False
        self._proven = False
        """All eight pieces have told the position; until then it is a guess from a full frame message."""
        self._piece: int | None = None
        self._nibbles = [0] * PIECES
        self._run = 0
        self._back = 0
        self._announced: _Announced | None = None
        self._other: tuple[int, Rate] | None = None  # another position that the pieces spell, relative to the count
        self._sure = False  # it was spelled to the last piece of a code

    @property
    def reversed(self) -> bool:
        """Two pieces in a row have come in falling order."""
        return self._back > 1

    def announce(self, code: Timecode, rate: Rate) -> None:
        """A full frame message has come."""
        self._announced = _Announced(code.frame(rate), rate, True)

    def pause(self) -> None:
        """Pieces have ceased: the next one begins anew, probably near where they ended."""
        if self.located and self._announced is None:
            self._announced = _Announced(self.quarter // 4, self.rate, False)
        self.located = self._proven = False
        self._piece = self._other = None
        self._run = self._back = 0

    def skip(self, quarters: int) -> None:
        """So many more had been lost than their numbers could tell."""
        self.quarter = (self.quarter + quarters) % (4 * self.rate.day_frames)

    def feed(self, data: int, elapsed: float) -> tuple[Move, int]:
        """The data byte of a quarter frame message, `elapsed` quarter frames after the last one, as far as is known.

        Returns what it did, and by how many quarter frames the count went on.
        """
        piece, nibble = data >> 4 & 7, data & 15
        last, self._piece = self._piece, piece
        step = 1 if last is None else (piece - last) % PIECES
        if step == 0:
            step = PIECES if elapsed > PIECES / 2 else 0
        elif step == PIECES - 1 and elapsed < PIECES / 2:
            step = -1
        if step == 0:
            return Move.REPEATED, 0
        self._nibbles[piece] = nibble
        self.quarter = piece if last is None else self.quarter + step
        if self.located:
            self.quarter %= 4 * self.rate.day_frames
        if step < 0:
            return self._backward(piece)
        self._back = 0
        self._run = self._run + 1 if step == 1 else 1
        spelled = self._spelled(piece, nibble) or self._suspected(piece, nibble)
        if spelled is not None and self._believe(spelled, piece, nibble):
            return Move.LOCATED, step
        return (Move.FORWARD if self.located else Move.UNKNOWN), step

    def _backward(self, piece: int) -> tuple[Move, int]:
        self._back += 1
        self._run = 0
        self._other = None
        if piece == 0 and self._back >= PIECES - 1:
            code, rate = Timecode.of_pieces(self._nibbles)
            if code.valid(rate):
                self.quarter, self.rate, self.located, self._proven = 4 * code.frame(rate), rate, True, True
        return Move.BACKWARD, -1

    def _spelled(self, piece: int, nibble: int) -> _Spelled | None:
        """The position as the last pieces tell it, where they do."""
        if self._run >= PIECES and piece >= 3:
            code, rate = Timecode.of_pieces(self._nibbles)
            first = 4 if rate.drop else 2
            if piece < PIECES - 1 and code.seconds == 0 and code.frames < first:
                return None  # minutes and hours may be those of the set before
            quarter = (4 * code.frame(rate) + piece) % (4 * rate.day_frames)
            return _Spelled(quarter, rate, True) if code.valid(rate) else None
        if self._announced is None:
            return None
        frame, rate, exact = self._announced
        if piece == 0 and self._run == 1:
            return _Spelled(4 * frame, rate, False) if (
                exact and not self.located and nibble == Timecode.at(frame, rate).frames & 15) else None
        if piece < 3 or self._run <= piece:
            return None
        near = Timecode.at(frame, rate)
        n = self._nibbles
        seconds, frames = n[2] | (n[3] & 3) << 4, n[0] | (n[1] & 1) << 4
        for minute in (-1, 0, 1):  # the announced one, or a neighbour
            hours, minutes = divmod((near.hours * 60 + near.minutes + minute) % 1440, 60)
            code = Timecode(hours, minutes, seconds, frames)
            away = (code.frame(rate) - frame + rate.day_frames // 2) % rate.day_frames - rate.day_frames // 2
            if code.valid(rate) and abs(away) <= _NEAR_S * rate.nominal:
                return _Spelled((4 * code.frame(rate) + piece) % (4 * rate.day_frames), rate, False)
        return None

    def _suspected(self, piece: int, nibble: int) -> _Spelled | None:
        """The other position that earlier pieces spelled, as long as this one agrees."""
        if self._other is None or self._run < PIECES:
            return None
        away, rate = self._other
        quarter = (self.quarter + away) % (4 * rate.day_frames)
        if _explains(quarter, rate, piece, nibble):
            return _Spelled(quarter, rate, True)
        self._other = None
        return None

    def _believe(self, spelled: _Spelled, piece: int, nibble: int) -> bool:
        """Whether that moves the position."""
        quarter, rate, whole = spelled
        if self.located and (quarter, rate) == (self.quarter, self.rate):
            self._other = None
            if whole:
                self._proven, self._announced = True, None
            return False
        if self._proven and whole:
            other = quarter - self.quarter, rate
            sure = self._sure and other == self._other
            self._other, self._sure = other, sure or piece == PIECES - 1
            if not sure or _explains(self.quarter, self.rate, piece, nibble):
                return False
        self.quarter, self.rate, self.located, self._proven = quarter, rate, True, whole
        self._other = None
        if whole:
            self._announced = None
        return True


def _explains(quarter: int, rate: Rate, piece: int, nibble: int) -> bool:
    """Whether a master at this position would send this piece."""
    return Timecode.at((quarter - piece) // 4, rate).pieces(rate)[piece] == nibble

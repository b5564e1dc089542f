"""A track's bytes as notes, controls and meta events in the file's own ticks. Sans I/O; never raises."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from composers.smf.problems import Report

LONGEST_WAIT_QUARTERS = 100_000
"""A wait for more (14 hours at 120 BPM) is damage."""
_NEGATIVE = 1 << 27
"""Waits from here on are negative numbers of 28 bits, as some programs write them."""
_ENDS_NOTES = (120, 123)
"""All sound off, all notes off."""
_SYSTEM_DATA = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_GS_PARTS = (9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15)
"""Channel of a Roland GS part block."""

RawNote = tuple[int, int, int, int]
"""Start, end, key, velocity."""
RawControl = tuple[int, str, int, float]
"""Tick, kind, number, value."""


class Meta(NamedTuple):
    """channel: what a channel prefix before it said, None without one."""

    tick: int
    kind: int
    data: bytes
    channel: int | None
    offset: int


class TrackEvents:
    """What a track holds.

    notes, controls  by channel, notes in the order of their ends
    drums            channels that a system exclusive message made drum kits (Roland GS, Yamaha XG)
    end              where its last event stands
    """

    __slots__ = ("controls", "drums", "end", "metas", "notes", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.notes: defaultdict[int, list[RawNote]] = defaultdict(list)
        self.controls: defaultdict[int, list[RawControl]] = defaultdict(list)
        self.metas: list[Meta] = []
        self.drums: set[int] = set()
        self.end = 0

    @property
    def channels(self) -> list[int]:
        """Those in use."""
        return sorted({c for found in (self.notes, self.controls) for c, events in found.items() if events})


def read_track(data: bytes, start: int, end: int, number: int, longest_wait: int, report: Report) -> tuple[
    TrackEvents, int
]:  # fmt: skip
    """Events of data[start:end], and where they ended: behind the end-of-track event if there is one.

    longest_wait  in ticks; what waits longer comes at once
    Overlapping notes of a key: the first that began ends first. A note without end ends with the track.
    """
    reader = _Reader(data[start:end], start, number, longest_wait, report)
    return reader.read(), start + reader.at


class _Reader:
    """One track on its way."""

    def __init__(self, data: bytes, origin: int, number: int, longest_wait: int, report: Report) -> None:
        self.at = 0
        self._data, self._origin, self._number = data, origin, number
        self._longest, self._report = min(longest_wait, _NEGATIVE - 1), report
        self._track = TrackEvents(number)
        self._prefix: int | None = None

    def read(self) -> TrackEvents:
        try:
            ended = self._events()
        except IndexError:
            self._wrong(len(self._data), "cut off within an event: what came before it is kept")
            self.at = len(self._data)
        else:
            if not ended:
                self._wrong(len(self._data), "no end-of-track: ended with its last byte")
            elif self.at < len(self._data) and self._data[self.at : self.at + 4] != b"MTrk":
                self._wrong(self.at, "bytes behind the end-of-track: not read")
        return self._track

    def _wrong(self, at: int, what: str, count: int = 1) -> None:
        self._report.add(self._origin + at, self._number, what, count)

    def _events(self) -> bool:
        """The loop, kept in one piece for speed (a call for each event would double its time). Whether it ended well.

        Raises IndexError where the data end within an event.
        """
        data, size, track, longest = self._data, len(self._data), self._track, self._longest
        notes, controls = track.notes, track.controls
        sounding: dict[int, list[tuple[int, int]]] = {}
        at = now = status = 0
        ended = False
        try:
            while at < size:
                wait = data[at]
                at += 1
                if wait > 127:
                    wait, at = self._number_at(at - 1)
                    if wait > longest:
                        negative = wait >= _NEGATIVE
                        self._wrong(at, f"{'negative' if negative else 'endless'} wait: taken as none")
                        wait = 0
                now += wait
                byte = data[at]
                if byte > 127:
                    at += 1
                    if byte >= 0xF0:
                        at = self._system(byte, at, now)
                        if track.metas and track.metas[-1].kind == 0x2F:
                            ended = True
                            break
                        continue
                    status = byte
                elif not status:
                    self._wrong(at, "data without a status: passed over")
                    at += 1
                    continue
                kind, channel = status & 0xF0, status & 15
                one = data[at]
                if kind == 0xC0 or kind == 0xD0:
                    at += 1
                    one = one if one < 128 else self._clipped(at - 1)
                    controls[channel].append((now, "program" if kind == 0xC0 else "pressure", 0, one))
                    continue
                two = data[at + 1]
                at += 2
                if one > 127:
                    one = self._clipped(at - 2)
                if two > 127:
                    two = self._clipped(at - 1)
                if kind == 0x90 and two:
                    key = channel << 7 | one
                    if key in sounding:
                        sounding[key].append((now, two))
                    else:
                        sounding[key] = [(now, two)]
                elif kind <= 0x90:
                    key = channel << 7 | one
                    begun = sounding.get(key)
                    if begun:
                        if len(begun) == 1:
                            began, velocity = sounding.pop(key)[0]
                        else:
                            began, velocity = begun.pop(0)
                            self._wrong(at, "note struck again while it sounded: the first ends first")
                        notes[channel].append((began, now, one, velocity))
                        if now == began:
                            self._wrong(at, "note of no length: made 1 tick long")
                    else:
                        self._wrong(at, "note-off without a note: passed over")
                elif kind == 0xB0:
                    controls[channel].append((now, "cc", one, two))
                    if one in _ENDS_NOTES and sounding:
                        for key in [k for k in sounding if k >> 7 == channel]:
                            notes[channel] += [(began, now, key & 127, v) for began, v in sounding.pop(key)]
                elif kind == 0xE0:
                    controls[channel].append((now, "bend", 0, ((two << 7 | one) - 8192) / 8192))
                else:
                    self._report.leave_out("key pressure")
        finally:
            track.end, self.at = now, at
            left = 0
            for key, begun in sounding.items():
                notes[key >> 7] += [(began, now, key & 127, velocity) for began, velocity in begun]
                left += len(begun)
            if left:
                self._wrong(at, "note without an end: ended with the track", left)
        return ended

    def _number_at(self, at: int) -> tuple[int, int]:
        """A variable-length number, and where it ends; of more than 4 bytes the last 28 bits."""
        data, value, begun = self._data, 0, at
        while True:
            byte = data[at]
            at += 1
            value = (value << 7 | byte & 127) & 0x0FFFFFFF
            if byte < 128:
                break
        if at - begun > 4:
            self._wrong(begun, "number of more than 4 bytes: its last 28 bits are taken")
        return value, at

    def _clipped(self, at: int) -> int:
        self._wrong(at, "data byte above 127: taken as 127")
        return 127

    def _system(self, status: int, at: int, now: int) -> int:
        """A meta event, a system exclusive message or one that has no place in a file; where it ends."""
        data = self._data
        if status == 0xFF:
            kind, offset = data[at], at - 1
            size, at = self._number_at(at + 1)
            content = data[at : at + size]
            if kind == 0x2F:
                at = min(at + size, len(data))
            elif at + size > len(data):
                raise IndexError
            else:
                at += size
            if kind == 0x20 and content:
                self._prefix = content[0] & 15
            self._track.metas.append(Meta(now, kind, content, self._prefix, self._origin + offset))
            return at
        if status in (0xF0, 0xF7):
            size, at = self._number_at(at)
            if at + size > len(data):
                raise IndexError
            self._exclusive(data[at : at + size])
            return at + size
        self._report.leave_out("system message")
        return at + _SYSTEM_DATA.get(status, 0)

    def _exclusive(self, message: bytes) -> None:
        """Roland GS "use for rhythm part" and Yamaha XG "part mode" say which channels are drums."""
        self._report.leave_out("system exclusive message")
        if message[:1] == b"\x41" and message[2:5] == b"\x42\x12\x40" and len(message) > 7:
            part, what, value = message[5:8]
            if part >> 4 == 1 and what == 0x15:
                (self._track.drums.add if value else self._track.drums.discard)(_GS_PARTS[part & 15])
        elif message[:1] == b"\x43" and message[2:4] == b"\x4c\x08" and len(message) > 6 and message[5] == 7:
            (self._track.drums.add if message[6] else self._track.drums.discard)(message[4] & 15)

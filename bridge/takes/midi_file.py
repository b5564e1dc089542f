"""What a take sent by its MIDI ports, as a Standard MIDI File: every message at its time, under the tempo followed."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from bridge.errors import TakeError
from bridge.midi_bytes import MidiParser
from bridge.takes.replay import Again
from bridge.takes.tempo_map import Moment, TempoMap, music_begins
from bridge.tempo import TempoLine
from composers.score import PPQ, Meter, Tick

_JUMP_TICKS = 120
"""As far as this from where its line led, the music has jumped; corrections of the tempo are far smaller."""
_NS = 1_000_000_000
_SYSEX, _REALTIME = 0xF0, 0xF8
_NAME, _MARKER, _END, _TEMPO, _METER = 0x03, 0x06, 0x2F, 0x51, 0x58


class MidiTape:
    """Hears blocks that are played again, and writes a file of what they sent: type 1, 960 ticks a quarter, a track for
    each port that sent anything, and before them one with tempi, meters and markers.

    Every message stands at the tick nearest to its time. MIDI clock and other messages of that kind have no place in a
    file, and are left out.
    """

    def __init__(self) -> None:
        self.messages = 0
        self._events: dict[str, list[tuple[float, bytes]]] = {}
        self._parsers: dict[str, MidiParser] = {}
        self._moments: list[Moment] = []
        self._meters: list[tuple[float, Meter]] = []
        self._seconds = 0.0
        self._begun_s = 0.0
        """When the music began that plays."""
        self._last: tuple[int, float] | None = None
        """Engine and tick at the end of the last block, if it played."""

    def hear(self, again: Again, ports: Mapping[int, str], line: TempoLine, position: Tick, meter: Meter, *,
             gap: int = 0, skip: int = 0) -> None:
        """The next block, after `gap` frames without any. ports: names by number; line, position and meter: of the
        engine after it. skip: so many frames of the first block, and maybe of the next, lie before the file; what was
        sent then stands at its beginning."""
        block, rate = again.block, again.rate
        self._seconds += (gap - skip) / rate
        begin, length = self._seconds, block.frames / rate
        for offset, port, data in again.midi:
            self._take_in(ports.get(port, f"port {port + 1}"), begin + offset / rate, data)
        self._seconds = begin + length
        if not again.playing:
            self._last = None
            return
        if not self._meters or self._meters[-1][1] != meter:
            self._meters.append((max(0.0, begin), meter))
        begin_ns, end_ns = span_ns(again)
        tick = line.tick_at(end_ns)
        advance = length * line.bpm * PPQ / 60
        if self._last is None or self._last[0] != again.reel:
            began_ns = music_begins(line, position, begin_ns, end_ns)
            self._begun_s = begin + (began_ns - begin_ns) / _NS
            self._moments.append(Moment(self._begun_s, line.tick_at(began_ns), meter.bar_ticks, True))
        elif abs(tick - self._last[1] - advance) > _JUMP_TICKS:
            self._moments.append(Moment(begin, tick - advance, meter.bar_ticks, True))
        if self._seconds > self._begun_s:
            self._moments.append(Moment(self._seconds, tick, meter.bar_ticks))
        self._last = again.reel, tick

    def _take_in(self, port: str, seconds: float, data: bytes) -> None:
        for message in self._parsers.setdefault(port, MidiParser()).feed(data):
            if message[0] <= _SYSEX:
                self._events.setdefault(port, []).append((max(0.0, seconds), bytes(message)))
                self.messages += 1

    def write(self, path: Path) -> None:
        """Raises TakeError for a path that cannot be written."""
        tempo_map = TempoMap(self._moments)
        end = tempo_map.tick_at(self._seconds)
        tracks = [_track("", self._conductor(tempo_map), end)]
        tracks += [_track(port, [(tempo_map.tick_at(seconds), _voice(message)) for seconds, message in events], end)
                   for port, events in self._events.items()]
        head = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), PPQ)
        try:
            path.write_bytes(head + b"".join(tracks))
        except OSError as error:
            raise TakeError(f"{path} cannot be written: {error.strerror}") from None

    def _conductor(self, tempo_map: TempoMap) -> list[tuple[Tick, bytes]]:
        """A tempo says how long a quarter takes, a meter what a bar is, markers where in the music play began."""
        events = [(tempo.tick, _meta(_TEMPO, tempo.us.to_bytes(3, "big"))) for tempo in tempo_map.tempos]
        for seconds, meter in self._meters:
            unit = meter.unit.bit_length() - 1
            events.append((tempo_map.tick_at(seconds), _meta(_METER, bytes((meter.beats, unit, 24, 8)))))
        for tick, moment in tempo_map.starts:
            bar, within = divmod(round(moment.tick), moment.bar_ticks)
            events.append((tick, _meta(_MARKER, f"bar {bar + 1}, beat {within / PPQ + 1:.4g}".encode())))
        return sorted(events, key=_tick)


def span_ns(again: Again) -> tuple[int, int]:
    """Of a block, on the frames' axis, on which the engine's lines are."""
    begin_ns = (again.block.frame0 + again.block.skipped) * _NS // again.rate
    return begin_ns, begin_ns + again.block.frames * _NS // again.rate


def _tick(event: tuple[Tick, bytes]) -> Tick:
    return event[0]


def _track(name: str, events: Iterable[tuple[Tick, bytes]], end: Tick) -> bytes:
    body = bytearray()
    if name:
        body += b"\0" + _meta(_NAME, name.encode())
    now = 0
    for tick, data in events:
        body += _length(tick - now) + data
        now = tick
    body += _length(max(0, end - now)) + _meta(_END, b"")
    return struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)


def _voice(message: bytes) -> bytes:
    if message[0] == _SYSEX:
        return bytes((_SYSEX,)) + _length(len(message) - 1) + message[1:]
    return message


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _length(len(data)) + data


def _length(value: int) -> bytes:
    """As a file writes it: seven bits a byte, the upper ones first."""
    out = [value & 127]
    while value > 127:
        value >>= 7
        out.append(value & 127 | 128)
    return bytes(reversed(out))

"""Our MIDI out, by a cable, to our MIDI in. Sans I/O; see bridge.calibrate.calibration, "midi"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.calibrate.calibration import ERROR_MS, FOREIGN_TOLERANCE_S, doubt_of, matched, ms, torn
from bridge.calibrate.delays import Delays
from bridge.calibrate.programmes import LONGEST_S
from bridge.calibrate.tape import Take
from bridge.errors import CalibrationError
from bridge.midi_bytes import CLOCK, MidiParser


@dataclass(frozen=True, slots=True)
class MidiLoop:
    """Our MIDI out, by a cable, to our MIDI in.

    notes, clocks  delays of note messages (three bytes) and of clock bytes
    lead_ms        see Latency.lead_frames; made_up_ms: see Latency.made_up_frames
    out_ms         the output's part of it; known: it was given, and is not just half
    strangers      messages that nobody of us sent
    """

    rate: int
    period: int
    notes: Delays
    clocks: Delays
    lead_ms: float
    made_up_ms: float
    out_ms: float
    known: bool
    strangers: int

    @property
    def in_ms(self) -> float:
        return self.clocks.median_ms - self.out_ms

    @property
    def out_offset_ms(self) -> float:
        """[[clock.out]]'s."""
        return self.lead_ms - self.out_ms

    @property
    def in_offset_ms(self) -> float:
        """[[clock.in]]'s."""
        return self.made_up_ms - (self.in_ms + self.lead_ms)

    @property
    def doubt(self) -> str:
        return doubt_of(self.notes, ERROR_MS, "notes") or doubt_of(self.clocks, ERROR_MS, "clock bytes")


def midi_loop(take: Take, period: int, out_ms: float | None = None) -> MidiLoop:
    """out_ms: the output's part of the round trip, where it is known. Raises CalibrationError."""
    parser = MidiParser()
    heard = [(frame, message) for frame, data in take.heard for message in parser.feed(data)]
    if not heard:
        raise CalibrationError(f"nothing came back of {len(take.sent)} MIDI messages: is the cable in the ports named "
                               "by --out and --in, output to input, and does nobody else hold the input?")
    notes_sent = [(frame, data) for frame, data in take.sent if data[0] & 0xF0 in (0x80, 0x90)]
    notes, used_notes = _same_messages(take, notes_sent, heard)
    clocks_sent = [frame for frame, data in take.sent if data[0] == CLOCK]
    bytes_heard = [frame for frame, data in heard if data[0] == CLOCK]
    pairs, clocks = matched(take, np.array(clocks_sent), bytes_heard, FOREIGN_TOLERANCE_S)
    if notes is None or pairs is None:
        kinds = f"{sum(len(data) == 3 for _, data in heard)} channel messages and {len(bytes_heard)} clock bytes"
        what = "our notes" if notes is None else "our clock bytes (some interfaces and ports leave clock out)"
        raise CalibrationError(f"{kinds} came in, but not {what}: is --in the other end of the cable from --out, and "
                               "does nothing filter or change MIDI between them?")
    known = out_ms is not None
    share = 0.5 * clocks.median_ms if out_ms is None else out_ms
    if share > clocks.median_ms:
        raise CalibrationError(f"--out-ms {share:g} is more than the whole loop takes, {clocks.median_ms:.2f} ms")
    strangers = len(heard) - used_notes - len(pairs.pairs)
    lead_ms, made_up_ms = (ms(f, take.rate) for f in (take.latency.lead_frames, take.latency.made_up_frames))
    return MidiLoop(take.rate, period, notes, clocks, lead_ms, made_up_ms, share, known, strangers)


def _same_messages(
    take: Take, sent: Sequence[tuple[int, bytes]], heard: Sequence[tuple[int, bytes]]
) -> tuple[Delays | None, int]:
    """Delays of messages that are told apart by their bytes: each to the first of its like that came after it."""
    rate = take.rate
    ears: dict[bytes, list[int]] = {}
    for frame, data in heard:
        ears.setdefault(_canonical(data), []).append(frame)
    at, delays, whole = [], [], 0
    for frame, data in sent:
        later = ears.get(_canonical(data), [])
        hit = next((there for there in later if -0.001 * rate <= there - frame <= LONGEST_S * rate), None)
        if hit is not None:
            later.remove(hit)
        if torn(take, frame, frame if hit is None else hit):
            continue
        whole += 1
        if hit is not None:
            at.append(frame / rate)
            delays.append(ms(hit - frame, rate))
    if 2 * len(delays) < whole or not delays:
        return None, 0
    return Delays(tuple(at), tuple(delays), whole), len(delays)


def _canonical(data: bytes) -> bytes:
    """A note-on of velocity 0 is a note-off, whatever velocity; some devices send the one for the other."""
    if len(data) == 3 and (data[0] & 0xF0 == 0x80 or (data[0] & 0xF0 == 0x90 and data[2] == 0)):
        return bytes((0x80 | data[0] & 15, data[1]))
    return data

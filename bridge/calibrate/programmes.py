"""What loop-back measurements play: sweeps, notes, clock bytes at irregular times. Sans I/O."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.calibrate import probe
from bridge.calibrate.tape import Programme, Stamped
from bridge.midi_bytes import CLOCK

LONGEST_S = 2.0
"""Delays up to here are looked for, so recording goes on so long after the last repetition."""
_TAIL_S = LONGEST_S + 0.1
NOTE_S = 0.12
"""Length of the notes that a synth is asked for."""


def audio_programme(rate: int, repeats: int, level_dbfs: float) -> tuple[Programme, NDArray[np.int64]]:
    """Sweeps at irregular times, 0.3 to 0.5 s apart; and their frames."""
    at = probe.irregular_frames(repeats, rate, 0.3, 0.5)
    total = int(at[-1]) + round(_TAIL_S * rate)
    return Programme(total, probe.placed(probe.sweep(rate, level_dbfs), at, total)), at


def synth_programme(
    rate: int, repeats: int, *, channel: int, note: int, velocity: int, level_dbfs: float | None = None
) -> tuple[Programme, NDArray[np.int64]]:
    """Notes of NOTE_S, 0.45 to 0.75 s apart, and with a level a sweep at each note-on; and their frames.

    channel 1..16
    """
    at = probe.irregular_frames(repeats, rate, 0.45, 0.75)
    total = int(at[-1]) + round(_TAIL_S * rate)
    midi = []
    for frame in at.tolist():
        midi.append(Stamped(frame, bytes((0x90 | channel - 1, note, velocity))))
        midi.append(Stamped(frame + round(NOTE_S * rate), bytes((0x80 | channel - 1, note, 0))))
    if level_dbfs is None:
        return Programme(total, midi=tuple(midi)), at
    return Programme(total, probe.placed(probe.sweep(rate, level_dbfs), at, total), tuple(midi)), at


def midi_programme(rate: int, repeats: int, channel: int = 16) -> Programme:
    """`repeats` notes, no pitch twice within 64, then as many clock bytes, both at irregular times.

    They follow each other at 8 to 30 ms: a cable of 31,250 baud is free again before the next (a note takes 1 ms).
    """
    notes = probe.irregular_frames(repeats, rate, 0.02, 0.05)
    clocks = probe.irregular_frames(repeats, rate, 0.008, 0.03, lead_s=int(notes[-1]) / rate + 0.5, seed=2)
    midi = []
    for number, frame in enumerate(notes.tolist()):
        pitch = 32 + number % 64
        midi.append(Stamped(frame, bytes((0x90 | channel - 1, pitch, 1))))
        midi.append(Stamped(frame + round(0.01 * rate), bytes((0x80 | channel - 1, pitch, 0))))
    midi += [Stamped(frame, bytes((CLOCK,))) for frame in clocks.tolist()]
    return Programme(int(clocks[-1]) + round(_TAIL_S * rate), midi=tuple(sorted(midi)))

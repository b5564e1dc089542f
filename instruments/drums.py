"""The drum kit: a patch of pieces made to sound by the percussion kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.kernels import layout as at
from instruments.kernels.percussion import drum
from instruments.packing import EventRows, gain, silent
from instruments.patch import Patch, Piece

HITS = 28
"""Hits that may ring at once."""
_MS = 1e-3


class DrumKit:
    """An `Instrument` of General MIDI drum keys; it lets ring whatever is not choked, whatever the note-off says.

    No two hits are equal, yet the same events after reset() give the same audio. CC 120 silences.
    process() runs in the engine's callback: one compiled call, no allocation.
    """

    latency = 0

    def __init__(self, patch: Patch) -> None:
        if patch.engine != "drums":
            raise InstrumentError(f"patch {patch.name!r} is for engine {patch.engine!r}: make it a Synth")
        self.patch = patch
        self.tail = 0
        self._ready = False

    def prepare(self, rate: int, max_frames: int) -> None:
        """Allocate for blocks of up to max_frames at `rate` Hz (8000..192000)."""
        if not 8000 <= rate <= 192000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit: 8000 to 192000 Hz, 1 frame or more"
            )
        pieces = self.patch.pieces
        self._d = np.zeros((len(pieces), at.PIECE_FIELDS))
        self._dm = np.zeros((len(pieces), at.DRUM_MODES, 3))
        self._db = np.zeros((len(pieces), at.DRUM_BANDS, at.BAND_FIELDS))
        self._keys = np.full(128, -1, np.int64)
        longest = 0.1
        for i, piece in enumerate(pieces):
            for key in piece.keys:
                self._keys[key] = i
            _pack(self._d[i], piece)
            for j, (hz, db, t60) in enumerate(piece.modes):
                self._dm[i, j] = hz, gain(db), t60
                longest = max(longest, t60)
            for j, (kind, hz, db, q, t60) in enumerate(piece.bands):
                self._db[i, j] = float(kind == "high"), hz, gain(db), q, t60
                longest = max(longest, t60)
            if piece.values["shimmer"]:
                longest = max(longest, 1.5 * piece.values["shimmer_t60_s"])
        self._h = np.zeros((HITS, at.HIT_FIELDS))
        self._hm = np.zeros((HITS, at.DRUM_MODES, 4))
        self._hb = np.zeros((HITS, at.HIT_BAND_ROWS * at.DRUM_BANDS), np.float32)
        self._m = np.zeros((HITS, at.MODE_ROWS, at.PLATE), np.float32)
        self._r = np.zeros(HITS + 1, np.uint64)
        self._w = np.zeros((8, at.GRID))
        self._wf = np.zeros(at.GRID, np.float32)
        self._out = np.zeros((2, max_frames), np.float32)
        self._rows = EventRows()
        self._rate = float(rate)
        self._gain = gain(self.patch.sections["voice"]["level_db"])
        self.tail = int(1.5 * longest * rate)
        self._ready = True
        self.reset()
        # The first call of a kernel takes 10 ms to link: not in the callback.
        self.process([FrameEvent(0, Kind.ON, 0, 60, 1.0)], np.zeros((2, 1), np.float32), Transport())
        self.reset()

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        if not events and self._h[:, at.H_PIECE].max() < 0:
            silent(out)
            return
        frames = out.shape[1]
        if frames > self._out.shape[1]:
            raise InstrumentError(f"a block of {frames} frames is larger than the prepared {self._out.shape[1]}")
        for start, stop, count in self._rows.spans(events, frames):
            drum(
                self._d, self._dm, self._db, self._keys, self._h, self._hm, self._hb, self._m, self._r,
                self._rows.rows, count, self._out, self._w, self._wf, start, stop, transport.frame, self._rate,
                self._gain,
            )
        out[:] = self._out[:, :frames]

    @property
    def sounding(self) -> int:
        """Hits that ring now."""
        return int(np.count_nonzero(self._h[:, at.H_PIECE] >= 0))

    def reset(self) -> None:
        """Silence at once; the hit counter starts anew."""
        if not self._ready:
            return
        self._h[:] = 0
        self._h[:, at.H_PIECE] = -1
        self._m[:] = 0
        self._r[:] = 0
        self._r[-1] = int(self.patch.sections["voice"]["seed"]) << 32

    def close(self) -> None:
        """Nothing to give back."""


def _centre(piece: Piece) -> float:
    """Where a piece's energy lies: the mean of log Hz, weighted by power and decay."""
    parts = [(hz, gain(db) ** 2 * t60) for hz, db, t60 in piece.modes]
    parts += [(hz, gain(db) ** 2 * t60) for _, hz, db, _, t60 in piece.bands]
    if piece.values["shimmer"]:
        parts.append((3000.0, piece.values["shimmer"] * gain(piece.values["shimmer_db"]) ** 2
                      * piece.values["shimmer_t60_s"]))
    hz, weights = np.array(parts).T
    return float(np.exp(np.average(np.log(hz), weights=weights)))


def _pack(row: NDArray[np.float64], piece: Piece) -> None:
    v = piece.values
    numbers = {
        at.D_LEVEL: gain(v["level_db"]), at.D_PAN: v["pan"], at.D_VELOCITY: v["velocity"], at.D_SNAP: v["snap"],
        at.D_DECAY_VEL: v["decay_velocity"], at.D_ATTACK: v["attack_ms"] * _MS,
        at.D_NOISE_ATTACK: v["noise_attack_ms"] * _MS, at.D_SWEEP: v["sweep_octaves"], at.D_TAU: v["sweep_ms"] * _MS,
        at.D_SWEEP2: v["snap_factor"], at.D_TAU2: v["snap_ms"] * _MS, at.D_HOLD: v["hold_ms"] * _MS,
        at.D_DRIVE: 10 ** (v["drive_db"] / 20) if v["drive_db"] > 0 else 0.0,
        at.D_METAL: v["metal"], at.D_SHARE: v["metal_share"], at.D_LP: v["low_pass_hz"], at.D_BURSTS: v["bursts"],
        at.D_BURST_GAP: v["burst_gap_ms"] * _MS, at.D_BURST_TAU: v["burst_ms"] * _MS,
        at.D_TAIL_TAU: v["tail_ms"] * _MS, at.D_GROUP: v["group"], at.D_CHOKE: v["choke_ms"] * _MS,
        at.D_OVERLAP: v["overlap"], at.D_VARY: v["vary"], at.D_SHIMMER: v["shimmer"],
        at.D_SHIMMER_LOW: v["shimmer_low_hz"], at.D_SHIMMER_HIGH: v["shimmer_high_hz"],
        at.D_SHIMMER_LEVEL: gain(v["shimmer_db"]), at.D_SHIMMER_T60: v["shimmer_t60_s"],
        at.D_SHIMMER_KEY: v["shimmer_octaves"], at.D_SHIMMER_TILT: v["shimmer_tilt_db"], at.D_WIDTH: v["width"],
        at.D_TILT: v["tilt"], at.D_CENTRE: _centre(piece),
    }
    for place, number in numbers.items():
        row[place] = number

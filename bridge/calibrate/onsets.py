"""Where foreign sounds begin in a recording: a synth's notes, a metronome's clicks. Sans I/O.

A sound begins where its waveform first passes ONSET_DB below its peak. Rasch ("Synchronization in performed ensemble
music", Acustica 43, 1979) took onsets of played notes at 15 to 20 dB below the maximum, and tones are heard as
beginning together when they pass 6 to 15 dB below it together (Vos and Rasch, "The perceptual onset of musical tones",
Perception & Psychophysics 29, 1981). Relative to each sound's own peak, loudness and accents move nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock

ONSET_DB = -15.0
_THRESHOLD = 10.0 ** (ONSET_DB / 20.0)
_ATTACK_S = 0.08
"""The peak is looked for so far from where a sound is noticed."""
_OVER_FLOOR = 4.0
"""A sound stands 12 dB out of the noise."""
_OVER_TOP = 0.1
"""What is 20 dB below the usual loudness of the recording's sounds is bleed, an echo, or handling noise."""
_SILENCE = 1e-4
"""-80 dBFS: no input is that quiet that it matters below."""
_RISE = 2.5
"""8 dB louder than 5 to 20 ms before: a new sound on top of the last one's end."""
_BLOCKS_BACK, _BLOCKS_RISING, _BLOCKS_APART, _BLOCKS_QUIET = 20, 5, 60, 10
"""In ms: what a rise is compared with ends so long before; onsets are further apart; so long quiet makes ready."""
_FULL_SCALE = 0.98


class Onset(NamedTuple):
    """A sound that begins.

    frame    at which it passes ONSET_DB below its peak, between two frames by a straight line
    peak     its largest sample (of its first 80 ms)
    rise_ms  from there to 3 dB below the peak
    """

    frame: float
    peak: float
    rise_ms: float


class Levels(NamedTuple):
    """How loud a recording is: its largest sample and its quiet moments, dBFS (-140 for silence); clipped samples."""

    peak_dbfs: float
    floor_dbfs: float
    clipped: int


def dbfs(value: float) -> float:
    """A factor of full scale in dB, not below -140."""
    return max(-140.0, 20.0 * float(np.log10(max(value, 1e-7))))


def levels(audio: AudioBlock) -> Levels:
    """Of a recording (frames,). Clipped are samples in rows of three or more at the very top, near full scale."""
    if not len(audio):
        return Levels(-140.0, -140.0, 0)
    size = np.abs(audio)
    peak = float(size.max())
    blocks = _block_peaks(size, 64)
    clipped = 0
    if peak >= _FULL_SCALE:
        flat = (size >= peak * 0.999).astype(np.int8)
        clipped = int((flat[:-2] & flat[1:-1] & flat[2:]).sum())
    return Levels(dbfs(peak), dbfs(float(np.percentile(blocks, 20))), clipped)


def find_onsets(audio: AudioBlock, rate: int) -> list[Onset]:
    """All sounds that begin in a recording (frames,), in order."""
    sound = audio - np.float32(np.mean(audio)) if len(audio) else audio
    size = np.abs(sound)
    hop = max(1, rate // 1000)
    blocks = _block_peaks(size, hop)
    if len(blocks) < _BLOCKS_BACK:
        return []
    floor = float(np.percentile(blocks, 20))
    threshold = max(_OVER_FLOOR * floor, _OVER_TOP * _usual(blocks, floor), _SILENCE)
    onsets: list[Onset] = []
    end = 0  # no onset lies before it
    for block in _noticed(blocks, threshold):
        onset = _refine(size, block * hop, end, rate)
        onsets.append(onset)
        end = int(onset.frame) + hop
    return onsets


def _block_peaks(size: NDArray[np.float32], hop: int) -> NDArray[np.float32]:
    count = len(size) // hop
    if count == 0:
        return size
    peaks: NDArray[np.float32] = size[: count * hop].reshape(count, hop).max(axis=1)
    return peaks


def _usual(blocks: NDArray[np.float32], floor: float) -> float:
    """The usual peak of the recording's sounds: of the half seconds that hold one, the median peak."""
    peaks = [float(part.max()) for part in np.array_split(blocks, max(1, len(blocks) // 500))]
    loud = [peak for peak in peaks if peak > max(_OVER_FLOOR * floor, _SILENCE)]
    return float(np.median(loud)) if loud else 0.0


def _noticed(blocks: NDArray[np.float32], threshold: float) -> list[int]:
    """The blocks (ms) at which a sound comes out of silence, or out of the end of the one before."""
    found: list[int] = []
    ready, quiet = True, 0
    for index in np.flatnonzero((blocks >= threshold) | (blocks < 0.5 * threshold)):
        level = blocks[index]
        if level < threshold:
            quiet += 1
            ready = ready or quiet >= _BLOCKS_QUIET
            continue
        quiet = 0
        apart = not found or index - found[-1] >= _BLOCKS_APART
        before = blocks[max(0, index - _BLOCKS_BACK) : max(0, index - _BLOCKS_RISING)]
        if apart and (ready or level >= _RISE * before.max(initial=0.0)):
            found.append(int(index))
            ready = False
    return found


def _refine(size: NDArray[np.float32], at: int, end: int, rate: int) -> Onset:
    first = max(end, at - _BLOCKS_BACK * rate // 1000)
    window = size[first : at + round(_ATTACK_S * rate)]
    before = size[first : max(first, at - 2 * rate // 1000)]
    peak = float(window.max())
    level = max(_THRESHOLD * peak, min(1.5 * float(before.max(initial=0.0)), 0.7 * peak))
    here = int(np.argmax(window >= level))
    loud = int(np.argmax(window >= 0.708 * peak))
    part = 0.0
    if here > 0 and window[here] > window[here - 1]:
        part = float((window[here] - level) / (window[here] - window[here - 1]))
    return Onset(first + here - part, peak, max(0, loud - here) * 1000.0 / rate)

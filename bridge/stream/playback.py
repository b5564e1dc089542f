"""What is played of a stream: blocks in from the network, sound out at a device's pace, at the frames a schedule wants.

Sans I/O, and the same for a device, a test and the bench. bridge/web has the same in JavaScript, without the queue.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from bridge.frame_line import NS
from bridge.stream.resampling import AHEAD, BEHIND, Interpolator
from bridge.stream.sync import RESYNC_AFTER_NS, Moment, Schedule, Steering
from bridge.stream.wire import Audio
from instruments.block import AudioBlock

FADE_FRAMES = 128
"""Of a begin, an end, and the edges of a gap, so that none clicks; of a jump, from the old place to the new."""
_RING_S = 2.0
_STRANGE_S = 1.0
"""A block that begins so long before the end of what is there is no repetition: the stream has begun anew."""


class Report(NamedTuple):
    """How playing does.

    frame        of the stream that is asked for next, with its fraction
    error_ns     how much later than it should be it is heard (earlier, if negative)
    correction   change of speed, as a ratio: at most sync.MAX_CORRECTION
    drift        the part of it that makes up for crystals that are apart
    fill_s       sound that is there and not played yet
    late         how often the sound that was wanted had not come: silence instead
    resyncs      how often it jumped to where it should be
    lost_frames  that never came
    """

    playing: bool
    frame: float
    error_ns: float
    correction: float
    drift: float
    fill_s: float
    late: int
    resyncs: int
    lost_frames: int


class Playback:
    """Two channels of one stream at a device's rate. push() is any thread's, all else the device's; neither blocks."""

    def __init__(self, schedule: Schedule, rate: int) -> None:
        """rate: Hz, of the device."""
        self.rate = rate
        self._schedule = schedule
        self._coming: deque[tuple[Audio, int]] = deque()
        self._in_rate = 0
        self._begin = self._end = 0  # frames that the ring holds
        self._whole, self._fraction = 0, 0.0
        self._playing = False
        self._gain = 0.0
        self._off_s = 0.0
        self._error_ns = 0.0
        self._steering = Steering()
        self._late = self._resyncs = self._lost = 0

    def push(self, audio: Audio, arrived_ns: int) -> None:
        """A block has come, at our own clock's time."""
        self._coming.append((audio, arrived_ns))

    @property
    def report(self) -> Report:
        at = self._whole + self._fraction
        fill = (self._end - at) / self._in_rate if self._playing else 0.0
        return Report(self._playing, at, self._error_ns, self._steering.correction, self._steering.drift, fill,
                      self._late, self._resyncs, self._lost)

    def pull(self, frames: int, heard_ns: int, now_ns: int) -> AudioBlock:
        """The next `frames` frames for the device, shape (2, frames): the first is heard at heard_ns, asked for at
        now_ns (both of our own clock, on a smooth line). Silence while there is nothing to play."""
        while self._coming:
            self._take(*self._coming.popleft())
        if not self._in_rate:
            return np.zeros((2, frames), np.float32)
        ratio = self._in_rate / self.rate
        wanted = self._schedule.frame_at(Moment(heard_ns, now_ns, frames * ratio))
        there = wanted is not None and (
            wanted - BEHIND >= self._begin and wanted + frames * ratio + AHEAD < self._end)
        if not self._playing:
            if wanted is None or not there:
                return np.zeros((2, frames), np.float32)
            self._go_to(wanted)
            self._playing, self._gain, self._off_s = True, 0.0, 0.0
        before = self._whole, self._fraction
        off = wanted is None or self._is_off(wanted, frames / self.rate)
        if off and wanted is not None and there:
            self._go_to(wanted)
        step = ratio * (1.0 + self._steering.correction)
        out = self._interpolator.read(self._whole, self._fraction, step, frames)
        if off and there:
            self._cross(out, before, step)
        elif off:
            self._fall(out)
        self._shape(out, step)
        self._advance(frames * step)
        return out

    def _is_off(self, wanted: float, seconds: float) -> bool:
        """Whether it must jump; else it is steered."""
        error_s = (wanted - self._whole - self._fraction) / self._in_rate
        self._error_ns = error_s * NS
        schedule = self._schedule
        if -schedule.ahead_ns < self._error_ns < schedule.behind_ns:
            self._off_s = 0.0
        else:
            self._off_s += seconds
        if self._off_s * NS < RESYNC_AFTER_NS:
            self._steering.step(error_s, seconds)
            return False
        self._resyncs += 1
        self._off_s = self._error_ns = 0.0
        return True

    def _cross(self, out: AudioBlock, before: tuple[int, float], step: float) -> None:
        """From the place before a jump to that after it."""
        count = min(FADE_FRAMES, out.shape[1])
        rise = (np.arange(count, dtype=np.float32) + 1) / np.float32(count)
        out[:, :count] *= rise
        out[:, :count] += (1 - rise) * self._interpolator.read(*before, step, count)

    def _fall(self, out: AudioBlock) -> None:
        """To silence: what should be heard now is not there, and will not come soon."""
        count = min(FADE_FRAMES, out.shape[1])
        out[:, :count] *= np.arange(count, 0, -1, dtype=np.float32) / np.float32(count + 1)
        out[:, count:] = 0.0
        self._playing = False

    def _shape(self, out: AudioBlock, step: float) -> None:
        """In after a pause, out as the end of what there is nears; beyond it there is silence."""
        frames = out.shape[1]
        left = self._end - AHEAD - self._whole - self._fraction
        if left >= frames * step + FADE_FRAMES and self._gain >= 1.0:
            return
        rise = self._gain + (np.arange(frames) + 1.0) / FADE_FRAMES
        ahead = (left - step * np.arange(frames)) / FADE_FRAMES
        gains = np.clip(np.minimum(rise, ahead), 0.0, 1.0)
        out *= gains.astype(np.float32)
        self._gain = float(gains[-1])
        if ahead[-1] <= 0.0:
            self._late += 1
            self._playing = False

    def _go_to(self, frame: float) -> None:
        self._whole = math.floor(frame)
        self._fraction = frame - self._whole

    def _advance(self, frames: float) -> None:
        whole = math.floor(self._fraction + frames)
        self._whole += whole
        self._fraction = self._fraction + frames - whole

    # --- what comes

    def _take(self, audio: Audio, arrived_ns: int) -> None:
        frames = audio.samples.shape[1]
        if audio.sample_rate != self._in_rate:
            self._prepare(audio.sample_rate, audio.frame0)
        gap = audio.frame0 - self._end
        if gap < -_STRANGE_S * self._in_rate or gap > self._size - frames:
            self._restart(audio.frame0)
            gap = 0
        if frames + gap <= 0 or frames > self._size:  # a repetition
            return
        self._schedule.hear(audio.frame0, frames, audio.sample_rate, audio.ns0, arrived_ns)
        samples = audio.samples[:, max(0, -gap) :]
        if gap > 0 and self._end > self._begin:
            self._lost += gap
            samples = self._bridge(samples, gap)
        self._write(samples)

    def _bridge(self, samples: AudioBlock, gap: int) -> AudioBlock:
        """Silence where frames are missing, with soft edges."""
        known = min(FADE_FRAMES, self._end - self._begin)
        fall = np.arange(known, 0, -1, dtype=np.float32) / np.float32(known + 1)
        self._ring[:, np.arange(self._end - known, self._end) & (self._size - 1)] *= fall
        self._write(np.zeros((2, gap), np.float32))
        soft = samples.copy()
        rise = min(FADE_FRAMES, soft.shape[1])
        soft[:, :rise] *= (np.arange(rise, dtype=np.float32) + 1) / np.float32(rise + 1)
        return soft

    def _write(self, samples: AudioBlock) -> None:
        count = samples.shape[1]
        at = np.arange(self._end, self._end + count) & (self._size - 1)
        self._ring[:, at] = samples[:2] if len(samples) > 1 else samples[0]
        self._end += count
        self._begin = max(self._begin, self._end - self._size)

    def _prepare(self, rate: int, frame: int) -> None:
        self._in_rate = rate
        self._size = 1 << math.ceil(math.log2(_RING_S * rate))
        self._ring = np.zeros((2, self._size), np.float32)
        self._interpolator = Interpolator(self._ring, rate / self.rate)
        self._restart(frame)

    def _restart(self, frame: int) -> None:
        self._begin = self._end = frame
        self._playing = False

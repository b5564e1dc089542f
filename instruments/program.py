"""A program: steps over stereo nodes that one kernel call runs, their numbers moved along the control grid."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from instruments.block import CONTROL_FRAMES, AudioBlock, Effect, InstrumentError, Transport
from instruments.glide import Gliding
from instruments.native_effect import NativeEffect, power

FADE_S = 0.01
"""Cross-fade of a bypass, and of a delay line to another delay."""
_VIEWS = 64
"""Lengths of blocks whose views are remembered."""


_spare: deque[NDArray[np.float32]] = deque(maxlen=2)
"""Memory of programs that were closed. To be given new pages by the system takes ms (on a virtual machine 25 us each,
35 ms for a console's 5.5 MB), and so it does to give them back."""


def _memory(floats: int) -> NDArray[np.float32]:
    """At least so many, with anything in them."""
    for _ in range(len(_spare)):
        found = _spare.popleft()
        if floats <= found.size <= 2 * floats:
            return found
        _spare.append(found)
    return np.zeros(floats + floats // 8, np.float32)


_ENDLESS = 2**40
"""Frames: the tail of an effect that never sleeps."""


class Resettable(Protocol):
    def reset(self) -> None: ...


class Line(NamedTuple):
    """A delay line: late by `late` frames now, by `most` at most."""

    late: int
    most: int


class Tap(NamedTuple):
    """A node that gets what another gives, while it is open: (row, column, number there if open, if closed)."""

    changes: tuple[tuple[int, int, int, int], ...]


class _Segment:
    """Rows that run in one call. Then `process` is run on `node` (and `key`) in Python, if there is one."""

    def __init__(self, row: int, number: int) -> None:
        self.rows = slice(row, row)
        self.numbers = slice(number, number)
        self.program: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.table: NDArray[np.int64] = np.zeros(0, np.int64)
        self.address = 0
        self.moving: dict[int, None] = {}  # indices of gliders; a dict for its order
        self.switches: dict[int, tuple[bool, int]] = {}  # by slot: whether it is to be bypassed, after how many lines
        self.sloping = False
        self.process: Callable[..., None] | None = None
        self.node = 0
        self.key: int | None = None


class Program:
    """Built step by step, then run block by block. See kernels/racks.py for what the steps do.

    Belongs to one thread. process() neither allocates (but for the first block of each length) nor blocks, and costs
    nothing in Python for what does not move.
    """

    def __init__(self, rate: int, max_frames: int, nodes: int) -> None:
        """Raises InstrumentError for a rate or a block that no effect can take."""
        from instruments.kernels import metering, racks

        if not 8000 <= rate <= 192000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit: 8000 to 192000 Hz, 1 frame or more"
            )
        self.rate, self.max_frames = rate, max_frames
        self.faults = 0
        """Stretches of a stage that were NaN, Inf or above +120 dB, and hence silenced."""
        self._k, self._m, self._kernel = racks, metering, racks.run
        self._rows: list[NDArray[np.int64]] = []
        self._first: list[float] = []
        self._gliders: list[tuple[Gliding, slice, int]] = []
        self._index: dict[int, int] = {}
        self._effects: list[tuple[NativeEffect, int]] = []
        self._segments = [_Segment(0, 0)]
        self._stages: list[Resettable] = []
        """By slot: what is reset after a fault."""
        self._tails: list[tuple[int, int]] = []
        self._lines: list[Line] = []
        self._states = self._floats = self._meters = 0
        self._home: dict[int, _Segment] = {}
        self._audio = np.zeros(2 * nodes * max_frames, np.float32)
        self._nodes = nodes
        self._views: dict[int, list[AudioBlock]] = {}
        self._scratch = np.zeros(2 * max_frames + racks.SPARE, np.float32)
        self._memory = np.zeros(0, np.float32)

    # -- building ----------------------------------------------------------------------------------------------------

    def _row(self, op: int, node: int, other: int = 0, **columns: int) -> int:
        k = self._k
        row = np.zeros(k.COLUMNS, np.int64)
        row[k.OP], row[k.NODE], row[k.OTHER], row[k.LINE], row[k.METER] = op, node, other, -1, -1
        for name, value in columns.items():
            row[getattr(k, name.upper())] = value
        self._rows.append(row)
        return len(self._rows) - 1

    def _slot(self, stage: Resettable, latency: int = 0, tail: int = 0) -> int:
        self._stages.append(stage)
        self._tails.append((latency, tail))
        return len(self._stages) - 1

    def glider(self, what: Gliding) -> int:
        """Its coefficients from here on. Returns where they begin."""
        what.rate = self.rate
        first = [float(x) for x in what.settle()]
        at = len(self._first)
        self._first += first
        self._index[id(what)] = len(self._gliders)
        self._gliders.append((what, slice(at, at + len(first)), len(self._segments) - 1))
        return at

    def effect(self, effect: NativeEffect, node: int, key: int | None = None) -> int:
        """A native effect on `node`, after its size(); compiles its kernel, or loads it. Returns its slot."""
        at = self.glider(effect)
        awake = key is not None and key != node  # silent itself, it must go on hearing its key
        slot = self._slot(_Cleared(self, effect), effect.latency, _ENDLESS if awake else effect.tail)
        row = self._row(self._k.EFFECT, node, node if key is None else key, address=effect.address(), coefs=at,
                        count=len(self._first) - at, state=self._states, memory=self._floats, size=effect.memory,
                        slot=slot)
        self._states += effect.STATE
        self._floats += effect.memory
        self._rows[row][self._k.DRY] = self._floats
        self._floats += 2 * effect.latency
        self._effects.append((effect, row))
        self._home[slot] = self._segments[-1]
        return slot

    def clear(self, node: int) -> None:
        self._row(self._k.CLEAR, node)

    def check(self, node: int, stage: Resettable) -> None:
        """Silence what is not finite, and reset `stage` then."""
        self._row(self._k.CHECK, node, slot=self._slot(stage))

    def sum(self, node: int, other: int, coefs: int, line: Line | None = None, *, metered: bool = False) -> int:
        """Add `node` to `other`, times two coefficients of a glider. Returns the delay line's index, or -1."""
        row = self._row(self._k.SUM, node, other, coefs=coefs, count=2)
        if metered:
            self._rows[row][self._k.METER] = self._meters
            self._meters += 1
        return -1 if line is None else self._line(row, line)

    def tapped(self, node: int, other: int, coefs: int, tap: int, line: Line | None = None, *, metered: bool = False
               ) -> tuple[int, Tap]:
        """A sum() that goes by the way of the node `tap` while that is open: see open_tap(). Closed, it is a sum() as
        any other, and beside it two steps of nothing."""
        k, nothing = self._k, self.constant((0.0, 0.0))
        first = self._row(k.SUM, tap, tap, coefs=nothing, count=2)
        index = self.sum(node, other, coefs, line, metered=metered)
        last = self._row(k.SUM, tap, other, coefs=nothing, count=2)
        return index, Tap(((first, k.OP, k.CLEAR, k.SUM), (first + 1, k.OTHER, tap, other),
                           (last, k.COEFS, self.constant((1.0, 1.0)), nothing)))

    def copied(self, node: int, tap: int) -> Tap:
        """While it is open, the node `tap` is what `node` is here."""
        k, nothing = self._k, self.constant((0.0, 0.0))
        first = self._row(k.SUM, tap, tap, coefs=nothing, count=2)
        last = self._row(k.SUM, node, tap, coefs=nothing, count=2)
        return Tap(((first, k.OP, k.CLEAR, k.SUM), (last, k.COEFS, self.constant((1.0, 1.0)), nothing)))

    def constant(self, coefs: Sequence[float]) -> int:
        """Coefficients that stay, for sum(). Returns where they begin."""
        at = len(self._first)
        self._first += coefs
        return at

    def delay(self, node: int, other: int, line: Line) -> int:
        """`other` is `node`, late. Returns the delay line's index."""
        return self._line(self._row(self._k.DELAY, node, other), line)

    def _line(self, row: int, line: Line) -> int:
        size = power(line.most + self.max_frames)
        k = self._k
        self._rows[row][[k.MEMORY, k.SIZE, k.LINE]] = self._floats, size, len(self._lines)
        self._floats += 2 * size
        self._lines.append(line)
        return len(self._lines) - 1

    def gain(self, node: int, coefs: int) -> None:
        self._row(self._k.GAIN, node, coefs=coefs, count=2)

    def loudness(self, node: int, coefs: Sequence[float]) -> None:
        """A loudness meter (kernels/metering.py) on `node`: loudness_state() holds it."""
        at = len(self._first)
        self._first += coefs
        self._loudness = slice(self._states, self._states + self._m.LOUDNESS_STATE)
        self._row(self._k.LOUDNESS, node, coefs=at, count=len(coefs), state=self._states)
        self._states += self._m.LOUDNESS_STATE

    def python(self, node: int, process: Callable[..., None], key: int | None = None) -> None:
        """Here the call ends, process(audio, transport) changes `node`, and another call goes on. key: the node of its
        side-chain, which it is called with, too."""
        segment = self._segments[-1]
        segment.process, segment.node, segment.key = process, node, key
        self._close_segment()
        self._segments.append(_Segment(len(self._rows), len(self._first)))

    def leave_out(self, process: Callable[..., None]) -> None:
        """What was given to python() is not called any more: its node stays as it is."""
        for segment in self._segments:
            if segment.process == process:
                segment.process = None

    def blend(self, node: int, dry: int, effect: Effect) -> int:
        """What a python() effect has made, against the dry signal, for its bypass. Returns the slot."""
        slot = self._slot(effect, effect.latency)
        self._row(self._k.BLEND, node, dry, slot=slot)
        self._home[slot] = self._segments[-1]
        return slot

    def _close_segment(self) -> None:
        segment = self._segments[-1]
        segment.rows = slice(segment.rows.start, len(self._rows))
        segment.numbers = slice(segment.numbers.start, len(self._first))

    def build(self) -> None:
        """No step comes after this. Runs every step once, since a kernel's first call takes ms to link."""
        k = self._k
        self._close_segment()
        program = np.array(self._rows, np.int64).reshape(-1, k.COLUMNS)
        self._coefs = np.array([*self._first, 0.0])
        self._goals, self._slopes = self._coefs.copy(), np.zeros(len(self._coefs))
        self._state = np.zeros(self._states + 1)
        self._memory = _memory(self._floats + 1)
        self._slots = np.zeros((len(self._stages), k.SLOT_NUMBERS))
        self._slots[:, k.WET] = 1
        if self._tails:
            self._slots[:, [k.LATENCY, k.TAIL]] = self._tails
        self._delays = np.zeros((len(self._lines), k.LINE_NUMBERS))
        for line, (late, _) in zip(self._delays, self._lines, strict=True):
            line[[k.LATE, k.GOAL, k.NEXT, k.STEP]] = late, late, late, 1 / (FADE_S * self.rate)
        self.meters = np.zeros((self._meters, self._m.METER_NUMBERS))
        """Of each metered sum, in order: kernels/metering.py says what."""
        self._asked = [i for i, (e, *_) in enumerate(self._gliders) if self._follows(e)]
        self._in_tempo = [i for i, (e, *_) in enumerate(self._gliders)
                          if isinstance(e, NativeEffect) and e.TEMPO and i not in self._asked]
        for segment in self._segments:
            segment.program = np.ascontiguousarray(program[segment.rows])
            segment.table = self._table(segment.program)
            segment.address = segment.table.ctypes.data
        self._bpm = 0.0
        self._seen = np.zeros(len(self._stages))
        self.reset()
        for segment in self._segments:
            self._run(segment, 1, 0, 1)
        self.reset()
        self.faults = 0

    def _table(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """What the kernel is told of where things are. None of these arrays is ever replaced."""
        k = self._k
        table = np.zeros(k.TABLE, np.int64)
        for at, array in ((k.PROGRAM, rows), (k.AUDIO, self._audio), (k.SCRATCH, self._scratch),
                          (k.ALL_COEFS, self._coefs), (k.ALL_SLOPES, self._slopes), (k.ALL_STATE, self._state),
                          (k.ALL_MEMORY, self._memory), (k.SLOTS, self._slots), (k.LINES, self._delays),
                          (k.METERS, self.meters)):
            assert array.flags.c_contiguous
            table[at] = array.ctypes.data
        table[[k.ROWS, k.AUDIO_SIZE, k.COEFS_SIZE, k.STATE_SIZE, k.MEMORY_SIZE]] = [
            len(rows), self._audio.size, self._coefs.size, self._state.size, self._memory.size]
        table[[k.SLOTS_SIZE, k.LINES_SIZE, k.METERS_SIZE]] = len(self._slots), len(self._delays), len(self.meters)
        return table

    @staticmethod
    def _follows(what: Gliding) -> bool:
        return isinstance(what, NativeEffect) and type(what).follow is not NativeEffect.follow

    # -- running -----------------------------------------------------------------------------------------------------

    def nodes(self, frames: int) -> list[AudioBlock]:
        """(2, frames) of each node: what process() of that many frames works on."""
        return self._views.get(frames) or self._view(frames)

    def _view(self, frames: int) -> list[AudioBlock]:
        if frames > self.max_frames:
            raise InstrumentError(f"a block of {frames} frames is larger than the prepared {self.max_frames}")
        if len(self._views) >= _VIEWS:
            self._views.clear()
        found = list(self._audio[: 2 * self._nodes * frames].reshape(self._nodes, 2, frames))
        self._views[frames] = found
        return found

    def touch(self, what: Gliding) -> None:
        """It has been set: it moves from the next grid line on."""
        index = self._index[id(what)]
        self._segments[self._gliders[index][2]].moving[index] = None

    def bypass(self, slot: int, bypassed: bool, delay_frames: int = 0) -> None:
        """From the next grid line on, or so much later, cross-fading in FADE_S."""
        self._home[slot].switches[slot] = bypassed, round(delay_frames / CONTROL_FRAMES)

    def open_tap(self, tap: Tap, is_open: bool) -> None:
        """From the next process() on. A tap has no past: it is whole from its first block on."""
        for row, column, opened, closed in tap.changes:
            segment = next(s for s in self._segments if s.rows.start <= row < s.rows.stop)
            segment.program[row - segment.rows.start, column] = opened if is_open else closed

    def realign(self, line: int, late: int) -> int:
        """Let a delay line go to another delay, cross-fading in FADE_S. Returns how many frames it falls short."""
        most = self._lines[line].most
        self._delays[line, self._k.NEXT] = min(late, most)
        return max(0, late - most)

    def process(self, frames: int, transport: Transport) -> None:
        """Change the nodes, of which nodes() gives views, in place."""
        gliders = self._gliders
        for index in self._asked:
            effect = gliders[index][0]
            if effect.follow(transport):  # type: ignore[attr-defined]
                self.touch(effect)
        if transport.bpm != self._bpm:
            self._bpm = transport.bpm
            for index in self._in_tempo:
                effect = gliders[index][0]
                if effect.follow(transport):  # type: ignore[attr-defined]
                    self.touch(effect)
        views = self.nodes(frames)
        for segment in self._segments:
            if segment.moving or segment.sloping or segment.switches:
                at = 0
                while at < frames:
                    into = (transport.frame + at) % CONTROL_FRAMES
                    if into == 0:
                        self._turn(segment)
                    n = min(CONTROL_FRAMES - into, frames - at)
                    self._run(segment, frames, at, n)
                    at += n
            else:
                self._run(segment, frames, 0, frames)
            if segment.process is not None:
                if segment.key is None:
                    segment.process(views[segment.node], transport)
                else:
                    segment.process(views[segment.node], transport, views[segment.key])

    def _run(self, segment: _Segment, stride: int, start: int, frames: int) -> None:
        if self._kernel(segment.address, stride, start, frames):
            self._recover()

    def _turn(self, segment: _Segment) -> None:
        """At a grid line: arrive at the goals, and set out for the next."""
        coefs, goals = self._coefs[segment.numbers], self._goals[segment.numbers]
        slopes = self._slopes[segment.numbers]
        coefs[:] = goals
        segment.sloping = bool(segment.moving)
        for index in list(segment.moving):
            glider, span, _ = self._gliders[index]
            self._goals[span] = glider.advance()
            if not glider.moving:
                del segment.moving[index]
        np.subtract(goals, coefs, slopes)
        slopes *= 1 / CONTROL_FRAMES
        for slot, (bypassed, lines) in list(segment.switches.items()):
            if lines > 0:
                segment.switches[slot] = bypassed, lines - 1
            else:
                del segment.switches[slot]
                self._switch(slot, bypassed)

    def _switch(self, slot: int, bypassed: bool) -> None:
        k, numbers = self._k, self._slots[slot]
        if bypassed:
            numbers[k.WET_SLOPE] = -1 / (FADE_S * self.rate) if numbers[k.WET] else 0
            numbers[k.HOLD] = numbers[k.CLEARED] = 0
            return
        if numbers[k.WET] == 0 and numbers[k.WET_SLOPE] == 0:
            stage = self._stages[slot]
            if isinstance(stage, _Cleared):
                stage.start_over(int(numbers[k.CLEARED]))
            else:
                stage.reset()
            numbers[k.HOLD] = numbers[k.LATENCY]  # so long it has nothing to say
        if numbers[k.WET] < 1:
            numbers[k.WET_SLOPE] = 1 / (FADE_S * self.rate)

    def _recover(self) -> None:
        """Reset the stages that were at fault in the last call."""
        counts = self._slots[:, self._k.FAULTS]
        for slot in np.flatnonzero(counts != self._seen):
            self.faults += int(counts[slot] - self._seen[slot])
            self._stages[slot].reset()
        self._seen[:] = counts

    def reset(self) -> None:
        """Silence at once in all that the kernel holds; parameters and bypasses arrive where they were going. What
        python() and check() were given is reset by its owner."""
        k = self._k
        for segment in self._segments:
            for slot, (bypassed, _) in segment.switches.items():
                self._switch(slot, bypassed)
            segment.switches.clear()
            segment.moving.clear()
            segment.sloping = False
        self._state[:] = 0
        self._memory[:] = 0
        slots = self._slots
        slots[:, k.WET] = np.where(slots[:, k.WET_SLOPE], slots[:, k.WET_SLOPE] > 0, slots[:, k.WET])
        slots[:, [k.WET_SLOPE, k.HOLD, k.QUIET, k.SKIPPED, k.AT]] = 0
        self._delays[:, [k.LATE, k.GOAL]] = self._delays[:, [k.NEXT]]
        self._delays[:, [k.FADE, k.WRITE]] = 0
        for glider, span, _ in self._gliders:
            self._coefs[span] = self._goals[span] = glider.settle()
        self._slopes[:] = 0
        for effect, row in self._effects:
            self._start(effect, row)
        self.meters[:] = 0

    def _start(self, effect: NativeEffect, row: int) -> None:
        numbers, k = self._rows[row], self._k
        state, memory = numbers[k.STATE], numbers[k.MEMORY]
        effect.start(self._state[state : state + effect.STATE], self._memory[memory : memory + effect.memory])

    def close(self) -> None:
        """It is run no more, and its memory is for the next one. Idempotent.

        What is left goes with the last reference, rather than with a garbage collection, which would stop everything.
        """
        self._stages.clear()
        if self._memory.size:
            _spare.append(self._memory)
            self._memory = self._memory[:0]

    def loudness_state(self) -> NDArray[np.float64]:
        """The loudness meter's numbers; what is said there to be cleared may be."""
        return self._state[self._loudness]

    def slot_faults(self) -> NDArray[np.float64]:
        """By slot, since the start."""
        return self._slots[:, self._k.FAULTS].copy()

    def clear_effect(self, effect: NativeEffect, cleared: int) -> None:
        """Its state as new. cleared: how much of its memory is zero already."""
        row = next(row for found, row in self._effects if found is effect)
        numbers, k = self._rows[row], self._k
        state, memory, size = numbers[k.STATE], numbers[k.MEMORY], numbers[k.SIZE]
        self._state[state : state + effect.STATE] = 0
        self._memory[memory + cleared : memory + size] = 0
        slot = self._slots[numbers[k.SLOT]]
        slot[k.QUIET] = slot[k.SKIPPED] = 0
        self._start(effect, row)


class _Cleared:
    """What resets a native effect of a program."""

    def __init__(self, program: Program, effect: NativeEffect) -> None:
        self._program, self._effect = program, effect

    def reset(self) -> None:
        self._program.clear_effect(self._effect, 0)

    def start_over(self, cleared: int) -> None:
        self._program.clear_effect(self._effect, cleared)

"""One console in another's place, in the middle of the music: what both have goes on to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.console import Console
from instruments.controls import Ramp
from instruments.fader import Fader, MasterFader
from instruments.native_effect import NativeEffect
from instruments.program import Program

FADE_S = 1.0
"""What is gone rings out, and is faded to silence in this time."""


class Kept(NamedTuple):
    """What a console has of the one before it.

    channels  by name of a channel: its name there. Fader, meter and delays go on
    stages    by channel and name of an effect: the same there
    faders    of channels that are new but for their faders: likewise
    """

    channels: Mapping[str, str]
    stages: Mapping[tuple[str, str], tuple[str, str]]
    faders: Mapping[str, str] = {}


class Succession:
    """Made in any thread, beside the console that plays; run() then in the thread that plays, between two blocks.

    run() copies what is in memory: the states of effects (and with them tails of delays and reverbs), delay lines,
    faders on their way, meters. Instruments, and effects that are no part of the program, are the same objects in both
    and need nothing. What the new console has alone begins from nothing; a channel that is `leaving` fades to silence.
    """

    def __init__(self, new: Console, old: Console, kept: Kept) -> None:
        """Both are prepared, at the same rate, for blocks of the same length at most."""
        self._new, self._old = new, old
        self._copies: list[tuple[NDArray[np.generic], NDArray[np.generic]]] = []
        """(to, from): views into the programs' memory."""
        self._effects: list[tuple[NativeEffect, NativeEffect]] = []
        self._slots: list[tuple[int, int]] = []
        self._lines: list[tuple[int, int | None]] = []
        self._faders: list[tuple[Fader | MasterFader, Fader | MasterFader, Mapping[str, str]]] = []
        self._bypassed: list[tuple[str, str, str, str]] = []
        self._rows = _line_rows(new._program), _line_rows(old._program)
        for (channel, stage), (there, stage_there) in kept.stages.items():
            self._plan_stage(channel, stage, there, stage_there)
        for channel, there in kept.channels.items():
            self._plan_channel(channel, there, kept.channels, lines=True)
        for channel, there in kept.faders.items():
            self._plan_channel(channel, there, kept.channels, lines=False)
        self._add(new._program.loudness_state(), old._program.loudness_state())

    def _add(self, to: NDArray[np.generic], of: NDArray[np.generic]) -> None:
        if to.shape == of.shape:
            self._copies.append((to, of))

    def _plan_stage(self, channel: str, stage: str, there: str, stage_there: str) -> None:
        mine = next(s for s in self._new._stages[channel] if s.name == stage)
        theirs = next(s for s in self._old._stages[there] if s.name == stage_there)
        a, b = mine.insert.effect, theirs.insert.effect
        if isinstance(a, NativeEffect) and isinstance(b, NativeEffect):
            if type(a) is not type(b) or (a.memory, a.latency) != (b.memory, b.latency):
                return
            self._effects.append((a, b))
            self._plan_effect(a, b)
        elif a is not b:
            return
        elif mine.dry >= 0 and theirs.dry >= 0:
            self._plan_line(mine.dry, theirs.dry)
        self._slots.append((mine.slot, theirs.slot))
        self._bypassed.append((channel, stage, there, stage_there))

    def _plan_effect(self, a: NativeEffect, b: NativeEffect) -> None:
        new, old = self._new._program, self._old._program
        (_, to, _), (_, of, _) = new._gliders[new._index[id(a)]], old._gliders[old._index[id(b)]]
        self._plan_numbers(to, of)
        (memory, state), (memory_there, state_there) = _places(new, a), _places(old, b)
        self._add(new._memory[memory], old._memory[memory_there])
        self._add(new._state[state], old._state[state_there])

    def _plan_numbers(self, to: slice, of: slice) -> None:
        new, old = self._new._program, self._old._program
        for name in ("_coefs", "_goals", "_slopes"):
            self._add(getattr(new, name)[to], getattr(old, name)[of])

    def _plan_channel(self, channel: str, there: str, channels: Mapping[str, str], *, lines: bool) -> None:
        new, old = self._new, self._old
        a, b = new._faders[channel], old._faders[there]
        (_, to, _), (_, of, _) = (c._program._gliders[c._program._index[id(f)]] for c, f in ((new, a), (old, b)))
        names = {name: name for name in a.listed if name in b.listed}
        if isinstance(a, MasterFader):
            self._plan_numbers(to, of)
        else:
            for k, goal in enumerate(new._ways[channel]):
                goes = [n for n, goal_there in enumerate(old._ways[there]) if channels.get(goal) == goal_there]
                if goes and (k == 0) == (goes[0] == 0):
                    n = goes[0]
                    names[f"heard {k}"] = f"heard {n}"
                    self._plan_numbers(slice(to.start + 2 * k, to.start + 2 * k + 2),
                                       slice(of.start + 2 * n, of.start + 2 * n + 2))
                    if lines:
                        self._plan_line(new._edge_lines.get((channel, goal)),
                                        old._edge_lines.get((there, channels[goal])))
            self._add(new._program.meters[new._metered[channel]], old._program.meters[old._metered[there]])
        self._faders.append((a, b, names))
        if lines:
            self._plan_line(new._input_lines.get(channel), old._input_lines.get(there))

    def _plan_line(self, line: int | None, there: int | None) -> None:
        if line is not None:
            self._lines.append((line, there))

    # -- between two blocks ------------------------------------------------------------------------------------------

    def run(self) -> None:
        """The new console goes on where the old one is, which must not play any more."""
        new, old = self._new, self._old
        p, q = new._program, old._program
        for to, of in self._copies:
            to[...] = of
        for a, b in self._effects:
            a.__dict__.update((name, value) for name, value in b.__dict__.items()
                              if not isinstance(value, np.ndarray))  # arrays are places in a program
            if a.moving:
                p.touch(a)
        for fader, before, names in self._faders:
            fader.go_on(before, names)
            if fader.moving:
                p.touch(fader)
        for segment in p._segments:
            segment.sloping = bool(np.any(p._slopes[segment.numbers]))
        for slot, there in self._slots:
            p._slots[slot] = q._slots[there]
            p._seen[slot] = q._slots[there, q._k.FAULTS]
            waiting = q._home[there].switches.get(there) if there in q._home else None
            if waiting is not None and slot in p._home:
                p._home[slot].switches[slot] = waiting
        for line, before_line in self._lines:
            self._go_on(line, before_line)
        for channel, stage, there_channel, there_stage in self._bypassed:
            new._controls.stage(channel, stage, "").bypassed = old._controls.stage(
                there_channel, there_stage, "").bypassed
        p.faults += q.faults
        new._tell_lateness(new._delays)
        for fader in new._controls.hear(Ramp()):
            p.touch(fader)
        for strip in new.strips:
            if strip.leaving:
                self._fade(strip.name)

    def _fade(self, channel: str) -> None:
        fader = self._new._faders[channel]
        assert isinstance(fader, Fader)
        for k in range(len(self._new._ways[channel])):
            if fader.hear(k, False, round(FADE_S * self._new.rate)):
                self._new._program.touch(fader)

    def _go_on(self, line: int, there: int | None) -> None:
        """A delay line with the past of another, and from its delay to its own."""
        p, q, k = self._new._program, self._old._program, self._new._program._k
        late = p._delays[line, k.NEXT]
        numbers = p._delays[line]
        if there is None:  # it was not late
            numbers[[k.LATE, k.GOAL]] = 0.0
            return
        row, row_there = self._rows[0][line], self._rows[1][there]
        size, size_there = int(row[k.SIZE]), int(row_there[k.SIZE])
        ring = p._memory[row[k.MEMORY] : row[k.MEMORY] + 2 * size].reshape(2, size)
        past = q._memory[row_there[k.MEMORY] : row_there[k.MEMORY] + 2 * size_there].reshape(2, size_there)
        numbers[:] = q._delays[there]
        if size == size_there:
            ring[:] = past
        else:
            most = min(size, size_there)
            newest = np.roll(past, -int(numbers[k.WRITE]), axis=1)[:, -most:]
            ring[:, :most] = newest
            numbers[k.WRITE] = most % size
            numbers[[k.LATE, k.GOAL]] = np.minimum(numbers[[k.LATE, k.GOAL]], size - p.max_frames)
        numbers[k.NEXT] = late


def _line_rows(program: Program) -> dict[int, NDArray[np.int64]]:
    return {int(row[program._k.LINE]): row for row in program._rows if row[program._k.LINE] >= 0}


def _places(program: Program, effect: NativeEffect) -> tuple[slice, slice]:
    """Of its memory (and the dry sound behind that) and its state."""
    row = next(program._rows[row] for found, row in program._effects if found is effect)
    k = program._k
    memory, state = int(row[k.MEMORY]), int(row[k.STATE])
    return slice(memory, memory + effect.memory + 2 * effect.latency), slice(state, state + effect.STATE)

"""What every native effect must pass, whatever it does to sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from oracles import RATE, Audio

from instruments.block import CONTROL_FRAMES, Transport
from instruments.native_effect import NativeEffect
from instruments.parameter import Choice

Moves = Sequence[tuple[int, str, float | str]]
"""(frame, parameter, value): set at the block that begins there."""


def noise(frames: int, seed: int = 1, level: float = 0.2) -> Audio:
    return (np.random.default_rng(seed).standard_normal((2, frames)) * level).astype(np.float32)


def sine(hz: float, frames: int, level: float = 0.5) -> Audio:
    return np.tile((level * np.sin(2 * np.pi * hz * np.arange(frames) / RATE)).astype(np.float32), (2, 1))


def impulse(frames: int, level: float = 1.0) -> Audio:
    x = np.zeros((2, frames), np.float32)
    x[:, 0] = level
    return x


def through(effect: NativeEffect, audio: Audio, blocks: Sequence[int] = (4096,), moves: Moves = (), first: int = 0,
            bpm: float = 120.0, key: Audio | None = None, beat: float | None = None) -> Audio:
    """Prepare it, and run audio through it in blocks, cut at the moves. beat: of the first frame, while playing."""
    effect.prepare(RATE, 4096)
    out, at, turn = audio.copy(), 0, 0
    todo = sorted(moves)
    while at < out.shape[1]:
        while todo and todo[0][0] <= at:
            effect.set(todo[0][1], todo[0][2])
            todo = todo[1:]
        n = min(blocks[turn % len(blocks)], out.shape[1] - at, todo[0][0] - at if todo else 1 << 30)
        block = np.ascontiguousarray(out[:, at : at + n])
        beats = 0.0 if beat is None else beat + at / RATE * bpm / 60
        effect.process(block, Transport(first + at, beats, bpm, playing=beat is not None),
                       None if key is None else np.ascontiguousarray(key[:, at : at + n]))
        out[:, at : at + n] = block
        at, turn = at + n, turn + 1
    return out


def response_db(audio: Audio) -> NDArray[np.float64]:
    """Of an impulse at full scale, at hertz(audio)."""
    spectrum: NDArray[np.float64] = 20 * np.log10(np.abs(np.fft.rfft(audio[0].astype(float))) + 1e-12)
    return spectrum


def hertz(audio: Audio) -> NDArray[np.float64]:
    return np.fft.rfftfreq(audio.shape[1], 1 / RATE)


def random_moves(effect: NativeEffect, frames: int, every: int, seed: int, keep: Sequence[str] = ()) -> Moves:
    """Each time one parameter anywhere in its range, one time in four at an end of it; `keep` are left alone."""
    rng = np.random.default_rng(seed)
    names = [n for n in effect.PARAMETERS if n not in keep]
    moves: list[tuple[int, str, float | str]] = []
    for at in range(every, frames, every):
        name = names[rng.integers(len(names))]
        rule = effect.PARAMETERS[name]
        if isinstance(rule, Choice):
            moves.append((at, name, rule.words[rng.integers(len(rule.words))]))
        else:
            moves.append((at, name, rule.at(rng.choice([0.0, 1.0, *rng.random(6)]))))
    return moves


def stays_finite(effect: NativeEffect, seconds: float, seed: int, loudest: float, keep: Sequence[str] = ()) -> None:
    """Under random automation at every third grid line."""
    frames = int(seconds * RATE)
    y = through(effect, noise(frames, seed), moves=random_moves(effect, frames, 3 * CONTROL_FRAMES, seed, keep))
    assert np.isfinite(y).all() and np.abs(y).max() < loudest, np.abs(y).max()
    assert not effect._solo.faults().any()


def sleeps_without_a_spike(make: Callable[[], NativeEffect]) -> None:
    """Sound, then a minute of silence, and sound again: as loud as a fresh effect puts it out."""
    effect = make()
    sound = sine(440, 4800, 0.3)
    fresh = through(make(), sound)
    through(effect, sound)
    silence = np.zeros((2, 4096), np.float32)
    for k in range(200):
        block = silence.copy()
        effect.process(block, Transport(4800 + 4096 * k))
    assert np.abs(block).max() < 1e-6
    again = sound.copy()
    for at in range(0, 4800, 96):
        block = np.ascontiguousarray(again[:, at : at + 96])
        effect.process(block, Transport(4800 + 4096 * 200 + at))
        again[:, at : at + 96] = block
    assert np.abs(again).max() <= 1.02 * np.abs(fresh).max() + 1e-6


def spurs_db(audio: Audio, hz: float, width_hz: float) -> float:
    """The strongest thing above 50 Hz and further than width_hz from a tone, relative to the tone."""
    x = audio[0].astype(float)
    s = np.abs(np.fft.rfft(x * np.blackman(len(x)))) + 1e-12
    f = np.fft.rfftfreq(len(x), 1 / RATE)
    return float(20 * np.log10(s[(np.abs(f - hz) > width_hz) & (f > 50)].max() / s.max()))

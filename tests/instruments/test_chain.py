"""A chain: sums of latency and tail, and a bad stage that is silenced, reset and counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from oracles import RATE, on, render
from sounds import plain, synth

from instruments.block import AudioBlock, FrameEvent, Transport
from instruments.chain import Chain
from instruments.effects.builtin import make_effect


class Poison:
    """Adds `value` to the block that holds frame `at`."""

    def __init__(self, at: int, value: float) -> None:
        self.at, self.value = at, value
        self.latency, self.tail, self.resets, self.closed = 7, 11, 0, 0

    def prepare(self, rate: int, max_frames: int) -> None:
        pass

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        if transport.frame <= self.at < transport.frame + audio.shape[1]:
            audio[1, 0] += self.value

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed += 1


class Howl:
    """An instrument that puts out NaN once."""

    latency = 3
    tail = 5
    resets = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        pass

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        out.fill(np.nan if events else 0.25)

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        pass


def test_latency_and_tail_add_up() -> None:
    chain = Chain(synth(plain()), [Poison(0, 0), make_effect("limiter"), make_effect("reverb")])
    chain.prepare(RATE, 512)
    assert chain.latency == sum(s.latency for s in (chain.instrument, *chain.effects)) > 7
    assert chain.tail == sum(s.tail for s in (chain.instrument, *chain.effects))


def test_a_bad_block_is_silent_counted_and_forgotten() -> None:
    for value in (np.nan, np.inf, -np.inf):
        poison = Poison(1000, value)
        chain = Chain(synth(plain()), [poison, make_effect("reverb")])
        chain.prepare(RATE, 512)
        x = render(chain, [on(0, 60)], 8192)
        assert np.isfinite(x).all()
        assert chain.faults == 1
        assert poison.resets == 1
        assert np.abs(x[:, 4096:]).max() > 0.3


def test_a_bad_instrument_too() -> None:
    howl = Howl()
    chain = Chain(howl)
    chain.prepare(RATE, 512)
    x = render(chain, [on(600, 60)], 2048)
    assert chain.faults == howl.resets == 1
    assert not x[:, 512:1024].any()
    assert (x[:, 1024:] == 0.25).all()


def test_close_reaches_every_stage() -> None:
    poison = Poison(0, 0)
    chain = Chain(synth(plain()), [poison])
    chain.close()
    assert poison.closed == 1

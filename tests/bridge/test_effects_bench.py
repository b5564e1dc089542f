"""The bench of effects: what it runs is what it says."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from bridge.bench import effects
from bridge.bench.held_chords import HeldChords
from bridge.driver import Block


def test_a_console_of_so_many_effects_is_run() -> None:
    desk = effects.console(effects.CHAINS, True)
    found = [p for p in desk.parameters() if p.kind == "track" and p.name == "bypass"]
    assert len(found) == 24 and len(desk.tracks) == 8
    desk.close()
    assert 0 < effects.block_us(effects.CHAINS[:1], False, blocks=20) < 1e5
    assert 0 < (effects.peer_us(5) or 0) < 1e6


def test_the_engine_holds_as_many_voices_as_it_is_told() -> None:
    with closing(HeldChords(effects.session(), effects.RATE, effects.FRAMES, 8)) as playing:
        loudest, most = 0.0, 0
        for i in range(900):  # more than a bar
            block = Block(i * effects.FRAMES, i * effects.FRAMES * 1_000_000_000 // effects.RATE, effects.FRAMES, ())
            loudest = max(loudest, float(np.abs(playing.step(block)).max()))
            most = max(most, playing.sounding)
        assert most == 64 and 0.1 < loudest <= 1

"""Numbers of a sound that change while it plays: they arrive, without a click, whatever the blocks are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.block import FrameEvent, Kind, Transport
from instruments.errors import InstrumentError
from instruments.live_numbers import LiveNumber, LiveNumbers
from instruments.modal import ModalSynth
from instruments.parameter import Parameter
from instruments.patch import find_patch, parse_patch
from instruments.synth import Synth
from instruments.tuned import Tuned
from instruments.tuning import find_tuning

RATE = 48000
SAW = """
engine = "oscillators"
family = "lead"
[voice]
random_cents = 0
random_db = 0
[filter]
type = "low-pass"
cutoff_hz = {cutoff}
tracking = 0
[[oscillator]]
shape = "saw"
level_db = -12
"""
Player = Synth | ModalSynth


def _play(synth: Player, blocks: Sequence[int], changes: dict[int, tuple[str, float, int | None]],
          seconds: float = 1.0) -> NDArray[np.float32]:
    """A note from the start; `changes` by frame."""
    total, at, i = int(seconds * RATE), 0, 0
    out = np.zeros((2, total), np.float32)
    events = [FrameEvent(0, Kind.ON, 0, 48, 100.0)]
    while at < total:
        n = min(blocks[i % len(blocks)], total - at, *(f - at for f in changes if f > at), 4096)
        if at in changes:
            synth.live.set(*changes[at])
        synth.process(events, out[:, at : at + n], Transport(at))
        events, at, i = [], at + n, i + 1
    return out


def _synth(cutoff: float) -> Synth:
    synth = Synth(parse_patch("saw", SAW.format(cutoff=cutoff), "saw.toml"))
    synth.prepare(RATE, 4096)
    return synth


def _power(x: NDArray[np.float32]) -> float:
    return float(10 * np.log10((x**2).mean()))


def test_a_note_that_sounds_arrives_at_the_sound_that_it_would_have_had() -> None:
    moved = _play(_synth(6000), [128], {12000: ("filter.cutoff_hz", 300.0, 4800)})
    dark, bright = _play(_synth(300), [128], {}), _play(_synth(6000), [128], {})
    assert np.abs(moved[:, :12000] - bright[:, :12000]).max() < 1e-6
    assert abs(_power(moved[:, 24000:]) - _power(dark[:, 24000:])) < 0.05
    assert np.abs(moved[:, 24000:] - dark[:, 24000:]).max() < 1e-3
    assert _power(bright[:, 24000:]) - _power(dark[:, 24000:]) > 1.5


@pytest.mark.parametrize("blocks", [[1], [31], [500], [4096], [64, 7, 1]])
def test_blocks_do_not_matter(blocks: list[int]) -> None:
    changes: dict[int, tuple[str, float, int | None]] = {
        4096: ("filter.cutoff_hz", 300.0, 9000), 5000: ("osc1.level_db", -30.0, None)}
    other = _play(_synth(6000), blocks, changes, 0.4)
    assert np.abs(other - _play(_synth(6000), [128], changes, 0.4)).max() < 1e-6


@pytest.mark.parametrize(("name", "value"), [
    ("filter.cutoff_hz", 200.0), ("osc1.level_db", -60.0), ("filter.q", 8.0), ("amp.sustain", 0.1),
])
def test_no_change_clicks(name: str, value: float) -> None:
    """A click would be a step larger than the wave's own, or power where a low-passed saw has none."""
    still = _play(_synth(800), [128], {})
    moved = _play(_synth(800), [128], {24000: (name, value, None)})
    around = slice(23900, 26000)
    before, on_the_way, after = (np.abs(np.diff(x, 2)).max() for x in (
        still[0, 20000:40000], moved[0, around], moved[0, 30000:]))
    assert on_the_way <= 1.6 * max(before, after)


def test_all_names_of_all_patches_can_be_set_to_their_own_value_without_a_change() -> None:
    for name in ("rhodes", "supersaw", "acoustic-piano", "vibraphone", "synth-bass"):
        patch = find_patch(name)
        played = []
        for touch in (False, True):
            synth: Player = (Synth if patch.engine == "oscillators" else ModalSynth)(patch)
            synth.prepare(RATE, 4096)
            assert len(synth.live.rules) > 15
            if touch:
                for key, rule in synth.live.rules.items():
                    assert rule.default is not None
                    synth.live.set(key, rule.default)
                    assert synth.live.get(key) == rule.default
            played.append(_play(synth, [128], {}, 0.3))
        assert np.abs(played[0] - played[1]).max() < 1e-6, name


def test_a_wrong_name_or_value_is_named() -> None:
    synth = _synth(500)
    with pytest.raises(InstrumentError, match=r"'saw' has no 'filter.cutof' .*choose from voice.glide_ms"):
        synth.live.set("filter.cutof", 100)
    with pytest.raises(InstrumentError, match=r"'saw': filter.cutoff_hz = 5 does not fit: give a number from 20 to 2"):
        synth.live.set("filter.cutoff_hz", 5)


def test_a_glide_may_begin_later_in_the_block_and_elsewhere() -> None:
    written: list[float] = []
    numbers = LiveNumbers("it", {"level": LiveNumber(Parameter("", 0, 10, 0), 0.0, written.append)}, RATE)
    numbers.set("level", 10, 64, delay_frames=96, origin=6)
    assert [start for start, _ in numbers.stretches(0, 256)] == [0, 32, 64, 96, 128]
    assert written == [8.0, 10.0] and not numbers.moving


def test_a_tuned_instrument_passes_its_numbers_on() -> None:
    synth = Synth(parse_patch("saw", SAW.format(cutoff=500), "saw.toml"))
    tuned = Tuned(synth, find_tuning("equal"))
    tuned.prepare(RATE, 64)
    assert tuned.live is synth.live and "filter.cutoff_hz" in synth.live.rules

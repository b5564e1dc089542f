"""Small patches and renders that several tests share."""

from __future__ import annotations

from functools import cache

from oracles import RATE

from instruments.block import Instrument
from instruments.drums import DrumKit
from instruments.patch import Patch, make_instrument, parse_patch
from instruments.synth import Synth

PLAIN = """
engine = "oscillators"
[voice]
polyphony = {polyphony}
random_cents = 0
random_db = 0
[amp]
attack_ms = {attack}
decay_ms = {decay}
sustain = {sustain}
release_ms = {release}
{more}
[[oscillator]]
shape = "{shape}"
"""


def plain(
    shape: str = "sine", attack: float = 5, decay: float = 1000, sustain: float = 1, release: float = 100,
    polyphony: int = 16, more: str = "",
) -> Patch:
    text = PLAIN.format(shape=shape, attack=attack, decay=decay, sustain=sustain, release=release,
                        polyphony=polyphony, more=more)
    return parse_patch("plain", text, "plain.toml")


def synth(patch: Patch, max_frames: int = 4096, rate: int = RATE) -> Synth:
    made = Synth(patch)
    made.prepare(rate, max_frames)
    return made


@cache
def prepared(name: str, max_frames: int = 4096) -> Instrument:
    """A built-in instrument, shared between tests: reset() it before use."""
    made = make_instrument(name)
    made.prepare(RATE, max_frames)
    return made


def kit(name: str = "jazz-kit") -> DrumKit:
    made = prepared(name)
    assert isinstance(made, DrumKit)
    made.reset()
    return made

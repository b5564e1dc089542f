"""Hip-hop: every style in every mode, meter and form; loops, rolls, glides and drop-outs."""

from __future__ import annotations

from itertools import pairwise, product
from statistics import mean

import numpy as np
import pytest

from composers.composer import Plan, find_genre
from composers.genres.hiphop import HIP_HOP, STYLES
from composers.parts import kit
from composers.score import PPQ, Clip, Control, Note

BAR = 4 * PPQ
ALL = {"lead": ("melody", "counter"), "keys": ("comp", "riff", "pad", "arp"), "bass": ("bass",),
       "drums": ("drums", "percussion")}  # fmt: skip
FOUR = {"lead": ("melody",), "keys": ("comp",), "bass": ("bass",), "drums": ("drums",)}


def clips(bars: int, **fields: object) -> dict[str, list[Clip]]:
    plan = Plan(**{"genre": "hip-hop", "mode": "minor", "parts": FOUR, **fields})  # type: ignore[arg-type]
    band = HIP_HOP.band(plan)
    rows = [band.compose(bar) for bar in range(bars)]
    return {track: [row[track] for row in rows] for track in plan.parts}


def notes(found: list[Clip]) -> list[Note]:
    return [n for clip in found for n in clip.notes]


def test_it_is_announced() -> None:
    assert find_genre("hip-hop").styles == tuple(STYLES)


@pytest.mark.parametrize("name", STYLES)
def test_every_style_plays_in_every_mode_meter_and_form(name: str) -> None:
    style = STYLES[name]
    for mode, meter, form in product(style.modes, style.meters, style.forms):
        for key in ("C", "F#", "Eb"):
            found = clips(72, style=name, mode=mode, meter=meter, form=form, key=key, parts=ALL, length=72)
            assert all(notes(found[track]) for track in ALL), (mode, meter, form)
            for track in ALL:
                assert all(n.start in c.span and 0 <= n.pitch <= 127 for c in found[track] for n in c.notes)


@pytest.mark.parametrize("name", STYLES)
def test_any_bar_is_the_same_whenever_it_is_asked_for(name: str) -> None:
    plan = Plan(genre="hip-hop", style=name, mode="minor", parts=FOUR, seed=4)
    forth, back = HIP_HOP.band(plan), HIP_HOP.band(plan)
    bars = {bar: forth.compose(bar) for bar in (0, 5, 11, 40)}
    assert all(back.compose(bar) == bars[bar] for bar in (40, 11, 5, 0))


def test_harmony_goes_round() -> None:
    """Half of all bars at least have the chords of four bars before."""
    for name in STYLES:
        same = []
        for seed in range(12):
            band = HIP_HOP.band(Plan(genre="hip-hop", style=name, mode="minor", parts=FOUR, seed=seed))
            chords = [band.chart(bar).chords for bar in range(48)]
            same += [chords[bar] == chords[bar - 4] for bar in range(4, 48)]
        assert mean(same) >= 0.6, name


def test_seeds_are_different_songs() -> None:
    for name in STYLES:
        songs = [notes(clips(16, style=name, seed=seed)["keys"]) for seed in range(12)]
        lines = {tuple((n.start, n.pitch) for n in song) for song in songs}
        assert len(lines) >= 9, name


def test_trap_hats_roll_inside_their_bars_and_claps_are_on_three() -> None:
    fast = claps = bars = 0
    for seed in range(10):
        drums = clips(24, style="trap", seed=seed, tempo=140.0)["drums"][8:]
        for clip in drums:
            hats = [n.start for n in clip.notes if n.pitch == kit.HAT]
            fast += sum(b - a <= PPQ // 8 + 20 for a, b in pairwise(hats))
            claps += any(n.pitch == kit.CLAP and abs(n.start - clip.span.start - 2 * PPQ) < 60 for n in clip.notes)
            bars += 1
    assert fast / bars > 0.5 and claps / bars > 0.8


def test_snares_of_boom_bap_are_late_and_its_sixteenths_swing() -> None:
    late, hats = [], []
    for seed in range(10):
        for clip in clips(16, style="boom-bap", seed=seed, tempo=90.0)["drums"]:
            for n in clip.notes:
                at = n.start - clip.span.start
                if n.pitch == kit.SNARE and n.velocity > 90:
                    late += [at - beat for beat in (PPQ, 3 * PPQ) if abs(at - beat) < PPQ // 6]
            struck = [n for n in clip.notes if n.pitch in (kit.HAT, kit.SNARE, kit.KICK)]
            hats += [(n.start - clip.span.start) % (PPQ // 2) for n in struck]
    ms = 60_000 / 90 / PPQ
    assert 4 < mean(late) * ms < 25
    sixteenths = [h for h in hats if PPQ // 6 < h < PPQ // 2.6]
    assert mean(sixteenths) / (PPQ // 2) > 0.53


# The 808 ----------------------------------------------------------------------------------------------------------


def bends_of(seed: int, reach: float) -> tuple[list[Note], list[Control]]:
    found = clips(32, style="drill", seed=seed, bends={"bass": reach})["bass"]
    return notes(found), [c for clip in found for c in clip.controls if c.kind == "bend"]


def test_glides_are_whole_intervals_and_taken_back_before_the_next_note() -> None:
    glided = total = 0
    for seed in range(8):
        played, bends = bends_of(seed, 12.0)
        total += len(played)
        tops = {round(c.value * 12, 3) for c, after in pairwise(bends) if c.value and not after.value}
        assert tops <= {12.0, 7.0, -5.0, -12.0}
        glided += sum(bool(c.value) and not after.value for c, after in pairwise(bends))
        for n in played:
            before = [c.value for c in bends if c.tick <= n.start]
            assert not before or abs(before[-1]) < 1e-9, "a note begins bent"
    assert 0.05 <= glided / total <= 0.35


def test_a_receiver_that_does_not_bend_so_far_gets_no_half_glides() -> None:
    assert all(not bends_of(seed, 2.0)[1] for seed in range(6))


def test_a_glide_is_heard() -> None:
    """The rendered pitch goes up by the interval: an octave on the native 808."""
    from instruments.block import FrameEvent, Kind, Transport
    from instruments.registry import make_instrument

    rate, block = 48_000, 256
    synth = make_instrument("808-bass")
    synth.prepare(rate, block)
    told = [FrameEvent(0, Kind.CC, 0, n, v) for n, v in ((101, 0), (100, 0), (6, 12), (38, 0))]
    out = np.zeros((2, rate // 2), np.float32)
    for start in range(0, rate // 2 - block, block):
        events = [*told, FrameEvent(0, Kind.ON, 0, 45, 110.0)] if start == 0 else []
        if start == 40 * block:
            events = [FrameEvent(0, Kind.BEND, 0, 0, 1.0)]
        synth.process(events, out[:, start : start + block], Transport())
    hz = []
    for at in (4000, 14000):
        window = out[0, at : at + 6144] * np.hanning(6144)
        spectrum = np.abs(np.fft.rfft(window, 1 << 17))
        low, high = (int(f * (1 << 17) / rate) for f in (60, 400))
        hz.append((low + int(spectrum[low:high].argmax())) * rate / (1 << 17))
    synth.close()
    assert hz[0] == pytest.approx(110, rel=0.03) and hz[1] / hz[0] == pytest.approx(2.0, rel=0.03)

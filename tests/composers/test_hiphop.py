"""Hip-hop: every style in every mode, meter and form; loops, rolls, glides and drop-outs."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, pairwise, product
from statistics import mean

import numpy as np
import pytest

from composers.composer import Plan, find_genre
from composers.dice import dice
from composers.genres.hiphop import HIP_HOP, STYLES
from composers.genres.hiphop_charts import MODES, loop
from composers.harmony import parse_chart
from composers.parts import kit
from composers.score import PPQ, Clip, Control, Note
from composers.theory.scales import Key

BAR = 4 * PPQ
ALL = {"lead": ("melody", "counter"), "keys": ("comp", "riff", "pad", "arp"), "bass": ("bass",),
       "drums": ("drums", "percussion"), "fx": ("fx",)}  # fmt: skip
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
    keys = cycle(("C", "F#", "Eb", "A"))
    for mode, meter, form in product(style.modes, style.meters, style.forms):
        found = clips(72, style=name, mode=mode, meter=meter, form=form, key=next(keys), parts=ALL, length=72)
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
        assert len(lines) == 12, name


def test_seeds_have_loops_of_their_own() -> None:
    """Of twenty seeds of one plan; with a table of ten loops to draw from, ten at most would be different."""
    for name, least in {"boom-bap": 18, "lo-fi": 18, "neo-soul": 18, "trap": 14, "drill": 12}.items():
        loops = set()
        for seed in range(20):
            band = HIP_HOP.band(Plan(genre="hip-hop", style=name, mode="minor", parts=FOUR, seed=seed,
                                     form="verse-hook"))  # fmt: skip
            first = next(bar for bar in range(64) if band.chart(bar).section.startswith("verse"))
            loops.add(tuple(band.chart(first + bar).chords for bar in range(8)))
        assert len(loops) >= least, (name, len(loops))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", STYLES)
def test_every_loop_is_a_chart_in_every_key(name: str, mode: str) -> None:
    for text in {loop(name, mode, dice(seed, "loop", "A")) for seed in range(150)}:
        for key in ("C", "F#", "Eb"):
            assert 1 <= len(parse_chart(text, Key.parse(key, mode))) <= 8


def test_loops_have_a_home() -> None:
    """Nine loops in ten in minor hold the tonic chord; it is where an ending ends."""
    held = 0
    for seed in range(40):
        plan = Plan(genre="hip-hop", style="boom-bap", mode="minor", parts=FOUR, seed=seed, length=16, key="D")
        band = HIP_HOP.band(plan)
        held += band.chart(15).chords[-1][1].startswith("Dm")
    assert held >= 34


@pytest.mark.parametrize("length", [16, 20, 24, 32, 40, 64])
def test_short_songs_have_a_hook(length: int) -> None:
    for seed in range(6):
        plan = Plan(genre="hip-hop", style="trap", mode="minor", parts=FOUR, seed=seed, length=length)
        band = HIP_HOP.band(replace(plan, form="verse-hook"))
        roles = {band.chart(bar).section.split()[0] for bar in range(length)}
        assert {"verse", "hook"} <= roles, (seed, roles)


def test_the_hook_syncopates_on_sixteenths() -> None:
    """A fifth of its notes and more, where tunes of pop have an eighth; chord tones as the gates want them."""
    off = total = 0
    for name, seed in product(STYLES, range(8)):
        band = HIP_HOP.band(Plan(genre="hip-hop", style=name, mode="minor", parts=FOUR, seed=seed, form="verse-hook"))
        for bar in range(48):
            if band.chart(bar).section.startswith("hook"):
                for n in band.compose(bar)["lead"].notes:
                    total += 1
                    off += PPQ // 8 < n.start % (PPQ // 2) < 3 * PPQ // 8
    assert total > 400 and 0.2 < off / total < 0.5


def test_kicks_swing_more_than_ghosts_and_hats_stay_even() -> None:
    """As counted in swung takes: sixteenths of the kick at .58 to .63 of an eighth, of ghosts at .55 to .60."""
    kicks, ghosts, hats = [], [], []
    for seed in range(24):
        for clip in clips(24, style="boom-bap", seed=seed, tempo=90.0)["drums"]:
            for n in clip.notes:
                within = (n.start - clip.span.start) % (PPQ // 2) / (PPQ // 2)
                if 0.35 < within < 0.85:
                    if n.pitch == kit.KICK:
                        kicks.append(within)
                    elif n.pitch == kit.SNARE and n.velocity < 65:
                        ghosts.append(within)
                elif n.pitch == kit.HAT:
                    hats.append((within + 0.5) % 1 - 0.5)
    assert 0.57 < mean(kicks) < 0.65 and 0.54 < mean(ghosts) < 0.62
    assert mean(kicks) > mean(ghosts) + 0.004
    assert abs(mean(hats)) < 0.04


@pytest.mark.parametrize("sound", ["vinyl", "fx"])
def test_effects_play_what_their_instrument_can(sound: str) -> None:
    parts = {**FOUR, "fx": ("fx",)}
    found = notes(clips(40, style="lo-fi", parts=parts, sounds={"fx": sound})["fx"])
    keys = {n.pitch for n in found}
    assert found and (min(keys) >= 54 if sound == "vinyl" else min(keys) < 40)


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


def test_the_808_lies_between_25_and_36_in_every_key() -> None:
    """But for its octaves and fifths, a sixth of its notes at most: the lowest octave that speakers still play."""
    inside = total = 0
    for key in ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"):
        pitches = [n.pitch for n in notes(clips(24, style="trap", key=key, seed=2)["bass"])]
        total += len(pitches)
        inside += sum(25 <= p <= 36 for p in pitches)
        assert pitches and min(pitches) >= 25 and max(pitches) <= 48
    assert inside / total > 0.8


def test_the_808_rings_while_it_is_held_and_no_longer() -> None:
    from instruments.block import FrameEvent, Kind, Transport
    from instruments.registry import make_instrument

    rate, block = 48_000, 256
    synth = make_instrument("808-bass")
    synth.prepare(rate, block)
    out = np.zeros((2, 3 * rate // block * block), np.float32)
    for start in range(0, out.shape[1], block):
        events = [FrameEvent(0, Kind.ON, 0, 31, 110.0)] if start == 0 else []
        if start == 2 * rate // block * block:
            events = [FrameEvent(0, Kind.OFF, 0, 31, 0.0)]
        synth.process(events, out[:, start : start + block], Transport())
    synth.close()
    level = [float(20 * np.log10(np.sqrt(np.mean(out[0, round(t * rate) : round((t + 0.1) * rate)] ** 2)) + 1e-9))
             for t in (0.1, 0.8, 1.8, 2.6)]  # fmt: skip
    assert level[0] - level[1] < 4 and level[0] - level[2] < 8
    assert level[3] < level[0] - 50


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

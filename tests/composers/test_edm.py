"""Dance music: styles, layers, builds and drops; automation that any bar can be entered with; loops and seeds."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise, product
from statistics import mean

import pytest

from composers import MLComposer
from composers.composer import Band, Plan, find_genre
from composers.forms import ENDING_BARS
from composers.genres import edm_forms
from composers.genres.edm import EDM, STYLES
from composers.genres.edm_forms import FORMS, arrangement
from composers.parts import kit
from composers.request import parse_request
from composers.score import PPQ, Clip, Meter, Note
from composers.statistics import judge, of_band

BAR = 4 * PPQ
ALL = {"lead": ("melody",), "second": ("counter",), "keys": ("comp",), "hook": ("riff",), "pad": ("pad",),
       "pluck": ("arp",), "bass": ("bass",), "drums": ("drums", "percussion"), "fx": ("fx",)}  # fmt: skip
BAND = {name: ALL[name] for name in ("lead", "keys", "pad", "pluck", "bass", "drums", "fx")}
CLUB = ("house", "techno", "trance")


def plan(**fields: object) -> Plan:
    return Plan(**{"genre": "edm", "style": "house", "mode": "minor", "parts": ALL, "tempo": 126.0, **fields})  # type: ignore[arg-type]


def sections(band: Band, bars: int) -> list[tuple[str, int, int]]:
    """(role, first bar, end)."""
    names = [band.chart(bar).section.split()[0] for bar in range(bars)]
    edges = [bar for bar in range(bars) if bar == 0 or band.chart(bar).section != band.chart(bar - 1).section]
    return [(names[a], a, b) for a, b in pairwise([*edges, bars])]


def notes(clips: list[Clip]) -> list[Note]:
    return [n for clip in clips for n in clip.notes]


def track(band: Band, name: str, first: int, end: int) -> list[Note]:
    return notes([band.compose(bar)[name] for bar in range(first, end)])


# What is offered --------------------------------------------------------------------------------------------------


def test_it_is_announced_and_asked_for_in_words() -> None:
    assert find_genre("edm").styles == tuple(STYLES)
    asked = parse_request("trance, 128 bars")
    assert (asked.plan.genre, asked.plan.style, asked.bars, asked.plan.mode) == ("edm", "trance", 128, "minor")
    assert parse_request("dnb in G minor").plan.style == "drum-and-bass"
    piece = MLComposer(seed=3).compose(style="edm", duration=120)
    assert abs(piece.duration_s - 120) <= 60 * 4 / piece.time.bpm_at(0)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_plays_in_every_mode_meter_form_and_key(style: str) -> None:
    own = STYLES[style]
    forms = tuple(own.forms)
    for index, (mode, meter) in enumerate(product(own.modes, own.meters)):
        key, form = ("C", "F#", "Eb", "A", "Db", "G", "B")[index % 7], forms[index % len(forms)]
        band = EDM.band(plan(style=style, mode=mode, meter=meter, form=form, key=key, length=24, seed=index))
        heard: Counter[str] = Counter()
        for bar in range(24):
            for name, clip in band.compose(bar).items():
                assert all(n.start in clip.span and 0 <= n.pitch <= 127 for n in clip.notes), (mode, meter, form, bar)
                heard[name] += len(clip.notes)
        assert all(heard[name] for name in ("keys", "bass", "drums", "pad", "fx")), (mode, meter, form)


@pytest.mark.parametrize("style", STYLES)
def test_any_bar_is_the_same_whenever_it_is_asked_for(style: str) -> None:
    forth, back = (EDM.band(plan(style=style, seed=4)) for _ in range(2))
    bars = {bar: forth.compose(bar) for bar in (0, 33, 70, 85, 101)}
    assert all(back.compose(bar) == bars[bar] for bar in (101, 85, 70, 33, 0))


def test_another_key_transposes() -> None:
    c, e = (EDM.band(plan(key=key, length=48)) for key in ("C", "E"))
    for bar in range(48):
        for name in ("lead", "bass", "fx"):
            low, high = c.compose(bar)[name], e.compose(bar)[name]
            assert [n._replace(pitch=n.pitch + 4) for n in low.notes] == list(high.notes)
        assert c.compose(bar)["drums"] == e.compose(bar)["drums"]


def test_twenty_seeds_are_twenty_pieces() -> None:
    for style in STYLES:
        found = set()
        for seed in range(20):
            band = EDM.band(plan(style=style, seed=seed, length=8, parts={"lead": ("melody",), "keys": ("comp",)}))
            found.add(tuple((n.start, n.pitch) for name in ("lead", "keys") for n in track(band, name, 0, 8)))
        assert len(found) == 20, style


# Arrangement ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_length_is_filled_by_whole_sections(form: str) -> None:
    """A drop after each build, blocks of four bars and mostly eight, and nothing of a section is missing."""
    for length in range(1, 300):
        found, bar = [], 0
        made = arrangement(form, length)
        while bar < length:
            section = made.section(bar)
            assert section is not None
            found.append(section)
            bar = section.end_bar
        assert bar == length
        for a, b in pairwise(found):
            assert (a.role == "build") == (b.role == "drop") or length < 16
        if length >= 16:
            assert any(s.role == "drop" and s.bars >= 8 for s in found)
        if length >= 64:
            inner = [s for s in found if s.role not in ("outro", "ending")]
            assert all(s.bars % 4 == 0 for s in inner)
            assert sum(s.role == "drop" for s in found) >= 2
            assert all(s.bars in (8, 16) for s in found if s.role == "build")


def test_layers_enter_and_leave_every_eight_bars() -> None:
    band = EDM.band(plan(form="club"))
    own = sections(band, 120)
    _, start, end = own[0]
    assert (start, end) == (0, 32)
    kit_of = [{n.pitch for n in track(band, "drums", bar, bar + 1)} for bar in range(32)]
    assert {kit.KICK} == kit_of[0] and kit.KICK in kit_of[31]
    counts = [len({name for name in ALL if track(band, name, bar, bar + 8)}) + len(set().union(*kit_of[bar : bar + 8]))
              for bar in (0, 8, 16, 24)]  # fmt: skip
    assert all(b > a for a, b in pairwise(counts))
    roles = {role: (a, b) for role, a, b in own}
    a, b = roles["breakdown"]
    assert not track(band, "bass", a, b) and track(band, "lead", a, b) and track(band, "pad", a, b)
    assert not any(n.pitch == kit.KICK for n in track(band, "drums", a, b))
    a, b = roles["drop"]
    assert all(track(band, name, a, b) for name in ALL)


@pytest.mark.parametrize("style", CLUB)
def test_four_kicks_to_the_bar(style: str) -> None:
    full = total = 0
    for seed in range(6):
        band = EDM.band(plan(style=style, seed=seed, length=32, parts={"drums": ("drums",)}))
        for role, a, b in sections(band, 32):
            if role == "drop":
                for bar in range(a, b):
                    kicks = [n.start % BAR for n in track(band, "drums", bar, bar + 1) if n.pitch == kit.KICK]
                    full += all(any(abs(k - beat * PPQ) < 20 for k in kicks) for beat in range(4))
                    total += 1
    assert full / total > 0.85


def test_basses_of_house_and_trance_leave_the_kick_its_place() -> None:
    for style in ("house", "trance"):
        on = total = 0
        for seed in range(8):
            band = EDM.band(plan(style=style, seed=seed, length=32, parts={"bass": ("bass",), "drums": ("drums",)}))
            a, b = next((a, b) for role, a, b in sections(band, 32) if role == "drop")
            steps = [(n.start % PPQ) / PPQ for n in track(band, "bass", a, b)]
            on += sum(s < 0.1 or s > 0.95 for s in steps)
            total += len(steps)
        assert on / total < 0.06, style


def test_the_bass_of_drum_and_bass_is_long_and_its_kit_has_two_steps() -> None:
    band = EDM.band(plan(style="drum-and-bass", length=64, tempo=174.0))
    a, b = next((a, b) for role, a, b in sections(band, 64) if role == "drop")
    assert mean(n.length for n in track(band, "bass", a, b)) > 1.2 * PPQ
    drums = track(band, "drums", a, b)
    kicks = Counter((n.start % BAR + 20) // 240 for n in drums if n.pitch == kit.KICK)
    snares = Counter((n.start % BAR + 20) // 240 for n in drums if n.pitch == kit.SNARE and n.velocity > 80)
    assert kicks[0] >= 0.9 * (b - a) and kicks[10] >= 0.7 * (b - a)
    assert snares[4] >= 0.8 * (b - a) and snares[12] >= 0.8 * (b - a)


# Build and drop ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_a_build_speeds_up_breathes_and_falls_into_the_drop(style: str) -> None:
    breaths = 0
    for seed in range(10):
        band = EDM.band(plan(style=style, seed=seed, length=32, form="radio"))
        for (role, a, b), (after, _, end) in pairwise(sections(band, 32)):
            if role != "build":
                continue
            assert after == "drop"
            drums = track(band, "drums", a, b)
            rolls = [sum(n.pitch in (kit.SNARE, kit.CLAP) for n in drums if a + q * 2 <= n.start // BAR < a + q * 2 + 2)
                     for q in range(4)]  # fmt: skip
            assert rolls[0] < rolls[1] < rolls[2] and rolls[3] > rolls[1]
            kicks = [n.start for n in drums if n.pitch == kit.KICK]
            assert max(kicks, default=0) < (b - 1) * BAR - PPQ  # the kick leaves a bar before, at least
            last = max(n.start for name in ALL for n in track(band, name, a, b))
            breaths += last < b * BAR - PPQ + 60
            low = {n.pitch for n in track(band, "fx", b, end)}
            assert min(low) < 40  # the impact
            assert any(n.pitch == kit.CRASH and n.start < b * BAR + 60 for n in track(band, "drums", b, b + 1))
            riser = max(track(band, "fx", a, b), key=lambda n: n.length)
            assert riser.length > 0.7 * (b - a) * BAR
            bright = [c.value for bar in range(a, b) for c in band.compose(bar)["fx"].controls if c.number == 74]
            assert bright == sorted(bright) and bright[-1] > 120 and len(bright) > 60
    assert breaths >= 6  # of ten; the others have a fill


def test_notes_a_bar_rise_through_the_build_and_stay_up_in_the_drop() -> None:
    for style in STYLES:
        least = 0.5 if style == "dubstep" else 0.75  # whose drop is in half time
        rises = []
        for seed in range(4):
            band = EDM.band(plan(style=style, seed=seed, length=32, form="radio"))
            for (role, a, b), (_, _, end) in pairwise(sections(band, 32)):
                if role == "build":
                    count = [sum(len(clip.notes) for clip in band.compose(bar).values()) for bar in range(a, end)]
                    first, second, drop = mean(count[:4]), mean(count[4 : b - a]), mean(count[b - a :])
                    rises.append(first < second and drop > max(1.1 * first, least * second))
        assert mean(rises) > 0.9, style


def test_filters_open_in_the_build_and_stand_open_in_the_drop() -> None:
    band = EDM.band(plan(length=64, form="radio"))
    for (role, a, b), (_, _, end) in pairwise(sections(band, 64)):
        if role != "build":
            continue
        ways = [r for bar in range(a, b) for r in band.compose(bar)["keys"].ramps if r.path == "filter.cutoff_hz"]
        assert len(ways) == b - a and all(r.length == BAR for r in ways)
        assert all(x.value == pytest.approx(y.origin) for x, y in pairwise(ways)) and ways[-1].value > 8000
        assert ways[0].origin is not None and ways[0].origin < 1000
        for bar in range(b, end):  # whoever jumps into the drop has it as it is
            held = {r.path: r for r in band.compose(bar)["drums"].ramps}
            assert held["master.eq.high_pass_hz"].value == 10.0 and held["lift.gain_db"].value == 0.0
            assert band.compose(bar)["keys"].ramps[0].value == 20000.0
        high = [r.value for bar in range(a, b) for r in band.compose(bar)["drums"].ramps
                if r.path == "master.eq.high_pass_hz"]  # fmt: skip
        assert high == sorted(high) and high[-1] > 100


def test_the_trance_gate_is_shut_and_open_again() -> None:
    band = EDM.band(plan(style="trance", length=64, form="festival"))
    roles = {role: (a, b) for role, a, b in sections(band, 64)}
    gate = [c for bar in range(*roles["drop"]) for c in band.compose(bar)["pad"].controls if c.number == 11]
    assert len(gate) / (roles["drop"][1] - roles["drop"][0]) > 20
    assert {c.value for c in gate} == {127.0, 12.0}
    lying = [c for bar in range(*roles["breakdown"]) for c in band.compose(bar)["pad"].controls if c.number == 11]
    assert [c.value for c in lying] == [127.0]


def test_dubstep_wobbles_in_note_values() -> None:
    band = EDM.band(plan(style="dubstep", length=32, form="radio", tempo=140.0))
    a, b = next((a, b) for role, a, b in sections(band, 32) if role == "drop")
    ways = [r for bar in range(a, b) for r in band.compose(bar)["bass"].ramps]
    assert {r.path for r in ways} == {"filter.cutoff_hz"} and {r.value for r in ways} == {180.0, 3200.0}
    ups = [r.start for r in ways if r.value == 3200.0]
    assert {d * 12 // PPQ for d in (y - x for x, y in pairwise(ups))} >= {6, 12} and len(ups) / (b - a) > 4
    assert all(x.end <= y.start for x, y in pairwise(ways))


def test_meters_that_are_brought_along_keep_their_beats() -> None:
    band = EDM.band(plan(meter=Meter(3, 4), length=48))
    three = 3 * PPQ
    a, b = next((a, b) for role, a, b in sections(band, 48) if role == "drop")
    kicks = Counter(round((n.start % three) / PPQ, 1) for n in track(band, "drums", a, b) if n.pitch == kit.KICK)
    assert all(kicks[float(beat)] >= 0.8 * (b - a) for beat in range(3))


# Statistics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_it_keeps_to_the_gates_in_the_mean(style: str) -> None:
    """Means of eight pieces: key, loops, repetition, the hook's steps and chord tones. (The roads of noise are in
    tests/composers/statistics.)"""
    found: dict[str, list[float]] = {}
    for seed in range(8):
        wanted = plan(style=style, seed=seed, length=64, parts=BAND, tempo=EDM.usual_tempo(style))
        for verdict in judge(of_band(EDM.band(wanted), wanted, 64), "EDM"):
            if verdict.value is not None:
                found.setdefault(verdict.gate.measure, []).append(verdict.value)
    middle = {name: mean(values) for name, values in found.items()}
    assert middle["key4"] >= 0.78 and middle["dia4"] >= 0.95 and middle["chords_equal4"] >= 0.5
    assert 0.25 <= middle["rep"] <= 0.8 and 0.3 <= middle["melody.rep"] <= 0.8
    assert middle["drums.jac1"] >= 0.6
    assert 0.55 <= middle["melody.steps"] <= 0.8 and 0.65 <= middle["melody.on_strong"] <= 0.9


def grown_one_by_one(form: str, length: int) -> list[int]:
    """The bars of the sections, each eight (or four) given to the one that is emptiest at that moment."""
    blocks = edm_forms._SKELETONS[form]
    room = max(1, length - min(ENDING_BARS, length - 1))
    whole = room // 4 * 4
    while sum(block.bars for block in blocks) * edm_forms._LONG < whole:
        again = max(i for i, block in enumerate(blocks) if block.role == "breakdown")
        blocks = (*blocks[:-1], *blocks[again:])
    kept, bars = edm_forms._chosen(blocks, whole)
    if not kept:
        return [room]
    while (left := whole - sum(bars)) > 0:
        index = min(range(len(kept)), key=lambda i: (edm_forms._fullness(kept[i], bars[i], left), -kept[i].keep, i))
        bars[index] += 4 if left < 8 or bars[index] % 8 else 8
    bars[-1] += room - whole
    return bars


@pytest.mark.parametrize("form", edm_forms.FORMS)
def test_a_piece_of_any_length_is_arranged_as_bar_by_bar_but_at_once(form: str) -> None:
    for length in (*range(1, 300, 3), 900, 1501):
        found = [stretch.bars for stretch in edm_forms.arrangement(form, length).cycle]
        assert found == grown_one_by_one(form, length), length
    began = time.process_time()
    assert sum(stretch.bars for stretch in edm_forms.arrangement(form, 100_000).cycle) + ENDING_BARS == 100_000
    assert time.process_time() - began < 3

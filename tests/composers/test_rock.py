"""Rock: every style in every key, mode, meter and form; songs by section; what the craft's figures say of them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from composers.composer import PARTS as EVERY_PART
from composers.composer import Band, Cue, Plan
from composers.errors import MusicError
from composers.genres import rock_charts
from composers.genres.rock import METERS, ROCK, STYLES
from composers.genres.rock_band import arranged
from composers.genres.rock_forms import FORMS, arrangement, lift_of
from composers.score import PPQ, Meter, Note
from composers.statistics.drums import fill_share
from composers.statistics.gates import GATES
from composers.statistics.measures import MEASURES
from composers.statistics.piece import chords_of, of_band
from composers.statistics.repetition import chords_equal
from composers.theory.chords import parse_chord

FULL = ("lead-guitar", "rock-guitar", "piano", "rock-organ", "pick-bass", "acoustic-kit")
KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
PARTS: Mapping[str, tuple[str, ...]] = {
    "lead": ("melody",), "second": ("counter",), "riff": ("riff",), "rhythm": ("comp",), "keys": ("arp",),
    "organ": ("pad",), "bass": ("bass",), "drums": ("drums",),
}  # fmt: skip
SOUNDS = {"lead": "lead-guitar", "second": "lead-guitar", "riff": "rock-guitar", "rhythm": "rock-guitar",
          "keys": "piano", "organ": "rock-organ", "bass": "pick-bass", "drums": "acoustic-kit"}  # fmt: skip


def plan(**more: object) -> Plan:
    return Plan(**{"genre": "rock", "parts": PARTS, "sounds": SOUNDS, "style": "classic", **more})  # type: ignore[arg-type]


def notes(band: Band, bars: range, track: str) -> list[Note]:
    return [n for bar in bars for n in band.compose(bar)[track].notes]


def charts(seed: int, bars: int = 48, **more: object) -> list[tuple[str, tuple[str, ...]]]:
    band = ROCK.band(plan(seed=seed, parts={"drums": ("drums",)}, sounds={}, **more))
    rows = [band.chart(bar) for bar in range(bars)]
    return [(row.section, tuple(symbol for _, symbol in row.chords)) for row in rows]


# Everything composes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STYLES)
def test_every_bar_has_chords_in_every_key_mode_meter_and_form(name: str) -> None:
    style = STYLES[name]
    for meter in style.meters:
        for form in style.forms:
            for mode in style.modes:
                for seed, key in enumerate(KEYS[:: 1 if form == "verse-chorus" else 5]):
                    band = ROCK.band(plan(style=name, meter=meter, form=form, mode=mode, key=key, seed=seed, length=48))
                    for bar in range(48):
                        starts = [round(beat * meter.beat_ticks) for beat, _ in band.chart(bar).chords]
                        assert starts[0] == 0
                        assert all(a < b for a, b in pairwise([*starts, meter.bar_ticks]))


@pytest.mark.parametrize("name", STYLES)
def test_every_bar_of_every_section_composes(name: str) -> None:
    """Each meter with each form, modes and keys in turn: every section of the form, to its end."""
    style = STYLES[name]
    for index, (meter, form) in enumerate((m, f) for m in style.meters for f in style.forms):
        mode, key = style.modes[index % 6], KEYS[index * 5 % 12]
        length = None if index % 4 == 3 else 40
        band = ROCK.band(plan(style=name, meter=meter, form=form, mode=mode, key=key, seed=index, length=length))
        for bar in range(length or 44):
            span = meter.bar(bar)
            for clip in band.compose(bar).values():
                assert all(span.start <= note.start < span.end and 0 < note.velocity <= 127 for note in clip.notes)


@pytest.mark.parametrize("name", STYLES)
def test_every_mode_composes(name: str) -> None:
    for index, mode in enumerate(STYLES[name].modes):
        meter = STYLES[name].meters[-1]
        band = ROCK.band(plan(style=name, mode=mode, key=KEYS[index * 7 % 12], seed=index, meter=meter))
        assert all(any(clip.notes for clip in band.compose(bar).values()) for bar in range(16))


def test_styles_forms_meters_and_modes_are_offered() -> None:
    assert {"classic", "pop-rock", "ballad", "hard", "punk", "shuffle", "funk-rock", "prog"} == set(ROCK.styles)
    assert set(ROCK.forms) == set(FORMS)
    assert set(ROCK.meters) == set(METERS)
    assert {Meter(5, 4), Meter(7, 8), Meter(6, 8), Meter(7, 4)} <= set(STYLES["prog"].meters)
    assert set(ROCK.modes) == {"major", "minor", "mixolydian", "dorian", "lydian", "phrygian"}
    with pytest.raises(MusicError, match="7/8 is not one that rock \\(punk\\) plays"):
        ROCK.band(plan(style="punk", meter=Meter(7, 8)))


def test_bars_in_any_order_and_in_another_process_are_the_same() -> None:
    mine = ROCK.band(plan(seed=9))
    forwards = {bar: mine.compose(bar) for bar in range(24)}
    other = ROCK.band(plan(seed=9))
    assert {bar: other.compose(bar) for bar in reversed(range(24))} == forwards
    script = (
        "from composers.genres.rock import ROCK; from composers.composer import Plan\n"
        f"b = ROCK.band(Plan(genre='rock', style='classic', seed=9, parts={dict(PARTS)!r}, sounds={SOUNDS!r}))\n"
        "print(sum(n.start * n.pitch + round(n.velocity * 10) * n.length"
        " for bar in range(24) for c in b.compose(bar).values() for n in c.notes))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    total = sum(n.start * n.pitch + round(n.velocity * 10) * n.length
                for clips in forwards.values() for c in clips.values() for n in c.notes)  # fmt: skip
    assert int(ran.stdout) == total


def test_keys_transpose_tunes_basses_and_drums_exactly() -> None:
    plain = {"lead": ("melody",), "second": ("counter",), "bass": ("bass",), "drums": ("drums",)}
    for name in ("classic", "ballad", "hard"):
        home = ROCK.band(plan(style=name, key="C", parts=plain, sounds={}, seed=4))
        for key, up in (("D", 2), ("F#", 6), ("G", -5), ("Bb", -2)):
            there = ROCK.band(plan(style=name, key=key, parts=plain, sounds={}, seed=4))
            for bar in range(16):
                a, b = home.compose(bar), there.compose(bar)
                assert a["drums"] == b["drums"]
                for track in ("lead", "second", "bass"):
                    assert [n._replace(pitch=n.pitch + up) for n in a[track].notes] == list(b[track].notes)


def test_nothing_hangs_and_instruments_are_kept_within() -> None:
    for name in STYLES:
        for seed in range(2):
            band = ROCK.band(plan(style=name, seed=seed, key=KEYS[seed * 5 % 12], meter=STYLES[name].meters[0]))
            for track, low, high in (("riff", 40, 88), ("rhythm", 40, 88), ("bass", 26, 58), ("lead", 40, 90)):
                row = sorted(notes(band, range(32), track))
                assert all(low <= n.pitch <= high for n in row), (name, track)
                last: dict[int, Note] = {}
                for n in row:
                    before = last.get(n.pitch)
                    assert before is None or before.end <= n.start, (name, track, before, n)
                    last[n.pitch] = n


# Songs ------------------------------------------------------------------------------------------------------------


def test_songs_have_verses_and_choruses_that_come_back() -> None:
    for seed in range(20):
        rows = charts(seed, 112, form="verse-chorus")
        roles = [section.split()[0] for section, _ in rows]
        order = [role for role, before in zip(roles, ["", *roles], strict=False) if role != before]
        assert order[0] == "intro"
        assert order[1] == "verse"
        assert roles.count("chorus") >= 8
        for name in ("verse A", "chorus B"):
            starts = [bar for bar, (section, _) in enumerate(rows) if section == name and rows[bar - 1][0] != name]
            assert len(starts) >= 2
            assert len({tuple(chords for _, chords in rows[bar : bar + 4]) for bar in starts if bar + 4 <= 112}) == 1
        by = {role: [c for (s, c), r in zip(rows, roles, strict=True) if r == role][:4] for role in ("verse", "chorus")}
        assert by["verse"] != by["chorus"]


def test_lengths_are_those_of_charts() -> None:
    """Introductions of 4 bars most often, then 8; verses of 8 or 16; choruses mostly of 8; a pre-chorus is rare."""
    found: dict[str, Counter[int]] = {}
    for seed in range(200):
        rows = arrangement("verse-chorus", seed, None, lift=False)
        for stretch in (*rows.opening, *rows.cycle[:3]):
            found.setdefault(stretch.role, Counter())[stretch.bars] += 1
    assert [bars for bars, _ in found["intro"].most_common(2)] == [4, 8]
    assert [bars for bars, _ in found["verse"].most_common(2)] == [8, 16]
    assert found["chorus"].most_common(1)[0][0] == 8
    assert 0.15 < sum(found["pre-chorus"].values()) / 200 < 0.45


@pytest.mark.parametrize("form", FORMS)
def test_every_length_is_a_song_with_an_ending(form: str) -> None:
    for length in (1, 2, 3, 5, 8, *range(12, 150, 7)):
        for seed in range(4):
            sections, bar = [], 0
            song = arrangement(form, seed, length, lift=True)
            while (section := song.section(bar)) is not None:
                assert section.first_bar == bar
                assert section.bars > 0
                sections.append(section)
                bar = section.end_bar
            assert bar == length
            assert sections[-1].role == "ending"
            if form == "verse-chorus" and length >= 24:
                roles = [s.role for s in sections]
                assert roles.count("chorus") >= 2
                assert "verse" in roles
                assert "chorus" in (roles[-2], roles[-3])


def test_energy_rises_to_the_last_chorus() -> None:
    for seed in range(10):
        form = arrangement("verse-chorus", seed, 96, lift=False)
        sections = []
        bar = 0
        while (section := form.section(bar)) is not None:
            sections.append(section)
            bar = section.end_bar
        choruses = [s.energy for s in sections if s.role == "chorus"]
        verses = [s.energy for s in sections if s.role == "verse"]
        assert max(choruses) == choruses[-1] >= 0.9
        assert max(verses) < min(choruses)
        assert sections[0].energy <= 0.45
        assert sections[-1].role == "ending"


def test_one_song_in_eleven_lifts_its_last_chorus_and_the_chart_says_so() -> None:
    lifted = [seed for seed in range(300) if any(
        lift_of(s.name)[1] for s in arrangement("verse-chorus", seed, None, lift=True).closing)]  # fmt: skip
    assert 0.05 < len(lifted) / 300 < 0.14
    level = [s for seed in lifted for s in arrangement("verse-chorus", seed, None, lift=False).closing]
    assert not any(lift_of(stretch.name)[1] for stretch in level)
    for seed in lifted[:4]:
        up = next(lift_of(s.name)[1] for s in arrangement("verse-chorus", seed, None, lift=True).closing)
        alone = {"lead": ("melody",), "bass": ("bass",)}
        band = ROCK.band(plan(seed=seed, form="verse-chorus", length=120, parts=alone, sounds={}))
        sections = [band.chart(bar).section for bar in range(120)]
        last = next(bar for bar, name in enumerate(sections) if name.endswith(" up"))
        first = sections.index("chorus B")
        root = [band.chart(bar).chords[0][1] for bar in (first, last)]
        a, b = (parse_chord(symbol).root.pitch_class for symbol in root)
        assert (b - a) % 12 == up
        final = parse_chord(band.chart(119).chords[-1][1]).root.pitch_class
        assert final == up
        tunes = [notes(band, range(at, at + 2), "lead") for at in (first, last)]
        high, low = ({n.pitch % 12 for n in tune} for tune in reversed(tunes))
        if low and high:
            common = {(p + up) % 12 for p in low} & high
            assert len(common) >= 0.5 * len(high)


def test_cues_and_typed_chords_are_taken() -> None:
    typed = "verse: vi | IV | I | V; chorus: I | V"
    band = ROCK.band(plan(chords=typed, cues=(Cue(8, "chorus"),), form="verse-chorus"))
    assert band.chart(8).section.startswith("chorus")
    assert [symbol for _, symbol in band.chart(8).chords] == ["C"]
    assert band.compose(8)["lead"] is not None


def test_blues_is_twelve_bars_of_three_chords() -> None:
    for seed in range(6):
        rows = charts(seed, 40, style="shuffle", form="blues")
        start = next(i for i, (section, _) in enumerate(rows) if section.startswith("verse"))
        twelve = [chords[0] for _, chords in rows[start : start + 12]]
        assert (twelve[0], twelve[4], twelve[8]) == ("C7", "F7", "G7")
        assert [c for _, c in rows[start + 12 : start + 24]] == [c for _, c in rows[start : start + 12]]


# What the figures say ---------------------------------------------------------------------------------------------


def test_harmony_is_billboards() -> None:
    """Vocabulary within a third of a share of 739 annotated songs' or .03; 70 to 85 % of bars have one chord; as many
    bars as there (.42) have the chords of four bars before: .32 to .52."""
    shares: Counter[str] = Counter()
    counts: Counter[int] = Counter()
    equal = []
    for seed in range(120):
        rows = charts(seed, 40)
        for _, chords in rows:
            counts[len(chords)] += 1
            for chord in chords:
                shares[chord] += 1 / len(chords)  # type: ignore[assignment]
        band = ROCK.band(plan(seed=seed, parts={"drums": ("drums",)}, sounds={}))
        piece = of_band(band, plan(seed=seed, parts={"drums": ("drums",)}, sounds={}), 1)
        spans = chords_of([band.chart(bar) for bar in range(40)], Meter(4, 4))
        equal.append(chords_equal(type(piece)(Meter(4, 4), 40, {}, {}, spans)))
    total = sum(shares.values())
    for chord, share in {"C": 0.41, "F": 0.2, "Bb": 0.06, "Am": 0.06, "Dm": 0.04}.items():
        assert abs(shares[chord] / total - share) < max(0.035, share / 3), (chord, shares[chord] / total)
    assert 0.1 < (shares["G"] + shares["G7"]) / total < 0.25
    assert 0.70 <= counts[1] / sum(counts.values()) <= 0.88
    assert 0.32 <= sorted(e for e in equal if e is not None)[60] <= 0.52


def test_every_loop_leads_somewhere() -> None:
    for mode in rock_charts.MODES:
        for kind in rock_charts.KINDS:
            for seed in range(12):
                chart = rock_charts.chart(mode, kind, 8, seed, "A")
                assert len(chart) == 8
                assert len({word for bar in chart for word in bar.split()}) >= 2, chart
        verse = [rock_charts.chart(mode, "verse", 8, seed, "A")[0].split()[0] for seed in range(40)]
        assert Counter(verse).most_common(1)[0][0] == rock_charts.tonic_of(mode)
        assert len({rock_charts.chart(mode, "chorus", 8, seed, "B") for seed in range(20)}) >= 8


def test_kick_bass_and_riff_lock() -> None:
    """Where the riff plays, 8 of 10 of its onsets have a bass note, and its accents a kick (backbeats aside)."""
    locked = []
    for seed in range(12):
        band = ROCK.band(plan(style="hard", seed=seed, form="rondo"))
        sections = [band.chart(bar).section for bar in range(24)]
        bars = [bar for bar, name in enumerate(sections[:-1]) if name.startswith("theme") and sections[bar + 1] == name]
        assert bars
        hits = total = kicked = hard = 0
        for bar in bars:
            clips = band.compose(bar)
            bass = [n.start for n in clips["bass"].notes]
            kicks = [n.start for n in clips["drums"].notes if n.pitch == 36]
            loudest = max(n.velocity for n in clips["riff"].notes)
            for note in clips["riff"].notes:
                onset = round(note.start / (PPQ / 4)) * PPQ / 4
                total += 1
                hits += any(abs(b - onset) < PPQ / 5 for b in bass)
                backbeat = onset % (2 * PPQ) == PPQ
                if note.velocity >= loudest - 8.0 and not backbeat and bar % 4 != 3:
                    hard += 1
                    kicked += any(abs(k - onset) < PPQ / 5 for k in kicks)
        assert hits / total >= 0.8, seed
        locked.append(kicked / max(1, hard))
    assert sum(locked) / len(locked) >= 0.8


def test_a_bass_goes_on_under_a_riff_that_only_answers() -> None:
    answered = 0
    for seed in range(12):
        band = ROCK.band(plan(style="classic", seed=seed, form="verse-chorus"))
        for bar in range(28):
            clips = band.compose(bar)
            start = Meter(4, 4).bar(bar).start
            first = min((n.start for n in clips["riff"].notes), default=start)
            if band.chart(bar).section.startswith("verse") and first > start + 2 * PPQ - 200:
                answered += 1
                assert min(n.start for n in clips["bass"].notes) < start + PPQ
    assert answered >= 6


def test_drums_fill_at_the_ends_of_sections() -> None:
    shares = []
    for seed in range(12):
        row = notes(ROCK.band(plan(seed=seed, parts={"drums": ("drums",)}, sounds={})), range(48), "drums")
        share = fill_share(row, Meter(4, 4), 48)
        assert share is not None
        shares.append(share)
    assert 0.04 <= sum(shares) / len(shares) <= 0.3


def test_verses_are_sparser_than_choruses() -> None:
    """Onsets a bar of the whole band: choruses have more, and are louder by 4 to 25."""
    for name in ("classic", "pop-rock", "ballad", "hard"):
        loud: dict[str, list[float]] = {"verse": [], "chorus": []}
        for seed in range(5):
            band = ROCK.band(plan(style=name, seed=seed, form="verse-chorus"))
            for bar in range(32):
                role = band.chart(bar).section.split()[0]
                if role in loud:
                    loud[role] += [n.velocity for c in band.compose(bar).values() for n in c.notes]
        means = {role: sum(v) / len(v) for role, v in loud.items()}
        assert 4 <= means["chorus"] - means["verse"] <= 25, name


def test_riffs_of_twenty_seeds_are_twenty() -> None:
    band = {seed: ROCK.band(plan(seed=seed, style="hard")) for seed in range(20)}
    firsts = {tuple((n.start // 240, n.pitch) for n in notes(b, range(4), "riff")) for b in band.values()}
    assert len(firsts) == 20


GATED = ("key4", "dia4", "melody.phrase_notes", "rep", "melody.rrep", "drums.jac1", "chords_equal4")


def test_gates_of_pop_and_rock_are_met() -> None:
    """Medians of 16 seeds x 32 bars; `sideman bench music` does it with 100."""
    found: dict[str, list[float]] = {}
    for seed in range(16):
        parts = arranged(FULL)
        mode = "minor" if seed % 3 == 2 else "major"
        own = plan(seed=seed, parts=parts, sounds={}, key=KEYS[seed % 12], style=None, mode=mode)
        piece = of_band(ROCK.band(own), own, 32)
        for name in GATED:
            value = MEASURES[name].of(piece)
            if value is not None:
                found.setdefault(name, []).append(value)
    gates = {gate.measure: gate for gate in GATES["pop/rock"]}
    for name, values in found.items():
        assert gates[name].passes(sorted(values)[len(values) // 2]), (name, sorted(values))


def test_who_plays_what() -> None:
    assert arranged(("lead-guitar", "rock-guitar", "pick-bass", "drums")) == {
        "lead-guitar": ("melody",), "rock-guitar": ("riff", "comp"), "pick-bass": ("bass",), "drums": ("drums",)
    }  # fmt: skip
    assert arranged(("guitar", "bass", "drums"))["guitar"] == ("riff", "comp", "melody")
    assert arranged(("sax", "piano", "bass", "drums")) == {
        "sax": ("melody",), "piano": ("comp",), "bass": ("bass",), "drums": ("drums",)
    }  # fmt: skip
    for ensemble in (style.ensemble for style in STYLES.values()):
        played = [part for names in ROCK.arrange(ensemble).values() for part in names]
        assert {"melody", "comp", "bass", "drums"} <= set(played)


def _parts(rows: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    return {row: (row,) for row in rows}


def test_a_jazz_trios_tracks_do_something_good() -> None:
    """A genre change in mid-session: every part that a track may have is played, or rests, without an error."""
    for name in STYLES:
        band = ROCK.band(plan(style=name, parts=_parts(EVERY_PART), sounds={}, meter=STYLES[name].meters[0]))
        played = Counter(track for bar in range(24) for track, clip in band.compose(bar).items() if clip.notes)
        assert {"melody", "comp", "bass", "drums"} <= set(played)


def test_doubled_guitars_have_hands_of_their_own() -> None:
    parts = {"left": ("riff", "comp"), "right": ("riff", "comp"), "drums": ("drums",)}
    band = ROCK.band(plan(parts=parts, sounds=dict.fromkeys(("left", "right"), "rock-guitar")))
    same = total = 0
    for bar in range(16):
        clips = band.compose(bar)
        left, right = (sorted(n.pitch for n in clips[t].notes) for t in ("left", "right"))
        assert left == right
        same += sum(a.start == b.start for a, b in zip(clips["left"].notes, clips["right"].notes, strict=True))
        total += len(left)
    assert total > 50
    assert same / total < 0.3

"""Classical: forms of any length with their keys and motifs, in every mode, meter and band offered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers import MLComposer
from composers.composer import Plan, find_genre
from composers.genres.classical import CLASSICAL, STYLES
from composers.genres.classical_forms import FORMS, arrangement
from composers.genres.classical_harmony import key_at
from composers.parts.local_key import placed
from composers.registers import REGISTERS
from composers.score import PPQ, Clip, Note
from composers.statistics.distance import bars_distance, melody_distance
from composers.statistics.measures import measured
from composers.statistics.piece import Piece, of_band
from composers.theory.analysis.harmony import analyze_harmony
from composers.theory.analysis.keys import find_key
from composers.theory.analysis.results import HarmonyAnalysis
from composers.theory.chords import parse_chord
from composers.theory.scales import Key

FREE = ("piano", "chamber", "quartet")
KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")


def plan(style: str = "quartet", form: str | None = "sonata", seed: int = 1, **more: object) -> Plan:
    parts = dict(CLASSICAL.arrange(STYLES[style].ensemble))
    made = Plan(genre="classical", style=style, form=form, seed=seed, parts=parts, sounds={n: n for n in parts})
    return replace(made, **more)  # type: ignore[arg-type]


def sections_of(made: Plan, bars: int) -> list[str]:
    """Role and name of each bar's section: "second theme B/V"."""
    resolved = CLASSICAL.resolve(made)
    form = CLASSICAL.style(resolved.style).sheet(resolved).form
    return [f"{s.role} {s.name}" if (s := form.section(bar)) is not None else "" for bar in range(bars)]


def by_section(made: Plan, bars: int) -> dict[str, list[Note]]:
    """The notes of all tracks by section."""
    band, names = CLASSICAL.band(made), sections_of(made, bars)
    found: dict[str, list[Note]] = {}
    for bar in range(bars):
        clips = band.compose(bar)
        found.setdefault(names[bar], []).extend(n for clip in clips.values() for n in clip.notes)
    return found


# Forms and lengths ------------------------------------------------------------------------------------------------


@given(st.sampled_from([*FORMS]), st.booleans(), st.integers(1, 400))
@settings(max_examples=200, deadline=None)
def test_a_form_fills_any_number_of_bars(form: str, minor: bool, bars: int) -> None:
    made = arrangement(form, minor, bars)
    at, sections = 0, []
    while (section := made.section(at)) is not None:
        assert section.first_bar == at and section.bars >= 1
        sections.append(section)
        at = section.end_bar
    assert at == bars and sections[-1].role == "ending"
    if bars >= 6:
        assert all(s.bars == s.written for s in sections), "nothing is cut short"


def test_a_sonata_has_the_proportions_of_sonatas() -> None:
    """Exposition 35 %, development 25, recapitulation 34 (When in Rome: quartiles 32-37, 19-28, 31-37)."""
    for bars in (60, 90, 120, 160, 217):
        rows = arrangement("sonata", False, bars).cycle
        home = [k for k, row in enumerate(rows) if row[:2] == ("theme", "A")][1]
        work = next(k for k, row in enumerate(rows) if row.role in ("development", "retransition"))
        exposition, development = (sum(r.bars for r in part) / bars for part in (rows[:work], rows[work:home]))
        assert 0.28 <= exposition <= 0.42 and 0.14 <= development <= 0.33, (bars, exposition, development)


@pytest.mark.parametrize("seconds", [45, 60, 120, 180, 300])
def test_a_piece_lasts_as_long_as_was_asked_for(seconds: int) -> None:
    for form in (*FORMS, "fugue"):
        piece = MLComposer(seed=seconds).compose(style="classical quartet", form=form, duration=seconds)
        bar_s = 4 * 60 / piece.time.bpm_at(0)
        assert abs(piece.duration_s - seconds) <= bar_s, form
        last = max(n.start for track in piece.tracks for n in track.clip.notes)
        assert last >= piece.length - 8 * PPQ, form


def test_the_sonata_of_the_seed_has_its_length_and_sections() -> None:
    piece = MLComposer().compose(style="classical", form="sonata", duration=120)
    assert abs(piece.duration_s - 120) <= 2 * 60 / piece.time.bpm_at(0) + 1e-6
    shown = [text for _, text in piece.markers]
    for name, text in zip(("theme", "transition", "second theme", "closing", "development"), shown, strict=False):
        assert text.startswith(name)
    assert shown[-1] == "ending" and any(text.startswith("theme") for text in shown[5:]), "the theme comes back"


# Sonata form, heard by the analysis -------------------------------------------------------------------------------


def test_the_themes_of_a_sonata_are_heard_in_their_keys() -> None:
    """First theme at home, second in the dominant (minor: the relative major), both at home in the recapitulation."""
    for seed in range(12):
        for style in ("piano", "quartet"):
            mode = "minor" if seed % 3 == 2 else "major"
            made = plan(style, seed=seed, mode=mode, key=KEYS[seed], length=60)
            home = Key.parse(made.key, mode)
            sections = by_section(made, 60)
            away = "III" if mode == "minor" else "V"
            for name in ("theme A", f"second theme B/{away}", "second theme B"):
                wanted = key_at(home, placed(name.split()[-1], mode == "minor"))
                heard = find_key(sections[name])[0].key
                assert (heard.tonic.pitch_class, heard.mode) == (wanted.tonic.pitch_class, wanted.mode), (seed, name)


def test_the_whole_sonata_is_analysed_as_one() -> None:
    """The course of keys: home, away for the second theme, elsewhere in the development, home at the end."""
    agreed = 0
    for seed in range(4):
        made = plan("quartet", seed=seed, key="C", length=60)
        band = CLASSICAL.band(made)
        notes = [n for bar in range(60) for clip in band.compose(bar).values() for n in clip.notes]
        sections = sections_of(made, 60)
        heard = analyze_harmony(notes)
        assert str(heard.key.tonic) == "C" and heard.key.mode == "major"

        def key_in(bar: int, heard: HarmonyAnalysis = heard) -> int:
            tick = bar * 4 * PPQ + 2 * PPQ
            return next(k.key.tonic.pitch_class for k in heard.keys if k.span.start <= tick < k.span.end)

        second = [bar for bar, name in enumerate(sections) if name == "second theme B/V"]
        again = [bar for bar, name in enumerate(sections) if name == "second theme B"]
        work = [bar for bar, name in enumerate(sections) if name.startswith("development")]
        agreed += sum(key_in(b) == 7 for b in second) > len(second) / 2
        agreed += sum(key_in(b) == 0 for b in again) > len(again) / 2
        agreed += sum(key_in(b) != 0 for b in work) > len(work) / 2
    assert agreed >= 10, "of twelve"


def _rhythms(notes: list[Note], bar_ticks: int) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for note in notes:
        step = round(note.start / (PPQ // 4))
        bar, within = divmod(step, bar_ticks * 4 // PPQ)
        found.setdefault(bar, set()).add(within)
    return {bar: frozenset(steps) for bar, steps in found.items()}


def test_the_development_works_with_the_motif_of_the_first_theme() -> None:
    """The rhythm of the theme's first bar or half bar comes again in most of the development's bars; another piece's
    motif does not."""
    own: list[float] = []
    foreign: list[float] = []
    heads: dict[int, frozenset[int]] = {}
    works: dict[int, list[frozenset[int]]] = {}
    for seed in range(12):
        made = plan("piano", seed=seed, length=60, parts={"violin": ("melody",), "piano": ("comp",)}, sounds={})
        band = CLASSICAL.band(made)
        rhythms = _rhythms([n for bar in range(60) for n in band.compose(bar)["violin"].notes], 4 * PPQ)
        sections = sections_of(made, 60)
        heads[seed] = rhythms[0]
        works[seed] = [rhythms.get(b, frozenset()) for b, s in enumerate(sections) if s.startswith("development")]
    for seed, rows in works.items():
        for other, head in heads.items():
            half = frozenset(s for s in head if s < 8)
            share = sum(row == head or (bool(half) and frozenset(s for s in row if s < 8) == half) for row in rows)
            (own if seed == other else foreign).append(share / len(rows))
    assert sum(own) / len(own) > 0.6
    assert sum(own) / len(own) > 2 * sum(foreign) / len(foreign)


def test_the_second_theme_comes_back_a_fourth_higher_note_for_note() -> None:
    """Its last chord is the key's both times. (Without ornaments, which are of each place alone.)"""
    same = 0
    for seed in range(6):
        made = plan("chamber", seed=seed, length=60, complexity=0.0)
        band = CLASSICAL.band(made)
        charts = [band.chart(b) for b in range(60)]
        sections = sections_of(made, 60)
        away, home = ([b for b, s in enumerate(sections) if s == f"second theme {n}"] for n in ("B/V", "B"))
        roots = [[parse_chord(charts[b].chords[-1][1]).root.pitch_class for b in bars] for bars in (away, home)]
        assert [(root - 7) % 12 for root in roots[0]] == roots[1] and roots[1][-1] == 0
        lines = [[n.pitch for b in bars for n in band.compose(b)["violin"].notes] for bars in (away, home)]
        same += [key + 5 for key in lines[0]] == lines[1]
    assert same >= 5, "of six; where the violin cannot follow, the tune is another"


def test_phrases_end_in_cadences() -> None:
    """Themes end on the tonic, transitions and retransitions on the dominant."""
    for seed in range(10):
        made = plan("piano", seed=seed, length=90, key="C")
        band, sections = CLASSICAL.band(made), sections_of(made, 90)
        for bar, (section, then) in enumerate(pairwise(sections)):
            if section == then:
                continue
            root = parse_chord(band.chart(bar).chords[-1][1]).root.pitch_class
            place = placed(section.split()[-1], False)
            if section.startswith(("theme", "second theme")):
                assert root == place.up % 12, (seed, bar, section)
            elif section.startswith(("transition", "retransition")):
                assert root == (place.up + 7) % 12, (seed, bar, section)


def test_variations_keep_the_harmony_of_their_theme() -> None:
    for seed in range(4):
        made = plan("piano", "theme-variations", seed, length=66, key="G")
        band, sections = CLASSICAL.band(made), sections_of(made, 66)
        bars = {name: [bar for bar, s in enumerate(sections) if s == name] for name in dict.fromkeys(sections)}
        rows = {name: [band.chart(bar).chords for bar in found] for name, found in bars.items()}
        notes = {name: sum(len(band.compose(bar)["piano"].notes) for bar in found) for name, found in bars.items()}
        plain = [name for name in bars if name.startswith("variation") and "/" not in name]
        assert len(plain) >= 3 and all(rows[name] == rows["theme A"] for name in plain)
        minore = next(name for name in bars if name.endswith("/i"))
        assert parse_chord(rows[minore][-1][-1][1]).family == "minor"
        assert max(notes[name] for name in plain) > 1.3 * notes["theme A"], "figures move more"


# Everything plays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FREE)
def test_it_plays_in_every_mode_meter_and_form(name: str) -> None:
    style = STYLES[name]
    for mode, meter, form in product(style.modes, style.meters, style.forms):
        made = plan(name, form, mode=mode, meter=meter, key="Eb", length=26)
        band = CLASSICAL.band(made)
        bars = [band.compose(bar) for bar in range(26)]
        assert all(sum(len(b[t].notes) for b in bars) > 12 for t in made.parts), (mode, meter, form)
        for track in made.parts:
            _no_key_struck_while_it_sounds([n for b in bars for n in b[track].notes])


def _no_key_struck_while_it_sounds(notes: list[Note]) -> None:
    last: dict[int, Note] = {}
    for note in sorted(notes):
        assert note.pitch not in last or last[note.pitch].end <= note.start
        last[note.pitch] = note


@pytest.mark.parametrize("name", FREE)
def test_instruments_stay_within_their_compass(name: str) -> None:
    for seed in range(12):
        form = [*STYLES[name].forms][seed % len(STYLES[name].forms)]
        made = plan(name, form, seed, key=KEYS[seed], mode="minor" if seed % 2 else "major", length=48)
        band = CLASSICAL.band(made)
        for bar in range(48):
            for track, clip in band.compose(bar).items():
                register = REGISTERS[track]
                assert all(register.lowest <= n.pitch <= register.highest for n in clip.notes), (track, form, seed)


def test_a_bar_is_the_same_in_any_order_and_any_process() -> None:
    made = plan("quartet", "sonata", 5, length=60)
    forward = [CLASSICAL.band(made).compose(bar) for bar in (0, 7, 30, 44, 59)]
    band = CLASSICAL.band(made)
    backward = [band.compose(bar) for bar in (59, 44, 30, 7, 0)][::-1]
    assert forward == backward
    code = (
        "from composers.composer import Plan\n"
        "from composers.genres.classical import CLASSICAL\n"
        "parts = {'solo-violin': ('melody',), 'violin': ('counter',), 'viola': ('pad',), 'cello': ('bass',)}\n"
        "plan = Plan(genre='classical', style='quartet', form='fugue', seed=3, length=40, parts=parts)\n"
        "print(sorted(n for c in CLASSICAL.band(plan).compose(21).values() for n in c.notes))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    fugue = plan("quartet", "fugue", 3, length=40, sounds={})
    assert other == str(sorted(n for c in CLASSICAL.band(fugue).compose(21).values() for n in c.notes))


def test_another_key_is_the_same_music_elsewhere() -> None:
    for style, form in (("quartet", "sonata"), ("piano", "fugue"), ("chamber", "minuet")):
        for key, up in (("Eb", 3), ("A", -3)):
            one, two = (CLASSICAL.band(plan(style, form, 2, key=k, length=40)) for k in ("C", key))
            for bar in range(40):
                a, b = one.compose(bar), two.compose(bar)
                for track in a:
                    rows = [[(n.start, n.pitch - d) for n in c[track].notes] for c, d in ((a, 0), (b, up))]
                    assert rows[0] == rows[1], (style, form, key, bar, track)


def test_twenty_seeds_are_twenty_pieces() -> None:
    pieces = [_piece(plan("quartet", "sonata", seed, key="C", length=34), 32) for seed in range(20)]
    for a, b in combinations(pieces, 2):
        assert (melody_distance(a, b) or 0.0) > 0.4 and (bars_distance(a, b) or 0.0) > 0.3, (a.name, b.name)


def _piece(made: Plan, bars: int) -> Piece:
    return of_band(CLASSICAL.band(made), made, bars, bpm=made.tempo)


def test_statistics_lie_on_the_side_of_real_music() -> None:
    """Medians over seeds, between the 10 and 90 % of string quartets and Lieder (docs/music.md)."""
    rows = [measured(_piece(plan("quartet", None, s, key=KEYS[s], mode="minor" if s % 3 == 2 else "major"), 32))
            for s in range(12)]  # fmt: skip
    for name, low, high in (
        ("melody.steps", 0.6, 0.75), ("melody.leaps", 0.06, 0.22), ("melody.turns", 0.36, 0.6),
        ("melody.rep", 0.05, 0.4),
        ("melody.repeats", 0.04, 0.2), ("key4", 0.76, 0.9), ("dia4", 0.88, 1.0), ("parallels", 0.0, 0.01),
    ):  # fmt: skip
        values = sorted(v for row in rows if (v := row[name]) is not None)
        assert low <= values[len(values) // 2] <= high, (name, values)


def test_phrases_breathe_in_time_and_the_end_slows_down() -> None:
    """Rubato of some milliseconds: the last chord comes late, by less than half a beat; in its bar all the same."""
    made = plan("quartet", "sonata", 4, length=34, tempo=100.0)
    clips: Mapping[str, Clip] = CLASSICAL.band(made).compose(33)
    starts = [min(n.start for n in c.notes) - 33 * 4 * PPQ for c in clips.values() if c.notes]
    assert starts and all(0.2 * PPQ < s < 0.6 * PPQ for s in starts)
    assert max(starts) - min(starts) < 0.1 * PPQ, "together"


def test_it_is_announced() -> None:
    assert find_genre("classical").styles == ("piano", "chamber", "quartet", "strict")

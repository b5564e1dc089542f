"""The band framework: whatever a style's parts write comes out pure, in its bars, muted, jumped, led from outside."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.band import StyleBand
from composers.composer import Context, Cue, Heard, Plan, Remarking, Sectioned, register_composer
from composers.dice import dice
from composers.errors import MusicError
from composers.feel import Feel
from composers.forms import Arrangement, Section, Stretch
from composers.genre import StyledGenre
from composers.harmony import Bar, parse_chart
from composers.parts.humanise import Hand
from composers.parts.passage import Event, Listening, Passage, Sweep, Turn, Written
from composers.pulse import STEPS
from composers.score import PPQ, Clip, Meter, Note, Span
from composers.style import Player, Sheet, Style, Tempi
from composers.theory.scales import Key

STIFF = Hand("stiff", 0.0, 0.0, 0.0, 0.0, 1.0)
PARTS = {"lead": ("melody",), "keys": ("comp",), "low": ("bass",), "kit": ("drums",)}
METERS = tuple(map(Meter.parse, ("4/4", "3/4", "7/8", "6/8")))


def _melody(passage: Passage, listening: Listening) -> Written:
    draw = dice(passage.seed, "melody", *passage.material)
    events = [Event(step, STEPS, 60 + draw.one_of((0, 4, 7)), 80.0) for step in range(0, passage.steps, STEPS)]
    return Written(events, [Turn(0, STEPS, "bend", 0, 1.0), Turn(0, 0, "cc", 1, 64)], [Sweep(0, 48, "gain_db", -3.0)])


def _comp(passage: Passage, listening: Listening) -> Written:
    """One note a chord, and one for each note of the melody that it has heard."""
    events = [Event(r.start, 6, 48 + (r.root + passage.tonic) % 12, 70.0) for r in passage.regions]
    return Written([*events, Event(0, 3, 90, float(1 + len(listening.get("melody", ()))))])


def _bass(passage: Passage, listening: Listening) -> Written:
    return Written([Event(r.start, r.end - r.start + 20, 36 + r.root, 90.0) for r in passage.regions])


def _drums(passage: Passage, listening: Listening) -> Written:
    bars = range(0, passage.steps, passage.bar_steps)
    return Written([Event(step, 3, 36, 90.0, strokes=2, swell=-20.0) for step in bars])


def _changes(bars: tuple[Bar, ...], section: Section) -> tuple[Bar, ...]:
    return tuple(bars[(section.chart_bar + i) % len(bars)] for i in range(section.bars))


def _sheet(plan: Plan) -> Sheet:
    key = Key.parse(plan.key, plan.mode)
    cycle = (Stretch("verse", "A", 4, 0.5), Stretch("chorus", "B", 4, 0.8, 0.9, 2))
    stretches = (Stretch("intro", "intro", 2, 0.3),), cycle
    chart = parse_chart("Imaj7 | VIm7 | IIm7 V7 | Imaj7", key)
    return Sheet(key, Arrangement(*stretches, length=plan.length), Arrangement(*stretches), partial(_changes, chart))


def style(name: str = "plain", **changes: object) -> Style:
    players = {
        "melody": Player(_melody, STIFF, single=True), "comp": Player(_comp, STIFF, absolute=True),
        "bass": Player(_bass, STIFF, single=True), "drums": Player(_drums, {0: STIFF}, channel=9),
    }  # fmt: skip
    made = Style(name, Tempi(100.0, 80.0, 130.0), Feel(), METERS, ("major", "minor"), {"song": 1.0},
                 ("piano", "bass", "drums"), players, _sheet)  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


GENRE = StyledGenre("toy", {"plain": style(), "fast": style("fast", tempi=Tempi(180.0, 150.0, 220.0))})
plans = st.builds(
    Plan, genre=st.just("toy"), key=st.sampled_from(("C", "Eb", "F#", "B")), mode=st.sampled_from(("major", "minor")),
    meter=st.sampled_from(METERS), seed=st.integers(0, 99), energy=st.floats(0, 1), parts=st.just(PARTS),
    length=st.none() | st.integers(1, 40), mute=st.sampled_from(((), ("kit",))),
    cues=st.sampled_from(((), (Cue(5, "chorus"),), (Cue(3, "intro"), Cue(8, "verse 2")))),
)  # fmt: skip


def band(**changes: object) -> StyleBand:
    return GENRE.band(replace(Plan(genre="toy", parts=PARTS), **changes))  # type: ignore[arg-type]


@given(plans, st.lists(st.integers(0, 50), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_order_gives_the_same_clips_inside_their_bars(plan: Plan, order: list[int]) -> None:
    forth = GENRE.band(plan)
    for bar in sorted(order):
        clips = forth.compose(bar)
        assert clips == GENRE.band(plan).compose(bar)
        assert forth.chart(bar) == GENRE.band(plan).chart(bar)
        for clip in clips.values():
            assert clip.span == plan.meter.bar(bar)
            assert all(n.start in clip.span for n in clip.notes)


@given(plans)
@settings(max_examples=20, deadline=None)
def test_a_key_moves_the_lines_and_changes_nothing_else(plan: Plan) -> None:
    here, there = GENRE.band(replace(plan, key="C")), GENRE.band(replace(plan, key="D"))
    for bar in (0, 3, 7):
        for track in ("lead", "low"):
            mine, theirs = here.compose(bar)[track].notes, there.compose(bar)[track].notes
            assert [n._replace(pitch=n.pitch + 2) for n in mine] == list(theirs)


def test_parts_hear_those_that_were_asked_before() -> None:
    notes = band().compose(0)["keys"].notes
    assert [n.velocity for n in notes if n.pitch == 90] == [max(8.0, 1.0 + 8)]
    alone = GENRE.band(Plan(genre="toy", parts={"keys": ("comp",)})).compose(0)["keys"].notes
    assert [n.velocity for n in alone if n.pitch == 90] == [8.0]


def test_strokes_turns_and_sweeps_are_played() -> None:
    clips = band(bends={"lead": 12.0}).compose(0)
    first, second = clips["kit"].notes
    assert (second.start - first.start, first.velocity, second.velocity) == (120, 90.0, 70.0)
    bends = [c for c in clips["lead"].controls if c.kind == "bend"]
    assert bends[0].value == 0 and bends[-1].value == pytest.approx(1 / 12) and len(bends) > 20
    pedals = [c.value for c in clips["lead"].controls if c.kind == "cc" and c.number not in (6, 38, 100, 101)]
    assert pedals == [64]  # the others tell the bend's range
    assert [(r.path, r.length) for r in clips["lead"].ramps] == [("gain_db", 4 * PPQ)]


def test_one_voice_is_cut_where_the_next_note_begins_also_over_a_section() -> None:
    playing = band()
    notes = sorted(n for bar in range(12) for n in playing.compose(bar)["low"].notes)
    assert all(a.end < b.start for a, b in pairwise(notes))


def test_a_part_that_a_style_lacks_is_stood_in_for_or_rests() -> None:
    plan = Plan(genre="toy", parts={"a": ("pad",), "b": ("riff",), "c": ("fx", "counter")})
    clips = GENRE.band(plan).compose(0)
    assert clips["a"].notes == clips["b"].notes and clips["a"].notes and not clips["c"].notes


def test_jumps_and_places() -> None:
    playing = band(cues=(Cue(4, "chorus"),))
    assert isinstance(playing, Sectioned) and isinstance(playing, Remarking)
    assert [playing.chart(b).section for b in (0, 2, 3, 4, 7, 8)] == [
        "intro", "verse A", "verse A", "chorus B", "chorus B", "verse A",
    ]  # fmt: skip
    assert (playing.place_at(3), playing.place_after(3)) == ("verse A", "chorus B")
    with pytest.raises(MusicError, match="the piece ends there"):
        band(length=10).place_after(9)


# Harmony of others ------------------------------------------------------------------------------------------------


def test_typed_chords_take_the_charts_place() -> None:
    playing = band(chords="verse: Am | F G; chorus: i")
    assert [playing.chart(b).chords for b in (2, 3, 4)] == [((0.0, "Am"),), ((0.0, "F"), (2.0, "G")), ((0.0, "Am"),)]
    assert playing.chart(6).chords == ((0.0, "Cm"),) and playing.chart(0).chords == ((0.0, "Cmaj7"),)
    everywhere = band(chords="Am | F | C | G", length=8)
    assert everywhere.chart(7).chords == ((0.0, "Am"),), "an ending goes home to the first chord"
    with pytest.raises(MusicError, match=r"chords: section 'bridge'.*intro, verse, chorus"):
        band(chords="bridge: C")


def test_what_a_player_plays_takes_the_charts_place_for_a_while() -> None:
    bar = 4 * PPQ
    playing = band(heard=Heard(chords=((bar * 2 + 2 * PPQ, "Fm7"), (bar * 3, "Bb7"), (bar * 4, "")), hold=2 * bar))
    assert playing.chart(2).chords == ((0.0, "Cmaj7"), (2.0, "Fm7"))
    assert playing.chart(3).chords == ((0.0, "Bb7"),)
    assert playing.chart(4).chords == band().chart(4).chords
    held = band(heard=Heard(chords=((0, "Db"),), hold=2 * bar))
    assert [held.chart(b).chords == ((0.0, "Db"),) for b in range(4)] == [True, True, False, False]


def test_a_players_dynamics_take_the_plans_place() -> None:
    soft, loud = (band(heard=Heard(energy=((0, level),)))._energy(band()._form.section(2))[0]  # type: ignore[arg-type]
                  for level in (0.2, 0.9))  # fmt: skip
    assert soft < 0.2 < 0.7 < loud


# Composers of others ----------------------------------------------------------------------------------------------


class Fourths:
    """A note on each beat, and what it was told."""

    def __init__(self) -> None:
        self.told: list[Context] = []

    def compose(self, span: Span, context: Context) -> Clip:
        self.told.append(context)
        return Clip.of(span, [Note(t, 100, 65, 80.0) for t in range(span.start, span.end, PPQ)])


class Broken:
    def compose(self, span: Span, context: Context) -> Clip:
        raise ValueError("no weights")


def test_a_composer_of_ones_own_plays_a_track_and_is_heard() -> None:
    made = Fourths()
    register_composer("fourths", lambda: made)
    clips = band(composers={"lead": "fourths"}, sounds={"lead": "violin"}).compose(3)
    assert [n.pitch for n in clips["lead"].notes] == [65] * 4
    context = made.told[0]
    assert context.parts == ("melody",) and context.section == "verse A" and context.chords[0][1] == "Cmaj7"
    assert (context.sound, context.lowest, context.highest) == ("violin", 55, 88)
    assert context.section_span == Span(2 * 4 * PPQ, 6 * 4 * PPQ)
    first = band(composers={"lead": "fourths"}).compose(0)["keys"].notes
    assert [n.velocity for n in first if n.pitch == 90] == [9.0], "two bars of four beats, heard"


def test_one_that_fails_is_replaced_by_the_rules_and_people_are_told() -> None:
    register_composer("broken", Broken)
    playing = band(composers={"lead": "broken"})
    assert playing.compose(0)["lead"] == band().compose(0)["lead"]
    assert playing.take_notices()[:1] == [
        "composer 'broken' failed at bar 1 (ValueError: no weights): lead plays by rules",
    ]
    assert playing.take_notices() == []


def test_composers_that_are_not_there_or_cannot_be_made_are_refused() -> None:
    with pytest.raises(MusicError, match="composer 'nobody' is not known: choose one of"):
        band(composers={"lead": "nobody"})
    register_composer("heavy", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    with pytest.raises(MusicError, match="'heavy' could not be loaded: ZeroDivisionError"):
        band(composers={"lead": "heavy"})


# What a genre chooses ---------------------------------------------------------------------------------------------


def test_a_style_is_chosen_by_tempo_and_kept() -> None:
    plan = Plan(genre="toy", parts=PARTS)
    assert GENRE.resolve(plan).style == "plain" and GENRE.resolve(replace(plan, tempo=200)).style == "fast"
    assert GENRE.resolve(replace(plan, tempo=140)).style == "fast", "the nearest, where none claims it"
    kept = replace(GENRE.resolve(plan), tempo=200)
    assert GENRE.resolve(kept) == kept and kept.form == "song"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"style": "slow"}, "style 'slow' is not one of toy: choose one of plain, fast"),
        ({"mode": "locrian"}, "mode 'locrian' is not one that toy plays: choose one of major, minor"),
        ({"meter": Meter(5, 4)}, "meter 5/4 is not one that toy plays: choose one of 4/4"),
        ({"form": "rondo"}, "form 'rondo' is not one that toy plays: choose one of song"),
        ({"density": 2.0}, "density = 2.0 is out of range: give 0 to 1"),
        ({"register": 30}, "give -12 to 12 semitones"), ({"mute": ("tuba",)}, "mute: 'tuba' is no track"),
        ({"cues": (Cue(2, "drop"),)}, "section 'drop' is not one of this form"),
        ({"heard": Heard(chords=((0, "Hm"),))}, "'Hm' is not understood"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_can(changes: dict[str, object], words: str) -> None:
    with pytest.raises(MusicError, match=words):
        band(**changes)

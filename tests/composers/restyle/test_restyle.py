"""A piece given to another genre's band."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composers.composer import Plan, genre_names, make_band
from composers.errors import MusicError
from composers.performing import perform
from composers.piece import Piece, Track
from composers.practice import Practice
from composers.pulse import pulse_of
from composers.request import parse_request, with_band
from composers.restyle import hear, kept, restyle
from composers.restyle import report as measures
from composers.restyle.melody_search import find_melody
from composers.restyle.phrasing import phrased, syncopation
from composers.restyle.reading import changes
from composers.restyle.timing import unbent
from composers.restyle.transfer import styled
from composers.score import PPQ, Clip, Meter, Note, Span
from composers.theory.chords import parse_chord

BAR = 4 * PPQ
TUNE = (
    # bar, beat, beats, key: a folk-like period of eight bars, its second half as the first but for the close
    (0, 0, 1, 60), (0, 1, 1, 62), (0, 2, 1, 64), (0, 3, 1, 60), (1, 0, 2, 67), (1, 2, 2, 64),
    (2, 0, 1, 65), (2, 1, 1, 64), (2, 2, 1, 62), (2, 3, 1, 65), (3, 0, 3, 62),
    (4, 0, 1, 60), (4, 1, 1, 62), (4, 2, 1, 64), (4, 3, 1, 60), (5, 0, 2, 67), (5, 2, 2, 69),
    (6, 0, 1, 67), (6, 1, 1, 65), (6, 2, 1, 64), (6, 3, 1, 62), (7, 0, 3, 60),
)  # fmt: skip
CHORDS = ("C", "C", "F", "G", "C", "Am", "G", "C")
TRIADS = {"C": (48, 52, 55), "F": (53, 57, 60), "G": (43, 47, 50), "Am": (45, 48, 52)}


def song(times: int = 2, *, drums: bool = False) -> Piece:
    """The period, some times, with block chords under it."""
    span = Span(0, 8 * times * BAR)
    tune = [Note(t * 8 * BAR + bar * BAR + beat * PPQ, beats * PPQ - 30, key, 84.0)
            for t in range(times) for bar, beat, beats, key in TUNE]  # fmt: skip
    chords = [Note(bar * BAR, BAR - 20, key, 62.0) for bar in range(8 * times) for key in TRIADS[CHORDS[bar % 8]]]
    tracks = [Track("voice", Clip.of(span, tune)), Track("piano", Clip.of(span, chords))]
    if drums:
        kick = [Note(beat * PPQ, 60, 36, 90.0, 9) for beat in range(span.end // PPQ)]
        tracks.append(Track("kit", Clip.of(span, kick), is_drums=True))
    return Piece.of(tracks, 100.0, Meter())


@pytest.mark.parametrize("genre", genre_names())
def test_every_genre_takes_the_tune_and_keeps_its_contour(genre: str) -> None:
    made = restyle(song(), genre, 0.5)
    report = made.report
    assert report.melody_kept is not None and report.melody_kept >= 0.9
    assert report.notes_kept is not None and report.notes_kept >= 0.9
    assert made.piece.bars >= 16
    assert report.melody_track == "voice"


def test_the_same_arguments_give_the_same_piece() -> None:
    assert restyle(song(), "jazz", 0.7, seed=3) == restyle(song(), "jazz", 0.7, seed=3)


def test_drums_alone_have_no_melody() -> None:
    kit = song(drums=True).without("voice", "piano")
    with pytest.raises(MusicError, match="only drums"):
        restyle(kit, "jazz")


def test_a_strength_out_of_range_is_named() -> None:
    with pytest.raises(MusicError, match=r"strength = 1\.5"):
        restyle(song(), "jazz", 1.5)


def test_at_strength_0_it_is_the_piece_itself() -> None:
    piece = song()
    made = restyle(piece, "rock", 0.0)
    assert made.piece is piece
    report = made.report
    kept = (report.melody_kept, report.notes_kept, report.rhythm_kept, report.harmony_kept, report.form_kept)
    assert kept == pytest.approx((1.0,) * 5)


def test_a_slight_transfer_keeps_the_players_and_a_stronger_one_their_chords() -> None:
    slight, half = restyle(song(), "rock", 0.1).piece, restyle(song(), "rock", 0.4)
    assert len(slight.tracks) == 2 and "guitar" in str(slight.tracks[0].instrument)
    assert slight.tracks[1].clip.notes[0].pitch == 48  # the piano's chords, on another instrument
    assert any(t.is_drums for t in half.piece.tracks) and any("bass" in t.name for t in half.piece.tracks)
    assert all(n.pitch >= 48 for n in half.piece.track("piano").clip.notes)  # what is lower is the bass's now
    assert half.report.harmony_kept == pytest.approx(1.0, abs=0.05)


def test_stronger_transfers_go_further_from_the_chords() -> None:
    kept = [restyle(song(4), "jazz", s).report.harmony_kept or 0.0 for s in (0.3, 0.5, 1.0)]
    assert kept[0] >= kept[1] > kept[2]


@pytest.mark.parametrize("genre", genre_names())
def test_a_piece_of_the_genre_changes_little(genre: str) -> None:
    request = parse_request(f"{genre}, 24 bars, seed 4")
    own = perform(with_band(request.plan, request.instruments, tempo=request.plan.tempo, bars=24))
    report = restyle(own, genre, 0.7, request.plan.style).report
    assert report.melody_kept is not None and report.melody_kept > 0.95
    assert report.rhythm_kept is not None and report.rhythm_kept > 0.9
    assert report.harmony_kept is not None and report.harmony_kept > (0.75 if genre == "ambient" else 0.9)
    assert report.tempo[1] == pytest.approx(report.tempo[0], rel=0.01)


def test_a_key_and_a_tempo_that_are_asked_for() -> None:
    made = restyle(song(), "rock", 0.7, key="Eb", tempo=96.0)
    assert str(made.piece.keys[0][1].tonic) == "Eb" and made.piece.tempi[0][1] == 96.0
    plain = restyle(song(), "rock", 0.7, tempo=96.0).piece
    up = {(b.pitch - a.pitch) % 12 for a, b in zip(plain.tracks[0].clip.notes, made.piece.tracks[0].clip.notes,
                                                  strict=True)}  # fmt: skip
    assert up == {3}
    assert made.report.notes_kept == pytest.approx(1.0, abs=0.1)


def test_the_report_tells_another_tune_from_this_one() -> None:
    """What is kept is measured: of a tune with other notes nearly nothing is."""
    heard = hear(song())
    other = [n._replace(pitch=48 + n.pitch * 7 % 23) for n in heard.melody.notes]
    kept = measures.of_output(heard, unbent(heard.sheet), other, (), 16)
    assert (kept["melody_kept"] or 0.0) < 0.5 and (kept["notes_kept"] or 0.0) < 0.5
    late = [n._replace(start=n.start + 400) for n in heard.melody.notes]
    assert (measures.of_output(heard, unbent(heard.sheet), late, (), 16)["rhythm_kept"] or 0.0) < 0.2


def test_a_waltz_in_four_and_a_tune_in_six_eight_keep_their_bars() -> None:
    waltz = Piece.of({"tune": Clip.of(Span(0, 8 * 2880), [
        Note(bar * 2880 + beat * PPQ, PPQ - 20, 60 + (bar * 2 + beat * 3) % 12, 80.0)
        for bar in range(8) for beat in range(3)
    ])}, 120.0, Meter(3, 4))  # fmt: skip
    made = restyle(waltz, "edm", 0.6, "house") if Meter(3, 4) not in styled("edm").style("house").meters else None
    jig = Piece.of({"tune": Clip.of(Span(0, 8 * 2880), [
        Note(eighth * PPQ // 2, PPQ // 2 - 20, 60 + eighth * 5 % 12, 80.0) for eighth in range(48)
    ])}, 150.0, Meter(6, 8))  # fmt: skip
    swung = restyle(jig, "jazz", 0.6, "medium")
    assert swung.piece.meters[0][1] == Meter(4, 4) and swung.piece.bars == 4  # two bars of six eighths: four triplets
    for done in filter(None, (made, swung)):
        assert done.report.melody_kept is not None and done.report.melody_kept > 0.9


@pytest.mark.parametrize("piece", [Piece(), Piece.of({"silence": Clip(Span(0, BAR))})])
def test_nothing_to_sing_is_said(piece: Piece) -> None:
    with pytest.raises(MusicError, match="no notes"):
        restyle(piece, "rock")


def test_a_piece_too_long_is_said() -> None:
    long = Piece.of({"tune": Clip.of(Span(0, 5000 * BAR), [Note(4999 * BAR, 100, 60, 80.0)])})
    with pytest.raises(MusicError, match="5000 bars"):
        restyle(long, "rock")


def test_what_is_not_clear_is_told() -> None:
    span = Span(0, 8 * BAR)
    chords = [Note(bar * BAR, BAR - 20, key, 70.0) for bar in range(8) for key in TRIADS[CHORDS[bar]]]
    report = restyle(Piece.of({"pad": Clip.of(span, chords)}), "jazz").report
    assert any("top line of 'pad'" in notice for notice in report.notices)
    free = [Note(round(i * 731.77 + (i * i * 97) % 613), 300, 60 + i * 5 % 12, 80.0) for i in range(90)]
    told = restyle(Piece.of({"tune": Clip.of(Span(0, 18 * BAR), free)}), "rock").report.notices
    assert any("do not keep to the bars" in notice for notice in told)


# Harmony and rhythm come over to the style's side -------------------------------------------------------------------


def sevenths(piece: Piece) -> float:
    chords = [parse_chord(symbol) for _, symbol in piece.chords]
    return sum(any(i in (9, 10, 11) for i in c.intervals) for c in chords) / len(chords)


def changes_a_bar(piece: Piece) -> float:
    return len(piece.chords) / piece.bars


def test_jazz_has_sevenths_and_swings() -> None:
    made = restyle(song(4), "jazz", 0.7, "medium").piece
    assert sevenths(made) > 0.8
    ride = [n.start % PPQ for t in made.tracks if t.is_drums for n in t.clip.notes if n.pitch == 51]
    off = [place for place in ride if 0.4 * PPQ < place < 0.8 * PPQ]
    assert len(off) > 8 and sum(off) / len(off) > 0.58 * PPQ


def test_rock_of_a_jazz_tune_has_triads() -> None:
    request = parse_request("jazz, 32 bars, seed 2")
    own = perform(with_band(request.plan, request.instruments, tempo=request.plan.tempo, bars=32))
    made = restyle(own, "rock", 0.8, "classic").piece
    assert sevenths(own) > 0.8 and sevenths(made) < 0.4


def test_edm_goes_round_on_four_kicks() -> None:
    made = restyle(song(4), "edm", 0.8, "house")
    kicks = [n.start for t in made.piece.tracks if t.is_drums for n in t.clip.notes if n.pitch in (35, 36)]
    assert sum(min(start % PPQ, -start % PPQ) < PPQ // 8 for start in kicks) > 0.9 * len(kicks)
    bars = changes(hear(made.piece).sheet)
    again = sum(a == b for a, b in zip(bars, bars[4:], strict=False))
    assert again >= 0.5 * (len(bars) - 4)


def test_ambient_moves_slowly_and_classical_has_no_drums() -> None:
    drift = restyle(song(4), "ambient", 0.8).piece
    assert changes_a_bar(drift) < 0.5 * changes_a_bar(restyle(song(4), "jazz", 0.8).piece)
    lead, before = drift.tracks[0].clip.notes, song(4).tracks[0].clip.notes
    assert len(lead) / drift.duration_s < 0.75 * len(before) / song(4).duration_s
    assert not any(t.is_drums for t in restyle(song(), "classical", 0.7).piece.tracks)


def test_a_tune_is_syncopated_as_far_as_the_style_is_and_alike_where_it_comes_back() -> None:
    heard = hear(song(4))
    pulse = pulse_of(Meter())
    assert syncopation(heard.sheet.melody, pulse) == 0.0
    sung = phrased(heard.sheet, Practice(syncopation=0.25), 1.0, 3)
    assert 0.1 < syncopation(sung, pulse) <= 0.35
    assert [n.pitch for n in sung] == [n.pitch for n in heard.sheet.melody]
    steps = 8 * pulse.steps
    rounds = [[(n.step - k * steps, n.pitch) for n in sung if k * steps - 6 <= n.step < (k + 1) * steps - 6]
              for k in (1, 2)]  # fmt: skip
    assert rounds[0] == rounds[1]


# Melody, form -------------------------------------------------------------------------------------------------------


def test_the_tune_is_found_without_a_name_and_in_a_pianist_s_right_hand() -> None:
    nameless = replace(song(), tracks=tuple(replace(t, name=f"t{i}") for i, t in enumerate(song().tracks[::-1])))
    found = find_melody(nameless)
    assert found is not None and found.track == "t1" and found.whole
    both = [n for t in song().tracks for n in t.clip.notes]
    piano = find_melody(Piece.of({"piano": Clip.of(Span(0, 16 * BAR), both)}))
    assert piano is not None and not piano.whole
    assert [n.pitch for n in piano.notes] == [n.pitch for n in song().tracks[0].clip.notes]


def test_sections_come_from_what_returns() -> None:
    other = [Note(8 * BAR + i * PPQ, PPQ - 30, 79 - i * 3 % 11, 90.0) for i in range(32)]
    tune = song(1).tracks[0].clip.notes
    back = [n._replace(start=n.start + 16 * BAR) for n in tune]
    aba = Piece.of({"tune": Clip.of(Span(0, 24 * BAR), [*tune, *other, *back])})
    sections = hear(aba).sheet.sections
    assert [(s.letter, s.first_bar, s.bars) for s in sections] == [("A", 0, 8), ("B", 8, 8), ("A", 16, 8)]
    assert [s.kind for s in sections] == ["verse", "bridge", "verse"]


# While it plays -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("genre", genre_names())
def test_what_plays_is_kept_and_any_band_goes_on_with_it(genre: str) -> None:
    parts = styled(genre).arrange(styled(genre).ensemble())
    plan = Plan(genre=genre, parts=parts, sounds={n: n for n in parts}, tempo=styled(genre).usual_tempo(), seed=5,
                mode=styled(genre).modes[0])  # fmt: skip
    sheet = kept(plan, 20)
    assert sheet.bars >= 8 and sheet.sections[-1].end_bar == sheet.bars
    for to in genre_names():
        band = make_band(replace(plan, genre=to, style=None, form=None, lead_sheet=sheet, mode="major"))
        assert set(band.compose(21)) == set(parts)
        assert band.chart(21).chords


def test_bars_of_a_sheet_are_pure_and_go_round() -> None:
    sheet = replace(hear(song()).sheet, settled=True)
    plan = Plan(genre="rock", lead_sheet=sheet, parts={"guitar": ("melody",), "bass": ("bass",)}, key="C", seed=2)
    first, again = make_band(plan), make_band(plan)
    there = {bar: first.compose(bar)["guitar"].notes for bar in (3, 40, 0, 19)}
    assert {bar: again.compose(bar)["guitar"].notes for bar in (0, 3, 19, 40)} == there
    assert [n.pitch for n in there[3]] == [n.pitch for n in there[19]]  # sixteen bars later it comes again
    up = make_band(replace(plan, key="D")).compose(3)["guitar"].notes
    assert {(b.pitch - a.pitch) % 12 for a, b in zip(there[3], up, strict=True)} == {2}


def test_the_tempo_decides_no_note() -> None:
    sheet = hear(song()).sheet
    plan = Plan(genre="jazz", lead_sheet=sheet, parts={"piano": ("comp",), "sax": ("melody",)}, style="medium")
    slow, fast = (make_band(replace(plan, tempo=tempo)).compose(2) for tempo in (90.0, 260.0))
    for track in ("piano", "sax"):
        assert [n.pitch for n in slow[track].notes] == [n.pitch for n in fast[track].notes]

"""MLComposer: the calls as people write them, and what each promises."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from composers import MLComposer, MusicTheory, Piece, register_composer
from composers.composer import Context
from composers.errors import MusicError
from composers.harmonise import harmonised
from composers.score import PPQ, Clip, Meter, Note, Span
from composers.theory.chords import parse_chord
from composers.theory.scales import Key

BAR = 4 * PPQ


@pytest.fixture
def composer() -> MLComposer:
    return MLComposer()


def melody_of(piece: Piece) -> tuple[Note, ...]:
    return piece.track("melody").clip.notes


# As it is written in the seed of the project ----------------------------------------------------------------------


def test_the_first_example_runs_as_written(caplog: pytest.LogCaptureFixture) -> None:
    composer = MLComposer(model="musicvae-mel-2bar-small")
    theory = MusicTheory()
    scale = theory.get_scale("C", "major")
    melody = composer.generate_melody(scale=scale, num_bars=8, temperature=0.8)
    chords = composer.generate_chords(key="C", progression_type="jazz", num_bars=8)
    composition = composer.harmonize(melody, chords)
    assert melody.bars == 8 and len(melody_of(melody)) >= 12
    assert sum(chords.bars) == len(chords) and len(chords.bars) == 8
    assert composition.names == ("melody", "piano") and composition.bars == 8
    assert melody_of(composition) == melody_of(melody)


def test_the_second_example_runs_as_written(composer: MLComposer) -> None:
    melody = composer.generate_melody(temperature=0.8, num_bars=8, style="jazz")
    continuation = composer.continue_melody(seed_melody=melody, num_bars=8)
    accompaniment = composer.generate_accompaniment(melody=melody, style="jazz-trio")
    assert melody.bars == continuation.bars == accompaniment.bars == 8
    assert accompaniment.names == ("piano", "bass", "drums")
    assert all(track.clip.notes for track in accompaniment.tracks)


# Melodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["pop", "rock", "folk", "jazz"])
def test_a_melody_is_the_same_for_a_seed_and_another_for_another(composer: MLComposer, style: str) -> None:
    melodies = [composer.generate_melody(num_bars=8, style=style, seed=seed) for seed in range(12)]
    assert composer.generate_melody(num_bars=8, style=style, seed=3) == melodies[3]
    lines = {tuple(n.pitch for n in melody_of(m)) for m in melodies}
    assert len(lines) >= 11
    assert all(m.bars == 8 and m.chords for m in melodies)


def test_a_melody_stays_in_its_scale(composer: MLComposer) -> None:
    theory = MusicTheory()
    for tonic, name in (("D", "dorian"), ("Eb", "minor"), ("A", "hirajoshi"), ("G", "pentatonic major")):
        scale = theory.get_scale(tonic, name)
        notes = melody_of(composer.generate_melody(scale, 8, seed=5))
        inside = sum(n.pitch % 12 in scale.pitch_classes for n in notes) / len(notes)
        assert inside == 1.0 if len(scale.pitch_classes) < 7 else inside > 0.8, name
    mine = composer.generate_melody(["C", "E", "F", "G", "B"], 4)
    assert {n.pitch % 12 for n in melody_of(mine)} <= {0, 4, 5, 7, 11}


def test_a_melody_goes_over_the_chords_it_is_given(composer: MLComposer) -> None:
    melody = composer.generate_melody(num_bars=8, chords="Am F | C G", seed=2)
    assert [symbol for _, symbol in melody.chords[:4]] == ["Am", "F", "C", "G"]
    strong = [n for n in melody_of(melody) if n.start % (2 * PPQ) < 60 or n.start % (2 * PPQ) > 2 * PPQ - 60]
    tones = 0
    for note in strong:
        tick = round(note.start / PPQ) * PPQ
        chord = parse_chord([symbol for at, symbol in melody.chords if at <= tick][-1])
        tones += (note.pitch - chord.root.pitch_class) % 12 in chord.tones
    assert tones / len(strong) > 0.6


@pytest.mark.parametrize("style", ["pop", "jazz"])
def test_cool_melodies_repeat_more_and_leap_less_than_hot_ones(composer: MLComposer, style: str) -> None:
    def moves(temperature: float) -> float:
        found = []
        for seed in range(10 if style == "pop" else 24):
            notes = melody_of(composer.generate_melody(num_bars=8, temperature=temperature, style=style, seed=seed))
            found += [abs(b.pitch - a.pitch) for a, b in pairwise(notes)]
        return sum(found) / len(found)

    assert moves(0.2) < moves(1.0) < moves(2.0)


def test_other_meters(composer: MLComposer) -> None:
    waltz = composer.generate_melody(num_bars=8, style="jazz", meter="3/4")
    assert waltz.bars == 8 and waltz.time.meter_at(0) == Meter(3, 4)
    with pytest.raises(MusicError, match="has no style in 13/16"):
        composer.generate_melody(meter="13/16")


def test_a_continuation_takes_up_the_idea_and_follows_its_melody(composer: MLComposer) -> None:
    shared, others = [], []
    for seed in range(8):
        melody = composer.generate_melody(num_bars=8, style="pop", seed=seed)
        other = composer.generate_melody(num_bars=8, style="pop", seed=seed + 100)
        new = composer.continue_melody(melody, num_bars=8)
        assert new.bars == 8 and new.keys == melody.keys and new.tempi == melody.tempi
        shared.append(_rhythms(melody) & _rhythms(new) != set())
        others.append(_rhythms(other) & _rhythms(new) != set())
    assert sum(shared) >= 6 and sum(shared) > sum(others)
    assert composer.continue_melody(melody) == composer.continue_melody(melody)
    assert composer.continue_melody(melody) != composer.continue_melody(other)
    both = melody.merged(new.shifted(melody.length))
    assert both.bars == 16


def _rhythms(piece: Piece) -> set[tuple[int, ...]]:
    """The bars of three onsets and more, on the eighths."""
    bars: dict[int, set[int]] = {}
    for note in melody_of(piece):
        step = round(note.start / (PPQ // 2))
        bars.setdefault(step // 8, set()).add(step % 8)
    return {tuple(sorted(bar)) for bar in bars.values() if len(bar) >= 3}


def test_plain_notes_are_taken_for_melodies(composer: MLComposer) -> None:
    notes = [Note(i * PPQ, PPQ, pitch, 80.0) for i, pitch in enumerate((67, 69, 71, 72, 74, 72, 71, 67))]
    assert composer.continue_melody(notes, num_bars=4).bars == 4
    assert composer.harmonize(notes).keys[0][1].tonic.letter is not None
    for call in (composer.continue_melody, composer.harmonize, composer.generate_accompaniment):
        with pytest.raises(MusicError, match="no notes"):
            call([])


# Harmony ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jazz", "rock", "pop", "hip-hop", "edm", "classical", "ambient"])
def test_chords_of_every_kind_fill_their_bars(composer: MLComposer, kind: str) -> None:
    for bars in (1, 4, 8, 12, 32):
        chords = composer.generate_chords("Eb", kind, bars)
        assert len(chords.bars) == bars and len(chords) >= 1
    assert composer.generate_chords("Eb", kind, 8) == composer.generate_chords("Eb", kind, 8)


def test_named_progressions_are_repeated_to_the_length(composer: MLComposer) -> None:
    chords = composer.generate_chords("F", "ii-V-I", 8)
    assert [str(c) for c in chords][:4] == ["Gm7", "C7", "Fmaj7", "Gm7"] and len(chords.bars) == 8


def test_chords_that_are_found_suit_the_melody() -> None:
    """A tune of broken chords gives its chords away."""
    arpeggios = ((60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67))
    notes = [Note(b * BAR + i * PPQ, PPQ, key, 80.0) for b, keys in enumerate(arpeggios) for i, key in enumerate(keys)]
    found = harmonised(notes, Key.parse("C"), Meter(), 4)
    assert [[str(c) for c in bar] for bar in found] == [["C"], ["F"], ["G"], ["C"]]
    minor = [n._replace(pitch=n.pitch - (1 if n.pitch % 12 in (4, 9, 11) else 0)) for n in notes]
    assert str(harmonised(minor, Key.parse("C", "minor"), Meter(), 4)[0][0]) == "Cm"
    jazz = harmonised(notes, Key.parse("C"), Meter(), 4, "jazz", per_bar=2)
    assert str(jazz[-1][-1]).startswith("Cmaj7")
    with pytest.raises(MusicError, match="bars = 0"):
        harmonised(notes, Key.parse("C"), Meter(), 0)


def test_an_accompaniment_keeps_off_the_melodys_semitones(composer: MLComposer) -> None:
    clashes = total = 0
    for seed in range(6):
        melody = composer.generate_melody(num_bars=8, style="pop", seed=seed)
        piano = composer.harmonize(melody).track("piano").clip.notes
        for note in melody_of(melody):
            for other in piano:
                overlap = min(note.end, other.end) - max(note.start, other.start)
                if overlap > PPQ // 2:
                    total += 1
                    clashes += abs(note.pitch - other.pitch) in (1, 13)
    assert total > 50 and clashes / total < 0.06


# Pieces -----------------------------------------------------------------------------------------------------------


def test_a_piece_has_its_length_sections_and_an_end(composer: MLComposer, tmp_path: Path) -> None:
    piece = composer.compose(style="jazz", form="blues", duration=60, key="F")
    bar_s = 4 * 60 / piece.time.bpm_at(0)
    assert abs(piece.duration_s - 60) <= bar_s / 2 + 1e-6
    assert piece.markers[-1][1] == "ending" and piece.names == ("piano", "bass", "drums")
    assert str(piece.keys[0][1].tonic) == "F"
    piece.save(tmp_path / "blues.mid")
    again = Piece.load(tmp_path / "blues.mid")
    assert again.names == piece.names and [len(t.clip.notes) for t in again.tracks] == [
        len(t.clip.notes) for t in piece.tracks
    ]
    assert composer.compose(style="jazz").bars == 32
    assert composer.compose("jazz", seed=3) != composer.compose("jazz", seed=4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.generate_melody(num_bars=0), "num_bars = 0"),
        (lambda c: c.generate_melody(temperature=3.0), "temperature = 3.0 is out of range"),
        (lambda c: c.generate_melody(style="polka"), "'polka' is not understood"),
        (lambda c: c.generate_melody("H major"), "'H'"), (lambda c: c.generate_melody([]), "no notes"),
        (lambda c: c.generate_chords("C", "nonsense"), "nonsense"), (lambda c: c.compose(duration=-1), "duration = -1"),
        (lambda c: c.compose("jazz", form="rondoo"), "form 'rondoo'"),
        (lambda c: MLComposer("gpt"), "'gpt' is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_can(composer: MLComposer, call, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MusicError, match=words):
        call(composer)


# Models -----------------------------------------------------------------------------------------------------------


class Bells:
    def compose(self, span: Span, context: Context) -> Clip:
        tonic = 72 + context.tonic
        return Clip.of(span, [Note(t, PPQ, tonic, 70.0) for t in range(span.start, span.end, BAR)])


class Fails:
    def compose(self, span: Span, context: Context) -> Clip:
        raise RuntimeError("out of memory")


def test_a_composer_of_ones_own_is_a_model(composer: MLComposer, caplog: pytest.LogCaptureFixture) -> None:
    register_composer("bells", Bells)
    melody = MLComposer(model="bells").generate_melody("D major", 4)
    assert [n.pitch for n in melody_of(melody)] == [74] * 4
    register_composer("fails", Fails)
    failing = MLComposer(model="fails")
    assert failing.generate_melody(num_bars=4) == composer.generate_melody(num_bars=4)
    assert failing.notices == ["model 'fails' failed (RuntimeError: out of memory): rules compose in its place"]


def test_a_model_that_is_not_installed_is_replaced_and_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    made = MLComposer(model="groovae-4bar")
    assert made.model == "rules" and "not installed" in made.notices[0]
    assert "not installed" in caplog.text

"""Music asked for in words."""

from __future__ import annotations

import pytest

from composers.composer import find_genre, genre_names
from composers.errors import MusicError
from composers.request import parse_request
from composers.score import Meter
from composers.vocabulary import LONGEST, words_of


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("jazz in Eb, 32 bars", {"genre": "jazz", "key": "Eb", "mode": "major", "bars": 32}),
        ("blues in Bb minor", {"genre": "jazz", "form": "minor-blues", "key": "Bb", "mode": "minor"}),
        ("slow jazz in F# dorian", {"key": "F#", "mode": "dorian"}),
        ("an energetic piece of jazz at 240 bpm, seed 9", {"tempo": 240.0, "seed": 9, "energy": 0.85}),
        ("jazz, 3/4, quiet, in A flat", None), ("2 minutes of jazz at 120 bpm", {"bars": 60}),
        ("1:30 of jazz at 120 bpm", {"bars": 45}),
        ("45 seconds of jazz at 160 bpm in Cm", {"bars": 30, "mode": "minor"}),
        ("12-bar blues", {"form": "blues"}), ("jazz rhythm changes in Bb", {"form": "rhythm-changes", "key": "Bb"}),
        ("ROCK in E", {"genre": "rock", "key": "E"}), ("jazz in A flat minor", {"key": "Ab"}), ("jazz waltz", None),
    ],
)  # fmt: skip
def test_words_are_understood(text: str, wanted: dict[str, object] | None) -> None:
    if wanted is None:
        assert parse_request(text).plan.meter == Meter(3, 4)
        return
    request = parse_request(text)
    if wanted.get("form") == "minor-blues":
        assert request.plan.mode == "minor"
        return
    for name, value in wanted.items():
        assert (request.bars if name == "bars" else getattr(request.plan, name)) == value, name


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("power ballad in A", "rock ballad A major"), ("slow blues", "jazz blues"), ("punk song, fast", "rock punk"),
        ("trap beat 140 bpm", "hip-hop trap 140"), ("boom bap beat, dusty, 88 bpm", "hip-hop boom-bap 88"),
        ("lofi beats to study to", "hip-hop lo-fi"), ("lo-fi hip hop in D minor", "hip-hop lo-fi D minor"),
        ("shuffle blues rock in E", "rock shuffle blues E"), ("heavy metal in E minor", "rock hard E minor"),
        ("funky rock groove", "rock funk-rock"), ("prog rock in 7/8", "rock prog 7/8"),
        ("classic rock anthem", "rock classic"), ("rock and roll in A", "rock shuffle blues A 165"),
        ("pop song in C", "rock pop-rock"), ("acoustic ballad in G", "rock ballad G"), ("bebop in F", "jazz up F"),
        ("swing tune in Bb", "jazz medium Bb"), ("bossa nova", "jazz bossa"), ("latin jazz", "jazz bossa"),
        ("up-tempo jazz, rhythm changes", "jazz rhythm-changes"), ("neo soul groove in Db", "hip-hop neo-soul Db"),
        ("old school hip hop", "hip-hop boom-bap"), ("chillhop", "hip-hop lo-fi"), ("deep house", "edm house"),
        ("uplifting trance in A minor", "edm trance A minor"), ("dnb in F minor", "edm drum-and-bass F minor"),
        ("drum'n'bass", "edm drum-and-bass"), ("drum and bass 170 bpm", "edm drum-and-bass 170"),
        ("uk garage", "edm garage"), ("space ambient", "ambient pads"), ("ambient drone in D", "ambient drone D"),
        ("string quartet in G", "classical quartet G"), ("baroque fugue in D minor", "classical fugue D minor"),
        ("theme and variations for piano", "classical theme-variations"), ("nocturne in Db", "classical piano Db"),
        ("jazz standard in C", "jazz C"), ("rap", "hip-hop"), ("electronica at 120 bpm", "edm 120"),
    ],
)  # fmt: skip
def test_people_say_it_in_their_own_words(text: str, wanted: str) -> None:
    plan = parse_request(text).plan
    known = {plan.genre, plan.style, plan.form, plan.key, plan.mode, f"{plan.tempo:g}", str(plan.meter)}
    assert set(wanted.split()) <= known


def test_what_is_said_in_numbers_comes_before_what_a_word_means() -> None:
    assert parse_request("psytrance").plan.tempo == 142.0
    assert parse_request("psytrance, 150 bpm").plan.tempo == 150.0


@pytest.mark.parametrize("genre", genre_names())
def test_the_words_of_a_genre_say_what_it_has(genre: str) -> None:
    """Each phrase alone asks for this genre, unless another has the same, and means nothing that is not understood."""
    for phrase in words_of(genre):
        assert phrase.count("-") < LONGEST
        said = parse_request(f"{genre} {phrase.replace('-', ' ')}").plan
        assert said.genre == genre
        named = [word for word in words_of(genre)[phrase].split() if word in find_genre(genre).styles]
        assert not named or said.style == named[0]


def test_bands_and_instruments() -> None:
    assert parse_request("jazz trio").instruments == ("piano", "bass", "drums")
    request = parse_request("jazz for alto sax, electric piano, upright bass and drums")
    assert request.instruments == ("alto-sax", "electric-piano", "upright-bass", "drums")
    assert request.plan.parts["alto-sax"] == ("melody",) and request.plan.sounds["drums"] == "drums"
    assert parse_request("jazz duo").instruments == ("piano", "bass")


def test_pace_moves_the_usual_tempo() -> None:
    slow, usual, fast = (parse_request(f"{word} jazz").plan.tempo for word in ("slow", "", "fast"))
    assert slow < usual < fast


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "say what to compose"), ("jazz quodlibet", "'quodlibet' is not understood"),
        ("jaz trio", "did you mean jazz"), ("jazz in 17/4", "meter 17/4 is not one that jazz plays"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(text: str, words: str) -> None:
    with pytest.raises(MusicError, match=words):
        parse_request(text)


@pytest.mark.parametrize(("words", "key", "mode"), [
    ("rock in 7/8, E minor, verse-chorus", "E", "minor"), ("Am rock", "A", "minor"),
    ("trap C#m 140 bpm", "C#", "minor"),
    ("F# dorian house", "F#", "dorian"), ("Eb major bossa", "Eb", "major"), ("G maj classical piano", "G", "major"),
    ("Bb min boom bap", "Bb", "minor"), ("a minor blues in A", "A", "minor"), ("a jazz waltz", "C", "major"),
])  # fmt: skip
def test_a_key_is_known_by_its_mode(words: str, key: str, mode: str) -> None:
    plan = parse_request(words).plan
    assert (plan.key, plan.mode) == (key, mode)


def test_the_parts_of_a_dance_track_are_words() -> None:
    assert parse_request("drum and bass in F minor with a build-up and a drop, 64 bars").bars == 64

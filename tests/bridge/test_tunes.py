"""A session's band is given a tune: of a file, or of what plays; and `sideman restyle`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge import session as sessions
from bridge.commands import cli
from bridge.commands.modify import _parsed
from bridge.composer_process import decode_plan, encode_plan
from bridge.errors import MessageError, SessionError
from bridge.session import Session
from bridge.stream.wire import GenerateParams, ModifyParams, Restyle
from bridge.tunes import played_by
from bridge.wishes import generated, modified, sections_of, settled
from composers.composer import make_band
from composers.performing import perform
from composers.piece import Piece
from composers.request import parse_request, with_band


@pytest.fixture
def trio() -> Session:
    return settled(sessions.load("jazz-trio"), "jazz-trio")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 bars of rock in G, as a file."""
    request = parse_request("rock in G, pop-rock, 24 bars, seed 3")
    path = tmp_path_factory.mktemp("songs") / "song.mid"
    perform(with_band(request.plan, request.instruments, tempo=request.plan.tempo, bars=24)).save(path)
    return path


def restyled(session: Session, bar: int = 9, **wish: object) -> Session:
    new = modified(session, ModifyParams(restyle=Restyle(**wish)), bar)  # type: ignore[arg-type]
    assert new is not None
    return new


@pytest.mark.parametrize("genre", ["rock", "hip-hop", "edm", "classical", "ambient"])
def test_what_plays_goes_to_another_genre_s_band(trio: Session, genre: str) -> None:
    new = restyled(trio, to=genre, strength=0.8)
    assert (new.music.genre, new.music.strength, new.music.tempo) == (genre, 0.8, trio.music.tempo)
    sheet = new.music.lead_sheet
    assert sheet is not None and sheet.melody and sheet.chords
    band = make_band(new.plan())
    clips = band.compose(10)
    assert set(clips) == {t.name for t in new.tracks}
    assert any(clip.notes for clip in clips.values())
    assert decode_plan(encode_plan((3, new.plan()))) == (3, new.plan())  # as it goes to the composer's process


def test_the_tune_that_plays_is_the_one_that_is_sung_on(trio: Session) -> None:
    """Bar by bar: the keys that the jazz band's tune has, at strength 0 in rock, octaves aside."""
    plan = trio.plan()
    alone = make_band(type(plan)(**{f: getattr(plan, f) for f in plan.__dataclass_fields__} | {
        "parts": {"piano": ("comp",), "bass": ("bass",), "drums": ("drums",), "tune": ("melody",)},
        "sounds": {**plan.sounds, "tune": plan.sounds["piano"]},
    }))  # fmt: skip
    new = restyled(trio, to="rock", strength=0.0)
    lead = next(t.name for t in new.tracks if t.parts == ["melody"])
    band = make_band(new.plan())
    heard, sung = ([n.pitch % 12 for bar in range(8, 24) for n in made.compose(bar)[track].notes]
                   for made, track in ((alone, "tune"), (band, lead)))  # fmt: skip
    same = sum(a == b for a, b in zip(heard, sung, strict=False))
    assert len(heard) > 20 and abs(len(heard) - len(sung)) <= 2 and same >= 0.9 * len(heard)
    charts = [[symbol for _, symbol in make_band(s.plan()).chart(12).chords] for s in (trio, new)]
    assert charts[0] == charts[1]


def test_the_same_band_plays_on_or_a_style_that_is_named(trio: Session) -> None:
    same = restyled(trio, to="rock", band="same")
    assert [t.name for t in same.tracks] == [t.name for t in trio.tracks]
    bossa = restyled(same, to="jazz", style="bossa", band="same")
    assert bossa.music.style == "bossa" and bossa.music.lead_sheet == same.music.lead_sheet


def test_a_genre_a_key_and_a_strength_may_change_while_the_tune_stays(trio: Session) -> None:
    new = restyled(trio, to="rock", band="same")
    sheet = new.music.lead_sheet
    for wish in ({"genre": "hip-hop"}, {"key": "A"}, {"strength": 1.0}, {"seed": 9}):
        changed = modified(new, ModifyParams(**wish), 12)  # type: ignore[arg-type]
        assert changed is not None and changed.music.lead_sheet == sheet
        assert make_band(changed.plan()).compose(13)
    assert len(sections_of(new)) > 2
    jumped = modified(new, ModifyParams(section=sections_of(new)[1]), 12)
    assert jumped is not None


def test_off_is_the_genre_s_own_music_again_and_generate_forgets_the_tune(trio: Session) -> None:
    new = restyled(trio, to="rock")
    off = modified(new, ModifyParams(restyle="off"), 12)
    assert off is not None and off.music.lead_sheet is None and off.music.genre == "rock"
    assert generated(new, GenerateParams(genre="jazz")).music.lead_sheet is None


def test_an_unknown_genre_or_style_is_named(trio: Session) -> None:
    with pytest.raises(SessionError, match="polka"):
        restyled(trio, to="polka")
    with pytest.raises(SessionError, match="swampy"):
        restyled(trio, to="rock", style="swampy")


def test_how_modify_reads_it() -> None:
    assert _parsed("restyle=edm") == ("restyle", {"to": "edm"})
    assert _parsed("restyle=jazz/bossa:0.9") == ("restyle", {"to": "jazz", "style": "bossa", "strength": 0.9})
    assert _parsed("restyle=off") == ("restyle", "off")
    with pytest.raises(MessageError, match="strength"):
        _parsed("restyle=edm:much")


def test_a_session_that_begins_with_a_piece(song: Path, tmp_path: Path) -> None:
    text = 'name = "Mine"\n[music]\ngenre = "jazz"\npiece = "song.mid"\n{more}[[tracks]]\nname = "piano"\n' \
           'parts = ["comp", "melody"]\ninstrument = "piano"\n'  # fmt: skip
    (tmp_path / "song.mid").write_bytes(song.read_bytes())
    file = tmp_path / "mine.toml"
    file.write_text(text.format(more=""), encoding="utf-8")
    mine = sessions.load(str(file))
    assert mine.music.key == "G" and mine.music.lead_sheet is not None and mine.music.lead_sheet.bars == 24
    assert make_band(mine.plan()).compose(8)["piano"].notes
    file.write_text(text.format(more='key = "Bb"\ntempo = 99\n'), encoding="utf-8")
    other = sessions.load(str(file))
    assert (other.music.key, other.music.tempo) == ("Bb", 99)
    assert sessions.changed(other, "x", music={"energy": 0.2}).music.lead_sheet == other.music.lead_sheet


def test_a_piece_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "Mine"\n[music]\npiece = "none.mid"\n[[tracks]]\nname = "piano"\nparts = ["comp"]\n'
                    'instrument = "piano"\n', encoding="utf-8")  # fmt: skip
    with pytest.raises(SessionError, match=r"mine\.toml: music\.piece: .*none\.mid"):
        sessions.load(str(file))


def test_a_piece_by_another_genre_s_band(trio: Session, song: Path) -> None:
    found = played_by(trio, song, "edm", 0.9, set())
    assert found.music.genre == "edm" and found.music.strength == 0.9
    assert {"bass", "drums"} <= {part for t in found.tracks for part in t.parts}
    assert played_by(trio, song, None, None, set()).tracks == trio.tracks


def test_play_wants_a_piece_for_a_genre() -> None:
    done = CliRunner().invoke(cli, ["play", "--to", "edm"])
    assert isinstance(done.exception, SessionError) and "--piece" in str(done.exception)


def test_the_command_writes_what_it_tells(song: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    done = CliRunner().invoke(cli, ["restyle", str(song), "--to", "jazz", "--strength", "0.6", "-o", str(out),
                                    "--report", "json", "--seed", "4"])  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    piece = Piece.load(out)
    assert told["to"] == "jazz" and told["melody_kept"] > 0.9 and told["bars"] == [24, piece.bars]
    assert {t.name: len(t.clip.notes) for t in piece.tracks} == told["notes"]
    words = CliRunner().invoke(cli, ["restyle", str(song), "--to", "rock"])
    assert words.exit_code == 0 and "kept: contour" in words.output and "nothing was written" in words.output


def test_the_command_names_what_is_wrong(song: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ([str(song), "--to", "polka"], "polka"), ([str(song), "--to", "jazz", "--strength", "2"], "strength = 2"),
        ([str(tmp_path / "no.mid"), "--to", "jazz"], "no.mid"),
        ([str(song), "--to", "jazz", "-o", str(tmp_path / "none" / "x.mid")], "no folder"),
    ):  # fmt: skip
        done = CliRunner().invoke(cli, ["restyle", *arguments])
        assert done.exception is not None and words in str(done.exception)

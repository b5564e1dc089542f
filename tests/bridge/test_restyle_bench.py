"""The benchmark of style transfer: sources, results, summaries, tables; by a made-up corpus and one real piece."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.bench import restyle, restyle_report
from bridge.bench.tables import marks
from bridge.commands.bench import command
from composers.errors import MusicError
from composers.score import PPQ, Meter, Note
from composers.statistics.piece import ChordSpan
from composers.statistics.piece import Piece as Measured
from composers.theory.chords import parse_chord
from models.corpora import Entry

BAR = 4 * PPQ


def entry(bars: int = 24, first: int = 3) -> Entry:
    """A tune over chords that begins in bar `first`."""
    tune = tuple(Note((first + b) * BAR + k * PPQ, PPQ, p, 80.0) for b in range(bars - first)
                 for k, p in enumerate(((60, 62, 64, 65), (67, 65, 64, 62), (64, 60, 62, 60))[b % 3]))  # fmt: skip
    chords = tuple(ChordSpan(b * BAR, (b + 1) * BAR, parse_chord("CFG"[b % 3])) for b in range(bars))
    comp = tuple(Note(b * BAR, BAR, p, 60.0) for b in range(bars) for p in (48, 52, 55))
    piece = Measured(Meter(), bars, {"voice": tune, "piano": comp}, {"voice": "melody", "piano": "comp"}, chords)
    return Entry("1", "made up", "A tune", "CC0 1.0", piece, "test")


@pytest.fixture(scope="module")
def source() -> restyle.Source:
    piece = restyle.score(entry(), 20)
    assert piece is not None
    return restyle.Source("1", "made up", "classical", piece)


def test_a_piece_begins_where_its_tune_does(source: restyle.Source) -> None:
    assert source.piece.bars == 20 and source.piece.track("voice").clip.notes[0].start == 0
    assert source.piece.chords[0] == (0, "C") and source.piece.names == ("voice", "piano")
    assert restyle.score(entry(12), 20) is None


def test_what_is_kept_and_where_it_came(source: restyle.Source) -> None:
    same, _, band = restyle.transferred(source, "jazz", (0.0, 0.3, 1.0), 1)
    assert same.changed == 0 and same.gates == same.before and same.kept["melody_kept"] == pytest.approx(1)
    assert band.kept["melody_kept"] > 0.8 and band.changed > 0.3 and band.ms > 0  # type: ignore[operator]
    assert band.chances["jazz"] > same.chances["jazz"] and sum(band.chances.values()) == pytest.approx(1)
    assert "drums.jac1" in band.gates and band.before["drums.jac1"] is None
    assert not any(name.startswith("melody") for name in band.gates)
    found = restyle.summary([same, band])
    assert found["pieces"] == 2 and found["contour_kept_share"] in (0.5, 1)
    assert found["melody_kept"]["n"] == 2 and found["called_target"] >= 0.5


def test_tables_and_their_place_in_a_page(source: restyle.Source, tmp_path: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restyle, "sources", lambda *_: [source])
    steps: list[int] = []
    result = restyle.run(["jazz", "classical"], 1, tell=lambda _: None, processes=1, advance=lambda: steps.append(1))
    assert len(steps) == 2 and set(result["to"]) == {"jazz", "classical"} and set(result["own"]) == {"classical"}
    assert result["to"]["classical"]["0.5"]["pieces"] == 0 == result["to"]["jazz"]["0.5"]["pieces"] - 1
    assert result["contour"] in (0.5, 1)
    page = tmp_path / "page.md"
    page.write_text("\n".join(["before", *marks("restyle"), "after"]))
    restyle_report.write_into(page, result)
    text = page.read_text()
    assert text.startswith("before") and text.endswith("after") and "| jazz, 0.5 | " in text
    assert "### Restyled to the genre that they are of" in text


def test_a_refusal_is_told_and_a_genre_without_gates_refused(source: restyle.Source) -> None:
    drums = source._replace(piece=source.piece.without("voice", "piano"))
    assert "no notes" in str(restyle._attempt(drums, "jazz", (0.5,), 0))
    with pytest.raises(MusicError, match="'polka' has no gates"):
        restyle.targets(["polka"])


def test_the_command_says_what_data_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_DATA", str(tmp_path))
    done = CliRunner().invoke(command, ["restyle", "--seeds", "3"])
    assert done.exit_code != 0 and "SIDEMAN_DATA" in str(done.exception)

"""The benchmark of music: rows, gates, tables, the picture; small runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.bench import compose, music, music_report, music_rows, music_seeds
from bridge.bench.music_real import MISSING, PUBLISHED, SOURCES
from bridge.bench.tables import marks
from bridge.commands.bench import command
from bridge.errors import DataError, WorkerError
from composers.composer import find_genre
from composers.errors import MusicError
from composers.statistics.baselines import BASELINES
from composers.statistics.gates import GATES
from composers.statistics.measures import MEASURES


@pytest.fixture(scope="module")
def rows() -> list[music_rows.Row]:
    return list(music_rows.rows(music_rows.Order("jazz", "jazz solo", 8), 3))


def test_a_row_has_ours_and_every_baseline(rows: list[music_rows.Row]) -> None:
    first = rows[0].values
    assert set(first) == {"ours", "uniform", "diatonic", "uniform pitches", "shuffled pitches", "own grid",
                          "shuffled chords"}  # fmt: skip
    assert set(first["ours"]) == set(MEASURES) and set(first["shuffled chords"]) == {
        "chords_equal4", "chords_resolved", "chords_a_bar"}  # fmt: skip
    assert rows[0].style in find_genre("jazz").styles
    assert first["ours"]["melody.steps"] > first["uniform"]["melody.steps"]  # type: ignore[operator]


def test_processes_change_nothing() -> None:
    order = music_rows.Order("jazz", "jazz", 4)
    with music_rows.pool_of(2) as pool:
        assert list(music_rows.rows(order, 6, pool)) == list(music_rows.rows(order, 6))


def test_a_worker_that_dies_is_told_with_what_can_be_done() -> None:
    with pytest.raises(WorkerError, match="run it again"), music_rows.pool_of(1) as pool:
        pool.submit(os._exit, 3).result()


def test_profiles_take_the_styles_that_they_are_about() -> None:
    keyed, unkeyed = (music_rows.styles_of("classical", f"classical {kind}") for kind in ("piano", "voices"))
    assert "piano" in keyed and not set(keyed) & set(unkeyed)
    assert {*keyed, *unkeyed} == set(find_genre("classical").styles)
    assert music_rows.styles_of("jazz", "jazz") == tuple(find_genre("jazz").styles)
    assert set(music.absent()) <= set(music.GENRES) and "jazz" not in music.absent()


def test_solos_are_measured_from_where_they_begin() -> None:
    solo = music_rows.compose(music_rows.Order("jazz", "jazz solo", 8), 1)
    assert solo.sections[0].startswith("solo") and solo.bars == 8
    assert sum(role == "melody" for role in solo.roles.values()) == 1


def test_plans_take_styles_in_turn_part_by_part() -> None:
    genre = find_genre("jazz")
    plans = [music_rows.plan_of(music_rows.Order("jazz", "jazz", 8), seed) for seed in range(3 * len(genre.styles))]
    assert {plan.style for plan in plans} == set(genre.styles)
    assert all(len(parts) == 1 for plan in plans for parts in plan.parts.values())
    assert all(set(plan.sounds) == set(plan.parts) for plan in plans)
    plain = music_rows.plan_of(music_rows.Order("jazz", "jazz", 8, genre.styles[0], varied=False), 2)
    assert plain.key == "C" and plain.mode == "major"


def test_verdicts_say_what_is_missed_and_what_measures_nothing(rows: list[music_rows.Row]) -> None:
    real = {"made up": {"melody.steps": [0.6, 0.9]}}
    found = music.table(rows, "jazz solo", real)
    by_name = {gate["measure"]: gate for gate in found["gates"]}
    assert set(by_name) == {gate.measure for gate in GATES["jazz solo"]}
    assert by_name["melody.steps"]["worth"] == 1 and by_name["melody.steps"]["real_inside"] == {"made up": 0.5}
    assert not found["worthless"] and "456 solos" not in found["no_reference"]
    assert found["missed"] == [name for name, gate in by_name.items() if gate["met"] is False]
    assert found["measures"]["melody.steps"]["real"]["made up"]["n"] == 2


def test_a_gate_without_notes_does_not_apply() -> None:
    silent = [music_rows.Row("x", {who: dict.fromkeys(MEASURES) for who in ("ours", *BASELINES)})]
    found = music.table(silent, "pop/rock", {})
    assert not found["missed"] and found["not_applicable"] == [gate.measure for gate in GATES["pop/rock"]]


def test_unknown_genres_are_refused() -> None:
    with pytest.raises(MusicError, match="genre 'polka' has no gates: choose one of jazz, rock"):
        music.count(["polka"], 5)
    assert music.count(["jazz"], 5) == 15


def test_real_music_is_named_for_every_profile() -> None:
    assert set(SOURCES) == set(GATES) == set(MISSING)
    assert all(name in MEASURES for _, found in PUBLISHED.values() for name in found)


def test_seeds_differ_and_a_piece_does_not_differ_from_itself() -> None:
    order = music_rows.Order("jazz", "jazz", 16, find_genre("jazz").styles[0], varied=False)
    one, other = music_rows.compose(order, 1), music_rows.compose(order, 2)
    found = music_seeds.distances([one, other, music_rows.compose(order, 3)])
    assert found["melody"]["seeds"] > 0.8 and found["melody"]["different"] == 3
    assert 0 < found["bars"]["repeated"] < 1 and found["bars"]["real"] is None
    same = music_seeds.distances([one, one])
    assert all(same[of]["seeds"] == 0 and same[of]["different"] == 0 for of in ("melody", "bars", "chords"))


def test_the_command_prints_tables_json_and_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without data: what is missing is said, and all else measured."""
    monkeypatch.setenv("SIDEMAN_DATA", str(tmp_path))
    picture = tmp_path / "gates.png"
    few = ["music", "--genre", "jazz", "--seeds", "4", "--bars", "8"]
    asked = [*few, "--json"]
    try:
        import matplotlib  # noqa: F401

        asked += ["--plot", str(picture)]
    except ImportError:
        pass
    done = CliRunner().invoke(command, asked)
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["drum_classifier"] is None and set(result["genres"]) == {"jazz"}
    assert "left out" in done.stderr and "SIDEMAN_DATA" in done.stderr
    if len(asked) > len(few) + 1:
        assert picture.read_bytes().startswith(b"\x89PNG")
    text = music_report.markdown(result)
    assert "### jazz solo: gates" in text and "| melody.steps | 0.55 - 0.65 |" in text
    assert "jazz: twenty seeds of one plan" in text


def test_tables_go_between_their_marks(rows: list[music_rows.Row], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    begin, end = marks("music")
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    table = music.table(rows, "jazz solo", {})
    genres = {"jazz": {"profiles": {"jazz solo": table}, "drums": None, "seeds": {}, "called": {"up": {"jazz": 3}}}}
    result = {"seeds": 3, "bars": 8, "genres": genres, "drum_classifier": None, "missed": ["jazz solo: melody.steps"],
              "absent": ["polka"], "genre_classifier": None}  # fmt: skip
    for _ in range(2):
        music_report.write_into(page, result)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert text.count("### jazz solo: gates") == 1 and "- jazz solo: melody.steps" in text
    assert "Not registered here: polka." in text and f"No reference: {MISSING['jazz solo']}" in text
    assert all(f"| {name} |" in text for name in MEASURES)
    page.write_text("no marks")
    with pytest.raises(DataError, match="has no place for the tables"):
        music_report.write_into(page, result)
    with pytest.raises(DataError, match="cannot be read"):
        music_report.write_into(tmp_path / "none.md", result)


def test_composing_is_timed_cold_and_warm() -> None:
    found = compose.run(3, ["jazz"], tell=lambda _: None)
    assert found["melody_ms"] > 0 and found["jazz"]["band_ms"]["runs"] == 3
    assert found["jazz"]["band_ms"]["p50"] > found["jazz"]["bar_ms"]["p50"] > 0
    assert found["targets"] == {"melody_ms": 5.0, "style_transfer_ms": 100.0, "jazz.band_ms.p99": 50.0}
    assert found["style_transfer_by_target_ms"]["jazz"]["runs"] == 2 and found["style_transfer"]["max"] > 0
    assert compose.empty_caches() > 10


def test_what_is_slow_is_missed() -> None:
    figures = {"melody_ms": 5.1, "style_transfer_ms": 100.1, "jazz": {"band_ms": {"p99": 50.1}},
               "rock": {"band_ms": {"p99": 50.0}}}  # fmt: skip
    assert compose.missed(figures, ["jazz", "rock"]) == ["melody_ms", "style_transfer_ms", "jazz.band_ms.p99"]

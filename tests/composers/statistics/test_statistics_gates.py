"""Baselines, gates and distances: noise fails, music passes, seeds differ."""

from __future__ import annotations

import pytest
from statistics_pieces import BAR, beat_hits, line, piece

from composers.composer import Plan, find_genre
from composers.errors import MusicError
from composers.score import PPQ, Note
from composers.statistics import GATES, MEASURES, Gate, judge, of_band
from composers.statistics.baselines import BASELINES, against, diatonic_tonic
from composers.statistics.distance import bars_distance, chords_distance, melody_distance, pair_distances, repeated
from composers.statistics.gates import PROFILES, worth
from composers.statistics.measures import measured
from composers.statistics.piece import fineness_of, role_of

TUNE = [64, 62, 60, 62, 64, 64, 64, 0, 62, 62, 62, 0, 64, 67, 67, 0,
        64, 62, 60, 62, 64, 64, 64, 64, 62, 62, 64, 62, 60, 0, 0, 0]  # fmt: skip
TRIADS = {"C": (48, 52, 55), "G": (47, 50, 55)}


@pytest.fixture(scope="module")
def tune():
    """Mary had a little lamb, over its chords, with a beat."""
    kit = sorted(beat_hits(36, [0, 8], 8) + beat_hits(38, [4, 12], 8) + beat_hits(42, range(0, 16, 2), 8))
    comp = [Note(bar * BAR, BAR, p, 60.0) for bar, root in enumerate("CCGCCCGC") for p in TRIADS[root]]
    return piece(line(TUNE), drums=kit, comp=comp, chords=list("CCGCCCGC"))


@pytest.mark.parametrize("name", BASELINES)
def test_noise_is_seeded_and_keeps_the_counts(tune, name: str) -> None:
    noise = BASELINES[name](tune, 1)
    assert noise == BASELINES[name](tune, 1)
    assert noise.chords != tune.chords or noise.tracks != tune.tracks
    assert noise != BASELINES[name](tune, 2)
    if name != "own grid":
        assert [len(notes) for notes in noise.tracks.values()] == [len(notes) for notes in tune.tracks.values()]
    assert all(list(notes) == sorted(notes) for notes in noise.tracks.values())


def test_what_baselines_keep(tune) -> None:
    shuffled = BASELINES["shuffled pitches"](tune, 1)
    assert [n.start for n in shuffled.of("melody")] == [n.start for n in tune.of("melody")]
    assert sorted(n.pitch for n in shuffled.of("melody")) == sorted(n.pitch for n in tune.of("melody"))
    assert shuffled.of("drums") == tune.of("drums")
    assert {n.pitch % 12 for n in BASELINES["diatonic"](tune, 3).of("melody")} <= {0, 2, 4, 5, 7, 9, 11}
    assert sorted(c.chord.root.pitch_class for c in BASELINES["shuffled chords"](tune, 1).chords) == sorted(
        c.chord.root.pitch_class for c in tune.chords)  # fmt: skip
    assert diatonic_tonic(tune.of("pitched")) == 0


def test_a_tune_is_told_from_noise(tune) -> None:
    ours = measured(tune)
    for name in ("uniform", "diatonic", "uniform pitches", "shuffled pitches"):
        noise = [measured(BASELINES[name](tune, seed)) for seed in range(5)]
        for measure in ("melody.rep", "melody.steps", "melody.on_strong"):
            assert all(n[measure] is None or n[measure] < ours[measure] for n in noise), (name, measure)  # type: ignore[operator]
    assert ours["drums.jac1"] == 1 and measured(BASELINES["uniform"](tune, 1))["drums.jac1"] < 0.5  # type: ignore[operator]


def test_every_measure_takes_an_empty_piece_and_an_odd_meter() -> None:
    from composers.score import Meter

    empty = measured(piece())
    assert all(value is None or value == 0 for value in empty.values())
    for meter in (Meter(7, 8), Meter(6, 8), Meter(3, 4), Meter(5, 4)):
        p = piece(line(TUNE, step=PPQ // 2), chords=["C"] * 8, meter=meter)
        assert measured(p)["melody.notes"] == pytest.approx(len([x for x in TUNE if x]) / 8)


def test_gates_name_measures_and_baselines_that_there_are() -> None:
    for profile, gates in GATES.items():
        for gate in gates:
            assert gate.measure in MEASURES, profile
            assert set(against(gate.scope)) <= set(BASELINES)
            assert gate.low is not None or gate.high is not None
    assert all(profile in GATES for profiles in PROFILES.values() for profile in profiles)


def test_a_gate_compares_to_a_hundredth() -> None:
    gate = Gate("key4", 0.5, 0.75)
    assert gate.passes(0.4951) and gate.passes(0.7549) and not gate.passes(0.494) and not gate.passes(0.756)
    assert str(gate) == "0.5 - 0.75" and str(Gate("key4", 0.5)) == ">= 0.5" and str(Gate("key4", None, 2)) == "<= 2"
    assert worth(gate, [0.6, 0.9, 0.1, 0.2]) == 0.75 and worth(gate, []) == 0


def test_judging(tune) -> None:
    verdicts = {v.gate.measure: v for v in judge(tune, "pop/rock")}
    assert verdicts["key4"].passed and verdicts["dia4"].passed
    assert verdicts["melody.on_off16"].passed is None  # it has no sixteenths
    assert not any(v.passed for v in judge(BASELINES["uniform"](tune, 1), "pop/rock") if v.gate.measure == "dia4")
    with pytest.raises(MusicError, match=r"no gates are known for 'polka': choose one of pop/rock"):
        judge(tune, "polka")


def test_distances(tune) -> None:
    up = tune.playing({name: [n._replace(pitch=n.pitch + 5) for n in notes] for name, notes in tune.tracks.items()})
    other = piece(line([60, 67, 65, 69] * 8, step=PPQ), chords=["Cm", "Fm", "Db", "G7"] * 2, name="other")
    assert melody_distance(tune, tune) == bars_distance(tune, tune) == chords_distance(tune, tune) == 0
    assert melody_distance(tune, up) == 0 and bars_distance(tune, up) == pytest.approx(0, abs=1e-9)
    assert melody_distance(tune, other) > 0.9 and bars_distance(tune, other) > 0.5  # type: ignore[operator]
    assert chords_distance(tune, other) == 1 and melody_distance(tune, piece()) is None
    assert 0 < melody_distance(tune, repeated(tune, 2)) < melody_distance(tune, other)  # type: ignore[operator]
    assert repeated(tune, 2).bars == tune.bars and len(repeated(tune, 2).chords) == 8
    assert len(pair_distances([tune, up, other], "melody")) == 3


def test_a_band_as_a_piece() -> None:
    genre = find_genre("jazz")
    plan = Plan(seed=4, parts={"sax": ("melody",), "piano": ("comp",), "bass": ("bass",), "drums": ("drums",)})
    whole = of_band(genre.band(plan), plan, 12, bpm=140)
    later = of_band(genre.band(plan), plan, 8, 4, bpm=140)
    assert later.tracks == whole.between(4, 8).tracks and later.chords == whole.between(4, 8).chords
    assert whole.fineness == 3 and whole.roles == {"sax": "melody", "piano": "comp", "bass": "bass", "drums": "drums"}
    assert len(whole.sections) == 12 and whole.chord_at(0) is not None and whole.chord_at(whole.end) is None


def test_roles_and_fineness() -> None:
    assert role_of(("comp", "melody")) == "melody" and role_of(("pad", "arp")) == "comp" and role_of(("fx",)) == "fx"
    assert role_of(("percussion",)) == "drums" and role_of(("bass", "comp")) == "bass"
    assert fineness_of(line([60] * 8, step=320)) == 3 and fineness_of(line([60] * 8, step=240)) == 4

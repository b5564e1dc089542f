"""What a band does together: stops, holes, entrances, kicks on the riff, and keys that rise."""

from __future__ import annotations

from dataclasses import replace

from passages import FOUR, kit, passage

from composers.harmony import mask
from composers.parts import ensemble
from composers.parts.ensemble import Stop
from composers.parts.kit import CRASH, KICK, SNARE
from composers.parts.passage import Event, Written
from composers.score import Meter

SEEDS = range(60)


def line(step: int = 6, bars: int = 8, bar_steps: int = 48) -> Written:
    return Written([Event(at, step, 48, 80.0) for at in range(0, bars * bar_steps, step)])


def test_stops_come_before_big_sections_only() -> None:
    stops = [ensemble.stop_of(passage(seed=s, after="chorus")) for s in SEEDS]
    assert 0.45 < sum(stop is not None for stop in stops) / len(stops) < 0.85
    assert any(stop and stop.hits for stop in stops)
    assert any(stop and not stop.hits for stop in stops)
    assert all(ensemble.stop_of(passage(seed=s, after="verse")) is None for s in SEEDS)
    assert all(ensemble.stop_of(passage(bars=2, seed=s, after="chorus")) is None for s in SEEDS)


def test_everybody_stops_together() -> None:
    for meter in (FOUR, Meter(7, 8), Meter(5, 4), Meter(6, 8)):
        for seed in SEEDS:
            where = passage(meter=meter, seed=seed, after="chorus")
            stop = ensemble.stop_of(where)
            for step in (6, 12):
                written = ensemble.stopped(where, line(step, where.bars, where.bar_steps))
                if stop is None:
                    assert written.events[-1].end == where.steps
                    continue
                inside = [e for e in written.events if e.end > stop.start]
                assert [e.step for e in inside] == list(stop.hits)
                assert where.steps - stop.start <= where.bar_steps
            kept = ensemble.drums_stopped(where, kit(where))
            if stop and stop.hits:
                assert {e.step for e in kept if e.step >= stop.start} == set(stop.hits)
                assert {e.pitch for e in kept if e.step >= stop.start} <= {KICK, SNARE, CRASH}
            else:
                assert kept == kit(where)


def test_a_hit_is_the_chord_that_is_there() -> None:
    places = [passage("I | IV", 8, seed=seed, after="chorus") for seed in SEEDS]
    where = next(place for place in places if (ensemble.stop_of(place) or Stop(0)).hits)
    roots = Written([Event(r.start, 48, 36 + r.root, 80.0) for r in where.regions])
    for event in ensemble.stopped(where, roots).events:
        assert (event.pitch - 36) % 12 == where.at(event.step).root


def test_introductions_come_in_by_layers() -> None:
    kinds = set()
    for seed in SEEDS:
        where = replace(passage(bars=8, role="intro", seed=seed), sounds={"riff": "rock-guitar", "comp": "rock-guitar"})
        starts = {part: ensemble.entrance(where, part) for part in ("riff", "comp", "bass", "drums", "melody")}
        assert starts["riff"] == starts["melody"] == 0
        assert starts["bass"] >= starts["drums"]
        kinds.add(tuple(starts.values()))
        assert all(start % where.bar_steps == 0 and start <= where.steps // 2 for start in starts.values())
        alone = replace(where, sounds={})
        assert not any(ensemble.entrance(alone, part) for part in starts)
        assert ensemble.entrance(replace(where, first_bar=8), "drums") == 0
    assert len(kinds) >= 3


def test_the_kick_joins_the_riff() -> None:
    where = passage(bars=4)
    accents = tuple(bar * 48 + at for bar in range(4) for at in (0, 18, 30))
    found = ensemble.kicked(where, kit(where), accents)
    kicks = {e.step for e in found if e.pitch == KICK}
    assert kicks == set(accents)
    assert [e for e in found if e.pitch != KICK] == [e for e in kit(where) if e.pitch != KICK]
    assert ensemble.kicked(where, kit(where), ()) == kit(where)


def test_kicks_leave_backbeats_and_fills_alone() -> None:
    where = passage(bars=4)
    drums = sorted([*kit(where), Event(3 * 48 + 24, 3, 50, 90.0)])
    found = ensemble.kicked(where, drums, tuple(range(0, 4 * 48, 6)))
    kicks = {e.step for e in found if e.pitch == KICK}
    assert not any(step % 48 in where.pulse.backbeats for step in kicks)
    fill = 3 * 48 + 24
    assert {s for s in kicks if s >= fill} == {e.step for e in drums if e.pitch == KICK and e.step >= fill}


def test_scales_are_the_keys_own_bent_by_the_chord() -> None:
    where = ensemble.within_key(passage("I | bVII | iv | V7"))
    scales = [region.scale for region in where.regions[:4]]
    assert scales == [mask(s) for s in ((0, 2, 4, 5, 7, 9, 11), (0, 2, 4, 5, 7, 9, 10), (0, 2, 4, 5, 7, 8, 11),
                                        (0, 2, 4, 5, 7, 9, 11))]  # fmt: skip
    minor = ensemble.within_key(passage("i | IV | V", mode="minor"))
    assert minor.regions[0].scale == mask((0, 2, 3, 5, 7, 8, 10))
    assert minor.regions[1].scale == mask((0, 2, 3, 5, 7, 9, 10))
    assert minor.regions[2].scale == mask((0, 2, 3, 5, 7, 8, 11))


def test_what_stands_higher_is_written_as_if_it_did_not() -> None:
    home = passage("I | IV | V | vi", 8, key="C")
    raised = passage("I | IV | V | vi", 8, key="D")
    higher = tuple(
        r._replace(root=(r.root + 2) % 12, tones=_up(r.tones, 2), scale=_up(r.scale, 2)) for r in raised.regions
    )
    seen = ensemble.lowered(replace(raised, regions=higher, tonic=0), 2, "A")
    assert [(r.root, r.tones, r.scale) for r in seen.regions] == [(r.root, r.tones, r.scale) for r in home.regions]
    assert seen.tonic == 2
    assert [r.chord for r in seen.regions] == [r.chord for r in raised.regions]


def _up(bits: int, semitones: int) -> int:
    return (bits << semitones | bits >> (12 - semitones)) & 0xFFF

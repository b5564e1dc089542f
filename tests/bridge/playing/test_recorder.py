"""Recording: each pass a layer, each note whole, whatever the master does meanwhile."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.playing.progress import Jump, Progress
from bridge.playing.recorder import EARLY, Message, Recorder, Settings
from composers.quantise import Grid
from composers.score import PPQ, Note

BAR = 4 * PPQ
RATE = 48_000


def on(tick: float, pitch: int = 60, elapsed: float | None = None, track: str = "piano") -> Message:
    return Message(tick, tick if elapsed is None else elapsed, track, 0, bytes((0x90, pitch, 90)))


def off(tick: float, pitch: int = 60, elapsed: float | None = None) -> Message:
    return Message(tick, tick if elapsed is None else elapsed, "piano", 0, bytes((0x80, pitch, 64)))


def played(recorder: Recorder, *notes: tuple[float, float, int]) -> Recorder:
    for message in sorted([m for a, b, p in notes for m in (on(a, p), off(b, p))], key=lambda m: m.elapsed):
        recorder.hear(message)
    return recorder


def notes_of(recorder: Recorder, position: int = 1 << 30) -> list[list[Note]]:
    return [list(each.clip.notes) for each in recorder.layers(position)]


def test_what_is_played_is_there_where_it_was_played_and_as_long() -> None:
    recorder = played(Recorder(Settings(), BAR, BAR), (BAR + 100.4, BAR + 400.4, 60), (2 * BAR + 5, 2 * BAR + 10, 64))
    recorder.close(3 * BAR)
    (layer,) = recorder.layers(3 * BAR)
    assert [n[:3] for n in layer.clip.notes] == [(BAR + 100, 300, 60), (2 * BAR + 5, 5, 64)]
    assert layer.clip.span == (BAR, 3 * BAR) and layer.repeat == 0


def test_early_hands_belong_to_the_beginning_and_what_was_before_does_not() -> None:
    recorder = played(Recorder(Settings(), BAR, BAR), (BAR - 300, BAR - 200, 50), (BAR - EARLY + 1, BAR + 400, 60))
    assert [[(n.start, n.pitch) for n in notes] for notes in notes_of(recorder)] == [[(BAR, 60)]]


def test_each_time_round_the_loop_is_a_layer_that_repeats() -> None:
    recorder = played(Recorder(Settings(2 * BAR), 4 * BAR, BAR), *(
        (4 * BAR + k * 2 * BAR + 480 * k, 4 * BAR + k * 2 * BAR + 480 * k + 100, 60 + k) for k in range(3)))
    first, second, third = recorder.layers(20 * BAR)
    assert [each.repeat for each in (first, second, third)] == [2 * BAR] * 3
    assert [each.clip.span.start for each in (first, second, third)] == [4 * BAR, 6 * BAR, 8 * BAR]
    assert [n.start for n in third.clip.notes] == [8 * BAR + 960]


def test_a_note_held_over_the_loops_end_is_kept_whole_and_its_pass_waits_for_it() -> None:
    recorder = Recorder(Settings(BAR), 0, BAR)
    recorder.hear(on(BAR - 200))
    recorder.hear(on(BAR + 480, 64))
    recorder.hear(off(BAR + 600, 64))
    assert recorder.settled(2 * BAR + EARLY) == 0
    assert [[n.pitch for n in notes] for notes in notes_of(recorder, BAR + 700)] == [[64]]
    recorder.hear(off(BAR + 900))
    assert recorder.settled(BAR + 901) == 1
    assert notes_of(recorder, BAR + 901)[0] == [Note(BAR - 200, 1100, 60, 90.0)]
    assert [n.pitch for n in recorder.take(1)[0][0].clip.notes] == [60]
    assert [[n.pitch for n in notes] for notes in notes_of(recorder)] == [[64]]


def test_what_the_grid_draws_over_the_loops_end_is_the_next_times_beginning() -> None:
    recorder = played(Recorder(Settings(BAR, grid=Grid.parse("1/16")), 0, BAR), (BAR - 30, BAR + 200, 60))
    (layer,) = recorder.layers(3 * BAR)
    assert layer.clip.span == (BAR, 2 * BAR)
    assert layer.clip.notes == (Note(BAR, 230, 60, 90.0),)


def test_a_note_is_heard_again_only_when_it_is_over() -> None:
    recorder = played(Recorder(Settings(BAR), 0, BAR), (100, 300, 60))
    assert notes_of(recorder, 299) == [] and len(notes_of(recorder, 300)) == 1


def test_a_master_that_loops_makes_a_layer_of_each_time_and_a_note_over_its_end_is_whole() -> None:
    recorder = Recorder(Settings(grid=Grid.parse("1/8")), 4 * BAR, BAR)
    for message in (on(4 * BAR + 10), off(4 * BAR + 300), on(8 * BAR - 480, 64), on(8 * BAR - 20, 67)):
        recorder.hear(message)
    recorder.jump(8 * BAR, 4 * BAR)
    recorder.hear(off(4 * BAR + 960, 64, 8 * BAR + 960))
    recorder.hear(off(4 * BAR + 500, 67, 8 * BAR + 500))
    recorder.close(5 * BAR)
    first, second = recorder.layers(5 * BAR)
    assert [n[:3] for n in first.clip.notes] == [(4 * BAR, 290, 60), (8 * BAR - 480, 1440, 64)]
    assert [n[:3] for n in second.clip.notes] == [(4 * BAR, 520, 67)]
    assert first.clip.span == (4 * BAR, 8 * BAR) and second.clip.span == (4 * BAR, 5 * BAR)


def test_after_punching_out_held_notes_are_waited_for_and_an_engine_that_dies_ends_them() -> None:
    recorder = Recorder(Settings(), 0, BAR)
    recorder.hear(on(100))
    recorder.hear(on(200, 64))
    recorder.close(500)
    recorder.hear(on(600, 72))
    assert recorder.holding and recorder.settled(500) == 0
    recorder.hear(off(900))
    recorder.release(1000.0)
    assert not recorder.holding
    assert [[(n.pitch, n.length) for n in notes] for notes in notes_of(recorder)] == [[(60, 800), (64, 800)]]


def test_bends_pressure_and_controllers_are_kept_the_pedal_and_modes_are_not() -> None:
    recorder = Recorder(Settings(), 0, BAR)
    for at, data in enumerate([b"\xe0\x00\x60", b"\xb0\x01\x40", b"\xd0\x33", b"\xb0\x40\x7f", b"\xb0\x7b\x00"]):
        recorder.hear(Message(at * 100.0, at * 100.0, "piano", 0, data))
    recorder.close(BAR)
    (layer,) = recorder.layers(BAR)
    assert [(c.tick, c.kind, c.number) for c in layer.clip.controls] == [
        (0, "bend", 0), (100, "cc", 1), (200, "pressure", 0)]
    assert layer.clip.controls[0].value == pytest.approx(0.5, abs=1e-3)


def test_the_newest_pass_can_be_dropped() -> None:
    recorder = played(Recorder(Settings(BAR), 0, BAR), (0, 10, 60), (BAR + 5, BAR + 10, 62))
    assert recorder.drop_last() and [n[0].pitch for n in notes_of(recorder)] == [60]
    assert recorder.drop_last() and not recorder.drop_last()


@given(st.lists(st.tuples(st.integers(0, 16 * BAR - 1), st.integers(1, 2 * BAR), st.integers(0, 127)),
                max_size=30, unique_by=lambda n: n[2]), st.integers(1, 4))
def test_no_note_is_lost_or_doubled_however_passes_fall(notes: list[tuple[int, int, int]], bars: int) -> None:
    recorder = Recorder(Settings(bars * BAR), 0, BAR)
    taken: list[Note] = []
    last = 0.0
    for message in sorted([m for a, n, p in notes for m in (on(a, p), off(a + n, p))], key=lambda m: m.elapsed):
        recorder.hear(message)
        last = message.elapsed
        if int(last) % 3 == 0:
            taken += [n for layers in recorder.take(recorder.settled(int(last))) for each in layers
                      for n in each.clip.notes]
    recorder.close(round(last))
    taken += [n for layers in recorder.take(recorder.settled(round(last))) for each in layers for n in each.clip.notes]
    assert sorted((n.start, n.length, n.pitch) for n in taken) == sorted(notes)


# -- progress ----------------------------------------------------------------------------------------------------------


def told(progress: Progress, seconds: float, tick: float, bpm: float = 120.0) -> Jump | None:
    return progress.told(round(seconds * RATE), tick, bpm, RATE, BAR, playing=True)


def test_ticks_played_grow_through_loops_and_tempo_changes() -> None:
    progress = Progress()
    jumps, tick, elapsed, bpm = [], 0.0, [], 120.0
    for i in range(600):  # 20 s at 30 statuses a second, a loop of two bars, the tempo climbing
        jumps.append(told(progress, i / 30, tick, bpm))
        elapsed.append(progress.elapsed)
        tick = (tick + bpm * PPQ / 60 / 30) % (2 * BAR)
        bpm += 0.1
    found = [jump for jump in jumps if jump is not None]
    assert len(found) >= 6 and set(found) == {Jump(2 * BAR, 0)}
    assert all(b > a for a, b in pairwise(elapsed))
    assert progress.elapsed == pytest.approx(20 * (120 + bpm) / 2 * PPQ / 60, rel=0.01)


def test_a_seek_is_a_jump_and_standing_still_is_none() -> None:
    progress = Progress()
    assert told(progress, 0.0, 0.0) is None
    assert progress.told(RATE, 100.0, 120.0, RATE, BAR, playing=False) is None and progress.elapsed == 100
    assert progress.told(2 * RATE, 100.0, 120.0, RATE, BAR, playing=False) is None
    assert progress.told(3 * RATE, 100.0, 120.0, RATE, BAR, playing=True) is None
    jump = progress.told(3 * RATE + 480, 50_000.0, 120.0, RATE, BAR, playing=True)
    assert jump is not None and jump.after == pytest.approx(50_000, abs=25)


def test_a_message_between_two_statuses_has_its_own_time() -> None:
    progress = Progress()
    told(progress, 0.0, 0.0)
    told(progress, 1.0, 1920.0)
    assert progress.at(round(1.01 * RATE), 1939.2, RATE) == pytest.approx(1939.2, abs=0.5)
    assert progress.at(round(1.01 * RATE), 5.0, RATE) == pytest.approx(1939.2, abs=0.5)  # just after a loop's end

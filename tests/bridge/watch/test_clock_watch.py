"""ClockWatch against masters whose faults are known."""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bridge.commands import clock as clock_command
from bridge.errors import DeviceError
from bridge.watch.listener import ClockListener, Source
from bridge.watch.report import Report, as_dict, position
from bridge.watch.watch import ClockWatch, nominal_bpm
from composers.score import Meter

CLOCK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
S = 1_000_000_000
FOUR = Meter(4, 4)


def interval_ns(bpm: float) -> float:
    return 60e9 / (24 * bpm)


def clocks(bpm: float, count: int, start_ns: float = 0.0) -> list[float]:
    return [start_ns + i * interval_ns(bpm) for i in range(count)]


def watched(stamps_ns: Iterable[float], watch: ClockWatch | None = None) -> Report:
    """The report on clocks alone, in order of arrival."""
    watch = watch or ClockWatch()
    last = 0
    for ns in sorted(stamps_ns):
        last = round(ns)
        watch.feed(last, CLOCK)
    watch.finish()
    return watch.report(last)


def late(stamps_ns: list[float], sd_ms: float, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [ns + abs(rng.gauss(0.0, sd_ms * 1e6)) for ns in stamps_ns]


def faults(report: Report) -> tuple[int, int, int]:
    return report.dropped, report.doubled, report.bunched


@pytest.mark.parametrize("bpm", [20.0, 60.0, 120.0, 133.7, 400.0])
def test_an_exact_master(bpm: float) -> None:
    report = watched(clocks(bpm, 481))
    assert report.bpm_now == pytest.approx(bpm, abs=1e-4)
    assert report.bpm_min == pytest.approx(bpm, abs=1e-4) and report.bpm_max == pytest.approx(bpm, abs=1e-4)
    assert [tempo.bpm for tempo in report.tempos] == [pytest.approx(bpm, abs=1e-5)]
    assert report.jitter_max_ms is not None and report.jitter_max_ms < 1e-5
    assert faults(report) == (0, 0, 0) and report.pauses == 0
    assert report.clocks == 481


def test_a_clock_of_100_ppm_is_measured_within_5_ppm_in_a_minute_of_jitter() -> None:
    for seed, ppm in enumerate((100.0, -100.0, 0.0)):
        stamps = late(clocks(120.0 * (1 + ppm / 1e6), 2880), 1.0, seed)
        tempo = watched(stamps).tempo
        assert tempo is not None and tempo.clocks > 2800 and tempo.nominal_bpm == 120.0
        assert tempo.drift_ppm == pytest.approx(ppm, abs=5.0)
        assert tempo.drift_error_ppm < 2.0
        assert tempo.audio_drift_ppm is None


def test_the_sound_cards_drift_and_the_machines_are_told_apart() -> None:
    watch = ClockWatch(has_audio_clock=True)
    for ns in clocks(120.0, 2880):
        watch.feed(round(ns), CLOCK, round(ns / (1 - 50e-6)))  # the card runs slow by 50 ppm
    watch.finish()
    tempo = watch.report(0).tempo
    assert tempo is not None
    assert tempo.bpm == pytest.approx(120.0, abs=1e-6)
    assert tempo.audio_drift_ppm == pytest.approx(0.0, abs=0.1)
    assert tempo.drift_ppm == pytest.approx(-50.0, abs=0.1)


def test_a_given_tempo_is_what_drift_is_against() -> None:
    tempo = watched(clocks(120.0, 480), ClockWatch(119.0)).tempo
    assert tempo is not None and tempo.drift_ppm == pytest.approx(1e6 / 119, abs=1.0)


def test_jitter_percentiles_are_those_of_the_intervals() -> None:
    stamps = late(clocks(120.0, 4800), 1.0)
    size = np.abs(np.diff(stamps) - interval_ns(120.0)) / 1e6
    report = watched(stamps)
    for got, percent in ((report.jitter_p50_ms, 50), (report.jitter_p99_ms, 99), (report.jitter_max_ms, 100)):
        # The typical interval is that of the neighbours, which are noisy too: 24 of them, by their ends.
        assert got == pytest.approx(float(np.percentile(size, percent)), rel=0.08)
    assert faults(report) == (0, 0, 0)
    spread = report.histogram
    assert spread is not None
    assert sum(spread.counts) + spread.below + spread.above == 4799
    assert max(spread.counts) in spread.counts[19:22], "the middle is the highest"
    assert spread.edges_ms[0] == -spread.range_ms and len(spread.edges_ms) == len(spread.counts) + 1


@pytest.mark.parametrize("sd_ms", [0.0, 1.0])
def test_dropped_clocks_are_counted(sd_ms: float) -> None:
    stamps = late(clocks(120.0, 2400), sd_ms)
    gone = [100, 101, 102, 400, 700, 702, 1000, *range(2000, 2010)]
    report = watched(ns for i, ns in enumerate(stamps) if i not in gone)
    assert faults(report) == (len(gone), 0, 0)
    assert report.tempo is not None and report.tempo.clocks == 2400 - len(gone), "one stretch, none shifted by drops"
    assert report.tempo.bpm == pytest.approx(120.0, abs=0.01)


@pytest.mark.parametrize("sd_ms", [0.0, 1.0])
@pytest.mark.parametrize("after_ms", [0.0, 1.0, 6.0])
def test_doubled_clocks_are_counted(sd_ms: float, after_ms: float) -> None:
    stamps = late(clocks(120.0, 2400), sd_ms)
    twice = [stamps[i] + after_ms * 1e6 for i in (50, 300, 301, 1000, 2000)]
    report = watched([*stamps, *twice])
    assert faults(report) == (0, 5, 0)
    assert report.tempo is not None and report.tempo.bpm == pytest.approx(120.0, abs=0.01)
    assert report.clocks == 2405


def test_clocks_held_up_and_sent_in_a_burst_are_bunched() -> None:
    stamps = clocks(120.0, 2400)
    for first, held in ((200, 4), (800, 2), (1500, 20)):
        end = stamps[first + held - 1]
        for i in range(held):
            stamps[first + i] = end + i * 3e5
    report = watched(stamps)
    assert report.dropped == 0 and report.doubled == 0
    assert report.bunched == 3 + 1 + 19
    assert report.tempo is not None and report.tempo.bpm == pytest.approx(120.0, abs=0.02)
    assert report.jitter_max_ms == pytest.approx(19 * interval_ns(120) / 1e6, rel=0.01)


@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_a_master_that_sends_packets(size: int) -> None:
    stamps = clocks(120.0, 2400)
    packed = [stamps[min(2399, i - i % size + size - 1)] for i in range(2400)]
    report = watched(packed)
    assert report.dropped == 0 and report.doubled == 0
    assert report.bunched == pytest.approx(2400 * (size - 1) / size, abs=size)
    assert report.tempo is not None and report.tempo.bpm == pytest.approx(120.0, abs=0.02)


@pytest.mark.parametrize("bpm", [67.0, 120.0, 174.0])
def test_stamps_of_whole_milliseconds_are_jitter_and_no_fault(bpm: float) -> None:
    report = watched(ns // 1_000_000 * 1_000_000 for ns in clocks(bpm, 2400))
    assert faults(report) == (0, 0, 0)
    assert [tempo.bpm for tempo in report.tempos] == [pytest.approx(bpm, abs=0.01)]
    assert report.jitter_max_ms is not None and report.jitter_max_ms < 1.01


@pytest.mark.parametrize(("old", "new"), [(120, 126), (120, 240), (240, 120), (60, 200), (200, 60), (100, 100.5)])
def test_a_jump_of_tempo_is_two_tempos_and_no_fault(old: float, new: float) -> None:
    first = clocks(old, 480)
    stamps = first + clocks(new, 480, first[-1] + interval_ns(old))
    report = watched(late(stamps, 0.2))
    assert faults(report) == (0, 0, 0)
    assert [tempo.bpm for tempo in report.tempos] == [pytest.approx(old, abs=0.02), pytest.approx(new, abs=0.02)]
    assert abs(report.tempos[0].clocks - 480) <= 24
    assert [entry.detail for entry in report.log if entry.kind == "tempo"] == [
        f"{report.tempos[0].bpm:.2f} to {report.tempos[1].bpm:.2f} BPM"
    ]


def test_a_change_of_tempo_is_logged_at_its_position() -> None:
    watch = ClockWatch()
    watch.feed(0, START)
    first = clocks(120.0, 240)
    for ns in first + clocks(100.0, 240, first[-1] + interval_ns(120.0)):
        watch.feed(round(ns), CLOCK)
    watch.finish()
    [change] = [entry for entry in watch.report(0).log if entry.kind == "tempo"]
    assert change.tick == pytest.approx(240 * 40, abs=40)


def test_a_ramp_is_no_steady_tempo() -> None:
    stamps, ns, bpm = [0.0], 0.0, 100.0
    while bpm < 160.0:
        ns += interval_ns(bpm)
        bpm = 100.0 + ns / 1e9 * 5.0
        stamps.append(ns)
    report = watched(late(stamps, 0.1))
    assert faults(report) == (0, 0, 0) and report.tempos == ()
    assert report.bpm_min == pytest.approx(101.0, abs=1.5) and report.bpm_max == pytest.approx(159.0, abs=1.5)


def test_a_steady_tempo_with_jitter_is_one_stretch_for_many_seeds() -> None:
    for seed in range(20):
        for sd_ms in (0.0, 0.3, 2.0):
            assert len(watched(late(clocks(128.0, 1500), sd_ms, seed)).tempos) == 1, (seed, sd_ms)


def test_five_milliseconds_of_jitter_loses_no_clock() -> None:
    report = watched(late(clocks(120.0, 4800), 5.0))
    assert report.dropped == report.doubled
    assert report.dropped <= 2, "a clock or two may change places with its neighbour"
    assert report.tempo is not None and report.tempo.bpm == pytest.approx(120.0, abs=0.02)


@pytest.mark.parametrize("sd_ms", [0.0, 1.0, 5.0])
def test_drops_and_doubles_among_jitter_are_counted(sd_ms: float) -> None:
    rng = random.Random(3)
    kept = [ns for ns in late(clocks(120.0, 4800), sd_ms) if rng.random() > 0.01]
    twice = [ns + 3e6 * rng.random() for ns in kept if rng.random() < 0.01]
    report = watched([*kept, *twice])
    # A clock dropped and another doubled within the next four look like one that was late.
    assert report.dropped == pytest.approx(4800 - len(kept), abs=3)
    assert report.doubled == pytest.approx(len(twice), abs=3)
    assert report.dropped - report.doubled == 4800 - len(kept) - len(twice), "no number is lost"


def test_a_pause_is_no_loss_and_a_gap_of_ours_neither() -> None:
    report = watched([*clocks(120.0, 240), *clocks(120.0, 240, 8 * S)])
    assert (faults(report), report.pauses) == ((0, 0, 0), 1)
    assert [entry.detail for entry in report.log] == ["no clock for 3.02 s"]
    watch = ClockWatch()
    for i, ns in enumerate(clocks(120.0, 480)):
        if i == 200:
            watch.gap()
        if not 200 <= i < 205:
            watch.feed(round(ns), CLOCK)
    watch.finish()
    report = watch.report(10 * S)
    assert (faults(report), report.cuts) == ((0, 0, 0), 1)


def test_the_transport_log() -> None:
    watch = ClockWatch()
    tick = interval_ns(120)

    def at(clock: float, data: bytes) -> None:
        watch.feed(round(clock * tick), data)

    for i in range(48):
        at(i, CLOCK)  # stopped: nothing moves
    assert (watch.report(0).state, watch.report(0).position_tick) == ("stopped", 0)
    at(47.5, START)
    assert watch.report(0).state == "armed"
    for i in range(48, 48 + 97):
        at(i, CLOCK)
    report = watch.report(0)
    assert (report.state, position(report.position_tick, FOUR)) == ("playing", "2:1:1")
    at(144.5, STOP)
    at(144.6, b"\xf2\x20\x01")  # 160 sixteenths: bar 11
    at(144.7, CONTINUE)
    for i in range(145, 145 + 30):
        at(i, CLOCK)
    at(174.5, b"\xf2\x00\x00")  # while running: at the next clock
    assert position(watch.report(0).position_tick, FOUR) == "11:2:1", "29 clocks on"
    at(175, CLOCK)
    assert watch.report(0).position_tick == 0
    at(175.5, STOP)
    watch.finish()
    report = watch.report(round(176 * tick))
    assert [(entry.kind, position(entry.tick, FOUR)) for entry in report.log] == [
        ("start", "1:1:1"), ("stop", "2:1:1"), ("song position", "11:1:1"), ("continue", "11:1:1"),
        ("song position", "1:1:1"), ("stop", "1:1:1"),
    ]  # fmt: skip
    assert report.log[0].first_clock_ms == pytest.approx(tick / 2e6, abs=1e-3)
    assert report.log[3].first_clock_ms == pytest.approx(0.3 * tick / 1e6, abs=1e-3)
    assert report.log[2].detail == "sixteenth 160"
    assert faults(report) == (0, 0, 0)


def test_a_new_grid_at_a_start_is_no_fault_of_the_clocks() -> None:
    for phase in (0.1, 0.5, 0.9, 1.6, 2.4):
        watch = ClockWatch()
        first = clocks(120.0, 240)
        for ns in first:
            watch.feed(round(ns), CLOCK)
        begin = first[-1] + phase * interval_ns(120.0)
        watch.feed(round(begin) - 1000, START)
        for ns in clocks(120.0, 240, begin):
            watch.feed(round(ns), CLOCK)
        watch.finish()
        report = watch.report(round(begin) + 6 * S)
        assert (faults(report), report.regrids) == ((0, 0, 0), 1 if phase != 0.9 else 0), phase


def test_other_messages_are_counted_by_kind_and_harm_no_clock() -> None:
    watch = ClockWatch()
    stamps = clocks(120.0, 200)
    for ns in stamps:
        watch.feed(round(ns), b"\x90\x3c\xf8\x64" if ns else b"\xf8")  # a clock inside a note
    watch.feed(round(stamps[-1]) + 1, b"\xfe\xfe\xf1\x03\xf0\x01\x02\xf7\xff\x12")
    watch.finish()
    report = watch.report(round(stamps[-1]))
    assert report.clocks == 200 and faults(report) == (0, 0, 0)
    assert report.others == {
        "note on": 199, "active sensing": 2, "MIDI time code": 1, "system exclusive": 1, "reset": 1,
    }  # fmt: skip
    assert report.stray_bytes == 1


def test_json_of_nothing_and_of_something() -> None:
    nothing = as_dict(ClockWatch().report(5), FOUR)
    assert (nothing["clocks"], nothing["bpm"], nothing["jitter_p50_ms"], nothing["log"]) == (0, None, None, [])
    something = as_dict(watched(clocks(120.0, 480)), FOUR)
    assert something["bpm"] == 120.0 and something["tempos"][0]["nominal_bpm"] == 120.0
    assert something["seconds"] == pytest.approx(479 / 48, abs=0.001)
    assert sum(something["histogram"]["counts"]) == 479 and something.keys() == nothing.keys()


@pytest.mark.parametrize(
    ("bpm", "nominal"),
    [(120.012, 120.0), (89.99, 90.0), (127.4999, 127.5), (133.703, 133.7), (133.75, None), (0.01, None)],
)
def test_the_tempo_that_is_meant(bpm: float, nominal: float | None) -> None:
    assert nominal_bpm(bpm) == nominal


def test_positions_in_other_meters() -> None:
    assert position(0, FOUR) == "1:1:1"
    assert position(960 * 4 * 2 + 960 + 480, FOUR) == "3:2:3"
    assert position(960 * 3, Meter(3, 4)) == "2:1:1"
    assert position(480 * 7 + 480, Meter(7, 8)) == "2:2:1"


messages = st.one_of(
    st.just(CLOCK), st.just(START), st.just(CONTINUE), st.just(STOP), st.binary(min_size=1, max_size=6)
)
steps_ns = st.sampled_from((0, 1, 10**6, 20_833_333, 2 * 10**9))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(steps_ns, messages), max_size=200))
def test_any_stream_gives_a_report(stream: list[tuple[int, bytes]]) -> None:
    watch, ns = ClockWatch(), 0
    for step, data in stream:
        ns += step
        watch.feed(ns, data)
    watch.finish()
    report = watch.report(ns)
    assert report.clocks == len(watch.grid) + report.doubled, "each clock is on the grid, or one too many"
    assert all(b > a for a, b, same in zip(watch.grid.index, watch.grid.index[1:],
                                           np.diff(watch.grid.run) == 0, strict=False) if same)
    as_dict(report, FOUR)


def test_the_screen_and_the_picture_of_a_bad_master(tmp_path: Path) -> None:
    watch = ClockWatch(has_audio_clock=True)
    rng = random.Random(2)
    stamps = late(clocks(120.0, 960), 1.0) + late(clocks(126.0, 960, 20.1 * S), 1.0)
    events = [(round(ns), CLOCK) for ns in stamps if rng.random() > 0.01]
    events += [(1, START), (3 * S, b"\xf2\x00\x01"), (4 * S, STOP), (5 * S, CONTINUE), (6 * S, b"\xfe")]
    for ns, data in sorted(events):
        watch.feed(ns, data)
    watch.finish()
    report = watch.report(40 * S)
    listener = ClockListener()
    listener.source = Source("a $port_1$ 日本", True)
    console = Console(width=130, file=io.StringIO(), record=True)
    console.print(clock_command._screen(report, FOUR, listener))
    text = console.export_text()
    for word in ("a $port_1$", f"{report.dropped} dropped", "sixteenth 128", "continue", "ppm of 126", "sound card's",
                 "p99", "1 active sensing"):  # fmt: skip
        assert word in text
    assert "█" in text
    console.print(clock_command._screen(ClockWatch().report(0), FOUR, listener))
    pytest.importorskip("matplotlib", reason="pip install 'sideman[plot]'")
    from bridge.watch import plot as clock_plot

    for name, seen in (("bad.png", watch), ("nothing.png", ClockWatch())):
        clock_plot.save(tmp_path / name, seen.report(40 * S), seen.grid, FOUR, listener.source.name)
        assert (tmp_path / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with pytest.raises(DeviceError, match="cannot be written"):
        clock_plot.save(tmp_path / "none" / "x.png", report, watch.grid, FOUR, "x")


def test_without_matplotlib_the_error_ends_with_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = CliRunner().invoke(clock_command.command, ["watch", "--plot", "x.png"])
    assert isinstance(said.exception, DeviceError)
    assert str(said.exception).endswith("pip install 'sideman[plot]'")


def test_help_shows_examples() -> None:
    said = CliRunner().invoke(clock_command.command, ["watch", "--help"])
    assert said.exit_code == 0 and "sideman clock watch IAC --seconds 60 --plot iac.png" in said.output

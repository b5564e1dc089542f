"""The whole engine under time code and under another program's transport: which notes it sends, and at which frames."""

from __future__ import annotations

import numpy as np
import pytest
from simulation import RATE, SimulatedEngine

from bridge.clock.mtc import RATES, MtcEncoder, Rate, Timecode
from bridge.driver import MidiOut, Playhead
from bridge.engine.inbox import SetTempo

NS = 1_000_000_000


def notes(engine: SimulatedEngine) -> list[tuple[int, int]]:
    """(frame, sixteenth of the bar) of the notes that were struck."""
    return [(frame, m.data[1] - 36) for frame, m in engine.sent if m.data[0] & 0xF0 == 0x90 and m.port == 0]


def hanging(engine: SimulatedEngine) -> set[int]:
    on: set[int] = set()
    for _, message in engine.sent:
        match message:
            case MidiOut(port=0, data=data) if data[0] & 0xF0 == 0x90:
                on.add(data[1])
            case MidiOut(port=0, data=data) if data[0] & 0xF0 == 0x80:
                on.discard(data[1])
    return on


class Tape:
    """Sends time code to the engine from `code` on, beginning at `ns`."""

    def __init__(self, engine: SimulatedEngine, rate: Rate, late_ms: float = 0.0) -> None:
        self.engine = engine
        self.rate = rate
        self._random = np.random.default_rng(1)
        self._late_ns = late_ms * 1e6

    def play(self, ns: int, code: Timecode, seconds: float) -> int:
        frame = code.frame(self.rate)
        encoder = MtcEncoder(self.rate, frame)
        quarters = round(seconds * 1e9 / self.rate.quarter_ns)
        heard = 0
        for quarter, message in encoder.take(4 * frame, 4 * frame + quarters):
            due = ns + (quarter - 4 * frame) * self.rate.quarter_ns
            heard = max(heard, round(due + abs(self._random.normal(0, self._late_ns)) if self._late_ns else due))
            self.engine.send(heard, message)
        return round(ns + quarters * self.rate.quarter_ns)


def run(engine: SimulatedEngine, ns: int) -> None:
    engine.run_to(ns)


@pytest.mark.parametrize("rate", RATES)
def test_notes_are_where_the_code_says_with_pre_roll(rate: Rate) -> None:
    """Two seconds before bar 1 at 100 BPM; then each sixteenth to the frame."""
    engine = SimulatedEngine(bpm=100.0, source="mtc", mtc_start="01:00:00:00")
    run(engine, NS // 10)
    start = Timecode(1, 0, 0, 0).frame(rate)
    end = Tape(engine, rate).play(NS // 2, Timecode.at(start - 2 * rate.nominal, rate), 8.0)
    run(engine, end + NS)
    struck = notes(engine)
    zero = NS // 2 + 8 * rate.nominal * rate.quarter_ns
    expected = [zero / NS * RATE + i * 0.15 * RATE for i in range(len(struck))]
    assert 40 <= len(struck) <= 42, "six seconds, and until the silence is heard"
    assert np.abs(np.subtract([frame for frame, _ in struck], expected)).max() <= 1
    assert [which for _, which in struck[:20]] == [i % 16 for i in range(20)]
    assert not hanging(engine) and not engine.engine.playing


def test_jitter_of_a_millisecond_moves_the_notes_by_little() -> None:
    engine = SimulatedEngine(bpm=120.0, source="mtc")
    run(engine, NS // 10)
    end = Tape(engine, Rate.FPS_25, 1.0).play(NS // 2, Timecode(0, 0, 8, 0), 20.0)
    run(engine, end)
    struck = np.array([frame for frame, _ in notes(engine)])[16:]
    grid = (struck - RATE / 2) / (RATE / 8)
    late_ms = (grid - np.round(grid)) * 125
    assert len(struck) > 130
    assert np.percentile(np.abs(late_ms), 99) < 0.5
    assert abs(np.median(late_ms)) < 0.2


def test_a_tape_that_jumps_stops_and_goes_on_leaves_nothing_sounding() -> None:
    engine = SimulatedEngine(bpm=120.0, source="mtc")
    run(engine, NS // 10)
    tape = Tape(engine, Rate.FPS_30_DROP)
    ns = tape.play(NS // 2, Timecode(0, 0, 30, 0), 2.0)
    ns = tape.play(ns, Timecode(0, 4, 0, 2), 2.0)
    ns = tape.play(ns + 2 * NS, Timecode(0, 10, 0, 0), 1.0)
    run(engine, ns + NS)
    assert not hanging(engine)
    assert 36 <= len(notes(engine)) <= 44
    assert not engine.engine.playing


def test_a_new_tempo_under_time_code_is_obeyed_without_complaint() -> None:
    engine = SimulatedEngine(bpm=120.0, source="mtc")
    run(engine, NS // 10)
    Tape(engine, Rate.FPS_24).play(NS // 2, Timecode(0, 0, 0, 0), 8.0)
    run(engine, 3 * NS)
    engine.step(SetTempo(60.0))
    run(engine, 8 * NS)
    assert engine.engine.line.bpm == pytest.approx(60.0, abs=0.01)
    assert engine.engine.line.tick_at(8 * NS) == pytest.approx(7.5 * 960, abs=0.5)
    struck = [(frame, which) for frame, which in notes(engine) if frame > 3.5 * RATE]
    assert all(abs((frame / RATE - 0.5) * 4 % 1 - 0) < 0.001 or abs((frame / RATE - 0.5) * 4 % 1 - 1) < 0.001
               for frame, _ in struck)
    assert engine.engine.take_notices() == []


def test_another_programs_transport_to_the_frame() -> None:
    """Rolls from bar 3 at 1 s, at 90 then 150 BPM, stops at 5 s."""
    engine = SimulatedEngine(bpm=120.0, source="jack")

    def transport(ns: int) -> Playhead:
        s = ns / NS
        quarters = 8 + (min(s, 5.0) - 1.0) * 1.5 if s < 3 else 11 + (min(s, 5.0) - 3.0) * 2.5
        rolling = 1.0 <= s < 5.0
        tick = max(quarters, 8.0) * 960
        return Playhead(ns, "JACK transport", rolling, tick, s, 90.0 if s < 3 else 150.0)

    engine.playhead = transport
    run(engine, 6 * NS)
    struck = notes(engine)
    first = [frame for frame, _ in struck if frame < 3 * RATE]
    second = [frame for frame, _ in struck if frame >= 3 * RATE]
    grid = RATE / 6  # sixteenths at 90; the transport is seen from the block on that begins at or after 1 s
    assert max(abs((frame - RATE + grid / 2) % grid - grid / 2) for frame in first) <= 1
    grid = RATE / 10
    assert max(abs((frame - 3 * RATE + grid / 2) % grid - grid / 2) for frame in second) <= 1
    assert [which for _, which in struck] == [i % 16 for i in range(len(struck))] and len(struck) == 32
    assert not hanging(engine) and not engine.engine.playing


def test_a_link_session_is_joined_on_the_bar_line() -> None:
    engine = SimulatedEngine(bpm=120.0, source="link")
    engine.playhead = lambda ns: Playhead(ns, "Ableton Link", ns >= NS, (ns / NS + 20.3) * 1920, 0.0, 120.0)
    run(engine, 5 * NS)
    struck = notes(engine)
    assert struck[0] == (round(1.7 * RATE), 0), "beat 44, the first bar line after beat 42.6"
    assert [which for _, which in struck] == [i % 16 for i in range(len(struck))]

"""What timebase masters say, and where the music is by it: simulated cycles, no server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.clock.timebase import Position, Timebase
from bridge.driver import Playhead

STOPPED, ROLLING, STARTING = 0, 1, 3
BBT, OFFSET, TICK_DOUBLE = 0x10, 0x40, 0x200
RATE = 48_000
QUARTER = 960


class Server:
    """Cycles of a transport; `master` gives the position of a frame (None: nobody does)."""

    def __init__(self, master: Callable[[int], dict[str, float]] | None, period: int = 128) -> None:
        self.timebase = Timebase()
        self.master = master
        self.period = period
        self.frame = 0
        self.ns = 0

    def cycle(self, state: int = ROLLING) -> Playhead:
        fields: dict[str, float] = {"frame": self.frame}
        if self.master is not None:
            fields |= {"valid": BBT, **self.master(self.frame)}
        playhead = self.timebase.follow(state, position(**fields), self.ns, self.period)
        self.ns += round(self.period * 1e9 / RATE)
        self.frame += self.period if state == ROLLING else 0
        return playhead


def position(**fields: float) -> Position:
    base = dict.fromkeys(Position._fields, 0) | {
        "frame_rate": RATE, "bar": 1, "beat": 1, "beats_per_bar": 4.0, "beat_type": 4.0, "ticks_per_beat": 1920.0,
        "beats_per_minute": 120.0,
    }
    return Position(**(base | fields))  # type: ignore[arg-type]


def spread(beats: float, per_bar: int = 4, per_beat: int = 1920) -> dict[str, float]:
    """A position in beats as a careful master writes it: rounded down to a tick."""
    ticks = int(beats * per_beat + 1e-6)
    return {"bar": ticks // (per_bar * per_beat) + 1, "beat": ticks // per_beat % per_bar + 1, "tick": ticks % per_beat,
            "beats_per_bar": float(per_bar), "ticks_per_beat": float(per_beat)}


def steady(bpm: float, per_beat: int = 1920) -> Callable[[int], dict[str, float]]:
    return lambda frame: spread(frame * bpm / (60 * RATE), per_beat=per_beat) | {"beats_per_minute": bpm}


@pytest.mark.parametrize("per_beat", [1920, 192, 24])
@pytest.mark.parametrize("bpm", [120.0, 97.3])
def test_a_steady_master_is_followed_exactly_whatever_its_ticks(bpm: float, per_beat: int) -> None:
    server = Server(steady(bpm, per_beat))
    for _ in range(2_000):
        frame = server.frame
        playhead = server.cycle()
        assert playhead.tick == pytest.approx(frame * bpm / (60 * RATE) * QUARTER, abs=1e-3)
        assert (playhead.bpm, playhead.playing, playhead.seconds) == (bpm, True, frame / RATE)


def example_master(bpm: float, period: int = 128) -> Callable[[int], dict[str, float]]:
    """JACK's own example and its many copies: each cycle adds its ticks, rounded down."""
    last = {"frame": -1, "ticks": 0}

    def say(frame: int) -> dict[str, float]:
        if frame == last["frame"] + period:
            last["ticks"] += int(period * 1920 * bpm / (RATE * 60))
        elif frame != last["frame"]:
            last["ticks"] = int(frame / RATE / 60 * bpm * 1920)
        last["frame"] = frame
        return spread(last["ticks"] / 1920 + 1e-9) | {"beats_per_minute": bpm}

    return say


def test_a_master_that_adds_rounded_ticks_is_followed_by_its_tempo() -> None:
    server = Server(example_master(120.0))
    for _ in range(4_000):
        frame = server.frame
        playhead = server.cycle()
        assert playhead.tick == pytest.approx(frame * 2 / RATE * QUARTER, abs=1e-3)
    assert server.master is not None
    assert server.master(server.frame - 128)["bar"] == 6, "5.33 bars by frames; it says less by an eighth"
    server.frame = 10 * RATE
    assert server.cycle().tick == pytest.approx(20 * QUARTER, abs=1e-3), "after a jump both are right again"


def test_where_a_master_with_a_tempo_map_is_believed_to_within_its_rounding() -> None:
    """From 60 BPM to 180 in 20 s: the position is not seconds times tempo, and each cycle's tempo is a little old."""
    def ramp(frame: int) -> dict[str, float]:
        s = frame / RATE
        return spread(7 + s + 0.05 * s * s) | {"beats_per_minute": 60.0 + 6.0 * s}

    server = Server(ramp)
    for cycle in range(7_000):
        s = server.frame / RATE
        playhead = server.cycle()
        away_ms = (playhead.tick - (7 + s + 0.05 * s * s) * QUARTER) / QUARTER * 60_000 / (60 + 6 * s)
        assert abs(away_ms) < (0.55 if cycle < 20 else 0.3)


def test_fine_ticks_are_taken_as_they_are() -> None:
    def fine(frame: int) -> dict[str, float]:
        beats = 3 + frame * 1.7 / RATE
        return spread(beats) | {"valid": BBT | TICK_DOUBLE, "tick_double": beats % 1 * 1920, "beats_per_minute": 102.0}

    server = Server(fine)
    for _ in range(1000):
        beats = 3 + server.frame * 1.7 / RATE
        assert server.cycle().tick == pytest.approx(beats * QUARTER, abs=1e-6)


def test_an_offset_says_how_long_ago_the_position_was() -> None:
    playhead = Server(lambda _: {"valid": BBT | OFFSET, "bbt_offset": 12_000, "bar": 3}).cycle()
    assert playhead.tick == pytest.approx((8 + 0.5) * QUARTER)


def test_beats_are_of_the_beat_type() -> None:
    """6/8: bar 2, beat 4 of six eighths, 180 eighths a minute."""
    playhead = Server(lambda _: {"beats_per_bar": 6.0, "beat_type": 8.0, "bar": 2, "beat": 4, "tick": 960,
                                 "beats_per_minute": 180.0}).cycle()
    assert playhead.tick == pytest.approx((3 + 1.5 + 0.25) * QUARTER)
    assert playhead.bpm == 90.0


def test_without_a_master_there_are_only_seconds() -> None:
    server = Server(None)
    server.frame = 36_000
    assert server.cycle() == Playhead(0, "JACK transport", True, None, 0.75)


@pytest.mark.parametrize("nonsense", [
    {"bar": 8_231_016}, {"bar": 0}, {"beat": 5}, {"beat": 0}, {"tick": 32_766}, {"tick": -1}, {"ticks_per_beat": 0.0},
    {"beats_per_minute": 0.0}, {"beats_per_minute": float("nan")}, {"beats_per_bar": 0.0}, {"beat_type": 0.0},
])
def test_nonsense_is_no_position(nonsense: dict[str, float]) -> None:
    """jack_transport after a locate while it rolls: whatever was in memory."""
    playhead = Server(lambda _: nonsense).cycle()
    assert (playhead.tick, playhead.bpm) == (None, None)


def test_starting_is_not_playing() -> None:
    server = Server(steady(120.0))
    server.frame = 24_000
    assert [server.cycle(state).playing for state in (STOPPED, STARTING, ROLLING)] == [False, False, True]
    assert server.cycle().tick == pytest.approx(QUARTER + 128 * 2 * QUARTER / RATE)


def test_a_jump_while_rolling_is_told_at_once() -> None:
    server = Server(steady(120.0))
    for _ in range(100):
        server.cycle()
    server.frame = 7 * RATE + 13
    assert server.cycle().tick == pytest.approx((7 * RATE + 13) * 2 / RATE * QUARTER, abs=1e-3)

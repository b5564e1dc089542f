import numpy as np
import pytest

from instruments.block import AudioBlock, Transport
from instruments.errors import InstrumentError
from instruments.note_values import beats_of
from instruments.parameter import Choice, Parameter
from instruments.scaled import Scaled
from instruments.tempo_sync import TempoSync, synced

MS, HZ = Parameter("ms", 1, 2000, 250), Parameter("Hz", 0.1, 20, 2)


class FakePlugin:
    def __init__(self) -> None:
        self.rules: dict[str, Parameter | Choice] = {}
        self.serial = 0
        self.told: list[tuple[str, float]] = []

    def set(self, name: str, value: float, frames: int | None = None, *, delay_frames: int = 0) -> None:
        self.told.append((name, value))


@pytest.mark.parametrize(("text", "beats"), [
    ("1/4", 1), ("1/8", 0.5), ("1/8.", 0.75), ("1/8..", 0.875), ("1/8t", 1 / 3), ("1/16T", 1 / 6), ("2/1", 8),
    ("3/4", 3), (" 1 / 2 ", 2), ("1/4d", 1.5),
])
def test_note_values(text: str, beats: float) -> None:
    assert beats_of(text, "here") == pytest.approx(beats)


@pytest.mark.parametrize("text", ["", "1/3", "0/4", "4", "1/4x", "1/4...", "-1/4", "1/128"])
def test_what_is_no_note_value_is_refused_with_place_and_remedy(text: str) -> None:
    with pytest.raises(InstrumentError, match=r"sync\.time = .* is no note value: give one like \"1/4\""):
        beats_of(text, "sync.time")


@pytest.mark.parametrize(("rule", "beats", "bpm", "value"), [
    (MS, 1, 120, 500), (MS, 0.75, 120, 375), (Parameter("s", 0, 4, 1), 2, 60, 2), (HZ, 1, 120, 2),
    (HZ, 1 / 3, 120, 6), (Parameter("BPM", 20, 300, 120), 1, 97, 97),
    (MS, 4, 60, 2000), (MS, 16, 60, 2000),  # 16 s do not fit: halved until they do
    (Parameter("ms", 400, 2000, 500), 1, 240, 500),  # 250 ms do not fit: doubled
])
def test_a_note_value_in_the_parameter_s_own_unit(
        rule: Parameter, beats: float, bpm: float, value: float) -> None:
    assert synced(rule, beats, bpm, "here") == pytest.approx(value)


def test_it_follows_the_tempo_once_loaded_and_only_when_it_changes() -> None:
    plugin = FakePlugin()
    sync = TempoSync(plugin, {"time": "1/8."}, "plug-in X")
    sync.follow(Transport(bpm=120))
    assert plugin.told == []  # nothing is known of it yet
    plugin.rules, plugin.serial = {"time": MS}, 1
    for bpm in (120, 120.0001, 120, 100, 100):
        sync.follow(Transport(bpm=bpm))
    assert plugin.told == [("time", 375.0), ("time", pytest.approx(450.0))]
    plugin.serial = 2  # it crashed and is back
    sync.follow(Transport(bpm=100))
    assert plugin.told[2:] == [("time", pytest.approx(450.0))]


def test_what_cannot_follow_is_told_once() -> None:
    plugin = FakePlugin()
    plugin.rules, plugin.serial = {"mode": Choice(("a", "b"), "a"), "mix": Parameter("%", 0, 100, 50)}, 1
    sync = TempoSync(plugin, {"mode": "1/4", "mix": "1/4", "gone": "1/4"}, "plug-in X")
    for bpm in (120, 90):
        sync.follow(Transport(bpm=bpm))
    assert plugin.told == [] and len(sync.errors) == 3
    assert "sync.mix" in sync.errors[1] and "%" in sync.errors[1] and "no such parameter" in sync.errors[2]


class One:
    latency, tail = 3, 5

    def prepare(self, rate: int, max_frames: int) -> None: ...
    def process(self, events: object, out: AudioBlock, transport: Transport) -> None:
        out[:] = 1.0

    def reset(self) -> None: ...
    def close(self) -> None: ...


def test_scaled_plays_the_same_at_another_level() -> None:
    scaled = Scaled(One(), -20.0)
    scaled.prepare(48000, 64)
    out = np.zeros((2, 64), np.float32)
    scaled.process([], out, Transport())
    assert out == pytest.approx(0.1) and (scaled.latency, scaled.tail) == (3, 5)

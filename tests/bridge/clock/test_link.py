"""Ableton Link: our session against a fake library, and two real ones in two processes over loopback multicast."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bridge.clock.masters import Masters

PEER = Path(__file__).with_name("link_peer.py")


class FakeLink:
    """aalink.Link, with a clock that is moved by hand."""

    now_ns = 0

    def __init__(self, bpm: float) -> None:
        self.tempo = bpm
        self.quantum = 1.0
        self.start_stop_sync_enabled = self.enabled = self.playing = False
        self.num_peers = 0
        self.zero_ns = 0
        self.looks = 0
        self.asked: list[Any] = []

    @property
    def beat(self) -> float:
        self.looks += 1
        return (FakeLink.now_ns - self.zero_ns) * self.tempo / 60e9

    @property
    def time(self) -> timedelta:
        return timedelta(microseconds=FakeLink.now_ns // 1000)

    def set_is_playing_and_request_beat_at_time(self, playing: bool, at: timedelta, beat: float) -> None:
        self.playing = playing
        self.zero_ns = round(at.total_seconds() * 1e9 - beat * 60e9 / self.tempo)
        self.asked.append((playing, beat))

    def request_beat_at_start_playing_time(self, beat: float) -> None:
        self.asked.append(beat)
        self.zero_ns = FakeLink.now_ns + 1_000_000_000


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module: Any = ModuleType("aalink")
    module.Link = FakeLink
    monkeypatch.setitem(sys.modules, "aalink", module)
    sys.modules.pop("bridge.clock.link", None)
    link = importlib.import_module("bridge.clock.link")
    FakeLink.now_ns = 50_000_000_000
    monkeypatch.setattr(link, "clock_ns", lambda: FakeLink.now_ns)
    session = link.LinkSession(120.0)
    yield session
    session.close()
    session.close()
    assert not session._link.enabled
    del sys.modules["bridge.clock.link"]  # it knows the fake


def test_play_begins_at_beat_0_a_moment_from_now(session: Any) -> None:
    link = session._link
    assert link.enabled and link.start_stop_sync_enabled and link.quantum == 4.0
    assert (session.playhead(FakeLink.now_ns).playing, session.playhead(FakeLink.now_ns).tick) == (False, 0.0)
    session.play()
    playhead = session.playhead(FakeLink.now_ns)
    assert playhead.playing and playhead.source == "Ableton Link" and playhead.bpm == 120.0
    assert playhead.tick == pytest.approx(-0.06 * 2 * 960)
    FakeLink.now_ns += 1_060_000_000
    assert session.playhead(FakeLink.now_ns).tick == pytest.approx(1920)
    assert link.asked == [(True, 0.0)], "our own start is not asked for again"
    session.stop()
    for _ in range(3):
        FakeLink.now_ns += 1_000_000_000
        playhead = session.playhead(FakeLink.now_ns)
        assert not playhead.playing and playhead.tick == pytest.approx(2 * 1920), "where it stopped was heard of"


def test_between_looks_the_beat_goes_on_at_its_tempo(session: Any) -> None:
    session.play()
    session.playhead(FakeLink.now_ns)
    looks = session._link.looks
    start = FakeLink.now_ns
    for ms in range(0, 100, 2):
        FakeLink.now_ns = start + ms * 1_000_000
        playhead = session.playhead(FakeLink.now_ns + 123_456, ahead_ns=7_000_000)
        assert playhead.ns == FakeLink.now_ns + 123_456
        assert playhead.tick == pytest.approx((ms - 60 + 7 + 0.123456) * 1.92, abs=1e-3)
    assert session._link.looks - looks <= 10


def test_a_start_by_others_is_counted_from_their_bar_line(session: Any) -> None:
    link = session._link
    session.playhead(FakeLink.now_ns)
    link.playing = True
    FakeLink.now_ns += 20_000_000
    assert session.playhead(FakeLink.now_ns).tick == pytest.approx(-1920)
    FakeLink.now_ns += 20_000_000
    session.playhead(FakeLink.now_ns)
    assert link.asked == [0.0], "once"
    link.playing = False
    FakeLink.now_ns += 20_000_000
    assert not session.playhead(FakeLink.now_ns).playing
    session.play(8.0)
    assert link.asked == [0.0, (True, 8.0)]


def test_a_tempo_is_kept_within_the_range(session: Any) -> None:
    for bpm, kept in ((90.0, 90.0), (5.0, 20.0), (999.0, 400.0)):
        session.set_bpm(bpm)
        assert session.bpm == kept
        assert session.playhead(FakeLink.now_ns).bpm == kept


def test_without_aalink_the_error_says_what_to_install() -> None:
    program = ("import sys; sys.modules['aalink'] = None\nfrom bridge.errors import DeviceError\n"
               "try:\n import bridge.clock.link\nexcept DeviceError as error:\n print(error)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "Ableton Link needs the Python package aalink: pip install 'sideman[link]'\n"


# -- the real thing ----------------------------------------------------------------------------------------------


class Peer:
    """link_peer.py in a process of its own."""

    def __init__(self, bpm: float) -> None:
        self._process = subprocess.Popen([sys.executable, str(PEER), str(bpm)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)

    def say(self, line: str = "look") -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait(5.0)


def until(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    """Wait for the network and another process: there is no clock of ours to fake."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.003)
    return True


@pytest.fixture
def two() -> Iterator[tuple[Any, Peer]]:
    """(our session, another program), in one Link session."""
    pytest.importorskip("aalink", reason="aalink is not installed: pip install 'sideman[link]'")
    from bridge.clock.link import LinkSession

    ours, peer = LinkSession(90.0), Peer(120.0)
    try:
        if not until(lambda: ours.peers == 1 and peer.say()["peers"] == 1, 8.0):
            pytest.skip("two Link peers on this machine do not find each other: it has no multicast")
        yield ours, peer
    finally:
        ours.close()
        peer.close()


def errors_ms(ours: Any, peer: Peer, follow: Callable[[], object], looks: int = 60) -> list[float]:
    """Our position in the bar against the other program's, at the same moments of the machine's clock."""
    errors = []
    for _ in range(looks):
        answer = peer.say()
        playhead = ours.playhead(answer["ns"])
        away = (playhead.tick / 960 - answer["beat"] + 2.0) % 4.0 - 2.0
        errors.append(away * 60_000 / playhead.bpm)
        follow()
        time.sleep(0.007)
    return errors


def test_two_programs_play_as_one(two: tuple[Any, Peer]) -> None:
    """They start on one bar line, tempo changes go both ways, and stop is for both. Phase: 1 ms (Link promises 3)."""
    ours, peer = two
    masters = Masters(120.0, "link")
    events: list[str] = []

    def follow() -> bool:
        events.extend(event.change.name for event, _ in masters.see(ours.playhead(time.monotonic_ns())))
        return masters.running

    assert until(lambda: abs(ours.bpm - peer.say()["tempo"]) < 0.01)
    peer.say("play")
    assert until(follow)
    assert max(np.abs(errors_ms(ours, peer, follow))) < 1.0
    peer.say("tempo 133")
    assert until(lambda: follow() and abs(ours.playhead(time.monotonic_ns()).bpm - 133) < 0.01)
    assert max(np.abs(errors_ms(ours, peer, follow))) < 1.0
    follow()
    ours.set_bpm(101.0)
    assert until(lambda: follow() and abs(peer.say()["tempo"] - 101) < 0.01)
    assert max(np.abs(errors_ms(ours, peer, follow))) < 1.0
    follow()
    assert "STOPPED" not in events and events.count("STARTED") == 1
    peer.say("stop")
    assert until(lambda: not follow() and "STOPPED" in events)
    ours.play()
    assert until(lambda: peer.say()["playing"])
    assert until(lambda: follow() and events.count("STARTED") == 2)
    assert masters.leader is not None and abs(masters.leader.line.tick_at(time.monotonic_ns())) < 200
    assert max(np.abs(errors_ms(ours, peer, follow))) < 1.0


def test_asking_never_takes_long(two: tuple[Any, Peer]) -> None:
    ours, _ = two
    ours.play()
    costs = []
    for _ in range(2000):
        began = time.perf_counter_ns()
        ours.playhead(time.monotonic_ns())
        costs.append(time.perf_counter_ns() - began)
    assert np.percentile(costs, 99) < 100_000

"""Who leads: what each source follows, what it says of the rest, rivals, and time code and playheads through it all."""

from __future__ import annotations

import pytest

from bridge.clock.follower import Change, State
from bridge.clock.masters import Masters
from bridge.clock.mtc import MtcEncoder, Rate, Timecode
from bridge.driver import Playhead
from bridge.errors import SessionError
from bridge.tempo import TempoLine

MS = 1_000_000
SOURCES = ("auto", "midi", "internal", "mtc", "jack", "link")


class Desk:
    """A Masters and the machines that are plugged into it, on one clock."""

    def __init__(self, source: str = "auto", **options: str) -> None:
        self.masters = Masters(120.0, source, **options)  # type: ignore[arg-type]
        self.ns = 10_000 * MS
        self.told: list[tuple[str, str]] = []

    def hear(self, port: str, data: bytes) -> None:
        for event, _ in self.masters.hear(self.ns, port, data):
            self._keep(event.change, port)

    def _keep(self, change: Change, what: str) -> None:
        if change is not Change.TEMPO:
            self.told.append((what, change.name))

    def clocks(self, port: str, count: int, bpm: float = 120.0) -> None:
        for _ in range(count):
            self.hear(port, b"\xf8")
            self.wait(2500 / bpm)

    def wait(self, ms: float) -> None:
        self.ns += round(ms * MS)
        for event, _ in self.masters.elapse(self.ns):
            self._keep(event.change, "time")

    def timecode(self, port: str, quarters: int, frame: int = 0, rate: Rate = Rate.FPS_25) -> None:
        encoder = MtcEncoder(rate, frame)
        for _, message in encoder.take(4 * frame, 4 * frame + quarters):
            self.hear(port, message)
            self.wait(rate.quarter_ns / MS)

    def see(self, playing: bool, tick: float | None, bpm: float | None = 120.0, seconds: float = 0.0) -> None:
        for event, _ in self.masters.see(Playhead(self.ns, "JACK transport", playing, tick, seconds, bpm)):
            self._keep(event.change, "playhead")

    def notices(self) -> list[str]:
        taken, self.masters.notices[:] = [*self.masters.notices], []
        return taken


@pytest.mark.parametrize("source", SOURCES)
def test_only_what_the_source_names_is_followed(source: str) -> None:
    desk = Desk(source)
    desk.hear("A", b"\xfa")
    desk.clocks("A", 30)
    clock = desk.masters.running
    desk.hear("A", b"\xfc")
    desk.masters.release()
    desk.timecode("B", 40)
    timecode = desk.masters.running
    desk.wait(500)
    desk.masters.release()
    desk.see(False, 0.0)
    desk.see(True, 0.0)
    playhead = desk.masters.running
    assert clock is (source in ("auto", "midi"))
    assert timecode is (source == "mtc")
    assert playhead is (source in ("jack", "link"))


def test_what_comes_in_and_is_not_followed_is_said_once() -> None:
    clock = 'MIDI clock comes in at A: source = "midi" under [clock] follows it'
    code = 'MTC comes in at B: source = "mtc" under [clock] follows it'
    for source, expected in {"auto": [code], "midi": [code], "internal": [], "mtc": [clock], "jack": [clock, code],
                             "link": [clock, code]}.items():
        desk = Desk(source)
        for _ in range(2):
            desk.hear("A", b"\xfa")
            desk.clocks("A", 10)
            desk.hear("A", b"\xfc")
            desk.masters.release()
            desk.timecode("B", 20)
            desk.wait(500)
            desk.masters.release()
        assert desk.notices() == expected


def test_nothing_is_said_of_mtc_beside_a_clock_that_leads() -> None:
    """Many masters send both."""
    desk = Desk()
    desk.hear("A", b"\xfa")
    for _ in range(30):
        desk.clocks("A", 1)
        desk.hear("A", b"\xf1\x00")
    assert desk.notices() == [] and desk.masters.running


def test_clocks_without_start_are_no_reason_to_speak() -> None:
    desk = Desk("mtc")
    desk.clocks("A", 100)
    assert desk.notices() == []


@pytest.mark.parametrize("source", SOURCES)
def test_state_while_nobody_leads(source: str) -> None:
    masters = Desk(source).masters
    assert masters.state == ("own" if source in ("auto", "internal") else "waiting")
    assert (masters.running, masters.lost, masters.jitter_ms, masters.own_tempo) == (False, False, 0.0, True)


def test_time_code_through_bytes_silence_and_back() -> None:
    desk = Desk("mtc", mtc_start="01:00:00:00")
    frame = Timecode(1, 0, 2, 0).frame(Rate.FPS_25)
    desk.hear("tape", MtcEncoder(Rate.FPS_25).full_frame(frame))
    assert desk.told == [("tape", "LOCATED")] and not desk.masters.running
    desk.timecode("tape", 100, frame)
    masters = desk.masters
    assert (masters.state, masters.name, masters.own_tempo) == ("following", "tape", True)
    assert masters.leader is not None
    assert masters.leader.line.tick_at(desk.ns) == pytest.approx((2 + 1) * 1920, abs=0.1)
    assert masters.heard(desk.ns) and masters.jitter_ms < 0.1
    desk.wait(100)
    assert masters.running
    desk.wait(100)
    assert (masters.state, masters.running, masters.lost) == ("stopped", False, False)
    desk.timecode("tape", 40, frame)
    assert [name for _, name in desk.told] == ["LOCATED", "STARTED", "STOPPED", "STARTED"]
    desk.wait(5000)
    assert not masters.heard(desk.ns)


def test_a_tempo_set_by_the_user_moves_what_is_counted_by_it() -> None:
    desk = Desk("mtc")
    desk.timecode("tape", 40, 250)
    desk.masters.bpm = 60.0
    desk.timecode("tape", 10, 260)
    assert desk.masters.leader is not None
    assert desk.masters.leader.line.tick_at(desk.ns) == pytest.approx(10.5 * 960, abs=0.1)
    assert [name for _, name in desk.told] == ["STARTED", "STARTED"]
    desk.timecode("other", 40, 500)  # a port that is heard for the first time counts by it, too
    seconds = Desk("jack")
    seconds.masters.bpm = 60.0
    seconds.see(True, None, None, 3.0)
    leader = seconds.masters.leader
    assert leader is not None and leader.line.tick_at(seconds.ns) == pytest.approx(2880)
    assert seconds.masters.own_tempo
    seconds.see(True, 2880.0, 60.0, 3.0)
    assert not seconds.masters.own_tempo


def test_a_start_of_mtc_that_is_none_is_refused() -> None:
    with pytest.raises(SessionError, match=r"clock.mtc_start = '25:00:00:00': give"):
        Masters(120.0, "mtc", mtc_start="25:00:00:00")


def test_two_clocks_one_leads_and_the_other_is_told_once() -> None:
    desk = Desk()
    desk.hear("A", b"\xfa")
    desk.clocks("A", 40)
    for _ in range(3):
        desk.hear("B", b"\xfa")
        for _ in range(10):
            desk.clocks("A", 1)
            desk.hear("B", b"\xf8")
    assert desk.masters.name == "A"
    assert desk.notices() == ["B sent Start, but A leads: stop that one first"]
    assert not any(port == "B" for port, _ in desk.told)


def test_two_tapes_one_leads_and_the_other_is_told_once() -> None:
    desk = Desk("mtc")
    desk.timecode("A", 40, 1000)
    a, b = MtcEncoder(Rate.FPS_25, 1000), MtcEncoder(Rate.FPS_25, 9000)
    for quarter in range(40, 400):
        desk.hear("A", a.quarter_frame(4000 + quarter))
        if quarter % 100 < 60:  # B plays, stops, and plays again
            desk.hear("B", b.quarter_frame(36_000 + quarter))
        desk.wait(10)
    assert desk.masters.name == "A"
    assert desk.notices() == ["B began to play, but A leads: stop that one first"]
    assert desk.told == [("A", "STARTED")]


def test_a_rival_takes_over_once_the_leader_has_been_silent() -> None:
    desk = Desk()
    desk.hear("A", b"\xfa")
    desk.clocks("A", 40)
    desk.wait(2100)
    desk.hear("B", b"\xfa")
    desk.clocks("B", 10)
    assert desk.masters.name == "B"


def _two_that_play() -> Desk:
    """A leads at 120 BPM; B, refused, is at clock 30 of its own."""
    desk = Desk()
    desk.hear("A", b"\xfa")
    desk.clocks("A", 40)
    desk.hear("B", b"\xfa")
    for _ in range(30):
        desk.clocks("A", 1)
        desk.hear("B", b"\xf8")
    desk.notices()
    return desk


def test_a_refused_clock_that_plays_leads_two_seconds_after_the_leader_fell_silent() -> None:
    desk = _two_that_play()
    masters = desk.masters
    a, gone = masters.leader, desk.ns
    while desk.ns - gone < 1900 * MS:
        desk.clocks("B", 1)
        assert a is not None
        a.check(desk.ns)
        assert masters.leader is a
    assert masters.lost
    desk.clocks("B", 10)
    assert (masters.name, masters.state) == ("B", "following")
    assert masters.leader is not None
    tick = (29 + (desk.ns - gone) / MS * 0.048) * 40
    assert masters.leader.line.tick_at(desk.ns) == pytest.approx(tick, abs=41)
    assert desk.notices() == ["A has been silent for 2 s: B leads now"]
    assert [told for told in desk.told if told[0] == "B"] == [("B", "STARTED")]
    desk.clocks("A", 30)  # it is back: too late
    assert masters.name == "B"


@pytest.mark.parametrize("why", ["the leader has stopped", "the rival has stopped", "on_loss is stop", "released"])
def test_a_refused_clock_needs_a_start(why: str) -> None:
    desk = _two_that_play()
    a = desk.masters.leader
    assert a is not None
    match why:
        case "the leader has stopped":
            desk.hear("A", b"\xfc")
        case "the rival has stopped":
            desk.hear("B", b"\xfc")
        case "on_loss is stop":
            desk.masters.succession = False
        case "released":
            desk.masters.release()
    for _ in range(200):
        desk.clocks("B", 1)
        a.check(desk.ns)
    assert desk.masters.name == ("" if why == "released" else "A")
    desk.hear("B", b"\xfa")
    desk.clocks("B", 2)
    assert desk.masters.name == "B"


@pytest.mark.parametrize("from_start", [True, False])
def test_two_masters_on_one_input_are_told_of_once(from_start: bool) -> None:
    desk = Desk()
    desk.hear("A", b"\xfa")
    if not from_start:
        desk.clocks("A", 60)
    begun = desk.ns
    clocks = sorted([(i * 2500 / 120, True) for i in range(240)] + [(7 + i * 2500 / 93, False) for i in range(186)])
    own = 0
    for ms, first in clocks:
        desk.ns = begun + round(ms * MS)
        desk.hear("A", b"\xf8")
        own += first
        if first and own > 60:
            leader = desk.masters.leader
            assert leader is not None
            tick = (own - 1 + (0 if from_start else 60)) * 40
            assert leader.line.tick_at(desk.ns) == pytest.approx(tick, abs=1)
    assert desk.notices() == ["two masters seem to send clock to A: disconnect one"]
    assert desk.masters.leader is not None and desk.masters.leader.line.bpm == pytest.approx(120.0, abs=0.1)


def test_the_one_of_two_masters_on_an_input_that_remains_can_lead() -> None:
    desk = Desk()
    desk.hear("A", b"\xfa")
    begun = desk.ns
    for ms in sorted([i * 2500 / 120 for i in range(192)] + [7 + i * 2500 / 93 for i in range(149)]):
        desk.ns = begun + round(ms * MS)
        desk.hear("A", b"\xf8")
    desk.hear("A", b"\xfc")
    desk.wait(2500 / 93)
    desk.clocks("A", 48, 93.0)
    desk.hear("A", b"\xfa")
    desk.clocks("A", 49, 93.0)
    leader = desk.masters.leader
    assert leader is not None and leader.state is State.RUNNING
    assert leader.line.bpm == pytest.approx(93.0, abs=0.1)
    assert leader.line.tick_at(desk.ns) == pytest.approx(49 * 40, abs=1)
    assert desk.notices() == ["two masters seem to send clock to A: disconnect one"]


def test_released_and_led_again() -> None:
    desk = Desk("jack")
    desk.see(True, 0.0)
    desk.masters.release()
    assert (desk.masters.leader, desk.masters.name, desk.masters.state) == (None, "", "waiting")
    desk.see(False, 100.0)
    desk.see(True, 100.0)
    assert desk.masters.running and desk.masters.name == "JACK transport"


@pytest.mark.parametrize("source", ["auto", "mtc", "jack"])
def test_taking_over_from_an_engine_that_died(source: str) -> None:
    desk = Desk(source)
    line = TempoLine(120.0, 9600.0, desk.ns)  # 5 s
    desk.masters.resume("A", line)
    assert (desk.masters.name, desk.masters.lost, desk.masters.state) == ("A", True, "lost")
    desk.wait(120)
    match source:
        case "auto":
            desk.wait(5)  # six clocks at 120 BPM
            desk.clocks("A", 30)
        case "mtc":
            desk.timecode("A", 40, 128)
        case "jack":
            desk.see(True, 9600 + 230.4)
    leader = desk.masters.leader
    assert leader is not None and leader.state is State.RUNNING
    assert [name for _, name in desk.told] == ["FOUND"]
    assert leader.line.tick_at(desk.ns) == pytest.approx(line.tick_at(desk.ns), abs=3)


def test_a_link_session_is_joined_at_the_bar_line() -> None:
    desk = Desk("link")
    desk.see(True, 5000.0)
    leader = desk.masters.leader
    assert leader is not None and leader.line.tick_at(desk.ns) == 5000
    three = Masters(120.0, "link", bar_ticks=2880)
    ((event, _),) = three.see(Playhead(0, "Ableton Link", True, 5000.0, 2.6, 120.0))
    assert (event.change, event.tick) == (Change.STARTED, 5760)

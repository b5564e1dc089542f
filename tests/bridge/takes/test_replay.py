"""A take played again is what was played, to the last bit, whatever the engine was given."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings
from take_stage import Live, a_session, a_setup, replayed, take_of

from bridge.driver import Playhead
from bridge.engine.inbox import ComposerBack, Halt, Locate, NewPlan, Play, SetParameter, SetTempo
from bridge.engine.rig_change import RigWithdrawn
from bridge.engine_link import Resume
from bridge.errors import TakeError
from bridge.session import Session
from bridge.takes.replay import Again, Replay
from bridge.takes.take_file import RecordKind, encode_record
from bridge.takes.values import encode

CLOCK = b"\xf8"
COMMANDS = st.one_of(
    st.just(Play()), st.just(Halt()), st.builds(Locate, st.integers(0, 40)),
    st.builds(SetTempo, st.floats(30, 300)), st.just(ComposerBack()),
    st.builds(SetParameter, st.sampled_from(["a.b", "no.such", "mixer.master.gain_db"]), st.floats(-60, 6),
              st.one_of(st.none(), st.floats(0, 2))),
)
SOURCES = st.sampled_from(["clock in", "keys"])
MESSAGES = st.sampled_from([CLOCK, b"\xfa", b"\xfb", b"\xfc", b"\xf2\x10\x00", b"\x90\x3c\x40", b"\x80\x3c\x40",
                             b"\xf0"])


@st.composite
def steps(draw: Any) -> list[dict[str, Any]]:
    """What comes in, block by block; most blocks bring nothing, as in life."""
    made: list[dict[str, Any]] = []
    epoch = 1
    for _ in range(draw(st.integers(1, 12))):
        commands = draw(st.lists(COMMANDS, max_size=2))
        if draw(st.booleans()):
            epoch += 1
            beats = draw(st.sampled_from([3, 4]))
            commands.append(NewPlan(epoch, beats, 4, draw(st.sampled_from([None, 2, 30])), draw(st.booleans())))
        quiet = draw(st.integers(0, 120))
        sizes = draw(st.sampled_from([(128,), (64, 441, 1024), (16,), (480, 512)]))
        made.append({
            "commands": commands, "midi": draw(st.lists(st.tuples(st.integers(-20_000_000, 40_000_000), SOURCES,
                                                                  MESSAGES), max_size=4)),
            "jitter_ns": draw(st.integers(-3_000_000, 3_000_000)), "frames": sizes[0],
            "skip": draw(st.sampled_from([0, 0, 0, 1024])), "delay": draw(st.integers(0, 60)),
        })
        made += [{"frames": sizes[i % len(sizes)], "delay": draw(st.sampled_from([1, 300]))} for i in range(quiet)]
    return made


def play(live: Live, made: list[dict[str, Any]]) -> None:
    for step in made:
        live.skipped += step.get("skip", 0)
        live.step(*step.get("commands", ()), frames=step["frames"], midi=step.get("midi", ()),
                  jitter_ns=step.get("jitter_ns", 0), delay=step["delay"])


@settings(max_examples=25)
@given(steps(), st.sampled_from(["auto", "midi", "internal"]), st.sampled_from(["continue", "stop"]))
def test_whatever_comes_in_the_same_goes_out_again(made: list[dict[str, Any]], source: str, on_loss: str) -> None:
    live = Live(a_setup(session=a_session(source=source, on_loss=on_loss)))
    live.step(Play())
    play(live, made)
    assert replayed(take_of(live)) == live.played


def clocked(live: Live, seconds: float, bpm: float, jitter: list[int]) -> None:
    """A MIDI clock, each clock late by its own amount; it starts after a tenth of a second."""
    sent = [(100_000_000, b"\xfa")]
    sent += [(101_000_000 + round(i * 2.5e9 / bpm) + jitter[i % len(jitter)], CLOCK)
             for i in range(int(seconds * bpm / 2.5))]
    begun = live.now_ns
    while live.now_ns - begun < seconds * 1e9:
        now, length = live.now_ns - begun, live.frames * 1_000_000_000 // 48_000
        live.step(midi=[(ns - now, "clock in", data) for ns, data in sent if now <= ns < now + length],
                  jitter_ns=jitter[len(live.played) % len(jitter)] // 3)


@settings(max_examples=4)
@given(st.floats(60, 200), st.lists(st.integers(-900_000, 900_000), min_size=3, max_size=11))
def test_a_jittery_clock_is_followed_as_it_was(bpm: float, jitter: list[int]) -> None:
    live = Live(a_setup())
    live.step(delay=0)
    clocked(live, 4.0, bpm, jitter)
    live.shell.compensation_ns = {"clock in": 3_000_000}
    clocked(live, 1.0, bpm * 1.1, jitter)
    assert live.engine.playing
    assert any(midi for midi, _ in live.played)
    assert replayed(take_of(live)) == live.played


def test_late_bars_are_repeated_again_as_they_were() -> None:
    live = Live(a_setup())
    live.step(Play(), delay=0)
    for i in range(6000):
        live.step(delay=0 if i < 1500 else 5000)
    assert live.engine.timeline.repeated_bars > 0
    assert replayed(take_of(live)) == live.played


@pytest.mark.parametrize("source", ["JACK transport", "Ableton Link"])
def test_another_programs_transport_is_followed_as_it_was(source: str) -> None:
    live = Live(a_setup(session=a_session(source="jack")))
    frame, jump = 0, 0.0
    for i in range(3000):
        playing = 200 < i < 2600
        jump += 1920.0 if i == 1500 else 0.0
        wobble = (i * 7919 % 13) * 1e-4 if source == "Ableton Link" else 0.0
        tick = frame / 48_000 * 100 * 16 + jump + wobble
        if i == 2000:
            live.step()  # a cycle without it
            continue
        live.step(playhead=Playhead(0, source, playing, tick, frame / 48_000, 100.0), delay=0)
        frame += 128 if playing else 0
    assert live.engine.notes_begun > 10
    take = take_of(live)
    assert replayed(take) == live.played
    if source == "JACK transport":
        assert len(take) < 30_000


def test_a_transport_without_bars_is_followed_as_it_was() -> None:
    live = Live(a_setup(session=a_session(source="jack")))
    for i in range(1500):
        live.step(playhead=Playhead(0, "JACK transport", i > 100, None, max(0, i - 100) * 128 / 48_000), delay=0)
    take = take_of(live)
    assert replayed(take) == live.played
    assert len(take) < 30_000


def test_an_engine_that_takes_over_goes_on_as_it_did() -> None:
    first = Live(a_setup())
    first.step(Play(), delay=0)
    for _ in range(2000):
        first.step(delay=0)
    ns = first.now_ns + 40_000_000
    resume = Resume(first.engine.position, first.now_ns, 131.7, "")
    second = Live(a_setup(frame0=first.frame + 1920, recovering=True, used=(3, 1), resume=resume, epoch=4),
                  now_ns=ns + 12_345)
    for i in range(1500):
        second.step(jitter_ns=i * 31 % 977, delay=0)
    assert second.engine.playing and second.engine.notes_begun > 5
    assert replayed(take_of(first, second)) == first.played + second.played


def test_a_block_that_failed_fails_again_and_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge.engine.player import Player

    advance, calls = Player.advance, [0]

    def failing(self: Player, ns: int, last: int | None = None) -> bool:
        calls[0] += 1
        if calls[0] == 700:
            raise ZeroDivisionError
        return advance(self, ns, last)

    monkeypatch.setattr(Player, "advance", failing)
    live = Live(a_setup())
    live.step(Play(), delay=0)
    for _ in range(1500):
        live.step(delay=0)
    assert calls[0] > 700
    calls[0] = 0
    assert replayed(take_of(live)) == live.played


def test_what_plugins_said_and_how_late_they_were_is_kept() -> None:
    from instruments.block import FrameEvent, Kind

    live = Live(a_setup())
    live.step(Play(), delay=0)
    for i in range(1200):
        live.rig.midi_out = [(1, FrameEvent(i % 128, Kind.ON, 2, 60, 99.5))] if i % 50 == 0 else ()
        live.rig.latency = 0 if i < 400 else 512
        live.step(delay=0)
    assert any(message.data[:1] == b"\x92" for midi, _ in live.played for message in midi)
    assert replayed(take_of(live)) == live.played


def changed_band() -> Session:
    """The trio with another piano, without its bass, and with a fourth."""
    session = a_session()
    piano, _, drums = session.tracks
    other = msgspec.structs.replace(piano, name="more", instrument="rhodes")
    return msgspec.structs.replace(session, tracks=[msgspec.structs.replace(piano, instrument="organ"), drums, other])


def test_instruments_that_change_while_it_plays_change_again() -> None:
    """With rigs that sound: one taken over, one that is not wanted any more, and back."""
    live = Live(a_setup(), real=True)
    live.step(Play(), delay=0)
    for _ in range(300):
        live.step(delay=0)
    number = live.stand_by(changed_band(), 2)
    live.step(NewPlan(2, 4, 4, None, False, "beat", number), delay=0)
    for _ in range(500):
        live.step(delay=0)
    assert live.engine.rig_number == number
    live.rig = live.shell._rig
    unwanted = live.stand_by(a_session(), 3)
    live.step(delay=0)
    live.shell.rigs.append(RigWithdrawn(unwanted))
    for _ in range(30):
        live.step(delay=0)
    number = live.stand_by(a_session(), 4)
    live.step(NewPlan(4, 4, 4, None, False, "beat", number), SetParameter("mixer.bass.gain_db", -9.0, 0.1), delay=0)
    for _ in range(500):
        live.step(delay=0)
    assert live.engine.rig_number == number
    take = take_of(live)
    silent = Replay(take, sound=False)
    assert [list(each.midi) for each in silent.blocks() if isinstance(each, Again)] == [midi for midi, _ in live.played]
    assert silent.port_names == {0: "piano", 1: "bass", 2: "drums", 3: "clock out", 4: "more"}
    sounding = [(list(each.midi), each.audio.tobytes()) for each in Replay(take).blocks() if isinstance(each, Again)]
    assert sounding == live.played
    assert len({audio for _, audio in live.played}) > 1000
    without = take.replace(encode_record(RecordKind.REBUILD, encode(live.rebuilds[0])), b"")
    with pytest.raises(TakeError, match="rig 1 took over, and nothing says"):
        list(Replay(without, sound=False).blocks())

"""The main job over a real jackd: a third-party master leads, and every note is where its clock says."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest

from bridge.bench.stage import Player, own_ticks
from bridge.bench.sync import Stretch, compare, stretches
from bridge.jack.peers import ClockMaster, JackServer
from bridge.jack.recorder import JackRecorder, Recording
from bridge.offline import clips_of
from bridge.session import Session, load

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(120)]
TRACKS = ("piano", "bass", "drums")
RATE = 48_000


@pytest.fixture(scope="module")
def session() -> Session:
    return load("jazz-trio").with_music(tempo=100.0)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Alone at first; start at 120, live change to 90, stop, locate to 8 s, continue, stop."""
    for program in ("jackd", "jack_midi_clock"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt-get install jackd2 jack-midi-clock")
    file = own_ticks("jazz-trio", tmp_path_factory.mktemp("play"))
    arguments = (str(file), "--audio", "jack", "--port", "0", "--clock-port", ClockMaster.PORT, "--tempo", "100")
    with (
        JackServer(sync=True) as server,
        ClockMaster(server, 120) as master,
        Player(*arguments, environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        recorder = JackRecorder([ClockMaster.PORT, *(f"sideman:{t}" for t in TRACKS)],
                                ["sideman:out_l", "sideman:out_r"], server=server.name)
        with recorder:
            assert recorder.connected(), player.output
            time.sleep(3)
            master.play()
            time.sleep(6)
            master.tempo(90)
            time.sleep(6)
            master.halt()
            time.sleep(1)
            master.locate(8)
            time.sleep(0.5)
            master.play()
            time.sleep(5)
            master.halt()
            time.sleep(1.5)
        seconds = player.stop()
        assert seconds < 1.0, f"Ctrl-C took {seconds:.2f} s"
    assert recorder.recording is not None
    return recorder.recording


@pytest.fixture(scope="module")
def played(recording: Recording) -> list[Stretch]:
    found = stretches(recording.midi[ClockMaster.PORT])
    assert len(found) == 2, [(s.tick0, len(s.frames)) for s in found]
    assert found[0].tick0 == 0 and found[1].tick0 > 0
    return found


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("which", [0, 1])
def test_every_note_is_where_the_masters_clock_says(
    recording: Recording, played: list[Stretch], session: Session, track: str, which: int
) -> None:
    stretch = played[which]
    end = int(stretch.ticks[-2])
    clip = clips_of(session, 40)[track]
    match = compare(recording.midi[f"sideman:{track}"], clip, stretch, end, recording.rate)
    assert len(match.errors_ms) >= 3
    assert (match.lost, match.stuck) == (0, 0)
    assert match.extra == 0
    errors = np.sort(np.abs(match.errors_ms))
    # A master's own clocks say a new tempo only one clock late: the one note that may fall between is early by that.
    assert np.percentile(errors, 50) <= 3
    assert np.percentile(errors[:-1], 95) <= 6
    assert errors[-1] <= 30


def test_the_band_plays_alone_before_and_is_silent_after(recording: Recording, played: list[Stretch]) -> None:
    ons = np.concatenate([recording.frames_of(f"sideman:{t}", 0x90) for t in TRACKS])
    assert ((ons < played[0].frames[0]) & (ons > played[0].frames[0] - 3 * RATE)).sum() > 10
    assert (ons > played[1].frames[-1] + RATE // 40).sum() == 0


def test_the_audio_begins_again_with_the_first_clock_after_the_stop(
    recording: Recording, played: list[Stretch]
) -> None:
    """Between Stop and Continue the tails die away; the first hit after Continue is heard where its note is."""
    audio = np.abs(recording.audio).max(axis=0)
    start = int(played[1].frames[0] - recording.frame0)
    ons = np.concatenate([recording.frames_of(f"sideman:{t}", 0x90) for t in TRACKS]) - recording.frame0
    first = int(ons[ons >= start - 64].min())
    before = audio[first - RATE // 4 : first].max()
    loud = np.flatnonzero(audio[first : first + RATE // 2] > max(4 * before, 0.02))
    assert len(loud), "no sound after Continue"
    assert loud[0] / RATE * 1000 <= 40, f"sound {loud[0] / RATE * 1000:.1f} ms after its note"


def test_the_sound_is_whole(recording: Recording) -> None:
    assert np.isfinite(recording.audio).all()
    assert 0.1 < np.abs(recording.audio).max() <= 10 ** (-1 / 20) + 1e-4

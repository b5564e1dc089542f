"""How the browser plays a stream: to the sample as Python's clients do, cleanly resampled, without clicks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from javascript import run

from bridge.stream import playback, resampling, sync
from bridge.stream.playback import Playback
from bridge.stream.server_clock import ServerClock
from bridge.stream.sync import EarlySchedule, Moment, Steering, SyncSchedule
from bridge.stream.wire import Audio

pytestmark = pytest.mark.peer("node")
NS = 1_000_000_000


def numbers(module: Any) -> dict[str, float]:
    return {name: value for name, value in vars(module).items()
            if name.lstrip("_").isupper() and isinstance(value, int | float)}


def test_both_sides_have_the_same_constants() -> None:
    theirs = run('return [(await load("sync.js")).SYNC, (await load("playback.js")).PLAYBACK]')
    ours = numbers(sync)
    assert theirs[0] == {name: ours[name] for name in theirs[0]}
    assert set(ours) - set(theirs[0]) <= {"NS", "_ANCHORS"}
    ours = numbers(playback) | numbers(resampling)
    assert theirs[1] == {name: ours.get(name, ours.get(f"_{name}")) for name in theirs[1]}


def test_steering_goes_the_same_way() -> None:
    dice = random.Random(3)
    errors = [dice.gauss(0.001, 0.002) for _ in range(500)] + [0.0] * 100
    theirs = run("""const { Steering } = await load("sync.js");
      const steering = new Steering();
      return given[0].map((error) => [steering.step(error, 0.0027), steering.drift]);""", errors)
    steering = Steering()
    for error, found in zip(errors, theirs, strict=True):
        assert found == pytest.approx([steering.step(error, 0.0027), steering.drift], abs=1e-12)


Block = tuple[int, int, int, int, int]


def blocks(seed: int) -> list[Block]:
    """(frame0, frames, rate, server ns, ours on arrival): uneven, with a gap, and a new stream after a pause."""
    dice = random.Random(seed)
    found, frame, arrived = [], 48_000, 0
    for number in range(900):
        frame = {300: frame + 4096, 800: 0}.get(number, frame)
        frames = dice.choice((64, 128, 512))
        due = 5 * NS + frame * NS // 48_000 + (number >= 800) * 30 * NS
        arrived = max(arrived, due + 1_000_000 + round(dice.expovariate(1 / 3e6)))
        found.append((frame, frames, 48_000, due + 70 * NS, arrived))
        frame += frames
    return found


def test_schedules_want_the_same_frames() -> None:
    came = blocks(4)
    theirs = run("""
      const { EarlySchedule, SyncSchedule } = await load("sync.js");
      const { ServerClock } = await load("serverclock.js");
      const clock = new ServerClock();
      for (let n = 0; n < 20; n++) clock.add(n * 1e8, 70e9 + n * 1e8 + 5e5, n * 1e8 + 1e6);
      const [early, together] = [new EarlySchedule(16), new SyncSchedule(() => clock, 150e6, -20e6)];
      return given[0].map((block) => {
        early.hear(...block);
        together.hear(...block);
        const now = block[4] + 3e6;
        return [early.frameAt({ nowNs: now, frames: 128 }), together.frameAt({ heardNs: now + 30e6 })];
      });""", came)
    clock = ServerClock()
    for n in range(20):
        clock.add(n * 10**8, 70 * NS + n * 10**8 + 500_000, n * 10**8 + 1_000_000)
    early, together = EarlySchedule(16), SyncSchedule(clock, 150_000_000, -20_000_000)
    for block, found in zip(came, theirs, strict=True):
        early.hear(*block)
        together.hear(*block)
        moment = Moment(block[4] + 33_000_000, block[4] + 3_000_000, 128)
        assert found == pytest.approx([early.frame_at(moment), together.frame_at(moment)], rel=0, abs=1e-3)


class Line:
    """A schedule that is a straight line from block to block of the device."""

    behind_ns = ahead_ns = sync.RESYNC_NS

    def __init__(self) -> None:
        self.wanted = 0.0

    def hear(self, frame0: int, frames: int, rate: int, server_ns: int, arrived_ns: int) -> None: ...

    def frame_at(self, moment: Moment) -> float | None:
        return self.wanted


def test_playing_is_the_same_to_the_sample() -> None:
    """Noise with a gap, a stall and a jump of what is wanted, from 44.1 to 48 kHz: both sides give the same sound."""
    dice = np.random.default_rng(5)
    noise = np.round(dice.uniform(-0.5, 0.5, (2, 40_000)), 4).astype(np.float32)
    steps: list[tuple[Sequence[int], float]] = []  # the blocks that come, and what is wanted then
    sent, frame0, ratio = 0, 1_000_000, 44_100 / 48_000
    for pull in range(300):
        come = []
        while sent < (pull + 12) * 128 * ratio and not 150 < pull < 170:
            if sent // 256 not in (40, 41):
                come.append(sent)
            sent += 256
        steps.append((come, frame0 + 100.25 + pull * 128 * ratio * 1.0001 + (200.5 if pull > 220 else 0.0)))
    theirs = run("""
      const { Playback } = await load("playback.js");
      const [noise, steps, frame0] = given;
      const player = new Playback(48000);
      const [left, right] = [new Float32Array(128), new Float32Array(128)];
      const out = [[], []];
      steps.forEach(([come, wanted], n) => {
        for (const at of come) {
          const samples = new Float32Array(512);
          for (let k = 0; k < 256; k++) [samples[2 * k], samples[2 * k + 1]] = [noise[0][at + k], noise[1][at + k]];
          player.push(samples, 2, 44100, frame0 + at);
        }
        player.aim({ contextTime: 7, frame: wanted, rate: 44100, behindS: 0.002, aheadS: 0.002 });
        player.pull(left, right, 7);
        out[0].push(...left);
        out[1].push(...right);
      });
      return [out, player.report(7)];""", noise.tolist(), steps, frame0)
    line = Line()
    player = Playback(line, 48_000)
    ours = []
    for come, wanted in steps:
        for at in come:
            player.push(Audio(frame0 + at, 0, 44_100, noise[:, at:at + 256]), 0)
        line.wanted = wanted
        ours.append(player.pull(128, 0, 0))
    found, report = np.asarray(theirs[0]), theirs[1]
    assert report["underruns"] == player.report.late > 0 and report["resyncs"] == player.report.resyncs == 1
    assert report["lostFrames"] == player.report.lost_frames == 512
    assert report["frame"] == pytest.approx(player.report.frame, abs=1e-6)
    assert np.max(np.abs(found)) > 0.3
    assert np.max(np.abs(found - np.concatenate(ours, axis=1))) < 2e-5


@pytest.mark.parametrize(("rate", "output"), [(44100, 48000), (48000, 44100), (48000, 48000), (96000, 48000)])
def test_a_stream_of_another_rate_is_resampled_true(rate: int, output: int) -> None:
    """A sine: what comes out is that sine, band-limited, at the other rate."""
    result = run("""
      const { Playback } = await load("playback.js");
      const [rate, output] = given;
      const hz = 5000;
      const player = new Playback(output);
      const left = new Float32Array(128), right = new Float32Array(128);
      let sent = 0, power = 0, wrong = 0;
      for (let block = 0; block < 800; block++) {
        while (sent / rate < block * 128 / output + 0.09) {
          const samples = new Float32Array(512);
          for (let n = 0; n < 256; n++) {
            samples[2 * n] = Math.sin(2 * Math.PI * hz * (sent + n) / rate);
            samples[2 * n + 1] = -samples[2 * n];
          }
          player.push(samples, 2, rate, sent);
          sent += 256;
        }
        const at = block * 128 / output;
        player.aim({ contextTime: at, frame: 100 + at * rate * 1.0002, rate, behindS: 0.02, aheadS: 1 });
        player.pull(left, right, at);
        const step = player.ratio * (1 + player.correction);
        const from = player.frame - 128 * step;
        for (let n = 0; n < 128 && block > 200; n++) {
          const ideal = Math.sin(2 * Math.PI * hz * (from + n * step) / rate);
          power += ideal * ideal;
          wrong += (left[n] - ideal) ** 2 + (left[n] + right[n]) ** 2;
        }
      }
      return { snr: 10 * Math.log10(power / wrong), ...player.report(0) };""", rate, output)
    assert result["snr"] > 80, result
    assert result["underruns"] == 0 and 0 < result["correction"] <= sync.MAX_CORRECTION


def test_gaps_pauses_and_bursts_do_not_click() -> None:
    result = run("""
      const { Playback } = await load("playback.js");
      const player = new Playback(48000);
      const left = new Float32Array(128), right = new Float32Array(128);
      const ones = new Float32Array(256).fill(0.5);
      let frame = 0, largest = 0, last = 0, block = 0;
      const push = () => { player.push(ones, 2, 48000, frame); frame += 128; };
      const pull = (delay = 640) => {
        player.aim({ contextTime: 0, frame: 128 * block++ - delay, rate: 48000, behindS: 0.002, aheadS: 0.002 });
        player.pull(left, right, 0);
        for (const value of left) { largest = Math.max(largest, Math.abs(value - last)); last = value; }
      };
      for (let n = 0; n < 100; n++) { push(); pull(); }
      const steady = last;
      frame += 256;                                         // two blocks were lost on the way
      for (let n = 0; n < 100; n++) { push(); pull(); }
      const lost = player.lostFrames;
      for (let n = 0; n < 100; n++) pull();                 // the network stalls
      const dry = { underruns: player.underruns, playing: player.playing, last };
      for (let n = 0; n < 100; n++) push();                 // and all comes at once
      for (let n = 0; n < 100; n++) { push(); pull(); }
      const back = { playing: player.playing, last };
      for (let n = 0; n < 100; n++) { push(); pull(2640); } // now all is to be heard later: a jump
      const jumped = { resyncs: player.resyncs, last, largest };
      player.push(ones, 2, 48000, 10_000_000);              // a new stream
      pull();
      return { steady, lost, dry, back, jumped, playing: player.playing };""")
    assert result["steady"] == pytest.approx(0.5, abs=1e-3) and result["lost"] == 256
    assert result["dry"] == {"underruns": 1, "playing": False, "last": 0}
    assert result["back"]["playing"] and result["back"]["last"] == pytest.approx(0.5, abs=1e-3)
    assert result["jumped"]["resyncs"] == 1 and result["jumped"]["last"] == pytest.approx(0.5, abs=1e-3)
    assert result["jumped"]["largest"] < 0.02  # every end and begin fades
    assert not result["playing"]

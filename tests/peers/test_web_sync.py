"""Two tabs of a real Chromium and a Python client play the same sample at the same time, of what `sideman play` sends.

Each records what it is about to play, with the moments at which that is heard; sounds are then laid upon each other.
How the tabs' moments are told: a context's time -> performance.now() by the device's own stamps (getOutputTimestamp),
and from there to this machine's monotonic clock, which is the server's, by DevTools (NavigationStart).

A clock that is asked by round trips can be told by half the shortest one at best. On a quiet machine those take 0.3 ms;
where they are so long that this is more than QUIET_MS (a machine that others keep busy), so much more is allowed.
"""

from __future__ import annotations

import asyncio
import base64
import http.server
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from web_driver import Page, Tab, chromium

from bridge.bench.stage import Player
from bridge.client import MusicClient
from bridge.session import builtin_folder
from instruments.system_clock import clock_ns

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.timeout(150),
]
WEB = Path(__file__).resolve().parents[2] / "bridge" / "web"
RATE = 48_000
APART_MS = 1.0
QUIET_MS = 0.25
SECONDS = 0.6
WINDOWS = 5
LATENCY_MS = 1000
SOUND = '{ format: "int16", buffer: 1000 }'

TAP = """
registerProcessor("tap", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.port.onmessage = ({ data }) => Object.assign(this, { left: data, first: -1, parts: [] });
  }
  process([input], [output]) {
    input.forEach((channel, n) => output[n].set(channel));
    if (this.left > 0 && input.length) {
      if (this.first < 0) this.first = currentFrame;
      if (this.parts.length % 16 === 0) this.port.postMessage(null);
      this.parts.push(input[0].slice());
      if ((this.left -= 128) <= 0) this.port.postMessage({ first: this.first, parts: this.parts });
    }
    return true;
  }
});
"""
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module">
import { MusicClient } from "./client.js";
import { Player } from "./player.js";
window.begin = async (url, options, sound) => {
  const context = new AudioContext({ sampleRate: 48000 });
  const client = new MusicClient(url, sound);
  const player = await Player.create(context, client, options);
  await context.audioWorklet.addModule("./tap.js");
  const tap = new AudioWorkletNode(context, "tap", { outputChannelCount: [2] });
  player.node.connect(tap).connect(context.destination);
  await context.resume();
  player.start();
  Object.assign(window, { context, client, player, tap });
};
window.listen = async (frames) => {
  const lines = [];
  const troubles = () => player.report.underruns + player.report.resyncs;
  const before = troubles();
  const heard = new Promise((resolve) => {
    tap.port.onmessage = ({ data }) => {
      const { contextTime, performanceTime } = context.getOutputTimestamp();
      lines.push(performanceTime - contextTime * 1000);
      if (data) resolve(data);
    };
  });
  tap.port.postMessage(frames);
  const { first, parts } = await heard;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let text = "";
  for (let n = 0; n < bytes.length; n += 8192) text += String.fromCharCode(...bytes.subarray(n, n + 8192));
  lines.sort((a, b) => a - b);
  return { base64: btoa(text), firstMs: (first / context.sampleRate) * 1000 + lines[lines.length >> 1],
           rate: context.sampleRate, smooth: lines.at(-1) - lines[0] < 1 && troubles() === before };
};
</script>"""


class Heard(NamedTuple):
    """What was played: the first sample is heard at ns, by this machine's monotonic clock. smooth: meanwhile the device
    did not stand still, as one does that is imitated on a loaded machine, and nothing came too late."""

    samples: NDArray[np.float32]
    ns: float
    smooth: bool = True


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page that is not Sideman's own, beside the client's modules."""
    folder = tmp_path_factory.mktemp("site")
    for module in WEB.glob("*.js"):
        shutil.copy(module, folder)
    (folder / "tap.js").write_text(TAP, "utf-8")
    (folder / "index.html").write_text(PAGE, "utf-8")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def tabs() -> Iterator[tuple[Tab, Tab]]:
    with Page() as browser, browser.tab() as other:
        yield browser, other


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The whole program, playing; the address of its socket. All wait a second for sound: this tests no network."""
    text = (Path(builtin_folder()) / "jazz-trio.toml").read_text("utf-8")
    file = tmp_path_factory.mktemp("band") / "jazz-trio.toml"
    file.write_text(f"{text}\n[stream]\nsync_latency_ms = {LATENCY_MS}\n", "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Player(str(file), "--audio", "none", "--port", str(port), "--tempo", "200") as player:
        player.wait_for("Ctrl-C stops")
        yield f"ws://127.0.0.1:{port}/music"
        assert "Traceback" not in player.output


class Speaker(threading.Thread):
    """A Python client with a device that asks for 10 ms of sound in time, and plays it 25 ms later."""

    FRAMES, DEVICE_NS = 480, 25_000_000

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.over = threading.Event()
        self.blocks: list[tuple[int, NDArray[np.float32], int]] = []
        self.clock_ms = 0.0

    def run(self) -> None:
        asyncio.run(self._play())

    async def _play(self) -> None:
        async with MusicClient(self._url, audio_format="int16", buffer_ms=1000) as client:
            playback = client.playback(RATE, "sync")
            began, block = clock_ns(), 0
            while not self.over.is_set():
                now_ns = began + block * self.FRAMES * 1_000_000_000 // RATE
                await asyncio.sleep(max(0.0, (now_ns - clock_ns()) / 1e9))
                sound = playback.pull(self.FRAMES, now_ns + self.DEVICE_NS, now_ns)
                troubles = playback.report.late + playback.report.resyncs
                self.blocks.append((now_ns + self.DEVICE_NS, np.array(sound[0], np.float32), troubles))
                block += 1
                self.clock_ms = client.clock.error_ns / 1e6

    def heard(self, from_ns: float, to_ns: float) -> Heard:
        found = [block for block in self.blocks if from_ns <= block[0] <= to_ns]
        samples = np.concatenate([block[1] for block in found])
        return Heard(samples, float(found[0][0]), smooth=found[0][2] == found[-1][2])


def origin_ms(tab: Tab) -> float:
    """The monotonic clock where the tab's performance.now() is 0."""
    tab.call("Performance.enable", timeDomain="timeTicks")
    found = {entry["name"]: entry["value"] for entry in tab.call("Performance.getMetrics")["metrics"]}
    return float(found["NavigationStart"]) * 1000


def begin(tab: Tab, site: str, url: str, options: str = '{ mode: "sync" }', sound: str = SOUND) -> None:
    tab.open(site)
    tab.evaluate(f"begin({url!r}, {options}, {sound})")


def listen(tabs: tuple[Tab, ...]) -> list[Heard]:
    """What all of them play from now on, at the same time: no answer is waited for before all were asked."""
    for tab in tabs:
        tab.evaluate(f"window.result = listen({round(SECONDS * RATE / 128) * 128}), 0")
    found = []
    for tab in tabs:
        result = tab.evaluate("result")
        samples = np.frombuffer(base64.b64decode(result["base64"]), np.float32)
        assert result["rate"] == RATE
        found.append(Heard(samples, (origin_ms(tab) + result["firstMs"]) * 1e6, result["smooth"]))
    return found


def apart_ms(one: Heard, other: Heard) -> float:
    """By how much later `other` plays the same sound: the place of their correlation's peak, between the samples. NaN
    where they do not play the same all the while: one dropped out, or was silent, or looked at much later."""
    start = max(one.ns, other.ns)
    cut = [heard.samples[round((start - heard.ns) * RATE / 1e9):] for heard in (one, other)]
    count = min(map(len, cut))
    a, b = (samples[:count].astype(np.float64) for samples in cut)
    if count < RATE // 4 or np.std(a) < 1e-4 or np.std(b) < 1e-4:
        return float("nan")
    # What was cut off was rounded to whole samples.
    rounding = [(start - heard.ns) * RATE / 1e9 for heard in (one, other)]
    offset = (rounding[1] - round(rounding[1])) - (rounding[0] - round(rounding[0]))
    size = 1 << (2 * count).bit_length()
    product = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    reach = RATE // 4
    product = np.concatenate([product[-reach:], product[:reach + 1]])
    peak = int(np.argmax(product))
    low, top, high = product[peak - 1:peak + 2]
    lag = peak - reach
    both = np.linalg.norm(a[max(0, -lag):count - max(0, lag)]) * np.linalg.norm(b[max(0, lag):count - max(0, -lag)])
    if top < 0.95 * both:
        return float("nan")
    return float((lag + 0.5 * (low - high) / (low - 2 * top + high) - offset) / RATE * 1000)


def together(found: list[tuple[float, float, float]], tabs: tuple[Tab, Tab], speaker: Speaker) -> bool:
    """Whether the last windows were: on a busy machine clocks take their time to be known."""
    clocks_ms = [float(tab.evaluate("player.figures.clockMs")) for tab in tabs] + [speaker.clock_ms]
    one, two, python = (max(0.0, ms - QUIET_MS) for ms in clocks_ms)
    allowed = APART_MS + np.array([one + two, python + one, python + two])
    last = np.abs(found[-WINDOWS:])
    return len(last) == WINDOWS and bool(np.all(np.median(last, axis=0) < allowed))


def test_the_ruler_is_right() -> None:
    dice = np.random.default_rng(1)
    noise = np.convolve(dice.normal(size=3 * RATE), np.hanning(24), "same").astype(np.float32)
    one = Heard(noise[1000:2 * RATE], 7e9 + 1000 / RATE * 1e9)
    assert apart_ms(one, Heard(noise[3000:2 * RATE], 7e9 + 3000 / RATE * 1e9)) == pytest.approx(0, abs=0.01)
    assert apart_ms(one, Heard(noise[3000:2 * RATE], 7e9 + 3000 / RATE * 1e9 + 5.3e6)) == pytest.approx(5.3, abs=0.02)
    assert apart_ms(one, Heard(noise[:2 * RATE], 7e9 - 2.5e6)) == pytest.approx(-2.5, abs=0.02)
    assert np.isnan(apart_ms(one, Heard(noise[RATE:], 7e9)))


def test_two_tabs_and_a_python_client_play_the_same_sample_within_1_ms(
    tabs: tuple[Tab, Tab], site: str, band: str
) -> None:
    speaker = Speaker(band)
    speaker.start()
    try:
        for tab in tabs:
            begin(tab, site, band)
        for tab in tabs:
            tab.wait("player.report.playing", 20)
        time.sleep(2.5)  # the clock's first trips
        found: list[tuple[float, float, float]] = []
        until = time.monotonic() + 60
        while not together(found, tabs, speaker):
            if time.monotonic() > until and len(found) < WINDOWS and os.getloadavg()[0] > 2 * (os.cpu_count() or 1):
                pytest.skip("this machine is so busy that the sound devices which Chromium imitates stand still")
            assert time.monotonic() < until, (found[-WINDOWS:], [tab.evaluate("player.figures") for tab in tabs])
            first, second = listen(tabs)
            time.sleep(0.1)
            python = speaker.heard(first.ns, first.ns + SECONDS * 1e9)
            if first.smooth and second.smooth and python.smooth:
                laid = apart_ms(first, second), apart_ms(python, first), apart_ms(python, second)
                if np.isfinite(laid).all():
                    found.append(laid)
        figures = [tab.evaluate("player.figures") for tab in tabs]
    finally:
        speaker.over.set()
        speaker.join()
    for one in figures:
        assert one["latencyMs"] == LATENCY_MS and one["deviceTells"] and abs(one["correction"]) <= 0.0005
        assert not one["tooShort"]
    assert all(not tab.errors for tab in tabs)

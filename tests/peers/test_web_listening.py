"""Listening on the page: the choices, what it tells, and that a browser keeps them; Opus in a real browser."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_driver import Page, chromium
from web_stage import TONE_HZ, TONE_PEAK, Stage

from bridge.stream import opus

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: apt-get install chromium"),
]
CHOOSE = ("(() => {{ const field = document.getElementById('{}'); field.value = '{}';"
          " field.dispatchEvent(new Event('change')); }})()")
SHOWN = "[...document.querySelectorAll('#listen-figures div')].map((e) => e.innerText.replace(/\\s+/g, ' '))"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with Page() as browser:
        yield browser


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as running:
        yield running


@pytest.fixture
def shown(page: Page, stage: Stage) -> Iterator[Page]:
    page.errors.clear()
    page.viewport(1360, 900)
    page.open(stage.url)
    page.wait("window.sideman?.client.status")
    page.evaluate("document.querySelector('.listening').open = true")
    yield page
    page.evaluate("localStorage.clear()")
    assert page.errors == []
    page.open("about:blank#done")


def test_in_sync_and_back_to_early(shown: Page) -> None:
    shown.evaluate(CHOOSE.format("listen-mode", "sync"))
    shown.evaluate(CHOOSE.format("listen-buffer", "1000"))
    shown.press("l", "KeyL")
    shown.wait("document.getElementById('player-note').textContent.startsWith('In sync, 1000 ms')", 20)
    shown.wait("sideman.player.figures.bufferMs > 200 && sideman.player.figures.correction <= 0.0005")
    lines = shown.evaluate(SHOWN)
    assert [line.split()[0] for line in lines] == [
        "Offset", "Jitter", "Drift", "Buffer", "Device", "Dropouts", "Lost"]
    assert "±" in lines[0] and lines[0].endswith("ms") and "ppm" in lines[2]
    heard = shown.wait("sideman.player.time === null ? null : [sideman.player.time, sideman.client.status.time]")
    assert -2.5 < heard[0] - heard[1] < -0.3  # a second behind the server
    shown.evaluate(CHOOSE.format("listen-mode", "low-latency"))
    shown.wait("sideman.player.figures.playing && sideman.player.figures.latencyMs === null")
    shown.wait("document.getElementById('player-note').textContent.includes('ms buffer')")
    shown.press("l", "KeyL")
    shown.wait("document.getElementById('listen-figures').hidden")


def test_a_buffer_that_is_too_short_is_told(shown: Page) -> None:
    shown.evaluate(CHOOSE.format("listen-mode", "sync"))
    shown.press("l", "KeyL")
    shown.wait("sideman.player?.figures.playing", 20)
    shown.evaluate("sideman.player.choose({ bufferMs: 0 })")
    shown.wait("document.getElementById('player-note').textContent === 'The buffer is too short'")
    shown.wait("!sideman.player.report.playing", 5)
    shown.press("l", "KeyL")


def test_the_browser_keeps_what_was_chosen(shown: Page, stage: Stage) -> None:
    for name, value in (("mode", "sync"), ("buffer", "300"), ("speaker", "150"), ("format", "int16")):
        shown.evaluate(CHOOSE.format(f"listen-{name}", value))
    shown.open(f"{stage.url}/?again")
    shown.wait("window.sideman?.client.status")
    kept = shown.evaluate("['mode', 'buffer', 'speaker', 'format'].map((n) =>"
                          " document.getElementById('listen-' + n).value)")
    assert kept == ["sync", "300", "150", "int16"]
    got = shown.evaluate("new Promise((done) => sideman.client.on('audio',"
                         " ({ format, frames }) => done([format, frames])))")
    assert got == ["int16", 512]
    shown.evaluate("localStorage.setItem('sideman.listening', '{\"mode\":\"warp\",\"buffers\":7,\"speakerMs\":-1}')")
    shown.open(f"{stage.url}/?spoilt")
    shown.wait("window.sideman?.client.status")
    assert shown.evaluate("document.getElementById('listen-mode').value") == "low-latency"


@pytest.mark.skipif(not opus.available(), reason="no Opus here: pip install 'sideman[opus]'")
def test_opus_is_decoded_in_its_place(shown: Page, stage: Stage) -> None:
    result = shown.evaluate(f"""(async () => {{
      const {{ MusicClient }} = await import("/client.js");
      const client = new MusicClient("{stage.url.replace('http', 'ws')}/music", {{ format: "opus", block: 512 }});
      const found = {{ i: 0, q: 0, count: 0, next: 0, gaps: 0, format: "", frames: 0 }};
      await new Promise((done) => client.on("audio", ({{ data, frame, frames, channels, format, sampleRate }}) => {{
        if (found.count > 20 && found.next !== frame) found.gaps++; // the first come before the choice is known there
        found.next = frame + frames;
        Object.assign(found, {{ format, frames }});
        const samples = new Float32Array(data);
        if (++found.count > 20) for (let n = 0; n < frames; n++) {{
          const phase = 2 * Math.PI * {TONE_HZ} * (frame + n) / sampleRate;
          found.i += samples[channels * n] * Math.sin(phase) / frames;
          found.q += samples[channels * n] * Math.cos(phase) / frames;
        }}
        if (found.count === 60) done();
      }}));
      client.close();
      return found;
    }})()""")
    assert (result["format"], result["gaps"], result["frames"]) == ("float32", 0, 480)
    peak = 2 * math.hypot(result["i"], result["q"]) / 40
    late_ms = -math.atan2(result["q"], result["i"]) / (2 * math.pi * TONE_HZ) * 1000
    assert abs(peak - TONE_PEAK) < 0.01
    assert abs(late_ms) < 0.05


@pytest.mark.parametrize(("width", "height", "phone"), [(1360, 900, False), (390, 844, True), (320, 640, True)])
def test_the_choices_fit_every_screen(shown: Page, tmp_path: Path, width: int, height: int, phone: bool) -> None:
    shown.viewport(width, height, phone=phone)
    shown.evaluate(CHOOSE.format("listen-mode", "sync"))
    shown.press("l", "KeyL")
    shown.wait("!document.getElementById('listen-figures').hidden", 20)
    shown.wait("sideman.player.figures.playing")
    shown.screenshot(tmp_path / "listening.png", whole=True)
    spilt = shown.evaluate("""[...document.querySelectorAll(".listening select, .listening input, .listening dd")]
      .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1
                     || e.getBoundingClientRect().width === 0)
      .map((e) => e.id)""")
    assert spilt == []
    shown.press("l", "KeyL")

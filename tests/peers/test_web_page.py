"""The page in a real Chromium: it shows the music, moves, sounds, obeys keys, and complains of nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_driver import Page, chromium
from web_stage import TONE_HZ, TONE_PEAK, Stage

from bridge.stream import wire

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: apt-get install chromium"),
]

CANVAS_HASH = """(() => {
  const canvas = document.getElementById("roll");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
  let hash = 0, coloured = 0;
  for (let n = 0; n < data.length; n += 4) {
    hash = (hash * 31 + data[n] * 3 + data[n + 1] * 5 + data[n + 2]) | 0;
    if (Math.max(data[n], data[n + 1], data[n + 2]) - Math.min(data[n], data[n + 1], data[n + 2]) > 60) coloured++;
  }
  return [hash, coloured];
})()"""

HEARD = """(() => {
  const { analyser, context } = window.sideman;
  const samples = new Float32Array(analyser.fftSize);
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatTimeDomainData(samples);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins));
  return { peak: Math.max(...samples.map(Math.abs)), hz: loudest * context.sampleRate / analyser.fftSize,
           binHz: context.sampleRate / analyser.fftSize, rate: context.sampleRate };
})()"""


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
    """The page, open on a playing stage; afterwards it must not have complained of anything."""
    page.errors.clear()
    page.viewport(1360, 900)
    page.open(stage.url)
    page.wait("window.sideman?.client.status && document.getElementById('session').textContent === 'jazz-trio'")
    yield page
    page.evaluate("0")  # takes in the last events
    assert page.errors == []
    page.open("about:blank#done")


def text(page: Page, selector: str) -> str:
    return str(page.evaluate(f"document.querySelector('{selector}').textContent"))


def heard(page: Page) -> dict[str, Any]:
    return dict(page.evaluate(HEARD))


def until_told(stage: Stage, wanted: tuple[str, object]) -> None:
    until = time.monotonic() + 5
    while wanted not in stage.told:
        assert time.monotonic() < until, f"{wanted} is not in {stage.told}"
        time.sleep(0.01)


def test_the_page_shows_bar_chord_key_tracks_and_clock(shown: Page, stage: Stage) -> None:
    stage.position = 4.0 * 8 + 0.5  # bar 9 of the blues
    shown.wait("document.getElementById('bar').textContent === '9'")
    shown.wait("document.getElementById('chord').textContent === 'Gm7'")
    assert text(shown, "#next-chord") == "C7"
    assert text(shown, "#section") == "solo A" and text(shown, "#key-fact") == "F major"
    assert text(shown, "#chart li[data-now]").startswith("9") and "Gm7" in text(shown, "#chart li[data-now]")
    assert [text(shown, f"#tracks li:nth-child({n}) b") for n in (1, 2, 3, 4)] == ["Piano", "Bass", "Sax", "Drums"]
    assert "Own tempo" in text(shown, "#clock") and "Connected" in text(shown, "#connection")
    assert not shown.evaluate("document.getElementById('tempo').readOnly")
    stage.clock = wire.ClockStatus("following", "DAW", 90.0)
    stage.tempo = 90.0
    shown.wait("document.getElementById('clock').textContent.includes('Following DAW')")
    assert shown.evaluate("document.getElementById('tempo').readOnly")
    shown.wait("document.getElementById('tempo').value === '90'")
    stage.clock = wire.ClockStatus("lost", "DAW")
    shown.wait("document.getElementById('clock').textContent.includes('Lost DAW')")
    stage.clock = wire.ClockStatus("waiting")
    shown.wait("document.getElementById('clock').textContent.includes('Waiting')")


def test_the_beat_goes_on_by_the_servers_clock(shown: Page, stage: Stage) -> None:
    stage.tempo = 240.0
    before = int(text(shown, "#bar"))
    shown.wait(f"Number(document.getElementById('bar').textContent) >= {before + 2}")
    error = shown.evaluate(
        "(() => { const s = sideman.client.status, time = sideman.roll.time, segment = time.segments.at(-1);"
        " return time.tapeAt(s.time) - segment.tape + segment.position - s.position; })()"
    )
    assert abs(error) < 1e-6


def test_the_roll_draws_notes_and_moves_and_rests_when_the_music_does(shown: Page, stage: Stage) -> None:
    shown.wait("sideman.roll.notes.length > 8")
    time.sleep(0.2)
    first, coloured = shown.evaluate(CANVAS_HASH)
    assert coloured > 300  # notes in their colours, drums, the playhead
    time.sleep(0.1)
    second, _ = shown.evaluate(CANVAS_HASH)
    assert first != second
    stage.playing = False
    shown.wait("sideman.client.status.status === 'stopped'")
    shown.evaluate("window.drawnBefore = -1")
    shown.wait("(() => { const same = drawnBefore === sideman.roll.drawn; drawnBefore = sideman.roll.drawn;"
               " return new Promise((done) => setTimeout(() => done(same), 100)); })()")
    first, _ = shown.evaluate(CANVAS_HASH)
    drawn, frames = shown.evaluate("[sideman.roll.drawn, sideman.stats.frames]")
    shown.wait(f"sideman.stats.frames > {frames + 10}")
    assert shown.evaluate("sideman.roll.drawn") == drawn  # nothing moves, so nothing is drawn
    assert shown.evaluate(CANVAS_HASH)[0] == first


def test_listen_delivers_the_stream_to_the_ear(shown: Page, stage: Stage) -> None:
    assert shown.evaluate("sideman.analyser") is None
    shown.press("l", "KeyL")
    shown.wait("sideman.stats.playing === true")
    until = time.monotonic() + 15
    while abs((sound := heard(shown))["peak"] - TONE_PEAK) >= 0.01 or abs(sound["hz"] - TONE_HZ) > sound["binHz"]:
        assert time.monotonic() < until, sound  # a busy machine drops out now and then
        time.sleep(0.1)
    assert sound["rate"] == stage.rate
    assert text(shown, "#listen-text") == "Listening"
    assert shown.evaluate("document.getElementById('listen').getAttribute('aria-pressed')") == "true"
    shown.press("l", "KeyL")
    shown.wait("document.getElementById('listen-text').textContent === 'Listen'")
    assert stage.server is not None
    shown.evaluate("sideman.client.ping()")
    before = shown.evaluate("sideman.stats.frame")
    time.sleep(0.1)
    assert shown.evaluate("sideman.stats.frame") == before  # and no audio is sent for nobody


def test_the_keyboard_plays_stops_locates_and_sets_the_tempo(shown: Page, stage: Stage) -> None:
    shown.press(" ", "Space")
    until_told(stage, ("stop", None))
    shown.wait("!document.getElementById('play').hasAttribute('data-playing')")
    shown.press(" ", "Space")
    until_told(stage, ("play", None))
    shown.press("Home")
    until_told(stage, ("locate", 1))
    shown.press("+", "Equal")
    until_told(stage, ("modify", {"tempo": 121.0}))
    shown.wait("document.getElementById('tempo').value === '121'")
    shown.press("?", "Slash")
    shown.wait("document.getElementById('shortcuts').open")
    shown.press("Escape")
    shown.evaluate("document.getElementById('shortcuts').close()")


def test_controls_send_what_they_say_and_show_what_the_server_says(shown: Page, stage: Stage) -> None:
    choose = (
        "(() => {{ const field = document.getElementById('{}'); field.value = '{}';"
        " field.dispatchEvent(new Event('change')); }})()"
    )
    shown.evaluate(choose.format("key", "Eb"))
    until_told(stage, ("modify", {"key": "Eb"}))
    shown.wait("document.getElementById('key-fact').textContent === 'Eb major'")
    shown.evaluate(choose.format("form", "auto"))
    until_told(stage, ("modify", {"form": "auto"}))
    shown.evaluate(choose.format("energy", "80"))
    until_told(stage, ("modify", {"energy": 0.8}))
    shown.evaluate(choose.format("volume", "80"))
    until_told(stage, ("modify", {"volume": pytest.approx(10 ** (-12 / 20))}))
    stage.genre, stage.style = "ambient", None
    shown.wait("document.getElementById('genre').value === 'ambient'")
    assert shown.evaluate("[...document.getElementById('form').options].map(o => o.value)")[:2] == ["auto", "drift"]
    shown.evaluate("document.getElementById('duration').value = 12; document.getElementById('seed').value = 5;"
                   "document.querySelector('#instruments input[value=Kit]').click();"
                   "document.getElementById('generate').click()")
    until_told(stage, ("generate", {
        "genre": "ambient", "style": "auto", "key": "Eb", "mode": "major", "form": "auto", "energy": 0.8,
        "density": 0.5, "complexity": 0.5, "chords": "auto", "duration": 12, "seed": 5,
        "instruments": ["Grand piano", "Upright bass", "Tenor sax"],
    }))


def test_chords_are_typed_sections_jumped_to_and_players_rest(shown: Page, stage: Stage) -> None:
    choose = (
        "(() => {{ const field = document.querySelector('{}'); field.value = '{}';"
        " field.dispatchEvent(new Event('change')); }})()"
    )
    shown.evaluate(choose.format("#chords", "Dm7 G7 | Cmaj7"))
    until_told(stage, ("modify", {"chords": "Dm7 G7 | Cmaj7"}))
    shown.evaluate(choose.format("#chords", ""))
    until_told(stage, ("modify", {"chords": "auto"}))
    shown.evaluate(choose.format("#style", "ballad"))
    until_told(stage, ("modify", {"style": "ballad"}))
    shown.evaluate(choose.format("#density", "20"))
    until_told(stage, ("modify", {"density": 0.2}))
    names = shown.evaluate("[...document.querySelectorAll('#sections button')].map((b) => b.textContent)")
    assert names == ["Head", "Solo", "Out", "Ending", "Again", "Next"]
    assert shown.evaluate("document.querySelector('#sections [data-on]').dataset.section") == "solo"
    shown.evaluate("document.querySelector('[data-section=out]').click()")
    until_told(stage, ("modify", {"section": "out"}))
    shown.wait("document.querySelectorAll('#tracks .rest').length === 4")
    shown.evaluate("document.querySelector('[aria-label=\"Rest sax\"]').click()")
    until_told(stage, ("modify", {"mute": ["sax"]}))
    shown.wait("document.querySelector('[aria-label=\"Rest sax\"]').getAttribute('aria-pressed') === 'true'")
    shown.evaluate(choose.format('[aria-label="Instrument of piano"]', "Vibraphone"))
    until_told(stage, ("modify", {"instruments": {"piano": "Vibraphone"}}))
    shown.evaluate(choose.format("#add-instrument", "kazoo"))
    shown.wait("document.querySelector('#log .error') !== null")


def test_faders_mutes_and_the_sound_of_a_channel(shown: Page, stage: Stage) -> None:
    """What the page turns is told; what others turn is shown."""
    shown.wait("document.querySelectorAll('#tracks .mute').length === 4")
    shown.evaluate("document.querySelector('[aria-label=\"Mute bass\"]').click()")
    until_told(stage, ("set", {"mixer.bass.mute": 1.0}))
    assert shown.evaluate("document.querySelector('[aria-label=\"Mute bass\"]').getAttribute('aria-pressed')") == "true"
    shown.evaluate("""(() => { const f = document.querySelector('[aria-label="Level of sax"]');
      for (const db of [-3, -6, -9]) { f.value = db; f.dispatchEvent(new Event('input')); } })()""")
    until_told(stage, ("set", {"mixer.sax.gain_db": -9.0}))
    assert len([told for told in stage.told if told[0] == "set"]) <= 4, "each step was sent"
    assert stage.server is not None
    shown.evaluate("document.querySelector('[aria-label=\"Sound of bass\"]').click()")
    shown.wait("document.querySelectorAll('#sound .knob').length === 6")
    headings = shown.evaluate("[...document.querySelectorAll('#sound h3')].map((h) => h.textContent)")
    assert headings == ["Fader", "Drive", "Eq", "Synth: filter"]
    shown.evaluate("""(() => { const s = document.querySelector('#sound select[aria-label="bass Type"]');
      s.value = "1"; s.dispatchEvent(new Event('change')); })()""")
    until_told(stage, ("set", {"track.bass.drive.type": 1.0}))
    stage.move("track.bass.synth.filter.cutoff_hz", 1500.0)
    shown.wait("[...document.querySelectorAll('#sound output')].some((o) => o.textContent === '1.5 kHz')")
    shown.evaluate("""(() => { const f = document.getElementById('sound-find');
      f.value = "cut"; f.dispatchEvent(new Event('input')); })()""")
    left = "[...document.querySelectorAll('#sound .knob')].filter((k) => k.checkVisibility()).length"
    assert shown.evaluate(left) == 1
    shown.evaluate("document.getElementById('sound').close()")


def test_refusals_and_notices_are_told_in_words_once(shown: Page, stage: Stage) -> None:
    refused = shown.evaluate("sideman.client.modify({ key: 'H' }).then(() => null, (e) => e.message)")
    assert "key 'H' is not known" in refused
    shown.wait("!document.getElementById('toast').hidden")
    stage.notices = (wire.Notice("warning", "The composer is late: the last bars are repeated."),)
    shown.wait("document.querySelectorAll('#log .warning').length > 0")
    time.sleep(0.3)  # six more statuses say the same
    assert shown.evaluate("document.querySelectorAll('#log .warning').length") == 1
    assert "times" not in text(shown, "#log")


def test_the_client_of_the_documentation_works_in_a_page(shown: Page, stage: Stage) -> None:
    result = shown.evaluate(f"""(async () => {{
      const {{ MusicClient }} = await import("/client.js");
      const client = new MusicClient("{stage.url.replace('http', 'ws')}/music");
      await client.generate({{ genre: "jazz", key: "C", mode: "major", tempo: 120, duration: 32,
                              instruments: ["piano", "bass", "drums"] }});
      const audio = await new Promise((resolve) => client.on("audio", resolve));
      const events = await new Promise((resolve) => client.on("midi", resolve));
      const {{ roundTripMs }} = await client.ping();
      client.close();
      return {{ type: audio.type, bytes: audio.data.byteLength, buffer: audio.data instanceof ArrayBuffer,
               rate: audio.sampleRate, channels: audio.channels, note: events[0].note, roundTripMs }};
    }})()""")
    assert result["type"] == "audio" and result["buffer"] and result["bytes"] == 4 * 2 * 512
    assert (result["rate"], result["channels"]) == (stage.rate, 2)
    assert 0 <= result["note"] <= 127 and result["roundTripMs"] < 1000
    assert stage.told[0] == ("generate", {
        "genre": "jazz", "key": "C", "mode": "major", "tempo": 120.0, "duration": 32,
        "instruments": ["piano", "bass", "drums"],
    })


def test_the_client_chooses_format_block_stems_and_meters(shown: Page, stage: Stage) -> None:
    result = shown.evaluate(f"""(async () => {{
      const {{ MusicClient }} = await import("/client.js");
      const client = new MusicClient("{stage.url.replace('http', 'ws')}/music",
                                     {{ format: "int16", block: 1024, buffer: 100, stems: ["bass"] }});
      const stem = await new Promise((resolve) => client.on("stem", resolve));
      const meters = await new Promise((resolve) => client.on("meters", resolve));
      const samples = new Float32Array(stem.data);
      const other = new MusicClient("{stage.url.replace('http', 'ws')}/music", {{ stems: ["kazoo"] }});
      const refused = await new Promise((resolve) => {{
        other.on("error", resolve);
        other.on("stem", () => {{}});
      }});
      client.close();
      other.close();
      return {{ format: stem.format, frames: stem.frames, stream: stem.stream, peak: Math.max(...samples),
               mirrored: samples.every((value, n) => n % 2 === 0 || value === -samples[n - 1]),
               count: samples.length, bass: meters.levels.tracks.bass.length, refused: refused.message }};
    }})()""")
    assert (result["format"], result["frames"], result["stream"], result["count"]) == ("int16", 1024, 2, 2048)
    assert abs(result["peak"] - TONE_PEAK) < 0.01 and result["mirrored"] and result["bass"] == 2
    assert "'kazoo'" in result["refused"]
    until_told(stage, ("hear_stems", ["bass"]))


def test_a_lost_connection_is_shown_and_comes_back(page: Page) -> None:
    with Stage() as first:
        page.open(first.url)
        page.wait("document.getElementById('connection').textContent.includes('Connected')")
        assert first.server is not None
        port = first.server.port
    page.wait("document.getElementById('connection').textContent.match(/Reconnecting|Connecting/)")
    assert page.evaluate("document.body.hasAttribute('data-offline')")
    with Stage(port=port):
        page.wait("document.getElementById('connection').textContent.includes('Connected')")
        page.wait("sideman.client.status.status === 'playing' && sideman.roll.notes.length > 0")
    page.open("about:blank#lost")
    page.errors.clear()  # the refused reconnections are Chromium's to complain of


@pytest.mark.parametrize(("width", "height", "phone", "dark"), [
    (1360, 900, False, True), (1360, 900, False, False), (820, 1100, False, True), (390, 844, True, True),
    (320, 640, True, False),
])
def test_it_fits_every_screen(
    shown: Page, tmp_path: Path, width: int, height: int, phone: bool, dark: bool
) -> None:
    shown.viewport(width, height, phone=phone, dark=dark)
    shown.wait(f"Math.abs(innerWidth - {width}) < 2 && sideman.roll.notes.length > 4")
    time.sleep(0.2)
    shown.screenshot(tmp_path / "page.png", whole=phone)
    assert (tmp_path / "page.png").stat().st_size > 20_000
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    spilt = shown.evaluate("""[...document.querySelectorAll("button, select, .counter, .chord, .tempo input, .pill")]
      .filter((e) => e.checkVisibility() && (e.getBoundingClientRect().right > innerWidth + 1
                                             || e.getBoundingClientRect().left < -1))
      .map((e) => e.id || e.className)""")
    assert spilt == []


def test_everything_that_can_be_pressed_has_a_name(shown: Page) -> None:
    nameless = shown.evaluate("""[...document.querySelectorAll("button, input, select, canvas, output")]
      .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
      .map((e) => e.outerHTML.slice(0, 80))""")
    assert nameless == []

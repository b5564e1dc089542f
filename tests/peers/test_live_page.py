"""The whole of it at once: `sideman play`, a real Chromium, and the band in the loudspeaker of its page."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from test_web_page import CANVAS_HASH, HEARD
from web_driver import Page, chromium

from bridge.bench.stage import Player

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.timeout(120),
]


@pytest.fixture(scope="module")
def live() -> Iterator[Page]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Player("jazz-trio", "--audio", "none", "--port", str(port), "--tempo", "200") as player, Page() as page:
        player.wait_for("Ctrl-C stops")
        page.viewport(1280, 860)
        page.open(f"http://127.0.0.1:{port}/")
        page.wait("document.body.innerText.includes('Jazz trio')")
        yield page
        assert not page.errors
        assert "Traceback" not in player.output


def test_the_roll_shows_what_the_band_plays(live: Page) -> None:
    first = live.wait(f"(([hash, coloured]) => coloured > 200 ? hash : 0)({CANVAS_HASH})")
    time.sleep(0.5)
    assert live.evaluate(CANVAS_HASH)[0] != first
    text = live.evaluate("document.body.innerText")
    for name in ("Piano", "Bass", "Drums"):
        assert name in text


def test_listen_lets_the_page_hear_the_band(live: Page) -> None:
    live.press("l")
    live.wait("window.sideman.analyser !== null && window.sideman.stats.playing", 30)
    peaks = []
    deadline = time.monotonic() + 20
    while (not peaks or max(peaks) < 0.02) and time.monotonic() < deadline:
        peaks.append(live.evaluate(HEARD)["peak"])
        time.sleep(0.1)
    assert max(peaks) > 0.02


def test_space_stops_the_band_and_starts_it_again(live: Page) -> None:
    live.press(" ", "Space")
    live.wait("document.querySelector('button[aria-label^=\"Play\"]') !== null")
    live.press(" ", "Space")
    live.wait("document.querySelector('button[aria-label^=\"Stop\"]') !== null")

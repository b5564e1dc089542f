"""MIDI learn on the page: pick a parameter, turn a control, done; what it says, undo, and giving up."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from web_driver import Page, chromium
from web_stage import Stage

from bridge.errors import MessageError
from bridge.stream import wire

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: apt-get install chromium"),
]
BUTTON = "document.querySelector('[aria-label=\"Learn bass Low\"]')"
WORDS = "document.getElementById('sound-learning').textContent"


class Learner(Stage):
    """A stage that has controllers."""

    def say(self, learning: wire.Learning) -> None:
        assert self.server is not None
        self.server.publish_learning(learning)

    async def learn(self, path: str | None) -> None:
        if path is not None and path.startswith("mixer."):
            raise MessageError("this session hears no controllers")
        self.told.append(("learn", path))
        self.say(wire.Learning(path=path))

    async def unlearn(self, path: str | None) -> None:
        self.told.append(("unlearn", path))

    def turn(self) -> None:
        """From the test's thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(
            self.say, wire.Learning(learned="track.bass.eq.low_hz", text="CC 21 turns track.bass.eq.low_hz"))


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with Page() as browser:
        yield browser


def until_told(stage: Stage, wanted: tuple[str, object]) -> None:
    until = time.monotonic() + 5
    while wanted not in stage.told:
        assert time.monotonic() < until, f"{wanted} is not in {stage.told}"
        time.sleep(0.01)


def test_a_parameter_is_picked_and_a_control_turned(page: Page) -> None:
    with Learner() as stage:
        page.errors.clear()
        page.viewport(1360, 900)
        page.open(stage.url)
        page.wait("document.querySelectorAll('#tracks .mute').length === 4")
        page.evaluate("document.querySelector('[aria-label=\"Sound of bass\"]').click()")
        page.wait(f"{BUTTON} !== null")
        page.evaluate(f"{BUTTON}.click()")
        until_told(stage, ("learn", "track.bass.eq.low_hz"))
        page.wait(f"{BUTTON}.getAttribute('aria-pressed') === 'true'")
        assert "Turn the control" in page.evaluate(WORDS)
        assert page.evaluate("document.getElementById('sound-undo').hidden")
        stage.turn()
        page.wait(f"{WORDS} === 'CC 21 turns track.bass.eq.low_hz'")
        assert page.evaluate(f"{BUTTON}.getAttribute('aria-pressed')") == "false"
        page.evaluate("document.getElementById('sound-undo').click()")
        until_told(stage, ("unlearn", None))
        page.wait(f"{WORDS} === 'Undone.'")
        page.evaluate(f"{BUTTON}.click()")
        page.wait(f"{BUTTON}.getAttribute('aria-pressed') === 'true'")
        page.evaluate("document.getElementById('sound').close()")
        until_told(stage, ("learn", None))
        page.evaluate("document.querySelector('[aria-label=\"Sound of bass\"]').click()")
        page.evaluate("document.querySelector('[aria-label=\"Learn bass Gain\"]').click()")
        page.wait("document.getElementById('toast').textContent === 'this session hears no controllers'")
        page.evaluate("0")
        assert page.errors == []
        page.open("about:blank#done")

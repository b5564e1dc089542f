"""A Mackie Control over a real jackd at `sideman play`: motors follow, hands turn, a control is learnt and kept."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mackie_unit import Unit

from bridge.bench.stage import Player
from bridge.client import MusicClient
from bridge.jack.peers import JackServer
from bridge.session import builtin_folder, load
from bridge.stream import wire

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(120)]
CONTROL = """
[[control]]
device = "mackie-control"
port = "desk:unit_out"
out_port = "desk:unit_in"

[[control]]
name = "little in"
port = "desk:little_out"
out_port = "desk:little_in"
feedback = true
mmc = "both"
[[control.map]]
cc = 1
channel = 1
path = "music.energy"
"""


class Hardware:
    """Two devices on JACK: what they are sent, and what hands do."""

    def __init__(self, server: JackServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
        from bridge.jack.client import open_client
        from bridge.jack.lib import MidiBuffer

        self.client = open_client("desk", server.name)
        self.unit = Unit()
        self.little: list[bytes] = []
        self._hands: dict[str, deque[bytes]] = {"unit": deque(), "little": deque()}
        self._lock = threading.Lock()
        self._ears = {name: MidiBuffer(self.client.midi_inports.register(f"{name}_in")) for name in self._hands}
        self._mouths = {name: MidiBuffer(self.client.midi_outports.register(f"{name}_out")) for name in self._hands}
        self._heard: deque[tuple[str, bytes]] = deque()
        self.client.set_process_callback(self._process)
        self.client.activate()

    def _process(self, frames: int) -> None:
        for name, mouth in self._mouths.items():
            mouth.clear(frames)
            while self._hands[name]:
                mouth.write(0, self._hands[name].popleft())
            self._heard += [(name, data) for _, data in self._ears[name].read(frames)]

    def do(self, name: str, *data: bytes) -> None:
        self._hands[name] += data

    def look(self) -> None:
        while self._heard:
            name, data = self._heard.popleft()
            if name == "unit":
                self.unit.take([data])
            else:
                self.little.append(data)

    def until(self, so: Callable[[], bool], timeout_s: float = 5.0) -> None:
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            self.look()
            if so():
                return
            time.sleep(0.02)
        raise AssertionError(f"{self.unit.motors} {self.unit.lamps} {''.join(self.unit.text)!r} {self.little[-9:]}")


@pytest.fixture
def hardware(jack_server: JackServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hardware]:
    found = Hardware(jack_server, monkeypatch)
    yield found
    found.client.deactivate()
    found.client.close()


def test_a_desk_at_what_plays(jack_server: JackServer, hardware: Hardware, tmp_path: Path) -> None:
    if shutil.which("jackd") is None:
        pytest.skip("jackd is missing")
    file = tmp_path / "mine.toml"
    text = (Path(builtin_folder()) / "jazz-trio.toml").read_text(encoding="utf-8") + CONTROL
    file.write_text(text, encoding="utf-8")
    unit = hardware.unit
    arguments = (str(file), "--audio", "jack", "--port", "0", "--no-take")
    with Player(*arguments, environment=jack_server.environment) as player:
        player.wait_for("Ctrl-C stops")
        url = player.wait_for(r"ws://\S+/music")[0]
        hardware.until(lambda: unit.cell(0, 0) == "piano" and unit.lamps.get(0x5E) == 127 and 0 in unit.meters)
        assert unit.motors[0] > 0.7 * 16383
        hardware.until(lambda: hardware.little != [])

        async def work() -> None:
            async with MusicClient(url) as client:
                async def value(path: str) -> float:
                    return next(info.value for info in await client.parameters(path) if info.path == path)

                async def until(path: str, wanted: float) -> None:
                    for _ in range(100):
                        if abs(await value(path) - wanted) < 0.05:
                            return
                        await asyncio.sleep(0.03)
                    raise AssertionError(f"{path} = {await value(path)}, not {wanted}")

                await client.set({"mixer.bass.gain_db": -10.0, "mixer.drums.mute": 1.0, "music.energy": 1.0})
                hardware.until(lambda: abs(unit.motors[1] - 0.5 * 16383) < 16 and unit.lamps.get(0x12) == 127)
                hardware.until(lambda: b"\xb0\x01\x7f" in hardware.little)
                hardware.do("unit", unit.touch(0), unit.move(0, 0x2000), unit.press(0x11)[:3], unit.press(0x11)[3:])
                await until("mixer.piano.gain_db", -10.0)
                await until("mixer.bass.mute", 1.0)
                hardware.until(lambda: unit.lamps.get(0x11) == 127)
                hardware.do("unit", unit.touch(0, False))

                learnt: asyncio.Future[wire.Learning] = asyncio.get_running_loop().create_future()
                client.on("learning", lambda news: learnt.set_result(news) if news.learned else None)
                await client.learn("filter.cutoff")
                hardware.do("little", *(bytes((0xB0, 1, v)) for v in range(20, 60)))
                news = await asyncio.wait_for(learnt, 5)
                assert "and no longer music.energy" in news.text
                hardware.do("little", b"\xb0\x01\x40")
                await until("master.filter.cutoff_hz", 632.46)
                await until("master.filter.bypass", 0.0)
                assert [m.path for m in load(str(file)).control[1].map] == ["master.filter.cutoff_hz"]
                await client.unlearn()
                assert file.read_text(encoding="utf-8") == text

                status: list[wire.Status] = []
                client.on("status", status.append)
                hardware.do("little", bytes.fromhex("F07F7F0601F7"))
                for _ in range(100):
                    if status and status[-1].status == "stopped":
                        break
                    await asyncio.sleep(0.03)
                assert status[-1].status == "stopped"
                hardware.until(lambda: unit.lamps.get(0x5E) == 0)

        asyncio.run(work())
        assert unit.fought == 0
        assert "does not answer" not in player.output, player.output

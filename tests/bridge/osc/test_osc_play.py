"""A whole `sideman play` turned from a tablet."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge.bench.stage import Player

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals"), pytest.mark.timeout(120)]
SESSION = Path(__file__).parents[3] / "sessions" / "jazz-trio.toml"


def test_a_tablet_turns_sound_music_and_transport(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tablet:
        tablet.bind(("127.0.0.1", 0))
        tablet.settimeout(0.2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        file = tmp_path / "osc.toml"
        file.write_text(f"{SESSION.read_text()}\n[osc]\nport = {port}\n")

        def send(address: str, *arguments: Any) -> None:
            message = OscMessageBuilder(address)
            for argument in arguments:
                message.add_arg(argument)
            tablet.sendto(message.build().dgram, ("127.0.0.1", port))

        def wait_for(address: str, value: object) -> list[tuple[Any, ...]]:
            seen: list[tuple[Any, ...]] = []
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    seen += [(m.message.address, *m.message.params) for m in OscPacket(tablet.recv(4096)).messages]
                except TimeoutError:
                    continue
                if seen[-1] == (address, value):
                    return seen
            raise AssertionError(f"{address} {value!r} was never told: {seen}")

        with Player(str(file), "--audio", "none", "--no-take", "--port", "0") as player:
            player.wait_for("Ctrl-C stops")
            send("/subscribe")
            wait_for("/transport/bar", 2)
            send("/mixer/bass/gain_db", -12.0)
            send("/music/key", "G")
            send("/share/mixer/bass/pan", 0.5)
            send("/mixer/bass/gain_db")
            wait_for("/mixer/bass/gain_db", -12.0)
            send("/music/key")
            wait_for("/music/key", "G")
            send("/transport/stop")
            assert not [each for each in wait_for("/transport/playing", 0) if each[0] == "/error"]

"""A hosted plug-in in a session that plays: missing, killed, and back, while the music goes on and status says so."""

from __future__ import annotations

import asyncio
import os
import signal
from importlib.resources import files
from pathlib import Path

import pytest
from oracle_plugin import oracle
from test_jack_dies import statuses

from bridge.bench.stage import Player, family
from bridge.errors import InstrumentError
from instruments.plugins.scan import find

pytestmark = [pytest.mark.peer("zam-plugins"), pytest.mark.timeout(90)]


async def told(url: str, what: str, seconds: float = 5.0) -> bool:
    return any(what in n["text"] for s in await statuses(url, seconds) for n in s["notices"])


def test_a_missing_plug_in_plays_dry_and_says_so(tmp_path: Path) -> None:
    session = tmp_path / "missing.toml"
    text = (files("sessions") / "jazz-trio-vst.toml").read_text(encoding="utf-8")
    session.write_text(text.replace("ZamComp", "NoSuchPlugin"))
    with Player(str(session), "--audio", "none", "--port", "0") as player:
        url = player.url()
        player.wait_for("Ctrl-C stops")
        assert asyncio.run(told(url, "NoSuchPlugin: missing"))
        last = asyncio.run(statuses(url, 1.0))[-1]
        assert last["status"] == "playing"


def test_a_killed_plug_in_is_started_again_while_the_music_goes_on() -> None:
    try:
        find("ZamComp")
    except InstrumentError as missing:
        pytest.skip(str(missing))
    with Player("jazz-trio-vst", "--audio", "none", "--port", "0") as player:
        url = player.url()
        player.wait_for("ZamComp: ok")
        hosts = [pid for pid in family(player.pid)[1:] if b"ZamComp" in Path(f"/proc/{pid}/maps").read_bytes()]
        assert hosts
        os.kill(hosts[0], signal.SIGKILL)
        seen = asyncio.run(statuses(url, 8.0))
        words = " ".join(n["text"] for s in seen for n in s["notices"])
        assert "ZamComp: crashed" in words
        assert words.rindex("ZamComp: ok") > words.index("ZamComp: crashed")
        assert {s["status"] for s in seen} == {"playing"}
        bars = (seen[-1]["position"] - seen[0]["position"]) / 4
        assert bars >= 8 * 152 / 60 / 4 - 1
        assert player.stop() < 1.5
        assert "Traceback" not in player.output


@pytest.mark.peer("dpf-source")
def test_a_killed_instrument_is_played_on_by_the_native_one_and_comes_back(tmp_path: Path) -> None:
    session = tmp_path / "hosted.toml"
    session.write_text(f'''name = "hosted"
[music]
genre = "jazz"
tempo = 160
[[tracks]]
name = "piano"
parts = ["comp", "melody"]
instrument = "piano"
plugin = {{ name = "{oracle("synth")}", params = {{ gain = "-6 dB" }} }}
effects = [{{ plugin = "{oracle("effect")}" }}]
''', encoding="utf-8")
    with Player(str(session), "--audio", "none", "--port", "0") as player:
        url = player.url()
        player.wait_for("OracleEffect: ok")
        player.wait_for("OracleSynth: ok")
        hosts = [pid for pid in family(player.pid)[1:] if b"OracleSynth" in Path(f"/proc/{pid}/maps").read_bytes()]
        both = [pid for pid in hosts if b"OracleEffect" in Path(f"/proc/{pid}/maps").read_bytes()]
        assert len(hosts) == len(both) == 1, "a chain's plug-ins share one process"
        before = asyncio.run(statuses(url, 1.0))[-1]
        assert [(p["channel"], p["stage"], p["name"], p["state"]) for p in before["plugins"]] == [
            ("piano", "synth", "OracleSynth", "ok"), ("piano", "plugin", "OracleEffect", "ok")]
        os.kill(hosts[0], signal.SIGKILL)
        seen = asyncio.run(statuses(url, 8.0))
        states = [[p["state"] for p in s["plugins"]] for s in seen]
        assert any(state[0].startswith("crashed") for state in states) or any(
            "OracleSynth: crashed" in n["text"] for s in seen for n in s["notices"])
        assert states[-1] == ["ok", "ok"]
        assert {s["status"] for s in seen} == {"playing"}
        assert before["turnable"] == seen[-1]["turnable"] > 20
        assert player.stop() < 3.0
        assert "Traceback" not in player.output

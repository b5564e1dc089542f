"""The bench of streaming at a small size: its servers and listeners agree on what was said and heard."""

import os
import sys
from pathlib import Path

import pytest

from bridge.bench import stream, stream_listeners
from bridge.bench.stream_servers import Kind
from bridge.errors import DeviceError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the bench pins processes to cores as POSIX has it")
PYTHON = (sys.executable, "-m", "bridge.bench.stream_client")


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return stream_listeners.program(tmp_path_factory.mktemp("client"))


@pytest.mark.parametrize("kind", ["sideman", "broadcast", "bare"])
def test_every_server_reaches_every_listener(kind: Kind, command: tuple[str, ...]) -> None:
    case = stream.Bench(command, 0.2).case(kind, 3)
    assert case.run.blocks == 75 and case.heard.messages == 225 and case.heard.gaps == case.heard.broken == 0
    assert case.heard.bytes >= 225 * (32 + 128 * 8)
    assert 0 < case.heard.percentile_ms(50) <= case.heard.percentile_ms(99) < 5000 and case.cpu_us > 0


def test_python_listens_as_c_does() -> None:
    case = stream.Bench(PYTHON, 0.2).case("sideman", 3)
    assert case.heard.messages == 225 and case.heard.gaps == case.heard.broken == 0
    assert len(case.heard.latencies_ns) == 225 and case.heard.latencies_ns.min() > 1000


def test_without_a_compiler_python_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stream_listeners.shutil, "which", lambda name: None)
    assert stream_listeners.program(tmp_path) == PYTHON


def test_a_client_that_never_reads_is_measured(command: tuple[str, ...]) -> None:
    figures = stream._stuck(stream.Bench(command, 1.2), lambda _: None, rounds=1)
    assert figures["stuck_dropped_messages"] > 50 and figures["stuck_others_lost"] == 0
    assert figures["stuck_client_kb"] < 2000


def test_the_way_from_the_engine_is_measured(command: tuple[str, ...]) -> None:
    figures = stream._engine(stream.Bench(command, 0.2), lambda _: None)
    assert 0 < figures["engine_to_client_ms"]["p50"] < 1000 and figures["engine_to_client_lost"] == 0


def test_listeners_that_cannot_connect_say_why(command: tuple[str, ...]) -> None:
    with pytest.raises(DeviceError, match="did not connect"):
        stream_listeners.Listeners(command, 9, 1)

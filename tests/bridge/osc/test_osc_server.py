"""OSC over real sockets: what is turned, what is told, and what is refused."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge.errors import DeviceError, SessionError
from bridge.knobs import Knobs
from bridge.osc.server import OscServer
from bridge.osc.spec import Osc, Peer, check_osc, peer_of
from bridge.parameter_paths import ParameterInfo

INFOS = [
    ParameterInfo("mixer.bass.gain_db", -6.0, "dB", -90.0, 6.0, 0.0),
    ParameterInfo("mixer.bass.mute", 0, "", 0, 1, 0, True),
    ParameterInfo("mixer.piano.mute", 0, "", 0, 1, 0, True),
    ParameterInfo("track.a.filter.cutoff_hz", 1000.0, "Hz", 20.0, 20_000.0, 1000.0, log=True),
]  # fmt: skip


class Desk:
    """A conductor with the house's own rules for parameters, and no engine."""

    def __init__(self) -> None:
        self.knobs = Knobs()
        self.knobs.learn(INFOS)
        self.done: list[Any] = []

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        words = {path: value for path, value in values.items() if path == "music.key"}
        self.done += [*words.items(), *((c.path, c.value, c.ramp_s) for c in self.knobs.commands(
            {path: value for path, value in values.items() if path not in words}, ramp_s))]

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]:
        return self.knobs.listed(match)

    async def play(self) -> None:
        self.done.append("play")

    async def stop(self) -> None:
        self.done.append("stop")

    async def locate(self, bar: int) -> None:
        self.done.append(("locate", bar))


def packet(address: str, *arguments: Any) -> bytes:
    message = OscMessageBuilder(address)
    for argument in arguments:
        message.add_arg(argument)
    return bytes(message.build().dgram)


class Tablet:
    """A UDP socket of somebody else."""

    def __init__(self, server: OscServer) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        assert server._transport is not None
        self._to = server._transport.get_extra_info("sockname")

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self._socket.sendto(datagram, self._to)

    async def heard(self, count: int = 1) -> list[tuple[Any, ...]]:
        """So many messages, or what has come within a second."""
        loop, found = asyncio.get_running_loop(), []
        while len(found) < count:
            try:
                data = await asyncio.wait_for(loop.sock_recv(self._socket, 4096), 1.0)
            except TimeoutError:
                break
            found += [(m.message.address, *m.message.params) for m in OscPacket(data).messages]
        return found

    def close(self) -> None:
        self._socket.close()


Scene = Callable[[OscServer, Desk, Tablet], Awaitable[None]]


def staged(scene: Scene, **spec: Any) -> None:
    async def run() -> None:
        desk = Desk()
        server = OscServer(desk, Osc(port=free_port(), **spec), lambda: {"music.key": "Eb"})
        assert await server.start() == []
        tablet = Tablet(server)
        try:
            await scene(server, desk, tablet)
        finally:
            tablet.close()
            await server.close()

    asyncio.run(run())


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(done: Callable[[], bool]) -> None:
    for _ in range(200):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


def test_parameters_are_turned_by_their_paths() -> None:
    async def scene(_server: OscServer, desk: Desk, tablet: Tablet) -> None:
        tablet.send(packet("/mixer/bass/gain_db", -3.0), packet("/mixer/*/mute", 1), packet("/music/key", "C"))
        await until(lambda: len(desk.done) == 4)
        assert set(desk.done) == {("mixer.bass.gain_db", -3.0, None), ("mixer.bass.mute", 1.0, None),
                                  ("mixer.piano.mute", 1.0, None), ("music.key", "C")}
        desk.done.clear()
        tablet.send(packet("/share/track/a/filter/cutoff_hz", 0.5, 2.0))
        await until(lambda: bool(desk.done))
        assert desk.done == [("track.a.filter.cutoff_hz", pytest.approx(632.46, abs=0.01), 2.0)]

    staged(scene)


def test_a_stream_of_values_is_gathered_and_the_transport_keeps_its_place() -> None:
    async def scene(_server: OscServer, desk: Desk, tablet: Tablet) -> None:
        bundle = OscBundleBuilder(IMMEDIATELY)  # type: ignore[arg-type]
        for i in range(50):
            message = OscMessageBuilder("/mixer/bass/gain_db")
            message.add_arg(-50.0 + i)
            bundle.add_content(message.build())
        tablet.send(bytes(bundle.build().dgram), packet("/transport/locate", 5), packet("/transport/play", 1.0),
                    packet("/transport/play", 0.0), packet("/transport/stop"))
        await until(lambda: len(desk.done) == 4)
        assert desk.done == [("mixer.bass.gain_db", -1.0, None), ("locate", 5), "play", "stop"]

    staged(scene)


def test_what_is_asked_is_answered() -> None:
    async def scene(_server: OscServer, _desk: Desk, tablet: Tablet) -> None:
        tablet.send(packet("/mixer/bass/gain_db"), packet("/music/key"), packet("/share/mixer/bass/gain_db"))
        assert await tablet.heard(3) == [
            ("/mixer/bass/gain_db", -6.0), ("/music/key", "Eb"), ("/share/mixer/bass/gain_db", pytest.approx(0.875))]
        tablet.send(packet("/mixer/bass/gain_db", -2.0), packet("/mixer/bass/gain_db"))
        assert await tablet.heard() == [("/mixer/bass/gain_db", -2.0)], "as it stands after what came before"
        tablet.send(packet("/mixer/bass/gain_db", -6.0), packet("/parameters", "bass"))
        found = await tablet.heard(2)
        assert found[0] == ("/parameter", "/mixer/bass/gain_db", -6.0, -90.0, 6.0, "dB") and len(found) == 2

    staged(scene)


@pytest.mark.parametrize(
    ("address", "arguments", "words"),
    [
        ("/mixer/bas/gain_db", (1.0,), "no parameter at '/mixer/bas/gain_db'"),
        ("/mixer/bass/gain_db", (99.0,), "from -90 to 6"), ("/mixer/bass/gain_db", (float("nan"),), "does not fit"),
        ("/mixer/bass/gain_db", (1.0, -1.0), "is no ramp"), ("/transport/locate", ("x",), "give a bar"),
        ("/transport/rewind", (), "play, stop and locate"), ("/mixer/[a", (1.0,), "without its end"),
        ("/subscribe", (99_999,), "the port that you listen on"), ("/parameters", (3,), "give a word"),
    ],
)  # fmt: skip
def test_who_is_wrong_is_told(address: str, arguments: tuple[Any, ...], words: str) -> None:
    async def scene(_server: OscServer, desk: Desk, tablet: Tablet) -> None:
        tablet.send(packet(address, *arguments), packet("/mixer/bass/mute", 1))
        ((error, text),) = await tablet.heard(1)
        assert error == "/error" and words in text
        await until(lambda: desk.done == [("mixer.bass.mute", 1.0, None)])

    staged(scene)


def test_changes_are_told_to_who_wants_them_but_not_back() -> None:
    async def scene(server: OscServer, desk: Desk, tablet: Tablet) -> None:
        other = Tablet(server)
        tablet.send(packet("/subscribe"))
        other.send(packet("/subscribe", tablet.port))
        await until(lambda: len(server._peers) == 2)
        tablet.send(packet("/mixer/bass/gain_db", -3.0))
        await until(lambda: bool(desk.done))
        gain = msgspec.structs.replace(INFOS[0], value=-3.0)
        server.tell({gain.path: (-3.0, gain)})
        server.tell_transport(playing=1, bar=3, tempo=120.5)
        server.tell_transport(playing=1, bar=4, tempo=120.5)
        twice = [("/transport/playing", 1), ("/transport/bar", 3), ("/transport/tempo", 120.5), ("/transport/bar", 4)]
        assert sorted(await tablet.heard(9)) == sorted([("/mixer/bass/gain_db", -3.0), *twice, *twice]), (
            "who has the finger on the fader is not told where it is")
        tablet.send(packet("/unsubscribe"))
        await until(lambda: len(server._peers) == 1)
        other.close()

    staged(scene)


def test_fixed_receivers_and_shares() -> None:
    async def scene(server: OscServer, _desk: Desk, tablet: Tablet) -> None:
        server._fixed.append(Peer("127.0.0.1", tablet.port))
        server.tell({INFOS[3].path: (632.4555, INFOS[3])})
        assert await tablet.heard() == [("/share/track/a/filter/cutoff_hz", pytest.approx(0.5, abs=1e-4))]

    staged(scene, shares=True)


def test_who_is_not_accepted_is_not_heard() -> None:
    async def scene(server: OscServer, desk: Desk, tablet: Tablet) -> None:
        tablet.send(packet("/transport/play"))
        await until(lambda: server.faults["refused"] == 1)
        assert not desk.done and await tablet.heard() == []

    staged(scene, accept=["192.0.2.1"])


def test_a_taken_port_and_a_lost_name_are_told() -> None:
    async def run() -> None:
        spec = Osc(port=free_port(), send=["no.such.name.invalid:9", "localhost:9001"])
        first, second = OscServer(Desk(), spec, dict), OscServer(Desk(), spec, dict)
        (missing,) = await first.start()
        assert "no.such.name.invalid:9" in missing and first._fixed == [Peer("127.0.0.1", 9001)]
        with pytest.raises(DeviceError, match=r"give another osc\.port"):
            await second.start()
        await second.close()
        await first.close()

    asyncio.run(run())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=60) | st.builds(
    lambda a, t, d: b"/" + a + b"\0" * (4 - (len(a) + 1) % 4) + b"," + t + b"\0" * (4 - (len(t) + 1) % 4) + d,
    st.sampled_from([b"mixer/bass/gain_db", b"mixer/*/mute", b"transport/locate", b"subscribe", b"parameters"]),
    st.binary(max_size=6), st.binary(max_size=20)), max_size=30))
def test_any_datagram_is_taken(datagrams: list[bytes]) -> None:
    async def scene(server: OscServer, desk: Desk, tablet: Tablet) -> None:
        for datagram in datagrams:
            server.datagram_received(datagram, ("127.0.0.1", tablet.port))
        server.datagram_received(packet("/transport/stop"), ("127.0.0.1", tablet.port))
        await until(lambda: "stop" in desk.done)
        assert server._worker is not None and not server._worker.done()

    staged(scene)


def test_what_is_no_address_is_refused() -> None:
    assert peer_of("[::1]:9001") == Peer("::1", 9001) and peer_of("tablet.local:8000") == Peer("tablet.local", 8000)
    for text in ("tablet", "tablet:", ":9", "a:0", "a:70000", "a:x"):
        assert peer_of(text) is None
        with pytest.raises(SessionError, match=r"osc.send\[0\]"):
            check_osc(Osc(send=[text]), "x.toml")
    with pytest.raises(SessionError, match=r"osc.accept\[1\]"):
        check_osc(Osc(accept=["10.0.0.1", "tablet"]), "x.toml")

"""The server over real sockets: good clients, bad clients, pages from elsewhere, ports, and a stop within a second."""

import asyncio
import json
import socket
import struct
import time
from typing import Any

import msgspec
import numpy as np
import pytest
from server_stage import FakeConductor, ask, get, http, music, serving, until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from bridge.errors import DeviceError
from bridge.stream import opus, wire
from bridge.stream.door import Limits
from bridge.stream.server import Server


def test_a_client_is_greeted_then_told_the_status() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            assert json.loads(await client.recv())["type"] == "hello"
            assert json.loads(await client.recv())["type"] == "status"

    serving(body)


def test_a_message_does_not_wait_for_the_acknowledgement_of_the_one_before() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            await until(client, "hello")
            (connection,) = server._register.all
            assert connection.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    serving(body)


def test_commands_reach_the_conductor_in_order_and_are_confirmed_by_id() -> None:
    async def body(server: Server, conductor: FakeConductor) -> None:
        async with music(server) as client:
            await ask(client, type="generate", id=1, params={"genre": "jazz", "duration": 8})
            await ask(client, type="modify", params={"tempo": 90})
            await ask(client, type="locate", bar=3)
            await ask(client, type="play")
            await ask(client, type="stop", id=2)
            assert await until(client, "ok") == {"type": "ok", "request": "generate", "id": 1}
            assert await until(client, "ok") == {"type": "ok", "request": "stop", "id": 2}
        assert conductor.told == [
            ("generate", wire.GenerateParams(genre="jazz", duration=8)), ("modify", wire.ModifyParams(tempo=90.0)),
            ("locate", 3), ("play", None), ("stop", None),
        ]

    serving(body)


def test_refusals_and_faults_are_answered_to_the_one_who_asked() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client, music(server) as other:
            await ask(client, type="generate", id=5, params={"genre": "none"})
            error = await until(client, "error")
            assert error["id"] == 5 and error["request"] == "generate" and "choose one of jazz" in error["message"]
            await ask(client, type="generate", params={"genre": "bug"})
            assert "KeyError" in (await until(client, "error"))["message"]
            await ask(client, type="locate", id=6, bar=-1)
            error = await until(client, "error")
            assert error["id"] == 6 and "bar = -1" in error["message"]
            await ask(other, type="ping", t=1)
            while (message := json.loads(await other.recv()))["type"] != "pong":
                assert message["type"] != "error"

    serving(body)


def test_ping_tells_the_servers_clock() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            before = time.monotonic_ns()
            await ask(client, type="ping", t=4.5, id=9)
            pong = await until(client, "pong")
            assert (pong["t"], pong["id"]) == (4.5, 9) and before <= pong["serverNs"] <= time.monotonic_ns()

    serving(body)


def test_what_is_published_reaches_those_who_subscribed() -> None:
    async def body(server: Server, conductor: FakeConductor) -> None:
        block = np.linspace(-1, 1, 256, dtype=np.float32).reshape(2, 128)
        async with music(server) as client, music(server) as deaf:
            await ask(deaf, type="subscribe", audio=False, midi=False, id=1)
            await until(deaf, "ok")
            await ask(client, type="subscribe", block=128, id=1)
            await until(client, "ok")
            server.publish_audio(4800, 7, block)
            server.publish_midi([wire.MidiEvent(0.5, 60, 80, 0.2, "bass", 0, 1.0)])
            server.publish_midi([])
            server.publish_status(conductor.status())
            data = await client.recv()
            assert isinstance(data, bytes)
            audio = wire.decode_audio(data)
            assert (audio.frame0, audio.ns0, audio.sample_rate) == (4800, 7, 48000)
            np.testing.assert_array_equal(audio.samples, block)
            assert json.loads(await client.recv())["events"][0]["note"] == 60
            assert json.loads(await client.recv())["type"] == "status"
            assert json.loads(await deaf.recv())["type"] == "status"

    serving(body)


def test_a_change_of_tracks_is_announced_to_all() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client, music(server) as other:
            await until(other, "hello")
            await ask(client, type="generate", params={"instruments": ["piano", "sax"]})
            assert (await until(other, "hello"))["session"] == "piano+sax"

    serving(body)


def test_garbage_is_answered_and_the_connection_stays() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            rubbishes = "", "x", "{", '{"type":"dance"}', "[" * 40_000, b"\x00\xff" * 50, '{"type":"stop","a":NaN}'
            for rubbish in rubbishes:
                await client.send(rubbish)
                assert (await until(client, "error"))["message"]
            await ask(client, type="ping", t=1)
            await until(client, "pong")
        assert server.faults["bad_message"] == 7

    serving(body)


def test_ten_megabytes_close_that_connection_alone() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as other:
            client = await music(server)
            with pytest.raises(ConnectionClosed) as closed:
                await client.send("x" * 10_000_000)
                while True:
                    await client.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
            await ask(other, type="ping", t=1)
            await until(other, "pong")
            while server.clients > 1:
                await asyncio.sleep(0.005)
            assert server.faults == {"too_big": 1}

    serving(body)


async def _raw(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket after its handshake, to do wrong with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2**16)
    writer.write(get(
        "/music", more="Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ).encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def _close_code(reader: asyncio.StreamReader) -> int:
    """Read server frames up to a close frame; its code."""
    while True:
        first, size = await asyncio.wait_for(reader.readexactly(2), 5)
        if size == 126:
            size = struct.unpack(">H", await reader.readexactly(2))[0]
        payload = await reader.readexactly(size)
        if first == 0x88:
            return int(struct.unpack(">H", payload[:2])[0])


def test_text_that_is_no_utf8_and_frames_that_are_none_close_with_their_code() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as other:
            reader, writer = await _raw(server)
            writer.write(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
            assert await _close_code(reader) == 1007
            writer.close()
            reader, writer = await _raw(server)
            writer.write(b"\xff" * 64)
            assert await _close_code(reader) == 1002
            writer.close()
            await ask(other, type="ping", t=1)
            await until(other, "pong")
            assert server.faults["broken"] >= 2

    serving(body)


def test_half_a_message_harms_nobody_and_leaves_nothing() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as other:
            _r, half = await _raw(server)
            half.write(Frame(Opcode.TEXT, b'{"type":"stop"}').serialize(mask=True)[:9])
            _r, unfinished = await _raw(server)
            unfinished.write(Frame(Opcode.TEXT, b'{"type":', fin=False).serialize(mask=True))
            await ask(other, type="ping", t=1)
            await until(other, "pong")
            assert server.clients == 3
            for writer in (half, unfinished):
                writer.transport.abort()
            while server.clients > 1:
                await asyncio.sleep(0.005)

    serving(body)


def test_no_handshake_or_a_wrong_one_is_counted() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        for rubbish in (b"\x16\x03\x01\x02\x00" * 20, b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(rubbish)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
            writer.close()
        while server.faults["bad_handshake"] < 3:
            await asyncio.sleep(0.005)

    serving(body)


def test_a_client_that_stops_reading_loses_its_own_audio_and_costs_little() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        reader, writer = await _raw(server)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with music(server, max_queue=4096) as other:
            await ask(other, type="subscribe", block=128, id=1)
            await until(other, "ok")
            block = np.zeros((2, 128), np.float32)
            received = 0
            for n in range(3000):  # 8 s of sound, 3.2 MB
                server.publish_audio(n * 128, 0, block)
                if n % 50 == 49:
                    while received <= n:
                        received += isinstance(await asyncio.wait_for(other.recv(), 5), bytes)
            health = server.health()
            held = max(outlet.queued_bytes for outlet in server._fanout)
            buffered = max(c.transport.get_write_buffer_size() for c in server._register.all)
            assert 0 < held <= 80 * 1024 and buffered < 40 * 1024
            assert health["dropped"]["frames"] > 128_000 and health["dropped"]["clients"] == 0
            # what it reads late is whole: it begins where it stopped and ends with the newest
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            while any(o.queued_bytes for o in server._fanout):
                await asyncio.wait_for(reader.read(65536), 5)
        writer.transport.abort()

    serving(body)


def test_a_client_that_did_not_keep_up_is_told_how_much_it_lost() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server, max_queue=1) as client:
            await ask(client, type="subscribe", block=512, buffer=50, status=False, midi=False, id=1)
            await until(client, "ok")
            client.transport.pause_reading()
            block = np.zeros((2, 512), np.float32)
            for n in range(1500):
                server.publish_audio(n * 512, 0, block)
                if n % 20 == 0:
                    await asyncio.sleep(0)
            client.transport.resume_reading()
            heard: list[int] = []
            lost: list[dict[str, Any]] = []
            while not heard or heard[-1] != 1499 * 512:
                data = await asyncio.wait_for(client.recv(), 5)
                if isinstance(data, bytes):
                    heard.append(wire.decode_audio(data).frame0)
                else:
                    lost.append(json.loads(data))
            assert lost and all(message["type"] == "lost" for message in lost)
            assert sum(message["messages"] for message in lost) == 1500 - len(heard)
            assert sum(message["frames"] for message in lost) == 512 * (1500 - len(heard))
            assert heard == sorted(heard) and server.health()["dropped"]["audio"] == 1500 - len(heard)

    serving(body)


def test_one_that_pings_and_never_reads_the_answers_is_disconnected() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as other:
            _r, writer = await _raw(server)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            ping = Frame(Opcode.PING, bytes(125)).serialize(mask=True) * 500
            with pytest.raises(ConnectionError):
                while True:
                    writer.write(ping)
                    await writer.drain()
                    assert max(c.transport.get_write_buffer_size() for c in server._register.all) < 2**20
                    await asyncio.sleep(0)
            assert server.faults["unread"] == 1
            await ask(other, type="ping", t=1)
            await until(other, "pong")
            writer.close()

    serving(body)


def test_stems_meters_and_formats_are_subscribed_to_apart() -> None:
    async def body(server: Server, conductor: FakeConductor) -> None:
        block = np.linspace(-1, 1, 256, dtype=np.float32).reshape(2, 128)
        async with music(server) as client, music(server) as plain:
            await ask(client, type="subscribe", id=1, stems=["bass"], audio=False, status=False, midi=False,
                      meters=True, format="int16", block=64)
            await until(client, "ok")
            assert conductor.told == [("hear_stems", {"bass"})]
            await ask(plain, type="subscribe", id=1, block=64, status=False)
            await until(plain, "ok")
            server.publish_stem("bass", 128, 9, block)
            server.publish_stem("kazoo", 128, 9, block)
            server.publish_audio(128, 9, block * 0.5)
            levels = wire.Levels((0.5, 0.25), {"bass": (0.1, 0.2)})
            server.publish_status(msgspec.structs.replace(conductor.status(), levels=levels))
            stem = wire.decode_audio(await client.recv(decode=False))
            assert stem.stream == 1 and np.abs(stem.samples - block).max() < 1e-4
            meters = json.loads(await client.recv())
            assert meters == {"type": "meters", "time": 1.0, "levels": {
                "master": [0.5, 0.25], "tracks": {"bass": [0.1, 0.2]}, "loudness": None}}
            mix = wire.decode_audio(await plain.recv(decode=False))
            assert mix.stream == wire.MIX
            np.testing.assert_array_equal(mix.samples, block * np.float32(0.5))
            await ask(client, type="subscribe", id=2, stems=["kazoo"], audio=True)
            error = await until(client, "error")
            assert error["id"] == 2 and "'kazoo'" in error["message"] and "bass" in error["message"]
            assert 'sideman_stream_listeners{stream="0"} 1' in (await http(server, get("/metrics")))[2].decode()
        while server.clients:
            await asyncio.sleep(0.005)
        assert conductor.told[-1] == ("hear_stems", set())

    serving(body)


def test_opus_without_its_library_is_refused_and_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opus, "available", lambda: False)

    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            await ask(client, type="subscribe", id=1, format="opus", block=64, midi=False)
            error = await until(client, "error")
            assert error["id"] == 1 and "pip install 'sideman[opus]'" in error["message"]
            server.publish_midi([wire.MidiEvent(0.5, 60, 80, 0.2, "bass", 0, 1.0)])
            assert (await until(client, "midi"))["events"]

    serving(body)


def test_one_that_talks_too_much_is_read_later_and_loses_nothing() -> None:
    async def body(server: Server, conductor: FakeConductor) -> None:
        async with music(server) as client, music(server) as other:
            began = time.monotonic()
            for _n in range(500):
                await ask(client, type="keep")
            await ask(other, type="ping", t=1)
            await until(other, "pong")
            assert len(conductor.told) < 500  # nobody else waits
            while len(conductor.told) < 500:
                await asyncio.sleep(0.01)
            assert time.monotonic() - began > 0.4  # 250 at once, then 500 a second

    serving(body)


def test_a_client_that_never_reads_its_notes_is_thrown_out() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        _r, writer = await _raw(server)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with music(server) as other:
            await until(other, "status")
            notes = [wire.MidiEvent(n, 60, 80, 0.2, "bass", 0, n) for n in range(100)]
            for _n in range(300):
                server.publish_midi(notes)
                await until(other, "midi")
            assert server.health()["dropped"]["clients"] == 1
            await ask(other, type="ping", t=1)
            await until(other, "pong")
            assert server.clients == 1
        writer.close()

    serving(body)


def test_forty_clients_hear_the_same() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        clients = await asyncio.gather(*(music(server) for _ in range(40)))
        for client in clients:
            await ask(client, type="subscribe", block=64, id=1)
            await until(client, "ok")
        blocks = [np.full((2, 64), n, np.float32) for n in range(10)]
        for n, block in enumerate(blocks):
            server.publish_audio(64 * n, 0, block)
        for client in clients:
            heard = [wire.decode_audio(await client.recv(decode=False)).samples[0, 0] for _ in range(10)]
            assert heard == list(range(10))
        await asyncio.gather(*(client.close() for client in clients))
        assert server.health()["dropped"]["audio"] == 0

    serving(body)


def test_too_many_clients_are_turned_away_in_words() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as first, music(server):
            await until(first, "hello")
            with pytest.raises(InvalidStatus) as refused:
                await music(server)
            assert refused.value.response.status_code == 503
            assert b"most that are served" in (refused.value.response.body or b"")

    serving(body, limits=Limits(clients=2))


@pytest.mark.parametrize(
    ("host", "origin", "passes"),
    [
        ("localhost:3000", None, True),
        ("localhost:3000", "http://localhost:3000", True),
        ("127.0.0.1:3000", "http://localhost:5173", True),
        ("[::1]:3000", "http://127.0.0.1:3000", True),
        ("192.168.1.7:3000", "http://192.168.1.7:3000", True),
        ("192.168.1.7:3000", "http://localhost:3000", False),
        ("localhost:3000", "https://evil.example", False),
        ("localhost:3000", "null", False),
        ("localhost:3000", "http://localhost.evil.example", False),
        ("localhost:3000", "http://[", False),
        ("evil.example:3000", "http://evil.example:3000", False),
        ("evil.example:3000", None, False),
        ("studio.example", "https://studio.example", True),
    ],
)
def test_only_our_own_page_and_programs_may_talk(host: str, origin: str | None, passes: bool) -> None:
    async def body(server: Server, conductor: FakeConductor) -> None:
        more = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        more += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        more += f"Origin: {origin}\r\n" if origin else ""
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/music", host, more).encode())
        answer = await asyncio.wait_for(reader.readline(), 5)
        assert answer.startswith(b"HTTP/1.1 101" if passes else b"HTTP/1.1 403")
        assert server.faults["refused"] == (not passes)
        writer.transport.abort()

    serving(body, allowed_hosts=["studio.example"])


def test_http_errors_say_where_to_go() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        for path in ("/no", "/../server.py", "/%2e%2e/server.py", "/__init__.py", "//etc/passwd", "/index.html/.."):
            status, headers, text = await http(server, get(path))
            assert status == 404 and b"the page is at /" in text and headers["content-type"].startswith("text/plain")
        status, headers, text = await http(server, get("/music"))
        assert status == 426 and headers["upgrade"] == "websocket" and b"ws://" in text
        if "method" in Request.__dataclass_fields__:  # before 17, websockets hangs up on other methods by itself
            status, headers, _text = await http(server, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert status == 405 and "GET" in headers["allow"]
            status, headers, page = await http(server, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert status == 200 and int(headers["content-length"]) > 1000 and page == b""

    serving(body)


def test_healthz_tells_counts() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            await client.send("rubbish")
            await until(client, "error")
            status, headers, text = await http(server, get("/healthz"))
            health = json.loads(text)
            assert status == 200 and headers["content-type"] == "application/json"
            assert health["ok"] and health["clients"] == 1 and health["faults"] == {"bad_message": 1}
            assert health["status"] == "playing" and health["sent"]["messages"] >= 3

    serving(body)


def test_the_schema_is_served() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        status, headers, text = await http(server, get("/protocol.json"))
        assert status == 200 and headers["content-type"] == "application/json"
        assert json.loads(text)["version"] == wire.PROTOCOL_VERSION

    serving(body)


def test_metrics_tell_what_the_conductor_and_the_server_count() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            await client.send("rubbish")
            await until(client, "error")
            status, headers, text = await http(server, get("/metrics"))
            lines = text.decode().splitlines()
            assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
            assert "sideman_underruns_total 3" in lines and "sideman_clients 1" in lines
            assert 'sideman_client_faults_total{kind="bad_message"} 1' in lines
            assert 'sideman_stream_listeners{stream="0"} 1' in lines

    serving(body)


def test_a_taken_port_moves_on_to_the_next_unless_it_was_asked_for() -> None:
    async def run() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(DeviceError) as refusal:
                await Server(FakeConductor(), port=port, explicit_port=True).start()
            assert str(port) in str(refusal.value) and "stop the program" in str(refusal.value)
            server = Server(FakeConductor(), port=port)
            await server.start()
            assert port < server.port <= port + 19 and str(server.port) in server.url
            await server.stop()

    asyncio.run(asyncio.wait_for(run(), 10))


def test_a_host_that_is_not_ours_is_refused_in_words() -> None:
    with pytest.raises(DeviceError, match=r"192\.0\.2\.1"):
        asyncio.run(Server(FakeConductor(), host="192.0.2.1", port=0).start())


def test_stop_takes_less_than_a_second_whatever_clients_do() -> None:
    async def run() -> None:
        server = Server(FakeConductor(), port=0)
        await server.start()
        port = server.port
        _, stuck = await _raw(server)
        stuck.transport.pause_reading()  # type: ignore[attr-defined]
        _, half = await asyncio.open_connection("127.0.0.1", port)
        half.write(b"GET /mus")
        busy, good = await music(server, max_queue=None), await music(server)
        await ask(busy, type="generate", params={"genre": "slow"})
        await until(good, "status")
        notes = [wire.MidiEvent(n, 60, 80, 0.2, "bass", 0, n) for n in range(100)]
        for _n in range(20):
            server.publish_midi(notes)
        started = time.monotonic()
        await server.stop()
        await server.stop()
        assert time.monotonic() - started < 1.0
        with pytest.raises(ConnectionClosed):
            while True:
                await asyncio.wait_for(good.recv(), 2)
        assert good.protocol.close_code == 1001
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        for writer in (stuck, half):
            writer.transport.abort()
        await busy.close()

    asyncio.run(asyncio.wait_for(run(), 10))

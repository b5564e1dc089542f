"""The page as it is served: every file it names is there, with its type, and nothing comes from elsewhere."""

import asyncio
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.stream import wire
from bridge.stream.server import Server, web_files


class Silent:
    async def generate(self, params: wire.GenerateParams) -> None: ...

    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None: ...

    async def stop(self) -> None: ...

    async def play(self) -> None: ...

    async def locate(self, bar: int) -> None: ...
    async def keep(self) -> None: ...

    def hello(self) -> wire.Hello:
        return wire.Hello(session="silence", sample_rate=48000, channels=2, tracks=())

    def status(self) -> wire.Status:
        return wire.Status(status="stopped", time=0.0, position=0.0, tempo=120.0)


TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
         "ts": "text/plain; charset=utf-8"}


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, tuple[str, bytes, str]]]:
    """Each of the page's files as a browser gets it: (content type, body, content security policy)."""

    async def fetch() -> dict[str, tuple[str, bytes, str]]:
        server = Server(Silent(), port=0)
        await server.start()
        loop = asyncio.get_running_loop()

        def get(path: str) -> tuple[str, bytes, str]:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
                return answer.headers["Content-Type"], answer.read(), answer.headers["Content-Security-Policy"]

        with ThreadPoolExecutor(1) as pool:
            found = {path: await loop.run_in_executor(pool, get, path) for path in sorted(web_files())}
        await server.stop()
        return found

    yield asyncio.run(asyncio.wait_for(fetch(), 20))


def test_each_file_comes_whole_and_with_its_type(answers: dict[str, tuple[str, bytes, str]]) -> None:
    files = web_files()
    assert answers["/"][:2] == answers["/index.html"][:2]
    for path, (content_type, body, policy) in answers.items():
        suffix = "html" if path == "/" else path.rpartition(".")[2]
        assert content_type == TYPES[suffix]
        assert body == files[path][1] and body
        assert "default-src 'self'" in policy


def test_all_that_the_page_names_is_served_and_nothing_comes_from_elsewhere() -> None:
    files = web_files()
    named: set[str] = set()
    for path, (_, body) in files.items():
        text = body.decode()
        if path.endswith(".js"):
            named |= set(re.findall(r'(?:from|import|new URL\()\s*"\.(/[\w.]+)"', text))
        if path == "/index.html":
            named |= {f"/{name}" for name in re.findall(r'(?:href|src)="([\w.]+)"', text)}
            assert 'rel="icon" href="data:image/svg+xml' in text
        foreign = re.findall(r'(?:src|href)="(?:https?:)?//|url\(\s*["\']?(?:https?:)?//|from "https?:', text)
        assert not foreign, path
    assert {"/app.js", "/client.js", "/player.js", "/style.css"} <= named <= set(files)


def test_the_python_and_the_javascript_side_agree_on_the_audio_header() -> None:
    text = web_files()["/client.js"][1].decode()
    assert f"AUDIO_HEADER_BYTES = {wire.AUDIO_HEADER_BYTES};" in text
    assert int.from_bytes(wire.AUDIO_MAGIC, "little") == int(re.findall(r"AUDIO_MAGIC = (0x\w+)", text)[0], 16)

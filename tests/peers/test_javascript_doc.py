"""The page of docs/javascript.md works as it stands, beside the modules that it says to copy."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from web_driver import Page, chromium
from web_stage import Stage

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: apt-get install chromium"),
]
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "javascript.md").read_text("utf-8")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, stage: Stage) -> Iterator[str]:
    """The document's page, its address of Sideman made the stage's, on a server of its own."""
    (page,) = re.findall(r"```html\n(.*?)```", DOCUMENT, re.S)
    assert "ws://localhost:3000/music" in page
    page = page.replace("ws://localhost:3000", stage.url.replace("http", "ws"))
    (tmp_path / "index.html").write_text(page, "utf-8")
    (modules,) = re.findall(r"for f in ([\w ]+); do curl -O http://localhost:3000/\$f\.js", DOCUMENT)
    for module in modules.split():
        shutil.copy(ROOT / "bridge" / "web" / f"{module}.js", tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_the_page_composes_shows_and_plays(site: str, stage: Stage) -> None:
    assert stage.server is not None
    with Page() as page:
        page.open(site)
        page.wait("/[A-G]/.test(document.getElementById('chord').textContent)")
        page.wait("Number(document.getElementById('note').textContent) > 0")
        assert heard(stage) == 0
        page.evaluate("document.getElementById('go').click()")
        until = time.monotonic() + 15
        while not heard(stage):
            assert time.monotonic() < until, f"nobody listens to the mix: {page.errors}"
            time.sleep(0.05)
        page.evaluate("new Promise((done) => setTimeout(done, 300))")
        assert [error for error in page.errors if "favicon" not in error] == []
    assert stage.told[0] == ("generate", {
        "genre": "jazz", "key": "C", "tempo": 120.0, "duration": 32, "instruments": ["piano", "bass", "drums"]})


def heard(stage: Stage) -> float:
    """How many clients the mix is sent to."""
    assert stage.server is not None
    (listeners,) = [metric for metric in stage.server.metrics() if metric.name == "stream_listeners"]
    return sum(sample.value for sample in listeners.samples if sample.labels == {"stream": "0"})


def test_every_method_and_topic_of_the_types_is_in_the_document() -> None:
    text = (ROOT / "bridge" / "web" / "client.d.ts").read_text("utf-8")
    (body,) = re.findall(r"^export class MusicClient {\n(.*?)^}", text, re.M | re.S)
    for method in re.findall(r"^  (\w+)[(<]", body, re.M):
        assert method == "constructor" or f"`{method}(" in DOCUMENT, method
    (topics,) = re.findall(r"^export interface Topics {\n(.*?)^}", text, re.M | re.S)
    for topic in re.findall(r"^  (\w+):", topics, re.M):
        assert f"`{topic}`" in DOCUMENT, topic

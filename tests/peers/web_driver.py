"""Chromium by its DevTools protocol over the `websockets` library: enough to load a page, press keys, look and measure.

Protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--remote-debugging-port=0", "about:blank",
]


def chromium() -> str | None:
    """Path of the browser, or None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Tab:
    """A page of a running browser. `errors` gathers what its console, scripts and network complain of."""

    def __init__(self, address: str) -> None:
        """address: of its DevTools socket. The tab is ready after enter()."""
        self.errors: list[str] = []
        self._address = address
        self._ids = itertools.count(1)
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        self._attach(self._entered)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered.close()

    def _attach(self, stack: ExitStack) -> None:
        self._socket = stack.enter_context(connect(
            self._address, max_size=None, compression=None, ping_interval=None, close_timeout=0.2))
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its result; events that come meanwhile are looked through for complaints."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression (a promise is awaited)."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait(self, expression: str, within_s: float = 15) -> Any:
        """Until the expression is true; its value."""
        until = time.monotonic() + within_s
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < until, f"not true within {within_s} s: {expression}; {self.errors}"
            time.sleep(0.03)
        return value

    def press(self, key: str, code: str | None = None) -> None:
        text = key if len(key) == 1 else ""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, text=text * (kind == "keyDown"))

    def viewport(self, width: int, height: int, *, phone: bool = False, dark: bool = True) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))


class Page(Tab):
    """One browser with one page."""

    def __init__(self) -> None:
        super().__init__("")

    def __enter__(self) -> Self:
        program = chromium()
        assert program is not None
        with ExitStack() as started:  # whatever fails on the way leaves no browser behind
            profile = tempfile.TemporaryDirectory(prefix="sideman-chromium-", ignore_cleanup_errors=True)
            self._profile = Path(started.enter_context(profile))
            self._process = subprocess.Popen(
                [program, f"--user-data-dir={self._profile}", *FLAGS],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )
            started.callback(self._kill)
            self._address = self._debugger()
            self._attach(started)
            self._entered = started.pop_all()
        return self

    def tab(self) -> Tab:
        """Another page of the same browser; it goes with the browser."""
        made = self.call("Target.createTarget", url="about:blank")
        return Tab(f"{self._address.rpartition('/')[0]}/{made['targetId']}")

    def _kill(self) -> None:
        """The browser's whole process group, which is its own (start_new_session)."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _debugger(self) -> str:
        """Address of the page's DevTools socket, once the browser has written its port."""
        port_file = self._profile / "DevToolsActivePort"
        until = time.monotonic() + 30
        while not (port_file.exists() and "\n" in port_file.read_text()):
            assert self._process.poll() is None, "Chromium ended at once"
            assert time.monotonic() < until, "Chromium did not open its debugging port within 30 s"
            time.sleep(0.02)
        port = int(port_file.read_text().split()[0])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
            target = next(entry for entry in json.load(answer) if entry["type"] == "page")
        return str(target["webSocketDebuggerUrl"])

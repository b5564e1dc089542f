"""`sideman play` as a process of its own, as a user starts it, for benchmarks and end-to-end tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue

from bridge.errors import DeviceError
from bridge.session import builtin_folder


def own_ticks(name: str, folder: Path) -> Path:
    """A file in `folder` of the built-in session `name` that keeps its own ticks under a master of another tempo.

    Composers are told a master's tempo otherwise, and what is heard is not what the session alone would have composed.
    """
    text = (Path(builtin_folder()) / f"{name}.toml").read_text("utf-8")
    file = folder / f"{name}.toml"
    file.write_text(f"{text}\n[clock]\nretime = false\n", "utf-8")
    return file


class Player:
    """Runs from enter to exit; everything that it prints is kept in `lines`. Its takes go with it."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.began = time.perf_counter()
        self.lines: list[str] = []
        self._queue: Queue[str | None] = Queue()
        self._takes = tempfile.TemporaryDirectory(prefix="sideman-takes-", ignore_cleanup_errors=True)
        around = {**os.environ, "SIDEMAN_TAKES": self._takes.name, **(environment or {})}
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "bridge", "play", *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=around, start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._queue.put(line)
        self._queue.put(None)

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, pattern: str, timeout_s: float = 60.0) -> re.Match[str]:
        """Until a printed line matches. Raises DeviceError with all that was printed."""
        deadline = time.monotonic() + timeout_s
        seen = 0
        while True:
            while seen < len(self.lines):
                if match := re.search(pattern, self.lines[seen]):
                    return match
                seen += 1
            try:
                line = self._queue.get(timeout=max(0.01, deadline - time.monotonic()))
            except Empty:
                line = ""
            if (line is None and seen == len(self.lines)) or time.monotonic() > deadline:
                raise DeviceError(f"sideman play never said {pattern!r}; it said:\n{self.output}")

    def url(self, timeout_s: float = 60.0) -> str:
        """Of the socket."""
        return self.wait_for(r"(ws://\S+)", timeout_s).group(1)

    def stop(self, how: signal.Signals = signal.SIGINT, patience_s: float = 5.0) -> float:
        """As Ctrl-C does; returns the seconds that it took. Kills what does not end."""
        began = time.perf_counter()
        if self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(patience_s)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        seconds = time.perf_counter() - began
        self._reader.join(2)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._takes.cleanup()
        return seconds


def family(pid: int) -> list[int]:
    """The process and all its descendants (Linux: /proc)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member and child not in members]
    return members


def memory_mb(pids: Sequence[int]) -> dict[str, float] | None:
    """Memory of the processes together: rss counts shared pages in each, pss divides them. None off Linux."""
    rss = pss = 0.0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        rss += sum(float(x) for x in re.findall(r"^Rss:\s+(\d+)", text, re.M)) / 1024
        pss += sum(float(x) for x in re.findall(r"^Pss:\s+(\d+)", text, re.M)) / 1024
    return {"rss_mb": round(rss, 1), "pss_mb": round(pss, 1)} if rss else None

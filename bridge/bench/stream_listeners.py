"""Who listens in `sideman bench stream`: a client in C, compiled when it is needed; in Python where no compiler is.

What listens must cost little, or its own waiting is measured: 200 clients at 375 messages a second are 75,000 reads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.bench.stream_servers import FIFO_PRIORITY
from bridge.errors import DeviceError

_COMPILERS = ("cc", "gcc", "clang")
_START_S, _END_S = 60.0, 60.0


class Heard(NamedTuple):
    """What all listeners of a run heard together. gaps: messages that did not begin where the one before ended;
    broken: connections that the server ended; latencies_ns: from stamp to receipt, in the order of arrival."""

    messages: int
    bytes: int
    gaps: int
    broken: int
    latencies_ns: NDArray[np.uint32]

    def percentile_ms(self, percent: float) -> float:
        return round(float(np.percentile(self.latencies_ns, percent)) / 1e6, 4)


def program(folder: Path) -> tuple[str, ...]:
    """The command of the client: compiled into `folder` where there is a compiler, else Python's."""
    compiler = next((found for name in _COMPILERS if (found := shutil.which(name))), None)
    if compiler is None or os.name != "posix":
        return sys.executable, "-m", "bridge.bench.stream_client"
    target = folder / "stream_client"
    with as_file(files("bridge.bench") / "stream_client.c") as source:
        done = subprocess.run([compiler, "-O2", "-o", str(target), str(source)], capture_output=True, text=True,
                              check=False, timeout=60)
    if done.returncode != 0:
        raise DeviceError(f"{compiler} does not compile stream_client.c: {done.stderr.strip()[:400]}")
    return (str(target),)


class Listeners:
    """`clients` that listen to a server, and `stuck` ones that connect and never read.

    core  where they run, None: anywhere; fifo: with SCHED_FIFO, which must be allowed

    Raises DeviceError where they cannot connect.
    """

    def __init__(self, command: Sequence[str], port: int, clients: int, *, stuck: int = 0, request: str = "",
                 core: int | None = None, fifo: bool = False) -> None:
        pinned = [taskset, "-c", str(core)] if core is not None and (taskset := shutil.which("taskset")) else []
        if fifo and (chrt := shutil.which("chrt")):
            pinned = [chrt, "-f", str(FIFO_PRIORITY), *pinned]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as the process lives
        self._process = subprocess.Popen([*pinned, *command, "127.0.0.1", str(port), str(clients), str(stuck), request],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != b"ready":
            self._process.kill()
            self._process.communicate()
            said = self._said()
            self.close()
            raise DeviceError(f"the bench's clients did not connect: {said or 'they ended'}")

    def __enter__(self) -> Listeners:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def heard(self) -> Heard:
        """Stop listening; what came until now."""
        try:
            out, _ = self._process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self.close()
            raise DeviceError("the bench's clients do not end: run it again on a quieter machine") from None
        head, _, raw = out.partition(b"\n")
        if len(numbers := head.split()) != 5:
            raise DeviceError(f"the bench's clients failed: {self._said()}")
        messages, size, gaps, broken, count = map(int, numbers)
        return Heard(messages, size, gaps, broken, np.frombuffer(raw, np.uint32, count))

    def close(self) -> None:
        """Idempotent."""
        if self._process.poll() is None:
            self._process.kill()
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._process.communicate()
        self._errors.close()

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read(400).decode(errors="replace").strip()

"""Plug-ins that crash, hang and print, and engines that die: the music goes on and nothing is left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.hosted import DECLICK_FRAMES, FADE_FRAMES, HostedEffect
from instruments.plugins import scan
from instruments.plugins.rings import SHM_PREFIX
from instruments.plugins.use import PluginUse

pytestmark = [
    pytest.mark.peer("zam-plugins"),
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into Linux's /proc"),
]
RATE, FRAMES = 48000, 128
GAIN = np.float32(10 ** (6 / 20))


class Player:
    """Plays a sine through an effect in real time or so, and checks every block of what comes out."""

    def __init__(self, **options: Any) -> None:
        try:
            scan.find("ZamCompX2")
        except InstrumentError:
            pytest.skip("ZamCompX2 is not installed: apt-get install zam-plugins")
        # With the threshold at 0 dB this compressor is a gain of 6 dB: wet and dry are told apart by their level.
        self.effect = HostedEffect(PluginUse("ZamCompX2", params={"threshold": 0, "makeup": 6}), **options)
        self.effect.prepare(RATE, FRAMES)
        self.latency = self.effect.latency
        self.heard: list[AudioBlock] = []
        self.longest_s = 0.0

    @property
    def state(self) -> str:
        return self.effect.status()["state"]

    def sine(self, start: int, frames: int) -> AudioBlock:
        t = np.arange(start, start + frames)
        one = np.where(t < 0, 0.0, 0.1 * np.sin(2 * np.pi * 440 / RATE * t)).astype(np.float32)
        return np.stack([one, -one])

    def block(self) -> str:
        """Play one block: "wet", "dry" or "between"."""
        at = len(self.heard) * FRAMES
        audio = self.sine(at, FRAMES)
        began = time.perf_counter()
        self.effect.process(audio, Transport(at))
        self.longest_s = max(self.longest_s, time.perf_counter() - began)
        assert np.isfinite(audio).all()
        self.heard.append(audio)
        dry = self.sine(at - self.latency, FRAMES)
        if np.abs(audio - dry).max() < 1e-6:
            return "dry"
        return "wet" if np.abs(audio - GAIN * dry).max() < 1e-4 else "between"

    def until(self, kind: str, limit_s: float = 40.0) -> list[str]:
        """Play until a block is of that kind; the kinds heard."""
        kinds: list[str] = []
        deadline = time.monotonic() + limit_s
        while not kinds or kinds[-1] != kind:
            assert time.monotonic() < deadline, f"no {kind} block; {self.effect.status()}"
            kinds.append(self.block())
            time.sleep(0.002)
        return kinds

    def steepest(self) -> float:
        """The largest step from frame to frame."""
        return float(np.abs(np.diff(np.concatenate(self.heard, axis=1))).max())


@pytest.fixture
def play() -> Iterator[Callable[..., Player]]:
    made: list[Player] = []

    def make(**options: Any) -> Player:
        made.append(Player(**options))
        return made[-1]

    yield make
    for player in made:
        player.effect.close()


def condition_of(pid: int) -> str:
    """Of a process: R, S, T (stopped), ...; Z also where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def stopped(pid: int) -> bool:
    """All of its threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rsplit(")", 1)[1].split()[0] == "T" for stat in threads)


def alive(pid: int) -> bool:
    return condition_of(pid) != "Z"


def wait_for(condition: Callable[[], bool], limit_s: float = 40.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.mark.parametrize("fatal", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_plugin_that_dies_is_dry_at_once_and_comes_back(play: Callable[..., Player], fatal: signal.Signals) -> None:
    player = play()
    player.until("wet")
    victim = player.effect.status()["pid"]
    assert victim is not None
    os.kill(victim, fatal)
    kinds = player.until("dry")
    # What it had answered before is still heard; then one block with the step faded out, then the dry signal itself.
    assert len(kinds) < 100
    assert DECLICK_FRAMES < FRAMES
    assert kinds[-2:] == ["between", "dry"]
    wait_for(lambda: player.state.startswith(f"crashed: respawning (its process died of {fatal.name}"))
    back = player.until("wet")
    assert "dry" in back
    assert back.count("between") >= -(-FADE_FRAMES // FRAMES)
    status = player.effect.status()
    assert (status["state"], status["crashes"]) == ("ok", 1)
    assert fatal.name in status["last_error"]
    assert status["pid"] != victim
    assert not alive(victim)
    assert player.steepest() < 0.02  # the sine at twice its level has steps of 0.0115


def test_a_plugin_that_hangs_is_dry_then_replaced(play: Callable[..., Player]) -> None:
    player = play(hang_s=0.3)
    player.until("wet")
    victim = player.effect.status()["pid"]
    assert victim is not None
    player.longest_s = 0.0
    os.kill(victim, signal.SIGSTOP)
    player.until("dry")
    assert player.state == "late"
    back = player.until("wet")
    assert back.count("dry") > 50
    assert player.longest_s < 0.1  # a wait has a deadline: 1.3 ms, and a busy machine's share
    status = player.effect.status()
    assert status["crashes"] == 1
    assert "it hung: no answer for 0.3 s" in status["last_error"]
    assert status["late_blocks"] > 50
    assert not alive(victim)
    assert player.steepest() < 0.02


def test_a_plugin_that_pauses_is_late_and_catches_up_without_a_new_process(play: Callable[..., Player]) -> None:
    player = play(hang_s=30.0)
    player.until("wet")
    pid = player.effect.status()["pid"]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    player.until("dry")
    for _ in range(200):  # more than the ring holds
        player.block()
    os.kill(pid, signal.SIGCONT)
    player.until("wet")
    status = player.effect.status()
    assert (status["state"], status["crashes"], status["pid"]) == ("ok", 0, pid)
    assert player.steepest() < 0.02


def test_after_repeated_crashes_it_stays_out(play: Callable[..., Player]) -> None:
    player = play(max_crashes=2)
    for _ in range(2):
        player.until("wet")
        os.kill(player.effect.status()["pid"] or 0, signal.SIGKILL)
        player.until("dry")
    wait_for(lambda: player.state.startswith("out: crashed 2 times within 60 s"))
    assert player.effect.status()["pid"] is None
    assert {player.block() for _ in range(20)} == {"dry"}


def test_the_last_parameters_survive_a_crash(play: Callable[..., Player]) -> None:
    player = play()
    player.until("wet")
    player.effect.set_params({"makeup": 0})
    player.until("dry")  # with no gain, wet is dry
    os.kill(player.effect.status()["pid"] or 0, signal.SIGKILL)
    wait_for(lambda: player.block() == "dry" and player.effect.status()["crashes"] == 1)
    wait_for(lambda: player.block() == "dry" and player.state == "ok")
    assert {player.block() for _ in range(50)} == {"dry"}


def test_offline_a_crash_is_an_error(play: Callable[..., Player]) -> None:
    player = play(offline=True)
    player.block()
    os.kill(player.effect.status()["pid"] or 0, signal.SIGKILL)
    with pytest.raises(InstrumentError, match=r"ZamCompX2.*died of SIGKILL"):
        for _ in range(10):
            player.block()


def compiled(folder: Path, source: str) -> Path:
    """A "plug-in" that does something when it is opened."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed: apt-get install gcc")
    binary = folder / "Trap.vst3/Contents" / f"{os.uname().machine}-linux" / "Trap.so"
    binary.parent.mkdir(parents=True)
    (folder / "trap.c").write_text(textwrap.dedent(source))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", binary, folder / "trap.c"], check=True)
    return folder / "Trap.vst3"


def test_a_plugin_that_crashes_as_it_loads_stays_out_with_its_last_words(tmp_path: Path) -> None:
    plugin = compiled(tmp_path, """
        #include <stdio.h>
        #include <stdlib.h>
        __attribute__((constructor)) static void trap(void) { puts("licence not found"); fflush(stdout); abort(); }
    """)
    effect = HostedEffect(PluginUse(str(plugin)), max_crashes=2)
    effect.prepare(RATE, FRAMES)
    wait_for(lambda: effect.status()["state"].startswith("out: crashed 2 times"))
    status = effect.status()
    assert "SIGABRT" in status["state"]
    assert "licence not found" in status["output"]
    effect.close()


def test_a_plugin_that_hangs_as_it_loads_is_given_up(tmp_path: Path) -> None:
    plugin = compiled(tmp_path, """
        #include <unistd.h>
        __attribute__((constructor)) static void trap(void) { for (;;) pause(); }
    """)
    effect = HostedEffect(PluginUse(str(plugin)), load_timeout_s=0.8, max_crashes=1)
    effect.prepare(RATE, FRAMES)
    wait_for(lambda: "took longer than 0.8 s to load" in effect.status()["state"])
    effect.close()


def test_a_plugin_that_prints_without_end_blocks_nobody(tmp_path: Path) -> None:
    plugin = compiled(tmp_path, """
        #include <stdio.h>
        __attribute__((constructor)) static void trap(void) {
            for (int i = 0; i < 200000; i++) printf("line %d of very many\\n", i);
            fflush(stdout);
        }
    """)
    effect = HostedEffect(PluginUse(str(plugin)))
    effect.prepare(RATE, FRAMES)
    wait_for(lambda: effect.status()["state"].startswith("out: "))
    assert "of very many" in effect.status()["output"]
    assert len(effect.status()["output"]) <= 4096
    effect.close()


def shared_memory(pid: int) -> list[str]:
    return [entry.name for entry in Path("/dev/shm").glob(f"{SHM_PREFIX}{pid}-*")]


def traces() -> tuple[int, list[str], int]:
    """Open descriptors, shared memory and children of this process."""
    gc.collect()
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return len(list(Path("/proc/self/fd").iterdir())), shared_memory(os.getpid()), len(children)


def test_nothing_is_left_behind(play: Callable[..., Player], tmp_path: Path) -> None:
    resource_tracker.ensure_running()
    bad = tmp_path / "Bad.vst3"
    bad.write_text("")
    before, others = traces(), set(multiprocessing.active_children())
    for turn in range(3):
        player = play(hang_s=0.2)
        if turn == 0:
            player.block()  # closed while it loads
        else:
            player.until("wet")
            assert not traces()[1]  # the shared memory has lost its name as soon as both ends have it
            os.kill(player.effect.status()["pid"] or 0, signal.SIGKILL if turn == 1 else signal.SIGSTOP)
            player.until("dry")
            if turn == 1:
                player.until("wet")
        player.effect.close()
        refused = HostedEffect(PluginUse(str(bad)))
        refused.prepare(RATE, FRAMES)
        refused.close()
    assert traces() == before
    assert not set(multiprocessing.active_children()) - others


ENGINE = """
import multiprocessing, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
import numpy as np
from instruments.block import Transport
from instruments.hosted import HostedEffect
from instruments.plugins.use import PluginUse
def engine():
    effect = HostedEffect(PluginUse("ZamCompX2"))
    effect.prepare(48000, 128)
    while effect.status()["state"] != "ok":
        effect.process(np.zeros((2, 128), np.float32), Transport())
        time.sleep(0.002)
    print(effect.status()["pid"], flush=True)
    if sys.argv[1] == "leaves":
        sys.exit(0)
    while True:
        effect.process(np.zeros((2, 128), np.float32), Transport())
        time.sleep(0.002)

if __name__ == "__main__":
    if sys.argv[2] == "daemon":
        child = multiprocessing.get_context("spawn").Process(target=engine, daemon=True)
        child.start()
        child.join()
    else:
        engine()
"""


@pytest.mark.parametrize(("end", "child"), [
    ("killed", "plays"), ("killed", "stopped"), ("leaves", "plays"), ("interrupted", "plays"), ("leaves", "daemon"),
])
def test_the_plugin_ends_with_its_engine(play: Callable[..., Player], tmp_path: Path, end: str, child: str) -> None:
    play().effect.close()  # skips where there is no plug-in
    script = tmp_path / "engine.py"
    script.write_text(ENGINE)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, script, end, child], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment) as engine:
        assert engine.stdout is not None
        pid = int(engine.stdout.readline())
        if child == "stopped":
            os.kill(pid, signal.SIGSTOP)
            wait_for(lambda: stopped(pid))
        if end == "interrupted":
            engine.send_signal(signal.SIGINT)
        elif end == "killed":
            engine.kill()
        engine.wait(timeout=10)
    wait_for(lambda: not alive(pid))
    wait_for(lambda: not shared_memory(engine.pid))

"""The mix's cost: 8 tracks with 3 effects each and the console, beside pedalboard; deadlines of a whole engine."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from bridge.bench.figures import median, spread
from bridge.driver import Block, Outputs
from bridge.errors import DeviceError
from bridge.mix import EffectSpec
from bridge.session import Music, OutputSpec, Session, Track
from instruments.block import AudioBlock, FrameEvent, Transport
from instruments.channel import Channel, Insert
from instruments.console import Console
from instruments.effects.registry import make_effect
from instruments.fader import Send

RATE, FRAMES, TRACKS = 48_000, 128, 8
EFFECTS: Mapping[str, Mapping[str, float]] = {
    "eq": {"high_pass_hz": 80, "low_db": -3, "mid_db": 2, "presence_db": 3, "high_db": 2, "low_pass_hz": 16000},
    "compressor": {"threshold_db": -30, "ratio": 4},
    "chorus": {},
    "delay": {},
    "phaser": {},
}
CHAINS: Sequence[Sequence[str]] = [("eq", "compressor", third) for third in ("chorus", "delay", "phaser", "chorus")] * 2
"""Of each track. Every one of these has its like in pedalboard."""
_BLOCKS = 800
_SOUNDS = ("rhodes", "strings", "pad", "organ", "brass", "choir", "lead", "electric-piano")
_VOICES = 8
_START_S = 120.0


class _Noise:
    """An instrument that costs next to nothing and never rests."""

    latency = tail = 0

    def __init__(self, seed: int) -> None:
        self._sound = np.random.default_rng(seed).standard_normal((2, FRAMES)).astype(np.float32) * np.float32(0.1)

    def prepare(self, rate: int, max_frames: int) -> None: ...
    def reset(self) -> None: ...
    def close(self) -> None: ...

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        out[:] = self._sound


def console(chains: Sequence[Sequence[str]], shared: bool) -> Console:
    """Tracks of noise with these effects, panned, sending to a return; shared: with a room in it, and the limiter."""
    tracks = [Channel(f"t{i}", instrument=_Noise(i), pan=i / TRACKS - 0.4, gain_db=-6, sends={"room": Send(-14)},
                      inserts=[Insert(make_effect(name, EFFECTS[name])) for name in chain])
              for i, chain in enumerate(chains)]
    room = [Insert(make_effect("reverb", {"mix": 1.0}))] if shared else []
    last = [Insert(make_effect("limiter"))] if shared else []
    made = Console([*tracks, Channel("room", "return", inserts=room), Channel("master", "master", last=last)], RATE,
                   FRAMES)
    made.prepare()
    return made


def block_us(chains: Sequence[Sequence[str]], shared: bool, moving: bool = False, blocks: int = _BLOCKS) -> float:
    """Median CPU time of a block, the instruments' left out. moving: every track's gain and equalizer glide."""
    desk = console(chains, shared)
    bare = _Noise(0)
    silent: list[list[FrameEvent]] = [[] for _ in desk.tracks]
    out = np.zeros((2, FRAMES), np.float32)
    times: list[float] = []
    for i in range(blocks + 50):
        if moving and i % 100 == 0:
            for track in desk.tracks:
                desk.set(track.name, "gain_db", -6.0 - (i // 100) % 2 * 6, 200 * FRAMES)
        transport = Transport(i * FRAMES)
        began = time.thread_time()
        desk.process(silent, FRAMES, transport)
        mixed = time.thread_time()
        for _ in desk.tracks:
            bare.process([], out, transport)
        times.append((mixed - began) - (time.thread_time() - mixed))
    desk.close()
    return median([t * 1e6 for t in times[50:]])


def peer_us(blocks: int = _BLOCKS) -> float | None:
    """The same effects in pedalboard, one board a track: median CPU time of a block, without any mixing. None where it
    is missing."""
    try:
        import pedalboard
    except ImportError:
        return None
    p: Any = pedalboard
    v = EFFECTS["eq"]
    make: dict[str, Callable[[], list[Any]]] = {
        "eq": lambda: [p.HighpassFilter(v["high_pass_hz"]), p.LowShelfFilter(120, v["low_db"]),
                       p.PeakFilter(400, v["mid_db"]), p.PeakFilter(3000, v["presence_db"]),
                       p.HighShelfFilter(8000, v["high_db"]), p.LowpassFilter(v["low_pass_hz"])],
        "compressor": lambda: [p.Compressor(-30, 4, 10, 120)],
        "chorus": lambda: [p.Chorus()],
        "delay": lambda: [p.Delay(0.375, 0.35, 0.2)],
        "phaser": lambda: [p.Phaser()],
    }
    boards = [p.Pedalboard([plugin for name in chain for plugin in make[name]()]) for chain in CHAINS]
    sounds = [_Noise(i)._sound for i in range(TRACKS)]
    times: list[float] = []
    for i in range(blocks + 50):
        began = time.thread_time()
        for board, sound in zip(boards, sounds, strict=True):
            board.process(sound, RATE, buffer_size=FRAMES, reset=False)
        if i >= 50:
            times.append((time.thread_time() - began) * 1e6)
    return median(times)


def run(seconds: float = 60.0, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """About two and a half minutes.

    effects_us_per_block   24 effects, faders, pans, sends, sums, meters: CPU time of a block of 128 frames
    shared_us_per_block    the same with a room in the return and the limiter behind the mix
    moving_us_per_block    the same, while the gain of every track glides
    console_us_per_block   the console without effects
    pedalboard_us_per_block, vs_pedalboard   the 24 effects alone by pedalboard, and how often ours go into that
    each_us_per_block      a single effect
    strike_ms              CPU time of a block of the whole engine in which 64 notes begin at once
    deadline_misses, deadline_misses_fifo    blocks that took longer than they last, in `seconds` of a whole engine
                           (64 voices, 8 tracks, 24 effects; one track's 8 notes begin at a time) beside a process that
                           composes and one that computes
    """
    tell("effects")
    bare = block_us([()] * TRACKS, False)
    ours, shared = block_us(CHAINS, False), block_us(CHAINS, True)
    moving = block_us(CHAINS, True, moving=True)
    each = {name: round((block_us([(name,)] * TRACKS, False) - bare) / TRACKS, 3) for name in EFFECTS}
    tell("pedalboard")
    theirs = peer_us()
    figures: dict[str, Any] = {
        "rate": RATE, "block": FRAMES, "tracks": TRACKS, "chains": [list(c) for c in CHAINS],
        "effects_us_per_block": ours, "shared_us_per_block": shared, "moving_us_per_block": moving,
        "console_us_per_block": bare, "each_us_per_block": each, "pedalboard_us_per_block": theirs,
        "vs_pedalboard": None if theirs is None else round(theirs / ours, 2),
    }
    tell("64 notes at once")
    figures["strike_ms"] = strike_ms()
    for key, fifo in (("fifo", True), ("", False)):
        tell(f"{seconds:g} s of an engine, {'SCHED_FIFO' if fifo else 'no priority'}")
        found = engine(seconds, fifo)
        for name, value in found.items():
            figures[f"{name}_fifo" if key else name] = value
    return figures


def session() -> Session:
    """8 tracks of 3 effects each; what they play is not composed (see _engine)."""
    tracks = [Track(f"t{i}", ["comp"], sound, effects=[EffectSpec(effect=name, params=dict(EFFECTS[name]))
                                                       for name in chain])
              for i, (sound, chain) in enumerate(zip(_SOUNDS, CHAINS, strict=True))]
    return Session("bench", tracks, music=Music(), outputs=OutputSpec(audio="none", midi=False), block=FRAMES)


def strike_ms(bars: int = 8) -> float:
    """Median CPU time of the engine's block at a bar line where every track strikes 8 notes."""
    from bridge.bench.held_chords import HeldChords

    playing, frames_a_bar = HeldChords(session(), RATE, FRAMES, _VOICES, together=True), RATE * 2
    times: list[float] = []
    for frame in range(0, bars * frames_a_bar, FRAMES):
        began = time.thread_time()
        playing.step(Block(frame, frame * 1_000_000_000 // RATE, FRAMES, ()))
        if frame and frame % frames_a_bar == 0:
            times.append((time.thread_time() - began) * 1e3)
    playing.close()
    return median(times)


def engine(seconds: float, fifo: bool) -> dict[str, Any]:
    """In a process of its own, as in the program, beside one that composes without end and this one, which computes.

    fifo: with SCHED_FIFO; where the system does not allow that, the figures are None.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    player = context.Process(target=_engine, args=(seconds, fifo, theirs))
    composer = context.Process(target=_compose, daemon=True)
    player.start()
    theirs.close()
    try:
        if not ours.poll(_START_S):
            raise DeviceError(f"the bench's engine was not ready within {_START_S:g} s")
        ours.recv()
        composer.start()
        spinning = threading.Event()
        spin = threading.Thread(target=_spin, args=(spinning,), daemon=True)
        spin.start()
        try:
            if not ours.poll(seconds + _START_S):
                raise DeviceError(f"the bench's engine did not answer within {seconds + _START_S:g} s")
            answer: dict[str, Any] = ours.recv()
        finally:
            spinning.set()
            spin.join()
    except EOFError:
        raise DeviceError("the bench's engine died") from None
    finally:
        ours.close()
        for process in (player, composer):
            if process.pid is not None:
                process.terminate()
                process.join()
    return answer


def _spin(stop: threading.Event) -> None:
    """What a server with much to do is to the machine."""
    table = [float(i) for i in range(4096)]
    while not stop.is_set():
        sum(x * 0.5 for x in table)


def _compose() -> None:
    from composers.composer import Plan, make_band

    seed = 0
    while True:
        seed += 1
        band = make_band(Plan(seed=seed))
        for bar in range(64):
            band.compose(bar)


def _engine(seconds: float, fifo: bool, main: Connection) -> None:
    """The engine's process: 8 held voices a track, struck anew every bar, one track after another."""
    from bridge.bench.held_chords import HeldChords
    from bridge.pacer import PacerDriver
    from bridge.processes import still_garbage, take_fifo

    sys.setswitchinterval(0.0005)
    playing = HeldChords(session(), RATE, FRAMES, _VOICES)
    driver = PacerDriver(RATE, FRAMES, realtime=fifo)
    spent: list[float] = []
    voices: list[int] = []
    running = threading.Event()

    def step(block: Block) -> Outputs:
        began = time.perf_counter()
        audio = playing.step(block)
        if running.is_set():
            spent.append(time.perf_counter() - began)
            voices.append(playing.sounding)
        return Outputs([], audio)

    still_garbage()
    driver.start(step)
    allowed = not fifo or take_fifo(1)  # of this thread, which only sleeps: whether the pacer's may have it
    main.send("ready")
    time.sleep(2.0)
    running.set()
    xruns = driver.xruns
    time.sleep(seconds)
    running.clear()
    driver.stop()
    playing.close()
    period = FRAMES / RATE
    main.send({
        "deadline_misses": sum(s > period for s in spent) if allowed else None,
        "blocks_left_out": driver.xruns - xruns if allowed else None,
        "block_ms": spread([s * 1e3 for s in spent]) if allowed else None,
        "voices": median(voices) if allowed else None,
    })

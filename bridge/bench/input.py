"""What playing in costs: from a key to MIDI through and to the first sample; what a flood of messages loses."""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bridge import session as sessions
from bridge.bench.figures import spread
from bridge.bench.stage import Player
from bridge.client import MusicClient
from bridge.errors import DeviceError
from bridge.inputs.keyboards import Keyboards
from bridge.inputs.wiring import input_routes
from bridge.jack.peers import JackServer
from bridge.jack.recorder import Heard, JackRecorder, Recording
from bridge.jack.trace import Sent, TraceMaster
from bridge.stream.wire import Status

RATE = 48_000
SESSION = """
name = "keys"
returns = []
[clock]
source = "midi"
[[tracks]]
name = "lead"
parts = ["comp"]
instrument = "clavinet"
[[tracks]]
name = "thru"
parts = ["bass"]
instrument = "clavinet"
[[input]]
name = "keys"
to = ["lead"]
port = "trace:keys"
[[through]]
name = "through"
to = ["thru"]
port = "trace:keys"
"""
"""It stands, and waits for a clock that never comes. Its instrument begins with the first sample and rings shortly; no
room, so that one note is silent before the next."""

_SILENT = 1e-4
"""-80 dBFS."""
_APART = RATE // 5
_CHUNK_S = 4.0
"""Of a flood, at a time."""
_REST_S = 1.0
_MESSAGES_S = 10_000
_SURE, _FAR = 4, 20_000
"""So many messages in a row are no accident; and nobody loses more than two seconds of them at a time."""


class _Xruns:
    """What status says of late blocks, from enter to exit; a thread of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count = 0

    def _run(self) -> None:
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        def heed(status: Status) -> None:
            self.count = status.xruns

        async with MusicClient(self._url) as client:
            client.on("status", heed)
            await self._stop.wait()

    def __enter__(self) -> _Xruns:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5.0)


def run(seconds: float = 60.0, keys: int = 100, sizes: Sequence[int] = (64, 128),
        tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Keys at random moments at each period, then a flood for `seconds`, and as long without. Raises DeviceError.

    thru_ms, key_to_sound_ms  from the frame at which a key's message is at our input port to that at which its note is
        at the MIDI output, and its first sample above -80 dBFS at the audio output: the instrument's attack and the
        master limiter's look-ahead are in it
    to_the_ear_ms  p99 of that, and what a device adds: a period until a key that is struck in the middle of one comes
        to be heard (drivers stamp it so), and what JACK says that its output takes
    lost_messages, lost_played  of a flood of random channel messages, by MIDI through, and by a track that is played
        with them: what came out, against what a keyboard of our own makes of the same bytes. All as one recorder heard
        it; what that missed itself is beside it
    late_blocks  xruns and deadlines missed during the flood; late_blocks_idle: in as long without
    """
    found: dict[str, Any] = {}
    for frames in sizes:
        tell(f"{keys} keys at {frames} frames")
        found[f"frames_{frames}"] = _keys(frames, keys)
    tell(f"{_MESSAGES_S} messages a second for {seconds:g} s, and as long without")
    return found | _flood(sizes[-1], seconds)


def _session(folder: str) -> str:
    path = Path(folder) / "keys.toml"
    path.write_text(SESSION, "utf-8")
    return str(path)


def _keys(frames: int, count: int) -> dict[str, Any]:
    rng = random.Random(frames)
    struck = [RATE // 4 + i * _APART + rng.randrange(4 * frames) for i in range(count)]
    trace = [event for i, frame in enumerate(struck) for event in (
        Sent(frame, 0, bytes((0x90, 60 + i % 24, 100))), Sent(frame + RATE // 20, 0, bytes((0x80, 60 + i % 24, 0))))]
    with (
        tempfile.TemporaryDirectory() as folder,
        JackServer(frames=frames, sync=True) as server,
        TraceMaster(["keys"], server=server.name) as master,
        Player(_session(folder), "--audio", "jack", "--port", "0", environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        with JackRecorder(["trace:keys", "sideman:lead", "sideman:thru"], ["sideman:out_l"], server=server.name
                          ) as recorder:
            _connected(recorder, player)
            time.sleep(0.5)
            master.play(trace)
            _wait(master, trace[-1].frame + RATE // 4)
        latency = _playback_latency(server.name)
    recording = recorder.recording
    assert recording is not None
    period_ms = 1e3 * frames / RATE
    heard = _onsets(recording.midi["trace:keys"])
    sound = _first_samples(recording, heard)
    thru = _pairs(heard, recording.midi["sideman:thru"])
    played = _pairs(heard, recording.midi["sideman:lead"])
    to_sound = spread([1e3 * each / RATE for each in sound])
    if to_sound is None:
        raise DeviceError(f"no key was heard; sideman said:\n{player.output}")
    limit_ms = 2 * period_ms + 1.0
    return {
        "period_ms": round(period_ms, 3), "keys": len(heard), "unheard": len(heard) - len(sound),
        "thru_ms": spread([1e3 * each / RATE for each in thru]),
        "key_to_midi_ms": spread([1e3 * each / RATE for each in played]),
        "key_to_sound_ms": to_sound, "limit_ms": round(limit_ms, 3), "within_limit": to_sound["p99"] <= limit_ms,
        "to_the_ear_ms": round(to_sound["p99"] + period_ms + 1e3 * latency / RATE, 3),
        "recorder": {"xruns": recording.xruns, "skipped_frames": recording.skipped},
    }


def _connected(recorder: JackRecorder, player: Player) -> None:
    if not recorder.connected():
        raise DeviceError(f"sideman's ports did not appear; it said:\n{player.output}")


def _wait(master: TraceMaster, frames: int) -> None:
    while master.played().frames < frames:
        time.sleep(0.02)


def _playback_latency(server: str) -> int:
    """Frames, of the first physical output."""
    from bridge.jack.client import close_client, open_client
    from bridge.jack.lib import playback_latency

    client = open_client("sideman-bench", server)
    try:
        ports = client.get_ports(is_audio=True, is_physical=True, is_input=True)
        return playback_latency(ports[0]) if ports else 0
    finally:
        close_client(client)


def _onsets(messages: Sequence[Heard]) -> list[Heard]:
    return [each for each in messages if each.data[0] >> 4 == 9]


def _pairs(keys: Sequence[Heard], messages: Sequence[Heard]) -> list[int]:
    """Frames from each key to the note of its number that comes next; a lost one has none."""
    notes, found, at = _onsets(messages), [], 0
    for key in keys:
        for i in range(at, len(notes)):
            if notes[i].data[1] == key.data[1] and 0 <= notes[i].frame - key.frame < _APART:
                found.append(notes[i].frame - key.frame)
                at = i + 1
                break
    return found


def _first_samples(recording: Recording, keys: Sequence[Heard]) -> list[int]:
    """Frames from each key to its first sample. One before which it was not silent is left out."""
    loud, found = np.abs(recording.audio[0]) > _SILENT, []
    for key in keys:
        start = key.frame - recording.frame0
        heard = np.flatnonzero(loud[start : start + _APART // 2])
        if len(heard) and not loud[max(0, start - RATE // 100) : start].any():
            found.append(int(heard[0]))
    return found


# -- the flood ---------------------------------------------------------------------------------------------------------


def random_messages(count: int, seed: int) -> list[bytes]:
    """Channel messages of all kinds, at random; notes more often than the rest."""
    rng = random.Random(seed)
    kinds = (0x80, 0x90, 0x90, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0)
    found = []
    for _ in range(count):
        status = rng.choice(kinds) | rng.randrange(16)
        size = 1 if status & 0xF0 in (0xC0, 0xD0) else 2
        found.append(bytes((status, *(rng.randrange(128) for _ in range(size)))))
    return found


def matched(sent: Sequence[bytes], got: Sequence[bytes]) -> tuple[list[int], int]:
    """Which of what was sent came, by its place, in order; and how many came that were not sent. Where they differ, the
    next place is sought at which _SURE of them agree."""
    places: list[int] = []
    at = extra = 0
    for i, message in enumerate(got):
        if at < len(sent) and sent[at] == message:
            places.append(at)
            at += 1
            continue
        some = got[i : i + _SURE]
        found = next((k for k in range(at + 1, min(len(sent), at + _FAR)) if sent[k : k + len(some)] == some), None)
        if found is None:
            extra += 1
        else:
            places.append(found)
            at = found + 1
    return places, extra


def missing(sent: Sequence[bytes], got: Sequence[bytes]) -> int:
    """How many of what was sent did not come, in order; what came and was not sent counts too."""
    places, extra = matched(sent, got)
    return len(sent) - len(places) + extra


def expected(messages: Sequence[bytes], heard: Collection[int] | None = None) -> list[bytes]:
    """What the track that is played puts out by its port: sans I/O, by a keyboard of our own. heard: only what answers
    the messages of these numbers."""
    keyboards = Keyboards(input_routes(sessions.parse(SESSION, "bench")))
    found = []
    for i, message in enumerate(messages):
        out = [live.to_midi() for _, live in keyboards.feed("keys", message)]
        if heard is None or i in heard:
            found += out
    return found


def _flood(frames: int, seconds: float) -> dict[str, Any]:
    messages = [*random_messages(round(seconds * _MESSAGES_S), 1), b"\xb0\x7b\x00"]
    with (
        tempfile.TemporaryDirectory() as folder,
        JackServer(frames=frames, sync=True) as server,
        TraceMaster(["keys"], server=server.name) as master,
        Player(_session(folder), "--audio", "jack", "--port", "0", environment=server.environment) as player,
    ):
        player.wait_for("Ctrl-C stops")
        with _Xruns(player.url()) as xruns:
            time.sleep(_REST_S)
            before = xruns.count
            time.sleep(seconds)
            idle = xruns.count - before
            with JackRecorder(["trace:keys", "sideman:lead", "sideman:thru"], server=server.name) as recorder:
                _connected(recorder, player)
                time.sleep(_REST_S)
                before = xruns.count
                refused = _send(master, messages)
                busy = xruns.count - before
        alive = player.alive
    recording = recorder.recording
    assert recording is not None
    sent, thru, lead = ([each.data for each in recording.midi[port]]
                        for port in ("trace:keys", "sideman:thru", "sideman:lead"))
    heard, _ = matched(messages, sent)  # the recorder itself may miss a cycle of JACK's
    return {
        "messages": len(messages), "messages_per_s": _MESSAGES_S, "seconds": seconds, "flood_frames": frames,
        "lost_messages": missing(sent, thru), "lost_played": missing(expected(messages, frozenset(heard)), lead),
        "late_blocks": busy, "late_blocks_idle": idle, "alive": alive, "refused_by_jack": refused,
        "recorder": {"xruns": recording.xruns, "skipped_frames": recording.skipped, "lost_messages": recording.lost,
                     "missed_messages": len(messages) - len(heard)},
    }


def _send(master: TraceMaster, messages: Sequence[bytes]) -> int:
    """In pieces, as a trace is held in memory. Returns what JACK had no room for at the sender's port."""
    size, refused = round(_CHUNK_S * _MESSAGES_S), 0
    for start in range(0, len(messages), size):
        some = messages[start : start + size]
        master.play([Sent(i * RATE // _MESSAGES_S, 0, data) for i, data in enumerate(some)])
        _wait(master, len(some) * RATE // _MESSAGES_S + RATE // 10)
        refused += master.played().refused
    time.sleep(_REST_S)
    return refused

"""Several `sideman play` side by side on one jackd, our masters that lead them, and all that is heard of them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from live_cases import PLAYERS, Scenario
from live_judge import Performance, Told
from live_script import RATE, Script

from bridge import session as sessions
from bridge.bench.stage import Player
from bridge.client import MusicClient
from bridge.jack_peers import JackServer
from bridge.jack_recorder import Heard, JackRecorder, Recording
from bridge.jack_trace import Played, Sent, TraceMaster
from bridge.session import CLOCK_OUT, Session
from bridge.wire import Status

_REST_S = 0.3
"""Between two scenarios of a player."""


class StatusLog:
    """All that a player's socket tells, with the moment; a thread of its own."""

    def __init__(self, url: str) -> None:
        self.told: list[tuple[float, Status]] = []
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        async with MusicClient(self._url) as client:
            client.on("status", lambda status: self.told.append((time.monotonic(), status)))
            await self._stop.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5.0)


class Placed(NamedTuple):
    """A scenario in its place: it begins `at` frames after the trace's start."""

    scenario: Scenario
    script: Script
    at: int


class Take(NamedTuple):
    """One run of scenarios."""

    placed: Sequence[Placed]
    start: int
    start_s: float
    recording: Recording
    played: Played
    told: Mapping[str, Sequence[tuple[float, Status]]]
    clients: Mapping[str, str]
    tracks: Sequence[str]

    def performance(self, number: str) -> tuple[Script, Performance]:
        """What was heard in this scenario."""
        placed = next(p for p in self.placed if p.scenario.number == number)
        player, first = placed.scenario.player, self.start + placed.at
        last = first + placed.script.length
        client = self.clients[player]

        def heard(port: str) -> list[Heard]:
            messages = self.recording.midi[f"{client}:{port}"]
            return [Heard(m.frame - first, m.data) for m in messages if first <= m.frame < last]

        began_s = self.start_s + placed.at / RATE
        told = [Told((s - began_s) * RATE, status) for s, status in self.told[player]]
        within = [t for t in told if 0 <= t.frame <= placed.script.length + RATE / 4]
        return placed.script, Performance({t: heard(t) for t in self.tracks}, heard(CLOCK_OUT), within)

    def disturbed(self, number: str) -> bool:
        """Whether JACK left out cycles meanwhile."""
        placed = next(p for p in self.placed if p.scenario.number == number)
        return any(placed.at <= at < placed.at + placed.script.length for at, _ in self.played.skips)


def place(scenarios: Sequence[Scenario]) -> list[Placed]:
    """One after the other for each player."""
    ends = dict.fromkeys(PLAYERS, 0)
    placed = []
    for scenario in scenarios:
        script = scenario.write()
        placed.append(Placed(scenario, script, ends[scenario.player]))
        ends[scenario.player] += script.length + round(_REST_S * RATE)
    return placed


class Stage:
    """Everything that runs, from enter to exit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._clients: dict[str, str] = {}
        self._logs: dict[str, StatusLog] = {}
        self.players: dict[str, Player] = {}

    def __enter__(self) -> Stage:
        with self._stack:
            self._set_up()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _set_up(self) -> None:
        enter = self._stack.enter_context
        self.server = enter(JackServer(sync=True))
        ports = [f"{player}-{i}" for player in PLAYERS for i in range(2)]
        self.master = enter(TraceMaster(ports, server=self.server.name))
        for i, name in enumerate(PLAYERS):
            path = self._folder / f"{name}.toml"
            path.write_text(self._toml(name), "utf-8")
            player = Player(str(path), "--audio", "jack", "--port", "0", environment=self.server.environment)
            self.players[name] = enter(player)
            player.wait_for("Ctrl-C stops")
            self._clients[name] = "sideman" if not i else f"sideman-{i:02d}"
            log = self._logs[name] = StatusLog(player.url())
            self._stack.callback(log.close)
        self.session: Session = sessions.load(str(path))

    def _toml(self, name: str) -> str:
        text = (Path(sessions.builtin_folder()) / "jazz-trio.toml").read_text("utf-8")
        loss, source = "stop" if name == "stops" else "continue", "auto" if name == "one" else "midi"
        inputs = "".join(f'[[clock.in]]\nport = "trace:{name}-{i}"\n' for i in range(2))
        return f'{text}\n[clock]\nsource = "{source}"\non_loss = "{loss}"\n{inputs}'

    def run(self, scenarios: Sequence[Scenario]) -> Take:
        """All of them, in real time. Raises DeviceError where a program fails."""
        placed = place(scenarios)
        tracks = [t.name for t in self.session.tracks]
        ports = [f"{client}:{port}" for client in self._clients.values() for port in (*tracks, CLOCK_OUT)]
        trace = [Sent(p.at + event.frame, 2 * PLAYERS.index(p.scenario.player) + event.port, event.data)
                 for p in placed for event in p.script.sent]
        with JackRecorder(ports, server=self.server.name) as recorder:
            assert recorder.connected(), "\n".join(player.output for player in self.players.values())
            start = self.master.play(trace)
            start_s = time.monotonic() + 0.2
            time.sleep(max(p.at + p.script.length for p in placed) / RATE + 0.5)
            played = self.master.played()
        assert recorder.recording is not None
        return Take(placed, start, start_s, recorder.recording, played,
                    {name: list(log.told) for name, log in self._logs.items()}, self._clients, tracks)

"""Several `sideman play` side by side on one jackd, our masters that lead them, and all that is heard of them."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from live_cases import PLAYERS, THIRD_PARTY, Scenario, as_sent
from live_judge import Performance, Told
from live_script import RATE, Script, Stretch

from bridge import session as sessions
from bridge.bench import sync
from bridge.bench.stage import Player
from bridge.client import MusicClient
from bridge.jack.client import close_client, open_client
from bridge.jack.peers import ClockMaster, JackServer
from bridge.jack.recorder import Heard, JackRecorder, Recording
from bridge.jack.trace import Played, Sent, TraceMaster
from bridge.session import CLOCK_OUT, Session
from bridge.stream.wire import Status

_REST_S = 0.3
"""Between two scenarios of a player."""
_THIRD_PARTY_S = 15.0


class StatusLog:
    """All that a player's socket tells, with the frame at which it came; a thread of its own.

    now  JACK's frame: a loaded machine makes JACK slower than the clock
    """

    def __init__(self, url: str, now: Callable[[], int]) -> None:
        self.told: list[tuple[int, Status]] = []
        self._url = url
        self._now = now
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        async with MusicClient(self._url) as client:
            client.on("status", lambda status: self.told.append((self._now(), status)))
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
    recording: Recording
    played: Played
    told: Mapping[str, Sequence[tuple[int, Status]]]
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

        told = [Told(frame - first, status) for frame, status in self.told[player]]
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
        self.clock_master: ClockMaster | None = None
        """Where jack_midi_clock is installed."""

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
        ear = open_client("ear", self.server.name)
        self._stack.callback(close_client, ear)
        self.master = enter(TraceMaster(ports, server=self.server.name))
        if shutil.which("jack_midi_clock"):
            self.clock_master = enter(ClockMaster(self.server, 120.0))
        for i, name in enumerate(PLAYERS):
            path = self._folder / f"{name}.toml"
            path.write_text(self._toml(name), "utf-8")
            player = Player(str(path), "--audio", "jack", "--port", "0", environment=self.server.environment)
            self.players[name] = enter(player)
            player.wait_for("Ctrl-C stops")
            self._clients[name] = "sideman" if not i else f"sideman-{i:02d}"
            log = self._logs[name] = StatusLog(player.url(), lambda: ear.frame_time)
            self._stack.callback(log.close)
        self.session: Session = sessions.load(str(path))

    def _toml(self, name: str) -> str:
        text = (Path(sessions.builtin_folder()) / "jazz-trio.toml").read_text("utf-8")
        loss, source = "stop" if name == "stops" else "continue", "auto" if name == "one" else "midi"
        masters = [f"trace:{name}-{i}" for i in range(2)]
        if self.clock_master is not None and name == THIRD_PARTY.player:
            masters.append(ClockMaster.PORT)
        inputs = "".join(f'[[clock.in]]\nport = "{port}"\n' for port in masters)
        return f'{text}\n[clock]\nsource = "{source}"\non_loss = "{loss}"\nretime = false\n{inputs}'

    def run(self, scenarios: Sequence[Scenario]) -> Take:
        """All of them, and the third party's where it is there, in real time. Raises DeviceError where a program fails.
        """
        placed = place(scenarios)
        tracks = [t.name for t in self.session.tracks]
        ports = [f"{client}:{port}" for client in self._clients.values() for port in (*tracks, CLOCK_OUT)]
        trace = [Sent(p.at + event.frame, 2 * PLAYERS.index(p.scenario.player) + event.port, event.data)
                 for p in placed for event in p.script.sent]
        end = max((p.at + p.script.length for p in placed), default=0) + RATE // 4
        moves: list[tuple[int, Callable[[], None]]] = []
        after = max((p.at + p.script.length for p in placed if p.scenario.player == THIRD_PARTY.player), default=0)
        if self.clock_master is not None:
            moves = self._moves(self.clock_master, after)
            ports.append(ClockMaster.PORT)
            end = max(end, after + round(_THIRD_PARTY_S * RATE))
        with JackRecorder(ports, server=self.server.name) as recorder:
            assert recorder.connected(), "\n".join(player.output for player in self.players.values())
            start = self.master.play(trace)
            while (played := self.master.played()).frames < end:  # a loaded machine makes JACK slower than the clock
                while moves and played.frames >= moves[0][0]:
                    moves.pop(0)[1]()
                time.sleep(0.05)
        assert recorder.recording is not None
        if self.clock_master is not None:
            placed.append(self._third_party(recorder.recording, start, after))
        return Take(placed, start, recorder.recording, played,
                    {name: list(log.told) for name, log in self._logs.items()}, self._clients, tracks)

    def _moves(self, master: ClockMaster, after: int) -> list[tuple[int, Callable[[], None]]]:
        """What jack_midi_clock is made to do, and when, in frames from the trace's start."""
        what: list[tuple[float, Callable[[], None]]] = [
            (0.3, master.play), (4.5, lambda: master.tempo(90.0)), (8.0, master.halt), (8.5, lambda: master.locate(8)),
            (9.0, master.play), (14.0, master.halt),
        ]
        return [(after + round(seconds * RATE), move) for seconds, move in what]

    def _third_party(self, recording: Recording, start: int, after: int) -> Placed:
        first = start + after
        sent = [Heard(m.frame - first, m.data) for m in recording.midi[ClockMaster.PORT] if m.frame >= first]
        stretches = []
        for tick0, frames in sync.stretches(sent):
            last = float(2 * frames[-1] - frames[-2])
            stretches.append(Stretch(tick0, [*(float(f) for f in frames), last]))
        return Placed(THIRD_PARTY, as_sent(stretches), after)

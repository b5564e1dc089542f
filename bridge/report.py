"""What people are told of a session: hello, status, and the chords to read along with. Values in, values out."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Literal

from bridge.audio_feed import AudioFeed
from bridge.composer_process import CHARTS_AHEAD
from bridge.driver import PortState
from bridge.engine.inbox import EngineStatus
from bridge.engine_link import LOADS, Ready
from bridge.inputs.lights import Light
from bridge.session import Session, Track
from bridge.stream import wire
from bridge.stream.metrics import Histogram, Metric
from composers.composer import BarChart, find_genre, genre_names
from composers.score import PPQ
from composers.theory.pitch import KEYS

_NOTICE_S = 12.0
_CHARTS = 4096
_CLOCK_STATES = ("own", "waiting", "armed", "following", "stopped", "lost")
"""See EngineStatus."""

Level = Literal["info", "warning", "error"]


class Charts:
    """The bars that have been charted, by epoch and number."""

    def __init__(self) -> None:
        self._charts: dict[tuple[int, int], BarChart] = {}

    def add(self, epoch: int, chart: BarChart) -> None:
        self._charts[epoch, chart.bar] = chart
        while len(self._charts) > _CHARTS:
            del self._charts[next(iter(self._charts))]

    def ahead(self, epoch: int, bar: int) -> list[BarChart]:
        """The bars from `bar` on that are known. A changed plan leaves the bar that sounds to the plan before it."""
        bars = range(bar, bar + CHARTS_AHEAD)
        found = [next((c for e in (epoch, epoch - 1) if (c := self._charts.get((e, b)))), None) for b in bars]
        return [chart for chart in found if chart is not None]


class Notices:
    """What people should know, for a while."""

    def __init__(self) -> None:
        self._notices: deque[tuple[float, wire.Notice]] = deque(maxlen=32)

    def add(self, level: Level, text: str) -> None:
        self._notices.append((time.monotonic(), wire.Notice(level, text)))

    def now(self) -> tuple[wire.Notice, ...]:
        since = time.monotonic() - _NOTICE_S
        return tuple(notice for at, notice in self._notices if at > since)


def hello(session: Session, ready: Ready | None) -> wire.Hello:
    genre = find_genre(session.music.genre)
    tracks = tuple(
        wire.TrackInfo(t.name, t.instrument, t.name if session.outputs.midi else None, _channel(t))
        for t in session.tracks
    )
    return wire.Hello(
        session=session.name, sample_rate=ready.rate if ready else session.sample_rate, channels=2, tracks=tracks,
        genres={name: tuple(find_genre(name).forms) for name in genre_names()},
        styles={name: tuple(find_genre(name).styles) for name in genre_names()},
        modes=genre.modes, keys=KEYS, instruments=genre.instruments,
        sync_latency_ms=session.stream.sync_latency_ms,
    )


def _channel(track: Track) -> int:
    return track.channel - 1 if track.channel else 9 if "drums" in track.parts else 0


def starting(session: Session, notices: Notices) -> wire.Status:
    """Before the engine has said anything."""
    return wire.Status(status="generating", time=0.0, position=0.0, tempo=session.music.tempo, notices=notices.now())


def status(
    session: Session, last: EngineStatus, rate: int, charts: Charts, notices: Notices, volume: float,
    ports: tuple[PortState, ...] = (), plugins: tuple[wire.PluginInfo, ...] = (), turnable: int = 0,
    sections: tuple[str, ...] = (), lights: Sequence[Light] = (), playing: wire.PlayingStatus | None = None,
) -> wire.Status:
    """What plays: `session` is the one of the epoch that the engine is in; sections: those of its form; playing: what
    is played in."""
    music, meter = session.music, session.meter
    bar, within = divmod(last.tick, meter.bar_ticks)
    bars = charts.ahead(last.epoch, bar)
    chords = [
        wire.ChartChord((c.bar * meter.bar_ticks + beat * meter.beat_ticks) / PPQ, symbol, c.section)
        for c in bars for beat, symbol in c.chords
    ]
    position = last.tick / PPQ
    past = [c.symbol for c in chords if c.position <= position + 1e-6]
    chord = past[-1] if past else ""
    to_come = (c.symbol for c in chords[len(past) :] if c.symbol != chord)
    progress = None
    if music.bars is not None:
        progress = 1.0 if last.ended else min(1.0, last.tick / (music.bars * meter.bar_ticks))
    levels = None
    if last.levels:
        names = (t.name for t in session.tracks)
        loudness = None if last.mix is None else wire.Loudness(*last.mix)
        levels = wire.Levels(last.levels[-1], dict(zip(names, last.levels, strict=False)), loudness)
    return wire.Status(
        status="playing" if last.playing else "generating" if last.starting else "stopped",
        progress=progress, current_bar=bar + 1, beat=1 + within / meter.beat_ticks,
        time=last.frame / rate, position=position, tempo=last.bpm, time_signature=(meter.beats, meter.unit),
        clock=_clock(last, ports), genre=music.genre, key=music.key, mode=music.mode, form=music.form,
        section=bars[0].section if bars and bars[0].bar == bar else "",
        chord=chord, next_chord=next(to_come, ""), chart=tuple(chords), energy=music.energy, seed=music.seed,
        volume=volume, levels=levels, ports=tuple(wire.PortInfo(p.name, p.wanted or None, p.connected) for p in ports),
        notices=notices.now(),
        xruns=last.counters.get("xruns", 0) + last.counters.get("deadline_misses", 0), plugins=plugins,
        turnable=turnable, style=music.style, density=music.density, complexity=music.complexity,
        register=music.register, swing=music.swing, chords=music.chords, mute=tuple(music.mute), sections=sections,
        playing=playing,
        inputs=tuple(wire.InputInfo(*light) for light in lights),
    )


def _clock(last: EngineStatus, ports: tuple[PortState, ...]) -> wire.ClockStatus:
    """An armed or stopped master, and one that is still awaited, are all "waiting" to people."""
    source = _master(last.source, ports) if last.source else None
    bpm, jitter = (last.bpm, round(last.jitter_ms, 3)) if last.source else (None, None)
    match last.clock:
        case "own" | "following" | "lost" as state:
            return wire.ClockStatus(state, source, bpm, jitter)
        case _:
            return wire.ClockStatus("waiting", source, bpm, jitter)


def _master(ours: str, ports: tuple[PortState, ...]) -> str:
    """Who sends into our clock input, by name where that is known and clear; else the input's name."""
    connected = next((p.connected for p in ports if p.name == ours), ())
    return connected[0] if len(connected) == 1 else ours


def figures(last: EngineStatus | None, feed: AudioFeed, plugins: Sequence[wire.PluginInfo], plugin_crashes: int,
            deaths: Mapping[str, int]) -> list[Metric]:
    """What /metrics tells of the engine and its processes. deaths: by name of the process, since the start."""
    found = [
        Metric.by("process_restarts_total", "counter", "Processes of Sideman that died and were started again.",
                  "process", {name: deaths.get(name, 0) for name in ("engine", "composer")}),
        Metric.counter("plugin_restarts_total", "Hosted plug-ins that crashed and were started again.", plugin_crashes),
        Metric.by("plugins", "gauge", "Hosted plug-ins, by how they do.", "state",
                  Counter(plugin.state.partition(":")[0] for plugin in plugins)),
        feed.waits.metric("audio_wait_seconds", "From when the engine had finished a block until all clients had it."),
    ]
    if last is None:
        return found
    counts = last.counters
    loads = Histogram(LOADS, [counts.get(f"load_{i}", 0) for i in range(len(LOADS) + 1)],
                      counts.get("load_sum_ppm", 0) / 1e6)
    return [
        *found,
        loads.metric("block_load_ratio", "What the engine took for a block, as a share of the block: above 1 is late."),
        Metric.gauge("block_seconds", "Length of the engine's blocks.", counts.get("block_frames", 0) / feed.rate),
        Metric.counter("deadline_misses_total", "Blocks that took the engine longer than they last.",
                       counts.get("deadline_misses", 0)),
        Metric.counter("underruns_total", "Blocks that the audio device did not get in time.", counts.get("xruns", 0)),
        Metric.counter("late_bars_total", "Bars that were not composed in time.", counts.get("late_bars", 0)),
        Metric.counter("repeated_bars_total", "Earlier bars played in place of late ones.",
                       counts.get("repeated_bars", 0)),
        Metric.counter("notes_total", "Notes begun.", counts.get("notes", 0)),
        Metric.counter("faults_total", "Stretches that an instrument or effect spoilt, silenced.",
                       counts.get("faults", 0)),
        Metric.counter("audio_refused_total", "Blocks that were not streamed: the main process did not keep up.",
                       counts.get("audio_dropped", 0)),
        Metric.by("clock_state", "gauge", "1 for the state that the clock is in.", "state",
                  {state: float(state == last.clock) for state in _CLOCK_STATES}),
        Metric.gauge("clock_jitter_seconds", "Standard deviation of the master clock's arrivals.",
                     last.jitter_ms / 1000),
        Metric.gauge("tempo_bpm", "Quarters a minute, in effect.", last.bpm),
        Metric.gauge("playing", "Whether the transport rolls.", last.playing),
    ]

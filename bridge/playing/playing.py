"""Playing along: hears what players play in, records it, follows it, and tells the composer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from bridge.engine.inbox import EngineStatus
from bridge.errors import MessageError, MusicError, SessionError
from bridge.inputs.played import Played
from bridge.playing import layer_files
from bridge.playing.following import KINDS, Followed, Following, Now
from bridge.playing.progress import Progress
from bridge.playing.recorder import PEDAL, Message
from bridge.playing.recording import Recording, channel_of, is_end
from bridge.session import Session
from bridge.stream import wire
from composers.composer import Heard, find_genre
from composers.layers import Layer
from composers.score import PPQ, Tick
from composers.theory.chords import parse_chord
from composers.theory.scales import Key

_MOST_TOLD = 64


class Host(Protocol):
    """Who plays: the App."""

    session: Session

    def replan(self, session: Session, at: wire.At) -> None:
        """Compose anew from the next line on, with other layers or another thing heard; no other rig."""
        ...

    def adopt(self, session: Session, at: wire.At) -> None:
        """Play another session from the next line on. Raises SidemanError: it is none."""
        ...

    def begin(self) -> None:
        """Play, where the music stands."""
        ...

    def chords_ahead(self) -> Sequence[tuple[Tick, str]]:
        """(tick, symbol) of this bar and those to come, as far as they are known."""
        ...


class Playing:
    """Of the App; all methods belong to the event loop's thread, and none waits but keep() and close() for the disk."""

    def __init__(self, host: Host) -> None:
        session = host.session
        self._host = host
        self._recording = Recording(session)
        self._progress = Progress()
        self._players: dict[int, Following] = {}
        self._followed = Followed()
        self._asked: tuple[str, ...] | None = None
        """What is followed of all inputs, where somebody has asked; None: as the session has it of each."""
        self._react: wire.At = session.playing.react
        self._hold = session.playing.hold
        self._last: EngineStatus | None = None
        self._rate = session.sample_rate

    # -- what the plan has of it ---------------------------------------------------------------------------------------

    @property
    def heard(self) -> Heard:
        return self._followed.heard

    @property
    def extra(self) -> tuple[Layer, ...]:
        """Layers that are not the session's: answers, and the click of a count-in."""
        return (*self._followed.answers, *self._recording.extra)

    # -- what happens --------------------------------------------------------------------------------------------------

    def hear(self, played: Played, strips: Sequence[str]) -> None:
        """A message as a track got it, in order. strips: names of the tracks by number."""
        if played.track >= len(strips) or len(played.data) < 2:
            return
        track, data = strips[played.track], played.data
        tick = played.tick if played.tick >= 0 else self._progress.tick
        elapsed = self._progress.at(played.frame, tick, self._rate) if played.tick >= 0 else self._progress.elapsed
        channel = channel_of(self._host.session, track)
        if played.tick >= 0 or is_end(data) or (data[0] & 0xF0 == 0xB0 and data[1] == PEDAL):
            self._recording.hear(Message(tick, elapsed, track, channel, data))
        self._recording.played_last = track
        kind = data[0] & 0xF0
        if kind in (0x80, 0x90) and channel == 0 and self._kinds(played.input):
            velocity = data[2] if kind == 0x90 else 0
            player = self._players.setdefault(played.input, Following())
            player.note(data[1], velocity, played.frame / self._rate, tick, elapsed)

    def status(self, last: EngineStatus, rate: int) -> None:
        """Where the engine is, some thirty times a second."""
        self._last, self._rate = last, rate
        session = self._host.session
        jump = self._progress.told(last.frame, last.tick, last.bpm, rate, session.meter.bar_ticks, playing=last.playing)
        if jump is not None:
            self._recording.jump(jump)
        led = last.clock in ("following", "lost")
        layers = self._recording.advance(last.tick, session, led=led)
        at = self._follow(last)
        if layers is not None:
            session = msgspec.structs.replace(self._host.session, layers=layers)
            at = at or "beat"
        if at is not None:
            self._host.replan(session if layers is not None else self._host.session, at)

    def engine_lost(self) -> None:
        """It has died, and with it the ends of what is held."""
        self._recording.lost(self._progress.elapsed)
        for player in self._players.values():
            player.lost()

    def _follow(self, last: EngineStatus) -> wire.At | None:
        """When what has changed of what the players want is to be heard; None: nothing has."""
        if not self._players or not any(self._kinds(number) for number in self._players):
            return None
        chords = self._host.chords_ahead()
        chord = known(next((symbol for at, symbol in reversed(chords) if at <= last.tick), ""))
        now = Now(last.frame / self._rate, last.tick, self._progress.elapsed, last.bpm, last.playing,
                  self._host.session, chord, chords)
        found: wire.At | None = None
        followed = self._followed
        for number, player in self._players.items():
            kinds = self._kinds(number)
            if "chords" in kinds and followed.chords(player.ear, now, self._react, self._hold):
                found = self._react if found is None else "beat"
            if "melody" in kinds:
                if followed.melody(player.soloist, now):
                    found = "beat"
                self._follow_key(player, now)
        dynamic = [p.dynamics for number, p in self._players.items() if "dynamics" in self._kinds(number)]
        if dynamic and followed.dynamics(dynamic, now):
            found = found or "bar"
        return found

    def _follow_key(self, player: Following, now: Now) -> None:
        music = now.session.music
        if music.lead_sheet is not None or player.soloist.leads:
            return
        key = player.soloist.key(Key.parse(music.key, music.mode))
        if key is None:
            return
        modes = find_genre(music.genre).modes
        minor = 3 in {(p - key.tonic.pitch_class) % 12 for p in key.scale.pitch_classes}
        mode = next((m for m in (key.mode, "minor" if minor else "major") if m in modes), None)
        if mode is None or (str(key.tonic), mode) == (music.key, music.mode):
            return
        try:
            self._host.adopt(now.session.with_music(key=str(key.tonic), mode=mode), "bar")
            self._followed.key = f"{key.tonic} {mode}"
        except (MusicError, SessionError):
            player.soloist.forget()  # the genre has no such key: stay

    def _kinds(self, number: int) -> tuple[str, ...]:
        if self._asked is not None:
            return self._asked
        inputs = self._host.session.input
        return tuple(inputs[number].follow) if number < len(inputs) else ()

    # -- what people ask -----------------------------------------------------------------------------------------------

    def ask(self, request: wire.PlayAlong) -> None:
        """Raises MessageError and MusicError: what cannot be, and what would do."""
        recording, last = self._recording, self._last
        if last is None:
            raise MessageError("the engine is still starting: ask again in a moment")
        match request:
            case wire.Arm():
                recording.arm(request.tracks, self._host.session)
            case wire.Record(on=False):
                recording.end(last.tick)
            case wire.Record():
                recording.begin(request, self._host.session, last.tick)
                if recording.extra:
                    self._host.replan(self._host.session, "beat")
                if not last.playing and last.clock == "own":  # else it begins when the master does
                    self._host.begin()
            case wire.Undo():
                recording.undo()
            case wire.Redo():
                recording.redo()
            case wire.Clear():
                recording.clear(request.layer, request.track, last.tick)
            case wire.Follow():
                self._set_follow(request)
        self.status(last, self._rate)

    def _set_follow(self, request: wire.Follow) -> None:
        self._react = request.react or self._react
        self._hold = self._hold if request.hold is None else request.hold
        if request.what is not None:
            self._asked = tuple(kind for kind in KINDS if kind in request.what)
            if self._followed.reset(self._asked):
                self._host.replan(self._host.session, "beat")

    # -- layers that last ----------------------------------------------------------------------------------------------

    @property
    def unkept(self) -> int:
        """How many layers no session's file holds; 0 where all is as the file has it."""
        now = self._recording.layers(1 << 40)
        return max(1, sum(each.file is None for each in now)) if self._recording.unkept else 0

    def keep(self, file: Path | None) -> str:
        """Write the layers beside the session's file, and name them in it. What was kept, in words; "" where there was
        nothing to keep. Raises SessionError."""
        session = self._host.session
        self._recording.finish(self._progress.elapsed)
        if not self._recording.unkept:
            return ""
        if file is None:
            raise SessionError("this session comes with Sideman and is not changed: copy its file (`sideman sessions` "
                               "says where it is), and play the copy; its layers are written beside the takes at the "
                               "end")
        layers = layer_files.keep(file, self._recording.settled, session.meter, session.music.tempo)
        self._recording.kept(layers)
        return f"{len(layers)} layer{'s' * (len(layers) != 1)}"

    def close(self) -> Path | None:
        """At the end, where layers were not kept: the folder that they are in now. Raises SessionError."""
        if self._last is not None:
            self._recording.end(self._last.tick)
        self._recording.finish(self._progress.elapsed)
        left = [each for each in self._recording.settled if each.file is None]
        if not left:
            return None
        session = self._host.session
        return layer_files.rescue(session.name, left, session.meter, session.music.tempo)

    # -- what is told --------------------------------------------------------------------------------------------------

    def told(self) -> wire.PlayingStatus:
        recording, followed, last = self._recording, self._followed, self._last
        tick = 0 if last is None else last.tick
        recorder, how = recording.state, recording.how
        state = "off" if recorder is None else "waiting" if tick < recorder.start else "on"
        kinds = [kind for kind in KINDS if any(kind in self._kinds(n) for n in self._inputs())]
        ears = [player.ear for player in self._players.values()]
        return wire.PlayingStatus(
            armed=recording.armed, recording=state,  # type: ignore[arg-type]
            starts=recorder.start / PPQ if recorder is not None and state == "waiting" else None,
            loop=how.loop, mode=how.mode, quantise=how.quantise, count_in=how.count_in,
            layers=tuple(wire.LayerInfo(i, each.track, each.start, each.end, each.repeat, each.mode,
                                        len(each.clip.notes) if each.clip else 0, each.file is not None)
                         for i, each in list(enumerate(recording.layers(tick), 1))[-_MOST_TOLD:]),
            can_undo=recording.can_undo, can_redo=recording.can_redo, follow=tuple(kinds), react=self._react,
            hold=self._hold, understood=followed.understood, holding=any(ear.holding for ear in ears),
            played=tuple(sorted({key for ear in ears for key in ear.held})), energy=followed.energy, key=followed.key,
            leads=any(player.soloist.leads for player in self._players.values()) and "melody" in kinds,
            answering=followed.answering(tick))  # fmt: skip

    def _inputs(self) -> range:
        return range(max(1, len(self._host.session.input)))


def known(symbol: str) -> str:
    """A chord symbol that is one; "" for others: a bar without chords has a word for it."""
    try:
        parse_chord(symbol)
    except MusicError:
        return ""
    return symbol

"""Plays one plug-in as its messages say, in calls of PLUGIN_FRAMES frames: the far side of a Link."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.hosts.host import ParamValue, PluginHost
from instruments.plugins.messages import (
    MESSAGE_BYTES,
    PLUGIN_FRAMES,
    Answer,
    Ask,
    Audio,
    Event,
    Setting,
    pack_audio,
    pack_event,
    unpack_audio,
    unpack_event,
    unpack_setting,
)
from instruments.plugins.parameters import Described
from instruments.plugins.rings import Rings
from instruments.plugins.watch import PluginWatch

Say = Callable[[str, Any], None]
"""Tells the engine something that is no message: what it is about, and a value that can be pickled."""


@dataclass(slots=True)
class _Glide:
    index: int
    start: int
    frames: int
    origin: float
    target: float


class Player:
    """Belongs to the thread that plays the plug-in: its process's main thread, or for place = "here" the engine's."""

    def __init__(self, host: PluginHost, rings: Rings, rate: int, say: Say,
                 described: Sequence[Described] = ()) -> None:
        """described: the plug-in's parameters, in the order of host.parameters()."""
        self.host = host
        self.answers = bytearray()
        """To be sent, and cleared, after each hear() or idle()."""
        self._rings, self._rate, self._say = rings, rate, say
        self._audio: AudioBlock = np.zeros((2, PLUGIN_FRAMES), np.float32)
        self._flat = self._audio.reshape(-1)
        self._key: AudioBlock = np.zeros((2, PLUGIN_FRAMES), np.float32)
        self._position = 0
        self._played = False
        self._events: list[Event] = []
        self._glides: dict[int, _Glide] = {}
        self._settings: list[Setting] = []
        self._before = Audio(Ask.AUDIO, 0, 0)
        self._names = {d.nth: d.name for d in described}
        self._watch = PluginWatch(host, [d.nth for d in described], say)

    def begin(self) -> None:
        """Once, when it has loaded: tell its first state, and learn what that costs."""
        self._watch.take_state()

    def use(self, rings: Rings) -> Rings:
        """Go on with other rings, and a new stream."""
        self._rings = rings
        self.answers.clear()
        self._events.clear()
        self._played = False
        return rings

    def hear(self, data: bytes | bytearray, size: int) -> None:
        """Whole messages. Raises InstrumentError where the plug-in (a function) refuses to go on."""
        for offset in range(0, size, MESSAGE_BYTES):
            match data[offset]:
                case Ask.AUDIO:
                    self._sound(unpack_audio(data, offset))
                case Ask.EVENT:
                    self._events.append(unpack_event(data, offset))
                case Ask.SET:
                    self._settings.append(unpack_setting(data, offset))
                case Ask.START | Ask.SKIP:
                    self._begin(unpack_audio(data, offset))
                case Ask.COMMAND:
                    self._say("command", None)

    def idle(self) -> None:
        """Between blocks: notice what the plug-in has changed by itself; take its state where that is cheap."""
        if self._played:
            self._watch.look(self._glides, self.answers, self._position)

    def obey(self, command: str, value: Any) -> None:
        """A command of the engine's: "params", values; "state", None; "load" or "save", the path of a preset."""
        try:
            match command:
                case "params":
                    self._set_params(value)
                    return
                case "load":
                    self.host.load_preset(value)
                case "save":
                    self.host.save_preset(value)
            self._watch.take_state()
            self._say("done", (command, ""))
        except InstrumentError as error:
            self._say("done", (command, str(error)))

    def _set_params(self, params: Mapping[str, ParamValue]) -> None:
        try:
            self.host.set_params(params)
        except InstrumentError as error:
            self._say("refused params", (tuple(params), str(error)))
            return
        if self._names:
            self._watch.told([self.host.raw_of(name, value)[0] for name, value in params.items()])

    def _begin(self, message: Audio) -> None:
        if message.kind == Ask.START and self._played:
            self.host.reset()
            self._played = False
        if message.kind == Ask.START:
            self._events.clear()
            for glide in list(self._glides.values()):
                self._arrive(glide)
        self._position = message.position
        self._before = Audio(Ask.AUDIO, message.epoch, message.position)

    def _sound(self, message: Audio) -> None:
        kind = Answer.DONE
        audio, rings = self._audio, self._rings
        while self._position + PLUGIN_FRAMES <= message.position:
            position = self._position
            if self._settings or self._glides:
                self._automate(position)
            if self.host.is_instrument:
                audio.fill(0.0)
            else:
                rings.input.read(position, audio)
            key = None
            if message.keyed:
                rings.key.read(position, key := self._key)
            midi = self.host.process(audio, self._transport(message, position), self._due(position), key)
            for event in midi:
                self.answers += pack_event(Answer.EVENT, position + event.offset, event)
            self._played = True
            energy = float(self._flat.dot(self._flat))  # finite where all are, without a second array
            if not math.isfinite(energy) and not np.isfinite(audio).all():
                audio.fill(0.0)
                kind = Answer.BROKEN
            rings.output.write(position, audio)
            self._watch.heard(energy)
            self._position = position + PLUGIN_FRAMES
        self._before = message
        self.answers += pack_audio(kind, message.epoch, self._position)

    def _transport(self, message: Audio, position: int) -> Transport:
        """Of a block that may have begun in the message before this one."""
        ahead = position - (message.position - message.frames)
        if ahead < 0 and self._before.frames:
            ahead += message.position - message.frames - (self._before.position - self._before.frames)
            message = self._before
        at = message.transport
        if ahead == 0:
            return at
        beats = ahead * at.bpm / 60.0 / self._rate if at.playing else 0.0
        return Transport(at.frame + ahead, at.beat + beats, at.bpm, at.beats_per_bar, at.beat_unit, at.playing,
                         at.loop_start, at.loop_end)

    def _due(self, position: int) -> Sequence[FrameEvent]:
        events = self._events
        if not events:
            return ()
        count = 0
        while count < len(events) and events[count].position < position + PLUGIN_FRAMES:
            count += 1
        due = [FrameEvent(max(0, e.position - position), e.event, e.channel, e.number, e.value, e.cents)
               for e in events[:count]]
        del events[:count]
        return due

    def _automate(self, position: int) -> None:
        """Parameters step with the plug-in's blocks, so that a glide ends where it should."""
        end = position + PLUGIN_FRAMES
        for setting in [s for s in self._settings if s.position < end]:
            self._settings.remove(setting)
            self._set_out(setting)
        for glide in list(self._glides.values()):
            if glide.start + glide.frames <= end:
                self._arrive(glide)
            else:
                share = (end - glide.start) / glide.frames
                self.host.set_raw(glide.index, glide.origin + share * (glide.target - glide.origin))

    def _set_out(self, setting: Setting) -> None:
        raw = setting.raw
        if setting.own:
            try:
                raw = self.host.raw_of(self._names[setting.nth], setting.value)[1]
            except (InstrumentError, KeyError) as error:
                self._say("refused params", ((self._names.get(setting.nth, ""),), str(error)))
                return
        now = self._glides.get(setting.nth)
        origin = self._watch.raw(setting.nth)
        if now is not None and now.frames:
            share = min(1.0, max(0.0, (setting.position - now.start) / now.frames))
            origin = now.origin + share * (now.target - now.origin)
        self._glides[setting.nth] = _Glide(setting.nth, setting.position, setting.frames, origin, raw)

    def _arrive(self, glide: _Glide) -> None:
        del self._glides[glide.index]
        self.host.set_raw(glide.index, glide.target)
        self._watch.arrived(glide.index, glide.target)

"""Sessions: TOML files that say who plays what, through what, and where it goes. Checked on load."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from bridge.clock.mtc import Timecode
from bridge.controllers.description import check_devices, device_seen_from
from bridge.controls.mapping import Control, check_controls
from bridge.errors import InstrumentError, MusicError, SessionError
from bridge.inputs.spec import Input, check_inputs
from bridge.mix import (
    Db,
    EffectSpec,
    Group,
    Master,
    Name,
    Pan,
    Return,
    Sends,
    check_mix,
    default_returns,
)
from bridge.osc.spec import Osc, check_osc
from bridge.playing.spec import LayerSpec, PlayingSpec, layers_of, loaded
from bridge.plugin_spec import Flag, PluginName, PluginSpec, check_plugin, seen_from
from bridge.refusal import invalid
from bridge.stream.spec import StreamSpec, check_stream, stream_seen_from
from bridge.tempo import MAX_BPM, MIN_BPM
from composers.composer import Cue, Plan, find_genre, make_band
from composers.lead_sheet import LeadSheet
from composers.score import Meter
from composers.theory.pitch import parse_pitch_name
from instruments.registry import check_instrument
from instruments.tuning import Tuning, find_tuning

CLOCK_IN, CLOCK_OUT = "clock in", "clock out"
_Chained = TypeVar("_Chained", "Track", Group, Return, Master)

Unit = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
OffsetMs = Annotated[float, Meta(ge=-500, le=500, description="a number of ms from -500 to 500")]
MidiChannel = Annotated[int, Meta(ge=1, le=16, description="a whole number from 1 to 16")]
Sound = Annotated[str, Meta(min_length=1, max_length=1024, description="a name of an instrument or a path")]
Names = Annotated[list[Name], Meta(min_length=1, description="a list of names, at least one")]


def _words(*choices: str) -> Meta:
    return Meta(pattern=f"^({'|'.join(choices)})$", description="one of " + ", ".join(f'"{c}"' for c in choices))




class Track(Struct, frozen=True, forbid_unknown_fields=True):
    """One player: the parts it takes from the band, the instrument it plays them on, and where its MIDI goes.

    parts       of the genre, e.g. ["comp", "melody"]
    instrument  a patch or an everyday name ("piano"), one that another package or program brings, the path of a patch
                (my.toml), or a SoundFont's preset ("FluidR3_GM.sf2:32"); `sideman patches` lists them
    plugin      a hosted instrument that plays it, by name or path, or a table with more about it: { name = "Surge XT",
                preset = "warm.vstpreset", params = { ... } }, see bridge.plugin_spec; `instrument` then plays while it
                loads, and when it fails
    tuning      "rast", "just:D", "19-edo", "slendro.scl" ...: see instruments.tuning; built on the session's key if it
                does not say on which note
    effects     what its sound goes through; see bridge.mix.EffectSpec
    gain_db     on top of the patch's own level; pan -1 (left) .. 1 (right), the patch's own if not given
    group       one of [[groups]], instead of the master
    sends       how loud it goes to which of [[returns]]: { room = -14.0, echo = { db = -20.0, pre = true } }; what is
                not given is off, but for "room", where a patch has a level of its own
    solo        while anything is soloed, only that is heard, and what carries it
    port        connect the track's MIDI output to this existing port too (exact name or a unique part of it)
    offset_ms   send the track's MIDI so much later (> 0) or earlier (< 0) than the music: `sideman calibrate` measures
    channel     1..16; default: the composer's own (drums 10, else 1)
    composer    plays the track's parts in place of the genre: one registered by composers.register_composer
    bend_range     notes between the keys are bent: the receiver is told (RPN 0) that a full bend is so many semitones
    bend_channels  1..16, as in [2, 3, 4]: where they may go, if the receiver plays the same sound on each of these with
                   a bend of its own; default: on the track's own channel, where of a chord the last note is in tune
    mpe            "lower" or "upper": the receiver plays MPE in this zone; each note goes to a channel of its own, of
                   mpe_members (1..15) that the zone has
    """

    name: Name
    parts: Names
    instrument: Sound
    composer: Name | None = None
    plugin: PluginName | PluginSpec | None = None
    tuning: Sound | None = None
    effects: list[EffectSpec] = []
    gain_db: Db = 0.0
    pan: Pan | None = None
    group: Name | None = None
    sends: Sends = {}
    mute: Flag = False
    solo: Flag = False
    port: Name | None = None
    offset_ms: OffsetMs = 0.0
    channel: MidiChannel | None = None
    bend_range: Annotated[float, Meta(ge=1, le=96, description="semitones from 1 to 96")] = 2.0
    bend_channels: Annotated[list[MidiChannel], Meta(max_length=16, description="a list of channels, 1 to 16")] = []
    mpe: Annotated[Literal["lower", "upper"], Meta(description='"lower" or "upper"')] | None = None
    mpe_members: Annotated[int, Meta(ge=1, le=15, description="a whole number from 1 to 15")] = 15


class ClockIn(Struct, frozen=True, forbid_unknown_fields=True):
    """An input that a master's clock (MIDI clock or MTC) comes by: "clock in", the next "clock in 2", ...

    port       connect it to this existing port (exact name or a unique part of it); else the DAW connects
    offset_ms  what this input hears counts as heard so much later (> 0: the music sounds later; < 0: earlier)
    """

    port: Name | None = None
    offset_ms: OffsetMs = 0.0


class ClockSend(Struct, frozen=True, forbid_unknown_fields=True):
    """An output that our clock goes to (a followed master's, passed on smoothly): "clock out", "clock out 2", ...

    port       connect it to this existing port
    offset_ms  send so much later (> 0) or earlier (< 0) than the music
    enabled    false: keep the entry, open no port
    """

    port: Name | None = None
    offset_ms: OffsetMs = 0.0
    enabled: Flag = True


class Clock(Struct, frozen=True, forbid_unknown_fields=True):
    """source  "auto": own tempo until a MIDI clock sends Start; "midi": wait for one; "internal": ignore clocks;
            "mtc": MIDI Time Code leads the position, at the session's tempo; "jack": JACK transport leads;
            "link": Ableton Link leads the tempo and the beat
    on_loss    when the master falls silent without Stop: "continue" at its last tempo, or "stop" until it is back
    chase      at a locate into the middle of a note, strike it for what is left of it
    retime     swing and timing are composed anew for a master's tempo that is not the session's; false: the notes stay
               at the very ticks that they have at the session's
    mtc_start  time code at which bar 1 begins, "01:00:00:00" (hours:minutes:seconds:frames)
    in         [[clock.in]], a list: inputs; one if not given
    out        [[clock.out]], a list: outputs; one if not given; [] for none
    """

    source: Annotated[str, _words("auto", "midi", "internal", "mtc", "jack", "link")] = "auto"
    on_loss: Annotated[str, _words("continue", "stop")] = "continue"
    chase: Flag = True
    retime: Flag = True
    mtc_start: Annotated[str, Meta(pattern=r"^\d{2}:\d{2}:\d{2}[:;]\d{2}$", description="time code, as in "
                                   "\"01:00:00:00\"")] = "00:00:00:00"
    inputs: Annotated[list[ClockIn], Meta(min_length=1, max_length=8, description="1 to 8 [[clock.in]]")] = field(
        name="in", default_factory=lambda: [ClockIn()])
    outputs: Annotated[list[ClockSend], Meta(max_length=16, description="at most 16 [[clock.out]]")] = field(
        name="out", default_factory=lambda: [ClockSend()])


class Through(Struct, frozen=True, forbid_unknown_fields=True):
    """MIDI through: what comes in by an input of its own goes on, unchanged, to the MIDI outputs of tracks.

    name     of our input port; port: connect it to this existing port
    to       names of tracks; default: all
    channel  1..16: send on this channel instead of the one it came on
    """

    name: Name = "through"
    port: Name | None = None
    to: Names | None = None
    channel: MidiChannel | None = None


class OutputSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """audio  "auto", "jack", "portaudio" or "none" (to the web page only)
    midi   open a virtual MIDI port for each track
    """

    audio: Annotated[str, _words("auto", "jack", "portaudio", "none")] = "auto"
    midi: Flag = True


class CueSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """From bar `bar` (counted from 1) on the form goes on from its section `section`: "chorus", "solo", "B", "verse 2".
    """

    bar: Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")]
    section: Name


class Music(Struct, frozen=True, forbid_unknown_fields=True):
    """What is played. See composers.composer.Plan.

    mute  tracks that rest: they play nothing from the next bar on, while their sound rings out
    cues  [[music.cues]]: jumps to sections
    piece       a MIDI file or MusicXML score whose tune, chords and form the band plays in its way; key, mode, meter,
                tempo and style are the piece's, as far as they are not given
    strength    0..1, how far the band goes from the piece's own chords and rhythm
    lead_sheet  what was heard in the piece, or kept of what played before
    """

    genre: Name = "jazz"
    style: Name | None = None
    key: Name = "C"
    mode: Name = "major"
    tempo: Annotated[float, Meta(ge=MIN_BPM, le=MAX_BPM, description="a number of BPM from 20 to 400")] = 120.0
    meter: Name = "4/4"
    form: Name | None = None
    seed: int = 1
    energy: Unit = 0.6
    density: Unit = 0.5
    complexity: Unit = 0.5
    register: Annotated[int, Meta(ge=-12, le=12, description="semitones from -12 to 12")] = 0
    chords: Annotated[str, Meta(min_length=1, max_length=4000, description="chords such as \"Dm7 G7 | Cmaj7\"")
                      ] | None = None
    swing: Annotated[float, Meta(ge=0.5, le=0.75, description="a number from 0.5 (straight) to 0.75")] | None = None
    bars: Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")] | None = None
    mute: Annotated[list[Name], Meta(max_length=16, description="at most 16 names of tracks")] = []
    cues: Annotated[list[CueSpec], Meta(max_length=256, description="at most 256 [[music.cues]]")] = []
    piece: Annotated[str, Meta(min_length=1, max_length=1024, description="the path of a MIDI file")] | None = None
    strength: Unit = 0.7
    lead_sheet: LeadSheet | None = None


class Session(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole session. `sample_rate` and `block` hold where no JACK server decides."""

    name: Name
    tracks: Annotated[list[Track], Meta(min_length=1, max_length=16, description="1 to 16 [[tracks]]")]
    description: str = ""
    sample_rate: Annotated[int, Meta(ge=8000, le=192_000, description="Hz from 8000 to 192000")] = 48_000
    block: Annotated[int, Meta(ge=16, le=4096, description="frames from 16 to 4096")] = 128
    music: Music = Music()
    clock: Clock = Clock()
    outputs: OutputSpec = OutputSpec()
    through: Annotated[list[Through], Meta(max_length=8, description="at most 8 [[through]]")] = []
    osc: Osc | None = None
    control: Annotated[list[Control], Meta(max_length=8, description="at most 8 [[control]]")] = []
    input: Annotated[list[Input], Meta(max_length=8, description="at most 8 [[input]]")] = []
    playing: PlayingSpec = PlayingSpec()
    layers: Annotated[list[LayerSpec], Meta(max_length=1024, description="at most 1024 [[layers]]")] = []
    stream: StreamSpec = StreamSpec()
    groups: Annotated[list[Group], Meta(max_length=16, description="at most 16 [[groups]]")] = []
    returns: Annotated[list[Return], Meta(max_length=16, description="at most 16 [[returns]]")] = field(
        default_factory=default_returns)
    master: Master = Master()

    @property
    def meter(self) -> Meter:
        return Meter.parse(self.music.meter)

    def plan(self) -> Plan:
        m = self.music
        tracks = self.tracks
        return Plan(
            m.genre, m.key, m.mode, self.meter, m.form, m.seed, m.energy, m.swing,
            {t.name: tuple(t.parts) for t in tracks}, m.bars, m.style, m.tempo, m.density, m.complexity, m.register,
            m.chords, tuple(Cue(c.bar - 1, c.section) for c in m.cues), tuple(m.mute),
            {t.name: t.instrument for t in tracks}, {t.name: t.composer for t in tracks if t.composer is not None},
            {t.name: t.bend_range for t in tracks}, lead_sheet=m.lead_sheet, strength=m.strength,
            layers=layers_of(self.layers, [t.name for t in tracks]),
            expressive=tuple(t.name for t in tracks if t.mpe is not None),
        )

    def with_music(self, **changes: Any) -> Session:
        """Unchecked: see check()."""
        return msgspec.structs.replace(self, music=msgspec.structs.replace(self.music, **changes))


def clock_names(clock: Clock) -> list[str]:
    """Our clock ports' names: the inputs, then the outputs (also those that are not enabled)."""
    return [*(numbered(CLOCK_IN, i) for i in range(len(clock.inputs))),
            *(numbered(CLOCK_OUT, i) for i in range(len(clock.outputs)))]


def numbered(name: str, index: int) -> str:
    """The first has the bare name, the next "NAME 2"."""
    return name if index == 0 else f"{name} {index + 1}"


def builtin_names() -> list[str]:
    """Names of the sessions that come with Sideman."""
    return sorted(f.name.removesuffix(".toml") for f in files("sessions").iterdir() if f.name.endswith(".toml"))


def builtin_folder() -> str:
    """Where the built-in sessions' files are."""
    return str(files("sessions"))


def load(name_or_path: str) -> Session:
    """A built-in session by name, or one's own by path. Raises SessionError."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise SessionError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8 text") from None
        except OSError as error:
            raise SessionError(f"{path} cannot be read ({error.strerror}): give the path of a session file, or one of "
                               f"{', '.join(builtin_names())}") from None
        return parse(text, str(path), path.absolute().parent)
    if name_or_path not in builtin_names():
        near = difflib.get_close_matches(name_or_path, builtin_names(), 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise SessionError(f"session {name_or_path!r} is not known: {hint}built in are {', '.join(builtin_names())}; "
                           f"your own are given by path (my.toml)")
    return parse((files("sessions") / f"{name_or_path}.toml").read_text(encoding="utf-8"), f"{name_or_path}.toml")


def parse(text: str, place: str, folder: Path | None = None) -> Session:
    """folder: where paths of plug-ins' files begin; None: where Sideman was started.

    Raises SessionError: the place, the line or key, the value, and what is allowed.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SessionError(f"{place}: not valid TOML: {error}") from None
    try:
        session = msgspec.convert(data, Session)
    except msgspec.ValidationError as error:
        raise SessionError(f"{place}: {_explain(str(error), data, text)}") from None
    if folder is not None:
        session = _seen_from(session, folder)
    if session.layers:
        layers = loaded(session.layers, [t.name for t in session.tracks], place, folder)
        session = msgspec.structs.replace(session, layers=layers)
    if session.music.piece is not None:
        from bridge.tunes import with_piece  # it reads this module, and few sessions have a piece

        session = with_piece(session, session.music.piece, place, folder=folder, given=data.get("music", {}))
    check(session, place)
    return session


def _seen_from(session: Session, folder: Path) -> Session:
    """With the paths of plug-ins, their presets and states as from everywhere."""
    replace = msgspec.structs.replace

    def chained(channel: _Chained) -> _Chained:
        return replace(channel, effects=[seen_from(effect, folder) for effect in channel.effects])

    def played(track: Track) -> Track:
        return track if track.plugin is None else replace(track, plugin=seen_from(plugin_of(track), folder))

    return replace(session, tracks=[chained(played(t)) for t in session.tracks],
                   control=[device_seen_from(c, folder) for c in session.control],
                   groups=[chained(g) for g in session.groups], returns=[chained(r) for r in session.returns],
                   master=chained(session.master), stream=stream_seen_from(session.stream, folder))


def plugin_of(track: Track) -> PluginSpec:
    """What plays the track where it is a plug-in (`track.plugin` is not None)."""
    return track.plugin if isinstance(track.plugin, PluginSpec) else PluginSpec(name=track.plugin or "")


def changed(session: Session, place: str, **tables: Mapping[str, Any]) -> Session:
    """The session with some keys of its tables changed (music, clock, outputs). Raises SessionError naming `place`."""
    data = msgspec.to_builtins(session)
    for table, keys in tables.items():
        data[table].update(keys)
    try:
        new = msgspec.convert(data, Session)
    except msgspec.ValidationError as error:
        raise SessionError(f"{place}: {_explain(str(error), data, '')}") from None
    check(new, place)
    return new


def check(session: Session, place: str) -> None:
    """What types cannot say: names that must exist, or be unique. Raises SessionError."""
    try:
        known = find_genre(session.music.genre).parts
    except MusicError as error:
        raise SessionError(f"{place}: {error}") from None
    Timecode.parse(session.clock.mtc_start, f"{place}: clock.mtc_start")
    _check_twice([i.port for i in session.clock.inputs], f"{place}: clock.in", "its clock would be heard twice")
    _check_twice([o.port if o.enabled else None for o in session.clock.outputs], f"{place}: clock.out",
                 "it would get each clock twice")
    ports = set(clock_names(session.clock))
    seen: set[str] = set()
    for i, track in enumerate(session.tracks):
        if track.name in ports:
            raise SessionError(f"{place}: tracks[{i}].name = {track.name!r} is the name of a clock port: give the "
                               f"track another")
        if track.name in seen:
            raise SessionError(f"{place}: tracks[{i}].name = {track.name!r} is there twice: give each track its own")
        seen.add(track.name)
        for part in track.parts:
            if part not in known:
                raise SessionError(f"{place}: tracks[{i}].parts: {part!r} is no part of {session.music.genre}: "
                                   f"choose from {', '.join(known)}")
        try:
            check_instrument(track.instrument)
        except InstrumentError as error:
            raise SessionError(f"{place}: tracks[{i}].instrument: {error}") from None
        if track.plugin is not None:
            plugin = plugin_of(track)
            check_plugin(plugin.name, plugin, f"{place}: tracks[{i}].plugin")
        try:
            tuning_of(track, session.music.key)
        except (InstrumentError, MusicError) as error:
            raise SessionError(f"{place}: tracks[{i}].tuning: {error}") from None
        if track.bend_channels and track.channel is not None:
            raise SessionError(f"{place}: tracks[{i}]: give channel = {track.channel} or bend_channels, not both")
        if track.mpe is not None and (track.bend_channels or track.channel is not None):
            other = "bend_channels" if track.bend_channels else f"channel = {track.channel}"
            raise SessionError(f"{place}: tracks[{i}]: give mpe = {track.mpe!r} or {other}, not both: MPE has its own "
                               f"channels")
        if track.mpe is not None and "drums" in track.parts:
            raise SessionError(f"{place}: tracks[{i}]: mpe = {track.mpe!r} is for notes with pitches: take it from the "
                               f"drums")
        if len(set(track.bend_channels)) < len(track.bend_channels):
            raise SessionError(f"{place}: tracks[{i}].bend_channels = {track.bend_channels} has one twice: give each "
                               f"once")
    check_mix(place, [
        *((f"tracks[{i}]", "track", t) for i, t in enumerate(session.tracks)),
        *((f"groups[{i}]", "group", g) for i, g in enumerate(session.groups)),
        *((f"returns[{i}]", "return", r) for i, r in enumerate(session.returns)),
        ("master", "master", session.master),
    ])
    for i, through in enumerate(session.through):
        if through.name in ports or through.name in seen:
            raise SessionError(f"{place}: through[{i}].name = {through.name!r} is there already, as a port or a track: "
                               f"give it another name")
        ports.add(through.name)
        for name in through.to or ():
            if name not in seen:
                raise SessionError(f"{place}: through[{i}].to: {name!r} is no track: choose from "
                                   f"{', '.join(t.name for t in session.tracks)}")
    ports |= check_inputs(session.input, ports | seen, seen, place)
    check_controls(session.control, ports | seen, place)
    check_devices(session.control, place)
    check_osc(session.osc, place)
    check_stream(session.stream, place)
    try:
        session.playing.grid  # noqa: B018 - it is checked by reading it
    except MusicError as error:
        raise SessionError(f"{place}: playing: {error}") from None
    try:
        make_band(session.plan())
    except MusicError as error:
        raise SessionError(f"{place}: {error}") from None


def _check_twice(ports: Sequence[str | None], place: str, why: str) -> None:
    """One port for two entries of the clock."""
    seen: dict[str, int] = {}
    for i, port in enumerate(ports):
        if port is not None and (first := seen.setdefault(port, i)) != i:
            raise SessionError(f"{place}[{i}].port = {port!r} is that of entry [{first}], too: {why}; leave one of "
                               f"them out")


def tuning_of(track: Track, key: str) -> Tuning | None:
    """What the track's tuning means in a piece in `key`: the tonic is the key's. Raises InstrumentError, MusicError."""
    return None if track.tuning is None else find_tuning(track.tuning, parse_pitch_name(key).pitch_class)


def _explain(message: str, data: Mapping[str, Any], text: str) -> str:
    """msgspec's message in our words and, where it can be told, with the line of the key."""
    words = invalid(data, Session, message)
    key = re.split(r" is | = ", words)[0].rpartition(".")[2].partition("[")[0]
    rows = enumerate(text.splitlines(), 1)
    line = next((i for i, row in rows if re.match(rf"\s*\[*\s*{re.escape(key)}\b", row)), None)
    return f"line {line}: {words}" if line else words

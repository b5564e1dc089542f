"""The messages between Sideman and its clients, as values and bytes. Sans I/O: nothing here knows a socket.

Text frames are JSON objects with a `type`, binary frames are audio. Bars and beats are counted from 1 as people
and DAWs do, MIDI channels from 0 as in MIDI's bytes; `time` and `duration` are seconds on the axis of the audio
stream (frame / sampleRate), `position` and an event's `beat` are quarter notes from the start of the piece.

Audio frame, little-endian, 32 bytes of header, then the samples:

    offset  size  field
    0       4     b"SMAN"
    4       1     version of this layout, 1
    5       1     sample format: 0 = float32, full scale 1.0; 1 = int16, full scale 32767; both interleaved; 2 = one
                  packet of Opus (RFC 6716)
    6       1     channels
    7       1     stream, 0 = the mix, n = the n-th track of `hello`, from 1
    8       4     sample rate, Hz
    12      4     frames in this message
    16      8     index of the first frame (unsigned; a gap between messages is lost audio)
    24      8     server's monotonic clock at that frame, ns (the clock of `pong`)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, cast, get_args

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo
from bridge.refusal import fields_known, invalid, malformed, show
from bridge.stream.sync import SYNC_LATENCY_MS
from bridge.stream.tokens import Role
from instruments.block import AudioBlock

PROTOCOL_VERSION = 1
MAX_MESSAGE_BYTES = 64 * 1024
"""Longest message a client may send. The longest sensible one is under 1 kB."""

_PRINTABLE = r"^(?![\s\S]*[\x00-\x1f\x7f])"
Name = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=_PRINTABLE, description="a name of 1 to 64 printable letters")
]
Key = Annotated[
    str, Meta(min_length=1, max_length=8, pattern=_PRINTABLE, description='a key such as "C", "Eb" or "F#"')
]
Tempo = Annotated[float, Meta(ge=20, le=400, description="a number of beats a minute from 20 to 400")]
Unit = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Swing = Annotated[
    float, Meta(ge=0.5, le=0.75, description='0.5 (straight) to 0.75, or "auto" for the genre\'s own')
]
Beats = Annotated[int, Meta(ge=1, le=32, description="a whole number of beats from 1 to 32")]
BeatUnit = Annotated[Literal[1, 2, 4, 8, 16, 32], Meta(description="1, 2, 4, 8, 16 or 32")]
TimeSignature = Annotated[
    tuple[Beats, BeatUnit], Meta(description="[beats, unit], for example [4, 4] or [3, 4]")
]
Bars = Annotated[int, Meta(ge=1, le=100_000, description="a whole number of bars from 1 to 100000")]
Seed = Annotated[int, Meta(ge=-(2**53), le=2**53, description="a whole number between -2^53 and 2^53")]
Register = Annotated[int, Meta(ge=-12, le=12, description="a whole number of semitones from -12 to 12")]
Chords = Annotated[
    str, Meta(min_length=1, max_length=4000, description='chords such as "Dm7 G7 | Cmaj7" or "ii V | I", or "auto"')
]
Tracks = Annotated[list[Name], Meta(max_length=16, description='names of tracks, for example ["drums"]; [] for none')]
Sounds = Annotated[
    dict[Name, Name],
    Meta(min_length=1, max_length=16, description='tracks with instruments: {"piano": "rhodes"}'),
]
At = Annotated[Literal["beat", "bar"], Meta(description='"beat" or "bar"')]
Hertz = Annotated[float, Meta(ge=20, le=20_000, description="a number of Hz from 20 to 20000 (20000 = open)")]
Instruments = Annotated[
    list[Name],
    Meta(min_length=1, max_length=16, description='1 to 16 names, for example ["piano", "bass", "drums"]'),
]
Path = Annotated[
    str, Meta(min_length=1, max_length=256, pattern=_PRINTABLE, description='a path such as "mixer.bass.gain_db"')
]
Setting = Annotated[float | str, Meta(description="a number, or a word of a choice")]
Settings = Annotated[
    dict[Path, Setting],
    Meta(min_length=1, max_length=64, description='1 to 64 paths with values: {"mixer.bass.gain_db": -6}'),
]
Seconds = Annotated[float, Meta(ge=0, le=600, description="a number of seconds from 0 to 600")]
RequestId = Annotated[int, Meta(ge=0, le=2**53, description="a whole number from 0 to 2^53")]
Flag = Annotated[bool, Meta(description="true or false")]
SampleFormat = Annotated[Literal["float32", "int16", "opus"], Meta(description='"float32", "int16" or "opus"')]
BlockFrames = Annotated[Literal[64, 128, 256, 512, 1024, 2048],
                        Meta(description="64, 128, 256, 512, 1024 or 2048 frames")]
BufferMs = Annotated[int, Meta(ge=10, le=1000, description="a whole number of ms from 10 to 1000")]


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    pass


class Filter(_Value, frozen=True):
    """The low-pass on the mix: cutoff in Hz, resonance 0 (none) .. 1 (just short of ringing)."""

    cutoff: Hertz
    resonance: Unit = 0.0


class GenerateParams(_Value, frozen=True):
    """What to compose. None (absent or null) leaves it to the session, "auto" to the genre."""

    genre: Name | None = None
    style: Name | None = None
    key: Key | None = None
    mode: Name | None = None
    tempo: Tempo | None = None
    time_signature: TimeSignature | None = None
    duration: Bars | None = None
    """Bars until the piece ends; None is endless."""
    instruments: Instruments | None = None
    form: Name | None = None
    seed: Seed | None = None
    energy: Unit | None = None
    density: Unit | None = None
    complexity: Unit | None = None
    register: Register | None = None
    chords: Chords | None = None
    swing: Swing | Literal["auto"] | None = None

    def given(self) -> dict[str, Any]:
        """The fields that say something, by their Python names."""
        return {n: v for n in self.__struct_fields__ if (v := getattr(self, n)) is not None}


class Restyle(_Value, frozen=True):
    """Another genre's band for the music that plays.

    strength  0 its own chords and rhythm, 1 the new style's as far as the tune allows
    style     of the genre; absent: the one that bends the tune least
    band      "new": the instruments of the style; "same": those that play
    """

    to: Name
    strength: Unit = 0.7
    style: Name | None = None
    band: Annotated[Literal["new", "same"], Meta(description='"new" or "same"')] = "new"


class ModifyParams(_Value, frozen=True):
    """What to change while it plays. None (absent or null) leaves a thing as it is.

    volume is a linear gain as in Web Audio's GainNode (0 = silent, 1 = the mix as the session has it), which a
    client can use without knowing decibels; the taper of a fader is the page's business.

    chords       a progression in place of the genre's, for the whole piece or by section ("verse: vi IV; chorus: I V")
    register     semitones by which the lead lies higher
    mute         these tracks rest, all others play; solo: all but these rest; they are names of tracks
    section      jump at the next bar line: a section's name ("chorus", "verse 2", "B"), "next", "again", or "ending"
    instruments  other sounds: for some tracks as {"piano": "rhodes"}; a list is another band, as in `generate`
    restyle      the tune, the chords and the form that play now to another genre's band, from the next bar on; "off":
                 the genre's own music again. strength: how far the band goes from them
    """

    tempo: Tempo | None = None
    volume: Unit | None = None
    filter: Filter | None = None
    key: Key | None = None
    mode: Name | None = None
    genre: Name | None = None
    style: Name | None = None
    form: Name | None = None
    energy: Unit | None = None
    density: Unit | None = None
    complexity: Unit | None = None
    register: Register | None = None
    chords: Chords | None = None
    swing: Swing | Literal["auto"] | None = None
    time_signature: TimeSignature | None = None
    seed: Seed | None = None
    mute: Tracks | None = None
    solo: Tracks | None = None
    section: Name | None = None
    instruments: Sounds | Instruments | None = None
    restyle: Restyle | Literal["off"] | None = None
    strength: Unit | None = None

    def given(self) -> dict[str, Any]:
        """The fields that say something, by their Python names."""
        return {n: v for n in self.__struct_fields__ if (v := getattr(self, n)) is not None}


class _Request(_Value, frozen=True, tag_field="type", tag=str.lower):
    """`id`, where given, comes back in the `ok` or `error` that answers; without it only errors answer."""

    id: RequestId | None = None


class Generate(_Request, frozen=True):
    """Compose afresh and play."""

    params: GenerateParams = GenerateParams()


class Modify(_Request, frozen=True, kw_only=True):
    """Change what plays. at: whether what is composed changes with the next bar line, or already with a beat."""

    params: ModifyParams
    at: At = "bar"


class Set(_Request, frozen=True, kw_only=True):
    """Turn parameters of instruments, effects and mixer: values by path (see bridge.parameter_paths).

    ramp  seconds that it takes, in a straight line; absent: a few ms, as each parameter has it
    """

    values: Settings
    ramp: Seconds | None = None


class Parameters(_Request, frozen=True):
    """Which parameters there are; answered by `parameters`. match: only paths that hold all these words."""

    match: Annotated[str, Meta(max_length=256, description="words of paths")] | None = None


class Stop(_Request, frozen=True):
    """Stop playing."""


class Play(_Request, frozen=True):
    """Play on from where the transport stands."""


class Locate(_Request, frozen=True, kw_only=True):
    """Go to the start of a bar, counted from 1."""

    bar: Bars


class Keep(_Request, frozen=True):
    """Write recorded layers, and what hosted plug-ins are set to, into the session's own file (and files beside it)."""


class Learn(_Request, frozen=True):
    """The control that is turned next, on any of the session's controllers, is to turn this parameter, or do this
    (transport.play, bank.next ...); absent: none is, after all. Answered by `learning` to everyone, now and when it is
    learnt."""

    path: Path | None = None


class Unlearn(_Request, frozen=True):
    """Take out what turns this parameter; absent: undo what was learnt last."""

    path: Path | None = None


class Record(_Request, frozen=True, kw_only=True):
    """Record what is played in on the tracks that are armed, or (on: false) stop recording. Absent: as the session's
    [playing] has it; where the music stands it is started.

    loop      bars: each time round is a layer, heard again from the next on; 0: one long layer
    mode      "merge" with what plays there, or "replace" it
    quantise  "off", "1/4", "1/8", "1/16", "1/8t" ...; strength 0..1, how much of the way to the grid; swing as there
    countIn   bars until it begins
    at        "bar": it begins with the next bar line; "now"
    """

    on: Flag = True
    loop: Annotated[int, Meta(ge=0, le=256, description="bars, 0 to 256")] | None = None
    mode: Annotated[Literal["merge", "replace"], Meta(description='"merge" or "replace"')] | None = None
    quantise: Annotated[str, Meta(max_length=8, description='"off", "1/8", "1/16t" ...')] | None = None
    strength: Unit | None = None
    swing: Annotated[float, Meta(ge=0.5, le=0.75, description="0.5 (straight) to 0.75")] | None = None
    count_in: Annotated[int, Meta(ge=0, le=8, description="bars, 0 to 8")] | None = None
    at: Annotated[Literal["bar", "now"], Meta(description='"bar" or "now"')] | None = None


class Arm(_Request, frozen=True, kw_only=True):
    """These tracks are recorded, and no others."""

    tracks: Tracks


class Undo(_Request, frozen=True):
    """Take back the last layer: while a loop is recorded what was played this time round, or the time before."""


class Redo(_Request, frozen=True):
    """What was taken back is there again."""


class Clear(_Request, frozen=True):
    """Take layers away: one by its number (see `status`), those of a track, or all. It can be taken back."""

    layer: Annotated[int, Meta(ge=1, le=100_000, description="a layer's number, from 1")] | None = None
    track: Name | None = None


class Follow(_Request, frozen=True):
    """What of the players the band follows, of all inputs; absent: as it is.

    what   of "chords" (harmony), "dynamics" (energy), "melody" (key, call and response)
    react  from the next "beat" or "bar" on; hold: bars for which a chord holds, 0: until the next
    """

    what: Annotated[list[Annotated[Literal["chords", "dynamics", "melody"], Meta(description="what is followed")]],
                    Meta(max_length=3, description='of "chords", "dynamics", "melody"; [] for nothing')] | None = None
    react: At | None = None
    hold: Annotated[int, Meta(ge=0, le=256, description="bars, 0 to 256")] | None = None


PlayAlong: TypeAlias = Record | Arm | Undo | Redo | Clear | Follow


class Subscribe(_Request, frozen=True):
    """Choose what is sent to this client; absent leaves as it is. A new client gets the mix (float32), MIDI and status.

    audio   the mix; stems: these tracks, each as a stream of its own; meters: `meters`, 20 times a second
    format  of the samples; `hello` names those that there are
    block   frames gathered into one message, at least: the engine's own block where that is longer. Opus has frames of
            its own: 2.5, 5, 10 or 20 ms, the longest that this holds
    buffer  ms of sound that wait for this client when it does not keep up; of older sound it is told how much was lost
    """

    audio: Flag | None = None
    midi: Flag | None = None
    status: Flag | None = None
    meters: Flag | None = None
    stems: Tracks | None = None
    format: SampleFormat | None = None
    block: BlockFrames | None = None
    buffer: BufferMs | None = None


class Ping(_Request, frozen=True):
    """Answered by `pong` at once: t comes back untouched, beside the server's clock."""

    t: Annotated[float, Meta(description="a number, the client's own time")] | None = None


ClientMessage: TypeAlias = (Generate | Modify | Set | Parameters | Stop | Play | Locate | Keep | Learn | Unlearn
                            | Record | Arm | Undo | Redo | Clear | Follow | Subscribe | Ping)


class _Sent(msgspec.Struct, frozen=True, rename="camel"):
    """Clients ignore fields that they do not know, so that later versions may add some."""


class TrackInfo(_Sent, frozen=True):
    """A track: its name, instrument, and where its MIDI goes (port's name or None, channel 0..15)."""

    name: str
    instrument: str
    port: str | None = None
    channel: int = 0


class Hello(_Sent, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """First message to each client, and again when something in it has changed (a generate may change tracks).

    genres maps each known genre to its forms, styles to its styles; modes, keys and instruments list what `generate`
    takes; formats: those in which sound can be had (`subscribe`). role: of this client, by its token; "listen" may
    `subscribe`, `ping` and ask for `parameters`. sync_latency_ms: who plays in sync plays each frame so long after the
    server's time of it, as all do. relays: how many lie between this server and the engine.
    """

    version: int = PROTOCOL_VERSION
    server: str = "Sideman"
    session: str
    sample_rate: int
    channels: int
    tracks: tuple[TrackInfo, ...]
    genres: dict[str, tuple[str, ...]] = {}
    styles: dict[str, tuple[str, ...]] = {}
    modes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("float32", "int16")
    role: Role = "control"
    sync_latency_ms: int = SYNC_LATENCY_MS
    relays: int = 0


class ClockStatus(_Sent, frozen=True):
    """Who sets the tempo.

    state   "own": no master, our own tempo; "waiting": a master is chosen or known, silent or not started yet;
            "following": in time with it; "lost": its clock stopped coming while it ran
    source  the master's port or name, None without one
    bpm     its tempo as measured, None while unknown
    jitter_ms  standard deviation of its clocks' arrivals, None without one
    """

    state: Literal["own", "waiting", "following", "lost"]
    source: str | None = None
    bpm: float | None = None
    jitter_ms: float | None = None


class PortInfo(_Sent, frozen=True):
    """One of Sideman's MIDI ports: its name, the existing port that it is tied to (None: nobody asked for one), and
    what it is connected to now. A virtual port outside JACK does not know who listens."""

    name: str
    wanted: str | None = None
    connected: tuple[str, ...] = ()


class InputInfo(_Sent, frozen=True):
    """An input for a keyboard or pads: its name among `ports`, the tracks that it plays, and whether it is played now.
    """

    name: str
    tracks: tuple[str, ...] = ()
    played: bool = False


class Loudness(_Sent, frozen=True):
    """Of the mix, by BS.1770-4, renewed every 100 ms; None while there is too little to tell, or only silence.

    true_peak        between the samples, since the last status, linear
    momentary_lufs   of the last 400 ms; short_term_lufs: of the last 3 s; integrated_lufs: since the start, gated
    correlation      of left and right since the last status: 1 the same, 0 strangers, below 0 trouble in mono
    """

    true_peak: float
    momentary_lufs: float | None
    short_term_lufs: float | None
    integrated_lufs: float | None
    correlation: float


class Levels(_Sent, frozen=True):
    """Peaks since the last status, left and right, linear, full scale 1.0 (tracks may pass it)."""

    master: tuple[float, float]
    tracks: dict[str, tuple[float, float]] = {}
    loudness: Loudness | None = None


class Notice(_Sent, frozen=True):
    """Something a musician should know, in plain words. One that holds on is repeated as long as it does."""

    level: Literal["info", "warning", "error"]
    text: str


class ChartChord(_Sent, frozen=True):
    """A chord of the lead sheet, where it begins (quarters from the start of the piece)."""

    position: float
    symbol: str
    section: str = ""


class PluginInfo(_Sent, frozen=True):
    """A hosted plug-in: in which channel, by which name its parameters go ("synth": the instrument), and how it does.

    state  "ok", "loading", "late", "crashed: respawning (why)", "out: why", "missing: why" or "closed"
    """

    channel: str
    stage: str
    name: str
    state: str
    host: str = ""
    format: str = ""


class LayerInfo(_Sent, frozen=True):
    """A recorded layer: `start` and `end` in quarters from the start of the piece; repeat: quarters, 0 for once."""

    number: int
    track: str
    start: float
    end: float
    repeat: float
    mode: str
    notes: int
    kept: bool


class PlayingStatus(_Sent, frozen=True, kw_only=True):
    """What is played in, and what becomes of it.

    recording   "waiting": it begins at `starts` (quarters); loop: bars, 0 for none
    layers      as recorded so far, also those of this time round; the last 64
    understood  the chord that was played last, "" for none; holding: it holds; played: the keys that are down
    energy      of the playing, None while it is not followed, or rests
    key         that a melody was understood to be in, "" for none
    leads       the player leads, and the band's lead rests; answering: it answers
    """

    armed: tuple[str, ...] = ()
    recording: Literal["off", "waiting", "on"] = "off"
    starts: float | None = None
    loop: int = 0
    mode: str = "merge"
    quantise: str = "off"
    count_in: int = 0
    layers: tuple[LayerInfo, ...] = ()
    can_undo: bool = False
    can_redo: bool = False
    follow: tuple[str, ...] = ()
    react: str = "beat"
    hold: int = 4
    understood: str = ""
    holding: bool = False
    played: tuple[int, ...] = ()
    energy: float | None = None
    key: str = ""
    leads: bool = False
    answering: bool = False


class Learning(_Sent, frozen=True, kw_only=True, tag_field="type", tag="learning"):
    """MIDI learn. path: what waits for a control to be turned, None: nothing does. learned: what has just got one, and
    text: in words which, what else that turned, what else turns the parameter, and where it is kept."""

    path: str | None = None
    learned: str | None = None
    text: str = ""


class Status(_Sent, frozen=True, kw_only=True, tag_field="type", tag="status"):
    """What plays now. Sent many times a second (20 is a good rate) and on every change.

    progress     0..1 of a piece that ends, or of the composing while "generating"; None while endless
    current_bar  bar that sounds, from 1; beat: place in it in beats of the meter, 1 <= beat < beats + 1
    time         second on the audio stream's axis, and `position` the quarter that sounds there: the pair that
                 lets a client draw bars and playhead between two messages
    tempo        in effect, quarters a minute
    levels       None where nobody measures
    chart        chords of this bar and as many to come as are known, sorted; may be empty
    xruns        blocks that were late so far
    plugins      hosted plug-ins, in the order of the channels
    turnable     how many parameters there are: with another number, ask for the list again
    swing, chords  None: the style's own
    mute         tracks that rest
    sections     what `modify` may jump to, in the order in which they come
    playing      what is played in: recording and following; None: nothing can be
    """

    status: Literal["generating", "playing", "stopped"]
    progress: float | None = None
    current_bar: int = 1
    beat: float = 1.0
    time: float
    position: float
    tempo: float
    time_signature: tuple[int, int] = (4, 4)
    clock: ClockStatus = ClockStatus("own")
    genre: str = ""
    key: str = ""
    mode: str = ""
    form: str | None = None
    section: str = ""
    chord: str = ""
    next_chord: str = ""
    chart: tuple[ChartChord, ...] = ()
    energy: float | None = None
    seed: int | None = None
    volume: float | None = None
    levels: Levels | None = None
    ports: tuple[PortInfo, ...] = ()
    notices: tuple[Notice, ...] = ()
    xruns: int = 0
    plugins: tuple[PluginInfo, ...] = ()
    turnable: int = 0
    style: str | None = None
    density: float | None = None
    complexity: float | None = None
    register: int = 0
    swing: float | None = None
    chords: str | None = None
    mute: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    playing: PlayingStatus | None = None
    inputs: tuple[InputInfo, ...] = ()


class MidiEvent(_Sent, frozen=True):
    """A note as it leaves: time and duration in s, beat in quarters, velocity 1..127, channel 0..15."""

    time: float
    note: int
    velocity: float
    duration: float
    track: str
    channel: int
    beat: float


class Midi(_Sent, frozen=True, tag_field="type", tag="midi"):
    """Notes, sorted by time."""

    events: tuple[MidiEvent, ...]


class ParameterList(_Sent, frozen=True, kw_only=True, tag_field="type", tag="parameters"):
    """The answer to `parameters`, sorted by path."""

    parameters: tuple[ParameterInfo, ...]
    id: int | None = None


class Move(_Sent, frozen=True):
    """A parameter that begins to go to `value` at `time` (s, on the audio stream's axis), there after `ramp` s."""

    path: str
    value: float
    time: float
    ramp: float


class Moved(_Sent, frozen=True, tag_field="type", tag="moved"):
    """What clients, controllers and composers have turned, with the time at which it took effect. By `status`."""

    moves: tuple[Move, ...]


class Meters(_Sent, frozen=True, tag_field="type", tag="meters"):
    """What `status` tells as `levels`, for who wants no more than that. time: as in `status`."""

    time: float
    levels: Levels


class Lost(_Sent, frozen=True, tag_field="type", tag="lost"):
    """This client did not keep up: so much audio meant for it was dropped, the oldest first, since the last `lost`.

    frames  counted in each stream
    """

    messages: int
    frames: int


class Error(_Sent, frozen=True, tag_field="type", tag="error"):
    """What was wrong, with the remedy; `request` and `id` tell of which message, where that could be read."""

    message: str
    request: str | None = None
    id: int | None = None


class Ok(_Sent, frozen=True, tag_field="type", tag="ok"):
    """The message with this id was carried out."""

    request: str
    id: int


class Pong(_Sent, frozen=True, tag_field="type", tag="pong"):
    """server_ns is the server's monotonic clock, that of the audio header."""

    server_ns: int
    t: float | None = None
    id: int | None = None


ServerMessage: TypeAlias = (Hello | Status | Midi | Moved | Meters | Lost | Learning | ParameterList | Error | Ok
                            | Pong)

_TYPES: dict[str, type[msgspec.Struct]] = {str(c.__struct_config__.tag): c for c in get_args(ClientMessage)}
_server_json = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()


def encode(message: ServerMessage | ClientMessage) -> bytes:
    """The JSON of a message. A NaN or infinity becomes null, for JSON knows neither."""
    return _encoder.encode(message)


def _types_known() -> str:
    return f"send one of {', '.join(_TYPES)}"


def decode_server(data: str | bytes) -> ServerMessage:
    """The client's side. Raises MessageError for what this version does not know."""
    try:
        return cast(ServerMessage, _server_json.decode(data))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as problem:
        raise MessageError(f"the server sent a message that this client cannot read: {problem}") from None


def decode_client(data: str | bytes) -> ClientMessage:
    """The server's side. Raises MessageError and nothing else: it names the field, the value and the remedy."""
    size = len(data)
    if size > MAX_MESSAGE_BYTES:
        raise MessageError(f"a message of {size} bytes is too long: at most {MAX_MESSAGE_BYTES} are read")
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as problem:
        raise MessageError(malformed(data, problem)) from None
    if not isinstance(raw, dict):
        raise MessageError(f"a message is a JSON object with a type, not {show(raw)}: {_types_known()}")
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        said = f"type = {show(kind)} is not known" if "type" in raw else "type is missing"
        raise MessageError(f"{said}: {_types_known()}")
    try:
        message = cast(ClientMessage, msgspec.convert(raw, type=_TYPES[kind]))
    except msgspec.ValidationError as problem:
        raise MessageError(f"{kind}: {invalid(raw, _TYPES[kind], str(problem))}") from None
    if isinstance(message, Modify) and not message.params.given():
        known = fields_known(ModifyParams)
        raise MessageError(f"modify: params = {{}} changes nothing: give one of {known}")
    return message


def request_of(data: str | bytes) -> tuple[str | None, int | None]:
    """The type and id of a message that decode_client refused, as far as they can be read; never raises."""
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None, None
    if not isinstance(raw, dict):
        return None, None
    kind, number = raw.get("type"), raw.get("id")
    known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 2**53
    return kind if isinstance(kind, str) and kind in _TYPES else None, number if known else None


AUDIO_MAGIC = b"SMAN"
AUDIO_VERSION = 1
MIX = 0
"""The stream of the mix."""
FORMATS: tuple[str, ...] = ("float32", "int16", "opus")
"""By their number in the audio header."""
_HEADER = struct.Struct("<4sBBBBIIQq")
AUDIO_HEADER_BYTES = _HEADER.size
_NS0_AT = 24
_INT16 = 32767.0


class Audio(NamedTuple):
    """A stretch of a stream. samples: float32, shape (channels, frames), C order, full scale 1.0."""

    frame0: int
    ns0: int
    sample_rate: int
    samples: NDArray[np.float32]
    stream: int = MIX

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def time(self) -> float:
        """Second of the first frame on the stream's axis."""
        return self.frame0 / self.sample_rate


class Packet(NamedTuple):
    """A stretch of a stream as Opus; it wants a decoder that has had those before it."""

    frame0: int
    ns0: int
    sample_rate: int
    frames: int
    channels: int
    data: bytes
    stream: int = MIX


def encode_audio(frame0: int, ns0: int, sample_rate: int, block: AudioBlock, *, stream: int = MIX,
                 sample_format: Literal["float32", "int16"] = "float32") -> bytes:
    """A binary message from a block of shape (channels, frames); about 2 us for 128 frames of stereo in float32.

    int16 is clipped at full scale and rounded to the nearest.
    """
    channels, frames = block.shape
    number = FORMATS.index(sample_format)
    head = _HEADER.pack(AUDIO_MAGIC, AUDIO_VERSION, number, channels, stream, sample_rate, frames, frame0, ns0)
    if sample_format == "int16":
        whole: bytes = np.rint(np.clip(block, -1.0, 1.0) * _INT16).astype("<i2").T.tobytes()
        return head + whole
    return head + block.astype("<f4", copy=False).T.tobytes()


def encode_packet(packet: Packet) -> bytes:
    """A binary message from a packet of Opus."""
    head = _HEADER.pack(AUDIO_MAGIC, AUDIO_VERSION, FORMATS.index("opus"), packet.channels, packet.stream,
                        packet.sample_rate, packet.frames, packet.frame0, packet.ns0)
    return head + packet.data


class AudioHead(NamedTuple):
    """The header of an audio message. number: of the format, in FORMATS; the others as in the table above."""

    magic: bytes
    version: int
    number: int
    channels: int
    stream: int
    rate: int
    frames: int
    frame0: int
    ns0: int

    @property
    def format(self) -> str:
        return FORMATS[self.number]


def audio_head(data: bytes) -> AudioHead:
    """Raises MessageError for what is no audio message of this version; whether it is whole is not looked at."""
    if len(data) < AUDIO_HEADER_BYTES or data[:4] != AUDIO_MAGIC:
        raise MessageError(f"{len(data)} bytes are no audio message: it has {AUDIO_MAGIC!r} and a header first")
    head = AudioHead(*_HEADER.unpack_from(data))
    if head.version != AUDIO_VERSION or head.number >= len(FORMATS) or head.channels == 0 or head.rate == 0:
        raise MessageError(
            f"audio of version {head.version}, format {head.number}, {head.channels} channels at {head.rate} Hz cannot "
            f"be read: this client knows version {AUDIO_VERSION}, formats 0 to {len(FORMATS) - 1}; update it"
        )
    return head


def retimed(data: bytes, ns0: int) -> bytes:
    """An audio message with another time of its first frame."""
    return b"".join((data[:_NS0_AT], ns0.to_bytes(8, "little", signed=True), data[AUDIO_HEADER_BYTES:]))


def is_packet(data: bytes) -> bool:
    """Whether an audio message holds a packet of Opus rather than samples."""
    return len(data) > 5 and data[5] == FORMATS.index("opus")


def decode_audio(data: bytes) -> Audio:
    """Samples of float32 or int16. Raises MessageError for what is no such message of this version, or is cut short."""
    head = audio_head(data)
    if FORMATS[head.number] == "opus":
        raise MessageError("this audio message is Opus: take decode_packet() and bridge.stream.opus.OpusReader")
    kind = np.dtype("<i2" if FORMATS[head.number] == "int16" else "<f4")
    if len(data) != AUDIO_HEADER_BYTES + kind.itemsize * head.frames * head.channels:
        raise MessageError(f"an audio message of {head.frames} frames has {len(data)} bytes: it was cut or padded")
    flat = np.frombuffer(data, kind, offset=AUDIO_HEADER_BYTES).reshape(head.frames, head.channels)
    samples = np.ascontiguousarray(flat.T, np.float32)
    if kind.itemsize == 2:
        samples /= np.float32(_INT16)
    return Audio(head.frame0, head.ns0, head.rate, samples, head.stream)


def decode_packet(data: bytes) -> Packet:
    """A packet of Opus. Raises MessageError for any other audio message."""
    head = audio_head(data)
    if FORMATS[head.number] != "opus":
        raise MessageError(f"this audio message is {FORMATS[head.number]}: take decode_audio()")
    return Packet(head.frame0, head.ns0, head.rate, head.frames, head.channels, data[AUDIO_HEADER_BYTES:], head.stream)


def midi(events: Sequence[MidiEvent]) -> Midi:
    """A message of `events`, sorted by time."""
    return Midi(tuple(sorted(events, key=lambda e: e.time)))

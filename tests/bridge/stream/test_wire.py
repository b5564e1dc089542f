"""Messages in and out: what is taken, what is refused and in which words, and that nothing else ever escapes."""

import json
import math
import struct

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import MessageError
from bridge.stream import wire

SEED_GENERATE = {
    "type": "generate",
    "params": {
        "genre": "jazz", "key": "Eb", "mode": "dorian", "tempo": 120, "timeSignature": [4, 4], "duration": 32,
        "instruments": ["piano", "bass", "drums"],
    },
}


def decode(message: object) -> wire.ClientMessage:
    return wire.decode_client(json.dumps(message))


def test_the_generate_message_of_the_documentation_is_taken_as_it_stands() -> None:
    message = decode(SEED_GENERATE)
    assert isinstance(message, wire.Generate)
    assert message.params == wire.GenerateParams(
        genre="jazz", key="Eb", mode="dorian", tempo=120.0, time_signature=(4, 4), duration=32,
        instruments=["piano", "bass", "drums"],
    )
    assert message.id is None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "generate"}, wire.Generate()),
        ({"type": "generate", "params": {"swing": "auto", "form": "auto"}},
         wire.Generate(params=wire.GenerateParams(swing="auto", form="auto"))),
        ({"type": "modify", "params": {"tempo": 90, "volume": 0.5, "filter": {"cutoff": 800, "resonance": 0.3}}},
         wire.Modify(params=wire.ModifyParams(tempo=90.0, volume=0.5, filter=wire.Filter(800.0, 0.3)))),
        ({"type": "modify", "params": {"key": "F#", "tempo": None}}, wire.Modify(params=wire.ModifyParams(key="F#"))),
        ({"type": "stop"}, wire.Stop()),
        ({"type": "keep"}, wire.Keep()),
        ({"type": "play", "id": 7}, wire.Play(7)),
        ({"type": "locate", "bar": 1}, wire.Locate(bar=1)),
        ({"type": "subscribe", "audio": False, "midi": True}, wire.Subscribe(audio=False, midi=True)),
        ({"type": "ping", "t": 12.5}, wire.Ping(t=12.5)),
    ],
)
def test_messages(message: object, expected: wire.ClientMessage) -> None:
    assert decode(message) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"type":"generate","params":{"tempo":999}}', ["params.tempo", "999", "20 to 400"]),
        ('{"type":"generate","params":{"tempo":true}}', ["params.tempo", "true", "20 to 400"]),
        ('{"type":"generate","params":{"tempo":NaN}}', ["params.tempo", "nan", "finite"]),
        ('{"type":"modify","params":{"filter":{"cutoff":-Infinity}}}', ["params.filter.cutoff", "-inf", "finite"]),
        ('{"type":"modify","params":{"volume":1e999}}', ["params.volume", "inf", "finite"]),
        ('{"type":"modify","params":{"volume":1.01}}', ["params.volume", "1.01", "0 to 1"]),
        ('{"type":"modify","params":{"filter":{"resonance":0.1}}}', ["params.filter.cutoff", "missing", "20000"]),
        ('{"type":"modify","params":{"filter":{"cutoff":5}}}', ["params.filter.cutoff", "5", "20 to 20000"]),
        ('{"type":"modify","params":{}}', ["params", "nothing", "tempo, volume, filter"]),
        ('{"type":"modify"}', ["params", "missing", "tempo"]),
        ('{"type":"generate","params":{"timeSignature":[4,3]}}', ["timeSignature[1]", "3", "[4, 4]"]),
        ('{"type":"generate","params":{"instruments":["piano",""]}}', ["instruments[1]", '""', "names"]),
        ('{"type":"generate","params":{"key":"C\\n"}}', ["params.key", '"C\\n"', '"Eb"']),
        ('{"type":"generate","params":{"temp":120}}', ["params.temp", "not known", "tempo, timeSignature"]),
        ('{"type":"generate","params":{"seed":1e30}}', ["params.seed", "1e+30", "2^53"]),
        ('{"type":"generate","params":{"seed":1000000000000000000000000}}', ["params.seed", "2^53"]),
        ('{"type":"locate","bar":0}', ["bar", "0", "1 to 100000"]),
        ('{"type":"play","loud":1}', ["loud", "not known", "id"]),
        ('{"type":"dance"}', ["type", '"dance"', "generate, modify, set"]),
        ('{"kind":"stop"}', ["type is missing", "generate, modify, set"]),
        ("[1]", ["[1]", "JSON object"]),
        ("", ["not JSON"]),
        ('{"type":"stop"', ["not JSON"]),
        ("[" * 50_000, ["nested too deeply"]),
        (" " * 65_537, ["65537", "65536"]),
    ],
)
def test_a_refusal_names_the_field_the_value_and_what_is_allowed(text: str, words: list[str]) -> None:
    with pytest.raises(MessageError) as refusal:
        wire.decode_client(text)
    for word in words:
        assert word in str(refusal.value)
    assert str(refusal.value).isascii() and len(str(refusal.value)) < 400


def test_bytes_that_are_no_utf8_are_refused_in_words() -> None:
    with pytest.raises(MessageError, match="UTF-8"):
        wire.decode_client(b'{"type":"stop","\xff":1}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted({*wire.GenerateParams.__struct_encode_fields__, *wire.ModifyParams.__struct_encode_fields__, "x"})
TYPES = ["generate", "modify", "stop", "play", "locate", "subscribe", "ping", "hello", "x"]
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={
        "params": st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4) | JSON,
        "bar": JSON, "audio": JSON, "t": JSON, "id": JSON,
    },
)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200) | MESSAGES.map(json.dumps) | JSON.map(json.dumps))
def test_decoding_never_raises_anything_but_message_error(data: str | bytes) -> None:
    try:
        message = wire.decode_client(data)
    except MessageError as refusal:
        assert str(refusal).isascii()
        wire.request_of(data)
    else:  # what is taken says the same when it is sent again
        assert wire.decode_client(wire.encode(message)) == message


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_message_cut_or_spoilt_anywhere_is_refused_or_whole(data: st.DataObject) -> None:
    text = bytearray(json.dumps(SEED_GENERATE).encode())
    at = data.draw(st.integers(0, len(text) - 1))
    if data.draw(st.booleans()):
        with pytest.raises(MessageError):
            wire.decode_client(bytes(text[:at]))
    else:
        text[at] = data.draw(st.integers(0, 255))
        try:
            wire.decode_client(bytes(text))
        except MessageError as refusal:
            assert str(refusal)


def test_the_refused_message_is_still_told_by_type_and_id() -> None:
    assert wire.request_of('{"type":"locate","bar":0,"id":4}') == ("locate", 4)
    assert wire.request_of('{"type":"locate","bar":0,"id":true}') == ("locate", None)
    assert wire.request_of('{"type":"dance","id":4}') == (None, 4)
    assert wire.request_of(b"\xff") == (None, None)


def status() -> wire.Status:
    return wire.Status(
        status="playing", time=1.5, position=3.0, tempo=120.0, current_bar=1, beat=4.0, next_chord="G7",
        clock=wire.ClockStatus("following", "DAW", 119.98, 0.5), levels=wire.Levels((0.5, 0.4), {"bass": (0.1, 0.1)}),
        notices=(wire.Notice("warning", "the composer is late"),), chart=(wire.ChartChord(0.0, "Dm7", "A"),),
    )


def test_what_the_server_sends_has_the_documented_names() -> None:
    raw = json.loads(wire.encode(status()))
    assert (raw["type"], raw["status"], raw["progress"], raw["currentBar"]) == ("status", "playing", None, 1)
    assert raw["timeSignature"] == [4, 4] and raw["nextChord"] == "G7"
    assert raw["clock"] == {"state": "following", "source": "DAW", "bpm": 119.98, "jitterMs": 0.5}
    event = wire.MidiEvent(1.0, 60, 90.0, 0.5, "piano", 0, 2.0)
    raw = json.loads(wire.encode(wire.midi([event])))
    assert raw == {"type": "midi", "events": [{
        "time": 1.0, "note": 60, "velocity": 90.0, "duration": 0.5, "track": "piano", "channel": 0, "beat": 2.0,
    }]}
    hello = wire.Hello(session="jazz-trio", sample_rate=48000, channels=2, tracks=(wire.TrackInfo("bass", "bass"),))
    raw = json.loads(wire.encode(hello))
    assert (raw["type"], raw["version"], raw["sampleRate"], raw["channels"]) == ("hello", 1, 48000, 2)
    assert raw["tracks"] == [{"name": "bass", "instrument": "bass", "port": None, "channel": 0}]


def test_the_client_reads_what_the_server_writes() -> None:
    assert wire.decode_server(wire.encode(status())) == status()
    for message in (wire.Error("no", "play", 3), wire.Ok("play", 3), wire.Pong(5, 1.0, 2), wire.midi([])):
        assert wire.decode_server(wire.encode(message)) == message
    with pytest.raises(MessageError):
        wire.decode_server(b'{"type":"later"}')
    newer = msgspec.json.decode(wire.encode(status())) | {"fieldOfALaterVersion": 1}
    assert wire.decode_server(json.dumps(newer)) == status()


def test_a_level_that_is_no_number_does_not_break_the_json() -> None:
    raw = wire.encode(wire.Status(status="stopped", time=math.nan, position=math.inf, tempo=120.0))
    assert json.loads(raw)["time"] is None


@given(st.integers(1, 4), st.integers(0, 300), st.integers(0, 2**60), st.integers(0, 2**62))
def test_audio_survives_the_trip(channels: int, frames: int, frame0: int, ns0: int) -> None:
    block = np.random.default_rng(frames).standard_normal((channels, frames)).astype(np.float32)
    audio = wire.decode_audio(wire.encode_audio(frame0, ns0, 44100, block))
    assert (audio.frame0, audio.ns0, audio.sample_rate, audio.channels) == (frame0, ns0, 44100, channels)
    np.testing.assert_array_equal(audio.samples, block)


def test_the_audio_layout_is_the_documented_one() -> None:
    data = wire.encode_audio(96000, 5_000_000_000, 48000, np.array([[1, 2], [-1, -2]], np.float32))
    assert struct.unpack("<4sBBBBIIQq", data[:32]) == (b"SMAN", 1, 0, 2, 0, 48000, 2, 96000, 5_000_000_000)
    assert struct.unpack("<4f", data[32:]) == (1.0, -1.0, 2.0, -2.0)
    assert wire.decode_audio(data).time == 2.0


@given(st.binary(max_size=80))
def test_audio_that_is_none_is_refused(data: bytes) -> None:
    whole = wire.encode_audio(0, 0, 48000, np.zeros((2, 4), np.float32))
    for attempt in (data, b"SMAN" + data, whole + data[:40] + b"x"):
        with pytest.raises(MessageError):
            wire.decode_audio(attempt)

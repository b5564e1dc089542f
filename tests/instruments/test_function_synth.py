"""Synths of one function: the seed's shape, rendered ahead, in tune, blended by velocity, never in the callback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import note_functions
import numpy as np
import pytest
from oracles import RATE, cc, off, on, render

from instruments.block import FrameEvent, InstrumentError, Kind, Transport
from instruments.function_synth import FunctionSynth
from instruments.kernels import sampler
from instruments.note_audio import NoteContext, Notes, render_note
from instruments.note_renderer import NoteRenderer, RenderSpec, reference

SHORT = Notes(duration_s=1.0, release_s=0.1, keys=(48, 72), velocities=(1, 64, 127))


def offline(generate: Callable[..., Any] = note_functions.sine, notes: Notes = SHORT) -> FunctionSynth:
    made = FunctionSynth("test", generate, notes, offline=True)
    made.prepare(RATE, 4096)
    return made


def hz(audio: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 1 << 21))
    return float(np.argmax(spectrum) * RATE / (1 << 21))


# -- a note's audio ------------------------------------------------------------------------------------------------


def test_the_function_is_told_what_it_needs() -> None:
    heard: list[tuple[float, float, NoteContext]] = []

    def generate(frequency: float, duration: float, context: NoteContext) -> list[float]:
        heard.append((frequency, duration, context))
        return [0.5, -0.5]

    audio = render_note(generate, "x", 69, 100, 2.5, 44_100, 96.0)
    (frequency, duration, context), = heard
    assert frequency == 440 and duration == 2.5
    assert (context.sample_rate, context.key, context.velocity, context.tempo) == (44_100, 69, 100, 96.0)
    assert audio.shape == (1, 2) and audio.dtype == np.float32
    render_note(generate, "x", 69, 20, 1, 44_100, 96.0)
    render_note(generate, "x", 70, 100, 1, 44_100, 96.0)
    assert heard[1][2].seed == context.seed != heard[2][2].seed


@pytest.mark.parametrize("audio", [
    np.ones(100), np.ones(100, np.float32), np.ones(100, np.float16), np.ones((100, 1)), np.ones((1, 100)),
    [1.0] * 100, tuple([1.0] * 100)])
def test_mono_of_any_float(audio: Any) -> None:
    ready = render_note(lambda *_: audio, "x", 60, 90, 1, RATE, 120)
    assert ready.shape == (1, 100) and ready[0, 0] == 1 and ready[0, -1] == 0


@pytest.mark.parametrize("audio", [np.ones((100, 2)) * [0.1, 0.9], np.ones((2, 100)) * [[0.1], [0.9]]])
def test_stereo_either_way_round(audio: np.ndarray) -> None:
    ready = render_note(lambda *_: audio, "x", 60, 90, 1, RATE, 120)
    assert ready.shape == (2, 100) and ready[:, 0] == pytest.approx([0.1, 0.9])


def test_silence_behind_is_cut_and_none_at_all_is_a_frame() -> None:
    assert render_note(lambda *_: np.r_[np.ones(50), np.zeros(5000)], "x", 60, 90, 1, RATE, 120).shape == (1, 50)
    assert render_note(lambda *_: np.zeros(0), "x", 60, 90, 1, RATE, 120).shape == (1, 1)


@pytest.mark.parametrize(("given", "words"), [
    (np.ones(10, np.int16), "int16"), (None, "object"), ("sound", "returned"), (np.full(10, np.nan), "NaN"),
    (np.full(10, np.inf), "NaN or infinity"), (np.full(10, 1000.0), "peak of 1000"), (np.ones((3, 10)), r"\(3, 10\)"),
    (np.ones(61 * 8000), "61 s"), (np.ones((2, 2, 2)), "shape"), ([[1.0], [1.0, 2.0]], "returned no audio"),
])
def test_what_is_no_audio_is_told(given: Any, words: str) -> None:
    with pytest.raises(InstrumentError, match=words) as error:
        render_note(lambda *_: given, "my-synth", 61, 90, 1, 8000, 120)
    assert "'my-synth', key 61, velocity 90" in str(error.value)


def test_what_it_raises_is_told_with_its_line() -> None:
    with pytest.raises(InstrumentError, match=r"ZeroDivisionError: no such note \(.*note_functions\.py, line \d+\)"):
        render_note(note_functions.raises, "x", 60, 90, 1, RATE, 120)


@pytest.mark.parametrize("wrong", [
    {"duration_s": 0}, {"release_s": -1}, {"keys": (60, 20)}, {"keys": (0, 200)}, {"velocities": ()},
    {"velocities": (90, 30)}, {"velocities": (0, 90)}, {"polyphony": 0},
])
def test_how_it_is_asked_is_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(InstrumentError, match=next(iter(wrong))):
        Notes(**wrong)


# -- as an instrument ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "cents"), [(60, 0.0), (60, 50.0), (61, -49.0), (40, 0.0), (80, 0.0), (60, 700.0)])
def test_notes_are_in_tune_within_half_a_cent(key: int, cents: float) -> None:
    audio = render(offline(), [on(0, key, 127, cents)], RATE // 2)[0, 2000:20_000]
    assert 1200 * np.log2(hz(audio) / (440 * 2 ** ((key - 69 + cents / 100) / 12))) == pytest.approx(0, abs=0.5)


def test_an_unbent_key_is_the_functions_own_samples() -> None:
    audio = render(offline(), [on(100, 60, 127)], 20_000)
    meant = note_functions.sine(440 * 2 ** (-9 / 12), 1.0, NoteContext(RATE, 60, 127, 120, 0))
    assert np.abs(audio[0, 100:] - meant[:19_900]).max() < 1e-6 and not audio[:, :100].any()
    assert np.array_equal(audio[0], audio[1])


@pytest.mark.parametrize("velocity", [1, 20, 64, 90, 127])
def test_between_its_velocities_notes_are_blended(velocity: int) -> None:
    def peak(generate: Callable[..., Any]) -> float:
        return float(np.abs(render(offline(generate), [on(0, 60, velocity)], 8192)).max())

    assert peak(note_functions.sine) == pytest.approx(0.5 * velocity / 127, rel=0.001)  # exact for what is linear
    assert peak(note_functions.steady) == pytest.approx(0.3, rel=0.001)  # and for what does not care


def test_output_does_not_depend_on_the_blocks() -> None:
    events = [on(3, 60), on(500, 64, 40, 12.0), FrameEvent(700, Kind.BEND, 0, 0, 0.4), cc(900, 7, 60), off(4000, 60),
              cc(5000, 64, 127), off(5100, 64), cc(9000, 64, 0)]
    whole = render(offline(), events, 16_384, (4096,))
    for blocks in ((1,), (64,), (999, 3, 128)):
        assert np.abs(render(offline(), events, 16_384, blocks) - whole).max() <= 1e-6


def test_a_release_fades_and_ends() -> None:
    synth = offline()
    audio = render(synth, [on(0, 60, 127), off(12_000, 60)], 24_000)[0]
    assert np.abs(audio[11_000:12_000]).max() > 0.45
    assert not audio[12_000 + synth.tail + 1 :].any() and synth.sounding == 0
    assert np.abs(np.diff(audio)).max() < 0.5 * 2 * np.pi * 262 / RATE * 1.1  # no step steeper than the sine


def test_the_pedal_holds_and_all_sounds_off_does_not_click() -> None:
    synth = offline()
    audio = render(synth, [cc(0, 64, 127), on(0, 60, 127), off(2000, 60), cc(20_000, 120, 0)], 24_000)[0]
    assert np.abs(audio[19_000:20_000]).max() > 0.45 and not audio[20_500:].any()
    assert np.abs(np.diff(audio)).max() < 0.02


def test_the_same_key_twice_ends_one_at_a_time() -> None:
    synth = offline()
    render(synth, [on(0, 60), on(10, 60), off(20, 60)], 8192)
    assert synth.sounding == 1
    render(synth, [off(0, 60)], 8192)
    assert synth.sounding == 0


def test_the_oldest_gives_way_without_a_click() -> None:
    synth = offline(notes=Notes(duration_s=1.0, keys=(48, 72), velocities=(64,), polyphony=4))
    audio = render(synth, [on(400 * i, 48 + i, 64) for i in range(20)], 16_384)[0]
    assert synth.sounding <= 5 and np.abs(np.diff(audio)).max() < 0.1


def test_a_whole_chord_gives_way_to_another() -> None:
    synth = offline(notes=Notes(duration_s=1.0, keys=(48, 72), velocities=(64,), polyphony=6))
    chords = [*(on(0, 48 + i, 64) for i in range(6)), *(on(4000, 60 + i, 64) for i in range(6))]
    audio = render(synth, chords, 12_000)[0]
    assert synth.sounding == 6 and np.abs(np.diff(audio)).max() < 0.1
    assert sorted(v.key for v in synth._sounding if v.row[sampler.FADE] > 0) == list(range(60, 66))


def test_one_shots_ignore_the_note_off() -> None:
    synth = offline(note_functions.hit, Notes(one_shot=True, keys=(36, 50), velocities=(100,)))
    short = render(synth, [on(0, 36), off(10, 36)], 24_000)
    synth.reset()
    assert np.array_equal(short, render(synth, [on(0, 36)], 24_000)) and short.any()


def test_reset_is_silence_and_the_same_again() -> None:
    synth = offline(note_functions.hit)
    first = render(synth, [cc(0, 7, 50), on(0, 60)], 4096)
    synth.reset()
    assert not render(synth, [], 512).any()
    assert np.array_equal(render(synth, [cc(0, 7, 50), on(0, 60)], 4096), first)


def test_offline_a_failing_function_stops_the_render() -> None:
    with pytest.raises(InstrumentError, match="no such note"):
        render(offline(note_functions.raises), [on(0, 60)], 512)


# -- live: another process renders -----------------------------------------------------------------------------------


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


@pytest.fixture
def live() -> Iterator[Callable[..., FunctionSynth]]:
    made: list[FunctionSynth] = []

    def make(generate: Callable[..., Any], notes: Notes = SHORT, **more: Any) -> FunctionSynth:
        synth = FunctionSynth("test", generate, notes, **more)
        made.append(synth)
        synth.prepare(RATE, 4096)
        return synth

    yield make
    for synth in made:
        synth.close()
        synth.close()


def test_live_it_sounds_at_once_and_is_exact_when_all_is_rendered(live: Callable[..., FunctionSynth]) -> None:
    synth = live(note_functions.sine)
    early = render(synth, [on(0, 61, 127)], 8192)
    assert early.any()
    until(lambda: synth.state == "ok")
    synth.reset()
    exact = render(offline(), [on(0, 61, 127)], 8192)
    assert np.array_equal(render(synth, [on(0, 61, 127)], 8192), exact)
    assert synth.failed == ""


def test_a_note_that_is_not_there_is_played_from_a_neighbour_and_rendered_next(
        live: Callable[..., FunctionSynth]) -> None:
    synth = live(note_functions.slow, Notes(duration_s=0.1, keys=(21, 108), velocities=(127,)))
    assert synth.state.startswith("rendering")
    key = next(k for k in range(108, 21, -1) if k not in synth._layers)
    began = time.perf_counter()
    audio = render(synth, [on(0, key, 127)], 4000, (128,))[0]
    assert time.perf_counter() - began < 0.5  # nobody waited for the function
    assert 1200 * abs(np.log2(hz(audio) / (440 * 2 ** ((key - 69) / 12)))) < 5
    until(lambda: key in synth._layers, 2.0)
    assert len(synth._layers) < 80


def test_the_callback_never_calls_the_function(live: Callable[..., FunctionSynth]) -> None:
    def mine(frequency: float, duration: float, context: NoteContext) -> Any:
        raise AssertionError("called in the engine's process")

    synth = live(note_functions.sine)
    synth._generate = mine
    assert render(synth, [on(0, 60)], 4096).any()


@pytest.mark.parametrize(("generate", "words"), [
    (note_functions.raises, "no such note"), (note_functions.dies, "exit code 7")])
def test_a_function_that_fails_is_out_with_the_reason(live: Callable[..., FunctionSynth], generate: Callable[..., Any],
                                                      words: str) -> None:
    synth = live(generate)
    until(lambda: synth.failed != "")
    assert words in synth.failed and synth.state.startswith("out: ")
    assert not render(synth, [on(0, 60)], 4096).any()


def test_notes_that_fail_leave_the_others(live: Callable[..., FunctionSynth]) -> None:
    synth = live(note_functions.raises_low, Notes(duration_s=0.2, keys=(58, 66), velocities=(127,)))
    until(lambda: not synth.state.startswith("rendering"))
    assert synth.failed == "" and "too low for me" in synth.state
    assert render(synth, [on(0, 58, 127)], 4096).any()


def test_a_function_that_hangs_is_given_up() -> None:
    spec = RenderSpec("test", reference(note_functions.hangs), (), RATE, 120, 1.0, (127,), ((60, 0),))
    renderer = NoteRenderer(spec, 1, lambda *_: True, hang_s=0.3)
    until(lambda: renderer.state.startswith("out: "))
    assert "took more than 0.3 s" in renderer.state and renderer.first.is_set()
    renderer.close()


def test_memory_is_bounded(live: Callable[..., FunctionSynth], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instruments.function_synth.MEMORY_BYTES", 1 << 20)
    synth = live(note_functions.sine, Notes(duration_s=1.0, velocities=(127,)))
    until(lambda: not synth.state.startswith("rendering"))
    assert "notes are enough" in synth.state and synth._bytes < 2 << 20
    assert render(synth, [on(0, 108, 127)], 4096).any()


def test_sixteen_voices_cost_little(live: Callable[..., FunctionSynth]) -> None:
    synth = live(note_functions.sine)
    out = np.zeros((2, 128), np.float32)
    synth.process([on(0, 50 + i) for i in range(16)], out, Transport())
    times = []
    for _ in range(200):
        began = time.perf_counter()
        synth.process([], out, Transport())
        times.append(time.perf_counter() - began)
    assert np.median(times) < 0.25 * 128 / RATE

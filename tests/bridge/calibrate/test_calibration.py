"""Loop-back measurements on a simulated device: delays that are known, levels, noise, and what must be refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.calibrate import probe
from bridge.calibrate.calibration import AudioLoop, SynthDelay, audio_loop, synth_delay
from bridge.calibrate.clock_offset import Progress, clock_offset
from bridge.calibrate.delays import Delays, match
from bridge.calibrate.midi_loop import midi_loop
from bridge.calibrate.onsets import find_onsets, levels
from bridge.calibrate.programmes import audio_programme, midi_programme, synth_programme
from bridge.calibrate.report import Measured, as_dict, notes, places, rows
from bridge.calibrate.report import settings as offsets
from bridge.calibrate.tape import Latency, Programme, Stamped, Take, Tape
from bridge.errors import CalibrationError

RATE = 48_000
Audio = NDArray[np.float32]
UNKNOWN, REPORTED = Latency(), Latency(200, 100)


def delayed(audio: Audio, frames: float, total: int) -> Audio:
    """By a fraction of a frame too: exact, by the shift theorem."""
    size = 1 << (total + len(audio)).bit_length()
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size) * frames)
    return np.fft.irfft(np.fft.rfft(audio, size) * turn, size)[:total].astype(np.float32)


def played(programme: Programme, inputs: list[Audio], midi: list[Stamped], latency: Latency = UNKNOWN, *,
           cable: bool = True, block: int = 128, skip: tuple[int, ...] = ()) -> Take:
    """The programme on a device that brings this audio and MIDI, in blocks; blocks in `skip` are left out (xruns)."""
    tape = Tape(programme, RATE, len(inputs))
    number = 0
    while not tape.done:
        frame = number * block
        number += 1
        if number - 1 in skip:
            continue
        parts = [np.resize(np.append(audio[frame : frame + block], np.zeros(block)), block) for audio in inputs]
        tape.cycle(frame, block, parts, [m for m in midi if frame <= m.frame < frame + block])
    return tape.take(latency, cable)


def cable(delay: float, gain: float = 1.0, noise: float = 0.0, *, repeats: int = 25, level: float = -18.0,
          latency: Latency = UNKNOWN, seed: int = 3, skip: tuple[int, ...] = ()) -> AudioLoop:
    programme, at = audio_programme(RATE, repeats, level)
    sound = gain * delayed(programme.audio, delay, programme.frames)
    sound = sound + np.random.default_rng(seed).normal(0.0, noise, len(sound)) if noise else sound
    take = played(programme, [sound.astype(np.float32)], [], latency, block=1024, skip=skip)
    return audio_loop(take, at, 128, level)


# --- audio


@settings(max_examples=12, deadline=None)
@given(st.floats(0.0, 90_000.0), st.floats(0.01, 2.0), st.sampled_from([1.0, -1.0]))
def test_a_clean_cable_is_measured_to_a_hundredth_of_a_frame(delay: float, gain: float, sign: float) -> None:
    loop = cable(delay, sign * gain, repeats=10)
    assert loop.frames == pytest.approx(delay, abs=0.01)
    assert loop.gain_db == pytest.approx(20 * np.log10(gain), abs=0.05)
    assert loop.inverted == (sign < 0)
    assert not loop.doubt and loop.delays.share == 1.0


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 5_000.0), st.floats(-30.0, 6.0), st.integers(0, 99))
def test_noise_up_to_the_loudness_of_the_sweep_costs_less_than_a_frame(delay: float, snr_db: float, seed: int) -> None:
    """snr: the sweep's peak against the noise's standard deviation."""
    noise = 10 ** ((-18.0 - max(snr_db, 0.0)) / 20.0)
    loop = cable(delay, 1.0, noise, seed=seed)
    assert loop.frames == pytest.approx(delay, abs=0.5)


def test_what_the_driver_reports_is_compared() -> None:
    latency = Latency(out_frames=400, in_frames=300)
    right, wrong = cable(700.0, latency=latency), cable(748.0, latency=latency)
    assert ("driver reports", "14.583 ms: right to a frame") in rows(right)
    assert ("driver reports", "14.583 ms: 1.000 ms (48.0 frames) too little") in rows(wrong)
    assert any("add 24 frames" in note for note in notes(wrong)) and not notes(right)


def test_an_echo_is_told_and_does_not_mislead() -> None:
    programme, at = audio_programme(RATE, 20, -18.0)
    direct, late = (delayed(programme.audio, frames, programme.frames) for frames in (500, 900))
    loop = audio_loop(played(programme, [direct + 0.5 * late], []), at, 128, -18.0)
    assert loop.frames == pytest.approx(500, abs=0.01)
    assert loop.echo_ms == pytest.approx(400 / 48, abs=0.01) and loop.echo_db == pytest.approx(-6, abs=0.1)
    assert any("monitoring" in note for note in notes(loop))


def test_two_devices_that_drift_apart_are_told() -> None:
    programme, at = audio_programme(RATE, 25, -18.0)
    stretch = 1.0 + 60e-6
    sound = np.interp(np.arange(programme.frames) / stretch, np.arange(programme.frames), programme.audio)
    loop = audio_loop(played(programme, [sound.astype(np.float32)], []), at, 128, -18.0)
    assert loop.delays.drift_ppm == pytest.approx(60, abs=2)
    assert any("clocks of their own" in note for note in notes(loop))
    assert cable(100.0, noise=0.001).delays.drift_ppm == 0.0


def test_silence_noise_and_another_sound_are_refused_with_what_was_heard() -> None:
    programme, at = audio_programme(RATE, 20, -18.0)
    silence = np.zeros(programme.frames, np.float32)
    hiss = np.random.default_rng(1).normal(0.0, 0.05, programme.frames).astype(np.float32)
    beats = probe.placed(probe.sweep(RATE), np.arange(0, programme.frames - RATE, RATE // 2), programme.frames)
    for sound, words in ((silence, "peak is -140 dBFS.*as good as silence"), (hiss, "peak is -1[0-9] dBFS"),
                         (beats, "sounds in it too few fit the 20")):
        with pytest.raises(CalibrationError, match=words):
            audio_loop(played(programme, [sound], []), at, 128, -18.0)


def test_clipping_is_refused() -> None:
    programme, at = audio_programme(RATE, 20, -18.0)
    with pytest.raises(CalibrationError, match=r"the input clips \(\d+ samples at 0\.0 dBFS\)"):
        audio_loop(played(programme, [np.clip(30 * programme.audio, -1, 1)], []), at, 128, -18.0)


def test_feedback_is_cut_off() -> None:
    programme, at = audio_programme(RATE, 20, -18.0)
    howl = np.sin(np.arange(programme.frames) * 0.1).astype(np.float32)
    howl[: RATE // 2] = 0.0
    tape = Tape(programme, RATE, 1)
    sent = [tape.cycle(frame, 256, [howl[frame : frame + 256]], [])[0] for frame in range(0, 2 * RATE, 256)]
    loud = [at for at, audio in enumerate(sent) if audio.size]
    assert max(loud) * 256 / RATE == pytest.approx(0.75, abs=0.02), "a quarter of a second after it began"
    with pytest.raises(CalibrationError, match="feedback"):
        audio_loop(tape.take(Latency(), True), at, 128, -18.0)


def test_xruns_cost_what_they_touch_and_no_more() -> None:
    loop = cable(480.0, skip=(89, 108, 109, 250))
    assert loop.frames == pytest.approx(480, abs=0.01)
    assert 20 <= loop.delays.sent < 25 and loop.delays.share == 1.0
    with pytest.raises(CalibrationError, match="left out frames"):
        cable(480.0, skip=tuple(range(0, 700, 3)))


def test_too_few_that_come_back_are_not_trusted() -> None:
    programme, at = audio_programme(RATE, 20, -18.0)
    sound = programme.audio.copy()
    sound[at[12] - 10 :] = 0.0
    loop = audio_loop(played(programme, [sound], []), at, 128, -18.0)
    assert loop.doubt.startswith("only 12 of 20 sweeps came back")
    assert as_dict(loop, [])["trusted"] is False


# --- synths


def notes_of(at: NDArray[np.int64], total: int, delays: list[float], *, hz: float = 220.0, attack_s: float = 0.001,
             release_s: float = 0.1, seed: int = 1, noise: float = 1e-4) -> Audio:
    """A plucked tone for each note-on; loudness varies by 12 dB."""
    chance = np.random.default_rng(seed)
    sound = chance.normal(0.0, noise, total)
    t = np.arange(round(0.6 * RATE)) / RATE
    tone = np.cos(2 * np.pi * hz * t) * np.exp(-t / release_s) * np.minimum(1.0, t / attack_s)
    for frame, delay in zip(at.tolist(), delays, strict=True):
        first = round(frame + delay)
        end = min(first + len(tone), total)
        sound[first:end] += 0.4 * 10 ** (-chance.uniform(0, 12) / 20) * tone[: end - first]
    return sound.astype(np.float32)


def synth(delays: Callable[[int], list[float]], *, is_cable: bool = True, latency: Latency = REPORTED,
          round_trip_ms: float | None = None, hz: float = 220.0, attack_s: float = 0.001) -> SynthDelay:
    programme, at = synth_programme(RATE, 25, channel=3, note=60, velocity=100)
    sound = notes_of(at, programme.frames, delays(len(at)), hz=hz, attack_s=attack_s)
    take = played(programme, [sound], [], latency, cable=is_cable, block=512)
    assert [data for _, data in take.sent[:2]] == [b"\x92\x3c\x64", b"\x82\x3c\x00"]
    return synth_delay(take, at, 128, round_trip_ms=round_trip_ms)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 30_000), st.floats(80.0, 3000.0))
def test_a_synth_is_measured_whatever_its_delay_and_pitch(delay: int, hz: float) -> None:
    measured = synth(lambda n: [delay] * n, hz=hz, attack_s=0.0003)
    assert measured.delays.median_ms == pytest.approx(delay / 48 + 0.15, abs=0.17), "within its attack of 0.3 ms"
    assert not measured.doubt


def test_the_offset_is_the_round_trip_less_the_delay() -> None:
    """M = 960 frames = 20 ms; R is given, or reported (300 frames = 6.25 ms), or 0 without a cable."""
    given_, reported, none = (
        synth(lambda n: [960.0] * n, round_trip_ms=8.0), synth(lambda n: [960.0] * n),
        synth(lambda n: [960.0] * n, is_cable=False),
    )
    assert given_.offset_ms == pytest.approx(8.0 - 20.0, abs=0.3) and given_.round_trip == "given"
    assert reported.offset_ms == pytest.approx(6.25 - 20.0, abs=0.3) and reported.round_trip == "reported"
    assert none.offset_ms == pytest.approx(-20.0, abs=0.3) and none.round_trip == "none"
    assert any("--round-trip" in note for note in notes(reported))


def test_a_session_with_that_offset_sounds_together() -> None:
    """The derivation, acted out: what is sent with the offset is recorded when our own audio is."""
    out, into, synth_ms = 512, 256, 9.0  # the true latencies, of which nothing is reported
    measured = synth(lambda n: [synth_ms * 48 + into] * n, latency=Latency(), round_trip_ms=(out + into) / 48)
    note_sent = 100_000 + measured.offset_ms * 48
    assert note_sent + synth_ms * 48 == pytest.approx(100_000 + out, abs=0.3 * 48)


def test_the_reference_input_measures_the_round_trip_at_the_same_time() -> None:
    programme, at = synth_programme(RATE, 25, channel=1, note=60, velocity=100, level_dbfs=-24.0)
    sound = notes_of(at, programme.frames, [1440.0] * len(at))
    reference = delayed(programme.audio, 700.25, programme.frames)
    measured = synth_delay(played(programme, [sound, reference], []), at, 128, level_dbfs=-24.0)
    assert measured.round_trip == "measured" and measured.round_trip_ms == pytest.approx(700.25 / 48, abs=0.001)
    assert measured.offset_ms == pytest.approx(700.25 / 48 - 30.0, abs=0.3)
    with pytest.raises(CalibrationError, match="the reference input hears nothing"):
        synth_delay(played(programme, [sound, 0 * reference], []), at, 128, level_dbfs=-24.0)


def test_jitter_is_told_and_too_much_is_not_trusted() -> None:
    chance = random.Random(1)
    some = synth(lambda n: [960 + chance.uniform(0, 48) for _ in range(n)])
    assert some.delays.jitter_ms == pytest.approx(0.37, abs=0.15) and not some.doubt
    flipping = synth(lambda n: [960 + 480 * (i % 2) for i in range(n)])
    assert "scatter" in flipping.doubt and offsets(flipping) == []
    assert as_dict(flipping, [])["settings"] == []


def test_a_slow_attack_is_told() -> None:
    assert any("to rise" in note for note in notes(synth(lambda n: [960.0] * n, attack_s=0.06)))


def test_more_than_a_session_takes_is_told() -> None:
    far = synth(lambda n: [30_000.0] * n)
    assert not far.doubt and offsets(far) == []
    assert any("offsets end at 500 ms" in note for note in notes(far))


def test_what_is_broken_off_leaves_no_note_sounding() -> None:
    programme, at = synth_programme(RATE, 5, channel=3, note=60, velocity=100)
    tape = Tape(programme, RATE, 0)
    tape.cycle(0, int(at[1]) + 10, [], [])
    assert tape.offs() == [b"\x82\x3c\x00"]
    tape.cycle(tape.position, programme.frames, [], [])
    assert tape.offs() == []


def test_a_silent_synth_is_refused() -> None:
    programme, at = synth_programme(RATE, 25, channel=1, note=60, velocity=100)
    hiss = np.random.default_rng(1).normal(0.0, 1e-5, programme.frames).astype(np.float32)
    with pytest.raises(CalibrationError, match=r"no sound answers the notes.*-8\d dBFS.*Does the synth play"):
        synth_delay(played(programme, [hiss], []), at, 128)


# --- onsets


def test_onsets_do_not_depend_on_loudness_or_sign() -> None:
    at = probe.irregular_frames(12, RATE, 0.4, 0.7)
    sound = notes_of(at, int(at[-1]) + RATE, [0.0] * 12, noise=0.0)
    plain = [onset.frame for onset in find_onsets(sound, RATE)]
    assert len(plain) == 12
    assert [onset.frame for onset in find_onsets(-0.05 * sound, RATE)] == pytest.approx(plain, abs=0.01)


def test_silence_and_short_recordings_have_no_onsets() -> None:
    for frames in (0, 10, RATE):
        assert find_onsets(np.zeros(frames, np.float32), RATE) == []
        assert levels(np.zeros(frames, np.float32)) == (-140.0, -140.0, 0)


# --- MIDI


def midi_take(delay: Callable[[bytes], float], latency: Latency = UNKNOWN, drop: int = 0) -> Take:
    programme = midi_programme(RATE, 100)
    heard = [Stamped(round(m.frame + delay(m.data)), m.data) for m in programme.midi]
    return played(programme, [], heard[drop:], latency)


def test_a_midi_loop_gives_the_sum_and_halves_it() -> None:
    chance = random.Random(2)
    take = midi_take(lambda data: 96 + 15.36 * len(data) + chance.uniform(0, 24), Latency(512, 0, 512, 640))
    loop = midi_loop(take, 128)
    assert loop.notes.share == loop.clocks.share == 1.0 and not loop.strangers and not loop.doubt
    assert loop.notes.median_ms == pytest.approx((96 + 46 + 12) / 48, abs=0.08)
    assert loop.clocks.median_ms == pytest.approx((96 + 15.4 + 12) / 48, abs=0.08)
    assert loop.out_ms == loop.in_ms == loop.clocks.median_ms / 2 and not loop.known
    # On the cable when our sound sounds; and what comes by the cable makes us sound then, less what is made up for.
    assert loop.out_offset_ms == pytest.approx(512 / 48 - loop.out_ms)
    assert loop.in_offset_ms == pytest.approx(640 / 48 - loop.in_ms - 512 / 48)
    assert [(s.place.table, s.offset_ms) for s in offsets(loop)] == [
        ("clock.out", loop.out_offset_ms), ("clock.in", loop.in_offset_ms)]


def test_a_known_half_is_used() -> None:
    loop = midi_loop(midi_take(lambda _: 240), 128, out_ms=1.0)
    assert (loop.out_ms, loop.in_ms, loop.known) == (1.0, pytest.approx(4.0), True)
    with pytest.raises(CalibrationError, match="more than the whole loop takes"):
        midi_loop(midi_take(lambda _: 240), 128, out_ms=6.0)


def test_a_midi_loop_that_does_not_work_is_told() -> None:
    programme = midi_programme(RATE, 60)
    with pytest.raises(CalibrationError, match="nothing came back of 180 MIDI messages"):
        midi_loop(played(programme, [], []), 128)
    only_notes = [m for m in programme.midi if m.data[0] != 0xF8]
    with pytest.raises(CalibrationError, match=r"120 channel messages and 0 clock bytes.*leave clock out"):
        midi_loop(played(programme, [], only_notes), 128)
    clock_of_another = [Stamped(frame, b"\xf8") for frame in range(0, programme.frames, 1000)]
    with pytest.raises(CalibrationError, match="but not our notes"):
        midi_loop(played(programme, [], clock_of_another), 128)


def test_note_offs_said_otherwise_are_known_and_strangers_counted() -> None:
    programme = midi_programme(RATE, 60)
    said = [Stamped(m.frame + 10, bytes((m.data[0] | 0x10, m.data[1], 0)) if m.data[0] & 0xF0 == 0x80 else m.data)
            for m in programme.midi]
    loop = midi_loop(played(programme, [], [*said, Stamped(5, b"\xb0\x01\x40")]), 128)
    assert loop.notes.share == 1.0 and loop.strangers == 1
    assert any("1 messages came in that are not ours" in note for note in notes(loop))


# --- clock


def daw(late_frames: float, *, bpm: float = 120.0, beats: int = 24, start: bool = True, clicks: int = 1,
        jitter: float = 0.0, latency: Latency = UNKNOWN, is_cable: bool = False, level: float = 0.3) -> Take:
    """A DAW whose clicks come so long after its clocks; clicks per beat."""
    chance, beat = random.Random(4), RATE * 60 / bpm
    begin = 3000.0
    midi = [Stamped(round(begin) - 400, b"\xfa")] if start else []
    midi += [Stamped(round(begin + n * beat / 24 + abs(chance.gauss(0, jitter))), b"\xf8") for n in range(24 * beats)]
    total = round(begin + beats * beat)
    at = np.array([round(begin + n * beat / clicks + late_frames) for n in range(beats * clicks - 1)])
    t = np.arange(400)
    click = (level * np.cos(t * 0.4) * np.exp(-t / 80)).astype(np.float32)
    sound = probe.placed(click, at[at >= 0], total)
    return played(Programme(total), [sound], midi, latency, cable=is_cable, block=512)


@settings(max_examples=15, deadline=None)
@given(st.floats(-80.0, 80.0), st.floats(60.0, 180.0))
def test_a_clock_is_measured_against_the_clicks(late_ms: float, bpm: float) -> None:
    measured = clock_offset(daw(late_ms * 48, bpm=bpm, beats=16), 128)
    assert measured.offset_ms == pytest.approx(late_ms, abs=0.06)
    assert measured.bpm == pytest.approx(bpm, rel=1e-3)
    assert (not measured.doubt) == (abs(measured.delays.median_ms) <= 15_000 / measured.bpm)


def test_round_trip_and_compensation_enter_the_clocks_offset() -> None:
    latency = Latency(out_frames=480, in_frames=240, lead_frames=480, made_up_frames=960)
    assert clock_offset(daw(480, latency=latency), 128).offset_ms == pytest.approx(10 + 20, abs=0.05)
    by_cable = clock_offset(daw(480, latency=latency, is_cable=True), 128)
    assert by_cable.offset_ms == pytest.approx(10 - 15 + 20, abs=0.05) and by_cable.round_trip == "reported"
    assert clock_offset(daw(480, is_cable=True), 128, 4.0).offset_ms == pytest.approx(6.0, abs=0.05)


def test_clicks_on_eighths_and_jitter_do_not_mislead() -> None:
    measured = clock_offset(daw(240, clicks=2, jitter=48.0, beats=40), 128)
    assert measured.offset_ms == pytest.approx(5.0, abs=0.4), "the follower's line is on the clocks' early edge"
    assert measured.other >= 30 and any("other sounds" in note for note in notes(measured))


def test_clocks_without_start_clicks_or_clocks_are_told() -> None:
    with pytest.raises(CalibrationError, match="MIDI clocks came, but no Start"):
        clock_offset(daw(0, start=False), 128)
    with pytest.raises(CalibrationError, match=r"only 0 sounds came while the clock ran.*metronome"):
        clock_offset(daw(0, level=0.0), 128)
    with pytest.raises(CalibrationError, match="no MIDI clock came"):
        clock_offset(replace(daw(0), heard=()), 128)


def test_progress_counts_beats_that_count() -> None:
    take, progress = daw(0, beats=12), Progress(RATE)
    for message in take.heard:
        progress.feed([message])
    assert progress.started and progress.clocks == 288
    assert progress.beats == 10, "two are for settling"


# --- matching and statistics


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.floats(0.01, 1.8), st.floats(0.0, 0.4), st.integers(0, 1000))
def test_the_delay_is_found_among_losses_and_strangers(seed: int, delay: float, lost: float, other: int) -> None:
    at = probe.irregular_frames(25, RATE, 0.35, 0.65, seed=seed) / RATE
    chance = random.Random(other)
    kept = [float(t) + delay + chance.uniform(-0.004, 0.004) for t in at if chance.random() >= lost]
    heard = sorted(kept + [chance.uniform(0, float(at[-1])) for _ in range(15)])
    found = match(at, heard, 0.0, 2.0, 0.01)
    assert found is not None and found.delay == pytest.approx(delay, abs=0.005)
    assert len(found.pairs) >= len(kept) - 1
    assert len({i for i, _ in found.pairs}) == len({j for _, j in found.pairs}) == len(found.pairs)
    assert found.runner_up < len(found.pairs)


def test_nothing_matches_nothing() -> None:
    assert match([], [1.0], 0, 2, 0.1) is None and match([1.0], [], 0, 2, 0.1) is None
    assert match([1.0], [0.5], 0, 2, 0.1) is None


def test_the_medians_range_is_that_of_conover() -> None:
    delays = Delays(tuple(range(25)), tuple(float(x) for x in range(25)), 25)
    assert delays.median_ms == 12.0 and delays.median_range_ms == (7.0, 17.0)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_the_medians_range_holds_it_mostly(seed: int) -> None:
    """95 % by its definition; of 200 sets of 25 no fewer than 170 (a chance of one in a billion)."""
    chance = np.random.default_rng(seed)
    held = 0
    for values in chance.exponential(1.0, (200, 25)):
        low, high = Delays(tuple(range(25)), tuple(values.tolist()), 25).median_range_ms
        held += low <= np.log(2.0) <= high
    assert held >= 170


# --- the report


def test_everything_measured_can_be_told_and_is_json() -> None:
    everything: list[Measured] = [
        cable(100.0), synth(lambda n: [960.0] * n), midi_loop(midi_take(lambda _: 240), 128),
        clock_offset(daw(480), 128)]
    for measured in everything:
        assert all(isinstance(how_much, str) and how_much for _, how_much in rows(measured))
        told = json.loads(json.dumps(as_dict(measured, offsets(measured, "bass"))))
        assert told["trusted"] is True
        assert [each["table"] for each in told["settings"]] == [place.table for place in places(told["kind"])]

"""A stream into files: each frame at its place."""

import wave
from pathlib import Path

import numpy as np
import pytest

from bridge import recording
from bridge.errors import SessionError
from bridge.frame_line import NS
from bridge.recording import Gap, Recording
from bridge.stream.wire import Audio
from instruments.hosts.audio_file import read_audio

RATE = 48_000


def block(frame0: int, frames: int = 480, level: float = 0.5, rate: int = RATE, ns0: int | None = None,
          channels: int = 2) -> Audio:
    return Audio(frame0, NS + frame0 * NS // rate if ns0 is None else ns0, rate,
                 np.full((channels, frames), level, np.float32))


def sound(path: str) -> np.ndarray:
    audio, _ = read_audio(Path(path))
    return audio


@pytest.mark.parametrize("name", ["take.wav", "take.flac", "take.WAV"])
def test_what_comes_is_there_and_the_file_is_whole(tmp_path: Path, name: str) -> None:
    ramp = np.linspace(-0.9, 0.9, 4800, dtype=np.float32)
    tape = Recording(tmp_path / name)
    for at in range(0, 4800, 480):
        tape.write(Audio(1000 + at, at, RATE, np.stack([ramp, -ramp])[:, at : at + 480]))
    done = tape.close()
    assert done.files == (str(tmp_path / name),)
    assert done.seconds == 0.1
    assert done.gaps == () and done.clipped == 0
    assert done.peak == pytest.approx(0.9)
    assert np.abs(sound(done.files[0]) - np.stack([ramp, -ramp])).max() < 2**-22
    assert tape.close() == done


def test_gaps_are_silence_and_told(tmp_path: Path) -> None:
    tape = Recording(tmp_path / "a.wav")
    for frame in (0, 480, 2400, 2880):
        tape.write(block(frame))
    done = tape.close()
    assert done.gaps == (Gap(0.02, 0.03, True),)
    heard = sound(done.files[0])
    assert heard.shape == (2, 3360)
    assert np.abs(heard[:, 960:2400]).max() == 0
    assert heard[:, 2400:].min() > 0.49 and heard[:, :960].min() > 0.49


def test_repetitions_are_left_out(tmp_path: Path) -> None:
    tape = Recording(tmp_path / "a.wav")
    for frame in (0, 480, 240, 480, 720):
        tape.write(block(frame, level=frame / 1000))
    done = tape.close()
    assert done.gaps == ()
    heard = sound(done.files[0])[0]
    assert len(heard) == 1200
    assert heard[960] == pytest.approx(0.72, abs=1e-4) and heard[959] == pytest.approx(0.48, abs=1e-4)


def test_a_stream_that_begins_anew_goes_on_after_its_pause(tmp_path: Path) -> None:
    tape = Recording(tmp_path / "a.wav")
    tape.write(block(10 * RATE, ns0=NS))
    tape.write(block(RATE, ns0=NS + NS // 100 + NS // 4))  # a quarter of a second after the end of the first
    tape.write(block(RATE + 480, ns0=2 * NS))
    tape.write(block(0, ns0=5))  # another machine's clock: nobody knows how long it took
    done = tape.close()
    assert [(round(gap.seconds, 6), gap.filled) for gap in done.gaps] == [(0.25, True), (0.0, False)]
    assert done.seconds == pytest.approx(0.04 + 0.25)


def test_another_rate_has_another_file(tmp_path: Path) -> None:
    tape = Recording(tmp_path / "a.wav")
    tape.write(block(0))
    tape.write(block(0, 441, rate=44_100))
    done = tape.close()
    assert [Path(name).name for name in done.files] == ["a.wav", "a-2.wav"]
    assert done.seconds == pytest.approx(0.02)
    with wave.open(done.files[1]) as file:
        assert (file.getframerate(), file.getnframes()) == (44_100, 441)


def test_a_file_holds_no_more_than_its_header_can_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_WAV_BYTES", 6 * 1000)
    tape = Recording(tmp_path / "a.wav")
    for frame in range(0, 480 * 5, 480):
        tape.write(block(frame))
    done = tape.close()
    assert [sound(name).shape[1] for name in done.files] == [960, 960, 480]
    assert done.seconds == 0.05


def test_the_duration_is_kept_to_the_frame(tmp_path: Path) -> None:
    tape = Recording(tmp_path / "a.flac", 0.025)
    for frame in range(0, 480 * 5, 480):
        tape.write(block(frame))
    assert tape.full
    assert sound(tape.close().files[0]).shape[1] == 1200


def test_mono_is_on_both_sides_and_what_is_too_loud_is_counted(tmp_path: Path) -> None:
    tape = Recording(tmp_path / "a.wav")
    tape.write(block(0, 10, 1.5, channels=1))
    done = tape.close()
    assert done.clipped == 20
    assert sound(done.files[0]).shape == (2, 10)


def test_what_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"\.wav or \.flac"):
        Recording(tmp_path / "a.mp3")
    with pytest.raises(SessionError, match="no folder"):
        Recording(tmp_path / "no" / "a.wav")
    (tmp_path / "d.wav").mkdir()
    with pytest.raises(SessionError, match="cannot be written"):
        Recording(tmp_path / "d.wav").write(block(0))


def test_nothing_came(tmp_path: Path) -> None:
    done = Recording(tmp_path / "a.wav").close()
    assert done.files == () and not (tmp_path / "a.wav").exists()

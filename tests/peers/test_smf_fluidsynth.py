"""FluidSynth plays our MIDI files: for as long as they say, with sound where there are notes."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from composers.piece import Piece, Track
from composers.score import Clip, Meter, Note, Span
from composers.smf import write_smf

FONTS = (Path("/usr/share/sounds/sf2/TimGM6mb.sf2"), Path("/usr/share/sounds/sf2/default-GM.sf2"))


@pytest.mark.peer("fluidsynth")
@pytest.mark.parametrize("file_type", [0, 1])
def test_fluidsynth_plays_what_is_written(tmp_path: Path, file_type: int) -> None:
    """A beat of silence, one of music and one of silence at 120 BPM; then one of music at 60."""
    program, font = shutil.which("fluidsynth"), next((f for f in FONTS if f.exists()), None)
    if program is None or font is None:
        pytest.skip("no fluidsynth with a General MIDI font: apt install fluidsynth timgm6mb-soundfont")
    notes = (Note(960, 900, 60, 100.0), Note(960, 900, 64, 100.0, 0, -14.0), Note(2880, 960, 67, 100.0))
    piece = Piece.of([Track("organ", Clip(Span(0, 3840), notes), 16),
                      Track.of("drums", Clip(Span(0, 3840), (Note(960, 240, 36, 120.0, 9),)))],
                     [(0, 120.0), (2880, 60.0)], Meter(3, 4), markers=[(960, "Brücke")], title="Peer")  # fmt: skip
    midi, sound = tmp_path / "piece.mid", tmp_path / "piece.wav"
    assert write_smf(midi, piece, file_type) == ()
    command = [program, "-n", "-i", "-R", "0", "-C", "0", "-r", "44100", "-F", str(sound), str(font), str(midi)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "error" not in done.stderr.lower()
    with wave.open(str(sound)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    loud = [float(np.abs(data[int(s * 44100) : int((s + 0.2) * 44100)]).max()) for s in (0.1, 0.6, 1.25, 1.7, 2.2)]
    assert max(loud[0], loud[2]) < 300 < 1000 < min(loud[1], loud[3], loud[4])
    assert piece.duration_s == 2.5 <= len(data) / 44100

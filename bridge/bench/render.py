"""Offline rendering: seconds of sound a second, beside fluidsynth on the same notes."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

from bridge import offline
from bridge import session as sessions
from bridge.bench.figures import median
from composers.piece import Piece
from composers.smf import write_smf

_FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")


def run(runs: int = 5, bars: int = 64) -> dict[str, Any]:
    """Composing, playing and mixing `bars` bars of jazz-trio in this process, without writing a file."""
    session = sessions.load("jazz-trio").with_music(bars=bars)
    factors: list[float] = []
    seconds = 0.0
    for i in range(runs + 1):
        began = time.perf_counter()
        seconds = sum(p.audio.shape[1] for p in offline.render(session)) / session.sample_rate
        if i:
            factors.append(seconds / (time.perf_counter() - began))
    theirs = peer(session, runs)
    ours = median(factors)
    return {"runs": runs, "bars": bars, "seconds": round(seconds, 2), "realtime_factor": ours,
            "realtime_factor_all": [round(f, 2) for f in factors], "peer": theirs,
            "vs_fluidsynth": round(ours / theirs["realtime_factor"], 3) if theirs else None}


def peer(session: sessions.Session, runs: int) -> dict[str, Any] | None:
    program = shutil.which("fluidsynth")
    if program is None or not _FONT.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        midi, out = Path(folder, "in.mid"), Path(folder, "out.wav")
        clips = offline.clips_of(session, session.music.bars or 0)
        write_smf(midi, Piece.of(clips, session.music.tempo, session.meter))
        factors = []
        for _ in range(runs):
            began = time.perf_counter()
            subprocess.run([program, "-n", "-i", "-q", "-r", str(session.sample_rate), "-F", str(out), str(_FONT),
                            str(midi)], check=True, capture_output=True, timeout=120)
            wall = time.perf_counter() - began
            with wave.open(str(out)) as sound:
                factors.append(sound.getnframes() / sound.getframerate() / wall)
    return {"name": f"fluidsynth with {_FONT.name}, the same notes", "realtime_factor": median(factors)}

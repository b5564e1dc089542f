"""An EDM track with a build-up and a drop: composed from a few words, shown section by section, saved, rendered.

    python examples/edm_track.py track.mid             a MIDI file
    python examples/edm_track.py track.mid track.wav   and rendered by Sideman's own synths
"""

from __future__ import annotations

import sys
from pathlib import Path

from composers import MLComposer


def main(midi: Path, wav: Path | None = None) -> None:
    composer = MLComposer(seed=7)

    track = composer.compose(style="edm trance", form="festival", key="A", mode="minor", num_bars=64)
    track.save(midi)
    print("track:   ", track)

    bar = track.time.meter_at(0).bar_ticks
    starts = [tick // bar for tick, _ in track.markers] + [track.bars]
    for (_, section), first, end in zip(track.markers, starts, starts[1:], strict=False):
        notes = sum(first * bar <= note.start < end * bar for part in track.tracks for note in part.clip.notes)
        print(f"bar {first + 1:3d}:  {section:12s} {end - first:2d} bars, {notes / (end - first):3.0f} notes a bar")

    if wav is not None:  # live it is `sideman play edm-trance`
        from bridge import offline, session

        club = session.load("edm-trance").with_music(form="festival", seed=7, bars=64)
        writer = offline.WavWriter(wav, club.sample_rate)
        for block in offline.render(club):
            writer.write(block.audio)
        writer.close()
        print("rendered:", wav)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "track.mid"), Path(sys.argv[2]) if len(sys.argv) > 2 else None)

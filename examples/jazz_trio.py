"""A jazz trio from a few lines: a tune, chords under it, a band that plays to it, and a whole piece.

    python examples/jazz_trio.py trio.mid            a MIDI file
    python examples/jazz_trio.py trio.mid trio.wav   and rendered by Sideman's own instruments
"""

from __future__ import annotations

import sys
from pathlib import Path

from composers import MLComposer, MusicTheory


def main(midi: Path, wav: Path | None = None) -> None:
    theory = MusicTheory()
    composer = MLComposer(seed=4)

    melody = composer.generate_melody(scale=theory.get_scale("C", "major"), num_bars=8, temperature=0.8, style="jazz")
    print("melody:       ", melody)
    print("over:         ", ", ".join(symbol for _, symbol in melody.chords))

    continuation = composer.continue_melody(seed_melody=melody, num_bars=8, style="jazz")
    tune = melody.merged(continuation.shifted(melody.length))
    print("continued:    ", tune)

    accompaniment = composer.generate_accompaniment(melody=melody, style="jazz-trio")
    print("accompaniment:", accompaniment)

    piece = composer.compose(style="jazz trio", form="aaba", key="C", num_bars=64)
    piece.save(midi)
    print("whole piece:  ", piece)
    print("sections:     ", ", ".join(text for _, text in piece.markers))

    if wav is not None:  # live it is `sideman play jazz-trio`
        from bridge import offline, session

        trio = session.load("jazz-trio").with_music(key="C", form="aaba", seed=4, bars=64)
        writer = offline.WavWriter(wav, trio.sample_rate)
        for block in offline.render(trio):
            writer.write(block.audio)
        writer.close()
        print("rendered:     ", wav)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "trio.mid"), Path(sys.argv[2]) if len(sys.argv) > 2 else None)

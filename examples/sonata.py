"""A classical sonata from a few lines, and what an analysis hears in it.

    python examples/sonata.py sonata.mid             a MIDI file
    python examples/sonata.py sonata.mid sonata.wav  and rendered by Sideman's own instruments
"""

from __future__ import annotations

import sys
from pathlib import Path

from composers import MLComposer, MusicTheory


def main(midi: Path, wav: Path | None = None) -> None:
    composer = MLComposer(seed=11)

    sonata = composer.compose(style="classical piano", form="sonata", key="Bb", duration=120)
    sonata.save(midi)
    print("sonata:  ", sonata)
    print("sections:", ", ".join(text for _, text in sonata.markers))

    heard = MusicTheory().analyze_harmony(sonata).analysis
    print("keys:    ", ", ".join(dict.fromkeys(str(k) for k in heard.keys)))
    print("cadences:", len(heard.cadences), "of them the last:", heard.cadences[-1])

    quartet = composer.compose(style="classical quartet", form="fugue", key="D", mode="minor", num_bars=40)
    print("fugue:   ", quartet)

    if wav is not None:  # live it is `sideman play piano-sonata`
        from bridge import offline, session

        piano = session.load("piano-sonata").with_music(seed=11, bars=64)
        writer = offline.WavWriter(wav, piano.sample_rate)
        for block in offline.render(piano):
            writer.write(block.audio)
        writer.close()
        print("rendered:", wav)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "sonata.mid"), Path(sys.argv[2]) if len(sys.argv) > 2 else None)

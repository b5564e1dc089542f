"""Two composers: one that listens to the melody, one that is a plain function in a class's clothes."""

from __future__ import annotations

from composers.composer import Context
from composers.score import PPQ, Clip, Note, Span
from composers.theory.chords import parse_chord


class Canon:
    """The melody again, a bar later and an octave lower, each note moved to the nearest one of its new chord."""

    def compose(self, span: Span, context: Context) -> Clip:
        leader = context.heard.get("melody")
        if leader is None:
            return Clip(span)
        later = context.meter.bar_ticks
        notes = []
        for note in leader.notes:
            start = note.start + later
            if start in span:
                pitch = nearest(note.pitch - 12, chord_tones(context, start))
                if context.lowest <= pitch <= context.highest:
                    notes.append(Note(start, note.length, pitch, 0.8 * note.velocity))
        return Clip.of(span, notes)


def chord_tones(context: Context, tick: int) -> frozenset[int]:
    """The pitch classes of the chord at a tick."""
    symbol = [symbol for at, symbol in context.chords if at <= tick][-1]
    chord = parse_chord(symbol)
    return frozenset((chord.root.pitch_class + tone) % 12 for tone in chord.tones)


def nearest(pitch: int, pitch_classes: frozenset[int]) -> int:
    return min(range(pitch - 6, pitch + 7), key=lambda p: (p % 12 not in pitch_classes, abs(p - pitch)))


class _Heartbeat:
    def compose(self, span: Span, context: Context) -> Clip:
        louder = 40 + 70 * context.energy
        beats = range(span.start, span.end, PPQ)
        notes = [Note(t, 120, 36, louder, channel=9) for t in beats]
        notes += [Note(t + PPQ // 3, 120, 36, 0.6 * louder, channel=9) for t in beats]
        return Clip.of(span, notes)


def heartbeat() -> _Heartbeat:
    """What the entry point names: a callable that makes the composer."""
    return _Heartbeat()

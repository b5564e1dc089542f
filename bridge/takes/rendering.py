"""What is heard when a take is rendered: from its first note to where the last has rung out, or one stretch of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bridge.errors import TakeError
from bridge.takes.midi_file import span_ns
from bridge.takes.outline import Outline, Place, outline
from bridge.takes.replay import SETTLED_S, SILENCE, Again, Replay
from bridge.takes.tempo_map import music_begins

_NS = 1_000_000_000
TAIL_S = 6.0
"""So long at most the end is listened to for what still rings."""


class Window(NamedTuple):
    """What of a take is wanted: blocks from `start` on; from `stop` on only while it rings, but never from `limit` on.
    None: to the end."""

    start: Place
    stop: Place | None
    limit: Place | None


class Piece(NamedTuple):
    """A block of it, with `gap` frames of silence before: there was no engine then. Its first `skip` frames are before
    the music, which has just been started."""

    again: Again
    gap: int
    skip: int


def window(found: Outline, name: str, stretch: int | None = None) -> Window:
    """Of all stretches, or of one, counted from 1. Raises TakeError where there is none such."""
    stretches = found.stretches
    if not stretches:
        raise TakeError(f"{name} holds no music: nothing was started while it lasted")
    if stretch is None:
        return Window(stretches[0].start, stretches[-1].end, None)
    if not 1 <= stretch <= len(stretches):
        raise TakeError(f"stretch {stretch} is not in {name}: give 1 to {len(stretches)}, `sideman takes show` lists "
                        f"them")
    wanted = stretches[stretch - 1]
    after = stretches[stretch].start if stretch < len(stretches) else None
    return Window(wanted.start, wanted.end, after)


class Rendering:
    """A take on its way to files. Iterate pieces() once; `done` is then 0..1 as it goes along."""

    def __init__(self, path: Path, *, stretch: int | None = None, sound: bool = True, to_damage: bool = False) -> None:
        """Raises TakeError."""
        self.outline = outline(path, to_damage=to_damage)
        self.window = window(self.outline, path.name, stretch)
        self.replay = Replay(path, sound=sound, to_damage=to_damage)
        self.done = 0.0

    def pieces(self) -> Iterator[Piece]:
        """In order. What lies before the start is played too, unheard: the sound depends on it."""
        start, stop, limit = self.window
        most = self._frames_until(self.outline.end if stop is None else stop)
        played, end, rang, skip = 0, None, 0, 0
        rate = self.outline.engines[-1][1].rate
        with_blocks = self.replay.blocks(round(TAIL_S * rate) if limit is None else 0)
        for again in with_blocks:
            if not isinstance(again, Again):
                continue
            block = again.block
            played += block.frames
            self.done = min(1.0, played / max(1, most))
            place = Place(again.reel, block.frame0)
            if Place(again.reel, block.frame0 + block.frames) < start:
                continue
            if limit is not None and Place(again.reel, block.frame0 + block.frames) >= limit:
                return
            if again.after or (stop is not None and place >= stop):
                rang += block.frames
                if rang > TAIL_S * again.rate:
                    return
            if end is None:
                skip = self._before_music(again)
            gap = 0 if end is None or end.reel == again.reel else max(0, block.frame0 - end.frame)
            end = Place(again.reel, block.frame0 + block.frames)
            cut = min(skip, block.frames)
            skip -= cut
            yield Piece(again, gap, cut)
            if rang > SETTLED_S * again.rate and _silent(again):
                return

    def _before_music(self, again: Again) -> int:
        """Frames from the block's start until the music begins."""
        engine = self.replay.engine
        assert engine is not None
        begin_ns, end_ns = span_ns(again)
        return round((music_begins(engine.line, engine.position, begin_ns, end_ns) - begin_ns) * again.rate / _NS)

    def _frames_until(self, end: Place) -> int:
        """Frames that are to be played before `end`."""
        engines = self.outline.engines
        total = 0
        for number, (_, reel) in enumerate(engines[: end.reel + 1]):
            last = end.frame if number == end.reel else engines[number + 1][1].frame0
            total += max(0, last - reel.frame0)
        return total


def _silent(again: Again) -> bool:
    return not again.audio.size or float(np.abs(again.audio).max()) < SILENCE

"""McGill Billboard: chords and sections of pop and rock songs that charted in the USA, 1958 to 1991."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from composers.errors import MusicError
from composers.score import Meter, Tick
from composers.statistics.piece import ChordSpan, Piece
from composers.theory.chords import Chord
from composers.theory.scales import Key
from models.corpora.entry import Entry, split_of
from models.corpora.folder import texts
from models.corpora.harte import parse_harte

_HEADER = re.compile(r"#\s*(title|artist|metre|tonic):\s*(.*)")
_TIMED = re.compile(r"[\d.]+\s+(.*)")
_REPEATED = re.compile(r"x(\d+)")
_METER = re.compile(r"\((\d+/\d+)\)")
_FORMS = re.compile(r"[A-Z]+'*")


def billboard(folder: Path) -> Iterator[Entry]:
    """Songs without notes: chords by bar, sections, the tonic as key (major or minor is not annotated).

    A bar in another meter than the song's is stretched to the song's, its chords in proportion; a song with a change
    of meter has meter_ok False.
    """
    seen: set[tuple[str, str]] = set()
    for path, text in texts(folder, "chords_billboard/salami_chords.tar.xz", "salami_chords.txt"):
        song = _Song(path.split("/")[-2])
        for line in text.splitlines():
            song.take(line.strip())
        who = (song.headers.get("title", ""), song.headers.get("artist", ""))
        yield song.entry(duplicate=who in seen)
        seen.add(who)


class _Song:
    def __init__(self, name: str) -> None:
        self.name = name
        self.headers: dict[str, str] = {}
        self.meter = Meter()
        self.changed = False
        self.section = ""
        self.sections: list[str] = []
        self.bars: list[list[Chord | None]] = []
        self.keys: list[tuple[Tick, Key]] = []

    def take(self, line: str) -> None:
        if header := _HEADER.match(line):
            self._header(header[1], header[2].strip())
            return
        timed = _TIMED.match(line)
        if timed is None or "|" not in timed[1]:
            return
        before, _, rest = timed[1].partition("|")
        names = [word.strip() for word in before.split(",") if word.strip()]
        names = [word for word in names if not _FORMS.fullmatch(word)] or names
        if names:
            self.section = names[0]
        inside, _, after = rest.rpartition("|")
        repeated = _REPEATED.search(after)
        for _ in range(int(repeated[1]) if repeated else 1):
            for bar in inside.split("|"):
                self.bars.append(self._chords(bar))
                self.sections.append(self.section)

    def _header(self, name: str, value: str) -> None:
        if name == "metre":
            self.changed |= bool(self.bars)
            if not self.bars:
                self.meter = Meter.parse(value)
        elif name == "tonic" and re.fullmatch(r"[A-G][b#]?", value):
            self.keys.append((len(self.bars) * self.meter.bar_ticks, Key.parse(value)))
        self.headers.setdefault(name, value)

    def _chords(self, bar: str) -> list[Chord | None]:
        self.changed |= bool(_METER.search(bar))
        found: list[Chord | None] = []
        for word in _METER.sub("", bar).split():
            if word == "." and found:
                found.append(found[-1])
                continue
            try:
                found.append(parse_harte(word))
            except MusicError:
                found.append(None)
        return found or [None]

    def entry(self, *, duplicate: bool) -> Entry:
        bar_ticks = self.meter.bar_ticks
        spans: list[ChordSpan] = []
        for index, bar in enumerate(self.bars):
            for place, chord in enumerate(bar):
                start = index * bar_ticks + place * bar_ticks // len(bar)
                end = index * bar_ticks + (place + 1) * bar_ticks // len(bar)
                if chord is None:
                    continue
                if spans and place and spans[-1].end == start and spans[-1].chord == chord:
                    spans[-1] = spans[-1]._replace(end=end)
                else:
                    spans.append(ChordSpan(start, end, chord))
        piece = Piece(self.meter, len(self.bars), {}, {}, tuple(spans), tuple(self.sections), name=self.name)
        title = f"{self.headers.get('title', '')} ({self.headers.get('artist', '')})"
        return Entry(self.name, "chords_billboard", title, "CC0 1.0", piece, split_of(title), "pop/rock",
                     self.keys[0][1] if self.keys else None, keys=tuple(self.keys), duplicate=duplicate,
                     meter_ok=not self.changed)  # fmt: skip

"""[playing] and [[layers]] of a session: how what is played in is recorded and followed, and what has been recorded."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bridge.errors import MusicError, SessionError
from bridge.mix import Name
from composers.general_midi import DRUM_CHANNEL
from composers.layers import Layer
from composers.quantise import GRIDS, Grid
from composers.score import PPQ, Clip, Span

Unit = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Quarters = Annotated[float, Meta(ge=0, le=4_000_000, description="quarter notes from the start of the piece")]
Mode = Annotated[Literal["merge", "replace"], Meta(description='"merge" or "replace"')]
At = Annotated[Literal["beat", "bar"], Meta(description='"beat" or "bar"')]
Quantise = Annotated[str, Meta(pattern=f"^(off|{'|'.join(GRIDS)})$", description="off, " + ", ".join(GRIDS))]


class PlayingSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """How a recording is made, where nothing else is said when it begins; and how the band follows.

    loop      bars of a loop: each time round is a layer, and plays again from then on; 0: on and on, and it plays once,
              where it was played (or where a master that loops comes by again)
    mode      "merge": beside what the band plays there, "replace": in place of it
    quantise  "off", or a grid: "1/8", "1/16t"; strength 0..1: how much of the way to it; swing: share of the pair
              before its second line, 0.5 (straight) .. 0.75
    count_in  bars before the recording begins
    react     harmony that is played in is heard from the next "beat" or "bar" on
    hold      bars for which it holds when the hands are off; 0: until the next chord is played
    """

    loop: Annotated[int, Meta(ge=0, le=256, description="bars, 0 to 256")] = 0
    mode: Mode = "merge"
    quantise: Quantise = "off"
    strength: Unit = 1.0
    swing: Annotated[float, Meta(ge=0.5, le=0.75, description="a number from 0.5 (straight) to 0.75")] = 0.5
    count_in: Annotated[int, Meta(ge=0, le=8, description="bars, 0 to 8")] = 0
    react: At = "beat"
    hold: Annotated[int, Meta(ge=0, le=256, description="bars, 0 to 256")] = 4

    @property
    def grid(self) -> Grid:
        """Raises MusicError."""
        return Grid.parse(self.quantise, self.strength, self.swing)


class LayerSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A recorded layer: see composers.layers.Layer.

    file        a MIDI file with what was played, where it was played (a bar of it is a bar of the piece)
    start, end  what of the piece was recorded over, in quarter notes from its start
    repeat      quarter notes after which it plays again, and again; 0: once
    clip        what is in the file; a session that is loaded has it
    """

    track: Name
    start: Quarters
    end: Quarters
    file: Annotated[str, Meta(min_length=1, max_length=1024, description="the path of a MIDI file")] | None = None
    repeat: Quarters = 0.0
    mode: Mode = "merge"
    clip: Clip | None = None

    @staticmethod
    def of(layer: Layer, file: str | None = None) -> LayerSpec:
        span = layer.clip.span
        return LayerSpec(layer.track, span.start / PPQ, span.end / PPQ, file, layer.repeat / PPQ, layer.mode,
                         layer.clip)

    @property
    def layer(self) -> Layer:
        """Raises MusicError for times that are none."""
        span = Span(round(self.start * PPQ), round(self.end * PPQ))
        clip = self.clip or Clip(span)
        return Layer(self.track, Clip.of(span, clip.notes, clip.controls), round(self.repeat * PPQ), self.mode)


def layers_of(layers: Collection[LayerSpec], tracks: Collection[str]) -> tuple[Layer, ...]:
    """As a plan has them; those of tracks that are not there wait until they are."""
    return tuple(each.layer for each in layers if each.track in tracks)


def loaded(layers: Collection[LayerSpec], tracks: Collection[str], place: str, folder: Path | None) -> list[LayerSpec]:
    """With what their files hold. Raises SessionError: no such track, no file, a file that cannot be read."""
    found = []
    for i, each in enumerate(layers):
        where = f"{place}: layers[{i}]"
        if each.track not in tracks:
            raise SessionError(f"{where}.track: {each.track!r} is no track: choose from {', '.join(tracks)}")
        if each.clip is None and each.file is None:
            raise SessionError(f"{where} has no file: name the MIDI file with what was recorded")
        try:
            if each.clip is None and each.file is not None:
                path = Path(each.file) if folder is None else folder / each.file
                each = msgspec.structs.replace(each, file=str(path), clip=read_clip(path, each))
            each.layer  # noqa: B018 - its times are checked
        except MusicError as error:
            raise SessionError(f"{where}: {error}") from None
        found.append(each)
    return found


def read_clip(path: Path, spec: LayerSpec) -> Clip:
    """What all tracks of a MIDI file hold within a layer's span. Raises MusicError."""
    from composers.piece import Piece  # few sessions have layers

    span = Span(round(spec.start * PPQ), round(spec.end * PPQ))
    piece = Piece.load(path)
    return Clip.of(span, (n._replace(channel=_channel(n.channel)) for t in piece.tracks for n in t.clip.notes),
                   (c._replace(channel=_channel(c.channel)) for t in piece.tracks for c in t.clip.controls
                    if c.kind != "program"))


def _channel(channel: int) -> int:
    """As composers have it: drums have a channel of their own."""
    return channel if channel == DRUM_CHANNEL else 0

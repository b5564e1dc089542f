"""A band with recorded layers over it."""

from __future__ import annotations

from collections.abc import Mapping

from composers.composer import Band, BarChart, Plan, Remarking, Sectioned
from composers.layers import Layer, with_layers
from composers.score import Clip


class Layered:
    """A band with layers over it; pure as the band is. Past the piece's end, and where a track rests, layers rest."""

    def __init__(self, band: Band, plan: Plan) -> None:
        self._band = band
        self._meter, self._length = plan.meter, plan.length
        self._layers: dict[str, list[Layer]] = {}
        for layer in plan.layers:
            if layer.track in plan.parts and layer.track not in plan.mute:
                self._layers.setdefault(layer.track, []).append(layer)

    def compose(self, bar: int) -> Mapping[str, Clip]:
        """See composer.Band."""
        clips = self._band.compose(bar)
        if not self._layers or (self._length is not None and bar >= self._length):
            return clips
        empty = Clip(self._meter.bar(bar))
        found = dict(clips)
        for track, layers in self._layers.items():
            found[track] = with_layers(clips.get(track, empty), layers)
        return found

    def chart(self, bar: int) -> BarChart:
        return self._band.chart(bar)

    def take_notices(self) -> list[str]:
        """See composer.Remarking."""
        return self._band.take_notices() if isinstance(self._band, Remarking) else []


class LayeredSections(Layered):
    """Over a band whose form has sections."""

    def __init__(self, band: Sectioned, plan: Plan) -> None:
        assert isinstance(band, Band)
        super().__init__(band, plan)
        self._form = band

    def places(self) -> tuple[str, ...]:
        return self._form.places()

    def place_at(self, bar: int) -> str:
        return self._form.place_at(bar)

    def place_after(self, bar: int) -> str:
        return self._form.place_after(bar)


def layered(band: Band, plan: Plan) -> Band:
    """The band with the plan's layers; the band itself where there are none."""
    if not plan.layers:
        return band
    return LayeredSections(band, plan) if isinstance(band, Sectioned) else Layered(band, plan)

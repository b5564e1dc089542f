"""What a mix of a genre should measure: loudness, peaks, octave bands, stereo. And a mix held against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bridge.analyze.mix import OCTAVES_HZ, MixFigures
from bridge.errors import SessionError

LIVE_LUFS, LIVE_LU = -16.0, 1.0
"""The loudness by default, and how far off a session may be: equal loudness matters more than much of it. Only what has
peaks far above its loudness (classical) has its own, for nothing but compression would bring it there."""
CEILING_DB = -1.0


class Target(NamedTuple):
    """octaves_db: re the 1 kHz octave, centres as OCTAVES_HZ; crest_db, side_db: the least and the most; lufs: the
    loudness; reach_hz: octaves outside may have less, but not more: an orchestra's are not a piano's."""

    octaves_db: tuple[float, ...]
    crest_db: tuple[float, float]
    side_db: tuple[float, float]
    lufs: float = LIVE_LUFS
    reach_hz: tuple[float, float] = (0.0, 24_000.0)


# Long-term spectra: working values, built on Pestana et al. 2013 (number-one hits), Elowsson and Friberg 2017 (drums
# raise both ends) and Hove et al. 2019. Crest factors and widths: working values; strings that are bowed loudly
# together have 12 to 14 dB without any compression.
_NARROW, _WIDE = (-16.0, -6.0), (-10.0, -3.0)
TARGETS: Mapping[str, Target] = {
    "jazz": Target((-12, 1, 5, 4, 2, 0, -4, -7, -10, -18), (14, 18), _NARROW),
    "edm": Target((1, 9, 6, 2, 0, 0, -1, -3, -6, -13), (8, 11), _WIDE),
    "classical": Target((-14, -3, 2, 4, 3, 0, -4, -9, -16, -26), (14, 22), _WIDE, -21.0, (100.0, 3000.0)),
    "rock": Target((-7, 4, 5, 2, 1, 0, -1, -4, -9, -17), (10, 13), _NARROW),
    "hip-hop": Target((4, 9, 6, 2, 0, 0, -2, -4, -8, -15), (9, 12), _NARROW),
    "ambient": Target((-6, 3, 6, 5, 3, 0, -5, -10, -16, -25), (12, 16), _WIDE),
}
BAND_DB, END_DB = 4.0, 6.0
"""How far an octave may be off: from 63 Hz to 8 kHz, and at both ends."""
_CREST_DB = 2.0


class Check(NamedTuple):
    """One figure against what it may be (None: no bound on that side)."""

    name: str
    value: float
    low: float | None
    high: float | None
    unit: str

    @property
    def passed(self) -> bool:
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)


def checks(mix: MixFigures, genre: str | None = None) -> list[Check]:
    """What any mix should keep to, and what a genre's should. Raises SessionError for a genre that has no target."""
    if genre is not None and genre not in TARGETS:
        raise SessionError(f"genre {genre!r} has no target: choose from {', '.join(TARGETS)}")
    lufs = LIVE_LUFS if genre is None else TARGETS[genre].lufs
    rows = [
        Check("loudness", mix.integrated_lufs, lufs - LIVE_LU, lufs + LIVE_LU, "LUFS"),
        Check("true peak", mix.true_peak_db, None, CEILING_DB, "dBTP"),
        Check("bass width", mix.bass_side_db, None, -20, "dB side/middle below 120 Hz"),
        Check("loss in mono", mix.mono_loss_lu, None, 1.5, "LU"),
        Check("correlation", 100 * mix.correlated_share, 95, None, "% of blocks above 0"),
        Check("DC", mix.dc_db, None, -60, "dBFS"),
    ]
    if genre is None:
        return rows
    target = TARGETS[genre]
    for hz, value, aim in zip(OCTAVES_HZ, mix.octaves_db, target.octaves_db, strict=True):
        span = BAND_DB if 50 < hz < 9000 else END_DB
        if hz != 1000:
            within = target.reach_hz[0] <= hz <= target.reach_hz[1]
            rows.append(Check(f"{hz:g} Hz", value, aim - span if within else None, aim + span, "dB re 1 kHz"))
    return [
        *rows,
        Check("crest", mix.crest_db, target.crest_db[0] - _CREST_DB, target.crest_db[1] + _CREST_DB, "dB"),
        Check("width", mix.side_db, *target.side_db, "dB side/middle"),
    ]

"""What the form does to the sound: a build gets louder, busier and brighter, the drop tops it; kicks duck as set."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from contextlib import closing
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from bridge.commands import cli
from bridge.offline import render
from bridge.parameter_paths import absolute
from bridge.rig import build_rig
from bridge.session import Session, check, load
from bridge.session_text import session_text
from composers.composer import make_band
from composers.parts import kit
from composers.request import parse_request
from instruments.hosts.audio_file import read_audio
from instruments.loudness import k_weighted

_BARS = 24
_WINDOW = 2
"""Bars that are measured as one: 3 to 4 s, as short-term loudness is."""


class Energy(NamedTuple):
    """Loudness (LUFS), novelty (mean half-wave rectified flux of log magnitudes), onsets a second (its peaks), centroid
    of the magnitude spectrum (Hz)."""

    lufs: float
    flux: float
    onsets: float
    centroid_hz: float


def energies(audio: NDArray[np.float64], rate: int, window: int) -> list[Energy]:
    weighted, mono = k_weighted(audio, rate), audio.mean(axis=0)
    size, hop = 1024, 512
    frames = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop] * np.hanning(size)
    magnitudes = np.abs(np.fft.rfft(frames, axis=1))
    logs = np.log1p(100 * magnitudes)
    flux = np.maximum(np.diff(logs, axis=0, prepend=logs[:1]), 0).sum(axis=1)
    peaks = np.zeros(len(flux), bool)
    threshold = 0.6 * np.percentile(flux, 75)
    peaks[1:-1] = (flux[1:-1] > flux[:-2]) & (flux[1:-1] >= flux[2:]) & (flux[1:-1] > threshold)
    hz, at = np.fft.rfftfreq(size, 1 / rate), np.arange(len(flux)) * hop
    found = []
    for start in range(0, audio.shape[1] - window + 1, window):
        inside = (at >= start) & (at < start + window)
        power = np.mean(weighted[:, start : start + window] ** 2, axis=1).sum()
        spectrum = magnitudes[inside].sum(axis=0)
        found.append(Energy(-0.691 + 10 * np.log10(power + 1e-12), float(flux[inside].mean()),
                            peaks[inside].sum() * rate / window, float((spectrum * hz).sum() / spectrum.sum())))
    return found


def rendered(session: Session) -> NDArray[np.float64]:
    return np.concatenate([block.audio.copy() for block in render(session)], axis=1).astype(float)


@pytest.mark.parametrize("name", ["edm-house", "edm-trance"])
def test_energy_rises_through_the_build_and_peaks_in_the_drop(name: str) -> None:
    session = load(name).with_music(bars=_BARS)
    bar = 240 / session.music.tempo * session.sample_rate
    found = energies(rendered(session), session.sample_rate, round(_WINDOW * bar))
    band = make_band(session.plan())
    roles = [band.chart(at).section.split()[0] for at in range(0, _BARS, _WINDOW)]
    build = [e for e, role in zip(found, roles, strict=False) if role == "build"]
    drop = [e for e, role in zip(found, roles, strict=False) if role == "drop"]
    assert len(build) == 4 and len(drop) >= 5
    for measure, rise, top in (("lufs", 1.2, 0.5), ("flux", 40.0, 20.0), ("onsets", 10.0, 0.0),
                               ("centroid_hz", 1500.0, 50.0)):  # fmt: skip
        way, there = [getattr(e, measure) for e in build], [getattr(e, measure) for e in drop]
        assert all(b > a - 0.1 * abs(rise) for a, b in pairwise(way)), (measure, way)
        assert way[-1] - way[0] > rise, (measure, way)
        assert mean(there) > way[-1] + top, (measure, way, there)
        before = [getattr(e, measure) for e, role in zip(found, roles, strict=False) if role != "ending"]
        assert max(there) == max(before), (measure, before)


def test_the_mix_follows_the_automation(tmp_path: Path) -> None:
    """The same piece on a rig without what the form moves has no rising brightness in its pad."""
    data = piece_of("edm-house", ("pad", "drums"), 16)
    way = centroid_ratio(data, tmp_path / "with")
    for track in data["tracks"]:
        track["effects"] = [e for e in track["effects"] if e["effect"] != "filter"]
    assert way > 1.2 * centroid_ratio(data, tmp_path / "without")


def centroid_ratio(data: Mapping[str, Any], folder: Path) -> float:
    """Of the pad's stem, in the second half of the build against the first."""
    audio, rate = stems(data, folder)["pad"]
    session = msgspec.convert(data, Session)
    bar = 240 / session.music.tempo * rate
    band = make_band(session.plan())
    build = [at for at in range(16) if band.chart(at).section.startswith("build")]
    half = len(build) // 2
    first, second = (energies(audio[:, int(part[0] * bar) : int((part[-1] + 1) * bar)], rate, int(half * bar))[0]
                     for part in (build[:half], build[half:]))  # fmt: skip
    return second.centroid_hz / first.centroid_hz


# Side-chain -------------------------------------------------------------------------------------------------------


def piece_of(name: str, tracks: tuple[str, ...], bars: int) -> dict[str, Any]:
    """A session that comes with Sideman, with these of its tracks."""
    data = tomllib.loads((files("sessions") / f"{name}.toml").read_text(encoding="utf-8"))
    data["music"] |= {"bars": bars}
    data["tracks"] = [track for track in data["tracks"] if track["name"] in tracks]
    check(msgspec.convert(data, Session), name)
    return data


def stems(data: Mapping[str, Any], folder: Path) -> dict[str, tuple[NDArray[np.float64], int]]:
    folder.mkdir()

    def value(given: object) -> str:
        if isinstance(given, dict):
            return "{ " + ", ".join(f"{k} = {value(v)}" for k, v in given.items()) + " }"
        return "[" + ", ".join(map(value, given)) + "]" if isinstance(given, list) else json.dumps(given)

    rows = [f"{key} = {value(given)}" for key, given in data.items()]
    (folder / "s.toml").write_text("\n".join(rows), encoding="utf-8")
    done = CliRunner().invoke(cli, ["render", str(folder / "s.toml"), "-o", str(folder / "mix.wav"),
                                    "--stems", str(folder / "stems")])  # fmt: skip
    assert done.exit_code == 0, done.output
    found = {}
    for track in data["tracks"]:
        audio, rate = read_audio(folder / "stems" / f"{track['name']}.wav")
        found[track["name"]] = np.asarray(audio, float), rate
    return found


@pytest.mark.parametrize(("name", "track", "back_beats"), [("edm-house", "pad", 1.0), ("edm-dnb", "bass", 0.35)])
def test_a_kick_ducks_as_set(name: str, track: str, back_beats: float, tmp_path: Path) -> None:
    """The stem with its side-chain against the same without: the dip after each kick is the depth that the session
    sets, within 1 dB, and the sound is back (within 1.5 dB) when the curve ends."""
    data = piece_of(name, (track, "drums"), 8)
    own = next(t for t in data["tracks"] if t["name"] == track)
    duck = next(e for e in own["effects"] if e["effect"] == "duck")
    ducked = stems(data, tmp_path / "ducked")[track][0]
    duck["bypass"] = True
    plain, rate = stems(data, tmp_path / "plain")[track]
    session = msgspec.convert(data, Session)
    band = make_band(session.plan())
    frame = 60 / session.music.tempo / 960 * rate
    kicks = [n.start for at in range(8) for n in band.compose(at)["drums"].notes if n.pitch in (35, kit.KICK)]

    def gain_db(tick: float, ms: tuple[float, float]) -> float | None:
        a, b = (int(tick * frame + t * rate / 1000) for t in ms)
        below = (plain[:, a:b] ** 2).sum()
        return None if below < 1e-5 * (b - a) else float(10 * np.log10((ducked[:, a:b] ** 2).sum() / below))

    beat_ms = 60_000 / session.music.tempo
    dips, returns = [], []
    for kick, after in pairwise(kicks):
        if after - kick < 900 * back_beats:
            continue
        dip = gain_db(kick, (6.0, 18.0))
        back = gain_db(kick, (back_beats * beat_ms - 12.0, back_beats * beat_ms - 2.0))
        if dip is not None and back is not None:
            dips.append(dip)
            returns.append(back)
    assert len(dips) >= 4
    assert mean(dips) == pytest.approx(-duck["params"]["depth_db"], abs=1.0)
    assert min(returns) > -1.5


# Rigs -------------------------------------------------------------------------------------------------------------


def composed_session() -> Session:
    asked = parse_request("trance, 24 bars")
    return msgspec.convert(tomllib.loads(session_text(asked.plan, 'a "club" track')), Session)


@pytest.mark.parametrize("name", ["edm-house", "edm-techno", "edm-trance", "edm-dnb", ""])
def test_what_the_form_moves_is_there(name: str) -> None:
    """In each session, and in what `sideman compose --session` writes: every path of the automation is a parameter."""
    session = load(name).with_music(bars=_BARS) if name else composed_session()
    check(session, name or "composed")
    band = make_band(session.plan())
    moved = {absolute(ramp.path, track) for at in range(_BARS) for track, clip in band.compose(at).items()
             for ramp in clip.ramps}  # fmt: skip
    with closing(build_rig(session, 48_000, 512, offline=True)) as rig:
        known = {info.path for info in rig.listed()}
    assert {"master.lift.gain_db", "master.eq.high_pass_hz", "mixer.hall.gain_db"} <= moved
    assert moved <= known

"""From a session's mix to a console: where sends, groups, filter and limiter end up."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.rig import Rig, build_rig
from bridge.session import parse
from instruments.block import FrameEvent, Kind, Transport

MIX = """name = "T"
[[tracks]]
name = "piano"
parts = ["comp"]
instrument = "piano"
group = "band"
effects = [{ effect = "eq" }, { effect = "eq", params = { low_db = -3 } }, { effect = "width", name = "wide" }]
[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "bass"
sends = { room = -20.0 }
gain_db = -2
[[groups]]
name = "band"
gain_db = -3
sends = { room = { db = -6.0, pre = true } }
[master]
ceiling_db = -6
"""
Audio = NDArray[np.float32]


def rig_of(text: str) -> Rig:
    return build_rig(parse(text, "t.toml"), 48000, 512, offline=True)


def played(rig: Rig, frames: int, at: int = 0, strike: bool = True) -> Audio:
    notes = [FrameEvent(0, Kind.ON, 0, key, 120.0) for key in (36, 48, 60, 64)] if strike else []
    blocks = []
    for frame in range(at, at + frames, 512):
        due = notes if frame == at else []
        blocks.append(rig.process([due] * len(rig.tracks), 512, Transport(frame)).copy())
    return np.concatenate(blocks, axis=1)


def test_a_sessions_mix_becomes_a_console() -> None:
    with closing(rig_of(MIX)) as rig:
        values = {(p.kind, p.channel, p.stage, p.name): p.value for p in rig.parameters()}
        assert values["track", "piano", "eq2", "low_db"] == -3 and values["track", "piano", "eq", "low_db"] == 0
        assert values["track", "piano", "wide", "width"] == 1
        assert values["group", "band", "", "gain_db"] == -3 and values["group", "band", "", "send.room"] == -6
        assert values["track", "bass", "", "send.room"] == -20
        assert values["track", "piano", "", "send.room"] > -90  # the patch's own
        assert abs(values["return", "room", "reverb", "t60_s"] - 0.75) < 1e-9
        assert values["master", "master", "limiter", "ceiling_db"] == -6
        assert values["master", "master", "filter", "bypass"] == 1
        peaks = np.abs(played(rig, 24 * 512)).max()
        assert 0.05 < peaks <= 10 ** (-6 / 20)
        levels, mix = rig.read_meters()
        assert len(levels) == 3 and max(levels[-1]) == peaks and levels[0] > (0, 0)
        assert peaks <= mix.true_peak <= 10 ** (-6 / 20) and mix.correlation > 0
        assert mix.momentary_lufs is None and mix.short_term_lufs is None  # a quarter of a second
        played(rig, 48000, 24 * 512, False)
        momentary = rig.read_meters()[1].momentary_lufs
        assert momentary is not None and -40 < momentary < -6


def test_the_example_of_the_documentation_plays() -> None:
    """And its kick ducks the pad."""
    text = (Path(__file__).parents[2] / "docs" / "mix.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    example = "".join(line for line in example.splitlines(keepends=True) if "plugin" not in line)
    with closing(rig_of('name = "T"\n' + example)) as rig:
        assert [c.name for c in rig.channels] == ["kick", "pad", "band", "room", "echo", "master"]
        assert rig.get("pad", "pump.depth_db") == 9 and rig.get("kick", "send.room") == -90
        assert 0.01 < np.abs(played(rig, 24 * 512)).max() < 1
        rig.set("kick", "gain_db", -90)  # before its fader the kick is as loud as ever
        hold = [FrameEvent(0, Kind.ON, 0, 60, 100.0)]
        at, level = 24 * 512, []
        for i in range(160):
            kick = [FrameEvent(0, Kind.ON, 0, 36, 127.0)] if i == 100 else []
            rig.process([kick, hold if i == 0 else []], 512, Transport(at + 512 * i))
            level.append(max(rig.read_meters()[0][1]))
        assert min(level[101:105]) < 0.5 * min(level[90:100])


def test_no_room_without_a_return_of_that_name() -> None:
    echo = '[[returns]]\nname = "echo"\neffects = [{ effect = "delay", params = { mix = 1.0 } }]\n'
    text = MIX.replace("[[groups]]", echo + "[[groups]]", 1).replace("sends = { room = -20.0 }\n", "")
    with closing(rig_of(text.replace("room =", "echo ="))) as rig:
        assert [c.name for c in rig.channels] == ["piano", "bass", "band", "echo", "master"]
        assert rig.get("piano", "send.echo") == -90 and rig.get("band", "send.echo") == -6


def test_the_filter_of_the_mix_is_out_until_it_is_turned_and_then_sweeps() -> None:
    soft = MIX.replace("ceiling_db = -6", "gain_db = -30")  # the limiter is not to remember anything
    with closing(rig_of(soft)) as rig, closing(rig_of(soft)) as plain:
        assert played(rig, 4096).tobytes() == played(plain, 4096).tobytes()
        rig.set("master", "filter.cutoff_hz", 100)
        rig.set("master", "filter.bypass", 0)
        low, open_ = played(rig, 16384, 4096), played(plain, 16384, 4096)
        assert np.abs(np.diff(low[:, 8192:])).max() < 0.1 * np.abs(np.diff(open_[:, 8192:])).max()
        rig.set("master", "filter.bypass", 1)
        played(rig, 1024, 20480, False), played(plain, 1024, 20480, False)
        assert played(rig, 4096, 21504, False).tobytes() == played(plain, 4096, 21504, False).tobytes()

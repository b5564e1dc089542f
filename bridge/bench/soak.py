"""Random patches played at random: does the synth stay finite, bounded and fast?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator

from instruments.block import FrameEvent, Kind, Transport
from instruments.kernels.lane_layout import SOURCES
from instruments.parameter import Choice
from instruments.parameters import BIQUAD, LFO, MODULATION_TARGETS, OSCILLATOR, SECTIONS, Spec, modulation
from instruments.patch import Patch, parse_patch
from instruments.synth import Synth

_CONTROLLERS = (1, 6, 7, 11, 64, 74, 100, 101, 120, 121, 123)
_UNUSED = ("modes", "string")


class Soaked(NamedTuple):
    """finite, peak (full scale 1) and, of each second of sound, the median and the longest CPU seconds that it took."""

    finite: bool
    peak: float
    median_s: float
    longest_s: float


def _table(rng: Generator, spec: Spec, skip: tuple[str, ...] = ()) -> dict[str, float | str]:
    """Some of a table's parameters, anywhere in their ranges."""
    out: dict[str, float | str] = {}
    for key, rule in spec.items():
        if key in skip or rng.random() < 0.4:
            continue
        if isinstance(rule, Choice):
            out[key] = str(rng.choice(rule.words))
        else:
            value = float(rng.uniform(rule.low, rule.high))
            out[key] = round(value) if rule.whole else value
    return out


def _text(name: str, table: Mapping[str, float | str], lists: bool) -> str:
    rows = [f'{k} = "{v}"' if isinstance(v, str) else f"{k} = {v!r}" for k, v in table.items()]
    return "\n".join([f"[[{name}]]" if lists else f"[{name}]", *rows]) + "\n"


def random_patch(rng: Generator) -> Patch:
    """A patch of engine "oscillators" with anything in it that the grammar allows."""
    parts = ['engine = "oscillators"\n' + ('quality = "high"\n' if rng.random() < 0.2 else "")]
    for name, spec in SECTIONS.items():
        if name not in _UNUSED:
            table = _table(rng, spec, ("polyphony", "level_db"))
            if name == "voice":
                table["polyphony"] = int(rng.integers(1, 17))
            parts.append(_text(name, table, False))
    oscillators = int(rng.integers(1, 9))
    for i in range(oscillators):
        table = _table(rng, OSCILLATOR, ("level_db", "sync", "fm_by", "unison"))
        table["unison"] = int(rng.choice([1, 1, 1, 3, 16]))
        if table.get("shape") in ("noise", "pink"):
            table.pop("fm_ratio", None)
        elif rng.random() < 0.3:
            table["fm_by"] = int(rng.integers(0, i + 2 if table.get("shape") == "sine" else i + 1))
        parts.append(_text("oscillator", table, True))
    for _ in range(3):
        parts.append(_text("lfo", _table(rng, LFO), True))
    for _ in range(int(rng.integers(0, 9))):
        target = str(rng.choice([t for t in MODULATION_TARGETS if not t.startswith(("oscillator", "lfo"))]))
        rule = modulation(target)["amount"]
        assert not isinstance(rule, Choice)
        parts.append(_text("modulation", {
            "source": str(rng.choice(SOURCES[1:])), "by": str(rng.choice(SOURCES)), "target": target,
            "amount": float(rng.uniform(rule.low, rule.high)),
        }, True))
    for _ in range(int(rng.integers(0, 3))):
        parts.append(_text("equalizer", {**_table(rng, BIQUAD), "hz": float(rng.uniform(50, 15000))}, True))
    return parse_patch("random", "".join(parts), "random.toml")


def _events(rng: Generator, frames: int, count: int) -> list[FrameEvent]:
    found = []
    for _ in range(count):
        kind = Kind(int(rng.choice([0, 1, 1, 2, 3, 4])))
        number = int(rng.choice(_CONTROLLERS)) if kind is Kind.CC else int(rng.integers(0, 128))
        value = float(rng.uniform(-1, 1)) if kind is Kind.BEND else float(rng.integers(1, 128))
        found.append(FrameEvent(int(rng.integers(0, frames)), kind, int(rng.integers(0, 16)), number, value,
                                float(rng.uniform(-1200, 1200))))
    return sorted(found)


def soak(seconds: int, seed: int = 1, rate: int = 48000, block: int = 128) -> Soaked:
    """Play that many seconds of sound, a new patch every five, the last two of each without a note."""
    rng = np.random.default_rng(seed)
    out = np.zeros((2, block), np.float32)
    finite, peak, times = True, 0.0, []
    synth: Synth | None = None
    for second in range(seconds):
        if second % 5 == 0:
            synth = Synth(random_patch(rng))
            synth.prepare(rate, block)
        assert synth is not None
        events = _events(rng, rate // block * block, 60 if second % 5 < 3 else 0)
        spent = 0.0
        for start in range(0, rate // block * block, block):
            due = [e._replace(offset=e.offset - start) for e in events if start <= e.offset < start + block]
            beat = (second * rate + start) / rate * 2.0
            began = time.thread_time()
            synth.process(due, out, Transport(frame=second * rate + start, beat=beat, bpm=120.0, playing=True))
            spent += time.thread_time() - began
            finite = finite and bool(np.isfinite(out).all())
            peak = max(peak, float(np.abs(out).max()))
        times.append(spent)
    return Soaked(finite, peak, float(np.median(times)), max(times))


def as_json(result: Soaked, seconds: int) -> dict[str, Any]:
    return {"seconds": seconds, "finite": result.finite, "peak": round(result.peak, 3),
            "cpu_s_per_s": {"p50": round(result.median_s, 5), "max": round(result.longest_s, 5)}}

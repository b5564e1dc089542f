"""Faust's just-in-time compiler in DawDreamer (extra `bench`) as the peer of `sideman bench synth`."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

VOICES = 16
_PATCH = """
import("stdfaust.lib");
voice(v) = par(k, 8, {saw}(hz * (1 + 0.0017 * k))) :> *(0.125) : fi.svf.lp(cutoff, 0.7) * amp with {{
    hz = 65 * pow(2, v / 12.0);
    gate = hslider("gate", 1, 0, 1, 1);
    amp = en.adsr(0.005, 1, 0.8, 0.2, gate);
    cutoff = 1500 * pow(2, 2 * en.adsr(0.001, 0.2, 0.1, 0.2, gate) + 0.5 * os.osc(5));
}};
process = par(v, {voices}, voice(v)) :> *(0.05) <: _, _;
"""


def nanoseconds(runs: int, rate: int = 48000, block: int = 128) -> dict[str, float] | None:
    """ns per sample and oscillator (CPU time) of sixteen voices of the bench's patch, by saw; None without DawDreamer.

    `os.polyblep_saw` is our algorithm, `os.sawtooth` Faust's own choice (differentiated polynomial waves).
    """
    try:
        import dawdreamer  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    found = {}
    for saw in ("os.polyblep_saw", "os.sawtooth"):
        engine: Any = dawdreamer.RenderEngine(rate, block)
        made = engine.make_faust_processor("voices")
        made.set_dsp_string(_PATCH.format(saw=saw, voices=VOICES))
        made.compile()
        engine.load_graph([(made, [])])
        engine.render(0.5)
        times = []
        for _ in range(runs):
            began = time.thread_time()
            engine.render(1.0)
            times.append(time.thread_time() - began)
        assert np.abs(engine.get_audio()).max() > 0.01
        found[saw] = statistics.median(times) / rate / VOICES / 8 * 1e9
    return found

"""What all benchmarks share: the machine they ran on, and how many numbers become a few."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


def machine() -> dict[str, Any]:
    """The machine, in words that let two results be compared."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    return {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version(),
            "sideman": version("sideman"), "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg")
            else None}


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median, 99th percentile and maximum; None of nothing."""
    if not len(values):
        return None
    v = np.asarray(values, float)
    return {"p50": round(float(np.percentile(v, 50)), 4), "p99": round(float(np.percentile(v, 99)), 4),
            "max": round(float(v.max()), 4)}


def median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 4)


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between the two nearest; `share` 0..1."""
    return float(np.quantile(np.asarray(values, float), share))

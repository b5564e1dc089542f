"""How late something was, again and again: kept without growing, read as percentiles."""

from __future__ import annotations

import numpy as np


class Lateness:
    """The last `size` delays in nanoseconds. One thread adds (no allocation, no lock), any thread reads."""

    def __init__(self, size: int = 4096) -> None:
        self._delays_ns = np.zeros(size, np.int64)
        self.count = 0
        """How many were added so far."""

    def add(self, delay_ns: int) -> None:
        self._delays_ns[self.count % len(self._delays_ns)] = delay_ns
        self.count += 1

    def percentile_ms(self, *percents: float) -> tuple[float, ...]:
        """Percentiles (100 is the worst) of the delays kept, in milliseconds; zeros if there were none."""
        kept = self._delays_ns[: min(self.count, len(self._delays_ns))].copy()
        if not len(kept):
            return (0.0,) * len(percents)
        return tuple(float(value) / 1e6 for value in np.percentile(kept, percents))

    def last(self, count: int) -> list[int]:
        """The last `count` delays in ns, oldest first; no more than are kept."""
        size = len(self._delays_ns)
        count = max(0, min(count, self.count, size))
        return [int(self._delays_ns[i % size]) for i in range(self.count - count, self.count)]

"""What the figures of `sideman bench hosting` say of audio that is known."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.bench import hosting, hosting_soak
from instruments.block import InstrumentError
from instruments.plugins import scan


def test_silence_is_measured_in_what_is_heard() -> None:
    t = np.arange(hosting.RATE) / hosting.RATE
    audio = np.stack([0.05 * np.sin(2 * np.pi * 440 * t)] * 2).astype(np.float32)
    assert hosting._silence_ms(audio) == 0
    audio[:, 4800 : 4800 + 48 * 30] = 0.0
    assert hosting._silence_ms(audio) == pytest.approx(30, abs=1)
    audio[0, 4800 + 48 * 10] = 0.5  # one side sounds
    assert hosting._silence_ms(audio) == pytest.approx(20, abs=1)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> None:
        raise InstrumentError(f"no plug-in named {name!r}")

    monkeypatch.setattr(scan, "find", nothing)
    with pytest.raises(hosting.DeviceError, match="apt-get install zam-plugins"):
        hosting.run()


@pytest.mark.peer("zam-plugins")
@pytest.mark.timeout(120)
def test_a_short_soak_leaves_nothing_behind() -> None:
    for name in ("ZamCompX2", "ZynAddSubFX"):
        try:
            scan.find(name)
        except InstrumentError as missing:
            pytest.skip(str(missing))
    figures = hosting._apart(hosting_soak.soak, 12.0)
    assert figures["alive"]
    assert figures["kills"] >= 1
    assert not any(figures["left"].values())

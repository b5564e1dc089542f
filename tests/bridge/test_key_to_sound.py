from __future__ import annotations

import pytest

from bridge import session as sessions
from bridge.commands import doctor
from bridge.errors import DeviceError
from bridge.key_to_sound import MIX_MS, KeyToSound
from bridge.rig import build_rig


def test_the_mix_takes_what_is_said_of_it() -> None:
    rig = build_rig(sessions.load("jazz-trio"), 48_000, 128, block=128)
    try:
        assert rig.latency / 48 == pytest.approx(MIX_MS, abs=0.01)
    finally:
        rig.close()


def test_it_adds_up() -> None:
    found = KeyToSound(2.667, 5.333, 1.65)
    assert found.most_ms == pytest.approx(9.65)
    assert "9.7 ms at most" in str(found) and "5.3 until that is heard" in str(found)


def test_doctor_tells_of_jack_else_of_the_device_else_that_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> KeyToSound:
        raise DeviceError("no device: plug one in")

    monkeypatch.setattr("bridge.key_to_sound.over_jack", lambda: KeyToSound(1.0, 1.0))
    assert doctor.key_row().detail.startswith("JACK: 3.6 ms at most")
    monkeypatch.setattr("bridge.key_to_sound.over_jack", none)
    monkeypatch.setattr("bridge.key_to_sound.over_portaudio", lambda: KeyToSound(3.0, 8.0))
    assert doctor.key_row().detail.startswith("audio device: 12.7 ms at most")
    monkeypatch.setattr("bridge.key_to_sound.over_portaudio", none)
    row = doctor.key_row()
    assert row.state == "warning" and row.remedy

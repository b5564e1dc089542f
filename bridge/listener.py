"""A stream heard on this machine's device: a playback pulled by a driver, and how it does, in words."""

from __future__ import annotations

from typing import NamedTuple

from bridge.audio_io import AnyDriver, DriverName, PacerDriver, choose_driver
from bridge.driver import Block, Outputs
from bridge.errors import DeviceError
from bridge.frame_line import NS
from bridge.stream.playback import Playback, Report
from bridge.stream.sync import Mode

_FRAMES = 256


def open_device(which: DriverName, device: str | None) -> AnyDriver:
    """JACK or a device, opened, not started. Blocks. Raises DeviceError where there is nothing to play on."""
    number = int(device) if device is not None and device.isdigit() else device
    driver = choose_driver(which, frames=_FRAMES, in_ports=(), client_name="sideman-listen", device=number)
    if isinstance(driver, PacerDriver):
        driver.stop()
        raise DeviceError("there is nothing to play on, neither a JACK server nor an audio device (`sideman doctor` "
                          "says why): `sideman record URL -o out.wav` writes a file")
    return driver


class Listener:
    """Plays from start() to the driver's stop(). step() runs on the device's thread, all else on the main one's."""

    def __init__(self, driver: AnyDriver, playback: Playback) -> None:
        self._driver = driver
        self._playback = playback
        self._heard_after_ns = 0
        self._held_ns = 0
        self.look()

    def start(self) -> None:
        """Raises DeviceError."""
        self._driver.start(self.step)

    def look(self) -> None:
        """Ask the device how late it is; now and then, for that changes. Raises DeviceError when it is gone."""
        if self._driver.lost:
            raise DeviceError(f"the sound stopped: {self._driver.lost}")
        self._heard_after_ns = self._driver.heard_after_ns
        self._held_ns = self._driver.latency_frames * NS // self._driver.rate

    def step(self, block: Block) -> Outputs:
        heard_ns = block.ns0 + self._heard_after_ns
        return Outputs((), self._playback.pull(block.frames, heard_ns, heard_ns - self._held_ns))


class Health(NamedTuple):
    """How playing does, for people and for JSON."""

    mode: Mode
    report: Report
    device_ms: float
    """Of the device, as it tells."""
    clock_ms: float
    """By how much the server's clock may be wrong at most; 0 where none is kept."""

    def told(self) -> str:
        """A line."""
        if not self.report.playing:
            return "nothing to play"
        what = f"{abs(self.report.error_ns) / 1e6:.2f} ms off" if self.mode == "sync" else "as soon as may be"
        return (f"playing, {what}, {1e3 * self.report.fill_s:.0f} ms ready, speed {1e6 * self.report.correction:+.0f} "
                f"ppm, {self.report.late} times late, {self.report.resyncs} jumps")

    def values(self) -> dict[str, float | int | str | bool]:
        report = self.report
        return {"mode": self.mode, "playing": report.playing, "error_ms": round(report.error_ns / 1e6, 4),
                "correction_ppm": round(1e6 * report.correction, 2), "drift_ppm": round(1e6 * report.drift, 2),
                "ready_ms": round(1e3 * report.fill_s, 2), "late": report.late, "jumps": report.resyncs,
                "lost_frames": report.lost_frames, "device_ms": round(self.device_ms, 2),
                "clock_error_ms": round(self.clock_ms, 3)}

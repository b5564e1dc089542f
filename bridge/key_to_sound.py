"""From a key to the ear: what it adds up to on this machine's device, by what the device reports."""

from __future__ import annotations

from typing import NamedTuple

MIX_MS = 1.65
"""Of a session with the usual master: its limiter looks 1.5 ms ahead, and hears between the samples. (A test compares
it with a mix.)"""


class KeyToSound(NamedTuple):
    """In ms: how long a key waits at most until the device asks for the next block, what the mix takes, and what the
    device takes until that is heard. An instrument's own attack, and plug-ins that look ahead, come on top."""

    wait_ms: float
    out_ms: float
    mix_ms: float = MIX_MS

    @property
    def most_ms(self) -> float:
        return self.wait_ms + self.mix_ms + self.out_ms

    def __str__(self) -> str:
        return (f"{self.most_ms:.1f} ms at most, as the device reports: up to {self.wait_ms:.1f} until it asks for a "
                f"block, {self.mix_ms:.1f} in the mix (its limiter looks ahead), {self.out_ms:.1f} until that is heard")


def over_jack() -> KeyToSound:
    """With the server that is named in the environment, or the default one. Blocks for some 10 ms. Raises DeviceError.
    """
    from bridge.jack.client import close_client, open_client
    from bridge.jack.lib import playback_latency

    client = open_client("sideman-doctor")
    try:
        ports = client.get_ports(is_audio=True, is_physical=True, is_input=True)
        out = max((playback_latency(port) for port in ports), default=0)
        return KeyToSound(1e3 * client.blocksize / client.samplerate, 1e3 * out / client.samplerate)
    finally:
        close_client(client)


def over_portaudio(rate: int = 48_000, frames: int = 128) -> KeyToSound:
    """By the default output device, opened for a moment as `sideman play` does. Raises DeviceError."""
    from bridge.audio_io import PortAudioDriver

    driver = PortAudioDriver(rate, frames)
    try:
        return KeyToSound(1e3 * driver.frames / driver.rate, 1e3 * driver.latency_s)
    finally:
        driver.stop()

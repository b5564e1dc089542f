"""The sound device's time in the browser: stamps where they are sane, the browser's word where not."""

from __future__ import annotations

from typing import Any

import pytest
from javascript import run

pytestmark = pytest.mark.peer("node")

DEVICE = """
  const { DeviceTime } = await load("devicetime.js");
  const [kind, seconds, stallS] = given;
  // Asked for in blocks of 10 ms, heard 32 ms after that; the device's clock is 100 ppm fast.
  let nowMs = 5000, stalled = 0, seed = 1;
  const noise = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const asked = () => Math.floor((nowMs - stalled) * 1.0001 / 10) / 100; // s of the context, of the newest block
  const context = { get currentTime() { return asked(); } };
  if (kind !== "silent") context.outputLatency = 0.032;
  else context.baseLatency = 0.01;
  const stamp = {
    stamps: () => ({ contextTime: ((nowMs - stalled) * 1.0001 - 32) / 1000,
                     performanceTime: nowMs + 0.1 * noise() }),
    blocks: () => ({ contextTime: asked() - 0.032, performanceTime: nowMs }),
    zero: () => ({ contextTime: 0, performanceTime: 0 }),
  }[kind];
  if (stamp) context.getOutputTimestamp = stamp;
  const device = new DeviceTime(context, () => nowMs);
  const settled = [];
  for (let at = 0; at < seconds * 1000; at += 42.7 * noise() + 20) {
    nowMs = 5000 + at;
    if (stallS && at > stallS * 1000) stalled = 60;
    device.sample(asked());
    settled.push(device.settled);
  }
  const c = asked();
  const askedMs = (c * 1000) / 1.0001 + stalled;
  return { stamped: device.stamped, settled: [settled[0], settled.at(-1)], share: device.shareMs,
           heard: device.heardNs(c) / 1e6 - askedMs, asked: device.askedNs(c) / 1e6 - askedMs };
"""


def device(kind: str, seconds: float = 20.0, stall_s: float = 0.0) -> dict[str, Any]:
    return dict(run(DEVICE, kind, seconds, stall_s))


def test_stamps_are_believed_and_their_drift_followed() -> None:
    found = device("stamps")
    assert found["stamped"] and found["settled"] == [False, True]
    assert found["heard"] == pytest.approx(32.05, abs=0.1)
    assert found["asked"] == pytest.approx(0, abs=2) and found["share"] == pytest.approx(32, abs=2)


@pytest.mark.parametrize("kind", ["none", "zero", "blocks"])
def test_else_what_is_asked_for_and_the_browsers_word_for_the_latency(kind: str) -> None:
    found = device(kind)
    assert not found["stamped"] and found["settled"][1]
    assert found["heard"] == pytest.approx(32, abs=2)


def test_a_device_that_tells_nothing_has_its_block_alone() -> None:
    assert device("silent")["heard"] == pytest.approx(10, abs=2)


def test_a_device_that_stood_still_is_found_again_soon() -> None:
    found = device("stamps", 10.5, 10.0)
    assert found["stamped"] and found["heard"] == pytest.approx(32.05, abs=0.3)
    assert found["asked"] == pytest.approx(0, abs=12)
    assert device("none", 13.0, 10.0)["heard"] == pytest.approx(32, abs=2)

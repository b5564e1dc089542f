"""The bench of relays at a small size, in network namespaces where they are allowed."""

import os
import subprocess

import pytest

from bridge.bench import relay
from bridge.bench.relay_places import places

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the bench starts processes as POSIX has it")


def test_places_reach_the_hub_and_are_gone_afterwards() -> None:
    with places(2) as there:
        assert len(there.relays) == 2
        if there.kind == "network namespaces":
            for place in there.relays:
                seen = subprocess.run([*place.prefix, "ip", "-o", "address"], capture_output=True, text=True,
                                      check=True)
                assert place.near.rpartition(".")[0] in seen.stdout
            names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
            assert all(str(place.namespace) in names for place in (there.hub, *there.relays))
    if there.kind == "network namespaces":
        names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        assert str(there.hub.namespace) not in names


def test_two_relays_double_the_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_ROUNDS", 1)
    monkeypatch.setattr(relay, "_SETTLE_S", 0.5)
    monkeypatch.setattr(relay, "_search_path", lambda: "")  # NATS: tests/peers
    figures = relay.run(2, 0.3, tell=lambda _: None)
    assert figures["audience"] == 4 and "nats_ms" not in figures
    assert figures["direct_ms"]["lost"] == figures["relayed_ms"]["lost"] == 0
    assert 0 < figures["direct_ms"]["p50"] <= figures["direct_ms"]["p99"] and 0 < figures["relayed_ms"]["p50"] < 5000
    assert abs(figures["relayed_clock_error_ms"]["median"]) < 50 and figures["relayed_between_relays_ms"] < 100

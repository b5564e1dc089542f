"""Paths: found by their exact words or without units, refused with what is near."""

from __future__ import annotations

import pytest

from bridge.errors import MessageError
from bridge.parameter_paths import absolute, described, find, matching, number
from instruments.parameter import Choice, Parameter

HZ, SWITCH = Parameter("Hz", 20, 20000, 1000, log=True), Parameter("0 or 1", 0, 1, 0, whole=True)
KNOWN = {path: described(path, rule, 1) for path, rule in {
    "master.filter.cutoff_hz": HZ, "track.My.Lead.eq.low_hz": HZ,
    "track.My.Lead.eq.low_db": Parameter("dB", -24, 24, 0),
    "mixer.bass.mute": SWITCH, "track.bass.drive.type": Choice(("soft", "hard"), "soft"),
}.items()}


def test_a_path_is_found_with_or_without_its_unit() -> None:
    assert find("master.filter.cutoff_hz", KNOWN) is find("master.filter.cutoff", KNOWN)
    assert find("Master.Filter.Cutoff", KNOWN).log
    with pytest.raises(MessageError, match=r"did you mean 'track.My.Lead.eq.low_hz' or 'track.My.Lead.eq.low_db'"):
        find("track.My.Lead.eq.low", KNOWN)
    with pytest.raises(MessageError, match=r"no parameter 'mixer.base.mute': did you mean 'mixer.bass.mute'"):
        find("mixer.base.mute", KNOWN)
    with pytest.raises(MessageError, match=r"no parameter 'x': `sideman set --list` shows all"):
        find("x", KNOWN)


def test_values_are_checked_as_the_rule_says() -> None:
    assert number(KNOWN["track.bass.drive.type"], "hard") == 1 == number(KNOWN["track.bass.drive.type"], 1)
    assert number(KNOWN["mixer.bass.mute"], True) == 1
    cutoff = "master.filter.cutoff_hz"
    for path, value, why in (("mixer.bass.mute", 0.5, "a whole number from 0 to 1"), (cutoff, "x", "Hz"),
                             ("track.bass.drive.type", 2, "soft, hard"), (cutoff, float("nan"), "nan")):
        with pytest.raises(MessageError, match=why):
            number(KNOWN[path], value)


def test_a_composers_path_is_seen_from_its_track() -> None:
    assert absolute("filter.cutoff_hz", "lead") == "track.lead.filter.cutoff_hz"
    assert absolute("gain_db", "lead") == "mixer.lead.gain_db"
    assert absolute("send.room", "lead") == "mixer.lead.send.room"
    assert absolute("synth.amp.attack_ms", "lead") == "track.lead.synth.amp.attack_ms"
    assert absolute("master.filter.cutoff_hz", "lead") == "master.filter.cutoff_hz"


def test_listing_by_words() -> None:
    found = [info.path for info in matching(KNOWN.values(), "eq LEAD")]
    assert found == ["track.My.Lead.eq.low_hz", "track.My.Lead.eq.low_db"]
    assert len(matching(KNOWN.values(), None)) == len(KNOWN)

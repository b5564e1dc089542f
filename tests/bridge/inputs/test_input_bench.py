"""The bench's own arithmetic: what is lost, and how late a key is heard."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import DeviceError

try:
    from bridge.bench.input import _first_samples, _pairs, expected, matched, missing, random_messages
    from bridge.jack.recorder import Heard, Recording
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

MESSAGES = [bytes((0x90, i % 100, 1 + i % 7)) for i in range(300)]


def test_what_is_missing_or_was_never_sent_is_counted() -> None:
    assert missing(MESSAGES, MESSAGES) == 0
    assert missing(MESSAGES, MESSAGES[:100] + MESSAGES[103:]) == 3
    assert missing(MESSAGES, MESSAGES[:-2]) == 2
    assert missing(MESSAGES, [*MESSAGES[:10], b"\xb0\x01\x01", *MESSAGES[10:]]) == 1
    assert missing(MESSAGES, []) == 300
    assert matched(MESSAGES, MESSAGES[:5] + MESSAGES[9:12]) == ([*range(5), *range(9, 12)], 0)
    flood = random_messages(20_000, 2)
    assert missing(flood, flood[:500] + flood[530:9000] + flood[9001:]) == 31


def test_the_flood_is_of_whole_messages_of_all_kinds() -> None:
    flood = random_messages(3000, 1)
    assert {m[0] >> 4 for m in flood} == set(range(8, 15))
    assert all(len(m) == (2 if m[0] >> 4 in (12, 13) else 3) and max(m[1:]) < 128 for m in flood)
    notes = [m for m in expected([*flood, b"\xff"]) if m[0] >> 4 in (8, 9)]
    assert sum(m[0] >> 4 == 9 for m in notes) == sum(m[0] >> 4 == 8 for m in notes) > 100


def test_a_key_is_paired_with_its_note_and_its_first_sample() -> None:
    keys = [Heard(10_000, b"\x90\x3c\x40"), Heard(30_000, b"\x90\x3d\x40"), Heard(50_000, b"\x90\x3e\x40")]
    notes = [Heard(10_005, b"\x90\x3c\x40"), Heard(10_050, b"\x80\x3c\x40"), Heard(50_000, b"\x90\x3e\x40")]
    assert _pairs(keys, notes) == [5, 0]
    audio = np.zeros((1, 60_000), np.float32)
    audio[0, 9_080:9_500] = audio[0, 29_070:29_900] = audio[0, 48_900:49_200] = 0.5
    recording = Recording(48_000, 1000, {}, audio, 0, 0, 0)
    assert _first_samples(recording, keys) == [80, 70], "what is not silent before it is left out"

"""Each description that is shipped says what it says without contradiction, and works from end to end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from desk_stage import Stage, infos, session

from bridge.controllers.description import (
    Device,
    device_names,
    feedback_wanted,
    find_device,
    mappings,
    parse_device,
)
from bridge.controls.feedback import message, raw_of
from bridge.controls.gestures import NARROW, WIDE, Gestures
from bridge.controls.mapping import ACTIONS, Control, Mapped
from bridge.errors import SessionError
from bridge.parameter_paths import find
from bridge.port_plan import plan_ports
from bridge.session import parse

NAMES = ("piano", "bass", "drums", "lead", "pad", "keys", "guitar", "horns", "strings")
MANY = "".join(f'[[tracks]]\nname = "{name}"\nparts = ["melody"]\ninstrument = "piano"\n' for name in NAMES)
TWO_RETURNS = ('[[returns]]\nname = "room"\neffects = [{ effect = "reverb" }]\n'
               '[[returns]]\nname = "echo"\neffects = [{ effect = "delay" }]\n')
DEVICES = [(name, find_device(name)) for name in device_names()]


def moved(mapped: Mapped, raw: int) -> bytes:
    return message(mapped.kind, mapped.number, (mapped.channel or 1) - 1, raw)


@pytest.mark.parametrize(("name", "device"), DEVICES, ids=[name for name, _ in DEVICES])
def test_a_description_is_whole(name: str, device: Device) -> None:
    assert len(device.source) > 30, "where it can be read"
    assert device.ports, "how its port is found"
    assert find_device(device.name) == device and all(find_device(alias) == device for alias in device.aliases)
    if device.protocol == "mackie":
        assert not device.controls
        return
    sent = [(group.mapped(k, "music.energy").kind, m.number, m.channel)
            for group in device.controls for k in range(group.count) for m in (group.mapped(k, "music.energy"),)]
    assert len(set(sent)) == len(sent), "no two controls send the same"
    assert len({group.name for group in device.controls}) == len(device.controls)
    for group in device.controls:
        if group.in_strips and group.path is not None and "{track}" in group.path:
            assert group.count == device.strips
    assert any(group.path for group in device.controls)
    assert all(text.startswith(("F0", "B")) for text in device.hello) and device.messages() is not None


async def no_control_is_dead(name: str) -> None:
    """See below: run for each."""
    stage = Stage(f'{TWO_RETURNS}\n[[control]]\ndevice = "{name}"\nfeedback = true', MANY)
    device = find_device(name)
    maps = mappings(stage.session.control[0], device, NAMES, ["room", "echo"])
    assert maps
    for mapped in maps:
        top = NARROW if mapped.kind in ("cc", "note") else WIDE
        if mapped.path in ACTIONS:
            before = len(stage.told)
            stage.desk.hear(0, moved(mapped, top))
            stage.desk.hear(0, moved(mapped, 0))
            await stage.heed()
            assert mapped.path.startswith("bank.") or len(stage.told) > before, mapped
            continue
        info = find(mapped.path, stage.infos)
        stage.turn(info.path, info.low)
        stage.desk.hear(0, moved(mapped, 0))
        await stage.heed()
        for raw in (0, top // 3, top // 2, top):
            stage.desk.hear(0, moved(mapped, raw))
            await stage.heed()
        if mapped.latch:
            assert stage.value(info.path) == info.high, mapped
        else:
            assert stage.value(info.path) == pytest.approx(info.high if mapped.high is None else mapped.high), mapped
        stage.turn(info.path, info.low)


@pytest.mark.parametrize("name", [name for name, device in DEVICES if device.protocol == "messages"])
def test_each_control_turns_what_it_says(name: str) -> None:
    asyncio.run(no_control_is_dead(name))


@pytest.mark.parametrize(("name", "device"), DEVICES, ids=[name for name, _ in DEVICES])
def test_it_fits_sessions_of_all_sizes(name: str, device: Device) -> None:
    for tracks, returns in ((["solo"], []), (list(NAMES), ["room"]), ([], [])):
        for first in (0, 8):
            for mapped in mappings(Control(device=name), device, tracks, returns, first):
                assert "{" not in mapped.path
    text = f'[[control]]\ndevice = "{name}"\nport = "X"\n'
    plan = plan_ports(session(text))
    assert plan.controls == {"control in": 0}
    wanted = device.feedback or device.protocol == "mackie"
    assert (plan.answers == {0: len(plan.outputs) - 1}) == wanted == ("control out" in plan.outputs)
    if wanted:
        assert plan.connect["control out"] == "X"


def test_ones_own_mappings_go_before_the_devices() -> None:
    own = Control([Mapped("music.energy", cc=0), Mapped("off", cc=41), Mapped("music.density", cc=16, channel=3)],
                  device="nanokontrol2")
    maps = mappings(own, find_device("nanokontrol2"), ["a", "b"], [])
    turned = {(m.kind, m.number): m.path for m in maps}
    assert turned["cc", 0] == "music.energy" and turned["cc", 1] == "mixer.b.gain_db"
    assert ("cc", 41) not in turned, "off is nothing"
    assert turned["cc", 17] == "mixer.b.pan" and sum(m.number == 16 for m in maps) == 1


def test_descriptions_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('name = "Mine"\nsource = "I built it"\n[[controls]]\nname = "knob"\nkind = "knob"\ncc = [1, 2]\n'
                   'path = "mixer.{track}.pan"\n')
    text = 'name = "S"\n[[tracks]]\nname = "bass"\nparts = ["bass"]\ninstrument = "upright-bass"\n'
    found = parse(text + '[[control]]\ndevice = "mine.toml"\n', "s.toml", tmp_path)
    assert found.control[0].device == str(own) and find_device(str(own)).name == "Mine"
    with pytest.raises(SessionError, match="did you mean 'nanokontrol2'"):
        parse(text + '[[control]]\ndevice = "nanokontrol"\n', "s.toml", tmp_path)
    with pytest.raises(SessionError, match="cannot be read"):
        parse(text + '[[control]]\ndevice = "gone.toml"\n', "s.toml", tmp_path)


@pytest.mark.parametrize(("text", "why"), [
    ('kind = "knob"\ncc = [1, 2]\nchannel = [1, 2, 3]', "2 numbers and 3 channels"),
    ('kind = "knob"\ncc = 1\nnote = 2', "cc and note is given"),
    ('kind = "knob"', "nothing is given"),
    ('kind = "lever"\ncc = 1', "lever"),
    ('kind = "knob"\ncc14 = 40', "cc14 goes to 31"),
    ('kind = "knob"\ncc = 1\npath = "mixer.{track}.pan"', "is for strips"),
    ('kind = "button"\ncc = 1\npath = "transport.fly"', "transport.fly"),
])
def test_mistakes_are_told(text: str, why: str) -> None:
    with pytest.raises(SessionError, match=why.replace("(", r"\(")):
        parse_device(f'name = "X"\nsource = "x"\n[[controls]]\nname = "a"\n{text}\n', "x.toml")


def test_who_is_answered() -> None:
    assert not feedback_wanted(Control()) and feedback_wanted(Control(feedback=True))
    assert feedback_wanted(Control(device="bcf2000")) and not feedback_wanted(Control(device="bcf2000", feedback=False))
    assert feedback_wanted(Control(mmc="out")) and not feedback_wanted(Control(mmc="in"))
    assert plan_ports(session('[[control]]\nname = "Faders in"\nfeedback = true\nport = "a"\nout_port = "b"\n')
                      ).connect == {"Faders in": "a", "Faders out": "b"}


def test_what_is_sent_is_what_would_be_heard() -> None:
    for kind, top in (("cc", NARROW), ("cc14", WIDE), ("nrpn", WIDE), ("rpn", WIDE), ("bend", WIDE), ("note", NARROW)):
        for share in (0.0, 0.25, 0.5, 0.9, 1.0):
            raw = raw_of(share, top)
            last = [g for g in Gestures().feed(message(kind, 3, 5, raw)) if g.kind == kind][-1]
            assert (last.raw, last.channel) == (raw, 5) and last.share == pytest.approx(share, abs=0.5 / top)


def test_stage_has_what_a_console_lists() -> None:
    assert "mixer.piano.send.room" in infos(session("")), "the stage is like a real session"

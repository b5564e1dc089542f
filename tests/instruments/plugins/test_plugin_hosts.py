"""Which host plays what: the choice, and the table in docs/hosting.md that must say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.block import InstrumentError
from instruments.plugins.hosts import HOSTS, HostTraits, adapter_path, choose_host

PAGE = Path(__file__).parents[3] / "docs" / "hosting.md"


def cells(traits: HostTraits) -> dict[str, str]:
    """A host's column of the table, as HOSTS has it."""

    def words(some: tuple[str, ...]) -> str:
        return ", ".join(some) or "-"

    return {
        "formats": words(traits.formats),
        "live": "yes" if traits.live else "no, bounces",
        "tempo, meter, playing": "yes" if traits.tempo else "no: use `sync`",
        "beat position": words(traits.beat),
        "program changes": words(traits.programs),
        "side-chain": "yes" if traits.side_chain else "no",
        "MIDI out": "yes" if traits.midi_out else "no",
        "state": "yes" if traits.state else "no",
        "presets": words(traits.presets),
        "changes by the plug-in": words(traits.notices),
        "editor window": "yes" if traits.editor else "no",
        "installed by": f"`{traits.install}`" if traits.package != "ctypes" or "apt" in traits.install else "nothing",
        "off unless": f"`{traits.opt_in}=1` or named" if traits.opt_in else "-",
    }


def table() -> dict[str, dict[str, str]]:
    text = PAGE.read_text("utf-8").split("## What each host can do")[1].split("##")[0]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return {host: {row[0]: row[column] for row in lines[2:]} for column, host in enumerate(lines[0]) if column}


def test_the_table_says_what_hosts_has() -> None:
    assert table() == {host: cells(traits) for host, traits in HOSTS.items()}


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_has_an_adapter(host: str) -> None:
    module, name = adapter_path(host)
    path = Path(__file__).parents[3] / (module.replace(".", "/") + ".py")
    assert f"class {name}" in path.read_text("utf-8")


def everything(_host: str) -> bool:
    return True


def test_the_best_that_there_is() -> None:
    assert choose_host("VST3", is_there=everything) == "minihost"
    assert choose_host("VST3", is_there=lambda host: host == "pedalboard") == "pedalboard"
    assert choose_host("VST3", "pedalboard", is_there=everything) == "pedalboard"
    assert choose_host("LV2", is_there=everything) == "minihost"


def test_vst2_is_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIDEMAN_VST2", raising=False)
    with pytest.raises(InstrumentError, match=r'VST2 plug-ins live: use host = \'vst2\' \(or SIDEMAN_VST2=1\)'):
        choose_host("VST2", is_there=everything)
    assert choose_host("VST2", "vst2", is_there=everything) == "vst2"
    monkeypatch.setenv("SIDEMAN_VST2", "1")
    assert choose_host("VST2", is_there=everything) == "vst2"


def test_what_no_host_plays() -> None:
    with pytest.raises(InstrumentError, match="use the plug-in in another format"):
        choose_host("CLAP", is_there=everything)
    with pytest.raises(InstrumentError, match="need minihost, which is not installed: pip install"):
        choose_host("LV2", is_there=lambda _: False)
    with pytest.raises(InstrumentError, match="'reaper' is not known"):
        choose_host("VST3", "reaper")

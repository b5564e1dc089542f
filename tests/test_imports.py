"""The rules of the house: imports follow the data and never turn back; heavy things stay where they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "composers": {"composers"},
    "models": {"models", "composers"},
    "instruments": {"instruments", "composers"},
    "sessions": set(),
    "bridge": {"bridge", "instruments", "composers"},
}
ALSO = {"bridge/bench": {"models"}}
"""Folder: what its modules may import beside that. Benches compare what we play with data."""
BRIDGE = {
    # package of bridge/: what it may import beside itself and the modules that lie in bridge/ itself
    "clock": set(),
    "engine": {"bridge.clock", "bridge.inputs"},
    "inputs": set(),
    "playing": {"bridge.inputs", "bridge.stream", "bridge.takes", "bridge.engine.inbox"},
    "ports": {"bridge.jack.client"},
    "jack": {"bridge.clock", "bridge.ports"},
    "stream": set(),
    "relay": {"bridge.stream"},
    "analyze": set(),
    "controls": set(),
    "controllers": {"bridge.clock", "bridge.controls", "bridge.watch"},
    "osc": {"bridge.controls"},
    "takes": {"bridge.engine"},
    "watch": {"bridge.jack", "bridge.ports"},
    "calibrate": {"bridge.clock", "bridge.jack", "bridge.ports"},
}

HEAVY = {
    # module: files that may import it
    "numba": {"instruments/kernels", "bridge/commands/doctor.py"},
    "llvmlite": {"instruments/kernels"},
    "pedalboard": {"instruments/hosts", "bridge/bench/effects.py"},
    "minihost": {"instruments/hosts/minihost_host.py"},
    "jack": {"bridge/jack/lib.py"},
    "sounddevice": {"bridge/audio_io.py", "bridge/portaudio.py", "bridge/commands/doctor.py"},
    "rtmidi": {"bridge/ports/rtmidi_ports.py"},
    "pylibremidi": {"bridge/ports/libremidi_ports.py"},
    "pythonosc": {"bridge/osc/server.py"},
    "mido": set(),  # the tests' oracle
    "matplotlib": {"bridge/watch/plot.py", "bridge/calibrate/plot.py", "bridge/analyze/plot.py",
                   "bridge/patch_sheet.py", "bridge/roll_picture.py", "bridge/bench/music_plot.py"},
    "aalink": {"bridge/clock/link.py"},  # GPL-3: an extra, never needed
    "tensorflow": set(),
    "music21": {"bridge/bench/theory.py"},  # the peer; no code that users run needs it
    "av": {"bridge/stream/opus.py"},
    "nats": {"bridge/relay/nats_link.py"},
    "cryptography": {"bridge/stream/self_signed.py"},
    "segno": {"bridge/qr_code.py"},
    "uvloop": {"bridge/bench/stream_servers.py"},
    "picows": {"bridge/bench/stream_servers.py"},
    "dawdreamer": {"bridge/bench/faust.py", "instruments/hosts/dawdreamer_host.py"},
}


def modules() -> list[Path]:
    return sorted(p for package in MAY_IMPORT for p in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_data(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    allowed = MAY_IMPORT[package] | ALSO.get(path.parent.relative_to(ROOT).as_posix(), set())
    for name in imported(path):
        top = name.partition(".")[0]
        if top in MAY_IMPORT:
            assert top in allowed, f"{path.relative_to(ROOT)} imports {name}"
        if package == "instruments" and top == "composers":
            assert name == "composers.errors", f"{path.relative_to(ROOT)} imports {name}: instruments know no scores"
        if top in HEAVY:
            place = path.relative_to(ROOT).as_posix()
            assert any(place.startswith(where) for where in HEAVY[top]), f"{place} imports {name}"


@pytest.mark.parametrize("package", BRIDGE)
def test_packages_of_the_bridge_import_only_what_lies_below(package: str) -> None:
    folders = {p.name for p in (ROOT / "bridge").iterdir() if p.is_dir()}
    for path in (ROOT / "bridge" / package).rglob("*.py"):
        for name in imported(path):
            top, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if top == "bridge" and other in folders - {package}:
                allowed = any(f"{name}.".startswith(f"{a}.") for a in BRIDGE[package])
                assert allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_no_genre_imports_another() -> None:
    folder = ROOT / "composers" / "genres"
    for path in folder.glob("*.py"):
        genre = path.stem.partition("_")[0]  # jazz.py and jazz_charts.py are one genre
        for name in imported(path):
            if name.startswith("composers.genres."):
                assert name.split(".")[2].partition("_")[0] == genre, f"{path.name} imports {name}"


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize(("code", "absent"), [
    ("import bridge.app", {"numba", "pedalboard", "sounddevice", "rtmidi", "jack", "mido"}),
    ("import bridge.composer_process", {"numba", "pedalboard", "websockets", "sounddevice"}),
    ("import bridge.engine_process", {"pedalboard", "websockets"}),
    ("import bridge.commands.patches", {"numba", "matplotlib", "sounddevice"}),
    ("import instruments.registry; instruments.registry.find_instrument('piano')", {"numba"}),
    ("from bridge.commands import cli", {"numpy", "numba", "websockets", "rich"}),
])
def test_processes_load_only_what_they_use(code: str, absent: set[str]) -> None:
    assert not loaded_by(code) & absent

"""The oracle plug-in, built when a test first asks for it: one file of our own on Debian's dpf-source and g++."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

DPF = Path("/usr/share/dpf/distrho")
REMEDY = "apt-get install -y --no-install-recommends dpf-source g++"
HERE = Path(__file__).parent
SOURCES = (HERE / "oracle.cpp", HERE / "DistrhoPluginInfo.h")
KINDS = {
    "synth": ("OracleSynth", ()),
    "effect": ("OracleEffect", ("-DORACLE_EFFECT",)),
    "mono": ("OracleMono", ("-DORACLE_MONO",)),
    "knobs": ("OracleKnobs", ("-DORACLE_KNOBS=2000",)),
}
"""What there is: the file's name, and what the compiler is told. "knobs" is the synth with 2,000 parameters more."""

MODES = ("Play", "Crash", "Hang", "NaN", "Allocate", "Slow", "Drift", "Echo", "Arpeggio", "Print", "Exit")
"""Choices of its parameter Mode; key n on channel 16 (index 15) chooses the n-th as well."""

LOG_VARIABLE = "SIDEMAN_ORACLE_LOG"
"""Environment variable with the file to which it writes all that it is told, from when it is loaded."""

FORMATS = ("VST3", "LV2", "VST2")


def oracle(kind: str = "synth", format_name: str = "VST3") -> Path:
    """The built plug-in of a kind (see KINDS) in a format. Skips the test, with the remedy, where it cannot be built.

    A test that uses it is marked peer("dpf-source"): then a skip is a failure where all peers are required.
    """
    compiler = shutil.which("g++")
    if compiler is None or not (DPF / "DistrhoPluginMain.cpp").is_file():
        pytest.skip(f"the oracle plug-in needs g++ and DPF's sources in {DPF}: {REMEDY}")
    name, flags = KINDS[kind]
    command = [
        compiler, "-shared", "-fPIC", "-O1", "-std=c++17", "-fvisibility=hidden", "-w", f"-I{HERE}",
        f"-DDISTRHO_PLUGIN_TARGET_{format_name}", *flags, str(SOURCES[0]),
    ]
    folder = _cache() / _hash(command) / format_name
    bundle, binary = _places(folder, name, format_name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at once build it once
        if not folder.exists():
            _build(command, folder, name, format_name)
    assert binary.is_file()
    return bundle


FIRST_BUS_ONLY = {
    "data->inputs->num_channels":
        "data->inputs[0].num_channels + (data->num_input_buses > 1 ? data->inputs[1].num_channels : 0)",
    "data->inputs->channel_buffers_32[j]":
        "(j < data->inputs[0].num_channels ? data->inputs[0].channel_buffers_32[j]"
        " : data->inputs[1].channel_buffers_32[j - data->inputs[0].num_channels])",
}
"""DPF 1.6's VST3 reads the first input bus only, so no plug-in made with it hears its side-chain: ours is to."""


def _build(command: list[str], folder: Path, name: str, format_name: str) -> None:
    work = Path(tempfile.mkdtemp(dir=folder.parent))
    bundle, binary = _places(work, name, format_name)
    binary.parent.mkdir(parents=True, exist_ok=True)
    (work / "dpf" / "src").mkdir(parents=True)
    wrapper = (DPF / "src" / "DistrhoPluginVST3.cpp").read_text("utf-8")
    for old, new in FIRST_BUS_ONLY.items():
        wrapper = wrapper.replace(old, new)
    (work / "dpf" / "src" / "DistrhoPluginVST3.cpp").write_text(wrapper, "utf-8")
    (work / "dpf" / "DistrhoPluginMain.cpp").write_bytes((DPF / "DistrhoPluginMain.cpp").read_bytes())
    folders = [f"-I{place}" for place in (work / "dpf", DPF, DPF / "src")]
    done = subprocess.run([*command, *folders, "-o", str(binary)], capture_output=True, text=True, check=False,
                          timeout=170)
    if done.returncode:
        pytest.fail(f"the oracle plug-in does not compile: {' '.join(command)}\n{done.stderr[:4000]}")
    if format_name == "LV2":
        code = f"import ctypes; ctypes.CDLL({str(binary)!r}).lv2_generate_ttl({name.encode()!r})"
        subprocess.run([sys.executable, "-c", code], cwd=bundle, check=True, capture_output=True, timeout=60)
    work.rename(folder)


def _places(folder: Path, name: str, format_name: str) -> tuple[Path, Path]:
    match format_name:
        case "VST3":
            bundle = folder / f"{name}.vst3"
            return bundle, bundle / "Contents" / f"{platform.machine()}-linux" / f"{name}.so"
        case "LV2":
            bundle = folder / f"{name}.lv2"
            return bundle, bundle / f"{name}.so"
        case _:
            return folder / f"{name}.so", folder / f"{name}.so"


def _cache() -> Path:
    return Path(tempfile.gettempdir()) / f"sideman-oracle-{os.getuid()}"


def _hash(command: list[str]) -> str:
    hashed = hashlib.sha256("\0".join(command).encode())
    for source in SOURCES:
        hashed.update(source.read_bytes())
    hashed.update(Path(__file__).read_bytes())
    main = (DPF / "DistrhoPluginMain.cpp").stat()
    hashed.update(f"{main.st_mtime_ns} {main.st_size}".encode())
    return hashed.hexdigest()[:16]

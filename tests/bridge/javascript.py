"""JavaScript of the page in Node: modules that need no browser, called from Python's tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

WEB = Path(__file__).resolve().parents[2] / "bridge" / "web"


def run(script: str, *given: Any) -> Any:
    """What `script`, the body of an async function, returns; `given` are its values, `load(name)` imports a module."""
    program = shutil.which("node")
    assert program is not None, "mark the test with peer('node')"
    with tempfile.TemporaryDirectory(prefix="sideman-node-") as made:
        folder = Path(made)
        (folder / "package.json").write_text('{"type": "module"}', "utf-8")
        for module in WEB.glob("*.js"):
            (folder / module.name).write_bytes(module.read_bytes())
        (folder / "given.json").write_text(json.dumps(given), "utf-8")
        (folder / "main.js").write_text(
            'import { readFileSync } from "node:fs";\n'
            "const load = (name) => import(`./${name}`);\n"
            'const given = JSON.parse(readFileSync(new URL("./given.json", import.meta.url)));\n'
            f"const result = await (async () => {{ {script} }})();\n"
            "process.stdout.write(JSON.stringify(result ?? null));\n", "utf-8")
        done = subprocess.run([program, "main.js"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

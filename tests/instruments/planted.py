"""Plug-ins of our own that misbehave when they are loaded, and a small LV2 bundle of two, built by the C compiler."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

ON_LOAD = {
    "crashes": "raise(SIGSEGV);",
    "hangs": "for (;;) pause();",
    "ends": "puts(\"no licence\"); fflush(stdout); _exit(3);",
    "grows": "for (;;) { char *more = malloc(1 << 24); if (!more) abort(); memset(more, 1, 1 << 24); }",
    "prints": "for (int n = 0; n < 200000; n++) puts(\"a line that nobody wants to read\"); abort();",
    "refuses": "",
}
"""What the library does as soon as it is loaded; "refuses": nothing, but there is no plug-in in it."""

_HEAD = "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"

_LV2 = """
#include <stdint.h>
#include <stdlib.h>
typedef struct Described {
    const char *uri;
    void *(*make)(const struct Described *, double, const char *, const void *const *);
    void (*connect)(void *, uint32_t, void *);
    void (*activate)(void *);
    void (*run)(void *, uint32_t);
    void (*deactivate)(void *);
    void (*clean)(void *);
    const void *(*extension)(const char *);
} Described;
static void *make(const Described *d, double rate, const char *bundle, const void *const *features) {
    return calloc(3, sizeof(float *));
}
static void connect(void *ports, uint32_t port, void *data) { ((float **)ports)[port] = data; }
static void run(void *ports, uint32_t frames) {
    float **p = ports;
    for (uint32_t n = 0; n < frames; n++) p[1][n] = p[0][n] * *p[2];
}
static void clean(void *ports) { free(ports); }
static const void *extension(const char *uri) { return 0; }
static const Described plugins[] = {
    {"urn:sideman-test:soft", make, connect, 0, run, 0, clean, extension},
    {"urn:sideman-test:loud", make, connect, 0, run, 0, clean, extension},
};
const Described *lv2_descriptor(uint32_t n) { return n < 2 ? plugins + n : 0; }
"""
_PREFIXES = """@prefix doap: <http://usefulinc.com/ns/doap#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def compiled(source: str, target: Path) -> Path:
    """A shared library. Skips the test where there is no compiler."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler: apt-get install gcc")
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-shared", "-fPIC", "-w", "-x", "c", "-", "-o", str(target)], input=source, text=True,
                   check=True)
    return target


def vst3(folder: Path, behaviour: str, name: str = "") -> Path:
    """A bundle whose library does what ON_LOAD says."""
    bundle = folder / f"{name or behaviour.title()}.vst3"
    code = f"{_HEAD}__attribute__((constructor)) static void loaded(void) {{ {ON_LOAD[behaviour]} }}\n"
    compiled(code, bundle / "Contents" / f"{platform.machine()}-linux" / f"{bundle.stem}.so")
    return bundle


def lv2_pair(folder: Path) -> Path:
    """A bundle with the mono effects "Soft" and "Loud", each with a gain from 0 to 2 (1 by default)."""
    bundle = folder / "pair.lv2"
    compiled(_LV2, bundle / "pair.so")
    described = "".join(f"""
<urn:sideman-test:{name.lower()}> a lv2:Plugin, lv2:AmplifierPlugin ; doap:name "{name}" ;
    doap:maintainer [ foaf:name "Sideman" ] ; lv2:minorVersion 2 ; lv2:microVersion 1 ;
    doap:license <http://opensource.org/licenses/MIT> ;
    lv2:port [ a lv2:AudioPort, lv2:InputPort ; lv2:index 0 ; lv2:symbol "in" ; lv2:name "In" ],
        [ a lv2:AudioPort, lv2:OutputPort ; lv2:index 1 ; lv2:symbol "out" ; lv2:name "Out" ],
        [ a lv2:ControlPort, lv2:InputPort ; lv2:index 2 ; lv2:symbol "gain" ; lv2:name "{name} Gain" ;
          lv2:default 1.0 ; lv2:minimum 0.0 ; lv2:maximum 2.0 ] .
""" for name in ("Soft", "Loud"))
    manifest = "".join(f"<urn:sideman-test:{name}> a lv2:Plugin ; lv2:binary <pair.so> ; rdfs:seeAlso <pair.ttl> .\n"
                       for name in ("soft", "loud"))
    (bundle / "pair.ttl").write_text(_PREFIXES + described)
    (bundle / "manifest.ttl").write_text(_PREFIXES + manifest)
    return bundle

"""LV2 bundles are read from their manifests."""

from __future__ import annotations

import os
from pathlib import Path

from instruments.lv2_bundle import plugins_in

MANIFEST = """@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix doap: <http://usefulinc.com/ns/doap#> .
<urn:a> a lv2:Plugin ; lv2:binary <a%20b.so> ; rdfs:seeAlso <a.ttl>, <http://elsewhere/x.ttl> .
<urn:b#Second> a lv2:Plugin ; lv2:binary <b.so> ; rdfs:seeAlso <missing.ttl> .
<urn:c> a <http://lv2plug.in/ns/extensions/ui#UI> .
"""
A = """@prefix doap: <http://usefulinc.com/ns/doap#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
<urn:a> doap:name " Alpha " ; lv2:project <urn:p> ; lv2:minorVersion 3 ; lv2:microVersion 4 .
<urn:p> doap:developer [ foaf:name "Ann" ] .
"""


def bundle(tmp_path: Path, manifest: str = MANIFEST) -> Path:
    folder = tmp_path / "x.lv2"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.ttl").write_text(manifest)
    (folder / "a.ttl").write_text(A)
    return folder


def test_a_bundle_tells_its_plug_ins(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    first, second = plugins_in(folder)
    assert (first.uri, first.name, first.vendor, first.version) == ("urn:a", "Alpha", "Ann", "3.4")
    assert first.binaries == (folder / "a b.so",) and first.descriptions == (folder / "a.ttl",)
    assert (second.uri, second.name, second.vendor) == ("urn:b#Second", "Second", "")


def test_values_are_plain_texts(tmp_path: Path) -> None:
    assert {type(value) for p in plugins_in(bundle(tmp_path)) for value in p[:4]} == {str}


def test_what_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    assert plugins_in(tmp_path / "nowhere.lv2") == ()
    assert plugins_in(bundle(tmp_path, "<a> <b>")) == ()


def test_a_changed_manifest_is_read_anew(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    assert len(plugins_in(folder)) == 2
    bundle(tmp_path, MANIFEST.replace("<urn:b#Second> a lv2:Plugin", "<urn:b#Second> a <urn:other>"))
    os.utime(folder / "manifest.ttl", ns=(1, 1))
    assert [p.uri for p in plugins_in(folder)] == ["urn:a"]

"""The equalizer: state-variable sections in a row."""

from __future__ import annotations

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.svf import sections

SECTIONS = 8


@effect_kernel
def equalize(audio, _key, stride, start, frames, coefs, slopes, state, _memory, _size, _skipped):  # type: ignore[no-untyped-def]
    """coefs, state: those of SECTIONS sections, see svf.py."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    sections(left, right, frames, c, s, z, 0, 0, SECTIONS)

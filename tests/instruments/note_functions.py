"""Synth functions that tests render in other processes, which find them here by name."""

from __future__ import annotations

import os
import time

import numpy as np
from numpy.typing import NDArray

from instruments.note_audio import NoteContext

Audio = NDArray[np.float64]


def sine(frequency: float, duration: float, context: NoteContext) -> Audio:
    seconds = np.arange(int(duration * context.sample_rate)) / context.sample_rate
    return np.asarray(0.5 * context.velocity / 127 * np.sin(2 * np.pi * frequency * seconds))


def steady(frequency: float, duration: float, context: NoteContext) -> Audio:
    """The same whatever the velocity."""
    seconds = np.arange(int(duration * context.sample_rate)) / context.sample_rate
    return np.asarray(0.3 * np.sin(2 * np.pi * frequency * seconds))


def hit(frequency: float, duration: float, context: NoteContext) -> Audio:
    seconds = np.arange(int(0.4 * context.sample_rate)) / context.sample_rate
    noise = np.random.default_rng(context.seed).uniform(-1, 1, len(seconds))
    return np.asarray(0.5 * noise * np.exp(-12 * seconds))


def raises(frequency: float, duration: float, context: NoteContext) -> Audio:
    raise ZeroDivisionError("no such note")


def raises_low(frequency: float, duration: float, context: NoteContext) -> Audio:
    if context.key < 60:
        raise ValueError("too low for me")
    return sine(frequency, duration, context)


def hangs(frequency: float, duration: float, context: NoteContext) -> Audio:
    time.sleep(600)
    return np.zeros(1)


def dies(frequency: float, duration: float, context: NoteContext) -> Audio:
    os._exit(7)


def slow(frequency: float, duration: float, context: NoteContext) -> Audio:
    time.sleep(0.02)
    return sine(frequency, 0.1, context)

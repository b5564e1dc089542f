"""The modules that these tests share lie beside them."""

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def ordinary_numbers() -> Iterator[None]:
    """Opening a plug-in that was built with -ffast-math flushes denormals in this thread for good: put that right."""
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    environment = ctypes.create_string_buffer(256)
    libm.fegetenv(environment)
    yield
    libm.fesetenv(environment)

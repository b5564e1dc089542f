"""A text as a QR code of block letters in the terminal, by the `segno` library."""

from __future__ import annotations

import io

from bridge.errors import DataError


def qr_lines(text: str) -> str:
    """Raises DataError where the library is not there."""
    try:
        import segno
    except ImportError:
        raise DataError("a QR code needs the library segno: `pip install 'sideman[qr]'`, or type the link") from None
    out = io.StringIO()
    segno.make(text, micro=False, error="l").terminal(out, compact=True)
    return out.getvalue()

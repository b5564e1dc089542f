"""What the server answers over HTTP: the page's files, and answers in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from importlib import resources

from websockets.datastructures import Headers
from websockets.http11 import Response

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ts": PLAIN,
    ".svg": "image/svg+xml",
}
_SAFETY = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


def web_files() -> Mapping[str, tuple[str, bytes]]:
    """The page's files as the package holds them: URL path -> (content type, body). Nothing else can be asked for."""
    found: dict[str, tuple[str, bytes]] = {}
    for entry in resources.files("bridge.web").iterdir():
        content_type = _CONTENT_TYPES.get(entry.name[entry.name.rfind(".") :])
        if content_type is not None and entry.is_file():
            found[f"/{entry.name}"] = (content_type, entry.read_bytes())
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def reply(status: HTTPStatus, content_type: str, body: bytes, method: str) -> Response:
    """An answer after which the connection ends; to HEAD without its body."""
    headers = Headers({
        "Date": formatdate(usegmt=True),
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": content_type,
        **_SAFETY,
    })
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET, HEAD"
    if status is HTTPStatus.UPGRADE_REQUIRED:
        headers["Upgrade"] = "websocket"
    return Response(status.value, status.phrase, headers, b"" if method == "HEAD" else body)


def words(status: HTTPStatus, text: str, method: str) -> Response:
    """An answer in a line of plain text."""
    return reply(status, PLAIN, f"{text}\n".encode(), method)

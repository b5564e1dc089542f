"""A keyboard for a session that has none yet: `sideman play --input`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import msgspec

from bridge import session as sessions
from bridge.errors import SessionError
from bridge.inputs.spec import PLAY_IN, Input
from bridge.session import Session, clock_names, numbered

_MOST = 8
"""Inputs of a session: see session.Session."""


def with_keyboard(session: Session, port: str, to: Sequence[str] = ()) -> Session:
    """With one more input, connected to the port of this name, or of a unique part of it; to: the tracks that it plays
    (see spec.Zone.to for none). An input of the session's own that waits for a port gets it instead, unless `to` says
    otherwise. Raises SessionError."""
    if to and (unknown := [name for name in to if name not in [t.name for t in session.tracks]]):
        raise SessionError(f"--input-to {unknown[0]!r} is no track of this session: choose from "
                           f"{', '.join(t.name for t in session.tracks)}")
    inputs = list(session.input)
    waiting = next((i for i, each in enumerate(inputs) if each.port is None), None)
    if waiting is not None and not to:
        inputs[waiting] = msgspec.structs.replace(inputs[waiting], port=port)
    else:
        taken = {*clock_names(session.clock), *(t.name for t in session.tracks), *(t.name for t in session.through),
                 *(c.name for c in session.control), *(each.name for each in inputs)}
        name = next(name for i in count() if (name := numbered(PLAY_IN, i)) not in taken)
        inputs.append(Input(name=name, port=port, to=list(to) or None))
    found = msgspec.structs.replace(session, input=inputs)
    if len(inputs) > _MOST:
        raise SessionError(f"--input: the session has {_MOST} inputs already: take one out of it")
    sessions.check(found, "--input")
    return found

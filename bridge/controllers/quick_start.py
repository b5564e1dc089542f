"""A controller for a session that has none yet: `sideman play --control`."""

from __future__ import annotations

from itertools import count

import msgspec

from bridge import session as sessions
from bridge.controllers.description import device_of_port
from bridge.controls.mapping import Control
from bridge.errors import SessionError
from bridge.session import Session, clock_names, numbered

_MOST = 8
"""[[control]] of a session: see session.Session."""
_NAME = "control in"


def with_controller(session: Session, port: str, device: str | None = None) -> Session:
    """With one more [[control]], connected to the port of this name, or of a unique part of it. device: what it is;
    None: what its port's name says, or a controller that is yet to be learnt. One of the session's own that waits for a
    port gets it instead, unless `device` is given. Raises SessionError."""
    controls = list(session.control)
    waiting = next((i for i, each in enumerate(controls) if each.port is None), None)
    if waiting is not None and device is None:
        controls[waiting] = msgspec.structs.replace(controls[waiting], port=port)
    else:
        taken = {*clock_names(session.clock), *(t.name for t in session.tracks), *(t.name for t in session.through),
                 *(i.name for i in session.input), *(c.name for c in controls)}
        name = next(name for i in count() if (name := numbered(_NAME, i)) not in taken)
        controls.append(Control(name=name, port=port, device=device or device_of_port(port)))
    if len(controls) > _MOST:
        raise SessionError(f"--control: the session has {_MOST} controllers already: take one out of it")
    found = msgspec.structs.replace(session, control=controls)
    sessions.check(found, "--control")
    return found

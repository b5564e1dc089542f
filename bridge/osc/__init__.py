"""Open Sound Control over UDP: the same parameter paths and transport for TouchOSC, live coders and lighting desks."""

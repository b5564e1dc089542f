"""When and where: clock, timeline, engine, ports, audio devices, server, web page, sessions, command line."""

"""JACK: audio and MIDI at exact frames, connections, transport; and servers and peers of it for tests and benches."""

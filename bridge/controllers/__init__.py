"""Control surfaces: descriptions of devices, Mackie Control, MIDI Machine Control, feedback, learning."""

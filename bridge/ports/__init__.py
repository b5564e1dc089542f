"""MIDI ports outside JACK-Client: the libraries, the process that holds them, and how the engine sees them."""

"""Who leads, and where the music is by them: followers of MIDI clock, MTC, JACK and Link. Sans I/O."""

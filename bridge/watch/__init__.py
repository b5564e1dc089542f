"""What a MIDI clock master really sends: listened to, reckoned, drawn."""

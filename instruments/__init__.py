"""How it sounds: native synth, drum kit, effects, hosted plug-ins, chains, mixer. Frames; no clips, no ports."""

"""Loop-back measurements: what is played, what is heard, and the offsets that follow."""

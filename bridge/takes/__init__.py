"""Takes: everything that was played, journalled as it happened, kept, listed, and played again exactly."""

"""What sounds when: where ticks become frames, and music leaves through strips and ports. Pure in time."""

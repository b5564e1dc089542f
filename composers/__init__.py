"""What to play: score values, theory, genres, forms. Pure functions of (span, context, seed); no frames, no clocks."""

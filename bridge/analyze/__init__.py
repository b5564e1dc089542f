"""What a mix is like, by numbers: loudness, peaks, spectrum, stereo; and what a genre's are."""

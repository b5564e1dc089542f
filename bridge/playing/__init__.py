"""Playing along: what players play in is recorded over the band, and the band follows them. In the main process."""

"""Playing in: keyboards and pads that drive tracks live, through the tracks' own chains."""

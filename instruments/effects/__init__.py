"""The built-in effects: one family a file, each a NativeEffect whose kernel the rack calls."""

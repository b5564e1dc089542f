"""Ready-made sessions as TOML files: `sideman sessions` lists them, `sideman play NAME` plays one."""

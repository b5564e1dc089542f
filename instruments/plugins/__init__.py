"""Plug-ins: found, scanned, and played in processes of their own."""

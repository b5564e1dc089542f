"""One adapter per hosting library behind one contract (host.py). Only plug-in processes import the adapters."""

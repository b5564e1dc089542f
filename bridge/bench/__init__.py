"""Benchmarks: each measures one promise on this machine, beside a peer or baseline in the same run."""

"""Species counterpoint in two voices over a cantus firmus: written (`generator`) and judged (`checker`)."""

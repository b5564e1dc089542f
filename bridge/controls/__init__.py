"""Controllers: what knobs, faders, wheels, pads and pedals send, and the parameters that they turn, both ways."""

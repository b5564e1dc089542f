"""More listeners than one machine serves: nodes that hear a Sideman once and serve clients of their own, in sync."""

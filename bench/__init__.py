"""Side-by-side measurements: every figure is a ratio against a peer in the same run on the same machine."""

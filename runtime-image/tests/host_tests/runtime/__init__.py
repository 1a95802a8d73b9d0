"""How components are entered, stopped, made ahead, kept on disk."""

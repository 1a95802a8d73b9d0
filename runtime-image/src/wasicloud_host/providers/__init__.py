"""Backends: one module or folder for each, found by `registry`. They know their SDK and `capabilities`, nothing of wasm."""

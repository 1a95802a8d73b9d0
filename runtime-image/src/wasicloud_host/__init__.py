"""The host that runs in each pod: it serves one WASI 0.2 HTTP component with its links.

Layers, outer imports inner only (import-linter enforces it):
``__main__ → app → http → dispatch → runtime → composer | links → providers → capabilities → config → errors``.
"""

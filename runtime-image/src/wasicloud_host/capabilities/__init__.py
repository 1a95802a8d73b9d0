"""What components may ask of a backend, as small Protocols: standard library only, no wasm, no SDK, no I/O of its own."""

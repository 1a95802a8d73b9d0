"""What a component's host calls do: identity, links, streams and egress. Implements `wit/bridge`; knows nothing of wasm's machinery."""

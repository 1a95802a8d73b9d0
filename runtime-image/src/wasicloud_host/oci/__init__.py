"""Components as OCI artifacts: pull and push them, keep them by digest, fetch what a configuration names.

Nothing here knows wasm beyond the composer's reader, and nothing runs a component. Every failure is an
`errors.ArtifactRefused`: the reference, what the registry said, what to do.
"""

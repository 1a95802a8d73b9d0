"""The ``wasicloud`` command: run manifests on this machine, look into a component, push it to a registry."""

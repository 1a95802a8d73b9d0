"""The command: manifests read, hosts run, components inspected."""

"""What the documents say is so: the guide's blocks run, manifests in pages can be read, links lead somewhere."""

"""Artifacts against a real registry (Debian's docker-registry), and against one that misbehaves."""

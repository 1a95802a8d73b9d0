"""What is rendered: the host's configuration and the Kubernetes objects."""

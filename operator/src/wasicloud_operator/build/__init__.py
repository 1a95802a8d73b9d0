"""What is wanted, as values: the host's configuration and the Kubernetes objects around it. Pure: values in, dicts out."""

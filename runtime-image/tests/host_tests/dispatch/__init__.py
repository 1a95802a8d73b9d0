"""What one request meets between the edge and the component."""

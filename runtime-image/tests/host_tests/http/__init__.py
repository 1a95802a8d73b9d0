"""What the HTTP edge promises, over real sockets, with handlers that are plain functions."""

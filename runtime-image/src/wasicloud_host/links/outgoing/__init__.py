"""Outgoing HTTP: where a component may go, and requests that move on while it waits. Standard library and h11."""

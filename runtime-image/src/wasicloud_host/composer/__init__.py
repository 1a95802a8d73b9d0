"""Reads components and writes the outer component that joins them with the bridge; pure, standard library only."""

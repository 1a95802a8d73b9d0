"""What the composer reads, what it refuses and how, and that what it writes is what the engine accepts."""

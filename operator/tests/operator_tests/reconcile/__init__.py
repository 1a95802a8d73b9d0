"""Steps, the world that they see, the queue and the worker around them."""

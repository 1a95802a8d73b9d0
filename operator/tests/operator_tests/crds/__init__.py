"""The three kinds' schemas against the dataclasses that read them."""

"""The three kinds are read strictly, and every mistake is named."""

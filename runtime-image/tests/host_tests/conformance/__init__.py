"""The rules of the interfaces, run by components from inside, over every backend, through real links and a real host."""

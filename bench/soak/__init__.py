"""``python -m bench.soak``: an even load, what happens to the server meanwhile, every pause by its cause."""

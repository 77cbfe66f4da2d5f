"""One file a revision, named by its branch and its number there."""

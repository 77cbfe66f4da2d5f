"""The invoice on paper: what it says, how it is set, and the files beside it."""

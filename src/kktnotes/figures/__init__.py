"""The figures of the book, one function each; every function returns a matplotlib Figure."""

"""The figures of the book, one function each; every function returns a matplotlib Figure."""

try:
    import matplotlib as matplotlib
except ModuleNotFoundError as error:
    error.msg += ", which kktnotes.figures needs: pip install 'kktnotes[figures]'"
    raise

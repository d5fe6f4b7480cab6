"""The figures of the book, one module or folder a chapter; `interactive` and `export` for all."""

try:
    import matplotlib as matplotlib
except ModuleNotFoundError as error:
    error.msg += ", which kktnotes.figures needs: pip install 'kktnotes[figures]'"
    raise

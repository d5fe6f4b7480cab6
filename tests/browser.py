"""The browser that prints the book, under the name by which the tests of the pages ask for it."""

from tools.browser import Browser, Page, executable

__all__ = ["Browser", "Page", "executable"]

"""Where the elements of a finished page stand, so that it can be mended at these places alone.

A page that a parser reads and writes anew differs in every line from what it was: the order of
attributes, blanks between elements, `viewBox` in small letters. Here the parser only says where
things are; what is not edited stays as it is, letter by letter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import accumulate

VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr")  # fmt: skip
"""Elements that have no end tag."""

Edit = tuple[int, int, str]
"""From where to where, and what stands there instead."""


@dataclass(eq=False)
class Element:
    """An element: its start tag stands from `start` to `inner`, its end tag from `outer` to `end`.

    Without an end tag, `outer` and `end` are where it ends all the same; `closed` tells them apart.
    """

    name: str
    attributes: dict[str, str | None]
    parent: Element | None
    start: int
    inner: int
    outer: int = -1
    end: int = -1
    closed: bool = False
    children: list[Element] = field(default_factory=list, repr=False)

    def get(self, attribute: str) -> str:
        """Return the value of an attribute, empty where there is none."""
        return self.attributes.get(attribute) or ""


class Page(HTMLParser):
    """The elements of a page, in the order of their start tags, and its words.

    Examples
    --------
    >>> page = Page('<p id="a">x<br>y</p>')
    >>> [(one.name, one.start, one.inner, one.outer, one.end) for one in page.elements]
    [('p', 0, 10, 16, 20), ('br', 11, 15, 15, 15)]
    >>> page.edited([(10, 11, "z")])
    '<p id="a">z<br>y</p>'
    """

    def __init__(self, text: str) -> None:
        """Read the whole page."""
        super().__init__(convert_charrefs=True)
        self.text, self.elements, self._open = text, [], []
        self._lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._words: list[tuple[int, str]] = []
        self.feed(text)
        self.close()
        while self._open:
            self._end(len(text), len(text), closed=False)

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _end(self, outer: int, end: int, closed: bool) -> None:
        element = self._open.pop()
        element.outer, element.end, element.closed = outer, end, closed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, which is open until its end tag comes."""
        start = self._at()
        parent = self._open[-1] if self._open else None
        inner = start + len(self.get_starttag_text() or "")
        element = Element(tag, dict(attrs), parent, start, inner)
        self.elements.append(element)
        if parent:
            parent.children.append(element)
        self._open.append(element)
        if tag in VOID:
            self._end(inner, inner, closed=True)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that ends with its start tag, as those of SVG do."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._end(self._open[-1].inner, self._open[-1].inner, closed=True)

    def handle_endtag(self, tag: str) -> None:
        """End the innermost element of this name, and what is still open in it."""
        if all(one.name != tag for one in self._open):
            return
        at = self._at()
        while self._open[-1].name != tag:
            self._end(at, at, closed=False)
        self._end(at, self.text.index(">", at) + 1, closed=True)

    def handle_data(self, data: str) -> None:
        """Note words."""
        self._words.append((self._at(), data))

    def words(self, element: Element) -> str:
        """Return what an element says."""
        first = bisect_left(self._words, (element.inner,))
        last = bisect_left(self._words, (element.outer,))
        return "".join(word for _, word in self._words[first:last])

    def within(self, element: Element) -> list[Element]:
        """Return an element and all that are in it, in their order."""
        found = [element]
        for one in element.children:
            found += self.within(one)
        return found

    def edited(self, edits: Iterable[Edit], element: Element | None = None) -> str:
        """Return the page, or one element of it, with these edits.

        What is put to one place stands there in the order of the edits; an edit inside of what
        another one replaces is void.
        """
        at, end = (element.start, element.end) if element else (0, len(self.text))
        parts = []
        for start, stop, new in sorted(edits, key=lambda edit: edit[0]):
            if at <= start and stop <= end:
                parts += [self.text[at:start], new]
                at = stop
        return "".join((*parts, self.text[at:end]))


def without(page: Page, element: Element, names: Iterable[str]) -> list[Edit]:
    """Return the edit that takes attributes out of a start tag; none where it has none of them."""
    kept = {name: value for name, value in element.attributes.items() if name not in names}
    if len(kept) == len(element.attributes):
        return []
    shown = "".join(
        f" {name}" if value is None else f' {name}="{escape(value)}"'
        for name, value in kept.items()
    )
    close = "/>" if page.text.endswith("/>", element.start, element.inner) else ">"
    return [(element.start, element.inner, f"<{element.name}{shown}{close}")]

"""The few lines of Sphinx that this book needs: the paper's numbers and labels, a plain theme.

A statement of the paper is a sphinx-proof directive whose label is `paper-TYPE-NUMBER`, dots as
dashes (`paper-theorem-3-1`); an equation of the paper has the label `paper-equation-3`. Both then
carry the paper's number, in `{prf:ref}` and `{eq}` too. Every other numbered statement or labelled
equation is ours and is numbered N1, N2, ... within its kind, which the paper does not use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style as AlphaStyle
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.template import field, sentence
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx_proof.nodes import NODE_TYPES

logger = logging.getLogger(__name__)

STATEMENTS = {
    "theorem": {"2.1", "3.1", "4.1", "4.2"},
    "lemma": {"2.1"},
    "assumption": {"2.2"},
    "definition": {"4.1"},
    "example": {"1", "2"},
    "equation": {"1", "2", "3", "4", "5"},
}
"""What the paper numbers: the only numbers that a `paper-` label may ask for."""

COUNTERS = {**{kind: kind for kind in NODE_TYPES}, "displaymath": "equation"}
"""Sphinx's counter -> the word that labels use for it."""


def paper_number(identifier: str, kind: str) -> str | None:
    """Return the paper's number for the label `identifier` of a `kind`, or None if it is ours.

    Raises
    ------
    ValueError
        If the label starts with `paper-` but the paper has no such statement of that kind.
    """
    if not identifier.startswith("paper-"):
        return None
    found = re.fullmatch(r"paper-([a-z]+)-(\d+(?:-\d+)?)", identifier)
    number = found[2].replace("-", ".") if found else ""
    if not found or found[1] != kind or number not in STATEMENTS.get(kind, ()):
        known = ", ".join(sorted(STATEMENTS.get(kind, ()))) or "none"
        raise ValueError(f"label {identifier!r}: the paper's numbers of kind {kind!r} are {known}")
    return number


def renumber(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Write the paper's numbers, and N1, N2, ... for ours, over those that Sphinx counted."""
    ours = dict.fromkeys(COUNTERS, 0)
    for docname in reading_order(env):
        for counter, numbers in env.toc_fignumbers.get(docname, {}).items():
            if counter not in COUNTERS:
                continue
            for identifier in numbers:
                label = identifier
                if counter == "displaymath":
                    label = label.removeprefix("equation-")
                try:
                    number = paper_number(label, COUNTERS[counter])
                except ValueError as error:
                    logger.warning("%s", error, location=docname)
                    continue
                if number is None:
                    ours[counter] += 1
                    number = f"N{ours[counter]}"
                numbers[identifier] = (number,)
    return []


def reading_order(env: BuildEnvironment) -> Iterator[str]:
    """Yield the document names in the order of the table of contents."""
    waiting = [env.config.root_doc]
    seen = set()
    while waiting:
        docname = waiting.pop(0)
        if docname not in seen:
            seen.add(docname)
            yield docname
            waiting = env.toctree_includes.get(docname, []) + waiting


class PaperLabels(BaseLabelStyle):
    """Citation labels as the paper prints them: an entry's key is its label ([LL20], [Fre+23a])."""

    def format_labels(self, sorted_entries):  # noqa: ANN001, ANN201 (pybtex's signature)
        """Yield the label of each entry."""
        for entry in sorted_entries:
            yield entry.key


class PaperStyle(AlphaStyle):
    """pybtex's alpha style with the paper's labels and titles left as they are written."""

    default_label_style = PaperLabels

    def format_title(self, e, which_field, as_sentence=True):  # noqa: ANN001, ANN201 (pybtex's)
        """Return the title in the case that references.bib gives it."""
        title = field(which_field)
        return sentence[title] if as_sentence else title


def plain_theme(app: Sphinx, config: Config) -> None:
    """Leave one search field (the theme puts a second one above the page) and take out thebe.

    Thebe, which this book does not use, would write the address of another host into every page.
    """
    config.html_theme_options["navbar_persistent"] = []
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)


def setup(app: Sphinx) -> dict[str, object]:
    """Connect all of it; 900 is after Sphinx has counted, so that its numbers can be replaced."""
    register_plugin("pybtex.style.formatting", "paper", PaperStyle)
    app.connect("env-get-updated", renumber, priority=900)
    app.connect("config-inited", plain_theme)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

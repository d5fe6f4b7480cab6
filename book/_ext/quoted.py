"""Statements, exercises, numbered equations and captions, as every reader of notebooks sets them.

A chapter is read in many places, and few know the directives of a page. So it writes what
Markdown has, and the page makes of it what it can do better:

    > **Theorem 2.1** (after Lyu and Li). Let the network be ...

a block quote that begins with a bold kind and number is that statement. The paper's own carry their
label in their number (`paper-theorem-2-1`); ours name theirs by an anchor before the words:

    > <a id="reduced-coordinates"></a> **Proposition N1** (Reduced coordinates, ours). Turn ...

`**Proof**` is a proof, `**Exercise 1**` an exercise, and an anchor that is the name of a statement
in `book/statements.toml` prints that one's gist and badge. A formula with a number of its own,
`\\tag{2}`, is an equation that can be referred to as `paper-equation-2`; ours, `\\tag{N1}`, have an
anchor in the paragraph before. Captions follow their figures, see
`kktnotes.figures.export.captions`.
"""

from __future__ import annotations

import json
import re

from sphinx.application import Sphinx

from kktnotes.figures.export.captions import captions

LABEL = r'<a id="(?P<label>[\w-]+)"></a>'
STATEMENT = re.compile(
    rf"(?:{LABEL} *)?\*\*(?P<kind>[A-Z][a-z]+)(?: (?P<number>N?[\d.]+))?\.?\*\*"
    r"(?: \((?P<title>(?:[^()]|\([^()]*\))*)\))?\.? *"
)
KINDS = (
    *("Theorem", "Lemma", "Assumption", "Definition", "Example", "Proposition", "Remark", "Proof"),
    *("Corollary", "Exercise"),
)
ANCHOR = re.compile(f"{LABEL} *")
NUMBERED = re.compile(
    rf"(?m)^(?:{LABEL}\n\n)?\$\$\n(?P<lines>(?:(?!^\$\$$).*\n)*?)"
    r"(?P<last>.*?) *\\tag\{(?P<number>N?[\d.]+)\}(?P<rest>.*)\n\$\$$"
)
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def directive(lines: list[str]) -> list[str]:
    """Return the lines of a block quote as a directive; as they are where it is no statement."""
    body = numbered("\n".join(re.sub(r"^> ?", "", line) for line in lines)).split("\n")
    found = STATEMENT.match(body[0])
    if found and found["kind"] in KINDS:
        kind, number, label = found["kind"], found["number"], found["label"]
        if kind == "Exercise":
            head = [f"{{admonition}} {kind} {number}", ":class: tip"]
        else:
            head = [f"{{prf:{kind.lower()}}} {found['title'] or ''}".rstrip()]
            label = label or (number and f"paper-{kind.lower()}-{number.replace('.', '-')}")
            head += [f":label: {label}"] if label else []
        rest = body[0][found.end() :]
        return fenced(head, [*([rest] if rest else []), *body[1:]])
    anchor = ANCHOR.match(body[0])
    if anchor:
        return fenced([f"{{measured}} {anchor[1]}"], [body[0][anchor.end() :], *body[1:]])
    return lines


def numbered(text: str) -> str:
    """Return text with its numbered equations as directives."""

    def equation(found: re.Match) -> str:
        formula = f"{found['lines']}{found['last']}{found['rest']}".rstrip()
        label = found["label"] or f"paper-equation-{found['number']}"
        return f"```{{math}}\n:label: {label}\n\n{formula}\n```"

    return NUMBERED.sub(equation, text)


def fenced(head: list[str], body: list[str]) -> list[str]:
    """Return a directive of these lines, in a fence longer than any in them."""
    longest = max((len(found[1]) for line in body if (found := FENCE.match(line))), default=2)
    fence = "`" * (longest + 1)
    while body and not body[0]:
        body = body[1:]
    return [f"{fence}{head[0]}", *head[1:], "", *body, fence]


def translated(text: str) -> str:
    """Return the Markdown of a cell with its statements and numbered equations as directives."""
    text = numbered(text)
    done: list[str] = []
    quote: list[str] = []
    fence = ""
    for line in [*text.split("\n"), ""]:
        found = FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and line.strip() == fence:
            fence = ""
        if line.startswith(">") and not fence:
            quote.append(line)
            continue
        if quote:
            done += directive(quote)
            quote = []
        done.append(line)
    return "\n".join(done[:-1])


def read(app: Sphinx, docname: str, source: list[str]) -> None:
    """Translate a page, or the Markdown cells of a notebook, before it is parsed."""
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        source[0] = translated(source[0])
        return
    notebook = json.loads(source[0])
    cells = notebook["cells"]
    for number, caption in captions(cells).items():
        described = cells[number]["metadata"].setdefault("mystnb", {})
        described["figure"] = {"caption": caption.words, "name": caption.name}
        cells[number + 1]["source"] = caption.rest
    for cell in cells:
        if cell["cell_type"] == "markdown":
            text = cell["source"]
            cell["source"] = translated(text if isinstance(text, str) else "".join(text))
    source[0] = json.dumps(notebook)


def setup(app: Sphinx) -> dict[str, object]:
    """Connect it."""
    app.connect("source-read", read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

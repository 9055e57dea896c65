"""Parse directives of reStructuredText and Sphinx: which hold code, which hold no text, whose argument is text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

CODE_DIRECTIVES = {
    "code-block",
    "code",
    "sourcecode",
    "parsed-literal",
    "prompt",
    "ipython",
    "doctest",
    "testcode",
    "testoutput",
    "jupyter-execute",
    "code-cell",
    "exec",
    "plot",
    "pyodide",
    "activecode",
    "command-output",
    "tabbed-code",
    "code-tab",
}
# Their output comes from other files or programs, or they set options.
DROPPED_DIRECTIVES = {
    "toctree",
    "contents",
    "index",
    "highlight",
    "currentmodule",
    "module",
    "sectnum",
    "section-numbering",
    "meta",
    "default-role",
    "role",
    "bibliography",
    "automodule",
    "autoclass",
    "autofunction",
    "automethod",
    "autosummary",
    "tabularcolumns",
    "target-notes",
    "sectionauthor",
    "codeauthor",
    "title",
    "header",
    "footer",
    "class",
    "productionlist",
    "graphviz",
    "digraph",
    "inheritance-diagram",
    "youtube",
    "video",
}
CONTENTS_DIRECTIVES = {"toctree", "contents", "index", "autosummary"}
# Their argument is a title, a version or a signature, which readers see.
TITLED_DIRECTIVES = {
    "note",
    "tip",
    "warning",
    "important",
    "caution",
    "danger",
    "attention",
    "hint",
    "error",
    "seealso",
    "admonition",
    "topic",
    "sidebar",
    "table",
    "list-table",
    "csv-table",
    "versionadded",
    "versionchanged",
    "deprecated",
    "dropdown",
    "tab",
    "tab-item",
    "group-tab",
    "card",
    "exercise",
    "solution",
    "todo",
    "centered",
    "epigraph",
    "function",
    "class",
    "method",
    "py:function",
    "py:class",
    "py:method",
    "py:data",
    "c:function",
    "option",
    "describe",
    "object",
}
_OPTION = re.compile(r":([\w-]+):(?:[ \t]+(.*))?$")
# Their argument is no language: their content is Python.
_PYTHON_DIRECTIVES = {"doctest", "testcode", "ipython", "plot", "jupyter-execute", "pyodide", "activecode"}
# An element or comment that the author opens and ends in another directive would swallow the text in between.
_UNSAFE_HTML = re.compile(r"<script|<style|<!--", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Directive:
    """A directive with its name in lower case, its argument, its options and the lines of its content."""

    name: str
    argument: str
    options: dict[str, str]
    body: Sequence[str]

    @classmethod
    def from_lines(cls, name: str, argument: str, lines: Sequence[str]) -> Directive:
        """Return a directive from the text behind its name and the lines below, without their indentation.

        The argument may go on in these lines, up to the options; content begins behind a blank line.
        """
        options: dict[str, str] = {}
        at = 0
        words = [argument] if argument else []
        is_code = name.lower() in CODE_DIRECTIVES
        while at < len(lines) and lines[at]:
            found = _OPTION.match(lines[at])
            if found is None:
                if options or is_code or not words:
                    break
                words.append(lines[at])
            else:
                options[found.group(1)] = found.group(2) or ""
            at += 1
        while at < len(lines) and not lines[at]:
            at += 1
        return cls(name=name.lower(), argument=" ".join(words), options=options, body=lines[at:])

    def render_code(self) -> str:
        """Return the content as an HTML element of code, with its language as a class."""
        language = "python" if self.name in _PYTHON_DIRECTIVES else self.argument.split(" ")[0]
        name = f' class="language-{escape(language, quote=True)}"' if language else ""
        text = "\n".join(self.body).strip("\n")
        return f"<pre{name}>{escape(text)}</pre>"

    def render_raw(self) -> str:
        """Return the content of a `raw` directive where it is complete HTML; blank for other formats."""
        text = "\n".join(self.body)
        return f"<div>{text}</div>" if self.argument == "html" and not _UNSAFE_HTML.search(text) else ""

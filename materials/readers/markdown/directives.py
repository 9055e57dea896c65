"""Parse the lines that open directives in Markdown: which hold code, text or a table, and what their title is.

MyST, Docusaurus, VitePress, the Carpentries, Pandoc and Quarto (`:::`), MyST in fences (```` ```{note} ````), MkDocs
(`!!! note`, `=== "Tab"`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import find_label, format_directive_start, format_left_out

FENCE = re.compile(r"(?P<indent>[ \t]*(?:[-*+>][ \t]+|\d{1,9}[.)][ \t]+)*)(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)$")
OPTION = re.compile(r"[ \t]*:([\w-]+):(?:[ \t]+(.*))?$")
_DIRECTIVE = re.compile(r"\{\.?([\w:.+-]+)(?:[ ,][^}]*)?\}[ \t]*(.*)$")
_COLONS = re.compile(r"(?P<indent>[ \t]*)(?P<mark>:{3,})[ \t]*(?P<info>.*)$")
_INFO = re.compile(r"\{?\.?(?P<name>[\w:.+-]*)\}?(?:\[(?P<label>[^\]]*)\])?[ \t]*(?P<rest>.*)$")
# Attributes of Pandoc: a class, or an identifier whose prefix says what it is (Quarto: `#exr-` exercise, `#sol-`).
_CLASS_OR_PREFIX = re.compile(r"\.([\w-]+)|#([a-z]+)-")
_TITLE = re.compile(r"(?:title|name|summary)=[\"“]([^\"”]*)[\"”]")
_ADMONITION = re.compile(r"(?P<indent>[ \t]*)(?:!!!|\?\?\?\+?|===[!+]?)[ \t]+(?P<info>.*)$")
_QUOTED = re.compile(r"\"([^\"]*)\"")

CODE_DIRECTIVES = {
    "code", "code-block", "code-cell", "sourcecode", "ipython", "parsed-literal", "doctest", "testcode", "mermaid",
}  # fmt: skip
FORMULA_DIRECTIVES = {"math"}
# Directives whose line holds no text of the page: an argument is a path, a name or nothing.
UNTITLED_DIRECTIVES = {
    "include", "literalinclude", "raw", "eval-rst", "only", "mdinclude", "grid", "card-carousel", "columns", "column",
}  # fmt: skip
# Neither argument nor content is text of the page: lists of files and names, for a program to fill in.
_LISTING_DIRECTIVES = {
    "toctree", "contents", "tableofcontents", "index", "bibliography", "autosummary", "autofunction", "autoclass",
    "automodule",
}  # fmt: skip
_INCLUDING_DIRECTIVES = {"include", "literalinclude", "mdinclude"}
# Their argument is the file or address of a picture; their content is its caption.
PICTURE_DIRECTIVES = {"figure", "image", "subfigure", "iframe", "video", "youtube", "embed", "glue", "glue:figure"}
# A fence whose name is in neither of these is code in a language of that name, as in Quarto (```{r}).
CONTENT_DIRECTIVES = {
    "note", "tip", "warning", "important", "caution", "danger", "attention", "hint", "seealso", "error", "admonition",
    "dropdown", "card", "grid-item", "grid-item-card", "tab-set", "tab-item", "tabbed", "margin", "sidebar", "topic",
    "table", "list-table", "csv-table", "exercise", "solution", "exercise-start", "exercise-end", "solution-start",
    "solution-end", "epigraph", "div", "glossary", "versionadded", "versionchanged", "deprecated", "todo", "panels",
    "aside", "details", "definition", "theorem", "lemma", "proof", "example", "remark", "centered", "pull-quote",
}  # fmt: skip


@dataclass(kw_only=True)
class DirectiveOpening:
    """A line that opens a directive.

    `lines` replace it. `mark` is the marker that closes the directive, `indent` the indentation of the line and,
    without a marker, of what ends it. Of a directive of code `fence` is the marker and `fence_end` what replaces the
    closing one. The content of one with `left_out` is not text of the page. A `gate`, such as `exercise-start`, stays
    open until a directive with that `ended_gate`. The content and options of one with `is_table` are delimited text,
    those of one with `is_toctree` entries of a table of contents.
    """

    lines: list[str]
    indent: str
    mark: str = ""
    has_options: bool = True
    gate: str = ""
    ended_gate: str = ""
    is_table: bool = False
    fence: str = ""
    fence_end: str = ""
    left_out: LeftOutKind | None = None
    is_toctree: bool = False


def parse_opening(line: str) -> DirectiveOpening | None:
    """Return the directive that a line opens; None for other lines."""
    if (found := FENCE.match(line)) is not None:
        directive = _DIRECTIVE.match(found["info"].strip())
        if directive is None:
            return None
        name, argument = directive.group(1).lower(), directive.group(2)
        if not _is_content_directive(name):
            return _build_code_opening(found["indent"], found["mark"], name, argument)
        return _build_opening(name, argument, found["indent"], found["mark"])
    if (found := _COLONS.match(line)) is not None and found["info"]:
        return _parse_colons(found["indent"], found["mark"], found["info"].strip())
    if (found := _ADMONITION.match(line)) is not None:
        quoted = _QUOTED.search(found["info"])
        name = found["info"].split(" ")[0].lower() if not found["info"].startswith('"') else ""
        opening = _build_opening(name, quoted.group(1) if quoted else "", found["indent"], "")
        opening.has_options = False
        return opening
    return None


def _parse_colons(indent: str, mark: str, info: str) -> DirectiveOpening:
    parts = _INFO.match(info)
    assert parts is not None
    name = parts["name"].lower().removeprefix("callout-")  # Quarto
    if name in CODE_DIRECTIVES | FORMULA_DIRECTIVES:
        return _build_code_opening(indent, mark, name, parts["rest"])
    titled = _TITLE.search(info)
    rest = parts["rest"].strip().rstrip(":").strip()
    has_attributes = info.startswith(("{.", "{#")) or "{" in info[1:] or "=" in rest
    argument = titled.group(1) if titled else parts["label"] or ("" if has_attributes else rest)
    if has_attributes and not find_label(name):
        named = (found.group(1) or found.group(2) for found in _CLASS_OR_PREFIX.finditer(info))
        name = next((each for each in named if find_label(each)), name)
    return _build_opening(name, argument, indent, mark)


def _is_content_directive(name: str) -> bool:
    known = CONTENT_DIRECTIVES | UNTITLED_DIRECTIVES | PICTURE_DIRECTIVES | _LISTING_DIRECTIVES
    return name in known or bool(find_label(name)) or name.startswith(("prf:", "proof:", "nb-", "grid"))


def _build_opening(name: str, argument: str, indent: str, mark: str) -> DirectiveOpening:
    if name in _LISTING_DIRECTIVES:
        return DirectiveOpening(
            lines=[""], indent=indent, mark=mark, left_out=LeftOutKind.CONTENTS, is_toctree=name == "toctree"
        )
    if name.endswith("-end"):
        return DirectiveOpening(lines=[""], indent=indent, mark=mark, ended_gate=name.removesuffix("-end") + "-start")
    title = "" if name in UNTITLED_DIRECTIVES | PICTURE_DIRECTIVES else argument.strip()
    lines = ["", f"{indent}{format_directive_start(name, title)}", ""]
    if title and not find_label(name, title):
        lines += [f"{indent}{title}", ""]
    if argument.strip() and name in _INCLUDING_DIRECTIVES | PICTURE_DIRECTIVES:
        lines += [f"{indent}{format_left_out(LeftOutKind.EMBEDDED_OBJECT, argument)}", ""]
    return DirectiveOpening(
        lines=lines,
        indent=indent,
        mark=mark,
        gate=name if name.endswith("-start") else "",
        is_table=name == "csv-table",
    )


def _build_code_opening(indent: str, mark: str, name: str, argument: str) -> DirectiveOpening:
    """Return the opening of a directive that holds code or a formula, as a fence or as `$$`."""
    fence = mark.replace(":", "`")
    if name in FORMULA_DIRECTIVES:
        return DirectiveOpening(lines=["", f"{indent}$$"], indent=indent, fence=mark, fence_end="$$")
    language = argument.split(" ")[0] if name in CODE_DIRECTIVES else name.split(" ")[0]
    language = "python" if language.startswith("ipython") else name if name == "mermaid" else language
    return DirectiveOpening(lines=[f"{indent}{fence}{language}"], indent=indent, fence=mark, fence_end=fence)

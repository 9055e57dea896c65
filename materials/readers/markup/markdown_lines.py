"""Rewrite the block notations of site builders in Markdown line by line: keep their content, remove their markers.

MyST, Docusaurus, VitePress and Pandoc (`:::`), MyST in fences (```` ```{note} ````), MkDocs (`!!! note`, `=== "Tab"`),
GitHub (`> [!NOTE]`), Jekyll and Hugo (`{% highlight %}`). The content of code fences is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"(?P<indent>[ \t]*(?:[-*+>][ \t]+|\d{1,9}[.)][ \t]+)*)(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)$")
_DIRECTIVE = re.compile(r"\{\.?([\w:.+-]+)(?:[ ,][^}]*)?\}[ \t]*(.*)$")
_COLONS = re.compile(r"(?P<indent>[ \t]*)(?P<mark>:{3,})[ \t]*(?P<info>.*)$")
_INFO = re.compile(r"\{?\.?(?P<name>[\w:.+-]*)\}?(?:\[(?P<label>[^\]]*)\])?[ \t]*(?P<rest>.*)$")
_TITLE = re.compile(r"title=[\"“]([^\"”]*)[\"”]")
_OPTION = re.compile(r"[ \t]*:[\w-]+:(?:[ \t].*)?$")
_ADMONITION = re.compile(r"(?P<indent>[ \t]*)(?:!!!|\?\?\?\+?|===[!+]?)[ \t]+(?P<info>.*)$")
_QUOTED = re.compile(r"\"([^\"]*)\"")
_ALERT = re.compile(r"([ \t]*>[ \t]*)\[!\w+\][+-]?[ \t]*(.*)$")
_HIGHLIGHT = re.compile(r"[ \t]*\{%-?\s*(?:highlight|code)\s+([\w+#-]*).*%\}[ \t]*$")
_END_HIGHLIGHT = re.compile(r"[ \t]*\{%-?\s*end(?:highlight|code)\s*-?%\}[ \t]*$")
_COMMENT = re.compile(r"[ \t]*\{%-?\s*comment\b.*?%\}")
_END_COMMENT = re.compile(r"\{%-?\s*endcomment\s*-?%\}")
_FOOTNOTE = re.compile(r"[ ]{0,3}\[\^([^\]\s]{1,60})\]:[ \t]*(.*)$")
_LABEL = re.compile(r"[ ]{0,3}\(([\w:.-]{1,80})\)=[ \t]*$")
_IMPORT = re.compile(
    r"(?:import\s+.{1,200}\s+from\s+['\"][^'\"]{1,200}['\"]|import\s+['\"][^'\"]{1,200}['\"]);?[ \t]*$"
)
_DROPPED_LINE = re.compile(
    r"[ \t]*(?:\[\[?_?toc_?\]\]?|--8<--.*|\\(?:newpage|pagebreak|clearpage|tableofcontents|maketitle)|\{:[^}]*\}|"
    r"@\[toc\].*|%%\{.*)[ \t]*$",
    re.IGNORECASE,
)
# More than 30 markers in a line, or 60 columns before it: a list takes two of the MAX_NESTING levels, so text behind 50
# markers would be left out. 30 leave room for what the line stands in.
_DEEP_NESTING = re.compile(r"(?:[ \t]*(?:>|[*+-](?=[ \t])|\d{1,9}[.)](?=[ \t]))){31,}(?=[ \t]*[^\s>*+-])")
_DEEP_INDENT = re.compile(r"[ \t]{61,}")

# Each line is compared with all open containers; what is opened beyond stays text of the one around it.
_MAX_OPEN_CONTAINERS = 50

_CODE_DIRECTIVES = {
    "code",
    "code-block",
    "code-cell",
    "sourcecode",
    "ipython",
    "parsed-literal",
    "doctest",
    "testcode",
    "mermaid",
}
_FORMULA_DIRECTIVES = {"math"}
# Directives whose line holds no text of the page: an argument is a path, a name or nothing.
_UNTITLED_DIRECTIVES = {
    "toctree",
    "contents",
    "tableofcontents",
    "index",
    "bibliography",
    "include",
    "literalinclude",
    "raw",
    "eval-rst",
    "only",
    "mdinclude",
    "autosummary",
    "autofunction",
    "autoclass",
    "automodule",
    "grid",
    "card-carousel",
    "columns",
    "column",
}
# Their argument is the file or address of a picture; their content is its caption.
_PICTURE_DIRECTIVES = {"figure", "image", "subfigure", "iframe", "video", "youtube", "embed", "glue", "glue:figure"}
# A fence whose name is in neither of these is code in a language of that name, as in Quarto (```{r}).
_CONTENT_DIRECTIVES = {
    "note",
    "tip",
    "warning",
    "important",
    "caution",
    "danger",
    "attention",
    "hint",
    "seealso",
    "error",
    "admonition",
    "dropdown",
    "card",
    "grid-item",
    "grid-item-card",
    "tab-set",
    "tab-item",
    "tabbed",
    "margin",
    "sidebar",
    "topic",
    "table",
    "list-table",
    "csv-table",
    "exercise",
    "solution",
    "exercise-start",
    "exercise-end",
    "solution-start",
    "solution-end",
    "epigraph",
    "div",
    "glossary",
    "versionadded",
    "versionchanged",
    "deprecated",
    "todo",
    "panels",
    "aside",
    "details",
    "definition",
    "theorem",
    "lemma",
    "proof",
    "example",
    "remark",
    "centered",
    "pull-quote",
}


@dataclass
class _DirectiveContainer:
    """An open directive: the marker that closes it or, without one, the indentation of its content in columns.

    With `options`, lines such as `:name: value` may follow the one that opens it.
    """

    mark: str = ""
    dedent: int = 0
    options: bool = True


def normalize_markdown(text: str) -> str:
    """Return Markdown without the markers of directives, with footnotes as paragraphs and labels as HTML anchors."""
    return "\n".join(_normalize_lines(text.split("\n")))


def _normalize_lines(lines: list[str]) -> Iterator[str]:
    fence = code_end = ""
    fresh = False
    comment = in_options = False
    containers: list[_DirectiveContainer] = []
    for line in lines:
        if fence:
            if _is_fence_end(line, fence):  # the opening may have been rewritten: to `$$`, or from colons to backticks
                line, fence, fresh = line.replace(line.strip(), code_end), "", False
            elif fresh and _OPTION.match(line):
                continue
            fresh = False
            yield _dedent_line(line, containers)
            continue
        if comment:
            comment = not _END_COMMENT.search(line)
            continue
        while containers and containers[-1].dedent and line.strip() and _measure_indent(line) < containers[-1].dedent:
            containers.pop()
        line = _dedent_line(line, containers)
        if (end := _find_closed_container(line, containers)) is not None:
            del containers[end:]
            yield ""
            continue
        if containers and containers[-1].options:
            if line.strip() == "---":
                in_options = not in_options
                continue
            if in_options or _OPTION.match(line):
                continue
            containers[-1].options = False
        opened = _parse_opening(line, containers)
        if opened is None:
            if (found := _FENCE.match(line)) is not None:
                fence = code_end = found["mark"]
                yield line
            elif (found := _HIGHLIGHT.match(line)) is not None:
                yield f"```{found.group(1)}"
            elif _END_HIGHLIGHT.match(line):
                yield "```"
            elif _COMMENT.match(line):
                comment = not _END_COMMENT.search(line)
            else:
                yield from _normalize_line(line, containers)
            continue
        yield from opened.lines
        if opened.fence:
            fence, code_end, fresh = opened.fence, opened.fence_end, True
        elif len(containers) < _MAX_OPEN_CONTAINERS:
            containers.append(opened.container)


@dataclass
class _DirectiveOpening:
    lines: list[str]
    container: _DirectiveContainer
    fence: str = ""
    fence_end: str = ""


def _parse_opening(line: str, containers: list[_DirectiveContainer]) -> _DirectiveOpening | None:
    """Return the directive that a line opens, with its title as a paragraph; None for other lines."""
    if (found := _FENCE.match(line)) is not None:
        directive = _DIRECTIVE.match(found["info"].strip())
        if directive is None:
            return None
        name, argument = directive.group(1).lower(), directive.group(2)
        if not _is_content_directive(name):
            return _build_code_opening(found["indent"], found["mark"], name, argument)
        return _DirectiveOpening(
            _build_title_lines(name, argument, found["indent"]), _DirectiveContainer(found["mark"])
        )
    if (found := _COLONS.match(line)) is not None and found["info"]:
        info = found["info"].strip()
        parts = _INFO.match(info)
        assert parts is not None
        name = parts["name"].lower().removeprefix("callout-")  # Quarto
        if name in _CODE_DIRECTIVES | _FORMULA_DIRECTIVES:
            return _build_code_opening(found["indent"], found["mark"], name, parts["rest"])
        titled = _TITLE.search(info)
        rest = parts["rest"].strip().rstrip(":").strip()
        has_attributes = info.startswith("{.") or "{" in info[1:] or "=" in rest
        argument = titled.group(1) if titled else parts["label"] or ("" if has_attributes else rest)
        return _DirectiveOpening(
            _build_title_lines(name, argument, found["indent"]), _DirectiveContainer(found["mark"])
        )
    if (found := _ADMONITION.match(line)) is not None:
        quoted = _QUOTED.search(found["info"])
        title = quoted.group(1) if quoted else ""
        return _DirectiveOpening(
            ["", f"{found['indent']}{title}", ""],
            _DirectiveContainer(
                dedent=_find_content_indent(containers) + _measure_indent(found["indent"]) + 4, options=False
            ),
        )
    return None


def _is_content_directive(name: str) -> bool:
    return name in _CONTENT_DIRECTIVES | _UNTITLED_DIRECTIVES | _PICTURE_DIRECTIVES or name.startswith(
        ("prf:", "proof:", "nb-", "grid")
    )


def _build_code_opening(indent: str, mark: str, name: str, argument: str) -> _DirectiveOpening:
    """Return the opening of a directive that holds code or a formula, as a fence or as `$$`."""
    fence = mark.replace(":", "`")
    if name in _FORMULA_DIRECTIVES:
        return _DirectiveOpening(["", f"{indent}$$"], _DirectiveContainer(), mark, "$$")
    language = argument.split(" ")[0] if name in _CODE_DIRECTIVES else name.split(" ")[0]
    language = "python" if language.startswith("ipython") else name if name == "mermaid" else language
    return _DirectiveOpening([f"{indent}{fence}{language}"], _DirectiveContainer(), mark, fence)


def _build_title_lines(name: str, argument: str, indent: str) -> list[str]:
    said = "" if name in _UNTITLED_DIRECTIVES | _PICTURE_DIRECTIVES else argument.strip()
    return ["", f"{indent}{said}", ""] if said else [""]


def _find_closed_container(line: str, containers: list[_DirectiveContainer]) -> int | None:
    """Return the index of the container that a line closes; None when it closes none.

    Stray colons give the number of containers: they close nothing and are removed.
    """
    sign = line.strip()
    if not sign or sign[0] not in ":`~" or sign.strip(sign[0]):
        return None
    for position in range(len(containers) - 1, -1, -1):
        mark = containers[position].mark
        # In MyST and Docusaurus a marker closes the container of the same length; in Pandoc, where its length does not
        # matter, the innermost.
        if (
            mark
            and mark[0] == sign[0]
            and len(sign) >= 3
            and (len(sign) == len(mark) or position == len(containers) - 1)
        ):
            return position
    return len(containers) if sign[0] == ":" and len(sign) >= 3 else None


def _is_fence_end(line: str, fence: str) -> bool:
    sign = line.strip().lstrip("> ")
    return len(sign) >= len(fence) and not sign.strip(fence[0])


def _normalize_line(line: str, containers: list[_DirectiveContainer]) -> Iterator[str]:
    """Yield the lines that replace a line outside of code and directive markers."""
    if _DROPPED_LINE.match(line) or _IMPORT.match(line):
        yield ""
    elif (found := _FOOTNOTE.match(line)) is not None:
        yield ""
        yield f"[^{found.group(1)}] {found.group(2)}"
        # Paragraphs of a footnote are indented by four columns, which CommonMark would read as code.
        containers.append(_DirectiveContainer(dedent=_find_content_indent(containers) + 4, options=False))
    elif (found := _LABEL.match(line)) is not None:
        yield f'<a id="{found.group(1)}"></a>'
        yield ""
    elif (found := _ALERT.match(line)) is not None:
        yield f"{found.group(1)}{found.group(2)}"
    else:
        yield _DEEP_NESTING.sub(
            lambda deep: deep.group()[:60], _DEEP_INDENT.sub(" " * 60, line) if line[:1] in " \t" else line
        )


def _measure_indent(line: str) -> int:
    """Return the indentation of a line in columns; tab stops are four apart (CommonMark 2.2)."""
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _dedent_line(line: str, containers: list[_DirectiveContainer]) -> str:
    """Return a line without the indentation of the container that it stands in."""
    least = _find_content_indent(containers)
    if not least or _measure_indent(line) < least:
        return line
    return line.expandtabs(4)[least:] if line.strip() else ""


def _find_content_indent(containers: list[_DirectiveContainer]) -> int:
    return next((container.dedent for container in reversed(containers) if container.dedent), 0)

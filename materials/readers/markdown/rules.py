"""Extend markdown-it by rules for formulas, footnotes, definition lists, roles of MyST and tags of site builders."""

from __future__ import annotations

import re
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import format_left_out
from materials.readers.markdown.components import parse_component_tag

# Levels of blocks. markdown-it leaves out what is nested more deeply; its preset for CommonMark allows 20.
MAX_NESTING = 100

# Characters between the two ends of a formula or tag inside a paragraph, and lines of a formula block. Longer ones are
# text with a stray sign, and each stray sign costs a search of this length.
_MAX_SPAN = 3_000
# Dollar signs that are tried as the end of a formula: a paragraph of prices would be searched once for each of them.
_MAX_ATTEMPTS = 20
# The second pair of each is with the backslash escaped, as authors write it for builders that take one away.
_FORMULA_DELIMITERS = {"\\(": "\\)", "\\[": "\\]", "\\\\(": "\\\\)", "\\\\[": "\\\\]"}
_TAG_DELIMITERS = {"{%": "%}", "{{<": ">}}", "{{%": "%}}", "{/*": "*/}"}
# What only formulas have, and what only prose has: escaped brackets may also stand around words, as in \[sic\].
_MATHEMATICS = re.compile(r"\\[a-zA-Z]|[\^=<>{}|]")
_PROSE = re.compile(r"[^\W\d_]{3,}\s+[^\W\d_]{2,}")
_ROLE = re.compile(r"\{([\w:.+-]{1,40})\}(`{1,3})([^`]{1,500})\2")
_TARGET = re.compile(r"^(.*\S)\s*<([^<>]+)>$|^<([^<>]+)>$", re.DOTALL)
# Roles whose target is a path or an address; that of others is the name of a label.
_LINK_ROLES = {"doc", "download"}
_ATTRIBUTES = re.compile(r"\{:?\s*(?:[.#][\w-]|[\w-]+=|-\})[^{}\n]{0,300}\}|\{-\}|\{:[^{}\n]{0,300}\}")
_BARE_TAG = re.compile(r"<(?P<name>[a-zA-Z][\w-]{0,60})>")
# What a browser or the HTML reader knows, with the elements of MathML and SVG that are written without attributes.
_HTML_NAMES = {
    "a", "abbr", "acronym", "address", "article", "aside", "audio", "b", "bdi", "bdo", "big", "blockquote", "body",
    "br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup", "data", "datalist", "dd", "del",
    "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "embed", "fieldset", "figcaption", "figure", "font",
    "footer", "form", "g", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "i", "iframe",
    "img", "input", "ins", "kbd", "label", "legend", "li", "link", "main", "map", "mark", "math", "menu", "meta",
    "meter", "mfrac", "mi", "mn", "mo", "mover", "mrow", "msqrt", "msub", "msubsup", "msup", "mtable", "mtd", "mtext",
    "mtr", "munder", "nav", "nobr", "noscript", "object", "ol", "optgroup", "option", "output", "p", "param", "path",
    "picture", "pre", "progress", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "script", "search", "section",
    "select", "semantics", "slot", "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup",
    "svg", "table", "tbody", "td", "template", "text", "textarea", "tfoot", "th", "thead", "time", "title", "tr",
    "track", "tt", "u", "ul", "var", "video", "wbr", "xmp",
}  # fmt: skip
_NOTE = re.compile(r"\[\^([^\]\s]{1,60})\]")
_ENVIRONMENT_BEGIN = re.compile(r"\\begin\{([a-zA-Z]+\*?)\}")
_DEFINITION = re.compile(r"[:~][ \t]+\S")


def build_renderer() -> MarkdownIt:
    """Return a renderer of CommonMark with tables, strikethrough and the rules of this module.

    Raw HTML is passed through: the result is for the HTML reader, not for a browser.
    """
    made = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    # Before `escape`, which would take the backslashes of formulas, and before `link` and `fence`, which would take the
    # brackets of notes and the content of formula blocks.
    made.inline.ruler.before("escape", "formula", _match_inline_formula)
    made.inline.ruler.before("escape", "tag", _match_tag)
    made.inline.ruler.before("html_inline", "component", _match_component)
    made.inline.ruler.before("link", "note", _match_footnote_mark)
    made.block.ruler.before(
        "fence", "formula", _match_formula_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    made.block.ruler.before("paragraph", "definitions", _match_definition_list)
    return made


# --- inside a paragraph -----------------------------------------------------------------------------------------------


def _match_inline_formula(state: StateInline, silent: bool) -> bool:
    """Match a formula, `$x$`, `$$x$$`, `\\(x\\)` or `\\[x\\]`, and keep it as it is written."""
    source, at = state.src, state.pos
    if source[at] == "$":
        end = _find_dollar_formula_end(source, at)
        written = source[at:end]
    elif source[at] == "\\":
        opening = next((o for o in sorted(_FORMULA_DELIMITERS, key=len, reverse=True) if source.startswith(o, at)), "")
        closing = _FORMULA_DELIMITERS.get(opening, "")
        close = source.find(closing, at + len(opening), at + _MAX_SPAN) if opening else -1
        end = close + len(closing) if close > at and _is_formula(source[at + len(opening) : close]) else 0
        written = source[at:end]
        if len(opening) == 3:  # with a second backslash
            written = written[1:-3] + written[-2:]
    else:
        return False
    if not end or end > state.posMax:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = f'<span class="math">{escape(written)}</span>'
    state.pos = end
    return True


def _is_formula(text: str) -> bool:
    """Tell whether text between escaped brackets is a formula, not words whose author escaped the brackets."""
    return "](" not in text and (_MATHEMATICS.search(text) is not None or _PROSE.search(text) is None)


def _find_dollar_formula_end(source: str, at: int) -> int:
    """Return where a formula between dollar signs ends; 0 when the sign is of an amount of money or a shell variable.

    As in Pandoc, no space follows the opening sign or precedes the closing one, and no digit follows that.
    """
    mark = "$$" if source.startswith("$$", at) else "$"
    begin = at + len(mark)
    if source[begin : begin + 1].isspace() and mark == "$":
        return 0
    close = begin
    for _ in range(_MAX_ATTEMPTS):
        close = source.find(mark, close, at + _MAX_SPAN)
        if close < 0:
            return 0
        end = close + len(mark)
        if close > begin and (
            mark == "$$"
            or not (source[close - 1].isspace() or source[end : end + 1].isalnum() or source[close - 1] == "\\")
        ):
            return end
        close = end
    return 0


def _match_tag(state: StateInline, silent: bool) -> bool:
    """Match and drop tags of site builders and attributes of elements; of a role (`{term}`x``) keep the text."""
    source, at = state.src, state.pos
    if source[at] != "{":
        return False
    if (role := _ROLE.match(source, at)) is not None and role.end() <= state.posMax:
        if not silent:
            _push_role(state, role)
        state.pos = role.end()
        return True
    for opening, closing in _TAG_DELIMITERS.items():
        if source.startswith(opening, at):
            close = source.find(closing, at + len(opening), at + _MAX_SPAN)
            if 0 < close < state.posMax:
                state.pos = close + len(closing)
                kind = LeftOutKind.COMMENT if opening == "{/*" else LeftOutKind.METADATA
                if not silent:
                    state.push("html_inline", "", 0).content = format_left_out(kind, source[at : state.pos])
                return True
    attributes = _ATTRIBUTES.match(source, at)
    if attributes is None or at == 0 or source[at - 1] not in ")]`*_ \t" or attributes.end() > state.posMax:
        return False
    if "#" in attributes.group() and not source[attributes.end() :].strip():
        return False  # a heading's own name, which becomes its anchor
    state.pos = attributes.end()
    return True


def _match_component(state: StateInline, silent: bool) -> bool:
    """Match a tag of a component inside of text and keep what its attributes say; keep a placeholder as it is.

    A placeholder is what looks like an element but is none and does not end in the text: `<Enter>`, `List<Integer>`.
    """
    source, at = state.src, state.pos
    if source[at] != "<":
        return False
    bare = _BARE_TAG.match(source, at)
    if bare is not None and _is_placeholder(source, at, bare["name"]):
        if not silent:
            state.push("text", "", 0).content = bare.group()
        state.pos = bare.end()
        return True
    if (tag := parse_component_tag(source, at)) is None:
        return False
    if not silent:
        words = " ".join(word for word in tag.list_words() if word)
        if tag.is_link:
            words = "</a>" if tag.is_end else f'<a href="{escape(tag.target, quote=True)}">{words}'
        elif tag.is_closed and not words:
            words = format_left_out(LeftOutKind.EMBEDDED_OBJECT, tag.source)
        state.push("html_inline", "", 0).content = words
    state.pos += len(tag.source)
    return True


def _is_placeholder(source: str, at: int, name: str) -> bool:
    if source[at - 1 : at].isalnum():
        return name.lower() not in _HTML_NAMES
    return name.lower() not in _HTML_NAMES and f"</{name}" not in source


def _push_role(state: StateInline, role: re.Match[str]) -> None:
    name, text = role.group(1), role.group(3)
    if name in {"math", "eq"}:
        state.push("html_inline", "", 0).content = f'<span class="math">${escape(text)}$</span>'
        return
    target = _TARGET.match(text)
    said = (target.group(1) or "") if target is not None else text.lstrip("~!")
    if name in _LINK_ROLES:
        address = escape(target.group(2) or target.group(3) if target is not None else text, quote=True)
        state.push("html_inline", "", 0).content = f'<a href="{address}">{escape(said)}</a>'
        return
    tag = {"term": "dfn", "strong": "strong", "emphasis": "em", "code": "code", "sub": "sub", "sup": "sup"}.get(
        name, ""
    )
    state.push("html_inline", "", 0).content = f"<{tag}>{escape(said)}</{tag}>" if tag else escape(said)


def _match_footnote_mark(state: StateInline, silent: bool) -> bool:
    """Match the mark of a footnote and keep it as a reader sees it: `[1]`."""
    if state.src[state.pos] != "[" or (found := _NOTE.match(state.src, state.pos)) is None:
        return False
    if not silent:
        state.push("text", "", 0).content = f"[{found.group(1)}]"
    state.pos = found.end()
    return True


# --- blocks -----------------------------------------------------------------------------------------------------------


def _match_formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Match a formula on lines of its own and keep it as it is written, with the blank lines in it."""
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    environment = _ENVIRONMENT_BEGIN.match(first)
    closing = (
        "$$"
        if first.startswith("$$")
        else "\\]"
        if first.startswith("\\[")
        else f"\\end{{{environment.group(1)}}}"
        if environment is not None
        else ""
    )
    if not closing or state.is_code_block(start):
        return False
    line = start
    rest = first[2:]
    while closing not in rest:
        line += 1
        if line >= end or state.sCount[line] < state.blkIndent or line - start > _MAX_SPAN:
            return False
        rest = state.src[state.bMarks[line] : state.eMarks[line]]
    if rest[rest.index(closing) + len(closing) :].strip(" .,;"):
        return False  # words go on after it: it stands in a paragraph
    written = state.getLines(start, line + 1, state.blkIndent, False).strip()
    if closing == "\\]" and not _is_formula(written[2 : written.rindex(closing)]):
        return False
    if not silent:
        token = state.push("html_block", "", 0)
        token.content = f'<div class="math display">{escape(written)}</div>\n'
        token.map = [start, line + 1]
        state.line = line + 1
    return True


def _match_definition_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Match terms, each followed by lines that begin with a colon or a tilde, and build a definition list (Pandoc)."""
    if silent or state.is_code_block(start) or _find_definition_after(state, start, end) is None:
        return False
    state.push("dl_open", "dl", 1)
    line = start
    while line < end and (meaning := _find_definition_after(state, line, end)) is not None:
        _push_element(state, "dt", _get_line(state, line), line)
        while meaning is not None:
            last = meaning + 1
            while last < end and not state.isEmpty(last) and not _DEFINITION.match(_get_line(state, last)):
                last += 1
            text = "\n".join(_get_line(state, number) for number in range(meaning, last))
            _push_element(state, "dd", text[1:].strip(), meaning)
            line = last
            meaning = _find_definition_at(state, line, end)
        while line < end and state.isEmpty(line):
            line += 1
    state.push("dl_close", "dl", -1)
    state.line = line
    return True


def _find_definition_after(state: StateBlock, term: int, end: int) -> int | None:
    """Return the line of the definition that follows a term; None when the line is no term."""
    if state.isEmpty(term) or _DEFINITION.match(_get_line(state, term)):
        return None
    return _find_definition_at(state, term + 1, end)


def _find_definition_at(state: StateBlock, line: int, end: int) -> int | None:
    if line < end and state.isEmpty(line):
        line += 1
    is_meaning = line < end and state.sCount[line] >= state.blkIndent and _DEFINITION.match(_get_line(state, line))
    return line if is_meaning else None


def _get_line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _push_element(state: StateBlock, tag: str, text: str, line: int) -> None:
    state.push(f"{tag}_open", tag, 1)
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = text, [line, line + 1], []
    state.push(f"{tag}_close", tag, -1)

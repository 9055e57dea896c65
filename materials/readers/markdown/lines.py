"""Rewrite the block notations of site builders in Markdown line by line: keep their content, remove their markers.

Directives (see `directives`), components of MDX and Vue (see `components`), tags of Jekyll, Hugo and GitBook
(`{% tab %}`, see `shortcodes`), alerts of GitHub (`> [!NOTE]`), footnotes and labels. What has an inside becomes an
element of its own (see `html_elements`). The content of code fences, scripts and comments is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import takewhile

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import (
    DIRECTIVE_TAG,
    find_label,
    format_directive_end,
    format_directive_start,
)
from materials.readers.markdown.components import (
    ComponentTag,
    count_expression_lines,
    count_statement_lines,
    find_ended_names,
    has_text_behind,
    is_component_start,
    parse_component_tag,
    split_components,
)
from materials.readers.markdown.containers import Container, ContainerStack, format_left_out_block, measure_indent
from materials.readers.markdown.directives import FENCE, OPTION, DirectiveOpening, parse_opening
from materials.readers.markdown.list_indents import widen_list_indents
from materials.readers.markdown.shortcodes import find_paired_names, parse_shortcode, replace_reference_targets

# The name of a listing: Docusaurus and MkDocs (`title="a.py"`), VitePress (`[a.py]`).
_FENCE_TITLE = re.compile(r"\btitle=[\"']([^\"']+)[\"']|\s\[([^\]]+)\]")
_KRAMDOWN_CLASS = re.compile(r"\{:\s*\.([\w-]+)")
_ALERT = re.compile(r"([ \t]*>[ \t]*)\[!\w+\][+-]?[ \t]*(.*)$")
_HIGHLIGHT = re.compile(r"[ \t]*\{%-?\s*(?:highlight|code)\s+([\w+#-]*).*%\}[ \t]*$")
_END_HIGHLIGHT = re.compile(r"[ \t]*\{%-?\s*end(?:highlight|code)\s*-?%\}[ \t]*$")
_COMMENT = re.compile(r"[ \t]*\{%-?\s*comment\b.*?%\}")
_END_COMMENT = re.compile(r"\{%-?\s*endcomment\s*-?%\}")
_FOOTNOTE = re.compile(r"[ ]{0,3}\[\^([^\]\s]{1,60})\]:[ \t]*(.*)$")
_LABEL = re.compile(r"[ ]{0,3}\(([\w:.-]{1,80})\)=[ \t]*$")
_CONTENTS_LINE = re.compile(r"[ \t]*(?:\[\[?_?toc_?\]\]?|\\tableofcontents|@\[toc\].*)[ \t]*$", re.IGNORECASE)
# Files to include: MkDocs, mdBook (`{{#include a.md}}`), VitePress (`<<< @/a.js`, `@[code](a.js)`).
_INCLUDED_LINE = re.compile(
    r"[ \t]*(?:--8<--[ \t]*(.*)|(\{\{#\w+ [^}]*\}\}|<<<[ \t]*@\S.*|@\[code[^\]]*\]\(.*\))[ \t]*)$"
)
# A definition that leads nowhere is how Markdown without HTML is commented: `[//]: # (words)`.
_COMMENT_LINE = re.compile(r"[ ]{0,3}\[[^\]]{1,100}\]:[ \t]*(?:#|<>)[ \t]*[\"'(](.*)[\"')][ \t]*$")
_SETTING_LINE = re.compile(
    r"(?P<quote>[ \t>]*)(?:\\(?:newpage|pagebreak|clearpage|maketitle)|\{:[^}]*\}|%%\{.*)[ \t]*$", re.IGNORECASE
)
# Comments of Obsidian, and of MyST where the text has its directives; elsewhere a line may begin with a per cent sign.
_PERCENT_COMMENT = re.compile(r"[ \t]*%%(?!\{).*%%[ \t]*$")
_MYST_COMMENT = re.compile(r"[ ]{0,3}%(?:[ \t].*)?$")
_MYST_BREAK = re.compile(r"[ ]{0,3}\+\+\+(?:[ \t].*)?$")
_MYST_DIRECTIVE = re.compile(r"^[ \t]*(?:`{3,}|:{3,})\{[a-z]", re.MULTILINE)
# HTML whose content is not Markdown up to its end, with blank lines in it (CommonMark 4.6, kinds 1 and 2).
_RAW_HTML = re.compile(r"[ ]{0,3}(?:<(?P<tag>script|style|pre|textarea)(?=[\s>])|(?P<comment><!--))", re.IGNORECASE)
# More than 30 markers in a line, or 60 columns before it: a list takes two of the MAX_NESTING levels, so text behind 50
# markers would be left out. 30 leave room for what the line stands in.
_DEEP_NESTING = re.compile(r"(?:[ \t]*+(?:>|[*+-](?=[ \t])|\d{1,9}+[.)](?=[ \t]))){31,}+(?=[ \t]*+[^\s>*+-])")
_DEEP_INDENT = re.compile(r"[ \t]{61,}")

# Each line is compared with all open containers; what is opened beyond stays text of the one around it.
_MAX_OPEN_CONTAINERS = 50
_MAX_OPTIONS = 20
# Lines in which the end of a component's tag is searched.
_MAX_TAG_LINES = 200


def normalize_markdown(text: str) -> str:
    """Return Markdown without the markers of directives, with footnotes as paragraphs and labels as HTML anchors."""
    is_myst = _MYST_DIRECTIVE.search(text) is not None
    lines = list(widen_list_indents(text.split("\n")))
    normalizer = _LineNormalizer(lines, find_paired_names(text), find_ended_names(text), is_myst)
    return "\n".join(normalizer.normalize_lines())


@dataclass
class _LineNormalizer:
    _lines: list[str]
    # Names of the tags of site builders and of the components that have an end somewhere in the text.
    _paired_names: frozenset[str]
    _ended_names: frozenset[str]
    _is_myst: bool
    _at: int = 0
    _open: ContainerStack = field(default_factory=ContainerStack)

    def normalize_lines(self) -> Iterator[str]:
        """Yield the lines that replace those of the text."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            yield from self._open.end_by_indent(line)
            line = self._open.dedent_line(line)
            if (end := self._open.find_ended_container(line)) is not None:
                yield ""
                yield from self._open.end_containers(end)
                continue
            if self._open.containers and (
                self._open.containers[-1].is_table or self._open.containers[-1].left_out is not None
            ):
                self._open.containers[-1].collected.append(line)
                continue
            if self._open.is_option(line):
                continue
            opening = parse_opening(line)
            if opening is not None:
                yield from self._open_directive(opening)
            elif line.startswith(">") and (label := self._find_quotation_label()):
                yield from ("", format_directive_start(label), "", line)
                self._open.containers.append(Container(is_quotation=True, end=format_directive_end()))
            else:
                yield from self._normalize_block(line)
        yield ""
        yield from self._open.end_containers(0)

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _normalize_block(self, line: str) -> Iterator[str]:
        """Yield what replaces a line that opens no directive, and the lines below that belong to it."""
        if (found := FENCE.match(line)) is not None:
            if (title := _FENCE_TITLE.search(found["info"])) is not None:
                yield from ("", f"{found['indent']}{title.group(1) or title.group(2)}", "")
            yield line
            yield from self._copy_fence(found["mark"], found["mark"], is_quoted=">" in found["indent"])
        elif (found := _RAW_HTML.match(line)) is not None:
            yield from self._copy_raw_html(line, "-->" if found["comment"] else f"</{found['tag'].lower()}>")
        elif (found := _HIGHLIGHT.match(line)) is not None:
            yield f"```{found.group(1)}"
        elif _END_HIGHLIGHT.match(line):
            yield "```"
        elif _COMMENT.match(line):
            yield from self._leave_out_comment(line)
        elif (
            line[:1] in {"i", "e"}
            and self._open.is_after_block
            and (count := count_statement_lines(self._lines, self._at - 1))
        ):
            statement = self._lines[self._at - 1 : self._at - 1 + count]
            self._at += count - 1
            yield from format_left_out_block(LeftOutKind.METADATA, "\n".join(statement))
        elif line.lstrip()[:1] == "{" and (count := count_expression_lines(self._lines, self._at - 1)):
            expression = self._lines[self._at - 1 : self._at - 1 + count]
            self._at += count - 1
            yield from format_left_out_block(LeftOutKind.METADATA, "\n".join(expression))
        elif "<" in line and (lines := self._read_components(line)) is not None:
            yield from lines
        elif "{" in line and (shortcode := parse_shortcode(line, self._paired_names)) is not None:
            yield from self._read_shortcode(shortcode.name, shortcode.is_end, shortcode.lines, shortcode.has_content)
        else:
            yield from self._normalize_line(line)

    def _normalize_line(self, line: str) -> Iterator[str]:
        """Yield the lines that replace a line of text."""
        self._open.is_after_block = not line.strip()
        if _CONTENTS_LINE.match(line):
            yield from format_left_out_block(LeftOutKind.CONTENTS, line)
        elif (found := _INCLUDED_LINE.match(line)) is not None:
            yield from format_left_out_block(LeftOutKind.EMBEDDED_OBJECT, found.group(1) or found.group(2) or "")
        elif _PERCENT_COMMENT.match(line) or (self._is_myst and _MYST_COMMENT.match(line)):
            yield from format_left_out_block(LeftOutKind.COMMENT, line.strip(" %"))
        elif self._is_myst and _MYST_BREAK.match(line):
            yield from format_left_out_block(LeftOutKind.METADATA, line)
        elif (found := _COMMENT_LINE.match(line)) is not None:
            yield from format_left_out_block(LeftOutKind.COMMENT, found.group(1))
        elif (found := _SETTING_LINE.match(line)) is not None:
            yield found["quote"].rstrip()
        elif (found := _FOOTNOTE.match(line)) is not None:
            yield ""
            yield f"[^{found.group(1)}] {found.group(2)}"
            # Paragraphs of a footnote are indented by four columns, which CommonMark would read as code.
            self._open.containers.append(Container(dedent=self._open.content_indent + 4, ends_by_indent=True))
        elif (found := _LABEL.match(line)) is not None:
            yield f'<a id="{found.group(1)}"></a>'
            yield ""
        elif (found := _ALERT.match(line)) is not None:
            yield f"{found.group(1)}{found.group(2)}"
        else:
            line = replace_reference_targets(line) if "]({" in line else line
            line = _DEEP_INDENT.sub(" " * 60, line) if line[:1] in " \t" else line
            deep = _DEEP_NESTING.match(line)
            yield line if deep is None else f"{deep.group()[:60]}{line[deep.end() :]}"

    def _copy_fence(self, mark: str, end: str, *, is_quoted: bool = False, has_options: bool = False) -> Iterator[str]:
        """Yield the lines of a code block up to its end, which `end` replaces; one in a quotation ends with it."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if is_quoted and not line.lstrip().startswith(">"):
                return
            self._at += 1
            sign = line.strip().lstrip("> ")
            if len(sign) >= len(mark) and not sign.strip(mark[0]):
                # The opening may have been rewritten: to `$$`, or from colons to backticks.
                yield self._open.dedent_line(line.rstrip().removesuffix(sign) + end)
                return
            if has_options and OPTION.match(line):
                continue
            has_options = False
            yield self._open.dedent_line(line)

    def _copy_raw_html(self, line: str, end: str) -> Iterator[str]:
        yield line
        begin = line.find(">") if end != "-->" else 0
        if end in line[begin:].lower():
            return
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            yield self._open.dedent_line(line)
            if end in line.lower():
                return

    def _leave_out_comment(self, line: str) -> Iterator[str]:
        dropped = [line]
        while not _END_COMMENT.search(dropped[-1]) and self._at < len(self._lines):
            dropped.append(self._lines[self._at])
            self._at += 1
        yield from format_left_out_block(LeftOutKind.COMMENT, "\n".join(dropped))

    # --- containers ---------------------------------------------------------------------------------------------------

    def _open_directive(self, opening: DirectiveOpening) -> Iterator[str]:
        self._open.is_after_block = True
        if opening.fence:
            yield from self._read_caption(opening.indent)
            yield from opening.lines
            yield from self._copy_fence(opening.fence, opening.fence_end, has_options=True)
            return
        if opening.ended_gate:
            ended = [at for at, each in enumerate(self._open.containers) if each.tag == opening.ended_gate]
            yield from self._open.end_containers(ended[-1] if ended else len(self._open.containers))
        if len(self._open.containers) >= _MAX_OPEN_CONTAINERS:
            yield from (line for line in opening.lines if DIRECTIVE_TAG not in line)
            return
        yield from opening.lines
        has_element = any(DIRECTIVE_TAG in line for line in opening.lines)
        end = f"{opening.indent}{format_directive_end()}" if has_element else ""
        if opening.gate:
            self._open.containers.append(Container(tag=opening.gate, end=end))
            end = ""
        dedent = 0 if opening.mark else self._open.content_indent + measure_indent(opening.indent) + 4
        self._open.containers.append(
            Container(
                mark=opening.mark,
                dedent=dedent,
                ends_by_indent=not opening.mark,
                has_options=opening.has_options,
                end=end,
                left_out=opening.left_out,
                is_toctree=opening.is_toctree,
                is_table=opening.is_table,
            )
        )

    def _read_caption(self, indent: str) -> Iterator[str]:
        """Yield the caption among the options of a directive of code, which stand below its first line."""
        for line in takewhile(OPTION.match, self._lines[self._at : self._at + _MAX_OPTIONS]):
            found = OPTION.match(line)
            if found is not None and found.group(1) == "caption" and found.group(2):
                yield from ("", f"{indent}{found.group(2)}", "")

    def _find_quotation_label(self) -> str:
        """Return the class of the quotation that begins at this line; blank when it says of no exercise or solution.

        kramdown writes it below: `{: .challenge}`.
        """
        if any(container.is_quotation for container in self._open.containers):
            return ""
        below = next((line for line in self._lines[self._at :] if not line.startswith(">")), "")
        found = _KRAMDOWN_CLASS.match(below)
        return found.group(1) if found is not None and find_label(found.group(1)) else ""

    # --- components and shortcodes ------------------------------------------------------------------------------------

    def _read_components(self, line: str) -> list[str] | None:
        """Return the lines for a line that begins with a tag of a component; None for other lines.

        A tag may go on in the lines below. A component with text behind it on the line is a part of that text.
        """
        source = line.lstrip()
        indent = line[: len(line) - len(source)]
        if not is_component_start(source):
            return None
        first = parse_component_tag(source)
        if first is not None and not (first.is_end or first.is_closed or first.name in self._ended_names):
            return None  # a placeholder, or an element of HTML that needs no end
        if first is None:
            below = self._lines[self._at : self._at + _MAX_TAG_LINES]
            first = parse_component_tag("\n".join([source, *below]))
            if first is None:
                return None
            count = first.source.count("\n")
            source = "\n".join([source, *below[:count]])
            self._at += count
        elif first.is_link or has_text_behind(source, first):
            return None
        lines: list[str] = []
        for part in split_components(source):
            if isinstance(part, ComponentTag):
                lines += self._replace_tag(part, indent)
            else:
                lines += self._normalize_line(f"{indent}{part.strip()}")
        self._open.is_after_block = True
        return lines

    def _replace_tag(self, tag: ComponentTag, indent: str) -> Iterator[str]:
        words = [f"{indent}{word}" for word in tag.list_words()]
        if tag.target and words:
            words[0] = f'{indent}<a href="{escape(tag.target, quote=True)}">{words[0].strip()}</a>'
        if tag.is_end:
            yield from self._end_tag(tag.name)
        elif tag.is_closed:
            yield from ("", *words, "")
            if tag.expressions or not words:
                yield from format_left_out_block(LeftOutKind.EMBEDDED_OBJECT, tag.source)
        else:
            yield from self._begin_tag(tag.name, words, indent)

    def _read_shortcode(self, name: str, is_end: bool, words: list[str], has_content: bool) -> Iterator[str]:
        if is_end:
            yield from self._end_tag(name)
        elif has_content:
            yield from self._begin_tag(name, words, "")
        else:
            yield from ("", *words, "")

    def _begin_tag(self, name: str, words: list[str], indent: str) -> Iterator[str]:
        if len(self._open.containers) >= _MAX_OPEN_CONTAINERS:
            yield from ("", *words, "")
            return
        # Authors set in what stands in a component, as in HTML; four columns would be code to CommonMark.
        below = next((line for line in self._lines[self._at : self._at + 10] if line.strip()), "")
        column = 0 if below.strip().startswith("</") else measure_indent(below)
        self._open.containers.append(
            Container(
                tag=name,
                dedent=column if column > self._open.content_indent else 0,
                end=f"{indent}{format_directive_end()}",
            )
        )
        yield from ("", f"{indent}{format_directive_start('')}", "", *words, "")

    def _end_tag(self, name: str) -> Iterator[str]:
        open_ones = [at for at, each in enumerate(self._open.containers) if each.tag == name]
        yield ""
        if open_ones:
            yield from self._open.end_containers(open_ones[-1])

"""Convert the blocks of reStructuredText to HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from materials.documents import LeftOutKind
from materials.readers.base.delimited_rows import parse_csv_rows
from materials.readers.base.html_elements import (
    find_label,
    format_directive_end,
    format_directive_start,
    format_left_out,
)
from materials.readers.base.toctrees import format_toctree
from materials.readers.markup.rst_directives import (
    CODE_DIRECTIVES,
    CONTENTS_DIRECTIVES,
    DROPPED_DIRECTIVES,
    TITLED_DIRECTIVES,
    Directive,
)
from materials.readers.markup.rst_inline import render_inline
from materials.readers.markup.rst_references import References, is_anonymous_target
from materials.readers.markup.rst_tables import (
    is_grid_table,
    is_simple_table,
    parse_grid_rows,
    parse_simple_rows,
)

# Blocks that are nested more deeply become plain paragraphs. Each level of a list is two of HTML, whose tree is bounded
# at 200, and a few frames of recursion here.
MAX_DEPTH = 40
# Lines in which the end of a simple table is searched: each line that looks like a ruler would search the whole file.
_MAX_TABLE_LINES = 5_000
# Characters. docutils takes a shorter line for a title's underline only where it is as long as the title, and never for
# a transition.
_MIN_ADORNMENT_LENGTH = 4

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")
_BULLET = re.compile(r"([*+\-•‣⁃])(?:[ \t]+|$)")
_NUMBER = re.compile(r"\(?(\d{1,9}|#|[a-zA-Z]|[ivxlcIVXLC]{1,8})[.)](?:[ \t]+|$)")
_FIELD = re.compile(r":(?!:)([^:\n]{1,80}(?::`[^`\n]{1,80}`[^:\n]*)?):(?:[ \t]+(.*)|$)")
_EXPLICIT_MARKUP = re.compile(r"\.\.(?:[ \t]+(.*))?$")
_TARGET = re.compile(r"_(?:`([^`]{1,200})`|([^:]{1,200})):(?:\s+(.*))?$|__.*$")
_FOOTNOTE = re.compile(r"\[(\#?[\w.-]{0,60}|\*)\](?:[ \t]+(.*))?$")
_SUBSTITUTION = re.compile(r"\|([^|]{1,100})\|[ \t]+([\w:-]+)::[ \t]*(.*)$")
_DIRECTIVE = re.compile(r"([\w:.+-]{1,60})[ \t]?::(?:[ \t]+(.*))?$")
# Fields about the document, of docutils, Sphinx and site builders: not text of it.
_BIBLIOGRAPHIC_FIELDS = {
    "author",
    "authors",
    "date",
    "version",
    "revision",
    "status",
    "copyright",
    "organization",
    "contact",
    "address",
    "orphan",
    "tocdepth",
    "nocomments",
    "keywords",
    "tags",
    "category",
    "slug",
    "lang",
    "language",
    "modified",
}
_DOCTEST = re.compile(r">>> ")


@dataclass
class RstReader:
    """Converts one text. Call `render_html` once, then `list_warnings` for what the HTML does not hold."""

    _lines: list[str]
    _substitutions: dict[str, str] = field(default_factory=dict)
    _references: References = field(default_factory=References)
    _title_styles: list[tuple[str, bool]] = field(default_factory=list)
    _include_count: int = 0

    @classmethod
    def from_text(cls, text: str) -> RstReader:
        """Return a reader of a text.

        Substitutions are collected first, because they may be used before their definition.
        """
        # Tab stops of docutils are eight columns apart.
        lines = [line.rstrip() for line in text.expandtabs(8).split("\n")]
        reader = cls(lines, _references=References.from_lines(lines))
        for line in reader._lines:
            found = _SUBSTITUTION.match(line[3:].lstrip()) if line.startswith("..") else None
            if found is not None and found.group(2) in {"replace", "unicode", "date"}:
                reader._substitutions[found.group(1).lower()] = found.group(3)
        return reader

    def render_html(self) -> str:
        """Return the text as HTML."""
        html = list(self._render_blocks(self._lines, 0))
        html.extend(format_left_out(LeftOutKind.METADATA, target) for target in self._references.list_unused())
        return "\n".join(html)

    def list_warnings(self) -> list[str]:
        """Return a sentence about the files that the text includes; none when it includes none."""
        if not self._include_count:
            return []
        files = "1 other file" if self._include_count == 1 else f"{self._include_count} other files"
        return [f"The text includes {files}, whose content is not in it. Upload what they hold, too."]

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _render_blocks(self, lines: Sequence[str], depth: int) -> Iterator[str]:
        if depth > MAX_DEPTH:
            yield f"<p>{self._render_inline(' '.join(line.strip() for line in lines))}</p>"
            return
        at = 0
        while at < len(lines):
            if not lines[at]:
                at += 1
                continue
            before = at
            # The first match takes the lines: a title could also be an item, an item also the term of a definition.
            for read in (
                self._render_title,
                self._render_explicit_markup,
                self._render_table,
                self._render_list,
                self._render_field_list,
                self._render_line_block,
                self._render_doctest,
                self._render_block_quote,
                self._render_definition_list,
            ):
                found = read(lines, at, depth)
                if found is not None:
                    html, at = found
                    yield html
                    break
            else:
                html, at = self._render_paragraph(lines, at)
                yield html
            assert at > before

    def _render_title(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        line = lines[at]
        over = _ADORNMENT.match(line)
        if over is not None:
            if at + 2 < len(lines) and lines[at + 1] and lines[at + 2] == line and not _ADORNMENT.match(lines[at + 1]):
                return self._render_heading(lines[at + 1].strip(), over.group(1), True), at + 3
            if (
                len(line) >= _MIN_ADORNMENT_LENGTH
                and (at + 1 == len(lines) or not lines[at + 1])
                and not is_simple_table(line)
            ):
                return "<hr>", at + 1
            return None
        under = _ADORNMENT.match(lines[at + 1]) if at + 1 < len(lines) else None
        is_title = under is not None and not line.startswith((" ", "..")) and not is_grid_table(line)
        if is_title and (len(lines[at + 1]) >= len(line) or len(lines[at + 1]) >= _MIN_ADORNMENT_LENGTH):
            assert under is not None
            return self._render_heading(line.strip(), under.group(1), False), at + 2
        return None

    def _render_heading(self, text: str, sign: str, has_overline: bool) -> str:
        # Levels have no signs of their own: each new style of title is one level below those before it.
        if (sign, has_overline) not in self._title_styles:
            self._title_styles.append((sign, has_overline))
        level = min(self._title_styles.index((sign, has_overline)) + 1, 6)
        return f"<h{level}>{self._render_inline(text)}</h{level}>"

    def _render_explicit_markup(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        found = _EXPLICIT_MARKUP.match(lines[at])
        if found is None:
            return ("", at + 1) if is_anonymous_target(lines[at]) else None
        said = found.group(1) or ""
        body, end = _parse_indented_body(lines, at + 1)
        if (target := _TARGET.match(said)) is not None:
            name = target.group(1) or target.group(2) or ""
            is_link = bool(target.group(3)) or bool(body)
            return ("" if is_link else f'<a id="{escape(_build_anchor(name), quote=True)}"></a>'), end
        if (note := _FOOTNOTE.match(said)) is not None:
            label = note.group(1).lstrip("#") or "#"
            text = "\n".join([note.group(2) or "", *body])
            return f"<p>[{escape(label)}] {self._render_inline(text.strip())}</p>", end
        source = "\n".join([said, *body])
        if _SUBSTITUTION.match(said):
            return format_left_out(LeftOutKind.METADATA, source), end
        if (named := _DIRECTIVE.match(said)) is not None:
            return self._render_directive(Directive.from_lines(named.group(1), named.group(2) or "", body), depth), end
        return (format_left_out(LeftOutKind.COMMENT, source) if source.strip() else ""), end

    def _render_directive(self, directive: Directive, depth: int) -> str:
        name, argument, body = directive.name, directive.argument, directive.body
        if name in CODE_DIRECTIVES:
            return directive.render_code()
        if name == "math":
            tex = "\n".join(filter(None, [argument, *body])).strip()
            return f'<div class="math display">$${escape(tex)}$$</div>' if tex else ""
        if name in {"include", "literalinclude"}:
            self._include_count += 1
            return format_left_out(LeftOutKind.EMBEDDED_OBJECT, argument)
        if name == "raw":
            return directive.render_raw() or format_left_out(LeftOutKind.METADATA, "\n".join(body))
        if name == "toctree":
            options = [f":{key}: {value}" for key, value in directive.options.items()]
            return format_toctree([*options, *body], "\n".join([f"{name}:: {argument}", *body]))
        if name in DROPPED_DIRECTIVES:
            kind = LeftOutKind.CONTENTS if name in CONTENTS_DIRECTIVES else LeftOutKind.METADATA
            return format_left_out(kind, "\n".join([f"{name}:: {argument}", *body]))
        if name in {"figure", "image"}:
            said = f'<img alt="{escape(directive.options.get("alt", ""), quote=True)}">'
            if target := directive.options.get("target"):
                target = self._references.find_target(target.strip("`_")) or target
                said = f'<a href="{escape(target, quote=True)}">{said}</a>'
            said = f"<p>{said}</p>"
            return said + "".join(self._render_blocks(body, depth + 1))
        has_title = argument and name in TITLED_DIRECTIVES and not find_label(name, argument)
        title = f"<p>{self._render_inline(argument)}</p>" if has_title else ""
        if name == "csv-table":
            rows = parse_csv_rows(
                [line for line in body if line],
                delimiter=directive.options.get("delim", ","),
                header=directive.options.get("header", ""),
            )
            return title + self._render_rows(rows)
        if name == "list-table":
            items = (self._render_list(lines, 0, depth + 1) for lines in [body] if body and _BULLET.match(body[0]))
            return title + "".join(_build_table_from_lists(found[0]) for found in items if found is not None)
        if name == "rubric":
            return f"<p><strong>{self._render_inline(argument)}</strong></p>"
        content = "".join(self._render_blocks(body, depth + 1))
        return f"{format_directive_start(name, argument)}{title}{content}{format_directive_end()}"

    def _render_table(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        line = lines[at]
        if is_grid_table(line):
            end = at
            while end < len(lines) and lines[end].startswith(("+", "|")):
                end += 1
            return self._render_rows(parse_grid_rows(lines[at:end])), end
        if not is_simple_table(line):
            return None
        rulers = [
            number for number in range(at, min(len(lines), at + _MAX_TABLE_LINES)) if is_simple_table(lines[number])
        ][:3]
        closing = next((number for number in rulers[1:] if number + 1 == len(lines) or not lines[number + 1]), None)
        if closing is None:
            return None
        return self._render_rows(parse_simple_rows(lines[at : closing + 1])), closing + 1

    def _render_rows(self, rows: Sequence[Sequence[str]]) -> str:
        cells = ("".join(f"<td>{self._render_inline(cell)}</td>" for cell in row) for row in rows)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"

    # --- lists --------------------------------------------------------------------------------------------------------

    def _render_list(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        pattern = next((pattern for pattern in (_BULLET, _NUMBER) if pattern.match(lines[at])), None)
        if pattern is None or not _is_list_item(lines, at, pattern):
            return None
        first = pattern.match(lines[at])
        assert first is not None
        items = []
        while at < len(lines) and (found := pattern.match(lines[at])) is not None and _is_list_item(lines, at, pattern):
            body, end = _parse_indented_body(lines, at + 1, max_indent=found.end())
            items.append(f"<li>{''.join(self._render_blocks([lines[at][found.end() :], *body], depth + 1))}</li>")
            at = end
            while at < len(lines) and not lines[at]:
                at += 1
        tag = "ul" if pattern is _BULLET else "ol"
        start = f' start="{first.group(1)}"' if first.group(1).isdecimal() else ""
        return f"<{tag}{start}>{''.join(items)}</{tag}>", at

    def _render_field_list(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        """Render lines of `:name: value` as a definition list, without bibliographic fields."""
        items = []
        left_out: list[str] = []
        begin = at
        while at < len(lines) and (found := _FIELD.match(lines[at])) is not None:
            body, end = _parse_indented_body(lines, at + 1)
            text = "\n".join([found.group(2) or "", *body]).strip()
            if found.group(1).lower() in _BIBLIOGRAPHIC_FIELDS:
                left_out.append(format_left_out(LeftOutKind.METADATA, f"{found.group(1)}: {text}"))
            else:
                items.append(f"<dt>{self._render_inline(found.group(1))}</dt><dd>{self._render_inline(text)}</dd>")
            at = end
        if at == begin:
            return None
        return (f"<dl>{''.join(items)}</dl>" if items else "") + "".join(left_out), at

    def _render_definition_list(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        entries = []
        while at + 1 < len(lines) and lines[at] and not lines[at].startswith(" ") and lines[at + 1].startswith(" "):
            if lines[at].endswith("::"):
                break
            body, end = _parse_indented_body(lines, at + 1)
            term = lines[at].split(" : ")[0]  # behind it stand classifiers, which are about the term
            entries.append(
                f"<dt>{self._render_inline(term)}</dt><dd>{''.join(self._render_blocks(body, depth + 1))}</dd>"
            )
            at = end
        return (f"<dl>{''.join(entries)}</dl>", at) if entries else None

    # --- text ---------------------------------------------------------------------------------------------------------

    def _render_line_block(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        if not lines[at].startswith("| "):
            return None
        kept = []
        while at < len(lines) and (lines[at] == "|" or lines[at].startswith("| ")):
            kept.append(self._render_inline(lines[at][2:].strip()))
            at += 1
        return f"<p>{'<br>'.join(kept)}</p>", at

    def _render_doctest(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        if not _DOCTEST.match(lines[at]):
            return None
        end = at
        while end < len(lines) and lines[end]:
            end += 1
        return f'<pre class="language-python">{escape(chr(10).join(lines[at:end]))}</pre>', end

    def _render_block_quote(self, lines: Sequence[str], at: int, depth: int) -> tuple[str, int] | None:
        if not lines[at].startswith(" "):
            return None
        body, end = _parse_indented_body(lines, at)
        return f"<blockquote>{''.join(self._render_blocks(body, depth + 1))}</blockquote>", end

    def _render_paragraph(self, lines: Sequence[str], at: int) -> tuple[str, int]:
        end = at
        while end < len(lines) and lines[end] and not (end > at and lines[end].startswith(" ")):
            end += 1
        text = "\n".join(lines[at:end])
        if not text.endswith("::"):
            return f"<p>{self._render_inline(text)}</p>", end
        body, after = _parse_indented_body(lines, end)
        # `::` at the end of a paragraph stands for a colon, alone or behind a space for nothing, and opens a literal
        # block.
        said = text[:-2].rstrip() if text[-3:-2].isspace() or text == "::" else text[:-1]
        code = f"<pre>{escape(chr(10).join(body))}</pre>" if any(body) else ""
        return (f"<p>{self._render_inline(said)}</p>" if said else "") + code, after if any(body) else end

    def _render_inline(self, text: str) -> str:
        return render_inline(text, self._substitutions, self._references)


def _is_list_item(lines: Sequence[str], at: int, pattern: re.Pattern[str]) -> bool:
    """Tell whether a line that begins like an item is one: what follows it is indented, blank, or the next item."""
    mark = pattern.match(lines[at])
    if mark is not None and mark.end() == len(lines[at]):
        below = next((line for line in lines[at + 1 : at + 3] if line), "")
        return below.startswith(" ")
    if at + 1 >= len(lines) or not lines[at + 1] or lines[at + 1].startswith(" "):
        return True
    return pattern.match(lines[at + 1]) is not None


def _parse_indented_body(lines: Sequence[str], at: int, *, max_indent: int = 1_000) -> tuple[list[str], int]:
    """Return the indented lines from `at` on and the index behind them.

    Their common indentation is removed, but not more than `max_indent` columns.
    """
    end = at
    while end < len(lines) and (not lines[end] or lines[end].startswith(" ")):
        end += 1
    last = end
    while last > at and not lines[last - 1]:
        last -= 1
    given = lines[at:last]
    indent = min((len(line) - len(line.lstrip()) for line in given if line), default=0)
    return [line[min(indent, max_indent) :] for line in given], end


def _build_anchor(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name.strip().lower())


def _build_table_from_lists(html: str) -> str:
    """Return the HTML table of a list of lists, as the directive `list-table` writes one."""
    inner = html.removeprefix("<ul>").removesuffix("</ul>")
    rows = inner.replace("<li><ul>", "<tr>").replace("</ul></li>", "</tr>")
    return f"<table>{rows.replace('<li>', '<td>').replace('</li>', '</td>')}</table>"

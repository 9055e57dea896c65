"""Keep what is open at a line of Markdown: directives, components, footnotes and quotations, and how each ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from materials.documents import LeftOutKind
from materials.readers.base.delimited_rows import parse_csv_rows
from materials.readers.base.html_elements import format_left_out
from materials.readers.base.pieces import format_table
from materials.readers.base.toctrees import format_toctree
from materials.readers.markdown.directives import OPTION


@dataclass(kw_only=True)
class Container:
    """What is open at a line, and how it ends: by a marker, a tag, or where indentation becomes less than `dedent`.

    `dedent` is the indentation of the content in columns, which is taken away. With `has_options`, lines such as
    `:name: value` may follow the one that opens it. `end` replaces what ends it. Lines of one with `left_out`, of a
    toctree and of a table are collected.
    """

    mark: str = ""
    tag: str = ""
    dedent: int = 0
    ends_by_indent: bool = False
    has_options: bool = False
    end: str = ""
    left_out: LeftOutKind | None = None
    is_toctree: bool = False
    is_table: bool = False
    is_quotation: bool = False
    collected: list[str] = field(default_factory=list)


@dataclass
class ContainerStack:
    """The containers that are open, the outermost first.

    `is_after_block` tells whether the line above is no text that the next could go on with.
    """

    containers: list[Container] = field(default_factory=list)
    is_after_block: bool = True
    _is_in_options: bool = False

    def end_by_indent(self, line: str) -> Iterator[str]:
        """End the containers whose content is indented more than a line."""
        if not line.strip():
            return
        indent = measure_indent(line)
        ended = [at for at, each in enumerate(self.containers) if each.ends_by_indent and indent < each.dedent]
        if ended:
            yield ""
            yield from self.end_containers(ended[0])

    def end_containers(self, first: int) -> Iterator[str]:
        """End all containers from an index on, the innermost first."""
        while len(self.containers) > first:
            container = self.containers.pop()
            if container.is_toctree:
                yield from ("", format_toctree(container.collected, "\n".join(container.collected)), "")
            elif container.left_out is not None:
                yield from format_left_out_block(container.left_out, "\n".join(container.collected))
            if container.is_table:
                yield from _format_csv_table(container.collected)
            if container.end:
                yield from (container.end, "")
        self._is_in_options = False
        self.is_after_block = True

    def find_ended_container(self, line: str) -> int | None:
        """Return the index of the container whose marker a line is; None for other lines.

        Stray colons give the number of containers: they end nothing and are removed.
        """
        if self.containers and self.containers[-1].is_quotation and not line.startswith(">"):
            return len(self.containers) - 1
        sign = line.strip()
        if len(sign) < 3 or sign[0] not in ":`~" or sign.strip(sign[0]):
            return None
        marked = [at for at, each in enumerate(self.containers) if each.mark[:1] == sign[0]]
        # In MyST and Docusaurus a marker ends the container of the same length; in Pandoc, where its length does not
        # matter, the innermost.
        same = [at for at in marked if len(self.containers[at].mark) == len(sign)]
        if same:
            return same[-1]
        if marked and not any(each.mark for each in self.containers[marked[-1] + 1 :]):
            return marked[-1]
        return len(self.containers) if sign[0] == ":" else None

    def is_option(self, line: str) -> bool:
        """Tell whether a line is an option of the directive that was just opened: `:name: value`, or YAML in `---`."""
        container = self.containers[-1] if self.containers else None
        if container is None or not container.has_options:
            return False
        if line.strip() == "---":
            self._is_in_options = not self._is_in_options
            return True
        if self._is_in_options or OPTION.match(line):
            return True
        container.has_options = False
        return False

    @property
    def content_indent(self) -> int:
        """The indentation of the lines in the innermost container, in columns."""
        return next((each.dedent for each in reversed(self.containers) if each.dedent), 0)

    def dedent_line(self, line: str) -> str:
        """Return a line without the indentation of the container that it stands in."""
        least = self.content_indent
        if not least or not line.strip():
            return line
        indent = measure_indent(line)
        return line.expandtabs(4)[min(least, indent) :] if indent else line


def format_left_out_block(kind: LeftOutKind, text: str) -> list[str]:
    return ["", format_left_out(kind, text), ""]


def measure_indent(line: str) -> int:
    """Return the indentation of a line in columns; tab stops are four apart (CommonMark 2.2)."""
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _format_csv_table(lines: list[str]) -> Iterator[str]:
    """Yield the table of a directive with delimited text, whose first lines are options."""
    options = {
        found.group(1): found.group(2) for line in takewhile(OPTION.match, lines) if (found := OPTION.match(line))
    }
    rows = parse_csv_rows(
        [line for line in lines[len(options) :] if line.strip()],
        delimiter=options.get("delim") or ",",
        header=options.get("header") or "",
    )
    yield from ("", *format_table(rows).split("\n"), "")

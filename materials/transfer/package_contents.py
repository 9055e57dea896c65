"""Write the table of contents of a package as SUMMARY.md, with the paths that its files have in the tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

FILE_NAME = "SUMMARY.md"

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#&|~])")
# Of a path in angle brackets: what ends it, and what would begin an escape, a query or a fragment.
_RESERVED = re.compile(r"[%?#<>\\\x00-\x1f]")


@dataclass(kw_only=True)
class ContentsLine:
    """A line of the table: its title, the path that it leads to (blank for none) with an anchor, and lines below it."""

    title: str
    path: str = ""
    fragment: str = ""
    children: list[ContentsLine] = field(default_factory=list)

    @property
    def leads_somewhere(self) -> bool:
        """Tell whether it or a line below it has a path."""
        return bool(self.path) or any(child.leads_somewhere for child in self.children)


def write_contents(title: str, lines: Sequence[ContentsLine]) -> bytes:
    """Return the lines as a nested list of links in Markdown; those that lead nowhere are left out."""
    written = [f"# {_escape_text(title)}", ""] if title else []
    _write_lines(lines, "", written)
    return ("\n".join(written) + "\n").encode()


def _write_lines(lines: Sequence[ContentsLine], indent: str, written: list[str]) -> None:
    for line in lines:
        if not line.leads_somewhere:
            continue
        text = _escape_text(line.title)
        written.append(f"{indent}- [{text}](<{_build_target(line)}>)" if line.path else f"{indent}- {text}")
        _write_lines(line.children, indent + "  ", written)


def _build_target(line: ContentsLine) -> str:
    # `./` because a path may begin like a web address: `Unit 1: Rivers/Delta.html`.
    target = "./" + _RESERVED.sub(_quote, line.path)
    return target + (f"#{_RESERVED.sub(_quote, line.fragment)}" if line.fragment else "")


def _quote(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _escape_text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))

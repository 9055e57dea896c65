"""Collect the text of a Word paragraph, its emphasised words, links and attachments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from materials.documents import LeftOutKind
from materials.readers.base.encodings import clean_text
from materials.readers.office.scripts import RunCollector
from materials.readers.office.symbols import replace_symbols


@dataclass(kw_only=True)
class ParagraphText(RunCollector):
    """The text of a paragraph and its attachments, both in order.

    An attachment is a pair of a kind and its data: `note` (its mark, its text and its links), `box` (the element),
    `chart` and `diagram` (the id of the relationship), `picture` (its alternative text). `links` are the targets of
    links. `all_bold`, `all_monospaced` and `smallest_size` (in half points) summarise the runs that have text;
    `has_runs` says whether there are any.
    """

    attachments: list[tuple[str, Any]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    left_out: list[tuple[LeftOutKind, str]] = field(default_factory=list)
    all_bold: bool = True
    all_monospaced: bool = True
    smallest_size: int = 0
    has_runs: bool = False

    @property
    def text(self) -> str:
        """Return the text without control characters and with the characters of symbol fonts made readable."""
        self.close_script()
        text = "".join(self.parts)
        return text if text.isprintable() else replace_symbols(clean_text(text))

    def note_left_out(self, kind: LeftOutKind, text: str) -> None:
        """Note text of the paragraph that is left out; what follows for the same reason belongs to it."""
        if self.left_out and self.left_out[-1][0] is kind:
            text = self.left_out.pop()[1] + text
        self.left_out.append((kind, text))

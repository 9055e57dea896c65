"""Collect the text of a Word paragraph, its emphasised words, links and attachments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from materials.documents import LeftOutKind
from materials.readers.base.encodings import clean_text
from materials.readers.base.typography import format_script
from materials.readers.office.symbols import replace_symbols


@dataclass(kw_only=True)
class ParagraphText:
    """The text of a paragraph and its attachments, both in order.

    An attachment is a pair of a kind and its data: `note` (its mark, its text and its links), `box` (the element),
    `chart` and `diagram` (the id of the relationship), `picture` (its alternative text). `links` are the targets of
    links. `all_bold`, `all_monospaced` and `smallest_size` (in half points) summarise the runs that have text;
    `has_runs` says whether there are any.
    """

    parts: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    attachments: list[tuple[str, Any]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    left_out: list[tuple[LeftOutKind, str]] = field(default_factory=list)
    all_bold: bool = True
    all_monospaced: bool = True
    smallest_size: int = 0
    has_runs: bool = False
    # Raised or lowered text that goes on in the next run: Word splits a number at spelling marks and edits.
    _script: str = ""
    _script_text: str = ""
    _emphasis_is_open: bool = False

    @property
    def text(self) -> str:
        """Return the text without control characters and with the characters of symbol fonts made readable."""
        self.close_script()
        text = "".join(self.parts)
        return text if text.isprintable() else replace_symbols(clean_text(text))

    def add(self, text: str, *, is_emphasised: bool = False, script: str = "") -> None:
        """Add text; `script` is `superscript`, `subscript` or blank."""
        if script != self._script:
            self.close_script()
        is_continued = is_emphasised and self._emphasis_is_open and bool(self.emphasised)
        if is_emphasised and not is_continued:
            self.close_script()
            self.emphasised.append("")
        self._emphasis_is_open = is_emphasised
        self._script = script
        if script:
            self._script_text += text
            return
        self.parts.append(text)
        if is_emphasised:
            self.emphasised[-1] += text

    def close_script(self) -> None:
        """End the raised or lowered text, if there is any."""
        text, self._script_text = self._script_text.strip(), ""
        if text:
            before = next((part[-1] for part in reversed(self.parts) if part), "")
            text = format_script(text, is_raised=self._script == "superscript", before=before)
            self.parts.append(text)
            if self._emphasis_is_open and self.emphasised:
                self.emphasised[-1] += text
        self._script = ""

    def note_left_out(self, kind: LeftOutKind, text: str) -> None:
        """Note text of the paragraph that is left out; what follows for the same reason belongs to it."""
        if self.left_out and self.left_out[-1][0] is kind:
            text = self.left_out.pop()[1] + text
        self.left_out.append((kind, text))

"""Join the runs of a paragraph of Word or PowerPoint: raised and lowered text, and emphasised terms."""

from __future__ import annotations

from dataclasses import dataclass, field

from materials.readers.base.typography import format_script


@dataclass(kw_only=True)
class RunCollector:
    """Collects the runs of a paragraph: the `parts` of its text, and the emphasised terms in it."""

    parts: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    # Raised or lowered text that goes on in the next run: programs split a number at spelling marks and edits.
    _script: str = ""
    _script_text: str = ""
    _emphasis_is_open: bool = False

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

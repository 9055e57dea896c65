"""What can be wrong with a document."""

from __future__ import annotations


class UnreadableDocument(Exception):
    """The document cannot be read: `code` is stable, the message says why, `next_step` what to do."""

    def __init__(self, message: str, *, code: str, next_step: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.next_step = next_step or "Open the file with the program that made it, export it again, and upload that."

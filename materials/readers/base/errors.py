"""The error that readers raise."""

from __future__ import annotations


class UnreadableDocument(Exception):
    """A document that cannot be read.

    `code` is a stable identifier for clients; the message and `next_step` are sentences for the teacher.
    """

    def __init__(self, message: str, *, code: str, next_step: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.next_step = next_step or "Open the file with the program that made it, export it again, and upload that."

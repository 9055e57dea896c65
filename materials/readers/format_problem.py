"""The error for files that are refused before they are read."""

from __future__ import annotations


class FormatProblem(Exception):
    """A file that cannot be accepted.

    `code` is a stable identifier for clients, the message and `next_step` are sentences for the teacher, and `status`
    is the HTTP status of a response about it.
    """

    def __init__(self, message: str, *, code: str, next_step: str, status: int = 422) -> None:
        super().__init__(message)
        self.code, self.next_step, self.status = code, next_step, status

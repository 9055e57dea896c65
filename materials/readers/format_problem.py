"""What can be wrong with a file before it is read."""

from __future__ import annotations


class FormatProblem(Exception):
    """The file cannot be taken: `code` is stable, the message says why, `next_step` what to do, `status` suits HTTP."""

    def __init__(self, message: str, *, code: str, next_step: str, status: int = 422) -> None:
        super().__init__(message)
        self.code, self.next_step, self.status = code, next_step, status

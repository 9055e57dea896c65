"""The error of readers of contents files."""

from __future__ import annotations


class NotContents(Exception):
    """The file is not the table of contents that its name promises. The message is a sentence that says why."""

"""Compared texts as HTML: what was inserted and deleted is marked, everything else is the text as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape  # Django's own takes twice as long, and a page has a hundred thousand stretches

from django.utils.safestring import SafeString

from structures.editing.words import WordChange, WordOperation

# Of a text that both versions have, some three lines on either side of a change say where it is.
_CONTEXT_CHARACTERS = 200
# Leaving out less than this would save nobody a line.
_MIN_LEFT_OUT = 100
_TAGS = {WordOperation.ADDED: "ins", WordOperation.REMOVED: "del"}
GAP = "[…]"
_GAP_HTML = f' <span class="gap">{GAP}</span> '


def render_words(changes: Sequence[WordChange]) -> SafeString:
    """Return a compared text as HTML. Long stretches that did not change are shortened to what is next to a change."""
    last = len(changes) - 1
    return SafeString(
        "".join(
            _render_same(change.text, is_first=index == 0, is_last=index == last)
            if change.operation is WordOperation.SAME
            else _render_marked(change)
            for index, change in enumerate(changes)
        )
    )


def _render_marked(change: WordChange) -> str:
    tag = _TAGS[change.operation]
    # A break alone would be a mark that nobody sees.
    text = change.text if change.text.strip() else change.text.replace("\n", "↵\n")
    return f"<{tag}>{escape(text)}</{tag}>"


def _render_same(text: str, *, is_first: bool, is_last: bool) -> str:
    head = 0 if is_first else _CONTEXT_CHARACTERS
    tail = 0 if is_last else _CONTEXT_CHARACTERS
    if len(text) < head + tail + _MIN_LEFT_OUT:
        return escape(text)
    # Whole words, but where there are none between spaces.
    end = text.rfind(" ", 0, head + 1)
    begin = text.find(" ", len(text) - tail)
    before = text[: end if end > 0 else head]
    after = text[begin + 1 if begin >= 0 else len(text) - tail :]
    return f"{escape(before)}{_GAP_HTML}{escape(after)}"

"""Tell code from prose where both are set in a monospaced font."""

from __future__ import annotations

import re

# A sentence: a capitalised or plain word, then two more without digits or symbols. Some decks are set in a monospaced
# font throughout, and its text is no code where every line looks like this.
_PROSE_LINE = re.compile(r"[^\W\d_][a-zа-яіїєґß-ÿ’']*(?: [^\W\d_’']+){2,}[,.;:!?]?$")
# What programs and their output have and the words of a label or a sentence have not.
_CODE_SIGN = re.compile(r"[=(){}\[\]<>;#$%&*\\|~^_\"@+\d]|:$")


def has_code_sign(line: str) -> bool:
    """Tell whether a line has a digit or a sign that is frequent in code and rare in words."""
    return _CODE_SIGN.search(line) is not None


def is_prose_line(line: str) -> bool:
    """Tell whether a line reads like a sentence or a part of one."""
    return _PROSE_LINE.match(line.strip()) is not None

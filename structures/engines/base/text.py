"""Text as people see it: removing invisible characters, which can hide instructions, and comparing quotes."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(
    "["
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"  # controls, but not tab and line ends
    "\u00ad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width space, word joiner, invisible operators
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction marks and overrides
    "\u180e\u3164\uffa0\ufff9-\ufffb"  # fillers, and the anchors of annotations
    "\U000e0000-\U000e007f"  # tags
    "\U000e0100-\U000e01ef\ufe00-\ufe0e"  # variation selectors, but not the one that emoji need
    "]"
)


def strip_invisible(text: str) -> str:
    """Return the text without invisible characters. Joiners stay: Persian, Indic scripts and emoji need them."""
    return _INVISIBLE.sub("", text)


# Signs that mean the same to a reader, and that models exchange for one another when they quote. One character for one,
# so that positions in the normalized text map back.
_TYPOGRAPHY = str.maketrans("“”„«»‘’‚‹›‐‑‒–—−", "\"\"\"\"\"'''''------")


def normalize_quote(text: str) -> str:
    """Return text as quotes are compared: NFC, plain quotation marks and dashes, every run of white space one space."""
    return " ".join(make_readable(text).translate(_TYPOGRAPHY).split())


def make_readable(text: str) -> str:
    """Return text without invisible characters in Unicode NFC, the form in which passages are shown."""
    # NFC and not NFKC, which would turn ² into 2 and ﬁ into fi: then what is quoted is not what the source shows.
    return unicodedata.normalize("NFC", strip_invisible(text))

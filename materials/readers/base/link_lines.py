"""Lines with links to files, such as items of lists: what of a line is the title, and what each link is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from materials.documents import ContentsItem
from materials.readers.base.outlines import build_item, is_web_address

_PICTURE = re.compile(r".*\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|ico)", re.IGNORECASE)
_CHECK_BOX = re.compile(r"^\s*(?:\[[ xX]\]|[☐☑☒✅✔️❌⬜])\s*")
# What stands between a title and the links that belong to it, or opens the brackets around them.
_BEFORE_LINKS = re.compile(r"[\s:：–—|•·,;.\-→>]*[(\[（]?\s*$")
_OPENS_BRACKET = re.compile(r"[(\[（]\s*$")
_SEPARATED = re.compile(r"[:：–—|→]\s*$|\s-\s*$")
_LETTER = re.compile(r"[^\W\d_]")
# Characters. A longer text before the links of a line is no title.
_MAX_TITLE_LENGTH = 120
# Characters of a line with a link in the middle: "Lab 2 with the sensor". A longer one is a sentence.
_MAX_SENTENCE_LENGTH = 60


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link to a file: its label, blank for a picture without words, and its address."""

    label: str
    address: str


@dataclass(kw_only=True)
class LinkLine:
    """A line: all its text, the words before the first link, its links to files, and the number of words outside.

    `strong` is what stands in bold at its beginning. Of a cell of a table `columns` says how many it spans.
    """

    text: str = ""
    before: str = ""
    strong: str = ""
    links: list[Link] = field(default_factory=list)
    word_count: int = 0
    columns: int = 1

    def build_item(self) -> ContentsItem:
        """Return the item of the line: a title, what it leads to, and further links as children with their labels.

        The text before the first link is the title when brackets or a colon separate it from several links, or brackets
        from one; else the first link is what the line is about. Of a sentence with links in it the item is blank.
        """
        if not self.links:
            text = self.strong if len(self.text) > _MAX_TITLE_LENGTH and self.strong else self.text
            return build_item(_CHECK_BOX.sub("", text).rstrip(" :："))
        first, *others = self.links
        said = _CHECK_BOX.sub("", self.before)
        before = _BEFORE_LINKS.sub("", said)
        if not _LETTER.search(before):
            # A number before the link belongs to the title.
            number = before if before and len(before) <= len("10.10.10") else ""
            return build_item(f"{number} {first.label}", first.address, children=map(_build_child, others))
        if len(before) > _MAX_TITLE_LENGTH:
            return build_item()
        if _OPENS_BRACKET.search(self.before):
            return build_item(before, first.address, children=map(_build_child, others))
        if others and (_SEPARATED.search(self.before) or before == self.strong):
            return build_item(before, children=map(_build_child, self.links))
        if not _SEPARATED.search(self.before) and len(self.text) > _MAX_SENTENCE_LENGTH:
            return build_item()
        title = f"{said.rstrip()} {first.label}" if first.label else before
        return build_item(title, first.address, children=map(_build_child, others))


def is_local(address: str) -> bool:
    """Tell whether a link leads to another file of the course that is no picture."""
    path = address.strip().partition("#")[0].partition("?")[0]
    return bool(path) and path != "." and not is_web_address(path) and not _PICTURE.fullmatch(path) and "{" not in path


def _build_child(link: Link) -> ContentsItem:
    return build_item(link.label, link.address)

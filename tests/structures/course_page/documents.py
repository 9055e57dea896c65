"""Reading a page's HTML strictly: what is opened is closed, in the same order."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img", "br", "hr", "track"}


@dataclass
class Element:
    """An element with its attributes, its own text and that of all inside it."""

    tag: str
    attributes: dict[str, str | None]
    depth: int
    text: str = ""


@dataclass
class Document(HTMLParser):
    """The elements of a page in order. Raises AssertionError for tags that do not match."""

    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag=tag, attributes=dict(attrs), depth=len(self._open))
        assert len(element.attributes) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def close(self) -> None:
        super().close()
        assert not self._open, f"<{self._open[-1].tag}> is never closed"

    def find(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]


def parse(html: str) -> Document:
    """Return the elements of a page."""
    document = Document()
    document.feed(html)
    document.close()
    return document
